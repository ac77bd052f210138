"""Checks of notebook 00: three first exercises, to see how exercises work."""

from collections.abc import Callable

import numpy as np

from maskkit.checks.exercise import Misconception, exercise


@exercise(
    "00",
    cases=lambda rng: [(p,) for p in (0.9, 0.2, 0.5, 0.501, 0.499, 1.0, 0.0, 1e-5)],
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
            "Nearly right. One half itself counts as a mask: the task says at least. (Python's round(0.5) is 0: halves go to the even number.)",
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
            "This is never True, not even for 0.9. (Probabilities go from 0 to 1: they reach neither 5 nor 50.)",
            "One half is 0.5. And the comparison alone is the answer: it needs no == True and no `is` behind it.",
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
            "This says mask whatever probability it is given, even 0.",
            "Compare the probability itself with 0.5. (1 // 2 is 0, and the sigmoid of a probability is always at least one half.)",
        ),
        Misconception(
            "at most in place of at least",
            lambda probability: probability <= 0.5,
            "Here a low probability gives True, and one half too: that is at most one half (<=). At least one half is >=.",
            "Turn the comparison round: >=.",
        ),
        Misconception(
            "exactly one half",
            lambda probability: probability == 0.5,
            "This is True for exactly 0.5 and for nothing else: == asks whether two numbers are equal.",
            ">= is at least.",
        ),
        Misconception(
            "decimal comma",
            lambda probability: (probability >= 0, 5),
            "With a comma this gives back two things, a comparison with 0 and the number 5. Python writes one half with a point.",
            "0.5 in place of 0,5.",
        ),
        Misconception(
            "text in place of True",
            lambda probability: "True" if probability >= 0.5 else "False",
            "In quotation marks True is a text of four letters. The task asks for True itself.",
            "Leave out the quotation marks; the comparison alone gives True or False.",
        ),
        Misconception(
            "nothing where there is no mask",
            lambda probability: True if probability >= 0.5 else None,
            "Right where there is a mask. Where there is none, your function gives nothing back (None): it needs a return for both cases.",
            "return False at the end, or return the comparison itself.",
        ),
        Misconception(
            "class names in place of True",
            lambda probability: "mask" if probability >= 0.5 else "no mask",
            "These are names of the classes. The task asks for True where it is a mask, and for False where it is none.",
            "The comparison alone gives True or False.",
            also=(lambda probability: "with_mask" if probability >= 0.5 else "without_mask",),
        ),
        Misconception(
            "-1 in place of False",
            lambda probability: 1 if probability >= 0.5 else -1,
            "Where there is no mask this gives -1. The task asks for False.",
            "The comparison alone gives True or False.",
        ),
    ),
)
def says_mask(probability: float) -> bool:
    """Return True if the probability of a mask is at least one half, else False."""
    return probability >= 0.5


