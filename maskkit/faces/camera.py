"""From the scene to the photo: framing, exposure, colour cast, blur, noise, few pixels, JPEG, borders."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from maskkit.faces.attributes import FaceAttributes

CASTS = {"none": (1, 1, 1), "warm": (1.13, 1.0, 0.78), "cool": (0.86, 0.98, 1.15), "green": (0.90, 1.08, 0.86),
         "magenta": (1.08, 0.86, 1.08)}
EXPOSURES = (0.95, 0.97, 0.99, 1.02, 1.06, 1.15, 1.27, 1.42, 1.6, 1.75)  # cameras expose for the face: by skin tone


def photograph(scene: Image.Image, attributes: FaceAttributes, image_size: int, rng: np.random.Generator) -> np.ndarray:
    """Take the picture: (image_size, image_size, 3) uint8 from a scene of any size."""
    grain_seed, border_seed = rng.integers(2**31, size=2)
    image = _crop(scene, attributes.stretch, image_size)
    image = image.point(_curve(attributes))
    if attributes.greyscale:
        image = image.convert("L").convert("RGB")
    elif abs(attributes.saturation - 1) > 0.02:
        image = ImageEnhance.Color(image).enhance(attributes.saturation)
    blur = attributes.blur * image_size / 128
    if blur > 0.05:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    image = _few_pixels(image, attributes.resolution)
    if attributes.sharpening > 0.05:  # as phones do
        radius, percent = 1.3 * image_size / 128, round(100 * attributes.sharpening)
        image = image.filter(ImageFilter.UnsharpMask(radius, percent, threshold=0))
    image = _grain(image, attributes.noise, np.random.default_rng(grain_seed))
    image = _border(image, attributes.border, np.random.default_rng(border_seed))
    return np.array(_jpeg(image, attributes.jpeg_quality))


def _crop(scene: Image.Image, stretch: float, image_size: int) -> Image.Image:
    """The middle of the scene, wider or taller than it was."""
    width, height = scene.width * min(1, 1 / stretch), scene.height * min(1, stretch)
    left, top = (scene.width - width) / 2, (scene.height - height) / 2
    return scene.resize((image_size, image_size), Image.Resampling.BOX, box=(left, top, left + width, top + height))


def _curve(attributes: FaceAttributes) -> list[int]:
    """Exposure, contrast and colour cast as one table for `Image.point`, 256 entries a channel."""
    levels = np.arange(256) / 255
    exposure = attributes.brightness * EXPOSURES[attributes.skin_tone - 1]
    table = [np.clip((levels * exposure * gain - 0.46) * attributes.contrast + 0.46, 0, 1) * 255
             for gain in CASTS[attributes.color_cast]]
    return np.concatenate(table).astype(int).tolist()


def _few_pixels(image: Image.Image, resolution: float) -> Image.Image:
    if resolution > 0.97:
        return image
    small = max(8, round(image.width * resolution))
    return image.resize((small, small), Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)


def _grain(image: Image.Image, noise: float, rng: np.random.Generator) -> Image.Image:
    """Noise of a sensor: partly the same in all channels (variance 0.85, covariance 0.49 of the noise squared)."""
    if noise < 0.3:
        return image
    own = rng.standard_normal((image.height, image.width, 3), np.float32) * np.float32(noise)
    shared = own[..., 0] + own[..., 1] + own[..., 2]  # a sum over so short an axis takes ten times as long
    own = np.float32(0.6) * own + np.float32(0.251) * shared[..., None]
    return Image.fromarray(np.clip(own + np.asarray(image), 0, 255).astype(np.uint8))


def _border(image: Image.Image, border: str, rng: np.random.Generator) -> Image.Image:
    """A white strip with a caption below the photo, or the corners left by a rotation."""
    tone = (255, 255, 255) if rng.random() < 0.5 else (0, 0, 0)
    height, turn = rng.uniform(0.04, 0.12), rng.uniform(-20, 20)
    if border == "strip":
        draw, top = ImageDraw.Draw(image), round(image.height * (1 - height))
        draw.rectangle((0, top, image.width, image.height), fill=tone)
        ink = tuple(255 - t for t in tone)
        middle = (top + image.height) // 2
        draw.line((image.width * 0.2, middle, image.width * 0.8, middle), fill=ink)
    elif border == "corners":
        image = image.rotate(turn, Image.Resampling.BILINEAR, fillcolor=tone)
    return image


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    if quality >= 100:
        return image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")
