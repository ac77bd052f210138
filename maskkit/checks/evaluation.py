"""Checks of notebook 05: accuracy, precision and recall, the majority baseline, the cost of mistakes, an interval for the accuracy."""

import math

import numpy as np

from maskkit.checks.exercise import Misconception, exercise


def _two_numbers(answer: object) -> tuple[float, ...]:
    if isinstance(answer, (set, frozenset)) or any(isinstance(number, str) for number in answer):
        raise TypeError("a set keeps no order, and texts are no numbers")
    if all(isinstance(number, complex) for number in answer):  # the root of a negative number, of which numpy makes nan
        return tuple(float("nan") for _ in answer)
    return tuple(float(number) for number in answer)


def _labels(rng: np.random.Generator) -> list[tuple]:
    """True and predicted labels in which all four kinds of answers occur, each a different number of times."""
    counts = [(4, 1, 2, 3), (10, 3, 1, 5), *(tuple(rng.choice(20, 4, replace=False) + 1) for _ in range(4))]
    cases = []
    for tn, fp, fn, tp in counts:
        y_true, y_pred = np.repeat([0, 0, 1, 1], (tn, fp, fn, tp)), np.repeat([0, 1, 0, 1], (tn, fp, fn, tp))
        order = rng.permutation(len(y_true))
        cases.append((y_true[order], y_pred[order]))
    return cases


