"""What the folders themselves tell: one that may not be read, a class or the train folder that is not there, one that is passed over."""

from collections.abc import Sequence
from pathlib import Path

from maskkit.audit.findings import Finding, photos_in_words
from maskkit.audit.measure import Photo
from maskkit.images import CLASS_NAMES, class_folders, files_below, passed_over, split_folders


def find_folder_problems(root: Path, photos: Sequence[Photo]) -> list[Finding]:
    """Folders that cannot be read, a class without files that can, no train folder, and folders that are passed over: photos are missing that somebody believes to be there."""
    unreadable: list[OSError] = []
    for _ in files_below(root, unreadable.append):
        pass
    splits = split_folders(root)
    places = [path for path, _ in splits] or [root]
    if not any(map(class_folders, places)):  # classes of other names, or none at all
        return _unreadable(root, unreadable)
    readable = [photo.name for photo in photos if photo.looks]
    return [*_unreadable(root, unreadable), *_missing_class(root, places, readable), *_missing_train(splits), *_passed_over(root)]


def _unreadable(root: Path, errors: list[OSError]) -> list[Finding]:
    if not errors:
        return []
    names = tuple(f"{Path(error.filename).relative_to(root).as_posix()} ({error.strerror})" for error in errors)
    return [Finding("unreadable_folders", "high", "Folders that cannot be read",
                    f"{len(names):,} folder{'s' * (len(names) != 1)} cannot be read: {', '.join(names)}. What lies in there was not examined, "
                    "and a training loop may go without it.",
                    "Give yourself the permission to read them, or ask their owner.", evidence={"folders": names})]


def _missing_class(root: Path, places: Sequence[Path], readable: Sequence[str]) -> list[Finding]:
    told = [(place, *_classes(root, place, readable)) for place in places]
    lacking = [(place, there, wrong) for place, there, wrong in told if wrong]
    if not lacking:
        return []
    title = "One class without the other" if any(there for _, there, _ in lacking) else "Folders without photos of either class"
    return [Finding("missing_class", "high", title,
                    f"{' '.join(_in_words(root, *what) for what in lacking)} A network can only learn to tell the classes apart from photos of both.",
                    "Put the photos of both classes side by side, into folders with_mask and without_mask.")]


def _in_words(root: Path, place: Path, there: str, wrong: str) -> str:
    where = "" if place == root else f"In {place.name} "
    if there:
        return f"{where}{'only' if where else 'Only'} {there} is there, and {wrong}."
    return f"{where}{'neither' if where else 'Neither'} class is there: {wrong}."


def _classes(root: Path, place: Path, readable: Sequence[str]) -> tuple[str, str]:
    """The classes that are there, and what is the matter with the others; either may be empty."""
    folders = {name: [path for path, target in class_folders(place) if CLASS_NAMES[target] == name] for name in CLASS_NAMES}
    wrong = {name: _what_is_wrong(root, paths, readable) for name, paths in folders.items()}
    return " and ".join(name for name in wrong if not wrong[name]), " and ".join(f"{name} {what}" for name, what in wrong.items() if what)


def _what_is_wrong(root: Path, folders: Sequence[Path], readable: Sequence[str]) -> str:
    """Why there are no photos in the folders of a class; empty if there are, or if a folder cannot be read, which is another finding."""
    beginnings = tuple(f"{path.relative_to(root).as_posix()}/" for path in folders)
    unreadable: list[OSError] = []
    if any(name.startswith(beginnings) for name in readable):
        return ""
    files = [file for path in folders for file in files_below(path, unreadable.append)]
    if unreadable:
        return ""
    return "is missing" if not folders else "holds no file that can be read as a photo" if files else "holds no files"


def _missing_train(splits: Sequence[tuple[Path, str]]) -> list[Finding]:
    if not splits or "train" in {split for _, split in splits}:
        return []
    there = " and ".join(path.name for path, _ in splits)
    return [Finding("missing_train", "medium", "Nothing to train on",
                    f"There is no train folder beside {there}: a network can be measured on these photos, and none can be trained.",
                    "For a test all is well (maskkit test --test-dir); for training put photos of both classes into a train folder, or all of them into "
                    "with_mask and without_mask side by side.")]


def _passed_over(root: Path) -> list[Finding]:
    if not (counts := passed_over(root)):
        return []
    some = f"{len(counts):,} folders hold photos and are" if len(counts) != 1 else "1 folder holds photos and is"
    listed, total = ", ".join(f"{name} ({photos_in_words(n)})" for name, n in counts.items()), sum(counts.values())
    return [Finding("passed_over", "medium", "Folders of photos that are passed over",
                    f"{some} passed over, in training and in a test: {listed}. "
                    "Only with_mask and without_mask are read, and where there are folders called train, val or test, only inside them.",
                    "If these photos are meant to be used, rename or move the folders accordingly; if not, move them elsewhere.",
                    evidence={"photos": total, "folders": counts})]
