"""Hair and what is worn on it: volumes and colours on the head, and what hangs behind or beside it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from maskkit.faces.attributes import FaceAttributes
from maskkit.faces.canvas import band, ellipse, fill, hanging_hair
from maskkit.faces.palette import Color, any_color, mix, pattern, shade, strands, vary
from maskkit.faces.surface import Pose, Surface, angles_to_chart, angles_to_direction, relief, rise, smooth, uneven

# The window that hair leaves for the face, right half from the forehead down: azimuths and elevations.
OPEN_EARS = ((0, 20, 40, 54, 62, 72, 76, 80, 100, 106, 112, 138, 150), (52, 51, 44, 30, 16, 12, -10, 14, 14, -6, -24, -32, -40))
OVER_EARS = ((0, 20, 40, 54, 60, 62, 60, 52, 45), (52, 51, 44, 28, 8, -14, -40, -60, -85))
STYLES = {  # window, volume in skull radii, texture
    "buzz": (OPEN_EARS, 0.015, "straight"), "short": (OPEN_EARS, 0.09, "straight"), "side_part": (OPEN_EARS, 0.10, "straight"),
    "fringe": (OPEN_EARS, 0.09, "straight"), "curly": (OPEN_EARS, 0.16, "curly"), "afro": (OPEN_EARS, 0.36, "curly"),
    "bob": (OVER_EARS, 0.13, "straight"), "long": (OVER_EARS, 0.09, "straight"), "ponytail": (OPEN_EARS, 0.045, "straight"),
    "bun": (OPEN_EARS, 0.05, "straight"),
}
COVERS = {  # lower edge from the middle to the back: azimuths, elevations; volume
    "cap": ((0, 30, 60, 85, 112, 150), (29, 28, 22, 14, 4, 0), 0.085),
    "beanie": ((0, 30, 60, 85, 112, 150), (31, 30, 23, 12, -2, -8), 0.10),
    "hat": ((0, 30, 60, 85, 112, 150), (31, 30, 27, 24, 20, 18), 0.09),
    "helmet": ((0, 30, 58, 80, 112, 150), (36, 35, 26, 4, -10, -16), 0.19),
    "headscarf": ((0, 24, 44, 56, 60, 56, 44, 25), (47, 45, 32, 10, -18, -42, -58, -66), 0.07),
    "hood": ((0, 26, 50, 66, 70, 66, 60, 50), (56, 54, 38, 12, -15, -42, -64, -85), 0.20),
}


def _mirrored(azimuth, elevation) -> np.ndarray:
    """A closed outline on the chart from its right half; straight in angles, so curved on the chart."""
    fine = np.linspace(0, len(azimuth) - 1, 4 * len(azimuth) - 3)
    azimuth, elevation = (np.interp(fine, np.arange(len(azimuth)), row) for row in (azimuth, elevation))
    return np.concatenate([angles_to_chart(azimuth, elevation), angles_to_chart(-azimuth, elevation)[::-1]])


def grow_hair(surface: Surface, attributes: FaceAttributes, color: Color, rng: np.random.Generator) -> None:
    """Hair on the head itself, with its hairline and fringe."""
    variant, lift, jitter = int(rng.integers(4)), rng.normal(0, 2.5), rng.normal(0, 1.5, 24)
    style = attributes.hair_style
    if style == "bald":
        return
    (azimuth, elevation), volume, kind = STYLES[style]
    wobble = np.where(np.array(elevation) > 5, lift + jitter[:len(elevation)], 0)
    hair = ImageChops.invert(surface.region(_mirrored(azimuth, np.array(elevation) + wobble)))
    if style == "buzz":
        hair = hair.convert("L").point([v * 3 // 4 for v in range(256)])
    whole = hair
    if style in ("fringe", "side_part", "bob", "long"):
        fringe = surface.region(_fringe(style, rng))
        whole = ImageChops.lighter(hair, fringe)
        _swell(surface, fringe, 0.05, rng, 0.03)
    _swell(surface, hair, volume * rng.uniform(0.8, 1.25), rng, rough=0.05 if kind == "curly" else 0.02)
    _cover_with_hair(surface, whole, color, kind, variant)


def _cover_with_hair(surface: Surface, region: Image.Image, color: Color, kind: str, variant: int) -> None:
    texture = strands(kind, variant, surface.size).copy()
    dark, light = np.array(shade(color, 0.55)), np.array(mix(color, (255, 245, 230), 0.16))
    level = (np.arange(256) / 255) ** 1.3 * 1.15
    texture.putpalette(np.clip(dark + level[:, None] * (light - dark), 0, 255).astype(np.uint8).tobytes())
    surface.paste(texture, region)


def _swell(surface: Surface, region: Image.Image, volume: float, rng: np.random.Generator, rough: float = 0.0) -> None:
    """Raise the region, rising from its edge; hair is also uneven."""
    cover = relief(region)
    height = volume * (0.35 * rise(cover, 2) + 0.65 * rise(cover, 6)) * (1 + uneven(rng, 28, 4 * rough))
    surface.radius = surface.radius + smooth(cover, 1.5) * 0.012 + height
    surface.gloss = surface.gloss * (1 - 0.5 * cover)
    surface.shadow = surface.shadow * np.where(cover > 0.5, 1, 1 - 0.4 * smooth(cover, 4))


def _fringe(style: str, rng: np.random.Generator) -> np.ndarray:
    """The outline of hair that falls over the forehead: straight across, to a side, or parted like a curtain."""
    low = rng.uniform(13, 27) if style == "fringe" else rng.uniform(22, 38)
    parting = rng.uniform(-35, 35)
    straight = style == "fringe" or rng.random() < 0.35
    t = np.linspace(-56, 56, 29)
    droop = rng.uniform(0, 8)
    edge = low + droop * np.abs(t / 56) if straight else 47 - (55 - low) * (np.abs(t - parting) / 75) ** 0.8
    edge = edge + rng.uniform(1, 4) * rng.random(29) * np.where(np.arange(29) % 2, 1, -1)
    return np.concatenate([angles_to_chart(t, edge), angles_to_chart(t[::-1], np.full(29, 60.0))])


def wear_cover(surface: Surface, attributes: FaceAttributes, cloth: Image.Image | None, color: Color,
               rng: np.random.Generator) -> None:
    """A cap's, hat's, beanie's or helmet's crown, a headscarf or a hood, on the head itself."""
    kind = attributes.head_cover
    if kind == "none":
        return
    lift, texture = rng.normal(0, 2), rng.integers(2**31)
    azimuth, elevation, volume = COVERS[kind]
    edge = np.array(elevation, float) + lift
    if kind not in ("headscarf", "hood"):
        azimuth, edge = (*azimuth, 150, 175), np.append(edge, (-45, -60))  # bare below, all round
    window = _mirrored(azimuth, edge)
    region = ImageChops.invert(surface.region(window))
    surface.paste(cloth, region)
    _shape_cover(surface, kind, region, volume, np.random.default_rng(texture))
    surface.line(window, (*shade(color, 0.6), 150), 0.02)
    if kind == "beanie":
        turn = np.linspace(-110, 110, 23)
        surface.line(angles_to_chart(turn, np.interp(np.abs(turn), azimuth, edge) + 15), (*shade(color, 0.55), 170), 0.02)
    if kind == "cap":
        for turn in (-60, -20, 20, 60):
            surface.line(angles_to_chart(np.full(8, turn), np.linspace(25, 90, 8)), (*shade(color, 0.7), 120), 0.01)


def _shape_cover(surface: Surface, kind: str, region: Image.Image, volume: float, rng: np.random.Generator) -> None:
    """Covers lie over the hair: flatten it, then swell; helmets shine, brims and hoods throw a shadow."""
    cover = relief(region)
    soft = rise(cover, 2.5)
    flat = np.minimum(surface.radius, 1.06)
    surface.radius = surface.radius + soft * (flat - surface.radius)
    if kind == "hat":
        volume = volume + 0.28 * rise(cover, 9)
    surface.radius = surface.radius + soft * volume
    if kind in ("beanie", "headscarf", "hood"):
        surface.radius = surface.radius + soft * uneven(rng, 20, 0.02)
    surface.gloss = np.where(cover > 0.5, 0.5 if kind == "helmet" else 0.02, surface.gloss).astype(np.float32)
    reach = 16 if kind in ("cap", "hat") else 6
    surface.shadow = surface.shadow * np.where(cover > 0.5, 1, 1 - 0.6 * smooth(cover, reach)).astype(np.float32)


def cover_cloth(attributes: FaceAttributes, clothing: Color, rng: np.random.Generator) -> tuple[Image.Image | None, Color]:
    """The cloth of the head cover, if there is one, and its colour; a hood is of the jumper's."""
    if attributes.head_cover == "none":
        return None, clothing
    color = vary(clothing, rng, 4) if attributes.head_cover == "hood" else any_color(rng)
    plain = rng.random() < 0.6 or attributes.head_cover in ("helmet", "hood")
    kind = "plain" if plain else str(rng.choice(["stripes", "dots", "checks", "floral"]))
    return pattern(kind, color, rng, 192), color


