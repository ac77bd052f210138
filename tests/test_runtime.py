import random

import numpy as np
import pytest
import torch

from maskkit import runtime
from maskkit.errors import InputError


def test_one_seed_for_every_source_of_randomness():
    def draw():
        runtime.seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()


@pytest.mark.parametrize("cuda, mps, expected", [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_the_fastest_device(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert runtime.resolve_device("auto").type == expected


@pytest.mark.parametrize("name", ["cuda", "mps", "toaster", "cuda:3", "meta"])
def test_a_device_that_is_not_there(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"'{name}' is not available here; use 'auto' or one of cpu"):
        runtime.resolve_device(name)


def test_versions_name_what_decides_the_numbers():
    assert runtime.versions()["torch"] == torch.__version__.split("+")[0]
