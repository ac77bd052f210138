"""What plots are given, made fit to draw: arrays, pictures, labels with scores, and rows of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from maskkit.errors import InputError, seen


def as_array(data: object) -> np.ndarray:
    """Anything array-like as numpy; tensors by duck-typing, so that this module does not import torch."""
    array = np.asarray(data.detach().cpu() if hasattr(data, "detach") else data)
    if array.ndim == 0 and array.dtype.kind not in "biuf":
        raise InputError("Plots draw arrays and tensors (a data set has its pictures as .images, a network its numbers in .parameters()); "
                         f"got {seen(data)}.")
    return array


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


def as_labels(targets: object, name: str = "targets", n: int | None = None) -> np.ndarray:
    """Labels as whole numbers, (N,); refused unless they are 0 and 1, and ``n`` of them if that is given."""
    given = as_array(targets).ravel()
    try:
        labels = given.astype(float)
    except (TypeError, ValueError):  # names of classes
        labels = np.full(len(given), np.nan)
    if not np.isin(labels, (0, 1)).all():
        held = np.unique(given).tolist()
        raise InputError(f"{name} must hold 0 and 1 only, but holds {held if len(held) < 6 else f'{held[0]} to {held[-1]}'}.")
    if n not in (None, len(labels)):
        raise InputError(f"There must be one label for each picture; got {n} pictures and {len(labels)} labels.")
    return labels.astype(int)


def labels_and_scores(y_true: object, y_score: object, *, probabilities: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Labels as whole numbers and scores as floats; refused unless there is one score for each label, labels are 0 and 1, and scores numbers.

    ``probabilities`` refuses scores outside [0, 1], for what is drawn from 0 to 1.
    """
    y_true, y_score = as_array(y_true).ravel(), as_array(y_score).ravel().astype(float)
    if len(y_true) != len(y_score) or len(y_true) == 0:
        raise InputError(f"y_true has {len(y_true)} entries and y_score has {len(y_score)}: give one score for each label.")
    low, high = (0, 1) if probabilities else (-np.inf, np.inf)
    strange = y_score[~((y_score >= low) & (y_score <= high))]
    if len(strange):
        wanted = "probabilities, from 0 to 1 (torch.sigmoid makes them of logits)" if probabilities else "numbers"
        raise InputError(f"y_score must hold {wanted}, but holds {strange[0]:.4g}.")
    return as_labels(y_true, "y_true"), y_score


def as_rows(rows: object, keys: Sequence[str], source: str) -> Sequence[Mapping]:
    """Rows as they are; refused unless they are dicts with these keys. ``source`` says where they come from."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        raise InputError(f"This plot takes a list of dicts with {', '.join(keys)}, from {source}; got {seen(rows)}.")
    missing = [key for key in keys if any(key not in row for row in rows)]
    if missing:
        raise InputError(f"This plot takes a list of dicts with {', '.join(keys)}, from {source}; some lack {', '.join(missing)}.")
    return rows


def column_of(rows: Sequence[Mapping], key: str) -> np.ndarray:
    """One figure of each row; floats, also where a row was read from a CSV file and holds text."""
    return np.array([float(row[key]) for row in rows])


def position_of_lowest(values: np.ndarray) -> int:
    """Position of the lowest value; nan counts as highest, since a loss that is not a number must not stop the drawing."""
    return int(np.where(np.isnan(values), np.inf, values).argmin())
