"""The search for good settings: learning rates, trials, and how far the best of many trials can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from maskkit.errors import InputError
from maskkit.plots.drawing import CLASS_STYLES, PALETTE, counted, draw_series, ensure_axes, finish, listing, plain_frame, series_style, words
from maskkit.plots.inputs import as_array, as_rows, column_of, position_of_lowest


def plot_range_test(rows: Sequence[Mapping], suggestion: float | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each batch against the learning rate of its step, with the smoothed loss.

    Parameters
    ----------
    rows : dicts with lr, loss and smoothed, as from ``maskkit.tuning.range_test``.
    suggestion : a learning rate to mark.
    """
    if not len(as_rows(rows, ("lr", "loss", "smoothed"), "range_test")):
        raise InputError("The range test is empty: take at least one step.")
    rates, losses, smooth = (column_of(rows, key) for key in ("lr", "loss", "smoothed"))
    ax = ensure_axes(ax)
    ax.plot(rates, losses, color="0.6", linewidth=1, label="each batch")
    ax.plot(rates, smooth, color=PALETTE["blue"], linewidth=2.4, label="smoothed")
    best = position_of_lowest(smooth)
    ring = {"marker": "o", "markersize": 12, "markerfacecolor": "none", "color": "black", "linestyle": "none"}
    ax.plot(rates[best], smooth[best], label=f"lowest: {rates[best]:.2g}", **ring)
    if suggestion is not None:
        ax.axvline(suggestion, color=PALETTE["vermillion"], linestyle="--", linewidth=2, label=f"suggestion: {suggestion:.2g}")
    ceiling = 1.3 * np.nanmax(smooth[: best + 1])  # what runs away at the end would flatten all the rest
    ax.set(xscale="log", xlabel="learning rate (log scale)", ylabel="training loss", ylim=(0, ceiling))
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)
    end = f"ends at {smooth[-1]:.2f}" if np.isfinite(smooth[-1]) else "is no number at the end"
    title = f"The loss is lowest at a learning rate of {rates[best]:.2g}"
    lowest = f"is lowest, {smooth[best]:.2f}, at {rates[best]:.2g}"
    alt = f"From {rates[0]:.1g} to {rates[-1]:.2g} in {len(rows)} steps; the smoothed loss begins at {smooth[0]:.2f}, {lowest} and {end}."
    marked = "" if suggestion is None else f" The suggestion, {suggestion:.2g}, is marked."
    return finish(ax, title, f"Range test: {alt}{marked}")


def plot_trials(series: Mapping[str, Sequence[Mapping]], knob: str = "learning_rate", *, ax: Axes | None = None) -> Axes:
    """Draw the validation loss of each trial against one of its knobs; the best of each search is ringed.

    Parameters
    ----------
    series : name of a search to its rows, as from ``maskkit.tuning.trial_rows``; trials without a loss are left out.
    knob : a key of the rows whose values are numbers.
    """
    ax, parts = ensure_axes(ax), []
    for number, (name, rows) in enumerate(series.items()):
        kept = [row for row in rows if np.isfinite(row["val_loss"])]
        if not kept:
            raise InputError(f"None of the trials of {name!r} gave a loss that is a number.")
        x, y = column_of(kept, knob), column_of(kept, "val_loss")
        style = {**series_style(number), "linestyle": "none"}
        ax.plot(x, y, markersize=7, label=name, **style)
        ax.plot(x[y.argmin()], y.min(), marker="o", markersize=16, markerfacecolor="none", color="black", linestyle="none")
        parts.append(f"{name}: {counted(len(rows), 'trial')}, the best with {y.min():.3f} at {x[y.argmin()]:.2g}")
    ax.set(xscale="log", xlabel=f"{words(knob)} (log scale)", ylabel="validation loss")
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)
    return finish(ax, "; ".join(parts), f"Validation loss against {words(knob)}. {'. '.join(parts)}.")


def plot_best_so_far(losses: Mapping[str, object], *, ax: Axes | None = None) -> Axes:
    """Draw the lowest loss that a search has found after each of its trials: the mean over repeats, and their middle half.

    Parameters
    ----------
    losses : name of a search to its losses, (repeats, trials).
    """
    ax, parts = ensure_axes(ax), []
    for number, (name, values) in enumerate(losses.items()):
        best = np.minimum.accumulate(as_array(values).astype(float), axis=1)
        trials, mean = np.arange(1, best.shape[1] + 1), best.mean(axis=0)
        low, high = np.quantile(best, [0.25, 0.75], axis=0)
        draw_series(ax, number, trials, mean, f"{name}, mean of {len(best)}", low, high)
        parts.append(f"{name} {mean[-1]:.3f} (middle half {low[-1]:.3f} to {high[-1]:.3f})")
    ax.set(xlabel="trials done", ylabel="lowest validation loss so far")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)
    title = f"After {trials[-1]} trials: {listing(parts)}"
    return finish(ax, title, f"Lowest loss so far against the number of trials. {title}.")


def plot_optimism(promised: object, fresh: object, *, ax: Axes | None = None) -> Axes:
    """Draw what small validation splits say of the winners that they choose, beside what those winners reach on fresh pictures.

    Parameters
    ----------
    promised, fresh : (N,) accuracies in [0, 1] of N winners.
    """
    promised, fresh = as_array(promised).astype(float), as_array(fresh).astype(float)
    ax = ensure_axes(ax, height=3.2)
    bins = np.linspace(min(promised.min(), fresh.min()) - 0.01, max(promised.max(), fresh.max()) + 0.01, 30)
    for values, style, label in ((fresh, CLASS_STYLES[1], "on fresh pictures"), (promised, CLASS_STYLES[0], "on the split that chose it")):
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.5, "alpha": 0.75}
        ax.hist(values, bins, label=f"{label}: mean {values.mean():.3f}", **look)
        ax.axvline(values.mean(), color="black", linestyle=style["linestyle"], linewidth=2, label="its mean")
    ax.set(xlabel="accuracy of the winner", ylabel="splits")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    plain_frame(ax)
    title = f"The winners look {100 * (promised - fresh).mean():.1f} points better than they are"
    means = f"on the split that chose them {promised.mean():.3f} on average, on fresh pictures {fresh.mean():.3f}"
    return finish(ax, title, f"Two histograms of {len(promised)} winners: {means}. {title}.")
