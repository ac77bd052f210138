"""Every picture that the notebooks draw, each with alternative text that is computed from the same data.

The functions follow seaborn's axes-level style: ``plot_*(data, *, ax=None)`` draws into one Axes and returns it, and never
shows it. A notebook cell ends in ``show(plot_history(history))``. Colours are those of Okabe and Ito (2008, "Color Universal
Design"), which colour-blind readers can tell apart; markers, hatches and line styles carry the same meaning a second time.
"""

from __future__ import annotations

import base64
import html
import io
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from maskkit.errors import InputError

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
_CLASS_STYLES = (
    {"color": PALETTE["orange"], "hatch": "///", "marker": "^", "linestyle": "--"},
    {"color": PALETTE["blue"], "hatch": "", "marker": "o", "linestyle": "-"},
)
_SERIES_STYLES = (
    *_CLASS_STYLES,
    {"color": PALETTE["green"], "hatch": "xx", "marker": "s", "linestyle": ":"},
    {"color": PALETTE["purple"], "hatch": "..", "marker": "D", "linestyle": "-."},
    {"color": PALETTE["sky_blue"], "hatch": "\\\\", "marker": "v", "linestyle": "--"},
)
_CURVE_STYLES = {
    "train": {"color": PALETTE["blue"], "linestyle": "-", "marker": "o", "label": "training"},
    "val": {"color": PALETTE["vermillion"], "linestyle": "--", "marker": "s", "label": "validation"},
}
_WIDTH = 9.0  # inches; at 96 CSS pixels an inch this fills a notebook's column without scrolling
_SMALL = 8  # points
_ALT_TEXTS: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()


# --- from Axes to a picture with alternative text -------------------------------------------------------------------


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
        # WebP: a tenth of the PNG's bytes where photos are shown, so that an executed notebook stays small.
        small = io.BytesIO()
        Image.open(io.BytesIO(self.png)).convert("RGB").save(small, format="WEBP", quality=88, method=4)
        data = base64.b64encode(small.getvalue()).decode("ascii")
        alt = html.escape(self.alt, quote=True)
        return f'<img alt="{alt}" src="data:image/webp;base64,{data}" width="{self.width}" style="max-width: 100%">'

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
    InputError : if the plot has no alternative text and none is given.
    """
    figure = ax.figure.figure if isinstance(ax, Axes) else ax
    alt = alt or alt_text(ax)
    if not alt:
        raise InputError("This plot has no alternative text: pass one, as in show(ax, alt='Loss falls to 0.1.').")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Description": alt, "Software": None})
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


def _axes(ax: Axes | None, width: float = _WIDTH, height: float = 3.6) -> Axes:
    """Return `ax`, or the Axes of a new figure. Not pyplot's figure: those stay in memory until somebody closes them."""
    return ax if ax is not None else Figure(figsize=(width, height), layout="constrained").subplots()


def _finish(ax: Axes, title: str, alt: str) -> Axes:
    """Set the title (wrapped to the width of the Axes) and the alternative text."""
    characters = max(20, int(_inches(ax)[0] * 11))
    ax.set_title(textwrap.fill(title, characters), loc="left", fontsize=11, parse_math=False)
    _ALT_TEXTS[ax] = " ".join(alt.split())
    return ax


def _inches(ax: Axes) -> tuple[float, float]:
    box, figure = ax.get_position(), ax.figure.figure  # the second step leads from a SubFigure to its figure
    return box.width * figure.get_figwidth(), box.height * figure.get_figheight()


def _plain(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)


