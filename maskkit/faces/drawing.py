"""One face from its attributes: every part has a random generator of its own, so that changing one leaves the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PIL import Image

from maskkit.errors import InputError
from maskkit.faces import hair, props
from maskkit.faces.attributes import FaceAttributes, check_names, sample_attributes
from maskkit.faces.camera import photograph
from maskkit.faces.head import Features, bare_head, draw_features
from maskkit.faces.masks import hang_bandana, wear_mask
from maskkit.faces.palette import Color
from maskkit.faces.scene import Body, draw_background
from maskkit.faces.surface import Pose, Surface, chart_axes, render, rotation_matrix

PARTS = ("place", "light", "background", "features", "face", "hair", "locks", "mask", "cover", "body", "glasses", "scarf",
         "held", "camera", "companions", "shadow")
TEXTURES = (128, 192, 256, 320, 416, 512, 640)  # sizes of a head's colours, multiples of TILES; few, since hair textures are kept for each


def draw_face(attributes: FaceAttributes | Mapping | None = None, rng: np.random.Generator | int | None = None, *,
              image_size: int = 128, **fixed) -> np.ndarray:
    """Draw one face.

    Parameters
    ----------
    attributes : FaceAttributes or mapping, optional
        What to draw. What a mapping leaves out is sampled, and without it everything is.
    rng : np.random.Generator or int, optional
        The same generator state (or seed) and attributes give the same picture; one attribute changed leaves
        everything else as it was.
    image_size : int
        Side of the picture in pixels, 16 to 1024.
    **fixed
        Attributes to fix, over those sampled or given.

    Returns
    -------
    np.ndarray
        (image_size, image_size, 3) uint8.

    Raises
    ------
    InputError
        For an unknown attribute or a value that is not allowed.
    """
    check_image_size(image_size)
    rng = np.random.default_rng(rng)
    if attributes is None or isinstance(attributes, Mapping):
        attributes = sample_attributes(rng, **{**(attributes or {}), **fixed})
    elif not isinstance(attributes, FaceAttributes):
        raise InputError(f"attributes must be FaceAttributes, or a mapping from their names to values, got {type(attributes).__name__}.")
    elif fixed:
        check_names(fixed)
        if "framing" in fixed and "face_size" not in fixed:
            fixed["face_size"] = None
        attributes = replace(attributes, **fixed)
    seed = int(rng.integers(2**63))
    return photograph(_scene(attributes, seed, _drawing_size(image_size)), attributes, image_size,
                      _child(seed, "camera"))


def check_image_size(image_size: int) -> None:
    """Raise InputError unless a picture of this size can be drawn."""
    if isinstance(image_size, bool) or not isinstance(image_size, (int, np.integer)) or not 16 <= image_size <= 1024:
        raise InputError(f"image_size must be a whole number from 16 to 1024, got {image_size!r}.")


def _child(seed: int, part: str) -> np.random.Generator:
    return np.random.default_rng([seed, PARTS.index(part)])


def _drawing_size(image_size: int) -> int:
    """Drawn larger than needed and averaged: twice for small pictures, less for large ones."""
    return image_size * 2 if image_size <= 192 else max(384, round(image_size * 1.25))


def _scene(attributes: FaceAttributes, seed: int, size: int) -> Image.Image:
    """Everything before the camera, back to front, (size, size) RGB."""
    light = _light(attributes, _child(seed, "light"))
    pose = _pose(attributes, size, _child(seed, "place"))
    canvas = draw_background(attributes.background, size, _child(seed, "background"))
    beside = _child(seed, "companions")
    for side in (-1, 1)[:attributes.people - 1]:
        canvas = _companion(canvas, attributes, pose, light, side, beside)
    return _person(canvas, attributes, seed, pose, light)


def _companion(canvas: Image.Image, attributes: FaceAttributes, pose: Pose, light: tuple[np.ndarray, float], side: int,
               rng: np.random.Generator) -> Image.Image:
    """Somebody behind and beside the person of the picture: with a mask if that person wears one."""
    own = sample_attributes(rng, with_mask=attributes.with_mask, occluder="none", people=1)
    seed, (out, down, smaller) = int(rng.integers(2**63)), rng.uniform((1.5, -0.3, 0.7), (2.6, 0.3, 1.0))
    out = min(out, 0.55 + 0.9 / attributes.face_size)  # within the picture
    center = (pose.center[0] + side * out * pose.scale, pose.center[1] + down * pose.scale)
    place = Pose(rotation_matrix(own.yaw, own.pitch, own.roll), center, smaller * pose.scale)
    return _person(canvas, own, seed, place, light)


def _person(canvas: Image.Image, attributes: FaceAttributes, seed: int, pose: Pose,
            light: tuple[np.ndarray, float]) -> Image.Image:
    """One person on the canvas, back to front."""
    features = draw_features(attributes, _child(seed, "features"))
    body = Body(attributes, pose, features.skin, _child(seed, "body"))
    cover_rng, locks_rng = _child(seed, "cover"), _child(seed, "locks")
    cloth, cover_color = hair.cover_cloth(attributes, body.cloth, cover_rng)
    surface = _head(attributes, features, seed, pose, cloth, cover_color, cover_rng)
    scarf = props.wear_scarf(surface, _child(seed, "scarf")) if attributes.occluder == "scarf" else None

    hair.hang_hair(canvas, pose, attributes, features.hair, locks_rng)
    hair.brim(canvas, pose, attributes, cover_color, front=False)
    body.draw(canvas, *light)
    if scarf:
        props.hang_scarf(canvas, pose, scarf, *light)
    hair.hang_locks(canvas, pose, attributes, features.hair, locks_rng)
    if attributes.head_cover in ("headscarf", "hood"):
        props.drape(canvas, pose, cloth, *light)
    if attributes.with_mask and attributes.mask_type == "bandana":
        hang_bandana(canvas, pose, attributes, features.skin, _child(seed, "mask"))
    render(surface, pose, canvas, *light)
    if attributes.glasses != "none":
        props.wear_glasses(canvas, pose, attributes, _child(seed, "glasses"))
    hair.brim(canvas, pose, attributes, cover_color, front=True)
    if attributes.occluder in ("hand", "cup", "microphone"):
        props.hold(canvas, pose, attributes, features.skin, *light, _child(seed, "held"))
    return canvas


def _head(attributes: FaceAttributes, features: Features, seed: int, pose: Pose, cloth: Image.Image | None, cover_color: Color,
          cover_rng: np.random.Generator) -> Surface:
    """The head with all that is worn on it."""
    texels = next((size for size in TEXTURES if size > pose.scale * 2.7), TEXTURES[-1])
    surface = bare_head(attributes, features, _child(seed, "face"), texels, pose)
    if attributes.with_mask or attributes.occluder == "mask_under_chin":
        wear_mask(surface, attributes, features.skin, _child(seed, "mask"))
    hair.grow_hair(surface, attributes, features.hair, _child(seed, "hair"))
    hair.wear_cover(surface, attributes, cloth, cover_color, cover_rng)
    _cast_shadow(surface, _child(seed, "shadow"))
    return surface


def _cast_shadow(surface: Surface, rng: np.random.Generator) -> None:
    """On some heads, the edge of something else's shadow: across skin and mask alike."""
    (right, up), offset, sharp, depth = rng.normal(0, 1, 2), rng.normal(0, 0.25), rng.uniform(2, 30), rng.uniform(0.1, 0.6)
    if rng.random() > 0.35:
        return
    u, v = chart_axes()
    distance = (u * right + v * up) / np.hypot(right, up) - offset
    surface.shadow = surface.shadow * (1 - depth * np.clip(0.5 + sharp * distance, 0, 1)).astype(np.float32)


