"""``audit_folder``: from a folder to a report, and the report as JSON and as text."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from maskkit.audit import thresholds
from maskkit.audit.copies import find_copies, number_groups
from maskkit.audit.findings import SEVERITIES, Finding, find_problems, photos_in_words, shortcut_sentence
from maskkit.audit.folders import find_folder_problems
from maskkit.audit.measure import Photo, list_photos, measure_photos
from maskkit.audit.shortcuts import Shortcut, find_shortcuts, percent
from maskkit.errors import require
from maskkit.files import as_path
from maskkit.progress import progress_bar

SEVERITY_WORDS = {"high": "Fix before training", "medium": "Look at these", "low": "Good to know"}


@dataclass(frozen=True)
class Report:
    """What an audit found.

    Attributes
    ----------
    folder : Path
    photos : tuple of Photo, every file and what was measured of it
    groups : np.ndarray of int, shape (N,); copies of one picture share a number
    findings : tuple of Finding, the most serious first
    shortcuts : tuple of Shortcut, all that were tried
    not_asked : tuple of str, the questions that this folder leaves open, and why
    """

    folder: Path
    photos: tuple[Photo, ...]
    groups: np.ndarray
    findings: tuple[Finding, ...]
    shortcuts: tuple[Shortcut, ...]
    not_asked: tuple[str, ...]

    def counts(self, what: str) -> dict[str, int]:
        """Number of files by ``"class_name"`` or ``"split"``; empty where there are none."""
        return dict(sorted(Counter(value for photo in self.photos if (value := getattr(photo, what))).items()))

    def of_kind(self, kind: str) -> set[str]:
        """Names of the files in the finding of this kind; empty if there is no such finding."""
        return {name for finding in self.findings if finding.kind == kind for name in finding.files}


def audit_folder(folder: str | Path, *, workers: int | None = None, seed: int = 0, progress: bool = False) -> Report:
    """Examine a folder of photos and say what would hurt.

    Parameters
    ----------
    folder : path
        With class folders (and train, val, test folders) or without; what needs classes is left out where there are none.
    workers : int, optional
        Threads that open files.
    seed : int
        Of the folds and the shuffles of the search for shortcuts.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    InputError
        If there is no such folder, or no file in it.
    """
    listed = list_photos(folder)
    photos = list(progress_bar(measure_photos(listed, workers=workers), shown=progress, total=len(listed), desc="examining", unit="img"))
    # An empty picture is like every other empty picture: that is a finding of its own, and no copy.
    prints = [photo.fingerprint if photo.looks and photo.looks.std >= thresholds.EMPTY_STD else None for photo in photos]
    # So are files without content, in which there is nothing to be the same.
    copies = find_copies([photo.digest if photo.n_bytes else index for index, photo in enumerate(photos)], prints)
    groups = number_groups(len(photos), copies)
    shortcuts, why_not = find_shortcuts(photos, groups, seed=seed)
    root = as_path(folder)
    findings = [*find_folder_problems(root, photos), *find_problems(photos, copies, groups, shortcuts)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Report(root, tuple(photos), groups, tuple(findings), tuple(shortcuts), tuple(_not_asked(photos, why_not)))


def as_json(report: Report) -> dict[str, object]:
    """The report as one object that ``json.dumps`` accepts."""
    return {
        "folder": str(report.folder), "files": len(report.photos), "readable": sum(photo.looks is not None for photo in report.photos),
        "classes": report.counts("class_name"), "splits": report.counts("split"), "different_pictures": int(len(np.unique(report.groups))),
        "findings": [asdict(finding) for finding in report.findings],
        "shortcuts": [{**asdict(shortcut), "sentence": shortcut_sentence(shortcut)} for shortcut in report.shortcuts],
        "not_asked": list(report.not_asked),
        "thresholds": {name: value for name, value in vars(thresholds).items() if name.isupper()},
    }


def as_text(report: Report, *, width: int = 100, names: int = 3) -> str:
    """The report for a terminal: a few lines for each finding, with the first few names; InputError if it is none."""
    require(report, Report, "as_text takes a report, as audit_folder(folder) gives it")
    lines = _wrapped(headline(report), width)
    for severity in SEVERITIES:
        found = [finding for finding in report.findings if finding.severity == severity]
        lines += ["", f"{SEVERITY_WORDS[severity].upper()} ({len(found)})"] if found else []
        lines += [line for finding in found for line in ["", finding_text(finding, width=width, names=names)]]
    if report.shortcuts:
        lines += ["", "CAN THE CLASS BE TOLD WITHOUT LOOKING AT THE FACE? (50 % is guessing)", ""]
        lines += [f"  {shortcut.clue:<40} {percent(shortcut.auc):>5}  {_told(shortcut)}" for shortcut in report.shortcuts]
    return "\n".join([*lines, *(line for question in report.not_asked for line in ["", *_wrapped(question, width)])])


def _told(shortcut: Shortcut) -> str:
    """Whether a clue tells the class."""
    if shortcut.unsure:
        return f"not sure: by luck alone up to {percent(shortcut.chance)}"
    return "yes" if shortcut.flagged else "no"


def finding_text(finding: Finding, *, width: int = 100, names: int = 3) -> str:
    """One finding for a terminal or a notebook: what it means, how it shows, the first few names, what to do; InputError if it is none."""
    require(finding, Finding, "finding_text takes one of report.findings (as_text takes the whole report)")
    lines = _wrapped(f"* {finding.title}. {finding.sentence}", width)
    lines += [line for detail in finding.details for line in _wrapped(f"- {detail}", width, "  ")]
    return "\n".join([*lines, *_wrapped(_some_names(finding, names), width, "  "), *_wrapped(f"-> {finding.advice}", width, "  ")])


def headline(report: Report) -> str:
    """One sentence: how much was examined and how much was found."""
    classes = ", ".join(f"{n:,} {name}" for name, n in report.counts("class_name").items())
    counts = Counter(finding.severity for finding in report.findings)
    verdict = ", ".join(f"{counts[severity]} {SEVERITY_WORDS[severity].lower()}" for severity in SEVERITIES if counts[severity])
    return f"{report.folder}: {photos_in_words(len(report.photos)).replace('photo', 'file')}{f' ({classes})' if classes else ''}. " + (
        f"Findings: {verdict}." if verdict else "Nothing was found that would hurt.")


def _some_names(finding: Finding, names: int) -> str:
    if finding.groups:
        return "For example " + "; ".join(" = ".join(group[:3]) + (" = …" if len(group) > 3 else "") for group in finding.groups[:2])
    if not finding.files or finding.kind.startswith("shortcut"):
        return ""
    notes = finding.notes or ("",) * len(finding.files)
    shown = [f"{name} ({note})" if note else name for name, note in list(zip(finding.files, notes))[:names]]
    more = len(finding.files) - len(shown)
    return f"For example {', '.join(shown)}" if more else ", ".join(shown)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False, break_on_hyphens=False)


def _not_asked(photos: Sequence[Photo], why_no_shortcuts: str) -> list[str]:
    found = [why_no_shortcuts] if why_no_shortcuts else []
    if not any(photo.class_name for photo in photos):
        found.append("Copies across classes were not looked for: the folder does not hold the class folders of two classes (such as with_mask and without_mask).")
    if not any(photo.split for photo in photos):
        found.append("Copies across splits were not looked for: the folder has no train, val and test folders. MaskKit keeps copies in one split when it makes the split.")
    return found
