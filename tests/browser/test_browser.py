"""What a learner does, in a real browser: run a notebook, move a slider, answer a quiz, stop a training run."""

import re
from collections import Counter

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
NOISE = """\
import torch
from maskkit.datasets import Dataset

noise = torch.randint(0, 256, (600, 3, 32, 32), dtype=torch.uint8)
split = np.array(["train"] * 400 + ["val"] * 100 + ["test"] * 100)
data = Dataset(noise, torch.arange(600) % 2, tuple(map(str, range(600))), split, np.arange(600), "noise")
"""
TRAINING = f"""\
import numpy as np
from maskkit import TrainConfig
from maskkit.widgets import explore_training

{NOISE}live = explore_training(data, TrainConfig(epochs=100_000, patience=100_000))
live
"""
# What the keyboard reaches in each explorer, by role. A slider follows a field (spinbutton) that does the same.
EXPLORERS = {
    "threshold": {"spinbutton": 3, "slider": 3, "checkbox": 1},
    "mistakes": {"combobox": 4, "spinbutton": 1, "slider": 1},
    "faces": {"spinbutton": 1, "slider": 1, "checkbox": 1, "combobox": 2, "button": 2, "DisclosureTriangle": 1},
    "augmentation": {"combobox": 1, "spinbutton": 5, "slider": 5, "checkbox": 1},
    "architecture": {"spinbutton": 12, "slider": 12},
    "convolution": {"combobox": 1, "spinbutton": 3, "slider": 3},
    "training": {"combobox": 2, "spinbutton": 2, "slider": 2, "button": 1},
}


def source_of(picture):
    return picture.locator("img").first.get_attribute("src")


def wait_for_change(notebook, picture, before):
    notebook.page.wait_for_function("([image, before]) => image.querySelector('img')?.src !== before", arg=[picture.element_handle(), before])
    assert source_of(picture) != before


def slider_of(output, label):
    """The slider beside the field with this label."""
    row = output.locator(".widget-hbox", has=output.page.get_by_label(label)).last  # the innermost of the boxes around it
    return row.locator(".widget-slider")


def press(output, label, key, times=1):
    """Move the slider beside the field with this label by keyboard."""
    handle = slider_of(output, label).get_by_role("slider")
    handle.focus()
    for _ in range(times):
        handle.press(key)


def reached_by_keyboard(notebook, part):
    """Role, name and value of all that can have the focus, as Chromium tells them to a screen reader."""
    part.evaluate("part => part.setAttribute('data-asked', '')")
    tools = notebook.page.context.new_cdp_session(notebook.page)
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    node = tools.send("DOM.querySelector", {"nodeId": root, "selector": "[data-asked]"})["nodeId"]
    found = tools.send("Accessibility.queryAXTree", {"nodeId": node})["nodes"]
    part.evaluate("part => part.removeAttribute('data-asked')")
    tools.detach()
    can = [node for node in found if {"name": "focusable", "value": {"type": "booleanOrUndefined", "value": True}} in node.get("properties", ())]
    told = [tuple(node.get(key, {}).get("value", "") for key in ("role", "name", "value")) for node in can]
    return [node for node in told if node[0] != "option"]  # those of a closed list belong to it


@pytest.fixture(scope="module")
def explorers(lab):
    cells = ["explore_threshold(y_true, y_score)", "explore_mistakes(images.transpose(0, 3, 1, 2), y_true, y_score, known)",
             "explore_faces(model, 32)", "explore_augmentation(images.transpose(0, 3, 1, 2))", "explore_architecture()", "explore_convolution()",
             f"{NOISE}explore_training(data)"]
    return lab.write("explorers.ipynb", SCORES, *cells)


def test_notebook_03_runs_and_its_slider_and_its_quiz_answer(lab, open_notebook):
    notebook = open_notebook(lab.copy("03_build_maskcnn.ipynb"))
    notebook.run_all()

    steps = notebook.output("explore_convolution()")
    status, before = steps.get_by_role("status"), source_of(steps)
    assert status.inner_text().startswith("Position 1 of 16")
    press(steps, "Position", "ArrowRight", times=2)
    status.get_by_text("Position 3 of 16").wait_for()
    wait_for_change(notebook, steps, before)
    notebook.screenshots(steps, "03_convolution")

    builder = notebook.output("explore_architecture")
    press(builder, "Blocks", "ArrowRight")
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
    press(threshold, "Threshold", "PageUp")
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
    slider = slider_of(augmentation, "Rotation").locator(".noUi-target")
    slider.click(position={"x": 0.9 * slider.bounding_box()["width"], "y": 2})
    wait_for_change(notebook, augmentation, before)
    augmentation.get_by_text(re.compile(r"rotated by 1\d\d degrees")).first.wait_for()
    notebook.screenshots(augmentation, "augmentation")

    field, before = augmentation.get_by_label("Contrast"), source_of(augmentation)
    press(augmentation, "Contrast", "ArrowLeft", times=7)
    augmentation.get_by_text("contrast × 0.3").wait_for()
    assert field.input_value() == "0.3"
    field.fill("1.7")
    field.press("Enter")
    augmentation.get_by_text("contrast × 1.7").wait_for()
    assert slider_of(augmentation, "Contrast").get_by_role("slider").get_attribute("aria-valuenow") == "1.7"
    for key in ("Tab", "Tab", "Shift+Tab", "Shift+Tab"):  # to its slider, to the next field, and back
        notebook.page.keyboard.press(key)
        assert notebook.page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
    assert field.evaluate("field => field === document.activeElement")


def test_everything_that_the_keyboard_reaches_has_a_name(open_notebook, explorers):
    """But for the handle of a slider, which ipywidgets gives none: it comes after a field with a name, and does the same."""
    notebook = open_notebook(explorers)
    notebook.run_all()
    for name, expected in EXPLORERS.items():
        reached = reached_by_keyboard(notebook, notebook.output(f"explore_{name}("))
        for (role, label, value), before in zip(reached, [None, *reached]):
            if role == "slider":
                assert before[0] == "spinbutton" and float(before[2]) == float(value), (name, before, value)
            else:
                assert label.strip(), (name, role, value)
        assert Counter(role for role, _, _ in reached) == expected, name


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
