"""Curves of a training, drawn at its end (`plot_history`) or after each epoch (`LiveCurves`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from maskkit.errors import InputError
from maskkit.plots.drawing import PALETTE, Picture, ensure_axes, finish, plain_frame, show
from maskkit.plots.inputs import as_rows, column_of, position_of_lowest

_CURVE_STYLES = {
    "train": {"color": PALETTE["blue"], "linestyle": "-", "marker": "o", "label": "training"},
    "val": {"color": PALETTE["vermillion"], "linestyle": "--", "marker": "s", "label": "validation"},
}


_LEAST_SPAN = {"loss": 0.1, "accuracy": 0.2}  # of the axis, so that a curve on which nothing happens looks like one


def plot_history(
    history: Sequence[Mapping],
    best_epoch: int | None = None,
    *,
    metrics: Sequence[str] = ("loss", "accuracy"),
    ax: Axes | None = None,
) -> Axes:
    """Draw training and validation curves, with the epoch whose weights were kept.

    With two metrics the space of `ax` is shared: the first is drawn into `ax` (which is returned), the second beside it.

    Parameters
    ----------
    history : one dict an epoch, with epoch, train_loss, val_loss, train_accuracy, val_accuracy.
    best_epoch : the epoch that was kept, 0 for none; by default the one of the lowest validation loss.
    """
    if not len(as_rows(history, ("epoch", "val_loss"), "fit (result.history) or read_history")):
        raise InputError("The history is empty: train for one epoch at least.")
    kept = _lowest_epoch(history) if best_epoch is None else best_epoch
    drawn = [m for m in metrics if f"val_{m}" in history[0]]
    if isinstance(metrics, str) or not drawn:
        raise InputError(f"The metrics are a tuple of names, such as ('loss', 'accuracy'); got {metrics!r}.")
    metrics = drawn
    axes = _split(ensure_axes(ax), len(metrics))
    for metric, panel in zip(metrics, axes):
        _draw_curves(panel, history, metric, kept)
    alt = " ".join([*(_curve_text(history, metric) for metric in metrics), f"The weights of epoch {kept} are kept." if kept else "No weights are kept."])
    return finish(axes[0], axes[0].get_title(loc="left"), alt)


def _split(ax: Axes, n: int) -> list[Axes]:
    """Divide the space of an Axes among n, side by side; the first of them is that Axes itself."""
    if n == 1:
        return [ax]
    if ax.get_subplotspec() is None:
        raise InputError("This Axes has no place in a grid of subplots: pass metrics=('loss',) to draw one panel.")
    cells = ax.get_subplotspec().subgridspec(1, n)
    ax.set_subplotspec(cells[0])
    return [ax, *(ax.figure.add_subplot(cells[i]) for i in range(1, n))]


def _lowest_epoch(history: Sequence[Mapping]) -> int:
    losses = column_of(history, "val_loss")
    return 0 if np.isnan(losses).all() else int(column_of(history, "epoch")[position_of_lowest(losses)])


def _draw_curves(ax: Axes, history: Sequence[Mapping], metric: str, kept: int) -> None:
    epochs = column_of(history, "epoch")
    for part, style in _CURVE_STYLES.items():
        if f"{part}_{metric}" in history[0]:
            ax.plot(epochs, column_of(history, f"{part}_{metric}"), markersize=4, linewidth=1.8, **style)
    values = column_of(history, f"val_{metric}")
    if kept:
        ax.axvline(kept, color="0.4", linestyle=":", linewidth=1.5, zorder=0)
    at_kept = values[epochs == kept]
    if len(at_kept):
        ring = {"marker": "o", "markersize": 14, "markerfacecolor": "none", "color": "black", "linestyle": "none"}
        ax.plot([kept], at_kept, label=f"kept: epoch {kept}", **ring)
        ax.set_title(f"Validation {metric} {at_kept[0]:.3g} at epoch {kept}", loc="left", fontsize=11)
    low, high = ax.get_ylim()
    missing = _LEAST_SPAN.get(metric, 0) - (high - low)
    if missing > 0:
        ax.set_ylim(low - missing / 2, high + missing / 2)
    ax.set(xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)


def _curve_text(history: Sequence[Mapping], metric: str) -> str:
    values, epochs = column_of(history, f"val_{metric}"), column_of(history, "epoch")
    best = position_of_lowest(values if metric == "loss" else -values)
    extreme = "lowest" if metric == "loss" else "highest"
    if len(values) == 1:
        return f"Validation {metric} is {values[0]:.3g} after one epoch."
    first, last = (f"{value:.3g}" for value in (values[0], values[-1]))
    verb = "falls" if values[-1] < values[0] else "rises"
    change = f"begins and ends at {first}" if first == last else f"{verb} from {first} to {last}"
    return f"Validation {metric} {change}; the {extreme}, {values[best]:.3g}, is at epoch {epochs[best]:.0f}."


@dataclass
class LiveCurves:
    """Curves that are drawn again after each epoch, in the place of the ones before. Taught in notebook 04.

    Call it after each epoch with the new row of the history, or with the whole history so far, which is what
    ``fit(..., on_epoch=LiveCurves())`` does. Outside a notebook it only remembers.
    """

    metrics: tuple[str, ...] = ("loss", "accuracy")
    history: list[dict] = field(default_factory=list)
    picture: Picture | None = None
    _handle: object = field(default=None, repr=False)

    def update(self, history: Mapping | Sequence[Mapping]) -> None:
        """Add a row (or take the whole history) and draw the curves so far."""
        self.history = [*self.history, dict(history)] if isinstance(history, Mapping) else [dict(row) for row in history]
        display = _notebook_display()
        if display is None:
            return
        self.picture = show(plot_history(self.history, metrics=self.metrics))
        if self._handle is None:
            self._handle = display(self.picture, display_id=True)
        else:
            self._handle.update(self.picture)

    __call__ = update


def _notebook_display() -> object | None:
    """IPython's display function while a notebook or an IPython shell runs this code, else None."""
    ipython = sys.modules.get("IPython")  # a running shell has imported it, so we need not
    return ipython.display.display if ipython is not None and ipython.get_ipython() is not None else None
