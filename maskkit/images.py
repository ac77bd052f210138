"""Open any photo as upright RGB, and find the class folders and photos below a folder."""

import logging
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from maskkit.errors import InputError, require_whole
from maskkit.files import as_path

logger = logging.getLogger(__name__)

# The index is the label, so with_mask is the positive class. Stated, never derived: in alphabetical order, which
# torchvision's ImageFolder takes, with_mask would come first and be 0.
CLASS_NAMES = ("without_mask", "with_mask")
CLASS_TO_IDX = {name: index for index, name in enumerate(CLASS_NAMES)}

SPLIT_NAMES = ("train", "val", "test")
SPLIT_SPELLINGS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "testing": "test"}

# iPhones save HEIC unless told otherwise, which Pillow does not read. The brands are those of its standard, ISO/IEC 23008-12, and the name of the format itself.
HEIC_ENDINGS = {".heic", ".heif"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif", b"mif1", b"msf1"}
JPEG_ON_IPHONES = "iPhone: Settings, Camera, Formats, Most Compatible"

# What names of photos end in. Pillow knows many more endings, among them those of books, films and tables.
_PHOTO_ENDINGS = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"} | HEIC_ENDINGS
_MODEL_ENDINGS = {".pth", ".onnx"}  # beside which pictures are the plots of a run, and no photos
_HEAD = 64  # bytes at the beginning of a file that tell what it is
_LOOKED_THROUGH = 1_000  # files of a folder that is passed over, until it is taken to hold no photos: it may be anything, a whole disk too

# What brings a picture upright, by the orientation that the camera noted (EXIF 2.32, tag 0x0112). 1 is upright.
_TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
          6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90}

_PLAIN_STD = 2.5  # of each channel, from 0 to 255: a picture that varies less is one colour, as for the audit

# What operating systems and archive programs leave behind.
_JUNK = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class Sample:
    """One file below a class folder: where it is, its label, and the split its folder names (if any)."""

    path: Path
    target: int
    split: str | None = None


def open_image(source: str | Path | BinaryIO, *, at_least: int | None = None) -> Image.Image:
    """Open an image of any kind as upright RGB.

    The EXIF orientation is applied; transparent pixels are laid on white; 16-bit values are scaled to 8 bits; of an
    animation the first frame is taken. The content decides the format, not the file's name.

    Parameters
    ----------
    source : path or binary file
    at_least : int, optional
        If the result will be shrunk to this side, let the JPEG decoder skip detail that would be thrown away.

    Raises
    ------
    InputError
        If the file is missing, is no image, is damaged, or may not be read.
    """
    try:
        # From memory, since Pillow maps plain files into it, and then turns a grey TIFF the wrong way.
        with Image.open(source if hasattr(source, "read") else BytesIO(Path(source).read_bytes())) as image:
            if at_least:
                image.draft("RGB", (at_least, at_least))
            return _to_rgb(_upright(image))
    except FileNotFoundError:
        raise InputError(f"There is no file {_name(source)}.") from None
    # Pillow reports damage in many ways: OSError, SyntaxError (broken PNG), ValueError, struct.error, DecompressionBombError …
    except Exception as error:
        raise InputError(f"{_name(source)} {_why_not(source, error)}.") from error


def orientation(image: Image.Image) -> int:
    """How a camera noted that a picture lies (EXIF), from 1, upright, to 8; 1 too where there is no such note, or it is damaged: the picture may be whole."""
    try:
        noted = image.getexif().get(0x0112)
        return noted if noted in _TURNS else 1
    except Exception:  # Pillow reports damage in many ways
        return 1


def _upright(image: Image.Image) -> Image.Image:
    """As ``ImageOps.exif_transpose``, which also writes all other notes anew, and fails where one of them is odd."""
    image.load()  # by which Pillow turns a TIFF, and takes its note away
    noted = orientation(image)
    return image if noted == 1 else image.transpose(_TURNS[noted])


