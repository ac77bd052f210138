"""Move the threshold, name the prices of the two mistakes, read what they cost. Taught in notebook 05."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from maskkit.errors import InputError
from maskkit.evaluation import evaluate, labels_and_probabilities
from maskkit.plots import PALETTE, Picture, plot_confusion_matrix, plot_scores, show
from maskkit.widgets.explorer import Explorer, View, checkbox, slider

THRESHOLDS = np.round(np.linspace(0, 1, 101), 2)


def cost_of(y_true: np.ndarray, y_score: np.ndarray, threshold: float, let_through: float, stopped: float) -> float:
    """What all mistakes cost at a threshold.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask
    threshold : a probability of at least this is called with_mask
    let_through : price of a bare face that is called masked
    stopped : price of a masked face that is called bare
    """
    called = np.asarray(y_score) >= threshold
    return float(let_through * (called & (y_true == 0)).sum() + stopped * (~called & (y_true == 1)).sum())


def cheapest_threshold(y_true: np.ndarray, y_score: np.ndarray, let_through: float, stopped: float) -> float:
    """The threshold with the lowest cost; of equals the middle one."""
    costs = np.array([cost_of(y_true, y_score, t, let_through, stopped) for t in THRESHOLDS])
    equals = np.flatnonzero(costs == costs.min())
    return float(THRESHOLDS[equals[len(equals) // 2]])


def threshold_in_words(report: Mapping, cost: float) -> str:
    """One sentence about a report of ``evaluate`` and the cost of its mistakes."""
    (bare, let_through), (stopped, found) = report["confusion_matrix"]
    masked = report["per_class"]["with_mask"]
    precision = f"precision {masked['precision']:.3f}" if found + let_through else "no precision, since nobody is called masked"
    return (f"At the threshold {report['threshold']:.2f}: {found} masks found and {stopped} stopped all the same, {bare} bare faces stopped and "
            f"{let_through} let through; {precision}, recall {masked['recall']:.3f}, accuracy {report['accuracy']:.3f}. The mistakes cost {cost:,.6g}.")


class ThresholdExplorer(Explorer):
    """Threshold and prices, scores, confusion matrix and costs; made by `explore_threshold`."""

    def __init__(self, y_true: np.ndarray, y_score: np.ndarray):
        self.y_true, self.y_score = y_true, y_score
        super().__init__({
            "threshold": slider("Threshold", 0.5, 0, 1, 0.01),
            "let_through": slider("Price: bare let through", 1, 0, 10, 0.5),
            "stopped": slider("Price: masked stopped", 1, 0, 10, 0.5),
            "cheapest": checkbox("Show the cheapest threshold"),
        })

    def view(self) -> View:
        threshold, let_through, stopped = (self.controls[name].value for name in ("threshold", "let_through", "stopped"))
        report = evaluate(self.y_true, self.y_score, threshold)
        line = threshold_in_words(report, cost_of(self.y_true, self.y_score, threshold, let_through, stopped))
        cheapest = cheapest_threshold(self.y_true, self.y_score, let_through, stopped) if self.controls["cheapest"].value else None
        if cheapest is not None:
            line += f" The cheapest threshold is {cheapest:.2f}, where they cost {cost_of(self.y_true, self.y_score, cheapest, let_through, stopped):,.6g}."
        return View(line, self._draw(report, let_through, stopped, cheapest, line))

    def _draw(self, report: Mapping, let_through: float, stopped: float, cheapest: float | None, line: str) -> Picture:
        figure = Figure(figsize=(9, 4.9), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=(3, 2))
        scores = plot_scores(self.y_true, self.y_score, report["threshold"], ax=figure.add_subplot(grid[0, 0]))
        scores.legend(*scores.get_legend_handles_labels(), loc="best", frameon=False, fontsize=8)  # inside: there is no room beside
        scores.set_title("", loc="left")
        plot_confusion_matrix(report["confusion_matrix"], ax=figure.add_subplot(grid[:, 1]))
        ax = figure.add_subplot(grid[1, 0])
        costs = [cost_of(self.y_true, self.y_score, t, let_through, stopped) for t in THRESHOLDS]
        _draw_costs(ax, costs, report["threshold"], cheapest)
        return show(figure, alt=f"Scores of both classes, confusion matrix, and the cost against the threshold. {line}")


def _draw_costs(ax: object, costs: list[float], threshold: float, cheapest: float | None) -> None:
    ax.plot(THRESHOLDS, costs, color=PALETTE["blue"], linewidth=2, label="cost of all mistakes")
    ax.axvline(threshold, color=PALETTE["vermillion"], linestyle="--", linewidth=2, label=f"threshold {threshold:.2f}")
    if cheapest is not None:
        at = costs[int(np.abs(THRESHOLDS - cheapest).argmin())]
        ax.plot([cheapest], [at], "*", color="black", markersize=12, label=f"cheapest: {cheapest:.2f}")
    ax.set(xlabel="threshold", ylabel="cost", xlim=(0, 1), ylim=(0, None))
    ax.legend(frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)


def explore_threshold(y_true: object, y_score: object) -> ThresholdExplorer:
    """Choose from which probability on a face counts as masked, and see the two kinds of mistakes and their cost.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask, of the *validation* split

    Raises
    ------
    InputError
        If the two differ in length, are empty, labels are neither 0 nor 1, or scores are no probabilities.
    """
    y_true, y_score = np.asarray(y_true).ravel(), np.asarray(y_score, dtype=float).ravel()
    if len(y_true) != len(y_score) or not len(y_true):
        raise InputError(f"The explorer needs one score for each label; got {len(y_true)} labels and {len(y_score)} scores.")
    return ThresholdExplorer(*labels_and_probabilities(y_true, y_score))
