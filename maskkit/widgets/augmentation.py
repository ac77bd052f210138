"""Move sliders, see a face change, and read whether its label is still true. Taught in notebook 02."""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from maskkit.errors import InputError, require
from maskkit.plots import Picture, plot_images, show
from maskkit.transforms import adjust_brightness, adjust_contrast, adjust_saturation, erase, flip_horizontal, rotate, to_float
from maskkit.widgets.explorer import Explorer, View, checkbox, dropdown, slider

MOUTH = (0.5, 0.68)  # where most masks have their middle: shares of the width and of the height
_HIDES_A_MASK = 0.12  # from this share of the picture on, a square over the mouth may cover all of a mask
_NOTHING_TO_SEE = 0.03  # standard deviation of the pixels, below which a picture is a flat area


@dataclass(frozen=True)
class Change:
    """What the explorer does to a picture; the defaults change nothing.

    Attributes
    ----------
    rotation : degrees, counter-clockwise
    brightness, contrast, saturation : factors, 1 changes nothing
    erasing : share of the picture that a grey square over the mouth covers, from 0 to 1
    flip : mirror left and right
    """

    rotation: float = 0.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    erasing: float = 0.0
    flip: bool = False

    def apply(self, images: Tensor) -> Tensor:
        """Change float images (B, 3, H, W) in [0, 1], in the order in which training does it."""
        images = flip_horizontal(images) if self.flip else images
        images = rotate(images, self.rotation) if self.rotation else images
        images = adjust_brightness(images, self.brightness) if self.brightness != 1 else images
        images = adjust_contrast(images, self.contrast) if self.contrast != 1 else images
        images = adjust_saturation(images, self.saturation) if self.saturation != 1 else images
        return _erase_mouth(images, self.erasing) if self.erasing else images

    def describe(self) -> str:
        """What was done, in words."""
        factors = {name: getattr(self, name) for name in ("brightness", "contrast", "saturation")}
        steps = [
            "mirrored" if self.flip else "",
            f"rotated by {self.rotation:g} degrees" if self.rotation else "",
            *(f"{name} × {factor:g}" for name, factor in factors.items() if factor != 1),
            f"{100 * self.erasing:.0f} % erased over the mouth" if self.erasing else "",
        ]
        return ", ".join(step for step in steps if step) or "nothing changed"


def _erase_mouth(images: Tensor, share: float) -> Tensor:
    height, width = images.shape[-2:]
    side = (share * height * width) ** 0.5
    box = (MOUTH[1] * height - side / 2, MOUTH[0] * width - side / 2, side, side)
    return erase(images, *(torch.full((len(images),), float(round(edge))) for edge in box))


def label_verdict(change: Change, changed: Tensor) -> str:
    """Say whether the label of a picture is still true after a change: "still safe" or "not safe", and why.

    Parameters
    ----------
    change : what was done
    changed : the result, float, (..., 3, H, W)
    """
    if changed.std() < _NOTHING_TO_SEE:
        return "not safe: nothing can be seen any more, with or without a mask"
    if change.erasing >= _HIDES_A_MASK:
        return "not safe: the square may hide all of a mask, and then nobody could tell"
    if abs(change.rotation) > 45:
        return "still safe, but no photo that the model will meet is turned this far"
    return "still safe: whether there is a mask can be seen as before"


class AugmentationExplorer(Explorer):
    """Controls, the picture before and after, and a line of text; made by `explore_augmentation`."""

    def __init__(self, images: Tensor):
        self.images = images
        super().__init__(_controls(len(images)))

    @property
    def change(self) -> Change:
        """What the controls ask for now."""
        return Change(**{name: control.value for name, control in self.controls.items() if name != "picture"})

    def view(self) -> View:
        before = self.images[self.controls["picture"].value][None]
        after = self.change.apply(before)
        line = f"After: {self.change.describe()}. The label is {label_verdict(self.change, after)}."
        return View(line, _before_and_after(before, after, line))


def _before_and_after(before: Tensor, after: Tensor, line: str) -> Picture:
    axes = plot_images(torch.cat([before, after]), titles=["before", "after"])
    return show(axes, alt=f"A face before and after a change. {line}")


def _controls(n_images: int) -> dict[str, ipywidgets.Widget]:
    choices = [(f"picture {i + 1} of {n_images}", i) for i in range(n_images)]
    return {
        "picture": dropdown("Picture", choices, 0),
        "rotation": slider("Rotation (degrees)", 0, -180, 180, 5),
        "brightness": slider("Brightness (factor)", 1, 0, 2, 0.1),
        "contrast": slider("Contrast (factor)", 1, 0, 2, 0.1),
        "saturation": slider("Saturation (factor)", 1, 0, 2, 0.1),
        "erasing": slider("Erased share", 0, 0, 0.5, 0.02),
        "flip": checkbox("Mirror left and right"),
    }


def explore_augmentation(images: Tensor) -> AugmentationExplorer:
    """Show a face beside its augmented self, with a control for each step, and say whether the label is still true.

    Parameters
    ----------
    images : Tensor
        (N, 3, H, W), uint8 or float in [0, 1]; one of them is shown at a time.

    Raises
    ------
    InputError
        If there are no images, or they are of another kind or shape.
    """
    require(images, (Tensor, np.ndarray), "explore_augmentation takes images, such as dataset.images")
    images = torch.as_tensor(images)
    if images.ndim != 4 or images.shape[1] != 3 or len(images) == 0:
        shape = tuple(images.shape)
        raise InputError(f"The explorer needs images of the shape (N, 3, H, W), N at least 1, but these have {shape}.")
    return AugmentationExplorer(to_float(images) if images.dtype == torch.uint8 else images.float())
