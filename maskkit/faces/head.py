"""The bare head: the skull's shape and a painted face, all on the chart of `surface`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from maskkit.faces.attributes import FaceAttributes
from maskkit.faces.palette import EYES, Color, hair_color, mix, shade, skin_color
from maskkit.faces.surface import (RELIEF, Painter, Pose, Surface, angles_to_chart, bump, chart_axes, evenly, facing, relief, smooth, stretched,
                                   to_chart, uneven)

# Hills and hollows of a head: (height, u, v, width, height on the chart); u != 0 stands for a pair.
HILLS = {
    "chin": (0.10, 0, -0.50, 0.17, 0.10), "underside": (-0.34, 0, -1.02, 0.55, 0.24), "jaw": (-0.08, 0.46, -0.62, 0.24, 0.22),
    "jaw_side": (-0.10, 0.56, -0.40, 0.24, 0.20), "nape": (-0.30, 1.0, -0.80, 0.32, 0.36),
    "temple": (-0.06, 0.52, 0.26, 0.18, 0.18), "brow": (0.028, 0.17, 0.125, 0.15, 0.04), "socket": (-0.062, 0.195, 0.035, 0.10, 0.055),
    "cheek": (0.04, 0.29, -0.12, 0.13, 0.09), "hollow": (-0.028, 0.36, -0.33, 0.13, 0.11),
    "bridge": (0.045, 0, -0.01, 0.040, 0.10), "nose": (0.075, 0, -0.11, 0.046, 0.07), "tip": (0.10, 0, -0.165, 0.060, 0.045),
    "wing": (0.066, 0.060, -0.19, 0.034, 0.032), "groove": (-0.02, 0, -0.245, 0.05, 0.025),
    "lips": (0.045, 0, -0.30, 0.10, 0.04), "under_lip": (-0.028, 0, -0.375, 0.11, 0.028),
    "fold": (-0.026, 0.150, -0.250, 0.028, 0.080), "muzzle": (0.025, 0, -0.29, 0.15, 0.11), "corner": (-0.022, 0.145, -0.315, 0.035, 0.035),
    "jowl": (0.018, 0.24, -0.36, 0.07, 0.08), "boss": (0.022, 0, -0.46, 0.07, 0.05),
    "ear": (0.15, 1.0, 0.0, 0.07, 0.12), "forehead": (0.02, 0, 0.35, 0.3, 0.16),
}
SUPPLE = ("fold", "muzzle", "corner", "jowl", "boss", "hollow", "under_lip", "groove")  # what differs most between faces round the mouth
SMILING = {"cheek": 1.8, "fold": 1.7, "corner": 1.6, "jowl": 1.4, "groove": 0.6}  # what a smile does to it
SKULL = np.array([0.71, 1.03, 0.90])


@dataclass(frozen=True)
class Features:
    """What tells one face from another, apart from its attributes."""

    skin: Color
    hair: Color
    lips: Color
    eye_x: float
    eye_y: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    brow_y: float
    brow_arch: float
    brow_thick: float
    nose_width: float
    mouth_y: float
    mouth_width: float
    lip_full: float
    gaze: tuple[float, float]
    made_up: float
    lined: float
    opening: float
    nose_high: float
    shadowed: float


def draw_features(attributes: FaceAttributes, rng: np.random.Generator) -> Features:
    """Draw the measures and colours of one face."""
    skin = skin_color(attributes.skin_tone, rng)
    hair = hair_color(attributes.hair_color, rng)
    made_up = max(0.0, rng.uniform(-1, 1))
    red = ((178, 62, 72), (150, 40, 56), (196, 84, 92))[rng.integers(3)]
    red = red if attributes.skin_tone < 7 else shade(red, 0.68)
    lips = mix(shade(skin, rng.uniform(0.68, 0.92)), red, rng.uniform(0.05, 0.55) + 0.4 * made_up)
    return Features(
        skin, hair, lips, eye_x=rng.normal(0.395, 0.014), eye_y=rng.normal(0.04, 0.015), eye_width=rng.uniform(0.16, 0.20),
        eye_open=rng.uniform(0.042, 0.072), eye_tilt=rng.normal(0.008, 0.012), brow_y=rng.normal(0.20, 0.018),
        brow_arch=rng.uniform(0.0, 0.05), brow_thick=rng.uniform(0.014, 0.036), nose_width=rng.uniform(0.85, 1.5),
        mouth_y=rng.normal(-0.555, 0.015), mouth_width=rng.uniform(0.25, 0.36), lip_full=rng.uniform(0.032, 0.085),
        gaze=(rng.normal(0, 0.018), rng.normal(0, 0.008)), made_up=made_up, lined=rng.beta(1.1, 2),
        opening=rng.uniform(0.4, 1.7),
        nose_high=rng.uniform(0.6, 1.4), shadowed=rng.beta(1.2, 1.2))


@lru_cache
def _hills() -> np.ndarray:
    """The hills of `HILLS` as one table (n, N, N)."""
    tables = []
    for _, u, v, width, height in HILLS.values():
        hill = bump(u, v, width, height)
        tables.append(hill + bump(-u, v, width, height) if u else hill)
    return np.stack(tables)


def bare_head(attributes: FaceAttributes, features: Features, rng: np.random.Generator, size: int, pose: Pose) -> Surface:
    """A head with skin, eyes, brows, nose, mouth and beard; nothing on it yet, and no colours where the pose hides them."""
    heights = np.array([hill[0] for hill in HILLS.values()]) * rng.normal(1, 0.22, len(HILLS))
    scale = dict(zip(SUPPLE, np.exp(rng.normal(0, 0.5, len(SUPPLE))), strict=True))
    scale |= {"wing": features.nose_width, "bridge": features.nose_high, "nose": features.nose_high, "tip": features.nose_high}
    scale["fold"] *= 0.6 + 1.6 * features.lined
    if attributes.expression in ("smile", "teeth"):
        scale |= {part: scale.get(part, 1.0) * more for part, more in SMILING.items()}
    heights *= [min(scale.get(part, 1.0), 2.2) for part in HILLS]
    radius = 1 + np.einsum("n,nuv->uv", heights.astype(np.float32), _hills())  # einsum starts no threads
    axes = (SKULL * (rng.normal(1, 0.045), rng.normal(1, 0.015), rng.normal(1, 0.02))).astype(np.float32)
    surface = Surface(_complexion(features, rng), size, facing(pose, axes), axes, 1 + (radius - 1) * _glow()[2])
    surface.shadow *= 1 + uneven(rng, 14, rng.uniform(0, 0.12)) + uneven(rng, 28, rng.uniform(0, 0.06))
    surface.gloss *= rng.gamma(1.2, 1.3) * (1 + uneven(rng, 9, 0.3))
    _nose(surface, features)
    _mouth(surface, attributes.expression, features)
    _eyes(surface, attributes, features)
    _brows(surface, attributes.expression, features)
    _beard(surface, attributes.beard, features, rng)
    return surface


@lru_cache
def _glow() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where skin is redder, where it is darker round the eyes, and where the skull's back begins: (N, N) each."""
    pairs = lambda u, v, w, h: bump(u, v, w, h) + bump(-u, v, w, h)  # noqa: E731
    red = pairs(0.27, -0.17, 0.12, 0.09) + 0.8 * bump(0, -0.17, 0.08, 0.05) + pairs(1, -0.03, 0.12, 0.15)
    u, v = chart_axes()
    return red, pairs(0.195, 0.03, 0.085, 0.05), np.clip((1.34 - np.hypot(u, v)) / 0.2, 0, 1)


