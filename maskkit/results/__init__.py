"""Figures that take longer than a lesson lasts: made by benchmarks, read by the notebooks."""

import json
import platform
import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from maskkit.errors import InputError
from maskkit.files import write_json

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """What a benchmark measured, with all that is needed to measure it again.

    Attributes
    ----------
    command : that made it
    date : in ISO format
    machine : what it ran on
    rows : one dict for each measurement
    """

    command: str
    date: str
    machine: str
    rows: list[dict]

    def __str__(self) -> str:
        return f"Measured by `{self.command}` on {self.date}, on {self.machine}."


def load_result(name: str) -> Result:
    """Read a kept result, such as ``"few_photos"``.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise InputError(f"There is no result {name!r}; there are {', '.join(sorted(found.stem for found in FOLDER.glob('*.json')))}.")
    return Result(**json.loads(path.read_text(encoding="utf-8")))


def save_result(name: str, rows: list[dict], machine: str) -> Result:
    """Keep what this program has measured today, under the command that started it."""
    told = [word for word, before in zip(sys.argv, ["", *sys.argv]) if "--machine" not in (word, before)]
    command = " ".join(["python", *told])
    result = Result(command, date.today().isoformat(), f"{machine}, Python {platform.python_version()}", rows)
    write_json(FOLDER / f"{name}.json", asdict(result))
    return result
