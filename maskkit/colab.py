"""Google Colab: what the first cell of each notebook installs and calls there, and the badges that open the notebooks.

The badge and the cell stand here once. ``make notebooks`` puts them into the notebooks, and ``maskkit colab --repo`` points
them, and the links in the README and the guide, at a fork.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from maskkit.errors import InputError
from maskkit.files import replace_file

# Modules that need torch are imported where they are used: pointing the links at a fork must work without it.

REPO, BRANCH = "OWNER/maskkit", "main"  # until somebody puts a real address in their place
MOUNT = Path("/content/drive")
BADGE_IMAGE = "https://colab.research.google.com/assets/colab-badge.svg"

_WORD = r"[A-Za-z0-9_.-]+"
_ADDRESS = re.compile(
    r"(?P<before>colab\.research\.google\.com/github/|git\+https://github\.com/|mybinder\.org/v2/gh/|git-pull\?repo=https%3A%2F%2Fgithub\.com%2F)"
    rf"(?P<owner>{_WORD})(?P<slash>/|%2F)(?P<name>{_WORD})(?P<between>/blob/|@|&branch=|/)(?P<branch>{_WORD})"
    rf"(?:(?P<into>&urlpath=lab%2Ftree%2F){_WORD})?")  # nbgitpuller clones into a folder of the repository's name
_REPO = re.compile(rf"(?:https?://(?:www\.)?github\.com/|git@github\.com:|github\.com/)?(?P<owner>[A-Za-z0-9_-]+)/(?P<name>(?!\.){_WORD}?)(?:\.git)?/?")


# --- what a notebook shows and runs --------------------------------------------------------------------------------


def badge(name: str, repo: str = REPO, branch: str = BRANCH) -> str:
    """Markdown of the badge that opens the learner's copy of notebook ``name`` (such as "03_build_maskcnn") on Colab."""
    return f"[![Open in Colab]({BADGE_IMAGE})](https://colab.research.google.com/github/{repo}/blob/{branch}/notebooks/{name}.ipynb)"


def setup_cell(repo: str = REPO, branch: str = BRANCH) -> str:
    """Source of the first code cell of every notebook. The extra brings Optuna, which notebook 06 needs and Colab lacks."""
    return f"""\
DRIVE = False  # True, on Colab: what you train is kept on your Google Drive

import sys
if "google.colab" in sys.modules:
    %pip install --quiet "maskkit[tune] @ git+https://github.com/{repo}@{branch}"
    from maskkit import colab
    colab.set_up(drive=DRIVE)"""


def set_up(*, drive: bool = False) -> None:
    """Say which device there is, and how to get a GPU if there is none; with ``drive``, keep runs on Google Drive.

    Notebooks write into ``runs`` in the current folder, so that folder becomes one on Drive.

    Raises
    ------
    InputError
        If Drive is wanted and cannot be reached; without it, a disconnect would lose what was to be kept.
    """
    if drive:
        os.chdir(_folder_on_drive())
    print(_about_device())
    print("Runs are kept on your Google Drive, in MyDrive/MaskKit/runs. After a disconnect, run the notebook again from the top." if drive else
          "What you train is lost when Colab disconnects; DRIVE = True keeps it on your Google Drive.")


def _about_device() -> str:
    from maskkit.runtime import resolve_device

    device = resolve_device("auto")
    if device.type == "cuda":
        import torch

        return f"GPU: {torch.cuda.get_device_name(device)}. The notebooks use it by themselves."
    return ("No GPU here: everything works, only slower. For a GPU choose Runtime → Change runtime type → T4 GPU, "
            "then run the notebook again from the top.")


def _folder_on_drive() -> Path:
    try:
        from google.colab import drive
    except ImportError:
        raise InputError("Google Drive can be reached from Colab alone; set DRIVE = False here.") from None
    folder = MOUNT / "MyDrive" / "MaskKit"
    try:
        drive.mount(str(MOUNT))
        folder.mkdir(parents=True, exist_ok=True)
    except Exception as error:  # Colab's own kinds, some of them private, and a full Drive's OSError
        raise InputError(f"Google Drive cannot be used ({error}); run this cell again and allow it, or set DRIVE = False.") from error
    return folder


