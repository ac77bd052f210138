"""Flaws of collected pictures, planted on purpose so that lessons can look for them: shortcuts to the class, and copies. Taught in notebook 01."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from maskkit.errors import InputError
from maskkit.faces.attributes import FaceAttributes

SHORTCUTS = ("none", "tint", "frame", "resolution", "format")

TINT = (1.12, 1.0, 0.72)  # gains of red, green and blue: the yellow of a lamp
FRAME_WIDTH, FRAME_COLOR = 0.04, (25, 25, 25)  # share of the side; nearly black
FEWER_PIXELS = 0.5  # share of the pixels a side
JPEG_QUALITY = 75  # Pillow's own default


@dataclass(frozen=True)
class PlantedAttributes(FaceAttributes):
    """What is known of a face in a set with a planted shortcut: `shortcut` is its kind, or "none" where this face does not carry it."""

    shortcut: str = "none"


def check_shortcut(shortcut: str, strength: float) -> None:
    """Raise InputError unless a shortcut of this kind and strength can be planted."""
    if shortcut not in SHORTCUTS:
        raise InputError(f"shortcut must be one of {', '.join(SHORTCUTS)}, got {shortcut!r}.")
    if isinstance(strength, bool) or not isinstance(strength, (int, float, np.integer, np.floating)) or not -1 <= strength <= 1:
        raise InputError(f"shortcut_strength must be a number from -1 to 1, got {strength!r}.")


def carries_shortcut(with_mask: bool, strength: float, rng: np.random.Generator) -> bool:
    """Whether a face carries the shortcut: of one class a share of `strength` does, of the other no face does.

    So in a set with as many faces of either class, "it carries the shortcut" and "it wears a mask" agree for (1 + strength) / 2 of the
    faces, and `strength` is the difference of the two classes' shares. Above 0 it is the faces with a mask that carry it, below 0 those
    without. A larger strength adds carriers and takes none away.
    """
    return bool(rng.random() < abs(strength)) and with_mask == (strength > 0)


def paint_shortcut(picture: np.ndarray, shortcut: str) -> np.ndarray:
    """The picture, (H, W, 3) uint8, with what a shortcut of this kind changes in its pixels; what changes the file is left to `as_file`."""
    if shortcut == "tint":
        return np.clip(np.rint(picture * np.array(TINT)), 0, 255).astype(np.uint8)
    if shortcut == "frame":
        width = max(1, round(FRAME_WIDTH * len(picture)))
        framed = np.full_like(picture, FRAME_COLOR)
        framed[width:-width, width:-width] = picture[width:-width, width:-width]
        return framed
    return picture


def as_file(picture: np.ndarray, shortcut: str) -> tuple[str, bytes]:
    """The ending and the bytes of the file that a picture (H, W, 3) uint8 is kept in: a PNG, or what its shortcut makes of it."""
    image, memory = Image.fromarray(picture), io.BytesIO()
    if shortcut == "format":
        image.save(memory, "JPEG", quality=JPEG_QUALITY)
        return ".jpg", memory.getvalue()
    if shortcut == "resolution":
        side = round(FEWER_PIXELS * len(picture))
        image = image.resize((side, side), Image.Resampling.BOX)
    image.save(memory, "PNG", compress_level=3)
    return ".png", memory.getvalue()


def as_loaded(picture: np.ndarray, shortcut: str) -> np.ndarray:
    """What is seen of a picture (H, W, 3) uint8 once its file is opened and brought back to the same size."""
    if shortcut not in ("format", "resolution"):
        return picture
    image = Image.open(io.BytesIO(as_file(picture, shortcut)[1]))
    return np.asarray(image.resize(picture.shape[1::-1], Image.Resampling.BILINEAR))


def add_copies(folder: str | Path, share: float, *, each: int = 2, seed: int = 0) -> dict[str, str]:
    """Put altered copies of some pictures beside them, as in sets that were augmented before they were published.

    A copy is mirrored (one in two, by chance), turned by up to 12 degrees, cropped by up to 6 % and saved again in the format of its original.

    Parameters
    ----------
    folder : path
        With with_mask and without_mask, as from `write_faces`.
    share : float in [0, 1]
        Of the pictures of either class that get copies.
    each : int
        Copies of each of these.

    Returns
    -------
    dict
        The name of each copy, relative to the folder, and that of its original; also kept in the folder's copies.csv.
    """
    if not 0 <= share <= 1 or each < 1:
        raise InputError(f"share must be a number from 0 to 1 and each at least 1, got share={share!r}, each={each!r}.")
    folder, rng, original_of = Path(folder), np.random.default_rng([seed, 4]), {}
    for class_name in ("with_mask", "without_mask"):
        paths = sorted(path for path in (folder / class_name).iterdir() if not path.name.startswith("augmented"))
        for path in rng.permutation(np.array(paths, dtype=object))[:round(share * len(paths))]:
            for number in range(each):
                copy = path.with_name(f"augmented_{number}_{path.name}")
                with Image.open(path) as image:
                    _altered(image, rng).save(copy, quality=85)
                original_of[f"{class_name}/{copy.name}"] = f"{class_name}/{path.name}"
    with open(folder / "copies.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("file", "copy_of"), *original_of.items()])
    return original_of


def _altered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Mirrored or not, turned, cropped; what a turn brings in at the border repeats the outermost pixels."""
    mirrored, (angle, *crops) = rng.random() < 0.5, rng.uniform((-12, 0, 0, 0, 0), (12, 0.06, 0.06, 0.06, 0.06))
    side, margin = image.width, image.width // 4
    pixels = np.asarray(image.convert("RGB"))[:, ::-1 if mirrored else 1]
    padded = Image.fromarray(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge"))
    left, top, right, bottom = (margin + side * share for share in (crops[0], crops[1], 1 - crops[2], 1 - crops[3]))
    return padded.rotate(angle, Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.BICUBIC, box=(left, top, right, bottom))
