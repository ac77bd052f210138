"""Near-duplicates: the same picture, even when it was mirrored, turned, cropped, resized, brightened or saved again."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maskkit.duplicates.alignment import agreement, first_guess, refine
from maskkit.duplicates.search import candidate_pairs
from maskkit.duplicates.signatures import require_pictures, thumbnails

MIN_SIMILARITY = 0.86  # of the detail after alignment; copies reach 0.9 and more, two faces that look alike stay below 0.84
_MIN_CORRELATION = 0.55  # of the circles before alignment
_MIN_ROUGH_AGREEMENT = 0.6
_MOST_ALIGNED = 5  # candidates of one picture
_BATCH = 256  # pairs at a time


@dataclass(frozen=True)
class Duplicate:
    """Two pictures that show the same, and how the second differs from the first.

    Attributes
    ----------
    first, second : int, positions of the two
    similarity : float in [0, 1], agreement of their detail once they are aligned
    exact : bool, whether every pixel is the same
    mirrored : bool
    angle : float in (-180, 180], degrees by which the second is turned, counter-clockwise
    scale : float, side of what the second shows as a share of the first's; below 1 the second is a crop of the first
    """

    first: int
    second: int
    similarity: float
    exact: bool = False
    mirrored: bool = False
    angle: float = 0.0
    scale: float = 1.0

    @property
    def relation(self) -> str:
        """In words: "exact copy", "mirrored, rotated by 15°", "cropped to 80 %", or "same picture"."""
        if self.exact:
            return "exact copy"
        words = ["mirrored"] * self.mirrored
        words += [f"rotated by {round(self.angle)}°"] * (abs(self.angle) >= 2)
        words += [f"cropped to {round(100 * min(self.scale, 1 / self.scale))} %"] * (not 0.96 < self.scale < 1.04)
        return ", ".join(words) or "same picture"


def find_duplicates(images: np.ndarray, *, min_similarity: float = MIN_SIMILARITY) -> list[Duplicate]:
    """All pairs of near-duplicates among ``images``; of many copies of one picture, enough pairs to join them.

    Memory and (nearly) time grow in proportion to the number of images.

    Parameters
    ----------
    images : np.ndarray
        uint8, shape (N, H, W, 3), or the result of ``thumbnails``.
    min_similarity : float in [0, 1]
        From about 0.8 on, photos taken in a row are found too, and a few people who look alike.

    Returns
    -------
    list of Duplicate
        Sorted by position; in each, first < second.

    Raises
    ------
    InputError
        If these are no such images.
    """
    require_pictures(images)
    original = _first_with_same_pixels(images)
    different = np.flatnonzero(original == np.arange(len(images)))
    found = [Duplicate(int(original[copy]), int(copy), 1.0, exact=True) for copy in np.flatnonzero(original != np.arange(len(images)))]
    if len(different) > 1:
        found += _similar(thumbnails([images[index] for index in different]), different, min_similarity)
    return sorted(found, key=lambda pair: (pair.first, pair.second))


def group_duplicates(images: np.ndarray) -> np.ndarray:
    """Number the groups of near-duplicates among ``images``; a chain of pairs makes one group.

    Parameters
    ----------
    images : np.ndarray
        uint8, shape (N, H, W, 3), or the result of ``thumbnails``.

    Returns
    -------
    np.ndarray
        int64, shape (N,); images with the same number are near-duplicates of each other.
    """
    return join_groups(len(images), np.array([(pair.first, pair.second) for pair in find_duplicates(images)], dtype=int).reshape(-1, 2))


def join_groups(n: int, pairs: np.ndarray) -> np.ndarray:
    """Number the groups of ``n`` things that ``pairs``, shape (M, 2), join: int64, shape (n,)."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _first_with_same_pixels(images: np.ndarray) -> np.ndarray:
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(blake2b(image.tobytes()).digest(), index) for index, image in enumerate(images)], dtype=int)


def _similar(pictures: np.ndarray, positions: np.ndarray, min_similarity: float) -> list[Duplicate]:
    pairs, views = candidate_pairs(pictures)
    if not len(pairs):
        return []
    soft = gaussian_filter(pictures.astype(np.float32), (0, 0.8, 0.8))
    warps, correlation = first_guess(soft, pairs, views)
    chosen = _promising(pairs, correlation)
    pairs, warps = pairs[chosen], warps[chosen]
    found = []
    for start in range(0, len(pairs), _BATCH):
        batch = slice(start, start + _BATCH)
        similarity, refined, aligned = _align(pictures, pairs[batch], warps[batch])
        found += [_duplicate(*positions[aligned[i]], similarity[i], refined[i]) for i in np.flatnonzero(similarity >= min_similarity)]
    return found


def _promising(pairs: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Each pair once, the way round that fits better, and of each picture only those that fit best."""
    order = np.argsort(-correlation, kind="stable")
    order = order[correlation[order] > _MIN_CORRELATION]
    _, once = np.unique(np.sort(pairs[order], axis=1), axis=0, return_index=True)
    order = order[np.sort(once)]
    chosen = [_rank_within(pairs[order, column]) < _MOST_ALIGNED for column in (0, 1)]
    return np.sort(order[chosen[0] | chosen[1]])


def _rank_within(keys: np.ndarray) -> np.ndarray:
    """How many equal keys stand before each key."""
    order = np.argsort(keys, kind="stable")
    rank = np.empty(len(keys), int)
    rank[order] = np.arange(len(keys)) - np.searchsorted(keys[order], keys[order])
    return rank


def _align(pictures: np.ndarray, pairs: np.ndarray, warps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Align coarse detail, then fine detail: similarity, warp and pair of those that did not fail on the way."""
    coarse = _band(pictures, pairs, 2, 27)
    warps = refine(*coarse, warps, steps=8, lattice=24)
    hopeful = agreement(*coarse, warps) > _MIN_ROUGH_AGREEMENT
    pairs = pairs[hopeful]
    if not len(pairs):
        return np.empty(0), warps[hopeful], pairs
    warps = refine(*_band(pictures, pairs, 1, 17), warps[hopeful], steps=6, lattice=40)
    return agreement(*_band(pictures, pairs, 0.7, 9), warps), warps, pairs


def _band(pictures: np.ndarray, pairs: np.ndarray, fine: float, coarse: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second pictures without detail finer than ``fine`` pixels and without what is even over ``coarse`` pixels."""
    unique, inverse = np.unique(pairs, return_inverse=True)
    grey = pictures[unique].astype(np.float32)
    detail = gaussian_filter(grey, (0, fine, fine)) - uniform_filter(grey, (0, coarse, coarse))
    first, second = inverse.reshape(-1, 2).T
    return detail[first], detail[second]


def _duplicate(first: int, second: int, similarity: float, warp: np.ndarray) -> Duplicate:
    if first > second:
        first, second, warp = second, first, _inverse(warp)
    determinant = np.linalg.det(warp[:, :2])
    turn = warp[:, :2] @ np.diag([np.sign(determinant), 1])  # undo a mirroring of left and right
    # y points down in a picture, so that a positive angle of the warp is a counter-clockwise turn of what is seen.
    angle = np.degrees(np.arctan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1]))
    return Duplicate(int(first), int(second), min(float(similarity), 1.0), False, bool(determinant < 0), float(angle), float(np.sqrt(abs(determinant))))


def _inverse(warp: np.ndarray) -> np.ndarray:
    return np.linalg.inv(np.vstack([warp, [0, 0, 1]]))[:2]
