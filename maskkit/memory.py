"""How much memory is free. Needs no torch, so that the doctor can ask where torch is broken."""

import math
import os
from pathlib import Path

from maskkit.errors import InputError


def free_memory() -> int:
    """Bytes of memory that this process may still take: the machine's, or the container's if it has a lower limit.

    Processes that share the machine to train one network (``LOCAL_WORLD_SIZE`` of torchrun) each get their part.

    Raises
    ------
    ImportError
        If psutil is missing, on a system that does not tell otherwise.
    """
    free = min(_machine_memory(), container_memory())
    return int(max(0, free)) // int(os.environ.get("LOCAL_WORLD_SIZE") or 1)


def require_memory(pictures: int, image_size: int, copies: int = 1) -> None:
    """Raise InputError if so many pictures, each with a byte for each colour of a pixel and in so many copies at once, do not fit in the memory that is free."""
    needed, free = copies * pictures * 3 * image_size**2, free_memory()
    if needed > free:
        raise InputError(f"{pictures:,} pictures of {image_size}×{image_size} pixels need {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free; draw fewer, or smaller ones.")


def container_memory() -> float:
    """Bytes that the control group (version 2) of this process leaves; infinite where there is no limit."""
    group = Path("/sys/fs/cgroup")
    try:
        # Pages of files that were read are given back when they are needed.
        files = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())["file"]
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()) + int(files)
    except (OSError, ValueError, KeyError):  # no container, or one without a limit ("max")
        return math.inf


def _machine_memory() -> int:
    try:
        import psutil
    except ImportError:
        if "SC_AVPHYS_PAGES" not in getattr(os, "sysconf_names", {}):
            raise
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return psutil.virtual_memory().available
