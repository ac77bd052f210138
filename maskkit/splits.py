"""Deal samples into train, validation and test so that no group of near-duplicates stands in two of them."""

import logging
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from maskkit.errors import InputError, seen
from maskkit.files import file_digest, read_csv
from maskkit.images import CLASS_NAMES, SPLIT_NAMES

FRACTIONS = (0.7, 0.15, 0.15)

logger = logging.getLogger(__name__)


def assign_splits(targets: np.ndarray, groups: np.ndarray | None = None, *, fractions: Sequence[float] = FRACTIONS, seed: int = 0) -> np.ndarray:
    """Assign each sample to ``"train"``, ``"val"`` or ``"test"``, whole groups at a time.

    Groups are taken in random order, larger ones first, and each goes to the split that lacks most of its classes: the
    greedy rule of scikit-learn's ``StratifiedGroupKFold``, for splits of unequal size.

    Parameters
    ----------
    targets : np.ndarray
        Integers, shape (N,): the label of each sample.
    groups : np.ndarray, optional
        Integers, shape (N,); samples with the same number stay together. Every sample alone by default.
    fractions : three numbers that add up to 1
        Shares of train, validation and test. A share of 0 leaves that split empty.
    seed : int

    Returns
    -------
    np.ndarray
        Strings, shape (N,).

    Raises
    ------
    InputError
        If the fractions are impossible, the targets are not 0 and 1, there is not one group for each, or a class has too few groups to
        stand in every split.
    """
    fractions = np.array(check_fractions(fractions))
    targets = np.asarray(targets)
    if targets.ndim != 1 or not np.isin(targets, (0, 1)).all():
        raise InputError(f"The targets are 0 (without_mask) and 1 (with_mask), in an array of shape (N,); got {seen(targets)}.")
    if groups is not None and np.shape(groups) != targets.shape:
        raise InputError(f"There must be one group for each target; got groups of shape {np.shape(groups)} and targets of shape {targets.shape}.")
    targets = targets.astype(int)
    _, groups = np.unique(np.arange(len(targets)) if groups is None else groups, return_inverse=True)
    counts = np.zeros((groups.max(initial=-1) + 1, len(CLASS_NAMES)))
    np.add.at(counts, (groups, targets), 1)

    wanted = fractions[:, None] * counts.sum(axis=0)
    have = np.zeros_like(wanted)
    split_of_group = np.zeros(len(counts), dtype=int)
    order = np.random.default_rng(seed).permutation(len(counts))
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        lacking = (wanted - have) / np.maximum(wanted, 1e-9)
        need = lacking[:, counts[group] > 0].sum(axis=1)
        split_of_group[group] = np.argmax(np.where(fractions > 0, need, -np.inf))
        have[split_of_group[group]] += counts[group]
    _check_every_class_everywhere(have, fractions, counts)
    return np.array(SPLIT_NAMES)[split_of_group[groups]]


def read_groups(path: str | Path, names: Sequence[str], *, skipped: Sequence[str] = ()) -> np.ndarray:
    """Read who belongs together from a CSV file with the columns ``path`` and ``group``.

    Photos that the file does not list stand alone; so do those whose group is empty. Both are counted in a warning. The file may
    be as a spreadsheet program writes it: with semicolons, capitals and blanks in the header row, and empty rows.

    Parameters
    ----------
    path : path of the CSV file
    names : sequence of str
        Paths of the photos relative to the data folder.
    skipped : sequence of str
        Paths of files that are in the data folder, too, but could not be read as photos: the file may list them.

    Returns
    -------
    np.ndarray
        int64, shape (N,); photos of one group share a number.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, lists a photo twice in different groups, or lists one that is not there.
    """
    there = {*names, *skipped}
    group_of = _group_table(path, there)
    unknown = [name for name in group_of if name not in there]
    if unknown:
        raise InputError(f"{len(unknown)} of the {len(group_of)} paths in {path} are no photos of the data folder: {_first_few(unknown)}; "
                         f"give paths relative to the data folder, like {names[0]}.")
    alone = [name for name in names if not group_of.get(name)]
    if alone:
        logger.warning("%d of %d photos have no group in %s and stand alone: %s", len(alone), len(names), path, _first_few(alone))
    # What stands alone gets a key that no group can have: a tuple.
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(group_of.get(name) or (name,), len(numbers)) for name in names], dtype=np.int64)


