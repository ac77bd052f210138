"""What a run depends on besides data and code: seeds, the device, the memory and signals of its process, versions."""

import ctypes
import importlib.metadata
import platform
import random
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from maskkit.errors import InputError, seen


def check_seed(seed: int) -> None:
    """Raise InputError unless every source of randomness can begin with this number; NumPy's takes the smallest."""
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise InputError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seen(seed)}.")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (CPU, CUDA, MPS) and ask cuDNN for repeatable kernels.

    The same seed on the same machine then gives the same numbers, bit for bit; another machine or another
    version of torch may differ in the last digits (torch documentation, "Reproducibility").

    Raises
    ------
    InputError
        If ``seed`` is no whole number from 0 to 4294967295.
    """
    check_seed(seed)
    seed = int(seed)  # Python's own generator takes no number of NumPy
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def random_states() -> dict[str, object]:
    """Where torch's generators are, that of the CPU and of each GPU: what a resumed run needs to draw on as if it had never ended."""
    return {"torch_rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "mps_rng": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None}


def restore_random_states(states: dict[str, object]) -> None:
    """Put torch's generators where `random_states` found them; there may be other GPUs than then, or none."""
    torch.set_rng_state(states["torch_rng"])
    for index, state in enumerate(states.get("cuda_rng", ())[:torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, index)
    if states.get("mps_rng") is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps_rng"])


def available_devices() -> list[str]:
    """Device types that work here, fastest first; ``"cpu"`` is always the last."""
    devices = ["cuda"] if torch.cuda.is_available() else []
    devices += ["mps"] if torch.backends.mps.is_available() else []
    return [*devices, "cpu"]


def resolve_device(device: str | torch.device = "auto") -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"`` into a device that is there.

    Raises
    ------
    InputError
        If the name is unknown or this machine has no such device.
    """
    if str(device) == "auto":
        return torch.device(available_devices()[0])
    here = available_devices()
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError):
        found = None
    if found is None or found.type not in here or (found.type != "cuda" and found.index):
        raise InputError(f"Device {str(device)!r} is not available here; use 'auto' or one of {', '.join(here)}.")
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise InputError(f"Device {str(device)!r} is not available here: there are {torch.cuda.device_count()} GPUs, counted from 0.")
    return found


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 itself; where it only converts, bfloat16 is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    # Versions of torch that cannot tell are taken for processors that cannot.
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def memory_format(device: torch.device) -> torch.memory_format:
    """How a network in training lies in memory where it is fastest: with its channels last, on CPUs and on NVIDIA's GPUs.

    On Apple's it stays as PyTorch lays it by default. There the gradients of batch normalisation were wrong with channels last, so that
    training fell apart without an error (PyTorch issue 175189).
    """
    return torch.channels_last if device.type in ("cpu", "cuda") else torch.contiguous_format


def in_precision(device: torch.device, bfloat16: bool) -> AbstractContextManager:
    """A block in which layers multiply in bfloat16, or as ever: not every version of torch has autocast for every device."""
    return torch.autocast(device.type, torch.bfloat16) if bfloat16 else nullcontext()


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """The same values on ``device``; to a GPU without waiting until it has done what it was given before.

    A plain ``.to`` waits for that, so that Python could not go ahead of the GPU by even one step of training. Here the values are copied
    into memory that the GPU reads by itself, and which PyTorch keeps until it has (PyTorch documentation, "CUDA semantics").
    """
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def keep_freed_memory(limit: int = 2**30) -> bool:
    """Ask the GNU C library to keep up to ``limit`` bytes of freed memory for the next step; True if it was asked.

    By default it gives every large block back to the system at once, which then has to clear the same pages again for the
    next batch (glibc manual, "mallopt"). The numbers stay the same. Other systems' libraries do not have the call.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of <malloc.h>
    return bool(mallopt(trim_threshold, limit) and mallopt(mmap_max, 0))


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C, or a notebook's stop button, within the block acts at its end: what is written there belongs together.

    Python tells its main thread alone about signals; in another one nothing needs to be held.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or usual is None:
        yield
        return
    pressed = []
    signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed:
        signal.raise_signal(signal.SIGINT)


def versions() -> dict[str, str]:
    """Versions of Python, the platform and the packages that decide a run's numbers."""
    packages = ("maskkit", "torch", "torchvision", "numpy", "pillow", "scikit-learn", "matplotlib")
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