def _complexion(features: Features, rng: np.random.Generator) -> Image.Image:
    """The colours of the skin, at half the radius map's size: redder cheeks, nose and ears, darker round the eyes, uneven everywhere."""
    red, rings = (part[::2, ::2] for part in _glow()[:2])
    patchy = lambda patches, spread: uneven(rng, patches, spread, RELIEF // 2)  # noqa: E731
    skin = np.array(features.skin, np.float32)[:, None, None]
    blush = np.array(mix(features.skin, (200, 70, 60), 0.22 + 0.15 * features.made_up), np.float32)[:, None, None]
    tone = 1 + patchy(72, rng.uniform(0, 0.05)) + patchy(36, rng.uniform(0.01, 0.06)) + patchy(13, rng.uniform(0.01, 0.07)) + patchy(5, rng.uniform(0.02, 0.12))
    tone = tone * (1 - np.float32(0.12 + 0.1 * features.made_up) * rings)
    colors = (skin + np.float32(0.85) * red * (blush - skin)) * tone * (1 + np.stack([patchy(5, 0.03) for _ in range(3)]))
    return Image.fromarray(np.moveaxis(np.clip(colors, 0, 255).astype(np.uint8), 0, -1))


def _eyes(surface: Surface, attributes: FaceAttributes, f: Features) -> None:
    squint = {"teeth": 0.72, "smile": 0.85, "open": 1.15}.get(attributes.expression, 1.0)
    iris = EYES[attributes.eye_color]
    for side in (-1, 1):
        _eye(surface, f, side, f.eye_open * squint, iris)


def _eye(surface: Surface, f: Features, side: int, opening: float, iris: Color) -> None:
    """One eye, in coordinates (along, above) from its middle, in half widths of the skull."""
    t = evenly(-1, 1, 13)
    upper = opening * (1 - t**2) ** 0.7 * 1.15
    lower = -opening * (1 - t**2) * 0.75
    tilt = f.eye_tilt * t
    place = lambda along, above: to_chart(side * (f.eye_x + along), f.eye_y + above)  # noqa: E731
    wide = t * f.eye_width
    lid, rim, crease, shadow = place(np.array([wide, wide, wide, wide * 1.12]),
                                     np.array([upper + tilt, lower + tilt, upper * 1.75 + tilt + 0.008, upper * 1.9 + tilt]))
    surface.polygon(np.concatenate([shadow, lid[::-1]]), (*shade(f.skin, 0.80), 150))
    inside, mask = surface.stencil(np.concatenate([lid, rim[::-1]]), mix((232, 228, 224), f.skin, 0.18))
    _iris(inside, place(side * f.gaze[0], f.gaze[1] + 0.006), iris)
    inside.line(lid, (*shade(f.skin, 0.25), 110), 0.022)
    surface.stamp(inside, mask)
    surface.line(lid, (30, 22, 20, int(170 + 80 * f.made_up)), 0.009 + 0.008 * f.made_up)
    surface.line(crease, (*shade(f.skin, 0.55), 120), 0.006)
    surface.line(rim, (*shade(f.skin, 0.5), 110), 0.006)


def _iris(inside: Painter, middle: np.ndarray, color: Color, radius: float = 0.037) -> None:
    u, v = middle
    for share, tone in ((1, shade(color, 0.55)), (0.86, color), (0.45, (12, 10, 10))):
        inside.ellipse(u, v, radius * share, radius * share, tone)
    inside.ellipse(u + 0.011, v + 0.012, 0.008, 0.008, (250, 250, 250))


def _brows(surface: Surface, expression: str, f: Features) -> None:
    t = evenly(0, 1, 9)
    lift = {"frown": -0.035, "open": 0.04, "teeth": 0.01}.get(expression, 0.0)
    inner = -0.05 if expression == "frown" else 0.0
    color = (*mix(shade(f.hair, 0.8), (40, 30, 26), 0.35), 215)
    for side in (-1, 1):
        x = side * (f.eye_x - 0.17 + 0.36 * t)
        y = f.brow_y + lift + f.brow_arch * np.sin(t * 2.4) + inner * (1 - t)
        thick = f.brow_thick * (1 - 0.7 * t**2)
        surface.polygon(np.concatenate([to_chart(x, y + thick), to_chart(x[::-1], (y - thick)[::-1])]), color)


def _nose(surface: Surface, f: Features) -> None:
    dark = (*shade(f.skin, 0.30), int(110 + 130 * f.shadowed))
    for side in (-1, 1):
        u = side * 0.036 * f.nose_width
        surface.ellipse(u, -0.212, 0.021 * f.nose_width, 0.0105, dark)
        wing = np.array([(u * 1.6, -0.165), (u * 2.15, -0.185), (u * 2.0, -0.208)])
        surface.line(wing, (*shade(f.skin, 0.5), 140), 0.010)
    surface.shadow *= 1 - (0.12 + 0.5 * f.shadowed) * bump(0, -0.228, 0.08, 0.026)
    surface.shadow *= 1 - 0.35 * f.shadowed * (bump(0.12, -0.19, 0.05, 0.06) + bump(-0.12, -0.19, 0.05, 0.06))


def _mouth(surface: Surface, expression: str, f: Features) -> None:
    curve = {"smile": 0.05, "teeth": 0.075, "frown": -0.03, "open": 0.0}.get(expression, 0.005)
    width = f.mouth_width * {"smile": 1.16, "teeth": 1.32, "open": 1.2 - 0.2 * f.opening}.get(expression, 1.0)
    t = evenly(-1, 1, 17)
    corner = f.mouth_y + curve * t**2
    bow = f.lip_full * (1 - t**2) ** 0.6 * (0.82 + 0.18 * np.cos(t * 9))
    gap = {"teeth": 0.085, "open": 0.14}.get(expression, 0.0) * f.opening * np.sqrt(1 - t**2)
    drop = corner - gap
    lower = f.lip_full * 1.25 * (1 - t**2) ** 0.6
    x = t * width
    outline = np.concatenate([to_chart(x, corner + bow), to_chart(x[::-1], (drop - lower)[::-1])])
    surface.polygon(outline, f.lips)
    surface.polygon(np.concatenate([to_chart(x, drop - lower * 0.35), to_chart(x[::-1], (drop - lower * 0.75)[::-1])]),
                    (*shade(f.lips, 1.22), 110))
    if gap.any():
        _inside_mouth(surface, expression, x * 0.94, corner, drop)
    else:
        surface.line(to_chart(x, corner - 0.004 * np.cos(t * 9)), (*shade(f.lips, 0.38), 235), 0.011)
    _lines(surface, f, width, 120 if expression in ("smile", "teeth") else 0)
    low = -0.38 - float(gap.max()) * 0.5
    surface.shadow *= 1 - (0.1 + 0.4 * f.shadowed) * bump(0, low, 0.11, 0.025)
    side = width * 0.53
    surface.shadow *= 1 - 0.4 * f.shadowed * (bump(side, -0.305, 0.04, 0.04) + bump(-side, -0.305, 0.04, 0.04))


def _inside_mouth(surface: Surface, expression: str, x: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> None:
    surface.polygon(np.concatenate([to_chart(x, top), to_chart(x[::-1], bottom[::-1])]), (58, 22, 24))
    teeth = 0.85 if expression == "teeth" else 0.30
    edge = top + (bottom - top) * teeth
    inner = slice(1, -1) if expression == "teeth" else slice(4, -4)
    white = (236, 232, 224)
    surface.polygon(np.concatenate([to_chart(x, top)[inner], to_chart(x, edge)[inner][::-1]]), white)
    if expression == "open":
        middle = bottom + (top - bottom) * 0.35
        tongue = np.concatenate([to_chart(x, middle)[4:-4], to_chart(x, bottom)[4:-4][::-1]])
        surface.polygon(tongue, (166, 82, 84))


def _lines(surface: Surface, f: Features, width: float, smiling: int) -> None:
    """Folds from the nose to the corners of the mouth, below the eyes and on the forehead: of a smile, or of age."""
    t = evenly(0, 1, 7)
    dark = shade(f.skin, 0.55)
    for side in (-1, 1):
        x = side * (0.16 + (width + 0.07 - 0.16) * np.sin(t * 1.5))
        surface.line(to_chart(x, -0.36 - 0.20 * t), (*dark, int(max(smiling, 170 * f.lined))), 0.014)
        bags = f.eye_y - 0.09 - 0.03 * np.sin(t * 3.1)
        surface.line(to_chart(side * (f.eye_x - 0.12 + 0.22 * t), bags), (*dark, int(110 * f.lined)), 0.012)
    wave = 0.01 * np.cos(6 * t - 3)
    for y in (0.45, 0.53) if f.lined > 0.5 else ():
        surface.line(to_chart(0.6 * t - 0.3, y + wave), (*dark, int(70 * f.lined)), 0.010)


def _beard(surface: Surface, beard: str, f: Features, rng: np.random.Generator) -> None:
    """A beard grows where its outline says: dots for stubble, hair for the rest."""
    if beard == "none":
        return
    grain = rng.integers(0, 256, (surface.size // 2,) * 2, dtype=np.uint8)
    density, even = rng.uniform(0.65, 1), rng.random()
    mask = _beard_region(surface, beard, f)
    tiles = surface.tiles(mask)
    box = surface.box(tiles)
    region = np.asarray(mask.crop(box), np.float32)
    speckle = np.asarray(stretched(Image.fromarray(grain), surface.size, tiles), np.float32) / 255
    strength = (0.12 + 0.3 * even) + 0.35 * (1 - even) * speckle if beard == "stubble" else np.clip(0.55 + 0.9 * speckle, 0, 1)
    mask.paste(Image.fromarray((region * strength * density).astype(np.uint8)), box)
    surface.paste(mix(f.hair, (40, 32, 30), 0.4 if beard == "stubble" else 0.15), mask)
    if beard in ("full", "goatee"):
        surface.radius += 0.045 * smooth(relief(mask), 2)


def _beard_region(surface: Surface, beard: str, f: Features) -> Image.Image:
    moustache = _moustache(f)
    if beard == "moustache":
        return surface.region(moustache, soft=0.01)
    y = f.mouth_y - f.lip_full
    if beard == "goatee":
        sides = np.array([(-0.19, y + 0.03), (-0.12, y - 0.03), (0.12, y - 0.03), (0.19, y + 0.03), (0.20, y - 0.2),
                          (0, -0.93), (-0.20, y - 0.2)])
        return surface.region(moustache, to_chart(sides[:, 0], sides[:, 1]), soft=0.014)
    jaw = angles_to_chart([84, 70, 48, 30, 0, -30, -48, -70, -84, -88, -60, 0, 60, 88],
                          [-2, -14, -24, -38, -42, -38, -24, -14, -2, -40, -66, -72, -66, -40])
    return surface.region(moustache, jaw, soft=0.02)


def _moustache(f: Features) -> np.ndarray:
    t = evenly(-1, 1, 11)
    top = f.mouth_y + f.lip_full + 0.075 - 0.05 * t**2
    bottom = f.mouth_y + f.lip_full * 0.7 - 0.045 * t**2
    return np.concatenate([to_chart(t * 0.24, top), to_chart(t[::-1] * 0.27, bottom[::-1])])
