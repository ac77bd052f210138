"""Checks of notebook 01: class balance, what one number tells, mean images, and groups that leak from one part into another."""

import numpy as np
import torch
from torch import Tensor

from maskkit.checks.exercise import Misconception, exercise


def _targets(rng: np.random.Generator) -> list[tuple]:
    fixed = [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1], [0, 0, 0]]
    drawn = [rng.integers(0, 2, n) for n in rng.integers(5, 60, 4)]
    return [(torch.as_tensor(targets),) for targets in [*fixed, *drawn]]


@exercise(
    "01",
    cases=_targets,
    hints=(
        "How many targets equal 1? And out of how many?",
        "(targets == 1) holds True and False; made floats, they are 1 and 0, and their mean is the share.",
    ),
    misconceptions=(
        Misconception(
            "share of the other class",
            lambda targets: (targets == 0).float().mean(),
            "This is the share without a mask: with_mask has the label 1, without_mask the label 0.",
            "Count the targets that equal 1.",
        ),
        Misconception(
            "number in place of share",
            lambda targets: targets.sum(),
            "This is how many pictures wear a mask; a share is that number divided by how many pictures there are.",
            "Divide by len(targets).",
        ),
        Misconception(
            "per cent in place of share",
            lambda targets: 100 * targets.float().mean(),
            "This is in per cent; the task asks for a share from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "ratio of the two classes",
            lambda targets: (targets == 1).sum() / (targets == 0).sum(),
            "This divides the pictures with a mask by those without, a ratio of two classes. A share divides by all pictures.",
            "The denominator is len(targets).",
        ),
        Misconception(
            "whole-number division",
            lambda targets: (targets == 1).sum() // len(targets),
            "The answer is a whole number: // and int() drop everything behind the decimal point (and `all` asks whether every picture has a mask).",
            "Divide with a single /, and leave the fraction.",
        ),
        Misconception(
            "mean of whole numbers",
            lambda targets: targets.mean(),
            "torch takes no mean of whole numbers (the targets are int64), because a mean is seldom a whole number itself.",
            "Make them floats first: targets.float().",
        ),
        Misconception(
            "share of the larger class",
            lambda targets: max((targets == 1).float().mean(), (targets == 0).float().mean()),
            "This is the share of whichever class is larger; the task asks for with_mask, also where it is the smaller one.",
            "No max is needed.",
        ),
        Misconception(
            "shares of both classes",
            lambda targets: torch.stack([(targets == 0).float().mean(), (targets == 1).float().mean()]),
            "These are the shares of both classes. The task asks for one number, that of with_mask.",
            "Leave out the other.",
            also=(
                lambda targets: [targets.float().mean(), 1 - targets.float().mean()],
                lambda targets: targets.bincount() / len(targets),
            ),
        ),
        Misconception(
            "numbers of both classes",
            lambda targets: targets.bincount(),
            "This counts both classes (bincount counts the 0s, then the 1s). The task asks for one number: what share of all targets are 1?",
            "(targets == 1).sum() / len(targets).",
        ),
        Misconception(
            "divided but not added up",
            lambda targets: (targets == 1) / len(targets),
            "Each True and False is divided by the number of pictures, and as many numbers are left as there are pictures. A share is one number: add them up.",
            "sum first, then divide; or .float().mean().",
        ),
        Misconception(
            "divided before it is compared",
            lambda targets: targets == 1 / len(targets),
            "/ comes before ==, so this compares each target with 1 / n.",
            "Brackets around the comparison, and then its sum: (targets == 1).sum() / len(targets).",
        ),
        Misconception(
            "True and False in place of their share",
            lambda targets: targets == 1,
            "This says for each picture whether it has a mask. What share of them is True?",
            "Their mean, after .float().",
        ),
        Misconception(
            "mean of True and False",
            lambda targets: (targets == 1).mean(),
            "The right idea, but torch takes no mean of True and False.",
            "(targets == 1).float().mean().",
        ),
        Misconception(
            "mean of the masked faces only",
            lambda targets: targets[targets == 1].float().mean(),
            "This picks the 1s and divides by how many they are, which is 1 whatever the data. The zeros must count in the denominator.",
            "Divide by the number of all targets.",
        ),
        Misconception(
            "True and False both counted",
            lambda targets: 1,
            "Your answer is 1 for every input: all pictures are counted. (len(targets == 1) counts the False as well as the True.)",
            "sum counts the True alone.",
        ),
        Misconception(
            "rounded",
            lambda targets: round((targets == 1).float().mean().item(), 2),
            "This is rounded to two digits. Give back the number itself, and round when you print.",
            "Leave out round.",
        ),
        Misconception(
            "left the loop after the first picture",
            lambda targets: (targets[0] == 1) / len(targets),
            "Only the first target is counted: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "number of all pictures",
            lambda targets: len(targets),
            "This is how many pictures there are, with and without a mask.",
            "How many of them equal 1? Then divide.",
        ),
        Misconception(
            "numpy function for a tensor",
            lambda targets: np.mean(targets),
            "np.mean wants an array of numpy; targets is a tensor of torch.",
            "targets.float().mean().",
        ),
        Misconception(
            "nothing counted",
            lambda targets: 0,
            "Your answer is 0 for every input: no comparison comes out true, or nothing is added. A target is the number 1, no name; `is` asks for one and the same object.",
            "== compares values, and n += 1 raises a counter.",
        ),
        Misconception(
            "counter set back in the loop",
            lambda targets: (targets[-1] == 1) / len(targets),
            "Only the last target counts: the counter is set back to 0 in each round of the loop.",
            "Put n = 0 before the loop.",
        ),
        Misconception(
            "last picture forgotten",
            lambda targets: targets[:-1].sum() / len(targets),
            "The last target is not counted: range(n) ends at n - 1 by itself.",
            "range(len(targets)), without - 1.",
        ),
        Misconception(
            "first picture forgotten",
            lambda targets: targets[1:].sum() / len(targets),
            "The first target is not counted: positions begin at 0, not at 1.",
            "range(len(targets)), without the 1.",
        ),
        Misconception(
            "n - 1 in place of n",
            lambda targets: targets.sum() / (len(targets) - 1),
            "This divides by one less than there are pictures. (n - 1 belongs to a standard deviation.) A share divides by all.",
            "len(targets), without - 1.",
        ),
        Misconception(
            "difference of the two shares",
            lambda targets: (targets == 1).float().mean() - (targets == 0).float().mean(),
            "This is the share with a mask minus the share without. The task asks for the first alone.",
            "Leave out the subtraction.",
        ),
        Misconception(
            "share of the smaller class",
            lambda targets: min((targets == 1).float().mean(), (targets == 0).float().mean()),
            "This is the share of whichever class is smaller; the task asks for with_mask, also where it is the larger one.",
            "No min is needed.",
        ),
        Misconception(
            "fraction upside down",
            lambda targets: len(targets) / targets.sum(),
            "The fraction stands upside down: this is all pictures for each one with a mask.",
            "What you count stands above the line, all of them below.",
        ),
        Misconception(
            "rounded to 0 or 1",
            lambda targets: round(targets.float().mean().item()),
            "This is rounded to 0 or 1, or says which class is larger. The task asks for the share itself.",
            "Leave out round, int and >.",
        ),
        Misconception(
            "divided by the number of classes",
            lambda targets: targets.sum() / 2,
            "This divides by 2, as many as there are classes. A share divides by how many pictures there are.",
            "Divide by len(targets).",
        ),
        Misconception(
            "not added up",
            lambda targets: (targets == 1).any() / len(targets),
            "Never more than one picture is counted: the counter is set to 1 and not raised by 1. (=+ is no operator: it sets to plus 1.)",
            "n += 1.",
        ),
        Misconception(
            "True or False in place of a share",
            lambda targets: (targets == 1).any(),
            "This says whether any picture has a mask, True or False. The task asks what share has one.",
            "mean in place of any, after .float().",
        ),
        Misconception(
            "position 1 counted",
            lambda targets: (len(targets) > 1) / len(targets),
            "range(len(targets)) goes through the positions 0, 1, 2 and so on, of which one is the number 1. The task is about what stands at each position.",
            "for target in targets, or targets[i].",
        ),
        Misconception(
            "positions added up",
            lambda targets: sum(range(len(targets))) / len(targets),
            "range(len(targets)) goes through the positions 0, 1, 2 and so on, and these are added up. The task is about what stands at each position.",
            "for target in targets, or targets[i].",
        ),
        Misconception(
            "n + 1 in place of n",
            lambda targets: targets.sum() / (len(targets) + 1),
            "This divides by one more than there are pictures. A share divides by all of them.",
            "len(targets), without + 1.",
        ),
        Misconception(
            "with a mask minus without",
            lambda targets: (targets == 1).sum() - (targets == 0).sum(),
            "This is how many more pictures have a mask than have none. A share is the number of those with a mask, divided by all.",
            "(targets == 1).sum() / len(targets).",
        ),
        Misconception(
            "pictures without a mask for each one with",
            lambda targets: (targets == 0).sum() / (targets == 1).sum(),
            "This divides the pictures without a mask by those with one, a ratio of two classes. A share divides by all pictures.",
            "The ones with a mask stand above the line, all pictures below it.",
        ),
        Misconception(
            "spread in place of share",
            lambda targets: targets.float().std(),
            "This is how far the targets are spread (std and var). Of 0 and 1 the mean is the share of the 1s.",
            "targets.float().mean().",
            also=(
                lambda targets: targets.float().var(),
                lambda targets: targets.float().std(correction=0),
                lambda targets: targets.float().var(correction=0),
            ),
        ),
    ),
)
def class_balance(targets: Tensor) -> float:
    """Return the share of pictures with a mask (target 1), a number from 0 to 1."""
    return (targets == 1).float().mean().item()


