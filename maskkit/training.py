"""Train a network: one visible loop with early stopping on the validation loss. Taught in notebook 04."""

import copy
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from maskkit.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from maskkit.datasets import Dataset
from maskkit.errors import InputError
from maskkit.files import read_csv, write_csv, write_json
from maskkit.models import MODELS, build_model
from maskkit.runtime import resolve_device, seed_everything, versions
from maskkit.transforms import AUGMENTATIONS, AugmentConfig, augment, to_float

BEST = "mask_cnn_best.pth"
LAST = "last.pth"
ENDS = ("early stopping", "all epochs done")  # how a run that was not interrupted ends

HistoryRow = dict[str, float]


@dataclass(frozen=True)
class TrainConfig:
    """What a training run depends on besides its data. The defaults are the original recipe.

    Attributes
    ----------
    model : name for ``build_model``
    epochs : most epochs to train, at least 1
    batch_size : images in a step, at least 1
    learning_rate : of Adam, above 0
    patience : stop after so many epochs without a lower validation loss, at least 1
    min_delta : by how much the loss must fall to count as lower
    augmentation : a name from ``transforms.AUGMENTATIONS``
    seed : of the weights, the order of the images and the augmentation
    device : "auto", "cpu", "cuda" or "mps"
    """

    model: str = "maskcnn"
    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 8
    min_delta: float = 0.0
    augmentation: str = "original"
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1; got {getattr(self, name)}.")
        if not 0 < self.learning_rate < math.inf:
            raise InputError(f"learning_rate must be a number above 0; got {self.learning_rate}.")
        if self.min_delta < 0:
            raise InputError(f"min_delta must not be negative; got {self.min_delta}.")
        for name, known in (("model", MODELS), ("augmentation", AUGMENTATIONS)):
            if getattr(self, name) not in known:
                raise InputError(f"There is no {name} {getattr(self, name)!r}; choose one of {', '.join(known)}.")


@dataclass
class EarlyStopping:
    """Remember the lowest validation loss, and say when to stop waiting for a lower one.

    Prechelt, "Early Stopping - But When?", 1998. A loss that is not a number never counts as lower.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.update(loss) for loss in (0.6, 0.4, 0.5, 0.5)]
    [True, True, False, False]
    >>> stopping.best_epoch, stopping.should_stop
    (2, True)
    """

    patience: int = 8
    min_delta: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    epoch: int = 0

    def update(self, val_loss: float) -> bool:
        """Take the validation loss of one more epoch; True if it is the lowest so far."""
        self.epoch += 1
        improved = val_loss < self.best_loss - self.min_delta
        if improved:
            self.best_loss, self.best_epoch = val_loss, self.epoch
        return improved

    @property
    def should_stop(self) -> bool:
        """Whether ``patience`` epochs have passed since the lowest loss."""
        return self.epoch - self.best_epoch >= self.patience


@dataclass(frozen=True)
class FitResult:
    """What a training run gives back.

    Attributes
    ----------
    model : the network with the weights of the best epoch, in evaluation mode
    history : one row for each epoch: epoch, train_loss, train_accuracy, val_loss, val_accuracy, lr, seconds, images_per_second
    best_epoch : the epoch with the lowest validation loss, counted from 1
    stopped_because : "early stopping", "all epochs done" or "interrupted"
    """

    model: nn.Module
    history: list[HistoryRow] = field(repr=False)
    best_epoch: int
    stopped_because: str


def train_one_epoch(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], optimizer: torch.optim.Optimizer, criterion: nn.Module,
                    augmentation: AugmentConfig, generator: torch.Generator | None = None) -> tuple[float, float]:
    """Pass once over the training images and update the weights after each batch.

    Returns
    -------
    (loss, accuracy)
        Means over the images, each taken at the moment of its own step.
    """
    device = next(model.parameters()).device
    model.train()
    loss_sum, correct, seen = 0.0, 0, 0
    for images, targets in batches:                                   # uint8 (B, 3, H, W), float (B,)
        images, targets = images.to(device), targets.to(device)
        images = augment(to_float(images), augmentation, generator)   # float in [0, 1], same shape
        logits = model(images)                                        # (B,)
        loss = criterion(logits, targets)                             # ()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(targets)
        correct += _count_correct(logits, targets)
        seen += len(targets)
    return loss_sum / seen, correct / seen


