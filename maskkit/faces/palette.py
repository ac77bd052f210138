"""Colours, printed patterns and hair texture: small pictures that the other parts stretch over what they draw."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from maskkit.faces.attributes import is_hex
from maskkit.faces.surface import RELIEF, chart_directions

Color = tuple[int, int, int]

# Monk's ten skin tones (skintone.google), a little redder, since light through skin is.
SKIN = ((246, 220, 205), (243, 213, 194), (244, 213, 188), (233, 194, 161), (216, 166, 131), (178, 124, 90),
        (143, 95, 68), (110, 69, 52), (78, 51, 41), (58, 41, 34))
HAIR = {"black": (28, 24, 25), "dark_brown": (52, 36, 28), "brown": (92, 62, 42), "auburn": (120, 58, 34),
        "blond": (196, 158, 100), "grey": (132, 130, 130), "white": (214, 212, 208), "dyed": (150, 60, 130)}
DYES = ((170, 50, 120), (60, 110, 170), (60, 140, 110), (180, 60, 50), (120, 80, 170))
EYES = {"dark": (38, 26, 22), "brown": (84, 52, 30), "hazel": (120, 92, 48), "green": (84, 118, 76),
        "blue": (84, 130, 176), "grey": (122, 134, 142)}
MASKS = {"white": (238, 240, 242), "light_blue": (136, 188, 220), "black": (30, 30, 33), "grey": (122, 126, 132),
         "navy": (38, 50, 84), "green": (92, 170, 140), "pink": (232, 156, 178), "red": (184, 44, 48),
         "yellow": (232, 200, 60), "orange": (228, 130, 52), "purple": (122, 88, 160), "beige": (214, 190, 158),
         "brown": (112, 80, 62)}


def shade(color: Color, factor: float) -> Color:
    """A colour made darker (factor < 1) or lighter (> 1)."""
    return tuple([int(min(255, max(0, channel * factor))) for channel in color])


def mix(first: Color, second: Color, share: float) -> Color:
    """A colour between two: `share` 0 gives the first, 1 the second."""
    return tuple(int(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def vary(color: Color, rng: np.random.Generator, spread: float) -> Color:
    """A colour near the given one."""
    shift = rng.normal(0, spread, 3) * 0.5 + rng.normal(0, spread)
    return tuple(int(v) for v in np.clip(np.array(color) + shift, 0, 255))


def any_color(rng: np.random.Generator) -> Color:
    """A colour of cloth, paint or paper: mostly greys and muted colours, some vivid ones."""
    grey = rng.beta(1.1, 1.1) * 255
    tint, spread = rng.uniform(-1, 1, 3).tolist(), (6, 30, 95)[bisect_left((0.4, 0.8), rng.random())]
    return tuple([int(min(252, max(4, grey + v * spread))) for v in tint])


def skin_color(tone: int, rng: np.random.Generator) -> Color:
    """The colour of a Monk tone, varied within the tone."""
    return vary(SKIN[tone - 1], rng, 7 if tone < 7 else 4)


def hair_color(name: str, rng: np.random.Generator) -> Color:
    """A colour of the named kind of hair."""
    dye = DYES[rng.integers(len(DYES))]
    base = dye if name == "dyed" else HAIR[name]
    return vary(base, rng, 5 if name == "black" else 11)


def mask_color(name: str, skin: Color, rng: np.random.Generator) -> Color:
    """A colour of the named kind, of "skin" (the wearer's own) or exactly "#rrggbb"."""
    jitter = rng.integers(0, 2**31)
    if is_hex(name):
        return tuple(int(name[i:i + 2], 16) for i in (1, 3, 5))
    return vary(skin if name == "skin" else MASKS[name], np.random.default_rng(jitter), 9)


def pattern(kind: str, color: Color, rng: np.random.Generator, size: int = 128) -> Image.Image:
    """A printed cloth, (size, size) RGB: plain, stripes, dots, checks, floral, camouflage or print."""
    image = Image.new("RGB", (size, size), color)
    ink = _ink(color, rng)
    _PRINTERS[kind](ImageDraw.Draw(image, "RGBA"), size, ink, rng)
    return image


def _ink(color: Color, rng: np.random.Generator) -> Color:
    """A colour that can be seen on the given one."""
    ink = np.array(any_color(rng), float)
    if np.abs(ink - color).sum() < 150:
        ink = 255 - ink
    if np.abs(ink - color).sum() < 150:
        ink = np.array(color) * 0.4 + (110 if sum(color) < 200 else 0)
    return tuple(int(v) for v in np.clip(ink, 0, 255))


def _plain(draw, size, ink, rng) -> None:
    pass


def _stripes(draw, size, ink, rng) -> None:
    pitch, slant = rng.uniform(0.05, 0.16) * size, rng.choice((0, 0, size * 0.6, size))
    width = max(1, int(pitch * rng.uniform(0.25, 0.6)))
    upright = rng.random() < 0.6
    for start in np.arange(-size, size * 2, pitch):
        ends = (start, -2, start + slant, size + 2)
        draw.line(ends if upright else (ends[1], ends[0], ends[3], ends[2]), fill=ink, width=width)


def _dots(draw, size, ink, rng) -> None:
    pitch = rng.uniform(0.07, 0.17) * size
    radius = pitch * rng.uniform(0.18, 0.36)
    for i, y in enumerate(np.arange(0, size + pitch, pitch)):
        for x in np.arange(-(i % 2) * pitch / 2, size + pitch, pitch):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _checks(draw, size, ink, rng) -> None:
    pitch = rng.uniform(0.07, 0.16) * size
    half = max(1, int(pitch * rng.uniform(0.35, 0.5)))
    for start in np.arange(0, size, pitch):
        draw.rectangle((start, 0, start + half, size), fill=(*ink, 120))
        draw.rectangle((0, start, size, start + half), fill=(*ink, 120))


def _floral(draw, size, ink, rng) -> None:
    colors = [ink, any_color(rng), any_color(rng), (70, 130, 70)]
    for x, y in rng.uniform(0, size, (int(rng.integers(14, 34)), 2)):
        radius, turn = rng.uniform(0.02, 0.055) * size, rng.uniform(0, 6)
        petal = colors[rng.integers(4)]
        for k in range(5):
            px, py = x + np.cos(turn + k * 1.257) * radius, y + np.sin(turn + k * 1.257) * radius
            draw.ellipse((px - radius * 0.7, py - radius * 0.7, px + radius * 0.7, py + radius * 0.7), fill=petal)
        draw.ellipse((x - radius * 0.5, y - radius * 0.5, x + radius * 0.5, y + radius * 0.5), fill=shade(petal, 0.6))


def _camouflage(draw, size, ink, rng) -> None:
    colors = [ink, shade(ink, 0.6), mix(ink, (110, 110, 70), 0.6)]
    for x, y in rng.uniform(0, size, (26, 2)):
        angles, reach = np.linspace(0, 6.28, 9)[:-1], rng.uniform(0.04, 0.13, 8) * size
        draw.polygon([(x + 1.6 * r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)],
                     fill=colors[rng.integers(3)])


def _print(draw, size, ink, rng) -> None:
    """One badge, word or mouth, near the middle or on one side."""
    x, y, reach = size * rng.uniform(0.3, 0.7), size * rng.uniform(0.4, 0.6), size * rng.uniform(0.06, 0.16)
    kind = rng.integers(3)
    if kind == 0:
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=ink)
    elif kind == 1:
        for k in range(4):
            draw.line((x - reach + k * reach / 2, y - reach / 3, x - reach * 0.9 + k * reach / 2, y + reach / 3),
                      fill=ink, width=max(1, size // 40))
    else:
        draw.pieslice((x - reach, y - reach * 1.4, x + reach, y + reach * 0.8), 10, 170, fill=ink)


_PRINTERS = {"plain": _plain, "stripes": _stripes, "dots": _dots, "checks": _checks, "floral": _floral,
             "camouflage": _camouflage, "print": _print}


@lru_cache(maxsize=64)
def strands(kind: str, variant: int, size: int) -> Image.Image:
    """Hair texture on the chart (mode L): strands that run from the crown, or curls."""
    if kind == "curly":
        return _curls(variant).resize((size, size), Image.Resampling.BILINEAR)
    rng = np.random.default_rng([variant, 7])
    directions = chart_directions()
    crown = np.array([rng.uniform(-0.25, 0.25), 1.0, -0.15])
    crown /= np.linalg.norm(crown)
    side = np.cross(crown, (0, 0, 1))
    side /= np.linalg.norm(side)
    front = np.cross(side, crown)
    around = np.arctan2(directions @ side, directions @ front) / (2 * np.pi) + 0.5
    down = np.arccos(np.clip(directions @ crown, -1, 1))
    tones = rng.normal(0, 1, 512)
    tones = tones + np.repeat(rng.normal(0, 0.9, 64), 8)
    fine = _enlarge(around, size) * 512 + 3 * np.sin(_enlarge(down, size) * 3 + rng.uniform(0, 6))
    values = tones[np.clip(fine, 0, 511).astype(int)] * 34 + 120 + 25 * np.cos(_enlarge(down, size) * 4.2)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _enlarge(values: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR))


@lru_cache
def _curls(variant: int) -> Image.Image:
    rng = np.random.default_rng([variant, 7])
    image = Image.new("L", (RELIEF * 2, RELIEF * 2), 70)
    draw = ImageDraw.Draw(image)
    for x, y in rng.uniform(0, RELIEF * 2, (2600, 2)):
        radius, tone = rng.uniform(2, 5), int(rng.uniform(30, 220))
        draw.arc((x - radius, y - radius, x + radius, y + radius), rng.uniform(0, 360), rng.uniform(200, 560), fill=tone,
                 width=2)
    return image
