"""A control is moved, and the picture and its line of text change; the plain functions do what the words say."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

ipywidgets = pytest.importorskip("ipywidgets")

from maskkit import transforms  # noqa: E402
from maskkit.errors import InputError  # noqa: E402
from maskkit.widgets import explore_augmentation  # noqa: E402
from maskkit.widgets.augmentation import Change, label_verdict  # noqa: E402

MOVES = {"picture": 1, "rotation": 30, "brightness": 1.5, "contrast": 0.5, "saturation": 0.2, "erasing": 0.2, "flip": True}


@pytest.fixture
def images():
    return torch.randint(0, 256, (3, 3, 24, 24), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture
def explorer(images):
    return explore_augmentation(images)


def pixels(explorer):
    data = re.search(r'base64,([^"]+)"', explorer.picture.value).group(1)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(("name", "value"), MOVES.items())
def test_moving_a_control_changes_the_picture_and_back_restores_it(explorer, name, value):
    before, start = pixels(explorer), explorer.controls[name].value
    explorer.controls[name].value = value
    assert not np.array_equal(pixels(explorer), before)
    explorer.controls[name].value = start
    assert np.array_equal(pixels(explorer), before)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rotation", "rotated by 30 degrees"), ("brightness", "brightness × 1.5"), ("contrast", "contrast × 0.5"),
        ("saturation", "saturation × 0.2"), ("erasing", "20 % erased over the mouth"), ("flip", "mirrored"),
    ],
)  # fmt: skip
def test_the_line_says_what_was_done_and_so_does_the_alternative_text(explorer, name, words):
    assert "nothing changed" in explorer.text.value
    explorer.controls[name].value = MOVES[name]
    assert words in explorer.text.value and 'role="status"' in explorer.text.value
    assert words in re.search(r'alt="([^"]+)"', explorer.picture.value).group(1)


def test_every_control_has_a_label(explorer):
    assert set(explorer.controls) == set(MOVES)
    assert all(control.description for control in explorer.controls.values())


def test_the_controls_are_those_of_the_change(explorer):
    for name, value in MOVES.items():
        explorer.controls[name].value = value
    assert explorer.change == Change(30, 1.5, 0.5, 0.2, 0.2, True)


def test_a_change_is_made_of_the_steps_of_training(images):
    batch = transforms.to_float(images)
    assert torch.equal(Change().apply(batch), batch)
    assert torch.equal(Change(flip=True).apply(batch), batch.flip(-1))
    assert torch.equal(Change(rotation=30, flip=True).apply(batch), transforms.rotate(batch.flip(-1), 30))
    toned = transforms.adjust_saturation(transforms.adjust_contrast(transforms.adjust_brightness(batch, 1.5), 0.5), 0.2)
    assert torch.equal(Change(brightness=1.5, contrast=0.5, saturation=0.2).apply(batch), toned)


def test_erasing_covers_its_share_below_the_middle():
    erased = Change(erasing=0.25).apply(torch.zeros(1, 3, 40, 40))[0, 0] > 0
    assert erased.float().mean() == pytest.approx(0.25, abs=0.02)
    rows = erased.any(dim=1).nonzero()
    assert 20 < rows.float().mean() < 30


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (Change(), "still safe"),
        (Change(rotation=15, brightness=1.3, flip=True), "still safe"),
        (Change(erasing=0.04), "still safe"),
        (Change(rotation=180), "still safe, but"),
        (Change(erasing=0.3), "not safe"),
        (Change(brightness=0), "not safe: nothing can be seen"),
        (Change(contrast=0), "not safe: nothing can be seen"),
    ],
)
def test_the_verdict_is_about_the_mask(images, change, verdict):
    assert label_verdict(change, change.apply(transforms.to_float(images))).startswith(verdict)


def test_float_images_and_arrays_are_taken_too(images):
    as_floats = explore_augmentation(images.numpy() / 255)
    assert np.array_equal(pixels(as_floats), pixels(explore_augmentation(images)))


@pytest.mark.parametrize("shape", [(0, 3, 8, 8), (3, 8, 8), (2, 8, 8, 3)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=re.escape(str(shape))):
        explore_augmentation(torch.zeros(shape))
