"""What is worn or held before the head: glasses, hands, cups, microphones, scarves."""

from __future__ import annotations

import numpy as np
from PIL import Image

from maskkit.faces.attributes import FaceAttributes
from maskkit.faces.canvas import band, cylinder, ellipse, fill
from maskkit.faces.palette import Color, any_color, mix, pattern, shade
from maskkit.faces.surface import Pose, Surface, angles_to_chart, relief, rise, smooth


def wear_glasses(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, rng: np.random.Generator) -> None:
    """Clear glasses or sunglasses: two rims, a bridge, and the temple that can be seen."""
    frame = [(24, 22, 24), (60, 40, 30), (150, 130, 80), (120, 124, 130), any_color(rng)][rng.integers(5)]
    round_, size, thick = rng.uniform(1.8, 4.5), rng.normal(1, 0.09), rng.uniform(0.014, 0.05)
    tint, glare, mirror = rng.uniform(0.82, 0.99), rng.uniform(0, 1, 2), any_color(rng)
    dark = attributes.glasses == "sunglasses"
    size = size * (1.15 if dark else 1.0)
    tinted = (mix((14, 14, 16), mirror, 0.18 * glare[0]), tint) if dark else None
    yaw = np.degrees(np.arctan2(pose.rotation[2, 0], pose.rotation[2, 2]))
    for side in sorted((-1, 1), key=lambda s: -s * yaw):  # the far lens first
        if side * yaw < -62:
            continue
        _lens(canvas, pose, side, size, round_, frame, thick, tinted, glare)
        _temple(canvas, pose, side, frame, thick)
    bridge = pose.project(np.array([(-0.09, 0.06, 0.93), (0, 0.09, 0.97), (0.09, 0.06, 0.93)]))
    fill(canvas, band(bridge, max(1.5, thick * pose.scale)), frame)


def _lens(canvas, pose, side, size, round_, frame, thick, tint, glare) -> None:
    t = np.linspace(0, 2 * np.pi, 28)
    x = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / round_) * 0.215 * size
    y = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / round_) * 0.165 * size
    points = np.stack([side * 0.305 + x, 0.02 + y, 0.93 - 0.55 * (0.305 + side * x) ** 2 * 0.9], axis=-1)
    rim = pose.project(points)
    if tint:
        color = np.array(tint[0], float) * np.linspace(0.8, 1.9, 6)[:, None, None]
        fill(canvas, rim, color, tint[1])
    else:
        fill(canvas, rim, (225, 235, 245), 0.06 + 0.12 * glare[0])
    if glare[1] > 0.6:
        fill(canvas, rim[[3, 6, 12, 13]], (255, 255, 255), 0.22)
    fill(canvas, band(rim, max(1.6, thick * pose.scale)), frame)


def _temple(canvas, pose, side, frame, thick) -> None:
    """The arm of the glasses, as far as the head does not hide it."""
    ends = np.array([(side * 0.52, 0.06, 0.70), (side * 0.80, 0.06, 0.02)])
    if pose.toward_camera(np.array([side, 0.0, 0.15])) > 0:
        fill(canvas, band(pose.project(ends), max(1.2, thick * 0.8 * pose.scale)), frame)


def wear_scarf(surface: Surface, rng: np.random.Generator) -> Image.Image:
    """A scarf up to the chin, on the head itself; returns its cloth for the part round the neck."""
    color, top = any_color(rng), rng.uniform(-50, -42)
    cloth = pattern(str(rng.choice(["plain", "stripes", "checks", "plain"])), color, rng, 96)
    azimuth = np.linspace(-112, 112, 25)
    edge = top + 16 * (np.abs(azimuth) / 112) ** 2 + rng.normal(0, 1.0, 25)
    lower = angles_to_chart(azimuth[::-1], np.full(25, -89.0))
    region = surface.region(np.concatenate([angles_to_chart(azimuth, edge), [(1.35, -1.35)], lower, [(-1.35, -1.35)]]))
    cover = relief(region)
    surface.paste(cloth, region)
    surface.radius = surface.radius + rise(cover, 2.5) * (np.maximum(surface.radius, 1.0) + 0.10 - surface.radius)
    surface.shadow = surface.shadow * np.where(cover > 0.5, 1, 1 - 0.5 * smooth(cover, 5))
    return cloth