@torch.no_grad()
def validate(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], criterion: nn.Module) -> tuple[float, float]:
    """Mean loss and accuracy over ``batches``, without augmentation and without changing the weights."""
    device = next(model.parameters()).device
    model.eval()
    loss_sum, correct, seen = 0.0, 0, 0
    for images, targets in batches:
        images, targets = images.to(device), targets.to(device)
        logits = model(to_float(images))
        loss_sum += criterion(logits, targets).item() * len(targets)
        correct += _count_correct(logits, targets)
        seen += len(targets)
    return loss_sum / seen, correct / seen


def fit(dataset: Dataset, config: TrainConfig = TrainConfig(), *, run_dir: str | Path | None = None,
        on_epoch: Callable[[list[HistoryRow]], None] | None = None, resume: bool = False, progress: bool = False) -> FitResult:
    """Train with Adam until the validation loss stops falling; give back the weights of the best epoch.

    Parameters
    ----------
    dataset : Dataset
        Its train and val splits are used; its test split is not touched.
    config : TrainConfig
    run_dir : path, optional
        Receives ``mask_cnn_best.pth`` and ``last.pth`` after each epoch, ``history.csv`` and ``config.json``.
    on_epoch : function, optional
        Called with the history after each epoch: to print, to draw, or to stop by raising KeyboardInterrupt.
    resume : bool
        Go on from ``run_dir/last.pth``; the result equals that of a run that was never interrupted.
    progress : bool
        Show a progress bar for each epoch on standard error.

    Raises
    ------
    InputError
        If the loss is never a number, or ``resume`` finds no run, or a run with another configuration.
    """
    seed_everything(config.seed)
    device = resolve_device(config.device)
    model = build_model(config.model, dataset.image_size).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    criterion = nn.BCEWithLogitsLoss()
    stopping = EarlyStopping(config.patience, config.min_delta)
    generator = torch.Generator().manual_seed(config.seed)            # order and augmentation
    train = dataset.subset("train").batches(config.batch_size, shuffle=True, generator=generator)
    val = dataset.subset("val").batches(256)
    run = _Run(run_dir, config, dataset, model, optimizer, stopping, generator)
    if resume:
        run.restore()

    stopped_because = "all epochs done"
    try:
        while stopping.epoch < config.epochs and not stopping.should_stop:
            started = time.perf_counter()
            bar = tqdm(train, desc=f"epoch {stopping.epoch + 1}/{config.epochs}", unit="batch", leave=False, disable=not progress)
            train_loss, train_accuracy = train_one_epoch(model, bar, optimizer, criterion, AUGMENTATIONS[config.augmentation], generator)
            seconds = time.perf_counter() - started
            val_loss, val_accuracy = validate(model, val, criterion)
            improved = stopping.update(val_loss)
            run.history.append({
                "epoch": stopping.epoch, "train_loss": train_loss, "train_accuracy": train_accuracy,
                "val_loss": val_loss, "val_accuracy": val_accuracy, "lr": optimizer.param_groups[0]["lr"],
                "seconds": round(seconds, 3), "images_per_second": round(len(train.subset) / seconds, 1),
            })
            run.keep(improved)
            if on_epoch:
                on_epoch(run.history)
        if stopping.should_stop:
            stopped_because = "early stopping"
    except KeyboardInterrupt:
        stopped_because = "interrupted"
    return run.finish(stopped_because)


def load_or_train(dataset: Dataset, config: TrainConfig = TrainConfig(), *, run_dir: str | Path,
                  on_epoch: Callable[[list[HistoryRow]], None] | None = None) -> FitResult:
    """Take the finished run in ``run_dir`` if it was made with this data and configuration; otherwise train it.

    Lets a notebook be opened on its own: what an earlier chapter would have left is made on the spot.
    """
    finished = _finished_run(Path(run_dir), config, dataset)
    return finished or fit(dataset, config, run_dir=run_dir, on_epoch=on_epoch)


def describe_data(dataset: Dataset) -> dict[str, object]:
    """What identifies the data of a run: how to load it again, the number of images of each class, and a hash of them."""
    return {
        "source": dataset.source, "image_size": dataset.image_size, "options": dataset.options,
        "counts": {name: dataset.class_counts(name) for name in ("train", "val", "test")}, "fingerprint": dataset.fingerprint,
    }


