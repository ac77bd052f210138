"""Make one zip for a room without Wi-Fi: the project, and a wheel of everything that ``make lab`` installs.

    make bundle                       # dist/maskkit-bundle-0.1.0-linux-x86_64-py311.zip
    make bundle PYTHON=python3.12     # for laptops with another Python
    make bundle PHOTOS=photos.zip     # with the archive of the public photos; read its note first

The wheels fit the system and the Python that made them. Nothing but the standard library is used, so that any Python can make its bundle.
"""

import argparse
import csv
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # this Python need not have MaskKit installed

from maskkit.errors import InputError  # noqa: E402
from maskkit.files import replace_file  # noqa: E402

EXTRAS = ("lab", "export", "test")  # as in the Makefile
MADE_FOR = "wheels/made_for.json"  # the Makefile looks for it: where it lies, nothing is fetched
PHOTOS = "data/photos.zip"
FAT32_LIMIT = 2**32 - 1  # bytes in the largest file that a stick formatted as FAT32 can hold

PHOTOS_NOTE = ("The people in these photos were, as far as anybody can tell, not asked, and the data card (data/README.md) asks everybody to pass no photo on: "
               "keep the sticks in the room, and erase them afterwards.")

START_HERE = """MaskKit {version}, commit {commit} of {day}. No network is needed.
The wheels fit {platform} with Python {python} and nothing else. In a terminal, in this folder:
{lines}
Then it is as the README says; whatever goes wrong, docs/instructors.md has a table of cures.
"""
UNIX = """
    make PYTHON=python{python} lab

or, without make:

    python{python} -m venv .venv
    .venv/bin/python -m pip install --no-index --find-links wheels -r requirements.txt -e ".[{extras}]"
    .venv/bin/jupyter lab notebooks/00_start_here.ipynb
"""
WINDOWS = """
    py -{python} -m venv .venv
    .venv\\Scripts\\python -m pip install --no-index --find-links wheels -r requirements.txt -e ".[{extras}]"
    .venv\\Scripts\\jupyter lab notebooks/00_start_here.ipynb
"""


def this_python() -> dict[str, str]:
    """System, processor and Python that a wheel has to fit: ``{"platform": "linux-x86_64", "python": "3.11"}``."""
    system = platform.system().lower().replace("darwin", "macos")
    return {"platform": f"{system}-{platform.machine().lower()}", "python": "{}.{}".format(*sys.version_info)}


def pyproject(root: Path) -> dict:
    with (root / "pyproject.toml").open("rb") as handle:
        return tomllib.load(handle)


def bundle_path(root: Path = ROOT) -> Path:
    """Where the bundle for this Python lies, made or not."""
    version, here = pyproject(root)["project"]["version"], this_python()
    return root / "dist" / f"maskkit-bundle-{version}-{here['platform']}-py{here['python'].replace('.', '')}.zip"


def git(root: Path, *command: str) -> str:
    """What git says about the clone in ``root``; InputError if it is none."""
    try:
        return subprocess.run(["git", "-C", str(root), *command], capture_output=True, check=True, encoding="utf-8").stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        raise InputError(f"A bundle is made from a git clone, because git knows which files belong to the project, and {root} is none ({said}); "
                         "clone the project, and make it there.") from None


def tracked_files(root: Path) -> list[str]:
    """The files that git tracks in ``root``, as they lie there now: nothing private, drawn or downloaded is among them."""
    files = [name for name in git(root, "ls-files", "-z").split("\0") if name]
    if "pyproject.toml" not in files:
        raise InputError(f"The git clone around {root} does not track its files (no pyproject.toml among {len(files)}); "
                         "clone the project, and make the bundle there.")
    missing = [name for name in files if not (root / name).is_file()]
    if missing:
        raise InputError(f"{len(missing)} of the project's files are missing, the first is {missing[0]}; bring them back (git restore .), or commit without them.")
    return files


def requirements(root: Path) -> list[str]:
    """What pip has to fetch: the pinned versions, the extras of ``make lab``, and what builds the editable install."""
    told = pyproject(root)
    project = told["project"]
    extras = [needed for extra in EXTRAS for needed in project["optional-dependencies"][extra]]
    return ["--requirement", str(root / "requirements.txt"), *project["dependencies"], *extras, *told["build-system"]["requires"]]


def fetch_wheels(folder: Path, needed: list[str]) -> list[Path]:
    """Download a wheel of each requirement, and of what it requires, for this Python; pip's cache and settings are used."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [_python_with_pip(Path(scratch)), "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off",
                   "--only-binary", ":all:", "--dest", str(folder), *needed]
        complaint = "pip said nothing"
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace") as pip:
            for line in map(str.strip, pip.stdout):
                if line.startswith(("Downloading", "Using cached", "Processing")) and ".metadata" not in line:
                    _tell("  " + line.split(" (from ")[0])
                elif line.startswith("ERROR: ") and "ResolutionImpossible" not in line:  # the line before says what is
                    complaint = line.removeprefix("ERROR: ").rstrip(".")
    if pip.returncode:
        raise InputError(f"The wheels could not be downloaded (pip: {complaint}), so no bundle was made; see to the network, or to that requirement, and make it again.")
    return sorted(folder.iterdir())


def _python_with_pip(folder: Path) -> str:
    """A new environment's Python: some systems ship Python without pip, and this pip is the one that the laptops will have."""
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        raise InputError(f"{sys.executable} cannot make an environment with pip in it; install the system's package for it "
                         "(python3-venv on Debian and Ubuntu), or give another Python: make bundle PYTHON=…") from None
    return str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def check_photos(archive: Path, root: Path = ROOT) -> None:
    """InputError unless ``archive`` is an undamaged zip with photos of the manifest; each photo is verified where it is unpacked."""
    with (root / "data" / "manifest.csv").open(newline="", encoding="utf-8") as handle:
        listed = {row["path"] for row in csv.DictReader(handle)}
    try:
        with zipfile.ZipFile(archive) as opened:
            found = {"/".join(name.split("/")[-2:]) for name in opened.namelist()} & listed
            damaged = opened.testzip()
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"PHOTOS={archive} cannot be read as a zip archive ({error}); give the file that maskkit data photos has downloaded.") from None
    if damaged or not found:
        seen = f"is damaged at {damaged}" if damaged else f"holds none of the {len(listed)} photos of data/manifest.csv"
        raise InputError(f"PHOTOS={archive} {seen}; give the file that maskkit data photos has downloaded.")