def hang_scarf(canvas: Image.Image, pose: Pose, cloth: Image.Image, light: np.ndarray, ambient: float) -> None:
    """The scarf round the neck, below the head."""
    x, y = pose.project(np.array([0, -0.75, -0.15]))
    s = pose.scale
    colors = np.asarray(cloth, float) * cylinder((255, 255, 255), light, ambient, 96, 1) / 255
    colors = colors * (0.8 + 0.25 * np.abs(np.sin(np.linspace(0, 9, 96))))[:, None, None]
    fill(canvas, ellipse(x, y + 0.45 * s, 0.95 * s, 0.62 * s), colors)
    end = np.array([(0.1, 0.7), (0.6, 0.7), (0.7, 2.6), (0.15, 2.6)])
    fill(canvas, end * s + (x, y), colors)


def hold(canvas: Image.Image, pose: Pose, attributes: FaceAttributes, skin: Color, light: np.ndarray, ambient: float,
         rng: np.random.Generator) -> None:
    """A hand, cup or microphone before the mouth."""
    side, shift = int(rng.choice((-1, 1))), rng.normal(0, 0.06, 2)
    color, gesture = any_color(rng), int(rng.integers(4))
    sleeve = any_color(rng)
    mouth = pose.project(np.array([0, -0.56, 0.85])) + pose.scale * shift
    if attributes.occluder == "hand":
        _hand(canvas, mouth, pose.scale, side, gesture, skin, sleeve, light, ambient)
    elif attributes.occluder == "cup":
        _cup(canvas, mouth, pose.scale, side, color, skin, sleeve, light, ambient, tall=gesture < 2)
    elif attributes.occluder == "microphone":
        _microphone(canvas, mouth + pose.scale * np.array([0.1 * side, 0.32]), pose.scale, side, skin, sleeve, light, ambient)


def _forearm(canvas, wrist, scale, side, sleeve, light, ambient) -> None:
    elbow = wrist + scale * np.array([0.5 * side, 2.6])
    fill(canvas, band(np.stack([wrist, (wrist + elbow) / 2, elbow]), np.array([0.42, 0.62, 0.8]) * scale),
         cylinder(sleeve, light, ambient))


def _fingers(canvas, roots, tips, width, skin, light, ambient) -> None:
    """Fingers side by side: each with a dark gap beside it, a lit back, a nail."""
    for root, tip in zip(roots, tips, strict=True):
        along = np.stack([root, (root * 0.45 + tip * 0.55), tip])
        end = ellipse(*tip, width * 0.43, width * 0.43)
        fill(canvas, band(along, width * 1.14), shade(skin, 0.5), 0.75)
        fill(canvas, end, skin)
        fill(canvas, band(along, width * np.array([0.95, 0.92, 0.82])), cylinder(skin, light, ambient + 0.1, 9))
        nail = tip + (tip - root) * 0.02
        fill(canvas, ellipse(*nail, width * 0.24, width * 0.28), mix(skin, (255, 225, 220), 0.35), 0.6)


