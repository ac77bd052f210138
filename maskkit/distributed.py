"""Several processes train one network together, each on its part of every batch; torch.distributed does the work.

They are started by ``torchrun --nproc-per-node 2 -m maskkit train …``, or from a notebook by accelerate's ``notebook_launcher``;
each finds in its environment (RANK, WORLD_SIZE, …) which one it is.
"""

import importlib
import inspect
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from maskkit.errors import InputError
from maskkit.runtime import resolve_device

Value = TypeVar("Value")
ENDED = "Another process of this run has ended, or somebody ended this one"


@dataclass(frozen=True)
class Part:
    """Which images of a batch of ``n`` one process has: those at ``rank``, ``rank + size``, …; all of them by default.

    Of a batch with fewer images than processes some have none; they take the first along, which does not count there, because
    a network cannot be run on nothing.
    """

    n: int
    rank: int = 0
    size: int = 1

    @cached_property
    def positions(self) -> Tensor | slice:
        """Positions in the batch."""
        return slice(None) if self.size == 1 else torch.arange(self.rank, self.n, self.size) if self.count else torch.zeros(1, dtype=torch.int64)

    @property
    def count(self) -> int:
        """Number of images that count."""
        return len(range(self.rank, self.n, self.size))

    @property
    def weight(self) -> float:
        """Of the mean loss of this part, so that the mean over all processes is the mean over all images of the batch."""
        return self.size * self.count / self.n


class ProcessLost(InputError):
    """Another process of the same run has ended, or somebody ended this one."""


@dataclass(frozen=True)
class Team:
    """The processes that train together; with ``size`` 1, one process that trains alone and waits for nobody.

    Attributes
    ----------
    rank : number of this process, counted from 0; only the first one writes and prints
    size : number of processes
    device : where this process computes; each has a GPU of its own, if there are GPUs
    """

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model, with the weights of the first process and gradients that are averaged over all when they are computed."""
        if self.size == 1:
            return model
        known = inspect.signature(DistributedDataParallel).parameters
        between_steps = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"  # its name before torch 2.14
        with self._explained():
            # Not between steps: averages of batch normalisation are brought together after each epoch, see average_buffers.
            return DistributedDataParallel(model, device_ids=[self.device] if self.device.type == "cuda" else None, **{between_steps: False})

    def from_first(self, value: Value) -> Value:
        """What the first process has for ``value``, in every process."""
        if self.size == 1:
            return value
        values = [value]
        with self._explained():
            distributed.broadcast_object_list(values, device=self.device)
        return values[0]

    def total(self, *values: float) -> list[float]:
        """Each value, summed over all processes."""
        if self.size == 1:
            return list(values)
        summed = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(summed)
        return summed.tolist()

    def average_buffers(self, model: nn.Module) -> None:
        """Make the running averages of batch normalisation the same everywhere: their mean over all processes."""
        for buffer in model.buffers() if self.size > 1 else ():
            if buffer.is_floating_point():
                distributed.all_reduce(buffer)
                buffer /= self.size

    def seed_epoch(self, seed: int, epoch: int) -> None:
        """Let what torch draws in this epoch (dropout) hang on seed, epoch and process alone, so that each can go on from what the first one has kept.

        A process that trains alone goes on as it was: it keeps the states of its generators themselves.
        """
        if self.size > 1:
            torch.manual_seed(int(np.random.SeedSequence([seed, epoch, self.rank]).generate_state(1)[0]))

    @contextmanager
    def first_goes_first(self) -> Iterator[None]:
        """The first process runs the block, then all others do: they find what it has downloaded or drawn."""
        if self.size > 1 and not self.is_first:
            self._wait()
        try:
            yield
        finally:
            if self.size > 1 and self.is_first:
                self._wait()

    def _wait(self) -> None:
        with self._explained():
            distributed.barrier()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Before the first epoch there is nothing to go on with, whatever the block waits for."""
        try:
            yield
        except (RuntimeError, ProcessLost) as error:
            self.explain(error, None, 0)
            raise

    def leave(self) -> None:
        """Go on alone: nothing is shared any more."""
        if self.size > 1:
            distributed.destroy_process_group()

    def explain(self, error: Exception, run_dir: Path | None, epochs_done: int) -> None:
        """Raise ProcessLost, with what to do now, if ``error`` comes from the loss of another process or from being ended."""
        lost = self.size > 1 and (isinstance(error, ProcessLost | distributed.DistError) or any(word in str(error) for word in ("gloo", "NCCL", "Connection")))
        if not lost:
            return
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's may come yet, and this process is about to end by itself
        if run_dir is not None and epochs_done:
            raise ProcessLost(f"{ENDED}. {run_dir} holds the state after epoch {epochs_done}; run the same command with --run-dir {run_dir} --resume to go on.") from error
        raise ProcessLost(f"{ENDED}. Nothing is kept yet; start again.") from error


ALONE = Team(0, 1, torch.device("cpu"))


def started_together() -> int:
    """How many processes were started to train one network, by torchrun or from a notebook; 1 for a process that was started alone."""
    started = distributed.is_available() and {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= os.environ.keys()
    return int(os.environ["WORLD_SIZE"]) if started else 1


def join_team(device: str | torch.device = "auto") -> Team:
    """Take this process's place among those that were started together; alone if it was started alone.

    Parameters
    ----------
    device : "auto", "cpu" or "cuda"

    Raises
    ------
    InputError
        If there is no such device, or there are fewer GPUs than processes.
    """
    joined = distributed.is_available() and distributed.is_initialized()
    if started_together() == 1 and not joined:
        return Team(0, 1, resolve_device(device))
    found = _own_device(resolve_device(device))
    if not joined:
        # DistributedDataParallel loads this module, whose functions keep the group that there is just then, as a default. Loaded first, they
        # keep none, so that the threads of the group end with it, and not beside an interpreter that is being taken down, which can abort.
        importlib.import_module("torch.distributed.nn.functional")
        distributed.init_process_group("nccl" if found.type == "cuda" else "gloo", device_id=found if found.type == "cuda" else None)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
    return Team(distributed.get_rank(), distributed.get_world_size(), found)


def _own_device(device: torch.device) -> torch.device:
    """The GPU of this process, or the processor that all share."""
    if device.type == "mps":
        raise InputError("Several processes cannot share Apple's GPU; train in one process, or add --device cpu.")
    if device.type == "cpu":
        return device
    local, here = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if max(local + 1, here) > torch.cuda.device_count():
        raise InputError(f"{max(local + 1, here)} processes were started on a machine with {torch.cuda.device_count()} GPUs; start one process for each GPU.")
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


def _end(_signal: int, _frame: object) -> None:
    """SIGTERM: what torchrun sends to the others when one process has ended."""
    raise ProcessLost(f"{ENDED}.")