def load_image(source: str | Path | BinaryIO, image_size: int) -> np.ndarray:
    """Open an image and resize it to a square.

    Returns
    -------
    np.ndarray
        uint8 in [0, 255], shape (image_size, image_size, 3). The aspect ratio is not kept, as in the original recipe.

    Raises
    ------
    InputError
        If it cannot be read as an image, or the size is no whole number of at least 1.
    """
    require_whole("image_size", image_size)
    image = open_image(source, at_least=image_size)
    return np.asarray(image.resize((image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=3.0))


def is_plain(image: np.ndarray) -> bool:
    """Whether a picture, uint8 of shape (H, W, 3), is of a single colour, or nearly: there is nothing in it that could be answered for."""
    return bool(image.std(axis=(0, 1)).max() < _PLAIN_STD)


def find_samples(folder: str | Path, *, to_train: bool = True, warn: bool = True) -> list[Sample]:
    """List the files of both classes below ``folder``, sorted by path.

    ``folder`` holds the two class folders, or ``train``, ``val``, ``test`` folders that each hold them. Case, spaces and
    punctuation in the names do not matter: ``WithMask`` and ``with mask`` are the same class. Hidden files and what
    operating systems leave behind are passed over; every other file is listed, image or not. Other folders beside these are
    passed over, too, with a warning if there are photos in them, unless ``warn`` is False. ``to_train`` asks for a train folder where there are such folders.

    Raises
    ------
    InputError
        If the folder does not exist, or a class folder is missing, is empty or cannot be read.
    """
    root = as_path(folder)
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise InputError(f"The data folder {root} {what}; give a folder that holds with_mask and without_mask.")
    samples = _samples_of_splits(root, to_train) if split_folders(root) else _samples_of_classes(root, None)
    if warn:
        _warn_of_passed_over(root)
    return samples


def passed_over(root: Path, most: int | None = None) -> dict[str, int]:
    """The folders with photos that :func:`find_samples` does not enter: beside train, val and test, or beside the class folders.

    Returns
    -------
    dict from the name of each folder, relative to ``root``, to its number of photos among its files (among the first ``most`` of them)
    """
    splits = [path for path, _ in split_folders(root)]
    beside = [path for path in _folders(root) if path not in splits] if splits else []
    beside += [path for place in splits or [root] for path in _folders(place) if class_of(path.name) is None]
    counts = {path.relative_to(root).as_posix(): _count_photos(islice(files_below(path), most)) for path in beside}
    return {name: n for name, n in counts.items() if n}


def _count_photos(files: Iterable[Path]) -> int:
    """How many files are named like photos; none if a trained model lies among them."""
    files = list(files)
    return 0 if any(path.suffix in _MODEL_ENDINGS for path in files) else sum(named_like(path, _PHOTO_ENDINGS) for path in files)


def named_like(path: Path, endings: Container[str]) -> bool:
    """Whether a file's name has one of these endings, also in its middle: "a.jpg_1088Wx1632H" and "a.jpg?w=300" are what a download leaves."""
    return any(part.split("_")[0].split("?")[0] in endings for part in re.findall(r"\.[^.]+", path.name.lower()))


def split_folders(root: Path) -> list[tuple[Path, str]]:
    """The folders in ``root`` that are called train, val or test, or are another spelling of it; each with its split."""
    return [(path, SPLIT_SPELLINGS[path.name.lower()]) for path in _folders(root) if path.name.lower() in SPLIT_SPELLINGS]


def class_folders(root: Path) -> list[tuple[Path, int]]:
    """The folders in ``root`` whose names mean a class; each with its label."""
    return [(path, target) for path in _folders(root) if (target := class_of(path.name)) is not None]


def _warn_of_passed_over(root: Path) -> None:
    if names := list(passed_over(root, _LOOKED_THROUGH)):
        logger.warning("Photos in these folders of %s are passed over: %s. Only with_mask and without_mask are read, and where there are folders called train, val or test, "
                       "only inside them; rename or move the others.", root, ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else ""))


def _samples_of_splits(root: Path, to_train: bool) -> list[Sample]:
    samples = [sample for path, split in split_folders(root) for sample in _samples_of_classes(path, split)]
    if to_train and not any(sample.split == "train" for sample in samples):
        raise InputError(f"{root} holds {_listing(root)} but no train folder; expected train, val and test, or the two class folders.")
    return samples


def _samples_of_classes(root: Path, split: str | None) -> list[Sample]:
    found = class_folders(root)
    missing = [name for name in CLASS_NAMES if CLASS_TO_IDX[name] not in {target for _, target in found}]
    if missing:
        raise InputError(f"{root} has no folder {' and no folder '.join(missing)}: it holds {_listing(root)}; expected with_mask and without_mask.{_hint(root, missing)}")
    samples = [Sample(path, target, split) for folder, target in found for path in files_below(folder, _refuse)]
    for target, name in enumerate(CLASS_NAMES):
        if not any(sample.target == target for sample in samples):
            raise InputError(f"The {name} folder in {root} holds no images; put at least three photos there.")
    return sorted(samples, key=lambda sample: sample.path.relative_to(root).as_posix())


def _hint(root: Path, missing: Sequence[str]) -> str:
    """What may have become of the missing classes: still packed, or one level deeper; empty if there is no sign of either."""
    labels = {CLASS_TO_IDX[name] for name in missing}
    for path in sorted(root.iterdir()):
        if path.is_file() and class_of(path.name.partition(".")[0]) in labels:
            return f" {path.name} is a file; unpack it, or put a folder in its place."
    return next((f" Did you mean {below}?" for below in _folders(root) if _has_classes(below)), "")


