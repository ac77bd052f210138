"""Kept results: what was measured comes back, with its command."""

import sys

import pytest

from maskkit import results
from maskkit.errors import InputError
from maskkit.results import load_result, save_result


def test_what_was_measured_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks/depth.py", "--machine", "one core", "--seeds", "3"])
    rows = [{"model": "maskcnn", "accuracy": 0.5}]
    kept = save_result("depth", rows, "one core")
    assert load_result("depth") == kept and kept.rows == rows
    assert kept.command == "python benchmarks/depth.py --seeds 3" and "one core" in str(kept)
    with pytest.raises(InputError, match="no result 'width'; there are depth"):
        load_result("width")


@pytest.mark.parametrize("path", sorted(results.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_kept_result_names_a_benchmark_that_is_there(path):
    result = load_result(path.stem)
    script = result.command.split()[1]
    assert script.startswith("benchmarks/") and (results.FOLDER.parents[1] / script).is_file()
    assert result.rows and result.date and "/" not in result.machine
