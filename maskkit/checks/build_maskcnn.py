"""Checks of notebook 03: sizes, parameters, a convolution by hand, and the receptive field."""

import math

import numpy as np
import torch
from torch import Tensor

from maskkit.checks.exercise import Misconception, exercise


def _sizes(rng: np.random.Generator) -> list[tuple]:
    fixed = [(5, 3, 0, 1), (128, 3, 1, 1), (128, 2, 0, 2), (7, 3, 1, 2), (10, 5, 2, 3), (28, 5, 0, 1), (9, 4, 1, 2), (11, 1, 0, 3), (6, 2, 0, 3)]
    drawn = [(int(rng.integers(12, 200)), *map(int, rng.integers((2, 0, 1), (8, 4, 5)))) for _ in range(8)]
    return [*fixed, *drawn]


@exercise(
    "03",
    cases=_sizes,
    hints=(
        "Draw a row of 5 cells and slide a window of 3 over it: how many places has it? Then add a cell on both sides.",
        "The window can move by size + 2 × padding - kernel cells, in steps of stride; and it has its first place besides.",
    ),
    misconceptions=(
        Misconception(
            "padding counted on one side",
            lambda size, kernel, padding, stride: (size + padding - kernel) // stride + 1,
            "Your output is too small where there is padding: did you count the padding on both sides?",
            "Padding of 1 adds a cell on the left and one on the right.",
        ),
        Misconception(
            "first place forgotten",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride,
            "Your output is one too small: the window has a place before its first step.",
            "The number of places is the number of steps plus 1.",
        ),
        Misconception(
            "one added before the division",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel + 1) // stride,
            "Right for stride 1, but the 1 is added before the division by the stride: it stands for the first place, which is "
            "there whatever the stride.",
            "Divide first, add 1 last.",
        ),
        Misconception(
            "rounded up",
            lambda size, kernel, padding, stride: math.ceil((size + 2 * padding - kernel) / stride) + 1,
            "Your output is one too large where the stride does not fit: a last step that would leave the picture is not made.",
            "Round down: //.",
        ),
        Misconception(
            "rounded to the nearest",
            lambda size, kernel, padding, stride: round((size + 2 * padding - kernel) / stride) + 1,
            "Your output is sometimes one too large: half a step is no step.",
            "Round down: //.",
            also=(lambda size, kernel, padding, stride: math.floor((size + 2 * padding - kernel) / stride + 0.5) + 1,),
        ),
        Misconception(
            "rounded to the nearest, with the 1",
            lambda size, kernel, padding, stride: round((size + 2 * padding - kernel) / stride + 1),
            "Your output is sometimes one too large: half a step is no step. (Python's round takes halves to the even number: "
            "round(2.5) is 2, round(3.5) is 4.)",
            "Round down: //.",
        ),
        Misconception(
            "padding added after the division",
            lambda size, kernel, padding, stride: (size - kernel) // stride + 1 + 2 * padding,
            "Right for stride 1, but the padding is added after the division: the window moves over the padding in steps of the stride, too.",
            "Make the picture larger first: size + 2 × padding. Then divide.",
        ),
        Misconception(
            "padding of one side added after the division",
            lambda size, kernel, padding, stride: (size - kernel) // stride + 1 + padding,
            "Two things: padding is counted on one side only, and it is added after the division, but the window moves over it in steps of the stride, too.",
            "Make the picture larger first, on both sides: size + 2 × padding. Then divide.",
        ),
        Misconception(
            "not rounded",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) / stride + 1,
            "Your output is a fraction where the stride does not fit, and half a pixel does not exist.",
            "Divide with //, which rounds down.",
        ),
        Misconception(
            "stride forgotten",
            lambda size, kernel, padding, stride: size + 2 * padding - kernel + 1,
            "Right for stride 1 only: with stride 2 the window skips every other place.",
            "Divide the way that the window can move by the stride.",
        ),
        Misconception(
            "padding forgotten",
            lambda size, kernel, padding, stride: (size - kernel) // stride + 1,
            "Right without padding only: padding makes the picture larger, on both sides.",
            "The window slides over size + 2 × padding cells.",
        ),
        Misconception(
            "only divided by the stride",
            lambda size, kernel, padding, stride: size // stride,
            "This is the size divided by the stride. It fits many layers, but only because their padding makes up for the kernel.",
            "How far can a window of `kernel` cells move before it meets the edge?",
            also=(lambda size, kernel, padding, stride: size / stride,),
        ),
        Misconception(
            "stride applied to the size alone",
            lambda size, kernel, padding, stride: size // stride + 2 * padding - kernel + 1,
            "The stride divides only the size, but the window moves over the padding too, and less by its own width.",
            "Put size + 2 × padding - kernel in brackets before you divide.",
        ),
        Misconception(
            "kernel not subtracted",
            lambda size, kernel, padding, stride: (size + 2 * padding) // stride + 1,
            "The width of the kernel is missing: the window must stay inside the picture with all of its cells.",
            "Subtract the kernel.",
        ),
        Misconception(
            "half the kernel subtracted on one side",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel // 2) // stride + 1,
            "Only half the kernel is subtracted. Its centre loses half a kernel on each side, which is a whole one together.",
            "Subtract the whole kernel.",
        ),
        Misconception(
            "padding and stride forgotten",
            lambda size, kernel, padding, stride: size - kernel + 1,
            "Right without padding and with stride 1. Padding makes the picture larger on both sides; a stride skips places.",
            "(size + 2 × padding - kernel) is the way that the window can move; divide it by the stride.",
        ),
        Misconception(
            "padding forgotten, not rounded",
            lambda size, kernel, padding, stride: (size - kernel) / stride + 1,
            "Two things: padding is missing (it makes the picture larger, on both sides), and / gives fractions.",
            "size + 2 × padding in place of size, and // in place of /.",
        ),
        Misconception(
            "padding on one side, stride forgotten",
            lambda size, kernel, padding, stride: size + padding - kernel + 1,
            "Two things: padding is counted on one side only, and the stride is missing.",
            "(size + 2 × padding - kernel) // stride, plus 1.",
        ),
        Misconception(
            "brackets forgotten",
            lambda size, kernel, padding, stride: size + 2 * padding - kernel // stride + 1,
            "Without brackets only the kernel is divided: // and / come before + and -.",
            "Put size + 2 × padding - kernel in brackets.",
            also=(lambda size, kernel, padding, stride: int(size + 2 * padding - kernel / stride + 1),),
        ),
        Misconception(
            "only the 1 divided",
            lambda size, kernel, padding, stride: size + 2 * padding - kernel + 1 // stride,
            "Without brackets only the 1 is divided: // comes before + and -.",
            "Put size + 2 × padding - kernel in brackets, divide, then add 1.",
        ),
        Misconception(
            "stride applied before the kernel is subtracted",
            lambda size, kernel, padding, stride: (size + 2 * padding) // stride - kernel + 1,
            "The size is divided before the kernel is subtracted, but the window moves only over what the kernel leaves.",
            "Put size + 2 × padding - kernel in brackets before you divide.",
        ),
        Misconception(
            "kernel added",
            lambda size, kernel, padding, stride: (size + 2 * padding + kernel) // stride + 1,
            "The kernel is added. A larger window has fewer places, so it must be subtracted.",
            "size + 2 × padding - kernel.",
        ),
        Misconception(
            "padding subtracted",
            lambda size, kernel, padding, stride: (size - 2 * padding - kernel) // stride + 1,
            "The padding is subtracted, but it makes the picture larger.",
            "size + 2 × padding.",
        ),
        Misconception(
            "area in place of side",
            lambda size, kernel, padding, stride: ((size + 2 * padding - kernel) // stride + 1) ** 2,
            "This is how many places there are in the whole picture. The task asks for one side.",
            "Do not square.",
        ),
        Misconception(
            "both sides",
            lambda size, kernel, padding, stride: ((size + 2 * padding - kernel) // stride + 1,) * 2,
            "Both numbers are right; the task asks for one side, one number.",
            "Return a single number.",
        ),
        Misconception(
            "last place forgotten",
            lambda size, kernel, padding, stride: math.ceil((size + 2 * padding - kernel) / stride),
            "One too small where the last step fits exactly: the window may touch the far edge. (range and < stop before it.)",
            "<= in place of <, or end the range one later.",
        ),
        Misconception(
            "one too large",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride + 2,
            "Your output is one too large: steps plus 1, for the first place, and no more.",
            "Add 1, once.",
        ),
        Misconception(
            "kernel minus one subtracted, and one added",
            lambda size, kernel, padding, stride: (size + 2 * padding - (kernel - 1)) // stride + 1,
            "The first place is counted twice: kernel - 1 counts it once, the + 1 behind it a second time.",
            "Subtract the whole kernel.",
        ),
        Misconception(
            "size kept",
            lambda size, kernel, padding, stride: size,
            "This is the size of the input. It stays only if the padding makes good what the kernel takes, at stride 1.",
            "How many places has the window?",
        ),
        Misconception(
            "padding taken for half the kernel",
            lambda size, kernel, padding, stride: (size + kernel // 2 * 2 - kernel) // stride + 1,
            "This takes the padding to be half the kernel, as when the size is to stay. The padding is given, and may be another.",
            "Use padding.",
        ),
        Misconception(
            "only the stride as a way",
            lambda size, kernel, padding, stride: (size + 2 * padding) // stride,
            "The width of the kernel is missing, and so is the first place.",
            "Subtract the kernel before you divide, and count the first place at the end.",
            also=(lambda size, kernel, padding, stride: (size + 2 * padding) / stride,),
        ),
        Misconception(
            "stride squared",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride**2 + 1,
            "The stride is used twice. Along one side it counts once.",
            "// stride.",
        ),
        Misconception(
            "stride and first place forgotten",
            lambda size, kernel, padding, stride: size + 2 * padding - kernel,
            "Two things: this is the way that the window can move, in pixels; the stride says how many steps that is, and the window has a place before its first step.",
            "Divide by the stride, add 1.",
        ),
        Misconception(
            "everything but the kernel forgotten",
            lambda size, kernel, padding, stride: size - kernel,
            "Three things are missing: the padding, the stride, and the place that the window has before its first step.",
            "How much larger does the padding make the picture? And how many steps of stride pixels fit into the way?",
        ),
        Misconception(
            "brackets forgotten, not rounded",
            lambda size, kernel, padding, stride: size + 2 * padding - kernel / stride + 1,
            "Without brackets only the kernel is divided: / comes before + and -. And / gives fractions.",
            "Put size + 2 × padding - kernel in brackets, and divide with //.",
        ),
        Misconception(
            "one added before the division, not rounded",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel + 1) / stride,
            "Two things: the 1 is added before the division, but the first place is there whatever the stride; and / gives fractions.",
            "Divide with // first, add 1 last.",
        ),
        Misconception(
            "multiplied by the stride",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) * stride + 1,
            "This multiplies by the stride. The longer the steps, the fewer there are.",
            "Divide by the stride.",
        ),
        Misconception(
            "one subtracted",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride - 1,
            "The 1 is subtracted. The window has a place before its first step: one place more than steps.",
            "Add 1.",
        ),
        Misconception(
            "size divided by the stride, rounded up",
            lambda size, kernel, padding, stride: -(-size // stride),
            "This is the size divided by the stride, rounded up, as with a padding that is chosen to fit. Here the padding is given, and the kernel takes its part.",
            "How far can a window of `kernel` cells move before it meets the edge?",
        ),
        Misconception(
            "last place in place of how many",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride * stride,
            "This is where the window stands last. The task asks at how many places it stands.",
            "Count the rounds of the loop.",
        ),
        Misconception(
            "kernel of 3 taken for granted",
            lambda size, kernel, padding, stride: (size + 2 * padding - 3) // stride + 1,
            "This always takes a kernel of 3; the exercise tries others, too.",
            "Subtract kernel.",
        ),
        Misconception(
            "padding of 1 taken for granted",
            lambda size, kernel, padding, stride: (size + 2 - kernel) // stride + 1,
            "This always takes a padding of 1; the exercise tries others, too.",
            "2 * padding in place of 2.",
        ),
        Misconception(
            "first place forgotten, not rounded",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) / stride,
            "Two things: the window has a place before its first step; and / gives fractions where the stride does not fit.",
            "// in place of /, and one more place than steps.",
        ),
        Misconception(
            "padding on one side, not rounded",
            lambda size, kernel, padding, stride: (size + padding - kernel) / stride + 1,
            "Two things: padding is counted on one side only, and / gives fractions where the stride does not fit.",
            "2 * padding in place of padding, and // in place of /.",
        ),
        Misconception(
            "padding squared",
            lambda size, kernel, padding, stride: (size + padding**2 - kernel) // stride + 1,
            "padding ** 2 is padding times padding. The padding comes twice, once on each side.",
            "2 * padding.",
        ),
        Misconception(
            "kernel subtracted twice",
            lambda size, kernel, padding, stride: (size + 2 * padding - 2 * kernel) // stride + 1,
            "The kernel is subtracted twice. Only the padding comes on both sides.",
            "size + 2 * padding - kernel.",
        ),
        Misconception(
            "formula of a transposed convolution",
            lambda size, kernel, padding, stride: (size - 1) * stride - 2 * padding + kernel,
            "This is the formula of a transposed convolution, which makes pictures larger: it asks what went in, given what came out.",
            "How many places has the window on size + 2 × padding cells?",
        ),
        Misconception(
            "windows over the far edge",
            lambda size, kernel, padding, stride: -(-(size + 2 * padding) // stride),
            "The window is set down at every step as long as its first cell is inside, also where its last hangs over the far edge.",
            "The whole window must fit: at + kernel <= size + 2 × padding.",
        ),
        Misconception(
            "stride 1 keeps the size",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // stride + 1 if stride > 1 else size,
            "With stride 1 this gives back the size. It stays only if the padding makes good what the kernel takes.",
            "The same formula holds for stride 1.",
        ),
        Misconception(
            "stride of 2 taken for granted",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // 2 + 1,
            "This always takes a stride of 2; the exercise tries others, too.",
            "// stride.",
        ),
        Misconception(
            "stride plus one",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel) // (stride + 1),
            "The 1 is added to the stride, as if a step were longer than it is. It stands for the first place, and is added to the number of steps.",
            "Divide by stride, add 1 last.",
        ),
        Misconception(
            "the picture divided by the kernel",
            lambda size, kernel, padding, stride: size // kernel,
            "This counts windows side by side, which move by their own size. Here they move by the stride.",
            "How far can the window move, and how many steps are that?",
            also=(lambda size, kernel, padding, stride: (size + 2 * padding) // kernel,),
        ),
        Misconception(
            "nothing but the padding",
            lambda size, kernel, padding, stride: size + 2 * padding,
            "This is the size of the picture with its padding. The window must stay inside it with all of its cells.",
            "How many places has the window?",
        ),
        Misconception(
            "kernel squared",
            lambda size, kernel, padding, stride: (size + 2 * padding - kernel**2) // stride + 1,
            "The kernel is squared. Along one side it has kernel cells.",
            "Subtract kernel.",
        ),
        Misconception(
            "picture and kernel divided each by itself",
            lambda size, kernel, padding, stride: (size + 2 * padding) // stride - kernel // stride + 1,
            "Picture and kernel are divided by the stride each by itself, and rounded down each time. The window moves over what the kernel leaves of the picture.",
            "Subtract first, then divide: (size + 2 × padding - kernel) // stride.",
        ),
        Misconception(
            "odd kernels taken for granted",
            lambda size, kernel, padding, stride: (size + 2 * padding - 2 * (kernel // 2) - 1) // stride + 1,
            "2 * (kernel // 2) + 1 is the kernel for odd kernels only. The exercise tries even ones, too.",
            "Subtract kernel.",
        ),
    ),
)
def output_size(size: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """Return how many places a window of `kernel` cells has on `size` cells with padding on both sides, in steps of `stride`."""
    return (size + 2 * padding - kernel) // stride + 1


def _layers(rng: np.random.Generator) -> list[tuple]:
    drawn = [(*map(int, rng.integers(2, 60, 2)), kernel) for kernel in (2, 3, 5, 7)]
    return [(3, 32, 3), (32, 64, 3), (1, 8, 5), (16, 4, 1), *drawn]


@exercise(
    "03",
    cases=_layers,
    tolerance=1e-9,  # whole numbers: one too many is wrong however many there are
    hints=(
        "One output channel needs one weight for each cell of its window in each input channel, and one bias.",
        "out_channels × (in_channels × kernel × kernel + 1).",
    ),
    misconceptions=(
        Misconception(
            "bias forgotten",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2,
            "These are the weights. Each output channel also has a bias.",
            "There are out_channels biases.",
        ),
        Misconception(
            "input channels forgotten",
            lambda in_channels, out_channels, kernel: out_channels * (kernel**2 + 1),
            "This counts one flat window for each output channel, but a kernel reaches through all input channels.",
            "The weights of a kernel are in_channels × kernel × kernel.",
        ),
        Misconception(
            "output channels forgotten",
            lambda in_channels, out_channels, kernel: in_channels * kernel**2 + 1,
            "These are the parameters of a single kernel. There is one kernel for each output channel.",
            "Multiply by out_channels.",
        ),
        Misconception(
            "kernel not squared",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel + 1),
            "The kernel counts as a line; it is a square of kernel × kernel cells.",
            "Square the kernel.",
        ),
        Misconception(
            "one bias for the layer",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 + 1,
            "There is one bias for the whole layer here; each output channel has its own.",
            "Add out_channels in place of 1.",
        ),
        Misconception(
            "a bias for each input channel",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * (kernel**2 + 1),
            "There is a bias for each input channel of each kernel here. The input channels are added up first, and one bias is added "
            "to the sum.",
            "The + 1 stands outside in_channels × kernel × kernel.",
        ),
        Misconception(
            "as many biases as input channels",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 + in_channels,
            "There are as many biases as input channels here; they belong to the outputs.",
            "Add out_channels biases.",
        ),
        Misconception(
            "channels added",
            lambda in_channels, out_channels, kernel: (in_channels + out_channels) * kernel**2 + out_channels,
            "The channels are added, but every output is joined with every input.",
            "Multiply in_channels by out_channels.",
        ),
        Misconception(
            "channels added, bias forgotten",
            lambda in_channels, out_channels, kernel: (in_channels + out_channels) * kernel**2,
            "Two things: the channels are added, but every output is joined with every input; and each output channel has a bias.",
            "Multiply in_channels by out_channels, and add out_channels biases.",
        ),
        Misconception(
            "as many biases as the kernel is wide",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 + kernel,
            "There are as many biases as the kernel is wide here. A bias is added to a whole output channel.",
            "Add out_channels biases.",
        ),
        Misconception(
            "multiplied by the pixels of a picture of 128 × 128",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**2 + 1) * 128**2,
            "This is multiplied by the 128 × 128 pixels of a picture. The same kernel slides over all of them: its weights are shared, and count once.",
            "Leave out the size of the picture.",
        ),
        Misconception(
            "weights multiplied by the pixels of a picture of 128 × 128",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 * 128**2 + out_channels,
            "The weights are multiplied by the 128 × 128 pixels of a picture. The same kernel slides over all of them: its weights are shared, and count once.",
            "Leave out the size of the picture, and count a bias for each output channel.",
            also=(lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 * 128**2,),
        ),
        Misconception(
            "multiplied by the pixels of a picture of 64 × 64",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**2 + 1) * 64**2,
            "This is multiplied by the 64 × 64 pixels of a picture. The same kernel slides over all of them: its weights are shared, and count once.",
            "Leave out the size of the picture.",
        ),
        Misconception(
            "a kernel for each channel alone",
            lambda in_channels, out_channels, kernel: in_channels * kernel**2 + out_channels,
            "Each input channel has one window here, shared by all outputs. Every output channel has weights of its own.",
            "Multiply in_channels by out_channels.",
        ),
        Misconception(
            "weights and biases apart",
            lambda in_channels, out_channels, kernel: (out_channels * in_channels * kernel**2, out_channels),
            "Both numbers are right: weights and biases. The task asks for all parameters together.",
            "Add them.",
        ),
        Misconception(
            "shape of the weights",
            lambda in_channels, out_channels, kernel: (out_channels, in_channels, kernel, kernel),
            "This is the shape of the weights. How many numbers does it hold, and what about the biases?",
            "Multiply the four, and add out_channels.",
        ),
        Misconception(
            "three channels taken for granted",
            lambda in_channels, out_channels, kernel: out_channels * (3 * kernel**2 + 1),
            "This always takes three input channels. Only the first layer has colours as its input; the next one gets 32 maps.",
            "Use in_channels.",
        ),
        Misconception(
            "kernel of 3 taken for granted",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * 9 + 1),
            "This always takes a 3 × 3 kernel; the exercise tries others, too.",
            "kernel * kernel in place of 9.",
        ),
        Misconception(
            "kernel doubled, not squared",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel * 2 + 1),
            "kernel * 2 is twice the kernel. A window of kernel × kernel cells is kernel ** 2.",
            "** in place of *.",
        ),
        Misconception(
            "^ taken for a power",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel ^ 2 + out_channels,
            "In Python ^ is no power (it compares bits).",
            "** is the power, or kernel * kernel.",
        ),
        Misconception(
            "channels squared with the kernel",
            lambda in_channels, out_channels, kernel: out_channels * ((in_channels * kernel) ** 2 + 1),
            "The brackets square the input channels as well. Only the kernel is squared.",
            "in_channels * kernel ** 2.",
        ),
        Misconception(
            "kernel not squared, bias forgotten",
            lambda in_channels, out_channels, kernel: in_channels * out_channels * kernel,
            "Two things: a kernel is a square of kernel × kernel cells, and each output channel has a bias.",
            "Square the kernel, and add out_channels.",
        ),
        Misconception(
            "kernel cubed",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**3 + 1),
            "The kernel is taken three times. It has two sides; its depth is in_channels.",
            "in_channels * kernel ** 2.",
        ),
        Misconception(
            "input channels added to the window",
            lambda in_channels, out_channels, kernel: out_channels * (kernel**2 + in_channels),
            "The input channels are added to the window, but there is a window for each of them.",
            "in_channels * kernel ** 2, and the bias.",
        ),
        Misconception(
            "one bias for the weights of a channel pair",
            lambda in_channels, out_channels, kernel: (in_channels * out_channels + 1) * kernel**2,
            "The + 1 is inside the brackets, so it is multiplied by the window. A bias is a single number for each output channel.",
            "out_channels * (in_channels * kernel ** 2 + 1).",
        ),
        Misconception(
            "bias multiplied by the window",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels + 1) * kernel**2,
            "The 1 for the bias is added to the input channels, and so it is multiplied by the window. A bias is a single number for each output channel.",
            "Count the weights of one kernel first, then add its bias, then take as many as there are kernels.",
        ),
        Misconception(
            "32 kernels taken for granted",
            lambda in_channels, out_channels, kernel: 32 * (in_channels * kernel**2 + 1),
            "This always takes 32 kernels. The second layer has 64, and the exercise tries others.",
            "Use out_channels.",
        ),
        Misconception(
            "added up in place of multiplied",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels + kernel**2 + 1),
            "Input channels and window are added. A kernel has a whole window for each input channel.",
            "in_channels * kernel ** 2.",
        ),
        Misconception(
            "kernel forgotten",
            lambda in_channels, out_channels, kernel: in_channels * out_channels + out_channels,
            "This is a fully connected layer: one weight for each pair of channels. A convolution has a window of kernel × kernel for each pair.",
            "Multiply in_channels by kernel * kernel.",
        ),
        Misconception(
            "kernel and bias forgotten",
            lambda in_channels, out_channels, kernel: in_channels * out_channels,
            "Two things: there is a window of kernel × kernel weights for each pair of channels, and a bias for each output channel.",
            "Multiply by kernel * kernel, and add out_channels.",
        ),
        Misconception(
            "biases for the inputs, too",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 + in_channels + out_channels,
            "There are biases for inputs and outputs here; they belong to the outputs alone.",
            "Leave out the in_channels behind the +.",
        ),
        Misconception(
            "one window only",
            lambda in_channels, out_channels, kernel: kernel**2,
            "This is one window of kernel × kernel weights. There is one for each input channel of each output channel.",
            "out_channels * in_channels * kernel ** 2, and the biases.",
            also=(lambda in_channels, out_channels, kernel: kernel**2 + 1,),
        ),
        Misconception(
            "only the biases",
            lambda in_channels, out_channels, kernel: out_channels,
            "This is how many biases there are, and how many kernels (len of the weights counts the first axis only).",
            "Each kernel has in_channels × kernel × kernel weights besides.",
        ),
        Misconception(
            "tensors counted",
            lambda in_channels, out_channels, kernel: 2,
            "Your answer is 2 for every input: there are two tensors, weights and biases. The task asks how many numbers they hold.",
            "numel() counts the numbers of a tensor.",
        ),
        Misconception(
            "lengths of the tensors added up",
            lambda in_channels, out_channels, kernel: 2 * out_channels,
            "len of a tensor is the length of its first axis, here out_channels. The task asks how many numbers there are.",
            "numel() counts the numbers of a tensor.",
        ),
        Misconception(
            "input channels and bias forgotten",
            lambda in_channels, out_channels, kernel: out_channels * kernel**2,
            "Two things: a kernel reaches through all input channels, and each output channel has a bias.",
            "Multiply by in_channels, and add out_channels.",
        ),
        Misconception(
            "output channels and bias forgotten",
            lambda in_channels, out_channels, kernel: in_channels * kernel**2,
            "Two things: these are the weights of a single kernel, and there is one for each output channel; and each has a bias.",
            "Multiply by out_channels, and add out_channels.",
        ),
        Misconception(
            "one kernel too few",
            lambda in_channels, out_channels, kernel: (out_channels - 1) * (in_channels * kernel**2 + 1),
            "One kernel is missing: range(n) goes through n numbers, 0 to n - 1, and range(1, n) through one less.",
            "range(out_channels).",
        ),
        Misconception(
            "bytes counted",
            lambda in_channels, out_channels, kernel: 4 * out_channels * (in_channels * kernel**2 + 1),
            "This is four times too much: a float32 takes four bytes, but the task counts numbers.",
            "numel(), not nbytes.",
        ),
        Misconception(
            "biases subtracted",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**2 - 1),
            "The biases are subtracted. They are parameters, too.",
            "Add out_channels.",
        ),
        Misconception(
            "two biases for each output channel",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**2 + 2),
            "There are two biases for each output channel here. Each has one.",
            "Add out_channels once.",
        ),
        Misconception(
            "a row of biases for each output channel",
            lambda in_channels, out_channels, kernel: out_channels * (in_channels * kernel**2 + kernel),
            "There are as many biases for each output channel as the kernel is wide. Each output channel has a single one.",
            "Add out_channels.",
        ),
        Misconception(
            "weights multiplied by the biases",
            lambda in_channels, out_channels, kernel: out_channels * in_channels * kernel**2 * out_channels,
            "The output channels come in twice, as factors. The biases are added to the weights.",
            "out_channels * in_channels * kernel ** 2 + out_channels.",
        ),
        Misconception(
            "everything added",
            lambda in_channels, out_channels, kernel: in_channels + out_channels + kernel,
            "The three numbers are added. Every output channel has a window of kernel × kernel for each input channel: that is a product.",
            "out_channels * (in_channels * kernel ** 2 + 1).",
        ),
    ),
)
def conv_parameters(in_channels: int, out_channels: int, kernel: int) -> int:
    """Return the number of parameters (weights and biases) of a Conv2d layer with square kernels."""
    return out_channels * (in_channels * kernel * kernel + 1)


