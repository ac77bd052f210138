"""Do two pictures show the same? Lay one on the other as well as possible, then see whether their detail agrees."""

import numpy as np

from maskkit.duplicates.signatures import SHARP, VIEWS, Window, bilinear, harmonics

_ANGLES = 120  # steps of 3 degrees
_BLOCKS = 6  # along a side
_FAINT = 16.0  # grey levels squared: detail with less variance than this is mostly noise and counts for less


def first_guess(pictures: np.ndarray, pairs: np.ndarray, views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How the second picture of each pair was turned and mirrored, judged by the circles of both.

    Parameters
    ----------
    pictures : np.ndarray
        float32, shape (N, SIDE, SIDE).
    pairs, views
        From ``candidate_pairs``.

    Returns
    -------
    warps : np.ndarray, float32, shape (M, 2, 3): times (x, y, 1) of a point in the second picture, its place in the first
    correlation : np.ndarray, float32, shape (M,), of what lies on the circles after turning
    """
    warps, correlation = np.empty((len(pairs), 2, 3), np.float32), np.empty(len(pairs), np.float32)
    for view in np.unique(views):
        window_one, window_two = VIEWS[view]
        these = np.flatnonzero(views == view)
        for chosen in np.array_split(these, -(-len(these) // 1024)):
            one = _unit(harmonics(pictures[pairs[chosen, 0]], window_one, SHARP))
            two = _unit(harmonics(pictures[pairs[chosen, 1]], window_two, SHARP))
            # Turning multiplies harmonic k by exp(-ik angle); mirroring conjugates it.
            curves = np.concatenate([_correlation_by_angle(one * two.conj()), _correlation_by_angle(one * two)], axis=1)
            mirrored, step = np.divmod(curves.argmax(axis=1), _ANGLES)
            correlation[chosen] = curves.max(axis=1)
            warps[chosen] = _turned(window_one, window_two, 2 * np.pi * step / _ANGLES, mirrored)
    return warps, correlation


def refine(first: np.ndarray, second: np.ndarray, warps: np.ndarray, *, steps: int, lattice: int) -> np.ndarray:
    """Improve affine warps by Gauss-Newton steps on the squared difference, for a batch of pairs at once.

    The inverse compositional method of Baker and Matthews ("Lucas-Kanade 20 years on", 2004).

    Parameters
    ----------
    first, second : np.ndarray
        float32, shape (M, SIDE, SIDE), high-passed.
    warps : np.ndarray
        float32, shape (M, 2, 3).
    steps, lattice : int
        Number of steps; points along a side at which the pictures are compared.
    """
    points = _lattice(lattice)
    target = read(second, np.broadcast_to(points, (len(second), *points.shape)))
    down, right = np.gradient(target.reshape(-1, lattice, lattice), 2 / lattice, axis=(1, 2))
    gradient = np.stack([right, down], axis=-1).reshape(len(target), -1, 2)
    descent = (gradient[:, :, :, None] * points[:, None, :]).reshape(len(target), -1, 6)  # (M, points, 6)
    for _ in range(steps):
        places = points @ warps.transpose(0, 2, 1)
        inside = _in_disc(places) & _in_disc(points)
        spread = _spread(target, inside)
        difference = (_standard(read(first, places), inside) - _standard(target, inside)) * inside
        slope = descent * (inside[:, :, None] / spread[:, :, None])
        hessian = slope.transpose(0, 2, 1) @ slope
        damping = 1e-3 * np.trace(hessian, axis1=1, axis2=2) + 1e-6
        hessian += damping[:, None, None] * np.eye(6, dtype=np.float32)
        step = np.linalg.solve(hessian, slope.transpose(0, 2, 1) @ difference[:, :, None]).reshape(-1, 2, 3)
        warps = _compose(warps, np.linalg.inv(_square(np.clip(step, -0.15, 0.15) + np.eye(2, 3, dtype=np.float32))))
    return warps


def agreement(first: np.ndarray, second: np.ndarray, warps: np.ndarray) -> np.ndarray:
    """Correlation of the detail of two pictures, block by block, where they overlap: float32 in [-1, 1], shape (M,).

    A block with detail in one picture alone counts as one that does not agree: what two different faces share is their
    outline, what two copies share is everything.
    """
    side = 8 * _BLOCKS
    points = _lattice(side)
    places = points @ warps.transpose(0, 2, 1)
    inside = _blocks((_in_disc(places) & _in_disc(points)).astype(np.float32), side)
    one = _blocks(read(first, places), side)
    two = _blocks(read(second, np.broadcast_to(points, (len(second), *points.shape))), side)
    count = np.maximum(inside.sum(axis=2), 1)
    one, two = ((block - ((block * inside).sum(axis=2) / count)[..., None]) * inside for block in (one, two))
    energy_one, energy_two = (one**2).sum(axis=2) / count, (two**2).sum(axis=2) / count
    correlation = (one * two).sum(axis=2) / count / np.sqrt(np.maximum(energy_one * energy_two, 1e-6))
    energy = np.maximum(energy_one, energy_two)
    weight = (inside.mean(axis=2) > 0.5) * energy / (energy + _FAINT)
    return (correlation * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)


def read(pictures: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values of each picture at its own points, (M, SIDE, SIDE) at (M, P, 2 or 3) gives (M, P)."""
    flat = pictures.reshape(len(pictures), -1)
    corner, steps = bilinear(places[..., 0], places[..., 1])
    return sum(np.take_along_axis(flat, corner + step, axis=1) * weight for step, weight in steps)


def _lattice(side: int) -> np.ndarray:
    line = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, np.float32)], axis=1)


