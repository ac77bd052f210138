"""Read many photos: all of them into memory, or, where they do not fit, a few batches at a time while they are used."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np
import torch
from torch import Tensor

from maskkit.errors import InputError
from maskkit.images import load_image
from maskkit.memory import free_memory
from maskkit.progress import progress_bar

logger = logging.getLogger(__name__)

# Pillow releases the interpreter lock while it decodes, so threads are enough and no process has to be spawned.
THREADS = min(8, os.cpu_count() or 1)
AHEAD = 3  # batches that are decoded before they are asked for: with the one in use all that a stream holds
SEARCHED = 128  # side of the pictures that are searched for near-duplicates: one for all image sizes, so that groups and split do not depend on it
COPIES = 4  # times their own size that images take while they are loaded and cut into splits

Result = TypeVar("Result")


class StreamedImages:
    """Photos that stay on disk, read like a uint8 tensor of shape (N, 3, H, W): what is asked for is decoded.

    ``images[3]``, ``images[::8]`` and ``images[positions]`` are tensors, the same as those of images in memory. Whatever else a tensor
    can do is refused in one sentence, since all pictures would have to be in memory for it.

    Parameters
    ----------
    paths : readable image files
    image_size : int
        Side in pixels to which every image is resized.
    digest : hashlib.blake2b, optional
        Hash of all pixels, if whoever looked at the files has taken it.
    """

    dtype = torch.uint8

    def __init__(self, paths: Sequence[Path], image_size: int, digest: hashlib.blake2b | None = None):
        self.paths = np.empty(len(paths), dtype=object)
        self.paths[:] = paths
        self.image_size, self._digest = image_size, digest

    def __len__(self) -> int:
        return len(self.paths)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # what Python asks each object for, as when it copies one
            raise AttributeError(name)
        raise AttributeError(self._refusal())

    def _no_arithmetic(self, _other: object) -> NoReturn:
        raise InputError(self._refusal())

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _no_arithmetic

    def _refusal(self) -> str:
        return (f"These {len(self)} pictures stay on disk, because they do not fit in the free memory: only indexing gives a tensor of them, such as images[:100]. "
                "Load smaller ones (image_size=64), or fewer, or all of them into memory with load_dataset(…, stream=False).")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, 3, H, W)."""
        return len(self), 3, self.image_size, self.image_size

    def __getitem__(self, chosen: int | slice | np.ndarray | Tensor) -> Tensor:
        paths = self._paths(chosen)
        return self._load(paths) if isinstance(paths, Path) else next(StreamedImages(paths, self.image_size).batches([slice(None)]))

    def take(self, chosen: np.ndarray) -> StreamedImages:
        """Some of the images, still on disk."""
        return StreamedImages(self.paths[chosen], self.image_size)

    def split(self, batch_size: int) -> Iterator[Tensor]:
        """Batches of (batch_size, 3, H, W) in order, the last one may be smaller; as ``Tensor.split``."""
        return self.batches(torch.arange(len(self)).split(batch_size) if len(self) else [])

    def batches(self, positions: Iterable[Tensor | slice]) -> Iterator[Tensor]:
        """The images at each of ``positions``, decoded by threads that run ``AHEAD`` batches ahead of the one in use."""
        pool = ThreadPoolExecutor(THREADS)
        waiting: deque[list] = deque()
        positions = iter(positions)
        try:
            while True:
                for chosen in islice(positions, AHEAD - len(waiting)):
                    waiting.append([pool.submit(self._load, path) for path in self._paths(chosen)])
                if not waiting:
                    return
                batch = [future.result() for future in waiting.popleft()]
                yield torch.stack(batch) if batch else torch.empty((0, *self.shape[1:]), dtype=torch.uint8)
        finally:
            pool.shutdown(cancel_futures=True)

    def digest(self) -> hashlib.blake2b:
        """Hash of all pixels in order, to be added to."""
        return self._digest.copy() if self._digest else _add_pixels(_new_digest(), self.split(256))

    def _paths(self, chosen: int | slice | np.ndarray | Tensor) -> np.ndarray | Path:
        if chosen is None or chosen is ... or isinstance(chosen, tuple):  # parts of every picture, which NumPy would take for parts of the list
            raise InputError(self._refusal())
        return self.paths[chosen.numpy() if isinstance(chosen, Tensor) else chosen]  # NumPy takes a tensor of one position for a number

    def _load(self, path: Path) -> Tensor:
        return channels_first(load_image(path, self.image_size))


Images = Tensor | StreamedImages


def take(images: Images, chosen: np.ndarray) -> Images:
    """Some of the images, in memory or still on disk as they were."""
    return images.take(chosen) if isinstance(images, StreamedImages) else images[chosen]


def batches_of(images: Images, positions: Iterable[Tensor]) -> Iterator[Tensor]:
    """The images at each of ``positions``."""
    return images.batches(positions) if isinstance(images, StreamedImages) else (_copies(images, chosen) for chosen in positions)


def _copies(images: Tensor, chosen: Tensor) -> Tensor:
    """``images[chosen]`` in less time: PyTorch copies element by element, so it is handed the bytes eight at a time."""
    if images[:1].nbytes % 8 or not images.is_contiguous() or images.storage_offset() % 8:
        return images[chosen]
    return images.flatten(1).view(torch.int64)[chosen].view(torch.uint8).view(-1, *images.shape[1:])


def pixel_digest(images: Images) -> hashlib.blake2b:
    """Hash of all pixels in order, the same for images in memory and on disk."""
    return images.digest() if isinstance(images, StreamedImages) else _add_pixels(_new_digest(), [images])


