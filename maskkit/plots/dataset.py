"""What a data set is made of: its classes, file formats, sizes and pixel values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from maskkit.errors import InputError, require
from maskkit.plots.drawing import (CLASS_NAMES, CLASS_STYLES, PALETTE, SERIES_STYLES, SMALL_TEXT, counted, ensure_axes, finish, listing, percent,
                                   plain_frame, words)
from maskkit.plots.inputs import as_array, as_labels, as_pictures


def plot_class_counts(counts: Mapping, *, ax: Axes | None = None) -> Axes:
    """Draw bars with the number of pictures of each class.

    Parameters
    ----------
    counts : {split: {class name: number}}, or {class name: number} for one bar a class.
    """
    require(counts, Mapping, "plot_class_counts takes a dict, as dataset.class_counts() gives it")
    nested = counts if all(isinstance(v, Mapping) for v in counts.values()) else {"all pictures": counts}
    names = _class_order(name for row in nested.values() for name in row)
    ax = _grouped_bars({name: [row.get(name, 0) for row in nested.values()] for name in names}, list(nested), ax)
    totals = {name: sum(row.get(name, 0) for row in nested.values()) for name in names}
    largest = max(totals, key=totals.get)
    total = sum(totals.values())
    share = totals[largest] / total if total else 0
    title = f"{total:,} pictures; {percent(share)} are {words(largest)}, the largest class"
    if len(set(totals.values())) == 1:
        title = f"{total:,} pictures, the same number in each class"
    rows = [f"{split}: {listing(f'{row.get(n, 0):,} {words(n)}' for n in names)}" for split, row in nested.items()]
    return finish(ax, title, f"Bar chart of {title}. {'; '.join(rows)}.")


def _class_order(names: Iterable[str]) -> list[str]:
    """Label order for our two classes, order of appearance for any other names."""
    seen = list(dict.fromkeys(names))
    return list(CLASS_NAMES) if set(seen) <= set(CLASS_NAMES) else seen


def _grouped_bars(series: Mapping[str, Sequence[float]], groups: Sequence[str], ax: Axes | None) -> Axes:
    """Draw one bar for each series in each group, with its number on top."""
    ax = ensure_axes(ax, height=3.2)
    width = 0.8 / len(series)
    for i, (name, heights) in enumerate(series.items()):
        style = SERIES_STYLES[i % len(SERIES_STYLES)]
        x = np.arange(len(groups)) + (i - (len(series) - 1) / 2) * width
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.8}
        bars = ax.bar(x, heights, width * 0.94, label=words(name), **look)
        ax.bar_label(bars, labels=[f"{h:,}" for h in heights], fontsize=SMALL_TEXT, padding=1)
    ax.set_xticks(range(len(groups)), [str(g) for g in groups])
    ax.set_ylabel("pictures")
    ax.margins(y=0.12)
    plain_frame(ax)
    ax.grid(axis="x", visible=False)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_formats(counts: Mapping[str, Mapping[str, int]], *, ax: Axes | None = None) -> Axes:
    """Draw how many files of each format every class has; the title warns of formats that give a class away.

    Parameters
    ----------
    counts : {class name: {format: number}}, as in {"with_mask": {"JPEG": 1900, "PNG": 230}}.
    """
    names = _class_order(counts)
    formats = list(dict.fromkeys(f for row in counts.values() for f in row))
    if not formats:
        raise InputError("There is no format to draw: no class has a file.")
    table = {name: [counts.get(name, {}).get(f, 0) for f in formats] for name in names}
    ax = _grouped_bars(table, formats, ax)
    telling = [f for i, f in enumerate(formats) if sum(bool(table[name][i]) for name in names) == 1 < len(names)]
    title = f"Only one class has {listing(telling)} files" if telling else f"Both classes have {listing(formats)} files"
    rows = [f"{words(n)}: {listing(f'{c:,} {f}' for f, c in zip(formats, table[n]))}" for n in names]
    return finish(ax, title, f"Bar chart of file formats by class. {title}. {'; '.join(rows)}.")


def plot_image_sizes(
    widths: object,
    heights: object,
    targets: object | None = None,
    *,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw the width and the height of each picture, in pixels, as a point; the dashed line is where they are square.

    Parameters
    ----------
    widths, heights : (N,) pixels.
    targets : (N,) of 0 and 1; without them all points look alike, and no class is named.
    """
    widths, heights = as_array(widths).astype(int), as_array(heights).astype(int)
    labels = np.zeros(len(widths), dtype=int) if targets is None else as_labels(targets, n=len(widths))
    names = ["picture"] if targets is None else [words(name) for name in class_names]
    ax = ensure_axes(ax, width=6.4, height=4.6)
    for label in np.unique(labels):
        chosen, color = labels == label, CLASS_STYLES[label]["color"]
        # Open rings around filled triangles: both can be seen where they fall on the same point.
        look = ({"color": color, "s": 22}, {"edgecolors": color, "facecolors": "none", "s": 50, "linewidths": 1.5})[label]
        ax.scatter(widths[chosen], heights[chosen], marker=CLASS_STYLES[label]["marker"], label=names[label], **look)
    _square_line(ax, widths, heights)
    ax.set(xlabel="width in pixels", ylabel="height in pixels")
    ax.legend(frameon=False, fontsize=9)
    title = _sizes_title(widths, heights)
    return finish(ax, title, f"Scatter plot of the width and height of {counted(len(widths), 'picture')}. {title}.")


