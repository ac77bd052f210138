"""Where files are kept, and writing them so that a crash, a full disk or Ctrl-C never leaves a half-written one."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from maskkit.errors import InputError

if TYPE_CHECKING:
    import numpy as np

BEST = "mask_cnn_best.pth"  # in a run folder: the weights with the lowest validation loss
LAST = "last.pth"           # beside it: the state after the last epoch, from which a run goes on

logger = logging.getLogger(__name__)


def as_path(path: str | os.PathLike[str]) -> Path:
    """A path with ``~`` for the home folder. As in a shell, where nobody is called so, or no home is known, it is a file of that name."""
    return Path(os.path.expanduser(path))


def cache_dir() -> Path:
    """Folder for what can be drawn or downloaded again, there or not: ``$MASKKIT_CACHE``, or the platform's cache folder.

    InputError if neither the variable nor a home folder is known (a container whose user has no name, say).
    """
    if os.environ.get("MASKKIT_CACHE"):
        return as_path(os.environ["MASKKIT_CACHE"])
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")
    return base / "maskkit"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise InputError("No home folder is known here, so there is no place for drawn faces and photos; "
                         "set the variable MASKKIT_CACHE to a folder that you may write in.") from None


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's contents, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replace_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it over ``path`` only if the block succeeds. Missing folders are made.

    ``os.replace`` is atomic on one file system (Python documentation, "os.replace"), so a reader sees the old
    file or the new one, never a part. InputError before anything is done if ``path`` is a folder; errors of the system
    name ``path``, and not the temporary file, which nobody has heard of.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        _move_over(temporary, path)
    except OSError as error:
        if error.filename is None or str(error.filename) == str(temporary):  # a full disk names no file
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def folder_beside(path: Path) -> Path:
    """A new, empty folder beside ``path``, to be moved there when it is filled. An error of the system names ``path``."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        error.filename = str(path)
        raise


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder; what the block puts there stands in ``path``, which is not there yet or empty, only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder_beside(path)
    try:
        folder = temporary / "new"
        folder.mkdir()  # with the permissions of any new folder, which a temporary one has not
        yield folder
        if path.exists():  # an empty one, which may be the one that we are in, or a link
            for finished in list(folder.iterdir()):
                finished.replace(path / finished.name)
        else:
            folder.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move_over(new: Path, old: Path) -> None:
    """``os.replace``; on Windows tried again for two seconds, since a virus scanner may hold a file that was just written."""
    for pause in (0.05, 0.15, 0.5, 1.3) if sys.platform == "win32" else ():
        try:
            os.replace(new, old)
            return
        except PermissionError:
            time.sleep(pause)
    os.replace(new, old)


def drawn_once(key: str, draw: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What ``draw`` returns, kept in the cache folder under ``key``; drawn again if the file is not there, or damaged.

    The key is a hash of all that the arrays depend on, so that another generator or another option draws anew. Where several
    processes want the same at once (two notebooks, a room that shares a folder), one draws and the others wait for it.
    """
    path = cache_dir() / "faces" / f"{key}.npz"
    kept = _read_arrays(path)
    if kept is None:
        with _one_at_a_time(path):
            kept = _read_arrays(path)  # drawn by another while this one waited
            if kept is None:
                kept = dict(draw())
                _keep_arrays(path, kept)
    return kept


def _read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    import numpy as np  # here, since the rest of this module is used where numpy may be missing

    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    # Not there, or damaged, which NumPy and zipfile report in a dozen ways: NotImplementedError is a changed byte that reads as an unknown
    # compression, TypeError a single array under the name of an archive.
    except Exception:
        return None


def _keep_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    import numpy as np

    try:
        with replace_file(path) as temporary:
            np.savez(temporary, **arrays)
    except OSError as error:
        logger.warning("The drawn faces could not be kept in %s (%s); they will be drawn again next time.", path.parent, error)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """A block that other processes wait for, ten minutes at most; nobody waits for one that has ended, or in a folder that has no locks."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f".{path.stem}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=1)
        except Timeout:
            logger.warning("Another process draws these faces just now; waiting for it, ten minutes at most.")
            lock.acquire(timeout=600)
    except (OSError, Timeout, NotImplementedError):
        pass
    try:
        yield
    finally:
        lock.release()


def write_json(path: str | Path, value: object) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically."""
    with replace_file(path) as temporary:
        # A file name may hold bytes that are no letters; JSON has a way to write those, and reads them back.
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", errors="backslashreplace")


def write_csv(path: str | Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write ``rows`` (all with the keys of the first) as UTF-8 CSV, atomically."""
    with replace_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: str | Path, *, delimiters: str = ",") -> list[dict[str, str]]:
    """Read a CSV file with a header row as a list of dictionaries of strings; InputError if its quotation marks are out of order.

    Of several ``delimiters`` the one that the header row has most of is taken. A byte order mark, which Excel begins with, is no part
    of the first column's name, nor are empty lines before the header a header.
    """
    with Path(path).open(newline="", encoding="utf-8-sig") as handle:
        header = next((line for line in handle if line.strip()), "")
        try:
            # Strict, since a quotation mark that is never closed would make one cell of the whole rest of the file, without a word.
            return list(csv.DictReader(chain([header], handle), delimiter=max(delimiters, key=header.count), strict=True))
        except csv.Error as error:
            raise InputError(f"The CSV file {path} is damaged ({error}); look for a quotation mark in it that is never closed.") from error
