"""What a training run leaves behind: the best weights, the history, and a folder from which it can go on."""

import copy
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from maskkit.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from maskkit.datasets import Dataset
from maskkit.errors import InputError
from maskkit.files import BEST, LAST, file_digest, read_csv, write_csv, write_json
from maskkit.models import WEIGHTS
from maskkit.runtime import random_states, resolve_device, restore_random_states, versions
from maskkit.training.averaging import RunningMean
from maskkit.training.config import TrainConfig
from maskkit.training.stopping import EarlyStopping

# What the command line adds to the folder when the training is over: reports, and the models that it exports.
REPORTS = ("report.json", "mistakes.png")
EXPORTS = ("mask_cnn_best.onnx", "mask_cnn_best_int8.onnx")
DAMAGED = (LookupError, TypeError, AttributeError, ValueError, RuntimeError)  # what comes of a state that is not as it was written
ENDS = ("early stopping", "all epochs done")  # how a run that was not interrupted ends

HistoryRow = dict[str, float]


class CannotResume(InputError):
    """What is left of a run is not enough to go on with it; whoever does not ask for that very run can train anew."""


class NeverANumber(InputError):
    """The validation loss was not a number in any epoch."""


@dataclass(frozen=True)
class FitResult:
    """What a training run gives back.

    Attributes
    ----------
    model : the network with the weights of the best epoch, in evaluation mode
    history : one row for each epoch: epoch, train_loss, train_accuracy, val_loss, val_accuracy, lr, seconds, images_per_second
    best_epoch : the epoch with the lowest validation loss, counted from 1; 0 if the run was interrupted before there was one
    stopped_because : "early stopping", "all epochs done" or "interrupted"
    origin : "trained here just now", or "taken from runs/notebook, made on 2026-11-23 by notebook 04"
    """

    model: nn.Module
    history: list[HistoryRow] = field(repr=False)
    best_epoch: int
    stopped_because: str
    origin: str = "trained here just now"


def describe_data(dataset: Dataset) -> dict[str, object]:
    """What identifies the data of a run: how to load it again, the number of images of each class, and a hash of them."""
    return {
        "source": dataset.source, "image_size": dataset.image_size, "options": dataset.options,
        "counts": {name: dataset.class_counts(name) for name in ("train", "val", "test")}, "fingerprint": dataset.fingerprint,
    }


def finished_run(run_dir: Path, config: TrainConfig, dataset: Dataset) -> FitResult | None:
    """The finished run in a folder, if it was made with this data and configuration, and its weights are those that it left."""
    record = _record(run_dir, config, dataset)
    if record is None or record["stopped_because"] not in ENDS:
        return None
    try:
        if record.get("weights_sha256") in (None, file_digest(run_dir / BEST)):
            best = load_checkpoint(run_dir / BEST, resolve_device(config.device))
            return FitResult(best.model, read_history(run_dir / "history.csv"), best.epoch, record["stopped_because"], _origin(run_dir, record))
    except (OSError, ValueError, KeyError):
        pass  # a damaged run: train
    return None


def can_resume(run_dir: Path, config: TrainConfig, dataset: Dataset) -> bool:
    """Whether a folder holds the beginning of just this run, as a lost connection or an ended kernel leaves it.

    Its record says so; whether the state beside it is whole is found out by restoring it (see `CannotResume`).
    """
    record = _record(run_dir, config, dataset)
    return record is not None and record["stopped_because"] not in ENDS


def _record(run_dir: Path, config: TrainConfig, dataset: Dataset) -> dict | None:
    """What a folder's ``config.json`` says, if its run was made with this data and configuration."""
    try:
        record = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
        same = _complete(record["train"]) == asdict(config) and record["data"] == describe_data(dataset)
        given = given_files(config)
        return record if same and record.get("given", given) == given and "stopped_because" in record else None
    except (OSError, ValueError, LookupError, TypeError):
        return None  # no run, or a damaged file


