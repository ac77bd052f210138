"""Checks of the exercises in the notebooks: ``checks.output_size(output_size)`` as the last line of a cell.

Each check takes the learner's function (or value) and returns a `CheckResult`: passed, not attempted, or what is wrong in the
learner's terms, with hints. `EXERCISES` lists them all by name, with reference, stub and misconceptions.
"""

from maskkit.checks.augmentation import adjust_brightness, flip_horizontal, label_safe, to_unit_range
from maskkit.checks.build_maskcnn import conv_parameters, convolve2d, output_size, predict_labels, receptive_field
from maskkit.checks.deeper import batch_norm, residual_output, vgg_block_parameters
from maskkit.checks.evaluation import accuracy, majority_baseline, normal_interval, precision_recall, total_cost
from maskkit.checks.exercise import EXERCISES, Exercise, Misconception
from maskkit.checks.explore_data import class_balance, clue_accuracy, leaked_groups, mean_image
from maskkit.checks.report import NOT_ATTEMPTED, PASSED, TRY_AGAIN, CheckResult
from maskkit.checks.start_here import how_many_right, numbers_in_picture, says_mask
from maskkit.checks.training import best_epoch, binary_cross_entropy, should_stop, training_step
from maskkit.checks.tuning import growing_rates, number_of_steps, winners_optimism

__all__ = [
    *("EXERCISES", "Exercise", "Misconception", "CheckResult", "PASSED", "NOT_ATTEMPTED", "TRY_AGAIN"),
    *("says_mask", "numbers_in_picture", "how_many_right"),
    *("class_balance", "clue_accuracy", "mean_image", "leaked_groups"),
    *("to_unit_range", "flip_horizontal", "adjust_brightness", "label_safe"),
    *("output_size", "conv_parameters", "convolve2d", "receptive_field", "predict_labels"),
    *("best_epoch", "should_stop", "binary_cross_entropy", "training_step"),
    *("accuracy", "precision_recall", "majority_baseline", "normal_interval", "total_cost"),
    *("growing_rates", "number_of_steps", "winners_optimism"),
    *("vgg_block_parameters", "batch_norm", "residual_output"),
]
