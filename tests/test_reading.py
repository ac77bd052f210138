"""Photos that stay on disk give the same numbers as photos in memory, and never more than a few batches of them are decoded."""

import copy
import dataclasses
import json
import shutil
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from maskkit import reading
from maskkit.cli import main
from maskkit.datasets import load_dataset
from maskkit.duplicates import thumbnails
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.models import build_model
from maskkit.reading import StreamedImages, batches_of, fits_in_memory, read, read_images
from maskkit.training import TrainConfig, fit


@pytest.fixture
def streamed_and_in_memory(photo_folder):
    return [load_dataset(photo_folder, image_size=16, near_duplicates=False, stream=stream) for stream in (True, False)]


def test_the_same_data_either_way(photo_folder):
    for index in range(3):
        Image.open(photo_folder / "with_mask" / f"{index}.png").save(photo_folder / "with_mask" / f"copy{index}.jpg", quality=80)
    (photo_folder / "without_mask" / "notes.png").write_text("no image")
    streamed, in_memory = (load_dataset(photo_folder, image_size=16, stream=stream) for stream in (True, False))
    assert isinstance(streamed.images, StreamedImages) and isinstance(in_memory.images, torch.Tensor)
    assert streamed.images.shape == in_memory.images.shape and torch.equal(streamed.images[:], in_memory.images)
    assert (streamed.names, streamed.skipped, streamed.options) == (in_memory.names, in_memory.skipped, in_memory.options) and streamed.skipped
    assert (streamed.groups == in_memory.groups).all() and (streamed.split == in_memory.split).all() and streamed.kept_together == 6
    assert streamed.fingerprint == in_memory.fingerprint
    # Also without the hash that was taken on the way.
    assert dataclasses.replace(streamed, images=streamed.images.take(np.arange(len(streamed)))).fingerprint == in_memory.fingerprint


def test_it_is_indexed_like_a_tensor(streamed_and_in_memory):
    streamed, in_memory = streamed_and_in_memory
    for chosen in (3, -1, np.int64(2), slice(None, None, 4), slice(0, 0), [1, 5], np.array([7, 0]), torch.tensor([4, 4]), torch.arange(20) % 2 == 0):
        assert torch.equal(streamed.images[chosen], in_memory.images[chosen])


def test_what_only_a_tensor_in_memory_can_do_is_refused_in_one_sentence(streamed_and_in_memory):
    streamed, in_memory = streamed_and_in_memory
    for wanted in (lambda images: images.float(), lambda images: images.flip(3), lambda images: images * 0.3, lambda images: 1 - images, lambda images: images - images[:1],
                   lambda images: images[..., :8], lambda images: images[:4, 0], lambda images: images[None], lambda images: images[...]):
        wanted(in_memory.images)
        with pytest.raises((AttributeError, InputError), match=r"These 20 pictures stay on disk, .* such as images\[:100\]\. Load smaller ones"):
            wanted(streamed.images)
    assert copy.copy(streamed.images).shape == streamed.images.shape and not hasattr(streamed.images, "numpy")


@pytest.mark.parametrize("stream", [False, True])
def test_near_duplicates_are_searched_in_pictures_of_one_size(photo_folder, stream):
    """Else a similarity near the threshold would fall on one side or the other by --image-size, and all photos be dealt anew."""
    paths = sorted(photo_folder.rglob("*.png"))
    expected = thumbnails(read_images(paths, 128)[0])
    for size in (8, 64, 96, 128, 160):
        found = read(paths, size, stream=stream, with_thumbnails=True)
        assert np.array_equal(found.thumbnails, expected) and found.images.shape[-1] == size
    assert read(paths, 8, stream=stream).thumbnails is None


def test_the_same_batches_in_the_same_order(streamed_and_in_memory):
    streamed, in_memory = (dataset.subset("train").batches(4, shuffle=True, generator=torch.Generator().manual_seed(1)) for dataset in streamed_and_in_memory)
    for _ in range(2):
        for (images, targets), (expected_images, expected_targets) in zip(streamed, in_memory, strict=True):
            assert torch.equal(images, expected_images) and torch.equal(targets, expected_targets)
    assert [len(images) for images in streamed_and_in_memory[0].subset("train").images.split(11)] == [11, 1]
    some, expected = (dataset.subset("train").sample(5, seed=2) for dataset in streamed_and_in_memory)
    assert some.names == expected.names and torch.equal(some.images[:], expected.images)


