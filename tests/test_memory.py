import math

import psutil
import pytest

from maskkit import memory
from maskkit.errors import InputError


def test_free_memory_is_shared_by_the_processes_of_a_run(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": 1000}))
    assert memory.free_memory() == 1000
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert memory.free_memory() == 250
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "")
    assert memory.free_memory() == 1000


@pytest.mark.parametrize("limit, left", [("5000", 5000 - 1200 + 700), ("max", math.inf), (None, math.inf)])
def test_a_container_leaves_what_its_limit_leaves_and_pages_of_files(tmp_path, monkeypatch, limit, left):
    if limit is not None:
        for name, text in (("memory.max", limit), ("memory.current", "1200"), ("memory.stat", "anon 500\nfile 700\n")):
            (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "Path", lambda _: tmp_path)
    assert memory.container_memory() == left


def test_pictures_that_do_not_fit_are_refused_before_any_is_drawn(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 3 * 16 * 16 * 100)
    memory.require_memory(100, 16)
    with pytest.raises(InputError, match="101 pictures of 16×16 pixels need 0.0 GB of memory, and 0.0 GB are free; draw fewer"):
        memory.require_memory(101, 16)
    with pytest.raises(InputError, match="51 pictures"):
        memory.require_memory(51, 16, copies=2)
    with pytest.raises(InputError, match="need 7,680,000,000,000,000.0 GB"):
        memory.require_memory(10**22, 16)
