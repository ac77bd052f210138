"""Checks of notebook 00: two first exercises, to see how exercises work."""

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
