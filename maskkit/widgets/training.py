"""Train before your eyes, pause, and stop when you have seen enough. Taught in notebook 04."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace

from maskkit.datasets import Dataset
from maskkit.errors import InputError
from maskkit.plots import plot_history, show
from maskkit.training import FitResult, HistoryRow, TrainConfig, fit, require_data_and_config
from maskkit.transforms import AUGMENTATIONS
from maskkit.widgets.explorer import Explorer, View, button, dropdown, side_by_side, whole_slider

READY, RUNNING, PAUSED, DONE = "ready", "running", "paused", "done"
LEARNING_RATES = (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1)


class PausableRun:
    """``fit`` in a thread of its own, so that the kernel stays free to hear a click on "stop".

    Pause and stop take effect after the epoch that is running. A stopped run keeps its best weights, like an interrupted one.

    Attributes
    ----------
    state : "ready", "running", "paused" or "done"
    history : the rows of the epochs so far
    result : what ``fit`` gave back; None until it is done, and after an error
    error : the sentence of the error that ended the run, if one did
    """

    def __init__(self, dataset: Dataset, config: TrainConfig, on_change: Callable[[], None] = lambda: None):
        self.dataset, self.config, self.on_change = dataset, config, on_change
        self.state, self.history = READY, []
        self.result: FitResult | None = None
        self.error: str | None = None
        self._go, self._stop = threading.Event(), threading.Event()
        self._go.set()
        # A daemon, so that closing the notebook does not wait for the last epoch.
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)

    def start(self) -> None:
        """Begin; a run can be started once."""
        self._enter(RUNNING)
        self._thread.start()

    def pause(self) -> None:
        """Wait after the running epoch until `resume` or `stop`."""
        self._go.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._go.set()

    def stop(self) -> None:
        """End after the running epoch, also out of a pause."""
        self._stop.set()
        self._go.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for that has not come into effect."""
        return self._stop.is_set() and self.state != DONE

    @property
    def pausing(self) -> bool:
        """Whether a pause was asked for that has not come into effect."""
        return not self._go.is_set() and self.state == RUNNING

    def join(self, timeout: float | None = None) -> FitResult | None:
        """Wait for the end, at most ``timeout`` seconds, and return the result."""
        self._thread.join(timeout)
        return self.result

    def _run(self) -> None:
        try:
            self.result = fit(self.dataset, self.config, on_epoch=self._after_epoch)
        except Exception as error:  # a thread has nobody else to tell
            self.error = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        self._enter(DONE)

    def _after_epoch(self, history: list[HistoryRow]) -> None:
        self.history = [dict(row) for row in history]
        self.on_change()
        if not self._go.is_set():
            self._enter(PAUSED)
            self._go.wait()
            if not self._stop.is_set():
                self._enter(RUNNING)
        if self._stop.is_set():
            raise KeyboardInterrupt

    def _enter(self, state: str) -> None:
        self.state = state
        self.on_change()


def run_in_words(run: PausableRun | None) -> str:
    """How far a run has come, in a sentence or two."""
    if run is None:
        return "Not started."
    if run.error:
        return f"The run ended with an error. {run.error}"
    if run.state == DONE:
        ended = {"interrupted": "Stopped by you"}.get(run.result.stopped_because, f"Ended: {run.result.stopped_because}")
        kept = f"The weights of epoch {run.result.best_epoch} are kept." if run.result.best_epoch else "No weights are kept, since the validation loss was never a number."
        return f"{ended} after epoch {len(run.history)}. {kept} {_losses(run.history)}"
    asked = "Stops after this epoch. " if run.stopping else "Pauses after this epoch. " if run.pausing else ""
    doing = f"Paused after epoch {len(run.history)}." if run.state == PAUSED else f"Epoch {len(run.history) + 1} of {run.config.epochs} is running."
    return f"{asked}{doing} {_losses(run.history)}".strip()


def _losses(history: list[HistoryRow]) -> str:
    if not history:
        return ""
    row = history[-1]
    best = min((row for row in history if not math.isnan(row["val_loss"])), key=lambda row: row["val_loss"], default=None)
    lowest = f"; lowest validation loss {best['val_loss']:.3f} in epoch {best['epoch']}" if best else ""
    return f"Training loss {row['train_loss']:.3f}, validation loss {row['val_loss']:.3f}, validation accuracy {row['val_accuracy']:.2f}{lowest}."


class LiveTraining(Explorer):
    """Settings, buttons, curves and a line of text; made by `explore_training`.

    Attributes
    ----------
    run : the present `PausableRun`; None before the first start
    result : the `FitResult` of the present run, None until it has ended
    """

    def __init__(self, dataset: Dataset, config: TrainConfig):
        self.dataset, self.config = dataset, config
        self.run: PausableRun | None = None
        self._drawing = threading.Lock()  # the training thread and a click may both want to draw
        rates = sorted({*LEARNING_RATES, config.learning_rate})
        settings = {
            "learning_rate": dropdown("Learning rate", [(f"{rate:g}", rate) for rate in rates], config.learning_rate),
            "augmentation": dropdown("Augmentation", list(AUGMENTATIONS), config.augmentation),
            "epochs": whole_slider("Epochs at most", config.epochs, 1, max(30, config.epochs)),
            "patience": whole_slider("Patience", config.patience, 1, max(10, config.patience)),
        }
        self.buttons = {"start": button("Start", self.start), "pause": button("Pause", self.pause), "stop": button("Stop", self.stop)}
        super().__init__(settings, [*settings.values(), side_by_side(self.buttons.values())])

    @property
    def result(self) -> FitResult | None:
        """What ``fit`` gave back; None until the present run has ended."""
        return None if self.run is None else self.run.result

    def start(self) -> None:
        """Begin a run with the present settings."""
        if self._active:
            return
        settings = {name: control.value for name, control in self.controls.items()}
        self.run = PausableRun(self.dataset, replace(self.config, **settings), self.redraw)
        self.run.start()

    def pause(self) -> None:
        """Pause, or go on after a pause."""
        if self._active:
            waiting = self.run.state == PAUSED or self.run.pausing
            self.run.resume() if waiting else self.run.pause()
            self.redraw()

    def stop(self) -> None:
        """Stop after the running epoch."""
        if self._active:
            self.run.stop()
            self.redraw()

    @property
    def _active(self) -> bool:
        return self.run is not None and self.run.state in (RUNNING, PAUSED)

    def redraw(self, _change: object = None) -> None:
        """Show the present run, with the buttons that make sense for its state enabled."""
        with self._drawing:
            active = self._active
            for control in self.controls.values():
                control.disabled = active
            self.buttons["start"].disabled = active
            self.buttons["pause"].disabled = self.buttons["stop"].disabled = not active or self.run.stopping
            self.buttons["pause"].description = "Go on" if active and (self.run.state == PAUSED or self.run.pausing) else "Pause"
            super().redraw()

    def view(self) -> View:
        history = self.run.history if self.run else []
        return View(run_in_words(self.run), show(plot_history(history)) if history else None)


def explore_training(dataset: Dataset, config: TrainConfig = TrainConfig()) -> LiveTraining:
    """Train with a click, and pause or stop it with another; nothing is trained before.

    The run has the kernel's memory in common with the other cells: a cell that draws random numbers from torch while it
    runs changes its numbers. The result stands in ``.result``.

    Parameters
    ----------
    dataset : its train and val splits are used
    config : where the settings begin; the rest of it is taken as it is

    Raises
    ------
    InputError
        If these are no data set and no configuration.
    """
    require_data_and_config(dataset, config)
    return LiveTraining(dataset, config)