def class_of(folder_name: str) -> int | None:
    """Label of the class that a folder's name means; None if it means none."""
    letters = re.sub(r"[^a-z]", "", folder_name.lower())
    return {"withoutmask": 0, "withmask": 1}.get(letters)


def _has_classes(folder: Path) -> bool:
    return {class_of(path.name) for path in _folders(folder)} >= {0, 1}


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not is_junk(path.name))


def files_below(root: Path, unreadable: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """Every file in ``root`` and its subfolders, those that are links too; hidden files and what operating systems leave behind are passed over.

    ``unreadable`` is called with the error of each folder that cannot be read; without it they are passed over, too.
    """
    entered = {os.path.realpath(root)}  # a link may lead back, and round and round

    def is_new(folder: str) -> bool:
        before = len(entered)
        entered.add(os.path.realpath(folder))
        return len(entered) > before

    for folder, subfolders, names in os.walk(root, onerror=unreadable, followlinks=True):
        subfolders[:] = [name for name in subfolders if not is_junk(name) and is_new(os.path.join(folder, name))]
        yield from (Path(folder, name) for name in names if not is_junk(name))


def _refuse(error: OSError) -> None:
    raise InputError(f"The folder {error.filename} cannot be read ({error.strerror}); give yourself the permission to read it, or ask its owner.") from error


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or left behind by the system."""
    return name.startswith(".") or name.lower() in _JUNK


def _listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if not is_junk(path.name))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "nothing"


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _from_deep_grey(image).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        # White, as a viewer or a web page shows it; dropping alpha would uncover whatever colour lies beneath.
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """8-bit grey from 16- or 32-bit: Pillow's own conversion clips everything above 255 to white."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    top = 1.0 if image.mode == "F" and values.max(initial=0) <= 1 else 255.0 if values.max(initial=0) <= 255 else 65535.0
    if image.mode.startswith("I;16"):
        top = 65535.0
    return Image.fromarray(np.clip(np.rint(values / top * 255), 0, 255).astype(np.uint8))


def _name(source: str | Path | BinaryIO) -> str:
    return str(source) if isinstance(source, str | Path) else str(getattr(source, "name", "the given data"))


def _why_not(source: str | Path | BinaryIO, error: Exception) -> str:
    """Why a picture could not be opened, and what to do about it where that is known: the end of a sentence that begins with its name."""
    if isinstance(source, str | Path) and os.path.isdir(source):  # refused as a folder, or on Windows for want of a permission
        return f"is a folder; name the photos in it, such as {Path(source) / '*.jpg'} (a folder with both classes is for maskkit test --test-dir)"
    if isinstance(error, PermissionError):
        return f"may not be read ({error.strerror}); give yourself the permission to read it, or ask its owner"
    if isinstance(error, Image.DecompressionBombError):
        return f"is too large: {too_many_pixels(error)}; shrink it"
    head = _head(source)
    if head == b"":
        return "cannot be read as an image (the file is empty)"
    unknown = isinstance(error, Image.UnidentifiedImageError)
    # A JPEG that somebody named .heic, and that is damaged, is none: Pillow knew it.
    if head and (unknown or head[4:8] == b"ftyp") and is_heic(Path(_name(source)), head):
        return f"is a HEIC photo, as iPhones take them, which cannot be read; save it as JPEG ({JPEG_ON_IPHONES})"
    if unknown:
        return "cannot be read as an image (no image format that we know)"
    text = str(error).splitlines()[0] if str(error) else ""
    return f"cannot be read as an image ({type(error).__name__}{': ' if text else ''}{text})"


def _head(source: str | Path | BinaryIO) -> bytes | None:
    """The first bytes of a file that could not be opened as a picture; None if they cannot be had."""
    try:
        if isinstance(source, str | Path):
            with open(source, "rb") as file:
                return file.read(_HEAD)
        source.seek(0)
        return source.read(_HEAD)
    except Exception:  # what is given may be no file at all; its first error says more than a second one would
        return None


def is_heic(path: Path, content: bytes) -> bool:
    """Whether a file that does not open is a HEIC photo, by its first bytes, or else by its name."""
    head = content[:_HEAD]
    # A damaged AVIF may have one of the brands, too, and names its own further on.
    by_content = head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and b"avif" not in head
    return by_content or path.suffix.lower() in HEIC_ENDINGS


def too_many_pixels(error: Image.DecompressionBombError) -> str:
    """What Pillow says of a picture that a small file could have been made to unpack to, to fill the memory, in words."""
    pixels = re.search(r"\d+", str(error))
    has = f"it has {int(pixels[0]) / 1e6:.0f} million pixels, and " if pixels else ""
    return f"{has}Pillow refuses more than {2 * Image.MAX_IMAGE_PIXELS / 1e6:.0f} million, since such a file may be an attack (a decompression bomb)"
