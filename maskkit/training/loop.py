"""One loop, read from top to bottom: epochs, batches, steps. Taught in notebook 04."""

import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from maskkit.checkpoints import load_checkpoint
from maskkit.datasets import Dataset, Subset
from maskkit.distributed import ALONE, Part, ProcessLost, Team, join_team
from maskkit.errors import InputError, require, seen
from maskkit.files import as_path
from maskkit.models import WEIGHTS, build_model, freeze_features, train_mode
from maskkit.progress import progress_bar
from maskkit.runtime import computes_bfloat16, in_precision, interrupts_held, keep_freed_memory, memory_format, seed_everything, to_device
from maskkit.training.averaging import RunningMean
from maskkit.training.config import TrainConfig
from maskkit.training.recording import Recording
from maskkit.training.run import CannotResume, FitResult, HistoryRow, Run, can_resume, finished_run
from maskkit.training.stopping import EarlyStopping
from maskkit.training.teacher import Teacher
from maskkit.transforms import AUGMENTATIONS, AugmentConfig, augment, for_evaluation

logger = logging.getLogger(__name__)


def train_one_epoch(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], optimizer: torch.optim.Optimizer, criterion: nn.Module,
                    augmentation: AugmentConfig, generator: torch.Generator | None = None, *,
                    scheduler: lr_scheduler.LRScheduler | None = None, bfloat16: bool = False, image_size: int | None = None,
                    mean: RunningMean | None = None, teacher: Teacher | None = None, team: Team = ALONE,
                    recording: Recording | None = None) -> tuple[float, float]:
    """Pass once over the training images and update the weights after each batch.

    The first six arguments are all that a plain loop needs; each of the others does nothing unless it is given.

    Returns
    -------
    (loss, accuracy)
        Means over the images, each taken at the moment of its own step.
    """
    keep_freed_memory()
    device = next(model.parameters()).device
    losses, correct, seen = [], [], 0                                 # kept on the device: reading one would wait for it
    one_image = None
    for images, targets, *part in batches:                            # uint8 (B, 3, H, W), float (B,)
        part = part[0] if part else Part(len(targets))                # the whole batch, unless several processes share it
        if one_image != (len(targets) == 1):
            one_image = len(targets) == 1
            train_mode(model, one_image=one_image)
        images, targets = to_device(images, device), to_device(targets, device)
        images = augment(images, augmentation, generator, image_size, part)  # float in [0, 1], same shape
        if teacher is not None:
            images, targets = teacher.lesson(images, generator, part)
        optimizer.zero_grad(set_to_none=True)
        if recording is None:
            with in_precision(device, bfloat16):
                logits = model(images).float()                        # (B,)
            loss = criterion(logits, targets)                         # ()
            (loss * part.weight).backward()                           # the weight is 1 for the whole batch
        else:
            logits, loss = recording(images, targets)                 # the same
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        if mean is not None:
            mean.update()
        losses.append(loss.detach() * part.count)
        correct.append(_correct(logits[:part.count], targets[:part.count]))
        seen += part.count
    return _means(losses, correct, seen, team)


@torch.no_grad()
def validate(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], criterion: nn.Module, *, bfloat16: bool = False,
             team: Team = ALONE) -> tuple[float, float]:
    """Mean loss and accuracy over ``batches``, without augmentation and without changing the weights."""
    keep_freed_memory()
    device = next(model.parameters()).device
    model.eval()
    losses, correct, seen = [], [], 0
    for images, targets in batches:
        targets = to_device(targets, device)
        with in_precision(device, bfloat16):
            logits = model(for_evaluation(images, device)).float()
        losses.append(criterion(logits, targets) * len(targets))
        correct.append(_correct(logits, targets))
        seen += len(targets)
    return _means(losses, correct, seen, team)