def _in_disc(places: np.ndarray) -> np.ndarray:
    """Beyond this disc lie, or shine in, the corners that turning a picture fills with black or white."""
    return (places[..., :2] ** 2).sum(axis=-1) < 0.85


def _spread(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    mean = (values * inside).sum(axis=1, keepdims=True) / count
    return np.sqrt(np.maximum(((values - mean) ** 2 * inside).sum(axis=1, keepdims=True) / count, 1e-6))


def _standard(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    mean = (values * inside).sum(axis=1, keepdims=True) / np.maximum(inside.sum(axis=1, keepdims=True), 1)
    return (values - mean) / _spread(values, inside)


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    cut = values.reshape(-1, _BLOCKS, side // _BLOCKS, _BLOCKS, side // _BLOCKS)
    return cut.transpose(0, 1, 3, 2, 4).reshape(len(values), _BLOCKS**2, -1)


def _square(warps: np.ndarray) -> np.ndarray:
    return np.concatenate([warps, np.broadcast_to(np.float32([[[0, 0, 1]]]), (len(warps), 1, 3))], axis=1)


def _compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    return (outer @ inner).astype(np.float32)


def _unit(coefficients: np.ndarray) -> np.ndarray:
    """Outer circles weigh by their length, higher harmonics more, since pictures have less of them."""
    _, circles, kept = coefficients.shape
    weighted = coefficients * np.sqrt(np.outer(np.arange(1, circles + 1), np.arange(1, kept + 1))).astype(np.float32)
    return weighted / np.maximum(np.linalg.norm(weighted.reshape(len(weighted), -1), axis=1), 1e-6)[:, None, None]


def _correlation_by_angle(products: np.ndarray) -> np.ndarray:
    spectrum = np.zeros((len(products), _ANGLES), np.complex64)
    spectrum[:, 1:products.shape[2] + 1] = products.sum(axis=1)
    return np.fft.ifft(spectrum).real * _ANGLES


def _turned(one: Window, two: Window, angle: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Warps that take window two to the unit disc, mirror (up to down) and turn it, and lay it on window one."""
    cosine, sine, sign = np.cos(angle), np.sin(angle), 1 - 2 * mirrored
    x, y = np.full(len(angle), one.x), np.full(len(angle), one.y)
    rows = [np.stack([one.width * cosine / two.width, -one.width * sine * sign / two.height, x], axis=1),
            np.stack([one.height * sine / two.width, one.height * cosine * sign / two.height, y], axis=1)]
    return np.stack(rows, axis=1).astype(np.float32)
