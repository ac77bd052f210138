"""Which pictures might show the same? For each, the few others with a similar signature, in near linear time."""

import numpy as np
from scipy.ndimage import gaussian_filter

from maskkit.duplicates.signatures import SIDE, TALL, VIEWS, WHOLE, WIDE, Window, in_chunks, signatures

MIN_SIMILARITY = 0.4  # cosine of two signatures; loose, because what is found is looked at again
MOST_CANDIDATES = 60  # for one picture
MOST_NEAR = 240  # for one picture in one view: what keeps the work for each from growing with their number


def candidate_pairs(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of pictures that may show the same, with the view in which they are most similar.

    Parameters
    ----------
    pictures : np.ndarray
        uint8, shape (N, SIDE, SIDE).

    Returns
    -------
    pairs : np.ndarray, int64, shape (M, 2)
    views : np.ndarray, int64, shape (M,), positions in ``VIEWS``
    """
    sample = pictures[np.linspace(0, len(pictures) - 1, min(len(pictures), 2000)).astype(int)]
    sample = _blurred(np.concatenate([sample, _textures(256)]))  # textures, lest two or three pictures decide what is usual
    scale = {window: _centre_and_spread(signatures(sample, window)) for window in (WHOLE, TALL, WIDE)}
    def vectors(blurred: np.ndarray, window: Window, like: Window) -> np.ndarray:
        return _scaled(signatures(blurred, window), *scale[like])

    indexes = {window: _CellIndex(np.concatenate([vectors(_blurred(chunk), window, window) for chunk in in_chunks(pictures)])) for window in scale}
    found, start = [], 0
    for chunk in in_chunks(pictures):
        blurred = _blurred(chunk)
        queries = [vectors(blurred, one, two) for one, two in VIEWS]
        near = []
        for window, index in indexes.items():
            views = [view for view, (_, two) in enumerate(VIEWS) if two == window]
            query, second, similarity = index.near(np.concatenate([queries[view] for view in views]))
            view, first = np.divmod(query, len(chunk))
            near.append((first + start, second, similarity, np.array(views)[view]))
        found.append(_most_similar(*(np.concatenate(parts) for parts in zip(*near))))
        start += len(chunk)
    return tuple(np.concatenate(parts) for parts in zip(*found))


class _CellIndex:
    """Unit vectors sorted into cells, each around one of them; a query looks into the few cells nearest to it.

    With √N cells the work for one query grows with √N (the inverted file of Jégou, Douze and Schmid, "Product
    quantization for nearest neighbor search", 2011).
    """

    def __init__(self, vectors: np.ndarray, probes: int = 12) -> None:
        cells = 1 if len(vectors) <= 2000 else int(np.sqrt(len(vectors)))
        self.vectors, self.probes = vectors, min(probes, cells)
        self.centres = vectors[np.random.default_rng(0).choice(len(vectors), cells, replace=False)]
        cell = np.concatenate([np.argmax(chunk @ self.centres.T, axis=1) for chunk in in_chunks(vectors)])
        self.members = np.split(np.argsort(cell, kind="stable"), np.cumsum(np.bincount(cell, minlength=cells))[:-1])

    def near(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position of the query, position of the vector and similarity of the pairs that are similar enough, the best of each cell."""
        nearest = np.argpartition(queries @ self.centres.T, -self.probes, axis=1)[:, -self.probes:]
        asked = np.argsort(nearest.ravel(), kind="stable")
        asking = np.split(asked // self.probes, np.cumsum(np.bincount(nearest.ravel(), minlength=len(self.centres)))[:-1])
        found, most = [], MOST_NEAR // self.probes
        for rows, members in zip(asking, self.members):
            similarity = queries[rows] @ self.vectors[members].T
            best = np.argpartition(similarity, -most, axis=1)[:, -most:] if len(members) > most else np.arange(len(members))[None].repeat(len(rows), 0)
            similarity = np.take_along_axis(similarity, best, axis=1)
            row, column = np.nonzero(similarity > MIN_SIMILARITY)
            found.append((rows[row], members[best[row, column]], similarity[row, column]))
        return tuple(np.concatenate(parts) for parts in zip(*found))


def _most_similar(first: np.ndarray, second: np.ndarray, similarity: np.ndarray, view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each pair the view that is most similar, of each first picture the second ones that are most similar."""
    order = np.lexsort((-similarity, second, first))
    order = order[first[order] != second[order]]
    order = order[_is_first((first[order], second[order]))]
    order = order[np.lexsort((-similarity[order], first[order]))]
    rank = np.arange(len(order)) - np.searchsorted(first[order], first[order])
    order = order[rank < MOST_CANDIDATES]
    return np.stack([first[order], second[order]], axis=1), view[order]


def _is_first(keys: tuple[np.ndarray, ...]) -> np.ndarray:
    """Whether each row of sorted keys differs from the row before."""
    return np.any([np.diff(key, prepend=-1) != 0 for key in keys], axis=0)


def _textures(n: int) -> np.ndarray:
    """Random pictures with as much coarse and fine detail as photos have: amplitudes that fall with the frequency."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    spectrum = np.fft.rfft2(np.random.default_rng(0).normal(size=(n, SIDE, SIDE))) / np.maximum(frequency, 1 / SIDE)
    values = np.fft.irfft2(spectrum)
    return np.clip(128 + 50 * values / values.std(), 0, 255).astype(np.uint8)


def _blurred(pictures: np.ndarray) -> np.ndarray:
    return gaussian_filter(pictures.astype(np.float32), (0, 2, 2))


def _centre_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=0), values.std(axis=0) + 1e-3


def _scaled(values: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    values = (values - centre) / spread
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