def hang_hair(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, color: Color,
              rng: np.random.Generator) -> None:
    """What hangs behind the head: long hair, a bob, a ponytail, a bun."""
    if attributes.head_cover in ("headscarf", "hood") or attributes.hair_style not in ("long", "bob", "ponytail", "bun"):
        return
    patch, side, length = hanging_hair(color, rng), rng.choice((-1, 1)), rng.uniform(0.9, 1.2)
    x, y = pose.project(np.array([0, 0, -0.3]))
    s = pose.scale
    if attributes.hair_style in ("long", "bob"):
        bottom = (1.05 if attributes.hair_style == "bob" else 2.3) * length
        half = np.array([(0.0, -1.0), (0.5, -0.95), (0.80, -0.5), (0.90, 0.0), (0.95, 0.5), (1.0, bottom * 0.8),
                         (0.85, bottom)])
        outline = np.concatenate([half, half[::-1] * (-1, 1)])
        fill(canvas, outline * s + (x, y), patch * 0.75)
    elif attributes.hair_style == "ponytail":
        start = pose.project(np.array([0, 0.55, -0.95]))
        line = start + s * np.array([(0, 0), (0.35 * side, -0.1), (0.6 * side, 0.5), (0.55 * side, 1.5 * length)])
        fill(canvas, band(line, s * np.array([0.25, 0.4, 0.42, 0.1])), patch)
    elif attributes.hair_style == "bun":
        bx, by = pose.project(np.array([0.1 * side, 0.95 * length, -0.45]))
        fill(canvas, ellipse(bx, by, 0.32 * s, 0.28 * s), patch)


