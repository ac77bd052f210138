"""The public photos, with a small archive and manifest in their place; one test uses the true manifest."""

import http.server
import io
import shutil
import stat
import threading
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskkit import photos
from maskkit.cli import main
from maskkit.datasets import load_dataset
from maskkit.errors import InputError
from maskkit.files import write_csv
from maskkit.photos import download_photos, read_manifest
from maskkit.splits import straddling_groups
from tests.conftest import forbid, noise

TOP = "Face-Mask-Detection-abc/dataset"


def png(seed: int) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(noise(seed)).save(memory, format="PNG")
    return memory.getvalue()


LISTED = {f"{name}/{index}.png": png(100 * target + index) for target, name in enumerate(("without_mask", "with_mask")) for index in range(6)}


@pytest.fixture(autouse=True)
def small_manifest(request, tmp_path, monkeypatch):
    if "true_manifest" in request.keywords:
        return
    rows = [{"path": name, "sha256": sha256(content).hexdigest(), "bytes": len(content), "class": name.split("/")[0], "group": index // 2,
             "split": ("train", "val", "test")[index // 2 % 3], "flags": ""} for index, (name, content) in enumerate(LISTED.items())]
    monkeypatch.setattr(photos, "read_manifest", lambda: rows)
    monkeypatch.setattr("maskkit.datasets.read_manifest", lambda: rows)
    monkeypatch.setenv("MASKKIT_PHOTOS", str(tmp_path / "photos"))
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "cache"))


def archive(path: Path, files: dict[str, bytes], top: str = TOP) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(f"{top}/../README.md".replace("/../", "/"), "not a photo")
        for name, content in files.items():
            opened.writestr(f"{top}/{name}", content)
    return path


def laid_out(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def nothing_left(folder: Path) -> bool:
    """No folder of photos, finished or not, beside the archive."""
    return not [path for path in folder.iterdir() if path.is_dir() and path.name != "cache"]


def test_a_good_archive_becomes_a_folder_that_load_dataset_reads(tmp_path):
    done = download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    assert laid_out(tmp_path / "photos") == LISTED
    assert (done.verified, done.missing, done.changed, done.unlisted) == (12, (), (), ())
    dataset = load_dataset("photos", image_size=16)
    assert dataset.names == tuple(sorted(LISTED)) and not dataset.skipped
    expected = {row["path"]: (row["split"], row["group"]) for row in photos.read_manifest()}
    assert list(zip(dataset.split, dataset.groups)) == [expected[name] for name in dataset.names]


def test_missing_changed_and_unlisted_photos_are_named_and_left_out(tmp_path, capsys):
    files = dict(LISTED) | {"with_mask/0.png": png(77), "with_mask/new.png": png(78)}
    del files["without_mask/3.png"]
    assert main(["data", "photos", "--archive", str(archive(tmp_path / "a.zip", files)), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "10 photos, verified" in said.out
    assert "1 missing: without_mask/3.png" in said.err
    assert "1 changed, left out: with_mask/0.png" in said.err and "left out: with_mask/new.png" in said.err
    assert laid_out(tmp_path / "out") == {name: LISTED[name] for name in files if name not in ("with_mask/0.png", "with_mask/new.png")}


def test_a_garbled_name_is_known_by_its_content(tmp_path):
    files = {name.replace("/1.png", "/b\u2248d.png"): content for name, content in LISTED.items()}
    assert download_photos(archive=archive(tmp_path / "a.zip", files)).verified == 12
    assert laid_out(tmp_path / "photos") == LISTED


def test_a_second_time_verifies_what_is_there(tmp_path):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    (tmp_path / "photos" / "with_mask" / "2.png").write_bytes(b"changed")
    (tmp_path / "photos" / "with_mask" / "3.png").unlink()
    again = download_photos(archive=tmp_path / "nowhere.zip")
    assert (again.verified, again.changed, again.missing) == (10, ("with_mask/2.png",), ("with_mask/3.png",))
    assert photos.verify_photos(str(tmp_path / "photos")) == again


def test_what_stays_in_a_folder_that_was_there_is_not_said_to_be_left_out(tmp_path, capsys):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    folder = tmp_path / "photos" / "with_mask"
    (folder / "2.png").write_bytes(b"changed")
    for name in ("new.png", ".DS_Store", "._2.png", "Thumbs.db"):
        (folder / name).write_bytes(b"another")
    assert main(["data", "photos"]) == 0
    said = capsys.readouterr()
    assert "11 photos, verified" in said.out and "left out" not in said.err
    assert "1 changed: with_mask/2.png; move the folder away and run the command again\n" in said.err
    assert "1 not in the manifest: with_mask/new.png, passed over when the photos are loaded\n" in said.err


def test_a_class_folder_that_may_not_be_read_is_not_one_without_photos(tmp_path, monkeypatch):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    forbid(monkeypatch, tmp_path / "photos" / "with_mask")
    with pytest.raises(PermissionError):
        photos.verify_photos(tmp_path / "photos")


def test_an_archive_is_examined_though_the_photos_are_there(tmp_path, capsys):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    files = {name: content for name, content in LISTED.items() if name != "with_mask/4.png"} | {"with_mask/0.png": png(77)}
    assert main(["data", "photos", "--archive", str(archive(tmp_path / "stick.zip", files))]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"10 photos, verified, in {tmp_path / 'stick.zip'}", f"12 photos, verified, in {tmp_path / 'photos'}"]
    assert "1 missing: with_mask/4.png" in said.err and "1 changed, left out: with_mask/0.png" in said.err and "nothing was unpacked" in said.err
    assert laid_out(tmp_path / "photos") == LISTED
    (tmp_path / "note.jpg").write_text("no archive")
    assert main(["data", "photos", "--archive", str(tmp_path / "note.jpg")]) == 2
    said = capsys.readouterr()
    assert "note.jpg is no zip archive" in said.err and "verified" not in said.out


def test_a_place_where_nothing_may_be_written_is_no_damaged_archive(tmp_path, monkeypatch, capsys):
    def refuse(*_, **options):
        raise PermissionError(13, "Permission denied", f"{options['dir']}/{options['prefix']}random")

    monkeypatch.setattr("maskkit.files.tempfile.mkdtemp", refuse)
    assert main(["data", "photos", "--archive", str(archive(tmp_path / "a.zip", LISTED)), "--out", str(tmp_path / "out")]) == 2
    assert f"error: {tmp_path / 'out'} cannot be used: Permission denied; choose another place" in capsys.readouterr().err


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already and holds none of the photos"):
        download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    assert laid_out(tmp_path / "photos") == {"diary.txt": b"mine"}


def truncated(path):
    archive(path, LISTED)
    path.write_bytes(path.read_bytes()[:-400])


def damaged_inside(path):
    archive(path, LISTED)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def slip(name):
    return lambda path: archive(path, LISTED | {name: png(1)})


def absolute(path):
    archive(path, LISTED)
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr("/etc/with_mask/0.png", png(1))


def link(path):
    archive(path, LISTED)
    info = zipfile.ZipInfo(f"{TOP}/with_mask/link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(info, "/etc/passwd")


def bomb(path):
    archive(path, LISTED | {"with_mask/large.png": bytes(40 * 2**20)})
    assert path.stat().st_size < 2**20


def many_little_bombs(path):
    archive(path, LISTED | {f"with_mask/many{index}.png": bytes(2**20) for index in range(30)})


def lying_bomb(path):
    """A megabyte that says it is 100 bytes."""
    archive(path, LISTED | {"with_mask/liar.png": bytes(2**20)})
    size = (2**20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))


BAD = {
    "truncated": (truncated, "no zip archive, or only a part"),
    "damaged": (damaged_inside, "no zip archive, or only a part"),
    "not a zip": (lambda path: path.write_text("<html>not found</html>"), "no zip archive"),
    "empty": (lambda path: path.write_bytes(b""), "no zip archive"),
    "dots": (slip("with_mask/../../../evil/with_mask/0.png"), "outside its folder"),
    "backslashes": (slip("with_mask\\..\\..\\..\\x.png"), "outside its folder"),
    "drive": (slip("C:/with_mask/0.png"), "outside its folder"),
    "absolute": (absolute, "outside its folder"),
    "link": (link, "outside its folder"),
    "bomb": (bomb, "would unpack to"),
    "many little bombs": (many_little_bombs, "would unpack to"),
    "lying bomb": (lying_bomb, "no zip archive, or only a part"),
    "other photos": (lambda path: archive(path, {"with_mask/9.png": png(50), "without_mask/9.png": png(51)}), "none of the 12 photos"),
    "no photos": (lambda path: archive(path, {}), "none of the 12 photos"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_archives_are_one_sentence_and_leave_nothing(kind, tmp_path, capsys):
    make, said = BAD[kind]
    make(tmp_path / "a.zip")
    assert main(["data", "photos", "--archive", str(tmp_path / "a.zip"), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert [line for line in error.splitlines() if "error:" in line and said in line] and "Traceback" not in error
    assert nothing_left(tmp_path) and sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a.zip"]


def test_an_archive_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="There is no archive"):
        download_photos(archive=tmp_path / "nowhere.zip")


@pytest.fixture
def server(tmp_path):
    """A web server on this machine; ``server.cut_after`` is the number of bytes after which it hangs up."""
    content = archive(tmp_path / "served.zip", LISTED).read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests += 1
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:self.server.cut_after])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests, running.cut_after, running.status = 0, None, 200
        running.url = f"http://127.0.0.1:{running.server_address[1]}/photos.zip"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_download_is_kept_for_the_next_time(server, tmp_path):
    assert download_photos(url=server.url).verified == 12
    shutil.rmtree(tmp_path / "photos")
    assert download_photos(url=server.url).verified == 12
    assert server.requests == 1 and laid_out(tmp_path / "photos") == LISTED


def test_a_broken_connection_leaves_nothing_and_the_next_try_succeeds(server, tmp_path):
    server.cut_after = 1000
    with pytest.raises(InputError, match="could not be downloaded from .* try again"):
        download_photos(url=server.url)
    assert nothing_left(tmp_path) and not laid_out(tmp_path / "cache")
    server.cut_after = None
    assert download_photos(url=server.url).verified == 12


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusing_server(server, tmp_path, status):
    server.status = status
    with pytest.raises(InputError, match="could not be downloaded"):
        download_photos(url=server.url)
    assert nothing_left(tmp_path)


def test_no_server_at_all(tmp_path):
    with pytest.raises(InputError, match="could not be downloaded"):
        download_photos(url="http://127.0.0.1:9/photos.zip")


def test_a_wrong_download_is_not_kept(server, tmp_path, monkeypatch):
    rows = photos.read_manifest()
    monkeypatch.setattr(photos, "read_manifest", lambda: [{**row, "sha256": "0" * 64} for row in rows])
    with pytest.raises(InputError, match="none of the 12 photos"):
        download_photos(url=server.url)
    assert nothing_left(tmp_path) and not laid_out(tmp_path / "cache")


def test_photos_that_the_manifest_does_not_list_are_skipped_and_said(tmp_path):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    (tmp_path / "photos" / "with_mask" / "new.png").write_bytes(png(80))
    dataset = load_dataset("photos", image_size=16)
    assert len(dataset) == 12 and dataset.skipped == (("with_mask/new.png", "not in the manifest of the photos"),)


def test_photos_of_another_size_than_in_the_manifest_are_skipped_and_said(tmp_path):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    (tmp_path / "photos" / "with_mask" / "0.png").write_bytes(LISTED["with_mask/0.png"] + b"more")
    dataset = load_dataset("photos", image_size=16)
    size = len(LISTED["with_mask/0.png"])
    assert len(dataset) == 11 and dataset.skipped == (("with_mask/0.png", f"changed: it has {size + 4} bytes, and {size} in the manifest of the photos"),)


def test_a_manifest_without_sizes_lets_every_listed_photo_through(tmp_path, monkeypatch):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    (tmp_path / "photos" / "with_mask" / "0.png").write_bytes(LISTED["with_mask/0.png"] + b"more")
    rows = [{key: value for key, value in row.items() if key != "bytes"} for row in photos.read_manifest()]
    monkeypatch.setattr("maskkit.datasets.read_manifest", lambda: rows)
    assert len(load_dataset("photos", image_size=16)) == 12


@pytest.mark.parametrize("harm, said", [(lambda path: path.write_bytes(b"short"), "changed: it has 5 bytes"), (Path.unlink, "none is there")], ids=["changed", "missing"])
def test_each_split_of_the_photos_needs_both_classes(tmp_path, harm, said):
    download_photos(archive=archive(tmp_path / "a.zip", LISTED))
    (tmp_path / "photos" / "with_mask" / "new.png").write_bytes(png(80))
    for row in photos.read_manifest():
        if (row["class"], row["split"]) == ("with_mask", "val"):
            harm(tmp_path / "photos" / row["path"])
    with pytest.raises(InputError, match=f"None of the with_mask files of the val split in .* the first problem: {said}"):
        load_dataset("photos", image_size=16)


@pytest.mark.true_manifest
def test_the_manifest_holds_together():
    rows = read_manifest()
    split, groups, classes = (np.array([row[key] for row in rows]) for key in ("split", "group", "class"))
    assert Counter(classes) == {"with_mask": 2164, "without_mask": 1930}
    assert len({row["path"] for row in rows}) == len(rows) and all(row["path"].startswith(row["class"] + "/") for row in rows)
    assert len({row["sha256"] for row in rows}) == 3991
    assert not len(straddling_groups(groups.astype(int), split))
    for name in ("with_mask", "without_mask"):
        assert np.allclose([np.mean(split[classes == name] == part) for part in ("train", "val", "test")], (0.7, 0.15, 0.15), atol=0.005)
    group_of = {}
    assert all(group_of.setdefault(row["sha256"], row["group"]) == row["group"] for row in rows)
    words = {word for row in rows for word in row["flags"].split()}
    assert words <= {"crowd", "several_faces", "product", "drawing", "wrong_label", "no_face", "mask_under_nose", "unclear"}
