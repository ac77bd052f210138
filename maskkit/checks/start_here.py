"""Checks of notebook 00: three first exercises, to see how exercises work."""

from collections.abc import Callable

import numpy as np

from maskkit.checks.exercise import Misconception, exercise


@exercise(
    "00",
    cases=lambda rng: [(p,) for p in (0.9, 0.2, 0.5, 0.51, 0.49, 1.0, 0.0)],
    hints=(
        "Compare the probability with 0.5. In Python, >= means: at least.",
        "return probability >= 0.5",
    ),
    misconceptions=(
        Misconception(
            "answers turned round",
            lambda probability: probability < 0.5,
            "Your answers are turned round: a high probability means a mask, and so True.",
            "Use >=, not < or <=.",
        ),
        Misconception(
            "one half left out",
            lambda probability: probability > 0.5,
            "Nearly right. One half itself counts as a mask: the task says at least.",
            ">= is at least, > is more than.",
        ),
        Misconception(
            "the probability in place of an answer",
            lambda probability: probability,
            "This gives back the probability itself. The task asks for True or False.",
            "A comparison, such as 2 > 1, is True or False.",
        ),
        Misconception(
            "per cent",
            lambda probability: probability >= 50,
            "This is never True: probabilities go from 0 to 1, so they do not reach 50.",
            "One half is 0.5.",
        ),
        Misconception(
            "any probability above 0",
            lambda probability: probability > 0,
            "This says mask even for a probability of 0.2.",
            "Compare with 0.5.",
        ),
        Misconception(
            "only when certain",
            lambda probability: probability == 1,
            "This says mask only if the probability is exactly 1, which a network hardly ever gives.",
            "Compare with 0.5, and use >=.",
        ),
        Misconception(
            "always mask",
            lambda probability: True,
            "This says mask whatever it is given: the probability is not used.",
            "Compare the probability with 0.5.",
        ),
    ),
)
def says_mask(probability: float) -> bool:
    """Return True if the probability of a mask is at least one half, else False."""
    return probability >= 0.5


@exercise(
    "00",
    cases=lambda rng: [(4, 5), (64, 64), (128, 96), (1, 1), *(tuple(int(side) for side in rng.integers(2, 200, 2)) for _ in range(3))],
    hints=(
        "How many pixels are there? And how many numbers does one pixel need?",
        "A pixel has a red, a green and a blue number: three.",
        "return height * width * 3",
    ),
    misconceptions=(
        Misconception(
            "colours forgotten",
            lambda height, width: height * width,
            "This is the number of pixels. Each pixel of a colour picture has three numbers: how much red, green and blue.",
            "Take it times three.",
        ),
        Misconception(
            "sides added",
            lambda height, width: height + width,
            "This adds height and width. The pixels stand in rows: height rows of width pixels each.",
            "Multiply the two.",
        ),
        Misconception(
            "colours added",
            lambda height, width: height * width + 3,
            "This adds 3 once. Every single pixel has three numbers.",
            "Multiply by 3.",
        ),
        Misconception(
            "sides added, then times three",
            lambda height, width: 3 * (height + width),
            "The 3 is right, but height and width are added. The pixels stand in rows: height rows of width pixels each.",
            "Multiply all three.",
        ),
        Misconception(
            "four numbers a pixel",
            lambda height, width: height * width * 4,
            "This takes four numbers for each pixel. Some files have a fourth for transparency; ours have red, green and blue.",
            "Multiply by 3.",
        ),
        Misconception(
            "256 values counted",
            lambda height, width: height * width * 3 * 256,
            "Each number can take 256 values (0 to 255), but it is still one number.",
            "Leave out the 256.",
        ),
        Misconception(
            "width forgotten",
            lambda height, width: height * height * 3,
            "This uses the height twice; not every picture is a square.",
            "Use width as well.",
        ),
    ),
)
def numbers_in_picture(height: int, width: int) -> int:
    """Return how many numbers a colour picture of height times width pixels holds."""
    return height * width * 3


