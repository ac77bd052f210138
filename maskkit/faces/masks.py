"""Masks: outlines from the left ear to the right, raised over nose and mouth, with print, pleats, seams and loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from maskkit.faces.attributes import FaceAttributes
from maskkit.faces.canvas import fill
from maskkit.faces.palette import Color, any_color, mask_color, mix, pattern, shade
from maskkit.faces.surface import Painter, Pose, Surface, angles_to_chart, evenly, relief, rise, smooth

# Upper and lower edge from the middle to the side: azimuths, upper and lower elevations, in degrees.
OUTLINES = {
    "surgical": ((0, 14, 32, 50, 68), (0, -5, -11, -12, -12), (-71, -70, -68, -62, -53)),
    "fitted": ((0, 16, 36, 58, 80), (2, -5, -9, -7, 2), (-69, -69, -64, -50, -27)),
    "cloth": ((0, 15, 34, 54, 72), (0, -6, -10, -11, -10), (-71, -70, -67, -60, -49)),
    "folded": ((0, 14, 32, 50, 66), (1, -5, -12, -16, -20), (-69, -68, -65, -58, -50)),
    "cup": ((0, 14, 30, 44, 56), (-1, -6, -13, -19, -27), (-66, -65, -61, -54, -44)),
    "bandana": ((0, 18, 40, 66, 96), (0, -6, -9, -6, 2), (-86, -85, -82, -72, -36)),
}
UNDER_CHIN = ((0, 16, 34, 50, 64), (-47, -46, -42, -36, -28), (-80, -78, -70, -58, -44))
STIFF = {"surgical": 8, "fitted": 6, "cloth": 7, "folded": 9, "cup": 14, "bandana": 4}
DOMES = {"surgical": 0.06, "fitted": 0.05, "cloth": 0.05, "folded": 0.11, "cup": 0.15, "bandana": 0.03}


@dataclass(frozen=True)
class Edges:
    """Upper and lower edge of a mask on the chart, from left to right, (n, 2) each."""

    upper: np.ndarray
    lower: np.ndarray

    @property
    def outline(self) -> np.ndarray:
        return np.concatenate([self.upper, self.lower[::-1]])

    def across(self, share: float, inset: float = 0.0) -> np.ndarray:
        """A line from left to right, at a share of the way from the upper to the lower edge."""
        line = self.upper * (1 - share) + self.lower * share
        cut = int(inset * len(line))
        return line[cut:len(line) - cut]


def wear_mask(surface: Surface, attributes: FaceAttributes, skin: Color, rng: np.random.Generator) -> None:
    """Put on the mask that the attributes describe, over the mouth or, without `with_mask`, under the chin."""
    color, edges, cloth = _cut(attributes, skin, rng)
    if attributes.mask_type != "bandana" or not attributes.with_mask:
        _loops(surface, attributes, edges, color, rng)
    region = surface.region(edges.outline)
    _raise(surface, attributes, region, rng.uniform(0.6, 1.5))
    _print(surface, cloth, region, rng, fine=1 if attributes.mask_pattern == "plain" else 4)
    details = {"surgical": _pleats, "cloth": _seam, "folded": _seam, "fitted": _seam, "cup": _rim, "bandana": _pleats}
    details[attributes.mask_type](surface, edges, color, rng)
    _hem(surface, edges, color, rng)
    if attributes.mask_type in ("folded", "cup", "fitted"):
        _valve(surface, edges, color, rng)


def hang_bandana(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, skin: Color,
                 rng: np.random.Generator) -> None:
    """The corner of a bandana that falls over the neck; `rng` in the same state as for `wear_mask`."""
    _, _, cloth = _cut(attributes, skin, rng)
    folds = 0.85 + 0.15 * np.cos(np.linspace(-9, 9, 128)) - 0.25 * np.abs(np.linspace(-1, 1, 128))
    corner = np.array([(-0.5, -0.35), (0.5, -0.35), (0.52, 0.2), (0.1, 0.85), (-0.1, 0.85), (-0.52, 0.2)])
    fill(canvas, corner * pose.scale + pose.project(np.array([0, -0.62, 0.2])), np.asarray(cloth) * folds[None, :, None])


def _cut(attributes: FaceAttributes, skin: Color, rng: np.random.Generator) -> tuple[Color, Edges, Image.Image]:
    """Colour, edges and cloth of a mask."""
    color = mask_color(attributes.mask_color, skin, rng)
    edges = mask_edges(attributes, rng)
    return color, edges, pattern(attributes.mask_pattern, color, np.random.default_rng(rng.integers(2**31)))


def mask_edges(attributes: FaceAttributes, rng: np.random.Generator) -> Edges:
    """Where the mask's edges run, with the fit that the attributes ask for and a shape of its own."""
    azimuth, upper, lower = (np.array(row, float) for row in OUTLINES[attributes.mask_type])
    shift, wide, tall, lean = rng.normal(0, 1.8), rng.normal(1, 0.05), rng.normal(0, 2.5), rng.normal(0, 1.6)
    if not attributes.with_mask:
        azimuth, upper, lower = (np.array(row, float) for row in UNDER_CHIN)
        shift = min(shift, 1.5)
    elif attributes.mask_fit == "slipped":
        shift, lean = -9 + 0.8 * shift, 2 * lean
        upper = upper * 0.9 - 4
    azimuth = np.concatenate([-azimuth[:0:-1], azimuth]) * wide
    upper = np.concatenate([upper[:0:-1], upper]) + shift + azimuth / 60 * lean
    lower = np.concatenate([lower[:0:-1], lower]) + 0.4 * shift - tall + azimuth / 60 * lean
    fine = evenly(0, 1, 33)
    return Edges(_curve(angles_to_chart(azimuth, upper), fine), _curve(angles_to_chart(azimuth, lower), fine))


