"""The report as one page: self-contained, readable without network and scripts, on paper and by a screen reader."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from maskkit.audit import thresholds
from maskkit.audit.findings import SEVERITIES, Finding, photos_in_words
from maskkit.audit.measure import Photo, rescue
from maskkit.audit.report import SEVERITY_WORDS, Report
from maskkit.audit.shortcuts import Shortcut, percent
from maskkit.errors import InputError, require
from maskkit.files import as_path, replace_file
from maskkit.images import open_image

THUMBNAIL_SIDE = 112
MOST_PICTURES = 12  # for each finding
MOST_GROUPS = 6
MOST_OF_A_GROUP = 5
MOST_NAMES = 200

CHECKED = {
    "unreadable": "files that cannot be opened", "truncated": "damaged photos", "misnamed": "misleading names", "exact_duplicates": "identical files",
    "near_duplicates": "pictures in several versions", "duplicates_across_classes": "pictures in both classes", "duplicates_across_splits": "pictures in several splits",
    "empty": "empty pictures", "small": "very small photos", "large": "very large photos", "elongated": "odd shapes", "dark": "very dark photos", "bright": "very bright photos",
    "washed_out": "washed-out photos", "blurred": "blurred photos", "not_rgb": "pictures that are not plain RGB", "turned": "photos to be turned", "animated": "animations",
    "uneven_classes": "uneven classes", "too_large": "photos too large to open", "unreadable_folders": "folders that cannot be read", "missing_class": "a missing class",
    "missing_train": "a missing train folder", "passed_over": "folders of photos that are passed over",
}

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #566076; --paper: #fbfbf9; --card: #ffffff; --line: #dcdfe6; --high: #a3262a; --medium: #8a5a00; --low: #2b5f8a;
  --bar: #35618e; --chance: #b9c0cc; --fine: #2c6e49; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a9b2c3; --paper: #14171d; --card: #1c2029; --line: #333a48; --high: #ff9a95; --medium: #f1c26b;
  --low: #93c5f2; --bar: #7fb0e2; --chance: #4d5667; --fine: #8ed2ab; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 3rem 0 .8rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.1rem; margin: 0 0 .4rem; }
p { margin: .4rem 0; max-width: 50rem; }
article p { max-width: none; }
.details { margin: .4rem 0; padding-left: 1.2rem; }
.label { margin: 0 0 .4rem; font-weight: 650; font-size: .85rem; }
.soft, figcaption, .path { color: var(--soft); }
.path { overflow-wrap: anywhere; }
.numbers { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.numbers li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; min-width: 8rem; }
.numbers b { display: block; font-size: 1.5rem; line-height: 1.2; }
article { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--mark); border-radius: .5rem; padding: 1rem 1.2rem; margin: 1rem 0; }
.high { --mark: var(--high); } .medium { --mark: var(--medium); } .low { --mark: var(--low); }
.todo { border-top: 1px solid var(--line); margin-top: .8rem; padding-top: .6rem; }
.grid { display: flex; flex-wrap: wrap; gap: .8rem; margin: .8rem 0; }
.set { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; }
figure { margin: 0; width: 7rem; max-width: 28vw; }
figure img, .nothing { display: block; width: 100%; height: 7rem; object-fit: contain; background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; }
.nothing { padding: .6rem; font-size: .75rem; color: var(--soft); }
figcaption { font-size: .75rem; line-height: 1.3; margin-top: .25rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; background: var(--card); }
th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
a { color: inherit; }
.badge { color: var(--mark); font-weight: 650; white-space: nowrap; }
.scroll { overflow-x: auto; }
svg { display: block; max-width: 100%; height: auto; margin: 1rem 0; } svg text { fill: var(--ink); font-size: 14px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--soft); }
details ul { columns: 16rem; font-size: .8rem; padding-left: 1.1rem; } details li { overflow-wrap: anywhere; }
.fine { color: var(--fine); }
@media (max-width: 40rem) { td.n, .badge { white-space: normal; } th, td { padding: .4rem; } body { font-size: 16px; } }
@media print { article, .set, figure { break-inside: avoid; } body { background: none; } }
"""


