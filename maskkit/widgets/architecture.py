"""Choose filters, kernel, stride and padding; read shapes, parameters and receptive field. Taught in notebook 03."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import ipywidgets

from maskkit.errors import InputError
from maskkit.plots import Picture, plot_architecture, show
from maskkit.widgets.explorer import Explorer, View, column, whole_slider

CHANNELS = 3  # of a colour picture
MOST_BLOCKS = 4
_LIMITS = {"filters": (1, 128), "kernel": (1, 9), "stride": (1, 4), "padding": (0, 4), "pool": (1, 4)}
_LABELS = {"filters": "Filters", "kernel": "Kernel", "stride": "Stride", "padding": "Padding", "pool": "Pool (1: none)"}


@dataclass(frozen=True)
class Block:
    """A convolution with ReLU, and a max pool where ``pool`` is above 1."""

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    pool: int = 2

    def __post_init__(self) -> None:
        for field in fields(self):
            value, lowest = getattr(self, field.name), 0 if field.name == "padding" else 1
            if value < lowest:
                raise InputError(f"{field.name} must be at least {lowest}; got {value}.")


MASKCNN = (Block(32), Block(64))  # the convolutions of MaskCNN


def _slide(size: int, kernel: int, stride: int, padding: int, name: str) -> int:
    if size + 2 * padding < kernel:
        raise InputError(f"{name}: a window of {kernel} does not fit into {size} pixels with a padding of {padding}. "
                         "Take a smaller kernel, a smaller stride before it, or fewer blocks.")
    return (size + 2 * padding - kernel) // stride + 1


def describe_network(blocks: Sequence[Block], image_size: int = 128, hidden: int = 128) -> list[dict[str, object]]:
    """Shape, parameters and receptive field of each layer, without building any of them.

    Parameters
    ----------
    blocks : the convolutions, in order
    image_size : side of the square colour picture in pixels
    hidden : units of the fully connected layer before the one output

    Returns
    -------
    list of dict
        ``layer``, ``output_shape``, ``parameters``, ``field`` (pixels a side that one number has seen, at most the picture).

    Raises
    ------
    InputError
        If a window does not fit into what is left of the picture.
    """
    rows, channels, size, field, step = [], CHANNELS, image_size, 1, 1

    def add(layer: str, shape: tuple[int, ...], parameters: int) -> None:
        rows.append({"layer": layer, "output_shape": shape, "parameters": parameters, "field": min(field, image_size)})

    for number, block in enumerate(blocks, 1):
        size = _slide(size, block.kernel, block.stride, block.padding, f"Block {number}")
        field, step = field + (block.kernel - 1) * step, step * block.stride
        add("Conv2d", (block.filters, size, size), block.filters * (channels * block.kernel**2 + 1))
        add("ReLU", (block.filters, size, size), 0)
        channels = block.filters
        if block.pool > 1:
            size = _slide(size, block.pool, block.pool, 0, f"The pool of block {number}")
            field, step = field + (block.pool - 1) * step, step * block.pool
            add("MaxPool2d", (channels, size, size), 0)
    field, features = image_size, channels * size * size  # what is fully connected sees everything
    add("Flatten", (features,), 0)
    add("Linear", (hidden,), hidden * (features + 1))
    add("ReLU", (hidden,), 0)
    add("Linear", (1,), hidden + 1)
    return rows


def network_in_words(rows: Sequence[dict], image_size: int) -> str:
    """The sentence below the sketch: parameters, where they sit, and how far the convolutions see."""
    total = sum(row["parameters"] for row in rows)
    largest = max(range(len(rows)), key=lambda i: rows[i]["parameters"])
    seen = next((row for row in reversed(rows) if len(row["output_shape"]) == 3), {"field": 1})["field"]
    return (f"{total:,} parameters; {100 * rows[largest]['parameters'] / total:.1f} % of them in layer {largest + 1}, {rows[largest]['layer']}. "
            f"Behind the last convolution or pool a number has seen {seen} of {image_size} pixels a side.")


class ArchitectureExplorer(Explorer):
    """A column of sliders for each block, a sketch and a table; made by `explore_architecture`."""

    def __init__(self, blocks: Sequence[Block], image_size: int):
        self.image_size = image_size
        first = [*blocks, *([Block(64)] * (MOST_BLOCKS - len(blocks)))]
        count = whole_slider("Blocks", len(blocks), 1, MOST_BLOCKS)
        hidden = whole_slider("Fully connected units", 128, 1, 512)
        block_controls = [_block_controls(number, block) for number, block in enumerate(first, 1)]
        self.columns = [column(made.values()) for made in block_controls]
        controls = {"blocks": count, "hidden": hidden}
        controls |= {f"{name}_{number}": control for number, made in enumerate(block_controls, 1) for name, control in made.items()}
        side_by_side = ipywidgets.HBox(self.columns, layout={"flex_flow": "row wrap"})
        super().__init__(controls, [count, side_by_side, hidden])

    @property
    def blocks(self) -> list[Block]:
        """The blocks that the controls ask for."""
        count = self.controls["blocks"].value
        return [Block(**{name: self.controls[f"{name}_{number}"].value for name in _LIMITS}) for number in range(1, count + 1)]

    def view(self) -> View:
        blocks = self.blocks
        for number, shown in enumerate(self.columns):
            shown.layout.display = "" if number < len(blocks) else "none"
        rows = describe_network(blocks, self.image_size, self.controls["hidden"].value)
        return View(network_in_words(rows, self.image_size), _sketch(rows), _table(rows))


def _block_controls(number: int, block: Block) -> dict[str, ipywidgets.BoundedIntText]:
    return {name: whole_slider(f"{number}: {_LABELS[name]}", getattr(block, name), *_LIMITS[name], widths=("9em", "25em")) for name in _LIMITS}


def _sketch(rows: Sequence[dict]) -> Picture:
    """The layers with their numbers in the table; ReLU changes no shape, and the room is small."""
    sketched = [{**row, "layer": f"{number} {row['layer']}"} for number, row in enumerate(rows, 1) if row["layer"] != "ReLU"]
    axes = plot_architecture(sketched)
    axes.set_title(f"{len(rows)} layers, drawn without ReLU", loc="left")
    return show(axes)


def _table(rows: Sequence[dict]) -> list[list[str]]:
    head = ["layer", "output shape", "parameters", "pixels seen, a side"]
    return [head, *([f"{i} {row['layer']}", " × ".join(map(str, row["output_shape"])), f"{row['parameters']:,}", str(row["field"])]
                    for i, row in enumerate(rows, 1))]


def explore_architecture(blocks: Sequence[Block] = MASKCNN, image_size: int = 128) -> ArchitectureExplorer:
    """Build a network from sliders; nothing is computed but shapes, parameters and receptive fields.

    Parameters
    ----------
    blocks : where to begin, 1 to 4; MaskCNN's convolutions by default
    image_size : side of the pictures in pixels

    Raises
    ------
    InputError
        If there are no blocks or too many, or the image size is below 1.
    """
    if not 1 <= len(blocks) <= MOST_BLOCKS:
        raise InputError(f"The explorer has 1 to {MOST_BLOCKS} blocks; got {len(blocks)}.")
    if image_size < 1:
        raise InputError(f"The image size must be a positive number of pixels; got {image_size}.")
    return ArchitectureExplorer(blocks, image_size)
