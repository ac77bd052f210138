"""Which files show the same picture: fingerprints taken while a file is open, and the pairs that they give away."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maskkit.audit.thresholds import COPY_CORRELATION
from maskkit.duplicates import near_duplicate_pairs, perceptual_hashes

GREY_SIDE = 64
COMPARED_SIDE = 32
SAME_FILE = "the same file"
SAME_PICTURE = "the same picture"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What copies are recognised by: a perceptual hash, and a grey copy of 64×64 pixels (4 kB a photo)."""

    hash: np.uint64
    grey: np.ndarray


@dataclass(frozen=True)
class Copy:
    """Two positions in a list of photos that show the same picture, and how the second comes from the first."""

    first: int
    second: int
    relation: str


def fingerprint(image: Image.Image) -> Fingerprint:
    """Take the fingerprint of an RGB picture of any size."""
    [code] = perceptual_hashes(np.asarray(image)[None])
    return Fingerprint(code, np.asarray(image.convert("L").resize((GREY_SIDE, GREY_SIDE), Image.Resampling.BOX)))


def find_copies(digests: Sequence[bytes], prints: Sequence[Fingerprint | None]) -> list[Copy]:
    """Pairs of photos that are copies.

    Files with equal bytes are paired with the first of them only, and it alone is compared further, so that a folder in which one file
    stands a thousand times gives a thousand pairs and not a million.

    Parameters
    ----------
    digests : SHA-256 of each file
    prints : fingerprint of each picture; None leaves it out of the comparison of pictures
    """
    firsts, copies = _first_of(digests, range(len(digests)), SAME_FILE)
    firsts, more = _first_of([(prints[i].hash, prints[i].grey.tobytes()) for i in firsts if prints[i]], [i for i in firsts if prints[i]], SAME_PICTURE)
    return copies + more + _similar(firsts, prints)


def number_groups(n: int, copies: Iterable[Copy]) -> np.ndarray:
    """int64, shape (n,): positions that a chain of copies joins have the same number."""
    pairs = np.array([(copy.first, copy.second) for copy in copies], dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _first_of(keys: Sequence, positions: Iterable[int], relation: str) -> tuple[list[int], list[Copy]]:
    """The first position of each key, and every later one as its copy."""
    found = defaultdict(list)
    for key, position in zip(keys, positions):
        found[key].append(position)
    return [same[0] for same in found.values()], [Copy(same[0], other, relation) for same in found.values() for other in same[1:]]


def _similar(positions: list[int], prints: Sequence[Fingerprint | None]) -> list[Copy]:
    if len(positions) < 2:
        return []
    pairs = np.array(positions)[near_duplicate_pairs(np.array([prints[position].hash for position in positions], dtype=np.uint64))]
    return [Copy(int(first), int(second), SAME_PICTURE) for first, second in pairs[_correlation(prints, pairs) >= COPY_CORRELATION]]


def _correlation(prints: Sequence[Fingerprint | None], pairs: np.ndarray, batch: int = 4096) -> np.ndarray:
    """Pearson's correlation of the grey copies of each pair, a batch at a time."""
    found = [np.empty(0)]
    for start in range(0, len(pairs), batch):
        first, second = (_standardized(np.stack([prints[i].grey for i in pairs[start:start + batch, side]])) for side in (0, 1))
        found.append((first * second).mean(1))
    return np.concatenate(found)


def _standardized(greys: np.ndarray) -> np.ndarray:
    step = GREY_SIDE // COMPARED_SIDE
    flat = greys.reshape(len(greys), COMPARED_SIDE, step, COMPARED_SIDE, step).mean((2, 4), dtype=np.float32).reshape(len(greys), -1)
    return (flat - flat.mean(1, keepdims=True)) / (flat.std(1, keepdims=True) + 1e-6)
