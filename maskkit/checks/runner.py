"""Run a learner's function so that nothing it does can stop the notebook: no exception, no endless loop, no flood, no exit()."""

from __future__ import annotations

import builtins
import ctypes
import linecache
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch

TIME_LIMIT = 5.0  # seconds for all the inputs of a check together; right answers take milliseconds
IMPORT_LIMIT = 60.0  # seconds on top of it for libraries that the learner's code imports: the first import of a large one reads a slow disk
PRINT_LIMIT = 5000  # characters that the learner's code may print during a check
MEMORY_LIMIT = 4 << 30  # bytes that the learner's code may use on top of what is in use; right answers take kilobytes


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


def run(function: Callable, cases: Sequence[tuple], seconds: float | None = None, observe: Callable[[Callable], Callable] | None = None) -> list[Outcome]:
    """Call `function`, or what `observe` makes of it, with a copy of each case's arguments, in a thread of its own.

    The outcomes end early, with one that has timed out, where the calls together take longer than `seconds`. A thread
    works alike on Windows, macOS, Linux and inside a notebook's kernel, where signals and forks do not.
    """
    worker = _Worker(observe(function) if observe else function, cases)
    with _short_output(), _no_exit(function), _limited_memory():
        worker.start()
        worker.wait(TIME_LIMIT if seconds is None else seconds)
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


class _ShortOutput:
    """A stream that passes on the first characters only: a browser chokes on what an endless loop prints."""

    def __init__(self, stream: object):
        self._stream, self._left = stream, PRINT_LIMIT

    def write(self, text: str) -> int:
        if self._left >= 0:
            self._stream.write(text[: self._left] if len(text) > self._left else text)
            if len(text) > self._left:
                self._stream.write("\n[Your function prints more than this. The rest is left out.]\n")
        self._left -= len(text)
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def _short_output() -> Iterator[None]:
    with redirect_stdout(_ShortOutput(sys.stdout)):
        yield


@contextmanager
def _no_exit(function: Callable) -> Iterator[None]:
    """While a check runs, exit() and quit() only leave the function (IPython's would end the kernel), and input() has nobody to ask."""
    places = [vars(builtins), getattr(function, "__globals__", {})]
    before = [{name: place[name] for name in _INSTEAD if name in place} for place in places]
    for place, names in zip(places, before):
        place.update({name: _INSTEAD[name] for name in names})
    try:
        yield
    finally:
        for place, names in zip(places, before):
            place.update(names)


def _nobody_answers(*_: object) -> None:
    raise EOFError("input() has nobody to ask")


_INSTEAD = {"exit": sys.exit, "quit": sys.exit, "input": _nobody_answers}


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Let what is far too large fail with a MemoryError, before the system ends the kernel. Linux without a GPU only, and there
    the limit is above what is in use now; other systems know no such limit, and CUDA reserves addresses by the terabyte."""
    if not sys.platform.startswith("linux") or torch.cuda.is_available():
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limit = used + MEMORY_LIMIT
    if (soft != resource.RLIM_INFINITY and soft < limit) or (hard != resource.RLIM_INFINITY and hard < limit):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class _Worker(threading.Thread):
    def __init__(self, function: Callable, cases: Sequence[tuple]):
        super().__init__(daemon=True, name="maskkit-check")
        self.function, self.cases, self.outcomes = function, cases, []
        self._lock, self._finished, self._interrupted = threading.Lock(), False, False

    def run(self) -> None:
        try:
            for arguments in self.cases:
                self.outcomes.append(call(self.function, arguments))
            with self._lock:
                self._finished = True
        except OutOfTime:
            self._interrupted = True  # from here on none is thrown any more
            try:
                with self._lock:  # one that is on its way arrives here, and not where Python ends the thread and would print it
                    time.sleep(0)
            except OutOfTime:
                pass

    def wait(self, seconds: float, step: float = 0.05) -> None:
        """Wait for the end, but no longer than `seconds`; the time that goes by in imports has a limit of its own."""
        left, left_for_imports = seconds, IMPORT_LIMIT
        while self.is_alive() and left > 0 and left_for_imports > 0:
            before = time.monotonic()
            self.join(min(step, left))
            if self._imports():
                left_for_imports -= time.monotonic() - before
            else:
                left -= time.monotonic() - before

    def _imports(self) -> bool:
        frame = sys._current_frames().get(self.ident)
        while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        return frame is not None

    def stop(self) -> list[Outcome]:
        """Interrupt the loop that is running, and give up on it if it will not be interrupted (in a long sleep, say)."""
        so_far = list(self.outcomes)
        for _ in range(20):  # a bare ``except:`` inside the loop may swallow some of them
            with self._lock:
                if self._finished:
                    return self.outcomes if len(so_far) == len(self.cases) else [*so_far, Outcome(error=OutOfTime())]
                if self._interrupted:
                    break
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