def given_files(config: TrainConfig) -> dict[str, str]:
    """Hashes of the files that a run begins with or learns from: another network may stand under the same name one day."""
    paths = {"weights": None if config.weights in WEIGHTS else config.weights, "teacher": config.teacher}
    return {name: file_digest(path) for name, path in paths.items() if path and Path(path).is_file()}


def _origin(run_dir: Path, record: dict) -> str:
    day, by = record.get("made_on"), record.get("made_by")
    return f"taken from {run_dir.as_posix()}" + (f", made on {day}" if day else "") + (f" by {by}" if by else "")


def read_history(path: str | Path) -> list[HistoryRow]:
    """Read the ``history.csv`` of a run folder as ``fit`` returned it; InputError if it cannot be read."""
    try:
        return [{key: int(value) if key == "epoch" else float(value) for key, value in row.items()} for row in read_csv(path)]
    except (OSError, ValueError, TypeError) as error:  # not there, no text, or rows of another table
        reason = error.strerror if isinstance(error, OSError) else "it is damaged, or another file"
        raise InputError(f"The history {path} cannot be read ({reason}); give the history.csv in a run folder.") from error


class Run:
    """What ``fit`` keeps: the best weights in memory, and everything in the run folder if there is one."""

    def __init__(self, folder: Path | None, config: TrainConfig, dataset: Dataset, model: nn.Module,
                 optimizer: torch.optim.Optimizer, scheduler: LRScheduler, stopping: EarlyStopping, generator: torch.Generator,
                 made_by: str = "", *, mean: RunningMean | None = None, writes: bool = True):
        self.made_by = made_by
        self.folder = folder
        self.writes = writes and self.folder is not None  # of several processes only the first one does
        self.config, self.data, self.given, self.model, self.mean = config, describe_data(dataset), given_files(config), model, mean
        self.judged = mean.module if mean else model  # the weights of which the best are kept
        self.optimizer, self.scheduler, self.stopping, self.generator, self.dataset = optimizer, scheduler, stopping, generator, dataset
        self.history: list[HistoryRow] = []
        self.best_state: dict[str, Tensor] | None = None

    def keep(self, improved: bool) -> None:
        """After an epoch: remember the weights if they are the best, and write the run folder."""
        if improved:
            self.best_state = copy.deepcopy(self.judged.state_dict())
        if not self.writes:
            return
        if improved:
            save_checkpoint(self.folder / BEST, self._checkpoint(self.judged))
            self._remove(*REPORTS)  # which were of the best before
        first = len(self.history) == 1  # of an older run that this one replaces, nothing may be taken for its own
        if first:
            self._remove("split.csv")  # before the state: where a full disk ends this run before its own is written, going on writes it
        save_checkpoint(self.folder / LAST, self._checkpoint(self.model, self._training_state()))
        write_csv(self.folder / "history.csv", self.history)
        self._write_config(None)
        if first:
            self._remove(*EXPORTS)
        if first and not improved:
            self._remove(BEST, *REPORTS)
        if not (self.folder / "split.csv").exists():
            write_csv(self.folder / "split.csv", self.dataset.split_rows())

    def _remove(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def restore(self) -> None:
        """Go back to the state after the last epoch that was completed.

        Raises
        ------
        CannotResume
            If there is none, it is damaged, or it is that of a run with other data or options.
        """
        if self.folder is None or not (self.folder / LAST).is_file():
            raise CannotResume(f"There is no run to resume in {self.folder}: it has no {LAST}.")
        try:
            self._take(load_checkpoint(self.folder / LAST))
        except InputError as error:
            raise CannotResume(str(error)) from error
        except DAMAGED as error:
            raise CannotResume(f"The run in {self.folder} cannot be resumed: its {LAST} is damaged, or of another version ({type(error).__name__}).") from error

    def _take(self, last: Checkpoint) -> None:
        state = last.training_state
        if not state:
            raise InputError(f"The run in {self.folder} cannot be resumed: its {LAST} is a finished model, and not what training left behind.")
        # The pixels, labels and split in their order; the folder may have moved.
        same_data = all(state["data"][name] == self.data[name] for name in ("fingerprint", "image_size"))
        if _fixed(state["config"]) != _fixed(asdict(self.config)) or not same_data:
            raise InputError(f"The run in {self.folder} was made with other data or options; resume it with the same ones (see its config.json).")
        if state.get("given", self.given).get("teacher") != self.given.get("teacher"):
            raise InputError(f"The run in {self.folder} learned from another teacher, which stood in {self.config.teacher} then; give that one, or train anew.")
        began_with = _complete(state["config"])["weights"]
        if self.config.weights not in (*WEIGHTS, began_with):
            raise InputError(f"The run in {self.folder} goes on from its own weights (it began with: {began_with}); leave {self.config.weights} away.")
        self.config = replace(self.config, weights=began_with)
        self.given = state.get("given", self.given)
        self.model.load_state_dict(last.model.state_dict())
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state.get("scheduler", self.scheduler.state_dict()))
        self.generator.set_state(state["generator"])
        if self.mean:
            self.mean.load_state_dict(state["mean"])
        vars(self.stopping).update(state["stopping"])
        self.history.extend(state["history"])
        if self.stopping.best_epoch:
            self.best_state = self._best_of(last).model.state_dict()
        # Last of all: to load a checkpoint is to build a network, which draws random weights first.
        restore_random_states(state)

    def _best_of(self, last: Checkpoint) -> Checkpoint:
        """The best model so far. A run that was to replace this one, and found the disk full, may have left another in its place."""
        best = load_checkpoint(self.folder / BEST)
        # It is written first: when a process ends in between, it is one epoch ahead.
        if best.epoch not in (self.stopping.best_epoch, last.epoch + 1) or (best.epoch == self.stopping.best_epoch and best.val_loss != self.stopping.best_loss):
            raise InputError(f"The run in {self.folder} cannot be resumed: its {BEST} is of another run (epoch {best.epoch}, and not {self.stopping.best_epoch}).")
        return best

    def finish(self, stopped_because: str) -> FitResult:
        """Put the best weights into the model and say how it ended."""
        if self.history and self.best_state is None and stopped_because != "interrupted":
            raise NeverANumber("The validation loss was not a number in any epoch; lower the learning rate.")
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)
        if self.writes and self.history:
            self._write_config(stopped_because)
        # The layout in which a checkpoint is loaded: the same probabilities then, bit for bit.
        return FitResult(self.model.to(memory_format=torch.contiguous_format).eval(), self.history, self.stopping.best_epoch, stopped_because)

    def _checkpoint(self, model: nn.Module, training_state: dict | None = None) -> Checkpoint:
        return Checkpoint(model, self.config.model, self.data["image_size"], epoch=self.stopping.epoch,
                          val_loss=self.history[-1]["val_loss"], training_state=training_state or {})

    def _training_state(self) -> dict[str, object]:
        stopping = {key: getattr(self.stopping, key) for key in ("best_loss", "best_epoch", "epoch")}
        return {"config": asdict(self.config), "data": self.data, "given": self.given, "history": self.history, "stopping": stopping,
                "optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict(), "mean": self.mean.state_dict() if self.mean else None,
                "generator": self.generator.get_state(), **random_states()}

    def _write_config(self, stopped_because: str | None) -> None:
        write_json(self.folder / "config.json", {
            "train": asdict(self.config), "data": self.data, "given": self.given, "versions": versions(),
            "epochs_done": self.stopping.epoch, "best_epoch": self.stopping.best_epoch, "stopped_because": stopped_because,
            "made_on": date.today().isoformat(), "made_by": self.made_by,
            "weights_sha256": file_digest(self.folder / BEST) if stopped_because and self.best_state is not None else None,
        })


def _complete(config: dict) -> dict:
    """The options of a run, also of one that was made before some of them existed."""
    return {**asdict(TrainConfig()), **config}


def _fixed(config: dict) -> dict:
    """The options that must be the same to resume: where to train may change, and how long where no schedule was planned for it."""
    config = _complete(config)
    free = {"patience", "device", "weights"} | ({"epochs"} if config["schedule"] == "constant" and not config["growing"] else set())
    return {key: value for key, value in config.items() if key not in free}
