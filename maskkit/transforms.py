"""From stored pixels to what the network sees, for whole batches: scaling, and augmentation for training.

Taught in notebook 02. Every function takes a batch of shape (B, 3, H, W) and changes nothing in it; each image of the batch gets its own random
draw. Where there is nothing to change, the very same tensor may come back. The steps of an augmentation raise InputError for images of another kind or shape.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real

import torch
import torch.nn.functional as F
from torch import Tensor

from maskkit.distributed import Part
from maskkit.errors import InputError, require, seen
from maskkit.runtime import to_device

Uniform = Callable[[float, float], Tensor]  # one draw for each image of a batch, shape (B,), on the CPU

_CACHED = 2 * 128 * 128  # pixels for one core: with their places and what becomes of them they take a megabyte, about its own cache

GREY_WEIGHTS = (0.299, 0.587, 0.114)  # luma of ITU-R BT.601, as in Pillow and torchvision


def to_float(images: Tensor) -> Tensor:
    """Scale uint8 pixels in [0, 255] to float32 in [0, 1]; InputError for floats, which would be scaled twice."""
    if not isinstance(images, Tensor) or images.is_floating_point():
        raise InputError(f"to_float takes a tensor of uint8 pixels from 0 to 255 (floats in [0, 1] need no scaling); got {seen(images)}.")
    return images.float() / 255


def for_evaluation(images: Tensor, device: torch.device) -> Tensor:
    """A batch of uint8 pixels as a network is asked about it: float32 in [0, 1] on the network's device, and nothing changed at random.

    On a CPU the channels lie last in memory. The pixels are the same, and MaskCNN answers in half the time: there PyTorch pools
    several channels at once, and its convolutions need not put the pixels into another order first (`benchmarks/speed.py prediction`).
    """
    memory_format = torch.channels_last if device.type == "cpu" else torch.preserve_format
    return to_float(images.to(device, memory_format=memory_format))


def resize(images: Tensor, image_size: int) -> Tensor:
    """Resize float images to (B, 3, image_size, image_size) with antialiased bilinear interpolation."""
    return F.interpolate(images, size=(image_size, image_size), mode="bilinear", antialias=True, align_corners=False)


def flip_horizontal(images: Tensor) -> Tensor:
    """Mirror left and right."""
    return images.flip(-1)


def rotate(images: Tensor, degrees: float | Tensor) -> Tensor:
    """Turn each image about its centre, counter-clockwise; what enters at the border is a mirror image of the inside.

    Parameters
    ----------
    images : Tensor
        float, (B, 3, H, W), square.
    degrees : float or Tensor of shape (B,)
    """
    _require_floats(images)
    return _warp(images, _places(_per_image(degrees, images).cpu()))


def zoom(images: Tensor, factor: float | Tensor) -> Tensor:
    """Enlarge (``factor`` > 1, a centre crop) or shrink (``factor`` < 1) each image about its centre."""
    _require_floats(images)
    return _warp(images, _places(torch.zeros(len(images)), scale=_per_image(factor, images).cpu()))


def adjust_brightness(images: Tensor, factor: float | Tensor) -> Tensor:
    """Multiply pixels by ``factor`` (1 changes nothing, 0 is black), clipped to [0, 1]."""
    _require_floats(images)
    return (images * _column(factor, images)).clamp(0, 1)


def adjust_contrast(images: Tensor, factor: float | Tensor) -> Tensor:
    """Blend with the mean grey of each image (1 changes nothing, 0 is flat grey), clipped to [0, 1]."""
    _require_floats(images)
    mean = _grey(images).mean(dim=(-3, -2, -1), keepdim=True)
    return torch.lerp(mean.expand_as(images), images, _column(factor, images)).clamp(0, 1)


def adjust_saturation(images: Tensor, factor: float | Tensor) -> Tensor:
    """Blend with the grey image (1 changes nothing, 0 is grey), clipped to [0, 1]."""
    _require_floats(images)
    return torch.lerp(_grey(images).expand_as(images), images, _column(factor, images)).clamp(0, 1)


def adjust_hue(images: Tensor, degrees: float | Tensor) -> Tensor:
    """Turn the colours of each image around the colour wheel by an angle, keeping brightness; clipped to [0, 1].

    A rotation about the grey axis of RGB space (Haeberli, "Matrix Operations for Image Processing", 1993).
    """
    _require_floats(images)
    matrix = _hue_matrix(_per_image(degrees, images))
    return torch.einsum("bij,bjhw->bihw", matrix, images).clamp(0, 1)


def erase(images: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor, value: float = 0.5) -> Tensor:
    """Cover one rectangle of each image with grey; positions and sizes in pixels, each of shape (B,).

    Zhong et al., "Random Erasing Data Augmentation", 2020.
    """
    row = torch.arange(images.shape[-2], device=images.device)[:, None]
    column = torch.arange(images.shape[-1], device=images.device)
    top, left, height, width = (to_device(edge, images.device)[:, None, None] for edge in (top, left, height, width))
    inside = (row >= top) & (row < top + height) & (column >= left) & (column < left + width)
    return images.masked_fill(inside[:, None], value)


# Of probabilities; of factors, which below 0 would turn a picture into its negative; and of the zoom, with which it must not shrink to nothing.
_HIGHEST = {**dict.fromkeys(("horizontal_flip", "erasing", "grey", "blur", "noise", "brightness", "contrast", "saturation"), 1), "zoom": 0.99}


@dataclass(frozen=True)
class AugmentConfig:
    """How strongly training images are varied. The default is the original recipe: flips and rotations.

    Attributes
    ----------
    horizontal_flip : probability that an image is mirrored
    rotation : degrees; each image is turned by a uniform draw from [-rotation, rotation]
    zoom : the factor is a uniform draw from [1 - zoom, 1 + zoom]
    shift : share of the side; horizontal and vertical shifts are uniform draws from [-shift, shift]
    brightness, contrast, saturation : factors are uniform draws from [1 - x, 1 + x]
    hue : degrees on the colour wheel, uniform from [-hue, hue]
    erasing : probability that a rectangle of 2 to 20 % of the area is covered
    stretch : the width is enlarged, and the height reduced, by a factor between 1 / (1 + stretch) and 1 + stretch
    grey : probability that an image loses its colours
    blur : probability that an image is shrunk to an eighth to a half of its side and enlarged again, as by a poor camera
    noise : probability that noise with a standard deviation of up to 0.1 is added, as in the dark
    """

    horizontal_flip: float = 0.5
    rotation: float = 15.0
    zoom: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    erasing: float = 0.0
    stretch: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, highest = getattr(self, field.name), _HIGHEST.get(field.name, math.inf)
            if not isinstance(value, Real) or not 0 <= value <= highest or math.isinf(value):
                raise InputError(f"{field.name} must be a number of at least 0{'' if math.isinf(highest) else f' and at most {highest}'}; got {seen(value)}.")

    @property
    def moves(self) -> bool:
        """Whether the geometry changes by more than a flip."""
        return bool(self.rotation or self.zoom or self.shift or self.stretch)

    @property
    def recolours(self) -> bool:
        """Whether the colours change."""
        return bool(self.brightness or self.contrast or self.saturation or self.hue or self.grey)


AUGMENTATIONS = {
    "none": AugmentConfig(horizontal_flip=0.0, rotation=0.0),
    "original": AugmentConfig(),
    "strong": AugmentConfig(rotation=20.0, zoom=0.2, shift=0.1, brightness=0.3, contrast=0.3, saturation=0.4, hue=10.0, erasing=0.25),
    "mild": AugmentConfig(rotation=15.0, zoom=0.1, shift=0.05, stretch=0.05, brightness=0.5, contrast=0.15, saturation=0.2, hue=5.0,
                          erasing=0.1, grey=0.025, blur=0.05, noise=0.05),
    "robust": AugmentConfig(rotation=20.0, zoom=0.2, shift=0.1, stretch=0.1, brightness=0.4, contrast=0.3, saturation=0.4, hue=10.0,
                            erasing=0.2, grey=0.05, blur=0.1, noise=0.1),
}


def augment(images: Tensor, config: AugmentConfig = AUGMENTATIONS["original"], generator: torch.Generator | None = None,
            image_size: int | None = None, part: Part | None = None) -> Tensor:
    """Vary a batch for training: geometry first, then colour, camera and erasing.

    Parameters
    ----------
    images : Tensor
        float in [0, 1], or uint8, which is scaled to that first; shape (B, 3, H, W), square.
    config : AugmentConfig
    generator : torch.Generator, optional
        On the CPU, whatever the device of the images, so that every device sees the same draws.
    image_size : int, optional
        Side of the result where it shall differ from that of ``images``.
    part : Part, optional
        Which images of a larger batch these are; each is varied as it would be among all.

    Returns
    -------
    Tensor
        Floats in [0, 1] on the same device, and of the same shape unless ``image_size`` asks for another.

    Raises
    ------
    InputError
        If these are no such images, configuration or generator.
    """
    if not (isinstance(images, Tensor) and images.dtype == torch.uint8 and images.ndim == 4 and images.shape[1] == 3):
        _require_floats(images)
    require(config, AugmentConfig, "augment takes an AugmentConfig, such as AUGMENTATIONS['strong']")
    require(generator, torch.Generator | None, "augment takes a generator of torch, such as torch.Generator().manual_seed(0)")
    part = part or Part(len(images))

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(part.n, generator=generator)[part.positions]

    side, dtype = image_size or images.shape[-1], images.dtype if images.is_floating_point() else torch.float32
    mirrored = uniform(0, 1) < config.horizontal_flip
    lines = _lines(_draw_places(config, mirrored, uniform).to(dtype), side, side) if config.moves else None
    lines = [to_device(line, images.device) for line in lines] if lines else None
    colours = _draw_colours(len(images), config, uniform) if config.recolours else None

    def vary(some: Tensor, which: slice) -> Tensor:
        some = to_float(some) if some.dtype == torch.uint8 else some
        if lines is not None:
            some = _resample(some, *(line[which] for line in lines))
        else:
            some = _mirror_and_resize(some, mirrored[which], side)
        return some if colours is None else _recolour(some, *(drawn[which] for drawn in colours))

    varied = _few_at_a_time(images, vary)
    if varied is images and (config.blur or config.noise or config.erasing):
        varied = images.clone()  # the rest works in place
    if config.blur or config.noise:
        _spoil_some(varied, config, uniform, generator, part)
    if config.erasing:
        _erase_some(varied, config.erasing, uniform)
    return varied


def _few_at_a_time(images: Tensor, vary: Callable[[Tensor, slice], Tensor]) -> Tensor:
    """``vary`` the whole batch: stored pixels on a CPU so few at once that they stay in its cache from one step to the next.

    To memory and back at each step, the same batch takes half as long again (floats have been there). Each image comes out the same, to
    its last digit where few matrices are multiplied in the way in which many are.
    """
    count = max(1, _CACHED // (images.shape[-1] * images.shape[-2])) * torch.get_num_threads()
    if images.device.type != "cpu" or images.is_floating_point() or len(images) <= count:
        return vary(images, slice(None))
    some = vary(images[:count], slice(count))
    varied = some.new_empty(len(images), *some.shape[1:])
    varied[:count] = some
    for first in range(count, len(images), count):
        which = slice(first, first + count)
        varied[which] = vary(images[which], which)
    return varied


def _require_floats(images: Tensor) -> None:
    if not isinstance(images, Tensor) or not images.is_floating_point() or images.ndim != 4 or images.shape[1] != 3:
        raise InputError("Images to change are a float tensor of shape (B, 3, H, W) in [0, 1] (to_float scales uint8, images[None] makes a batch "
                         f"of one); got {seen(images)}.")


def _draw_places(config: AugmentConfig, mirrored: Tensor, uniform: Uniform) -> Tensor:
    """Where the pixels of each image come from: matrices of `_places`, (B, 2, 3)."""
    angle, scale = uniform(-config.rotation, config.rotation), uniform(1 - config.zoom, 1 + config.zoom)
    across, down = uniform(-config.shift, config.shift), uniform(-config.shift, config.shift)
    stretch = torch.exp(uniform(-1, 1) * math.log1p(config.stretch)) if config.stretch else None
    return _places(angle, scale, across, down, mirrored, stretch)


def _mirror_and_resize(images: Tensor, mirrored: Tensor, side: int) -> Tensor:
    if mirrored.any():
        images = torch.where(to_device(mirrored, images.device)[:, None, None, None], flip_horizontal(images), images)
    return images if side == images.shape[-1] else resize(images, side)


def _draw_colours(n: int, config: AugmentConfig, uniform: Uniform) -> tuple[Tensor, Tensor]:
    """For each image a matrix on RGB, (B, 3, 3), and the share of its mean grey that is added, (B,).

    Brightness, contrast, saturation and hue are all matrices; the last two leave grey alone, so the grey of contrast can be added at the end.
    """
    one = torch.ones(n)
    brightness = uniform(1 - config.brightness, 1 + config.brightness) if config.brightness else one
    contrast = uniform(1 - config.contrast, 1 + config.contrast) if config.contrast else one
    saturation = uniform(1 - config.saturation, 1 + config.saturation) if config.saturation else one
    degrees = uniform(-config.hue, config.hue) if config.hue else 0 * one
    if config.grey:
        saturation = saturation * (uniform(0, 1) >= config.grey)
    saturate = torch.lerp(torch.tensor(GREY_WEIGHTS).expand(3, 3), torch.eye(3), saturation[:, None, None])
    return _hue_matrix(degrees) @ saturate * (brightness * contrast)[:, None, None], (1 - contrast) * brightness


def _recolour(images: Tensor, matrix: Tensor, share_of_grey: Tensor) -> Tensor:
    """All colours in one pass over the pixels, where brightness, contrast, saturation and hue one after the other would take six.

    Unlike the single steps it clips once, at the end.
    """
    matrix, share_of_grey, grey = (to_device(each.to(images.dtype), images.device) for each in (matrix, share_of_grey, torch.tensor(GREY_WEIGHTS)))
    added = share_of_grey * (images.mean(dim=(2, 3)) @ grey)
    pixels = torch.baddbmm(added[:, None, None], matrix, images.flatten(2))
    return pixels.clamp_(0, 1).view(images.shape)


def _spoil_some(images: Tensor, config: AugmentConfig, uniform: Uniform, generator: torch.Generator | None, part: Part) -> None:
    """Blur and noise for the few images that are chosen; they are worked on one by one, which is quicker than all."""
    rows = images.shape[-2]
    blurred, sharpness = uniform(0, 1) < config.blur, torch.exp(uniform(math.log(16 / 128), math.log(64 / 128)))
    noisy, strength = torch.rand(part.n, generator=generator) < config.noise, uniform(0, 0.1)
    for index in torch.nonzero(blurred).flatten().tolist():
        small = resize(images[index : index + 1], max(2, round(rows * sharpness[index].item())))
        images[index] = F.interpolate(small, size=images.shape[-2:], mode="bilinear", align_corners=False)[0]
    here = {position: index for index, position in enumerate(torch.arange(part.n)[part.positions].tolist())}
    for position in torch.nonzero(noisy).flatten().tolist():  # of the whole batch: each process draws the same noise, and adds its own
        noise = torch.randn(images.shape[1:], generator=generator)
        if position in here:
            index = here[position]
            images[index].add_(to_device(noise.to(images.dtype), images.device), alpha=strength[index].item()).clamp_(0, 1)


def _erase_some(images: Tensor, probability: float, uniform: Uniform) -> None:
    rows, columns = images.shape[-2:]
    area, aspect = uniform(0.02, 0.2), torch.exp(uniform(math.log(0.5), math.log(2.0)))
    chosen = uniform(0, 1) < probability
    height, width = (torch.sqrt(area * aspect) * rows).round(), (torch.sqrt(area / aspect) * columns).round()
    top, left = (uniform(0, 1) * (rows - height)).round(), (uniform(0, 1) * (columns - width)).round()
    boxes = torch.stack([top, left, top + height, left + width], dim=1).long().tolist()
    for index in torch.nonzero(chosen).flatten().tolist():
        first_row, first_column, row, column = boxes[index]
        images[index, :, first_row:row, first_column:column] = 0.5


def _places(angle: Tensor, scale: Tensor | None = None, across: Tensor | None = None, down: Tensor | None = None,
            mirrored: Tensor | None = None, stretch: Tensor | None = None) -> Tensor:
    """For each image one matrix, (B, 2, 3), that tells of an output pixel where it comes from: the inverse of what is done to the image.

    Flip, rotation (in degrees), zoom, stretch and shift are of shape (B,).
    """
    nothing = torch.zeros(len(angle))
    angle = torch.deg2rad(angle)
    shrink = 1 / (nothing + 1 if scale is None else scale)
    sign = nothing + 1 if mirrored is None else 1 - 2 * mirrored.float()
    cos, sin = torch.cos(angle) * shrink, torch.sin(angle) * shrink
    matrix = torch.stack([
        torch.stack([sign * cos, -sign * sin, -(nothing if across is None else 2 * across)], dim=1),
        torch.stack([sin, cos, -(nothing if down is None else 2 * down)], dim=1),
    ], dim=1)
    if stretch is not None:
        matrix[:, :, :2] *= torch.stack([1 / stretch, stretch], dim=1)[:, None]
    return matrix


def _warp(images: Tensor, places: Tensor) -> Tensor:
    """One resampling for all of `_places`: each further one would blur the image again."""
    return _resample(images, *_lines(places.to(images), *images.shape[2:]))


def _lines(matrix: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """What its column and what its row give to where a pixel comes from, (B, 2, columns) and (B, 2, rows): x and y of each are their sum."""
    across, down = (torch.linspace(-1, 1, n, device=matrix.device) * (n - 1) / n for n in (columns, rows))
    return matrix[:, :, 0, None] * across, matrix[:, :, 1, None] * down + matrix[:, :, 2, None]


def _resample(images: Tensor, of_column: Tensor, of_row: Tensor) -> Tensor:
    """grid_sample with a grid from `_lines`, which is that of ``F.affine_grid`` (align_corners=False) in a fraction of its time.

    x and y lie in planes of their own, each written in one go; grid_sample takes them as readily as pairs.
    """
    grid = (of_column[:, :, None, :] + of_row[..., None]).permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _hue_matrix(degrees: Tensor) -> Tensor:
    """Rotation about the grey axis of RGB space, shape (B, 3, 3)."""
    angle = torch.deg2rad(degrees)
    cos, third, side = torch.cos(angle), (1 - torch.cos(angle)) / 3, torch.sin(angle) / math.sqrt(3)
    rows = [torch.stack(row, dim=1) for row in (
        (cos + third, third - side, third + side),
        (third + side, cos + third, third - side),
        (third - side, third + side, cos + third),
    )]
    return torch.stack(rows, dim=1)


def _grey(images: Tensor) -> Tensor:
    weights = to_device(torch.tensor(GREY_WEIGHTS, dtype=images.dtype), images.device).view(3, 1, 1)
    return (images * weights).sum(dim=-3, keepdim=True)


def _per_image(value: float | Tensor, images: Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=images.dtype, device=images.device).expand(len(images))


def _column(value: float | Tensor, images: Tensor) -> Tensor:
    return _per_image(value, images).view(-1, 1, 1, 1)
