"""Choose hyperparameters: the learning-rate range test, and a study that several processes share. Taught in notebook 06."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain, product, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from maskkit.datasets import Dataset
from maskkit.distributed import started_together
from maskkit.errors import InputError, seen
from maskkit.files import as_path
from maskkit.runtime import resolve_device, seed_everything
from maskkit.training import NeverANumber, TrainConfig, fit, make_optimizer, require_data_and_config, starting_model, train_one_epoch
from maskkit.transforms import AUGMENTATIONS

if TYPE_CHECKING:
    from types import ModuleType

    from optuna import Study, Trial
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

SAMPLERS = ("tpe", "random")
Row = dict[str, float]


@dataclass(frozen=True)
class LogRange:
    """All numbers from ``low`` to ``high``, searched on a logarithmic scale: each factor of ten gets the same share of the trials.

    Only the whole ones for an option that is a whole number, such as ``batch_size``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise InputError(f"A range on a logarithmic scale needs 0 < low < high; got {self.low} and {self.high}.")


# A knob is a field of TrainConfig with the values that it may take: a range, or a tuple to choose from.
Space = Mapping[str, LogRange | tuple]
SPACE: Space = {
    "learning_rate": LogRange(1e-4, 3e-2),
    "batch_size": (16, 32, 64, 128),
    "weight_decay": LogRange(1e-4, 1e-1),
    "augmentation": ("none", "original", "strong"),
}


# --- the learning-rate range test ------------------------------------------------------------------------------------


def range_test(dataset: Dataset, config: TrainConfig = TrainConfig(), *, lowest: float = 1e-5, highest: float = 1.0, steps: int = 100) -> list[Row]:
    """Train with a learning rate that grows by the same factor at each step, and note the loss of each batch.

    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. Ends early when the smoothed loss has gone up to
    four times its lowest value.

    Returns
    -------
    list of dict
        Keys ``step`` (from 1), ``lr``, ``loss`` (of the step's own batch, before its update) and ``smoothed``.
    """
    require_data_and_config(dataset, config)
    seed_everything(config.seed)
    device = resolve_device(config.device)
    model = starting_model(config, dataset.image_size).to(device)
    optimizer, criterion = make_optimizer(model, config), nn.BCEWithLogitsLoss()
    generator = torch.Generator().manual_seed(config.seed)  # order and augmentation, as in fit
    batches = dataset.subset("train").batches(config.batch_size, shuffle=True, generator=generator)
    rows: list[Row] = []
    for (step, lr), batch in zip(enumerate(growing_rates(lowest, highest, steps), 1), chain.from_iterable(repeat(batches))):
        for group in optimizer.param_groups:
            group["lr"] = lr
        loss, _ = train_one_epoch(model, [batch], optimizer, criterion, AUGMENTATIONS[config.augmentation], generator)
        rows.append({"step": step, "lr": lr, "loss": loss})
        averages = smoothed(row["loss"] for row in rows)
        rows[-1]["smoothed"] = averages[-1]
        if not averages[-1] < 4 * min(averages):
            break
    return rows


def growing_rates(lowest: float, highest: float, steps: int) -> list[float]:
    """``steps`` rates from ``lowest`` to ``highest``, each larger than the one before by the same factor."""
    if not 0 < lowest < highest or steps < 2:
        raise InputError(f"The rates need 0 < lowest < highest and at least 2 steps; got {lowest}, {highest} and {steps}.")
    return [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]


def smoothed(losses: Iterable[float], memory: float = 0.9) -> list[float]:
    """Running average in which each older value counts ``memory`` times as much as the next (Adam's bias-corrected mean)."""
    average, values = 0.0, []
    for step, loss in enumerate(losses, 1):
        average = memory * average + (1 - memory) * loss
        values.append(average / (1 - memory**step))
    return values


def suggest_rate(rows: list[Row]) -> float:
    """A tenth of the rate at which the smoothed loss of a range test was lowest: there the steps are about to become too long."""
    return min(rows, key=lambda row: row["smoothed"] if math.isfinite(row["smoothed"]) else math.inf)["lr"] / 10


# --- a study ---------------------------------------------------------------------------------------------------------