def write_page(report: Report, path: str | Path) -> Path:
    """Write the report as one HTML file, pictures included; an older file is replaced only when the new one is whole.

    Raises
    ------
    InputError
        If the file cannot be written, or this is no report.
    """
    require(report, Report, "write_page takes a report, as audit_folder(folder) gives it, and a path")
    path = as_path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give a file name for the page, such as {path / 'audit.html'}.")
    try:
        with replace_file(path) as temporary:
            # Names on disk may hold bytes that are no text; they are shown with a replacement.
            temporary.write_text(as_html(report), encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"The page {path} could not be written: {error.strerror or error}.") from error
    return path


def as_html(report: Report) -> str:
    """The page as a string."""
    photos = {photo.name: photo for photo in report.photos}
    by_severity = "".join(_section(severity, [finding for finding in report.findings if finding.severity == severity], photos, report.shortcuts) for severity in SEVERITIES)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audit of {escape(report.folder.name or str(report.folder))}</title><style>{STYLE}</style></head>
<body><main>
<h1>Audit of {escape(report.folder.name or str(report.folder))}</h1>
<p class="path">{escape(str(report.folder))}</p>
{_numbers(report)}
<h2>At a glance</h2>
{_overview(report)}
{_shortcuts(report)}
{by_severity}
{_about(report)}
</main></body></html>
"""


def _numbers(report: Report) -> str:
    opened = sum(photo.looks is not None for photo in report.photos)
    pictures = len({group for group, photo in zip(report.groups.tolist(), report.photos) if photo.looks})
    tiles = [("files", len(report.photos)), ("that open", opened), ("different pictures", pictures)]
    tiles += [(name, n) for what in ("class_name", "split") for name, n in report.counts(what).items()]
    return '<ul class="numbers">' + "".join(f"<li><b>{n:,}</b> {escape(label)}</li>" for label, n in tiles) + "</ul>"


def _overview(report: Report) -> str:
    if not report.findings:
        return '<p class="fine">Nothing was found that would hurt.</p>' + _fine(report)
    rows = "".join(f'<tr class="{finding.severity}"><td><a href="#{finding.kind}">{escape(finding.title)}</a></td>'
                   f'<td><span class="badge">{SEVERITY_WORDS[finding.severity]}</span></td><td class="n">{_amount(finding)}</td></tr>' for finding in report.findings)
    return ('<div class="scroll"><table><thead><tr><th scope="col">What was found</th><th scope="col">How urgent</th><th scope="col">How much</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div>{_fine(report)}")


def _amount(finding: Finding) -> str:
    if "auc" in finding.evidence:
        return f"right {percent(finding.evidence['auc'])} of the time"
    n = len(finding.files) or finding.evidence.get("photos")
    return photos_in_words(n).replace("photo", "file") if n else "all"


def _fine(report: Report) -> str:
    found = {finding.kind for finding in report.findings}
    unasked = set() if report.counts("class_name") else {"duplicates_across_classes", "uneven_classes"}
    unasked |= set() if report.counts("split") else {"duplicates_across_splits"}
    fine = [words for kind, words in CHECKED.items() if kind not in found | unasked]
    return f'<p class="soft">Looked for and not found: {", ".join(fine)}.</p>' if fine else ""


def _section(severity: str, findings: Sequence[Finding], photos: dict[str, Photo], shortcuts: Sequence[Shortcut]) -> str:
    if not findings:
        return ""
    return f"<h2>{SEVERITY_WORDS[severity]}</h2>" + "".join(_article(finding, photos, shortcuts) for finding in findings)


def _article(finding: Finding, photos: dict[str, Photo], shortcuts: Sequence[Shortcut]) -> str:
    return f"""<article class="{finding.severity}" id="{finding.kind}">
