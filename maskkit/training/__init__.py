"""Train a network: recipes, one visible loop, early stopping on the validation loss. Taught in notebook 04."""

from maskkit.training.config import RECIPES, TrainConfig, recipe
from maskkit.training.loop import fit, load_or_train, make_optimizer, one_cycle, require_data_and_config, starting_model, train_one_epoch, validate
from maskkit.training.run import BEST, LAST, FitResult, HistoryRow, NeverANumber, describe_data, given_files, read_history
from maskkit.training.stopping import EarlyStopping
from maskkit.training.teacher import Teacher

__all__ = ["BEST", "LAST", "RECIPES", "EarlyStopping", "FitResult", "HistoryRow", "NeverANumber", "Teacher", "TrainConfig", "describe_data", "fit", "given_files", "load_or_train",
           "make_optimizer", "one_cycle", "read_history", "recipe", "require_data_and_config", "starting_model", "train_one_epoch", "validate"]