def fit(dataset: Dataset, config: TrainConfig = TrainConfig(), *, run_dir: str | Path | None = None,
        on_epoch: Callable[[list[HistoryRow]], None] | None = None, resume: bool = False, progress: bool = False,
        made_by: str = "") -> FitResult:
    """Train with Adam until the validation loss stops falling; give back the weights of the best epoch.

    Parameters
    ----------
    dataset : Dataset
        Its train and val splits are used; its test split is not touched.
    config : TrainConfig
    run_dir : path, optional
        Receives ``mask_cnn_best.pth`` and ``last.pth`` after each epoch, ``history.csv``, ``config.json`` and ``split.csv``; a run that is there is replaced.
    on_epoch : function, optional
        Called with the history after each epoch: to print, to draw, or to stop by raising KeyboardInterrupt.
    resume : bool
        Go on from ``run_dir/last.pth``; the result equals that of a run that was never interrupted.
    progress : bool
        Show a progress bar for each epoch on standard error.
    made_by : str
        Who trains, such as "notebook 04": kept in ``config.json``, for whoever loads the run.

    Raises
    ------
    InputError
        If there are no validation images, the loss is never a number, ``resume`` finds no run, or a run with another configuration, or an
        argument is of another kind.
    """
    require_data_and_config(dataset, config)
    if on_epoch is not None and (isinstance(on_epoch, type) or not callable(on_epoch)):
        raise InputError(f"on_epoch is called with the history after each epoch, as LiveCurves() can be; got {seen(on_epoch)}.")
    folder = None if run_dir is None else as_path(run_dir)
    # In this order, since another process of this run may be making the folder just now. Devices and pipes are files, too.
    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"The run folder {run_dir} is a file; give a folder, there or not.")
    if not (dataset.split == "val").any():
        raise InputError("The data set has no validation images, by which training stops and keeps the best weights; give val a share of its fractions.")
    seed_everything(config.seed)
    team = join_team(config.device)                                   # this process alone, unless several were started
    device = team.device
    bfloat16 = config.precision == "bfloat16" or (config.precision == "auto" and computes_bfloat16(device))
    with team.first_goes_first():
        model = starting_model(config, dataset.image_size, resume).to(device)
    if config.fast:
        model = model.to(memory_format=memory_format(device))
    criterion, learned = nn.BCEWithLogitsLoss(), SmoothedLoss(config.label_smoothing)
    stopping = EarlyStopping(config.patience, config.min_delta)
    generator = torch.Generator().manual_seed(config.seed)            # order and augmentation
    train = on_device(dataset.subset("train"), device).batches(config.batch_size, shuffle=True, generator=generator, rank=team.rank, size=team.size)
    val = on_device(dataset.subset("val").part(team.rank, team.size), device).batches(64)
    optimizer = make_optimizer(model, config)
    scheduler = make_scheduler(optimizer, config, steps_per_epoch=len(train))
    mean = RunningMean(model, config.averaging) if config.averaging else None
    teacher = Teacher(config.teacher, device, bfloat16) if config.teacher else None
    judged = mean.module if mean else model                           # what is validated and kept
    run = Run(folder, config, dataset, model, optimizer, scheduler, stopping, generator, made_by, mean=mean, writes=team.is_first)
    if resume:
        run.restore()
    network = team.wrap(model)                                        # averages the gradients of all processes
    recording = Recording(model, learned, bfloat16) if config.fast and device.type == "cuda" and team.size == 1 else None

    stopped_because = "all epochs done"
    try:
        while stopping.epoch < config.epochs and not stopping.should_stop:
            started = time.perf_counter()
            team.seed_epoch(config.seed, stopping.epoch)
            bar = progress_bar(train, shown=progress and team.is_first, desc=f"epoch {stopping.epoch + 1}/{config.epochs}", unit="batch", leave=False)
            train_loss, train_accuracy = train_one_epoch(
                network, bar, optimizer, learned, AUGMENTATIONS[config.augmentation], generator, scheduler=scheduler, bfloat16=bfloat16,
                image_size=image_size_in(stopping.epoch + 1, dataset.image_size, config), mean=mean, teacher=teacher, team=team, recording=recording)
            seconds = time.perf_counter() - started
            team.average_buffers(model)
            if mean is not None:
                team.average_buffers(mean.module)
            val_loss, val_accuracy = validate(judged, val, criterion, bfloat16=bfloat16, team=team)
            with interrupts_held():                                   # what is remembered of an epoch and its files belong together
                improved = stopping.update(val_loss)
                run.history.append({
                    "epoch": stopping.epoch, "train_loss": train_loss, "train_accuracy": train_accuracy,
                    "val_loss": val_loss, "val_accuracy": val_accuracy, "lr": optimizer.param_groups[0]["lr"],
                    "seconds": round(seconds, 3), "images_per_second": round(len(train.subset) / seconds, 1),
                })
                run.keep(improved)
            if on_epoch and team.is_first:
                on_epoch(run.history)
        if stopping.should_stop:
            stopped_because = "early stopping"
    except KeyboardInterrupt:
        stopped_because = "interrupted"
    except (RuntimeError, ProcessLost) as error:
        team.explain(error, run.folder, stopping.epoch)
        raise
    return run.finish(stopped_because)


def load_or_train(dataset: Dataset, config: TrainConfig = TrainConfig(), *, run_dir: str | Path,
                  on_epoch: Callable[[list[HistoryRow]], None] | None = None, made_by: str = "") -> FitResult:
    """Take the finished run in ``run_dir`` if it was made with this data and configuration; otherwise train it.

    Lets a notebook be opened on its own: what an earlier chapter would have left is made on the spot, and a run that was
    interrupted (a lost connection, an ended kernel) goes on where it was; if too little is left of it, a warning says so before it
    is replaced. A run with other data, options, first weights or teacher is replaced, too. ``origin`` of the result says which of
    these it was, and for a run that was found when it was made, and by whom. InputError as in `fit`.
    """
    require_data_and_config(dataset, config)
    require(run_dir, (str, PathLike), "load_or_train needs a run folder (fit does without)")
    folder = as_path(run_dir)
    if finished := finished_run(folder, config, dataset):
        return finished
    if can_resume(folder, config, dataset):
        try:
            result = fit(dataset, config, run_dir=folder, on_epoch=on_epoch, resume=True, made_by=made_by)
            ended = "gone on with" if result.stopped_because == "interrupted" else "finished"
            return replace(result, origin=f"begun earlier in {folder.as_posix()}, and {ended} here just now")
        except CannotResume as error:
            logger.warning("%s So it is trained anew, from its first epoch, and replaced.", error)
    return fit(dataset, config, run_dir=folder, on_epoch=on_epoch, made_by=made_by)