def _words(class_name: object) -> str:
    return str(class_name).replace("_", " ")


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _listing(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


# --- what comes in -------------------------------------------------------------------------------------------------


def _array(data: object) -> np.ndarray:
    """Anything array-like as numpy; tensors by duck-typing, so that this module does not import torch."""
    return np.asarray(data.detach().cpu() if hasattr(data, "detach") else data)


def _pictures(images: object) -> list[np.ndarray]:
    """One picture or many, channels first or last, as a list of (H, W, 3) or (H, W) arrays fit for imshow."""
    if isinstance(images, (list, tuple)):
        return [_picture(image) for image in images]
    images = _array(images)
    if images.ndim == 2 or images.ndim == 3 and (images.shape[-1] in (1, 3) or images.shape[0] in (1, 3)):
        return [_picture(images)]
    return [_picture(image) for image in images]


def _picture(image: object) -> np.ndarray:
    image = _array(image)
    if image.ndim == 3 and image.shape[-1] not in (1, 3) and image.shape[0] in (1, 3):
        image = np.moveaxis(image, 0, -1)
    if image.ndim not in (2, 3) or image.ndim == 3 and image.shape[-1] not in (1, 3):
        raise InputError(f"A picture has the shape (H, W, 3) or (3, H, W), but this one has {image.shape}: check its axes.")
    image = image[..., 0] if image.shape[-1] == 1 and image.ndim == 3 else image
    return image if image.dtype == np.uint8 else _unit_range(image)


def _unit_range(image: np.ndarray) -> np.ndarray:
    """Float pixels, clipped to [0, 1]; a little outside is normal after augmentation, 0 to 255 is a mistake."""
    image = image.astype(float)
    if image.size and np.nanmax(image) > 4:
        raise InputError(
            f"Pixels that are not uint8 must lie in [0, 1], but the largest is {np.nanmax(image):.4g}: divide by 255 first."
        )
    return np.clip(image, 0, 1)


def _labels_and_scores(y_true: object, y_score: object) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_score = _array(y_true).ravel().astype(int), _array(y_score).ravel().astype(float)
    if len(y_true) != len(y_score) or len(y_true) == 0:
        raise InputError(f"y_true has {len(y_true)} entries and y_score has {len(y_score)}: give one score for each label.")
    if set(np.unique(y_true)) - {0, 1}:
        raise InputError(f"y_true must hold 0 and 1 only, but holds {np.unique(y_true).tolist()}.")
    return y_true, y_score


# --- pictures in a grid --------------------------------------------------------------------------------------------


def plot_images(
    images: object,
    *,
    titles: Sequence[str] | None = None,
    targets: object | None = None,
    columns: int | None = None,
    class_names: Sequence[str] = CLASS_NAMES,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw pictures in a grid; a frame (solid: with mask, dashed: without) tells the class where targets are given.

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), uint8 or float in [0, 1]; or a list of pictures of any sizes.
    titles : one text above each picture; the class name by default.
    targets : (N,) of 0 and 1.
    columns : pictures in a row; by default as many as fit, at most 8.
    """
    pictures = _pictures(images)
    labels = None if targets is None else [int(t) for t in _array(targets)]
    if titles is None and labels is not None:
        titles = [_words(class_names[label]) for label in labels]
    ax, rows, columns = _draw_tiles(pictures, titles, columns, labels, ax, header=bool(title))
    counts = "" if labels is None else ": " + _class_counts_text(labels, class_names)
    alt = f"{_count(len(pictures), 'picture')} in {_count(rows, 'row')} of up to {columns}{counts}."
    if titles is not None and labels is None:
        alt += f" Their titles: {'; '.join(' '.join(str(t).split()) for t in titles)}."
    return _finish(ax, title or "", f"{title}. {alt}" if title else alt)


def _class_counts_text(labels: Sequence[int], class_names: Sequence[str]) -> str:
    return _listing(f"{labels.count(i)} {_words(name)}" for i, name in enumerate(class_names))


def _draw_tiles(
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
    """Lay pictures out in one Axes, in units of one cell: each picture fills a 1 × 1 cell under its title."""
    if not len(pictures):
        raise InputError("There is no picture to draw: the list is empty.")
    for name, values in (("titles", titles), ("targets", labels)):
        if values is not None and len(values) != len(pictures):
            raise InputError(f"There are {len(pictures)} pictures but {len(values)} {name}: give one for each picture.")
    columns = min(columns or 8, len(pictures))
    rows = -(-len(pictures) // columns)
    inches = min(2.4, _WIDTH / columns) if ax is None else _inches(ax)[0] / columns
    texts = _wrapped(titles, inches)
    step = 1.06 + max(t.count("\n") + 1 if t else 0 for t in texts) * 0.145 / inches
    ax = _axes(ax, columns * inches, rows * step * inches / 1.06 + 0.05 + 0.3 * header)
    for i, picture in enumerate(pictures):
        corner = (i % columns * 1.06, i // columns * step + step - 1.06)
        _draw_tile(ax, picture, corner, texts[i], labels[i] if labels else None, cmap, limits)
    ax.set(xlim=(-0.03, columns * 1.06 - 0.03), ylim=(rows * step - 0.03, -0.03), aspect="equal")
    ax.axis("off")
    return ax, rows, columns


def _wrapped(titles: Sequence[str] | None, inches: float) -> list[str]:
    characters = max(8, int(inches / 0.064))
    lines = [[textwrap.fill(line, characters) for line in str(t).splitlines()] for t in titles or []]
    return ["\n".join(block) for block in lines] or [""] * 10_000


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
    ax.text(left + 0.5, top - 0.03, text, ha="center", va="bottom", fontsize=_SMALL, linespacing=1.1, parse_math=False)
    if label is not None:
        style = _CLASS_STYLES[label]
        frame = {"edgecolor": style["color"], "linestyle": style["linestyle"], "linewidth": 2.5, "fill": False}
        ax.add_patch(Rectangle((x, y), width, height, **frame))


def plot_mean_images(
    images: object, targets: object, *, class_names: Sequence[str] = CLASS_NAMES, ax: Axes | None = None
) -> Axes:
    """Draw the mean picture of each class, and how far the two lie apart at each pixel (black: equal, white: most).

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), uint8 or float in [0, 1], all of one size.
    targets : (N,) of 0 and 1, both present.
    """
    targets = _array(targets).astype(int)
    means = _mean_pictures(images, targets, class_names)
    difference = np.abs(means[1] - means[0])
    difference = difference.mean(axis=-1) if difference.ndim == 3 else difference
    largest = difference.max()
    titles = [f"mean of {(targets == i).sum():,}\n{_words(name)}" for i, name in enumerate(class_names)]
    pictures = [*means, difference / largest if largest else difference]
    ax, *_ = _draw_tiles(pictures, [*titles, "where they differ\n(white: most)"], 3, None, ax)
    alt = (
        f"The mean picture of {_class_counts_text(targets.tolist(), class_names)}, and their difference: up to "
        f"{largest:.2f} of the full range, centred {_percent(_centre_row(difference))} of the way down."
    )
    return _finish(ax, f"The mean pictures differ by up to {largest:.2f} (pixels from 0 to 1)", alt)


def _mean_pictures(images: object, targets: np.ndarray, class_names: Sequence[str]) -> list[np.ndarray]:
    stack = np.stack(_pictures(images))
    missing = [name for label, name in enumerate(class_names) if not (targets == label).any()]
    if missing:
        raise InputError(f"There is no picture of {_listing(missing)}: mean images need both classes.")
    scale = 255.0 if stack.dtype == np.uint8 else 1.0
    return [stack[targets == label].mean(axis=0) / scale for label in (0, 1)]


def _centre_row(weights: np.ndarray) -> float:
    """Height of the centre of gravity, as a share from the top."""
    rows = weights.sum(axis=1)
    return float((rows * (np.arange(len(rows)) + 0.5)).sum() / rows.sum() / len(rows)) if rows.sum() else 0.5


def plot_mistakes(
    images: object,
    y_true: object,
    y_score: object,
    indices: Sequence[int],
    *,
    threshold: float = 0.5,
    columns: int | None = None,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw a gallery of mistakes: above each picture the truth, and what the model said with which probability.

    Parameters
    ----------
    images : (N, H, W, 3) or (N, 3, H, W), all the pictures that the scores belong to.
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    indices : which pictures to draw, in this order; with none, the plot says that there are no mistakes.
    """
    y_true, y_score = _labels_and_scores(y_true, y_score)
    indices = [int(i) for i in _array(indices)]
    if not indices:
        return _no_mistakes(ax)
    titles = [_verdict(y_true[i], y_score[i], threshold, class_names) for i in indices]
    labels = [int(y_true[i]) for i in indices]
    ax, *_ = _draw_tiles(_pictures([images[i] for i in indices]), titles, columns or 6, labels, ax)
    wrong = (y_score >= threshold) != (y_true == 1)
    missed = int((wrong & (y_true == 1)).sum())
    title = f"{_count(int(wrong.sum()), 'mistake')}: {missed} missed masks, {int(wrong.sum()) - missed} masks seen where there are none"
    shown = f"{len(indices)} of them are shown" if len(indices) < wrong.sum() else "all of them are shown"
    return _finish(ax, title, f"{title}; {shown}. The first: {titles[0].replace(chr(10), ', ')}.")


def _verdict(label: int, score: float, threshold: float, class_names: Sequence[str]) -> str:
    predicted = int(score >= threshold)
    confidence = score if predicted else 1 - score
    return f"truth: {_words(class_names[label])}\nmodel: {_words(class_names[predicted])}, {100 * confidence:.0f}\u00a0%"


def _no_mistakes(ax: Axes | None) -> Axes:
    ax = _axes(ax, height=1.2)
    ax.axis("off")
    ax.text(0.5, 0.5, "No mistakes", ha="center", va="center", transform=ax.transAxes)
    return _finish(ax, "", "There are no mistakes to show.")


# --- the data ------------------------------------------------------------------------------------------------------