def _clues(rng: np.random.Generator) -> list[tuple]:
    """Each with a single best threshold, so that whoever returns the threshold itself is recognised whichever way they search.

    It splits off the largest value alone, the smallest alone, or nothing (the best is to say mask of all, then of none); the next has
    close values and one far away; in two it is the first or the last value; one holds equal values, which no threshold can part; in the
    drawn ones it lies in the middle, in a wide gap.
    """
    fixed = [
        ([0.1, 0.2, 0.7, 1.4, 1.3], [0, 0, 0, 1, 0]),
        ([9.0, 7.0, 5.0, 1.0, 2.0], [0, 0, 0, 1, 0]),
        ([1.0, 2.0, 3.0, 4.0, 6.0], [1, 1, 0, 1, 1]),
        ([30.0, 10.0, 20.0, 55.0, 40.0], [1, 0, 0, 0, 0]),
        ([3.0, 1.0, 2.0, 6.0, 5.0, 40000.0], [0, 1, 0, 1, 1, 1]),
        ([2.0, 1.0, 6.0, 5.0], [0, 0, 1, 1]),
        ([5.0, 6.0, 1.0, 2.0], [1, 1, 0, 0]),
        ([2.0, 2.0, 5.0, 5.0, 5.0, 5.0], [0, 0, 0, 1, 1, 1]),
    ]
    drawn = []
    for shift in (2.5, -2.5):
        targets = rng.integers(0, 2, int(rng.integers(15, 40)))
        drawn.append((10 * (rng.gamma(2.0, 1.0, len(targets)) + shift * targets), targets))
    return [(torch.as_tensor(np.asarray(values), dtype=torch.float32), torch.as_tensor(np.asarray(targets))) for values, targets in [*fixed, *drawn]]


def _shares(values: Tensor, targets: Tensor) -> Tensor:
    """For each value as threshold, the share that is right if masks lie above it."""
    return ((values > values[:, None]) == (targets == 1)).float().mean(dim=1)


def _shares_at_least(values: Tensor, targets: Tensor) -> Tensor:
    """The same if a value at the threshold counts as above it."""
    return ((values >= values[:, None]) == (targets == 1)).float().mean(dim=1)


def _one_side(values: Tensor, targets: Tensor, threshold: Tensor) -> Tensor:
    return ((values > threshold) == (targets == 1)).float().mean()


def _either_side(values: Tensor, targets: Tensor, threshold: Tensor) -> Tensor:
    share = _one_side(values, targets, threshold)
    return torch.maximum(share, 1 - share)


def _either_side_at_least(values: Tensor, targets: Tensor, threshold: Tensor) -> Tensor:
    share = ((values >= threshold) == (targets == 1)).float().mean()
    return torch.maximum(share, 1 - share)


def _pairs_in_order(values: Tensor, targets: Tensor) -> Tensor:
    """The area under the ROC curve: in what share of the pairs the picture with a mask has the larger value."""
    return (values[targets == 1][:, None] > values[targets == 0]).float().mean()


def _correlation(values: Tensor, targets: Tensor) -> Tensor:
    return torch.corrcoef(torch.stack([values, targets.float()]))[0, 1]


def _best_of(values: Tensor, targets: Tensor, thresholds: Tensor) -> Tensor:
    shares = ((values > thresholds[:, None]) == (targets == 1)).float().mean(dim=1)
    return torch.maximum(shares, 1 - shares).max()


def _cut_anywhere(values: Tensor, targets: Tensor) -> Tensor:
    ordered = targets[values.argsort(stable=True)]
    shares = torch.stack([((torch.arange(len(ordered)) >= cut) == (ordered == 1)).float().mean() for cut in range(len(ordered) + 1)])
    return torch.maximum(shares, 1 - shares).max()


