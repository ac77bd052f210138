"""The head as one surface: a radius for every direction, kept on a stereographic chart of the directions.

A direction d (x right, y up, z to the viewer, unit length in a space where the skull is a unit sphere) stands on the
chart at (d.x, d.y) / (1 + d.z): the nose in the middle, the ears near ±1. The chart is conformal, so what is painted
on it keeps its shape on the head. Skin, hair, hats and masks all raise this one surface and colour it, so that pose,
outline and shading come for free: a picture is found by marching one ray for every few pixels to the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LIMIT = 1.35  # half the width of the chart
RELIEF = 144  # texels a side of the radius map
FAR = 1.75  # no surface reaches beyond this radius (in skull radii)
MARCH_STEPS = 11


def to_chart(x, y) -> np.ndarray:
    """Chart position of a point seen from the front: x and y in half widths and half heights of the skull."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    depth = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    return np.stack([x / (1 + depth), y / (1 + depth)], axis=-1)


def angles_to_chart(azimuth, elevation) -> np.ndarray:
    """Chart position of a direction in degrees: azimuth 90 is the right ear as you see it, elevation 90 the crown."""
    direction = angles_to_direction(azimuth, elevation)
    return direction[..., :2] / (1 + direction[..., 2:])


def angles_to_direction(azimuth, elevation) -> np.ndarray:
    """Unit directions (..., 3) of angles in degrees."""
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth), np.radians(elevation))
    return np.stack([np.sin(azimuth) * np.cos(elevation), np.sin(elevation),
                     np.cos(azimuth) * np.cos(elevation)], axis=-1).astype(np.float32)


@lru_cache
def chart_axes() -> tuple[np.ndarray, np.ndarray]:
    """Chart coordinates of the radius map's texels: u (1, N) to the right, v (N, 1) upwards."""
    axis = ((np.arange(RELIEF, dtype=np.float32) + 0.5) / RELIEF * 2 - 1) * LIMIT
    return axis[None, :], -axis[:, None]


@lru_cache
def chart_directions() -> np.ndarray:
    """Unit directions (N, N, 3) of the radius map's texels."""
    u, v = np.broadcast_arrays(*chart_axes())
    squared = u * u + v * v
    return np.stack([2 * u, 2 * v, 1 - squared], axis=-1) / (1 + squared)[..., None]


def bump(u: float, v: float, width: float, height: float) -> np.ndarray:
    """A soft hill of height one on the chart, (N, N) float32."""
    axis_u, axis_v = chart_axes()
    return np.exp(-(((axis_u - u) / width) ** 2)) * np.exp(-(((axis_v - v) / height) ** 2))


