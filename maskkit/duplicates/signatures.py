"""A signature of what lies around a point of a picture, the same however the picture is turned or mirrored.

The brightness along a circle is a periodic signal. Turning the picture shifts it, which leaves the sizes of its Fourier
coefficients alone, and so do the phase differences between neighbouring circles, up to a sign, which mirroring flips. A few
circles and coefficients make a signature. To find a picture inside a larger one, signatures are also taken with smaller
circles and around other points: the windows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import sparse

from maskkit.errors import InputError, seen

SIDE = 64  # pixels of the small grey pictures that are compared
CHUNK = 512  # pictures at a time: what bounds the memory


@dataclass(frozen=True)
class Window:
    """An ellipse in a picture: its centre and half axes, in coordinates that run from -1 to 1 across the picture."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0


def _grid(offsets: tuple[float, ...], radius: float) -> list[Window]:
    return [Window(x, y, radius, radius) for x in offsets for y in offsets]


WHOLE = Window()
# What fills a copy that was cut down to 90 or 80 % of the side, wherever it was cut.
CROPS = (*_grid((-0.1, 0, 0.1), 0.9), *_grid((-0.2, -0.1, 0, 0.1, 0.2), 0.8))
# A photo of 3:4 or 4:3 that became a square turns in ellipses, not in circles.
TALL, WIDE = Window(height=0.72), Window(width=0.72)
# Where to look in the first picture of a pair, and where in the second.
VIEWS = ((WHOLE, WHOLE), *((crop, WHOLE) for crop in CROPS), (TALL, TALL), (WIDE, WIDE))


@dataclass(frozen=True)
class Circles:
    """How finely a window is read: circles, points on each, Fourier coefficients kept of each."""

    n: int
    points: int
    harmonics: int


BLUNT = Circles(5, 16, 4)  # so blunt that a window that is a little off still gives nearly the same signature
SHARP = Circles(10, 48, 12)  # sharp enough to measure by which angle a picture was turned


def require_pictures(images: np.ndarray) -> None:
    """Refuse all but uint8 arrays of shape (N, H, W, 3) or (N, H, W); one picture (H, W, 3) would be taken for many grey ones."""
    if isinstance(images, list | tuple):  # pictures of several sizes
        return
    shape = getattr(images, "shape", ())
    if getattr(images, "dtype", None) != np.uint8 or len(shape) not in (3, 4) or (len(shape) == 4) != (shape[-1] == 3):
        raise InputError("The search for copies takes a uint8 array of shape (N, H, W, 3), with pixels from 0 to 255 (images.permute(0, 2, 3, 1).numpy() "
                         f"makes one of the images of a Dataset); got {seen(images)}.")


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Small grey versions of images: all that the search for near-duplicates looks at.

    Parameters
    ----------
    images : np.ndarray
        uint8, shape (N, H, W, 3) or (N, H, W).

    Returns
    -------
    np.ndarray
        uint8, shape (N, 64, 64).

    Raises
    ------
    InputError
        If these are no such images.
    """
    require_pictures(images)
    small = [Image.fromarray(image).convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2) for image in images]
    return np.stack([np.asarray(picture) for picture in small]) if small else np.empty((0, SIDE, SIDE), np.uint8)


def harmonics(pictures: np.ndarray, window: Window, circles: Circles) -> np.ndarray:
    """Fourier coefficients of the brightness along the circles in ``window``, from the first harmonic on.

    Without the zeroth harmonic, the mean, it does not matter how bright a picture is.

    Parameters
    ----------
    pictures : np.ndarray
        float32, shape (N, SIDE, SIDE).

    Returns
    -------
    np.ndarray
        complex64, shape (N, circles, harmonics).
    """
    samples = (_sampler(window, circles) @ pictures.reshape(len(pictures), -1).T).T
    return np.fft.rfft(samples.reshape(-1, circles.n, circles.points))[:, :, 1:circles.harmonics + 1].astype(np.complex64)


def signatures(pictures: np.ndarray, window: Window) -> np.ndarray:
    """Numbers that turning and mirroring a picture leave alone, float32, shape (N, 76)."""
    coefficients = harmonics(pictures, window, BLUNT)
    coefficients /= np.maximum(np.linalg.norm(coefficients.reshape(len(pictures), -1), axis=1), 1e-6)[:, None, None]
    parts = [np.abs(coefficients)]
    for step in (1, 2):
        product = coefficients[:, step:] * coefficients[:, :-step].conj()
        product /= np.maximum(np.sqrt(np.abs(product)), 1e-6)
        parts += [product.real, np.abs(product.imag)]  # mirroring conjugates the product
    return np.concatenate([part.reshape(len(pictures), -1) for part in parts], axis=1)


def in_chunks(pictures: np.ndarray) -> Iterator[np.ndarray]:
    """Cut along the first axis, so that what is computed of the parts stays small."""
    return (pictures[start:start + CHUNK] for start in range(0, len(pictures), CHUNK))


def bilinear(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """Where points of [-1, 1] lie among the pixels: index of the upper left one, and (index step, weight) of all four."""
    x, y = (np.clip((value + 1) / 2 * SIDE - 0.5, 0, SIDE - 1.001) for value in (x, y))
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    return top * SIDE + left, [(0, (1 - right) * (1 - down)), (1, right * (1 - down)), (SIDE, (1 - right) * down), (SIDE + 1, right * down)]


def _sampler(window: Window, circles: Circles) -> sparse.csr_array:
    """The matrix that reads the points of all circles out of a flattened picture."""
    radius = (np.arange(circles.n) + 0.75) / (circles.n + 0.25)
    angle = 2 * np.pi * np.arange(circles.points) / circles.points
    x, y = window.width * np.outer(radius, np.cos(angle)), window.height * np.outer(radius, np.sin(angle))
    corner, steps = bilinear((window.x + x).ravel(), (window.y + y).ravel())
    columns = np.concatenate([corner + step for step, _ in steps])
    weights = np.concatenate([weight for _, weight in steps])
    return sparse.csr_array((weights, (np.tile(np.arange(len(corner)), 4), columns)), shape=(len(corner), SIDE * SIDE))