def _strictly(values: Tensor, targets: Tensor) -> Tensor:
    shares = torch.stack([torch.where(targets == 1, values > t, values < t).float().mean() for t in values])
    return torch.maximum(shares, 1 - shares).max()


def _loosely(values: Tensor, targets: Tensor) -> Tensor:
    shares = torch.stack([torch.where(targets == 1, values >= t, values <= t).float().mean() for t in values])
    return torch.maximum(shares, 1 - shares).max()


def _between_neighbours(values: Tensor, targets: Tensor) -> Tensor:
    ordered = values.sort().values
    return _best_of(values, targets, (ordered[1:] + ordered[:-1]) / 2)


def _inner_at_least(values: Tensor, targets: Tensor) -> Tensor:
    """What >= finds with all but the smallest and the largest value: the splits that > finds with all but the two largest."""
    return _best_of(values, targets, values.sort().values[:-2])


def _whole_thresholds(values: Tensor, targets: Tensor) -> Tensor:
    return _best_of(values, targets, torch.arange(int(values.min().floor()), int(values.max().ceil()) + 1))


def _threshold_of_the_best(values: Tensor, shares: Tensor) -> Tensor:
    return values[torch.maximum(shares, 1 - shares).argmax()]


def _between_the_means(values: Tensor, targets: Tensor) -> Tensor:
    return _either_side(values, targets, (values[targets == 1].mean() + values[targets == 0].mean()) / 2)