def test_the_same_weights_and_a_run_of_one_is_resumed_with_the_other(streamed_and_in_memory, tmp_path):
    streamed, in_memory = streamed_and_in_memory
    config = TrainConfig(epochs=2, batch_size=4, augmentation="robust", device="cpu")
    expected = fit(in_memory, config)
    fit(in_memory, dataclasses.replace(config, epochs=1), run_dir=tmp_path)
    for result in (fit(streamed, config), fit(streamed, config, run_dir=tmp_path, resume=True)):
        assert all(torch.equal(a, b) for a, b in zip(result.model.state_dict().values(), expected.model.state_dict().values(), strict=True))
        assert [row["val_loss"] for row in result.history] == [row["val_loss"] for row in expected.history]


def test_the_same_probabilities(streamed_and_in_memory):
    model = build_model("maskcnn", 16)
    streamed, in_memory = (predict_proba(model, dataset.images, batch_size=5) for dataset in streamed_and_in_memory)
    assert (streamed == in_memory).all() and len(streamed) == 20


def test_the_command_line_trains_tests_and_reports_from_disk(photo_folder, tmp_path, capsys):
    options = ["--data-dir", str(photo_folder), "--image-size", "16", "--epochs", "1", "--batch-size", "8", "--device", "cpu", "--no-near-duplicates"]
    reports = []
    for how in ("--stream", "--no-stream"):
        assert main(["train", *options, "--run-dir", str(tmp_path / how), how]) == 0
        assert main(["test", "--model-path", str(tmp_path / how / "mask_cnn_best.pth"), "--test-dir", str(photo_folder), "--json", how]) == 0
        files = {path.name: path.read_bytes() for path in (tmp_path / how).iterdir() if path.name in ("mistakes.png", "split.csv")}
        reports.append((files, json.loads((tmp_path / how / "report.json").read_text()), json.loads(capsys.readouterr().out.splitlines()[-1])["accuracy"]))
    assert reports[0] == reports[1]


def test_few_batches_are_decoded_ahead(photo_folder, monkeypatch):
    paths = sorted(photo_folder.rglob("*.png")) * 5
    decoded, lock = [], threading.Lock()

    def counted(path, image_size):
        with lock:
            decoded.append(path)
        return np.zeros((image_size, image_size, 3), np.uint8)

    monkeypatch.setattr(reading, "load_image", counted)
    batches = StreamedImages(paths, 8).split(4)
    next(batches), next(batches)
    batches.close()  # waits for what is under way
    assert 8 <= len(decoded) <= (1 + reading.AHEAD) * 4 < len(paths)


def test_a_photo_that_is_damaged_after_it_was_looked_at_is_named(streamed_and_in_memory):
    streamed, _ = streamed_and_in_memory
    streamed.images.paths[5].write_text("no image any more")
    with pytest.raises(InputError, match=f"{streamed.images.paths[5].name} cannot be read as an image"):
        list(streamed.images.split(4))


def test_it_chooses_by_itself_from_the_size(photo_folder, monkeypatch):
    paths, each = sorted(photo_folder.rglob("*.png")), 3 * 8 * 8
    for free, streams in ((reading.COPIES * len(paths) * each + 1, False), (reading.COPIES * len(paths) * each - 1, True)):
        monkeypatch.setattr(reading, "free_memory", lambda free=free: free)
        assert fits_in_memory(len(paths), 8) is not streams
        assert isinstance(read(paths, 8).images, StreamedImages) is streams


def test_the_search_for_near_duplicates_can_be_left_out(photo_folder):
    shutil.copy(photo_folder / "with_mask" / "0.png", photo_folder / "with_mask" / "copy.png")
    assert load_dataset(photo_folder, image_size=16).kept_together == 2
    dataset = load_dataset(photo_folder, image_size=16, near_duplicates=False)
    assert dataset.kept_together == 0
    assert load_dataset(dataset.source, image_size=16, **dataset.options).fingerprint == dataset.fingerprint


def test_drawn_faces_are_not_streamed():
    with pytest.raises(InputError, match="made in memory"):
        load_dataset("synthetic", n=12, stream=True)


@pytest.mark.parametrize("size", [8, 9])  # of 9 × 9 pixels eight at a time leave some over
def test_batches_from_memory_are_the_chosen_images(size):
    images = torch.randint(0, 256, (12, 3, size, size), dtype=torch.uint8)
    for given in (images, images[1:], images[::2], images.transpose(2, 3)):
        positions = [torch.tensor([3, 0, 3]), torch.tensor([5]), torch.tensor([], dtype=torch.int64)]
        batches = list(batches_of(given, positions))
        assert all(torch.equal(batch, given[chosen]) for batch, chosen in zip(batches, positions, strict=True))
        batches[0].zero_()
        assert given[3].any()  # a copy