def _images_and_kernels(rng: np.random.Generator) -> list[tuple]:
    """Odd kernels, for which everybody who pads to the same size pads alike; images and kernels that are not square."""
    shapes = [((5, 5), (3, 3)), ((5, 7), (3, 5)), ((7, 4), (3, 1)), ((3, 6), (3, 3))]
    shapes += [(tuple(map(int, rng.integers(5, 9, 2))), tuple(map(int, rng.choice((1, 3, 5), 2)))) for _ in range(3)]
    divisors = (1, 1, 1, 1, 4, 4, 4)  # whole numbers can be read, fractions tell a sum that was cut off
    return [tuple(torch.as_tensor(rng.integers(-4, 5, shape) / d, dtype=torch.float32) for shape in pair) for pair, d in zip(shapes, divisors)]


def slide(image: Tensor, kernel: Tensor, rows: int, columns: int, answer=torch.sum, step: tuple[int, int] = (1, 1)) -> Tensor:
    """Answer `rows` × `columns` windows of the image: the plain loop, with what learners vary in it left open."""
    height, width = kernel.shape
    out = torch.zeros(max(rows, 0), max(columns, 0))
    for i in range(rows):
        for j in range(columns):
            top, left = i * step[0], j * step[1]
            out[i, j] = answer(image[top : top + height, left : left + width] * kernel)
    return out


