from pathlib import Path

import pytest

from maskkit.files import cache_dir, read_csv, replace_file, write_csv, write_json


def test_rows_come_back(tmp_path):
    rows = [{"name": "ü 口罩, with \"quotes\".jpg", "n": "1"}, {"name": "line\nbreak", "n": "2"}]
    write_csv(tmp_path / "new" / "rows.csv", rows)
    assert read_csv(tmp_path / "new" / "rows.csv") == rows


def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    write_json(tmp_path / "value.json", {"good": True})
    good = (tmp_path / "value.json").read_bytes()
    with pytest.raises(TypeError):
        write_json(tmp_path / "value.json", object())
    with pytest.raises(KeyboardInterrupt), replace_file(tmp_path / "value.json") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "value.json").read_bytes() == good and len(list(tmp_path.iterdir())) == 1


def test_cache_follows_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("MASKKIT_CACHE")
    assert cache_dir() != tmp_path and cache_dir().is_relative_to(Path.home())
