"""Could a network tell the classes without looking at a face? One small model for each family of clues that must not matter."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskkit.audit.measure import Photo
from maskkit.audit.thresholds import FEWEST_OF_A_CLASS, FOLDS, MOST_PHOTOS_FOR_SHORTCUTS, SERIOUS_AUC, SHORTCUT_AUC, SHUFFLES


@dataclass(frozen=True)
class Shortcut:
    """How well one family of clues tells the classes.

    Attributes
    ----------
    family, clue : str, its key and its name in a sentence
    auc : float, cross-validated area under the ROC curve; 0.5 is guessing
    chance : float, the highest AUC among the shuffled labels
    flagged : bool
    how : str, what the difference is, in plain words
    examples : for each class the photos that the model was surest about
    """

    family: str
    clue: str
    auc: float
    chance: float
    flagged: bool
    how: str = ""
    examples: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def serious(self) -> bool:
        """Whether few pairs are left in doubt."""
        return self.flagged and self.auc >= SERIOUS_AUC


@dataclass(frozen=True)
class Family:
    """A family of clues: the numbers that stand for it, and how to put them in words."""

    key: str
    clue: str
    columns: tuple[str, ...]
    unit: str = ""


FAMILIES = (
    Family("format", "the file format", ("format", "extension", "mode")),
    Family("file_size", "the file size", ("file size", "bytes per pixel"), "kB"),
    Family("resolution", "width and height", ("width", "height"), "pixels"),
    Family("aspect", "the shape (width to height)", ("width divided by height",)),
    Family("color", "the mean colour", ("red", "green", "blue")),
    Family("sharpness", "the sharpness", ("sharpness",)),
    Family("border", "the border (its colour, or a frame)", ("red at the border", "green at the border", "blue at the border",
                                                             "variation along the border", "step from the border to the inside")),
)
EXAMPLES = 4


def find_shortcuts(photos: Sequence[Photo], groups: np.ndarray, *, seed: int = 0) -> tuple[list[Shortcut], str]:
    """Try every family on the photos that opened.

    Copies share a fold (``groups``), so that no model is asked about a picture that it has seen. A gradient-boosted tree from scikit-learn
    (non-linear, indifferent to units) is trained in each of five folds; its AUC on the left-out folds is compared with those of
    shuffled labels, whole groups of copies being relabelled together.

    Returns
    -------
    list of Shortcut, and a sentence why there are none (empty if there are)
    """
    names = sorted({photo.class_name for photo in photos if photo.class_name and photo.looks})
    if len(names) != 2:
        return [], f"Shortcuts were not looked for: that takes two classes, and {'there are none' if not names else f'there is {len(names)}: ' + ', '.join(names)}."
    usable = np.array([i for i, photo in enumerate(photos) if photo.looks and photo.class_name])
    usable = _sampled(usable, seed)
    photos, groups = [photos[i] for i in usable], groups[usable]
    # with_mask is the positive class wherever it occurs; of other names the later in the alphabet is.
    names = names if names != ["with_mask", "without_mask"] else names[::-1]
    y = np.array([photo.class_name == names[1] for photo in photos])
    fewest = min(min(len(np.unique(groups[y == label])) for label in (False, True)), int(y.sum()), int((~y).sum()))
    if fewest < FEWEST_OF_A_CLASS:
        return [], f"Shortcuts were not looked for: that takes {FEWEST_OF_A_CLASS} different photos of each class, and there are {fewest} of the smaller one."
    folds = _folds(y, groups, seed)
    shuffled = _shuffled(y, groups, seed)
    return [_try(family, photos, y, names, folds, shuffled) for family in FAMILIES], ""


def _try(family: Family, photos: list[Photo], y: np.ndarray, names: list[str], folds: list, shuffled: np.ndarray) -> Shortcut:
    X = _features(family.key, photos)
    scores = _left_out_scores(X, y, folds)
    auc = float(_auc(scores, y[None], folds)[0])
    chance = float(_auc(scores, shuffled, folds).max())
    flagged = auc >= SHORTCUT_AUC and auc > chance
    return Shortcut(family.key, family.clue, auc, chance, flagged,
                    _how(family, photos, X, y, names) if flagged else "",
                    _examples(photos, scores, y) if flagged else ((), ()))


def _features(key: str, photos: list[Photo]) -> np.ndarray:
    if key == "format":
        return _one_hot(photos)
    if key == "file_size":
        return np.array([(photo.n_bytes / 1000, photo.n_bytes / (photo.width * photo.height)) for photo in photos])
    if key == "resolution":
        return np.array([(photo.width, photo.height) for photo in photos], dtype=float)
    if key == "aspect":
        return np.array([(photo.width / photo.height,) for photo in photos])
    return np.array([np.atleast_1d(getattr(photo.looks, key)) for photo in photos], dtype=float)


def _kinds_of_file(photo: Photo) -> tuple[str, ...]:
    suffix = photo.path.suffix
    return (f"{photo.format} files", f"names that end in {suffix}" if suffix else "names without an ending", f"{photo.mode} pixels")


def _one_hot(photos: list[Photo]) -> np.ndarray:
    kinds = [_kinds_of_file(photo) for photo in photos]
    columns = sorted({kind for row in kinds for kind in row})
    return np.array([[kind in row for kind in columns] for row in kinds], dtype=float)


def _folds(y: np.ndarray, groups: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold

    return list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(y, y, groups))


def _shuffled(y: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """bool, shape (SHUFFLES, N): every group takes over the label of another one."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    rng = np.random.default_rng(seed)
    return np.stack([y[first][rng.permutation(len(first))][number] for _ in range(SHUFFLES)])