def tune(dataset: Dataset, base: TrainConfig = TrainConfig(), *, space: Space = SPACE, trials: int = 20, sampler: str = "tpe", seed: int = 0,
         storage: str | Path | None = None, name: str = "maskkit", on_trial: Callable[[Row], None] | None = None) -> Study:
    """Train ``base`` with values from ``space`` until the study has ``trials`` trials; each is judged by its lowest validation loss.

    Parameters
    ----------
    dataset, base, space
        What is trained; ``base`` gives every option that is not in ``space``, of which every combination must be possible.
    trials : int
        Of the whole study. Several processes with one ``storage`` share them, and a study that was interrupted goes on. Each process
        finishes the trial that it is at, so there may be some more: at most one for each process but the first.
    sampler : "tpe" or "random"
        Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011, as in Optuna; or independent draws.
    seed : int
        Of the sampler. With a storage each process draws by itself, or two of them would try the same values.
    storage : path or URL, optional
        A file that the processes share (Optuna's journal, also over a network drive), or a database such as ``sqlite:///tune.db``.
    on_trial : called with the row (see ``trial_rows``) of each finished trial

    Raises
    ------
    InputError
        If Optuna is not installed, the sampler is unknown, the space is, or holds a combination of values that is impossible, or the
        stored study is about something else; and whatever ``fit`` cannot use. A loss that never was a number ends only its own trial.
    """
    optuna = _optuna()
    check_study(trials, sampler)
    require_data_and_config(dataset, base)
    _check_space(space, base)
    study = open_study(storage, name=name, sampler=sampler, seed=seed)
    _keep_to_one_task(study, dataset, base, space)

    def objective(trial: Trial) -> float:
        config = replace(base, **_suggest(trial, space))
        try:
            result = fit(dataset, config)
        except NeverANumber as error:  # the sampler learns to stay away; all else would fail in each trial
            trial.set_user_attr("failed", str(error))
            raise optuna.TrialPruned from None
        if result.stopped_because == "interrupted":
            raise KeyboardInterrupt
        best = result.history[result.best_epoch - 1]
        for key in ("val_accuracy", "epoch"):
            trial.set_user_attr(key, best[key])
        return best["val_loss"]

    while len(trial_rows(study)) < trials:
        try:
            study.optimize(objective, n_trials=1, callbacks=[lambda _, trial: on_trial(_row(trial))] if on_trial else None)
        except (AssertionError, UnboundLocalError) as error:  # so Optuna ends when it could not store how a trial ended
            stopped = _what_stopped(error)
            if stopped is None:
                raise
            raise stopped from None
    return study


def check_study(trials: int, sampler: str) -> None:
    """Raise InputError unless there can be such a study: asked before the data are read or drawn."""
    _optuna()
    if started_together() > 1:
        raise InputError(f"{started_together()} processes were started to train one network together, but in a study each trains a network of its own; "
                         "start it without torchrun, several times with the same storage.")
    if trials < 1:
        raise InputError(f"A study needs at least 1 trial; got {trials}.")
    if sampler not in SAMPLERS:
        raise InputError(f"There is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")


def open_study(storage: str | Path | None = None, *, name: str = "maskkit", sampler: str = "tpe", seed: int = 0) -> Study:
    """A new study, or the one of that name in a storage that other processes may be using at the same time."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what there is to say of a trial, also of one that was broken off, is said by us
    check_study(1, sampler)
    own_seed = seed if storage is None else None
    chosen = optuna.samplers.RandomSampler(own_seed) if sampler == "random" else optuna.samplers.TPESampler(seed=own_seed, n_startup_trials=4, constant_liar=True)
    try:
        where = _storage(storage)
        return _patiently(lambda: optuna.create_study(storage=where, study_name=name, sampler=chosen, load_if_exists=True))
    except InputError:
        raise
    # Optuna, SQLAlchemy and each database have exceptions of their own.
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}" if str(error) else type(error).__name__
        raise InputError(f"The storage {storage} cannot be used ({reason}); give the path of a file, or the address of a database.") from error


def trial_rows(study: Study) -> list[Row]:
    """The finished trials in the order in which they began.

    Returns
    -------
    list of dict
        Keys ``number`` (from 1), ``val_loss`` (inf where it never was a number), ``val_accuracy``, ``epoch`` and each knob of the space.
    """
    return [_row(trial) for trial in study.get_trials(deepcopy=False) if trial.state.name in ("COMPLETE", "PRUNED")]


def best_config(study: Study, base: TrainConfig = TrainConfig()) -> TrainConfig:
    """``base`` with the values of the best trial.

    Raises
    ------
    InputError
        If no trial gave a loss.
    """
    if not any(math.isfinite(row["val_loss"]) for row in trial_rows(study)):
        raise InputError(f"None of the {len(study.trials)} trials gave a loss that is a number; lower the learning rates.")
    return replace(base, **study.best_params)


def _row(trial: FrozenTrial) -> Row:
    measured = {key: trial.user_attrs.get(key, math.nan) for key in ("val_accuracy", "epoch")}
    return {"number": trial.number + 1, **trial.params, "val_loss": math.inf if trial.value is None else trial.value, **measured}


def _optuna() -> ModuleType:
    try:
        import optuna
    except ImportError:
        raise InputError('Studies need Optuna: run pip install "maskkit[tune]", or pip install optuna, and try again.') from None
    return optuna


def _storage(storage: str | Path | None) -> BaseStorage | str | None:
    """What Optuna takes: nothing, an address as it is, or the journal in a file."""
    if storage is None or "://" in str(storage):
        return storage
    path = as_path(storage)
    if path.is_file() and path.stat().st_size and not _is_journal(path):
        raise InputError(f"{path} holds something else than a study; give the path of a new file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return _journal(path)


def _journal(path: Path) -> BaseStorage:
    """Optuna's journal, in which each process writes behind whole lines only, whatever became of the one before."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    # The lock that opens a file works on Windows too, where the other one, a symbolic link, needs special rights.
    class Lock(JournalFileOpenLock):
        def acquire(self) -> bool:
            super().acquire()
            try:
                _drop_torn_line(path)
            except BaseException:
                self.release()
                raise
            return True

    return JournalStorage(JournalFileBackend(str(path), Lock(str(path))))