def _curve(points: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """A smooth line through points (n, 2): Catmull and Rom's spline."""
    last = len(points) - 1
    i = np.minimum((fine * last).astype(int), last - 1)
    t = (fine * last - i)[:, None]
    a, b, c, d = points[np.maximum(i - 1, 0)], points[i], points[i + 1], points[np.minimum(i + 2, last)]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _raise(surface: Surface, attributes: FaceAttributes, region: Image.Image, stiff: float) -> None:
    """Stretch the cloth over nose and chin, and let it shade the skin beside it.

    Stiff cloth hides the nose: it spans what a soft one sinks into.
    """
    cover = relief(region)
    tent = np.maximum(smooth(surface.radius, 7), surface.radius) + 0.02
    if attributes.with_mask:
        texels = STIFF[attributes.mask_type] * stiff
        for share in (1, 0.5):
            tent = np.maximum(surface.radius + 0.01, smooth(np.maximum(tent, smooth(tent, texels * share)), 0.6 * texels * share))
        tent = tent + DOMES[attributes.mask_type] * _dome(cover)
    surface.radius = surface.radius + rise(cover, 1.5) * (tent - surface.radius)
    near = smooth(cover, 5)
    surface.shadow = surface.shadow * np.where(cover > 0.5, 1, 1 - 0.55 * near)
    surface.gloss = surface.gloss * (1 - 0.8 * cover)


def _dome(cover: np.ndarray) -> np.ndarray:
    """One in the middle of the mask, zero at its edge."""
    return np.clip(smooth(np.clip(smooth(cover, 12) * 2 - 0.9, 0, 1), 4), 0, 1) * cover


def _print(surface: Surface, cloth: Image.Image, region: Image.Image, rng: np.random.Generator, fine: int) -> None:
    """Stretch the printed cloth over the mask; fabric is never quite even: its print is `fine` times as fine as its weave."""
    box = left, top, right, bottom = region.getbbox()
    weave = rng.normal(1, rng.uniform(0, 0.04), (40, 1, 40, 1))
    cloth = np.asarray(cloth.resize((40 * fine, 40 * fine))).reshape(40, fine, 40, 3 * fine) * weave
    cloth = Image.fromarray(cloth.clip(0, 255).astype(np.uint8).reshape(40 * fine, 40 * fine, 3)).resize((160, 160), Image.Resampling.NEAREST)
    surface.image.paste(cloth.resize((right - left, bottom - top), Image.Resampling.BILINEAR), box, region.crop(box))


def _fold(surface: Surface, line: np.ndarray, color: Color, height: float) -> None:
    """A fold in the cloth: a dark line, and a step on the surface."""
    step = np.array([0, 0.018])
    seen = min(1.0, height / 0.016)
    surface.line(line, (*shade(color, 0.55), int(120 * seen)), 0.010)
    surface.line(line + step, (*shade(color, 1.25), int(70 * seen)), 0.010)
    ridge = Painter(Image.new("L", (2 * len(surface.radius),) * 2), 2 * len(surface.radius))
    ridge.line(line + 1.4 * step, 255, 0.03)
    surface.radius = surface.radius + height * relief(ridge.image)


def _pleats(surface: Surface, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    first = rng.uniform(0.26, 0.38)
    for share in np.linspace(first, rng.uniform(0.62, 0.74), int(rng.integers(2, 5))):
        _fold(surface, edges.across(share + rng.normal(0, 0.01)), color, rng.uniform(0.004, 0.018))
    surface.line(edges.across(0.06, 0.3), (*shade(color, 1.2), 120), 0.012)


def _seam(surface: Surface, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    """A seam down the middle, and sometimes a pleat from each side."""
    middle = len(edges.upper) // 2
    shares = evenly(0, 1, 9)[:, None]
    down = edges.upper[middle] * (1 - shares) + edges.lower[middle] * shares
    if rng.random() < 0.75:
        _fold(surface, down, color, 0.02)
    if rng.random() < 0.35:
        share = rng.uniform(0.4, 0.7)
        line = edges.across(share)
        for side in (line[:9], line[-9:]):
            surface.line(side, (*shade(color, 0.6), 110), 0.010)


def _rim(surface: Surface, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    middle = edges.outline.mean(axis=0)
    surface.line(middle + (edges.outline - middle) * 0.9, (*shade(color, 0.7), 110), 0.012)
    if rng.random() < 0.5:
        _fold(surface, edges.across(rng.uniform(0.42, 0.58), 0.1), color, 0.02)


def _hem(surface: Surface, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    """The border: a stitched band in the mask's colour, or in another."""
    tone = any_color(rng) if rng.random() < 0.15 else shade(color, rng.uniform(0.72, 1.12))
    width, seen = rng.uniform(0.006, 0.03), int(rng.uniform(40, 210))
    for edge in (edges.upper, edges.lower):
        surface.line(edge, (*tone, seen), width)
    for side in (0, -1):
        surface.line(np.stack([edges.upper[side], edges.lower[side]]), (*shade(tone, 0.9), seen), width)


def _valve(surface: Surface, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    side, tone, present = rng.choice((-1, 1)), any_color(rng), rng.random() < 0.3
    if not present:
        return
    u, v = edges.across(0.5)[16 + side * 6]
    for radius, share in ((0.062, 0.6), (0.055, 1.0), (0.03, 0.75)):
        surface.ellipse(u, v, radius, radius, shade(mix(color, tone, 0.6), share))


def _loops(surface: Surface, attributes: FaceAttributes, edges: Edges, color: Color, rng: np.random.Generator) -> None:
    """Loops round the ears, or a cup's straps round the head, with their shadow on the cheek."""
    tone = mix(color, (240, 240, 240), rng.choice((0, 0.2, 0.9)))
    if attributes.mask_type == "cup":
        tone = [(225, 190, 70), (235, 235, 235), (60, 60, 60)][rng.integers(3)]
    width = rng.uniform(0.012, 0.028)
    for side in (0, -1):
        sign = -1 if side == 0 else 1
        if attributes.mask_type == "cup" and attributes.with_mask:
            ends = angles_to_chart([sign * 100, sign * 102], [24, -24])
        else:
            ends = angles_to_chart([sign * 91, sign * 89], [9, -14])
        for corner, end, sag in ((edges.upper[side], ends[0], 0.02), (edges.lower[side], ends[1], -0.04)):
            line = _curve(np.stack([corner, (corner + end) / 2 + (0, sag), end]), evenly(0, 1, 9))
            surface.line(line - (0, 0.02), (*shade((90, 60, 50), 0.6), 90), width)
            surface.line(line, tone, width)