def plot_class_counts(counts: Mapping, *, ax: Axes | None = None) -> Axes:
    """Draw bars with the number of pictures of each class.

    Parameters
    ----------
    counts : {split: {class name: number}}, or {class name: number} for one bar a class.
    """
    nested = counts if all(isinstance(v, Mapping) for v in counts.values()) else {"all pictures": counts}
    names = _class_order(name for row in nested.values() for name in row)
    ax = _grouped_bars({name: [row.get(name, 0) for row in nested.values()] for name in names}, list(nested), ax)
    totals = {name: sum(row.get(name, 0) for row in nested.values()) for name in names}
    largest = max(totals, key=totals.get)
    total = sum(totals.values())
    share = totals[largest] / total if total else 0
    title = f"{total:,} pictures; {_percent(share)} are {_words(largest)}, the largest class"
    if len(set(totals.values())) == 1:
        title = f"{total:,} pictures, the same number in each class"
    rows = [f"{split}: {_listing(f'{row.get(n, 0):,} {_words(n)}' for n in names)}" for split, row in nested.items()]
    return _finish(ax, title, f"Bar chart of {title}. {'; '.join(rows)}.")


def _class_order(names: Iterable[str]) -> list[str]:
    """Label order for our two classes, order of appearance for any other names."""
    seen = list(dict.fromkeys(names))
    return list(CLASS_NAMES) if set(seen) <= set(CLASS_NAMES) else seen


def _grouped_bars(series: Mapping[str, Sequence[float]], groups: Sequence[str], ax: Axes | None) -> Axes:
    """Draw one bar for each series in each group, with its number on top."""
    ax = _axes(ax, height=3.2)
    width = 0.8 / len(series)
    for i, (name, heights) in enumerate(series.items()):
        style = _SERIES_STYLES[i % len(_SERIES_STYLES)]
        x = np.arange(len(groups)) + (i - (len(series) - 1) / 2) * width
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.8}
        bars = ax.bar(x, heights, width * 0.94, label=_words(name), **look)
        ax.bar_label(bars, labels=[f"{h:,}" for h in heights], fontsize=_SMALL, padding=1)
    ax.set_xticks(range(len(groups)), [str(g) for g in groups])
    ax.set_ylabel("pictures")
    ax.margins(y=0.12)
    _plain(ax)
    ax.grid(axis="x", visible=False)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_formats(counts: Mapping[str, Mapping[str, int]], *, ax: Axes | None = None) -> Axes:
    """Draw how many files of each format every class has; the title warns of formats that give a class away.

    Parameters
    ----------
    counts : {class name: {format: number}}, as in {"with_mask": {"JPEG": 1900, "PNG": 230}}.
    """
    names = _class_order(counts)
    formats = list(dict.fromkeys(f for row in counts.values() for f in row))
    table = {name: [counts.get(name, {}).get(f, 0) for f in formats] for name in names}
    ax = _grouped_bars(table, formats, ax)
    telling = [f for i, f in enumerate(formats) if sum(bool(table[name][i]) for name in names) == 1 < len(names)]
    title = f"Only one class has {_listing(telling)} files" if telling else "Both classes have every file format"
    rows = [f"{_words(n)}: {_listing(f'{c:,} {f}' for f, c in zip(formats, table[n]))}" for n in names]
    return _finish(ax, title, f"Bar chart of file formats by class. {title}. {'; '.join(rows)}.")


