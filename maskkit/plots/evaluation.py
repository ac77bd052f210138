"""How good a model is: its mistakes by class, by threshold and by slice, and how sure we can be of its accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from maskkit.errors import InputError, seen
from maskkit.plots.drawing import CLASS_NAMES, CLASS_STYLES, PALETTE, counted, ensure_axes, finish, listing, percent, plain_frame, words
from maskkit.plots.inputs import as_array, as_rows, labels_and_scores


def plot_confusion_matrix(
    matrix: object, class_names: Sequence[str] = CLASS_NAMES, *, ax: Axes | None = None
) -> Axes:
    """Draw a confusion matrix with counts and shares of each row; the right answers stand on the diagonal.

    Parameters
    ----------
    matrix : (K, K) counts; rows are the truth, columns the prediction, as in scikit-learn.
    """
    if isinstance(matrix, Mapping):
        raise InputError("A confusion matrix is (K, K) counts; of a report of evaluate, give report['confusion_matrix'].")
    given = as_array(matrix)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or given.dtype.kind not in "biuf" or (given % 1).any():
        raise InputError(f"A confusion matrix is (K, K) counts, whole numbers, as in evaluate(y_true, y_score)['confusion_matrix']; got {seen(given)}.")
    matrix = given.astype(int)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax = ensure_axes(ax, width=4.8, height=4.2)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(matrix):
        ink = "white" if shares[row, column] > 0.55 else "black"
        text = f"{n:,}\n{percent(shares[row, column], 1)} of row"
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=11)
    names = [words(name) for name in class_names]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names, rotation=90, va="center")
    ax.set(xlabel="the model says", ylabel="the truth is")
    right, total = int(np.trace(matrix)), int(matrix.sum())
    title = f"{right:,} of {total:,} right ({percent(right / max(total, 1), 1)})"
    rows = [f"of {row.sum():,} {name}, {row[i]:,} are right" for i, (name, row) in enumerate(zip(names, matrix))]
    return finish(ax, title, f"Confusion matrix: {title}; {listing(rows)}.")


def plot_roc(y_true: object, y_score: object, threshold: float | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the ROC curve: masks found against false alarms, for every threshold.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and scores of with_mask.
    threshold : mark this one on the curve; a face counts as masked when its score is at least the threshold.
    """
    y_true, y_score = labels_and_scores(y_true, y_score)
    false_rate, true_rate = _roc(y_true, y_score)
    area = float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))
    ax = ensure_axes(ax, width=4.8, height=4.6)
    ax.plot(false_rate, true_rate, color=PALETTE["blue"], linewidth=2.2, label="the model")
    ax.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1.2, label="guessing")
    alt = f"ROC curve with an area of {area:.3f} under it (guessing: 0.5, perfect: 1)."
    if threshold is not None:
        x, y = (y_score[y_true == 0] >= threshold).mean(), (y_score[y_true == 1] >= threshold).mean()
        look = {"marker": "*", "markersize": 16, "color": PALETTE["vermillion"], "markeredgecolor": "black"}
        ax.plot([x], [y], linestyle="none", label=f"threshold {threshold:.2g}", **look)
        alt += f" The threshold {threshold:.2g} finds {percent(y, 1)} of the masks with {percent(x, 1)} false alarms."
    ax.set(xlabel="false positive rate (no mask, called mask)", ylabel="true positive rate (masks found)", aspect="equal")
    ax.legend(frameon=False, loc="lower right")
    plain_frame(ax)
    return finish(ax, f"Area under the ROC curve: {area:.3f}", alt)


