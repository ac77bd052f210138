"""Run a learner's function so that nothing it does can stop the notebook: no exception, and no endless loop."""

from __future__ import annotations

import ctypes
import linecache
import threading
import traceback
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

TIME_LIMIT = 5.0  # seconds for all the inputs of a check together; right answers take milliseconds


class OutOfTime(BaseException):
    """Thrown into the learner's code when its time is up; no Exception, so that ``except Exception`` lets it through."""


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value, or an error; and the arguments as the call left them."""

    value: object = None
    error: BaseException | None = None
    arguments: tuple = ()

    @property
    def timed_out(self) -> bool:
        return isinstance(self.error, OutOfTime)


def run(function: Callable, cases: Sequence[tuple], seconds: float | None = None) -> list[Outcome]:
    """Call `function` with a copy of each case's arguments, in a thread of its own.

    The outcomes end early, with one that has timed out, where the calls together take longer than `seconds`. A thread
    works alike on Windows, macOS, Linux and inside a notebook's kernel, where signals and forks do not.
    """
    worker = _Worker(function, cases)
    worker.start()
    worker.join(TIME_LIMIT if seconds is None else seconds)
    return worker.stop() if worker.is_alive() else worker.outcomes


def call(function: Callable, arguments: tuple) -> Outcome:
    """Call a function with a copy of the arguments; errors come back as part of the outcome."""
    arguments = deepcopy(arguments)
    try:
        return Outcome(function(*arguments), None, arguments)
    except OutOfTime:
        raise
    except BaseException as error:  # also SystemExit: a learner's quit() must not end the kernel
        return Outcome(None, error, arguments)


class _Worker(threading.Thread):
    def __init__(self, function: Callable, cases: Sequence[tuple]):
        super().__init__(daemon=True, name="maskkit-check")
        self.function, self.cases, self.outcomes = function, cases, []
        self._lock, self._finished = threading.Lock(), False

    def run(self) -> None:
        try:
            for arguments in self.cases:
                self.outcomes.append(call(self.function, arguments))
            with self._lock:
                self._finished = True
        except OutOfTime:
            pass

    def stop(self) -> list[Outcome]:
        """Interrupt the loop that is running, and give up on it if it will not be interrupted (in a long sleep, say)."""
        so_far = list(self.outcomes)
        for _ in range(20):  # a bare ``except:`` inside the loop may swallow some of them
            with self._lock:
                if self._finished:
                    return self.outcomes if len(so_far) == len(self.cases) else [*so_far, Outcome(error=OutOfTime())]
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(OutOfTime))
            self.join(0.05)
            if not self.is_alive():
                break
        return [*so_far, Outcome(error=OutOfTime())]


def where(error: BaseException, function: Callable) -> str:
    """The line of the learner's own code in which the error arose: ", in line 3: `return a / b`"."""
    code = getattr(function, "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
    if not frames:
        return ""
    line = linecache.getline(frames[-1].filename, frames[-1].lineno).strip()
    return f", in line {frames[-1].lineno}" + (f": `{line}`" if line else "")