def _square_line(ax: Axes, widths: np.ndarray, heights: np.ndarray) -> None:
    low, high = min(widths.min(), heights.min()) * 0.8, max(widths.max(), heights.max()) * 1.25
    ax.plot([low, high], [low, high], color="0.3", linestyle="--", linewidth=1, label="square", zorder=0)
    plain_frame(ax)
    if high > 12 * low:  # photos from 60 to 4000 pixels: on a linear scale the small ones would be one blot
        ax.set(xscale="log", yscale="log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set(xlim=(low, high), ylim=(low, high))


def _sizes_title(widths: np.ndarray, heights: np.ndarray) -> str:
    if np.ptp(widths) == 0 and np.ptp(heights) == 0:
        return f"All {len(widths):,} pictures are {widths[0]} × {heights[0]} pixels"
    square = (widths == heights).mean()
    return (
        f"From {widths.min():,} × {heights[widths.argmin()]:,} to {widths.max():,} × {heights[widths.argmax()]:,} pixels; "
        f"{percent(square)} are square"
    )


def plot_pixel_histogram(images: object, *, bins: int = 64, ax: Axes | None = None) -> Axes:
    """Draw how often each brightness occurs in the red, green and blue channel.

    Parameters
    ----------
    images : one picture or many, uint8 (drawn from 0 to 255) or float (drawn from 0 to 1).
    """
    pictures = [p if p.ndim == 3 else p[..., None] for p in as_pictures(images)]
    top = 255 if pictures[0].dtype == np.uint8 else 1
    shares, means, deviation = _pixel_statistics(pictures, bins, top)
    names = ("red", "green", "blue") if len(means) == 3 else ("grey",)
    styles = (("vermillion", "-"), ("green", "--"), ("blue", ":")) if len(means) == 3 else (("black", "-"),)
    ax = ensure_axes(ax, height=3.0)
    for values, mean, name, (color, line) in zip(shares, means, names, styles):
        look = {"color": PALETTE[color], "linestyle": line, "linewidth": 2}
        ax.stairs(100 * values, np.linspace(0, top, bins + 1), label=f"{name}, mean {mean:.3g}", **look)
    ax.set(xlabel=f"pixel value (0: black, {top}: full)", ylabel="% of pixels", xlim=(0, top))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    plain_frame(ax)
    span = f"Pixels from {min(p.min() for p in pictures):.3g} to {max(p.max() for p in pictures):.3g}"
    title = f"{span}, mean {means.mean():.3g}, standard deviation {deviation:.3g}"
    each = listing(f"{name} {mean:.3g}" for name, mean in zip(names, means))
    return finish(ax, title, f"Histogram of the {listing(names)} values. {title}. Channel means: {each}.")


def _pixel_statistics(pictures: Sequence[np.ndarray], bins: int, top: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Shares in each bin (C, bins), means (C,) and the standard deviation of all pixels.

    One picture at a time: thousands of pictures as floats at once would fill a laptop's memory.
    """
    channels = pictures[0].shape[2]
    counts, sums, squares = np.zeros((channels, bins)), np.zeros(channels), 0.0
    for picture in pictures:
        pixels = picture.reshape(-1, channels).astype(float)
        counts += [np.histogram(values, bins=bins, range=(0, top))[0] for values in pixels.T]
        sums, squares = sums + pixels.sum(axis=0), squares + (pixels**2).sum()
    n = counts.sum(axis=1)
    means = sums / n
    return counts / n[:, None], means, float(np.sqrt(max(0.0, squares / n.sum() - means.mean() ** 2)))
