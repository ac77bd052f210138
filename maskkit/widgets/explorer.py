"""What all explorers share: labelled controls above, a picture and words that say the same below.

A notebook that runs without a browser, or is read where no kernel runs, shows the picture and the words as they stood.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import ipywidgets

from maskkit.errors import InputError
from maskkit.plots import PALETTE, Picture

# Of the label, so that none is cut off, and of the whole control.
WIDTHS = "12em", "32em"
LOOK = {"style": {"description_width": WIDTHS[0]}, "layout": {"width": WIDTHS[1]}}
# The handle's own grey on white is hard to find. Blue stands out on a light and on a dark page.
HANDLE = {"style": {"handle_color": PALETTE["blue"]}, "layout": {"flex": "1 1 0", "width": "auto", "margin": "2px 2px 2px 10px"}}
# What has the focus is hard to tell: a blue handle stays blue, and a field's border turns from grey to a pale blue.
FOCUS = ".jupyter-widgets:focus-visible, .jupyter-widgets :focus:focus-visible { outline: 2px solid currentColor !important; outline-offset: 2px }"
# The arrow of a list is dark whatever the page is. A middle grey has a contrast of about 4 to 1 with white and with the dark theme's black.
ARROW = """.jupyter-widgets.widget-dropdown > select { background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath fill='none' stroke='%23808080' stroke-width='2' d='M5 7l4 4 4-4'/%3E%3C/svg%3E") }"""
# Set while the solutions are executed: their outputs then hold pictures in place of controls that would have no kernel.
STATIC = "MASKKIT_STATIC_WIDGETS"


@dataclass(frozen=True)
class View:
    """What an explorer shows for one setting of its controls.

    Attributes
    ----------
    line : the text equivalent, plain text
    picture : with alternative text; None where there is nothing to draw
    table : rows of cells, the first one holds the headings
    fold : words to click on before a long table is shown; it stands open where there are none
    """

    line: str
    picture: Picture | None = None
    table: Sequence[Sequence[str]] = ()
    fold: str = ""

    def _repr_html_(self) -> str:
        return self.picture_html + self.text_html

    @property
    def picture_html(self) -> str:
        """The picture; empty where there is none."""
        return self.picture._repr_html_() if self.picture else ""

    @property
    def text_html(self) -> str:
        """The line and the table; a screen reader speaks the line when it changes."""
        return f'<p role="status" aria-live="polite" style="max-width: 60em; line-height: 1.4">{html.escape(self.line)}</p>{self._table_html()}'

    def _table_html(self) -> str:
        if not self.table:
            return ""
        head, *rows = [[html.escape(str(cell)) for cell in row] for row in self.table]
        looks = [f'style="padding: 0.1em 0.8em; text-align: {side}; color: inherit; background: transparent; line-height: 1.4"'
                 for side in ("left", *["right"] * (len(head) - 1))]
        heading = "".join(f'<th scope="col" {look}>{text}</th>' for look, text in zip(looks, head))
        body = "".join(f"<tr>{''.join(f'<td {look}>{text}</td>' for look, text in zip(looks, row))}</tr>" for row in rows)
        table = f'<table style="border-collapse: collapse; color: inherit"><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>'
        return f'<details><summary style="cursor: pointer">{html.escape(self.fold)}</summary>{table}</details>' if self.fold else table


class Explorer(ipywidgets.VBox):
    """Controls, a picture and its words. A subclass says in `view` what they show.

    Parameters
    ----------
    controls : the widgets by name; whenever the value of one changes, everything is drawn again
    arranged : the same widgets as they shall stand on the page; below each other by default
    """

    _quiet = False

    def __init__(self, controls: Mapping[str, ipywidgets.Widget], arranged: Sequence[ipywidgets.Widget] | None = None):
        self.controls = dict(controls)
        self.picture, self.text = ipywidgets.HTML(), ipywidgets.HTML()
        self.shown = View("")
        super().__init__([column(arranged or self.controls.values()), self.picture, self.text, ipywidgets.HTML(f"<style>{FOCUS} {ARROW}</style>", layout={"display": "none"})])
        for control in self.controls.values():
            if control.has_trait("value"):
                control.observe(self.redraw, names="value")
        self.redraw()

    def view(self) -> View:
        """What to show for the present values of the controls; an `InputError` is shown as its sentence."""
        raise NotImplementedError

    def redraw(self, _change: object = None) -> None:
        """Show the present values of the controls."""
        if self._quiet:
            return
        try:
            self.shown = self.view()
        except InputError as error:
            self.shown = View(str(error))
        self.picture.value, self.text.value = self.shown.picture_html, self.shown.text_html

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Change several controls that belong together, and draw nothing in between."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.shown.line}" if "shown" in vars(self) else type(self).__name__

    def _repr_mimebundle_(self, **_options: object) -> dict[str, object]:
        """Controls where a kernel answers them; the picture and the words where none does (ipywidgets 8; in 7 controls alone)."""
        bundle = {"text/plain": repr(self), "text/html": self.shown._repr_html_()}
        if not os.environ.get(STATIC):
            bundle["application/vnd.jupyter.widget-view+json"] = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return bundle


def slider(label: str, value: float, low: float, high: float, step: float, *, at_once: bool = True) -> ipywidgets.BoundedFloatText:
    """A labelled number with a slider beside it; where drawing takes long, ``at_once=False`` waits until the slider is let go."""
    field = ipywidgets.BoundedFloatText(value=value, min=low, max=high, step=step, description=label)
    return _beside(field, ipywidgets.FloatSlider(min=low, max=high, step=step, readout=False, continuous_update=at_once, **HANDLE))


def whole_slider(label: str, value: int, low: int, high: int, *, at_once: bool = True, widths: tuple[str, str] = WIDTHS) -> ipywidgets.BoundedIntText:
    """A labelled whole number with a slider beside it; ``widths`` are those of the label and of everything."""
    field = ipywidgets.BoundedIntText(value=value, min=low, max=high, description=label)
    return _beside(field, ipywidgets.IntSlider(min=low, max=high, readout=False, continuous_update=at_once, **HANDLE), widths)


def _beside(field: ipywidgets.Widget, made: ipywidgets.Widget, widths: tuple[str, str] = WIDTHS) -> ipywidgets.Widget:
    """Give a field a ``row`` in which a slider follows it.

    The field is the control. It is there for its name: ipywidgets ties the label of a field to it, but that of a slider to nothing,
    and a screen reader then says "slider" and a number. And whoever has no mouse has a number typed before it is found on a slider.
    """
    for name in ("min", "max", "disabled"):
        ipywidgets.link((field, name), (made, name))
    # A slider of tenths comes to 0.30000000000000004, which nobody wants to read in a field.
    ipywidgets.link((field, "value"), (made, "value"), transform=(lambda number: number, lambda number: round(number, 9)))
    field.style.description_width, width = widths
    field.layout.flex, field.layout.width = "0 0 auto", f"calc({widths[0]} + 6.5em)"
    field.row = ipywidgets.HBox([field, made], layout={"width": width})
    return field


def column(controls: Iterable[ipywidgets.Widget]) -> ipywidgets.VBox:
    """Controls below each other, every number in a row with its slider."""
    return ipywidgets.VBox([getattr(control, "row", control) for control in controls])


def dropdown(label: str, options: Sequence[object], value: object) -> ipywidgets.Dropdown:
    """A labelled list to choose from; options are values, or pairs of words and value."""
    return ipywidgets.Dropdown(options=options, value=value, description=label, **LOOK)


def checkbox(label: str, value: bool = False) -> ipywidgets.Checkbox:
    """A labelled box to tick."""
    return ipywidgets.Checkbox(value=value, description=label, **LOOK)


def side_by_side(buttons: Iterable[ipywidgets.Button]) -> ipywidgets.HBox:
    """Buttons in a row, in line with the other controls."""
    return ipywidgets.HBox(list(buttons), layout={"margin": "0.3em 0 0.6em 12.6em"})


def button(label: str, action: Callable[[], None], *, disabled: bool = False) -> ipywidgets.Button:
    """A button that calls ``action`` when it is pressed."""
    made = ipywidgets.Button(description=label, disabled=disabled, layout={"width": "auto"})  # as wide as its words
    made.on_click(lambda _: action())
    return made
