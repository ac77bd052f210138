"""From measurements to findings: what would hurt, in plain words, and what to do about it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from maskkit.audit import thresholds as limit
from maskkit.audit.copies import SAME_FILE, Copy
from maskkit.audit.measure import HEIC, Photo
from maskkit.audit.shortcuts import Shortcut, percent
from maskkit.images import JPEG_ON_IPHONES, SPLIT_NAMES

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Finding:
    """One thing that would hurt.

    Attributes
    ----------
    kind, severity : str; severity is "high" (fix before training), "medium" (look at it) or "low" (good to know)
    title, sentence, advice : str, for people
    details : further sentences, one for each line
    files : names of the photos concerned, relative to the folder
    notes : what was measured of each file, for captions
    groups : for copies, the files that belong together
    evidence : numbers behind the sentence
    """

    kind: str
    severity: str
    title: str
    sentence: str
    advice: str
    details: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    evidence: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A finding about single photos: which ones, what to say of them all ({n} photos of {total}) and of each."""

    kind: str
    severity: str
    title: str
    sentence: str
    advice: str
    concerns: Callable[[Photo], bool]
    note: Callable[[Photo], str]


def _size(photo: Photo) -> str:
    return f"{photo.width} × {photo.height} pixels"


def misnamed(photo: Photo) -> bool:
    """Whether the name's ending promises another format than the file has, or none that is known."""
    return bool(photo.format) and _promised(photo) != photo.format


def _promised(photo: Photo) -> str | None:
    Image.init()
    promised = Image.EXTENSION.get(photo.path.suffix.lower())
    return {"MPO": "JPEG", "DIB": "BMP"}.get(promised, promised)


def _misnamed_note(photo: Photo) -> str:
    return f"{photo.format}, named {photo.path.suffix or 'without an ending'}"


def _empty(photo: Photo) -> bool:
    return photo.looks is not None and photo.looks.std < limit.EMPTY_STD


def _dark(photo: Photo) -> bool:
    return photo.looks is not None and not _empty(photo) and photo.looks.p95 < limit.DARK_P95


def _bright(photo: Photo) -> bool:
    return photo.looks is not None and not _empty(photo) and (photo.looks.p5 > limit.BRIGHT_P5 or photo.looks.mean > limit.BRIGHT_MEAN)


def _flat(photo: Photo) -> bool:
    plain = photo.looks is None or _empty(photo) or _dark(photo) or _bright(photo)
    return not plain and photo.looks.p95 - photo.looks.p5 < limit.FLAT_RANGE


def _blurred(photo: Photo) -> bool:
    return photo.looks is not None and not _empty(photo) and photo.looks.sharpness < limit.BLURRED_SHARPNESS


def _cut_off(photo: Photo) -> bool:
    whole = photo.looks is not None and not _empty(photo)
    return photo.problem == "truncated" or whole and photo.format == "JPEG" and photo.looks.flat_bottom >= limit.FLAT_BOTTOM_SHARE


def _elongated(photo: Photo) -> bool:
    return photo.width > 0 and max(photo.width, photo.height) > limit.LONG_ASPECT * min(photo.width, photo.height)


def _small(photo: Photo) -> bool:
    return 0 < min(photo.width, photo.height) < limit.SMALL_SIDE


MODES = {"RGBA": "transparency", "LA": "transparency", "PA": "transparency", "P": "a palette", "CMYK": "inks for print (CMYK)", "YCbCr": "YCbCr", "L": "grey only",
         "1": "black and white only", "I": "more than 8 bits", "F": "more than 8 bits", "HSV": "HSV", "LAB": "Lab"}

