import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from maskkit import files
from maskkit.errors import InputError
from maskkit.files import as_path, cache_dir, drawn_once, file_digest, folder_beside, new_folder, read_csv, replace_file, write_csv, write_json


def nobody(_user):
    raise KeyError("no such user")


def test_the_home_folder_has_its_short_name_and_a_stranger_is_a_file(monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(Path("some") / "one"))
    assert as_path("~/photos") == Path("some/one/photos") and as_path(Path("~")) == Path("some/one")
    assert as_path("~nobody-is-called-so/photos") == Path("~nobody-is-called-so/photos") and as_path("here/~") == Path("here/~")


@pytest.mark.skipif(sys.platform == "win32", reason="there the home folder is a variable alone")
def test_without_a_home_folder_it_is_said_what_to_set(monkeypatch, tmp_path):
    import pwd

    for name in ("HOME", "XDG_CACHE_HOME", "MASKKIT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)  # as in a container that was started with the number of a user whom it does not know
    with pytest.raises(InputError, match="No home folder is known.*set the variable MASKKIT_CACHE"):
        cache_dir()
    assert as_path("~/photos") == Path("~/photos")
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path


def test_rows_come_back(tmp_path):
    rows = [{"name": "ü 口罩, with \"quotes\".jpg", "n": "1"}, {"name": "line\nbreak", "n": "2"}]
    write_csv(tmp_path / "new" / "rows.csv", rows)
    assert read_csv(tmp_path / "new" / "rows.csv") == rows


@pytest.mark.parametrize("before", ["", "\n", " \n\n"])
def test_a_byte_order_mark_and_empty_lines_are_no_part_of_a_name(tmp_path, before):
    (tmp_path / "rows.csv").write_text(f"{before}path,group\na,1\n", encoding="utf-8-sig")
    assert read_csv(tmp_path / "rows.csv") == [{"path": "a", "group": "1"}]
    (tmp_path / "rows.csv").write_text(before)
    assert read_csv(tmp_path / "rows.csv") == []


def test_the_delimiter_is_that_of_the_header_row(tmp_path):
    (tmp_path / "rows.csv").write_text('path;group\n"a,b,c";1\n')
    assert read_csv(tmp_path / "rows.csv", delimiters=",;") == [{"path": "a,b,c", "group": "1"}]
    (tmp_path / "rows.csv").write_text("path,group\na;b;c,1\n")
    assert read_csv(tmp_path / "rows.csv", delimiters=",;") == [{"path": "a;b;c", "group": "1"}]


@pytest.mark.parametrize("content", ['path,group\n"a,1\nb,2\n', 'path,group\n"' + "a" * 200_000 + "\n"], ids=["short", "longer than a cell may be"])
def test_a_quotation_mark_that_is_never_closed(tmp_path, content):
    (tmp_path / "rows.csv").write_text(content)
    with pytest.raises(InputError, match=r"rows.csv is damaged .* never closed\.$"):
        read_csv(tmp_path / "rows.csv")


def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    write_json(tmp_path / "value.json", {"good": True})
    good = (tmp_path / "value.json").read_bytes()
    with pytest.raises(TypeError):
        write_json(tmp_path / "value.json", object())
    with pytest.raises(KeyboardInterrupt), replace_file(tmp_path / "value.json") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "value.json").read_bytes() == good and len(list(tmp_path.iterdir())) == 1


def test_what_the_system_refuses_is_told_by_the_name_that_was_given(tmp_path, monkeypatch):
    with pytest.raises(PermissionError) as caught, replace_file(tmp_path / "model.onnx") as temporary:
        raise PermissionError(13, "Permission denied", str(temporary))
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / "model.onnx"), None)
    with pytest.raises(FileNotFoundError) as caught, replace_file(tmp_path / "model.onnx"):
        (tmp_path / "another").read_bytes()
    assert Path(caught.value.filename) == tmp_path / "another"
    with pytest.raises(FileNotFoundError) as caught:
        folder_beside(tmp_path / "nowhere" / "faces")
    assert caught.value.filename == str(tmp_path / "nowhere" / "faces")
    assert folder_beside(tmp_path / "faces").parent == tmp_path and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("mask", [0o077, 0o002])
def test_a_new_folder_has_the_permissions_of_any_other(tmp_path, mask):
    before = os.umask(mask)
    try:
        (tmp_path / "any").mkdir()
        with new_folder(tmp_path / "new") as folder:
            (folder / "inside").mkdir()
    finally:
        os.umask(before)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("any", "new", "new/inside")} == {0o777 & ~mask}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["any", "new"]


