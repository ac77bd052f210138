"""Look at every file once: what it is, whether it opens, and a few numbers about the picture."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy.ndimage import gaussian_filter

from maskkit.audit.copies import fingerprint
from maskkit.audit.thresholds import MEASURED_SIDE
from maskkit.errors import InputError, require
from maskkit.files import as_path
from maskkit.images import CLASS_NAMES, HEIC_ENDINGS, SPLIT_SPELLINGS, files_below, find_samples, is_heic, named_like, open_image, orientation, too_many_pixels

CHUNK = 512  # photos handed to the threads at a time: bounds what waits in memory
LARGEST_JPEG_SIDE = 256  # JPEG decoders may skip detail beyond this
HEIC = "a HEIC photo, as iPhones take them"
FINE_SIGMA, COARSE_SIGMA = 0.7, 2.8  # pixels of the measured copy


@dataclass(frozen=True, slots=True)
class Looks:
    """What a picture looks like. Luminance and colours from 0 to 255."""

    mean: float
    std: float
    p5: float
    p95: float
    color: tuple[float, float, float]
    sharpness: float
    border: tuple[float, ...]  # mean red, green, blue of the outermost pixels, their spread, their step to what lies within
    flat_bottom: float  # share of the rows, from the bottom up, that are one colour (neither black nor white)


@dataclass(frozen=True, slots=True)
class Photo:
    """One file and what was found out about it; ``looks`` and ``fingerprint`` are None if it did not open whole."""

    name: str
    path: Path
    class_name: str | None = None
    split: str | None = None
    problem: str | None = None  # "unreadable", "truncated", "too_large" or "other" (no photo, and not named like one)
    reason: str = ""
    n_bytes: int = 0
    digest: bytes = b""
    format: str | None = None
    mode: str = ""
    width: int = 0
    height: int = 0
    turned: bool = False
    animated: bool = False
    looks: Looks | None = None
    fingerprint: np.ndarray | None = None


def list_photos(folder: str | Path) -> list[Photo]:
    """The files to audit, sorted by name.

    The layouts of :func:`maskkit.images.find_samples` give class and split. In any other folder the first-level folders are taken for
    classes (below train, val and test if there are such), and where there is only one, no file has a class.

    Raises
    ------
    InputError
        If there is no such folder, or no file in it.
    """
    require(folder, (str, PathLike), "An audit takes the path of a folder of photos")
    root = as_path(folder)
    try:
        return [Photo(sample.path.relative_to(root).as_posix(), sample.path, CLASS_NAMES[sample.target], sample.split)
                for sample in find_samples(root, warn=False)]  # what is passed over is a finding here
    except InputError:
        if not root.is_dir():
            raise
    photos = sorted((_placed(path, root) for path in files_below(root)), key=lambda photo: photo.name)
    if not photos:
        raise InputError(f"{root} holds no files that can be read; give a folder of photos.")
    pictures = {photo.class_name for photo in photos if _named_like_a_photo(photo.path)} - {None}
    return photos if len(pictures) > 1 else [replace(photo, class_name=None) for photo in photos]


def measure_photos(photos: Sequence[Photo], *, workers: int | None = None) -> Iterator[Photo]:
    """Yield each photo measured, in order; files are opened in threads, each decoded once."""
    workers = workers or min(8, os.cpu_count() or 1)
    with warnings.catch_warnings(), ThreadPoolExecutor(workers) as pool:
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata and large files; both are findings here
        for first in range(0, len(photos), CHUNK):
            yield from pool.map(measure_photo, photos[first:first + CHUNK])


def measure_photo(photo: Photo) -> Photo:
    """Read, decode and measure one file; a damaged one is described, never raised."""
    try:
        content = photo.path.read_bytes()
    except OSError as error:
        return replace(photo, problem="unreadable", reason=error.strerror or type(error).__name__)
    photo = replace(photo, n_bytes=len(content), digest=hashlib.sha256(content).digest())
    try:
        photo = replace(photo, **_header(content))
    except Image.DecompressionBombError as error:
        return replace(photo, problem="too_large", reason=too_many_pixels(error))
    except Exception as error:  # as in open_image: Pillow reports damage in many ways
        return _unopened(photo, content, error)
    try:
        image = open_image(io.BytesIO(content), at_least=LARGEST_JPEG_SIDE)
    except InputError as error:
        return replace(photo, problem="truncated", reason=_first_line(error.__cause__ or error))
    small = _shrunk(image)
    looks = _looks(small)
    return replace(photo, looks=looks, fingerprint=fingerprint(small))


def rescue(content: bytes) -> Image.Image | None:
    """As much of a damaged picture as decodes, or None: evidence for the page."""
    try:
        image = Image.open(io.BytesIO(content))
    except Exception:
        return None
    try:
        image.load()
    except Exception:
        # The decoder stopped half-way; with no tile left to decode, Pillow hands out the rows that it has.
        image.tile = []
    try:
        return image.convert("RGB")
    except Exception:
        return None


def _placed(path: Path, root: Path) -> Photo:
    name = path.relative_to(root)
    folders = list(name.parts[:-1])
    split = SPLIT_SPELLINGS.get(folders[0].lower()) if folders else None
    below = folders[1:] if split else folders
    return Photo(name.as_posix(), path, below[0] if below else None, split)


def _named_like_a_photo(path: Path) -> bool:
    Image.init()
    return named_like(path, Image.EXTENSION.keys() | HEIC_ENDINGS)


def _header(content: bytes) -> dict[str, object]:
    with Image.open(io.BytesIO(content)) as image:
        noted = orientation(image)
        on_its_side = noted >= 5 and image.format != "TIFF"  # whose size Pillow gives as it stands upright
        width, height = image.size[::-1] if on_its_side else image.size
        # Phones store a JPEG with a second picture (a depth map) as MPO; every program opens it as the JPEG that it is.
        return {"format": "JPEG" if image.format == "MPO" else image.format, "mode": image.mode, "width": width, "height": height,
                "turned": noted != 1, "animated": image.format != "MPO" and bool(getattr(image, "is_animated", False))}


def _unopened(photo: Photo, content: bytes, error: Exception) -> Photo:
    if content and any(content.startswith(mark) for mark in (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")) or content[8:12] == b"WEBP":
        return replace(photo, problem="truncated", reason="it begins like a photo, and stops before the picture does")
    if content and is_heic(photo.path, content):
        return replace(photo, problem="unreadable", reason=HEIC)
    reason = "the file is empty" if not content else "its content is no picture" if isinstance(error, UnidentifiedImageError) else _first_line(error)
    return replace(photo, problem="unreadable" if _named_like_a_photo(photo.path) else "other", reason=reason)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _shrunk(image: Image.Image) -> Image.Image:
    """A copy whose shorter side has MEASURED_SIDE pixels (fewer if the picture has fewer), the longer at most four times that."""
    scale = min(1.0, MEASURED_SIDE / min(image.size))
    size = tuple(max(1, min(4 * MEASURED_SIDE, round(side * scale))) for side in image.size)
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _looks(image: Image.Image) -> Looks:
    pixels = np.asarray(image, dtype=np.float32)
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    p5, p95 = np.percentile(grey, [5, 95])
    return Looks(float(grey.mean()), float(grey.std()), float(p5), float(p95), tuple(pixels.mean((0, 1)).tolist()),
                 sharpness(grey), _border(pixels), _flat_bottom(pixels))


def sharpness(grey: np.ndarray) -> float:
    """Strength of the finest detail relative to all but the coarsest; near 0 where a picture is blurred.

    The ratio of two bands of a Laplacian pyramid (Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983):
    blurring takes away the finer band first, while contrast scales both.

    Parameters
    ----------
    grey : np.ndarray
        float32 in [0, 255], shape (H, W).
    """
    softer, softest = gaussian_filter(grey, FINE_SIGMA), gaussian_filter(grey, COARSE_SIGMA)
    # The small number keeps a constant picture from dividing by zero.
    return float((grey - softer).std() / ((softer - softest).std() + 0.05))


def _border(pixels: np.ndarray) -> tuple[float, ...]:
    """Colour of the outermost pixels, how much it varies, and how far it is from the colour just inside."""
    outer, inner = _ring(pixels, 0), _ring(pixels, min(4, (min(pixels.shape[:2]) - 1) // 2))
    color = outer.mean(0)
    return (*color.tolist(), float(outer.std(0).mean()), float(np.abs(color - inner.mean(0)).mean()))


def _ring(pixels: np.ndarray, depth: int) -> np.ndarray:
    inside = pixels[depth:pixels.shape[0] - depth, depth:pixels.shape[1] - depth]
    return np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])


def _flat_bottom(pixels: np.ndarray) -> float:
    last = pixels[-1, -1]
    if last.max() <= 5 or last.min() >= 250:
        return 0.0
    different = (np.abs(pixels - last).max((1, 2)) > 1)[::-1]
    return float(np.argmax(different) / len(pixels)) if different.any() else 0.0
