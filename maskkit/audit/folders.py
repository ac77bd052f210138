"""What the folders themselves tell before a photo is opened: one that may not be read, a class that is not there."""

from pathlib import Path

from maskkit.audit.findings import Finding
from maskkit.images import CLASS_NAMES, class_folders, files_below, split_folders


def find_folder_problems(root: Path) -> list[Finding]:
    """Folders that cannot be read, and one class folder without the other: in either case photos are missing that somebody believes to be there."""
    unreadable: list[OSError] = []
    for _ in files_below(root, unreadable.append):
        pass
    return [*_unreadable(root, unreadable), *_one_class_alone(root)]


def _unreadable(root: Path, errors: list[OSError]) -> list[Finding]:
    if not errors:
        return []
    names = tuple(f"{Path(error.filename).relative_to(root).as_posix()} ({error.strerror})" for error in errors)
    return [Finding("unreadable_folders", "high", "Folders that cannot be read",
                    f"{len(names):,} folder{'s' * (len(names) != 1)} cannot be read: {', '.join(names)}. What lies in there was not examined, "
                    "and a training loop may go without it.",
                    "Give yourself the permission to read them, or ask their owner.", evidence={"folders": names})]


def _one_class_alone(root: Path) -> list[Finding]:
    places = [path for path, _ in split_folders(root)] or [root]
    found = [f"{'Only' if place == root else f'In {place.name} only'} {there} is there, and {other}."
             for place, (there, other) in zip(places, map(_classes, places)) if there and other]
    if not found:
        return []
    return [Finding("missing_class", "high", "One class without the other",
                    f"{' '.join(found)} A network can only learn to tell the classes apart from photos of both.",
                    "Put the photos of both classes side by side, into folders with_mask and without_mask.")]


def _classes(place: Path) -> tuple[str, str]:
    """The class that is there, and what is the matter with the other; one of the two is empty unless it is so. A folder that cannot be read is there."""
    folders = {name: [path for path, target in class_folders(place) if CLASS_NAMES[target] == name] for name in CLASS_NAMES}
    there = [name for name, paths in folders.items() if any(_holds_something(path) for path in paths)]
    wrong = [f"{name} {'holds no files' if paths else 'is missing'}" for name, paths in folders.items() if name not in there]
    return " and ".join(there), " and ".join(wrong)


def _holds_something(folder: Path) -> bool:
    unreadable: list[OSError] = []
    return any(True for _ in files_below(folder, unreadable.append)) or bool(unreadable)