def _four(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[int, int, int, int]:
    """True negatives, false positives, false negatives, true positives."""
    return tuple(int(((y_true == t) & (y_pred == p)).sum()) for t in (0, 1) for p in (0, 1))


def _weighted(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, float]:
    """Precision and recall of both classes, as means in which each class counts as often as it occurs."""
    tn, fp, fn, tp = _four(y_true, y_pred)
    bare, masked = (tn + fp) / len(y_true), (tp + fn) / len(y_true)
    return bare * tn / (tn + fn) + masked * tp / (tp + fp), (tn + tp) / len(y_true)


def _of(formula):
    """A function of labels from one of the four counts."""
    return lambda y_true, y_pred: formula(*_four(y_true, y_pred))


@exercise(
    "05",
    cases=_labels,
    hints=(
        "Accuracy is the share of pictures for which prediction and truth are the same.",
        "y_true == y_pred holds True where they agree; its mean is the share of True.",
    ),
    misconceptions=(
        Misconception(
            "number in place of share",
            _of(lambda tn, fp, fn, tp: tn + tp),
            "This is how many answers are right; accuracy is their share of all.",
            "Divide by the number of pictures.",
        ),
        Misconception(
            "error rate",
            _of(lambda tn, fp, fn, tp: (fp + fn) / (tn + fp + fn + tp)),
            "This is the share of wrong answers, 1 minus the accuracy.",
            "Compare with ==, not with !=.",
        ),
        Misconception(
            "per cent in place of share",
            _of(lambda tn, fp, fn, tp: 100 * (tn + tp) / (tn + fp + fn + tp)),
            "This is in per cent; the task asks for a share from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "only the masks found",
            _of(lambda tn, fp, fn, tp: tp / (tn + fp + fn + tp)),
            "Only masks that were found count as right here. A bare face called bare is right, too.",
            "Count every place where y_true equals y_pred.",
        ),
        Misconception(
            "precision",
            _of(lambda tn, fp, fn, tp: tp / (tp + fp)),
            "This is the precision: of the faces called masked, the share that are. Accuracy counts all pictures.",
            "Divide by the number of all pictures.",
        ),
        Misconception(
            "recall",
            _of(lambda tn, fp, fn, tp: tp / (tp + fn)),
            "This is the recall: of the masked faces, the share that was found. Accuracy counts all pictures.",
            "Divide by the number of all pictures.",
        ),
        Misconception(
            "share called masked",
            lambda y_true, y_pred: y_pred.mean(),
            "This is the share of faces that the model calls masked; it says nothing about being right.",
            "Compare with y_true.",
        ),
        Misconception(
            "shares of masks compared",
            lambda y_true, y_pred: 1 - abs(y_pred.mean() - y_true.mean()),
            "This compares how many masks there are with how many were called. Mistakes of both kinds cancel out in it.",
            "Compare picture by picture: y_true == y_pred.",
        ),
        Misconception(
            "mean of the two recalls",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fn) + tn / (tn + fp)) / 2),
            "This is the balanced accuracy: both classes count alike, however large they are. Here every picture counts alike.",
            "Divide all right answers by all pictures.",
        ),
        Misconception(
            "True and False in place of their share",
            lambda y_true, y_pred: y_true == y_pred,
            "This says for each picture whether the answer is right. What share of them is True?",
            "Their mean.",
        ),
        Misconception(
            "all pictures equal or not",
            lambda y_true, y_pred: bool((y_true == y_pred).all()),
            "This is 0 unless every answer is right. (Does it ask whether all of them are, or drop what is behind the decimal point, as // does?) "
            "Accuracy is the share of right answers.",
            "mean in place of all, and / in place of //.",
        ),
    ),
)
def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the share of right answers; both arrays hold 0 and 1."""
    return float((y_true == y_pred).mean())


@exercise(
    "05",
    cases=_labels,
    canonical=_two_numbers,
    hints=(
        "Both count the masks that were found. Precision divides by the faces called masked, recall by the faces that are masked.",
        "(y_true == 1) & (y_pred == 1) is True for each mask that was found; .sum() counts them. How do you count the faces called masked, and the "
        "masked faces?",
        "hits = ((y_true == 1) & (y_pred == 1)).sum(); then hits / (y_pred == 1).sum() and hits / (y_true == 1).sum().",
    ),
    misconceptions=(
        Misconception(
            "precision and recall swapped",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fn), tp / (tp + fp))),
            "The two are swapped: precision divides by what the model called a mask, recall by what is one. (In a confusion matrix "
            "of scikit-learn the rows are the truth.)",
            "Precision first, and it has y_pred in the denominator.",
        ),
        Misconception(
            "of the other class",
            _of(lambda tn, fp, fn, tp: (tn / (tn + fn), tn / (tn + fp))),
            "These are precision and recall of without_mask. The positive class is with_mask, the label 1.",
            "Count the 1s.",
        ),
        Misconception(
            "all right answers counted as hits",
            _of(lambda tn, fp, fn, tp: ((tn + tp) / (tp + fp), (tn + tp) / (tp + fn))),
            "Bare faces called bare are counted as hits here. A hit is a mask that was called a mask.",
            "Both must be 1: (y_true == 1) & (y_pred == 1).",
        ),
        Misconception(
            "accuracy for both",
            _of(lambda tn, fp, fn, tp: ((tn + tp) / (tn + fp + fn + tp),) * 2),
            "Both numbers are the accuracy. Precision looks only at faces called masked, recall only at masked faces.",
            "They have different denominators.",
        ),
        Misconception(
            "specificity in place of recall",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), tn / (tn + fp))),
            "The precision is right. The second number is the specificity, the share of bare faces called bare; recall looks at masks.",
            "Divide the hits by (y_true == 1).sum().",
        ),
        Misconception(
            "divided by all pictures",
            _of(lambda tn, fp, fn, tp: (tp / (tn + fp + fn + tp),) * 2),
            "The hits are divided by all pictures. Precision divides by faces called masked, recall by masked faces.",
            "Which pictures can be a hit at all?",
        ),
        Misconception(
            "accuracy in place of precision",
            _of(lambda tn, fp, fn, tp: ((tn + tp) / (tn + fp + fn + tp), tp / (tp + fn))),
            "The recall is right. The first number is the accuracy, the share of right answers among all pictures; precision looks only at faces "
            "called masked.",
            "Divide the hits by (y_pred == 1).sum().",
        ),
        Misconception(
            "accuracy in place of recall",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), (tn + tp) / (tn + fp + fn + tp))),
            "The precision is right. The second number is the accuracy, the share of right answers among all pictures; recall looks only at masked faces.",
            "Divide the hits by (y_true == 1).sum().",
        ),
        Misconception(
            "precision divided by all pictures",
            _of(lambda tn, fp, fn, tp: (tp / (tn + fp + fn + tp), tp / (tp + fn))),
            "The recall is right. For the first number the hits are divided by all pictures; precision divides them by the faces called masked.",
            "Divide by (y_pred == 1).sum(), not by len(y_pred).",
        ),
        Misconception(
            "recall divided by all pictures",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), tp / (tn + fp + fn + tp))),
            "The precision is right. For the second number the hits are divided by all pictures; recall divides them by the masked faces.",
            "Divide by (y_true == 1).sum(), not by len(y_true).",
        ),
        Misconception(
            "false-alarm rate in place of recall",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), fp / (fp + tn))),
            "The precision is right. The second number is the false-alarm rate, the share of bare faces called masked; recall looks at masks.",
            "How many of the masked faces are found? tp / (tp + fn).",
        ),
        Misconception(
            "both kinds of mistakes in the denominators",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp + fn),) * 2),
            "Both kinds of mistakes are in both denominators. Precision knows only false alarms, recall only missed masks.",
            "tp / (tp + fp) and tp / (tp + fn).",
        ),
        Misconception(
            "both kinds of mistakes in the denominator of precision",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp + fn), tp / (tp + fn))),
            "The recall is right. In the first denominator are the missed masks as well; precision divides by the faces called masked alone.",
            "tp / (tp + fp).",
        ),
        Misconception(
            "both kinds of mistakes in the denominator of recall",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), tp / (tp + fp + fn))),
            "The precision is right. In the second denominator are the false alarms as well; recall divides by the masked faces alone.",
            "tp / (tp + fn).",
        ),
        Misconception(
            "false alarms in place of precision",
            _of(lambda tn, fp, fn, tp: (fp / (tp + fp), fn / (tp + fn))),
            "These are the shares of false alarms and of missed masks: 1 minus what the task asks for.",
            "Count the hits in the numerator.",
        ),
        Misconception(
            "hits compared with mistakes",
            _of(lambda tn, fp, fn, tp: (tp / fp, tp / fn)),
            "The hits are divided by the mistakes. A share divides by hits and mistakes together.",
            "tp / (tp + fp) and tp / (tp + fn).",
        ),
        Misconception(
            "per cent in place of shares",
            _of(lambda tn, fp, fn, tp: (100 * tp / (tp + fp), 100 * tp / (tp + fn))),
            "These are in per cent; the task asks for shares from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "true negatives in the denominator",
            _of(lambda tn, fp, fn, tp: (tp / (tp + tn), tp / (tp + tn))),
            "The right answers of both classes are in the denominator. What belongs there are the mistakes of one kind.",
            "tp / (tp + fp) and tp / (tp + fn).",
            also=(_of(lambda tn, fp, fn, tp: (tp / (tp + fp), tp / (tp + tn))), _of(lambda tn, fp, fn, tp: (tp / (tp + tn), tp / (tp + fn)))),
        ),
        Misconception(
            "one number",
            lambda y_true, y_pred: ((y_true == 1) & (y_pred == 1)).sum() / (y_pred == 1).sum(),
            "This is the precision, and it is right. The recall is missing.",
            "return precision, recall.",
        ),
        Misconception(
            "confusion matrix read from the other corner",
            _of(lambda tn, fp, fn, tp: (tn / (tn + fp), tn / (tn + fn))),
            "True negatives are taken for true positives. In scikit-learn's matrix [[TN, FP], [FN, TP]] the masks that were "
            "found stand in the lower right corner.",
            "(tn, fp), (fn, tp) = matrix.",
        ),
        Misconception(
            "shares upside down",
            _of(lambda tn, fp, fn, tp: ((tp + fp) / tp, (tp + fn) / tp)),
            "The fractions are upside down: a share is never above 1.",
            "The hits go on top.",
        ),
        Misconception(
            "counts in place of shares",
            _of(lambda tn, fp, fn, tp: (tp + fp, tp + fn)),
            "These are how many faces were called masked, and how many are. They are the denominators.",
            "Divide the hits by each of them.",
        ),
        Misconception(
            "and in place of &",
            lambda y_true, y_pred: ((y_true == 1 and y_pred == 1).sum() / (y_pred == 1).sum(), 0),
            "`and` asks a whole array for one True or False, and so does a row of comparisons with & but without brackets. Element by element it is &, with "
            "brackets around each comparison.",
            "(y_true == 1) & (y_pred == 1).",
        ),
        Misconception(
            "hits counted by len",
            _of(lambda tn, fp, fn, tp: ((tn + fp + fn + tp) / (tp + fp), (tn + fp + fn + tp) / (tp + fn))),
            "len counts all pictures, those with False as well. Which of them are True, sum counts.",
            "((y_true == 1) & (y_pred == 1)).sum().",
        ),
        Misconception(
            "F1 for both",
            _of(lambda tn, fp, fn, tp: (2 * tp / (2 * tp + fp + fn),) * 2),
            "This is the F1 score, in which precision and recall are mixed. Here they are wanted apart.",
            "tp / (tp + fp) and tp / (tp + fn).",
            also=(_of(lambda tn, fp, fn, tp: 2 * tp / (2 * tp + fp + fn)),),
        ),
        Misconception(
            "all right answers counted as hits, also below",
            _of(lambda tn, fp, fn, tp: ((tn + tp) / (tn + tp + fp), (tn + tp) / (tn + tp + fn))),
            "Bare faces called bare are counted as hits here, above and below the line. A hit is a mask that was called a mask.",
            "Both must be 1: (y_true == 1) & (y_pred == 1).",
        ),
        Misconception(
            "mistakes of both kinds cancel",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp - fn), tp / (tp + fn - fp))),
            "(y_pred - y_true).sum() is no count of false alarms: +1 and -1 cancel out. Each kind of mistake is counted by itself.",
            "((y_true == 0) & (y_pred == 1)).sum(), and the other way round.",
        ),
        Misconception(
            "whole-number division",
            _of(lambda tn, fp, fn, tp: (tp // (tp + fp), tp // (tp + fn))),
            "Both are always 0. (// and int drop everything behind the decimal point.)",
            "Divide with a single /, and leave out int.",
        ),
        Misconception(
            "recall alone",
            _of(lambda tn, fp, fn, tp: tp / (tp + fn)),
            "This is the recall, and it is right. The precision is missing.",
            "return precision, recall.",
        ),
        Misconception(
            "precision twice",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp),) * 2),
            "Both numbers are the precision. The first is right; recall divides the hits by the masked faces.",
            "(y_true == 1).sum() in the second denominator.",
        ),
        Misconception(
            "recall twice",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fn),) * 2),
            "Both numbers are the recall. The second is right; precision divides the hits by the faces called masked.",
            "(y_pred == 1).sum() in the first denominator.",
        ),
        Misconception(
            "mean of both classes",
            _of(lambda tn, fp, fn, tp: ((tp / (tp + fp) + tn / (tn + fn)) / 2, (tp / (tp + fn) + tn / (tn + fp)) / 2)),
            "These are means over both classes. Asked for are precision and recall of the masks alone.",
            "Look at the label 1 only. (In scikit-learn: average='binary', which is the default.)",
            also=(_weighted,),
        ),
        Misconception(
            "brackets around the denominators forgotten",
            _of(lambda tn, fp, fn, tp: (tp / tp + fp, tp / tp + fn)),
            "Without brackets the hits are divided by themselves first: / comes before +.",
            "hits / (hits + false_alarms), with brackets.",
        ),
        Misconception(
            "shares of masks",
            lambda y_true, y_pred: (y_true.mean(), y_pred.mean()),
            "These are the share of faces that are masked and the share that are called masked. Whether they are the same faces does not come in.",
            "Count the faces for which both are 1: the hits.",
            also=(lambda y_true, y_pred: (y_pred.mean(), y_true.mean()),),
        ),
        Misconception(
            "numbers of masks",
            _of(lambda tn, fp, fn, tp: (tp, tp + fn)),
            "These are numbers of faces. Precision and recall are shares: of the faces called masked, and of the faces that are.",
            "hits / (y_pred == 1).sum() and hits / (y_true == 1).sum().",
            also=(
                *(_of(lambda tn, fp, fn, tp: (tp + fn, tp + fp)), _of(lambda tn, fp, fn, tp: (tp, tp))),
                *(_of(lambda tn, fp, fn, tp: (fp, fn)), _of(lambda tn, fp, fn, tp: (tp, tp + fp))),
            ),
        ),
        Misconception(
            "recall and specificity",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fn), tn / (tn + fp))),
            "These are recall and specificity (sensitivity and specificity, as doctors say): the share of masks that are found, and of bare faces called bare. "
            "The recall is wanted second, and the precision first: of the faces called masked, how many are?",
            "hits / (y_pred == 1).sum() comes first.",
        ),
        Misconception(
            "recall and false-alarm rate",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fn), fp / (fp + tn))),
            "These are the two axes of the ROC curve: the recall, and the share of bare faces called masked. The recall is wanted second, and the precision "
            "first.",
            "hits / (y_pred == 1).sum() comes first.",
            also=(_of(lambda tn, fp, fn, tp: (fp / (fp + tn), tp / (tp + fn))),),
        ),
        Misconception(
            "precision of both classes",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), tn / (tn + fn))),
            "The precision is right. The second number is that of the other class, the share of the faces called bare that are bare; recall divides the hits "
            "by the masked faces.",
            "hits / (y_true == 1).sum() in second place.",
        ),
        Misconception(
            "all the rest taken for missed masks",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp), tp / (tp + fn + tn))),
            "The precision is right. But bare faces called bare are among the missed masks here: that is what else does.",
            "elif t == 1 and p == 0 in place of else.",
        ),
        Misconception(
            "len in place of sum",
            lambda y_true, y_pred: (1.0, 1.0),
            "Both are always 1. (len counts all places of an array, those with False as well: len(y_true == 1) is the number of pictures.)",
            "(y_true == 1).sum() counts where it is True.",
        ),
        Misconception(
            "or in place of and",
            _of(lambda tn, fp, fn, tp: ((tp + fp + fn) / (tp + fp), (tp + fp + fn) / (tp + fn))),
            "| is true where one of both is 1. A hit is a mask that was called a mask: both are 1.",
            "& in place of |.",
        ),
        Misconception(
            "all the rest taken for false alarms",
            _of(lambda tn, fp, fn, tp: (tp / (tp + fp + tn), tp / (tp + fn))),
            "The recall is right. But bare faces called bare are among the false alarms here: that is what else does.",
            "elif t == 0 and p == 1 in place of else.",
        ),
    ),
)
def precision_recall(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, float]:
    """Return precision and recall of the class with_mask (label 1), in this order; both arrays hold 0 and 1."""
    tn, fp, fn, tp = _four(y_true, y_pred)
    return tp / (tp + fp), tp / (tp + fn)


def _targets(rng: np.random.Generator) -> list[tuple]:
    fixed = [[0, 0, 0, 1], [1, 1, 0, 1, 1], [0, 0, 0, 0, 1, 1], [1, 0, 0], [0, 1, 1, 0]]
    return [(np.asarray(t),) for t in [*fixed, *(rng.permutation(np.arange(n) < n // 3).astype(int) for n in (9, 20, 31))]]


@exercise(
    "05",
    cases=_targets,
    hints=(
        "A model that has learned nothing gives the same answer always. Which answer is right most often, and how often?",
        "With a share p of masks, always saying mask is right in p of all cases, always saying no mask in 1 - p.",
    ),
    misconceptions=(
        Misconception(
            "always with_mask",
            lambda targets: targets.mean(),
            "This is the accuracy of always saying mask. Where bare faces are more, always saying no mask is right more often.",
            "Take the larger of p and 1 - p.",
        ),
        Misconception(
            "always without_mask",
            lambda targets: 1 - targets.mean(),
            "This is the accuracy of always saying no mask. Where masks are more, always saying mask is right more often.",
            "Take the larger of p and 1 - p.",
        ),
        Misconception(
            "a coin",
            lambda targets: 0.5,
            "Tossing a coin is right half the time, but always naming the larger class is right more often.",
            "How large is the larger class?",
        ),
        Misconception(
            "the smaller class",
            lambda targets: min(targets.mean(), 1 - targets.mean()),
            "This is the share of the smaller class; naming the larger one is right more often.",
            "max, not min.",
        ),
        Misconception(
            "number in place of share",
            lambda targets: np.bincount(targets).max(),
            "This is how many pictures the larger class has; the accuracy is their share of all.",
            "Divide by len(targets).",
        ),
        Misconception(
            "the class in place of its share",
            lambda targets: np.bincount(targets).argmax(),
            "This is the label of the larger class. The task asks how often naming it is right.",
            "How many of the targets have this label?",
            also=(lambda targets: int(targets.mean() >= 0.5), lambda targets: np.median(targets)),
        ),
        Misconception(
            "guessing in proportion",
            lambda targets: targets.mean() ** 2 + (1 - targets.mean()) ** 2,
            "This is the accuracy of guessing each class as often as it occurs. Always naming the larger class is right more often.",
            "The larger of p and 1 - p.",
        ),
        Misconception(
            "per cent in place of share",
            lambda targets: 100 * max(targets.mean(), 1 - targets.mean()),
            "This is in per cent; the task asks for a share from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "ratio of the two classes",
            lambda targets: np.bincount(targets).max() / np.bincount(targets).min(),
            "This divides one class by the other. An accuracy divides by all pictures.",
            "Divide by len(targets).",
            also=(
                lambda targets: np.bincount(targets).min() / np.bincount(targets).max(),
                *(lambda targets: targets.mean() / (1 - targets.mean()), lambda targets: (1 - targets.mean()) / targets.mean()),
            ),
        ),
        Misconception(
            "shares of both classes",
            lambda targets: np.bincount(targets) / len(targets),
            "These are the shares of both classes. Always naming the larger one is right how often?",
            "Take the larger of the two.",
        ),
        Misconception(
            "whole-number division",
            lambda targets: np.bincount(targets).max() // len(targets),
            "This is always 0. (// and int drop everything behind the decimal point; and a list is never == a number, only each of its elements is.)",
            "Divide with a single /.",
        ),
        Misconception(
            "largest label",
            lambda targets: targets.max(),
            "This is always 1. (The largest label is; len(targets == 1) counts all places, those with False as well; and // drops what is behind the point, so that "
            "1 - 0 is left.) The task asks how often always "
            "naming the larger class is right.",
            "How many of the targets have the label of the larger class?",
        ),
        Misconception(
            "distance from one half",
            lambda targets: abs(targets.mean() - 0.5),
            "This is how far the share is from one half. The accuracy of the larger class is one half more.",
            "The larger of p and 1 - p.",
        ),
        Misconception(
            "difference of the two shares",
            lambda targets: abs(2 * targets.mean() - 1),
            "This is by how much the share of the larger class exceeds that of the smaller one. The accuracy is the larger share itself.",
            "The larger of p and 1 - p.",
        ),
        Misconception(
            "class of the first picture",
            lambda targets: (targets == targets[0]).mean(),
            "This is the share of whichever class the first picture has, and that need not be the larger one.",
            "The larger of p and 1 - p.",
        ),
        Misconception(
            "share rounded to a whole number",
            lambda targets: round(max(targets.mean(), 1 - targets.mean())),
            "The share is rounded to a whole number, so that 0 and 1 are all that can come out.",
            "Return the share as it is; round it when you print it.",
        ),
        Misconception(
            "one picture counted",
            lambda targets: 1 / len(targets),
            "This is 1 / len(targets), as if the larger class had one picture. (A return inside the loop leaves it after the first one; and max(targets) "
            "is a label, not a number of pictures.)",
            "Count the pictures of both classes, and return behind the loop.",
        ),
        Misconception(
            "spread of the labels",
            lambda targets: targets.std(),
            "This is the standard deviation of the labels. The task asks for the share of the larger class.",
            "The larger of p and 1 - p, where p is the mean.",
        ),
        Misconception(
            "divided by one less",
            lambda targets: np.bincount(targets).max() / (len(targets) - 1),
            "You divide by one picture less than there are.",
            "Divide by len(targets).",
        ),
        Misconception(
            "number of masks",
            lambda targets: targets.sum(),
            "This is how many masks there are. The task asks for the share of the larger class, which may be the bare faces.",
            "Divide by len(targets), and take the larger of p and 1 - p.",
        ),
        Misconception(
            "label and number",
            lambda targets: (np.bincount(targets).argmax(), np.bincount(targets).max()),
            "This is the label of the larger class and how many pictures have it. The task asks for their share of all.",
            "The second number, divided by len(targets).",
        ),
        Misconception(
            "answers in place of the accuracy",
            lambda targets: np.full(len(targets), np.bincount(targets).argmax()),
            "These are the answers that the program gives. What share of them is right?",
            "Their mean, once they are compared with targets.",
            also=(lambda targets: np.full(len(targets), int(targets.mean() >= 0.5)),),
        ),
        Misconception(
            "right or not in place of the accuracy",
            lambda targets: targets == np.bincount(targets).argmax(),
            "This says of each picture whether the answer is right. What share of them is True?",
            "Their mean.",
            also=(lambda targets: targets == int(targets.mean() >= 0.5),),
        ),
        Misconception(
            "0 where both classes are equal",
            lambda targets: 0 if targets.mean() == 0.5 else max(targets.mean(), 1 - targets.mean()),
            "Where both classes are equally large, your function says 0. Either answer is then right for half of the pictures.",
            ">= in place of >, or max.",
        ),
    ),
)
def majority_baseline(targets: np.ndarray) -> float:
    """Return the accuracy of always answering with the larger class; targets hold 0 and 1."""
    return float(max(targets.mean(), 1 - targets.mean()))


def _labels_and_prices(rng: np.random.Generator) -> list[tuple]:
    prices = [(20, 1), (1, 5), *((int(a), int(b)) for a, b in rng.integers(2, 40, (3, 2))), (0.5, 2.25)]
    return [(*labels, *price) for labels, price in zip(_labels(rng), prices)]


def _cost_of_each(y_true: np.ndarray, y_pred: np.ndarray, let_through: float, stopped: float) -> np.ndarray:
    return np.where(y_pred > y_true, let_through, np.where(y_pred < y_true, stopped, 0))


def _bill(formula):
    """A function of labels and prices from the four counts and the prices."""
    return lambda y_true, y_pred, let_through, stopped: formula(*_four(y_true, y_pred), let_through, stopped)


@exercise(
    "05",
    cases=_labels_and_prices,
    hints=(
        "Count the mistakes of each kind, and multiply each number by its price.",
        "let_through_faces = ((y_true == 0) & (y_pred == 1)).sum(); the other kind is the same with 0 and 1 exchanged.",
    ),
    misconceptions=(
        Misconception(
            "prices swapped",
            _bill(lambda tn, fp, fn, tp, a, b: b * fp + a * fn),
            "The two prices are swapped: who is let through is a bare face (y_true 0) that the model calls masked (y_pred 1).",
            "let_through belongs to (y_true == 0) & (y_pred == 1).",
        ),
        Misconception(
            "only faces let through",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp),
            "Only the bare faces that are let through are paid for. Masked people who are stopped cost something, too.",
            "Add stopped times the number of masked faces called bare.",
        ),
        Misconception(
            "only people stopped",
            _bill(lambda tn, fp, fn, tp, a, b: b * fn),
            "Only the masked people who are stopped are paid for. Bare faces that are let through cost something, too.",
            "Add let_through times the number of bare faces called masked.",
        ),
        Misconception(
            "labels taken for positions",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true[y_true], y_pred[y_true], let_through, stopped).sum(),
            "`for i in y_true` goes through the labels, 0 and 1, and as positions these are the first two pictures, again and again.",
            "for truth, answer in zip(y_true, y_pred), or for i in range(len(y_true)).",
            also=(lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true[y_pred], y_pred[y_pred], let_through, stopped).sum(),),
        ),
        Misconception(
            "mistakes counted, not paid",
            _bill(lambda tn, fp, fn, tp, a, b: fp + fn),
            "This is the number of mistakes; the two kinds have different prices.",
            "Multiply each kind by its price before you add.",
        ),
        Misconception(
            "cost of one picture",
            _bill(lambda tn, fp, fn, tp, a, b: (a * fp + b * fn) / (tn + fp + fn + tp)),
            "This is the mean cost of a picture; the task asks for all mistakes together.",
            "Do not divide by the number of pictures.",
        ),
        Misconception(
            "right answers paid for",
            _bill(lambda tn, fp, fn, tp, a, b: a * tn + b * tp),
            "The prices are laid on the right answers. Only mistakes cost anything.",
            "A mistake is where y_true and y_pred differ.",
        ),
        Misconception(
            "right answers paid for, prices swapped",
            _bill(lambda tn, fp, fn, tp, a, b: a * tp + b * tn),
            "The prices are laid on the right answers: masks that are found and bare faces that are noticed. Only mistakes cost anything.",
            "Look where y_true and y_pred differ.",
        ),
        Misconception(
            "the dearer kind only",
            _bill(lambda tn, fp, fn, tp, a, b: max(a * fp, b * fn)),
            "This is what the dearer of the two kinds costs. Both have to be paid.",
            "Add the two in place of taking the larger.",
        ),
        Misconception(
            "rates in place of counts",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp / (tn + fp) + b * fn / (tp + fn)),
            "The prices are multiplied by rates, the share of mistakes in each class. Each single mistake is to be paid, so it is their number that counts.",
            "(...).sum() in place of .mean(), and no division.",
        ),
        Misconception(
            "every answer paid for",
            _bill(lambda tn, fp, fn, tp, a, b: a * (tp + fp) + b * (tn + fn)),
            "Everybody whom the model calls masked, or bare, is paid for here, whether it is right or not.",
            "Look at y_true as well as at y_pred.",
        ),
        Misconception(
            "whole classes paid for",
            _bill(lambda tn, fp, fn, tp, a, b: a * (tn + fp) + b * (tp + fn)),
            "Every bare and every masked face is paid for here, whatever the model says about it.",
            "Look at y_pred as well as at y_true.",
        ),
        Misconception(
            "mistakes times both prices",
            _bill(lambda tn, fp, fn, tp, a, b: (fp + fn) * (a + b)),
            "Every mistake is charged both prices. A mistake is of one kind or of the other.",
            "Count the two kinds on their own.",
        ),
        Misconception(
            "cost of one mistake",
            _bill(lambda tn, fp, fn, tp, a, b: (a * fp + b * fn) / (fp + fn)),
            "This is the mean cost of a mistake; the task asks for all mistakes together.",
            "Do not divide.",
        ),
        Misconception(
            "prices added without counting",
            _bill(lambda tn, fp, fn, tp, a, b: a + b),
            "This is the cost of one mistake of each kind. How many are there of each?",
            "Multiply each price by the number of such mistakes.",
        ),
        Misconception(
            "costs apart",
            _bill(lambda tn, fp, fn, tp, a, b: (a * fp, b * fn)),
            "Both numbers are right. The task asks what all mistakes cost together.",
            "Add them.",
        ),
        Misconception(
            "one kind subtracted",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp - b * fn),
            "One kind of mistake is subtracted from the other. Both cost something.",
            "Add them.",
        ),
        Misconception(
            "and in place of &",
            lambda y_true, y_pred, let_through, stopped: let_through * (y_true == 0 and y_pred == 1).sum(),
            "`and` asks a whole array for one True or False, and so does a row of comparisons with & but without brackets. Element by element it is &, with "
            "brackets around each comparison.",
            "(y_true == 0) & (y_pred == 1).",
        ),
        Misconception(
            "mistakes of both kinds cancel",
            _bill(lambda tn, fp, fn, tp, a, b: (a - b) * (fp - fn)),
            "(y_pred - y_true).sum() is no count of mistakes: +1 and -1 cancel out. Each kind is counted by itself.",
            "((y_true == 0) & (y_pred == 1)).sum(), and the other way round.",
            also=(_bill(lambda tn, fp, fn, tp, a, b: (a + b) * (fp - fn)),),
        ),
        Misconception(
            "right answers charged as the other kind",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp + b * (tn + fn + tp)),
            "Everybody who is not let through by mistake pays the price of being stopped here, right answers as well: that is "
            "what else does.",
            "elif t == 1 and p == 0 in place of else.",
        ),
        Misconception(
            "let_through for everybody called masked",
            _bill(lambda tn, fp, fn, tp, a, b: a * (tp + fp) + b * fn),
            "The people stopped are right. But everybody whom the model calls masked pays let_through here, also those who do wear one.",
            "(y_true == 0) & (y_pred == 1).",
        ),
        Misconception(
            "stopped for everybody called bare",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp + b * (tn + fn)),
            "The faces let through are right. But everybody whom the model calls bare pays stopped here, also those who are.",
            "(y_true == 1) & (y_pred == 0).",
        ),
        Misconception(
            "let_through for the masks that are found",
            _bill(lambda tn, fp, fn, tp, a, b: a * tp + b * fn),
            "You charge let_through for masked faces that the model calls masked. They are right answers; who is let through by mistake is a bare face.",
            "(y_true == 0) & (y_pred == 1).",
        ),
        Misconception(
            "cost of each picture",
            _cost_of_each,
            "This is the cost of each picture. The task asks what all of them cost together.",
            ".sum().",
        ),
        Misconception(
            "the first picture only",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[0],
            "This is the cost of the first picture. A return inside the loop leaves it there.",
            "return behind the loop.",
        ),
        Misconception(
            "the first mistake only",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[y_true != y_pred][0],
            "This is the price of the first mistake. A return inside the loop leaves it there.",
            "Add up: cost += ..., and return behind the loop.",
        ),
        Misconception(
            "the last mistake only",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[y_true != y_pred][-1],
            "This is the price of the last mistake: each one overwrites the cost of those before.",
            "+= in place of =.",
        ),
        Misconception(
            "last picture left out",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[:-1].sum(),
            "The last picture is not looked at.",
            "range(len(y_true)) goes to the last one by itself: without - 1.",
        ),
        Misconception(
            "prices of a door taken for granted",
            _bill(lambda tn, fp, fn, tp, a, b: 5 * fp + fn),
            "Your prices are those of one of the doors above, whatever let_through and stopped are.",
            "Use the names in place of the numbers.",
            also=(_bill(lambda tn, fp, fn, tp, a, b: fp + 3 * fn),),
        ),
        Misconception(
            "prices added to the numbers",
            _bill(lambda tn, fp, fn, tp, a, b: a + fp + b + fn),
            "You add each price to the number of mistakes. Every mistake costs its price, so the two are multiplied.",
            "* in place of +.",
        ),
        Misconception(
            "mean price",
            _bill(lambda tn, fp, fn, tp, a, b: (a + b) / 2 * (fp + fn)),
            "Every mistake costs the mean of the two prices here. The two kinds have prices of their own.",
            "Count the two kinds on their own.",
        ),
        Misconception(
            "prices cut to whole numbers",
            _bill(lambda tn, fp, fn, tp, a, b: int(a) * fp + int(b) * fn),
            "The prices are cut to whole numbers. A mistake may cost one half.",
            "Multiply with the prices as they are.",
            also=(_bill(lambda tn, fp, fn, tp, a, b: int(a * fp + b * fn)),),
        ),
        Misconception(
            "one price for all mistakes",
            _bill(lambda tn, fp, fn, tp, a, b: a * (fp + fn)),
            "All mistakes cost the same here. A bare face let through and a masked one stopped have prices of their own.",
            "Count the two kinds on their own.",
            also=(_bill(lambda tn, fp, fn, tp, a, b: b * (fp + fn)),),
        ),
        Misconception(
            "the last picture only",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[-1],
            "This is the cost of the last picture. (Where cost = 0 stands inside the loop, each picture begins anew.)",
            "cost = 0 once, before the loop.",
        ),
        Misconception(
            "first picture left out",
            lambda y_true, y_pred, let_through, stopped: _cost_of_each(y_true, y_pred, let_through, stopped)[1:].sum(),
            "The first picture is not looked at.",
            "range(len(y_true)) begins at 0.",
        ),
        Misconception(
            "let_through for the bare faces that are noticed",
            _bill(lambda tn, fp, fn, tp, a, b: a * tn + b * fn),
            "You charge let_through for bare faces that the model calls bare. They are right answers; who is let through by mistake is called masked.",
            "(y_true == 0) & (y_pred == 1).",
        ),
        Misconception(
            "stopped for right answers",
            _bill(lambda tn, fp, fn, tp, a, b: a * fp + b * tn),
            "You charge stopped for right answers. Who is stopped by mistake wears a mask, and is called bare.",
            "(y_true == 1) & (y_pred == 0).",
            also=(_bill(lambda tn, fp, fn, tp, a, b: a * fp + b * tp),),
        ),
        Misconception(
            "len in place of sum",
            _bill(lambda tn, fp, fn, tp, a, b: (a + b) * (tn + fp + fn + tp)),
            "Both prices are charged for every picture. (len counts all places of an array, those with False as well.)",
            ".sum() counts where it is True.",
        ),
        Misconception(
            "or in place of and",
            _bill(lambda tn, fp, fn, tp, a, b: a * (tn + fp + tp) + b * (tn + fn + tp)),
            "| is true where one of both is: a bare face, or one that is called masked. For a mistake both have to be.",
            "& in place of |.",
        ),
        Misconception(
            "negative",
            _bill(lambda tn, fp, fn, tp, a, b: -(a * fp + b * fn)),
            "This is below 0. A cost is what has to be paid, and so a positive number.",
            "Leave out the minus.",
        ),
    ),
)
def total_cost(y_true: np.ndarray, y_pred: np.ndarray, let_through: float, stopped: float) -> float:
    """Return what all mistakes cost: let_through for each bare face called masked, stopped for each masked face called bare."""
    _, fp, fn, _ = _four(y_true, y_pred)
    return let_through * fp + stopped * fn


def _counts(rng: np.random.Generator) -> list[tuple]:
    drawn = [(int(n * share), int(n)) for n, share in zip(rng.integers(80, 2000, 4), (0.6, 0.75, 0.85, 0.92))]
    return [(90, 100), (150, 300), (570, 600), *drawn]


def _interval(correct: int, n: int, z: float = 1.96, spread=lambda p, n: np.sqrt(p * (1 - p) / n)) -> tuple[float, float]:
    p = correct / n
    return p - z * spread(p, n), p + z * spread(p, n)


def _wilson(correct: int, n: int, z: float = 1.96) -> tuple[float, float]:
    p, shrunk = correct / n, 1 + z**2 / n
    middle, half = (p + z**2 / (2 * n)) / shrunk, z / shrunk * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return middle - half, middle + half


@exercise(
    "05",
    cases=_counts,
    canonical=_two_numbers,
    tolerance=1e-5,  # the width is a small part of both ends
    hints=(
        "With p = correct / n, the standard error of p is sqrt(p (1 - p) / n).",
        "95 % of a normal distribution lie within 1.96 standard errors: p - 1.96 × error and p + 1.96 × error.",
    ),
    misconceptions=(
        Misconception(
            "square root forgotten",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: p * (1 - p) / n),
            "Your interval is far too narrow: this is the variance. The standard error is its square root.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "not divided by n",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * (1 - p))),
            "Your interval does not get narrower with more pictures: this is the spread of one answer, not of the mean of n answers.",
            "Divide by n under the square root.",
        ),
        Misconception(
            "divided by n outside the square root",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * (1 - p)) / n),
            "Your interval is too narrow: n belongs under the square root. Four times as many pictures halve it, no more.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "one standard error",
            lambda correct, n: _interval(correct, n, z=1.0),
            "This is one standard error to each side, which holds about 68 %. The task asks for 95 %.",
            "Multiply the standard error by 1.96.",
        ),
        Misconception(
            "90 % in place of 95 %",
            lambda correct, n: _interval(correct, n, z=1.645),
            "1.645 belongs to 90 % (5 % on each side). At 95 % there are 2.5 % on each side.",
            "Multiply by 1.96.",
            also=(lambda correct, n: _interval(correct, n, z=1.64), lambda correct, n: _interval(correct, n, z=1.65)),
        ),
        Misconception(
            "99 % in place of 95 %",
            lambda correct, n: _interval(correct, n, z=2.576),
            "2.576 belongs to 99 %. The task asks for 95 %.",
            "Multiply by 1.96.",
            also=(lambda correct, n: _interval(correct, n, z=2.58),),
        ),
        Misconception(
            "2 in place of 1.96",
            lambda correct, n: _interval(correct, n, z=2.0),
            "Two standard errors are a good rule of thumb; the task asks for the exact factor.",
            "Multiply by 1.96.",
        ),
        Misconception(
            "half as wide",
            lambda correct, n: _interval(correct, n, z=0.98),
            "Your interval is half as wide as it should be: 1.96 standard errors go to each side.",
            "Do not divide by 2.",
        ),
        Misconception(
            "upper end first",
            lambda correct, n: _interval(correct, n)[::-1],
            "The numbers are right but in the wrong order: the lower end comes first.",
            "return low, high.",
        ),
        Misconception(
            "only the width",
            lambda correct, n: 1.96 * np.sqrt(correct / n * (1 - correct / n) / n),
            "This is how far the interval reaches to each side. The task asks for its two ends.",
            "p minus this number, and p plus this number.",
        ),
        Misconception(
            "around 0 in place of the accuracy",
            lambda correct, n: tuple(end - correct / n for end in _interval(correct, n)),
            "Your interval lies around 0: the accuracy itself is missing.",
            "Add p to both ends.",
        ),
        Misconception(
            "counts in place of shares",
            lambda correct, n: tuple(n * end for end in _interval(correct, n)),
            "These are numbers of pictures. The task asks for shares from 0 to 1.",
            "Divide by n.",
        ),
        Misconception(
            "n - 1 in place of n",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * (1 - p) / (n - 1))),
            "Nearly: you divide by n - 1, as for the spread of a sample. The standard error of a share divides by n.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "p (1 - p) forgotten",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: 1 / np.sqrt(n)),
            "The width does not depend on the accuracy here: p (1 - p) is missing under the square root.",
            "sqrt(p * (1 - p) / n).",
            also=(lambda correct, n: _interval(correct, n, z=1.0, spread=lambda p, n: 1 / np.sqrt(n)),),
        ),
        Misconception(
            "largest possible spread",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: 0.5 / np.sqrt(n)),
            "This takes p = 0.5 in the width, where it is largest. It is a safe guess before the test; afterwards p is known.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "1 - p forgotten",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p / n)),
            "The factor 1 - p is missing under the square root, so the interval does not shrink for an accuracy near 1.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "per cent in place of shares",
            lambda correct, n: tuple(100 * end for end in _interval(correct, n)),
            "These are in per cent. The task asks for shares from 0 to 1.",
            "Leave out the factor 100.",
        ),
        Misconception(
            "accuracy in place of the interval",
            lambda correct, n: correct / n,
            "This is the accuracy itself. The task asks between which two ends the truth may lie.",
            "p minus 1.96 × error, and p plus it.",
        ),
        Misconception(
            "lower end only",
            lambda correct, n: _interval(correct, n)[0],
            "The lower end is right. The upper one is missing.",
            "return low, high.",
        ),
        Misconception(
            "factor under the square root",
            lambda correct, n: _interval(correct, n, z=1.0, spread=lambda p, n: np.sqrt(1.96 * p * (1 - p) / n)),
            "1.96 is under the square root. It multiplies the standard error, so it belongs outside.",
            "1.96 * sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "root of a negative number",
            lambda correct, n: tuple(correct / n + side * 1.96 * np.sqrt(correct * (1 - correct) / n) for side in (-1, 1)),
            "nan: the root of a negative number (** 0.5 makes a complex number of it). Under it belong p = correct / n (not `correct`, n / correct or "
            "per cent) and 1 - p (not p - 1).",
            "sqrt(p * (1 - p) / n), with p = correct / n.",
        ),
        Misconception(
            "root of a negative number, with math.sqrt",
            lambda correct, n: math.sqrt(correct * (1 - correct) / n),
            "math.sqrt stopped: the root of a negative number. Under it belong p = correct / n (not `correct`, n / correct or per cent) and 1 - p (not p - 1).",
            "sqrt(p * (1 - p) / n), with p = correct / n.",
        ),
        Misconception(
            "brackets around 1 - p forgotten",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * 1 - p / n)),
            "Without brackets, p * 1 - p / n is p minus p / n: multiplying and dividing come before subtracting.",
            "p * (1 - p) / n.",
        ),
        Misconception(
            "brackets around 1 - p forgotten, so that nothing is left",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: 0.0),
            "Both ends are the accuracy itself, or next to it. Are there brackets missing (p * 1 - p is p - p), is there a // in it, or a square in place of "
            "the square root?",
            "p * (1 - p) / n.",
        ),
        Misconception(
            "half in place of square root",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: p * (1 - p) / n / 2),
            "** 1/2 divides by 2: the power comes first. The standard error is the square root.",
            "** 0.5, or np.sqrt.",
        ),
        Misconception(
            "square root of n alone",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: p * (1 - p) / np.sqrt(n)),
            "Only n is under the square root. p (1 - p) belongs there, too.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "Wilson's interval",
            _wilson,
            "This is Wilson's interval, the one of the package. This exercise asks for the textbook's, which is a little different: it reaches as far to the "
            "left of p as to the right.",
            "With p = correct / n: p - 1.96 × error and p + 1.96 × error.",
        ),
        Misconception(
            "accuracy and width",
            lambda correct, n: (correct / n, 1.96 * np.sqrt(correct / n * (1 - correct / n) / n)),
            "These are the accuracy and how far the interval reaches to each side, both right. The task asks for its two ends.",
            "The first minus the second, and the first plus the second.",
        ),
        Misconception(
            "divided by 1.96",
            lambda correct, n: _interval(correct, n, z=1 / 1.96),
            "You divide the standard error by 1.96. The interval reaches 1.96 of them to each side.",
            "* in place of /.",
        ),
        Misconception(
            "95 % taken for the factor",
            lambda correct, n: _interval(correct, n, z=0.95),
            "You multiply the standard error by 0.95. That 95 % of all samples lie inside takes 1.96 of them to each side.",
            "1.96 in place of 0.95.",
        ),
        Misconception(
            "p squared",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * p / n)),
            "Under the square root is p times p. The second factor is 1 - p, the share of mistakes.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "multiplied by n under the square root",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * (1 - p) * n)),
            "Your interval gets wider with more pictures: you multiply by n. That is the spread of the number of right answers, not of their share.",
            "/ n in place of * n.",
        ),
        Misconception(
            "around the number of right answers",
            lambda correct, n: tuple(end - correct / n + correct for end in _interval(correct, n)),
            "The width is right, but it lies around `correct`, a number of pictures. The accuracy is a share.",
            "p = correct / n in the middle.",
        ),
        Misconception(
            "a share of the accuracy",
            lambda correct, n: tuple(correct / n * (1 + end - correct / n) for end in _interval(correct, n)),
            "You multiply the width with the accuracy. The error is added to it and subtracted from it as it is.",
            "p - 1.96 * error and p + 1.96 * error.",
        ),
        Misconception(
            "lower end twice",
            lambda correct, n: _interval(correct, n)[:1] * 2,
            "Both numbers are the lower end. For the upper one the error is added.",
            "p + 1.96 * error.",
        ),
        Misconception(
            "error forgotten",
            lambda correct, n: (correct / n - 1.96, correct / n + 1.96),
            "You go 1.96 to each side, and not 1.96 standard errors: the standard error is missing.",
            "1.96 * sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "accuracy cut to a whole number",
            lambda correct, n: (0, 0),
            "Both ends are 0: // drops everything behind the decimal point, and the accuracy is below 1.",
            "correct / n, with a single /.",
        ),
        Misconception(
            "square root and factor forgotten",
            lambda correct, n: _interval(correct, n, z=1.0, spread=lambda p, n: p * (1 - p) / n),
            "Two things: this is the variance, of which the standard error is the square root, and the factor 1.96 is missing.",
            "1.96 * sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "p forgotten",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt((1 - p) / n)),
            "The factor p is missing under the square root: only 1 - p stands there.",
            "sqrt(p * (1 - p) / n).",
        ),
        Misconception(
            "the whole width",
            lambda correct, n: 2 * 1.96 * np.sqrt(correct / n * (1 - correct / n) / n),
            "This is how wide the interval is from end to end. The task asks for its two ends.",
            "p minus half of it, and p plus half of it.",
        ),
        Misconception(
            "accuracy for the upper end",
            lambda correct, n: (_interval(correct, n)[0], correct / n),
            "The lower end is right. The second number is the accuracy itself; the interval reaches as far above it as below.",
            "p + 1.96 * error.",
        ),
        Misconception(
            "three numbers",
            lambda correct, n: (_interval(correct, n)[0], correct / n, _interval(correct, n)[1]),
            "Both ends are right. The task asks for them alone, without the accuracy between them.",
            "return low, high.",
        ),
        Misconception(
            "5 % taken for the width",
            lambda correct, n: (0.95 * correct / n, 1.05 * correct / n),
            "You go a fixed share to each side, however many pictures there are. The 95 % are how often such an interval holds the truth, not how wide it is.",
            "p - 1.96 * error and p + 1.96 * error.",
            also=tuple(lambda correct, n, side=side: (correct / n - side, correct / n + side) for side in (0.025, 0.05)),
        ),
        Misconception(
            "1 + p in place of 1 - p",
            lambda correct, n: _interval(correct, n, spread=lambda p, n: np.sqrt(p * (1 + p) / n)),
            "Under the square root is 1 + p. The second factor is the share of mistakes, 1 - p.",
            "sqrt(p * (1 - p) / n).",
        ),
    ),
)
def normal_interval(correct: int, n: int) -> tuple[float, float]:
    """Return (low, high), the 95 % interval of the accuracy correct / n by the normal approximation, with the factor 1.96."""
    return tuple(float(end) for end in _interval(correct, n))