def _valid(image: Tensor, kernel: Tensor) -> tuple[int, int]:
    return image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1


def _padded(image: Tensor, kernel: Tensor) -> Tensor:
    height, width = kernel.shape
    image = torch.nn.functional.pad(image, (width // 2, width // 2, height // 2, height // 2))
    return slide(image, kernel, *_valid(image, kernel))


def _square(image: Tensor, kernel: Tensor) -> Tensor:
    rows, side = _valid(image, kernel)[0], kernel.shape[0]
    out = torch.zeros(rows, rows)
    for i in range(rows):
        for j in range(rows):
            out[i, j] = (image[i : i + side, j : j + side] * kernel).sum()
    return out


def _apart(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns = (side // step for side, step in zip(image.shape, kernel.shape))
    return slide(image, kernel, rows, columns, step=tuple(kernel.shape))


@exercise(
    "03",
    cases=_images_and_kernels,
    hints=(
        "Lay the kernel on the upper left corner, multiply cell by cell and add up: that is the first number. Then move on.",
        "Two loops, over rows and columns of the output; the window is image[i : i + height, j : j + width].",
    ),
    misconceptions=(
        Misconception(
            "kernel turned round",
            lambda image, kernel: slide(image, kernel.flip(0, 1), *_valid(image, kernel)),
            "The kernel is turned by 180°. Mathematicians call that convolution, but the layers of a network do not turn it "
            "(cross-correlation): they learn it the right way round.",
            "Multiply the window by the kernel as it is.",
        ),
        Misconception(
            "last row and column forgotten",
            lambda image, kernel: slide(image, kernel, *(n - 1 for n in _valid(image, kernel))),
            "Your output is one row and one column too small: the window also fits at the far edge.",
            "There are image - kernel + 1 places; range(n) ends at n - 1 by itself.",
        ),
        Misconception(
            "padded to the same size",
            _padded,
            "Your output is as large as the image: it was padded with zeros. Here the window stays inside the image.",
            "Leave out the padding; the output has image - kernel + 1 rows.",
        ),
        Misconception(
            "mean in place of sum",
            lambda image, kernel: slide(image, kernel, *_valid(image, kernel), answer=torch.mean),
            "The products are averaged; a convolution adds them up.",
            "Use sum, and do not divide.",
        ),
        Misconception(
            "largest in place of sum",
            lambda image, kernel: slide(image, kernel, *_valid(image, kernel), answer=torch.max),
            "The largest product is taken, as in max pooling; a convolution adds all of them up.",
            "Use sum.",
        ),
        Misconception(
            "windows side by side",
            _apart,
            "The window jumps by its own size, as in pooling. In a convolution with stride 1 it moves on by one cell.",
            "The window of output (i, j) starts at row i, column j.",
        ),
        Misconception(
            "rows and columns mixed up",
            lambda image, kernel: slide(image, kernel, *_valid(image, kernel)).T,
            "Rows and columns have changed places.",
            "out[i, j]: i counts the rows, j the columns.",
        ),
        Misconception(
            "kernel transposed",
            lambda image, kernel: slide(image, kernel.T, *_valid(image, kernel.T)),
            "The rows of the kernel are used as its columns.",
            "kernel.shape is (height, width), in this order.",
        ),
        Misconception(
            "window added up without the kernel",
            lambda image, kernel: slide(image, torch.ones_like(kernel), *_valid(image, kernel)),
            "The cells of the window are added up, but not multiplied by the kernel before.",
            "(window * kernel).sum().",
        ),
        Misconception(
            "sums multiplied",
            lambda image, kernel: slide(image, torch.ones_like(kernel), *_valid(image, kernel)) * kernel.sum(),
            "The sum of the window is multiplied by the sum of the kernel. Multiply cell by cell first, then add up.",
            "(window * kernel).sum().",
        ),
        Misconception(
            "square image taken for granted",
            _square,
            "Right for square images and kernels. Here the number of rows is used for the columns as well.",
            "image.shape is (height, width): take both, of the image and of the kernel.",
        ),
        Misconception(
            "one window only",
            lambda image, kernel: (image[: kernel.shape[0], : kernel.shape[1]] * kernel).sum(),
            "This is the first number of the output, from the upper left corner. Then the window moves on.",
            "Two loops, over rows and columns of the output.",
        ),
        Misconception(
            "kernel laid over the whole image",
            lambda image, kernel: image * kernel,
            "Image and kernel have different sizes, so they cannot be multiplied cell by cell. A part of the image, as large as "
            "the kernel, can.",
            "image[i : i + height, j : j + width] * kernel.",
        ),
        Misconception(
            "batch axes left on",
            lambda image, kernel: torch.nn.functional.conv2d(image[None, None], kernel[None, None]),
            "The numbers are right, but there are two axes of length 1 in front, for batch and channels.",
            "[0, 0] takes them off.",
        ),
        Misconception(
            "image and kernel without batch axes",
            lambda image, kernel: torch.nn.functional.conv2d(image, kernel),
            "conv2d of torch wants a batch: (batch, channels, height, width), for the kernel too.",
            "image[None, None] and kernel[None, None], and [0, 0] at the end.",
        ),
        Misconception(
            "one row and column too many",
            lambda image, kernel: slide(torch.nn.functional.pad(image, (0, 1, 0, 1)), kernel, *(n + 1 for n in _valid(image, kernel))),
            "Your output is one row and one column too large: the last window hangs over the edge.",
            "There are image - kernel + 1 places.",
        ),
        Misconception(
            "positive part only",
            lambda image, kernel: slide(image, kernel, *_valid(image, kernel)).clamp(min=0),
            "The negative sums are cut off. That is a ReLU, which comes after the convolution.",
            "Leave out clamp, relu or max with 0.",
        ),
    ),
)
def convolve2d(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the convolution (without padding, stride 1) of an image (H, W) with a kernel (h, w), as a network computes it."""
    return slide(image, kernel, *_valid(image, kernel))


def _stacks(rng: np.random.Generator) -> list[tuple]:
    mask_cnn = [(3, 1), (2, 2), (3, 1), (2, 2)]
    fixed = [[(3, 1)], [(3, 1), (3, 1)], mask_cnn, [(5, 2), (3, 1)], [(2, 2), (2, 2), (3, 1)], [(7, 2), (3, 2), (3, 2)]]
    drawn = [[tuple(map(int, rng.integers((1, 1), (6, 4)))) for _ in range(n)] for n in (2, 3, 4, 5)]
    return [(stack,) for stack in [*fixed, *drawn]]


def _grow(layers: list[tuple[int, int]], start: int = 1, own_stride_first: bool = False) -> int:
    field, step = start, 1
    for kernel, stride in layers:
        step *= stride if own_stride_first else 1
        field += (kernel - 1) * step
        step *= 1 if own_stride_first else stride
    return field


def _kernel_times_step(layers: list[tuple[int, int]]) -> int:
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + kernel * step, step * stride
    return field


def _steps_added(layers: list[tuple[int, int]]) -> int:
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + (kernel - 1) * step, step + stride
    return field


def _last_stride(layers: list[tuple[int, int]]) -> int:
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + (kernel - 1) * step, stride
    return field


def _only_the_last_share(layers: list[tuple[int, int]]) -> int:
    return _grow(layers) - _grow(layers[:-1])


def _after_each(layers: list[tuple[int, int]]) -> list[int]:
    return [_grow(layers[:n]) for n in range(1, len(layers) + 1)]


def _without_pools(layers: list[tuple[int, int]]) -> int:
    return _grow([(kernel if stride == 1 else 1, stride) for kernel, stride in layers])


def _pools_double(layers: list[tuple[int, int]]) -> int:
    field = 1
    for kernel, stride in layers:
        field = field + kernel - 1 if stride == 1 else field * stride
    return field


def _times_stride(layers: list[tuple[int, int]]) -> int:
    field = 1
    for kernel, stride in layers:
        field = (field + kernel - 1) * stride
    return field


def _times_stride_first(layers: list[tuple[int, int]]) -> int:
    field = 1
    for kernel, stride in layers:
        field = field * stride + kernel - 1
    return field


def _pools_times_two(layers: list[tuple[int, int]]) -> int:
    field = 1
    for kernel, stride in layers:
        field = field + kernel - 1 if stride == 1 else field * 2
    return field


def _own_stride_after_the_first(layers: list[tuple[int, int]]) -> int:
    field, step = layers[0]
    for kernel, stride in layers[1:]:
        step *= stride
        field += (kernel - 1) * step
    return field


def _backwards(layers: list[tuple[int, int]], added: int) -> int:
    field = 1
    for kernel, stride in reversed(layers):
        field = field * stride + kernel + added
    return field


def _first_layer_twice(layers: list[tuple[int, int]]) -> int:
    """The field begins with the first layer, and the loop takes it once more."""
    field, step = layers[0]
    for kernel, stride in layers:
        field, step = field + (kernel - 1) * step, step * stride
    return field


def _brackets_forgotten(layers: list[tuple[int, int]]) -> int:
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + kernel - 1 * step, step * stride
    return field


def _never_above_two(layers: list[tuple[int, int]]) -> int:
    field, step = 1, 1
    for kernel, stride in layers:
        field, step = field + (kernel - 1) * step, 2 if stride == 2 else step
    return field


@exercise(
    "03",
    cases=_stacks,
    hints=(
        "One 3 × 3 layer sees 3 pixels. A second one sees three neighbouring outputs of the first: 5 pixels, not 6 and not 9.",
        "Keep two numbers: the field (1 at first) and how many input pixels one step is worth (1 at first). A layer adds "
        "(kernel - 1) × step to the field; then its stride multiplies the step.",
    ),
    misconceptions=(
        Misconception(
            "strides ignored",
            lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
            "Right while all strides are 1: after a stride of 2, one step of the next layer is two pixels of the input.",
            "Keep the product of the strides so far, and multiply (kernel - 1) by it.",
        ),
        Misconception(
            "kernels added up",
            lambda layers: sum(kernel for kernel, _ in layers),
            "The kernels are added up, but windows overlap: two 3 × 3 layers see 5 pixels, not 6.",
            "Each layer adds kernel - 1.",
        ),
        Misconception(
            "kernels multiplied",
            lambda layers: math.prod(kernel for kernel, _ in layers),
            "The kernels are multiplied, as if windows did not overlap: two 3 × 3 layers see 5 pixels, not 9.",
            "Each layer adds (kernel - 1) × step, and its stride (not its kernel) multiplies the step.",
        ),
        Misconception(
            "a layer's own stride counted for itself",
            lambda layers: _grow(layers, own_stride_first=True),
            "A layer's own stride is used for its own window. It spreads only the layers that follow.",
            "Add to the field first, multiply the step afterwards.",
            also=(_own_stride_after_the_first,),
        ),
        Misconception(
            "started at 0",
            lambda layers: _grow(layers, start=0),
            "One too small everywhere: before the first layer a value sees one pixel, itself.",
            "Start the field at 1.",
        ),
        Misconception(
            "whole kernel added",
            _kernel_times_step,
            "Each layer adds its whole kernel, but one cell of it was counted before.",
            "Add (kernel - 1) × step.",
        ),
        Misconception(
            "field multiplied by the stride",
            _times_stride,
            "The field is multiplied by the stride. A stride makes no value see more; it sets the next layer's cells farther apart.",
            "Multiply the step by the stride, not the field.",
            also=(_times_stride_first,),
        ),
        Misconception(
            "only the last layer",
            lambda layers: layers[-1][0],
            "This is the kernel of the last layer: what it sees of the layer before. The field counts pixels of the input.",
            "Go through all layers, from the first to the last.",
        ),
        Misconception(
            "only the largest kernel",
            lambda layers: max(kernel for kernel, _ in layers),
            "This is the largest kernel. Layers widen each other's view, so all of them count.",
            "Each layer adds (kernel - 1) × step.",
        ),
        Misconception(
            "steps added, not multiplied",
            _steps_added,
            "The strides are added up. Two strides of 2 make a step worth 4 pixels: they multiply.",
            "step *= stride.",
        ),
        Misconception(
            "only the stride just before",
            _last_stride,
            "Only the stride of the layer just before counts here. All strides before a layer multiply.",
            "step *= stride, in place of step = stride.",
        ),
        Misconception(
            "layers from the last to the first",
            lambda layers: _grow(layers[::-1]),
            "The layers are taken from the last to the first. A stride spreads the layers that come after it.",
            "Go from the first layer to the last. (Backwards it needs another formula: field = (field - 1) * stride + kernel.)",
        ),
        Misconception(
            "each kernel with its own stride only",
            lambda layers: 1 + sum((kernel - 1) * stride for kernel, stride in layers),
            "Each kernel is multiplied by its own stride only. What counts are the strides of all layers before it.",
            "Keep the product of the strides so far.",
        ),
        Misconception(
            "kernels times strides added up",
            lambda layers: sum(kernel * stride for kernel, stride in layers),
            "Kernel times stride is added up for each layer. Windows overlap, and a layer's own stride spreads only the layers "
            "that follow.",
            "Each layer adds (kernel - 1) × step.",
        ),
        Misconception(
            "area in place of side",
            lambda layers: _grow(layers) ** 2,
            "This is the area that is seen. The task asks for one side.",
            "Do not square.",
        ),
        Misconception(
            "step in place of field",
            lambda layers: math.prod(stride for _, stride in layers),
            "This is how many input pixels one step is worth at the end. The field is the other number.",
            "Return field.",
        ),
        Misconception(
            "left the loop after the first layer",
            lambda layers: layers[0][0],
            "Only the first layer is looked at. (A return inside the loop leaves the function at once.)",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "kernel and stride exchanged",
            lambda layers: _grow([(stride, kernel) for kernel, stride in layers]),
            "Kernel and stride have changed places: each pair is (kernel, stride).",
            "for kernel, stride in layers.",
        ),
        Misconception(
            "last layer forgotten",
            lambda layers: _grow(layers[:-1]),
            "The last layer is missing: its kernel widens the view, too.",
            "Go through all layers.",
        ),
        Misconception(
            "first layer forgotten",
            lambda layers: _grow(layers[1:]),
            "The first layer is missing.",
            "Positions are counted from 0; for kernel, stride in layers takes them all.",
        ),
        Misconception(
            "first kernel counted twice",
            lambda layers: layers[0][0] - 1 + 1 + sum(kernel - 1 for kernel, _ in layers),
            "The first kernel is counted twice, at the start and in the loop, and the strides are missing.",
            "Start the field at 1.",
        ),
        Misconception(
            "all kernels taken for 3",
            lambda layers: 1 + 2 * len(layers),
            "This takes every kernel for 3 and every stride for 1.",
            "Use kernel and stride of each layer.",
        ),
        Misconception(
            "half kernels",
            lambda layers: _grow([(kernel // 2 + 1, stride) for kernel, stride in layers]),
            "Only half of each kernel is added: it reaches to both sides.",
            "(kernel - 1) × step.",
        ),
        Misconception(
            "field and step both returned",
            lambda layers: (_grow(layers), math.prod(stride for _, stride in layers)),
            "Two numbers come back. The first is right; the task asks for the field alone.",
            "return field.",
        ),
        Misconception(
            "whole kernel added, started at 0",
            lambda layers: _kernel_times_step(layers) - 1,
            "Each layer adds its whole kernel, but its windows overlap: two 3 × 3 layers see 5 pixels, not 6.",
            "Start at 1, and add (kernel - 1) × step.",
        ),
        Misconception(
            "nothing added",
            lambda layers: 1,
            "Your answer is 1 for every input: nothing is ever added. A step that starts at 0 stays 0; and field + ... alone changes nothing.",
            "Start the step at 1, and write field += (kernel - 1) * step.",
        ),
        Misconception(
            "field set, not raised",
            _only_the_last_share,
            "The field is set to what the last layer adds; what was there before is forgotten. (=+ is no operator: it sets.)",
            "field += (kernel - 1) * step.",
        ),
        Misconception(
            "the field after each layer",
            _after_each,
            "This is the field after each layer. The task asks for the one behind all of them.",
            "Return the last one.",
        ),
        Misconception(
            "layers with a stride add nothing",
            _without_pools,
            "A layer with a stride also widens the view: the pool of 2 adds one step, as the numbers above the exercise say.",
            "Add (kernel - 1) × step for every layer.",
        ),
        Misconception(
            "field multiplied by the stride of a pool",
            _pools_double,
            "A pool does not multiply the field: behind a convolution of 3 it makes 4 of it, not 6. It makes the next layer's step larger.",
            "Add (kernel - 1) × step for every layer; then its stride multiplies the step.",
            also=(_pools_times_two,),
        ),
        Misconception(
            "all kernels taken for 3, strides right",
            lambda layers: _grow([(3, stride) for _, stride in layers]),
            "This takes every kernel for 3.",
            "(kernel - 1) × step in place of 2 × step.",
        ),
        Misconception(
            "every stride taken for 2",
            lambda layers: _grow([(kernel, 2) for kernel, _ in layers]),
            "This doubles the step after every layer, also after a stride of 1.",
            "step *= stride.",
        ),
        Misconception(
            "backwards, with the whole field",
            lambda layers: _backwards(layers, -1),
            "From the last layer to the first is a good way, too, but n neighbouring outputs are only n - 1 steps apart.",
            "(field - 1) * stride + kernel, or keep field and step from the first layer on.",
            also=(lambda layers: _backwards(layers, 0),),
        ),
        Misconception(
            "first layer counted twice",
            _first_layer_twice,
            "The first layer comes in twice: the field begins with its kernel, and the loop takes it again.",
            "Start the field at 1, or go through layers[1:].",
            also=(lambda layers: _grow(layers, start=layers[0][0]),),
        ),
        Misconception(
            "started at 3",
            lambda layers: _grow(layers, start=3),
            "Two too large everywhere: before the first layer a value sees one pixel, itself.",
            "Start the field at 1.",
        ),
        Misconception(
            "started at 2",
            lambda layers: _grow(layers, start=2),
            "One too large everywhere: before the first layer a value sees one pixel, itself.",
            "Start the field at 1, and add no 1 at the end.",
        ),
        Misconception(
            "brackets forgotten",
            _brackets_forgotten,
            "Without brackets kernel - 1 * step subtracts the step: * comes before -.",
            "(kernel - 1) * step.",
        ),
        Misconception(
            "odd kernels taken for granted",
            lambda layers: _grow([(2 * (kernel // 2) + 1, stride) for kernel, stride in layers]),
            "2 * (kernel // 2) is kernel - 1 for odd kernels only. The pool has a kernel of 2, and adds one step.",
            "(kernel - 1) * step.",
        ),
        Misconception(
            "pools left out",
            lambda layers: _grow([(kernel if kernel > stride else 1, stride) for kernel, stride in layers]),
            "A window that does not overlap its neighbour adds nothing here. It sees more than one value, too: the pool of 2 adds one step.",
            "Add (kernel - 1) × step for every layer.",
        ),
        Misconception(
            "only strides of 2 counted",
            lambda layers: _grow([(kernel, 2 if stride == 2 else 1) for kernel, stride in layers]),
            "Only a stride of 2 makes the step larger here. Any stride multiplies it.",
            "step *= stride.",
        ),
        Misconception(
            "all strides together counted as 2",
            _never_above_two,
            "The step is set to 2 and never gets larger. Two strides of 2 make a step worth 4 pixels: they multiply.",
            "step *= stride.",
        ),
        Misconception(
            "field set back in the loop",
            lambda layers: _only_the_last_share(layers) + 1,
            "The field is set back to 1 in each round of the loop, so that only the last layer counts.",
            "Put field = 1 before the loop.",
        ),
        Misconception(
            "steps divided",
            lambda layers: 1 + sum((kernel - 1) / math.prod(s for _, s in layers[:i]) for i, (kernel, _) in enumerate(layers)),
            "The steps divide what a layer adds. A step of the second layer is worth more pixels of the input, not less.",
            "(kernel - 1) * step.",
        ),
        Misconception(
            "kernel plus one",
            lambda layers: _grow([(kernel + 2, stride) for kernel, stride in layers]),
            "Each layer adds kernel + 1 steps. A window of 3 cells reaches two steps beyond one cell.",
            "(kernel - 1) * step.",
        ),
        Misconception(
            "kernels times strides multiplied",
            lambda layers: math.prod(kernel * stride for kernel, stride in layers),
            "Kernels and strides are all multiplied. Windows overlap: two 3 × 3 layers see 5 pixels, not 9.",
            "Each layer adds (kernel - 1) × step.",
        ),
        Misconception(
            "kernels and strides added",
            lambda layers: sum(kernel + stride for kernel, stride in layers),
            "Kernels and strides are all added up. A stride is no pixel that is seen; it says how far apart the cells of the next layer lie.",
            "Each layer adds (kernel - 1) × step.",
        ),
        Misconception(
            "number of layers",
            lambda layers: len(layers),
            "This is how many layers there are. How much each of them widens the view depends on its kernel and on the strides before it.",
            "Each layer adds (kernel - 1) × step.",
        ),
    ),
)
def receptive_field(layers: list[tuple[int, int]]) -> int:
    """Return how many input pixels (along one side) an output value sees; layers are (kernel, stride), from first to last."""
    return _grow(layers)


def _logits(rng: np.random.Generator) -> list[tuple]:
    fixed = [torch.tensor([-2.0, -0.001, 0.0, 0.001, 0.4, 0.45, 0.52, 3.0]), torch.tensor([0.3]), torch.tensor([-30.0, 30.0]), torch.tensor([1.5, 2.5])]
    return [(logits,) for logits in [*fixed, *(torch.as_tensor(rng.normal(0, 2, n), dtype=torch.float32) for n in (5, 16))]]


@exercise(
    "03",
    cases=_logits,
    canonical=lambda labels: torch.as_tensor(labels).float(),
    hints=(
        "torch.sigmoid makes probabilities of logits. Which of them are at least one half?",
        "A comparison gives True and False; .long() makes 1 and 0 of them.",
        "return (torch.sigmoid(logits) >= 0.5).long(), or the same without the sigmoid: (logits >= 0).long().",
    ),
    misconceptions=(
        Misconception(
            "logits compared with one half",
            lambda logits: (logits >= 0.5).long(),
            "You compare the logits with 0.5 as if they were probabilities; a logit of 0.3 is a probability above one half.",
            "Which probability belongs to a logit of 0? And which logit to a probability of one half?",
        ),
        Misconception(
            "probabilities in place of labels",
            lambda logits: torch.sigmoid(logits),
            "These are the probabilities; a label is 0 or 1.",
            "Compare them with 0.5.",
        ),
        Misconception(
            "classes swapped",
            lambda logits: (torch.sigmoid(logits) < 0.5).long(),
            "The classes are swapped: a high probability means with_mask, which is label 1.",
            "Use >= 0.5.",
        ),
        Misconception(
            "one half left out",
            lambda logits: (torch.sigmoid(logits) > 0.5).long(),
            "Right but for a logit of exactly 0: its probability is one half, and *at least* one half is a mask. "
            "(round(0.5) is 0, in Python and in torch: halves go to the even number.)",
            "Use >= in place of >.",
        ),
        Misconception(
            "softmax over the batch",
            lambda logits: (torch.softmax(logits, dim=0) >= 0.5).long(),
            "Softmax makes the photos of the batch compete, so that their probabilities add up to 1. Each photo has a "
            "probability of its own.",
            "Use torch.sigmoid.",
            also=(lambda logits: torch.softmax(logits, dim=0),),
        ),
        Misconception(
            "sign of the logit",
            lambda logits: torch.sign(logits),
            "The sign of the logit is the right idea, but labels are 0 and 1, not -1 and 1.",
            "logits >= 0 gives True and False; .long() makes 1 and 0 of them.",
        ),
        Misconception(
            "the largest logit of the batch",
            lambda logits: logits.argmax(),
            "argmax gives the position of the largest logit of the batch: one number, where each photo needs its own label.",
            "With one output for each photo there is nothing to take the maximum of; compare with a threshold.",
        ),
        Misconception(
            "sigmoid applied twice",
            lambda logits: (torch.sigmoid(torch.sigmoid(logits)) >= 0.5).long(),
            "Everything comes out as a mask. (A sigmoid of a sigmoid is always above one half, and every probability is above 0.)",
            "Apply torch.sigmoid once, and compare with 0.5. (Two steps on one tensor undo each other: what out[out < 0] = 0 has made 0, out[out >= 0] = 1 makes 1.)",
        ),
        Misconception(
            "rounded logits",
            lambda logits: torch.round(logits),
            "The logits are rounded, and a logit can be any number; a label is 0 or 1.",
            "Round (or compare) the probabilities, torch.sigmoid(logits).",
        ),
        Misconception(
            "cut to whole numbers",
            lambda logits: torch.sigmoid(logits).long(),
            "Nearly nothing comes out as a mask: a probability counts only if it is 1. (.long() and .int() cut off what is behind the point, so 0.99 becomes 0.)",
            "Compare with 0.5 first, then .long().",
        ),
        Misconception(
            "per cent",
            lambda logits: (torch.sigmoid(logits) >= 50).long(),
            "Nothing comes out as a mask. (A probability is at most 1, so it never reaches 50.)",
            "One half is 0.5.",
        ),
        Misconception(
            "compared with the mean of the batch",
            lambda logits: (logits >= logits.mean()).long(),
            "The mean of the batch is the threshold here, so the label of a photo depends on the others. In a batch of masks, "
            "some would lose theirs.",
            "Compare each probability with 0.5.",
        ),
        Misconception(
            "mean probability as threshold",
            lambda logits: (torch.sigmoid(logits) >= torch.sigmoid(logits).mean()).long(),
            "The mean probability of the batch is the threshold here, so the label of a photo depends on the others.",
            "Compare each probability with 0.5.",
        ),
        Misconception(
            "labels -1 and 1",
            lambda logits: torch.where(torch.sigmoid(logits) >= 0.5, 1, -1),
            "The threshold is right, but the labels are 0 and 1, not -1 and 1.",
            "(torch.sigmoid(logits) >= 0.5).long().",
        ),
        Misconception(
            "number of masks",
            lambda logits: (torch.sigmoid(logits) >= 0.5).sum(),
            "This is how many masks there are in the batch. Each photo needs its own label.",
            "Leave out sum().",
        ),
        Misconception(
            "share of masks",
            lambda logits: (torch.sigmoid(logits) >= 0.5).float().mean(),
            "This is the share of masks in the batch. Each photo needs its own label.",
            "Leave out mean().",
        ),
        Misconception(
            "an axis too many",
            lambda logits: (torch.sigmoid(logits) >= 0.5).unsqueeze(1).long(),
            "The labels are right, but there is an axis too many, as in (B, 1) or (1, B). The task asks for (B,).",
            "Leave out what adds the axis, or squeeze it.",
            also=(lambda logits: (logits >= 0).long().unsqueeze(0),),
        ),
        Misconception(
            "exponential in place of sigmoid",
            lambda logits: (torch.exp(logits) >= 0.5).long(),
            "exp alone is no probability: it goes up to infinity. The sigmoid is 1 / (1 + exp(-logit)).",
            "torch.sigmoid(logits).",
        ),
        Misconception(
            "positions of the masks",
            lambda logits: torch.nonzero(torch.sigmoid(logits) >= 0.5).flatten(),
            "These are the positions of the masks. The task asks for a label at each position: 0 or 1.",
            "(torch.sigmoid(logits) >= 0.5).long().",
            also=(lambda logits: torch.nonzero(logits >= 0),),
        ),
        Misconception(
            "if for a whole batch",
            lambda logits: 1 if torch.sigmoid(logits) >= 0.5 else 0,
            "An if takes one way for the whole batch, and torch does not know which. Each photo needs its own answer.",
            "A comparison works on all at once: (torch.sigmoid(logits) >= 0.5).long().",
        ),
        Misconception(
            "axis 1 asked for",
            lambda logits: logits.argmax(1),
            "There is no axis 1: MaskCNN gives one logit for each photo, not one for each class. So there is nothing to choose "
            "the largest of.",
            "Compare the probability with a threshold.",
        ),
        Misconception(
            "class names",
            lambda logits: ["with_mask" if logit >= 0 else "without_mask" for logit in logits],
            "These are the names of the classes. The task asks for labels: 1 for with_mask, 0 for without_mask.",
            "(torch.sigmoid(logits) >= 0.5).long().",
        ),
        Misconception(
            "at most in place of at least",
            lambda logits: (logits <= 0).long(),
            "The classes are swapped: a high logit means with_mask. (<= means at most; and the sigmoid is 1 / (1 + exp(-logit)), with a minus.)",
            "Use >=, and torch.sigmoid.",
        ),
        Misconception(
            "logits in place of labels",
            lambda logits: logits,
            "These are the logits as they came in; a label is 0 or 1.",
            "torch.sigmoid makes probabilities of them; compare those with 0.5.",
        ),
        Misconception(
            "logits cut to whole numbers",
            lambda logits: logits.long(),
            ".long() and .int() cut off what is behind the point of the logits, and a logit can be any number. A label is 0 or 1.",
            "Compare first, then .long().",
        ),
        Misconception(
            "compared with the median of the batch",
            lambda logits: (logits >= logits.median()).long(),
            "The median of the batch is the threshold here, so half of any batch would wear a mask.",
            "Compare each probability with 0.5.",
        ),
        Misconception(
            "left the loop after the first photo",
            lambda logits: (logits[:1] >= 0).long(),
            "Only the first photo has a label: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "only the first photo",
            lambda logits: (logits[0] >= 0).long(),
            "This is the label of the first photo. Each photo needs its own.",
            "A comparison works on all at once: no loop, and no [0].",
        ),
        Misconception(
            "sigmoid of a comparison",
            lambda logits: torch.sigmoid((logits >= 0.5).float()),
            "The comparison stands inside the sigmoid: it is done first, and the sigmoid makes 0.5 and 0.73 of its False and True.",
            "Close the bracket behind the logits: torch.sigmoid(logits) >= 0.5.",
        ),
        Misconception(
            "labels 1 and 2",
            lambda logits: (logits >= 0).long() + 1,
            "The threshold is right, but the labels are 0 and 1, not 1 and 2.",
            "Leave out the + 1.",
        ),
        Misconception(
            "one half for a logit of 0",
            lambda logits: (torch.sign(logits) + 1) / 2,
            "Right but for a logit of exactly 0, which gets one half here (its sign is 0, and (0 + 1) / 2 is 0.5). That is no label: at least one half is a mask.",
            "logits >= 0 gives True and False; .long() makes 1 and 0 of them.",
        ),
        Misconception(
            "any logit but 0 taken for a mask",
            lambda logits: logits.bool().long(),
            "Every logit but 0 is a mask here, the negative ones too: bool and != 0 ask only whether a number is 0.",
            "Compare: >= 0.",
        ),
        Misconception(
            "negative logits made 0",
            lambda logits: logits.clamp(min=0),
            "Negative logits became 0, but the others are not 1: a label is 0 or 1.",
            "A comparison gives True and False; .long() makes 1 and 0 of them.",
            also=(lambda logits: logits.clamp(0, 1),),
        ),
        Misconception(
            "tanh in place of sigmoid",
            lambda logits: (torch.tanh(logits) >= 0.5).long(),
            "tanh goes from -1 to 1, and is 0 for a logit of 0, where the probability is one half.",
            "torch.sigmoid(logits).",
        ),
        Misconception(
            "logits compared with 1",
            lambda logits: (logits >= 1).long(),
            "You compare the logits with 1. A logit of 0.3 is a probability above one half already.",
            "Which logit belongs to a probability of one half?",
            also=(lambda logits: (logits > 1).long(),),
        ),
        Misconception(
            "last photo forgotten",
            lambda logits: (logits[:-1] >= 0).long(),
            "The last photo has no label: range(n) ends at n - 1 by itself.",
            "range(len(logits)), without - 1.",
        ),
        Misconception(
            "first photo forgotten",
            lambda logits: (logits[1:] >= 0).long(),
            "The first photo has no label: positions begin at 0, not at 1.",
            "range(len(logits)), without the 1.",
        ),
        Misconception(
            "masks only",
            lambda logits: [1 for logit in logits if logit >= 0],
            "There is a label for each mask, and none for the faces without one. Each photo needs a label, 1 or 0.",
            "Add a 0 where the logit is below 0.",
        ),
        Misconception(
            "two labels for one half",
            lambda logits: [label for logit in logits for label in (1, 0) if (logit >= 0 if label else logit <= 0)],
            "A logit of exactly 0 gets two labels, 1 and 0: both conditions hold for it. At least one half is a mask.",
            "else in place of the second if.",
        ),
        Misconception(
            "a column for each class",
            lambda logits: torch.nn.functional.one_hot((logits >= 0).long(), 2),
            "Each photo has two numbers here, one for each class. The task asks for one label, 0 or 1.",
            "Leave out the one_hot.",
        ),
        Misconception(
            "labels in quotation marks",
            lambda logits: ["1" if logit >= 0 else "0" for logit in logits],
            "In quotation marks 1 and 0 are texts. The task asks for the numbers.",
            "Leave out the quotation marks.",
        ),
        Misconception(
            "one label for the whole batch",
            lambda logits: (logits >= 0).any().long(),
            "This is one label for the whole batch. Each photo needs its own.",
            "Leave out any, all and mean: a comparison works on all at once.",
            also=(
                lambda logits: (logits >= 0).all().long(),
                lambda logits: (logits.mean() >= 0).long(),
            ),
        ),
        Misconception(
            "labels sorted",
            lambda logits: (logits >= 0).long().sort().values,
            "The labels are sorted, and no longer stand where their photos stand.",
            "Leave out the sorting.",
        ),
        Misconception(
            "probabilities in per cent",
            lambda logits: (torch.sigmoid(logits) * 100).long(),
            "These are the probabilities in per cent. A label is 0 or 1.",
            "Compare the probabilities with 0.5.",
            also=(lambda logits: torch.sigmoid(logits) * 100,),
        ),
    ),
)
def predict_labels(logits: Tensor) -> Tensor:
    """Return the labels, 0 or 1, shape (B,), of logits (B,); a probability of at least one half is a mask."""
    return (torch.sigmoid(logits) >= 0.5).long()