def _drop_torn_line(path: Path) -> None:
    """Take away what a full disk left of a last line: the next line would be joined to it, and Optuna could read nothing of the file any more."""
    with path.open("r+b") as file:
        if not file.seek(0, os.SEEK_END):
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)


def _what_stopped(error: BaseException | None) -> BaseException | None:
    """The KeyboardInterrupt or OSError that an error came up in the midst of, if there is one."""
    while error is not None and not isinstance(error, KeyboardInterrupt | OSError):
        error = error.__context__
    return error


def _patiently(create: Callable[[], Study]) -> Study:
    """Try again for a second: of processes that begin together only one can lay out a database, and the others fail in many ways."""
    begin = time.monotonic()
    for pause in (0.1, 0.2, 0.3, 0.4):
        try:
            return create()
        except Exception:
            if time.monotonic() > begin + 20:  # not somebody else's lock, but an address where nobody answers
                raise
            time.sleep(pause)
    return create()


def _is_journal(path: Path) -> bool:
    """Whether a file begins as Optuna's journal does, or as much of it as is written; a line would be added to any other one, too."""
    begin = b'{"op_code":'
    with path.open("rb") as file:
        return begin.startswith(file.read(len(begin)))


def _check_space(space: Space, base: TrainConfig) -> None:
    known = {field.name for field in fields(base)}
    if not space or set(space) - known:
        raise InputError(f"A space needs options of training as its keys, such as {', '.join(SPACE)}; got {', '.join(space) or 'none'}.")
    for name, values in space.items():
        if not isinstance(values, LogRange | tuple | list) or not values:
            raise InputError(f"A space gives each option a LogRange, or a tuple of values to choose from; {name} has {seen(values)}.")
    for end in ("low", "high"):
        ends = ([getattr(values, end)] if isinstance(values, LogRange) else values for values in space.values())
        for combination in product(*ends):
            _require_possible(dict(zip(space, combination)), base)


def _require_possible(options: Mapping[str, object], base: TrainConfig) -> None:
    """Values that are possible one by one can still exclude each other: better said now than in the middle of a study."""
    try:
        replace(base, **options)
    except InputError as error:
        raise InputError(f"The space allows {' with '.join(f'{name} {seen(value)}' for name, value in options.items())}: {error}") from error


def _suggest(trial: Trial, space: Space) -> dict[str, object]:
    return {name: _draw(trial, name, values) for name, values in space.items()}


def _draw(trial: Trial, name: str, values: LogRange | tuple) -> object:
    if not isinstance(values, LogRange):
        return trial.suggest_categorical(name, values)
    draw = trial.suggest_int if isinstance(getattr(TrainConfig, name), int) else trial.suggest_float
    return draw(name, values.low, values.high, log=True)


def _keep_to_one_task(study: Study, dataset: Dataset, base: TrainConfig, space: Space) -> None:
    """Losses of different data or options cannot be compared: the first process says what the study is about."""
    task = {"data": dataset.fingerprint, "options": _shared(asdict(base), space), "space": {key: repr(values) for key, values in space.items()}}
    stored = study.user_attrs.get("task", task)
    if {**stored, "options": _shared(stored["options"], space)} != task:
        raise InputError(f"The study {study.study_name!r} in this storage is about other data or options; give it another name, or another storage.")
    study.set_user_attr("task", task)


def _shared(options: dict[str, object], space: Space) -> dict[str, object]:
    """The options that all trials share, also of a study from before some of them existed; where to train may differ."""
    return {key: value for key, value in {**asdict(TrainConfig()), **options}.items() if key not in {"device", *space}}
