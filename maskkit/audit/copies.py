"""Which files show the same picture: a fingerprint taken while a file is open, and the pairs that it gives away."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from maskkit.duplicates import find_duplicates, join_groups, thumbnails

SAME_FILE = "same file"


@dataclass(frozen=True)
class Copy:
    """Two positions in a list of photos that show the same picture, and how the second comes from the first."""

    first: int
    second: int
    relation: str


def fingerprint(image: Image.Image) -> np.ndarray:
    """What copies of an RGB picture are recognised by: uint8, shape (64, 64), 4 kB a photo."""
    return thumbnails(np.asarray(image)[None])[0]


def find_copies(digests: Sequence[bytes | int], prints: Sequence[np.ndarray | None]) -> list[Copy]:
    """Pairs of photos that are copies.

    Files with equal bytes are paired with the first of them only, and it alone is compared further, so that a folder in which one file
    stands a thousand times gives a thousand pairs and not a million.

    Parameters
    ----------
    digests : SHA-256 of each file; a number of its own for one that is like no other, because it is empty or could not be read
    prints : fingerprint of each picture; None leaves it out of the comparison of pictures
    """
    places = defaultdict(list)
    for position, digest in enumerate(digests):
        places[digest].append(position)
    copies = [Copy(same[0], other, SAME_FILE) for same in places.values() for other in same[1:]]
    compared = [same[0] for same in places.values() if prints[same[0]] is not None]
    if len(compared) < 2:
        return copies
    found = find_duplicates(np.stack([prints[position] for position in compared]))
    return copies + [Copy(compared[pair.first], compared[pair.second], pair.relation) for pair in found]


def number_groups(n: int, copies: Iterable[Copy]) -> np.ndarray:
    """int64, shape (n,): positions that a chain of copies joins have the same number."""
    return join_groups(n, np.array([(copy.first, copy.second) for copy in copies], dtype=np.int64).reshape(-1, 2))