<h3>{escape(finding.title)}</h3>
<p>{escape(finding.sentence)}</p>
{_details(finding)}
{_evidence(finding, photos, shortcuts)}
{_all_names(finding)}
<p class="todo"><b>What to do:</b> {escape(finding.advice)}</p>
</article>"""


def _details(finding: Finding) -> str:
    if len(finding.details) < 2:
        return "".join(f"<p>{escape(detail)}</p>" for detail in finding.details)
    return '<ul class="details">' + "".join(f"<li>{escape(detail)}</li>" for detail in finding.details) + "</ul>"


def _evidence(finding: Finding, photos: dict[str, Photo], shortcuts: Sequence[Shortcut]) -> str:
    shortcut = next((shortcut for shortcut in shortcuts if finding.kind == f"shortcut_{shortcut.family}"), None)
    if shortcut:
        sides = "".join(f'<div class="set"><p class="label">{escape(photos[names[0]].class_name)}</p><div class="row">{_figures(names, photos, _places(names, photos))}</div></div>'
                        for names in shortcut.examples if names)
        return f'<p class="soft">The photos of each class that this model was surest about:</p><div class="grid">{sides}</div>'
    if finding.groups:
        sets = "".join(f'<div class="set"><div class="row">{_figures(group[:MOST_OF_A_GROUP], photos, _places(group, photos))}{_more(len(group) - MOST_OF_A_GROUP)}</div></div>'
                       for group in finding.groups[:MOST_GROUPS])
        return f'<div class="grid">{sets}</div>'
    if not finding.files:
        return ""
    chosen = _spread(len(finding.files), MOST_PICTURES)
    return f'<div class="grid">{_figures([finding.files[i] for i in chosen], photos, [finding.notes[i] for i in chosen])}</div>'


def _spread(n: int, most: int) -> list[int]:
    """Positions spread evenly over a list, so that the examples are not all from its beginning."""
    return list(range(n)) if n <= most else [i * n // most for i in range(most)]


def _places(group: Sequence[str], photos: dict[str, Photo]) -> list[str]:
    """What tells the copies of one picture apart: split, size and format."""
    return [" · ".join(filter(None, [photos[name].split, f"{photos[name].width} × {photos[name].height}" if photos[name].width else "", photos[name].format])) for name in group]


def _more(n: int) -> str:
    return f'<p class="soft">and {n:,} more</p>' if n > 0 else ""


def _figures(names: Iterable[str], photos: dict[str, Photo], notes: Sequence[str]) -> str:
    return "".join(_figure(photos[name], note) for name, note in zip(names, notes))


def _figure(photo: Photo, note: str) -> str:
    picture = _thumbnail(photo)
    alternative = f"{'Photo' if photo.looks else 'What is left of the photo'} {photo.name}{f' ({note})' if note else ''}"
    shown = f'<img src="{picture}" alt="{escape(alternative)}" loading="lazy">' if picture else '<div class="nothing">cannot be shown</div>'
    return f"<figure>{shown}<figcaption>{escape(photo.name)}{f'<br><b>{escape(note)}</b>' if note else ''}</figcaption></figure>"


def _thumbnail(photo: Photo) -> str | None:
    """A small JPEG as a data URI; of a damaged photo, the part that decodes."""
    try:
        image = open_image(photo.path, at_least=THUMBNAIL_SIDE) if photo.looks else rescue(photo.path.read_bytes())
    except (InputError, OSError):  # it may have gone since it was measured
        return None
    if image is None:
        return None
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    memory = io.BytesIO()
    image.save(memory, format="JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(memory.getvalue()).decode("ascii")


def _all_names(finding: Finding) -> str:
    if finding.kind.startswith("shortcut") or not finding.files:
        return ""
    items = "".join(f"<li>{escape(name)}</li>" for name in finding.files[:MOST_NAMES])
    rest = len(finding.files) - MOST_NAMES
    left_out = f"<p class='soft'>{rest:,} more are in the output of --json.</p>" if rest > 0 else ""
    return f"<details><summary>{'Their names' if len(finding.files) > 1 else 'Its name'}</summary><ul>{items}</ul>{left_out}</details>"


def _shortcuts(report: Report) -> str:
    if not report.shortcuts:
        return "".join(f"<p>{escape(question)}</p>" for question in report.not_asked[:1] if question.startswith("Shortcuts"))
    return f"""<h2>Could a network cheat?</h2>