@exercise(
    "01",
    cases=_clues,
    hints=(
        "Every value can be the threshold: try each, and keep the best share. A share below one half is a good one for whoever turns the answer round.",
        "((values > threshold) == (targets == 1)).float().mean() is the share for one threshold, with masks above it; 1 minus that is the share with masks below.",
    ),
    misconceptions=(
        Misconception(
            "masks above only",
            lambda values, targets: _shares(values, targets).max(),
            "This is the best share with the masks above the threshold. Pictures with a mask may have the smaller values just as well.",
            "If a threshold is right for 10 %, turn its answers round: then it is right for 90 %.",
            also=(lambda values, targets: torch.maximum(_shares(values, targets).max(), _shares_at_least(values, targets).max()),),
        ),
        Misconception(
            "masks below only",
            lambda values, targets: (1 - _shares(values, targets)).max(),
            "This is the best share with the masks below the threshold. Pictures with a mask may have the larger values just as well.",
            "Take the better of both sides.",
        ),
        Misconception(
            "masks at the threshold or above only",
            lambda values, targets: _shares_at_least(values, targets).max(),
            "This is the best share with the masks at the threshold or above it. Pictures with a mask may have the smaller values just as well.",
            "If a threshold is right for 10 %, turn its answers round: then it is right for 90 %.",
        ),
        Misconception(
            "masks below only, without the threshold itself",
            lambda values, targets: (1 - _shares_at_least(values, targets)).max(),
            "This is the best share with the masks below the threshold (<). Pictures with a mask may have the larger values just as well.",
            "Take the better of both sides.",
        ),
        Misconception(
            "no threshold outside the values",
            _between_neighbours,
            "A threshold may also lie below or above all values: then everything gets the same answer.",
            "Is there a threshold that says mask of every picture?",
        ),
        Misconception(
            "> for one side and < for the other",
            lambda values, targets: torch.maximum(_shares(values, targets).max(), (1 - _shares_at_least(values, targets)).max()),
            "With > and < no threshold says mask of every picture, which is best where nearly all wear one. A threshold may also lie below or above "
            "all values: then everything gets the same answer.",
            "The other side of > is <=.",
        ),
        Misconception(
            ">= for one side and <= for the other",
            lambda values, targets: torch.maximum(_shares_at_least(values, targets).max(), (1 - _shares(values, targets)).max()),
            "With >= and <= every threshold says mask of some picture, and none says it of none, which is best where hardly any wears one. A threshold "
            "may also lie below or above all values: then everything gets the same answer.",
            "The other side of >= is <.",
        ),
        Misconception(
            "smallest and largest value left out",
            lambda values, targets: _best_of(values, targets, values.sort().values[1:-1]),
            "The smallest and the largest value are left out as thresholds. Only the smallest may have to be told from the rest; and a threshold may also "
            "lie below or above all values: then everything gets the same answer.",
            "Try every value as the threshold, the first and the last too.",
        ),
        Misconception(
            "smallest and largest value left out, with >=",
            _inner_at_least,
            "The smallest and the largest value are left out as thresholds. Only the largest may have to be told from the rest; and a threshold may also "
            "lie below or above all values: then everything gets the same answer.",
            "Try every value as the threshold, the first and the last too.",
        ),
        Misconception(
            "threshold at the mean",
            lambda values, targets: _either_side(values, targets, values.mean()),
            "This takes the mean as the threshold, which is seldom the best one.",
            "Try every value as the threshold.",
        ),
        Misconception(
            "cut between equal values",
            _cut_anywhere,
            "Your cut can go between equal values. They lie on the same side of every threshold.",
            "Compare all values with each threshold: values > threshold.",
        ),
        Misconception(
            "threshold at the median",
            lambda values, targets: _either_side(values, targets, values.median()),
            "This takes the median as the threshold: half of the pictures above it, half below. It is seldom the best one.",
            "Try every value as the threshold.",
            also=(lambda values, targets: _either_side_at_least(values, targets, values.median()),),
        ),
        Misconception(
            "threshold at the mean, masks above",
            lambda values, targets: _one_side(values, targets, values.mean()),
            "This takes the mean as the threshold, with the masks above it. The mean is seldom the best threshold, and masks may lie below as well.",
            "Try every value as the threshold, and take the better of both sides.",
        ),
        Misconception(
            "threshold at the mean, masks below",
            lambda values, targets: 1 - _one_side(values, targets, values.mean()),
            "This takes the mean as the threshold, with the masks below it. The mean is seldom the best threshold, and masks may lie above as well.",
            "Try every value as the threshold, and take the better of both sides.",
        ),
        Misconception(
            "threshold at the median, masks above",
            lambda values, targets: _one_side(values, targets, values.median()),
            "This takes the median as the threshold, with the masks above it. The median is seldom the best threshold, and masks may lie below as well.",
            "Try every value as the threshold, and take the better of both sides.",
        ),
        Misconception(
            "threshold at the median, masks there or above",
            lambda values, targets: ((values >= values.median()) == (targets == 1)).float().mean(),
            "This takes the median as the threshold, with the masks at it or above. The median is seldom the best threshold, and masks may lie below as well.",
            "Try every value as the threshold, and take the better of both sides.",
        ),
        Misconception(
            "threshold at the median, masks below",
            lambda values, targets: 1 - _one_side(values, targets, values.median()),
            "This takes the median as the threshold, with the masks below it. The median is seldom the best threshold, and masks may lie above as well.",
            "Try every value as the threshold, and take the better of both sides.",
        ),
        Misconception(
            "threshold between the means of the classes",
            _between_the_means,
            "This puts the threshold half-way between the means of the two classes. That is a good guess, and often not the best threshold.",
            "Try every value as the threshold.",
        ),
        Misconception(
            "the threshold in place of the share",
            lambda values, targets: _threshold_of_the_best(values, _shares(values, targets)),
            "This is the best threshold itself; the task asks what share it gets right.",
            "Keep the largest share, and not the value that it belongs to.",
        ),
        Misconception(
            "the threshold in place of the share, with >=",
            lambda values, targets: _threshold_of_the_best(values, _shares_at_least(values, targets)),
            "This is the best threshold itself, a value at or above which the answer changes; the task asks what share it gets right.",
            "Keep the largest share, and not the value that it belongs to.",
        ),
        Misconception(
            "the threshold in place of the share, masks above",
            lambda values, targets: values[_shares(values, targets).argmax()],
            "This is a threshold, the best one with the masks above it. The task asks what share it gets right, with the masks on either side.",
            "Keep the largest share, and not the value that it belongs to; 1 - share is that of the other side.",
        ),
        Misconception(
            "left the loop after the first threshold",
            lambda values, targets: _either_side(values, targets, values[0]),
            "Only the first value is tried as the threshold: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
            also=(lambda values, targets: _either_side_at_least(values, targets, values[0]),),
        ),
        Misconception(
            "left the loop after the first threshold, masks above",
            lambda values, targets: _one_side(values, targets, values[0]),
            "Only the first value is tried as the threshold, with the masks above it: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for; and take the better of both sides.",
        ),
        Misconception(
            "left the loop after the smallest threshold",
            lambda values, targets: _either_side(values, targets, values.min()),
            "Only the smallest value is tried as the threshold: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "whole numbers as thresholds",
            _whole_thresholds,
            "Only whole numbers are tried as thresholds. Where the values are close together, as from 0 to 1, none of them lies between two.",
            "Take the values themselves as the thresholds: for threshold in values.",
        ),
        Misconception(
            "evenly spaced thresholds",
            lambda values, targets: _best_of(values, targets, torch.linspace(values.min(), values.max(), 100)),
            "Thresholds at equal distances, as linspace makes them, miss the best one where values lie close together and another far away.",
            "Take the values themselves as the thresholds: for threshold in values.",
        ),
        Misconception(
            "the worst threshold",
            lambda values, targets: torch.minimum(_shares(values, targets), 1 - _shares(values, targets)).min(),
            "This is the share of the worst threshold. The task asks for the best.",
            "Take the maximum in place of the minimum.",
        ),
        Misconception(
            "mean of all thresholds",
            lambda values, targets: torch.maximum(_shares(values, targets), 1 - _shares(values, targets)).mean(),
            "This is the mean over all thresholds: what a threshold that is chosen blindly gets right. The task asks for the best one.",
            "Take the maximum in place of the mean.",
        ),
        Misconception(
            "number in place of share",
            lambda values, targets: (torch.maximum(_shares(values, targets), 1 - _shares(values, targets)).max() * len(targets)).round(),
            "This is how many pictures are right; a share is that number divided by how many pictures there are.",
            "Divide by len(targets), or use mean in place of sum.",
        ),
        Misconception(
            "share of the larger class",
            lambda values, targets: max((targets == 1).float().mean(), (targets == 0).float().mean()),
            "This is the share of the larger class: the values are not used at all.",
            "Compare values with a threshold: values > threshold.",
        ),
        Misconception(
            "mean of True and False",
            lambda values, targets: ((values > values[0]) == (targets == 1)).mean(),
            "torch takes no mean of True and False.",
            "Make floats first: (...).float().mean().",
        ),
        Misconception(
            "first value skipped",
            lambda values, targets: _best_of(values, targets, values[1:]),
            "The first value is never tried as the threshold: positions begin at 0, not at 1.",
            "for threshold in values takes them all.",
        ),
        Misconception(
            "last value skipped",
            lambda values, targets: _best_of(values, targets, values[:-1]),
            "The last value is never tried as the threshold: range(n) ends at n - 1 by itself.",
            "for threshold in values takes them all.",
        ),
        Misconception(
            "best set back in the loop",
            lambda values, targets: _either_side(values, targets, values[-1]),
            "Only the last threshold counts: what was best is set back, or overwritten, in each round of the loop.",
            "Put best = 0 before the loop, and keep the larger of best and the new share.",
            also=(lambda values, targets: _either_side_at_least(values, targets, values[-1]),),
        ),
        Misconception(
            "per cent in place of share",
            lambda values, targets: 100 * _best_of(values, targets, values),
            "This is in per cent; the task asks for a share from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "mean of all thresholds, masks above",
            lambda values, targets: _shares(values, targets).mean(),
            "This is the mean over all thresholds, with the masks above them. The task asks for the best one, on either side.",
            "Take the maximum in place of the mean, and look at 1 - share as well.",
        ),
        Misconception(
            "threshold of 0.5",
            lambda values, targets: _either_side(values, targets, torch.tensor(0.5)),
            "This takes 0.5 as the threshold, whatever the values are. They may go to 255, or below 0.",
            "Try every value as the threshold.",
        ),
        Misconception(
            "threshold of 0.5, masks above",
            lambda values, targets: _one_side(values, targets, torch.tensor(0.5)),
            "This takes 0.5 as the threshold, with the masks above it, as if the values were probabilities. They may be any numbers.",
            "Try every value as the threshold, and both sides.",
        ),
        Misconception(
            "threshold half-way between smallest and largest",
            lambda values, targets: _either_side(values, targets, (values.min() + values.max()) / 2),
            "This puts the threshold half-way between the smallest and the largest value, which is seldom the best one.",
            "Try every value as the threshold.",
        ),
        Misconception(
            "thresholds from 0 to 1",
            lambda values, targets: _best_of(values, targets, torch.linspace(0, 1, 101)),
            "Only thresholds from 0 to 1 are tried. The values may be larger, or below 0.",
            "Take the values themselves as the thresholds: for threshold in values.",
        ),
        Misconception(
            "the value at the threshold counted for neither class",
            lambda values, targets: _strictly(values, targets),
            "With > for masks and < for the others, the picture that lies at the threshold itself is never right (or, turned round, always).",
            "The other side of > is <=.",
        ),
        Misconception(
            "the value at the threshold counted for both classes",
            lambda values, targets: _loosely(values, targets),
            "With >= for masks and <= for the others, the picture that lies at the threshold itself is always right (or, turned round, never).",
            "The other side of >= is <.",
        ),
        Misconception(
            "& in place of ==",
            lambda values, targets: max(((values > t) & (targets == 1)).float().mean() for t in values),
            "Only pictures with a mask count here, which are most for the lowest threshold. One without a mask that lies on the other side is right, too.",
            "Compare the two answers: (values > threshold) == (targets == 1).",
            also=(lambda values, targets: max(((values >= t) & (targets == 1)).float().mean() for t in values),),
        ),
        Misconception(
            "values sorted without their targets",
            lambda values, targets: _best_of(values.sort().values, targets, values),
            "The values are sorted and the targets are not, so that a value stands beside the target of another picture.",
            "No sorting is needed: every value can be a threshold, in any order. (Else sort both by the same order: order = values.argsort().)",
        ),
        Misconception(
            "always 1",
            lambda values, targets: 1,
            "Your answer is 1 for every input, as if a threshold could always tell all of them apart. (`values > threshold` by itself asks nothing about masks, and with & "
            "a picture without one is never right; of the masks alone, all are found by a low enough threshold; and values that are sorted have lost their targets.)",
            "Compare two answers for each picture: (values > threshold) == (targets == 1).",
        ),
        Misconception(
            "pairs in order",
            _pairs_in_order,
            "This is the share of pairs, one picture of each class, in which the picture with a mask has the larger value (AUC). The task asks what share of the "
            "pictures one threshold gets right.",
            "Try every value as the threshold.",
            also=(lambda values, targets: torch.maximum(_pairs_in_order(values, targets), 1 - _pairs_in_order(values, targets)),),
        ),
        Misconception(
            "correlation",
            _correlation,
            "This is a correlation: how well a straight line fits. The task asks what share of the pictures one threshold gets right.",
            "Try every value as the threshold.",
            also=(lambda values, targets: _correlation(values, targets).abs(),),
        ),
        Misconception(
            "the targets as thresholds",
            lambda values, targets: max(_either_side_at_least(values, targets, t) for t in targets),
            "The thresholds are taken from the targets, so only 0 and 1 are tried. The values may be any numbers.",
            "for threshold in values.",
        ),
        Misconception(
            "threshold in the middle of 0 and 255",
            lambda values, targets: _either_side(values, targets, torch.tensor(127.0)),
            "The threshold is the middle of 0 and 255, whatever the values are. They may be any numbers, also below 1.",
            "Try every value as the threshold.",
            also=(
                lambda values, targets: _either_side(values, targets, torch.tensor(128.0)),
                lambda values, targets: _one_side(values, targets, torch.tensor(127.0)),
                lambda values, targets: _one_side(values, targets, torch.tensor(128.0)),
            ),
        ),
        Misconception(
            "smallest value skipped",
            lambda values, targets: _best_of(values, targets, values.sort().values[1:]),
            "The smallest value is never tried as the threshold: positions begin at 0, not at 1.",
            "for threshold in values takes them all.",
        ),
        Misconception(
            "values compared with the targets",
            lambda values, targets: (values > targets).float().mean(),
            "This compares each value with its target, 0 or 1. A value is any number, and says mask or no mask only when it is compared with a threshold.",
            "((values > threshold) == (targets == 1)) for every threshold.",
        ),
    ),
)
def clue_accuracy(values: Tensor, targets: Tensor) -> float:
    """Return the largest share of targets that one threshold on the values gets right, with the masks on either side of it."""
    shares = ((values > values[:, None]) == (targets == 1)).float().mean(dim=1)  # row i: values[i] is the threshold
    return torch.maximum(shares, 1 - shares).max().item()


