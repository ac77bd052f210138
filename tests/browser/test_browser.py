"""What a learner does, in a real browser: run a notebook, move a slider, answer a quiz, stop a training run."""

import re

import pytest

pytestmark = pytest.mark.browser

SCORES = """\
import numpy as np
from maskkit import MaskCNN, seed_everything
from maskkit.faces import generate_faces
from maskkit.widgets import *

seed_everything(0)
model = MaskCNN(32).eval()
images, attributes = generate_faces(24, image_size=32, workers=1)
y_true = np.array([face.with_mask for face in attributes]).astype(int)
y_score = np.clip(0.5 + 0.3 * (y_true - 0.5) + np.random.default_rng(0).normal(0, 0.3, 24), 0, 1)
known = {"glasses": np.array([face.glasses for face in attributes]), "yaw": np.array([face.yaw for face in attributes])}
"""
TRAINING = """\
import numpy as np, torch
from maskkit import TrainConfig
from maskkit.datasets import Dataset
from maskkit.widgets import explore_training

images = torch.randint(0, 256, (600, 3, 32, 32), dtype=torch.uint8)
split = np.array(["train"] * 400 + ["val"] * 100 + ["test"] * 100)
data = Dataset(images, torch.arange(600) % 2, tuple(map(str, range(600))), split, np.arange(600), "noise")
live = explore_training(data, TrainConfig(epochs=100_000, patience=100_000))
live
"""


def source_of(picture):
    return picture.locator("img").first.get_attribute("src")


def wait_for_change(notebook, picture, before):
    notebook.page.wait_for_function("([image, before]) => image.querySelector('img')?.src !== before", arg=[picture.element_handle(), before])
    assert source_of(picture) != before


def press(notebook, output, label, key, times=1):
    """Move the slider with this label by keyboard."""
    row = output.locator(".widget-slider", has_text=label)
    handle = row.get_by_role("slider").first
    handle.focus()
    for _ in range(times):
        handle.press(key)


@pytest.fixture(scope="module")
def explorers(lab):
    cells = ["explore_threshold(y_true, y_score)", "explore_mistakes(images.transpose(0, 3, 1, 2), y_true, y_score, known)",
             "explore_faces(model, 32)", "explore_augmentation(images.transpose(0, 3, 1, 2))", "explore_architecture()"]
    return lab.write("explorers.ipynb", SCORES, *cells)


def test_notebook_03_runs_and_its_slider_and_its_quiz_answer(lab, open_notebook):
    notebook = open_notebook(lab.copy("03_build_maskcnn.ipynb"))
    notebook.run_all()

    steps = notebook.output("explore_convolution()")
    status, before = steps.get_by_role("status"), source_of(steps)
    assert status.inner_text().startswith("Position 1 of 16")
    press(notebook, steps, "Position", "ArrowRight", times=2)
    status.get_by_text("Position 3 of 16").wait_for()
    wait_for_change(notebook, steps, before)
    notebook.screenshots(steps, "03_convolution")

    builder = notebook.output("explore_architecture")
    press(notebook, builder, "Blocks", "ArrowRight")
    builder.get_by_text("1: Filters").first.wait_for()
    builder.get_by_text("3: Filters").first.wait_for()
    notebook.screenshots(builder, "03_architecture")

    asked = notebook.output('quiz("03")')
    right, wrong = (asked.locator("details", has_text=words) for words in ("A window of 5 fits", "The size stays only with padding"))
    assert not right.locator("div").is_visible() and not wrong.locator("div").is_visible()
    wrong.locator("summary").click()
    assert "Not quite." in wrong.locator("div").inner_text() and wrong.locator("div").is_visible()
    right.locator("summary").focus()
    notebook.page.keyboard.press("Enter")
    assert right.locator("div").is_visible() and not asked.locator("details", has_text="That is right for a kernel of 3").locator("div").is_visible()
    notebook.screenshots(asked, "03_quiz")


def test_each_explorer_answers_its_controls(open_notebook, explorers):
    notebook = open_notebook(explorers)
    notebook.run_all()

    threshold = notebook.output("explore_threshold")
    before = source_of(threshold)
    press(notebook, threshold, "Threshold", "PageUp")
    wait_for_change(notebook, threshold, before)
    assert "At the threshold 0.50" not in threshold.get_by_role("status").inner_text()
    threshold.get_by_label("Show the cheapest threshold").check()
    threshold.get_by_text("The cheapest threshold is").wait_for()
    notebook.screenshots(threshold, "threshold")

    gallery = notebook.output("explore_mistakes")
    before = source_of(gallery)
    gallery.get_by_label("Show", exact=True).select_option("right answers")
    wait_for_change(notebook, gallery, before)
    gallery.get_by_label("Attribute").select_option("glasses")
    gallery.get_by_label("Its value").select_option("none")
    gallery.get_by_text("With glasses: none").wait_for()
    notebook.screenshots(gallery, "gallery")

    studio = notebook.output("explore_faces")
    before = source_of(studio)
    studio.get_by_label("Its value").select_option("black")
    studio.get_by_text("becomes black").wait_for()
    wait_for_change(notebook, studio, before)
    studio.get_by_role("button", name="Keep this change").click()
    studio.get_by_text("Mask color: black; choose another value.").wait_for()
    notebook.screenshots(studio, "faces")

    augmentation = notebook.output("explore_augmentation")
    before = source_of(augmentation)
    slider = augmentation.locator(".widget-slider", has_text="Rotation").locator(".noUi-target").first
    slider.click(position={"x": 0.9 * slider.bounding_box()["width"], "y": 2})
    wait_for_change(notebook, augmentation, before)
    augmentation.get_by_text(re.compile(r"rotated by 1\d\d degrees")).first.wait_for()
    notebook.screenshots(augmentation, "augmentation")


def test_a_training_run_pauses_goes_on_and_stops(lab, open_notebook):
    notebook = open_notebook(lab.write("training.ipynb", TRAINING, "live.run is None"))
    notebook.run_all()
    live = notebook.output("explore_training(data")
    status = live.get_by_role("status")
    assert status.inner_text() == "Not started." and live.get_by_role("button", name="Stop").is_disabled()
    live.get_by_role("button", name="Start").click()
    status.get_by_text("Training loss").wait_for()
    live.get_by_role("button", name="Pause").click()
    status.get_by_text("Paused after epoch").wait_for()
    notebook.screenshots(live, "training_paused")
    paused = status.inner_text()
    live.get_by_role("button", name="Go on").click()
    notebook.page.wait_for_function("([status, before]) => !status.isConnected || status.innerText !== before", arg=[status.element_handle(), paused])
    live.get_by_role("button", name="Stop").click()
    live.get_by_text("Stopped by you after epoch").wait_for()
    assert live.get_by_role("button", name="Start").is_enabled() and live.get_by_role("button", name="Stop").is_disabled()
    assert live.locator("img").get_attribute("alt").startswith("Validation loss")
    notebook.screenshots(live, "training_stopped")