def hang_locks(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, color: Color,
               rng: np.random.Generator) -> None:
    """Long hair that falls before the shoulders, on one side or both."""
    if attributes.hair_style != "long" or attributes.head_cover in ("headscarf", "hood"):
        return
    patch, which, length = hanging_hair(color, rng, 14), rng.integers(4), rng.uniform(1.4, 2.4)
    if which == 3:
        return
    for side in ((-1, 1), (-1,), (1,))[which]:
        top, temple = pose.project(np.array([(0.72 * side, 0.15, 0.1), (0.78 * side, -0.55, 0.0)]))
        end = pose.project(np.array([0, 0, -0.1])) + pose.scale * np.array([0.8 * side, length])
        fill(canvas, band(np.stack([top, temple, (temple + end) / 2 + (0.1 * side * pose.scale, 0), end]),
                          pose.scale * np.array([0.2, 0.4, 0.45, 0.12])), patch)


def brim(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, color: Color, front: bool) -> None:
    """A cap's peak, or the half of a hat's brim that lies before (or behind) the head."""
    if attributes.head_cover not in ("cap", "hat"):
        return
    hat = attributes.head_cover == "hat"
    azimuth = np.linspace(-180, 180, 49) if hat else np.linspace(-62, 62, 21)
    inner = angles_to_direction(azimuth, 26.0) * (0.80, 1, 0.98) * 1.03
    outer = inner * ((1.55, 0.72, 1.5) if hat else (1.0, 1.0, 1.0))
    if not hat:
        outer = inner + np.cos(np.radians(azimuth * 90 / 62))[:, None] * np.array([0, -0.14, 0.52])
    near = pose.toward_camera(inner) > 0
    tone = shade(color, 0.85 if front else 0.6)
    if not hat and front:
        fill(canvas, np.concatenate([pose.project(inner), pose.project(outer)[::-1]]), tone)
    for i in np.flatnonzero(near[:-1] == front) if hat else ():
        fill(canvas, pose.project(np.stack([inner[i], inner[i + 1], outer[i + 1], outer[i]])), tone)