<p>A network takes whatever tells the classes apart, and it need not be the mask. So for each of these a small model that sees nothing else was asked to tell a photo of one class from
a photo of the other. A bar that ends near the thin line (guessing, 50 %) is what you want. Right of the dashed line ({percent(thresholds.SHORTCUT_AUC)}) it is a shortcut, unless
luck alone comes close to it (among few photos it may), which is marked as not sure. A file format that only one class has is a shortcut, too, even if few photos have it.</p>
{_chart(report.shortcuts)}
<p class="soft">Each bar is the area under the ROC curve on photos that the model had not seen ({thresholds.FOLDS}-fold cross-validation, copies of a picture in one fold). The grey part is what
{thresholds.SHUFFLES} shuffles of the labels reached at most.</p>"""


def _mark(shortcut: Shortcut, joint: str) -> str:
    return f"{joint}shortcut" if shortcut.flagged else f"{joint}not sure" if shortcut.unsure else ""


def _chart(shortcuts: Sequence[Shortcut]) -> str:
    left, width, row = 270, 420, 34
    height = row * len(shortcuts) + 30

    def x(auc: float) -> float:
        return left + width * (max(auc, 0.5) - 0.5) / 0.5

    bars = "".join(f"""<text x="{left - 12}" y="{row * i + 22}" text-anchor="end">{escape(shortcut.clue)}</text>
<rect x="{left}" y="{row * i + 8}" width="{x(shortcut.auc) - left:.1f}" height="18" rx="2" style="fill: var(--bar)"/>
<rect x="{left}" y="{row * i + 8}" width="{x(min(shortcut.chance, max(shortcut.auc, 0.5))) - left:.1f}" height="18" style="fill: var(--chance)"/>
<text x="{x(shortcut.auc) + 8:.1f}" y="{row * i + 22}">{percent(shortcut.auc)}{_mark(shortcut, ' · ')}</text>""" for i, shortcut in enumerate(shortcuts))
    words = "; ".join(f"{shortcut.clue} {percent(shortcut.auc)}{_mark(shortcut, ', ')}" for shortcut in shortcuts)
    floor = x(thresholds.SHORTCUT_AUC)
    return f"""<svg viewBox="0 0 {left + width + 120} {height}" width="{left + width + 120}" role="img" aria-label="How often the class is told from each clue alone: {escape(words)}.">
<line x1="{left}" x2="{left}" y1="0" y2="{height - 24}" style="stroke: var(--ink)"/>
<line x1="{floor}" x2="{floor}" y1="0" y2="{height - 24}" style="stroke: var(--soft); stroke-dasharray: 5 4"/>{bars}
<text x="{left}" y="{height - 6}" text-anchor="middle">50 %</text><text x="{floor}" y="{height - 6}" text-anchor="middle">{percent(thresholds.SHORTCUT_AUC)}</text>
<text x="{left + width}" y="{height - 6}" text-anchor="middle">100 %</text></svg>"""


def _about(report: Report) -> str:
    questions = "".join(f"<li>{escape(question)}</li>" for question in report.not_asked)
    return f"""<h2>About this page</h2>
{f'<p>Questions that this folder leaves open:</p><ul>{questions}</ul>' if questions else ''}
<p>A finding is a reason to look, not a verdict: the limits were chosen so that at most 2 in 100 good pictures are named by mistake. All limits and all names are in the output of
<code>maskkit data audit … --json</code>.</p>
<p>This page holds small copies of the photos. Share it only with those who may see the photos.</p>"""