# --- pointing a clone at a fork ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pointed:
    """What `point_at` did: the address, how many places hold one, how many of them were changed, in how many files."""

    repo: str
    branch: str
    places: int
    changed: int
    files: int

    def __str__(self) -> str:
        where = f"{self.repo}, branch {self.branch}"
        if not self.changed:
            return f"All {self.places} links and setup cells point at {where} already; nothing was changed."
        return f"{self.changed} of {self.places} links and setup cells, in {self.files} files, now point at {where}."


def point_at(folder: str | Path, repo: str, branch: str = BRANCH) -> Pointed:
    """Point all badges, links and setup cells of the clone in ``folder`` at ``repo``, whatever they point at now.

    Only the addresses change; every other byte of a file stays. All files are read, and found good, before the first is written.

    Raises
    ------
    InputError
        If ``repo`` or ``branch`` cannot be one of GitHub's, or ``folder`` is not a clone of MaskKit, or a notebook is damaged.
    """
    repo, branch = parse_repo(repo), _checked_branch(branch)
    before = {path: _read(path) for path in linked_files(folder)}
    after = {path: _pointed(text, repo, branch) for path, text in before.items()}
    places = [(old, new) for path in before for old, new in zip(addresses(before[path]), addresses(after[path]))]
    changed = [path for path in before if after[path] != before[path]]
    for path in changed:
        with replace_file(path) as temporary:
            temporary.write_bytes(after[path].encode("utf-8"))
    return Pointed(repo, branch, len(places), sum(old != new for old, new in places), len(changed))


def parse_repo(repo: str) -> str:
    """``OWNER/NAME`` from itself, or from the address of a repository on GitHub."""
    match = _REPO.fullmatch(repo.strip())
    if match is None:
        raise InputError(f"--repo is the OWNER/NAME of a repository on GitHub, such as ada/maskkit; got {repo!r}.")
    return f"{match['owner']}/{match['name']}"


def linked_files(folder: str | Path) -> list[Path]:
    """The files of a clone that hold its address: README, the pages in docs, and both copies of every notebook."""
    folder = Path(folder)
    solutions = sorted(folder.glob("notebooks/solutions/*.ipynb"))
    if not solutions or not (folder / "README.md").is_file():
        missing = "README.md" if solutions else "notebooks/solutions"
        raise InputError(f"{folder.absolute()} is not a clone of MaskKit (it has no {missing}); change into the clone, or name it with --folder.")
    return [folder / "README.md", *sorted(folder.glob("docs/*.md")), *sorted(folder.glob("notebooks/*.ipynb")), *solutions]


def addresses(text: str) -> list[tuple[str, str]]:
    """Repository and branch of each link and setup cell in ``text``, in their order."""
    return [(f"{match['owner']}/{match['name']}", match["branch"]) for match in _ADDRESS.finditer(text)]


def _pointed(text: str, repo: str, branch: str) -> str:
    owner, name = repo.split("/")

    def put(match: re.Match) -> str:
        folder = f"{match['into']}{name}" if match["into"] else ""
        return f"{match['before']}{owner}{match['slash']}{name}{match['between']}{branch}{folder}"

    return _ADDRESS.sub(put, text)


def _checked_branch(branch: str) -> str:
    if re.fullmatch(_WORD, branch) is None:
        raise InputError(f"--branch is a name of letters, digits, '.', '_' and '-', for the links to hold; got {branch!r}.")
    return branch


def _read(path: Path) -> str:
    """A file's text, its line ends as they are; a notebook must be one, so that no damage is written on."""
    try:
        text = path.read_bytes().decode("utf-8")
        if path.suffix == ".ipynb":
            json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); mend it first (is it a merge conflict?). Nothing was changed.") from None
    return text
