"""Checks of notebook 04: the loss by hand, one step of training, the best epoch, and when to stop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from numbers import Real

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskkit.checks.exercise import Misconception, describe, exercise


def _losses(rng: np.random.Generator) -> list[list[float]]:
    fixed = [
        [0.7, 0.5, 0.4, 0.45, 0.5],
        [0.6, 0.3, 0.5, 0.2, 0.4],
        [0.5, 0.4, 0.3],
        [0.7, 0.3, 0.6, 0.3, 0.5],
        [0.4, 0.6, 0.5, 0.45],
        [1.9, 1.4, 1.6],  # never below 1
        [0.5134, 0.5127, 0.5131],  # of equals, if they are rounded
        [4000.0, 1500.0, 2500.0],  # of a learning rate that is far too large
    ]
    drawn = [np.round(rng.uniform(0.1, 0.9, n), 2).tolist() for n in rng.integers(4, 12, 5)]
    return [*fixed, *drawn]


def _first_rise(val_losses: list[float], otherwise: int | None = None) -> int | None:
    """The epoch before the loss rises for the first time."""
    return next((i for i in range(1, len(val_losses)) if val_losses[i] > val_losses[i - 1]), otherwise)


def _below_the_first(val_losses: list[float]) -> int:
    """The last epoch whose loss is below that of the first one."""
    return max(epoch for epoch, loss in enumerate(val_losses, 1) if epoch == 1 or loss < val_losses[0])


def _lowest_rounded(digits: int) -> Callable:
    return lambda val_losses: int(np.argmin(np.round(val_losses, digits))) + 1


def _lowest_below(limit: float, before_any: int | None) -> Callable:
    return lambda val_losses: int(np.argmin(val_losses)) + 1 if min(val_losses) < limit else before_any


def _first_fall(val_losses: list[float], compared_with: Callable[[int], int], otherwise: int | None = 1) -> int | None:
    """The first epoch whose loss is below that at another position."""
    return next((i + 1 for i in range(1, len(val_losses)) if val_losses[i] < val_losses[compared_with(i)]), otherwise)


def _with_patience(patience: int) -> Callable:
    """The best epoch until `patience` epochs have brought no better one."""

    def best(val_losses: list[float]) -> int:
        end = _stopped_in(val_losses, patience, None)
        return int(np.argmin(val_losses[:end])) + 1

    return best


@exercise(
    "04",
    cases=lambda rng: [(losses,) for losses in _losses(rng)],
    hints=(
        "Which loss is the lowest, and in which epoch was it, if the first epoch is number 1?",
        "val_losses.index(min(val_losses)) counts from 0.",
    ),
    misconceptions=(
        Misconception(
            "counted from 0",
            lambda val_losses: int(np.argmin(val_losses)),
            "One too small: Python counts positions from 0, but the first epoch is epoch 1.",
            "Add 1 to the position.",
            also=(lambda val_losses: max(1, int(np.argmin(val_losses))),),
        ),
        Misconception(
            "the loss in place of its epoch",
            lambda val_losses: min(val_losses),
            "This is the lowest loss itself; the task asks for the number of its epoch.",
            "At which position does it stand?",
        ),
        Misconception(
            "the last epoch",
            lambda val_losses: len(val_losses),
            "This is the last epoch. Its weights have trained longest, but the loss may have risen since the best one.",
            "Look for the lowest validation loss.",
        ),
        Misconception(
            "the highest loss",
            lambda val_losses: int(np.argmax(val_losses)) + 1,
            "This is the epoch of the highest loss. A loss says how wrong the answers are, so low is good (accuracy is the other way round).",
            "min, not max.",
        ),
        Misconception(
            "the last of equal ones",
            lambda val_losses: len(val_losses) - int(np.argmin(val_losses[::-1])),
            "Of equally low losses the first counts: a later epoch that is merely as good is no better.",
            "index and argmin give the first one.",
        ),
        Misconception(
            "before the first rise",
            lambda val_losses: _first_rise(val_losses, len(val_losses)),
            "This is the epoch before the loss first rises. It may fall lower later on: one bad epoch is no end.",
            "Compare all epochs, not neighbours.",
            also=(_first_rise,),
        ),
        Misconception(
            "the epoch after the best",
            lambda val_losses: int(np.argmin(val_losses)) + 2,
            "One too large: the position counts from 0, so adding 1 is enough.",
            "Add 1, once.",
        ),
        Misconception(
            "all of equal ones",
            lambda val_losses: [i for i, loss in enumerate(val_losses, 1) if loss == min(val_losses)],
            "This is a list of all epochs with the lowest loss. The task asks for one number, the first of them.",
            "Take the first: [0].",
        ),
        Misconception(
            "epoch and loss",
            lambda val_losses: (int(np.argmin(val_losses)) + 1, min(val_losses)),
            "The first number is right. The task asks for the epoch alone.",
            "Return a single number.",
        ),
        Misconception(
            "the first epoch",
            lambda val_losses: 1,
            "This is always 1. (A return inside the loop leaves it after the first epoch; a lowest loss that starts at 0 is never beaten; a list that has been "
            "sorted has its lowest loss in front; and min of pairs takes the one whose first part is lowest.)",
            "Start with the first loss as the lowest, put return behind the loop, and leave the list in its order.",
        ),
        Misconception(
            "the highest loss, counted from 0",
            lambda val_losses: int(np.argmax(val_losses)),
            "Two things: this is the position of the highest loss, and it is counted from 0.",
            "min in place of max, and add 1.",
        ),
        Misconception(
            "the largest fall",
            lambda val_losses: int(np.argmin(np.diff(val_losses))) + 2,
            "This is the epoch in which the loss fell the most. How far it fell does not matter, only where it is the lowest.",
            "Compare the losses, not their differences.",
        ),
        Misconception(
            "the last of equal ones, counted from 0",
            lambda val_losses: len(val_losses) - 1 - int(np.argmin(val_losses[::-1])),
            "Two things: of equally low losses the first counts (<= takes the last, < the first), and the epochs are counted from 1.",
            "< in place of <=, and add 1.",
        ),
        Misconception(
            "the last fall",
            lambda val_losses: max([1, *(i + 1 for i in range(1, len(val_losses)) if val_losses[i] < val_losses[i - 1])]),
            "This is the last epoch whose loss is below that of the epoch before. An earlier one may have been lower still.",
            "Compare with the lowest so far, not with the epoch before.",
        ),
        Misconception(
            "the epoch of the first rise",
            lambda val_losses: _first_rise(val_losses, len(val_losses) - 1) + 1,
            "This is the first epoch whose loss is above that of the epoch before: not the lowest, but the one behind it. And it may fall lower later on.",
            "Compare all epochs, not neighbours.",
            also=(lambda val_losses: _first_rise(val_losses, -1) + 1 or None,),
        ),
        Misconception(
            "compared with the first loss only",
            _below_the_first,
            "This is the last epoch whose loss is below the first one: the lowest loss so far is never renewed.",
            "Where a loss is lower, keep both: the loss, and its epoch.",
        ),
        Misconception(
            "lowest loss begins at 1",
            _lowest_below(1, 1),
            "Your lowest loss begins at 1, or near it. A loss may be above that in every epoch, and then none of them is ever lower.",
            "Begin with the first loss, or with float('inf').",
            also=(_lowest_below(1, 0), _lowest_below(1, None)),
        ),
        Misconception(
            "epoch begins at 0",
            lambda val_losses: int(np.argmin(val_losses)) and int(np.argmin(val_losses)) + 1,
            "Where the first epoch is the best one, your function says 0: the number that it began with.",
            "Begin with epoch 1, or let the loop go through the first loss as well.",
        ),
        Misconception(
            "first epoch left out",
            lambda val_losses: int(np.argmin(val_losses[1:])) + 2,
            "The first epoch is never looked at, and it may be the best one.",
            "Go through all losses, from position 0.",
        ),
        Misconception(
            "last epoch left out",
            lambda val_losses: int(np.argmin(val_losses[:-1])) + 1,
            "The last epoch is never looked at, and it may be the best one.",
            "range(len(val_losses)) goes to the last position by itself: without - 1.",
        ),
        Misconception(
            "1 subtracted",
            lambda val_losses: int(np.argmin(val_losses)) - 1,
            "Two too small: the position counts from 0 and the epochs from 1, so 1 is added, not subtracted.",
            "+ 1 in place of - 1.",
        ),
        Misconception(
            "losses rounded",
            _lowest_rounded(2),
            "The losses are rounded before they are compared, so that close ones look equal and the first of them wins.",
            "Compare them as they are; round when you print.",
            also=(_lowest_rounded(1), _lowest_rounded(3)),
        ),
        Misconception(
            "lowest loss begins at a large number",
            _lowest_below(1000, 1),
            "Your lowest loss begins at a number that looks large enough. With a learning rate that is far too large, every loss can be above it, and then "
            "none of them is ever lower.",
            "Begin with the first loss, or with float('inf').",
            also=(_lowest_below(1000, 0), _lowest_below(1000, None)),
        ),
        Misconception(
            "always 0",
            lambda val_losses: 0,
            "This is always 0, and there is no epoch 0. (A lowest loss that begins at 0 is never beaten.)",
            "Begin with the first loss as the lowest, or with float('inf').",
        ),
        Misconception(
            "1 added to the loss",
            lambda val_losses: min(val_losses) + 1,
            "You add 1 to the lowest loss itself. The 1 belongs to the position at which it stands.",
            "val_losses.index(...) gives the position of a loss.",
        ),
        Misconception(
            "counted from the end",
            lambda val_losses: len(val_losses) - int(np.argmin(val_losses)),
            "You count the epochs from the last one backwards. The first epoch is number 1.",
            "The position in the list as it is, and add 1.",
            also=(lambda val_losses: int(np.argmin(val_losses[::-1])) + 1,),
        ),
        Misconception(
            "the first fall",
            lambda val_losses: _first_fall(val_losses, lambda i: 0),
            "This is the first epoch that is better than what was before. A later one may be better still. (A return inside the loop leaves it there.)",
            "Keep the epoch in a variable, and put return behind the loop.",
            also=(
                lambda val_losses: _first_fall(val_losses, lambda i: 0, None),
                lambda val_losses: _first_fall(val_losses, lambda i: i - 1),
                lambda val_losses: _first_fall(val_losses, lambda i: i - 1, None),
            ),
        ),
        Misconception(
            "stopped looking after some epochs",
            _with_patience(3),
            "You stop looking when some epochs have brought nothing better. That saves time while a network is being trained. Here all losses are known, and "
            "a later one may be lower.",
            "Look at all losses.",
            also=(_with_patience(2),),
        ),
    ),
)
def best_epoch(val_losses: list[float]) -> int:
    """Return the number of the epoch with the lowest validation loss (the first epoch is 1; of equal ones the first)."""
    return int(np.argmin(val_losses)) + 1


def _losses_and_patience(rng: np.random.Generator) -> list[tuple]:
    losses = [*_losses(rng), *_losses(rng)]
    fixed = [
        ([0.5, 0.4, 0.45, 0.42], 2), ([0.5, 0.4, 0.45, 0.42], 3), ([0.5, 0.6, 0.4, 0.5], 2), ([0.5, 0.4, 0.4, 0.4], 2),
        ([0.7, 0.3, 0.6, 0.5, 0.4], 3), ([0.7, 0.3, 0.6, 0.5, 0.4], 4), ([0.6, 0.5, 0.4], 2), ([0.9], 1), ([0.4, 0.5], 1),
        ([0.3, 0.5, 0.2, 0.4, 0.1], 2), ([0.5], 2), ([0.4, 0.3], 3), ([0.4, 0.5], 2), ([0.3, 0.6, 0.5], 3),
    ]  # fmt: skip
    return [*fixed, *((list(history), patience) for history in losses for patience in (1, 2, 3))]


def _waited(val_losses: list[float]) -> int:
    return len(val_losses) - 1 - int(np.argmin(val_losses))


def _misses(val_losses: list[float]) -> int:
    """How many epochs brought no new lowest loss, all told."""
    return sum(loss >= min(val_losses[:i]) for i, loss in enumerate(val_losses) if i)


def _rises_at_the_end(val_losses: list[float]) -> int:
    count = 0
    while count + 1 < len(val_losses) and val_losses[-1 - count] > val_losses[-2 - count]:
        count += 1
    return count


def _ever_stopped(val_losses: list[float], patience: int) -> bool:
    """Whether training would have stopped in this epoch or in an earlier one."""
    return any(_waited(val_losses[:n]) >= patience for n in range(1, len(val_losses) + 1))


def _rises_throughout(val_losses: list[float]) -> bool:
    return all(b > a for a, b in zip(val_losses, val_losses[1:]))


def _not_below_the_first(val_losses: list[float], begin: int = 0) -> int:
    """How many epochs have passed since a loss was below the first one."""
    waited = begin
    for loss in val_losses[1:]:
        waited = 0 if loss < val_losses[0] else waited + 1
    return waited


def _counted(val_losses: list[float], first: int = 0, tie: int = 1) -> int:
    """A counter that begins at `first`, is set to 0 by a new lowest loss, and grows by `tie` where a loss equals the lowest."""
    lowest, waited = val_losses[0], first
    for loss in val_losses[1:]:
        waited = 0 if loss < lowest else waited + (tie if loss == lowest else 1)
        lowest = min(loss, lowest)
    return waited


def _stopped_in(val_losses: list[float], patience: int, otherwise: bool | None = False) -> int | bool | None:
    """The epoch in which training would have stopped."""
    return next((n for n in range(1, len(val_losses) + 1) if _waited(val_losses[:n]) >= patience), otherwise)


def _counted_below(val_losses: list[float], limit: float) -> int:
    """A counter of the epochs without a new lowest loss, where the lowest begins at `limit`."""
    lowest, waited = limit, 0
    for loss in val_losses:
        waited = 0 if loss < lowest else waited + 1
        lowest = min(loss, lowest)
    return waited


def _no_falls_at_the_end(val_losses: list[float]) -> int:
    count = 0
    while count + 1 < len(val_losses) and val_losses[-1 - count] >= val_losses[-2 - count]:
        count += 1
    return count


@exercise(
    "04",
    cases=_losses_and_patience,
    hints=(
        "How many epochs have passed since the lowest loss?",
        "If the lowest loss stands at position best, len(val_losses) - 1 - best epochs have passed since. Compare with patience.",
    ),
    misconceptions=(
        Misconception(
            "one epoch too late",
            lambda val_losses, patience: _waited(val_losses) > patience,
            "You stop one epoch too late: with patience 2 the second epoch without a new best is the last.",
            "Compare with >= in place of >.",
        ),
        Misconception(
            "one epoch too early",
            lambda val_losses, patience: _waited(val_losses) >= patience - 1,
            "You stop one epoch too early: the best epoch itself is not one without improvement.",
            "Count the epochs after the best one.",
            also=(lambda val_losses, patience: len(val_losses) > patience and _waited(val_losses) >= patience - 1,),
        ),
        Misconception(
            "no patience",
            lambda val_losses, patience: len(val_losses) > 1 and val_losses[-1] > val_losses[-2],
            "You stop whenever the last loss is above the one before it. One bad epoch is noise; patience waits for more.",
            "Use patience: how many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "rises in a row counted",
            lambda val_losses, patience: _rises_at_the_end(val_losses) >= patience,
            "You count how often the loss rose in a row. A loss may fall a little and still be above its lowest: those epochs count too.",
            "Compare with the lowest loss so far, not with the epoch before.",
            also=(
                lambda val_losses, patience: _rises_at_the_end(val_losses) >= patience - 1,
                lambda val_losses, patience: _rises_throughout(val_losses[-patience:]),
                lambda val_losses, patience: _rises_throughout(val_losses[-patience - 1 :]),
            ),
        ),
        Misconception(
            "would it ever have stopped",
            _ever_stopped,
            "You say True as well if training would have stopped in an earlier epoch. The task asks about now: a new best since then makes it False.",
            "Look only at the last `patience` epochs: return after the loop, or compare the count with patience once it is over.",
        ),
        Misconception(
            "epochs in a row that did not fall",
            lambda val_losses, patience: _no_falls_at_the_end(val_losses) >= patience,
            "You count how often in a row the loss was no lower than in the epoch before. A loss may fall a little and still be above its lowest: those "
            "epochs count too.",
            "Compare with the lowest loss so far, not with the epoch before.",
            also=(
                lambda val_losses, patience: val_losses[-patience:] == sorted(val_losses[-patience:]),
                lambda val_losses, patience: val_losses[-patience - 1 :] == sorted(val_losses[-patience - 1 :]),
            ),
        ),
        Misconception(
            "not counted anew after an improvement",
            lambda val_losses, patience: _misses(val_losses) >= patience,
            "You count all epochs without a new best since the start. After a new best the counting begins again.",
            "Only the epochs after the lowest loss count.",
        ),
        Misconception(
            "a tie taken for an improvement",
            lambda val_losses, patience: int(np.argmin(val_losses[::-1])) >= patience,
            "You take an equal loss for a new best. Only a lower one is an improvement.",
            "Look for the first of equal losses, or compare with <.",
        ),
        Misconception(
            "patience taken for a number of epochs",
            lambda val_losses, patience: len(val_losses) >= patience,
            "You stop after `patience` epochs whatever the loss does. Patience counts epochs without improvement.",
            "Where in val_losses does the lowest loss stand?",
            also=(lambda val_losses, patience: len(val_losses) > patience,),
        ),
        Misconception(
            "stop and go mixed up",
            lambda val_losses, patience: _waited(val_losses) < patience,
            "It is the other way round: True means stop.",
            "Turn the comparison round.",
            also=(lambda val_losses, patience: _waited(val_losses) <= patience,),
        ),
        Misconception(
            "compared with the epoch `patience` ago",
            lambda val_losses, patience: len(val_losses) > patience and val_losses[-1] >= val_losses[-1 - patience],
            "You compare the last loss with the one `patience` epochs ago. The lowest may lie between or before them.",
            "Compare with the lowest loss so far.",
        ),
        Misconception(
            "above the epoch `patience` ago",
            lambda val_losses, patience: len(val_losses) > patience and val_losses[-1] > val_losses[-1 - patience],
            "You ask whether the last loss is above the one `patience` epochs ago. That one need not be the lowest, and those between may be lower.",
            "Compare with the lowest loss so far.",
        ),
        Misconception(
            "above the epoch `patience` ago, and short lists not thought of",
            lambda val_losses, patience: val_losses[-1] > val_losses[-1 - patience],
            "You compare the last loss with the one `patience` epochs ago, which need not be the lowest. (And early on there is none so far back, which "
            "is an error.)",
            "How many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "compared with the epoch `patience` ago, and short lists not thought of",
            lambda val_losses, patience: val_losses[-1] >= val_losses[-1 - patience],
            "You compare the loss now with the one `patience` epochs ago; the lowest may be another. (And early on there is none so far back, which "
            "is an error.)",
            "How many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "above the first of the last `patience` epochs",
            lambda val_losses, patience: len(val_losses) >= patience and val_losses[-1] > val_losses[-patience],
            "You compare the last loss with val_losses[-patience], the first of the last `patience` epochs: one epoch too near, and it need not be "
            "the lowest.",
            "Compare with the lowest loss so far.",
        ),
        Misconception(
            "above the first of the last `patience` epochs, and short lists not thought of",
            lambda val_losses, patience: val_losses[-1] > val_losses[-patience],
            "You compare the last loss with val_losses[-patience], which need not be the lowest. (And with fewer than `patience` epochs there is no such "
            "loss, which is an error.)",
            "How many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "short lists not thought of",
            lambda val_losses, patience: min(val_losses[-patience:]) >= min(val_losses[:-patience]),
            "The right idea, but with `patience` epochs or fewer there is none before them, and min() of nothing is an error. So "
            "early there is no reason to stop.",
            "First ask: len(val_losses) > patience, and ...",
        ),
        Misconception(
            "patience not used",
            lambda val_losses, patience: val_losses[-1] > min(val_losses),
            "This stops as soon as the last loss is no new lowest. One such epoch is noise; patience waits for more.",
            "How many epochs have passed since the lowest loss?",
            also=(lambda val_losses, patience: len(val_losses) > 1 and val_losses[-1] >= min(val_losses[:-1]),),
        ),
        Misconception(
            "number in place of an answer",
            lambda val_losses, patience: _waited(val_losses),
            "This is how many epochs have passed since the lowest loss, which is the right number. Now compare it with patience.",
            ">= patience gives True or False.",
        ),
        Misconception(
            "exactly in place of at least",
            lambda val_losses, patience: _waited(val_losses) == patience,
            "True only in one epoch: after more than `patience` epochs without a new best it says go on again.",
            ">= in place of ==.",
        ),
        Misconception(
            "nothing in place of False",
            lambda val_losses, patience: True if _waited(val_losses) >= patience else None,
            "Right where it stops. Otherwise your function gives nothing back (None): it needs a return for both cases.",
            "return False at the end, or return the comparison itself.",
        ),
        Misconception(
            "compared with the first loss",
            lambda val_losses, patience: val_losses[-1] > val_losses[0],
            "The last loss is compared with the first one. What counts is the lowest so far, and how long ago it was.",
            "len(val_losses) - 1 - val_losses.index(min(val_losses)).",
        ),
        Misconception(
            "no patience, and the first epoch not thought of",
            lambda val_losses, patience: val_losses[-1] > val_losses[-2],
            "You stop whenever the last loss is above the one before it: one bad epoch is noise, and patience waits for more. "
            "(After the first epoch there is none before it, which is an error.)",
            "Use patience: how many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "first epoch counted",
            lambda val_losses, patience: _counted(val_losses, first=1) >= patience,
            "Your counter takes the first epoch for one without improvement: it is compared with itself, and is not lower.",
            "Begin with float('inf') as the lowest loss, or let the loop begin with the second one.",
        ),
        Misconception(
            "lowest loss never renewed",
            lambda val_losses, patience: _not_below_the_first(val_losses) >= patience,
            "You compare every loss with the first one. What counts is the lowest loss so far, and that one changes.",
            "Where a loss is lower, keep it as the lowest.",
            also=(lambda val_losses, patience: _not_below_the_first(val_losses, begin=1) >= patience,),
        ),
        Misconception(
            "equal losses not counted",
            lambda val_losses, patience: _counted(val_losses, tie=0) >= patience,
            "A loss that equals the lowest is nothing in your function, neither a new best nor an epoch without one. It is no improvement, so it counts.",
            "else in place of elif loss > ...",
        ),
        Misconception(
            "all above the epoch before them",
            lambda val_losses, patience: len(val_losses) > patience and min(val_losses[-patience:]) >= val_losses[-patience - 1],
            "You compare the last `patience` losses with the one just before them. The lowest may stand further back.",
            "min(val_losses[:-patience]) is the lowest before them.",
            also=(
                lambda val_losses, patience: len(val_losses) > patience and min(val_losses[-patience:]) > val_losses[-patience - 1],
                lambda val_losses, patience: min(val_losses[-patience:]) >= val_losses[-patience - 1],
                lambda val_losses, patience: min(val_losses[-patience:]) > val_losses[-patience - 1],
            ),
        ),
        Misconception(
            "one of them is enough",
            lambda val_losses, patience: len(val_losses) > patience and max(val_losses[-patience:]) >= min(val_losses[:-patience]),
            "It is enough for you if one of the last `patience` losses is no lower than those before. All of them have to be.",
            "all in place of any.",
        ),
        Misconception(
            "position of the lowest loss compared with patience",
            lambda val_losses, patience: int(np.argmin(val_losses)) + 1 >= patience,
            "You compare patience with the number of the best epoch. It is to be compared with how many epochs have passed since.",
            "len(val_losses) - 1 - val_losses.index(min(val_losses)).",
            also=(lambda val_losses, patience: int(np.argmin(val_losses)) >= patience,),
        ),
        Misconception(
            "since the highest loss",
            lambda val_losses, patience: len(val_losses) - 1 - int(np.argmax(val_losses)) >= patience,
            "You count the epochs since the highest loss. A loss says how wrong the answers are, so low is good.",
            "min in place of max.",
        ),
        Misconception(
            "patience of 3 taken for granted",
            lambda val_losses, patience: _waited(val_losses) >= 3,
            "Your function waits for 3 epochs, whatever `patience` is.",
            "Use patience in place of the number.",
        ),
        Misconception(
            "number of the epoch in place of True",
            _stopped_in,
            "Where training stops your function gives the number of an epoch. The question is whether it stops now: True or False.",
            "Compare the epochs since the lowest loss with patience, and return that comparison.",
            also=(lambda val_losses, patience: _stopped_in(val_losses, patience, None),),
        ),
        Misconception(
            "never",
            lambda val_losses, patience: False,
            "This is always False. (A return inside the loop leaves it after the first epoch, in which it is always too early to stop; and a lowest loss that "
            "begins at infinity and is never renewed makes every epoch a new best.)",
            "Let the loop end, and compare the count with patience behind it. Where a loss is lower, keep it as the lowest.",
        ),
        Misconception(
            "patience not used, and the first epoch not thought of",
            lambda val_losses, patience: val_losses[-1] >= min(val_losses[:-1]),
            "This stops as soon as one epoch has brought no new lowest loss; patience waits for more. (After the first epoch there is none before it, and "
            "min() of nothing is an error.)",
            "How many epochs have passed since the lowest loss?",
        ),
        Misconception(
            "always",
            lambda val_losses, patience: True,
            "This is always True. (The lowest of all losses is never above the lowest of the last few, which are among them.)",
            "Compare the last `patience` losses with those before them: val_losses[:-patience].",
        ),
        Misconception(
            "means compared",
            lambda val_losses, patience: len(val_losses) > patience and bool(np.mean(val_losses[-patience:]) >= np.mean(val_losses[:-patience])),
            "You compare the mean of the last `patience` losses with the mean of those before. What counts is the lowest: a single loss below it is an "
            "improvement.",
            "min in place of the mean.",
            also=(lambda val_losses, patience: len(val_losses) > patience and bool(np.mean(val_losses[-patience:]) > np.mean(val_losses[:-patience])),),
        ),
        Misconception(
            "all rises counted",
            lambda val_losses, patience: sum(b > a for a, b in zip(val_losses, val_losses[1:])) >= patience,
            "You count all epochs in which the loss rose. What counts is how many epochs have passed since the lowest loss.",
            "len(val_losses) - 1 - val_losses.index(min(val_losses)).",
        ),
        Misconception(
            "all losses above the lowest counted",
            lambda val_losses, patience: sum(loss > min(val_losses) for loss in val_losses) >= patience,
            "You count all epochs whose loss is above the lowest, also those before it. Only the epochs after it count.",
            "len(val_losses) - 1 - val_losses.index(min(val_losses)).",
        ),
        Misconception(
            "only the last epoch looked at",
            lambda val_losses, patience: len(val_losses) > patience and val_losses[-1] >= min(val_losses[:-patience]),
            "Of the last `patience` epochs you look at the last one only. One before it may have been better than all so far.",
            "min(val_losses[-patience:]) in place of val_losses[-1].",
            also=(lambda val_losses, patience: len(val_losses) > patience and val_losses[-1] > min(val_losses[:-patience]),),
        ),
        Misconception(
            "only the first of the last epochs looked at",
            lambda val_losses, patience: val_losses[-patience:][0] > min(val_losses),
            "Of the last `patience` epochs you look at the first one only. (A return in both branches of an if leaves the loop at once.)",
            "return False where a loss is lower, and return True behind the loop.",
            also=(lambda val_losses, patience: len(val_losses) > patience and val_losses[-patience] >= min(val_losses[:-patience]),),
        ),
        Misconception(
            "list cut at the other end",
            lambda val_losses, patience: len(val_losses) > patience and min(val_losses[patience:]) >= min(val_losses[:patience]),
            "You cut the list behind its first `patience` epochs. The question is about the last ones.",
            "val_losses[-patience:] are the last, val_losses[:-patience] those before.",
            also=(lambda val_losses, patience: min(val_losses[patience:]) >= min(val_losses[:patience]),),
        ),
        Misconception(
            "lowest loss begins at a fixed number",
            lambda val_losses, patience: _counted_below(val_losses, 1.0) >= patience,
            "Your lowest loss begins at a fixed number. A loss can be above it in every epoch, and then none is ever counted as the lowest.",
            "Begin with the first loss, or with float('inf').",
            also=(lambda val_losses, patience: _counted_below(val_losses, 1000.0) >= patience,),
        ),
    ),
)
def should_stop(val_losses: list[float], patience: int) -> bool:
    """Return True when the last `patience` epochs, or more, brought no loss below the lowest before them."""
    return _waited(val_losses) >= patience


def _logits_and_targets(rng: np.random.Generator) -> list[tuple]:
    fixed = [([0.0], [1.0]), ([2.0, -1.0], [1.0, 0.0]), ([2.0, -1.0, 3.0], [0.0, 1.0, 1.0]), ([7.0, -3.0, 3.0], [0.0, 1.0, 0.0])]
    drawn = [(rng.normal(0, 2, n), rng.integers(0, 2, n)) for n in rng.integers(4, 20, 4)]
    return [tuple(torch.as_tensor(part, dtype=torch.float32) for part in pair) for pair in [*fixed, *drawn]]


def _each(p: Tensor, targets: Tensor, log=torch.log) -> Tensor:
    """The loss of each picture, with its probability of a mask."""
    return -(targets * log(p) + (1 - targets) * log(1 - p))


def _kept_from_the_ends(least: float) -> Callable:
    return lambda logits, targets: _each(torch.sigmoid(logits).clamp(least, 1 - least), targets).mean()


def _with_added(number: float) -> Callable:
    return lambda logits, targets: _each(torch.sigmoid(logits), targets, lambda p: torch.log(p + number)).mean()


def _wrong_answers(logits: Tensor, targets: Tensor, mask: Callable = torch.gt) -> Tensor:
    """The share of pictures on whose wrong side the logit lies; whether 0 is a mask is left to `mask`."""
    return (mask(logits, 0) != targets.bool()).float().mean()


@exercise(
    "04",
    cases=_logits_and_targets,
    hints=(
        "A logit becomes a probability p with the sigmoid. The loss of a picture is -log of the probability of what is true.",
        "p = torch.sigmoid(logits); -(targets * p.log() + (1 - targets) * (1 - p).log()), and the mean of it.",
    ),
    misconceptions=(
        Misconception(
            "sigmoid forgotten",
            lambda logits, targets: _each(logits, targets).mean(),
            "nan (not a number) or inf comes out: a logarithm of 0 or of a negative number. Are the logits used as if they were probabilities?",
            "Turn logits into probabilities first: torch.sigmoid.",
        ),
        Misconception(
            "brackets around 1 - targets forgotten",
            lambda logits, targets: -(targets * F.logsigmoid(logits) + 1 - targets * F.logsigmoid(-logits)).mean(),
            "× comes before -: without brackets `1 - targets * log(1 - p)` is 1 minus a product.",
            "(1 - targets) * torch.log(1 - p).",
            also=(lambda logits, targets: -(targets * F.logsigmoid(logits) + (1 - targets * F.logsigmoid(-logits))).mean(),),
        ),
        Misconception(
            "sigmoid applied twice",
            lambda logits, targets: F.binary_cross_entropy_with_logits(torch.sigmoid(logits), targets),
            "The sigmoid is applied twice: a loss \"with logits\" applies it by itself.",
            "Give it the logits as they are.",
        ),
        Misconception(
            "minus forgotten",
            lambda logits, targets: -_each(torch.sigmoid(logits), targets).mean(),
            "The loss is negative: the logarithm of a number below 1 is, so the minus in front of it is missing.",
            "Put a minus before the sum.",
        ),
        Misconception(
            "mean forgotten",
            lambda logits, targets: _each(torch.sigmoid(logits), targets),
            "This is the loss of each picture. The loss of a batch is one number, their mean.",
            "End with .mean().",
            also=(lambda logits, targets: _each(torch.sigmoid(logits), targets).tolist(),),
        ),
        Misconception(
            "sum in place of mean",
            lambda logits, targets: _each(torch.sigmoid(logits), targets).sum(),
            "The losses are added up, so a larger batch would have a larger loss. Take the mean.",
            ".mean() in place of .sum().",
        ),
        Misconception(
            "logarithm of the mean",
            lambda logits, targets: -torch.log((targets * torch.sigmoid(logits) + (1 - targets) * torch.sigmoid(-logits)).mean()),
            "You take the mean of the probabilities first and its logarithm then. So one confident mistake among many right answers costs next to nothing.",
            "The logarithm of each picture first, then the mean.",
        ),
        Misconception(
            "logarithm to base 2",
            lambda logits, targets: _each(torch.sigmoid(logits), targets, torch.log2).mean(),
            "This loss is in bits: log2. The loss of torch uses the natural logarithm.",
            "torch.log is the natural logarithm.",
        ),
        Misconception(
            "logarithm to base 10",
            lambda logits, targets: _each(torch.sigmoid(logits), targets, torch.log10).mean(),
            "This loss uses the logarithm to base 10. The loss of torch uses the natural one.",
            "torch.log is the natural logarithm.",
        ),
        Misconception(
            "only the masked faces",
            lambda logits, targets: -(targets * F.logsigmoid(logits)).mean(),
            "Faces without a mask cost nothing here, so a model that always says mask would have no loss at all.",
            "Add the second half: (1 - targets) * log(1 - p).",
            also=(lambda logits, targets: -F.logsigmoid(logits[targets == 1]).mean(),),
        ),
        Misconception(
            "classes swapped",
            lambda logits, targets: _each(torch.sigmoid(logits), 1 - targets).mean(),
            "You pay for the probability of what is not true, as if the classes were swapped. p = 1 / (1 + exp(-logit)) is the probability of a mask, and its "
            "logarithm goes with targets, not with 1 - targets.",
            "targets * log(p) + (1 - targets) * log(1 - p).",
        ),
        Misconception(
            "squared error",
            lambda logits, targets: ((torch.sigmoid(logits) - targets) ** 2).mean(),
            "This is the mean squared error. Cross-entropy takes the logarithm, which punishes confident mistakes far more.",
            "-log of the probability of what is true.",
        ),
        Misconception(
            "softmax in place of sigmoid",
            lambda logits, targets: _each(torch.softmax(logits, dim=0), targets).mean(),
            "The softmax makes the pictures of a batch compete with each other. Each picture has its own probability: sigmoid.",
            "torch.sigmoid in place of softmax.",
        ),
        Misconception(
            "only the bare faces",
            lambda logits, targets: -((1 - targets) * F.logsigmoid(-logits)).mean(),
            "Faces with a mask cost nothing here, so a model that always says no mask would have no loss at all.",
            "Add the first half: targets * log(p).",
            also=(lambda logits, targets: -F.logsigmoid(-logits[targets == 0]).mean(),),
        ),
        Misconception(
            "halves subtracted",
            lambda logits, targets: -(targets * F.logsigmoid(logits) - (1 - targets) * F.logsigmoid(-logits)).mean(),
            "One half is subtracted from the other. Both are losses: they are added, and the minus stands before both.",
            "-(targets * log(p) + (1 - targets) * log(1 - p)): mind the brackets.",
        ),
        Misconception(
            "logarithm forgotten",
            lambda logits, targets: -(targets * torch.sigmoid(logits) + (1 - targets) * (1 - torch.sigmoid(logits))).mean(),
            "This is minus the mean probability of what is true. Its logarithm is missing.",
            "torch.log around p and around 1 - p.",
        ),
        Misconception(
            "absolute error",
            lambda logits, targets: (torch.sigmoid(logits) - targets).abs().mean(),
            "This is the mean distance between probability and target. Cross-entropy takes the logarithm, which punishes "
            "confident mistakes far more.",
            "-log of the probability of what is true.",
        ),
        Misconception(
            "logits given to the loss for probabilities",
            lambda logits, targets: F.binary_cross_entropy(logits, targets),
            "This loss of torch wants probabilities, and you give it logits.",
            "torch.sigmoid first, or the loss \"with logits\".",
        ),
        Misconception(
            "logits and targets exchanged",
            lambda logits, targets: F.binary_cross_entropy_with_logits(targets, logits),
            "Logits and targets have changed places: the prediction comes first, the truth second.",
            "(logits, targets).",
        ),
        Misconception(
            "math.log for a whole batch",
            lambda logits, targets: _each(torch.sigmoid(logits), targets, math.log).mean(),
            "math.log takes one number, not a tensor of several.",
            "torch.log works on all of them at once.",
        ),
        Misconception(
            "minus and mean forgotten",
            lambda logits, targets: -_each(torch.sigmoid(logits), targets),
            "Two things: the losses are negative (put a minus in front), and there is one for each picture (take their mean).",
            "-( ... ).mean().",
        ),
        Misconception(
            "halved",
            lambda logits, targets: F.binary_cross_entropy_with_logits(logits, targets) / 2,
            "Half of what it should be: each picture has one of the two terms, the other is 0. So the sum of both is divided by "
            "the number of pictures only.",
            "Do not divide by 2.",
        ),
        Misconception(
            "targets not used",
            lambda logits, targets: -F.logsigmoid(logits).mean(),
            "Every face is treated as a masked one: the targets do not come in.",
            "targets * log(p) + (1 - targets) * log(1 - p).",
        ),
        Misconception(
            "the first picture only",
            lambda logits, targets: _each(torch.sigmoid(logits), targets)[0],
            "This is the loss of the first picture alone. A return inside the loop leaves it there.",
            "Add up in the loop; divide and return behind it.",
            also=(lambda logits, targets: _each(torch.sigmoid(logits), targets)[0] / len(logits),),
        ),
        Misconception(
            "the last picture only",
            lambda logits, targets: _each(torch.sigmoid(logits), targets)[-1],
            "Only the last picture is left: each one overwrites the loss of the one before.",
            "Add them up: += in place of =.",
            also=(lambda logits, targets: _each(torch.sigmoid(logits), targets)[-1] / len(logits),),
        ),
        Misconception(
            "1 - log(p) in place of log(1 - p)",
            lambda logits, targets: -(targets * F.logsigmoid(logits) + (1 - targets) * (1 - F.logsigmoid(logits))).mean(),
            "For bare faces you take 1 minus the logarithm of p. What is wanted is the logarithm of 1 minus p, the probability of no mask.",
            "torch.log(1 - p).",
        ),
        Misconception(
            "1 minus the logit",
            lambda logits, targets: -(targets * F.logsigmoid(logits) + (1 - targets) * F.logsigmoid(1 - logits)).mean(),
            "The 1 minus stands inside the sigmoid. The probability of no mask is 1 minus the probability, not the sigmoid of 1 minus the logit.",
            "1 - torch.sigmoid(logits).",
        ),
        Misconception(
            "brackets before the mean forgotten",
            lambda logits, targets: -(targets * F.logsigmoid(logits) + (1 - targets) * F.logsigmoid(-logits).mean()),
            ".mean() belongs to the logarithm just before it, and the rest stays one number for each picture.",
            "Brackets around the whole sum, and .mean() behind them.",
            also=(
                lambda logits, targets: -(targets * F.logsigmoid(logits) + ((1 - targets) * F.logsigmoid(-logits)).mean()),
                lambda logits, targets: -targets * F.logsigmoid(logits) + (1 - targets) * F.logsigmoid(-logits).mean(),
                lambda logits, targets: -targets * F.logsigmoid(logits).mean() - (1 - targets) * F.logsigmoid(-logits).mean(),
            ),
        ),
        Misconception(
            "a mean for each class",
            lambda logits, targets: (F.softplus(-logits[targets == 1]).mean() + F.softplus(logits[targets == 0]).mean()) / 2,
            "You take a mean for each class, and then both together. Every picture counts alike here; and of a class without pictures the mean is nan.",
            "Add up the losses of all pictures and divide by how many there are.",
            also=(lambda logits, targets: F.softplus(-logits[targets == 1]).mean() + F.softplus(logits[targets == 0]).mean(),),
        ),
        Misconception(
            "the model's answer taken for the truth",
            lambda logits, targets: F.softplus(-logits.abs()).mean(),
            "You take the larger of p and 1 - p, which is what the model believes. The loss asks for what is true: the targets.",
            "torch.where(targets == 1, p, 1 - p).",
        ),
        Misconception(
            "batches of 32 taken for granted",
            lambda logits, targets: F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / 32,
            "You divide by 32, however many pictures there are.",
            ".mean(), or divide by len(logits).",
        ),
        Misconception(
            "every face taken for a bare one",
            lambda logits, targets: -F.logsigmoid(-logits).mean(),
            "Every face is treated as one without a mask. (In a loop: `is` asks for the very same object, and the targets are tensors.)",
            "== in place of is; or targets * log(p) + (1 - targets) * log(1 - p).",
        ),
        Misconception(
            "probabilities kept too far from 0 and 1",
            _kept_from_the_ends(0.01),
            "The probabilities are kept away from 0 and 1, by clamp or by a number that is added, and so far that the loss of sure and wrong answers changes.",
            "Leave it out, or take 1e-7.",
            also=(_kept_from_the_ends(1e-3), *map(_with_added, (1e-2, 1e-3, 1e-4, 1e-5))),
        ),
        Misconception(
            "share of wrong answers",
            _wrong_answers,
            "This is the share of wrong answers. It does not ask how sure the model was, and the loss does.",
            "-log of the probability of what is true.",
            also=(lambda logits, targets: _wrong_answers(logits, targets, torch.ge),),
        ),
        Misconception(
            "share of right answers",
            lambda logits, targets: 1 - _wrong_answers(logits, targets),
            "This is the accuracy, the share of right answers. It does not ask how sure the model was, and the loss does.",
            "-log of the probability of what is true.",
            also=(lambda logits, targets: 1 - _wrong_answers(logits, targets, torch.ge),),
        ),
        Misconception(
            "logarithm and minus forgotten",
            lambda logits, targets: (targets * torch.sigmoid(logits) + (1 - targets) * torch.sigmoid(-logits)).mean(),
            "This is the mean probability of what is true. The loss of a picture is minus the logarithm of this probability.",
            "torch.log around p and around 1 - p, and a minus in front.",
        ),
        Misconception(
            "minus forgotten, and sum in place of mean",
            lambda logits, targets: -_each(torch.sigmoid(logits), targets).sum(),
            "Two things: the losses are negative (put a minus in front), and they are added up (take their mean).",
            "-( ... ).mean().",
        ),
        Misconception(
            "distance of the logits",
            lambda logits, targets: ((logits - targets) ** 2).mean(),
            "This is the mean distance between logits and targets, squared or not. A logit is no probability yet, and the loss takes the logarithm of one.",
            "torch.sigmoid first, then -log of the probability of what is true.",
            also=(lambda logits, targets: (logits - targets).abs().mean(),),
        ),
        Misconception(
            "the probability in place of the target",
            lambda logits, targets: _each(torch.sigmoid(logits), torch.sigmoid(logits)).mean(),
            "The logarithms are multiplied with the probability, so this says how unsure the model is. What is true does not come in.",
            "targets * log(p) + (1 - targets) * log(1 - p).",
        ),
        Misconception(
            "targets under the logarithm",
            lambda logits, targets: _each(targets, torch.sigmoid(logits)).mean(),
            "inf comes out: the targets stand under the logarithm, and that of 0 is minus infinity.",
            "The logarithm of the probability, multiplied with the target.",
        ),
        Misconception(
            "the first picture left out",
            lambda logits, targets: _each(torch.sigmoid(logits), targets)[1:].sum() / len(logits),
            "The first picture is not looked at.",
            "range(len(logits)) begins at 0.",
            also=(lambda logits, targets: _each(torch.sigmoid(logits), targets)[1:].mean(),),
        ),
        Misconception(
            "the last picture left out",
            lambda logits, targets: _each(torch.sigmoid(logits), targets)[:-1].sum() / len(logits),
            "The last picture is not looked at.",
            "range(len(logits)) goes to the last one by itself: without - 1.",
            also=(lambda logits, targets: _each(torch.sigmoid(logits), targets)[:-1].mean(),),
        ),
        Misconception(
            "probabilities rounded",
            lambda logits, targets: _each(torch.sigmoid(logits).round(), targets).mean(),
            "nan (not a number) or inf comes out: the probabilities are rounded to 0 and 1, and the logarithm of 0 is minus infinity. The loss asks how sure "
            "the model was.",
            "The probabilities as the sigmoid gives them.",
            also=(lambda logits, targets: _each((logits >= 0).float(), targets).mean(),),
        ),
    ),
)
def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean binary cross-entropy (natural logarithm) of logits (B,) with targets (B,), which are 0.0 and 1.0."""
    return F.binary_cross_entropy_with_logits(logits, targets)