RULES = (
    Rule("unreadable", "high", "Files that cannot be opened",
         "{n} of {total} files are no pictures that can be opened, though their names say so. A training loop stops at such a file, or silently skips it.",
         "Get these files again from where they came, or delete them.",
         lambda photo: photo.problem == "unreadable", lambda photo: photo.reason),
    Rule("truncated", "high", "Photos that end too early",
         "{n} of {total} photos are damaged: the file stops before the picture does. Some programs refuse such a file, others show the missing part grey, "
         "and a network would learn from grey.",
         "Get these photos again, or delete them. An interrupted download is the usual cause.",
         _cut_off, lambda photo: photo.reason or f"lowest {percent(photo.looks.flat_bottom)} are one colour"),
    Rule("too_large", "high", "Photos too large to open",
         "{n} of {total} photos have more pixels than Pillow opens. Training leaves such a photo out.",
         "Shrink them; for a face a few hundred pixels a side are plenty.", lambda photo: photo.problem == "too_large", lambda photo: photo.reason),
    Rule("empty", "medium", "Empty pictures",
         "{n} of {total} photos are one plain colour, or nearly: nothing to learn from, only a label that is right or wrong by luck.",
         "Delete them.", _empty, lambda photo: "one plain colour"),
    Rule("misnamed", "low", "Names that promise another format",
         "{n} of {total} photos have another format inside than their names say, or an ending that no program knows. MaskKit looks at the content and opens them; "
         "programs that trust the name fail or skip them.",
         "Rename them by their content, such as .webp for a WebP file.", misnamed, _misnamed_note),
    Rule("small", "medium", "Very small photos",
         f"{{n}} of {{total}} photos have a side of fewer than {limit.SMALL_SIDE} pixels. Enlarged to the usual 128, most of what a network sees of them is made up.",
         "Look for larger versions. If you keep them, see how the model does on them alone.", _small, _size),
    Rule("elongated", "medium", "Very long or very wide photos",
         f"{{n}} of {{total}} photos are more than {limit.LONG_ASPECT:g} times as long as wide (or as wide as long). Resized to a square, the faces on them are squashed.",
         "Crop them to the face.", _elongated, _size),
    Rule("dark", "medium", "Very dark photos",
         f"{{n}} of {{total}} photos are so dark that 95 % of each picture is below {limit.DARK_P95:.0f} on a scale from 0 (black) to 255 (white).",
         "Can you yourself tell the class? If not, delete them. If so, keep them, and see how the model does on them.",
         _dark, lambda photo: f"95 % is below {photo.looks.p95:.0f}"),
    Rule("bright", "medium", "Very bright photos",
         f"{{n}} of {{total}} photos are bright all over: 95 % of each picture is above {limit.BRIGHT_P5:.0f} on a scale from 0 (black) to 255 (white), or nearly all of it is white.",
         "Can you yourself tell the class? If not, delete them. If so, keep them, and see how the model does on them.",
         _bright, lambda photo: f"mean brightness {photo.looks.mean:.0f} of 255"),
    Rule("washed_out", "medium", "Washed-out photos",
         f"{{n}} of {{total}} photos have hardly any contrast: nine in ten of their pixels lie within {limit.FLAT_RANGE:.0f} of 255 steps of brightness.",
         "Can you yourself tell the class? If not, delete them.",
         _flat, lambda photo: f"{photo.looks.p95 - photo.looks.p5:.0f} steps of brightness"),
    Rule("blurred", "medium", "Blurred photos",
         f"{{n}} of {{total}} photos are still blurred when shrunk to {limit.MEASURED_SIDE} pixels. The edge of a mask may be lost in them.",
         "Keep them only if you can tell the class, and if the photos that the model will meet are blurred too.",
         _blurred, lambda photo: f"sharpness {photo.looks.sharpness:.2f} (usual: 0.3)"),
    Rule("not_rgb", "low", "Pictures that are not plain RGB",
         "{n} of {total} photos store their pixels in another way than 8-bit red, green and blue. MaskKit turns them into RGB (what is transparent becomes white, 16 bits "
         "become 8); a hand-made loader may crash on them, or show the class by how it treats them.",
         "Nothing, if you load them with MaskKit. Else convert them once, all in the same way.",
         lambda photo: bool(photo.mode) and photo.mode != "RGB", lambda photo: f"{photo.mode}: {_mode_name(photo.mode)}"),
    Rule("turned", "low", "Photos that a camera note turns upright",
         "{n} of {total} photos are stored lying or mirrored, with a note (EXIF) that tells which side is up. MaskKit follows it; a loader that does not sees them lying on their side.",
         "Nothing, if you load them with MaskKit.", lambda photo: photo.turned, lambda photo: f"shown upright: {_size(photo)}"),
    Rule("animated", "low", "Animations",
         "{n} of {total} files hold several pictures. Only the first one is used.",
         "Check that the first picture is the one that you mean.", lambda photo: photo.animated, lambda photo: f"{photo.format} with several pictures"),
    Rule("other", "low", "Files that are no photos",
         "{n} of {total} files are no pictures, and are not named like any. MaskKit passes over such files.",
         "Move them elsewhere if they bother you.", lambda photo: photo.problem == "other", lambda photo: photo.reason),
)

