"""A network layer by layer: its parameters, its shapes, and what changes with depth."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maskkit.plots.drawing import PALETTE, SMALL_TEXT, counted, draw_series, ensure_axes, finish, percent, plain_frame, size_in_inches
from maskkit.plots.inputs import as_array, as_rows

_LAYER = ("layer", "output_shape", "parameters")


def plot_layer_table(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the parameters of each layer as bars, beside its name and output shape.

    Parameters
    ----------
    rows : dicts with layer, output_shape and parameters, as from ``maskkit.models.layer_table``.
    """
    numbers = [int(row["parameters"]) for row in as_rows(rows, _LAYER, "layer_table(model, image_size)")]
    ax = ensure_axes(ax, height=0.7 + 0.32 * len(rows))
    bars = ax.barh(range(len(rows)), numbers, color=PALETTE["blue"], edgecolor="black", linewidth=0.8)
    ax.bar_label(bars, labels=[f"{n:,}" for n in numbers], fontsize=9, padding=3)
    names = [f"{i} {row['layer']}" for i, row in enumerate(rows, 1)]
    labels = [f"{name}   {_shape_text(row['output_shape'])}" for name, row in zip(names, rows)]
    ax.set_yticks(range(len(rows)), labels, fontsize=9)
    ax.invert_yaxis()
    ax.set_xlabel("parameters")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.margins(x=0.14)
    plain_frame(ax)
    ax.grid(axis="y", visible=False)
    total, largest = sum(numbers), int(np.argmax(numbers))
    share = percent(numbers[largest] / max(total, 1), 1)
    title = f"{share} of the {total:,} parameters sit in layer {largest + 1}, {rows[largest]['layer']}"
    alt = "; ".join(f"{label.replace('   ', ', ')}, {n:,}" for label, n in zip(labels, numbers))
    return finish(ax, title, f"{title}. Layers with output shape and parameters: {alt}.")


def _shape(shape: object) -> tuple[int, ...]:
    """(C, H, W) or (features,), from a tuple or from text such as '32 × 64 × 64'; a batch axis in front is dropped."""
    sizes = re.findall(r"\d+", shape) if isinstance(shape, str) else [s for s in shape if s is not None]
    sizes = tuple(int(s) for s in sizes)
    return sizes[1:] if len(sizes) in (2, 4) else sizes


def _shape_text(shape: object) -> str:
    return " × ".join(str(s) for s in _shape(shape)) or "1"


def plot_architecture(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Sketch a network from left to right: a block is as tall as its feature maps, as wide as it has channels (log scale).

    Parameters
    ----------
    rows : dicts with layer, output_shape and parameters, as from ``maskkit.models.layer_table``.
    """
    shapes = [_shape(row["output_shape"]) or (1,) for row in as_rows(rows, _LAYER[:2], "layer_table(model, image_size)")]
    tallest = max(s[1] if len(s) == 3 else 1 for s in shapes)
    ax = ensure_axes(ax, height=3.6)
    for x, (row, shape) in enumerate(zip(rows, shapes)):
        _draw_block(ax, x, shape, tallest)
        label = textwrap.fill(str(row["layer"]), max(8, int(size_in_inches(ax)[0] / len(rows) / 0.075)))
        ax.text(x, -0.04, label, ha="center", va="top", fontsize=SMALL_TEXT)
    ax.set(xlim=(-0.6, len(rows) - 0.4), ylim=(-0.2, 1.2))
    ax.axis("off")
    flow = " → ".join(f"{row['layer']} {_shape_text(row['output_shape'])}" for row in rows)
    first, last = (_shape_text(rows[i]["output_shape"]) for i in (0, -1))
    title = f"From {first} to {last} in {counted(len(rows), 'layer')}"
    return finish(ax, title, f"Sketch of the network: {flow}.")


def _draw_block(ax: Axes, x: float, shape: tuple[int, ...], tallest: int) -> None:
    maps = len(shape) == 3
    height = (shape[1] / tallest) if maps else 0.08 + 0.05 * np.log2(shape[0])
    height, width = min(height, 1.0), 0.12 + (0.08 * np.log2(shape[0]) if maps else 0)
    look = {"facecolor": PALETTE["sky_blue"]} if maps else {"facecolor": PALETTE["yellow"], "hatch": ".."}
    ax.add_patch(Rectangle((x - width / 2, 0), width, height, edgecolor="black", linewidth=0.8, **look))
    ax.text(x, height + 0.02, "\n× ".join(str(s) for s in shape), ha="center", va="bottom", fontsize=SMALL_TEXT)


def plot_by_depth(series: Mapping[str, Sequence[float]], what: str, *, ax: Axes | None = None) -> Axes:
    """Draw a quantity of each layer, from the first to the last, on a logarithmic scale.

    Parameters
    ----------
    series : name of a network to one positive value for each of its layers.
    what : says what the values are.
    """
    ax, parts = ensure_axes(ax), []
    for number, (name, values) in enumerate(series.items()):
        values = as_array(values).astype(float)
        draw_series(ax, number, np.arange(1, len(values) + 1), values, name)
        parts.append(f"{name} from {values[0]:.2g} in the first layer to {values[-1]:.2g} in the last")
    ax.set(yscale="log", xlabel="layer, counted from the picture", ylabel=f"{what} (log scale)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=9)
    plain_frame(ax)
    return finish(ax, f"{what[:1].upper()}{what[1:]}, layer by layer", f"{what[:1].upper()}{what[1:]}: {'; '.join(parts)}.")
