"""What several test files share: small pictures on disk and in memory, and a data set that a tiny network can learn."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maskkit.datasets import Dataset

os.environ.setdefault("MPLBACKEND", "agg")


def scope(nodeid: str) -> str:
    """What one worker runs by itself: the tests of a file, or the notebooks of a folder, which share its run folder."""
    path = nodeid.split("::")[0]
    return str(Path(path).parent) if path.endswith(".ipynb") else path


def pytest_collection_modifyitems(items):
    """Learners' copies run from the first chapter to the last, as learners do; the solutions from the last to the first, so that none finds what an
    earlier chapter would have left."""
    places = [place for place, item in enumerate(items) if scope(item.nodeid).endswith("solutions")]
    backwards = sorted((items[place] for place in places), key=lambda item: item.nodeid.split("::")[0], reverse=True)
    for place, item in zip(places, backwards, strict=True):
        items[place] = item


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several workers, each takes whole scopes."""
    from xdist.scheduler import LoadScopeScheduling

    class OneWorkerForAScope(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope(nodeid)

    return OneWorkerForAScope(config, log)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Tests neither read nor fill the user's cache; those of one run share one, so that faces are drawn once."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("MASKKIT_CACHE", str(folder))
    return folder


def noise(seed: int, size: int = 32) -> np.ndarray:
    """A picture like no other: smooth noise, so that its perceptual hash is its own."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


def forbid(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have the system refuse to list a folder, also to an administrator, who may do everything."""
    scandir = os.scandir

    def refusing(path="."):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own answer to Ctrl-C, which a process that was started in the background does without."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.fixture
def photo_folder(tmp_path) -> Path:
    """Ten different pictures of each class, the masked ones with a white lower half."""
    for target, name in enumerate(("without_mask", "with_mask")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(10):
            picture = noise(100 * target + index).copy()
            picture[16:] = picture[16:] // 4 + (190 if target else 0)
            Image.fromarray(picture).save(tmp_path / "photos" / name / f"{index}.png")
    return tmp_path / "photos"


@pytest.fixture
def easy_dataset() -> Dataset:
    """64 noisy pictures of 16×16 whose lower half is bright if, and only if, there is a mask."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(64) % 2
    images = torch.randint(0, 100, (64, 3, 16, 16), generator=generator, dtype=torch.uint8)
    images[targets == 1, :, 8:] += 100
    split = np.array(["train"] * 40 + ["val"] * 12 + ["test"] * 12)
    return Dataset(images, targets, tuple(f"image_{index}" for index in range(64)), split, np.arange(64), "easy")