@dataclass(frozen=True)
class Pose:
    """Where a head stands in the picture: `center` in pixels, `scale` pixels for half a head height."""

    rotation: np.ndarray  # (3, 3), from the head's axes to the camera's
    center: tuple[float, float]
    scale: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of head-space points (..., 3)."""
        seen = np.asarray(points, np.float32) @ self.rotation.T
        return np.stack([self.center[0] + self.scale * seen[..., 0], self.center[1] - self.scale * seen[..., 1]], -1)

    def toward_camera(self, points: np.ndarray) -> np.ndarray:
        """Depth (...) of head-space points: larger is nearer."""
        return np.asarray(points, np.float32) @ self.rotation[2]


def rotation_matrix(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Head-to-camera rotation of angles in degrees: turn about the neck, then nod, then lean."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    turn = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    nod = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    lean = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return (np.array(lean) @ nod @ turn).astype(np.float32)


class Painter:
    """Draws on a picture of (a part of) the chart in chart coordinates; the whole chart has `size` texels a side."""

    def __init__(self, image: Image.Image, size: int, origin: tuple[int, int] = (0, 0)) -> None:
        self.image, self.size, self.origin = image, size, origin
        self.draw = ImageDraw.Draw(image, "RGBA" if image.mode == "RGB" else None)

    def pixels(self, chart: np.ndarray) -> list[tuple[float, float]]:
        """Texture pixels of chart positions (n, 2), as Pillow wants them."""
        scaled = (np.asarray(chart) * (1, -1) / LIMIT + 1) * (self.size / 2) - self.origin
        return list(map(tuple, scaled.tolist()))

    def length(self, chart_units: float) -> int:
        """Texels of a length on the chart, at least one."""
        return max(1, round(chart_units * self.size / (2 * LIMIT)))

    def polygon(self, chart: np.ndarray, color: tuple | int) -> None:
        self.draw.polygon(self.pixels(chart), fill=color)

    def line(self, chart: np.ndarray, color: tuple | int, width: float) -> None:
        self.draw.line(self.pixels(chart), fill=color, width=self.length(width), joint="curve")

    def ellipse(self, u: float, v: float, radius_u: float, radius_v: float, color: tuple | int) -> None:
        (left, top), (right, bottom) = self.pixels([(u - radius_u, v + radius_v), (u + radius_u, v - radius_v)])
        self.draw.ellipse((left, top, right, bottom), fill=color)


class Surface(Painter):
    """A head to paint on and to raise: colours on a chart of `size` texels a side, and the radius map.

    Attributes: `image` (RGB), `radius` (RELIEF, RELIEF) in skull radii, `axes` the skull's half extents,
    `gloss` and `shadow` (RELIEF, RELIEF), the strength of highlights and a factor on the light.
    """

    def __init__(self, image: Image.Image, axes: np.ndarray, radius: np.ndarray) -> None:
        super().__init__(image, image.width)
        self.axes, self.radius = axes, radius
        self.gloss = np.full((RELIEF, RELIEF), 0.10, np.float32)
        self.shadow = np.ones((RELIEF, RELIEF), np.float32)

    def region(self, *polygons: np.ndarray, soft: float = 0) -> Image.Image:
        """Polygons on the chart as one picture (mode L, 255 inside); `soft` blurs its edge by a chart length."""
        mask = Painter(Image.new("L", (self.size, self.size)), self.size)
        for polygon in polygons:
            mask.polygon(polygon, 255)
        return mask.image.filter(ImageFilter.BoxBlur(soft * self.size / (2 * LIMIT))) if soft else mask.image

    def paste(self, colors: Image.Image | tuple, mask: Image.Image) -> None:
        """Colour the region; a picture is stretched over the whole chart."""
        box = mask.getbbox()
        if box is None:
            return
        if isinstance(colors, Image.Image):
            colors = colors if colors.size == mask.size else colors.resize(mask.size, Image.Resampling.BILINEAR)
            colors = colors.crop(box)
        self.image.paste(colors, box, mask.crop(box))

    def stencil(self, outline: np.ndarray, color: tuple) -> tuple[Painter, Image.Image]:
        """A painter for the inside of an outline, and the outline's mask; hand both to `stamp` when painted."""
        corners = np.array(self.pixels(outline))
        left, top = (int(v) for v in corners.min(axis=0) - 2)
        box = tuple(int(v) + 4 for v in corners.max(axis=0) - (left, top))
        mask = Painter(Image.new("L", box), self.size, (left, top))
        mask.polygon(outline, 255)
        return Painter(Image.new("RGB", box, color), self.size, (left, top)), mask.image

    def stamp(self, inside: Painter, mask: Image.Image) -> None:
        """Put a painted stencil on the head."""
        self.image.paste(inside.image, inside.origin, mask)


def relief(mask: Image.Image) -> np.ndarray:
    """A region at the radius map's size, float32 in [0, 1]."""
    small = mask.resize((2 * RELIEF, 2 * RELIEF), Image.Resampling.NEAREST).reduce(2)
    return np.asarray(small, np.float32) / 255