# --- one step of training: what it does to the weights is what counts ----------------------------------------------

_LAYERS = {
    "one linear layer": lambda: [],
    "a small convolutional network": lambda: [nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()],
    "a small network with batch normalisation": lambda: [nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU()],
}
_OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.5),
    "SGD with momentum": lambda weights: torch.optim.SGD(weights, lr=0.2, momentum=0.9),
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.05),
}
_STUCK = ((), ("backward",), ("step",), ("backward", "step"), ("step", "backward"))  # what was called, where no weight has moved


@dataclass(frozen=True)
class _Training:
    """A tiny network, an optimiser and some batches: what a training step is tried with, and how a learner is told of it."""

    network: str
    optimizer: str
    sizes: tuple[int, ...]
    pixels: tuple[int, int]
    masks_count: float
    seed: int

    def __str__(self) -> str:
        *sizes, last = self.sizes
        loss = f"a loss in which masks count {self.masks_count:g} times, " if self.masks_count != 1 else ""
        return f"{self.network}, {self.optimizer}, {loss}batches of {', '.join(map(str, sizes))} and {last} pictures"

    def begin(self) -> tuple[nn.Module, torch.optim.Optimizer, nn.Module, list[tuple[Tensor, Tensor]]]:
        """Everything anew, from the seed; the learner's own numbers by lot go on as if nothing had been drawn."""
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(self.seed)
            model = nn.Sequential(*_LAYERS[self.network](), nn.Flatten(), nn.Linear(3 * math.prod(self.pixels), 1), nn.Flatten(0))
            batches = [(torch.rand(n, 3, *self.pixels), (torch.arange(n) + step) % 2.0) for step, n in enumerate(self.sizes)]
        return model, _OPTIMIZERS[self.optimizer](model.parameters()), nn.BCEWithLogitsLoss(pos_weight=torch.tensor(self.masks_count)), batches


