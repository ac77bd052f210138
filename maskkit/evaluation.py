"""How good is a model: probabilities, scores with their uncertainty, slices, mistakes. Taught in notebook 05."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import BinaryIO

import numpy as np
import torch
from torch import nn

from maskkit.checkpoints import Checkpoint
from maskkit.errors import InputError
from maskkit.images import CLASS_NAMES, load_image
from maskkit.reading import Images
from maskkit.runtime import keep_freed_memory
from maskkit.transforms import to_float


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
    """
    if isinstance(images, np.ndarray):
        images = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    keep_freed_memory()
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    try:
        logits = [model(to_float(batch.to(device))).double().cpu() for batch in images.split(batch_size)]
    finally:
        model.train(was_training)
    return torch.sigmoid(torch.cat(logits)).numpy() if logits else np.empty(0)


def predict_image(checkpoint: Checkpoint, source: str | Path | BinaryIO) -> float:
    """Probability of ``with_mask`` for one photo, prepared as the model's training images were; InputError if it is no image."""
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
        If there is not one score for each label, or there are none.
    """
    from sklearn import metrics  # takes most of a second to import, and training does not need it

    y_true, y_score = np.asarray(y_true).astype(int), np.asarray(y_score, dtype=float)
    if y_true.ndim != 1 or y_true.shape != y_score.shape or not len(y_true):
        raise InputError(f"There must be one score for each label, both of shape (N,); got labels of shape {y_true.shape} and scores of shape {y_score.shape}.")
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


def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a share of ``correct`` out of ``n``: where the accuracy on endless new photos may lie.

    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. Unlike the textbook
    ``p ± 1.96 · sqrt(p(1-p)/n)`` it stays within [0, 1] and is honest for shares near 0 and 1.

    Raises
    ------
    InputError
        Unless ``correct`` lies between 0 and ``n``, and ``n`` is at least 1.
    """
    if not 0 <= correct <= n or n < 1:
        raise InputError(f"A share needs 0 <= correct <= n, and n at least 1; got {correct} of {n}.")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def confident_mistakes(y_true: np.ndarray, y_score: np.ndarray, k: int = 12, threshold: float = 0.5) -> np.ndarray:
    """Positions of the ``k`` wrong answers that lie farthest from the threshold, the most confident first."""
    y_true, y_score = np.asarray(y_true), np.asarray(y_score)
    wrong = np.flatnonzero((y_score >= threshold) != (y_true == 1))
    return wrong[np.argsort(-np.abs(y_score[wrong] - threshold), kind="stable")][:k]


def accuracy_by(values: np.ndarray, y_true: np.ndarray, y_score: np.ndarray, threshold: float = 0.5) -> list[dict[str, object]]:
    """Accuracy within each slice of the data that shares a value, such as each ``occluder`` or ``hair_style``.

    Returns
    -------
    list of dict
        Keys ``value``, ``n``, ``accuracy``, ``low``, ``high`` (the Wilson interval); the worst slice first.
    """
    values, right = np.asarray(values), (np.asarray(y_score) >= threshold) == (np.asarray(y_true) == 1)
    rows = []
    for value in np.unique(values):
        inside = right[values == value]
        low, high = wilson_interval(int(inside.sum()), len(inside))
        rows.append({"value": value.item(), "n": len(inside), "accuracy": float(inside.mean()), "low": low, "high": high})
    return sorted(rows, key=lambda row: row["accuracy"])