def plot_image_sizes(
    widths: object,
    heights: object,
    targets: object | None = None,
    *,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw the width and the height of each picture, in pixels, as a point; the dashed line is where they are square."""
    widths, heights = _array(widths).astype(int), _array(heights).astype(int)
    targets = np.zeros(len(widths), dtype=int) if targets is None else _array(targets).astype(int)
    ax = _axes(ax, width=6.4, height=4.6)
    for label in np.unique(targets):
        chosen, color = targets == label, _CLASS_STYLES[label]["color"]
        # Open rings around filled triangles: both can be seen where they fall on the same point.
        look = ({"color": color, "s": 22}, {"edgecolors": color, "facecolors": "none", "s": 50, "linewidths": 1.5})[label]
        marker, name = _CLASS_STYLES[label]["marker"], _words(class_names[label])
        ax.scatter(widths[chosen], heights[chosen], marker=marker, label=name, **look)
    _square_line(ax, widths, heights)
    ax.set(xlabel="width in pixels", ylabel="height in pixels")
    ax.legend(frameon=False, fontsize=9)
    title = _sizes_title(widths, heights)
    return _finish(ax, title, f"Scatter plot of the width and height of {_count(len(widths), 'picture')}. {title}.")


def _square_line(ax: Axes, widths: np.ndarray, heights: np.ndarray) -> None:
    low, high = min(widths.min(), heights.min()) * 0.8, max(widths.max(), heights.max()) * 1.25
    ax.plot([low, high], [low, high], color="0.3", linestyle="--", linewidth=1, label="square", zorder=0)
    _plain(ax)
    if high > 12 * low:  # photos from 60 to 4000 pixels: on a linear scale the small ones would be one blot
        ax.set(xscale="log", yscale="log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set(xlim=(low, high), ylim=(low, high))


def _sizes_title(widths: np.ndarray, heights: np.ndarray) -> str:
    if np.ptp(widths) == 0 and np.ptp(heights) == 0:
        return f"All {len(widths):,} pictures are {widths[0]} × {heights[0]} pixels"
    square = (widths == heights).mean()
    return (
        f"From {widths.min():,} × {heights[widths.argmin()]:,} to {widths.max():,} × {heights[widths.argmax()]:,} pixels; "
        f"{_percent(square)} are square"
    )


def plot_pixel_histogram(images: object, *, bins: int = 64, ax: Axes | None = None) -> Axes:
    """Draw how often each brightness occurs in the red, green and blue channel.

    Parameters
    ----------
    images : one picture or many, uint8 (drawn from 0 to 255) or float (drawn from 0 to 1).
    """
    pictures = [p if p.ndim == 3 else p[..., None] for p in _pictures(images)]
    top = 255 if pictures[0].dtype == np.uint8 else 1
    shares, means, deviation = _pixel_statistics(pictures, bins, top)
    names = ("red", "green", "blue") if len(means) == 3 else ("grey",)
    styles = (("vermillion", "-"), ("green", "--"), ("blue", ":")) if len(means) == 3 else (("black", "-"),)
    ax = _axes(ax, height=3.0)
    for values, mean, name, (color, line) in zip(shares, means, names, styles):
        look = {"color": PALETTE[color], "linestyle": line, "linewidth": 2}
        ax.stairs(100 * values, np.linspace(0, top, bins + 1), label=f"{name}, mean {mean:.3g}", **look)
    ax.set(xlabel=f"pixel value (0: black, {top}: full)", ylabel="% of pixels", xlim=(0, top))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _plain(ax)
    span = f"Pixels from {min(p.min() for p in pictures):.3g} to {max(p.max() for p in pictures):.3g}"
    title = f"{span}, mean {means.mean():.3g}, standard deviation {deviation:.3g}"
    each = _listing(f"{name} {mean:.3g}" for name, mean in zip(names, means))
    return _finish(ax, title, f"Histogram of the {_listing(names)} values. {title}. Channel means: {each}.")


def _pixel_statistics(pictures: Sequence[np.ndarray], bins: int, top: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Shares in each bin (C, bins), means (C,) and the standard deviation of all pixels.

    One picture at a time: thousands of pictures as floats at once would fill a laptop's memory.
    """
    channels = pictures[0].shape[2]
    counts, sums, squares = np.zeros((channels, bins)), np.zeros(channels), 0.0
    for picture in pictures:
        pixels = picture.reshape(-1, channels).astype(float)
        counts += [np.histogram(values, bins=bins, range=(0, top))[0] for values in pixels.T]
        sums, squares = sums + pixels.sum(axis=0), squares + (pixels**2).sum()
    n = counts.sum(axis=1)
    means = sums / n
    return counts / n[:, None], means, float(np.sqrt(max(0.0, squares / n.sum() - means.mean() ** 2)))


# --- inside the network --------------------------------------------------------------------------------------------


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
    tables = {name: np.atleast_2d(_array(a)) for name, a in arrays.items()}
    widths, height = [t.shape[1] for t in tables.values()], max(t.shape[0] for t in tables.values())
    total = sum(widths) + len(widths) - 1
    cell = min(0.55, _WIDTH / total)
    ax = _axes(ax, max(3.0, total * cell), (height + 1) * cell + (0.4 if title else 0.15))
    left = 0
    for (name, table), width in zip(tables.items(), widths):
        top = (height - table.shape[0]) / 2
        _draw_table(ax, table, left, top, fmt)
        ax.text(left + width / 2, top - 0.15, name, ha="center", va="bottom", fontsize=10, parse_math=False)
        _draw_highlight(ax, (highlights or {}).get(name), left, top)
        left += width + 1
    ax.set(xlim=(-0.1, left - 0.9), ylim=(height + 0.1, -0.8), aspect="equal")
    ax.axis("off")
    return _finish(ax, title or "", " ".join(_table_text(n, t, fmt, (highlights or {}).get(n)) for n, t in tables.items()))


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
    text = f"{name}: {table.shape[0]} × {table.shape[1]} numbers from {table.min():{fmt}} to {table.max():{fmt}}"
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
    maps = _array(maps).astype(float)
    if maps.ndim != 3:
        raise InputError(f"Feature maps have the shape (C, H, W), but these have {maps.shape}: pass one picture's, as maps[0].")
    titles = [f"map {i}" for i in range(len(maps))]
    ax, *_ = _draw_tiles(list(maps), titles, columns, None, ax, limits=(maps.min(), max(maps.max(), maps.min() + 1e-9)))
    strongest, silent = int(maps.mean(axis=(1, 2)).argmax()), int((np.ptp(maps, axis=(1, 2)) < 1e-9).sum())
    text = f"{len(maps)} feature maps of {maps.shape[1]} × {maps.shape[2]}; map {strongest} answers most, {silent} are flat"
    return _finish(ax, title or text, f"{title + ': ' if title else ''}{text}. Values from {maps.min():.3g} to {maps.max():.3g}.")


def plot_kernels(kernels: object, *, columns: int = 8, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the weights of convolution kernels: mid-grey is 0, lighter is positive, darker is negative.

    Parameters
    ----------
    kernels : (out_channels, in_channels, H, W), as in ``layer.weight``. With 3 input channels they are drawn as colours,
        else each kernel is the mean over its input channels.
    """
    kernels = _array(kernels).astype(float)
    if kernels.ndim != 4:
        raise InputError(f"Kernels have the shape (out_channels, in_channels, H, W), but these have {kernels.shape}.")
    drawn = np.moveaxis(kernels, 1, -1) if kernels.shape[1] == 3 else kernels.mean(axis=1)
    grey = 0.5 + drawn / (2 * (np.abs(drawn).max() or 1.0))
    ax, *_ = _draw_tiles(list(grey), [f"kernel {i}" for i in range(len(drawn))], columns, None, ax)
    text = f"{len(kernels)} kernels of {kernels.shape[2]} × {kernels.shape[3]} over {_count(kernels.shape[1], 'channel')}"
    alt = f"{text}; weights from {kernels.min():.3g} to {kernels.max():.3g}, drawn with mid-grey for 0 and white for positive."
    return _finish(ax, title or f"{text} (mid-grey: 0, white: positive)", alt)


def plot_layer_table(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the parameters of each layer as bars, beside its name and output shape.

    Parameters
    ----------
    rows : dicts with layer, output_shape and parameters, as from ``maskkit.models.layer_table``.
    """
    numbers = [int(row["parameters"]) for row in rows]
    ax = _axes(ax, height=0.7 + 0.32 * len(rows))
    bars = ax.barh(range(len(rows)), numbers, color=PALETTE["blue"], edgecolor="black", linewidth=0.8)
    ax.bar_label(bars, labels=[f"{n:,}" for n in numbers], fontsize=9, padding=3)
    names = [f"{i} {row['layer']}" for i, row in enumerate(rows, 1)]
    labels = [f"{name}   {_shape_text(row['output_shape'])}" for name, row in zip(names, rows)]
    ax.set_yticks(range(len(rows)), labels, fontsize=9)
    ax.invert_yaxis()
    ax.set_xlabel("parameters")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.margins(x=0.14)
    _plain(ax)
    ax.grid(axis="y", visible=False)
    total, largest = sum(numbers), int(np.argmax(numbers))
    share = _percent(numbers[largest] / max(total, 1), 1)
    title = f"{share} of the {total:,} parameters sit in layer {largest + 1}, {rows[largest]['layer']}"
    alt = "; ".join(f"{label.replace('   ', ', ')}, {n:,}" for label, n in zip(labels, numbers))
    return _finish(ax, title, f"{title}. Layers with output shape and parameters: {alt}.")


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
    shapes = [_shape(row["output_shape"]) or (1,) for row in rows]
    tallest = max(s[1] if len(s) == 3 else 1 for s in shapes)
    ax = _axes(ax, height=3.6)
    for x, (row, shape) in enumerate(zip(rows, shapes)):
        _draw_block(ax, x, shape, tallest)
        label = textwrap.fill(str(row["layer"]), max(8, int(_inches(ax)[0] / len(rows) / 0.075)))
        ax.text(x, -0.04, label, ha="center", va="top", fontsize=_SMALL)
    ax.set(xlim=(-0.6, len(rows) - 0.4), ylim=(-0.2, 1.2))
    ax.axis("off")
    flow = " → ".join(f"{row['layer']} {_shape_text(row['output_shape'])}" for row in rows)
    first, last = (_shape_text(rows[i]["output_shape"]) for i in (0, -1))
    title = f"From {first} to {last} in {_count(len(rows), 'layer')}"
    return _finish(ax, title, f"Sketch of the network: {flow}.")


def _draw_block(ax: Axes, x: float, shape: tuple[int, ...], tallest: int) -> None:
    maps = len(shape) == 3
    height = (shape[1] / tallest) if maps else 0.08 + 0.05 * np.log2(shape[0])
    height, width = min(height, 1.0), 0.12 + (0.08 * np.log2(shape[0]) if maps else 0)
    look = {"facecolor": PALETTE["sky_blue"]} if maps else {"facecolor": PALETTE["yellow"], "hatch": ".."}
    ax.add_patch(Rectangle((x - width / 2, 0), width, height, edgecolor="black", linewidth=0.8, **look))
    ax.text(x, height + 0.02, "\n× ".join(str(s) for s in shape), ha="center", va="bottom", fontsize=_SMALL)


# --- training ------------------------------------------------------------------------------------------------------


def plot_history(
    history: Sequence[Mapping],
    best_epoch: int | None = None,
    *,
    metrics: Sequence[str] = ("loss", "accuracy"),
    ax: Axes | None = None,
) -> Axes:
    """Draw training and validation curves, with the epoch whose weights were kept.

    With two metrics the space of `ax` is shared: the first is drawn into `ax` (which is returned), the second beside it.

    Parameters
    ----------
    history : one dict an epoch, with epoch, train_loss, val_loss, train_accuracy, val_accuracy.
    best_epoch : the epoch that was kept; by default the one of the lowest validation loss.
    """
    if not len(history):
        raise InputError("The history is empty: train for one epoch at least.")
    kept = _lowest_epoch(history) if best_epoch is None else best_epoch
    metrics = [m for m in metrics if f"val_{m}" in history[0]]
    axes = _split(_axes(ax), len(metrics))
    for metric, panel in zip(metrics, axes):
        _draw_curves(panel, history, metric, kept)
    alt = " ".join([*(_curve_text(history, metric) for metric in metrics), f"The weights of epoch {kept} are kept."])
    return _finish(axes[0], axes[0].get_title(loc="left"), alt)


def _split(ax: Axes, n: int) -> list[Axes]:
    """Divide the space of an Axes among n, side by side; the first of them is that Axes itself."""
    if n == 1:
        return [ax]
    if ax.get_subplotspec() is None:
        raise InputError("This Axes has no place in a grid of subplots: pass metrics=('loss',) to draw one panel.")
    cells = ax.get_subplotspec().subgridspec(1, n)
    ax.set_subplotspec(cells[0])
    return [ax, *(ax.figure.add_subplot(cells[i]) for i in range(1, n))]


def _column(history: Sequence[Mapping], key: str) -> np.ndarray:
    return np.array([float(row[key]) for row in history])


def _lowest_epoch(history: Sequence[Mapping]) -> int:
    return int(_column(history, "epoch")[_lowest(_column(history, "val_loss"))])


def _lowest(values: np.ndarray) -> int:
    """Position of the lowest value; nan counts as highest, since a loss that is not a number must not stop the drawing."""
    return int(np.where(np.isnan(values), np.inf, values).argmin())


def _draw_curves(ax: Axes, history: Sequence[Mapping], metric: str, kept: int) -> None:
    epochs = _column(history, "epoch")
    for part, style in _CURVE_STYLES.items():
        if f"{part}_{metric}" in history[0]:
            ax.plot(epochs, _column(history, f"{part}_{metric}"), markersize=4, linewidth=1.8, **style)
    values = _column(history, f"val_{metric}")
    ax.axvline(kept, color="0.4", linestyle=":", linewidth=1.5, zorder=0)
    at_kept = values[epochs == kept]
    if len(at_kept):
        ring = {"marker": "o", "markersize": 14, "markerfacecolor": "none", "color": "black", "linestyle": "none"}
        ax.plot([kept], at_kept, label=f"kept: epoch {kept}", **ring)
        ax.set_title(f"Validation {metric} {at_kept[0]:.3g} at epoch {kept}", loc="left", fontsize=11)
    ax.set(xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)


def _curve_text(history: Sequence[Mapping], metric: str) -> str:
    values, epochs = _column(history, f"val_{metric}"), _column(history, "epoch")
    best = _lowest(values if metric == "loss" else -values)
    extreme = "lowest" if metric == "loss" else "highest"
    if len(values) == 1:
        return f"Validation {metric} is {values[0]:.3g} after one epoch."
    verb = "falls" if values[-1] < values[0] else "rises"
    change = f"{verb} from {values[0]:.3g} to {values[-1]:.3g}"
    change = f"begins and ends at {values[0]:.3g}" if values[-1] == values[0] else change
    return f"Validation {metric} {change}; the {extreme}, {values[best]:.3g}, is at epoch {epochs[best]:.0f}."


@dataclass
class LiveCurves:
    """Curves that are drawn again after each epoch, in the place of the ones before. Taught in notebook 04.

    Call it after each epoch with the new row of the history, or with the whole history so far, which is what
    ``fit(..., on_epoch=LiveCurves())`` does. Outside a notebook it only remembers.
    """

    metrics: tuple[str, ...] = ("loss", "accuracy")
    history: list[dict] = field(default_factory=list)
    picture: Picture | None = None
    _handle: object = field(default=None, repr=False)

    def update(self, history: Mapping | Sequence[Mapping]) -> None:
        """Add a row (or take the whole history) and draw the curves so far."""
        self.history = [*self.history, dict(history)] if isinstance(history, Mapping) else [dict(row) for row in history]
        display = _notebook_display()
        if display is None:
            return
        self.picture = show(plot_history(self.history, metrics=self.metrics))
        if self._handle is None:
            self._handle = display(self.picture, display_id=True)
        else:
            self._handle.update(self.picture)

    __call__ = update


def _notebook_display() -> object | None:
    """IPython's display function while a notebook or an IPython shell runs this code, else None."""
    ipython = sys.modules.get("IPython")  # a running shell has imported it, so we need not
    return ipython.display.display if ipython is not None and ipython.get_ipython() is not None else None


# --- evaluation ----------------------------------------------------------------------------------------------------


def plot_confusion_matrix(
    matrix: object, class_names: Sequence[str] = CLASS_NAMES, *, ax: Axes | None = None
) -> Axes:
    """Draw a confusion matrix with counts and shares of each row; the right answers stand on the diagonal.

    Parameters
    ----------
    matrix : (K, K) counts; rows are the truth, columns the prediction, as in scikit-learn.
    """
    matrix = _array(matrix).astype(int)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax = _axes(ax, width=4.8, height=4.2)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(matrix):
        ink = "white" if shares[row, column] > 0.55 else "black"
        text = f"{n:,}\n{_percent(shares[row, column], 1)} of row"
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=11)
    names = [_words(name) for name in class_names]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names, rotation=90, va="center")
    ax.set(xlabel="the model says", ylabel="the truth is")
    right, total = int(np.trace(matrix)), int(matrix.sum())
    title = f"{right:,} of {total:,} right ({_percent(right / max(total, 1), 1)})"
    rows = [f"of {row.sum():,} {name}, {row[i]:,} are right" for i, (name, row) in enumerate(zip(names, matrix))]
    return _finish(ax, title, f"Confusion matrix: {title}; {_listing(rows)}.")