def _trainings(rng: np.random.Generator) -> list[tuple]:
    linear, convolutional, normalised = _LAYERS
    kinds = [
        (linear, "SGD", 1.0), (linear, "SGD with momentum", 1.0), (convolutional, "Adam", 1.0), (normalised, "SGD", 1.0), (normalised, "Adam", 1.0),
        (linear, "SGD", 3.0), (convolutional, "SGD with momentum", 2.0),
    ]  # fmt: skip
    sizes = [rng.permutation([1, *rng.choice(range(2, 9), 2, replace=False)]).tolist() for _ in kinds]
    pixels = [rng.permutation([3, 4, 5])[:2].tolist() for _ in kinds]
    return [(_Training(*kind[:2], tuple(n), tuple(p), kind[2], seed),) for seed, (kind, n, p) in enumerate(zip(kinds, sizes, pixels))]


def _weights(model: nn.Module) -> np.ndarray:
    return torch.cat([weights.detach().flatten() for weights in model.parameters()]).cpu().numpy()


def _loss_as_number(loss: object) -> float | None:
    """A loss that was returned; nan if nothing was, and None if it is something else than one number."""
    if loss is None:
        return math.nan
    if isinstance(loss, Tensor):
        loss = loss.detach().cpu()
    return float(loss) if isinstance(loss, Real) or getattr(loss, "shape", None) in ((), (1,)) else None