def smooth(values: np.ndarray, texels: float) -> np.ndarray:
    """A float map blurred by a box of the given radius."""
    return np.asarray(Image.fromarray(values).resize(
        (max(1, round(RELIEF / (2 * texels))),) * 2, Image.Resampling.BOX).resize(
        (RELIEF, RELIEF), Image.Resampling.BICUBIC))


def uneven(rng: np.random.Generator, patches: int, spread: float, size: int = RELIEF) -> np.ndarray:
    """Values that wander round zero over the chart, (size, size): `patches` a side, smooth in between."""
    values = rng.standard_normal((patches, patches), np.float32) * np.float32(spread)
    return np.asarray(Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC))


def rise(cover: np.ndarray, texels: float) -> np.ndarray:
    """Zero at a region's edge, one further in: a covering that rises inside its own edge hides its thickness."""
    return np.clip(smooth(cover, texels) * 2 - 1, 0, 1) * cover


def normals(surface: Surface) -> np.ndarray:
    """Unit outward normals (N, N, 3) in head space, by differences of neighbouring texels."""
    points = chart_directions() * surface.radius[..., None] * surface.axes
    across, up = np.empty_like(points), np.empty_like(points)
    across[:, 1:-1] = points[:, 2:] - points[:, :-2]
    across[:, 0], across[:, -1] = across[:, 1], across[:, -2]
    up[1:-1] = points[:-2] - points[2:]
    up[0], up[-1] = up[1], up[-2]
    ax, ay, az = across[..., 0], across[..., 1], across[..., 2]
    bx, by, bz = up[..., 0], up[..., 1], up[..., 2]
    normal = np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
    return normal / np.sqrt((normal * normal).sum(axis=0) + 1e-12)


def light_maps(surface: Surface, pose: Pose, light: np.ndarray, ambient: float) -> tuple[np.ndarray, np.ndarray]:
    """Diffuse light and highlight (N, N) float32; `light` is a unit direction in camera space."""
    nx, ny, nz = normals(surface)
    to_light, sky = light @ pose.rotation, pose.rotation[1]
    middle = light + (0, 0, 1)
    half = (middle / np.linalg.norm(middle)) @ pose.rotation
    facing = np.maximum(0.18 + 0.82 * (nx * to_light[0] + ny * to_light[1] + nz * to_light[2]), 0)
    above = 0.75 + 0.25 * (nx * sky[0] + ny * sky[1] + nz * sky[2])
    shine = np.maximum(nx * half[0] + ny * half[1] + nz * half[2], 0) ** 2
    shine = shine * shine
    shine = shine * shine * shine
    diffuse = (ambient * above + (1.05 - ambient) * facing) * surface.shadow
    return diffuse.astype(np.float32), (shine * surface.gloss).astype(np.float32)


def march(surface: Surface, pose: Pose, xs: np.ndarray, ys: np.ndarray):
    """Where rays through pixels (xs × ys) meet the surface.

    Returns
    -------
    u, v : chart positions (len(ys), len(xs)), float32
    gap : how far the ray stays outside the surface, in skull radii; about 0 where it hits
    """
    right, up = np.meshgrid((xs - pose.center[0]) / pose.scale, (pose.center[1] - ys) / pose.scale)
    basis = pose.rotation / surface.axes  # rows: camera axes in the space where the skull is a sphere
    ahead = basis[2] / np.linalg.norm(basis[2])
    start = [right * basis[0, i] + up * basis[1, i] for i in range(3)]
    along = start[0] * ahead[0] + start[1] * ahead[1] + start[2] * ahead[2]
    start = [(s - along * a).astype(np.float32) for s, a in zip(start, ahead, strict=True)]
    across = start[0] ** 2 + start[1] ** 2 + start[2] ** 2
    fine = 2 * RELIEF
    radius = np.asarray(Image.fromarray(surface.radius).resize((fine, fine), Image.Resampling.BILINEAR)).ravel()
    t = np.sqrt(np.maximum(FAR * FAR - across, 0))
    gap = np.full_like(t, 9)
    for step in range(MARCH_STEPS):
        length = np.sqrt(across + t * t)
        z = start[2] + t * ahead[2]
        inverse = 1 / np.maximum(length + z, 0.03)
        u, v = (start[0] + t * ahead[0]) * inverse, (start[1] + t * ahead[1]) * inverse
        outside = length - radius.take(texel_index(u, v, fine))
        gap = np.minimum(gap, outside)
        if step < MARCH_STEPS - 1:
            t = np.maximum(t - (0.95 if step < 3 else 0.75) * outside, 0)
    return u, v, gap