def _roc(y_true: np.ndarray, y_score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rate when the threshold falls past each distinct score; (0, 0) comes first."""
    positives, negatives = y_true.sum(), (1 - y_true).sum()
    if not positives or not negatives:
        raise InputError("A ROC curve needs both classes, but y_true holds only one.")
    order = np.argsort(-y_score, kind="stable")
    last_of_its_score = np.append(np.diff(y_score[order]) != 0, True)
    hits = np.cumsum(y_true[order])[last_of_its_score]
    alarms = np.flatnonzero(last_of_its_score) + 1 - hits
    return np.append(0, alarms / negatives), np.append(0, hits / positives)


def plot_roc(y_true: object, y_score: object, threshold: float | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the ROC curve: masks found against false alarms, for every threshold.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and scores of with_mask.
    threshold : mark this one on the curve; a face counts as masked when its score is at least the threshold.
    """
    y_true, y_score = _labels_and_scores(y_true, y_score)
    false_rate, true_rate = _roc(y_true, y_score)
    area = float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))
    ax = _axes(ax, width=4.8, height=4.6)
    ax.plot(false_rate, true_rate, color=PALETTE["blue"], linewidth=2.2, label="the model")
    ax.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1.2, label="guessing")
    alt = f"ROC curve with an area of {area:.3f} under it (guessing: 0.5, perfect: 1)."
    if threshold is not None:
        x, y = (y_score[y_true == 0] >= threshold).mean(), (y_score[y_true == 1] >= threshold).mean()
        look = {"marker": "*", "markersize": 16, "color": PALETTE["vermillion"], "markeredgecolor": "black"}
        ax.plot([x], [y], linestyle="none", label=f"threshold {threshold:.2g}", **look)
        alt += f" The threshold {threshold:.2g} finds {_percent(y, 1)} of the masks with {_percent(x, 1)} false alarms."
    ax.set(xlabel="false positive rate (no mask, called mask)", ylabel="true positive rate (masks found)", aspect="equal")
    ax.legend(frameon=False, loc="lower right")
    _plain(ax)
    return _finish(ax, f"Area under the ROC curve: {area:.3f}", alt)


