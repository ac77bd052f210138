"""What plots are given, made fit to draw: arrays, pictures, labels with scores, and rows of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from maskkit.errors import InputError


def as_array(data: object) -> np.ndarray:
    """Anything array-like as numpy; tensors by duck-typing, so that this module does not import torch."""
    return np.asarray(data.detach().cpu() if hasattr(data, "detach") else data)


def as_pictures(images: object) -> list[np.ndarray]:
    """One picture or many, channels first or last, as a list of (H, W, 3) or (H, W) arrays fit for imshow."""
    if isinstance(images, (list, tuple)):
        return [_picture(image) for image in images]
    images = as_array(images)
    if images.ndim == 2 or images.ndim == 3 and (images.shape[-1] in (1, 3) or images.shape[0] in (1, 3)):
        return [_picture(images)]
    return [_picture(image) for image in images]


def _picture(image: object) -> np.ndarray:
    image = as_array(image)
    if image.ndim == 3 and image.shape[-1] not in (1, 3) and image.shape[0] in (1, 3):
        image = np.moveaxis(image, 0, -1)
    if image.ndim not in (2, 3) or image.ndim == 3 and image.shape[-1] not in (1, 3):
        raise InputError(f"A picture has the shape (H, W, 3) or (3, H, W), but this one has {image.shape}: check its axes.")
    image = image[..., 0] if image.shape[-1] == 1 and image.ndim == 3 else image
    return image if image.dtype == np.uint8 else _unit_range(image)


def _unit_range(image: np.ndarray) -> np.ndarray:
    """Float pixels, clipped to [0, 1]; a little outside is normal after augmentation, 0 to 255 is a mistake."""
    image = image.astype(float)
    if image.size and np.nanmax(image) > 4:
        raise InputError(
            f"Pixels that are not uint8 must lie in [0, 1], but the largest is {np.nanmax(image):.4g}: divide by 255 first."
        )
    return np.clip(image, 0, 1)


def labels_and_scores(y_true: object, y_score: object) -> tuple[np.ndarray, np.ndarray]:
    """Labels as whole numbers and scores as floats; refused unless there is one score for each label, and labels are 0 and 1."""
    y_true, y_score = as_array(y_true).ravel().astype(int), as_array(y_score).ravel().astype(float)
    if len(y_true) != len(y_score) or len(y_true) == 0:
        raise InputError(f"y_true has {len(y_true)} entries and y_score has {len(y_score)}: give one score for each label.")
    if set(np.unique(y_true)) - {0, 1}:
        raise InputError(f"y_true must hold 0 and 1 only, but holds {np.unique(y_true).tolist()}.")
    return y_true, y_score


def column_of(rows: Sequence[Mapping], key: str) -> np.ndarray:
    """One figure of each row; floats, also where a row was read from a CSV file and holds text."""
    return np.array([float(row[key]) for row in rows])


def position_of_lowest(values: np.ndarray) -> int:
    """Position of the lowest value; nan counts as highest, since a loss that is not a number must not stop the drawing."""
    return int(np.where(np.isnan(values), np.inf, values).argmin())