def merge_groups(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Groups in which those stand together that are together in either: int64, shape (N,)."""
    from maskkit.duplicates import join_groups  # with SciPy, which takes half a second to import

    n = len(first)
    # One node for each photo and for each group; every photo is tied to both of its groups.
    _, first = np.unique(first, return_inverse=True)
    _, second = np.unique(second, return_inverse=True)
    photos = np.arange(n)
    ties = np.concatenate([np.stack([photos, n + first], axis=1), np.stack([photos, 2 * n + second], axis=1)])
    return join_groups(3 * n, ties)[:n]


def straddling_groups(groups: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Numbers of the groups that have members in more than one split: each one is a leak."""
    pairs = np.unique(np.stack([np.asarray(groups), np.unique(split, return_inverse=True)[1]], axis=1), axis=0)
    numbers, splits = np.unique(pairs[:, 0], return_counts=True)
    return numbers[splits > 1]


def seen_in_training(split_file: str | Path, photos: Path, paths: Sequence[Path]) -> int | None:
    """How many of ``paths`` a run was trained on, or chosen by (its validation photos); None if its ``split.csv`` cannot be read.

    Compared are the contents, whatever the files are called. Where a photo of the run is no longer in its folder ``photos``, its
    name and that of its class folder have to do.
    """
    try:
        learned = [photos / row["path"] for row in read_csv(split_file) if row["split"] in ("train", "val")]
    except (OSError, KeyError, ValueError, TypeError):  # not there, another table, no text or a damaged one, a row that is cut off
        return None
    gone: set[tuple[str, ...]] = set()
    by_size: dict[int, list[Path]] = {}
    for path in learned:
        if path.is_file():
            by_size.setdefault(path.stat().st_size, []).append(path)
        else:
            gone.add(path.parts[-2:])

    @cache
    def contents(size: int) -> set[str]:  # read only where a photo has that very size
        return {file_digest(path) for path in by_size[size]}

    def known(path: Path) -> bool:
        size = path.stat().st_size
        return path.parts[-2:] in gone or size in by_size and file_digest(path) in contents(size)

    return sum(map(known, paths))


def _group_table(path: str | Path, there: set[str]) -> dict[str, str]:
    """The group of each path that a groups file lists; a path means the file ``there`` that is called so, if there is one."""
    try:
        rows = [row for row in map(_tidy, read_csv(path, delimiters=",;")) if any(map(str.strip, row.values()))]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The groups file {path} cannot be read ({error}); give a CSV file in UTF-8 (Excel: CSV UTF-8) with the columns path and group.") from error
    if not rows or not {"path", "group"} <= rows[0].keys():
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise InputError(f"The groups file {path} needs the columns path and group, and at least one row; it has {found}.")
    table: dict[str, str] = {}
    called = {_plain(name): name for name in sorted(there)}
    for row in rows:
        name, group = row["path"], row["group"].strip()
        if name not in there:
            name = called.get(_plain(name), _plain(name))
        if table.setdefault(name, group) != group:
            raise InputError(f"{path} puts {name} into two groups, {table[name]!r} and {group!r}; give each photo one.")
    return table


def _tidy(row: dict[str | None, str | None]) -> dict[str, str]:
    """A row by the names of its columns, without their capitals and blanks; cells beyond the last column are left out."""
    return {column.strip().lower(): cell or "" for column, cell in row.items() if column is not None}


def _plain(name: str) -> str:
    """A path in the one spelling in which two that mean the same file are equal.

    An accent is part of its letter, or a sign of its own after it (macOS writes file names so), and looks the same: Unicode's form NFC
    has the first.
    """
    return unicodedata.normalize("NFC", name.strip().replace("\\", "/").removeprefix("./"))


def _first_few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def check_fractions(fractions: Sequence[float]) -> list[float]:
    """Shares of train, val and test; InputError unless they are three numbers that add up to 1."""
    try:
        shares = np.asarray(fractions, dtype=float)
    except (TypeError, ValueError):  # texts and dictionaries
        shares = np.empty(0)
    if shares.shape != (3,) or (shares < 0).any() or shares[0] == 0 or not np.isclose(shares.sum(), 1):
        got = tuple(fractions) if isinstance(fractions, list | tuple | np.ndarray) else seen(fractions)
        raise InputError(f"The fractions of train, val and test must be three shares that add up to 1, like 0.7, 0.15, 0.15; got {got}.")
    return shares.tolist()


def _check_every_class_everywhere(have: np.ndarray, fractions: np.ndarray, counts: np.ndarray) -> None:
    needed = int((fractions > 0).sum())
    for target, name in enumerate(CLASS_NAMES):
        if (have[fractions > 0, target] == 0).any():
            different = int((counts[:, target] > 0).sum())
            raise InputError(
                f"{different} different photo{'s' * (different != 1)} of {name} cannot fill {needed} splits; "
                "add photos (at least three of each class that are no copies of each other, and stand in different groups of a groups file)."
            )