def plot_scores(
    y_true: object,
    y_score: object,
    threshold: float = 0.5,
    *,
    bins: int = 20,
    class_names: Sequence[str] = CLASS_NAMES,
    ax: Axes | None = None,
) -> Axes:
    """Draw the scores of the two classes, with mask upward and without mask downward, so that they never overlap.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    threshold : where "mask" begins (score >= threshold); mistakes are below it above the line, and above it below.
    """
    y_true, y_score = _labels_and_scores(y_true, y_score)
    ax = _axes(ax, height=3.6)
    for label, sign in ((1, 1), (0, -1)):
        counts, edges = np.histogram(y_score[y_true == label], bins=bins, range=(0, 1))
        style = _CLASS_STYLES[label]
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.6}
        ax.bar(edges[:-1], sign * counts, np.diff(edges), align="edge", label=_words(class_names[label]), **look)
    ax.axhline(0, color="black", linewidth=1)
    ax.axvline(threshold, color=PALETTE["vermillion"], linestyle="--", linewidth=2, label=f"threshold {threshold:.2g}")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    ax.set(xlabel="score: the model's probability of a mask", ylabel="pictures", xlim=(0, 1))
    _plain(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    missed, alarms = int((y_score[y_true == 1] < threshold).sum()), int((y_score[y_true == 0] >= threshold).sum())
    title = f"At the threshold {threshold:.2g}: {_count(missed, 'mask')} missed, {_count(alarms, 'false alarm')}"
    medians = _listing(f"{np.median(y_score[y_true == k]):.2g} {_words(class_names[k])}" for k in np.unique(y_true))
    return _finish(ax, title, f"Histogram of the scores by class; their medians are {medians}. {title}.")


def _sweep(y_true: np.ndarray, y_score: np.ndarray, thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Precision (nan where nothing is called a mask), recall and accuracy at each threshold."""
    called = y_score[None, :] >= thresholds[:, None]
    hits = (called & (y_true == 1)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = hits / called.sum(axis=1), hits / (y_true == 1).sum()
    return {"precision": precision, "recall": recall, "accuracy": (called == (y_true == 1)).mean(axis=1)}


def plot_threshold_sweep(
    y_true: object, y_score: object, threshold: float | None = None, *, steps: int = 101, ax: Axes | None = None
) -> Axes:
    """Draw precision, recall and accuracy against the threshold; precision stops where nothing is called a mask.

    Parameters
    ----------
    y_true, y_score : (N,) labels 0 and 1, and probabilities of with_mask.
    threshold : mark this one; the title tells its figures, or else where accuracy is highest.
    """
    y_true, y_score = _labels_and_scores(y_true, y_score)
    thresholds = np.linspace(0, 1, steps)
    curves = _sweep(y_true, y_score, thresholds)
    ax = _axes(ax, height=3.6)
    for (name, values), (color, line) in zip(curves.items(), (("blue", "-"), ("vermillion", "--"), ("black", ":"))):
        ax.plot(thresholds, values, label=name, color=PALETTE[color], linestyle=line, linewidth=2.2)
    best = thresholds[curves["accuracy"].argmax()]
    title = f"Accuracy is highest, {curves['accuracy'].max():.3g}, at the threshold {best:.2g}"
    if threshold is not None:
        ax.axvline(threshold, color="0.4", linewidth=1.5, label=f"threshold {threshold:.2g}")
        at = {name: values[0] for name, values in _sweep(y_true, y_score, np.array([threshold])).items()}
        title = f"At the threshold {threshold:.2g}: {_listing(f'{name} {value:.3g}' for name, value in at.items())}"
    ax.set(xlabel="threshold: from which score on we say mask", ylabel="share", xlim=(0, 1), ylim=(0, 1.03))
    _plain(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    recall = curves["recall"]
    return _finish(ax, title, f"Recall falls from {recall[0]:.3g} to {recall[-1]:.3g} as the threshold rises. {title}.")


def plot_accuracy_by(rows: Sequence[Mapping], *, name: str = "", ax: Axes | None = None) -> Axes:
    """Draw the accuracy of each slice with its interval; the dotted line is the accuracy of all slices together.

    Parameters
    ----------
    rows : dicts with value, n, accuracy, low, high, as from ``maskkit.evaluation.accuracy_by``.
    name : what the slices are of, such as "glasses".
    """
    if not len(rows):
        raise InputError("There is no slice to draw: the list of rows is empty.")
    accuracy, sizes, low, high = (np.array([float(r[key]) for r in rows]) for key in ("accuracy", "n", "low", "high"))
    labels = [f"{_words(row['value'])} (n = {int(row['n']):,})" for row in rows]
    ax = _axes(ax, height=1.1 + 0.32 * len(rows))
    bars = {"fmt": "o", "color": PALETTE["blue"], "ecolor": "black", "capsize": 4, "markersize": 8}
    ax.errorbar(accuracy, range(len(rows)), xerr=(accuracy - low, high - accuracy), **bars)
    overall = float(np.average(accuracy, weights=sizes))
    ax.axvline(overall, color="0.3", linestyle=":", linewidth=1.8, label=f"all: {overall:.3g}")
    ax.set_yticks(range(len(rows)), labels, parse_math=False)
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="accuracy, with its 95 % interval", ylabel=_words(name))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _plain(ax)
    worst = int(accuracy.argmin())
    title = f"Weakest: {labels[worst]}, {accuracy[worst]:.3g} right, between {low[worst]:.3g} and {high[worst]:.3g}"
    parts = [f"{label}: {value:.3g}" for label, value in zip(labels, accuracy)]
    return _finish(ax, title, f"Accuracy by {_words(name) or 'slice'}: {'; '.join(parts)}. {title}.")


def plot_simulated_accuracies(
    accuracies: object, interval: tuple[float, float] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw how often each accuracy came up in a simulation; the middle 95 % are dark, the rest light and hatched.

    Parameters
    ----------
    accuracies : (N,) one accuracy for each simulated test split.
    interval : (low, high) to draw above them, for comparison, such as the Wilson interval.
    """
    accuracies = _array(accuracies).astype(float)
    low, high = np.quantile(accuracies, [0.025, 0.975])
    values, counts = np.unique(accuracies, return_counts=True)
    width = 0.9 * (np.diff(values).min() if len(values) > 1 else 0.01)
    ax = _axes(ax, height=3.2)
    for inside, color, hatch, label in ((True, "blue", "", "the middle 95 %"), (False, "sky_blue", "///", "the rest")):
        chosen = ((values >= low) & (values <= high)) == inside
        look = {"color": PALETTE[color], "hatch": hatch, "edgecolor": "black", "linewidth": 0.5}
        ax.bar(values[chosen], 100 * counts[chosen] / len(accuracies), width, label=label, **look)
    if interval is not None:
        height = 112 * counts.max() / len(accuracies)
        look = {"color": PALETTE["vermillion"], "linewidth": 3, "marker": "|", "markersize": 14, "markeredgewidth": 3}
        ax.plot(interval, [height, height], label="interval", **look)
    ax.set(xlabel="accuracy", ylabel="% of simulations")
    _plain(ax)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    title = f"95 % of {len(accuracies):,} simulated accuracies lie between {low:.3f} and {high:.3f}"
    compared = "" if interval is None else f" The interval drawn above them goes from {interval[0]:.3f} to {interval[1]:.3f}."
    return _finish(ax, title, f"Histogram: {title}.{compared}")


# --- tuning and deeper networks --------------------------------------------------------------------------------------


def _series_style(number: int) -> dict[str, str]:
    style = _SERIES_STYLES[number % len(_SERIES_STYLES)]
    return {key: style[key] for key in ("color", "marker", "linestyle")}


def _draw_series(ax: Axes, number: int, x: object, y: object, label: str, low: object = None, high: object = None) -> None:
    """A line with markers; between ``low`` and ``high``, if given, a tint of its colour."""
    style = _series_style(number)
    ax.plot(x, y, linewidth=1.8, markersize=5, label=label, markevery=max(1, len(np.asarray(x)) // 15), **style)
    if low is not None:
        ax.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)


def plot_range_test(rows: Sequence[Mapping], suggestion: float | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of each batch against the learning rate of its step, with the smoothed loss.

    Parameters
    ----------
    rows : dicts with lr, loss and smoothed, as from ``maskkit.tuning.range_test``.
    suggestion : a learning rate to mark.
    """
    if not len(rows):
        raise InputError("The range test is empty: take at least one step.")
    rates, losses, smooth = (_column(rows, key) for key in ("lr", "loss", "smoothed"))
    ax = _axes(ax)
    ax.plot(rates, losses, color="0.6", linewidth=1, label="each batch")
    ax.plot(rates, smooth, color=PALETTE["blue"], linewidth=2.4, label="smoothed")
    best = _lowest(smooth)
    ax.plot(rates[best], smooth[best], marker="o", markersize=12, markerfacecolor="none", color="black", linestyle="none", label=f"lowest: {rates[best]:.1g}")
    if suggestion is not None:
        ax.axvline(suggestion, color=PALETTE["vermillion"], linestyle="--", linewidth=2, label=f"suggestion: {suggestion:.1g}")
    ceiling = 1.3 * np.nanmax(smooth[: best + 1])  # what runs away at the end would flatten all the rest
    ax.set(xscale="log", xlabel="learning rate (log scale)", ylabel="training loss", ylim=(0, ceiling))
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)
    end = f"ends at {smooth[-1]:.2f}" if np.isfinite(smooth[-1]) else "is no number at the end"
    title = f"The loss is lowest at a learning rate of {rates[best]:.2g}"
    alt = f"From {rates[0]:.1g} to {rates[-1]:.2g} in {len(rows)} steps; the smoothed loss begins at {smooth[0]:.2f}, is lowest, {smooth[best]:.2f}, at {rates[best]:.2g} and {end}."
    marked = "" if suggestion is None else f" The suggestion, {suggestion:.2g}, is marked."
    return _finish(ax, title, f"Range test: {alt}{marked}")


def plot_trials(series: Mapping[str, Sequence[Mapping]], knob: str = "learning_rate", *, ax: Axes | None = None) -> Axes:
    """Draw the validation loss of each trial against one of its knobs; the best of each search is ringed.

    Parameters
    ----------
    series : name of a search to its rows, as from ``maskkit.tuning.trial_rows``; trials without a loss are left out.
    knob : a key of the rows whose values are numbers.
    """
    ax, parts = _axes(ax), []
    for number, (name, rows) in enumerate(series.items()):
        kept = [row for row in rows if np.isfinite(row["val_loss"])]
        if not kept:
            raise InputError(f"None of the trials of {name!r} gave a loss that is a number.")
        x, y = _column(kept, knob), _column(kept, "val_loss")
        style = {**_series_style(number), "linestyle": "none"}
        ax.plot(x, y, markersize=7, label=name, **style)
        ax.plot(x[y.argmin()], y.min(), marker="o", markersize=16, markerfacecolor="none", color="black", linestyle="none")
        parts.append(f"{name}: {_count(len(rows), 'trial')}, the best with {y.min():.3f} at {x[y.argmin()]:.2g}")
    ax.set(xscale="log", xlabel=f"{_words(knob)} (log scale)", ylabel="validation loss")
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)
    return _finish(ax, "; ".join(parts), f"Validation loss against {_words(knob)}. {'. '.join(parts)}.")


def plot_best_so_far(losses: Mapping[str, object], *, ax: Axes | None = None) -> Axes:
    """Draw the lowest loss that a search has found after each of its trials: the mean over repeats, and their middle half.

    Parameters
    ----------
    losses : name of a search to its losses, (repeats, trials).
    """
    ax, parts = _axes(ax), []
    for number, (name, values) in enumerate(losses.items()):
        best = np.minimum.accumulate(_array(values).astype(float), axis=1)
        trials, mean = np.arange(1, best.shape[1] + 1), best.mean(axis=0)
        low, high = np.quantile(best, [0.25, 0.75], axis=0)
        _draw_series(ax, number, trials, mean, f"{name}, mean of {len(best)}", low, high)
        parts.append(f"{name} {mean[-1]:.3f} (middle half {low[-1]:.3f} to {high[-1]:.3f})")
    ax.set(xlabel="trials done", ylabel="lowest validation loss so far")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)
    title = f"After {trials[-1]} trials: {_listing(parts)}"
    return _finish(ax, title, f"Lowest loss so far against the number of trials. {title}.")


def plot_optimism(promised: object, fresh: object, *, ax: Axes | None = None) -> Axes:
    """Draw what small validation splits say of the winners that they choose, beside what those winners reach on fresh pictures.

    Parameters
    ----------
    promised, fresh : (N,) accuracies in [0, 1] of N winners.
    """
    promised, fresh = _array(promised).astype(float), _array(fresh).astype(float)
    ax = _axes(ax, height=3.2)
    bins = np.linspace(min(promised.min(), fresh.min()) - 0.01, max(promised.max(), fresh.max()) + 0.01, 30)
    for values, style, label in ((fresh, _CLASS_STYLES[1], "on fresh pictures"), (promised, _CLASS_STYLES[0], "on the split that chose it")):
        look = {"color": style["color"], "hatch": style["hatch"], "edgecolor": "black", "linewidth": 0.5, "alpha": 0.75}
        ax.hist(values, bins, label=f"{label}: mean {values.mean():.3f}", **look)
        ax.axvline(values.mean(), color="black", linestyle=style["linestyle"], linewidth=2)
    ax.set(xlabel="accuracy of the winner", ylabel="splits")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    _plain(ax)
    title = f"The winners look {100 * (promised - fresh).mean():.1f} points better than they are"
    return _finish(ax, title, f"Two histograms of {len(promised)} winners: on the split that chose them {promised.mean():.3f} on average, on fresh pictures {fresh.mean():.3f}. {title}.")


def plot_by_depth(series: Mapping[str, Sequence[float]], what: str, *, ax: Axes | None = None) -> Axes:
    """Draw a quantity of each layer, from the first to the last, on a logarithmic scale.

    Parameters
    ----------
    series : name of a network to one positive value for each of its layers.
    what : says what the values are.
    """
    ax, parts = _axes(ax), []
    for number, (name, values) in enumerate(series.items()):
        values = _array(values).astype(float)
        _draw_series(ax, number, np.arange(1, len(values) + 1), values, name)
        parts.append(f"{name} from {values[0]:.2g} in the first layer to {values[-1]:.2g} in the last")
    ax.set(yscale="log", xlabel="layer, counted from the picture", ylabel=f"{what} (log scale)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)
    return _finish(ax, f"{what[:1].upper()}{what[1:]}, layer by layer", f"{what[:1].upper()}{what[1:]}: {'; '.join(parts)}.")


def plot_accuracy_by_size(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of networks against their number of parameters; a bar goes from the lowest to the highest run.

    Parameters
    ----------
    rows : dicts with model, parameters and accuracy, one for each run; those of one model are drawn together.
    """
    names = list(dict.fromkeys(row["model"] for row in rows))
    ax, parts = _axes(ax), []
    for number, name in enumerate(names):
        runs = [row for row in rows if row["model"] == name]
        accuracy, size = _column(runs, "accuracy"), float(runs[0]["parameters"])
        mean = accuracy.mean()
        style = {**_series_style(number), "linestyle": "none"}
        ax.errorbar(size, mean, yerr=[[mean - accuracy.min()], [accuracy.max() - mean]], markersize=10, ecolor="black", capsize=5, **style)
        ax.annotate(f"{name}\n{size / 1e6:.2f} million", (size, mean), xytext=(12, 0), textcoords="offset points", va="center", fontsize=9)
        parts.append(f"{name} with {size:,.0f} parameters {mean:.3f} ({_count(len(runs), 'run')})")
    ax.set(xscale="log", xlabel="parameters (log scale)", ylabel="accuracy")
    ax.margins(x=0.35, y=0.25)
    _plain(ax)
    best = max(names, key=lambda name: np.mean([row["accuracy"] for row in rows if row["model"] == name]))
    return _finish(ax, f"Most accurate: {best}", f"Accuracy against parameters: {'; '.join(parts)}.")


def plot_few_photos(rows: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy against the number of photos trained on, for each way to begin; a bar goes from the lowest to the highest draw.

    Parameters
    ----------
    rows : dicts with start (the way to begin), photos and accuracy, one for each training; with 0 photos a line across.
    """
    ax, parts = _axes(ax), []
    starts = [start for start in dict.fromkeys(row["start"] for row in rows) if any(row["photos"] for row in rows if row["start"] == start)]
    for number, start in enumerate(starts):
        sizes = sorted({float(row["photos"]) for row in rows if row["start"] == start})
        draws = [_column([row for row in rows if row["start"] == start and row["photos"] == size], "accuracy") for size in sizes]
        means = [draw.mean() for draw in draws]
        _draw_series(ax, number, sizes, means, start)
        reach = [[mean - draw.min() for mean, draw in zip(means, draws)], [draw.max() - mean for mean, draw in zip(means, draws)]]
        ax.errorbar(sizes, means, yerr=reach, fmt="none", ecolor=_series_style(number)["color"], elinewidth=2, capsize=6)
        parts.append(f"{start}: {', '.join(f'{mean:.3f} with {size:,.0f}' for mean, size in zip(means, sizes))}")
    for row in rows:
        if not row["photos"]:
            ax.axhline(row["accuracy"], color="0.3", linestyle=":", linewidth=2, label=row["start"])
            parts.append(f"{row['start']}: {row['accuracy']:.3f}")
    ticks = sorted({float(row["photos"]) for row in rows if row["photos"]})
    ax.set(xscale="log", xlabel="photos trained on (log scale)", ylabel="accuracy")
    ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=9)
    _plain(ax)
    title = f"Accuracy with {ticks[0]:,.0f} " + (f"to {ticks[-1]:,.0f} " if len(ticks) > 1 else "") + "photos"
    return _finish(ax, title, f"Accuracy against the number of photos. {'. '.join(parts)}.")
