"""Could a network tell the classes without looking at a face? One small model for each family of clues that must not matter."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskkit.audit.measure import Photo
from maskkit.audit.thresholds import (CHANCE_MARGIN, FEWEST_OF_A_CLASS, FOLDS, GIVEN_AWAY_PURITY, GIVEN_AWAY_SHARE, MOST_PHOTOS_FOR_SHORTCUTS,
                                      SERIOUS_AUC, SHORTCUT_AUC, SHUFFLES)


@dataclass(frozen=True)
class Shortcut:
    """How well one family of clues tells the classes.

    Attributes
    ----------
    family, clue : str, its key and its name in a sentence
    auc : float, cross-validated area under the ROC curve; 0.5 is guessing
    chance : float, the highest AUC among the shuffled labels
    flagged : bool
    title, how : str and tuple of str, what gives the class away, in plain words
    examples : for each class the photos that the model was surest about
    """

    family: str
    clue: str
    auc: float
    chance: float
    flagged: bool
    title: str = ""
    how: tuple[str, ...] = ()
    examples: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def serious(self) -> bool:
        """Whether few pairs are left in doubt."""
        return self.flagged and self.auc >= SERIOUS_AUC

    @property
    def unsure(self) -> bool:
        """Whether the clue tells the class as well as a shortcut does, but luck may explain it, which goes far among few photos."""
        return not self.flagged and self.auc >= SHORTCUT_AUC


@dataclass(frozen=True)
class Family:
    """A family of clues: the numbers that stand for it, and how to put them in words."""

    key: str
    clue: str
    title: str
    columns: tuple[str, ...]


FAMILIES = (
    Family("format", "the file format", "The file format gives the class away", ()),
    Family("file_size", "the file size", "The file size gives the class away", ("file size in kB", "bytes per pixel")),
    Family("resolution", "width and height", "Width and height give the class away", ("width", "height")),
    Family("aspect", "the shape (width to height)", "The shape gives the class away", ("width divided by height",)),
    Family("color", "the mean colour", "The mean colour gives the class away", ("mean red", "mean green", "mean blue")),
    Family("sharpness", "the sharpness", "The sharpness gives the class away", ("sharpness",)),
    Family("border", "the border (its colour, or a frame)", "The border gives the class away",
           ("red at the border", "green at the border", "blue at the border", "variation along the border", "step from the border to the inside")),
)
EXAMPLES = 4


def find_shortcuts(photos: Sequence[Photo], groups: np.ndarray, *, seed: int = 0) -> tuple[list[Shortcut], str]:
    """Try every family on the photos that opened.

    Copies share a fold (``groups``), so that no model is asked about a picture that it has seen. A gradient-boosted tree from scikit-learn
    (non-linear, indifferent to units) is trained in each of five folds; its AUC on the left-out folds is compared with those of
    shuffled labels, whole groups of copies being relabelled together (a permutation test: Ojala and Garriga, "Permutation Tests for
    Studying Classifier Performance", 2010).

    Returns
    -------
    list of Shortcut, and a sentence why there are none (empty if there are)
    """
    names = sorted({photo.class_name for photo in photos if photo.class_name and photo.looks})
    if len(names) != 2:
        return [], f"Shortcuts were not looked for: that takes two classes, and {'these photos have none' if not names else f'there is {len(names)}: ' + ', '.join(names)}."
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
    return [_tried(family, photos, y, names, folds, shuffled) for family in FAMILIES], ""


def _tried(family: Family, photos: list[Photo], y: np.ndarray, names: list[str], folds: list, shuffled: np.ndarray) -> Shortcut:
    X = _features(family.key, photos)
    scores = _left_out_scores(X, y, folds)
    auc = float(_auc(scores, y[None], folds)[0])
    chance = float(_auc(scores, shuffled, folds).max())
    beyond_chance = auc - 0.5 > CHANCE_MARGIN * (chance - 0.5)
    flagged = beyond_chance and (auc >= SHORTCUT_AUC or family.key == "format" and bool(_given_away(photos, y)))
    if not flagged:
        return Shortcut(family.key, family.clue, auc, chance, False)
    return Shortcut(family.key, family.clue, auc, chance, True, family.title, _how(family, photos, X, y, names), _examples(photos, scores, y))


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
    if (X == X[0]).all():  # all photos of one size, say: nothing to tell them by
        return scores
    for train, test in folds:
        model = HistGradientBoostingClassifier(max_iter=20, learning_rate=0.2, max_leaf_nodes=8, min_samples_leaf=max(5, min(20, len(train) // 20)),
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


def _how(family: Family, photos: list[Photo], X: np.ndarray, y: np.ndarray, names: list[str]) -> tuple[str, ...]:
    if family.key == "format":
        return _how_format(photos, y, names)
    return tuple(_purest_leaf(family, X, y, names, label) for label in (1, 0))


def _purest_leaf(family: Family, X: np.ndarray, y: np.ndarray, names: list[str], label: int) -> str:
    """Where a tree of two questions finds most of one class: "Width above 120 and height up to 121: 97 % of 912 photos are with_mask"."""
    from sklearn.tree import DecisionTreeClassifier

    fitted = DecisionTreeClassifier(max_depth=2, min_samples_leaf=max(5, len(y) // 20), random_state=0).fit(X, y)
    leaf = max(np.flatnonzero(fitted.tree_.children_left < 0), key=lambda node: fitted.tree_.value[node][0][label])
    inside = fitted.apply(X) == leaf
    n, share = int(inside.sum()), float((y[inside] == label).mean())
    where = _conditions(family, fitted.tree_, leaf)
    return f"{where[0].upper()}{where[1:]}: {percent(share)} of {n:,} photos are {names[label]}."


def _conditions(family: Family, tree, leaf: int) -> str:
    """The questions on the way to a leaf, those about one column drawn together."""
    bounds: dict[int, list[float]] = {}
    node = leaf
    while node:
        parent = int(np.flatnonzero((tree.children_left == node) | (tree.children_right == node))[0])
        low, high = bounds.setdefault(int(tree.feature[parent]), [-np.inf, np.inf])
        is_left = tree.children_left[parent] == node
        edge = tree.threshold[parent]
        bounds[int(tree.feature[parent])] = [low, min(high, edge)] if is_left else [max(low, edge), high]
        node = parent
    return " and ".join(_between(family.columns[column], *bounds[column]) for column in sorted(bounds)) or "everywhere"


def _between(name: str, low: float, high: float) -> str:
    if np.isinf(low):
        return f"{name} up to {_number(high)}"
    return f"{name} above {_number(low)}" if np.isinf(high) else f"{name} between {_number(low)} and {_number(high)}"


def _counts(photos: list[Photo], y: np.ndarray) -> tuple[Counter, Counter]:
    """How many photos of either class there are of each kind of file."""
    counts = Counter(), Counter()
    for photo, label in zip(photos, y):
        counts[int(label)].update(_kinds_of_file(photo))
    return counts


def _given_away(photos: list[Photo], y: np.ndarray) -> list[str]:
    """Kinds of file that (nearly) give the class away wherever they occur, though most photos may be of another kind."""
    without, with_ = _counts(photos, y)
    least = max(FEWEST_OF_A_CLASS, GIVEN_AWAY_SHARE * len(y))
    return [kind for kind in without | with_
            if (n := without[kind] + with_[kind]) >= least and max(without[kind], with_[kind]) >= GIVEN_AWAY_PURITY * n and n < len(y)]


def _how_format(photos: list[Photo], y: np.ndarray, names: list[str]) -> tuple[str, ...]:
    """The kinds of file that lie most unevenly, with their counts."""
    counts, n = _counts(photos, y), np.bincount(y)
    uneven = sorted(counts[0] | counts[1], key=lambda kind: -abs(counts[0][kind] / n[0] - counts[1][kind] / n[1]))[:3]
    return tuple(f"{kind[0].upper()}{kind[1:]}: {counts[1][kind]:,} of {n[1]:,} {names[1]}, {counts[0][kind]:,} of {n[0]:,} {names[0]}." for kind in uneven)


def percent(share: float) -> str:
    """0.93 as 93 %."""
    return f"{100 * share:.0f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.3g}"