def require_data_and_config(dataset: Dataset, config: TrainConfig) -> None:
    """Raise InputError where something else stands in their places, such as the name of a recipe, or there is nothing to train on."""
    require(dataset, Dataset, "Training takes a whole Dataset first, as load_dataset gives it")
    if not (dataset.split == "train").any():
        raise InputError("The data set has no training images that could be read; look at what was skipped (dataset.skipped), or give train a share of its fractions.")
    require(config, TrainConfig, "Training takes a TrainConfig, such as TrainConfig(epochs=5) or recipe('modern')")


def starting_model(config: TrainConfig, image_size: int, resume: bool = False) -> nn.Module:
    """The network before its first step: with the weights that ``config`` names, unless a resumed run brings its own."""
    from_file = config.weights not in WEIGHTS
    model = build_model(config.model, image_size, "random" if resume or from_file else config.weights)
    if from_file and not resume:
        _take_weights(model, config)
    if config.freeze:
        freeze_features(model)
    return model


def _take_weights(model: nn.Module, config: TrainConfig) -> None:
    given = load_checkpoint(config.weights)
    if given.model_name != config.model:
        raise InputError(f"{config.weights} holds the weights of {given.model_name}, not of {config.model}; train {given.model_name}, or give another file.")
    try:
        model.load_state_dict(given.model.state_dict())
    except RuntimeError:
        raise InputError(f"The weights in {config.weights} are for images of {given.image_size} pixels, and {config.model} fits one size; train with that size.") from None


class SmoothedLoss(nn.BCEWithLogitsLoss):
    """Binary cross-entropy with targets a share of the way towards one half (Szegedy et al., "Rethinking the Inception Architecture", 2016)."""

    def __init__(self, share: float = 0.0):
        super().__init__()
        self.share = share

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of logits (B,) and targets (B,), which are 0.0 and 1.0."""
        return super().forward(logits, targets + self.share * (0.5 - targets) if self.share else targets)


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Adam, or AdamW where there is weight decay: biases and normalisation, which have one dimension, are left out of it."""
    # Where it is not fused, PyTorch is left to choose how it steps; told not to fuse, it would also take another way on a GPU.
    fused = True if config.fast and next(model.parameters()).device.type in ("cpu", "cuda") else None
    if not config.weight_decay:
        return torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=fused)
    decayed, free = ([p for p in model.parameters() if (p.ndim > 1) == wanted] for wanted in (True, False))
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=fused)


def make_scheduler(optimizer: torch.optim.Optimizer, config: TrainConfig, steps_per_epoch: int) -> lr_scheduler.LRScheduler:
    """What sets the learning rate after each step."""
    steps = config.epochs * steps_per_epoch
    return lr_scheduler.LambdaLR(optimizer, (lambda _: 1.0) if config.schedule == "constant" else (lambda step: one_cycle(step / steps)))


def one_cycle(done: float, climb: float = 0.25) -> float:
    """Share of the highest learning rate when this share of a run is done: it climbs in a line, then falls to 0 along a cosine.

    Smith and Topin, "Super-Convergence", 2018.
    """
    if done < climb:
        return 0.04 + 0.96 * done / climb
    return (1 + math.cos(math.pi * (done - climb) / (1 - climb))) / 2


def image_size_in(epoch: int, image_size: int, config: TrainConfig) -> int:
    """Side of the training images in an epoch (counted from 1): half at first if they grow, in steps of 16 pixels, and the whole at last."""
    growing = min(round(config.growing * config.epochs), config.epochs - 1)
    if epoch > growing:
        return image_size
    side = image_size / 2 * (1 + (epoch - 1) / growing)
    return min(image_size, max(16, round(side / 16) * 16))


def on_device(subset: Subset, device: torch.device) -> Subset:
    """Bring the images to a GPU once, if they fill less than half of its free memory, in place of once in each epoch."""
    if device.type != "cuda" or not isinstance(subset.images, Tensor) or subset.images.nbytes > torch.cuda.mem_get_info(device.index)[0] / 2:
        return subset
    return replace(subset, images=subset.images.to(device), targets=subset.targets.to(device))


def _correct(logits: Tensor, targets: Tensor) -> Tensor:
    # A logit above 0 is a probability above one half.
    return ((logits > 0) == (targets > 0.5)).sum()


def _means(losses: list[Tensor], correct: list[Tensor], seen: int, team: Team) -> tuple[float, float]:
    loss, right, n = team.total(_sum(losses), _sum(correct), seen)
    return loss / n, right / n


def _sum(parts: list[Tensor]) -> float:
    return torch.stack(parts).cpu().double().sum().item() if parts else 0.0