def _what_steps_do(training_step: Callable) -> Callable:
    """Turn a training step into what several of them in a row do.

    Each gives a row: the loss that was returned, what was called if no weight has moved (its place in `_STUCK`; -1 if some have) and all the weights.
    """

    def steps(training: _Training) -> np.ndarray | object:
        model, optimizer, criterion, batches = training.begin()
        called, rows = [], []
        list(model.parameters())[-1].register_hook(lambda gradient: called.append("backward"))
        optimizer.register_step_pre_hook(lambda *_: called.append("step"))
        for images, targets in batches:
            called.clear()
            before = _weights(model)
            with torch.enable_grad():
                answer = training_step(model, optimizer, criterion, images, targets)
            loss, after = _loss_as_number(answer), _weights(model)
            if loss is None:
                return answer
            stuck = _STUCK.index(tuple(dict.fromkeys(called))) if (before == after).all() else -1
            rows.append([loss, stuck, *after])
        return np.array(rows)

    return steps


def _wrong_step(got: object, expected: np.ndarray) -> str:
    """What is wrong with the steps: what was returned, or where the weights first went astray."""
    if getattr(got, "shape", None) != expected.shape:
        return f"your function gives {describe(got)}, but the task asks for one number, the loss of the batch: loss.item()."
    right = np.isclose(got, expected, 1e-4, 1e-6)
    astray = ~right[:, 1:].all(axis=1)
    step = int(np.argmax(astray)) if astray.any() else int(np.argmin(right[:, 0]))
    yours, its_loss_is_right = got[step, 0], right[step, 0]
    about_loss = (
        "Your function gives nothing back (None)" if np.isnan(yours) else f"Your function gives {yours:.6g} as its loss, but {expected[step, 0]:.6g} is right"
    )
    if not astray.any():
        return f"the weights are right after every step. {about_loss} (step {step + 1})."
    weights = "no weight has moved" if got[step, 1] >= 0 else "the weights are others than they should be"
    if its_loss_is_right:
        about_loss = "The loss that it gives is right, so the mistake is in what comes after it, or in what is carried over from step to step"
    return f"after step {step + 1} {weights}. {about_loss}."