def _hand(canvas, mouth, s, side, gesture, skin, sleeve, light, ambient) -> None:
    """Fingers flat over the mouth, a fist before it, fingertips at the lips, or a chin in the hand."""
    middle = mouth + s * np.array([(0.1, 0.0), (0.05, 0.08), (0.12, 0.22), (0.0, 0.42)][gesture]) * (side, 1)
    palm = middle + s * np.array([0.42 * side, 0.22])
    _forearm(canvas, palm + s * np.array([0.18 * side, 0.35]), s, side, sleeve, light, ambient)
    tone = shade(skin, 0.97)
    fill(canvas, ellipse(palm[0], palm[1], 0.36 * s, 0.33 * s, 0.4 * side), cylinder(tone, light, ambient + 0.1))
    k = np.arange(4)[:, None]
    if gesture in (0, 3):
        roots = palm + s * (np.array([-0.20 * side, -0.24]) + k * np.array([0.02 * side, 0.165]))
        reach = np.array([[0.62], [0.72], [0.70], [0.55]])
        tips = roots + s * reach * np.array([-side, -0.10])
    elif gesture == 1:
        palm = middle
        fill(canvas, ellipse(palm[0], palm[1], 0.34 * s, 0.36 * s), cylinder(tone, light, ambient + 0.1))
        roots = palm + s * (np.array([0.12 * side, -0.25]) + k * np.array([0.0, 0.17]))
        tips = roots + s * np.array([-0.30 * side, 0.02])
    else:
        roots = palm + s * (np.array([-0.28 * side, -0.18]) + k * np.array([0.14 * side, 0.0]))
        tips = roots + s * np.array([[-0.16 * side, -0.40]]) * np.array([[1.0], [1.1], [1.0], [0.8]])
    _fingers(canvas, roots, tips, 0.165 * s, tone, light, ambient)


def _cup(canvas, mouth, s, side, color, skin, sleeve, light, ambient, tall) -> None:
    """A paper cup or a mug at the lips, and the hand that holds it."""
    x, y = mouth + s * np.array([0, 0.02])
    height, top, bottom = (0.95, 0.36, 0.27) if tall else (0.62, 0.36, 0.34)
    _forearm(canvas, np.array([x + 0.42 * side * s, y + 0.75 * s]), s, side, sleeve, light, ambient)
    wall = np.array([(-top, 0), (top, 0), (bottom, height), (-bottom, height)]) * s + (x, y)
    fill(canvas, wall, cylinder(color, light, ambient))
    fill(canvas, ellipse(x, y, top * s, 0.09 * s), shade(color, 1.12))
    fill(canvas, ellipse(x, y, top * 0.86 * s, 0.065 * s), shade(color, 0.45))
    k = np.arange(4)[:, None]
    roots = np.array([x + 0.36 * side * s, y + 0.16 * s]) + s * k * np.array([-0.01 * side, 0.155])
    _fingers(canvas, roots, roots + s * np.array([-0.46 * side, 0.02]), 0.15 * s, skin, light, ambient)


def _microphone(canvas, head, s, side, skin, sleeve, light, ambient) -> None:
    grip = head + s * np.array([0.28 * side, 0.85])
    _forearm(canvas, grip + s * np.array([0.12 * side, 0.15]), s, side, sleeve, light, ambient)
    fill(canvas, band(np.stack([head, grip, grip + (grip - head) * 0.4]), 0.17 * s), cylinder((38, 38, 42), light, ambient))
    fill(canvas, ellipse(*head, 0.20 * s, 0.22 * s), cylinder((96, 98, 104), light, ambient))
    k = np.arange(4)[:, None]
    roots = grip + s * (np.array([0.12 * side, -0.2]) + k * np.array([0.03 * side, 0.14]))
    _fingers(canvas, roots, roots + s * np.array([-0.28 * side, 0.03]), 0.14 * s, skin, light, ambient)


def drape(canvas: Image.Image, pose: Pose, cloth: Image.Image, light: np.ndarray, ambient: float) -> None:
    """The part of a headscarf that falls over neck and shoulders."""
    x, y = pose.project(np.array([0, -0.2, -0.25]))
    s = pose.scale
    half = np.array([(0.0, -0.3), (0.72, -0.2), (0.80, 0.5), (1.0, 1.05), (1.35, 1.5), (1.2, 2.1), (0.4, 2.5), (0, 2.6)])
    colors = np.asarray(cloth.resize((96, 96)), float) * cylinder((255, 255, 255), light, ambient, 96, 1) / 255
    folds = 1 + 0.18 * np.sin(np.linspace(0, 22, 96) + np.linspace(0, 6, 96)[:, None])
    fill(canvas, np.concatenate([half, half[::-1] * (-1, 1)]) * s + (x, y), colors * folds[..., None])