def _images(rng: np.random.Generator) -> list[tuple]:
    shapes = [(2, 3, 2, 2), (6, 3, 4, 5), *((int(rng.integers(2, 9)), 3, *rng.integers(3, 9, 2)) for _ in range(3))]
    return [(torch.as_tensor(rng.integers(0, 256, shape), dtype=torch.uint8),) for shape in shapes]


def _halved(images: Tensor) -> Tensor:
    mean = images[0].float()
    for image in images[1:]:
        mean = (mean + image) / 2
    return mean


def _sum_in_uint8(images: Tensor) -> Tensor:
    total = torch.zeros_like(images[0])
    for image in images:
        total = total + image
    return total / len(images)


@exercise(
    "01",
    cases=_images,
    hints=(
        "The mean picture has the shape of one picture, (3, H, W): which axis has to go?",
        "Axis 0 counts the pictures. mean() needs floats: images.float().",
    ),
    misconceptions=(
        Misconception(
            "mean over everything",
            lambda images: images.float().mean(),
            "This is one number, the mean of all pixels of all pictures. The mean picture has a value for every pixel.",
            "Tell mean over which axis to go: mean(dim=...).",
        ),
        Misconception(
            "mean over the channels",
            lambda images: images.float().mean(dim=1),
            "This is a grey version of each picture: axis 1 are the colour channels. The mean goes over the pictures.",
            "The pictures are counted along axis 0.",
        ),
        Misconception(
            "mean of each channel",
            lambda images: images.float().mean(dim=(0, 2, 3)),
            "These are three numbers, the mean colour. The mean picture keeps its height and width.",
            "Leave dimensions 2 and 3 alone: only the pictures are averaged.",
        ),
        Misconception(
            "mean of each picture",
            lambda images: images.float().mean(dim=(1, 2, 3)),
            "This is one number for each picture, its brightness. It should be one number for each pixel.",
            "It is the other way round: average over the pictures, axis 0, and keep the other axes.",
        ),
        Misconception(
            "mean of each channel of each picture",
            lambda images: images.float().mean(dim=(2, 3)),
            "This is one number for each picture and channel, its mean colour: the rows and columns were averaged. The mean picture keeps them.",
            "It is the other way round: average over the pictures, axis 0, and keep the other axes.",
        ),
        Misconception(
            "first picture only",
            lambda images: images[0].float(),
            "This is the first picture. Look for a [0], or for a return inside the loop, which leaves the function at once.",
            "All pictures count: add them up and divide by their number, or take the mean over axis 0.",
        ),
        Misconception(
            "mean of whole numbers",
            lambda images: images.mean(dim=0),
            "torch takes no mean of whole numbers (pixels are uint8), because a mean is seldom a whole number itself.",
            "Make them floats first: images.float().",
        ),
        Misconception(
            "fractions cut off",
            lambda images: images.float().mean(dim=0).to(torch.uint8),
            "The fractions are cut off: uint8, .long() and // leave whole numbers only. The task asks for floats.",
            "Leave the result as it is, a float tensor.",
        ),
        Misconception(
            "sum in uint8",
            _sum_in_uint8,
            "The sum runs over: uint8 ends at 255, and 200 + 100 becomes 44. So the mean comes out far too dark.",
            "Make floats of the pictures before you add them.",
        ),
        Misconception(
            "sum in place of mean",
            lambda images: images.float().sum(dim=0),
            "This is the sum of the pictures; the mean divides it by their number.",
            "Divide by len(images), or use mean.",
        ),
        Misconception(
            "median in place of mean",
            lambda images: images.float().median(dim=0).values,
            "This is the median, the picture in the middle of the order; the task asks for the mean.",
            "Use mean in place of median.",
        ),
        Misconception(
            "scaled to [0, 1]",
            lambda images: images.float().mean(dim=0) / 255,
            "These are pixels from 0 to 1. The task asks for the scale of the input, 0 to 255.",
            "Leave out the division by 255.",
        ),
        Misconception(
            "mean over the rows",
            lambda images: images.float().mean(dim=2),
            "The rows are gone and the pictures are still all there: axis 2 are the rows. The mean goes over the pictures.",
            "The pictures are counted along axis 0.",
        ),
        Misconception(
            "mean over the columns",
            lambda images: images.float().mean(dim=3),
            "The columns are gone and the pictures are still all there: the last axis are the columns. The mean goes over the pictures.",
            "The pictures are counted along axis 0.",
        ),
        Misconception(
            "mean over pictures and channels",
            lambda images: images.float().mean(dim=(0, 1)),
            "This is a grey mean picture: the channels are averaged as well.",
            "Only axis 0 goes; the three channels stay.",
        ),
        Misconception(
            "an axis of length 1 kept",
            lambda images: images.float().mean(dim=0, keepdim=True),
            "The numbers are right, but there is an axis of length 1 in front: this is a batch of one picture.",
            "Leave out keepdim, or take [0].",
        ),
        Misconception(
            "channels last",
            lambda images: images.float().mean(dim=0).permute(1, 2, 0),
            "The mean is right, but the channels stand last, (H, W, 3), as for drawing. Tensors keep them first, (3, H, W).",
            "Leave out the permute.",
        ),
        Misconception(
            "rounded",
            lambda images: images.float().mean(dim=0).round(),
            "These are rounded to whole numbers. A mean of pixels has fractions, and they are wanted.",
            "Leave out the rounding.",
        ),
        Misconception(
            "first picture counted twice",
            lambda images: (images.float().sum(dim=0) + images[0]) / len(images),
            "The first picture is counted twice: the sum starts with it, and the loop adds it again.",
            "Start with zeros: torch.zeros(images.shape[1:]).",
        ),
        Misconception(
            "sum in uint8, whole-number division",
            lambda images: _sum_in_uint8(images).mul(len(images)).round().to(torch.uint8) // len(images),
            "Two things go wrong: the sum runs over (uint8 ends at 255), and // cuts off the fractions.",
            "Make floats first, and divide with a single /.",
        ),
        Misconception(
            "brightest in place of mean",
            lambda images: images.float().max(dim=0).values,
            "This is the brightest value at each place; the task asks for the mean.",
            "Use mean in place of max.",
        ),
        Misconception(
            "last picture only",
            lambda images: images[-1].float(),
            "This is the last picture. In a loop, total = image forgets all the others.",
            "total = total + image adds up.",
        ),
        Misconception(
            "last picture divided by their number",
            lambda images: images[-1] / len(images),
            "Only the last picture is left, divided by their number: total = image forgets all the others.",
            "total = total + image adds up.",
        ),
        Misconception(
            "first picture divided by their number",
            lambda images: images[0] / len(images),
            "Only the first picture is added: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "last picture forgotten",
            lambda images: images[:-1].float().sum(dim=0) / len(images),
            "The last picture is not added: range(n) ends at n - 1 by itself.",
            "for image in images takes them all.",
            also=(lambda images: images[:-1].float().mean(dim=0),),
        ),
        Misconception(
            "first picture forgotten",
            lambda images: images[1:].float().sum(dim=0) / len(images),
            "The first picture is not added: positions begin at 0, not at 1.",
            "for image in images takes them all.",
            also=(lambda images: images[1:].float().mean(dim=0),),
        ),
        Misconception(
            "n - 1 in place of n",
            lambda images: images.float().sum(dim=0) / (len(images) - 1),
            "This divides by one less than there are pictures. (n - 1 belongs to a standard deviation.) A mean divides by all.",
            "len(images), without - 1.",
        ),
        Misconception(
            "divided by the channels",
            lambda images: images.float().sum(dim=0) / 3,
            "The sum over the pictures is divided by 3, the number of channels. A mean divides by the number of pictures.",
            "Divide by len(images).",
        ),
        Misconception(
            "divided by 255 in place of their number",
            lambda images: images.float().sum(dim=0) / 255,
            "The sum is divided by 255, the largest value of a pixel. A mean divides by the number of pictures.",
            "Divide by len(images).",
        ),
        Misconception(
            "divided by the number of all pixels",
            lambda images: images.float().sum(dim=0) / images.numel(),
            "The sum over the pictures is divided by how many numbers there are in all of them. At each place as many were added as there are pictures.",
            "Divide by len(images).",
        ),
        Misconception(
            "sum in uint8, not divided",
            lambda images: _sum_in_uint8(images).mul(len(images)).round(),
            "Two things: the sum runs over (uint8 ends at 255), and it is not divided by the number of pictures.",
            "Make floats first, add, and divide by len(images).",
        ),
        Misconception(
            "rows and columns swapped",
            lambda images: images.float().mean(dim=0).transpose(1, 2),
            "The mean is right, but rows and columns changed places: the shape stays (3, H, W).",
            "Leave out the transpose.",
        ),
        Misconception(
            "mean of the mean so far and the next",
            _halved,
            "(mean + image) / 2 gives the last picture half of all weight, the one before it a quarter, and so on. In a mean all count alike.",
            "Add all of them up first, and divide once, by their number.",
        ),
        Misconception(
            "red and blue exchanged",
            lambda images: images.float().mean(dim=0).flip(0),
            "The mean is right, but red and blue have changed places: the channels stand in the opposite order.",
            "Leave the order of the channels as it is.",
        ),
        Misconception(
            "grey in all three channels",
            lambda images: images.float().mean(dim=(0, 1)).expand(3, -1, -1),
            "All three channels are the same, a grey picture: the channels were averaged as well.",
            "Only axis 0 goes; the three channels keep their own values.",
        ),
        Misconception(
            "half precision",
            lambda images: images.float().mean(dim=0).half(),
            "These are floats of 16 bits, which keep about three digits. That is too few for a mean on the scale 0 to 255.",
            "images.float(), which has 32 bits.",
            also=(
                lambda images: images.half().mean(dim=0),
                lambda images: images.half().sum(dim=0) / len(images),
            ),
        ),
        Misconception(
            "halved in place of divided by their number",
            lambda images: images.float().sum(dim=0) / 2,
            "The sum is divided by 2, which is right for two pictures only.",
            "Divide by len(images).",
        ),
        Misconception(
            "multiplied by 255",
            lambda images: images.float().mean(dim=0) * 255,
            "The mean is multiplied by 255, but the pixels go up to 255 already.",
            "Leave out the 255.",
        ),
        Misconception(
            "spread in place of mean",
            lambda images: images.float().std(dim=0),
            "This is how far the pictures differ at each place (std). The task asks for their mean.",
            "Use mean in place of std.",
            also=(lambda images: images.float().std(dim=0, correction=0),),
        ),
        Misconception(
            "middle of the darkest and the brightest",
            lambda images: (images.float().max(dim=0).values + images.float().min(dim=0).values) / 2,
            "This is the middle between the darkest and the brightest value at each place. In a mean all pictures count alike.",
            "Use mean.",
        ),
        Misconception(
            "pixels taken for signed bytes",
            lambda images: images.view(torch.int8).float().mean(dim=0),
            "Pixels above 127 became negative: int8 goes from -128 to 127.",
            "images.float().",
        ),
    ),
)
def mean_image(images: Tensor) -> Tensor:
    """Return the mean picture of uint8 images (N, 3, H, W): floats of the shape (3, H, W), on the scale 0 to 255."""
    return images.float().mean(dim=0)