def _step(*calls: str, loss: Callable | None = None, give: Callable | None = None) -> Callable:
    """A training step that computes a loss, makes the calls in this order, and gives something back."""

    def training_step(model, optimizer, criterion, images, targets):
        logits = model(images)
        computed = loss(logits, targets, criterion) if loss else criterion(logits, targets)
        for call in calls:
            {"clear": optimizer.zero_grad, "backward": computed.backward, "step": optimizer.step}[call]()
        return give(computed, logits, targets, model(images), criterion) if give else computed.item()

    return training_step


_RIGHT = ("clear", "backward", "step")


def _without_return(training_step: Callable) -> Callable:
    def without(*arguments):
        training_step(*arguments)

    return without


def _or_without_return(*wrong: Callable) -> dict:
    """`wrong` and `also` of a misconception about the weights, which is as true of a function that forgets its return besides."""
    return {"wrong": wrong[0], "also": (*wrong[1:], *map(_without_return, wrong))}


def _with_an_optimizer_of_its_own(make: Callable) -> Callable:
    return lambda model, optimizer, criterion, images, targets: _step(*_RIGHT)(model, make(model.parameters()), criterion, images, targets)


def _on_other_pictures(change: Callable) -> Callable:
    return lambda model, optimizer, criterion, images, targets: _step(*_RIGHT)(model, optimizer, criterion, change(images), targets)