@exercise(
    "00",
    tolerance=1e-9,  # whole numbers: one too many is wrong however many there are
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
        Misconception(
            "height forgotten",
            lambda height, width: width * width * 3,
            "This uses the width twice; not every picture is a square.",
            "Use height as well.",
        ),
        Misconception(
            "shape in place of number",
            lambda height, width: (height, width, 3),
            "This is the shape of the picture. How many numbers are in it all together?",
            "Multiply the three.",
        ),
        Misconception(
            "bits counted",
            lambda height, width: height * width * 24,
            "This is eight times too much: it counts bits, of which each number of a picture takes eight (or bytes of float64, which takes as many). The task counts numbers.",
            "Three numbers for each pixel.",
        ),
        Misconception(
            "255 for each pixel",
            lambda height, width: height * width * 255,
            "255 is the largest value that a number can have, not how many numbers there are.",
            "Three numbers for each pixel.",
        ),
        Misconception(
            "to the power of three",
            lambda height, width: (height * width) ** 3,
            "** is a power: this multiplies the pixels with each other. Each pixel has three numbers, so it is times three.",
            "* in place of **.",
        ),
        Misconception(
            "256 for each pixel",
            lambda height, width: height * width * 256,
            "256 is how many values a number can take (0 to 255), not how many numbers a pixel has.",
            "Three numbers for each pixel.",
        ),
        Misconception(
            "255 values counted",
            lambda height, width: height * width * 3 * 255,
            "Each number goes up to 255, but it is still one number.",
            "Leave out the 255.",
        ),
        Misconception(
            "width to the power of three",
            lambda height, width: height * width**3,
            "** is a power and comes before *: this takes the width three times. Each pixel has three numbers, so it is times three.",
            "* in place of **.",
        ),
        Misconception(
            "three times three",
            lambda height, width: height * width * 9,
            "The 3 comes in twice. Each pixel has three numbers; there are height * width pixels.",
            "Multiply by 3 once.",
        ),
        Misconception(
            "all three added",
            lambda height, width: height + width + 3,
            "This adds the three numbers. The pixels stand in rows, height rows of width pixels each, and each has three numbers.",
            "Multiply the three.",
        ),
        Misconception(
            "once around the picture",
            lambda height, width: 2 * (height + width),
            "This is the way once around the picture. The pixels fill it: height rows of width pixels each.",
            "Multiply height by width, then by 3.",
        ),
        Misconception(
            "only one row",
            lambda height, width: 3 * width,
            "This is one row of the picture. It has height rows. (Does a return stand inside a loop?)",
            "Multiply by height as well.",
        ),
        Misconception(
            "only one column",
            lambda height, width: 3 * height,
            "This is one column of the picture. It has width columns.",
            "Multiply by width as well.",
        ),
        Misconception(
            "a row and a column too many",
            lambda height, width: (height + 1) * (width + 1) * 3,
            "A row and a column are counted that are not there: height rows are height rows, wherever counting begins.",
            "Leave out the + 1.",
        ),
        Misconception(
            "last row and column forgotten",
            lambda height, width: (height - 1) * (width - 1) * 3,
            "A row and a column are missing: range(height) goes through height numbers, 0 to height - 1, and range(1, height) through one less.",
            "range(height), or no - 1.",
        ),
        Misconception(
            "shape with the colours first",
            lambda height, width: (3, height, width),
            "This is the shape of the picture as a network gets it. How many numbers are in it all together?",
            "Multiply the three.",
        ),
        Misconception(
            "one count for each colour",
            lambda height, width: (height * width, height * width, height * width),
            "These are the numbers of red, of green and of blue. How many are they all together?",
            "Add the three.",
        ),
        Misconception(
            "one pixel only",
            lambda height, width: 3,
            "Your answer is 3 for every input: these are the numbers of one pixel. (A return inside the loops leaves them at once, and n = 3 does not add up.)",
            "Multiply by the number of pixels.",
        ),
        Misconception(
            "two numbers a pixel",
            lambda height, width: height * width * 2,
            "This takes two numbers for each pixel. Red, green and blue are three. (range(1, 3) goes through 1 and 2 only.)",
            "Multiply by 3.",
        ),
        Misconception(
            "divided by three",
            lambda height, width: height * width / 3,
            "This divides the number of pixels by 3. Each pixel has three numbers, so there are more numbers than pixels.",
            "Multiply by 3.",
            also=(lambda height, width: height * width // 3,),
        ),
        Misconception(
            "bytes of float32 counted",
            lambda height, width: height * width * 12,
            "This is four times too much: it counts bytes, of which a float32 takes four (or four numbers a pixel, and then three once more). The task counts "
            "numbers.",
            "Three numbers for each pixel.",
        ),
        Misconception(
            "^ taken for a power",
            lambda height, width: height * width ^ 3,
            "In Python ^ is no power (it compares bits), and no power is needed: each pixel has three numbers, so it is times three.",
            "* in place of ^.",
        ),
        Misconception(
            "only one side counted",
            lambda height, width: height,
            "This is one side of the picture. The pixels stand in rows: height rows of width pixels each, and each has three numbers.",
            "Multiply height, width and 3.",
            also=(lambda height, width: width,),
        ),
    ),
)
def numbers_in_picture(height: int, width: int) -> int:
    """Return how many numbers a colour picture of height times width pixels holds."""
    return height * width * 3


