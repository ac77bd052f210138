"""What stands behind and below the head: backgrounds, neck, shoulders, clothes, and small figures' bodies."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from maskkit.faces.attributes import FaceAttributes
from maskkit.faces.canvas import band, cylinder, ellipse, fill
from maskkit.faces.palette import Color, any_color, mix, pattern, shade
from maskkit.faces.surface import Pose


def draw_background(kind: str, size: int, rng: np.random.Generator) -> Image.Image:
    """A background, (size, size) RGB: plain, gradient, blurred or busy. Drawn at half size: it is out of focus."""
    half = -(-size // 2)
    return _BACKGROUNDS[kind](half, rng).resize((size, size), Image.Resampling.NEAREST, box=(0, 0, size / 2, size / 2))


def _plain(size: int, rng: np.random.Generator) -> Image.Image:
    color, white = any_color(rng), rng.random() < 0.4
    return Image.new("RGB", (size, size), tuple(int(v) for v in rng.integers(236, 256, 3)) if white else color)


def _gradient(size: int, rng: np.random.Generator) -> Image.Image:
    corners = np.array([any_color(rng)] * 4, float)[None] + rng.normal(0, 40, (1, 4, 1))
    return _enlarge(corners.reshape(2, 2, 3), size)


def _blurred(size: int, rng: np.random.Generator) -> Image.Image:
    blobs = np.array([any_color(rng) for _ in range(3)])[rng.integers(0, 3, (7, 7))]
    blobs = blobs + rng.normal(0, 18, (7, 7, 1)) + rng.normal(0, 7, (7, 7, 3))
    rows, columns = rng.integers(2, 8, 2)
    return _enlarge(blobs[:rows, :columns], size)


def _enlarge(colors: np.ndarray, size: int) -> Image.Image:
    return Image.fromarray(np.clip(colors, 0, 255).astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC)


def _busy(size: int, rng: np.random.Generator) -> Image.Image:
    """Walls, windows, shelves, leaves, lettering, other people: a handful of kinds of clutter."""
    image = Image.new("RGB", (size, size), any_color(rng))
    draw = ImageDraw.Draw(image, "RGBA")
    for clutter in rng.choice(len(_CLUTTER), 2):
        _CLUTTER[clutter](draw, size, rng)
    return image.filter(ImageFilter.BoxBlur(float(rng.choice((0, 0, 1, 2)))))


def _boxes(draw, size, rng) -> None:
    for x, y, w, h in rng.uniform(0, size, (int(rng.integers(4, 16)), 4)) * (1, 1, 0.5, 0.5):
        draw.rectangle((x, y, x + w, y + h), fill=any_color(rng), outline=any_color(rng))


def _windows(draw, size, rng) -> None:
    pitch_x, pitch_y, color = rng.uniform(0.08, 0.3) * size, rng.uniform(0.08, 0.3) * size, any_color(rng)
    for x in np.arange(0, size, pitch_x):
        for y in np.arange(0, size, pitch_y):
            draw.rectangle((x, y, x + pitch_x * 0.65, y + pitch_y * 0.7), fill=shade(color, rng.uniform(0.6, 1.2)))


def _leaves(draw, size, rng) -> None:
    base = mix((60, 95, 50), any_color(rng), 0.35)
    for x, y, r in rng.uniform(0, 1, (110, 3)):
        radius = size * (0.01 + 0.05 * r)
        draw.ellipse((x * size - radius, y * size - radius * 0.7, x * size + radius, y * size + radius * 0.7),
                     fill=shade(base, rng.uniform(0.4, 1.6)))


def _lettering(draw, size, rng) -> None:
    ink, height = any_color(rng), rng.uniform(0.02, 0.08) * size
    for y in np.arange(rng.uniform(0, size / 3), size, height * 2.2):
        for x in np.arange(0, size, height):
            if rng.random() < 0.6:
                draw.rectangle((x, y, x + height * rng.uniform(0.2, 0.8), y + height), fill=ink)


def _blobs(draw, size, rng) -> None:
    for x, y, r in rng.uniform(0, 1, (int(rng.integers(5, 20)), 3)):
        radius = size * (0.02 + 0.2 * r * r)
        draw.ellipse((x * size - radius, y * size - radius, x * size + radius, y * size + radius), fill=(*any_color(rng), 200))


def _lines(draw, size, rng) -> None:
    for ends in rng.uniform(-0.2, 1.2, (int(rng.integers(4, 14)), 4)) * size:
        draw.line(tuple(ends), fill=any_color(rng), width=int(rng.integers(1, max(2, size // 16))))


_BACKGROUNDS = {"plain": _plain, "gradient": _gradient, "blurred": _blurred, "busy": _busy}
_CLUTTER = (_boxes, _windows, _leaves, _lettering, _blobs, _lines)


class Body:
    """Neck, shoulders and clothes below a head; `skin` and `cloth` are colours, `x`, `y` the neck's foot in pixels."""

    def __init__(self, attributes: FaceAttributes, pose: Pose, skin: Color, rng: np.random.Generator) -> None:
        self.kind, self.pose, self.skin = attributes.clothing, pose, skin
        self.cloth, self.second = any_color(rng), any_color(rng)
        white, pale = rng.random() < 0.6, tuple(int(v) for v in rng.integers(215, 256, 3))
        if self.kind in ("suit", "shirt") and white:
            self.second = pale
        if self.kind == "suit":
            self.cloth = shade(self.cloth, 0.45)
        kind = str(rng.choice(["plain", "stripes", "checks", "dots", "floral"], p=(0.66, 0.1, 0.12, 0.06, 0.06)))
        self.print = kind, rng.integers(2**31)
        self.wide = rng.normal(1, 0.09)
        self.folds = rng.normal(1, 0.07, (6, 8, 1))
        self.lean = rng.normal(0, 0.05)
        self.arms = rng.uniform(0, 1, 4)
        chin = pose.project(np.array([0.0, -0.45, -0.28]))
        self.x = float(pose.center[0] * 0.45 + chin[0] * 0.55 + self.lean * pose.scale)
        self.y = float(pose.center[1] + 1.32 * pose.scale)

    @cached_property
    def fabric(self) -> Image.Image:
        """The cloth of a shirt, also of the one below a suit; printed when it is first seen, which in a tight picture is never."""
        kind, seed = self.print
        return pattern(kind, self.second if self.kind == "suit" else self.cloth, np.random.default_rng(seed), 96)

    def at(self, points) -> np.ndarray:
        """Pixels of points in half head heights from the neck's foot (x right, y down)."""
        return np.asarray(points, float) * self.pose.scale + (self.x, self.y)

    def draw(self, canvas: Image.Image, light: np.ndarray, ambient: float) -> None:
        self._neck(canvas, light, ambient)
        if self._is_figure(canvas):
            self._figure(canvas, light, ambient)
        self._torso(canvas, light, ambient)
        {"shirt": self._collar, "suit": self._suit, "hoodie": self._hood, "turtleneck": self._turtleneck}.get(
            self.kind, lambda canvas: None)(canvas)

    def _is_figure(self, canvas: Image.Image) -> bool:
        return self.pose.scale < canvas.height * 0.19

    def _neck(self, canvas: Image.Image, light: np.ndarray, ambient: float) -> None:
        top = self.pose.project(np.array([0, -0.35, -0.28]))
        width = 0.41 * self.wide**0.5 * self.pose.scale
        outline = np.array([top + (-width, 0), top + (width, 0), self.at((0.46, -0.12)), self.at((0.75, 0.12)),
                            self.at((0.0, 0.62)), self.at((-0.75, 0.12)), self.at((-0.46, -0.12))])
        patch = cylinder(self.skin, light, ambient, rows=12) * np.linspace(0.35, 1.05, 12)[:, None, None] ** 0.6
        fill(canvas, outline, patch)

    def _torso(self, canvas: Image.Image, light: np.ndarray, ambient: float) -> None:
        deep = {"bare_neck": 0.55, "t_shirt": 0.26, "hoodie": 0.2, "suit": 0.2, "shirt": 0.2}.get(self.kind, 0.1)
        w = self.wide
        half = np.array([(0, deep), (0.25, deep * 0.8), (0.46, 0.02), (0.62, 0.0), (1.05 * w, 0.22), (1.5 * w, 0.42),
                         (1.82 * w, 0.78), (1.98 * w, 1.5), (1.95 * w, 4.4)])
        if self._is_figure(canvas):
            half = np.concatenate([half[:5], [(1.45 * w, 0.40), (1.5 * w, 0.9), (1.3 * w, 2.4), (1.32 * w, 4.4)]])
        outline = np.concatenate([half, half[::-1] * (-1, 1)])
        outline = self.at(outline)
        if outline[:, 1].min() < canvas.height:
            fill(canvas, outline, self._lit(self.fabric if self.kind != "suit" else self.cloth, light, ambient))

    def _lit(self, fabric: Image.Image | Color, light: np.ndarray, ambient: float) -> np.ndarray:
        colors = np.asarray(fabric if isinstance(fabric, Image.Image) else Image.new("RGB", (96, 96), fabric), float)
        folds = np.asarray(Image.fromarray(self.folds[..., 0].astype(np.float32)).resize((96, 96), Image.Resampling.BICUBIC))
        return colors * cylinder((255, 255, 255), light, ambient, 96, 1) / 255 * folds[..., None]

    def _collar(self, canvas: Image.Image) -> None:
        tone = mix(self.cloth, self.second, 0.5)
        for side in (-1, 1):
            fill(canvas, self.at(np.array([(0.44, -0.22), (0.62, 0.02), (0.42, 0.52), (0.02, 0.36), (0.30, 0.12)]) * (side, 1)),
                 shade(tone, 1.08 if side > 0 else 0.95))
        fill(canvas, self.at([(-0.02, 0.4), (0.02, 0.4), (0.02, 4), (-0.02, 4)]), shade(tone, 0.7))

    def _suit(self, canvas: Image.Image) -> None:
        if self.y < canvas.height:
            fill(canvas, self.at([(-0.45, 0.0), (0.45, 0.0), (0.28, 0.9), (0, 2.0), (-0.28, 0.9)]), self.fabric)
        fill(canvas, self.at([(-0.1, 0.32), (0.1, 0.32), (0.15, 1.5), (0, 1.8), (-0.15, 1.5)]), shade(self.second, 0.4))
        for side in (-1, 1):
            fill(canvas, self.at(np.array([(0.44, -0.15), (0.70, 0.15), (0.62, 1.0), (0.02, 2.2), (0.28, 0.9)]) * (side, 1)),
                 shade(self.cloth, 0.8))
            fill(canvas, self.at(np.array([(0.42, -0.22), (0.5, 0.05), (0.26, 0.5), (0.0, 0.32), (0.28, 0.12)]) * (side, 1)),
                 shade(self.second, 1.0 if side > 0 else 0.92))

    def _hood(self, canvas: Image.Image) -> None:
        for side in (-1, 1):
            fill(canvas, self.at(np.array([(0.42, -0.3), (0.85, -0.08), (1.0, 0.3), (0.5, 0.6), (0.05, 0.62), (0.35, 0.2)]) * (side, 1)),
                 shade(self.cloth, 0.82 if side > 0 else 0.74))
            fill(canvas, band(self.at([(0.2 * side, 0.55), (0.22 * side, 1.5)]), 0.05 * self.pose.scale), self.second)

    def _turtleneck(self, canvas: Image.Image) -> None:
        outline = [(-0.47, -0.42), (0, -0.34), (0.47, -0.42), (0.56, 0.2), (0, 0.34), (-0.56, 0.2)]
        fill(canvas, self.at(outline), np.array(self.cloth) * np.array([[[0.6], [0.95], [1.0], [0.95], [0.6]]]))

    def _figure(self, canvas: Image.Image, light: np.ndarray, ambient: float) -> None:
        """Arms, hands, hips and legs of a person who is seen from afar."""
        w, bend = self.wide, self.arms
        trousers, sleeve = shade(self.second, 0.7), self._lit(shade(self.cloth, 0.88), light, ambient)
        for side in (-1, 1):
            out = 0.15 + 0.5 * bend[int(side > 0)]
            hand = ((1.4 * w + out) * side, 5.2) if bend[2] < 0.6 else ((1.3 * w - 2 * out) * side, 3.2)
            arm = self.at([(1.3 * w * side, 0.62), ((1.5 * w + 0.6 * out) * side, 2.9), hand])
            fill(canvas, band(arm, np.array([0.6, 0.5, 0.36]) * self.pose.scale), sleeve)
            fill(canvas, ellipse(*arm[-1], 0.2 * self.pose.scale, 0.24 * self.pose.scale), self.skin)
            leg = self.at([(0.6 * side, 4.0), (0.62 * side + 0.2 * bend[3] * side, 7.6), (0.6 * side, 11)])
            fill(canvas, band(leg, np.array([1.2, 0.8, 0.55]) * self.pose.scale), trousers)
        fill(canvas, self.at([(-1.25 * w, 4), (1.25 * w, 4), (1.35 * w, 5.2), (-1.35 * w, 5.2)]), trousers)
