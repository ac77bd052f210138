"""Checks of notebook 07: the parameters of a VGG block, batch normalisation by hand, and what a residual block gives back."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskkit.checks.exercise import Misconception, exercise


def _channels(rng: np.random.Generator) -> list[tuple]:
    fixed = [(3, 32), (32, 64), (64, 128), (128, 128), (1, 1), (3, 8), (16, 4)]
    return [*fixed, *(tuple(int(part) for part in pair) for pair in rng.integers(1, 200, (3, 2)))]


def _conv(channels_in: int, channels_out: int) -> int:
    return 9 * channels_in * channels_out + channels_out


@exercise(
    "07",
    cases=_channels,
    hints=(
        "Count two convolutions, each with kernels of 3 × 3 and one bias for each of its output channels. How many channels does the second one take in?",
        "A convolution from a channels to b has b kernels, each with 3 × 3 numbers for every one of the a channels, and a bias. What is that in a and b? "
        "Then put in the a and b of the first, and those of the second.",
        "The first goes from channels_in to channels_out, the second from channels_out to channels_out: 9 * a * b + b for each.",
    ),
    misconceptions=(
        Misconception(
            "second convolution from channels_in too",
            lambda i, o: 2 * _conv(i, o),
            "You count the first convolution twice. The second takes in what the first gives out: channels_out channels, not channels_in.",
            "The second goes from channels_out to channels_out.",
        ),
        Misconception(
            "one convolution",
            lambda i, o: _conv(i, o),
            "This is the first convolution alone. A VGG block has two.",
            "Add one from channels_out to channels_out.",
        ),
        Misconception(
            "the second alone",
            lambda i, o: _conv(o, o),
            "This is the second convolution alone. The first goes from channels_in to channels_out.",
            "Add both.",
        ),
        Misconception(
            "biases forgotten",
            lambda i, o: 9 * i * o + 9 * o * o,
            "The biases are missing: one for each output channel, in each of the two convolutions.",
            "Add channels_out twice.",
        ),
        Misconception(
            "biases once",
            lambda i, o: 9 * i * o + 9 * o * o + o,
            "You count the biases of one convolution only. The other has as many.",
            "Add channels_out twice.",
        ),
        Misconception(
            "one bias for a layer",
            lambda i, o: 9 * i * o + 9 * o * o + 2,
            "A convolution has one bias for each of its output channels, not one in all.",
            "Add channels_out for each convolution.",
        ),
        Misconception(
            "a bias for each input channel",
            lambda i, o: 9 * i * o + i + 9 * o * o + o,
            "The biases belong to the output channels: the first convolution has channels_out of them, not channels_in.",
            "Add channels_out for each convolution.",
        ),
        Misconception(
            "one number in place of nine",
            lambda i, o: i * o + o + o * o + o,
            "Each kernel has 3 × 3 numbers. You count one for each pair of channels, as if the kernels were 1 × 1.",
            "Multiply the weights with 9.",
        ),
        Misconception(
            "kernel not squared",
            lambda i, o: 3 * i * o + o + 3 * o * o + o,
            "A kernel of 3 × 3 has 9 numbers: 3 rows of 3.",
            "3 * 3.",
            also=(lambda i, o: 6 * i * o + o + 6 * o * o + o,),
        ),
        Misconception(
            "input channels forgotten",
            lambda i, o: 2 * (9 * o + o),
            "A kernel spans all channels of its input: 9 numbers for each of them.",
            "Multiply with the input channels of each convolution.",
            also=(lambda i, o: 9 * o + o + _conv(o, o), lambda i, o: _conv(i, o) + 9 * o + o),
        ),
        Misconception(
            "the other way round: channels_in kept to the end",
            lambda i, o: _conv(i, i) + _conv(i, o),
            "Your block keeps channels_in in its first convolution and changes in its second. VGG changes in the first, and keeps in the second.",
            "The first goes from channels_in to channels_out.",
        ),
        Misconception(
            "pooling counted",
            lambda i, o: _conv(i, o) + _conv(o, o) + 4,
            "The pooling has no weights: it only takes the largest of four numbers.",
            "Count the two convolutions.",
        ),
        Misconception(
            "pooling with four weights for each channel",
            lambda i, o: _conv(i, o) + _conv(o, o) + 4 * o,
            "You count four numbers too many for each output channel. The pooling has no weights: it takes the largest of four numbers, and there is nothing "
            "to learn in that. (And there is no batch normalisation in this block.)",
            "Count the two convolutions.",
        ),
        Misconception(
            "pooling as a convolution of 2 × 2",
            lambda i, o: _conv(i, o) + _conv(o, o) + 4 * o * o + o,
            "You count the pooling as a convolution of 2 × 2. It has no kernels and no biases: it only takes the largest of four numbers.",
            "Count the two convolutions of 3 × 3.",
        ),
        Misconception(
            "pooling as a third convolution",
            lambda i, o: _conv(i, o) + 2 * _conv(o, o),
            "You count three layers with parameters. The third of the block is a pooling, which has none.",
            "Two convolutions only.",
        ),
        Misconception(
            "second convolution from channels_in too, without biases",
            lambda i, o: 18 * i * o,
            "Two things: the second convolution takes in what the first gives out, channels_out channels, and the biases are missing.",
            "9 * channels_out * channels_out for the second, and channels_out more for each of the two.",
        ),
        Misconception(
            "channels added",
            lambda i, o: 9 * (i + o),
            "You count 9 numbers for each channel that comes in. But each output channel has kernels of its own for all of them, and a bias.",
            "For one convolution: 9 times the channels in, times the channels out, and a bias for each channel out.",
        ),
        Misconception(
            "output channels forgotten",
            lambda i, o: 9 * i + o + 9 * o + o,
            "The biases are right, but you count one kernel for each input channel. Each output channel has kernels of its own for all of them.",
            "Multiply with the output channels of each convolution.",
        ),
        Misconception(
            "one of 5 × 5",
            lambda i, o: 25 * i * o + o,
            "This is one convolution of 5 × 5, which sees as far as the block does, but is another layer.",
            "Two convolutions of 3 × 3.",
        ),
        Misconception(
            "multiplied",
            lambda i, o: _conv(i, o) * _conv(o, o),
            "You multiply the two layers. Their parameters stand side by side: add them.",
            "+ in place of *.",
        ),
        Misconception(
            "the two layers apart",
            lambda channels_in, channels_out: (channels_out * (channels_in * 9 + 1), channels_out * (channels_out * 9 + 1)),
            "Both numbers are right. The task asks for all parameters of the block together.",
            "Add them.",
        ),
        Misconception(
            "pooling divides the parameters",
            lambda i, o: (_conv(i, o) + _conv(o, o)) // 4,
            "You divide because of the pooling. It makes the picture smaller; the convolutions in front of it keep all of their parameters.",
            "Count the two convolutions, and leave it at that.",
            also=tuple(lambda i, o, d=d: d(_conv(i, o) + _conv(o, o)) for d in (lambda n: n / 4, lambda n: n // 2, lambda n: n / 2)),
        ),
        Misconception(
            "a bias for each kernel of each channel",
            lambda i, o: 10 * i * o + 10 * o * o,
            "You count a bias for each pair of an input and an output channel. An output channel has one bias, however many channels come in.",
            "(9 * channels_in + 1) * channels_out for the first.",
        ),
        Misconception(
            "biases times nine",
            lambda i, o: 9 * (i * o + o) + 9 * (o * o + o),
            "The biases are multiplied by 9, too: the bracket closes too late. An output channel has one bias.",
            "9 * channels_in * channels_out + channels_out.",
        ),
        Misconception(
            "back to channels_in",
            lambda i, o: _conv(i, o) + _conv(o, i),
            "Your second convolution goes back to channels_in. Both of them give out channels_out channels.",
            "The second goes from channels_out to channels_out.",
        ),
        Misconception(
            "first convolution from channels_out too",
            lambda i, o: 2 * _conv(o, o),
            "You count the second convolution twice. The first takes in channels_in channels.",
            "The first goes from channels_in to channels_out.",
        ),
        Misconception(
            "in and out exchanged",
            lambda i, o: _conv(o, i) + _conv(i, i),
            "Input and output channels have changed places.",
            "The first goes from channels_in to channels_out, the second stays there.",
        ),
        Misconception(
            "three channels taken for granted",
            lambda i, o: _conv(3, o) + _conv(o, o),
            "Your first convolution takes in three channels, whatever channels_in is. Only the first block of a network sees red, green and blue.",
            "channels_in in place of 3.",
        ),
        Misconception(
            "weights and biases apart",
            lambda i, o: (9 * i * o + 9 * o * o, 2 * o),
            "Both numbers are right. The task asks for weights and biases together.",
            "Add them.",
        ),
        Misconception(
            "one convolution, without biases",
            lambda i, o: 9 * i * o,
            "Two things: this is the first convolution alone, and its biases are missing.",
            "A second one from channels_out to channels_out, and channels_out biases for each.",
        ),
        Misconception(
            "kernels counted",
            lambda i, o: i * o + o * o,
            "This is how many kernels there are. Each of them has 3 × 3 numbers, and each output channel has a bias.",
            "9 times as many, and channels_out for each of the two convolutions.",
        ),
        Misconception(
            "tensors counted",
            lambda i, o: 4,
            "This is always 4: so many tensors there are, two of weights and two of biases. Wanted are the numbers in them.",
            "Add up p.numel() for each p in .parameters().",
        ),
        Misconception(
            "^ in place of **",
            lambda i, o: 3 ^ 2 * i * o + o + 3 ^ 2 * o * o + o,
            "In Python ^ is no power: it compares the bits of two whole numbers, and comes after + and *.",
            "3 ** 2, or 3 * 3.",
            also=(lambda i, o: 3 ^ 2 * i * o + 3 ^ 2 * o * o + 2 * o, lambda i, o: (3 ^ 2 * i + 1) * o + (3 ^ 2 * o + 1) * o),
        ),
    ),
)
def vgg_block_parameters(channels_in: int, channels_out: int) -> int:
    """Return the number of weights and biases of a VGG block: two convolutions of 3 × 3, with channels_out channels each, and a pooling."""
    return 9 * channels_in * channels_out + channels_out + 9 * channels_out * channels_out + channels_out


def _maps(rng: np.random.Generator) -> list[tuple]:
    shapes = [(4, 2, 3, 3), (2, 3, 4, 5), (8, 1, 2, 2), (3, 4, 4, 4)]
    drawn = [rng.normal(rng.uniform(-3, 3, (1, s[1], 1, 1)), rng.uniform(0.5, 4, (1, s[1], 1, 1)), s) for s in shapes]
    flat = np.concatenate([rng.normal(0, 1, (2, 1, 2, 2)), np.zeros((2, 1, 2, 2))], axis=1)  # the second channel is 0 everywhere
    faint = rng.normal(0.002, 0.001, (3, 2, 4, 3))  # with a variance below the 1e-5, where it matters on which side of the root they are added
    return [(torch.tensor(maps, dtype=torch.float32),) for maps in [*drawn, flat, faint]]


_EVERY = (0, 2, 3)  # all but the channels


def _standard(x: Tensor, dims: tuple[int, ...], eps: float = 1e-5, unbiased: bool = False) -> Tensor:
    return (x - x.mean(dims, keepdim=True)) / torch.sqrt(x.var(dims, keepdim=True, unbiased=unbiased) + eps)


def _with_other_spreads(dims: tuple[int, ...]) -> tuple[Callable, ...]:
    """The mean over the wrong axes, with the other ways to write the spread."""
    return (
        lambda x: _standard(x, dims, unbiased=True),
        lambda x: _standard(x, dims, eps=0.0),
        lambda x: _standard(x, dims, eps=0.0, unbiased=True),
        lambda x: (x - x.mean(dims, keepdim=True)) / (x.std(dims, keepdim=True) + 1e-5),
        lambda x: (x - x.mean(dims, keepdim=True)) / (x.std(dims, keepdim=True, correction=0) + 1e-5),
    )


def _first_channels(x: Tensor, n: int, rest: Tensor) -> Tensor:
    """Only the first n channels normalised, in a tensor that holds something else otherwise."""
    return torch.cat([_standard(x, _EVERY)[:, :n], rest[:, n:]], dim=1)


def _reshaped(x: Tensor) -> Tensor:
    """Channels normalised in rows that a reshape has made, which are no channels."""
    rows = x.reshape(x.shape[1], -1)
    return _standard(rows, (1,)).reshape(x.shape)


@exercise(
    "07",
    cases=_maps,
    tolerance=1e-3,
    hints=(
        "Each channel gets one mean and one variance, over all pictures of the batch and all places: over the axes 0, 2 and 3.",
        "mean = x.mean(dim=(0, 2, 3), keepdim=True); var = x.var(dim=(0, 2, 3), keepdim=True, unbiased=False); (x - mean) / torch.sqrt(var + 1e-5).",
    ),
    misconceptions=(
        Misconception(
            "over the batch only",
            lambda x: _standard(x, (0,)),
            "You normalise each place of a channel for itself. All places of a channel share one kernel, so they share one mean and one variance.",
            "Take the mean over the axes 0, 2 and 3.",
            also=_with_other_spreads((0,)),
        ),
        Misconception(
            "each picture for itself",
            lambda x: _standard(x, (2, 3)),
            "You normalise each channel of each picture for itself (that is instance normalisation). Here the whole batch shares the mean.",
            "Take the mean over the axes 0, 2 and 3.",
            also=_with_other_spreads((2, 3)),
        ),
        Misconception(
            "over the channels of each picture",
            lambda x: _standard(x, (1, 2, 3)),
            "You normalise each picture over all of its channels (that is layer normalisation). Here each channel has its own mean.",
            "Leave out axis 1, and take axis 0.",
            also=_with_other_spreads((1, 2, 3)),
        ),
        Misconception(
            "over the channels only",
            lambda x: _standard(x, (1,)),
            "You take the mean over the channels, axis 1: the one axis that is to be left out.",
            "Take the mean over the axes 0, 2 and 3.",
            also=_with_other_spreads((1,)),
        ),
        Misconception(
            "over everything",
            lambda x: _standard(x, (0, 1, 2, 3)),
            "You use one mean and one variance for all channels. Each channel has its own.",
            "Leave axis 1 out: dim=(0, 2, 3).",
            also=_with_other_spreads((0, 1, 2, 3)),
        ),
        Misconception(
            "divided by the variance",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / (x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "You divide by the variance. Its square root, the standard deviation, has the size of the values themselves.",
            "torch.sqrt(var + 1e-5).",
            also=(lambda x: (x - x.mean(_EVERY, keepdim=True)) / (x.var(_EVERY, keepdim=True) + 1e-5),),
        ),
        Misconception(
            "mean not subtracted",
            lambda x: x / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "You scale, but the mean is still there: the result should lie around 0.",
            "Subtract the mean first.",
        ),
        Misconception(
            "mean added",
            lambda x: (x + x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "You add the mean, which moves the values further away from 0.",
            "Subtract it.",
        ),
        Misconception(
            "only the mean",
            lambda x: x - x.mean(_EVERY, keepdim=True),
            "You subtract the mean, but the size of the values stays as it was.",
            "Divide by the standard deviation.",
        ),
        Misconception(
            "multiplied by the standard deviation",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) * torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "You multiply by the standard deviation, which makes large values larger.",
            "Divide by it.",
        ),
        Misconception(
            "n - 1 in place of n",
            lambda x: _standard(x, _EVERY, unbiased=True),
            "Nearly: you divide by n - 1, as torch.var and torch.std do unless they are told otherwise. Batch normalisation divides by n.",
            "unbiased=False (or correction=0).",
        ),
        Misconception(
            "nothing added to the variance",
            lambda x: _standard(x, _EVERY, eps=0.0),
            "Right where a channel varies a good deal. Where it is the same everywhere its variance is 0, and 0 / 0 is nan (not a number). This is what "
            "the 1e-5 is for.",
            "torch.sqrt(var + 1e-5).",
        ),
        Misconception(
            "1e-5 outside the root",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / (x.std(_EVERY, keepdim=True, correction=0) + 1e-5),
            "You add the 1e-5 to the standard deviation, after the root. It belongs to the variance, under the root: the root of 1e-5 is 0.003, so that "
            "a channel with next to no spread is not blown up to a spread of 1.",
            "torch.sqrt(var + 1e-5) in place of torch.sqrt(var) + 1e-5.",
        ),
        Misconception(
            "1e-5 outside the root, and n - 1",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / (x.std(_EVERY, keepdim=True) + 1e-5),
            "Two small things are left: the 1e-5 belong under the root, to the variance, and std divides by n - 1 unless it is told otherwise.",
            "torch.sqrt(x.var(dim=(0, 2, 3), keepdim=True, unbiased=False) + 1e-5).",
        ),
        Misconception(
            "brackets forgotten",
            lambda x: x - x.mean(_EVERY, keepdim=True) / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "Without brackets only the mean is divided: / comes before -.",
            "(x - mean) / ..., with brackets.",
        ),
        Misconception(
            "channels taken for the last axis",
            lambda x: _standard(x, (0, 1, 2)),
            "You normalise each column, axis 3. Here the channels are axis 1, as in (B, C, H, W); they come last where a picture is read from a file.",
            "dim=(0, 2, 3) in place of (0, 1, 2).",
            also=_with_other_spreads((0, 1, 2)),
        ),
        Misconception(
            "nothing added, and n - 1",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / x.std(_EVERY, keepdim=True),
            "Two small things are left: std divides by n - 1 unless it is told otherwise, and a channel that is the same everywhere has the standard deviation 0.",
            "x.var(dim=(0, 2, 3), keepdim=True, unbiased=False), then torch.sqrt(var + 1e-5).",
        ),
        Misconception(
            "to the range from 0 to 1",
            lambda x: (x - x.amin(_EVERY, keepdim=True)) / (x.amax(_EVERY, keepdim=True) - x.amin(_EVERY, keepdim=True) + 1e-5),
            "You scale to the range from 0 to 1. One large value would then squeeze all the others together: take mean and standard deviation.",
            "Subtract the mean, divide by the standard deviation.",
            also=(lambda x: (x - x.amin(_EVERY, keepdim=True)) / (x.amax(_EVERY, keepdim=True) - x.amin(_EVERY, keepdim=True)),),
        ),
        Misconception(
            "keepdim forgotten",
            lambda x: (x - x.mean(_EVERY)) / torch.sqrt(x.var(_EVERY, unbiased=False) + 1e-5),
            "Without keepdim=True the means, or the variances, have the shape (C,), and PyTorch lines them up with the last axis, the columns, not with the "
            "channels.",
            "keepdim=True keeps the shape (1, C, 1, 1).",
            also=(
                lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var(_EVERY, unbiased=False) + 1e-5),
                lambda x: (x - x.mean(_EVERY)) / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            ),
        ),
        Misconception(
            "nothing done",
            lambda x: x,
            "This gives back what came in. (A BatchNorm2d in evaluation mode uses what it has measured so far, and a new one has measured nothing.)",
            "Subtract the mean of each channel, divide by its standard deviation.",
        ),
        Misconception(
            "1e-5 added to the result",
            lambda x: _standard(x, _EVERY, eps=0.0) + 1e-5,
            "The 1e-5 is added at the very end, behind the division. It is there to keep the division from going wrong: add it to the variance.",
            "torch.sqrt(var + 1e-5).",
            also=(lambda x: _standard(x, _EVERY, eps=0.0, unbiased=True) + 1e-5,),
        ),
        Misconception(
            "squares of the values in place of the variance",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt((x**2).mean(_EVERY, keepdim=True) + 1e-5),
            "You take the mean of the squared values. The variance is the mean of the squared distances from the mean.",
            "((x - mean) ** 2).mean(...), or x.var(...).",
        ),
        Misconception(
            "root taken twice",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.std(_EVERY, keepdim=True, correction=0) + 1e-5),
            "You take the root of the standard deviation, which is a root already.",
            "x.var in place of x.std under the root.",
            also=(lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.std(_EVERY, keepdim=True) + 1e-5),),
        ),
        Misconception(
            "sum in place of mean",
            lambda x: (x - x.sum(_EVERY, keepdim=True)) / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "You subtract the sum of a channel. The mean is to be subtracted, which is the sum divided by how many numbers there are.",
            "x.mean in place of x.sum.",
        ),
        Misconception(
            "rows or columns for themselves",
            lambda x: _standard(x, (0, 2)),
            "Both axes of the places belong to the mean, rows and columns; you take only one of them.",
            "Take the mean over the axes 0, 2 and 3.",
            also=(lambda x: _standard(x, (0, 3)), *_with_other_spreads((0, 2)), *_with_other_spreads((0, 3))),
        ),
        Misconception(
            "pictures and channels together",
            lambda x: _standard(x, (0, 1)),
            "You take the mean over pictures and channels, for each place. Each channel has its own mean, over pictures and places.",
            "Take the mean over the axes 0, 2 and 3.",
            also=_with_other_spreads((0, 1)),
        ),
        Misconception(
            "variance of each picture",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var((2, 3), keepdim=True, unbiased=False).mean(0, keepdim=True) + 1e-5),
            "You take the variance within each picture, and the mean of these. How much the pictures differ from each other is then left out.",
            "One variance over the axes 0, 2 and 3.",
            also=(lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var((2, 3), keepdim=True).mean(0, keepdim=True) + 1e-5),),
        ),
        Misconception(
            "channels in front",
            lambda x: _standard(x, _EVERY).transpose(0, 1),
            "The numbers are right, but the channels stand in front of the pictures now: (C, B, H, W).",
            "torch.stack(..., dim=1), or .transpose(0, 1) at the end.",
        ),
        Misconception(
            "reshape in place of transpose",
            _reshaped,
            "reshape only cuts the numbers into rows, in their order in memory: your rows are no channels. Where axes are exchanged, it takes transpose.",
            "x.mean(dim=(0, 2, 3), keepdim=True) needs neither.",
            also=(lambda x: _standard(x, _EVERY).transpose(0, 1).reshape(x.shape),),
        ),
        Misconception(
            "first channel only",
            lambda x: _first_channels(x, 1, torch.zeros_like(x)),
            "Only the first channel is normalised. A return inside the loop leaves it there.",
            "return behind the loop.",
            also=(lambda x: _first_channels(x, 1, x),),
        ),
        Misconception(
            "last channel left out",
            lambda x: _first_channels(x, x.shape[1] - 1, torch.zeros_like(x)),
            "The last channel is left as it was at the start.",
            "range(x.shape[1]) goes to the last channel by itself: without - 1.",
            also=(lambda x: _first_channels(x, x.shape[1] - 1, x),),
        ),
        Misconception(
            "another number than 1e-5",
            lambda x: _standard(x, _EVERY, eps=1e-3),
            "You add another number to the variance than 1e-5. Where a channel has next to no spread, that makes a difference.",
            "1e-5.",
            also=tuple(lambda x, eps=eps: _standard(x, _EVERY, eps=eps) for eps in (1e-4, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)),
        ),
        Misconception(
            "sum of the squared distances",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(((x - x.mean(_EVERY, keepdim=True)) ** 2).sum(_EVERY, keepdim=True) + 1e-5),
            "You add up the squared distances from the mean. The variance is their mean.",
            ".mean in place of .sum.",
        ),
        Misconception(
            "distances that are not squared",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / ((x - x.mean(_EVERY, keepdim=True)).abs().mean(_EVERY, keepdim=True) + 1e-5),
            "You take the mean distance from the mean. The variance is the mean of the squared distances.",
            "((x - mean) ** 2).mean(...), or x.var(...).",
            also=(lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt((x - x.mean(_EVERY, keepdim=True)).abs().mean(_EVERY, keepdim=True) + 1e-5),),
        ),
        Misconception(
            "squared after the mean",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt((x - x.mean(_EVERY, keepdim=True)).mean(_EVERY, keepdim=True) ** 2 + 1e-5),
            "You take the mean of the distances first, which is 0, and square it then. Distances above and below the mean cancel out unless they are squared "
            "first.",
            "((x - mean) ** 2).mean(...).",
        ),
        Misconception(
            "channels and rows or columns together",
            lambda x: _standard(x, (1, 2)),
            "You take the mean over the channels, axis 1, and one axis of the places, for each picture. Rows and columns are the axes 2 and 3, and the "
            "pictures, axis 0, belong to the mean as well.",
            "Take the mean over the axes 0, 2 and 3.",
            also=(lambda x: _standard(x, (1, 3)), *_with_other_spreads((1, 2)), *_with_other_spreads((1, 3))),
        ),
        Misconception(
            "one variance for all channels",
            lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var(unbiased=False) + 1e-5),
            "Each channel has a mean of its own, as it should, but they share one variance. Each has its own of that, too.",
            "x.var over the axes 0, 2 and 3.",
            also=(
                lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(x.var() + 1e-5),
                lambda x: (x - x.mean(_EVERY, keepdim=True)) / torch.sqrt(((x - x.mean(_EVERY, keepdim=True)) ** 2).mean() + 1e-5),
            ),
        ),
        Misconception(
            "one mean for all channels",
            lambda x: (x - x.mean()) / torch.sqrt(x.var(_EVERY, keepdim=True, unbiased=False) + 1e-5),
            "Each channel has a variance of its own, as it should, but they share one mean. Each has its own of that, too.",
            "x.mean over the axes 0, 2 and 3.",
            also=(lambda x: (x - x.mean()) / torch.sqrt(x.var(_EVERY, keepdim=True) + 1e-5),),
        ),
        Misconception(
            "ReLU behind it",
            lambda x: F.relu(_standard(x, _EVERY)),
            "What is negative is cut off. A ReLU is a layer of its own; with it the mean is no longer 0.",
            "Leave out the ReLU.",
        ),
        Misconception(
            "layer made of the pictures",
            lambda x: nn.BatchNorm2d(x),
            "nn.BatchNorm2d(...) makes a layer, and wants the number of channels for it. The pictures are given to the layer that has been made.",
            "nn.BatchNorm2d(x.shape[1])(x).",
        ),
    ),
)
def batch_norm(x: Tensor) -> Tensor:
    """Return x, of shape (B, C, H, W), with mean 0 and variance 1 in each channel; 1e-5 is added to the variance before its square root."""
    mean, var = x.mean(dim=(0, 2, 3), keepdim=True), x.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
    return (x - mean) / torch.sqrt(var + 1e-5)


def _inputs_and_changes(rng: np.random.Generator) -> list[tuple]:
    shapes = [(1, 2, 2, 2), (2, 3, 4, 4), (2, 1, 3, 5)]
    return [tuple(torch.tensor(rng.normal(0, 4, shape), dtype=torch.float32) for _ in range(2)) for shape in shapes]


@exercise(
    "07",
    cases=_inputs_and_changes,
    hints=(
        "Add first. Then let the ReLU cut off what is negative.",
        "torch.relu(x + change).",
    ),
    misconceptions=(
        Misconception(
            "ReLU before the sum",
            lambda x, change: x + F.relu(change),
            "You cut off the negative part of the change before it is added. Then a block could only ever add, never take away.",
            "Add first, then the ReLU.",
        ),
        Misconception(
            "ReLU on the shortcut",
            lambda x, change: F.relu(x) + change,
            "The ReLU stands on the shortcut, and the sum goes out without one.",
            "Add first, then the ReLU.",
        ),
        Misconception(
            "ReLU on each",
            lambda x, change: F.relu(x) + F.relu(change),
            "You cut both parts before the sum. A negative change can then no longer lower anything.",
            "One ReLU, after the sum.",
        ),
        Misconception(
            "no ReLU",
            lambda x, change: x + change,
            "The sum is right, but the ReLU is missing: what is negative goes on into the next block. This block ends in a ReLU. (There are networks that leave it out.)",
            "torch.relu around the sum.",
        ),
        Misconception(
            "shortcut forgotten",
            lambda x, change: F.relu(change),
            "The input is gone: this is a plain block. The shortcut adds the input to the change.",
            "x + change.",
        ),
        Misconception(
            "change forgotten",
            lambda x, change: F.relu(x),
            "What the convolutions have found is gone.",
            "x + change.",
        ),
        Misconception(
            "multiplied",
            lambda x, change: F.relu(x * change),
            "You multiply. Then a change of 0 would put out everything; with a sum it leaves the input as it is.",
            "+ in place of *.",
        ),
        Misconception(
            "subtracted",
            lambda x, change: F.relu(x - change),
            "You subtract the change. It is added.",
            "x + change.",
        ),
        Misconception(
            "subtracted from the change",
            lambda x, change: F.relu(change - x),
            "You subtract the input. Nothing has to be compared here: both are added.",
            "x + change.",
        ),
        Misconception(
            "mean of both",
            lambda x, change: F.relu((x + change) / 2),
            "You take the mean. Behind ten blocks the first input would be divided by a thousand; the sum hands it on whole.",
            "Do not divide.",
        ),
        Misconception(
            "the larger of both",
            lambda x, change: F.relu(torch.maximum(x, change)),
            "You take the larger one at each place. A change has to be able to lower a value as well.",
            "x + change.",
        ),
        Misconception(
            "laid side by side",
            lambda x, change: F.relu(torch.cat([x, change], dim=1)),
            "You lay the channels side by side, so that there are twice as many. Other networks do that; this one adds.",
            "x + change.",
        ),
        Misconception(
            "the larger of both, without a ReLU",
            lambda x, change: torch.maximum(x, change),
            "You take the larger one at each place, where the two are to be added, and the ReLU is missing.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "change taken for a factor",
            lambda x, change: F.relu(x + x * change),
            "You multiply the change with the input before it is added. The convolutions have made it of the input already.",
            "x + change.",
        ),
        Misconception(
            "change taken for a factor, without a ReLU",
            lambda x, change: x + x * change,
            "Two things: the change is added as it is, not multiplied with the input first, and the ReLU is missing.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "ReLU turned round",
            lambda x, change: -F.relu(-(x + change)),
            "You keep what is negative and cut off what is positive. The ReLU does the opposite.",
            "torch.relu(...), or clamp(min=0).",
        ),
        Misconception(
            "size without its sign",
            lambda x, change: (x + change).abs(),
            "You take the absolute value. The ReLU makes 0 of what is negative.",
            "torch.relu in place of abs.",
        ),
        Misconception(
            "sigmoid",
            lambda x, change: torch.sigmoid(x + change),
            "The sigmoid squeezes everything between 0 and 1, and what is squeezed in each block soon fades. The ReLU leaves what is positive as it is.",
            "torch.relu in place of sigmoid.",
        ),
        Misconception(
            "the change alone",
            lambda x, change: change,
            "The input is gone, and so is the ReLU. The shortcut adds the input to the change.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "side by side",
            lambda x, change: torch.cat([x, change], dim=1),
            "Input and change stand side by side now, with twice the channels. (There are networks that do this.) A residual "
            "block adds them.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "max of Python",
            lambda x, change: max(0, x + change),
            "Python's max, like an if, wants one yes or no for the whole tensor. (F.relu(x, change) does so, too: its second place is a switch, not a tensor.) The "
            "ReLU looks at each number by itself.",
            "torch.relu(...), or clamp(min=0).",
        ),
        Misconception(
            "ReLU on the change as well",
            lambda x, change: F.relu(x + F.relu(change)),
            "The ReLU at the end is right. But one more cuts off the negative part of the change before it is added: a block could then only add, never take "
            "away.",
            "One ReLU, after the sum.",
        ),
        Misconception(
            "ReLU on the shortcut as well",
            lambda x, change: F.relu(F.relu(x) + change),
            "The ReLU at the end is right. But one more stands on the shortcut, which should hand the input on as it is.",
            "One ReLU, after the sum.",
        ),
        Misconception(
            "input added twice",
            lambda x, change: F.relu(x + x + change),
            "The input is added twice.",
            "x + change, once.",
            also=(lambda x, change: F.relu(x + change) + x,),
        ),
        Misconception(
            "another function in place of the ReLU",
            lambda x, change: F.leaky_relu(x + change),
            "The sum is right. What follows is not the ReLU but another function, which leaves something of what is negative; the ReLU makes 0 of it.",
            "torch.relu.",
            also=tuple(lambda x, change, f=f: f(x + change) for f in (F.gelu, F.silu, F.elu, F.softplus, torch.tanh)),
        ),
        Misconception(
            "cut off above as well",
            lambda x, change: (x + change).clamp(0, 1),
            "Large values are cut off, too. A ReLU has no ceiling: these are no pixels, and may be as large as they like.",
            "clamp(min=0), or torch.relu.",
            also=(lambda x, change: F.relu6(x + change),),
        ),
        Misconception(
            "True and False in place of the numbers",
            lambda x, change: x + change > 0,
            "This says where the sum is positive. The ReLU gives the sum itself there, and 0 elsewhere.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "only what is positive kept",
            lambda x, change: (x + change)[x + change > 0],
            "What is negative is left out, so that the shape is lost. The ReLU puts 0 in its place.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "the input alone",
            lambda x, change: x,
            "The change is gone, and so is the ReLU: this gives back the input.",
            "torch.relu(x + change).",
        ),
        Misconception(
            "change added twice",
            lambda x, change: F.relu(x + change + change),
            "The change is added twice.",
            "x + change, once.",
            also=(lambda x, change: F.relu(x + change) + change,),
        ),
        Misconception(
            "0 given where a tensor is wanted",
            lambda x, change: torch.maximum(x + change, 0),
            "torch.maximum and torch.max compare two tensors, and 0 is a plain number.",
            "clamp(min=0), or torch.relu.",
            also=(lambda x, change: torch.maximum(0, x + change), lambda x, change: torch.max(0, x + change)),
        ),
        Misconception(
            "0 taken for an axis",
            lambda x, change: torch.max(x + change, 0),
            "torch.max(..., 0) takes the 0 for an axis, and looks for the largest value over the pictures of the batch.",
            "clamp(min=0), or torch.relu.",
            also=(lambda x, change: torch.max(x + change, 0).values, lambda x, change: torch.max(x + change, 0)[0]),
        ),
    ),
)
def residual_output(x: Tensor, change: Tensor) -> Tensor:
    """Return what a residual block gives out: the ReLU of the sum of its input x and the change that its convolutions have made of it."""
    return torch.relu(x + change)
