"""Drawing in the picture itself (not on the head): polygons filled with small shaded patches."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from maskkit.faces.palette import Color
from maskkit.faces.surface import evenly


def fill(canvas: Image.Image, outline: np.ndarray, patch: Image.Image | np.ndarray | Color, alpha: float = 1) -> None:
    """Fill a polygon (n, 2) in pixels with a colour, or with a picture stretched over its bounding box."""
    outline = np.asarray(outline, float)
    low, high = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
    left, top = (max(0, int(v)) for v in low)
    right, bottom = min(canvas.width, int(high[0]) + 2), min(canvas.height, int(high[1]) + 2)
    if right - left < 1 or bottom - top < 1:
        return
    box, mask = (left, top, right, bottom), Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon((outline - (left, top)).ravel().tolist(), fill=round(255 * alpha))
    canvas.paste(patch if isinstance(patch, tuple) else _stretch(patch, low, high, box), box, mask)


def _stretch(patch: Image.Image | np.ndarray, low: list[float], high: list[float], box: tuple) -> Image.Image:
    """The part of a picture, stretched from `low` to `high`, that lies in the box."""
    if isinstance(patch, np.ndarray):
        patch = Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8))
    left, right = _share(patch.width, low[0], high[0], box[0], box[2])
    top, bottom = _share(patch.height, low[1], high[1], box[1], box[3])
    return patch.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR, box=(left, top, right, bottom))


def _share(length: int, low: float, high: float, first: int, last: int) -> tuple[float, float]:
    """Where the pixels from `first` to `last` begin and end in a row of `length` that is stretched from `low` to `high`."""
    per_pixel = length / max(high - low, 1)
    start = min(max((first - low) * per_pixel, 0), length - 0.02)
    return start, min(max((last - low) * per_pixel, start + 0.01), length)


def ellipse(x: float, y: float, radius_x: float, radius_y: float, turn: float = 0.0, n: int = 24) -> np.ndarray:
    """An ellipse as a polygon (n, 2); `turn` in radians."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    a, b = radius_x * np.cos(t), radius_y * np.sin(t)
    return np.stack([x + a * np.cos(turn) - b * np.sin(turn), y + a * np.sin(turn) + b * np.cos(turn)], axis=-1)


def band(line: np.ndarray, widths: np.ndarray | float) -> np.ndarray:
    """A polygon round a line (n, 2), as wide as `widths` at each of its points."""
    along = np.concatenate([line[1:2] - line[:1], (line[2:] - line[:-2]) / 2, line[-1:] - line[-2:-1]])
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    offset = across * np.broadcast_to(np.asarray(widths, float), len(line))[:, None] / 2
    return np.concatenate([line + offset, (line - offset)[::-1]])


def cylinder(color: Color, light: np.ndarray, ambient: float, columns: int = 24, rows: int = 2) -> np.ndarray:
    """The colours (rows, columns, 3) of an upright cylinder under the light."""
    x = evenly(-0.93, 0.93, columns)
    facing = np.maximum(x * light[0] + np.sqrt(1 - x * x) * light[2] * 1.15, 0)
    lit = (ambient * 0.8 + (1.1 - ambient) * facing)[None, :, None]
    return np.repeat(np.array(color, float) * lit, rows, axis=0)


def hanging_hair(color: Color, rng: np.random.Generator, columns: int = 48) -> np.ndarray:
    """The colours (16, columns, 3) of hair that hangs down: strands side by side, darker below."""
    strand = 1 + rng.normal(0, 0.2, (1, columns, 1)) + rng.normal(0, 0.04, (16, columns, 1))
    down = np.linspace(1.05, 0.7, 16)[:, None, None]
    return np.array(color, float) * strand * down
