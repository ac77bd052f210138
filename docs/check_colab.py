"""Has Colab moved on? Hold our bounds against the list of packages that Google publishes of it.

    python docs/check_colab.py                 # the published list, over the network
    python docs/check_colab.py colab.txt       # another one: a file (on Colab: !pip list --format=freeze), or an address

Installing MaskKit on Colab must replace nothing that Colab ships. The exit code is 1 only where it would, and 2 where there is nothing to compare.
It needs `packaging`, and the four packages that Colab lacks, whose own bounds count, too; nothing else of MaskKit's.
"""

import argparse
import re
import sys
import tomllib
import urllib.request
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # this Python need not have MaskKit installed

from maskkit import colab  # noqa: E402
from maskkit.errors import InputError  # noqa: E402

PUBLISHED = "https://raw.githubusercontent.com/googlecolab/backend-info/main/pip-freeze.txt"
KEPT = ROOT / "tests" / "colab_preinstalled.txt"
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEW = {"alembic", "colorlog", "imagehash", "optuna"}  # the only packages that are installed besides MaskKit
SHIPPED = {"ipywidgets", "nbconvert"}  # of the lab extra; the notebooks use Colab's own
THERE = {"extra": "", "python_version": "3.13", "python_full_version": "3.13.15", "sys_platform": "linux", "platform_system": "Linux"}
_LINE = re.compile(r"^([\w.-]+)(?:==| @ \S*/[\w.]+-(?=[^/-]+-[^/]+\.whl))([^\s;-]+)", flags=re.MULTILINE)


def read_versions(text: str) -> dict[str, str]:
    """Version by canonical name, from lines like ``torch==2.11.0`` or ``torch @ https://…/torch-2.11.0%2Bcu128-cp313-….whl``."""
    return {canonicalize_name(name): version for name, version in _LINE.findall(unquote(text)) if _is_version(version)}


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False


def read_list(source: str | Path) -> str:
    """The text of a list, from a file or from an address.

    Raises
    ------
    InputError
        If it cannot be read, or names no package.
    """
    try:
        text = _fetch(str(source)) if "://" in str(source) else Path(source).read_text(encoding="utf-8")
    except (OSError, ValueError, HTTPException) as error:
        raise InputError(f"The list {source} cannot be read ({error}); give the path or the address of one.") from None
    if not read_versions(text):
        raise InputError(f"{source} names no package; a list has lines like torch==2.11.0.")
    return text


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode("utf-8")


def installed_by_the_setup_cell() -> Requirement:
    [line] = re.findall(r'%pip install --quiet "(.+)"$', colab.setup_cell(), flags=re.MULTILINE)
    return Requirement(line)


def needs(lines: Iterable[str] | None) -> list[Requirement]:
    """Those of the requirements that hold on Colab: Linux, Python 3.13, no extra."""
    return [found for found in map(Requirement, lines or []) if found.marker is None or found.marker.evaluate(THERE)]


def requirements() -> list[tuple[str, Requirement]]:
    """Who needs what there: MaskKit with the extras of the setup cell, what Colab lacks, and what notebooks use without installing it."""
    extras = METADATA["optional-dependencies"]
    ours = needs([*METADATA["dependencies"], *(line for extra in installed_by_the_setup_cell().extras for line in extras[extra])])
    ours += [found for found in needs(extras["lab"]) if canonicalize_name(found.name) in SHIPPED]
    return [*(("MaskKit", found) for found in ours), *((package, found) for package in sorted(NEW) for found in needs(_requires(package)))]


def _requires(package: str) -> list[str] | None:
    try:
        return requires(package)
    except PackageNotFoundError:
        raise InputError(f"{package} is not installed here, and its bounds count, too: pip install --no-deps {' '.join(sorted(NEW))}.") from None


def replaced(there: Mapping[str, str]) -> list[str]:
    """A sentence for each requirement that the packages on Colab do not meet; none is what we want."""
    said = []
    for who, found in requirements():
        name = canonicalize_name(found.name)
        if who in there:  # by now Colab ships it, and pip leaves it alone
            continue
        if name not in there and name not in NEW:
            said.append(f"{who} needs {found.name}, which Colab does not ship.")
        elif name in there and not found.specifier.contains(there[name], prereleases=True):  # pip keeps a prerelease that is there
            said.append(f"{who} needs {found.name}{found.specifier}, and Colab ships {there[name]}.")
    return said


def moved(kept: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """What became of the packages that we use: ``torch 2.11.0 → 2.12.0``; builds of one version count as one."""
    names = sorted({*kept, *(name for name in NEW if name in there)})
    pairs = [(name, kept.get(name), there.get(name)) for name in names]
    return [f"{name} {old or 'not there'} → {new or 'gone'}" for name, old, new in pairs if _public(old) != _public(new)]


def _public(version: str | None) -> Version | None:
    return version and Version(Version(version).public)


def compare(source: str | Path = PUBLISHED) -> tuple[list[str], bool]:
    """What there is to say about a list, and whether our bounds hold."""
    text, there = KEPT.read_text(encoding="utf-8"), read_versions(read_list(source))
    [day] = re.findall(r"on (\d{4}-\d\d-\d\d)", text.splitlines()[0])
    kept = read_versions(text)
    changes, broken = moved(kept, there), replaced(there)
    told = [f"Moved since {day}: {', '.join(changes)}." if changes else f"All {len(kept)} packages that matter are as they were on {day}."]
    told += broken or ["Our bounds hold: installing MaskKit on Colab replaces nothing that Colab ships."]
    told += [f"Put the new versions, and the date, into {KEPT.relative_to(ROOT).as_posix()}."] if changes and not broken else []
    told += ["Our bounds do not hold: loosen them in pyproject.toml, or say in docs/instructors.md what Colab then replaces."] if broken else []
    return told, not broken


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", default=PUBLISHED, metavar="FILE-or-URL", help="the list (default: the one that Google publishes)")
    try:
        told, holds = compare(parser.parse_args(arguments).source)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(*told, sep="\n")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
