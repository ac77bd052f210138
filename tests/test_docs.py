"""The pages in docs: their links lead somewhere, and their helpers make what they say."""

import html
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*DOCS.glob("*.md"), DOCS.parent / "README.md"]


def helper(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page):
    """The anchors of a page's headings, as the web view of a repository makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"^    .*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)  # without code
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http:", "https:")):
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(file), f"{page.name}: {target}"


def test_the_guide_has_a_section_for_every_notebook():
    told = anchors(DOCS / "instructors.md")
    for path in (DOCS.parent / "notebooks").glob("0[0-5]*.ipynb"):
        assert any(anchor.startswith(path.stem[:2] + "--") for anchor in told), path.stem


@pytest.mark.parametrize("path", sorted((DOCS.parent / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_an_assignment_has_a_point_for_every_exercise_and_no_solution(path):
    make = helper("make_assignment")
    notebook = nbformat.read(path, 4)
    exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in notebook.cells)
    marked = make.assignment(notebook)
    nbformat.validate(marked)
    marks = [cell.metadata["nbgrader"] for cell in marked.cells if "nbgrader" in cell.metadata]
    assert sum(mark["solution"] for mark in marks) == sum(mark.get("points", 0) for mark in marks) == exercises >= 3
    assert len({mark["grade_id"] for mark in marks}) == len(marks)
    assert all("..." in cell.source for cell in marked.cells if cell.metadata.get("nbgrader", {}).get("solution"))


def test_slides_begin_with_headings_and_hold_no_solution():
    make = helper("make_slides")
    page = make.slides(DOCS.parent / "notebooks" / "solutions" / "04_train_early_stopping.ipynb", "reveal.js")
    assert page.count("<section") > 20 and "reveal.js/dist/reveal.js" in page
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "def best_epoch(val_losses):" in text and "return val_losses.index(min(val_losses)) + 1" not in text
    assert "google.colab" not in text