ADVICE_ON_SHORTCUTS = {
    "format": "Save every photo again in one format, with one program and one setting: both classes alike.",
    "file_size": "A network does not see the file size, but it sees what causes it: another resolution, other compression. Save all photos again at one size and quality, "
                 "and look where each class comes from.",
    "resolution": "Crop and resize the photos of both classes alike, from originals that are larger than the result; better, collect both classes from the same source.",
    "aspect": "Crop the photos of both classes to one shape. Squashing into a square hides the shape and squashes the faces of one class more than those of the other.",
    "color": "Look whether light, camera or source differ between the classes. A part may be honest (masks are often white or pale blue); "
             "colour changes as augmentation make it less useful.",
    "sharpness": "Look whether one class was enlarged, compressed or taken with another camera. Bring both to the same resolution before training.",
    "border": "Look at the corners of both classes: frames, bars, plain studio backgrounds. Crop them away, or give both classes the same.",
}


def find_problems(photos: Sequence[Photo], copies: Sequence[Copy], groups: np.ndarray, shortcuts: Sequence[Shortcut]) -> list[Finding]:
    """All findings, the most serious first."""
    found = [_apply(rule, photos) for rule in RULES] + [_large(photos), _uneven(photos)]
    found += _copies(photos, copies, groups)
    found += [_of_shortcut(shortcut) for shortcut in sorted(shortcuts, key=lambda shortcut: -shortcut.auc) if shortcut.flagged]
    return sorted((finding for finding in found if finding), key=lambda finding: SEVERITIES.index(finding.severity))


def photos_in_words(n: int) -> str:
    """1 photo, 2 photos, 1,000 photos."""
    return f"{n:,} photo{'s' * (n != 1)}"


def _apply(rule: Rule, photos: Sequence[Photo]) -> Finding | None:
    concerned = [photo for photo in photos if rule.concerns(photo)]
    return _single(rule, concerned, len(photos)) if concerned else None


def _single(rule: Rule, concerned: list[Photo], total: int) -> Finding:
    notes = tuple(rule.note(photo) for photo in concerned)
    counts = {"photos": len(concerned), "of": total, "by class": dict(Counter(photo.class_name for photo in concerned if photo.class_name))}
    if rule.kind in ("misnamed", "not_rgb", "unreadable"):
        counts["what"] = dict(Counter(notes).most_common(6))
    return Finding(rule.kind, rule.severity, rule.title, _grammatical(rule.sentence.format(n=f"{len(concerned):,}", total=f"{total:,}")), _advice(rule, notes),
                   _by_class(counts["by class"], len(concerned)), tuple(photo.name for photo in concerned), notes, evidence=counts)


def _advice(rule: Rule, notes: Sequence[str]) -> str:
    """What to do about the files of a rule; HEIC photos are whole, so that nobody should delete them."""
    if HEIC not in notes:
        return rule.advice
    save = f"Save the HEIC photos as JPEG ({JPEG_ON_IPHONES})."
    return save if set(notes) == {HEIC} else f"{save} {rule.advice.replace('these files', 'the other files')}"