def render(surface: Surface, pose: Pose, canvas: np.ndarray, light: np.ndarray, ambient: float) -> np.ndarray:
    """Draw the surface over a canvas (H, W, 3) uint8, in place; returns how much of each pixel it covers (H, W)."""
    height, width = canvas.shape[:2]
    coverage = np.zeros((height, width), np.float32)
    left, top, right, bottom = _box(surface, pose, width, height)
    if right - left < 2 or bottom - top < 2:
        return coverage
    u, v, gap = _fields(surface, pose, (left, top, right, bottom))
    alpha = np.clip(1 - (gap - 0.012) * pose.scale * 0.8, 0, 1)
    colors = _lit(surface, pose, light, ambient, u, v)
    part = canvas[top:bottom, left:right]
    part[:] = np.clip(part + (colors - part) * alpha[..., None], 0, 255)
    coverage[top:bottom, left:right] = alpha
    return coverage


def _lit(surface: Surface, pose: Pose, light: np.ndarray, ambient: float, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Colours (h, w, 3) float32 of chart positions under the light. Skin lets red light through: shadows are warm."""
    fine = 2 * RELIEF
    diffuse, shine = (np.asarray(Image.fromarray(m).resize((fine, fine), Image.Resampling.BILINEAR)).ravel()
                      for m in light_maps(surface, pose, light, ambient))
    texels = np.asarray(surface.image).reshape(-1, 3)
    colors = texels.take(texel_index(u, v, surface.size), axis=0).astype(np.float32)
    index = texel_index(u, v, fine)
    lit, shine = diffuse.take(index), shine.take(index) * 255
    for channel, warm in enumerate((0.06, 0.015, 0.0)):
        colors[..., channel] *= lit * (1 - warm) + warm
        colors[..., channel] += shine
    return colors


def texel_index(u: np.ndarray, v: np.ndarray, size: int) -> np.ndarray:
    """Flat index of the texel at a chart position, int32; beyond the chart, its border."""
    scale = size / 2 / LIMIT
    column = np.clip(u * scale + size / 2, 0, size - 1).astype(np.int32)
    row = np.clip(size / 2 - v * scale, 0, size - 1).astype(np.int32)
    return row * size + column


def _box(surface: Surface, pose: Pose, width: int, height: int) -> tuple[int, int, int, int]:
    reach = float(surface.radius.max()) * float(surface.axes.max()) * pose.scale + 2
    x, y = pose.center
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    return left, top, min(width, int(x + reach) + 1), min(height, int(y + reach) + 1)


def _fields(surface: Surface, pose: Pose, box: tuple[int, int, int, int]):
    """Chart positions and gap at every pixel of the box: marched on a coarse grid, straight lines in between.

    The grid stands at multiples of its cell, wherever the box begins, so that a mask does not move the rest.
    """
    left, top, right, bottom = box
    cell = int(np.clip(round(pose.scale / 46), 1, 4))
    columns, rows = (np.arange(low // cell, -(-high // cell)) for low, high in ((left, right), (top, bottom)))
    size = (len(columns) * cell, len(rows) * cell)
    x, y = left - columns[0] * cell, top - rows[0] * cell
    return [np.asarray(Image.fromarray(field.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
            [y:y + bottom - top, x:x + right - left]
            for field in march(surface, pose, (columns + 0.5) * cell, (rows + 0.5) * cell)]
