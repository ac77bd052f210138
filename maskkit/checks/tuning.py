"""Checks of notebook 06: rates that grow by a factor, steps of a training, and how much too good the winner looks."""

import math

import numpy as np

from maskkit.checks.exercise import Misconception, exercise


def _ends_and_steps(rng: np.random.Generator) -> list[tuple]:
    fixed = [(1e-4, 1e-1, 4), (1e-5, 1.0, 6), (0.001, 0.008, 4), (0.5, 2.0, 2), (1e-6, 1e-2, 9)]
    drawn = [(float(low), float(low * factor), int(steps)) for low, factor, steps in zip(10 ** rng.uniform(-6, -3, 3), 10 ** rng.uniform(1, 4, 3), rng.integers(3, 12, 3))]
    return [*fixed, *drawn]


def _factor_anew(lowest: float, highest: float, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(lowest)
        lowest *= (highest / lowest) ** (1 / (steps - 1))
    return rates


def _ten_times_until(highest_too: bool):
    """Rates that are ten times the one before, until the highest is reached."""

    def rates(lowest: float, highest: float, steps: int) -> list[float]:
        found = [lowest]
        while found[-1] < highest:
            found.append(found[-1] * 10)
        return found if highest_too else found[:-1]

    return rates


def _power_on_power(first: int):
    """Each rate is the one before times a power of the factor, and not times the factor."""

    def rates(lowest: float, highest: float, steps: int) -> list[float]:
        found, factor = [lowest], (highest / lowest) ** (1 / (steps - 1))
        for i in range(first, first + steps - 1):
            found.append(found[-1] * factor**i)
        return found

    return rates


def _while_below(lowest: float, highest: float, steps: int) -> list[float]:
    """Rates until the highest is reached, which rounding may put off by one."""
    factor, rates = (highest / lowest) ** (1 / (steps - 1)), [lowest]
    while rates[-1] < highest:
        rates.append(rates[-1] * factor)
    return rates


def _while_not_above(lowest: float, highest: float, steps: int) -> list[float]:
    """Rates as long as they are no higher than the highest, which rounding may cut off."""
    factor, rates = (highest / lowest) ** (1 / (steps - 1)), []
    while lowest <= highest:
        rates.append(lowest)
        lowest *= factor
    return rates


@exercise(
    "06",
    cases=_ends_and_steps,
    hints=(
        "From each rate to the next is the same factor. After steps - 1 such factors the lowest has become the highest.",
        "factor = (highest / lowest) ** (1 / (steps - 1)); the rate of step i, counted from 0, is lowest * factor ** i.",
    ),
    misconceptions=(
        Misconception(
            "equal steps",
            lambda lowest, highest, steps: np.linspace(lowest, highest, steps).tolist(),
            "Your rates grow by the same amount each time, so that nearly all of them are close to the highest: between 0.0001 and 0.1 only one in a "
            "hundred lies below 0.001. The task asks for the same factor.",
            "Multiply in place of adding.",
            also=(
                lambda lowest, highest, steps: [lowest + (highest - lowest) * i / steps for i in range(steps)],
                lambda lowest, highest, steps: [lowest + (highest - lowest) * (i + 1) / steps for i in range(steps)],
            ),
        ),
        Misconception(
            "the highest never reached",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** (i / steps) for i in range(steps)],
            "Your last rate is below the highest. Between `steps` rates there are only steps - 1 gaps.",
            "Divide by steps - 1 in place of steps.",
        ),
        Misconception(
            "the lowest left out",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** ((i + 1) / steps) for i in range(steps)],
            "Your first rate is above the lowest already. The first rate is the lowest itself.",
            "The first exponent is 0.",
        ),
        Misconception(
            "exponents of ten",
            lambda lowest, highest, steps: np.linspace(math.log10(lowest), math.log10(highest), steps).tolist(),
            "These are the exponents of ten, not the rates: -4 stands for 0.0001.",
            "Raise 10 to each of them.",
        ),
        Misconception(
            "natural logarithms",
            lambda lowest, highest, steps: np.linspace(math.log(lowest), math.log(highest), steps).tolist(),
            "These are the natural logarithms of the rates, not the rates.",
            "math.exp undoes math.log.",
        ),
        Misconception(
            "e and ten mixed up",
            lambda lowest, highest, steps: np.exp(np.linspace(math.log10(lowest), math.log10(highest), steps)).tolist(),
            "You take the logarithm to the base ten and undo it with exp, which is the other base.",
            "log10 goes with 10 ** x, log with exp.",
        ),
        Misconception(
            "rates given to logspace",
            lambda lowest, highest, steps: np.logspace(lowest, highest, steps).tolist(),
            "Your rates are taken for exponents of ten (as np.logspace does): this is 10 ** lowest to 10 ** highest.",
            "np.geomspace takes the rates themselves; or give logspace their log10.",
        ),
        Misconception(
            "natural logarithms given to logspace",
            lambda lowest, highest, steps: np.logspace(math.log(lowest), math.log(highest), steps).tolist(),
            "You take natural logarithms, which are exponents of e, and raise 10 to them (np.logspace does that, too).",
            "np.log10 in place of np.log; or np.geomspace, which takes the rates themselves.",
        ),
        Misconception(
            "ten times each",
            lambda lowest, highest, steps: [lowest * 10.0**i for i in range(steps)],
            "Each of your rates is ten times the one before, whatever the highest is. The factor follows from the two ends.",
            "How large is highest / lowest, and how many factors share it?",
            also=(_ten_times_until(True), _ten_times_until(False)),
        ),
        Misconception(
            "twice each",
            lambda lowest, highest, steps: [lowest * 2.0**i for i in range(steps)],
            "Each of your rates is twice the one before, whatever the highest is. The factor follows from the two ends.",
            "How large is highest / lowest, and how many factors share it?",
        ),
        Misconception(
            "the whole factor each time",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** i for i in range(steps)],
            "Your second rate is the highest already, and those after it go beyond. The way from the lowest to the highest is to be shared by all gaps.",
            "Take the root: ** (1 / (steps - 1)).",
        ),
        Misconception(
            "factor computed anew each time",
            lambda lowest, highest, steps: _factor_anew(lowest, highest, steps),
            "Your factor shrinks from step to step: it is computed from `lowest` again after `lowest` has been changed.",
            "Compute the factor once, before the loop.",
        ),
        Misconception(
            "factor shared by division",
            lambda lowest, highest, steps: [lowest * (highest / lowest / (steps - 1)) ** i for i in range(steps)],
            "You divide the factor by the number of gaps. Factors multiply, so the share of each is a root, not a quotient.",
            "** (1 / (steps - 1)) in place of / (steps - 1).",
            also=(lambda lowest, highest, steps: [lowest * (highest / lowest / steps) ** i for i in range(steps)],),
        ),
        Misconception(
            "from the highest to the lowest",
            lambda lowest, highest, steps: np.geomspace(highest, lowest, steps).tolist(),
            "The right rates, but falling. A range test begins with the smallest steps, or it would be over at once.",
            "Begin with the lowest.",
        ),
        Misconception(
            "one too many",
            lambda lowest, highest, steps: np.geomspace(lowest, highest, steps + 1).tolist(),
            "One rate too many: `steps` is the number of rates, both ends included.",
            "The last exponent is steps - 1.",
        ),
        Misconception(
            "one too many by rounding",
            _while_below,
            "One rate too many for some inputs: rounding can leave the last one a hair below the highest, and the loop goes on once more.",
            "Count the rates, for i in range(steps), in place of comparing them with the highest.",
        ),
        Misconception(
            "one too few by rounding",
            _while_not_above,
            "One rate too few for some inputs: rounding can put the last one a hair above the highest, and the loop ends before it.",
            "Count the rates, for i in range(steps), in place of comparing them with the highest.",
        ),
        Misconception(
            "one too few",
            lambda lowest, highest, steps: np.geomspace(lowest, highest, steps)[:-1].tolist(),
            "One rate too few: the highest itself belongs to them.",
            "range(steps) counts from 0 to steps - 1.",
        ),
        Misconception(
            "the factor itself",
            lambda lowest, highest, steps: (highest / lowest) ** (1 / (steps - 1)),
            "This is the factor from one rate to the next. The task asks for the rates.",
            "Multiply the lowest with it again and again.",
        ),
        Misconception(
            "the last rate only",
            lambda lowest, highest, steps: highest,
            "This is one rate. The task asks for a list of all of them.",
            "Collect them: [... for i in range(steps)].",
            also=(lambda lowest, highest, steps: lowest,),
        ),
        Misconception(
            "one more behind the highest",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps + 1)],
            "One rate too many, beyond the highest: the lowest is the first of them.",
            "range(steps) begins at 0, which gives the lowest.",
        ),
        Misconception(
            "first rate left out",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(1, steps + 1)],
            "Your rates begin one factor too late and end beyond the highest: the exponents go from 0 to steps - 1.",
            "range(steps), without a 1 in front; in a loop, append before you multiply.",
        ),
        Misconception(
            "loop ends before the highest",
            lambda lowest, highest, steps: _while_below(lowest, highest, steps)[:-1],
            "The highest is missing for some inputs: it is not below itself, so that a loop that asks for < ends before it. (Where it is there, rounding has "
            "made it a hair smaller.)",
            "Count the rates, for i in range(steps), in place of comparing them with the highest.",
        ),
        Misconception(
            "the lowest missing",
            lambda lowest, highest, steps: np.geomspace(lowest, highest, steps)[1:].tolist(),
            "One rate too few: the lowest itself belongs to them.",
            "range(steps) begins at 0, and something to the power of 0 is 1.",
        ),
        Misconception(
            "left the loop after the first rate",
            lambda lowest, highest, steps: [lowest],
            "Only the first rate is there. (Does the return stand inside the loop, and leave it at once? Or is steps, the number of rates, given to np.arange as "
            "their distance?)",
            "Move the return to the left, behind the loop; np.linspace takes a number.",
        ),
        Misconception(
            "list begun anew each time",
            lambda lowest, highest, steps: [highest],
            "Only the last rate is there: the list is made anew in each round of the loop.",
            "rates = [] once, before the loop.",
        ),
        Misconception(
            "multiplied in place of raised",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** (1 / (steps - 1)) * i for i in range(steps)],
            "You multiply the factor by the number of the step. Multiplying by it once more at each step makes a power of it.",
            "factor ** i in place of factor * i.",
            also=(lambda lowest, highest, steps: [lowest * (highest / lowest) ** (1 / (steps - 1)) * (i + 1) for i in range(steps)],),
        ),
        Misconception(
            "factor added",
            lambda lowest, highest, steps: [lowest + (highest / lowest) ** (1 / (steps - 1)) * i for i in range(steps)],
            "You add the factor to the rate before. A factor multiplies.",
            "* in place of +.",
        ),
        Misconception(
            "factor turned round",
            lambda lowest, highest, steps: [lowest * (lowest / highest) ** (i / (steps - 1)) for i in range(steps)],
            "Your rates get smaller, below the lowest: the factor is upside down.",
            "highest / lowest.",
        ),
        Misconception(
            "whole-number division",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** (1 // (steps - 1)) ** i for i in range(steps)],
            "1 // (steps - 1) is 0: // drops everything behind the decimal point. So your rates do not share the way between them.",
            "Divide with a single /.",
            also=(lambda lowest, highest, steps: [lowest * ((highest / lowest) ** (1 // (steps - 1))) ** i for i in range(steps)],),
        ),
        Misconception(
            "the lowest twice",
            lambda lowest, highest, steps: [lowest, *(lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps))],
            "The lowest stands there twice: once before the loop, and once from its first round.",
            "Begin with an empty list, or with the second rate.",
        ),
        Misconception(
            "`steps` rates between both ends",
            lambda lowest, highest, steps: np.geomspace(lowest, highest, steps + 2).tolist(),
            "Two rates too many: `steps` is the number of rates, both ends included.",
            "The last exponent is steps - 1.",
        ),
        Misconception(
            "brackets around steps - 1 forgotten",
            lambda lowest, highest, steps: [lowest * ((highest / lowest) ** (1 / steps - 1)) ** i for i in range(steps)],
            "Without brackets, / steps - 1 divides by steps and takes 1 away from the result: dividing comes before subtracting.",
            "/ (steps - 1).",
            also=(lambda lowest, highest, steps: [lowest * (highest / lowest) ** (i / steps - 1) for i in range(steps)],),
        ),
        Misconception(
            "difference in place of the quotient",
            lambda lowest, highest, steps: [lowest * (highest - lowest) ** (i / (steps - 1)) for i in range(steps)],
            "You take the root of the difference of the two ends. By which factor the highest is larger says their quotient.",
            "highest / lowest in place of highest - lowest.",
        ),
        Misconception(
            "begun at the highest",
            lambda lowest, highest, steps: [highest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps)],
            "Your rates begin at the highest and go beyond it. The first is the lowest.",
            "lowest * factor ** i.",
        ),
        Misconception(
            "number of rates not given",
            lambda lowest, highest, steps: np.geomspace(lowest, highest).tolist(),
            "You have 50 rates for every input: np.geomspace makes so many unless it is told how many.",
            "np.geomspace(lowest, highest, steps).",
        ),
        Misconception(
            "the highest put at the end",
            lambda lowest, highest, steps: [*(lowest * (highest / lowest) ** (i / steps) for i in range(steps - 1)), highest],
            "The highest is put at the end, and the last factor is larger than the others. Between `steps` rates there are only steps - 1 gaps.",
            "Divide by steps - 1 in place of steps; then the last rate is the highest by itself.",
        ),
        Misconception(
            "a power of the factor at each step",
            _power_on_power(1),
            "You multiply the rate before with factor ** i, so that the factor itself grows from step to step.",
            "The rate before times factor; or the lowest times factor ** i.",
            also=(_power_on_power(0),),
        ),
        Misconception(
            "factor cut to a whole number",
            lambda lowest, highest, steps: [lowest * int((highest / lowest) ** (1 / (steps - 1))) ** i for i in range(steps)],
            "The factor is cut or rounded to a whole number, and so the last rate is not the highest.",
            "The factor as it is.",
            also=(lambda lowest, highest, steps: [lowest * round((highest / lowest) ** (1 / (steps - 1))) ** i for i in range(steps)],),
        ),
        Misconception(
            "square root for any number of steps",
            lambda lowest, highest, steps: [lowest * math.sqrt(highest / lowest) ** i for i in range(steps)],
            "You take the square root, which shares the way between two gaps. There are steps - 1 of them.",
            "** (1 / (steps - 1)).",
        ),
        Misconception(
            "brackets around the exponent forgotten",
            lambda lowest, highest, steps: [lowest * (highest / lowest) ** i / (steps - 1) for i in range(steps)],
            "Without brackets, ** i / (steps - 1) raises to the power of i first and then divides: the power comes before the division.",
            "** (i / (steps - 1)).",
        ),
    ),
)
def growing_rates(lowest: float, highest: float, steps: int) -> list[float]:
    """Return a list of `steps` learning rates from lowest to highest, each larger than the one before by the same factor."""
    return [lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps)]