@dataclass(frozen=True)
class Reading:
    """What was read of a list of files.

    Attributes
    ----------
    images : uint8 of shape (M, 3, H, W), in the order of the files
    kept : np.ndarray of int, shape (M,), the positions of the files that could be read
    problems : dict from each unreadable path to the reason
    thumbnails : np.ndarray, uint8, shape (M, 64, 64), to find near-duplicates; None unless asked for, or without photos
    """

    images: Images
    kept: np.ndarray
    problems: dict[Path, str]
    thumbnails: np.ndarray | None = None


def read(paths: Sequence[Path], image_size: int, *, stream: bool | None = None, with_thumbnails: bool = False, progress: bool = False) -> Reading:
    """Read photos into memory, or look at each once and leave it on disk; what cannot be read is passed over with a warning.

    Parameters
    ----------
    stream : bool, optional
        Whether the images stay on disk; left out, they do if they do not fit into the free memory.
    with_thumbnails : bool
        Also make small grey versions, from pictures of 128 pixels whatever the image size.
    """
    if stream or (stream is None and not fits_in_memory(len(paths), image_size)):
        return _look(paths, image_size, with_thumbnails, progress)
    images, small, kept, problems = _load_all(paths, image_size, with_thumbnails, progress)
    return Reading(channels_first(images), kept, problems, small)


def fits_in_memory(n: int, image_size: int) -> bool:
    """Whether ``n`` images of this side can be loaded into the memory that is free now."""
    return COPIES * n * 3 * image_size**2 < free_memory()


def read_images(paths: Sequence[Path], image_size: int, *, progress: bool = False) -> tuple[np.ndarray, np.ndarray, dict[Path, str]]:
    """Read photos in parallel threads; what cannot be read is passed over with a warning that names it.

    Returns
    -------
    images : np.ndarray, uint8, shape (M, image_size, image_size, 3), in the order of ``paths``
    kept : np.ndarray of int, shape (M,), the positions in ``paths`` that were read
    problems : dict from each unreadable path to the reason
    """
    images, _, kept, problems = _load_all(paths, image_size, False, progress)
    return images, kept, problems


def channels_first(images: np.ndarray) -> Tensor:
    """From (…, H, W, 3) to a tensor of shape (…, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, -3)))


def _load_all(paths: Sequence[Path], image_size: int, with_thumbnails: bool, progress: bool) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, dict[Path, str]]:
    """All pictures, their thumbnails, which could be read, and why the others could not."""
    images: list[np.ndarray] = []
    small, kept, problems = _decode_each(paths, image_size, with_thumbnails, progress, images.append)
    return np.stack(images) if images else np.empty((0, image_size, image_size, 3), np.uint8), small, kept, problems


def _look(paths: Sequence[Path], image_size: int, with_thumbnails: bool, progress: bool) -> Reading:
    """One pass over the files, of which only what is small is kept: which can be read, a hash of the pixels, thumbnails."""
    digest = _new_digest()
    small, kept, problems = _decode_each(paths, image_size, with_thumbnails, progress, lambda image: _add_pixels(digest, [channels_first(image)]))
    return Reading(StreamedImages([paths[index] for index in kept], image_size, digest), kept, problems, small)


def _decode_each(paths: Sequence[Path], image_size: int, with_thumbnails: bool, progress: bool,
                 take_in: Callable[[np.ndarray], object]) -> tuple[np.ndarray | None, np.ndarray, dict[Path, str]]:
    """Hand each picture that can be read to ``take_in``, in order; give back the thumbnails, which those were, and why the others could not."""
    small, kept, problems = [], [], {}
    for index, seen in enumerate(_each(paths, partial(_decode, image_size=image_size, with_thumbnail=with_thumbnails), progress)):
        if isinstance(seen, InputError):
            problems[paths[index]] = str(seen)
            continue
        take_in(seen[0])
        kept.append(index)
        small.append(seen[1])
    return np.stack(small) if with_thumbnails and small else None, np.array(kept, dtype=int), problems


def _decode(path: Path, image_size: int, with_thumbnail: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """A photo and, if asked for, the small grey version in which copies are recognised."""
    image = load_image(path, image_size)
    if not with_thumbnail:
        return image, None
    from maskkit.duplicates import thumbnails  # with SciPy, which takes half a second to import

    return image, thumbnails((image if image_size == SEARCHED else load_image(path, SEARCHED))[None])[0]


def _each(paths: Sequence[Path], work: Callable[[Path], Result], progress: bool) -> Iterator[Result | InputError]:
    """``work(path)`` of each path in order, or the InputError that it raised, by threads that run a little ahead."""
    def attempt(path: Path) -> Result | InputError:
        try:
            return work(path)
        except InputError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool, progress_bar(shown=progress, total=len(paths), desc="reading photos", unit="img") as bar:
        waiting, rest = deque(), iter(paths)
        while True:
            waiting.extend(pool.submit(attempt, path) for path in islice(rest, 16 * THREADS - len(waiting)))
            if not waiting:
                return
            result = waiting.popleft().result()
            if isinstance(result, InputError):
                logger.warning("Skipped: %s", result)
            yield result
            bar.update()


def _new_digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8)


def _add_pixels(digest: hashlib.blake2b, batches: Iterable[Tensor]) -> hashlib.blake2b:
    for batch in batches:
        digest.update(np.ascontiguousarray(batch.numpy()))
    return digest
