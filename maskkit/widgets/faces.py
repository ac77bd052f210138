"""Draw a face, change one attribute, and see the probability of a trained model move. Taught in notebooks 00 and 05."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from torch import nn

from maskkit.datasets import VARIETY
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.faces import CHOICES, FaceAttributes, draw_face, sample_attributes
from maskkit.faces.attributes import steady
from maskkit.plots import PALETTE, Picture, plot_images, show
from maskkit.widgets.explorer import Explorer, View, button, checkbox, dropdown, side_by_side, whole_slider

# The values that the studio offers for an attribute. Numbers stay within what the data sets hold.
VALUES: dict[str, tuple] = {
    "skin_tone": tuple(range(1, 11)),
    "yaw": (-60, -45, -30, -15, 0, 15, 30, 45, 60),
    "pitch": (-28, -14, 0, 14, 28),
    "roll": (-30, -20, -10, 0, 10, 20, 30),
    "light_direction": (-80, -40, 0, 40, 80),
    "brightness": (0.5, 0.75, 1.0, 1.25, 1.5),
    "contrast": (0.5, 0.75, 1.0, 1.25, 1.5),
    "blur": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "noise": (0, 5, 10, 15, 20),
    "resolution": (0.3, 0.5, 0.75, 1.0),
    "greyscale": (False, True),
    "people": (1, 2, 3),
} | {name: tuple(values) for name, values in CHOICES.items()}
_FIRST = "mask_color"


@dataclass(frozen=True)
class Sweep:
    """One face drawn with every value of one attribute.

    Attributes
    ----------
    name : of the attribute
    values : those that the face can have
    faces : (V, H, W, 3) uint8
    probabilities : (V,) of a mask
    """

    name: str
    values: tuple
    faces: np.ndarray
    probabilities: np.ndarray


def person(number: int, with_mask: bool, variety: float = VARIETY) -> FaceAttributes:
    """The attributes of a random person; with the mask on or off, all else stays the same."""
    rng = np.random.default_rng(number)
    return steady(sample_attributes(rng, with_mask=with_mask), rng, variety)


def sweep_attribute(model: nn.Module, attributes: FaceAttributes, name: str, image_size: int, seed: int = 0) -> Sweep:
    """Draw a face with every value of one attribute, and ask the model about each.

    Values that the face cannot have (a mask under the chin of somebody who wears one) are left out.

    Raises
    ------
    InputError
        If the studio does not know the attribute.
    """
    if name not in VALUES:
        raise InputError(f"The studio has no attribute {name!r}; it has {', '.join(VALUES)}.")
    pairs = [(value, change) for value in VALUES[name] if (change := _changed(attributes, name, value))]
    faces = np.stack([draw_face(change, rng=seed, image_size=image_size) for _, change in pairs])
    return Sweep(name, tuple(value for value, _ in pairs), faces, predict_proba(model, faces))


def _changed(attributes: FaceAttributes, name: str, value: object) -> FaceAttributes | None:
    extra = {"face_size": None} if name == "framing" and value != attributes.framing else {}
    try:
        return replace(attributes, **{name: value}, **extra)
    except InputError:
        return None


def move_in_words(before: float, after: float, with_mask: bool) -> str:
    """How far the probability of a mask moved, and whether the answer is now right."""
    points = round(100 * after) - round(100 * before)
    moved = f"goes from {before:.0%} to {after:.0%}, {abs(points)} points {'up' if points > 0 else 'down'}" if points else f"stays at {before:.0%}"
    answer = "mask" if after >= 0.5 else "no mask"
    verdict = "right" if (after >= 0.5) == with_mask else "wrong"
    return f"The probability of a mask {moved}. The model says {answer}, which is {verdict}."


class FaceStudio(Explorer):
    """A person, one attribute and its values; made by `explore_faces`.

    Attributes
    ----------
    kept : dict of the changes that were kept, by attribute
    sweep : the present attribute with all its values
    """

    def __init__(self, model: nn.Module, image_size: int, variety: float):
        self.model, self.image_size, self.variety = model, image_size, variety
        self.kept: dict[str, object] = {}
        self._sweeps: dict[tuple, Sweep] = {}
        controls = {
            "person": whole_slider("Person", 1, 1, 100, at_once=False),
            "with_mask": checkbox("Wears a mask", True),
            "attribute": dropdown("Attribute to change", [(name.replace("_", " "), name) for name in sorted(VALUES)], _FIRST),
            "value": dropdown("Its value", _options(VALUES[_FIRST]), VALUES[_FIRST][0]),
        }
        self.buttons = {"keep": button("Keep this change", self.keep), "restart": button("Undo all changes", self.restart)}
        controls["value"].value = _nearest(VALUES[_FIRST], getattr(person(1, True, variety), _FIRST))
        for name in ("person", "with_mask", "attribute"):
            controls[name].observe(self._offer_values, names="value")
        super().__init__(controls, [*controls.values(), side_by_side(self.buttons.values())])

    @property
    def attributes(self) -> FaceAttributes:
        """The face before the change: the person with all that was kept."""
        base = person(self.controls["person"].value, self.controls["with_mask"].value, self.variety)
        for name, value in self.kept.items():
            base = _changed(base, name, value) or base
        return base

    def keep(self) -> None:
        """Go on from the changed face."""
        self.kept[self.controls["attribute"].value] = self.controls["value"].value
        self.redraw()

    def restart(self) -> None:
        """Forget what was kept."""
        self.kept.clear()
        self._offer_values()
        self.redraw()

    def _offer_values(self, change: Mapping | None = None) -> None:
        """Offer what the face can have, beginning with what it has; if only the mask was put on or off, what was chosen stays chosen."""
        attributes, name, control = self.attributes, self.controls["attribute"].value, self.controls["value"]
        values = tuple(value for value in VALUES[name] if _changed(attributes, name, value))
        same_person = change is not None and change["owner"] is self.controls["with_mask"]
        chosen = control.value if same_person and control.value in values else _nearest(values, getattr(attributes, name))
        with self.quietly():
            control.options = _options(values)
            control.value = chosen

    def view(self) -> View:
        attributes, name, value = self.attributes, self.controls["attribute"].value, self.controls["value"].value
        self.sweep = self._swept(attributes, name)
        start = draw_face(attributes, rng=self.controls["person"].value, image_size=self.image_size)
        before, after = float(predict_proba(self.model, start[None])[0]), float(self.sweep.probabilities[self.sweep.values.index(value)])
        own = getattr(attributes, name)
        change = f"{_words(own)}; choose another value." if own == value else f"{_words(own)} becomes {_words(value)}."
        hidden = "" if (self.sweep.faces != self.sweep.faces[0]).any() else " Nothing is seen of it in this picture: all values draw the same."
        line = f"{_words(name).capitalize()}: {change}{hidden} {move_in_words(before, after, attributes.with_mask)}"
        rows = [[_words(name), "probability of a mask"], *([_words(v), f"{p:.0%}"] for v, p in zip(self.sweep.values, self.sweep.probabilities))]
        return View(line, self._draw(start, before, value, line), rows, "The probabilities as a table")

    def _swept(self, attributes: FaceAttributes, name: str) -> Sweep:
        """Kept by face and attribute, so that choosing another value does not draw them all anew."""
        seed = self.controls["person"].value
        key = (seed, name, replace(attributes, **{name: FaceAttributes.__dataclass_fields__[name].default}) if name != "framing" else attributes)
        if key not in self._sweeps:
            self._sweeps[key] = sweep_attribute(self.model, attributes, name, self.image_size, seed)
        return self._sweeps[key]

    def _draw(self, start: np.ndarray, before: float, value: object, line: str) -> Picture:
        sweep, chosen = self.sweep, self.sweep.values.index(value)
        figure = Figure(figsize=(9, max(3.2, 0.9 + 0.24 * len(sweep.values))), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        titles = [f"before: {before:.0%}", f"{_words(value)}: {sweep.probabilities[chosen]:.0%}"]
        plot_images([start, sweep.faces[chosen]], titles=titles, ax=left)
        _draw_probabilities(right, sweep, chosen)
        return show(figure, alt=f"A face before and after, and the probability of a mask for each {_words(sweep.name)}. {line}")


def _draw_probabilities(ax: object, sweep: Sweep, chosen: int) -> None:
    colors = [PALETTE["blue"] if i == chosen else PALETTE["sky_blue"] for i in range(len(sweep.values))]
    hatches = ["" if i == chosen else ".." for i in range(len(sweep.values))]
    ax.barh(range(len(sweep.values)), sweep.probabilities, color=colors, hatch=hatches, edgecolor="black", linewidth=0.6)
    ax.axvline(0.5, color=PALETTE["vermillion"], linestyle="--", linewidth=2)
    ax.set_yticks(range(len(sweep.values)), [f"▸ {_words(v)}" if i == chosen else _words(v) for i, v in enumerate(sweep.values)], fontsize=9)
    ax.set(xlim=(0, 1), ylim=(len(sweep.values) - 0.4, -0.6), xlabel="probability of a mask")
    ax.set_title(_words(sweep.name), loc="left", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)


def _options(values: tuple) -> list[tuple[str, object]]:
    return [(_words(value), value) for value in values]


def _nearest(values: tuple, value: object) -> object:
    """The offered value that is closest to the face's own: the same word, or the nearest number."""
    if isinstance(value, (bool, str, np.bool_)):
        return value
    return min(values, key=lambda offered: abs(offered - value))


def _words(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("_", " ")


def explore_faces(model: nn.Module, image_size: int = 64, *, variety: float = VARIETY) -> FaceStudio:
    """Open the face studio: choose a person, change one attribute, see what the model makes of it.

    Parameters
    ----------
    model : maps float images (B, 3, image_size, image_size) to logits (B,)
    image_size : side of the pictures that the model was trained on, in pixels
    variety : of camera, light and pose before the change, from 0 (a studio) to 1 (anywhere)

    Raises
    ------
    InputError
        If the model takes pictures of another size.
    """
    try:
        predict_proba(model, np.zeros((1, image_size, image_size, 3), np.uint8))
    except RuntimeError as error:
        raise InputError(f"The model does not take pictures of {image_size} × {image_size} pixels; give the size that it was trained on.") from error
    return FaceStudio(model, image_size, variety)