def _answers(rng: np.random.Generator) -> list[tuple]:
    fixed = [
        ([0.9, 0.2, 0.6, 0.3], [1, 0, 0, 1]),
        ([1.0, 0.02, 0.5, 0.5, 0.7, 0.1, 0.4], [1, 0, 1, 0, 1, 0, 1]),
        ([0.1, 0.8, 0.9, 0.4, 0.3], [1, 0, 1, 0, 1]),
        ([0.2], [0]),
        ([0.3, 0.8, 0.6], [1, 0, 0]),
        ([1.0, 0.0, 0.9, 0.2], [0, 1, 1, 0]),
    ]
    drawn = [(rng.random(n).round(2).tolist(), rng.integers(0, 2, n).tolist()) for n in rng.integers(8, 30, 4)]
    return [*fixed, *drawn]


def _counted(right: Callable) -> Callable:
    """A function that counts the pictures for which `right` says so."""
    return lambda probabilities, truths: sum(bool(right(p, t)) for p, t in zip(probabilities, truths))


def _is_right(probability: float, truth: int) -> bool:
    return (probability >= 0.5) == (truth == 1)


_count = _counted(_is_right)


def _until_a_mistake(probabilities: list[float], truths: list[int]) -> int:
    answers = [_is_right(p, t) for p, t in zip(probabilities, truths)]
    return [*answers, False].index(False)


def _without_zip(probabilities: list[float], truths: list[int]) -> int:
    return sum(_is_right(p, t) for p, t in (probabilities, truths))