def _left_out_scores(X: np.ndarray, y: np.ndarray, folds: list) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier

    scores = np.zeros(len(y))
    for train, test in folds:
        model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, min_samples_leaf=max(5, min(20, len(train) // 20)),
                                               early_stopping=False, random_state=0)
        scores[test] = model.fit(X[train], y[train]).decision_function(X[test])
    return scores


def _auc(scores: np.ndarray, labels: np.ndarray, folds: list) -> np.ndarray:
    """AUC of each row of labels, averaged over the folds: the Mann-Whitney statistic, for many labellings at once."""
    from scipy.stats import rankdata

    found = []
    for _, test in folds:
        ranks, positive = rankdata(scores[test]), labels[:, test].astype(float)
        n = positive.sum(1)
        pairs = n * (len(test) - n)
        found.append(np.where(pairs > 0, (positive @ ranks - n * (n + 1) / 2) / np.maximum(pairs, 1), 0.5))
    return np.mean(found, axis=0)


def _sampled(usable: np.ndarray, seed: int) -> np.ndarray:
    if len(usable) <= MOST_PHOTOS_FOR_SHORTCUTS:
        return usable
    return np.sort(np.random.default_rng(seed).choice(usable, MOST_PHOTOS_FOR_SHORTCUTS, replace=False))


def _examples(photos: list[Photo], scores: np.ndarray, y: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    order = np.argsort(scores, kind="stable")
    low = [photos[i].name for i in order if not y[i]][:EXAMPLES]
    high = [photos[i].name for i in order[::-1] if y[i]][:EXAMPLES]
    return tuple(low), tuple(high)


def _how(family: Family, photos: list[Photo], X: np.ndarray, y: np.ndarray, names: list[str]) -> str:
    if family.key == "format":
        return _how_format(photos, y, names)
    if family.key == "color":
        return "The mean colour is " + " and ".join(f"{_color_name(X[y == label].mean(0))} for {names[label]}" for label in (0, 1)) + "."
    column = _telling_column(X, y)
    middle = [np.median(X[y == label, column]) for label in (0, 1)]
    unit = family.unit if column == 0 or family.unit == "pixels" else ""
    sides = [f"{_number(value)}{' ' + unit if unit else ''} for {names[label]}" for label, value in enumerate(middle)]
    return f"Half-way value of the {family.columns[column]}: {sides[0]}, {sides[1]}."


def _telling_column(X: np.ndarray, y: np.ndarray) -> int:
    everything = [(np.arange(len(y)), np.arange(len(y)))]
    return int(np.argmax([abs(_auc(X[:, column], y[None], everything)[0] - 0.5) for column in range(X.shape[1])]))


def _how_format(photos: list[Photo], y: np.ndarray, names: list[str]) -> str:
    """The kinds of file that lie most unevenly, with their counts."""
    counts = [Counter(kind for photo, label in zip(photos, y) if label == side for kind in _kinds_of_file(photo)) for side in (False, True)]
    n = [int((~y).sum()), int(y.sum())]
    uneven = sorted(counts[0] | counts[1], key=lambda kind: -abs(counts[0][kind] / n[0] - counts[1][kind] / n[1]))
    return "; ".join(f"{kind}: {counts[1][kind]} of {n[1]} {names[1]}, {counts[0][kind]} of {n[0]} {names[0]}" for kind in uneven[:3]) + "."


def _color_name(color: np.ndarray) -> str:
    return f"red {color[0]:.0f}, green {color[1]:.0f}, blue {color[2]:.0f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.3g}"
