"""How good is a model: probabilities, scores with their uncertainty, slices, mistakes. Taught in notebook 05."""

import math
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from statistics import NormalDist
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor, nn

from maskkit.checkpoints import Checkpoint
from maskkit.errors import InputError, require, require_whole, seen
from maskkit.images import CLASS_NAMES, load_image
from maskkit.models import evaluation_mode, require_image_size
from maskkit.reading import Images
from maskkit.runtime import keep_freed_memory
from maskkit.transforms import for_evaluation

_FEW_VALUES = 12  # an attribute with more numbers than this is cut into three parts


@torch.no_grad()
def predict_proba(model: nn.Module, images: Images | np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Probability of ``with_mask`` for each image.

    Parameters
    ----------
    model : nn.Module
        Maps float images (B, 3, H, W) in [0, 1] to logits (B,). It is used in evaluation mode and left as it was.
    images : Tensor, StreamedImages or np.ndarray
        uint8, shape (N, 3, H, W), or (N, H, W, 3) as an array.

    Returns
    -------
    np.ndarray
        float64 in [0, 1], shape (N,).

    Raises
    ------
    InputError
        If these are no network and no such images, or the network was built for images of another size.
    """
    require(model, nn.Module, "predict_proba takes a network and then images; a checkpoint and the result of a training have it as .model")
    is_array = isinstance(images, np.ndarray)
    if not isinstance(images, Images | np.ndarray) or images.dtype not in (np.uint8, torch.uint8) \
            or len(images.shape) != 4 or images.shape[-1 if is_array else 1] != 3:
        raise InputError("predict_proba takes uint8 pixels from 0 to 255: a tensor of shape (N, 3, H, W), as dataset.images, or an array of "
                         f"shape (N, H, W, 3); got {seen(images)}.")
    require_whole("batch_size", batch_size)
    if is_array:
        images = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    require_image_size(model, images.shape)
    keep_freed_memory()
    device = next(model.parameters()).device
    with evaluation_mode(model):
        # First back from the device, then to float64: Apple's GPUs have no such numbers.
        logits = [model(for_evaluation(batch, device)).cpu().double() for batch in images.split(batch_size)]
    return torch.sigmoid(torch.cat(logits)).numpy() if logits else np.empty(0)


def predict_image(checkpoint: Checkpoint, source: str | Path | BinaryIO) -> float:
    """Probability of ``with_mask`` for one photo, prepared as the model's training images were; InputError if it is no image."""
    require(checkpoint, Checkpoint, "predict_image takes a checkpoint first, as load_checkpoint(path) gives it")
    return float(predict_proba(checkpoint.model, load_image(source, checkpoint.image_size)[None])[0])


def evaluate(y_true: Sequence[int] | np.ndarray, y_score: Sequence[float] | np.ndarray, threshold: float = 0.5) -> dict[str, object]:
    """Scores of a binary classifier, as plain values that JSON can hold.

    Parameters
    ----------
    y_true : integers of shape (N,), 1 = with_mask
    y_score : probabilities of with_mask, shape (N,)
    threshold : a probability of at least this is called with_mask

    Returns
    -------
    dict
        ``accuracy``, ``accuracy_interval`` (Wilson, 95 %), ``n``, ``majority_baseline``, ``confusion_matrix``
        ([[TN, FP], [FN, TP]]: rows are the truth, columns the answer), ``per_class`` (precision, recall, f1, support),
        ``roc_auc`` (None if there is one class only), ``threshold``. Computed by scikit-learn.

    Raises
    ------
    InputError
        If there is not one score for each label, there are none, labels are not 0 and 1, or scores or threshold are no probabilities.
    """
    from sklearn import metrics  # takes most of a second to import, and training does not need it

    y_true, y_score = labels_and_probabilities(y_true, y_score)
    threshold = _as_threshold(threshold)
    y_pred = (y_score >= threshold).astype(int)
    correct, n = int((y_true == y_pred).sum()), len(y_true)
    scores = metrics.precision_recall_fscore_support(y_true, y_pred, labels=[0, 1], zero_division=0)
    per_class = {
        name: {"precision": float(precision), "recall": float(recall), "f1": float(f1), "support": int(support)}
        for name, precision, recall, f1, support in zip(CLASS_NAMES, *scores)
    }
    return {
        "accuracy": correct / n,
        "accuracy_interval": list(wilson_interval(correct, n)),
        "n": n,
        "majority_baseline": float(max(y_true.mean(), 1 - y_true.mean())),
        "confusion_matrix": metrics.confusion_matrix(y_true, y_pred, labels=[0, 1]).tolist(),
        "per_class": per_class,
        "roc_auc": float(metrics.roc_auc_score(y_true, y_score)) if len(set(y_true)) == 2 else None,
        "threshold": threshold,
    }


def labels_and_probabilities(y_true: object, y_score: object) -> tuple[np.ndarray, np.ndarray]:
    """Labels as whole numbers and probabilities as floats, both of shape (N,); InputError unless they are such."""
    y_true, y_score = (_as_array(values) for values in (y_true, y_score))
    if y_true.ndim != 1 or y_true.shape != y_score.shape or not len(y_true):
        raise InputError(f"There must be one score for each label, both of shape (N,); got labels of shape {y_true.shape} and scores of shape {y_score.shape}.")
    labels, scores = _as_floats(y_true), _as_floats(y_score)
    strange = y_true[~np.isin(labels, (0, 1))]
    if len(strange):
        raise InputError(f"Labels are 1 (with_mask) and 0 (without_mask), and come before the scores; got {strange[0]}.")
    strange = y_score[~((scores >= 0) & (scores <= 1))]
    if len(strange):
        raise InputError(f"Scores are probabilities of with_mask, from 0 to 1 (torch.sigmoid makes them of logits); got {strange[0]}.")
    return labels.astype(int), scores


def _as_array(values: object) -> np.ndarray:
    """Values as NumPy has them; bfloat16, which it has not, in 32 bits, which hold the same numbers."""
    if not isinstance(values, Tensor):
        return np.asarray(values)
    return (values.float() if values.dtype == torch.bfloat16 else values).detach().cpu().numpy()


def _as_floats(values: np.ndarray) -> np.ndarray:
    """Numbers as floats of 64 bits, so that every threshold means the same to all; nan for what is no number."""
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        return np.full(values.shape, np.nan)


def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a share of ``correct`` out of ``n``: where the accuracy on endless new photos may lie.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. Unlike the textbook
    ``p ± 1.96 · sqrt(p(1-p)/n)`` it stays within [0, 1] and is honest for shares near 0 and 1.

    Raises
    ------
    InputError
        Unless ``correct`` is a whole number between 0 and ``n``, ``n`` is at least 1, and ``confidence`` lies between 0 and 1.
    """
    if not 0 <= correct <= n or n < 1 or correct % 1:
        raise InputError(f"A share needs whole numbers, 0 <= correct <= n, and n at least 1; got {correct} of {n}.")
    if not 0 < confidence < 1:
        raise InputError(f"The confidence lies between 0 and 1, such as 0.95; got {confidence}.")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At its ends the interval reaches exactly 0 and 1, which the sums miss by a rounding.
    return centre - half if correct else 0.0, centre + half if correct < n else 1.0


def _as_threshold(threshold: object) -> float:
    """A threshold as a float of 64 bits; InputError for what is none."""
    if not isinstance(threshold, Real) or (not 0 <= threshold <= 1 and threshold != math.inf):  # infinity is where scikit-learn's roc_curve begins
        raise InputError(f"The threshold is a probability, from 0 to 1; got {seen(threshold)}.")
    return float(threshold)


def confident_mistakes(y_true: np.ndarray, y_score: np.ndarray, k: int = 12, threshold: float = 0.5) -> np.ndarray:
    """Positions of the ``k`` wrong answers that lie farthest from the threshold, the most confident first; InputError as in `evaluate`."""
    y_true, y_score = labels_and_probabilities(y_true, y_score)
    threshold = _as_threshold(threshold)
    wrong = np.flatnonzero((y_score >= threshold) != (y_true == 1))
    return wrong[np.argsort(-np.abs(y_score[wrong] - threshold), kind="stable")][:k]


def values_of(column: np.ndarray) -> np.ndarray:
    """An attribute of shape (N,) as words, for slices; numbers with more than twelve values are cut into a lowest, a middle and a highest third."""
    column = np.asarray(column)
    if column.dtype.kind not in "fiu" or len(np.unique(column)) <= _FEW_VALUES:
        return column.astype(str)
    low, high = np.quantile(column, [1 / 3, 2 / 3])
    words = [f"below {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"]
    return np.select([column < low, column <= high], words[:2], words[2])


def accuracy_by(values: np.ndarray, y_true: np.ndarray, y_score: np.ndarray, threshold: float = 0.5) -> list[dict[str, object]]:
    """Accuracy within each slice of the data that shares a value, such as each ``occluder`` or ``hair_style``.

    Returns
    -------
    list of dict
        Keys ``value`` (None where there is none, or nan), ``n``, ``accuracy``, ``low``, ``high`` (the Wilson interval); the worst slice first.

    Raises
    ------
    InputError
        If there is not one value for each label, or labels, scores or threshold are such as `evaluate` refuses.
    """
    y_true, y_score = labels_and_probabilities(y_true, y_score)
    threshold = _as_threshold(threshold)
    values, right = np.asarray(values), (y_score >= threshold) == (y_true == 1)
    if values.shape != right.shape:
        raise InputError(f"There must be one value for each label, such as subset.attributes['glasses']; got {seen(values)} for {len(right)} labels.")
    slices: dict[object, list[bool]] = {}
    for value, is_right in zip(values.tolist(), right.tolist()):
        slices.setdefault(None if value != value else value, []).append(is_right)  # nan, which is not even itself, is as good as no value
    rows = []
    for value, inside in sorted(slices.items(), key=_kind_and_value):
        low, high = wilson_interval(sum(inside), len(inside))
        rows.append({"value": value, "n": len(inside), "accuracy": sum(inside) / len(inside), "low": low, "high": high})
    return sorted(rows, key=lambda row: row["accuracy"])


def _kind_and_value(item: tuple[object, object]) -> tuple[str, object]:
    """Texts and numbers cannot be compared with each other; nothing is compared with nothing alone."""
    value = item[0]
    return ("number" if isinstance(value, Real) else type(value).__name__, 0 if value is None else value)
