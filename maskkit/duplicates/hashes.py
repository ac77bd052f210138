"""Perceptual hashes: the short way to see that two files hold the same picture, saved or resized again.

Taught in notebook 01. It does not see that a picture was mirrored, turned or cropped; ``find_duplicates`` does.
"""

import imagehash
import numpy as np
from PIL import Image

from maskkit.duplicates.signatures import require_pictures

HASH_BITS = 64
MAX_DISTANCE = 6  # bits; the usual threshold for "the same picture, saved again" with a 64-bit pHash


def perceptual_hashes(images: np.ndarray) -> np.ndarray:
    """64-bit perceptual hash (pHash) of each image.

    The hash keeps which of the 8×8 lowest cosine frequencies of the grey picture lie above their median, so that saving,
    resizing or brightening a picture again changes few bits (Zauner, "Implementation and Benchmarking of Perceptual
    Image Hash Functions", 2010; computed by the ImageHash library).

    Parameters
    ----------
    images : np.ndarray
        uint8, shape (N, H, W, 3).

    Returns
    -------
    np.ndarray
        uint64, shape (N,).

    Raises
    ------
    InputError
        If these are no such images.
    """
    require_pictures(images)
    bits = [np.packbits(imagehash.phash(Image.fromarray(image)).hash) for image in images]
    return np.array(bits, dtype=np.uint8).reshape(-1, 8).view(np.uint64).ravel()


def near_duplicate_pairs(hashes: np.ndarray, max_distance: int = MAX_DISTANCE) -> np.ndarray:
    """All pairs of hashes that differ in at most ``max_distance`` of their 64 bits.

    Two hashes that differ in d bits agree on at least one of d + 1 bands of bits, so only hashes that share a band are
    compared (the pigeonhole principle); that keeps the work near linear for photos that are mostly different.

    Returns
    -------
    np.ndarray
        int64, shape (M, 2); each pair once, smaller index first, sorted.
    """
    edges = np.linspace(0, HASH_BITS, max_distance + 2).astype(int)
    found = [np.empty((0, 2), dtype=np.int64)]
    for low, high in zip(edges, edges[1:]):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.diff(band[order], prepend=~band[order][:1]))
        for members in np.split(order, starts[1:]):
            found.append(_close_pairs(members, hashes, max_distance))
    return np.unique(np.concatenate(found), axis=0)


def _close_pairs(members: np.ndarray, hashes: np.ndarray, max_distance: int) -> np.ndarray:
    members = np.sort(members)
    first, second = np.triu_indices(len(members), k=1)
    distance = np.bitwise_count(hashes[members[first]] ^ hashes[members[second]])
    close = distance <= max_distance
    return np.stack([members[first[close]], members[second[close]]], axis=1)
