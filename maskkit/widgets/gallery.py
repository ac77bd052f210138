"""Leaf through the mistakes of a model, filtered by what is known about each picture. Taught in notebook 05."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maskkit.errors import InputError
from maskkit.evaluation import labels_and_probabilities, values_of, wilson_interval
from maskkit.plots import Picture, plot_mistakes, show
from maskkit.widgets.explorer import Explorer, View, dropdown, whole_slider

KINDS = {
    "every mistake": "mistakes",
    "masks that were missed": "missed",
    "masks seen where there are none": "imagined",
    "right answers": "right",
}
ORDERS = {"surest first": True, "least sure first": False}
PAGE = 12  # pictures at a time
EVERYTHING = "(all)"


@dataclass(frozen=True)
class Answers:
    """Labels, scores and what is known of each picture.

    Attributes
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask
    attributes : (N,) values by name; empty where nothing is known
    threshold : a probability of at least this is called with_mask
    """

    y_true: np.ndarray
    y_score: np.ndarray
    attributes: Mapping[str, np.ndarray]
    threshold: float = 0.5

    @property
    def wrong(self) -> np.ndarray:
        """Where the answer is not the label, (N,) bool."""
        return (self.y_score >= self.threshold) != (self.y_true == 1)

    def having(self, name: str, value: str) -> np.ndarray:
        """Where an attribute has a value (one of `values_of`), (N,) bool; everywhere if either is `EVERYTHING`."""
        if EVERYTHING in (name, value):
            return np.ones(len(self.y_true), dtype=bool)
        return values_of(self.attributes[name]) == value

    def choose(self, kind: str, name: str = EVERYTHING, value: str = EVERYTHING, surest: bool = True) -> np.ndarray:
        """Positions of the pictures of a kind (a value of `KINDS`) that have an attribute, in order of certainty."""
        masked, wrong = self.y_true == 1, self.wrong
        of_kind = {"mistakes": wrong, "missed": wrong & masked, "imagined": wrong & ~masked, "right": ~wrong}[kind]
        chosen = np.flatnonzero(of_kind & self.having(name, value))
        distance = np.abs(self.y_score[chosen] - self.threshold)
        return chosen[np.argsort(-distance if surest else distance, kind="stable")]

    def describe(self, name: str = EVERYTHING, value: str = EVERYTHING) -> str:
        """How many of the pictures with an attribute are wrong, with the 95 % interval, beside the share of all."""
        inside, wrong = self.having(name, value), self.wrong
        share = f"{int(wrong.sum())} of all {len(wrong)} pictures are wrong ({wrong.mean():.1%})"
        if inside.all():
            return f"{share}."
        low, high = wilson_interval(int(wrong[inside].sum()), int(inside.sum()))
        return (f"With {name.replace('_', ' ')}: {value.replace('_', ' ')}, {int(wrong[inside].sum())} of {int(inside.sum())} are wrong "
                f"({wrong[inside].mean():.1%}; 95 % interval {low:.1%} to {high:.1%}); {share}.")


class MistakeGallery(Explorer):
    """Filters, a page of pictures, and how often such pictures are wrong; made by `explore_mistakes`."""

    def __init__(self, images: object, answers: Answers):
        self.images, self.answers = images, answers
        names = [(name.replace("_", " "), name) for name in sorted(answers.attributes)]
        controls = {
            "kind": dropdown("Show", list(KINDS.items()), "mistakes"),
            "attribute": dropdown("Attribute", [(EVERYTHING, EVERYTHING), *names], EVERYTHING),
            "value": dropdown("Its value", [EVERYTHING], EVERYTHING),
            "surest": dropdown("Order", list(ORDERS.items()), True),
            "page": whole_slider("Page", 1, 1, 1),
        }
        controls["attribute"].observe(self._offer_values, names="value")  # before the drawing, which asks for the value
        super().__init__(controls)

    def _offer_values(self, _change: object) -> None:
        name = self.controls["attribute"].value
        values = [] if name == EVERYTHING else np.unique(values_of(self.answers.attributes[name])).tolist()
        with self.quietly():
            self.controls["value"].options = [(EVERYTHING, EVERYTHING), *((value.replace("_", " "), value) for value in values)]
            self.controls["value"].value = EVERYTHING

    def view(self) -> View:
        kind, name, value, surest = (self.controls[key].value for key in ("kind", "attribute", "value", "surest"))
        chosen = self.answers.choose(kind, name, value, surest)
        page = self.controls["page"]
        with self.quietly():
            page.max = max(1, -(-len(chosen) // PAGE))  # pulls the value down with it
        shown = chosen[(page.value - 1) * PAGE : page.value * PAGE]
        line = self.answers.describe(name, value)
        if not len(shown):
            return View(f"No picture is like this. {line}")
        return View(f"{len(shown)} of {len(chosen)} pictures, page {page.value} of {page.max}. {line}", self._draw(shown))

    def _draw(self, shown: np.ndarray) -> Picture:
        answers = self.answers
        axes = plot_mistakes([self.images[i] for i in shown], answers.y_true[shown], answers.y_score[shown], range(len(shown)),
                             threshold=answers.threshold)
        axes.set_title("", loc="left")  # it counts the mistakes on this page alone
        truths = ", ".join(f"{('without', 'with')[answers.y_true[i]]} mask and probability {answers.y_score[i]:.0%}" for i in shown)
        return show(axes, alt=f"{len(shown)} pictures: {truths}.")


def explore_mistakes(images: object, y_true: object, y_score: object, attributes: Mapping[str, object] | None = None, *,
                     threshold: float = 0.5) -> MistakeGallery:
    """Show the pictures that a model got wrong, a page at a time, filtered by attribute where attributes are known.

    Parameters
    ----------
    images : (N, 3, H, W), uint8 or float in [0, 1]
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask
    attributes : (N,) values by name, as in ``Subset.attributes``; None for photos
    threshold : a probability of at least this is called with_mask

    Raises
    ------
    InputError
        If images, labels, scores and attributes are not equally many, there are none, labels are not 0 and 1, or scores are no probabilities.
    """
    known = {name: np.asarray(column) for name, column in (attributes or {}).items()}
    y_true, y_score = np.asarray(y_true).ravel(), np.asarray(y_score, dtype=float).ravel()
    counts = {"images": len(images), "labels": len(y_true), "scores": len(y_score), **{name: len(c) for name, c in known.items()}}
    if len(set(counts.values())) != 1 or not len(images):
        raise InputError(f"The gallery needs one label, score and value for each image; got {', '.join(f'{n} {name}' for name, n in counts.items())}.")
    return MistakeGallery(images, Answers(*labels_and_probabilities(y_true, y_score), known, threshold))