def _trainings(rng: np.random.Generator) -> list[tuple]:
    fixed = [(1000, 32, 3), (640, 64, 2), (20, 32, 5), (700, 32, 10), (5, 2, 1), (1400, 16, 4), (448, 64, 3)]
    return [*fixed, *(tuple(int(part) for part in row) for row in zip(rng.integers(50, 3000, 4), rng.integers(7, 129, 4), rng.integers(2, 12, 4)))]


@exercise(
    "06",
    cases=_trainings,
    hints=(
        "How many batches does one epoch have? The last one may be smaller than the others, and is a step all the same.",
        "math.ceil(images / batch_size) * epochs.",
    ),
    misconceptions=(
        Misconception(
            "last batch dropped",
            lambda images, batch_size, epochs: images // batch_size * epochs,
            "You leave out the last batch of each epoch, which is smaller than the others. It is a step all the same.",
            "Round up in place of down: math.ceil.",
            also=(lambda images, batch_size, epochs: max(1, images // batch_size) * epochs,),
        ),
        Misconception(
            "not rounded",
            lambda images, batch_size, epochs: images / batch_size * epochs,
            "There is no such thing as seven eighths of a step: the last, smaller batch of an epoch is a whole one.",
            "Round up: math.ceil.",
            also=(lambda images, batch_size, epochs: (images / batch_size + (images % batch_size > 0)) * epochs,),
        ),
        Misconception(
            "rounded up at the very end",
            lambda images, batch_size, epochs: math.ceil(images * epochs / batch_size),
            "You round up once, at the very end. But each epoch ends with a smaller batch: the next one begins anew.",
            "Round up the steps of one epoch, then multiply.",
        ),
        Misconception(
            "rounded down at the very end",
            lambda images, batch_size, epochs: images * epochs // batch_size,
            "You round once, at the very end, and down. Each epoch ends with a smaller batch, which is a step as well.",
            "Round up the steps of one epoch, then multiply.",
        ),
        Misconception(
            "to the nearest",
            lambda images, batch_size, epochs: round(images / batch_size) * epochs,
            "You round to the nearest number. However few pictures are left for the last batch, they are a step.",
            "math.ceil in place of round.",
            also=(lambda images, batch_size, epochs: int(images / batch_size + 0.5) * epochs,),
        ),
        Misconception(
            "one more in any case",
            lambda images, batch_size, epochs: (images // batch_size + 1) * epochs,
            "You add a last batch also where nothing is left for it: 640 pictures in batches of 64 are 10 steps, not 11.",
            "math.ceil rounds up only where something is left.",
        ),
        Misconception(
            "one epoch",
            lambda images, batch_size, epochs: math.ceil(images / batch_size),
            "These are the steps of one epoch.",
            "Multiply with epochs.",
        ),
        Misconception(
            "epochs added",
            lambda images, batch_size, epochs: math.ceil(images / batch_size) + epochs,
            "You add the number of epochs. In each of them all batches come again.",
            "Multiply with epochs.",
        ),
        Misconception(
            "pictures counted",
            lambda images, batch_size, epochs: images * epochs,
            "This is how many pictures the network has seen. A step is taken after each batch, not after each picture.",
            "Divide by batch_size.",
        ),
        Misconception(
            "batch size times epochs",
            lambda images, batch_size, epochs: batch_size * epochs,
            "You multiply the batch size with the epochs; how many pictures there are does not come in. More pictures make more batches, and so more steps.",
            "How many batches of this size do the pictures fill?",
        ),
        Misconception(
            "batches of all epochs multiplied with the batch size",
            lambda images, batch_size, epochs: images * batch_size * epochs,
            "You multiply with the batch size. Larger batches mean fewer steps.",
            "Divide by batch_size.",
        ),
        Misconception(
            "turned round",
            lambda images, batch_size, epochs: math.ceil(batch_size / images) * epochs,
            "The fraction is upside down: how many batches do the pictures fill?",
            "images / batch_size.",
        ),
        Misconception(
            "the epochs only",
            lambda images, batch_size, epochs: epochs,
            "This is the number of epochs. In each of them there are many steps.",
            "How many batches does one epoch have?",
        ),
        Misconception(
            "one more for all epochs together",
            lambda images, batch_size, epochs: images // batch_size * epochs + (images % batch_size > 0),
            "You add the step of the smaller, last batch once. Every epoch ends with such a batch.",
            "Round up the steps of one epoch, then multiply.",
            also=(lambda images, batch_size, epochs: images // batch_size * epochs + 1,),
        ),
        Misconception(
            "a step for each picture that is left",
            lambda images, batch_size, epochs: (images // batch_size + images % batch_size) * epochs,
            "You count a step for each picture that is left over. Together they are one batch, and so one step.",
            "+ 1 where something is left, in place of + images % batch_size.",
            also=(lambda images, batch_size, epochs: images // batch_size * epochs + images % batch_size,),
        ),
        Misconception(
            "a part of a step",
            lambda images, batch_size, epochs: images // batch_size * epochs + images % batch_size / batch_size,
            "The smaller, last batch counts as a part of a step here, and only once. It is a whole step, in each epoch.",
            "math.ceil(images / batch_size) * epochs.",
        ),
        Misconception(
            "one batch of each epoch left out",
            lambda images, batch_size, epochs: (math.ceil(images / batch_size) - 1) * epochs,
            "One step of each epoch is missing, also where the pictures come out even.",
            "range(0, images, batch_size) begins at 0, and takes the last, smaller batch along.",
        ),
        Misconception(
            "one more where nothing is left",
            lambda images, batch_size, epochs: (images // batch_size + (images % batch_size == 0)) * epochs,
            "It is the other way round: a further step is needed where something is left over, not where the pictures come out even.",
            "if images % batch_size != 0.",
        ),
        Misconception(
            "one epoch left out",
            lambda images, batch_size, epochs: math.ceil(images / batch_size) * (epochs - 1),
            "The steps of one epoch are missing.",
            "range(epochs) goes round `epochs` times; range(1, epochs) once less.",
        ),
        Misconception(
            "one epoch too many",
            lambda images, batch_size, epochs: math.ceil(images / batch_size) * (epochs + 1),
            "These are the steps of one epoch more than there are.",
            "range(epochs) goes round `epochs` times.",
        ),
        Misconception(
            "divided by the epochs",
            lambda images, batch_size, epochs: math.ceil(images / batch_size) / epochs,
            "You divide by the epochs. In each of them all batches come again.",
            "Multiply with epochs.",
            also=(
                lambda images, batch_size, epochs: math.ceil(images / (batch_size * epochs)),
                lambda images, batch_size, epochs: images / batch_size / epochs,
            ),
        ),
        Misconception(
            "first picture left out",
            lambda images, batch_size, epochs: math.ceil((images - 1) / batch_size) * epochs,
            "One picture is left out. Where it is the only one of its batch, a step is missing.",
            "range(0, images, batch_size), from 0 on.",
        ),
        Misconception(
            "pictures of the notebook",
            lambda images, batch_size, epochs: math.ceil(480 / batch_size) * epochs,
            "Your function counts the 480 pictures of the notebook, however many it is given.",
            "Use `images` in place of train.",
            also=(lambda images, batch_size, epochs: math.ceil(480 / batch_size) * 3,),
        ),
        Misconception(
            "one half added, then rounded",
            lambda images, batch_size, epochs: round(images / batch_size + 0.5) * epochs,
            "Adding one half and rounding rounds up, but not where the pictures come out even: round takes 7.5 to 8, the even number.",
            "math.ceil.",
        ),
        Misconception(
            "smaller batch counted twice",
            lambda images, batch_size, epochs: (math.ceil(images / batch_size) + 1) * epochs,
            "One step of each epoch too many: math.ceil counts the smaller, last batch already, and + 1 counts it again.",
            "math.ceil without + 1.",
        ),
        Misconception(
            "what is left over",
            lambda images, batch_size, epochs: images % batch_size * epochs,
            "% gives how many pictures are left for the smaller, last batch. The steps are how many batches there are.",
            "math.ceil(images / batch_size).",
            also=(lambda images, batch_size, epochs: images % batch_size,),
        ),
    ),
)
def number_of_steps(images: int, batch_size: int, epochs: int) -> int:
    """Return how many steps the optimiser takes in a training; the last batch of an epoch may be smaller than the others."""
    return math.ceil(images / batch_size) * epochs


def _accuracies(rng: np.random.Generator) -> list[tuple]:
    fixed = [
        ([0.80, 0.90, 0.85], [0.82, 0.84, 0.86]), ([0.75, 0.70, 0.60], [0.70, 0.75, 0.90]), ([0.90, 0.95, 0.95], [0.91, 0.88, 0.93]),
        ([0.60, 0.85, 0.70, 0.65], [0.62, 0.90, 0.71, 0.60]), ([0.5, 0.9], [0.8, 0.7]), ([0.44, 0.49, 0.47], [0.52, 0.45, 0.50]),
        ([0.90, 0.80, 0.90, 0.90], [0.87, 0.84, 0.88, 0.85]),  # of the equal ones neither the first nor the last is the best on fresh pictures
    ]  # fmt: skip
    drawn = [(np.round(rng.uniform(0.6, 0.95, n), 2).tolist(), np.round(rng.uniform(0.6, 0.95, n), 3).tolist()) for n in (6, 8, 10)]
    return [*fixed, *drawn]


def _winner(val_accuracies: list[float]) -> int:
    return int(np.argmax(val_accuracies))


@exercise(
    "06",
    cases=_accuracies,
    hints=(
        "Which trial would you have chosen, knowing only val_accuracies? Then look at both numbers of that one trial.",
        "winner = val_accuracies.index(max(val_accuracies)); val_accuracies[winner] - fresh_accuracies[winner].",
    ),
    misconceptions=(
        Misconception(
            "two different winners",
            lambda v, f: max(v) - max(f),
            "You compare the best on the validation pictures with the best on fresh ones, which is another trial. Only one of them was chosen, and by "
            "the validation pictures.",
            "Take the position of the largest validation accuracy, and look up both numbers there.",
            also=(lambda v, f: max(f) - max(v),),
        ),
        Misconception(
            "chosen by the fresh pictures",
            lambda v, f: v[int(np.argmax(f))] - f[int(np.argmax(f))],
            "You choose the trial that is best on the fresh pictures. Nobody has those when choosing.",
            "The winner has the largest validation accuracy.",
            also=(lambda v, f: f[int(np.argmax(f))] - v[int(np.argmax(f))],),
        ),
        Misconception(
            "mean over all trials",
            lambda v, f: float(np.mean(v) - np.mean(f)),
            "This is the mean difference over all trials. The others were not chosen by anything, so they are not too good on average: the winner is.",
            "Look at one trial, the winner.",
        ),
        Misconception(
            "the other way round",
            lambda v, f: f[_winner(v)] - v[_winner(v)],
            "The sign is turned round: optimism is positive where the validation accuracy is larger than the one on fresh pictures.",
            "Validation minus fresh.",
        ),
        Misconception(
            "sign dropped",
            lambda v, f: abs(v[_winner(v)] - f[_winner(v)]),
            "You drop the sign. A winner can be unlucky too, and be better on fresh pictures than it looked.",
            "No abs.",
        ),
        Misconception(
            "never below 0",
            lambda v, f: max(0, v[_winner(v)] - f[_winner(v)]),
            "You make 0 of what is negative. A winner can be unlucky too, and be better on fresh pictures than it looked: then its optimism is below 0.",
            "The difference as it is, without max(0, ...).",
        ),
        Misconception(
            "the largest difference",
            lambda v, f: float(np.max(np.subtract(v, f))),
            "This is the largest difference of any trial. The winner has the largest validation accuracy, not the largest difference.",
            "Find the winner first, then subtract.",
        ),
        Misconception(
            "the worst trial",
            lambda v, f: v[int(np.argmin(v))] - f[int(np.argmin(v))],
            "You look at the trial with the lowest validation accuracy. An accuracy counts what is right: the winner has the highest.",
            "max, not min.",
        ),
        Misconception(
            "the last of equal ones",
            lambda v, f: v[len(v) - 1 - _winner(v[::-1])] - f[len(v) - 1 - _winner(v[::-1])],
            "Of trials that are equally good on validation you took the last. Take the first, as index and argmax do.",
            "val_accuracies.index(max(val_accuracies)).",
        ),
        Misconception(
            "of equal ones the best on fresh pictures",
            lambda v, f: max(v) - max(fresh for val, fresh in zip(v, f) if val == max(v)),
            "Of trials that are equally good on validation you took the one that is best on fresh pictures. Nobody has those when choosing: take the first.",
            "val_accuracies.index(max(val_accuracies)); max(zip(...)) decides between equal ones by the second number.",
        ),
        Misconception(
            "the last trial",
            lambda v, f: v[-1] - f[-1],
            "You look at the last trial. A search does not end with its best one.",
            "Find the position of the largest validation accuracy.",
        ),
        Misconception(
            "the first trial",
            lambda v, f: v[0] - f[0],
            "You look at the first trial, which need not be the winner.",
            "Find the position of the largest validation accuracy.",
        ),
        Misconception(
            "against the mean of the validation accuracies",
            lambda v, f: float(max(v) - np.mean(v)),
            "You compare the winner with the mean of all trials, on the same pictures. How good it really is, only the fresh ones tell.",
            "fresh_accuracies at the winner's position.",
        ),
        Misconception(
            "against the mean of the fresh accuracies",
            lambda v, f: float(max(v) - np.mean(f)),
            "You subtract the mean of all trials on fresh pictures. The winner has a fresh accuracy of its own.",
            "fresh_accuracies at the winner's position.",
        ),
        Misconception(
            "only what validation says",
            lambda v, f: max(v),
            "This is the winner's validation accuracy. How much of it is luck, the fresh pictures tell.",
            "Subtract the winner's accuracy on the fresh pictures.",
        ),
        Misconception(
            "only what the fresh pictures say",
            lambda v, f: f[_winner(v)],
            "This is the winner's accuracy on fresh pictures, an honest number. The task asks by how much validation was above it.",
            "Subtract it from the winner's validation accuracy.",
        ),
        Misconception(
            "the position",
            lambda v, f: _winner(v),
            "This is the position of the winner. The task asks for a difference of two accuracies.",
            "Look up both accuracies at this position.",
        ),
        Misconception(
            "quotient",
            lambda v, f: v[_winner(v)] / f[_winner(v)],
            "You divide the two accuracies. The task asks for their difference.",
            "Subtract.",
        ),
        Misconception(
            "per cent",
            lambda v, f: 100 * (v[_winner(v)] - f[_winner(v)]),
            "A hundred times too large: accuracies are shares from 0 to 1, and so is their difference.",
            "No factor of 100.",
        ),
        Misconception(
            "a difference for each trial",
            lambda val_accuracies, fresh_accuracies: [v - f for v, f in zip(val_accuracies, fresh_accuracies)],
            "This is the difference of each trial. Only one of them is chosen: the winner.",
            "val_accuracies.index(max(val_accuracies)) is its position.",
        ),
        Misconception(
            "lists subtracted",
            lambda val_accuracies, fresh_accuracies: val_accuracies - fresh_accuracies,
            "Python cannot subtract one list from another. And only one of the trials is asked for.",
            "Find the winner's position first.",
        ),
        Misconception(
            "lists out of step",
            lambda v, f: max(v) - f[0],
            "The two numbers belong to different trials: the fresh one is that of the first trial, or of the last. (Was one list sorted and the other not? Or is it what a loop left behind?)",
            "Find the winner's position in the lists as they are: val_accuracies.index(max(val_accuracies)).",
            also=(lambda v, f: max(v) - f[-1],),
        ),
        Misconception(
            "share of the accuracy",
            lambda v, f: (v[_winner(v)] - f[_winner(v)]) / f[_winner(v)],
            "You divide the difference by an accuracy. The task asks for the difference itself.",
            "Subtract, and leave it at that.",
            also=(lambda v, f: (v[_winner(v)] - f[_winner(v)]) / v[_winner(v)],),
        ),
        Misconception(
            "the two numbers apart",
            lambda v, f: (v[_winner(v)], f[_winner(v)]),
            "Both numbers are right. The task asks for their difference.",
            "The first minus the second.",
        ),
        Misconception(
            "position and difference",
            lambda v, f: (_winner(v), v[_winner(v)] - f[_winner(v)]),
            "The second number is right. The task asks for the difference alone.",
            "Return a single number.",
        ),
        Misconception(
            "one place too far",
            lambda v, f: v[_winner(v) + 1] - f[_winner(v) + 1],
            "You look one place behind the winner (and where it is the last, there is none): positions in a list are counted from 0.",
            "Take the position as index or argmax gives it, without + 1.",
        ),
        Misconception(
            "compared with the first trial only",
            lambda v, f: [a - b for a, b in zip(v, f) if (a, b) == (v[0], f[0]) or a > v[0]][-1],
            "You look at the last trial that is better than the first one: the best accuracy so far is never renewed.",
            "Where a trial is better, keep both: its accuracy and its difference.",
        ),
        Misconception(
            "best accuracy begins at one half",
            lambda v, f: v[_winner(v)] - f[_winner(v)] if max(v) > 0.5 else 0,
            "Your best accuracy begins at one half. Trials that are worse than a coin are never looked at, and one of them may be the best there is.",
            "Begin with the first trial, or with -1.",
            also=(
                lambda v, f: v[_winner(v)] - f[_winner(v)] if max(v) > 0.5 else None,
                lambda v, f: v[_winner(v)] - f[_winner(v)] if max(v) > 0.5 else v[0] - f[0],
            ),
        ),
        Misconception(
            "rest of the fresh accuracies",
            lambda v, f: max(v) - max(fresh for i, fresh in enumerate(f) if i != _winner(v)),
            "You subtract the best of the others on fresh pictures. Their accuracy says nothing about the winner.",
            "fresh_accuracies at the winner's position.",
        ),
        Misconception(
            "against the worst on fresh pictures",
            lambda v, f: max(v) - min(f),
            "You subtract the lowest accuracy on fresh pictures, which belongs to some other trial. The winner has one of its own.",
            "fresh_accuracies at the winner's position.",
        ),
        Misconception(
            "what the choice has lost",
            lambda v, f: max(f) - f[_winner(v)],
            "This is how much better the best trial on fresh pictures is than the winner. The task asks how much better the winner looked than it is.",
            "The winner's validation accuracy minus its accuracy on fresh pictures.",
        ),
        Misconception(
            "all of equal ones",
            lambda val_accuracies, fresh_accuracies: [v - f for v, f in zip(val_accuracies, fresh_accuracies) if v == max(val_accuracies)],
            "This is a list of the differences of all trials with the highest validation accuracy. The task asks for one number, that of the first.",
            "Take the first: [0].",
        ),
        Misconception(
            "mean of equal ones",
            lambda v, f: float(max(v) - np.mean([fresh for val, fresh in zip(v, f) if val == max(v)])),
            "Where several trials are equally good on validation, you take their mean. One of them is chosen: the first.",
            "val_accuracies.index(max(val_accuracies)).",
        ),
        Misconception(
            "the first that beats the first trial",
            lambda v, f: next((a - b for a, b in zip(v, f) if a > v[0]), v[0] - f[0]),
            "You stop at the first trial that is better than the first one. A later one may be better still.",
            "Keep the best in a variable, and put return behind the loop.",
            also=(lambda v, f: next((a - b for a, b in zip(v, f) if a > v[0]), None),),
        ),
        Misconception(
            "first trial left out",
            lambda v, f: v[1 + _winner(v[1:])] - f[1 + _winner(v[1:])],
            "The first trial is never looked at, and it may be the winner.",
            "Go through all trials, from position 0.",
        ),
        Misconception(
            "last trial left out",
            lambda v, f: v[_winner(v[:-1])] - f[_winner(v[:-1])],
            "The last trial is never looked at, and it may be the winner.",
            "range(len(val_accuracies)) goes to the last position by itself: without - 1.",
        ),
    ),
)
def winners_optimism(val_accuracies: list[float], fresh_accuracies: list[float]) -> float:
    """Return by how much the trial with the highest validation accuracy (of equal ones the first) is better there than on fresh pictures."""
    winner = int(np.argmax(val_accuracies))
    return val_accuracies[winner] - fresh_accuracies[winner]