@pytest.mark.parametrize("platform, held, moved", [("win32", 2, True), ("win32", 9, False), ("linux", 1, False)])
def test_a_file_that_is_held_for_a_moment_on_windows_is_replaced_all_the_same(monkeypatch, tmp_path, platform, held, moved):
    tries, replace = iter(range(99)), os.replace

    def busy(new, old):
        if next(tries) < held:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        replace(new, old)

    write_json(tmp_path / "value.json", "old")
    monkeypatch.setattr(files.os, "replace", busy)
    monkeypatch.setattr(files.sys, "platform", platform)
    monkeypatch.setattr(files.time, "sleep", lambda _: None)
    if moved:
        write_json(tmp_path / "value.json", "new")
    else:
        with pytest.raises(PermissionError):
            write_json(tmp_path / "value.json", "new")
    assert (tmp_path / "value.json").read_text() == ('"new"\n' if moved else '"old"\n') and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="the variable of other systems")
def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.delenv("MASKKIT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_dir().is_absolute()


def test_cache_follows_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("MASKKIT_CACHE")
    assert cache_dir() != tmp_path and cache_dir().is_relative_to(Path.home())


def test_what_was_drawn_is_kept_and_drawn_again_if_the_file_is_damaged(monkeypatch, tmp_path):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    drawn = []

    def draw():
        drawn.append(1)
        return {"pixels": np.arange(6).reshape(2, 3), "names": np.array(["a", "b"])}

    for _ in range(2):
        kept = drawn_once("key", draw)
        assert (kept["pixels"] == np.arange(6).reshape(2, 3)).all() and kept["names"].tolist() == ["a", "b"]
    assert len(drawn) == 1
    [file] = (tmp_path / "faces").glob("*.npz")
    file.write_bytes(file.read_bytes()[:40])
    drawn_once("key", draw)
    drawn_once("another key", draw)
    assert len(drawn) == 3


def unknown_compression(path):
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\1\2") + 10] = 99  # the method, in the last entry of the directory
    path.write_bytes(content)


def single_array(path):
    with path.open("wb") as handle:
        np.save(handle, np.arange(3))


def encrypted(path):
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [unknown_compression, single_array, encrypted])
def test_whatever_the_damage_is_it_is_drawn_again(monkeypatch, tmp_path, harm):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    drawn_once("key", lambda: {"n": np.array([1])})
    harm(tmp_path / "faces" / "key.npz")
    assert drawn_once("key", lambda: {"n": np.array([2])})["n"].tolist() == [2]
    assert drawn_once("key", lambda: pytest.fail("drawn once more"))["n"].tolist() == [2]


def test_who_comes_second_waits_for_the_first_and_does_not_draw(tmp_path):
    code = """
import sys, time
from maskkit.files import drawn_once
def draw():
    import numpy
    print("drawn", flush=True)
    time.sleep(1)
    return {"n": numpy.arange(3)}
sys.stdin.readline()
print(drawn_once("key", draw)["n"].tolist())
"""
    several = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "MASKKIT_CACHE": str(tmp_path)}) for _ in range(3)]
    for process in several:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in several]
    assert sorted(said) == ["[0, 1, 2]\n"] * 2 + ["drawn\n[0, 1, 2]\n"]


def test_who_waits_for_another_process_is_told_so(tmp_path):
    (tmp_path / "faces").mkdir()
    code = "from maskkit.files import drawn_once; print(drawn_once('key', lambda: exit('drew'))['n'].tolist())"
    with FileLock(tmp_path / "faces" / ".key.lock"):  # as a process that draws holds it
        waiting = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "MASKKIT_CACHE": str(tmp_path)})
        assert waiting.stderr.readline() == "Another process draws these faces just now; waiting for it, ten minutes at most.\n"
        np.savez(tmp_path / "faces" / "key.npz", n=np.arange(3))
    assert waiting.communicate(timeout=60) == ("[0, 1, 2]\n", "")


def test_nobody_waits_for_a_process_that_has_ended_while_it_drew(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    code = "import os; from maskkit.files import drawn_once; drawn_once('key', lambda: os._exit(3))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 3
    assert drawn_once("key", lambda: {"n": np.array([1])})["n"].tolist() == [1]


def test_what_cannot_be_kept_is_drawn_all_the_same(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "file"))
    assert drawn_once("key", lambda: {"n": np.array([1])})["n"].tolist() == [1]
    assert "could not be kept" in caplog.text


def test_a_folder_is_refused_before_the_work(tmp_path):
    with pytest.raises(InputError, match="is a folder"), replace_file(tmp_path):
        raise AssertionError("the work was done")
    assert not list(tmp_path.parent.glob(f".{tmp_path.name}*"))


def test_the_digest_of_a_file_is_that_of_its_contents(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
