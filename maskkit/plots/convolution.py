"""What a convolution does: arrays with their numbers, its kernels, and the feature maps that it gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from maskkit.errors import InputError, require, seen
from maskkit.plots.drawing import FULL_WIDTH, PALETTE, counted, ensure_axes, finish
from maskkit.plots.inputs import as_array
from maskkit.plots.tiles import draw_tiles


def plot_array(
    array: object,
    *,
    title: str | None = None,
    highlight: tuple[int, int, int, int] | None = None,
    fmt: str = ".3g",
    ax: Axes | None = None,
) -> Axes:
    """Draw a small array as grey cells with the number written in each.

    Parameters
    ----------
    array : (H, W), or (W,) drawn as one row; where it is nan, the cell stays empty.
    highlight : (row, column, height, width) of a window to frame, such as the one that a kernel covers.
    fmt : format of the numbers.
    """
    name = title or "array"
    return plot_arrays({name: array}, highlights={name: highlight} if highlight else None, fmt=fmt, ax=ax)


def plot_arrays(
    arrays: Mapping[str, object],
    *,
    highlights: Mapping[str, tuple[int, int, int, int]] | None = None,
    fmt: str = ".3g",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw small arrays side by side, with their numbers: input, kernel and output of a convolution, say.

    Parameters
    ----------
    arrays : {title: (H, W) array}.
    highlights : {title: (row, column, height, width)}, a window to frame in that array.
    """
    require(arrays, Mapping, "plot_arrays takes a dict from titles to arrays")
    tables = {name: np.atleast_2d(as_array(a)) for name, a in arrays.items()}
    for name, table in tables.items():
        if table.ndim != 2 or not table.size or table.dtype.kind not in "biuf":
            raise InputError(f"An array to draw with its numbers has two axes, (H, W), but {name!r} is {seen(table)}: choose a part, as array[0].")
    widths, height = [t.shape[1] for t in tables.values()], max(t.shape[0] for t in tables.values())
    total = sum(widths) + len(widths) - 1
    cell = min(0.55, FULL_WIDTH / total)
    ax = ensure_axes(ax, max(3.0, total * cell), (height + 1) * cell + (0.4 if title else 0.15))
    left = 0
    for (name, table), width in zip(tables.items(), widths):
        top = (height - table.shape[0]) / 2
        _draw_table(ax, table, left, top, fmt)
        ax.text(left + width / 2, top - 0.15, name, ha="center", va="bottom", fontsize=10, parse_math=False)
        _draw_highlight(ax, (highlights or {}).get(name), left, top)
        left += width + 1
    ax.set(xlim=(-0.1, left - 0.9), ylim=(height + 0.1, -0.8), aspect="equal")
    ax.axis("off")
    return finish(ax, title or "", " ".join(_table_text(n, t, fmt, (highlights or {}).get(n)) for n, t in tables.items()))


def _draw_table(ax: Axes, table: np.ndarray, left: float, top: float, fmt: str) -> None:
    rows, columns = table.shape
    low, high = float(np.nanmin(table)), float(np.nanmax(table))
    span = high - low or 1.0  # the greys stay light, so that black numbers can be read on all of them
    ax.imshow(table, extent=(left, left + columns, top + rows, top), cmap="gray", vmin=low - 1.5 * span, vmax=high)
    for (row, column), value in np.ndenumerate(table):
        place = {"ha": "center", "va": "center", "fontsize": 9}
        ax.text(left + column + 0.5, top + row + 0.5, _cell_text(value, fmt), **place)
        ax.add_patch(Rectangle((left + column, top + row), 1, 1, fill=False, edgecolor="0.6", linewidth=0.6))


def _cell_text(value: float, fmt: str) -> str:
    """The number in a cell; a nan is a cell that is still empty."""
    return "" if value != value else format(value, fmt)


def _draw_highlight(ax: Axes, window: tuple[int, int, int, int] | None, left: float, top: float) -> None:
    if window:
        row, column, height, width = window
        frame = {"fill": False, "edgecolor": PALETTE["vermillion"], "linewidth": 3}
        ax.add_patch(Rectangle((left + column, top + row), width, height, zorder=3, **frame))


def _table_text(name: str, table: np.ndarray, fmt: str, window: tuple[int, int, int, int] | None) -> str:
    text = f"{name}: {table.shape[0]} × {table.shape[1]} numbers from {np.nanmin(table):{fmt}} to {np.nanmax(table):{fmt}}"
    if table.size <= 64:
        text = f"{name}: {'; '.join(' '.join(_cell_text(v, fmt) or '–' for v in row) for row in table)}"
    if window:
        text += f" (framed: {window[2]} × {window[3]} from row {window[0]}, column {window[1]})"
    return text + "."


def plot_feature_maps(maps: object, *, columns: int = 8, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what each channel answered: white where it responded most, black where least, one scale for all maps.

    Parameters
    ----------
    maps : (C, H, W), the output of a layer for one picture.
    """
    maps = as_array(maps).astype(float)
    if maps.ndim != 3:
        raise InputError(f"Feature maps have the shape (C, H, W), but these have {maps.shape}: pass one picture's, as maps[0].")
    titles = [f"map {i}" for i in range(len(maps))]
    ax, *_ = draw_tiles(list(maps), titles, columns, None, ax, limits=(maps.min(), max(maps.max(), maps.min() + 1e-9)))
    strongest, silent = int(maps.mean(axis=(1, 2)).argmax()), int((np.ptp(maps, axis=(1, 2)) < 1e-9).sum())
    text = f"{len(maps)} feature maps of {maps.shape[1]} × {maps.shape[2]}; map {strongest} answers most, {silent} {'is' if silent == 1 else 'are'} flat"
    return finish(ax, title or text, f"{title + ': ' if title else ''}{text}. Values from {maps.min():.3g} to {maps.max():.3g}.")


def plot_kernels(kernels: object, *, columns: int = 8, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the weights of convolution kernels: mid-grey is 0, lighter is positive, darker is negative.

    Parameters
    ----------
    kernels : (out_channels, in_channels, H, W), as in ``layer.weight``. With 3 input channels they are drawn as colours,
        else each kernel is the mean over its input channels.
    """
    kernels = as_array(kernels).astype(float)
    if kernels.ndim != 4:
        raise InputError(f"Kernels have the shape (out_channels, in_channels, H, W), but these have {kernels.shape}.")
    drawn = np.moveaxis(kernels, 1, -1) if kernels.shape[1] == 3 else kernels.mean(axis=1)
    grey = 0.5 + drawn / (2 * (np.abs(drawn).max() or 1.0))
    ax, *_ = draw_tiles(list(grey), [f"kernel {i}" for i in range(len(drawn))], columns, None, ax)
    text = f"{len(kernels)} kernels of {kernels.shape[2]} × {kernels.shape[3]} over {counted(kernels.shape[1], 'channel')}"
    alt = f"{text}; weights from {kernels.min():.3g} to {kernels.max():.3g}, drawn with mid-grey for 0 and white for positive."
    return finish(ax, title or f"{text} (mid-grey: 0, white: positive)", alt)
