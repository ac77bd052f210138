"""Pictures in the cells of a grid, each under its title: what galleries, feature maps and kernels are drawn with."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from maskkit.errors import InputError
from maskkit.plots.drawing import CLASS_STYLES, FULL_WIDTH, SMALL_TEXT, ensure_axes, size_in_inches


def draw_tiles(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str] | None,
    columns: int | None,
    labels: Sequence[int] | None,
    ax: Axes | None,
    *,
    cmap: str = "gray",
    limits: tuple[float, float] | None = None,
    header: bool = True,
) -> tuple[Axes, int, int]:
    """Lay pictures out in one Axes, in units of one cell: each picture fills a 1 × 1 cell under its title.

    Returns the Axes, and how many rows and columns the grid has.
    """
    if not len(pictures):
        raise InputError("There is no picture to draw: the list is empty.")
    for name, values in (("titles", titles), ("targets", labels)):
        if values is not None and len(values) != len(pictures):
            raise InputError(f"There are {len(pictures)} pictures but {len(values)} {name}: give one for each picture.")
    columns = min(columns or 8, len(pictures))
    rows = -(-len(pictures) // columns)
    inches = min(2.4, FULL_WIDTH / columns) if ax is None else size_in_inches(ax)[0] / columns
    texts = _wrapped([""] * len(pictures) if titles is None else titles, inches)
    step = 1.06 + max(t.count("\n") + 1 if t else 0 for t in texts) * 0.145 / inches
    ax = ensure_axes(ax, columns * inches, rows * step * inches / 1.06 + 0.05 + 0.3 * header)
    for i, picture in enumerate(pictures):
        corner = (i % columns * 1.06, i // columns * step + step - 1.06)
        _draw_tile(ax, picture, corner, texts[i], labels[i] if labels else None, cmap, limits)
    ax.set(xlim=(-0.03, columns * 1.06 - 0.03), ylim=(rows * step - 0.03, -0.03), aspect="equal")
    ax.axis("off")
    return ax, rows, columns


def _wrapped(titles: Sequence[str], inches: float) -> list[str]:
    """Titles broken into lines that fit above a cell of this width; line breaks that they have already stay."""
    characters = max(8, int(inches / 0.064))
    lines = [[textwrap.fill(line, characters) for line in str(t).splitlines()] for t in titles]
    return ["\n".join(block) for block in lines]


def _draw_tile(
    ax: Axes,
    picture: np.ndarray,
    corner: tuple[float, float],
    text: str,
    label: int | None,
    cmap: str,
    limits: tuple[float, float] | None,
) -> None:
    left, top = corner
    height, width = np.array(picture.shape[:2]) / max(picture.shape[:2])
    x, y = left + (1 - width) / 2, top + (1 - height) / 2
    low, high = limits or (0, 255 if picture.dtype == np.uint8 else 1)
    ax.imshow(picture, extent=(x, x + width, y + height, y), cmap=cmap, vmin=low, vmax=high)
    ax.text(left + 0.5, top - 0.03, text, ha="center", va="bottom", fontsize=SMALL_TEXT, linespacing=1.1, parse_math=False)
    if label is not None:
        style = CLASS_STYLES[label]
        frame = {"edgecolor": style["color"], "linestyle": style["linestyle"], "linewidth": 2.5, "fill": False}
        ax.add_patch(Rectangle((x, y), width, height, **frame))