def _answers(rng: np.random.Generator) -> list[tuple]:
    fixed = [
        ([0.9, 0.2, 0.6, 0.3], [1, 0, 0, 1]),
        ([0.97, 0.02, 0.5, 0.5, 0.7, 0.1, 0.4], [1, 0, 1, 0, 1, 0, 1]),
        ([0.1, 0.8, 0.9, 0.4, 0.3], [1, 0, 1, 0, 1]),
        ([0.2], [0]),
        ([0.3, 0.8, 0.6], [1, 0, 0]),
    ]
    drawn = [(rng.random(n).round(2).tolist(), rng.integers(0, 2, n).tolist()) for n in rng.integers(8, 30, 4)]
    return [*fixed, *drawn]


def _counted(right: Callable) -> Callable:
    """A function that counts the pictures for which `right` says so."""
    return lambda probabilities, truths: sum(bool(right(p, t)) for p, t in zip(probabilities, truths))


def _is_right(probability: float, truth: int) -> bool:
    return (probability >= 0.5) == (truth == 1)


_count = _counted(_is_right)


@exercise(
    "00",
    cases=_answers,
    hints=(
        "For one picture: does the network say mask, and is there one? It is right if both answers are the same.",
        "Start at right = 0. In a loop, for probability, truth in zip(probabilities, truths): if (probability >= 0.5) == (truth == 1), add 1.",
        "return sum((p >= 0.5) == (t == 1) for p, t in zip(probabilities, truths))",
    ),
    misconceptions=(
        Misconception(
            "only masks counted",
            _counted(lambda p, t: p >= 0.5 and t == 1),
            "These are the masks that were found. Saying no mask where there is none is right, too.",
            "Count also the pictures with a probability below one half and the truth 0.",
        ),
        Misconception(
            "truth not looked at",
            _counted(lambda p, t: p >= 0.5),
            "This is how often the network says mask. Whether it is right, only the truths can tell.",
            "Compare each answer with the truth at the same place.",
        ),
        Misconception(
            "probabilities not looked at",
            _counted(lambda p, t: t == 1),
            "This is how many pictures have a mask. What the network says about them does not come in.",
            "Compare each truth with the probability at the same place.",
        ),
        Misconception(
            "mistakes counted",
            _counted(lambda p, t: not _is_right(p, t)),
            "This is how often the network is wrong; the task asks how often it is right.",
            "Use == where you have !=, or take the number away from all pictures.",
        ),
        Misconception(
            "share in place of number",
            lambda probabilities, truths: _count(probabilities, truths) / len(truths),
            "This is the share of right answers. The task asks for their number.",
            "Do not divide.",
        ),
        Misconception(
            "probability taken for the answer",
            _counted(lambda p, t: p == t),
            "A probability is hardly ever exactly 0 or 1, so it is never equal to the truth. First make an answer of it: mask, or no mask?",
            "probability >= 0.5 is the answer.",
        ),
        Misconception(
            "one half left out",
            _counted(lambda p, t: (p > 0.5) == (t == 1)),
            "Nearly right. One half itself counts as a mask, as in exercise 1.",
            ">= is at least, > is more than.",
        ),
        Misconception(
            "left the loop after the first picture",
            lambda probabilities, truths: int(_is_right(probabilities[0], truths[0])),
            "Only the first picture is looked at: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "a list of answers",
            lambda probabilities, truths: [_is_right(p, t) for p, t in zip(probabilities, truths)],
            "This says for each picture whether the network is right. The task asks how many there are.",
            "sum counts the True in a list.",
        ),
        Misconception(
            "last picture forgotten",
            lambda probabilities, truths: _count(probabilities[:-1], truths[:-1]),
            "The last picture is not counted: range(n) ends at n - 1 by itself.",
            "range(len(truths)), without - 1.",
        ),
    ),
)
def how_many_right(probabilities: list[float], truths: list[int]) -> int:
    """Return for how many pictures the network is right; truths holds 1 (mask) and 0 (no mask), and one half says mask."""
    return _count(probabilities, truths)