def _groups(rng: np.random.Generator) -> list[tuple]:
    names = np.array(["train", "val", "test"])
    fixed = [
        ([7, 7, 8, 9], ["train", "test", "train", "val"]),
        ([3, 5, 3, 5, 6], ["train", "val", "train", "test", "test"]),
        ([4, 4, 4, 2, 2], ["train", "val", "test", "val", "val"]),
        ([11, 12, 13], ["train", "val", "test"]),
    ]
    drawn = [(rng.integers(20, 20 + n // 2, n), names[rng.integers(0, 3, n)]) for n in rng.integers(8, 24, 4)]
    return [(np.asarray(groups), np.asarray(split)) for groups, split in [*fixed, *drawn]]


def _parts_of(groups: np.ndarray, split: np.ndarray) -> dict[int, set[str]]:
    return {int(g): {str(s) for s in split[groups == g]} for g in np.unique(groups)}


def _each_time(groups: np.ndarray, split: np.ndarray) -> list[int]:
    places = _parts_of(groups, split)
    return [int(g) for g in groups if len(places[int(g)]) > 1]


def _each_pair(groups: np.ndarray, split: np.ndarray) -> list[int]:
    pairs = ((i, j) for i in range(len(groups)) for j in range(i + 1, len(groups)))
    return [int(groups[i]) for i, j in pairs if groups[i] == groups[j] and split[i] != split[j]]


def _next_to_each_other(groups: np.ndarray, split: np.ndarray) -> set[int]:
    pairs = range(len(groups) - 1)
    return {int(groups[i]) for i in pairs if groups[i] == groups[i + 1] and split[i] != split[i + 1]}


def _each_change(groups: np.ndarray, split: np.ndarray) -> list[int]:
    """A group each time that its next picture stands in another part than the one before."""
    last, changed = {}, []
    for group, part in zip(groups, split):
        if last.setdefault(group, part) != part:
            changed.append(int(group))
        last[group] = part
    return changed


def _unlike_the_last(groups: np.ndarray, split: np.ndarray) -> list[int]:
    last = dict(zip(groups, split))
    return [int(g) for g, part in zip(groups, split) if last[g] != part]


def _in_part(groups: np.ndarray, split: np.ndarray, name: str) -> set[int]:
    return {int(g) for g in groups[split == name]}


def _whole_numbers(answer: object) -> list[int]:
    numbers = list(answer)
    if isinstance(answer, (dict, str)) or any(isinstance(number, str) for number in numbers):
        raise TypeError("not a list of numbers")
    return sorted(int(number) for number in numbers)


@exercise(
    "01",
    cases=_groups,
    canonical=_whole_numbers,
    hints=(
        "Pictures of one group are near-duplicates. Take one group: in which parts (train, val, test) do its pictures stand?",
        "set(split[groups == number]) holds the parts in which one group stands; for which numbers has it more than one element?",
    ),
    misconceptions=(
        Misconception(
            "every group of several pictures",
            lambda groups, split: [g for g in np.unique(groups) if (groups == g).sum() > 1],
            "These are the groups that have more than one picture. That does no harm while all of them stand in the same part.",
            "Count the different parts in which a group stands, not its pictures.",
        ),
        Misconception(
            "only train and test compared",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if {"train", "test"} <= s],
            "Groups that stand in train and val, or in val and test, are missing: validation decides which model is kept, so a "
            "leak into it misleads as well.",
            "Ask for more than one part, whichever they are.",
        ),
        Misconception(
            "only train compared with the others",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if "train" in s and len(s) > 1],
            "Groups that stand in val and test, but not in train, are missing: there too one picture is seen twice.",
            "Ask for more than one part, whichever they are.",
        ),
        Misconception(
            "a group must be in all three parts",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if len(s) == 3],
            "Only groups that stand in all three parts are found. Two are enough for a leak.",
            "More than one part: len(...) > 1.",
        ),
        Misconception(
            "positions in place of group numbers",
            lambda groups, split: [i for i, g in enumerate(groups) if len(_parts_of(groups, split)[int(g)]) > 1],
            "These are the positions of the pictures; the task asks for the numbers of their groups.",
            "groups[i] is the group number of the picture at position i.",
        ),
        Misconception(
            "a group named once for each picture",
            _each_time,
            "The groups are right, but each comes once for every picture in it. Name each group once.",
            "A set holds everything once.",
        ),
        Misconception(
            "the groups that do not leak",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if len(s) == 1],
            "It is the other way round: these groups stand in one part only, as they should.",
            "Turn the comparison round.",
        ),
        Misconception(
            "only neighbours compared",
            _next_to_each_other,
            "Only pictures that follow each other are compared; those of a group need not stand next to each other.",
            "For each group number look at all of its pictures: groups == number.",
            also=(lambda groups, split: [g for g, h, a, b in zip(groups, groups[1:], split, split[1:]) if g == h and a != b],),
        ),
        Misconception(
            "how many in place of which",
            lambda groups, split: sum(len(s) > 1 for s in _parts_of(groups, split).values()),
            "This is how many groups leak; the task asks which ones.",
            "Collect the group numbers in a list or a set.",
        ),
        Misconception(
            "only test compared with the others",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if "test" in s and len(s) > 1],
            "Groups that stand in train and val, but not in test, are missing: validation decides which model is kept, so such a "
            "leak misleads as well.",
            "Ask for more than one part, whichever they are.",
        ),
        Misconception(
            "only train and val compared",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if {"train", "val"} <= s],
            "Only train and val are compared. What about the test part?",
            "Ask for more than one part, whichever they are.",
        ),
        Misconception(
            "only val and test compared",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if {"val", "test"} <= s],
            "Only val and test are compared. What about the training part?",
            "Ask for more than one part, whichever they are.",
        ),
        Misconception(
            "exactly two parts",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if len(s) == 2],
            "Groups that stand in all three parts are missing: that is more than one, too.",
            "More than one: > 1, not == 2.",
        ),
        Misconception(
            "all groups",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if True],
            "These are all the groups. Which of them stand in more than one part?",
            "len(set(split[groups == number])) > 1.",
        ),
        Misconception(
            "True or False for each group",
            lambda groups, split: [len(s) > 1 for s in _parts_of(groups, split).values()],
            "This says for each group, or for each picture, whether its group leaks. The task asks for the numbers of those groups that do.",
            "Keep the group number where the condition holds: [g for g in ... if ...].",
            also=(lambda groups, split: [len(_parts_of(groups, split)[int(g)]) > 1 for g in groups],),
        ),
        Misconception(
            "a group named once for each pair",
            _each_pair,
            "The groups are right, but each comes again for every two pictures of it that stand in different parts. Name each group once.",
            "A set holds everything once.",
            also=(lambda groups, split: [g for g, a in zip(groups, split) for h, b in zip(groups, split) if g == h and a != b],),
        ),
        Misconception(
            "a group named once for each pair of parts",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() for _ in range(len(s) * (len(s) - 1) // 2)],
            "The groups are right, but one that stands in all three parts comes once for every two of them. Name each group once.",
            "A set holds everything once.",
        ),
        Misconception(
            "first group only",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if len(s) > 1][:1],
            "Only the first group that leaks is named: return leaves the function at once, also from inside a loop.",
            "Collect the numbers in a list, and put return behind the loop, as far to the left as for.",
            also=(lambda groups, split: next((g for g, s in _parts_of(groups, split).items() if len(s) > 1), None),),
        ),
        Misconception(
            "last group only",
            lambda groups, split: [g for g, s in [*_parts_of(groups, split).items()][-1:] if len(s) > 1],
            "Only the last group is looked at: the list is emptied in each round of the loop.",
            "Put leaked = [] before the loop.",
        ),
        Misconception(
            "first and last picture compared",
            lambda groups, split: [g for g in np.unique(groups) if split[groups == g][0] != split[groups == g][-1]],
            "Only the first and the last picture of a group are compared. One between them may stand in another part.",
            "How many different parts are there in split[groups == number]?",
        ),
        Misconception(
            "as many groups as pictures taken for granted",
            lambda groups, split: [g for g in range(len(groups)) if len(set(split[groups == g])) > 1],
            "Only the numbers below the number of pictures are tried, but a group can have any number.",
            "np.unique(groups) holds the numbers that occur.",
        ),
        Misconception(
            "largest number left out",
            lambda groups, split: [g for g in range(groups.max()) if len(set(split[groups == g])) > 1],
            "The group with the largest number is never tried: range(n) ends at n - 1.",
            "np.unique(groups) holds the numbers that occur.",
        ),
        Misconception(
            "all groups outside training",
            lambda groups, split: [g for g, s in zip(groups, split) if s != 'train'],
            "These are the groups of all pictures that are not in train. Which of them stand in another part as well?",
            "For each number: in how many parts do its pictures stand?",
        ),
        Misconception(
            "a group named several times",
            _each_change,
            "The groups are right, but some are named more than once: again for a further picture that stands in another part. Name each group once.",
            "A set holds everything once.",
            also=(_unlike_the_last,),
        ),
        Misconception(
            "whether in place of which",
            lambda groups, split: any(len(s) > 1 for s in _parts_of(groups, split).values()),
            "This says whether any group leaks at all. The task asks which ones.",
            "Collect the group numbers in a list or a set.",
        ),
        Misconception(
            "left the loop after the first group",
            lambda groups, split: [g for g, s in [*_parts_of(groups, split).items()][:1] if len(s) > 1],
            "Only the group with the smallest number is looked at: return leaves the function at once, also from inside a loop.",
            "Put return behind the loop, as far to the left as for.",
        ),
        Misconception(
            "all groups of the test part",
            lambda groups, split: _in_part(groups, split, "train") and _in_part(groups, split, "test"),
            "These are all groups of the test part. Which of them stand in another part as well?",
            "& between two sets gives what both hold. (`and` gives the second one, and \"train\" and \"test\" in x asks only about \"test\".)",
            also=(lambda groups, split: _in_part(groups, split, "test"),),
        ),
        Misconception(
            "in one of the two, but not in both",
            lambda groups, split: _in_part(groups, split, "train") ^ _in_part(groups, split, "test"),
            "These are the groups that stand in train or in test but not in both: ^ keeps what only one of two sets holds.",
            "& between two sets gives what both hold.",
        ),
        Misconception(
            "in one of the two, or in both",
            lambda groups, split: _in_part(groups, split, "train") | _in_part(groups, split, "test"),
            "These are all groups of train and of test: | puts two sets together.",
            "& between two sets gives what both hold.",
        ),
        Misconception(
            "in train and not in test",
            lambda groups, split: _in_part(groups, split, "train") - _in_part(groups, split, "test"),
            "These are the groups of train that do not stand in test: - takes the second set away.",
            "& between two sets gives what both hold.",
        ),
        Misconception(
            "groups sorted without their parts",
            lambda groups, split: [g for g, s in _parts_of(np.sort(groups), split).items() if len(s) > 1],
            "The groups are sorted and their parts are not (or the other way round), so that a picture stands beside the part of another.",
            "No sorting is needed. (Else sort both by the same order: order = groups.argsort().)",
            also=(lambda groups, split: [g for g, s in _parts_of(groups, np.sort(split)).items() if len(s) > 1],),
        ),
        Misconception(
            "nothing found",
            lambda groups, split: [],
            "Your list is empty for every input. A part is found only under its own name: \"train\", \"val\" or \"test\". The numbers of the groups are any numbers, not "
            "0, 1, 2 and so on.",
            "np.unique(groups) holds the numbers that occur, and split[groups == number] the parts of one group.",
        ),
        Misconception(
            "all groups of the training part",
            lambda groups, split: _in_part(groups, split, "train"),
            "These are all groups of the training part. Which of them stand in another part as well?",
            "For each number: in how many parts do its pictures stand?",
        ),
        Misconception(
            "all groups of the validation part",
            lambda groups, split: _in_part(groups, split, "val"),
            "These are all groups of the validation part. Which of them stand in another part as well?",
            "For each number: in how many parts do its pictures stand?",
        ),
        Misconception(
            "last leak only",
            lambda groups, split: [g for g, s in _parts_of(groups, split).items() if len(s) > 1][-1:],
            "Only the last group that leaks is named: leaked = [g] forgets those before it.",
            "leaked.append(g) adds to the list.",
        ),
    ),
)
def leaked_groups(groups: np.ndarray, split: np.ndarray) -> list[int]:
    """Return the numbers of the groups that stand in more than one part (train, val or test), each once, in any order."""
    return [int(g) for g in np.unique(groups) if len(set(split[groups == g])) > 1]