def _by_class(counts: dict[str, int], n: int) -> tuple[str, ...]:
    """Where the concerned photos lie; a flaw that only one class has can become a shortcut."""
    if n < 2 or not counts:
        return ()
    if len(counts) == 1:
        return (f"All of them are {next(iter(counts))}.",)
    return ("Of these, " + " and ".join(f"{count:,} {'is' if count == 1 else 'are'} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])) + ".",)


def _grammatical(sentence: str) -> str:
    """"1 of 20 photos are" becomes "1 of 20 photos is", and what goes with it."""
    if not sentence.startswith("1 of "):
        return sentence
    for plural, singular in (("no pictures", "no picture"), ("and are not named", "and is not named"), ("their names say", "its name says"), ("their pixels", "its pixels")):
        sentence = sentence.replace(plural, singular)
    for plural, singular in ((" are ", " is "), (" have ", " has "), (" store ", " stores "), (" hold ", " holds ")):
        at = sentence.find(plural)
        if 0 <= at < 40:
            return sentence[:at] + singular + sentence[at + len(plural):]
    return sentence


def _mode_name(mode: str) -> str:
    return "more than 8 bits" if mode.startswith("I;16") else MODES.get(mode, "another kind")


def _large(photos: Sequence[Photo]) -> Finding | None:
    sides = [max(photo.width, photo.height) for photo in photos if photo.width]
    usual = float(np.median(sides)) if sides else 0.0
    rule = Rule("large", "low", "Very large photos",
                f"{{n}} of {{total}} photos are far larger than the rest (over {limit.LARGE_TIMES_MEDIAN} times the usual side of {usual:.0f} pixels, or "
                f"over {limit.LARGE_PIXELS // 1_000_000} megapixels). They slow down loading, and come from another source.",
                "Shrink them once, and see whether they are of one class more than of the other.",
                lambda photo: max(photo.width, photo.height) > limit.LARGE_TIMES_MEDIAN * usual or photo.width * photo.height > limit.LARGE_PIXELS, _size)
    return _apply(rule, photos)


def _uneven(photos: Sequence[Photo]) -> Finding | None:
    counts = Counter(photo.class_name for photo in photos if photo.class_name and photo.looks).most_common()
    if len(counts) != 2 or counts[0][1] < limit.UNEVEN_CLASSES * counts[1][1]:
        return None
    (larger, n), (smaller, m) = counts
    return Finding("uneven_classes", "medium", "Many more photos of one class",
                   f"There are {n:,} photos of {larger} and {m:,} of {smaller}. Always answering {larger} would be right for {percent(n / (n + m))}, so an accuracy says little here.",
                   f"Collect more of {smaller}. Until then, read the recall of each class and not the accuracy alone.", evidence={larger: n, smaller: m})


def _copies(photos: Sequence[Photo], copies: Sequence[Copy], groups: np.ndarray) -> list[Finding | None]:
    together = _members(groups)
    exact = _members(_exact_numbers(photos))
    near = [group for group in together if len({photos[i].digest for i in group}) > 1]
    classes = [group for group in together if len({photos[i].class_name for i in group} - {None}) > 1]
    splits = [group for group in together if len({photos[i].split for i in group} - {None}) > 1]
    leak = (f"Split at random with 70 % for training, about {percent(share_leaked(groups))} of the test photos would have a copy among the training photos.",)
    relations = [copy.relation for copy in copies if copy.relation != SAME_FILE]
    ways = {way: n for way in ("mirrored", "rotated", "cropped") if (n := sum(way in relation for relation in relations))}
    changed = (f"Among {len(relations):,} pairs of versions: {', '.join(f'{n:,} {way}' for way, n in ways.items())} (a pair may be several of these).",) if ways else ()
    total = len(photos)
    return [
        _of_groups("duplicates_across_classes", "high", "The same picture in both classes", photos, classes,
                   "{groups} stand in more than one class ({n} of {total} files). At least one label of each is wrong, and no network can get both right.",
                   "Look at each and keep the one that is right.", {}),
        _of_groups("duplicates_across_splits", "high", "The same picture in training and in test", photos, splits,
                   "{groups} stand in more than one of the given {splits} folders ({n} of {total} files). The model is tested on what it has learned by heart, "
                   "and its score is better than it is.",
                   "Keep each picture in one split only. MaskKit does so by itself when it makes the split: give it one folder with the two classes.",
                   {"pairs of splits": dict(Counter(" and ".join(sorted({photos[i].split for i in group} - {None}, key=SPLIT_NAMES.index)) for group in splits))}),
        _of_groups("exact_duplicates", "medium", "Files that are there more than once", photos, exact,
                   "{n} of {total} files are byte for byte the same as another: {groups}. They count double in training, and a split at random puts some of them on both sides.",
                   "Keep one file of each.", {"different files": len({photo.digest for photo in photos if photo.digest}), "superfluous files": sum(len(group) - 1 for group in exact)},
                   () if near else leak),
        _of_groups("near_duplicates", "medium", "Pictures that are there in several versions", photos, near,
                   "{n} of {total} photos are the same picture as another, saved again in another size, format or quality, mirrored, turned or cropped: {groups}. A model that was "
                   "trained on one version and is tested on another has learned the answer by heart.",
                   "Keep one of each, or keep them in one split: MaskKit's train command does the latter by itself.", {"pairs": len(relations), **ways}, changed + leak),
    ]


def share_leaked(groups: np.ndarray, train: float = 0.7) -> float:
    """Expected share of the test photos with a copy in training, if every photo is dealt out on its own."""
    size = np.bincount(groups)[groups]
    return float(np.mean(1 - (1 - train) ** (size - 1))) if len(groups) else 0.0


def _exact_numbers(photos: Sequence[Photo]) -> np.ndarray:
    """Equal bytes, equal number; what could not be read is equal to nothing."""
    keys: dict[object, int] = {}
    return np.array([keys.setdefault(photo.digest if photo.n_bytes else index, len(keys)) for index, photo in enumerate(photos)], dtype=np.int64)


def _members(groups: np.ndarray) -> list[list[int]]:
    """Positions of each group of two or more, larger groups first."""
    order = np.argsort(groups, kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return sorted((run.tolist() for run in runs if len(run) > 1), key=lambda run: (-len(run), run))


def _of_groups(kind: str, severity: str, title: str, photos: Sequence[Photo], found: list[list[int]], sentence: str, advice: str, evidence: dict,
               details: tuple[str, ...] = ()) -> Finding | None:
    if not found:
        return None
    n = sum(len(group) for group in found)
    splits = ", ".join(name for name in SPLIT_NAMES if any(photo.split == name for photo in photos))
    counted = f"{len(found):,} picture{'s' * (len(found) != 1)}"
    words = sentence.format(n=f"{n:,}", total=f"{len(photos):,}", groups=counted, splits=splits)
    if len(found) == 1:
        words = words.replace("1 picture stand", "1 picture stands")
    groups = tuple(tuple(photos[i].name for i in group) for group in found)
    return Finding(kind, severity, title, words, advice, details, tuple(name for group in groups for name in group), groups=groups,
                   evidence={"files": n, "groups": len(found), "largest group": len(found[0]), **evidence})


def _of_shortcut(shortcut: Shortcut) -> Finding:
    return Finding(f"shortcut_{shortcut.family}", "high" if shortcut.serious else "medium", shortcut.title, shortcut_sentence(shortcut), ADVICE_ON_SHORTCUTS[shortcut.family],
                   shortcut.how, tuple(name for side in shortcut.examples for name in side),
                   evidence={"auc": round(shortcut.auc, 3), "highest auc with shuffled labels": round(shortcut.chance, 3)})


def shortcut_sentence(shortcut: Shortcut) -> str:
    """What the AUC means, for somebody who has never met one."""
    pairs = (f"Shown one photo of each class, a small model that knows nothing but {shortcut.clue} tells which is which {percent(shortcut.auc)} of the time; "
             f"guessing gets 50 %, and the luckiest of {limit.SHUFFLES} tries with shuffled labels got {percent(shortcut.chance)}.")
    return f"{pairs} A network may learn this instead of what you mean." if shortcut.flagged else pairs
