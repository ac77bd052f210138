"""Checks of notebook 02: scaling, flipping and brightening by hand, and which augmentations keep the label true."""

import numpy as np
import torch
from torch import Tensor

from maskkit.checks.exercise import Misconception, exercise


def _shapes(rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Batches whose axes all differ, so that no axis can be taken for another."""
    drawn = [(int(rng.integers(2, 6)), 3, *map(int, rng.choice(9, 2, replace=False) + 4)) for _ in range(3)]
    return [(2, 3, 4, 5), (4, 3, 6, 2), *drawn, (1, 3, 4, 7)]


def _uint8_images(rng: np.random.Generator) -> list[tuple]:
    def batch(low: int, high: int, shape: tuple[int, ...]) -> tuple[Tensor]:
        return (torch.as_tensor(rng.integers(low, high, shape), dtype=torch.uint8),)

    extremes = torch.tensor([0, 1, 127, 128, 254, 255], dtype=torch.uint8).reshape(1, 3, 1, 2)
    return [(extremes,), batch(40, 200, (2, 3, 4, 5)), *(batch(0, 256, shape) for shape in _shapes(rng)), batch(0, 2, (2, 3, 5, 4))]


@exercise(
    "02",
    cases=_uint8_images,
    tolerance=1e-3,  # half precision will do
    hints=(
        "The darkest pixel, 0, becomes 0.0 and the brightest possible one, 255, becomes 1.0.",
        "Two steps: make floats (images.float()), then divide by the largest value that uint8 can hold.",
    ),
    misconceptions=(
        Misconception(
            "divided by 256",
            lambda images: images.float() / 256,
            "Pure white becomes 255 / 256 = 0.996 and not 1: there are 256 values, but the largest is 255.",
            "Divide by the largest value, not by the number of values.",
        ),
        Misconception(
            "whole-number division",
            lambda images: images // 255,
            "Only 0 and 1 are left, and a grey face turns black: // drops what is behind the decimal point, and so do .int() and uint8.",
            "Divide with a single /, and leave the result a float tensor.",
        ),
        Misconception(
            "made float, not scaled",
            lambda images: images.float(),
            "The pixels still go up to 255. (.float() changes their type and not their range; and images / 255 is a new tensor, images stays as it was.)",
            "Divide as well, and return what comes out.",
        ),
        Misconception(
            "clamped, not scaled",
            lambda images: images.float().clamp(0, 1),
            "All but black pixels become 1: clamp cuts off what is too large, it does not scale.",
            "Divide by 255 in place of clamp.",
        ),
        Misconception(
            "scaled by the brightest pixel of the batch",
            lambda images: images / images.max(),
            "The brightest pixel of every batch becomes 1, so the same face would get other numbers in a brighter company.",
            "Divide by the same number always: the largest that uint8 can hold.",
        ),
        Misconception(
            "stretched between darkest and brightest",
            lambda images: (images - images.min()) / (images.max() - images.min()),
            "The darkest pixel of every batch becomes 0 and the brightest 1: this stretches the contrast, differently for each batch.",
            "Use no minimum and no maximum of the data: 0 stays 0, and 255 becomes 1.",
        ),
        Misconception(
            "from -1 to 1",
            lambda images: images / 127.5 - 1,
            "The pixels go from -1 to 1. Some networks want that; the task asks for 0 to 1.",
            "Divide by 255 and subtract nothing.",
        ),
        Misconception(
            "mean subtracted",
            lambda images: images / 255 - (images / 255).mean(),
            "The mean was subtracted, so half of the pixels are negative. That is standardising; the task asks for 0 to 1.",
            "Leave out the subtraction.",
        ),
        Misconception(
            "standardised",
            lambda images: (images.float() - images.float().mean()) / images.float().std(),
            "These pixels have mean 0 and standard deviation 1. That is standardising; the task asks for 0 to 1.",
            "Use no mean and no standard deviation, only the largest value of uint8.",
        ),
        Misconception(
            "divided by 128",
            lambda images: images / 128,
            "The pixels go from 0 to about 2: 127 and 128 are the middle of the range, its end is 255.",
            "Divide by the largest value that uint8 can hold.",
            also=(lambda images: images / 127,),
        ),
        Misconception(
            "rounded to 0 and 1",
            lambda images: (images / 255).round(),
            "Everything is rounded to black or white. The values between 0 and 1 are wanted.",
            "Leave out the rounding.",
        ),
        Misconception(
            "dark and bright exchanged",
            lambda images: 1 - images / 255,
            "This is the negative: black became white. 0 stays 0, and 255 becomes 1.",
            "Leave out the 1 -.",
        ),
        Misconception(
            "multiplied by 255",
            lambda images: images.float() * 255,
            "The pixels got larger, up to 65025. Multiplying by 255 is the way back, from floats to whole numbers.",
            "Divide.",
        ),
        Misconception(
            "smallest pixel subtracted",
            lambda images: (images.float() - images.min()) / 255,
            "The darkest pixel of every batch becomes 0, so the same face would get other numbers in darker company. Only a "
            "pixel of 0 is 0.",
            "Subtract nothing.",
        ),
        Misconception(
            "each picture by its brightest pixel",
            lambda images: images / images.amax(dim=(1, 2, 3), keepdim=True),
            "The brightest pixel of every picture becomes 1: dark photos would all be made bright.",
            "Divide by the same number always: the largest that uint8 can hold.",
        ),
        Misconception(
            "channels last",
            lambda images: (images / 255).permute(0, 2, 3, 1),
            "The numbers are right, but the axes changed places: the channels stand last. The shape stays (B, 3, H, W).",
            "Leave out the permute.",
        ),
        Misconception(
            "divided in place",
            lambda images: images.div_(255),
            "/= and div_ write the result back into the uint8 tensor, which can hold no fractions; torch refuses. (And it would "
            "spoil the caller's images.)",
            "Make a new tensor: images / 255.",
        ),
        Misconception(
            "divided only if brighter than 1",
            lambda images: images / 255 if images.max() > 1 else images.float(),
            "A nearly black batch, whose brightest pixel is 1 of 255, comes back as if it were white. What the brightest pixel is says nothing about the scale.",
            "Divide always.",
        ),
        Misconception(
            "divided by 255 twice",
            lambda images: images / 255 / 255,
            "Nearly black: this divides by 255 twice.",
            "Divide once.",
        ),
        Misconception(
            "only the first picture",
            lambda images: images[0] / 255,
            "This is one picture. The task asks for the whole batch, and the division can do it in one go.",
            "Leave out [0], and the loop.",
        ),
        Misconception(
            "sigmoid in place of division",
            lambda images: torch.sigmoid(images.float()),
            "The sigmoid makes 0.5 of black, and nearly 1 of all that is brighter than a few steps. 0 should become 0, and 127 about one half.",
            "Divide by the largest value that uint8 can hold.",
        ),
        Misconception(
            "divided by 100",
            lambda images: images / 100,
            "The pixels go up to 2.55. They are no percentages: their largest value is 255.",
            "Divide by the largest value that uint8 can hold.",
        ),
        Misconception(
            "from -0.5 to 0.5",
            lambda images: images / 255 - 0.5,
            "The pixels go from -0.5 to 0.5. The task asks for 0 to 1.",
            "Subtract nothing.",
        ),
        Misconception(
            "standardised with the numbers of ImageNet",
            lambda images: (images / 255 - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1),
            "Mean and spread of another collection of photos (ImageNet) are taken out. Some networks want that; the task asks for 0 to 1.",
            "Divide by 255 and do nothing else.",
        ),
        Misconception(
            "made grey",
            lambda images: (images / 255).mean(dim=1),
            "The scale is right, but the three colours were averaged, and their axis is gone.",
            "Leave out the mean.",
            also=(lambda images: (images / 255).mean(dim=1, keepdim=True),),
        ),
        Misconception(
            "axes of length 1 removed",
            lambda images: (images / 255).squeeze(),
            "The numbers are right, but squeeze took away the axes of length 1, and a batch of one picture is no batch any more.",
            "Leave out the squeeze.",
        ),
        Misconception(
            "pixels taken for signed bytes",
            lambda images: images.view(torch.int8) / 255,
            "Pixels above 127 became negative: int8 goes from -128 to 127.",
            "images.float().",
        ),
    ),
)
def to_unit_range(images: Tensor) -> Tensor:
    """Return uint8 images (B, 3, H, W) as floats from 0 (was 0) to 1 (was 255)."""
    return images.float() / 255


def _float_images(rng: np.random.Generator) -> list[tuple]:
    return [(torch.as_tensor(rng.random(shape), dtype=torch.float32),) for shape in _shapes(rng)]


def _negative_step(images: Tensor) -> Tensor:
    return images[..., ::-1]


def _all_but_column(images: Tensor, column: int, rest: float | None = None) -> Tensor:
    """Mirrored but for one column, which stays as it was, or as the new tensor was filled."""
    mirrored = images.flip(-1)
    mirrored[..., column] = images[..., column] if rest is None else rest
    return mirrored


def _copied_onto_itself(images: Tensor) -> Tensor:
    width = images.shape[-1]
    for i in range(width):
        images[..., i] = images[..., width - 1 - i]
    return images


@exercise(
    "02",
    cases=_float_images,
    hints=(
        "The shape is (batch, channel, row, column). What is mirrored when left and right change places?",
        "images.flip(dims=[...]) turns the order of an axis round; columns are the last axis.",
    ),
    misconceptions=(
        Misconception(
            "upside down",
            lambda images: images.flip(-2),
            "The faces stand on their heads: axis 2 are the rows, so top and bottom changed places.",
            "Left and right is the order of the columns, the last axis.",
        ),
        Misconception(
            "channels turned round",
            lambda images: images.flip(1),
            "The faces turned blue: axis 1 are the colour channels, so red and blue changed places.",
            "In (B, 3, H, W) the columns are the last axis, not the second (which is what torch.fliplr turns round).",
        ),
        Misconception(
            "batch turned round",
            lambda images: images.flip(0),
            "The pictures are as before but in the opposite order: axis 0 is the batch.",
            "Turn the columns of each picture round, the last axis. (torch.flipud turns the first one round.)",
        ),
        Misconception(
            "turned by 180 degrees",
            lambda images: images.flip(-1, -2),
            "The faces are turned by 180°: rows and columns both changed their order.",
            "Turn only one axis round.",
        ),
        Misconception(
            "everything turned round",
            lambda images: images.flip(0, 1, 2, 3),
            "Every axis is turned round: rows, columns, colours and the batch.",
            "Name the one axis that holds the columns.",
        ),
        Misconception(
            "transposed",
            lambda images: images.transpose(-1, -2),
            "Rows and columns changed places, so the faces lie on their side. A mirror keeps the height and the width.",
            "flip turns an axis round; transpose swaps two.",
        ),
        Misconception(
            "negative step",
            _negative_step,
            "numpy turns an axis round with a step of -1 ([::-1], and np.flip does the same), but torch takes no negative step.",
            "torch has a method for it: flip.",
        ),
        Misconception(
            "not flipped",
            lambda images: images,
            "The pictures come back as they were. images.flip(...) gives a new tensor and leaves the old one alone.",
            "Return what flip gives you.",
        ),
        Misconception(
            "colours inverted",
            lambda images: 1 - images,
            "Dark became bright, and bright dark: the values are turned round. A mirror moves the pixels and keeps their values.",
            "images.flip(...), with the axis of the columns.",
            also=(
                lambda images: 255 - images,
                lambda images: -images,
            ),
        ),
        Misconception(
            "turned by 90 degrees",
            lambda images: images.rot90(1, dims=(2, 3)),
            "The faces are turned by 90°. A mirror keeps up and down, height and width.",
            "flip in place of rot90.",
            also=(lambda images: images.rot90(-1, dims=(2, 3)),),
        ),
        Misconception(
            "axis not named",
            lambda images: images.flip(),
            "flip wants to know which axis to turn round.",
            "images.flip(-1): the last axis.",
        ),
        Misconception(
            "a column lost",
            lambda images: images.flip(-1)[..., :-1],
            "A column is missing: counting down to 0 with arange or range stops before it reaches 0.",
            "The end is not included: count down to -1.",
        ),
        Misconception(
            "overwritten while copying",
            _copied_onto_itself,
            "The left half is right, the right half is as it was: either the loop ends half-way, or you write into the tensor that you still read from.",
            "Write into a new one, torch.zeros_like(images), or use flip.",
        ),
        Misconception(
            "kept the original as well",
            lambda images: torch.cat([images, images.flip(-1)]),
            "The batch has doubled: the originals are still in it. The task asks for the mirrored pictures only.",
            "Return what flip gives you.",
            also=(lambda images: torch.stack([images, images.flip(-1)]),),
        ),
        Misconception(
            "only the first picture",
            lambda images: images[0].flip(-1),
            "This is one picture. The task asks for the whole batch, and flip can do it in one go.",
            "images.flip(-1).",
        ),
        Misconception(
            "halves exchanged",
            lambda images: torch.cat([images[..., images.shape[-1] // 2 :], images[..., : images.shape[-1] // 2]], dim=-1),
            "The halves changed places, but within each the columns are in their old order. A mirror turns the order of all columns round.",
            "images.flip(...), with the axis of the columns.",
            also=(lambda images: images.roll(images.shape[-1] // 2, -1),),
        ),
        Misconception(
            "channels turned round as well",
            lambda images: images.flip(1, 3),
            "Left and right changed places, which is right, but red and blue did too: axis 1 are the colour channels.",
            "Turn one axis round, the last.",
        ),
        Misconception(
            "batch turned round as well",
            lambda images: images.flip(0, 3),
            "Left and right changed places, which is right, but the pictures now stand in the opposite order: axis 0 is the batch.",
            "Turn one axis round, the last.",
        ),
        Misconception(
            "columns moved on",
            lambda images: images.roll(1, -1),
            "roll moves the columns on by some places, and what leaves on one side comes back on the other. A mirror turns their order round.",
            "flip in place of roll.",
            also=(lambda images: images.roll(-1, -1),),
        ),
        Misconception(
            "one column further",
            lambda images: images.flip(-1).roll(1, -1),
            "The columns are in the opposite order, but one place too far, and the first stays where it was: -0 is 0, the first column.",
            "From the end it is counted from -1: images[..., -1 - j].",
        ),
        Misconception(
            "last column not mirrored",
            lambda images: _all_but_column(images, -1),
            "The last column of the new pictures is not filled: range(n) ends at n - 1 by itself.",
            "range(width), without - 1.",
            also=(lambda images: _all_but_column(images, -1, 0.0),),
        ),
        Misconception(
            "first column not mirrored",
            lambda images: _all_but_column(images, 0),
            "The first column of the new pictures is not filled: positions begin at 0, not at 1.",
            "range(width), without the 1.",
            also=(lambda images: _all_but_column(images, 0, 0.0),),
        ),
        Misconception(
            "sorted",
            lambda images: images.sort(dim=-1, descending=True).values,
            "Each row is sorted by brightness. A mirror turns the order of the columns round, whatever they hold.",
            "flip in place of sort.",
            also=(lambda images: images.sort(dim=-1).values,),
        ),
        Misconception(
            "axes of length 1 removed",
            lambda images: images.flip(-1).squeeze(),
            "The pictures are mirrored, but squeeze took away the axes of length 1, and a batch of one picture is no batch any more.",
            "Leave out the squeeze.",
        ),
        Misconception(
            "blended with the mirror image",
            lambda images: (images + images.flip(-1)) / 2,
            "The pictures are blended with their mirror images. The task asks for the mirror images alone.",
            "Return what flip gives you.",
        ),
        Misconception(
            "channels last",
            lambda images: images.flip(-1).permute(0, 2, 3, 1),
            "The pictures are mirrored, but the channels stand last, as for drawing. The shape stays (B, 3, H, W).",
            "Leave out the permute.",
        ),
    ),
)
def flip_horizontal(images: Tensor) -> Tensor:
    """Return images (B, 3, H, W) mirrored: left and right change places."""
    return images.flip(-1)


def _images_and_factors(rng: np.random.Generator) -> list[tuple]:
    """The last batch is so dark that a factor of 2 leaves all of it below 1."""
    factors = (1.5, 0.5, 2.0, 1.0, 0.0, 1.2)
    drawn = [(images, factor) for (images,), factor in zip(_float_images(rng), factors, strict=True)]
    return [*drawn, (drawn[0][0] * 0.4, 2.0)]


@exercise(
    "02",
    cases=_images_and_factors,
    hints=(
        "Brighter means that every pixel is multiplied by the factor. Which pixels leave the range?",
        "images * factor, then clamp(...) to the range from 0 to 1.",
    ),
    misconceptions=(
        Misconception(
            "not clipped",
            lambda images, factor: images * factor,
            "Some pixels are above 1 now: brighter than white does not exist, and the network would see values that no photo has.",
            "Cut off at 1 with clamp, after the multiplication. (clamp gives a new tensor and leaves the old one alone: return what it gives.)",
        ),
        Misconception(
            "factor added",
            lambda images, factor: (images + factor).clamp(0, 1),
            "The factor is added, so black turns grey and a factor of 1 makes everything white. A factor of 1 should change nothing.",
            "Multiply by the factor.",
        ),
        Misconception(
            "factor minus one added",
            lambda images, factor: (images + factor - 1).clamp(0, 1),
            "A factor of 1 changes nothing, which is right, but the rest is shifted: black becomes grey. Black times a factor is black.",
            "Multiply by the factor and add nothing.",
        ),
        Misconception(
            "scaled back in place of clipped",
            lambda images, factor: images * factor / max(1.0, (images * factor).max().item()),
            "Everything is divided by the brightest pixel, which takes the new brightness away again.",
            "Cut off at 1 (clamp), and leave the pixels below 1 alone.",
        ),
        Misconception(
            "divided by the brightest pixel",
            lambda images, factor: images * factor / (images * factor).max(),
            "Everything is divided by the brightest pixel, so the factor drops out: twice as bright and half as bright look the same.",
            "Cut off at 1 (clamp), and divide by nothing.",
        ),
        Misconception(
            "brightest pixel made white first",
            lambda images, factor: (images / images.max() * factor).clamp(0, 1),
            "The pictures are divided by their brightest pixel before they are multiplied, so that a factor of 1 changes them, too. It should change nothing.",
            "Leave out the division: the images are in [0, 1] already.",
        ),
        Misconception(
            "factor cut off in place of the pixels",
            lambda images, factor: images * min(factor, 1),
            "The factor is cut off at 1, so nothing ever gets brighter. It is the pixels that must stay in [0, 1].",
            "Multiply by the whole factor, then clamp the result.",
        ),
        Misconception(
            "run over in place of clipped",
            lambda images, factor: (images * factor) % 1,
            "What passes 1 starts again at 0, so the brightest spots turn black. They should stay white.",
            "Use clamp in place of %.",
        ),
        Misconception(
            "power in place of product",
            lambda images, factor: images**factor,
            "Pixels are raised to the power of the factor, and a number below 1 gets smaller by that: the picture turns darker.",
            "Multiply: images * factor.",
        ),
        Misconception(
            "divided by the factor",
            lambda images, factor: (images / factor).clamp(0, 1),
            "It works the wrong way round: a factor of 2 makes it darker.",
            "Multiply in place of dividing.",
            also=(lambda images, factor: images / factor,),
        ),
        Misconception(
            "clipped to 0 to 255",
            lambda images, factor: (images * factor).clamp(0, 255).round(),
            "The result is rounded to whole numbers, as if the pixels went to 255. They are floats from 0 to 1, so next to nothing is left of them.",
            "Clamp to the range from 0 to 1, and do not round.",
        ),
        Misconception(
            "contrast in place of brightness",
            lambda images, factor: ((images - 0.5) * factor + 0.5).clamp(0, 1),
            "This moves the pixels away from grey, or towards it: that is contrast. Brightness multiplies the pixels as they "
            "are, and black stays black.",
            "images * factor, then clamp.",
        ),
        Misconception(
            "factor taken for an increase",
            lambda images, factor: (images * (1 + factor)).clamp(0, 1),
            "A factor of 1 doubles the brightness here. It should change nothing.",
            "Multiply by factor, without the 1 +.",
        ),
        Misconception(
            "too bright pixels turned black",
            lambda images, factor: torch.where(images * factor > 1, torch.zeros(()), images * factor),
            "What would be brighter than white became black. It should become white, 1.",
            "clamp(0, 1).",
        ),
        Misconception(
            "too bright pixels left as they were",
            lambda images, factor: torch.where(images * factor > 1, images, images * factor),
            "Pixels that would be brighter than white keep their old value, and so end up darker than their neighbours. They "
            "should become white, 1.",
            "clamp(0, 1).",
        ),
        Misconception(
            "nothing changed",
            lambda images, factor: images,
            "The pictures come back as they were. images * factor gives a new tensor (and so does image = ... in a loop): the "
            "old one stays.",
            "Return the new one.",
        ),
        Misconception(
            "if, min or max for a whole batch",
            lambda images, factor: max(0, min(1, images * factor)),
            "if, min and max of Python want one yes or no for all pixels together, and torch does not know which. Each pixel has to be "
            "looked at by itself.",
            "clamp(0, 1) does it for all pixels.",
        ),
        Misconception(
            "divided by 255 once more",
            lambda images, factor: (images * factor / 255).clamp(0, 1),
            "Nearly black: these images are floats in [0, 1] already, they need no division by 255.",
            "Leave out the division.",
        ),
        Misconception(
            "number in place of images",
            lambda images, factor: (images * factor).clamp(0, 1).mean(),
            "This is the mean brightness, one number. The task asks for the pictures.",
            "Leave out the mean.",
        ),
        Misconception(
            "cut off below in place of above",
            lambda images, factor: (images * factor).clamp(min=1),
            "Nothing is below 1 now: clamp(1), clip(1) and max take 1 as the smallest value. It is the largest that a pixel may have.",
            "clamp(0, 1), or clamp(max=1).",
        ),
        Misconception(
            "factor added, not clipped",
            lambda images, factor: images + factor,
            "The factor is added, so that black turns grey, and pixels go above 1. A factor of 1 should change nothing.",
            "Multiply by the factor, then clamp.",
        ),
        Misconception(
            "factor made a whole number",
            lambda images, factor: (images * int(factor)).clamp(0, 1),
            "The factor is made a whole number: 0.5 becomes 0, and everything black.",
            "Leave out int, or round.",
            also=(lambda images, factor: (images * round(factor)).clamp(0, 1),),
        ),
        Misconception(
            "factor in per cent",
            lambda images, factor: (images * factor / 100).clamp(0, 1),
            "Nearly black: the factor is taken for a percentage. A factor of 1 should change nothing.",
            "Leave out the division by 100.",
        ),
        Misconception(
            "scaled to 0 to 255",
            lambda images, factor: (images * 255 * factor).clamp(0, 255),
            "These pixels go up to 255. The images are floats in [0, 1], and so is the result.",
            "Leave out the 255, and clamp to 1.",
        ),
        Misconception(
            "contrast around the mean",
            lambda images, factor: ((images - images.mean()) * factor + images.mean()).clamp(0, 1),
            "This moves the pixels away from their mean, or towards it: that is contrast. Brightness multiplies the pixels as they are.",
            "images * factor, then clamp.",
        ),
        Misconception(
            "only the first picture",
            lambda images, factor: (images[0] * factor).clamp(0, 1),
            "This is one picture. The task asks for the whole batch. (A return inside a loop leaves it at once.)",
            "Multiply the whole batch: it needs no loop.",
        ),
        Misconception(
            "a batch with one pixel too bright left as it was",
            lambda images, factor: images if (images * factor).max() > 1 else images * factor,
            "As soon as one pixel passes 1, the whole batch stays as it was. Only the pixels above 1 must be cut off; the others get brighter.",
            "clamp(0, 1) looks at each pixel by itself.",
        ),
        Misconception(
            "a batch with one pixel too bright made white",
            lambda images, factor: torch.ones_like(images) if (images * factor).max() > 1 else images * factor,
            "As soon as one pixel passes 1, the whole batch becomes white. Only the pixels above 1 must be cut off.",
            "clamp(0, 1) looks at each pixel by itself.",
        ),
        Misconception(
            "all black",
            lambda images, factor: torch.zeros_like(images),
            "Everything is black, 0. (clamp(1, 0) has its limits in the wrong order: the smaller one stands first. And the minimum with 0 leaves nothing above 0.)",
            "clamp(0, 1).",
        ),
        Misconception(
            "squeezed in place of clipped",
            lambda images, factor: torch.sigmoid(images * factor),
            "A sigmoid (or tanh) squeezes all pixels into the range, so that they change even where the factor is 1. Only the pixels above 1 must be cut off.",
            "clamp(0, 1).",
            also=(lambda images, factor: torch.tanh(images * factor),),
        ),
        Misconception(
            "factor taken for a limit",
            lambda images, factor: images.clamp(max=factor),
            "The pixels are cut off at the factor, and nothing gets brighter. The factor says how many times as bright they become.",
            "Multiply by the factor, then clamp(0, 1).",
            also=(lambda images, factor: images.clamp(0, factor),),
        ),
        Misconception(
            "rounded to black and white",
            lambda images, factor: (images * factor).clamp(0, 1).round(),
            "All pixels are rounded to 0 or 1. The floats between are wanted.",
            "Leave out the rounding.",
        ),
        Misconception(
            "gamma in place of brightness",
            lambda images, factor: images ** (1 / factor) if factor else torch.zeros_like(images),
            "Pixels are raised to the power of 1 / factor. That is gamma correction, which changes dark pixels more than bright ones. Brightness multiplies all "
            "alike.",
            "images * factor, then clamp.",
        ),
        Misconception(
            "multiplied by 255, then clipped to 1",
            lambda images, factor: (images * 255 * factor).clamp(0, 1),
            "Nearly everything is white: these images are floats in [0, 1] already, and times 255 hardly a pixel stays below 1.",
            "Leave out the 255.",
        ),
        Misconception(
            "factor taken for a decrease",
            lambda images, factor: (images * (1 - factor)).clamp(0, 1),
            "A factor of 1 makes everything black here. It should change nothing.",
            "Multiply by factor, without the 1 -.",
        ),
        Misconception(
            "factor taken for an increase in per cent",
            lambda images, factor: (images * (1 + factor / 100)).clamp(0, 1),
            "The factor is taken for a percentage that is added: 2 makes the pictures 2 % brighter. It should make them twice as bright.",
            "Multiply by factor.",
        ),
        Misconception(
            "stretched between darkest and brightest",
            lambda images, factor: (images * factor - (images * factor).min()) / ((images * factor).max() - (images * factor).min()),
            "The darkest pixel becomes 0 and the brightest 1, so the factor drops out. Brightness multiplies the pixels, and cuts off what passes 1.",
            "images * factor, then clamp.",
        ),
        Misconception(
            "clipped at the brightest pixel that there was",
            lambda images, factor: (images * factor).clamp(0, images.max().item()),
            "The pixels are cut off at the brightest one that there was before. They may become as bright as 1.",
            "clamp(0, 1).",
        ),
        Misconception(
            "factor squared",
            lambda images, factor: (images * factor * factor).clamp(0, 1),
            "The factor is used twice: 2 makes the pictures four times as bright.",
            "Multiply once.",
        ),
        Misconception(
            "axes of length 1 removed",
            lambda images, factor: (images * factor).clamp(0, 1).squeeze(),
            "The numbers are right, but squeeze took away the axes of length 1, and a batch of one picture is no batch any more.",
            "Leave out the squeeze.",
        ),
    ),
)
def adjust_brightness(images: Tensor, factor: float) -> Tensor:
    """Return float images in [0, 1] multiplied by a factor, and cut off so that they stay in [0, 1]."""
    return (images * factor).clamp(0, 1)


_SAFE = {
    "mirror left and right": True,
    "rotate by up to 15 degrees": True,
    "change the brightness a little": True,
    "make it grey": True,
    "crop away the lower half": False,
    "erase the whole mouth and chin": False,
    "erase a small random square": True,
}


def _as_bool(value: object) -> object:
    """True or False of what stands for it, 1 or 0 too; anything else as a text, which is neither."""
    number = value.item() if getattr(value, "shape", None) == () else value
    return bool(number) if isinstance(number, (bool, int, float)) and number in (0, 1) else repr(value)


def _answers(**changed: bool) -> dict[str, bool]:
    return {**_SAFE, **{name.replace("_", " "): value for name, value in changed.items()}}


@exercise(
    "02",
    cases=lambda rng: [()],
    canonical=lambda answer: {key: _as_bool(value) for key, value in answer.items() if key in _SAFE},
    takes_value=True,
    hints=(
        "Imagine the picture after the change: can you still see whether there is a mask?",
        "Two of them can take away the only place where a mask shows.",
    ),
    misconceptions=(
        Misconception(
            "every augmentation is safe",
            lambda: dict.fromkeys(_SAFE, True),
            "Two of them can hide the place where a mask sits; a masked face without its mask still carries the label with_mask.",
            "What is left of a mask when the lower half is gone?",
        ),
        Misconception(
            "no augmentation is safe",
            lambda: dict.fromkeys(_SAFE, False),
            "An augmentation changes the picture, and that is its purpose. It is unsafe only if the label is no longer true.",
            "A mirrored mask is still a mask.",
        ),
        Misconception(
            "safe and unsafe mixed up",
            lambda: {key: not value for key, value in _SAFE.items()},
            "All of them are the wrong way round: True stands for safe, when the label is still true afterwards.",
            "Swap True and False.",
        ),
        Misconception(
            "geometry breaks the label",
            lambda: _answers(mirror_left_and_right=False, rotate_by_up_to_15_degrees=False),
            "A mirrored or slightly tilted face still wears its mask. (With digits it would be another matter: a mirrored 2 is no 2.)",
            "Ask whether the mask can still be seen, not whether the picture has changed.",
        ),
        Misconception(
            "a mirror breaks the label",
            lambda: _answers(mirror_left_and_right=False),
            "A mirrored face still wears its mask. (With letters it would be another matter: a mirrored b is a d.)",
            "Is there anything about a mask that tells left from right?",
        ),
        Misconception(
            "a rotation breaks the label",
            lambda: _answers(rotate_by_up_to_15_degrees=False),
            "A tilted face still wears its mask; people tilt their heads all the time.",
            "Ask whether the mask can still be seen.",
        ),
        Misconception(
            "colour breaks the label",
            lambda: _answers(change_the_brightness_a_little=False, make_it_grey=False),
            "A mask in poor light, or in a grey photo, is still a mask: its label does not hang on its colour.",
            "Could you tell on a black-and-white photo?",
        ),
        Misconception(
            "grey breaks the label",
            lambda: _answers(make_it_grey=False),
            "A mask on a grey photo is still a mask; masks come in every colour, so colour cannot be what makes one.",
            "Could you tell on a black-and-white photo?",
        ),
        Misconception(
            "every erasing breaks the label",
            lambda: _answers(erase_a_small_random_square=False),
            "A small square hides a part of a mask, seldom all of it. That is why random erasing is used with small areas.",
            "How much of a mask does a small square cover?",
        ),
        Misconception(
            "erasing never breaks the label",
            lambda: _answers(erase_the_whole_mouth_and_chin=True),
            "With the mouth and the chin covered, nobody can tell any more whether there was a mask.",
            "Where on a face does a mask sit?",
        ),
        Misconception(
            "a crop never breaks the label",
            lambda: _answers(crop_away_the_lower_half=True),
            "With the lower half cut away, the mask is gone but the label still says with_mask.",
            "Which half of a face does a mask sit on?",
        ),
        Misconception(
            "in quotation marks",
            lambda: {key: str(value) for key, value in _SAFE.items()},
            "All of them are right, but in quotation marks they are texts, and a text counts as true whatever it says.",
            "True and False without quotation marks.",
        ),
        Misconception(
            "brightness breaks the label",
            lambda: _answers(change_the_brightness_a_little=False),
            "A mask in a little more or less light is still a mask, and can still be seen.",
            "Is there less of a mask in the evening?",
        ),
        Misconception(
            "only what keeps the colour and all of the picture is safe",
            lambda: _answers(make_it_grey=False, erase_a_small_random_square=False),
            "Two are wrong. A mask on a grey photo is still a mask; and a small square hides a part of a mask, seldom all of it.",
            "Ask whether the mask can still be seen, not whether something is missing.",
        ),
    ),
)
def label_safe() -> dict[str, bool]:
    """Say for each augmentation whether the label (with or without mask) stays true: True for safe, False for unsafe."""
    return _SAFE
