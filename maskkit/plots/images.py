"""Pictures: a grid of them, the mean of each class, and the ones that a model got wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from maskkit.errors import InputError
from maskkit.plots.drawing import CLASS_NAMES, counted, ensure_axes, finish, listing, percent, words
from maskkit.plots.inputs import as_array, as_labels, as_pictures, labels_and_scores
from maskkit.plots.tiles import draw_tiles


def plot_images(
    images: object,
    *,
    titles: Sequence[str] | None = None,
    targets: object | None = None,
    columns: int | None = None,
    class_names: Sequence[str] = CLASS_NAMES,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw pictures in a grid; a frame (solid: with mask, dashed: without) tells the class where targets are given.

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), uint8 or float in [0, 1]; or a list of pictures of any sizes.
    titles : one text above each picture; the class name by default.
    targets : (N,) of 0 and 1.
    columns : pictures in a row; by default as many as fit, at most 8.
    """
    pictures = as_pictures(images)
    labels = None if targets is None else as_labels(targets).tolist()
    if titles is None and labels is not None:
        titles = [words(class_names[label]) for label in labels]
    ax, rows, columns = draw_tiles(pictures, titles, columns, labels, ax, header=bool(title))
    counts = "" if labels is None else ": " + _class_counts_text(labels, class_names)
    alt = f"{counted(len(pictures), 'picture')} in {counted(rows, 'row')} of up to {columns}{counts}."
    if titles is not None and labels is None:
        alt += f" Their titles: {'; '.join(' '.join(str(t).split()) for t in titles)}."
    return finish(ax, title or "", f"{title}. {alt}" if title else alt)


_WHITE = 0.15  # of the full range: a difference that is drawn white


def plot_mean_images(
    images: object, targets: object, *, class_names: Sequence[str] = CLASS_NAMES, ax: Axes | None = None
) -> Axes:
    """Draw the mean picture of each class, and how far the two lie apart at each pixel.

    In that third picture black is equal and white a difference of 15 % of the full range (or the largest, if that is more), so that two figures can be compared.

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), uint8 or float in [0, 1], all of one size.
    targets : (N,) of 0 and 1, both present.
    """
    targets = as_labels(targets, n=len(images) if hasattr(images, "__len__") else None)
    means = _mean_pictures(images, targets, class_names)
    difference = np.abs(means[1] - means[0])
    difference = difference.mean(axis=-1) if difference.ndim == 3 else difference
    largest = difference.max()
    titles = [f"mean of {(targets == i).sum():,}\n{words(name)}" for i, name in enumerate(class_names)]
    white = max(largest, _WHITE)
    ax, *_ = draw_tiles([*means, difference / white], [*titles, f"where they differ\n(white: by {percent(white)})"], 3, None, ax)
    alt = (
        f"The mean picture of {_class_counts_text(targets.tolist(), class_names)}, and their difference: up to "
        f"{percent(largest)} of the full range, centred {percent(_centre_row(difference))} of the way down."
    )
    return finish(ax, f"The mean pictures differ by up to {percent(largest)} of the full range", alt)


def _class_counts_text(labels: Sequence[int], class_names: Sequence[str]) -> str:
    return listing(f"{labels.count(i)} {words(name)}" for i, name in enumerate(class_names))


def _mean_pictures(images: object, targets: np.ndarray, class_names: Sequence[str]) -> list[np.ndarray]:
    stack = np.stack(as_pictures(images))
    missing = [name for label, name in enumerate(class_names) if not (targets == label).any()]
    if missing:
        raise InputError(f"There is no picture of {listing(missing)}: mean images need both classes.")
    scale = 255.0 if stack.dtype == np.uint8 else 1.0
    return [stack[targets == label].mean(axis=0) / scale for label in (0, 1)]


def _centre_row(weights: np.ndarray) -> float:
    """Height of the centre of gravity, as a share from the top."""
    rows = weights.sum(axis=1)
    return float((rows * (np.arange(len(rows)) + 0.5)).sum() / rows.sum() / len(rows)) if rows.sum() else 0.5


def plot_mistakes(
    images: object,
    y_true: object,
    y_score: object,
    indices: Sequence[int],
    *,
    threshold: float = 0.5,
    columns: int | None = None,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw a gallery of mistakes: above each picture the truth, and what the model said with which probability.

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), all the pictures that the scores belong to.
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    indices : which pictures to draw, in this order, or one True or False for each; with none, the plot says that there are no mistakes.
    """
    y_true, y_score = labels_and_scores(y_true, y_score, probabilities=True)
    indices = np.atleast_1d(as_array(indices))
    indices = [int(i) for i in (np.flatnonzero(indices) if indices.dtype == bool else indices)]
    if not set(indices) <= set(range(-len(y_true), len(y_true))):
        raise InputError(f"The indices are positions of {len(y_true)} pictures, from 0 to {len(y_true) - 1}; got {max(indices, key=abs)}.")
    if not indices:
        return _no_mistakes(ax)
    titles = [_verdict(y_true[i], y_score[i], threshold, class_names) for i in indices]
    labels = [int(y_true[i]) for i in indices]
    ax, *_ = draw_tiles(as_pictures([images[i] for i in indices]), titles, columns or 6, labels, ax)
    wrong = (y_score >= threshold) != (y_true == 1)
    missed = int((wrong & (y_true == 1)).sum())
    title = f"{counted(int(wrong.sum()), 'mistake')}: {missed} missed masks, {int(wrong.sum()) - missed} masks seen where there are none"
    shown = f"{len(indices)} of them are shown" if len(indices) < wrong.sum() else "all of them are shown"
    return finish(ax, title, f"{title}; {shown}. The first: {titles[0].replace(chr(10), ', ')}.")


def _verdict(label: int, score: float, threshold: float, class_names: Sequence[str]) -> str:
    predicted = int(score >= threshold)
    confidence = score if predicted else 1 - score
    return f"truth: {words(class_names[label])}\nmodel: {words(class_names[predicted])}, {100 * confidence:.0f}\u00a0%"


def _no_mistakes(ax: Axes | None) -> Axes:
    ax = ensure_axes(ax, height=1.2)
    ax.axis("off")
    ax.text(0.5, 0.5, "No mistakes", ha="center", va="center", transform=ax.transAxes)
    return finish(ax, "", "There are no mistakes to show.")