def start_here(version: str, commit: str, day: str, photos: bool = False) -> str:
    """The page that says what to do, for the one system that the bundle fits, so that there is nothing to choose wrongly."""
    here = this_python() | {"extras": ",".join(EXTRAS)}
    windows = sys.platform == "win32"
    lines = (WINDOWS if windows else UNIX).format(**here)
    if photos:
        maskkit = ".venv\\Scripts\\maskkit" if windows else ".venv/bin/maskkit"
        lines += f"\nThe public photos, afterwards:\n\n    {maskkit} data photos --archive {PHOTOS}\n\n{PHOTOS_NOTE}\n"
    return START_HERE.format(version=version, commit=commit, day=day, lines=lines, **here)


def write_bundle(path: Path, members: Mapping[str, Path | str], day: str) -> None:
    """Write files, and texts, into a zip with one folder in it; an older zip is replaced only when the new one is complete.

    All carry the date of the commit. A zip has local times, and a file from the next time zone's future would make `make` install again and again.
    """
    moment = (*date.fromisoformat(day).timetuple()[:3], 0, 0, 0)
    with replace_file(path) as temporary, zipfile.ZipFile(temporary, "w") as bundle:
        for name, content in members.items():
            info = zipfile.ZipInfo.from_file(content, strict_timestamps=False) if isinstance(content, Path) else zipfile.ZipInfo(name)
            info.filename, info.date_time = f"maskkit/{name}", moment
            # Wheels and archives are compressed already.
            info.compress_type = zipfile.ZIP_STORED if name.endswith((".whl", ".zip")) else zipfile.ZIP_DEFLATED
            if isinstance(content, Path):
                with content.open("rb") as source, bundle.open(info, "w") as target:
                    shutil.copyfileobj(source, target, 2**20)
            else:
                info.external_attr = 0o100644 << 16
                bundle.writestr(info, content)


def make_bundle(root: Path = ROOT, photos: Path | None = None) -> Path:
    """Fetch the wheels, then write the zip; InputError, with nothing written, if anything is missing."""
    path, files = bundle_path(root), tracked_files(root)
    day, commit = git(root, "log", "-1", "--date=short", "--format=%cd %h").split()
    if photos is not None:
        check_photos(photos, root)
        _tell(PHOTOS_NOTE)
    page = start_here(pyproject(root)["project"]["version"], commit, day, photos is not None)
    members = {"START_HERE.txt": page, MADE_FOR: json.dumps(this_python()) + "\n", **{name: root / name for name in files}}
    members |= {} if photos is None else {PHOTOS: photos}
    path.parent.mkdir(exist_ok=True)
    # Beside the zip: a folder for temporary files often lies in memory, and these are gigabytes.
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=path.parent) as folder:
        _tell("Fetching wheels …")
        wheels = fetch_wheels(Path(folder), requirements(root))
        _tell(f"Writing {len(files)} files and {len(wheels)} wheels …")
        write_bundle(path, members | {f"wheels/{wheel.name}": wheel for wheel in wheels}, day)
    return path


def size_note(size: int) -> str:
    """The size in words, and what it means for a memory stick."""
    words = f"{size / 1e9:.2f} GB"
    return words if size <= FAT32_LIMIT else f"{words}: more than a stick formatted as FAT32 can hold in one file; format it as exFAT"


def check_fit(root: Path = ROOT) -> None:
    """InputError if the wheels beside are for another Python or system: one sentence in place of pip's many."""
    made, here = json.loads((root / MADE_FOR).read_text(encoding="utf-8")), this_python()
    if made != here:
        cure = (f"Try: make PYTHON=python{made['python']} lab" if made["platform"] == here["platform"] else
                "Take the bundle that was made for this computer, or, with a network, delete the folder wheels.")
        raise InputError(f"The wheels in this folder fit Python {made['python']} on {made['platform']}; this is Python {here['python']} on {here['platform']}. {cure}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, metavar="FILE.zip", help="the archive that maskkit data photos has downloaded; never put in by itself")
    parser.add_argument("--fits", action="store_true", help="only say whether the wheels beside fit this Python")
    args = parser.parse_args(arguments)
    try:
        if args.fits:
            check_fit()
        else:
            path = make_bundle(photos=args.photos)
            print(f"{path} ({size_note(path.stat().st_size)})")
    except InputError as error:
        _tell(str(error))
        return 2
    except OSError as error:
        _tell(f"The bundle could not be made ({error}), and an older one is as it was; on Linux it takes up to 13 GB of disk while it is made.")
        return 2
    except KeyboardInterrupt:
        _tell("Interrupted; no bundle was made, and an older one is as it was.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
