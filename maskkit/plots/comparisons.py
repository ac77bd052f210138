"""Trainings side by side: the accuracy of networks by their size, and by the number of photos that they learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from maskkit.plots.drawing import counted, draw_series, ensure_axes, finish, plain_frame, series_style
from maskkit.plots.inputs import column_of


def plot_accuracy_by_size(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of networks against their number of parameters; a bar goes from the lowest to the highest run.

    Parameters
    ----------
    rows : dicts with model, parameters and accuracy, one for each run, and the seconds that it took if they are known; those of one model are drawn together.
    """
    names = list(dict.fromkeys(row["model"] for row in rows))
    ax, parts, accuracies = ensure_axes(ax), [], {}
    for number, name in enumerate(names):
        runs = [row for row in rows if row["model"] == name]
        accuracies[name] = accuracy = column_of(runs, "accuracy")
        size = float(runs[0]["parameters"])
        mean = accuracy.mean()  # of equal numbers it can lie beyond them, by a rounding
        style = {**series_style(number), "linestyle": "none"}
        ax.errorbar(size, mean, yerr=np.maximum([[mean - accuracy.min()], [accuracy.max() - mean]], 0), markersize=10, ecolor="black", capsize=5, **style)
        seconds = f"{column_of(runs, 'seconds').mean():.0f} s a run" if "seconds" in runs[0] else ""
        ax.annotate(f"{name}\n{size / 1e6:.2f} million\n{seconds}".rstrip(), (size, mean), xytext=(12, 0), textcoords="offset points", va="center", fontsize=9)
        parts.append(f"{name} with {size:,.0f} parameters {mean:.3f} ({counted(len(runs), 'run')}, {accuracy.min():.3f} to {accuracy.max():.3f}{'; ' + seconds if seconds else ''})")
    ax.set(xscale="log", xlabel="parameters (log scale)", ylabel="accuracy")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(lambda size, _: f"{size / 1e6:g} million")
    ax.minorticks_off()
    ax.margins(x=0.35, y=0.25)
    plain_frame(ax)
    best = max(accuracies.values(), key=np.mean)
    ahead = [name for name, accuracy in accuracies.items() if accuracy.max() >= best.min()]  # where bars overlap, nobody is the winner
    return finish(ax, f"Most accurate: {' or '.join(ahead)}", f"Accuracy against parameters: {'; '.join(parts)}.")


def plot_few_photos(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy against the number of photos trained on, for each way to begin; a bar goes from the lowest to the highest draw.

    Parameters
    ----------
    rows : dicts with start (the way to begin), photos and accuracy, one for each training; with 0 photos a line across.
    """
    ax = ensure_axes(ax)
    runs = {start: [row for row in rows if row["start"] == start] for start in dict.fromkeys(row["start"] for row in rows)}
    trained = {start: group for start, group in runs.items() if any(row["photos"] for row in group)}
    parts = [_draw_means(ax, number, start, group) for number, (start, group) in enumerate(trained.items())]
    for row in rows:
        if not row["photos"]:
            ax.axhline(row["accuracy"], color="0.3", linestyle=":", linewidth=2, label=row["start"])
            parts.append(f"{row['start']}: {row['accuracy']:.3f}")
    ticks = sorted({float(row["photos"]) for row in rows if row["photos"]})
    ax.set(xscale="log", xlabel="photos trained on (log scale)", ylabel="accuracy")
    ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)
    title = f"Accuracy with {ticks[0]:,.0f} " + (f"to {ticks[-1]:,.0f} " if len(ticks) > 1 else "") + "photos"
    return finish(ax, title, f"Accuracy against the number of photos. {'. '.join(parts)}.")


def _draw_means(ax: Axes, number: int, start: str, rows: Sequence[Mapping]) -> str:
    """Draw the mean accuracy of one way to begin at each number of photos, with the reach of its draws; return the means in words."""
    sizes = sorted({float(row["photos"]) for row in rows})
    draws = [column_of([row for row in rows if row["photos"] == size], "accuracy") for size in sizes]
    means = [draw.mean() for draw in draws]  # of equal numbers they can lie beyond them, by a rounding
    draw_series(ax, number, sizes, means, start)
    reach = [[mean - draw.min() for mean, draw in zip(means, draws)], [draw.max() - mean for mean, draw in zip(means, draws)]]
    ax.errorbar(sizes, means, yerr=np.maximum(reach, 0), fmt="none", ecolor=series_style(number)["color"], elinewidth=2, capsize=6)
    return f"{start}: {', '.join(f'{mean:.3f} with {size:,.0f}' for mean, size in zip(means, sizes))}"