def _in_evaluation_mode(model, optimizer, criterion, images, targets):
    model.eval()
    return _step(*_RIGHT)(model, optimizer, criterion, images, targets)


def _several_times(times: int, give: int) -> Callable:
    """The whole step, several times on the same batch."""
    return lambda *arguments: [_step(*_RIGHT)(*arguments) for _ in range(times)][give]


def _picture_by_picture(give: Callable) -> Callable:
    """A step for each picture of the batch."""

    def training_step(model, optimizer, criterion, images, targets):
        return give([_step(*_RIGHT)(model, optimizer, criterion, images[i : i + 1], targets[i : i + 1]) for i in range(len(images))])

    return training_step


def _share_right(loss, logits, targets, logits_after, criterion) -> Tensor:
    return ((logits >= 0) == (targets == 1)).float().mean()


def _rounded_to(digits: int) -> Callable:
    return _step(*_RIGHT, give=lambda loss, *_: round(loss.item(), digits))


@exercise(
    "04",
    cases=_trainings,
    observe=_what_steps_do,
    complain=_wrong_step,
    hints=(
        "In words: predict the logits, measure the loss, clear the old gradients, go backward from the loss, take the step. Who does each: the model, the "
        "criterion, the optimiser, or the loss?",
        "The first two lines make something, logits and loss. The three after them only call something: the optimiser's zero_grad(), the loss's backward(), the "
        "optimiser's step(). Mind the brackets ().",
        "logits = model(images), loss = criterion(logits, targets), optimizer.zero_grad(), loss.backward(), optimizer.step(), return loss.item(): a line each.",
    ),
    misconceptions=(
        Misconception(
            "gradients never cleared",
            **_or_without_return(_step("backward", "step")),
            message="The first step is right, the later ones are not: the old gradients are never cleared. PyTorch adds each new gradient to what is there, so "
            "every step also follows the batches before.",
            hint="optimizer.zero_grad(), with its brackets, before loss.backward().",
        ),
        Misconception(
            "cleared between backward and step",
            **_or_without_return(_step("backward", "clear", "step")),
            message="No weight moves: zero_grad() comes after backward() and before step(), so it throws away the gradient that you have just computed.",
            hint="Clear first, then backward, then step.",
        ),
        Misconception(
            "backward forgotten",
            **_or_without_return(_step("clear", "step")),
            message="No weight moves: step() is called, but nobody has computed a gradient. Without one, the optimiser leaves every weight where it is, and PyTorch "
            "does not complain.",
            hint="loss.backward(), with its brackets, before the step.",
        ),
        Misconception(
            "step forgotten",
            **_or_without_return(_step("clear", "backward"), _step("backward")),
            message="No weight moves: the gradient is there, but the step is missing. backward() only computes in which direction to go; it does not go.",
            hint="optimizer.step(), with its brackets, at the end.",
        ),
        Misconception(
            "only measured",
            **_or_without_return(_step(), _step("clear")),
            message="No weight moves: the loss is computed, and nothing follows from it. Neither backward() nor step() was called.",
            hint="Two calls are missing: one of the loss, one of the optimiser. (Without its brackets () a function is named, but not called.)",
        ),
        Misconception(
            "step before backward",
            **_or_without_return(
                _step("step", "clear", "backward"), _step("clear", "step", "backward"), _step("step", "backward"), _step("step", "backward", "clear")
            ),
            message="step() comes before backward(), so the gradient of this batch is not there yet: the step follows an old one, or none at all.",
            hint="backward() first: it says in which direction. Then step().",
        ),
        Misconception(
            "targets first",
            **_or_without_return(_step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(targets, logits))),
            message="In the brackets of criterion the targets come first. It takes them for logits, then, and the logits for the truth: the loss is another, and no "
            "error tells you.",
            hint="The prediction first, the truth second, as in exercise 1.",
        ),
        Misconception(
            "sigmoid before the loss",
            **_or_without_return(_step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(logits.sigmoid(), targets))),
            message="The loss gets probabilities. BCEWithLogitsLoss wants the logits, as the \"with logits\" in its name says: it has a sigmoid inside, and yours is "
            "the second one.",
            hint="criterion(logits, targets), without a sigmoid.",
        ),
        Misconception(
            "nothing returned",
            _without_return(_step(*_RIGHT)),
            "The step is right: every weight is where it should be. But your function gives nothing back (None), and the task asks for the loss. (print shows it, "
            "and gives nothing back.)",
            "return loss.item() as the last line.",
        ),
        Misconception(
            "loss after the step",
            _step(*_RIGHT, give=lambda loss, logits, targets, logits_after, criterion: criterion(logits_after, targets).item()),
            "The step is right. But you give back the loss after it, computed anew; that predicts twice for each batch, and the task asks for the loss that the "
            "step was taken by.",
            "Keep the first loss, and return it.",
        ),
        Misconception(
            "loss of all pictures together",
            _step(*_RIGHT, give=lambda loss, logits, *_: loss.item() * len(logits)),
            "The step is right. But you give back the loss times the number of pictures; the task asks for the loss as criterion gives it, the mean of the batch.",
            "return loss.item().",
        ),
        Misconception(
            "loss divided by the number of pictures",
            _step(*_RIGHT, give=lambda loss, logits, *_: loss.item() / len(logits)),
            "The step is right. But you divide the loss by the number of pictures before you give it back. criterion gives the mean already.",
            "return loss.item().",
        ),
        Misconception(
            "accuracy in place of the loss",
            _step(*_RIGHT, give=_share_right),
            "The step is right. But you give back the share of right answers; the task asks for the loss.",
            "return loss.item().",
        ),
        Misconception(
            "loss rounded",
            _rounded_to(2),
            "The step is right. But the loss that you give back is rounded. Whoever calls the function may want to add it up: give back the number itself.",
            "return loss.item(); round it when you print it.",
            also=(_rounded_to(1), _rounded_to(3)),
        ),
        Misconception(
            "stepped twice",
            **_or_without_return(_step(*_RIGHT, "step"), _several_times(2, 0), _several_times(2, 1), *(_several_times(times, -1) for times in (3, 5, 10))),
            message="Each call takes more than one step on its batch. One is what the task asks for: the loop around it brings the next batch.",
            hint="Each of the five lines once, and no loop in this function.",
        ),
        Misconception(
            "a step for each picture",
            **_or_without_return(_picture_by_picture(lambda losses: losses[-1]), _picture_by_picture(np.mean), _picture_by_picture(sum)),
            message="You take a step for each picture. The model and the criterion take the whole batch at once, and then there is one step, in the mean direction "
            "of all its pictures.",
            hint="No loop over the pictures: model(images).",
        ),
        Misconception(
            "an optimiser of its own",
            **_or_without_return(
                *(_with_an_optimizer_of_its_own(partial(torch.optim.Adam, lr=lr)) for lr in (1e-3, 1e-2, 1e-4)),
                *(_with_an_optimizer_of_its_own(partial(torch.optim.SGD, lr=lr)) for lr in (1e-2, 1e-3, 1e-1)),
            ),
            message="The optimiser that your function is given never steps: the weights are moved by another, with a learning rate of its own. And one that is made "
            "anew for each batch forgets what Adam and momentum remember from the steps before.",
            hint="Use the optimizer in the brackets of `def`: its step() knows the learning rate.",
        ),
        Misconception(
            "a loss of its own",
            **_or_without_return(*(
                _step(*_RIGHT, loss=lambda logits, targets, criterion, loss=loss: loss(logits, targets))
                for loss in (F.binary_cross_entropy_with_logits, F.mse_loss, lambda logits, targets: F.mse_loss(logits.sigmoid(), targets))
            )),
            message="Your function uses a loss of its own (cross-entropy or a squared error), and the criterion that it is given has no say: where masks count more, "
            "for one, the step is wrong.",
            hint="criterion(logits, targets), with the criterion in the brackets of `def`.",
        ),
        Misconception(
            "evaluation mode",
            **_or_without_return(_in_evaluation_mode),
            message="The model is in evaluation mode (eval), which is for validation. Layers such as batch normalisation then go by what they have noted earlier, and "
            "not by this batch.",
            hint="Leave eval() out; in the loop above, model.train() stands before the first batch.",
        ),
        Misconception(
            "loss divided before backward",
            **_or_without_return(
                _step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(logits, targets) / len(logits)),
                _step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(logits, targets) / len(logits), give=lambda loss, logits, *_: loss.item() * len(logits)),
            ),
            message="You divide the loss by the number of pictures before backward(). criterion gives the mean already, so the steps become too short.",
            hint="criterion(logits, targets), as it is.",
        ),
        Misconception(
            "loss multiplied before backward",
            **_or_without_return(
                _step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(logits, targets) * len(logits)),
                _step(*_RIGHT, loss=lambda logits, targets, criterion: criterion(logits, targets) * len(logits), give=lambda loss, logits, *_: loss.item() / len(logits)),
            ),
            message="You multiply the loss by the number of pictures before backward(), so the step of a large batch becomes too long. The mean, as criterion gives "
            "it, is what the learning rate is made for.",
            hint="criterion(logits, targets), as it is.",
        ),
        Misconception(
            "uphill",
            **_or_without_return(
                _step(*_RIGHT, loss=lambda logits, targets, criterion: -criterion(logits, targets)),
                _step(*_RIGHT, loss=lambda logits, targets, criterion: -criterion(logits, targets), give=lambda loss, *_: -loss.item()),
            ),
            message="You take the step uphill: a minus stands before the loss. The optimiser goes downhill by itself.",
            hint="Leave the minus out.",
        ),
        Misconception(
            "pictures scaled again",
            **_or_without_return(_on_other_pictures(lambda images: images / 255)),
            message="You divide the pictures by 255. They come as floats from 0 to 1 already, so they are nearly black now.",
            hint="model(images), with the images as they are.",
        ),
    ),
)
def training_step(model: nn.Module, optimizer: torch.optim.Optimizer, criterion: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Take one step on a batch: predict, measure, clear, backward, step; return the loss."""
    logits = model(images)
    loss = criterion(logits, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