@exercise(
    "00",
    cases=_answers,
    hints=(
        "For one picture: does the network say mask, and is there one? It is right if both answers are the same.",
        "Start at right = 0. In a loop, for probability, truth in zip(probabilities, truths): if (probability >= 0.5) == "
            "(truth == 1), add 1.",
        "return sum((p >= 0.5) == (t == 1) for p, t in zip(probabilities, truths))",
    ),
    misconceptions=(
        Misconception(
            "only masks counted",
            _counted(lambda p, t: p >= 0.5 and t == 1),
            "These are the masks that were found. Saying no mask where there is none is right, too.",
            "Count also the pictures with a probability below one half and the truth 0.",
            also=(_counted(lambda p, t: p > 0.5 and t == 1),),
        ),
        Misconception(
            "truth not looked at",
            _counted(lambda p, t: p >= 0.5),
            "This is how often the network says mask. Whether it is right, only the truths can tell.",
            "Compare each answer with the truth at the same place.",
            also=(_counted(lambda p, t: p > 0.5),),
        ),
        Misconception(
            "probabilities not looked at",
            _counted(lambda p, t: t == 1),
            "This is how many pictures have a mask. What the network says about them makes no difference.",
            "Compare each truth with (probability >= 0.5). (Every probability is at least 0, and its sigmoid at least one half.)",
        ),
        Misconception(
            "mistakes counted",
            _counted(lambda p, t: not _is_right(p, t)),
            "This is how often the network is wrong; the task asks how often it is right.",
            "Use == where you have !=, or take the number away from all pictures.",
            also=(_counted(lambda p, t: (p > 0.5) != (t == 1)),),
        ),
        Misconception(
            "share in place of number",
            lambda probabilities, truths: _count(probabilities, truths) / len(truths),
            "This is the share of right answers. The task asks for their number.",
            "Do not divide.",
            also=(lambda probabilities, truths: sum((p > 0.5) == t for p, t in zip(probabilities, truths)) / len(truths),),
        ),
        Misconception(
            "probability taken for the answer",
            _counted(lambda p, t: p == t),
            "A probability is hardly ever exactly 0 or 1, so it hardly ever equals the truth. First make an answer of it: mask, or no mask?",
            "probability >= 0.5 is the answer.",
        ),
        Misconception(
            "nothing counted",
            lambda probabilities, truths: 0,
            "Your answer is 0 for every input: nothing is ever counted. Either right + 1 stands alone, which changes nothing, or no comparison comes "
            "out true.",
            "right += 1 raises the counter. Compare values with ==, not with `is` (True is not the object 1, although True == 1), and put brackets "
            "around (probability >= 0.5) before == (truth == 1).",
        ),
        Misconception(
            "one half left out",
            _counted(lambda p, t: (p > 0.5) == (t == 1)),
            "Nearly right. One half itself counts as a mask, as in exercise 1. (Python's round(0.5) is 0: halves go to the even number.)",
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
        Misconception(
            "only bare faces counted",
            _counted(lambda p, t: p < 0.5 and t == 0),
            "These are the faces without a mask that the network got right. Masks that it found are right, too.",
            "Count also the pictures with a probability of at least one half and the truth 1.",
        ),
        Misconception(
            "all pictures counted",
            lambda probabilities, truths: len(truths),
            "This is how many pictures there are, right or wrong.",
            "Add 1 only where the answer and the truth are the same.",
        ),
        Misconception(
            "counter set back in the loop",
            lambda probabilities, truths: int(_is_right(probabilities[-1], truths[-1])),
            "Only the last picture counts: the counter is set back to 0 in each round of the loop.",
            "Put right = 0 before the loop.",
        ),
        Misconception(
            "not added up",
            lambda probabilities, truths: min(1, _count(probabilities, truths)),
            "Your answer is never more than 1: the counter is set to 1 and not raised by 1 (=+ is no operator: it sets to plus 1), or `any` asks only whether one is right.",
            "right += 1, or sum in place of any.",
        ),
        Misconception(
            "every answer against every truth",
            lambda probabilities, truths: sum(_is_right(p, t) for p in probabilities for t in truths),
            "One loop inside the other compares each answer with every truth. Each belongs to one picture: they go side by side.",
            "One loop, over zip(probabilities, truths).",
        ),
        Misconception(
            "probabilities added up",
            lambda probabilities, truths: sum(probabilities),
            "This adds up the probabilities. They say how sure the network is of a mask, not whether it is right.",
            "For each picture, compare (probability >= 0.5) with the truth.",
        ),
        Misconception(
            "per cent",
            lambda probabilities, truths: 100 * _count(probabilities, truths) / len(truths),
            "This is in per cent. The task asks for a number of pictures.",
            "Do not divide, and leave out the 100.",
        ),
        Misconception(
            "list compared with a number",
            lambda probabilities, truths: sum(probabilities >= 0.5),
            "Python cannot compare a whole list with a number (arrays of numpy can).",
            "Go through the list: for probability, truth in zip(probabilities, truths).",
        ),
        Misconception(
            "zip forgotten",
            _without_zip,
            "A loop over two lists needs zip: without it, the loop takes first the one whole list and then the other.",
            "for probability, truth in zip(probabilities, truths).",
        ),
        Misconception(
            "one half in neither class",
            _counted(lambda p, t: p > 0.5 and t == 1 or p < 0.5 and t == 0),
            "Nearly right. A probability of exactly one half is never counted: it says mask, as in exercise 1.",
            ">= for a mask, < for none.",
        ),
        Misconception(
            "one half in both classes",
            _counted(lambda p, t: p >= 0.5 and t == 1 or p <= 0.5 and t == 0),
            "Nearly right. A probability of exactly one half counts for both answers here. It says mask, as in exercise 1.",
            ">= for a mask, < for none.",
        ),
        Misconception(
            "mistakes subtracted",
            lambda probabilities, truths: 2 * _count(probabilities, truths) - len(truths),
            "A point is taken away for each mistake. The task asks only how many are right.",
            "Leave out the - 1.",
        ),
        Misconception(
            "all but the masks found subtracted",
            lambda probabilities, truths: 2 * sum(p >= 0.5 and t == 1 for p, t in zip(probabilities, truths)) - len(truths),
            "Only masks that were found count, and for all the rest a point is taken away. A bare face with a low probability is right, too.",
            "Add 1 where both answers are the same, and subtract nothing.",
        ),
        Misconception(
            "or in place of and",
            _counted(lambda p, t: p >= 0.5 or t == 1),
            "or is true if only one of the two holds: also for a mask that was missed, and for a bare face taken for a mask.",
            "Both must say the same: (probability >= 0.5) == (truth == 1).",
        ),
        Misconception(
            "no mask said is always right",
            _counted(lambda p, t: p < 0.5 or t == 1),
            "Whenever the network says no mask, this counts as right, also where there is one.",
            "Below one half, it is right only if the truth is 0.",
        ),
        Misconception(
            "only the bare faces of the truths",
            _counted(lambda p, t: t == 0),
            "This is how many pictures have no mask. What the network says about them does not come in. (A probability never reaches 50: one half is 0.5.)",
            "Compare each truth with (probability >= 0.5).",
        ),
        Misconception(
            "cut to whole numbers",
            _counted(lambda p, t: int(p) == t),
            "int cuts off what is behind the point: int(0.9) is 0, so that the network hardly ever says mask.",
            "probability >= 0.5 is the answer.",
        ),
        Misconception(
            "first picture forgotten",
            lambda probabilities, truths: _count(probabilities[1:], truths[1:]),
            "The first picture is not counted: positions begin at 0, not at 1.",
            "range(len(truths)), without the 1.",
        ),
        Misconception(
            "stopped at the first mistake",
            _until_a_mistake,
            "Counting stops at the first mistake: break and return leave the loop.",
            "Leave out the else, and put return behind the loop.",
        ),
        Misconception(
            "enumerate in place of zip",
            lambda probabilities, truths: sum((place >= 0.5) == (p == 1) for place, p in enumerate(probabilities)),
            "enumerate gives a position with each probability; the truths do not come in.",
            "zip(probabilities, truths) gives each probability with its truth.",
        ),
        Misconception(
            "every answer against every truth, divided",
            lambda probabilities, truths: sum(_is_right(p, t) for p in probabilities for t in truths) / len(truths),
            "One loop inside the other compares each answer with every truth, and dividing does not put that right: they go side by side.",
            "One loop, over zip(probabilities, truths), and no division.",
        ),
        Misconception(
            "totals compared",
            lambda probabilities, truths: len(truths) - abs(sum(p >= 0.5 for p in probabilities) - sum(truths)),
            "The totals are compared (or sorted lists, which comes to the same): a mask that was missed and a bare face taken for a mask then make up for "
            "each other.",
            "Compare each answer with the truth of its own picture.",
        ),
        Misconception(
            "probability compared with the truth",
            _counted(lambda p, t: p >= t),
            ">= between the two asks whether the probability is at least the truth: so it is for every face without a mask, and hardly ever for one with a mask.",
            "Make an answer of the probability first: (probability >= 0.5) == (truth == 1).",
        ),
        Misconception(
            "counting begins at 1",
            lambda probabilities, truths: 1 + _count(probabilities, truths),
            "Your answer is one too large for every input: the counter begins at 1, before a picture was looked at.",
            "Put right = 0 before the loop.",
        ),
        Misconception(
            "how sure in place of how many",
            lambda probabilities, truths: sum(p if t == 1 else 1 - p for p, t in zip(probabilities, truths)),
            "This adds up the probabilities that the network gives to the true classes: how sure it is of them. The task counts: a picture is right or wrong.",
            "Make an answer of the probability first: (probability >= 0.5) == (truth == 1).",
        ),
        Misconception(
            "distances added up",
            lambda probabilities, truths: sum(abs(p - t) for p, t in zip(probabilities, truths)),
            "This adds up how far the probabilities are from the truths. The task counts: a picture is right or wrong.",
            "Make an answer of the probability first: (probability >= 0.5) == (truth == 1).",
        ),
        Misconception(
            "all or nothing",
            lambda probabilities, truths: _count(probabilities, truths) == len(truths),
            "This is 1, or True, only if the network is right about all of them, and else 0. The task asks about how many.",
            "sum in place of all, and no division by how many there are (// drops the fraction). Compare element by element, with zip, not list with list.",
        ),
        Misconception(
            "the probabilities of the right ones added up",
            lambda probabilities, truths: sum(p for p, t in zip(probabilities, truths) if _is_right(p, t)),
            "The right pictures are found, but their probabilities are added up. The task asks how many they are.",
            "Add 1 for each.",
        ),
        Misconception(
            "the right ones in place of how many",
            lambda probabilities, truths: [p for p, t in zip(probabilities, truths) if _is_right(p, t)],
            "These are the probabilities for which the network is right. The task asks how many they are.",
            "len counts them.",
        ),
    ),
)
def how_many_right(probabilities: list[float], truths: list[int]) -> int:
    """Return for how many pictures the network is right; truths holds 1 (mask) and 0 (no mask), and one half says mask."""
    return _count(probabilities, truths)