def _finished_run(run_dir: Path, config: TrainConfig, dataset: Dataset) -> FitResult | None:
    try:
        record = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
        if record["stopped_because"] in ENDS and record["train"] == asdict(config) and record["data"] == describe_data(dataset):
            best = load_checkpoint(run_dir / BEST, resolve_device(config.device))
            return FitResult(best.model, read_history(run_dir / "history.csv"), best.epoch, record["stopped_because"])
    except (OSError, ValueError, KeyError):
        pass  # no run, or a damaged one: train
    return None


def read_history(path: str | Path) -> list[HistoryRow]:
    """Read the ``history.csv`` of a run folder as ``fit`` returned it."""
    return [{key: int(value) if key == "epoch" else float(value) for key, value in row.items()} for row in read_csv(path)]


def _count_correct(logits: Tensor, targets: Tensor) -> int:
    # A logit above 0 is a probability above one half.
    return int(((logits > 0) == (targets > 0.5)).sum())


class _Run:
    """What ``fit`` keeps: the best weights in memory, and everything in the run folder if there is one."""

    def __init__(self, folder: str | Path | None, config: TrainConfig, dataset: Dataset, model: nn.Module,
                 optimizer: torch.optim.Optimizer, stopping: EarlyStopping, generator: torch.Generator):
        self.folder = None if folder is None else Path(folder)
        self.config, self.data, self.model = config, describe_data(dataset), model
        self.optimizer, self.stopping, self.generator = optimizer, stopping, generator
        self.history: list[HistoryRow] = []
        self.best_state: dict[str, Tensor] | None = None

    def keep(self, improved: bool) -> None:
        """After an epoch: remember the weights if they are the best, and write the run folder."""
        if improved:
            self.best_state = copy.deepcopy(self.model.state_dict())
        if self.folder is None:
            return
        if improved:
            save_checkpoint(self.folder / BEST, self._checkpoint())
        save_checkpoint(self.folder / LAST, self._checkpoint(self._training_state()))
        write_csv(self.folder / "history.csv", self.history)
        self._write_config(None)

    def restore(self) -> None:
        """Go back to the state after the last epoch that was completed."""
        if self.folder is None or not (self.folder / LAST).is_file():
            raise InputError(f"There is no run to resume in {self.folder}: it has no {LAST}.")
        last = load_checkpoint(self.folder / LAST)
        state = last.training_state
        if _recipe(state["config"]) != _recipe(asdict(self.config)) or state["data"] != self.data:
            raise InputError(f"The run in {self.folder} was made with other data or options; resume it with the same ones (see its config.json).")
        self.model.load_state_dict(last.model.state_dict())
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch_rng"])
        vars(self.stopping).update(state["stopping"])
        self.history.extend(state["history"])
        if self.stopping.best_epoch:
            self.best_state = load_checkpoint(self.folder / BEST).model.state_dict()

    def finish(self, stopped_because: str) -> FitResult:
        """Put the best weights into the model and say how it ended."""
        if self.history and self.best_state is None:
            raise InputError("The validation loss was not a number in any epoch; lower the learning rate.")
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)
        if self.folder is not None and self.history:
            self._write_config(stopped_because)
        return FitResult(self.model.eval(), self.history, self.stopping.best_epoch, stopped_because)

    def _checkpoint(self, training_state: dict | None = None) -> Checkpoint:
        return Checkpoint(self.model, self.config.model, self.data["image_size"], epoch=self.stopping.epoch,
                          val_loss=self.history[-1]["val_loss"], training_state=training_state or {})

    def _training_state(self) -> dict[str, object]:
        stopping = {key: getattr(self.stopping, key) for key in ("best_loss", "best_epoch", "epoch")}
        return {"config": asdict(self.config), "data": self.data, "history": self.history, "stopping": stopping,
                "optimizer": self.optimizer.state_dict(), "generator": self.generator.get_state(), "torch_rng": torch.get_rng_state()}

    def _write_config(self, stopped_because: str | None) -> None:
        write_json(self.folder / "config.json", {
            "train": asdict(self.config), "data": self.data, "versions": versions(),
            "epochs_done": self.stopping.epoch, "best_epoch": self.stopping.best_epoch, "stopped_because": stopped_because,
        })


def _recipe(config: dict) -> dict:
    """The options that must be the same to resume: how long to train, and where, may change."""
    return {key: value for key, value in config.items() if key not in ("epochs", "patience", "device")}