def _pose(attributes: FaceAttributes, size: int, rng: np.random.Generator) -> Pose:
    """Where the head stands: tight faces in the middle, small figures anywhere with room for the body below."""
    scale = attributes.face_size * size / 2
    free = max(0.03, 0.5 - attributes.face_size / 2) * size
    x = size / 2 + np.clip(rng.normal(0, 0.35), -0.8, 0.8) * free * (0.9 if attributes.framing != "tight" else 1.5)
    raised = {"portrait": 0.10, "shoulders": 0.35, "figure": 0.55}.get(attributes.framing, 0)
    y = size / 2 + (np.clip(rng.normal(0, 0.3), -0.7, 0.7) - raised) * free
    rotation = rotation_matrix(attributes.yaw, attributes.pitch, attributes.roll)
    if attributes.framing == "tight":  # cut to the face, not to the head
        right, up, _ = rotation @ (0, -0.18 - 0.2 * (attributes.face_size - 1.2), 0.5) * scale
        x, y = x - right, y + up
    return Pose(rotation, (float(x), float(y)), scale)


def _light(attributes: FaceAttributes, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Direction to the light in camera space, and the share of light from everywhere."""
    side, height = np.radians(attributes.light_direction), np.radians(rng.uniform(5, 50))
    direction = np.array([np.sin(side) * np.cos(height), np.sin(height), np.cos(side) * np.cos(height)])
    return direction.astype(np.float32), float(rng.uniform(0.35, 0.9))
