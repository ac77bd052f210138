"""Move a kernel over a small picture and read every product and their sum. Taught in notebook 03."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from maskkit.errors import InputError
from maskkit.plots import Picture, plot_arrays, show
from maskkit.widgets.explorer import Explorer, View, dropdown, whole_slider

# A dark square on a bright ground with a bright corner, so that edges of both directions and a flat part occur.
SMALL_PICTURE = np.array([[9, 9, 9, 9, 9, 9], [9, 1, 1, 1, 9, 9], [9, 1, 1, 1, 9, 9], [9, 1, 1, 1, 9, 9], [9, 9, 9, 9, 9, 9], [9, 9, 9, 9, 9, 0]])
KERNELS = {
    "edges from top to bottom": np.array([[-1, 0, 1]] * 3),
    "edges across": np.array([[-1, 0, 1]] * 3).T,
    "mean of the window": np.full((3, 3), 1 / 9),
    "one pixel against its neighbours": np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
    "the middle pixel alone": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
}
LARGEST = 10  # pixels a side: more numbers than that cannot be read


@dataclass(frozen=True)
class Step:
    """One place of the kernel.

    Attributes
    ----------
    row, column : place in the output, counted from 0
    corner : row and column of the window's upper left pixel in the padded picture
    window, products : (k, k) float
    total : the sum of the products, one number of the output
    """

    row: int
    column: int
    corner: tuple[int, int]
    window: np.ndarray
    products: np.ndarray
    total: float


def convolution(picture: np.ndarray, kernel: np.ndarray, padding: int = 0, stride: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the padded picture and the whole output, as PyTorch computes it (without a bias).

    Raises
    ------
    InputError
        If the kernel fits nowhere into the picture.
    """
    padded = np.pad(np.asarray(picture, dtype=float), padding)
    if min(padded.shape) < len(kernel):
        raise InputError(f"A kernel of {len(kernel)} × {len(kernel)} does not fit into {padded.shape[0]} × {padded.shape[1]} pixels.")
    output = F.conv2d(torch.from_numpy(padded)[None, None], torch.from_numpy(np.asarray(kernel, dtype=float))[None, None], stride=stride)
    return padded, output[0, 0].numpy()


def convolution_step(picture: np.ndarray, kernel: np.ndarray, position: int, padding: int = 0, stride: int = 1) -> Step:
    """The numbers of one place of the kernel; places are counted from 0 in reading order.

    Raises
    ------
    InputError
        If the output has no such place.
    """
    padded, output = convolution(picture, kernel, padding, stride)
    if not 0 <= position < output.size:
        raise InputError(f"The output has {output.size} places, counted from 0; got position {position}.")
    row, column = divmod(position, output.shape[1])
    top, left = row * stride, column * stride
    window = padded[top : top + len(kernel), left : left + len(kernel)]
    products = window * kernel
    return Step(row, column, (top, left), window, products, float(products.sum()))


def sum_in_words(step: Step, kernel: np.ndarray) -> str:
    """The multiplication written out: ``9 × -1 + 9 × 0 + … = -8``."""
    factors = zip(step.window.ravel(), np.asarray(kernel).ravel())
    return f"{' + '.join(f'{pixel:.3g} × {weight:.3g}' for pixel, weight in factors)} = {step.total:.3g}"


class ConvolutionExplorer(Explorer):
    """Window, kernel, products and output of one step; made by `explore_convolution`."""

    def __init__(self, picture: np.ndarray, kernels: Mapping[str, np.ndarray]):
        self.pixels, self.kernels = picture, kernels
        names = list(kernels)
        super().__init__({
            "kernel": dropdown("Kernel", names, names[0]),
            "padding": whole_slider("Padding", 0, 0, 2),
            "stride": whole_slider("Stride", 1, 1, 3),
            "position": whole_slider("Position (first is 1)", 1, 1, self._places(kernels[names[0]], 0, 1)),
        })

    def _places(self, kernel: np.ndarray, padding: int, stride: int) -> int:
        return convolution(self.pixels, kernel, padding, stride)[1].size

    def view(self) -> View:
        kernel, padding, stride = self.kernels[self.controls["kernel"].value], self.controls["padding"].value, self.controls["stride"].value
        slider = self.controls["position"]
        with self.quietly():
            slider.max = self._places(kernel, padding, stride)  # pulls the value down with it
        step = convolution_step(self.pixels, kernel, slider.value - 1, padding, stride)
        padded, output = convolution(self.pixels, kernel, padding, stride)
        line = (f"Position {slider.value} of {output.size}: the output's row {step.row}, column {step.column} "
                f"(counted from 0) is {sum_in_words(step, kernel)}. The output has {output.shape[0]} × {output.shape[1]} numbers.")
        return View(line, _draw_step(padded, kernel, step, output, slider.value))


def _draw_step(padded: np.ndarray, kernel: np.ndarray, step: Step, output: np.ndarray, done: int) -> Picture:
    so_far = np.where(np.arange(output.size).reshape(output.shape) < done, output, np.nan)
    tables = {"picture": padded, "kernel": kernel, "products": step.products, "output so far": so_far}
    frames = {"picture": (*step.corner, *kernel.shape), "output so far": (step.row, step.column, 1, 1)}
    shown = {name: table.round(2) for name, table in tables.items()}  # what fits into a cell
    return show(plot_arrays(shown, highlights=frames, fmt=".4g"))


def explore_convolution(picture: object = SMALL_PICTURE, kernels: object = KERNELS) -> ConvolutionExplorer:
    """Slide a kernel over a small picture; each position shows its window, its products and their sum.

    Parameters
    ----------
    picture : (H, W) numbers, at most 10 a side
    kernels : by name, each (k, k); the learner chooses one. Or a single one

    Raises
    ------
    InputError
        If the picture is no small table of numbers, a kernel is not square, or one does not fit.
    """
    pixels = np.asarray(picture, dtype=float)
    if pixels.ndim != 2 or not 1 <= min(pixels.shape) <= max(pixels.shape) <= LARGEST:
        raise InputError(f"The explorer needs a picture of (H, W) numbers, at most {LARGEST} a side, but this one has the shape {pixels.shape}.")
    if not isinstance(kernels, Mapping):
        kernels = {"your kernel": kernels}
    weights = {name: np.asarray(kernel, dtype=float) for name, kernel in kernels.items()}
    for name, kernel in weights.items():
        if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1]:
            raise InputError(f"A kernel is a square table of numbers, but {name!r} has the shape {kernel.shape}.")
        convolution(pixels, kernel)
    return ConvolutionExplorer(pixels, weights)
