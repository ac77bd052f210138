"""``load_dataset``: one way in for synthetic faces, the public photos, or a folder of your own."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from numbers import Integral, Real
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from maskkit.distributed import Part
from maskkit.errors import InputError, require, require_whole, seen
from maskkit.files import as_path, drawn_once
from maskkit.images import CLASS_NAMES, SPLIT_NAMES, Sample, find_samples
from maskkit.memory import require_memory
from maskkit.photos import photos_dir, read_manifest
from maskkit.reading import Images, batches_of, channels_first, pixel_digest, read, read_images, take
from maskkit.runtime import check_seed, to_device
from maskkit.splits import FRACTIONS, assign_splits, check_fractions, merge_groups, read_groups, straddling_groups

__all__ = ["Batches", "Dataset", "Subset", "load_dataset", "read_images"]
logger = logging.getLogger(__name__)

VARIETY = 0.1  # of the synthetic faces by default: what a lesson can learn on a laptop


@dataclass(frozen=True)
class Subset:
    """The images of one split. ``batches`` is what a training loop iterates over.

    Attributes
    ----------
    images : Tensor, uint8 in [0, 255], shape (N, 3, H, W); StreamedImages, to be read like one, if they do not fit in memory
    targets : Tensor, int64, shape (N,); 1 is with_mask
    names : tuple of str
    indices : np.ndarray, the positions in the whole data set
    attributes : dict of np.ndarray, what is known of each image; None for photos
    """

    images: Images
    targets: Tensor
    names: tuple[str, ...]
    indices: np.ndarray
    attributes: dict[str, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def sample(self, n: int, *, seed: int = 0) -> "Subset":
        """``n`` images drawn at random, with the shares of the classes kept (to within one image)."""
        if not isinstance(n, Integral) or not 2 <= n <= len(self):
            raise InputError(f"From {len(self)} images 2 to {len(self)} can be drawn; got {seen(n)}.")
        check_seed(seed)
        order = np.random.default_rng(seed).permutation(len(self))
        # The rank of an image within its own class, as a share: taking the smallest ranks keeps the classes in proportion.
        targets = self.targets.numpy()[order]
        rank = np.empty(len(self))
        for target in np.unique(targets):
            same = targets == target
            rank[same] = (np.arange(same.sum()) + 0.5) / same.sum()
        return self._take(np.sort(order[np.argsort(rank, kind="stable")[:n]]))

    def part(self, rank: int, size: int) -> "Subset":
        """What one of ``size`` processes has of it: every ``size``-th image, from the one at ``rank`` on."""
        return self if size == 1 else self._take(np.arange(rank, len(self), size))

    def _take(self, chosen: np.ndarray) -> "Subset":
        attributes = None if self.attributes is None else {key: values[chosen] for key, values in self.attributes.items()}
        return Subset(take(self.images, chosen), self.targets[chosen], tuple(self.names[i] for i in chosen), self.indices[chosen], attributes)

    def batches(self, batch_size: int = 32, *, shuffle: bool = False, generator: torch.Generator | None = None, rank: int = 0, size: int = 1) -> "Batches":
        """Batches of (images uint8 (B, 3, H, W), targets float32 (B,)); shuffled anew at each pass if asked.

        Of several processes (``size`` > 1) the one with the number ``rank`` gets its part of the images and targets, and the Part.
        InputError if the batch size is no whole number, or the generator not one of torch.
        """
        require_whole("batch_size", batch_size)
        require(generator, torch.Generator | None, "Batches are shuffled by a generator of torch, such as torch.Generator().manual_seed(0)")
        return Batches(self, batch_size, shuffle, generator, rank, size)


@dataclass(frozen=True)
class Batches:
    """Iterate over a subset a batch at a time; ``len`` is the number of batches, the last one may be smaller."""

    subset: Subset
    batch_size: int
    shuffle: bool = False
    generator: torch.Generator | None = None
    rank: int = 0
    size: int = 1

    def __len__(self) -> int:
        return -(-len(self.subset) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Part]]:
        n = len(self.subset)
        order = torch.randperm(n, generator=self.generator) if self.shuffle else torch.arange(n)
        whole = order.split(self.batch_size) if n else ()
        parts = [Part(len(batch), self.rank, self.size) for batch in whole]
        # Where the images are: a batch that is looked up on a GPU would have to bring its positions there first.
        mine = [to_device(batch[part.positions], self.subset.targets.device) for batch, part in zip(whole, parts)]
        for chosen, part, images in zip(mine, parts, batches_of(self.subset.images, mine)):
            targets = self.subset.targets[chosen].float()
            yield (images, targets) if self.size == 1 else (images, targets, part)


@dataclass(frozen=True)
class Dataset:
    """Images with their labels, groups of near-duplicates and split, in memory as uint8 or, if they do not fit there, on disk.

    Attributes
    ----------
    images : Tensor, uint8 in [0, 255], shape (N, 3, image_size, image_size), or StreamedImages, to be read like one
    targets : Tensor, int64, shape (N,); 1 is with_mask
    names : tuple of str, the path relative to the folder, or face_000012
    split : np.ndarray of "train", "val", "test", shape (N,)
    groups : np.ndarray of int, shape (N,); near-duplicates share a number
    source, options : what ``load_dataset(source, image_size=…, **options)`` makes it from again
    attributes : dict of np.ndarray of length N; None where nothing is known
    skipped : tuple of (name, reason), the files that could not be read

    Raises
    ------
    InputError
        If images, targets or split are of another kind or length: training would fail late, or learn nonsense without a word.
    """

    images: Images
    targets: Tensor
    names: tuple[str, ...]
    split: np.ndarray
    groups: np.ndarray
    source: str
    options: dict[str, object] = field(default_factory=dict)
    attributes: dict[str, np.ndarray] | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        images, targets, n = self.images, self.targets, len(self.targets)
        if not isinstance(images, Images) or len(images.shape) != 4 or images.shape[1] != 3 or images.dtype != torch.uint8:
            raise InputError(f"The images of a Dataset are a uint8 tensor of shape (N, 3, H, W), with pixels from 0 to 255; got {seen(images)}.")
        if not isinstance(targets, Tensor) or targets.dtype != torch.int64 or targets.ndim != 1 or ((targets != 0) & (targets != 1)).any():
            raise InputError(f"The targets of a Dataset are an int64 tensor of shape (N,), 1 with a mask and 0 without; got {seen(targets)}"
                             + (f", from {targets.min()} to {targets.max()}." if isinstance(targets, Tensor) and n else "."))
        if not isinstance(self.split, np.ndarray) or not len(images) == n == len(self.names) == len(self.split) == len(self.groups):
            raise InputError(f"A Dataset needs a target, a name, a group and a split (in an array of 'train', 'val', 'test') for each of its {len(images)} images; "
                             f"got {n} targets, {len(self.names)} names, {len(self.groups)} groups and {len(self.split)} splits in a {type(self.split).__name__}.")

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {self.class_counts(name)}" for name in SPLIT_NAMES)
        return f"Dataset({self.source}: {len(self)} images of {self.image_size}×{self.image_size}; {parts})"

    @property
    def image_size(self) -> int:
        """Side of the images in pixels."""
        return self.images.shape[-1]

    @cached_property
    def kept_together(self) -> int:
        """Number of images that have a near-duplicate in the data set and so share its split."""
        sizes = np.bincount(self.groups)
        return int(sizes[sizes > 1].sum())

    @cached_property
    def fingerprint(self) -> str:
        """Hash of images, targets and split: two data sets with the same one train the same model."""
        digest = pixel_digest(self.images)
        for part in (self.targets.numpy(), self.split):
            digest.update(np.ascontiguousarray(part))
        return digest.hexdigest()

    def subset(self, name: str) -> Subset:
        """The images of one split: ``"train"``, ``"val"`` or ``"test"``."""
        everything = Subset(self.images, self.targets, self.names, np.arange(len(self)), self.attributes)
        return everything._take(np.flatnonzero(self._in_split(name)))

    def class_counts(self, name: str | None = None) -> dict[str, int]:
        """Number of images of each class, in one split or in all."""
        chosen = np.ones(len(self), dtype=bool) if name is None else self._in_split(name)
        counts = np.bincount(self.targets.numpy()[chosen], minlength=len(CLASS_NAMES))
        return {class_name: int(count) for class_name, count in zip(CLASS_NAMES, counts)}

    def split_rows(self) -> list[dict[str, str]]:
        """The table that a run keeps as ``split.csv``: path, class, group and split of each image."""
        rows = zip(self.names, self.targets.tolist(), np.asarray(self.groups).tolist(), self.split.tolist())
        return [{"path": name, "class": CLASS_NAMES[target], "group": str(group), "split": split} for name, target, group, split in rows]

    def _in_split(self, name: str) -> np.ndarray:
        if name not in SPLIT_NAMES:
            raise InputError(f"There is no split {name!r}; the splits are {', '.join(SPLIT_NAMES)}.")
        return self.split == name


def load_dataset(source: str | Path = "synthetic", *, image_size: int = 128, n: int = 2000, variety: float = VARIETY,
                 shortcut: str = "none", shortcut_strength: float = 1.0, seed: int = 0, fractions: Sequence[float] = FRACTIONS, groups: str | Path | None = None,
                 near_duplicates: bool = True, stream: bool | None = None, progress: bool = False) -> Dataset:
    """Load synthetic faces, the public photos or your own folder, split with no leak.

    Parameters
    ----------
    source : "synthetic", "photos" or a folder
        ``Path("photos")`` is a folder that is called so. A folder holds ``with_mask`` and ``without_mask``, or ``train``, ``val``, ``test`` folders that each hold them.
    image_size : int
        Side in pixels to which every image is resized.
    n : int
        Number of synthetic faces; ignored for photos.
    variety : float in [0, 1]
        Of the camera, light and pose of synthetic faces. Near 0 they come from one studio, which a small network learns
        from a thousand faces in a minute; at 1 from anywhere, which takes many more and is nearer to real photos.
    shortcut, shortcut_strength
        What gives the class of synthetic faces away, planted on purpose (see `maskkit.faces.generate_faces`).
    seed : int
        Of the split, and of the synthetic faces.
    fractions : shares of train, validation and test
        For what no folder has split already. The public photos have one split, fixed in their manifest.
    groups : path of a CSV file, optional
        Columns path (relative to the folder) and group: who is on which photo, so that nobody stands in two splits.
        Near-duplicates are kept together in any case.
    near_duplicates : bool
        False leaves the search for them out, for a folder of which you know that it has none.
    stream : bool, optional
        Whether photos stay on disk and are decoded while they are used, with the same numbers; left out, they do if
        they do not fit in memory.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    InputError
        If there is no such folder, its layout is unknown, it holds too few readable photos, or an option is impossible.
    """
    require(source, (str, PathLike), "load_dataset takes 'synthetic', 'photos' or the path of a folder")
    require_whole("image_size", image_size)
    require(groups, str | PathLike | None, "The groups are the path of a CSV file with the columns path and group")
    # They are kept with each run, as JSON, which knows no numbers of NumPy.
    n, variety, shortcut_strength, seed = (value.item() if isinstance(value, np.generic) else value for value in (n, variety, shortcut_strength, seed))
    check_seed(seed)
    if groups is not None and source in ("synthetic", "photos"):
        raise InputError(f"The {source} data know their groups already; a groups file is for a folder of your own.")
    if source == "synthetic":
        if stream:
            raise InputError("Drawn faces are made in memory; write them to a folder (maskkit data synthetic), which can be streamed.")
        options = {"n": n, "variety": variety, "seed": seed}
        if shortcut != "none":
            options |= {"shortcut": shortcut, "shortcut_strength": shortcut_strength}
        return _load_faces(image_size, options, fractions, progress)
    if shortcut != "none":
        raise InputError(f"A shortcut can be planted in synthetic faces only, and not in {source}.")
    if source == "photos":
        return _load_photos(image_size, stream, progress)
    options = {"seed": seed, "fractions": check_fractions(fractions)}
    if groups is not None:
        options["groups"] = str(as_path(groups).resolve())
    if not near_duplicates:
        options["near_duplicates"] = False
    return _load_folder(as_path(source), image_size, options, stream, progress)


def _load_folder(folder: Path, image_size: int, options: dict[str, object], stream: bool | None, progress: bool) -> Dataset:
    found = find_samples(folder)
    search = options.get("near_duplicates", True)
    photos = read([sample.path for sample in found], image_size, stream=stream, with_thumbnails=search, progress=progress)
    samples = [found[index] for index in photos.kept]
    targets = _targets_of(samples, found, folder, photos.problems)
    names = _names(folder, [sample.path for sample in samples])
    groups = _near_duplicates(photos.thumbnails) if search else np.arange(len(samples))
    if "groups" in options:
        groups = merge_groups(groups, read_groups(options["groups"], names, skipped=_names(folder, photos.problems)))
    split = _split_by_folders([sample.split for sample in samples], targets, groups, options["fractions"], options["seed"])
    leaks = straddling_groups(groups, split)
    if len(leaks):
        logger.warning("%d groups of near-duplicates stand in more than one of the given train, val and test folders; the scores will look better than they are.", len(leaks))
    return Dataset(images=photos.images, targets=torch.from_numpy(targets), split=split, groups=groups, names=names,
                   source=str(folder.resolve()), options=options, skipped=_skipped(folder, photos.problems))


def _load_photos(image_size: int, stream: bool | None, progress: bool) -> Dataset:
    """The public photos with the groups and the split of their manifest; what it does not list, or lists with another size, is skipped."""
    folder = photos_dir()
    if not folder.is_dir():
        raise InputError(f"The photos are not in {folder}; run maskkit data photos, set MASKKIT_PHOTOS to their folder, or use the synthetic faces.")
    rows = {row["path"]: row for row in read_manifest()}
    found, others = [], {}
    for sample in find_samples(folder):
        row = rows.get(sample.path.relative_to(folder).as_posix())
        found.append(replace(sample, split=row["split"]) if row else sample)
        if why := _unlike_the_manifest(sample.path, row):
            others[sample.path] = why
    listed = [sample for sample in found if sample.path not in others]
    photos = read([sample.path for sample in listed], image_size, stream=stream, progress=progress)
    problems = photos.problems | others
    listed = [listed[index] for index in photos.kept]
    targets = _targets_of(listed, found, folder, problems)
    names = _names(folder, [sample.path for sample in listed])
    return Dataset(images=photos.images, targets=torch.from_numpy(targets), names=names, source="photos",
                   split=np.array([rows[name]["split"] for name in names]), groups=np.array([int(rows[name]["group"]) for name in names]),
                   skipped=_skipped(folder, problems))


def _unlike_the_manifest(path: Path, row: dict[str, str] | None) -> str | None:
    """Why a file is not the photo that its row of the manifest describes; None if nothing speaks against it.

    Compared is the size alone: to read and hash every photo takes long, and is what ``maskkit data photos`` does.
    """
    if row is None:
        return "not in the manifest of the photos"
    try:
        size = path.stat().st_size
    except OSError:  # reading it will say what is wrong
        return None
    if row.get("bytes") and size != int(row["bytes"]):
        return f"changed: it has {size} bytes, and {row['bytes']} in the manifest of the photos"
    return None


def _near_duplicates(thumbnails: np.ndarray) -> np.ndarray:
    from maskkit.duplicates import group_duplicates  # with SciPy, which takes half a second to import and drawn faces do not need

    return group_duplicates(thumbnails)


def _targets_of(samples: list[Sample], found: list[Sample], folder: Path, problems: dict[Path, str]) -> np.ndarray:
    """Labels of the samples that could be read; InputError unless each split among those that were ``found`` has both classes."""
    given = {sample.split for sample in found}
    for split in [name for name in SPLIT_NAMES if name in given] or [None]:
        for target, class_name in enumerate(CLASS_NAMES):
            if not any(sample.split == split and sample.target == target for sample in samples):
                where = f"of the {split} split in {folder}" if split else f"in {folder}"
                reasons = (problems[sample.path] for sample in found if sample.split == split and sample.target == target)
                raise InputError(f"None of the {class_name} files {where} could be read as an image; the first problem: {next(reasons, 'none is there.')}")
    return np.array([sample.target for sample in samples], dtype=np.int64)


def _names(folder: Path, paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(folder).as_posix() for path in paths)


def _skipped(folder: Path, problems: dict[Path, str]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(_names(folder, problems), problems.values()))


def _split_by_folders(given: list[str | None], targets: np.ndarray, groups: np.ndarray, fractions: Sequence[float], seed: int) -> np.ndarray:
    """Keep the splits that folders name; deal what is left (all, or the train folder's share) into the missing ones."""
    if set(given) == {None}:
        return assign_splits(targets, groups, fractions=fractions, seed=seed)
    split = np.array(given, dtype="<U5")
    shares = np.array([share if name == "train" or name not in given else 0.0 for name, share in zip(SPLIT_NAMES, fractions)])
    train = np.flatnonzero(split == "train")
    if (shares[1:] > 0).any():
        split[train] = assign_splits(targets[train], groups[train], fractions=shares / shares.sum(), seed=seed)
    return split


def _load_faces(image_size: int, options: dict[str, object], fractions: Sequence[float], progress: bool) -> Dataset:
    n = options["n"]
    require_whole("n", n, 0)
    if not isinstance(options["variety"], Real) or not 0 <= options["variety"] <= 1:
        raise InputError(f"variety must be a number from 0 to 1; got {seen(options['variety'])}.")
    if n < 6:
        raise InputError(f"At least 6 faces are needed, one of each class for train, val and test; got n={n}.")
    require_memory(n, image_size, copies=2)  # with the channels last, as they are drawn, and first, as networks take them
    images, attributes = _cached_faces(image_size, options, progress)
    targets = attributes["with_mask"].astype(np.int64)
    groups = np.arange(n)  # every face is drawn on its own, so none is a near-duplicate of another
    return Dataset(
        images=channels_first(images), targets=torch.from_numpy(targets), groups=groups,
        source="synthetic", options={**options, "fractions": check_fractions(fractions)},
        split=assign_splits(targets, groups, fractions=fractions, seed=options["seed"]),
        names=tuple(f"face_{index:06d}" for index in range(n)), attributes=attributes,
    )


def _cached_faces(image_size: int, options: dict[str, object], progress: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw the faces once; the name of the kept file is a hash of the recipe, so a new generator draws anew."""
    from maskkit.faces import generate_faces, recipe_hash

    def draw() -> dict[str, np.ndarray]:
        images, faces = generate_faces(image_size=image_size, progress=progress, **options)
        rows = [asdict(face) for face in faces]
        return {"images": images, **{key: np.array([row[key] for row in rows]) for key in rows[0]}}

    attributes = drawn_once(recipe_hash(image_size=image_size, **options), draw)
    return attributes.pop("images"), attributes