def _roc(y_true: np.ndarray, y_score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rate when the threshold falls past each distinct score; (0, 0) comes first."""
    positives, negatives = y_true.sum(), (1 - y_true).sum()
    if not positives or not negatives:
        raise InputError("A ROC curve needs both classes, but y_true holds only one.")
    order = np.argsort(-y_score, kind="stable")
    last_of_its_score = np.append(np.diff(y_score[order]) != 0, True)
    hits = np.cumsum(y_true[order])[last_of_its_score]
    alarms = np.flatnonzero(last_of_its_score) + 1 - hits
    return np.append(0, alarms / negatives), np.append(0, hits / positives)


def plot_scores(
    y_true: object,
    y_score: object,
    threshold: float = 0.5,
    *,
    bins: int = 20,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw the scores of the two classes, with mask upward and without mask downward, so that they never overlap.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    threshold : where "mask" begins (score >= threshold); mistakes are below it above the line, and above it below.
    """
    y_true, y_score = labels_and_scores(y_true, y_score, probabilities=True)
    ax = ensure_axes(ax, height=3.6)
    for label, sign in ((1, 1), (0, -1)):
        counts, edges = np.histogram(y_score[y_true == label], bins=bins, range=(0, 1))
        style = CLASS_STYLES[label]
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.6}
        ax.bar(edges[:-1], sign * counts, np.diff(edges), align="edge", label=words(class_names[label]), **look)
    ax.axhline(0, color="black", linewidth=1)
    ax.axvline(threshold, color=PALETTE["vermillion"], linestyle="--", linewidth=2, label=f"threshold {threshold:.2g}")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    ax.set(xlabel="score: the model's probability of a mask", ylabel="pictures", xlim=(0, 1))
    plain_frame(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    missed, alarms = int((y_score[y_true == 1] < threshold).sum()), int((y_score[y_true == 0] >= threshold).sum())
    title = f"At the threshold {threshold:.2g}: {counted(missed, 'mask')} missed, {counted(alarms, 'false alarm')}"
    medians = listing(f"{np.median(y_score[y_true == k]):.2g} {words(class_names[k])}" for k in np.unique(y_true))
    return finish(ax, title, f"Histogram of the scores by class; their medians are {medians}. {title}.")


def plot_threshold_sweep(
    y_true: object, y_score: object, threshold: float | None = None, *, steps: int = 101, ax: Axes | None = None
) -> Axes:
    """Draw precision, recall and accuracy against the threshold; precision stops where nothing is called a mask.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    threshold : mark this one; the title tells its figures, or else where accuracy is highest.
    """
    y_true, y_score = labels_and_scores(y_true, y_score, probabilities=True)
    thresholds = np.linspace(0, 1, steps)
    curves = _sweep(y_true, y_score, thresholds)
    ax = ensure_axes(ax, height=3.6)
    for (name, values), (color, line) in zip(curves.items(), (("blue", "-"), ("vermillion", "--"), ("black", ":"))):
        ax.plot(thresholds, values, label=name, color=PALETTE[color], linestyle=line, linewidth=2.2)
    best = thresholds[curves["accuracy"].argmax()]
    title = f"Accuracy is highest, {curves['accuracy'].max():.3g}, at the threshold {best:.2g}"
    if threshold is not None:
        ax.axvline(threshold, color="0.4", linewidth=1.5, label=f"threshold {threshold:.2g}")
        at = {name: values[0] for name, values in _sweep(y_true, y_score, np.array([threshold])).items()}
        title = f"At the threshold {threshold:.2g}: {listing(f'{name} {value:.3g}' for name, value in at.items())}"
    ax.set(xlabel="threshold: from which score on we say mask", ylabel="share", xlim=(0, 1), ylim=(0, 1.03))
    plain_frame(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    recall = curves["recall"]
    return finish(ax, title, f"Recall falls from {recall[0]:.3g} to {recall[-1]:.3g} as the threshold rises. {title}.")


def _sweep(y_true: np.ndarray, y_score: np.ndarray, thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Precision (nan where nothing is called a mask), recall and accuracy at each threshold."""
    called = y_score[None, :] >= thresholds[:, None]
    hits = (called & (y_true == 1)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = hits / called.sum(axis=1), hits / (y_true == 1).sum()
    return {"precision": precision, "recall": recall, "accuracy": (called == (y_true == 1)).mean(axis=1)}


def plot_accuracy_by(rows: Sequence[Mapping], *, name: str = "", title: str = "", ax: Axes | None = None) -> Axes:
    """Draw the accuracy of each slice with its interval; the dotted line is the accuracy of all slices together.

    With a ``title`` of its own the picture compares anything, several test sets or models: there is no line for all of them, and the weakest is not named.

    Parameters
    ----------
    rows : dicts with value, n, accuracy, low, high, as from ``maskkit.evaluation.accuracy_by``.
    name : what the slices are of, such as "glasses".
    """
    if not len(as_rows(rows, ("value", "n", "accuracy", "low", "high"), "accuracy_by")):
        raise InputError("There is no slice to draw: the list of rows is empty.")
    accuracy, sizes, low, high = (np.array([float(r[key]) for r in rows]) for key in ("accuracy", "n", "low", "high"))
    labels = [f"{words(row['value'])} (n = {int(row['n']):,})" for row in rows]
    ax = ensure_axes(ax, height=1.1 + 0.32 * len(rows))
    bars = {"fmt": "o", "color": PALETTE["blue"], "ecolor": "black", "capsize": 4, "markersize": 8}
    ax.errorbar(accuracy, range(len(rows)), xerr=np.maximum((accuracy - low, high - accuracy), 0), **bars)  # also where the rows are rounded
    if not title:
        overall = float(np.average(accuracy, weights=sizes))
        ax.axvline(overall, color="0.3", linestyle=":", linewidth=1.8, label=f"all: {overall:.3g}")
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        worst = int(accuracy.argmin())
        title = f"Weakest: {labels[worst]}, {accuracy[worst]:.2f} right, between {low[worst]:.2f} and {high[worst]:.2f}"
    ax.set_yticks(range(len(rows)), labels, parse_math=False)
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="accuracy, with its 95 % interval", ylabel=words(name))
    plain_frame(ax)
    parts = [f"{label}: {value:.3g}" for label, value in zip(labels, accuracy)]
    return finish(ax, title, f"Accuracy{f' by {words(name)}' if name else ''}: {'; '.join(parts)}. {title}.")


def plot_simulated_accuracies(
    accuracies: object, interval: tuple[float, float] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw how often each accuracy came up in a simulation; the middle 95 % are dark, the rest light and hatched.

    Parameters
    ----------
    accuracies : (N,) one accuracy for each simulated test split.
    interval : (low, high) to draw above them, for comparison, such as the Wilson interval.
    """
    accuracies = as_array(accuracies).astype(float)
    low, high = np.quantile(accuracies, [0.025, 0.975])
    values, counts = np.unique(accuracies, return_counts=True)
    width = 0.9 * (np.diff(values).min() if len(values) > 1 else 0.01)
    ax = ensure_axes(ax, height=3.2)
    for inside, color, hatch, label in ((True, "blue", "", "the middle 95 %"), (False, "sky_blue", "///", "the rest")):
        chosen = ((values >= low) & (values <= high)) == inside
        look = {"color": PALETTE[color], "hatch": hatch, "edgecolor": "black", "linewidth": 0.5}
        ax.bar(values[chosen], 100 * counts[chosen] / len(accuracies), width, label=label, **look)
    if interval is not None:
        height = 112 * counts.max() / len(accuracies)
        look = {"color": PALETTE["vermillion"], "linewidth": 3, "marker": "|", "markersize": 14, "markeredgewidth": 3}
        ax.plot(interval, [height, height], label="interval", **look)
    ax.set(xlabel="accuracy", ylabel="% of simulations")
    plain_frame(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    title = f"95 % of {len(accuracies):,} simulated accuracies lie between {low:.3f} and {high:.3f}"
    compared = "" if interval is None else f" The interval drawn above them goes from {interval[0]:.3f} to {interval[1]:.3f}."
    return finish(ax, title, f"Histogram: {title}.{compared}")
