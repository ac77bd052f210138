"""The public photos: download them, verify each against the manifest, lay out the folder that ``load_dataset`` reads."""

import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from maskkit.errors import InputError
from maskkit.files import as_path, cache_dir, file_digest, new_folder, read_csv
from maskkit.images import CLASS_NAMES, files_below
from maskkit.progress import progress_bar

COMMIT = "7e500749401bad4bb338790fbdb89b58e41ef2d9"
URL = f"https://github.com/chandrikadeb7/Face-Mask-Detection/archive/{COMMIT}.zip"
_LARGEST = 32 * 2**20  # bytes; the largest listed photo has 3 MB
_FAR_OVER = 2  # times what the manifest says


@dataclass(frozen=True)
class Photos:
    """What was laid out, and what was not as the manifest lists it.

    Attributes
    ----------
    folder : Path, or that of the archive
    verified : int, number of photos that are exactly as listed
    missing, changed, unlisted : tuple of str, paths; changed and unlisted photos are left out of a folder that is laid out anew,
        and stay in one that was there before
    """

    folder: Path
    verified: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()


def photos_dir() -> Path:
    """Folder of the public photos, there or not: ``$MASKKIT_PHOTOS``, or ``photos`` in the cache folder."""
    return as_path(os.environ.get("MASKKIT_PHOTOS") or cache_dir() / "photos")


def read_manifest() -> list[dict[str, str]]:
    """One row for each listed photo: path, sha256, bytes, class, group, split, flags.

    Near-duplicates share a group, and no group crosses the split; flags name what is odd about a photo, separated by
    spaces. See data/README.md.
    """
    package = Path(__file__).parent
    # An installed package carries the manifest; in the repository it lies in data/.
    inside, beside = package / "data" / "manifest.csv", package.parent / "data" / "manifest.csv"
    return read_csv(inside if inside.exists() else beside)


def download_photos(out: str | Path | None = None, archive: str | Path | None = None, *, url: str = URL, progress: bool = False) -> Photos:
    """Download the photos (or take a downloaded archive), verify them and lay them out in ``with_mask`` and ``without_mask``.

    A folder that was laid out before is verified again, and nothing is downloaded or unpacked (see `verify_archive`).

    Parameters
    ----------
    out : path, optional
        A new folder; by default where ``load_dataset("photos")`` looks.
    archive : path, optional
        The zip file from ``url``, for those who have it already.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    InputError
        If there is no connection, the archive is damaged or dangerous, or holds no listed photo. No folder is left behind.
    """
    out = photos_dir() if out is None else as_path(out)
    if out.exists():
        return verify_photos(out)
    path = _download(url, progress) if archive is None else as_path(archive)
    try:
        with _opened(path) as opened, new_folder(out) as folder:
            for class_name in CLASS_NAMES:
                (folder / class_name).mkdir()
            return _verify(opened, out, progress, keep=lambda name, content: (folder / name).write_bytes(content))
    except InputError:
        if archive is None:
            path.unlink(missing_ok=True)  # lest the next download find this one in the cache
        raise


def verify_archive(archive: str | Path, *, progress: bool = False) -> Photos:
    """Compare an archive with the manifest, photo by photo, and unpack nothing: is a copy for others whole? InputError as in `download_photos`."""
    path = as_path(archive)
    with _opened(path) as opened:
        return _verify(opened, path, progress)


def _download(url: str, progress: bool) -> Path:
    import pooch
    import requests

    folder = cache_dir() / "downloads"
    try:
        # No hash of the archive: GitHub packs it anew now and then. Each photo in it has its own.
        return Path(pooch.retrieve(url, known_hash=None, fname=f"photos-{COMMIT[:12]}.zip", path=folder, progressbar=progress))
    except (requests.RequestException, OSError) as error:
        raise InputError(f"The photos could not be downloaded from {url} ({type(error).__name__}); "
                         "try again, or give a downloaded copy with --archive.") from error


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as opened:
            yield opened
    except FileNotFoundError:
        raise InputError(f"There is no archive {path}.") from None
    # zipfile reports damage in many ways; NotImplementedError and RuntimeError are unknown compression and passwords.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        if getattr(error, "filename", None) or getattr(error, "errno", None) == errno.ENOSPC:
            raise  # of the system, about a file that it names or a full disk: the archive may be whole
        raise InputError(f"{path} is no zip archive, or only a part of one ({error}); download it again.") from error


def _verify(opened: zipfile.ZipFile, where: Path, progress: bool, keep: Callable[[str, bytes], object] = lambda name, content: None) -> Photos:
    """Compare each photo in an archive with the manifest; ``keep`` gets the name and content of those that are as listed."""
    rows = {row["path"]: row for row in read_manifest()}
    members = _photo_members(opened, sum(int(row["bytes"]) for row in rows.values()))
    by_digest = {row["sha256"]: path for path, row in rows.items()}
    verified, changed, unlisted = set(), set(), []
    for name, member in progress_bar(members.items(), shown=progress, desc="verifying photos", unit="img"):
        content = opened.read(member)
        digest = sha256(content).hexdigest()
        # Archive programs disagree about letters outside ASCII in names, so that the content may know better.
        listed = name if name in rows else by_digest.get(digest)
        if listed is None:
            unlisted.append(name)
        elif digest == rows[listed]["sha256"]:
            keep(listed, content)
            verified.add(listed)
        else:
            changed.add(listed)
    if not verified:
        raise InputError(f"{opened.filename} holds none of the {len(rows)} photos of the manifest; give the archive of {URL}.")
    return Photos(where, len(verified), tuple(sorted(rows.keys() - verified - changed)), tuple(sorted(changed - verified)), tuple(sorted(unlisted)))


def _photo_members(opened: zipfile.ZipFile, expected_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """The files in class folders, by class folder and name; the whole archive is refused if any entry plays tricks."""
    members = {}
    for info in opened.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename or stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(f"{opened.filename} holds {info.filename!r}, which would be written outside its folder; it is not the photos' archive.")
        if not info.is_dir() and len(path.parts) > 1 and path.parts[-2] in CLASS_NAMES:
            members["/".join(path.parts[-2:])] = info
    # What is declared is an upper bound of what zipfile unpacks: it stops there, and finds the checksum wrong.
    declared = [info.file_size for info in members.values()]
    if sum(declared) > _FAR_OVER * expected_bytes or max(declared, default=0) > _LARGEST:
        raise InputError(f"{opened.filename} would unpack to {sum(declared) / 2**20:.0f} MiB where the photos have "
                         f"{expected_bytes / 2**20:.0f}; it is not the photos' archive.")
    return members


def verify_photos(folder: str | Path) -> Photos:
    """Compare a folder that was laid out before with the manifest, photo by photo; InputError if it holds none of them.

    Hidden files and what operating systems leave behind are passed over, as they are when the photos are loaded.
    """
    folder = Path(folder)
    rows = {row["path"]: row["sha256"] for row in read_manifest()}
    there = {path.relative_to(folder).as_posix(): path for name in CLASS_NAMES if (folder / name).is_dir() for path in files_below(folder / name, _refuse)}
    same = {name for name in rows.keys() & there.keys() if file_digest(there[name]) == rows[name]}
    if not same:
        raise InputError(f"{folder} exists already and holds none of the photos; choose another --out, or remove it.")
    return Photos(folder, len(same), tuple(sorted(rows.keys() - there.keys())), tuple(sorted((rows.keys() & there.keys()) - same)),
                  tuple(sorted(there.keys() - rows.keys())))


def _refuse(error: OSError) -> None:
    raise error
