"""What every plot is drawn with: colours that all readers can tell apart, Axes, words, alternative text, and `show`.

Colours are those of Okabe and Ito (2008, "Color Universal Design"), which colour-blind readers can tell apart; markers, hatches and
line styles carry the same meaning a second time.
"""

from __future__ import annotations

import base64
import html
import io
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from maskkit.errors import InputError, require

PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky_blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
CLASS_NAMES = ("without_mask", "with_mask")

# Index = label. Orange and blue also differ in lightness, so they stay apart on a black-and-white print.
CLASS_STYLES = (
    {"color": PALETTE["orange"], "hatch": "///", "marker": "^", "linestyle": "--"},
    {"color": PALETTE["blue"], "hatch": "", "marker": "o", "linestyle": "-"},
)
SERIES_STYLES = (
    *CLASS_STYLES,
    {"color": PALETTE["green"], "hatch": "xx", "marker": "s", "linestyle": ":"},
    {"color": PALETTE["purple"], "hatch": "..", "marker": "D", "linestyle": "-."},
    {"color": PALETTE["sky_blue"], "hatch": "\\\\", "marker": "v", "linestyle": "--"},
)
FULL_WIDTH = 9.0  # inches; at 96 CSS pixels an inch this fills a notebook's column without scrolling
SMALL_TEXT = 8  # points
_ALT_TEXTS: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()


_WEBP_MOST = 16383  # pixels a side, by the format


@dataclass(frozen=True, repr=False)
class Picture:
    """A finished drawing: PNG bytes with their alternative text.

    Notebooks show it as ``<img alt=...>``; where there are no pictures (a terminal, a screen reader) it reads as its text.
    """

    png: bytes
    alt: str
    width: int  # CSS pixels

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        kind, data = "png", self.png
        picture = Image.open(io.BytesIO(self.png))
        if max(picture.size) <= _WEBP_MOST:
            # A tenth of the PNG's bytes where photos are shown, so that an executed notebook stays small.
            small = io.BytesIO()
            picture.convert("RGB").save(small, format="WEBP", quality=88, method=4)
            kind, data = "webp", small.getvalue()
        alt = html.escape(self.alt, quote=True)
        return f'<img alt="{alt}" src="data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}" width="{self.width}" style="max-width: 100%">'

    def save(self, path: str | Path) -> Path:
        """Write the PNG file (the alternative text is inside, as its description) and return its path."""
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise InputError(f"A picture is saved as .png, but the name is {path.name!r}: end it in .png.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.png)
        return path


def show(ax: Axes | Figure, alt: str | None = None, *, dpi: int = 110) -> Picture:
    """Turn a plot into a `Picture`, the last line of a notebook cell, and close its figure.

    Parameters
    ----------
    ax : the Axes that a ``plot_*`` function returned, or a Figure with several of them.
    alt : alternative text to use in place of the one that the plot computed.

    Raises
    ------
    InputError : if this is no plot, or it has no alternative text and none is given.
    """
    require(ax, (Axes, Figure), "show takes what a plot_… function returned, as show(plot_images(images))")
    figure = ax.figure.figure if isinstance(ax, Axes) else ax
    alt = alt or alt_text(ax)
    if not alt:
        raise InputError("This plot has no alternative text: pass one, as in show(ax, alt='Loss falls to 0.1.').")
    buffer = io.BytesIO()
    canvas = FigureCanvasAgg(figure)  # its print_png gives the bytes of savefig, which draws twice
    figure.set(dpi=dpi, facecolor="white")
    canvas.print_png(buffer, metadata={"Description": alt, "Software": None})
    _close(figure)
    return Picture(buffer.getvalue(), alt, width=round(figure.get_figwidth() * 96))


def alt_text(ax: Axes | Figure) -> str:
    """Return the alternative text of a plot; of all the plots of its figure, in order, if it is given a Figure."""
    axes = ax.axes if isinstance(ax, Figure) else [ax]
    return " ".join(_ALT_TEXTS[a] for a in axes if a in _ALT_TEXTS)


def _close(figure: Figure) -> None:
    """Make pyplot forget the figure (if it knew it), or the inline backend would draw it a second time."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)


def ensure_axes(ax: Axes | None, width: float = FULL_WIDTH, height: float = 3.6) -> Axes:
    """Return `ax`, or the Axes of a new figure. Not pyplot's figure: those stay in memory until somebody closes them."""
    return ax if ax is not None else Figure(figsize=(width, height), layout="constrained").subplots()


def finish(ax: Axes, title: str, alt: str) -> Axes:
    """Set the title (wrapped to the width of the Axes) and the alternative text."""
    characters = max(20, int(size_in_inches(ax)[0] * 11))
    ax.set_title(textwrap.fill(title, characters), loc="left", fontsize=11, parse_math=False)
    _ALT_TEXTS[ax] = " ".join(alt.split())
    return ax


def size_in_inches(ax: Axes) -> tuple[float, float]:
    """Width and height of an Axes on paper."""
    box, figure = ax.get_position(), ax.figure.figure  # the second step leads from a SubFigure to its figure
    return box.width * figure.get_figwidth(), box.height * figure.get_figheight()


def plain_frame(ax: Axes) -> None:
    """Open the frame at the top and at the right, and lay a light grid below what is drawn."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)


def series_style(number: int) -> dict[str, str]:
    """Colour, marker and line style of one of several series; after the last they begin again."""
    style = SERIES_STYLES[number % len(SERIES_STYLES)]
    return {key: style[key] for key in ("color", "marker", "linestyle")}


def draw_series(ax: Axes, number: int, x: object, y: object, label: str, low: object = None, high: object = None) -> None:
    """A line with markers; between ``low`` and ``high``, if given, a tint of its colour."""
    style = series_style(number)
    ax.plot(x, y, linewidth=1.8, markersize=5, label=label, markevery=max(1, len(np.asarray(x)) // 15), **style)
    if low is not None:
        ax.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)


def words(class_name: object) -> str:
    """A name from the data as a reader would write it: with_mask becomes "with mask"."""
    return str(class_name).replace("_", " ")


def percent(share: float, digits: int = 0) -> str:
    """0.5 becomes "50 %"."""
    return f"{100 * share:.{digits}f} %"


def counted(n: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one: "1 picture", "2,000 pictures"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listing(parts: Iterable[str]) -> str:
    """Several parts as one phrase: "a, b and c"."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
