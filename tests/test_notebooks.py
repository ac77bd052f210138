"""The form of the notebooks, and learners' copies in step with the solutions. That they run is proved by nbval."""

import importlib.util
import re
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

from maskkit import checks
from maskkit.quizzes import QUESTIONS

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
NAMES = ["00_start_here", "01_explore_data", "02_augmentation", "03_build_maskcnn", "04_train_early_stopping", "05_evaluate",
         "06_tune_hyperparameters", "07_deeper_and_transfer"]

# A band in prose, tied to the output that it is about: "0.85 to 0.95<!-- band: val: # right -->", where # is the number.
BAND = re.compile(r"([\d.]+) to ([\d.]+) ?%?<!-- band: (.+?) -->")

spec = importlib.util.spec_from_file_location("bench_notebooks", NOTEBOOKS.parent / "benchmarks" / "notebooks.py")
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)

pytestmark = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def prose(notebook):
    return "\n".join(cell.source for cell in cells(notebook, "markdown"))


def test_the_chapters_are_there(path):
    assert [solution.stem for solution in SOLUTIONS][: len(NAMES)] == NAMES


def test_learners_copy_is_the_solution_without_solutions_and_outputs(path):
    expected = nbformat.read(path, 4)
    for preprocessor in (TagRemovePreprocessor(enabled=True, remove_cell_tags={"solution"}), ClearOutputPreprocessor(enabled=True)):
        expected, _ = preprocessor.preprocess(expected, {})
    copy = nbformat.read(NOTEBOOKS / path.name, 4)

    def content(notebook):
        return [(cell.cell_type, cell.source, cell.get("outputs", []), cell.metadata.get("tags", [])) for cell in notebook.cells]

    assert content(copy) == content(expected), "run 'make notebooks'"


def test_solutions_were_executed_in_order_without_errors(path):
    code = cells(nbformat.read(path, 4), "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "run 'make execute'"
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]


def test_every_exercise_has_a_stub_a_solution_and_a_check_that_passed(path):
    code = cells(nbformat.read(path, 4), "code")
    tags = [cell.metadata.get("tags", []) for cell in code]
    stubs = [index for index, found in enumerate(tags) if "exercise" in found]
    assert len(stubs) >= 3 and sum("solution" in found for found in tags) == len(stubs)
    for index in stubs:
        assert "..." in code[index].source and "solution" in tags[index + 1] and "checks." in code[index + 2].source
        assert "passed" in str(code[index + 2].outputs).lower()


def test_a_check_that_passed_has_tried_as_many_inputs_as_it_has_now(path):
    told = re.findall(r"(\w+) is right for all (\d+) inputs", printed(nbformat.read(path, 4)))
    assert told
    assert {name: int(n) for name, n in told} == {name: len(getattr(checks, name)._inputs) for name, _ in told}


def test_form(path):
    notebook = nbformat.read(path, 4)
    code, text = cells(notebook, "code"), prose(notebook)
    lengths = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code]
    assert max(lengths) <= 15, f"a code cell has {max(lengths)} lines"
    assert "**Time:**" in notebook.cells[0].source and "you can" in notebook.cells[0].source
    assert "## Recap" in notebook.cells[-1].source and "**Next:**" in notebook.cells[-1].source
    assert "predict" in text.lower()


def test_headings_go_down_one_level_at_a_time(path):
    text = re.sub(r"```.*?```", "", prose(nbformat.read(path, 4)), flags=re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in zip(levels, levels[1:]))


def test_every_picture_has_alternative_text(path):
    notebook = nbformat.read(path, 4)
    assert not re.findall(r"!\[\s*\]\(", prose(notebook))
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            html = "".join(data.get("text/html", ""))
            assert all(re.search(r'alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]*", html))
            assert "image/png" not in data, f"a figure without alternative text: {cell.source[-80:]}"


def test_no_output_shows_where_on_the_authors_machine_it_was_made(path):
    shown = [str(cell.outputs) for cell in cells(nbformat.read(path, 4), "code")]
    assert not re.findall(r"(?<![\w.~/+])/(?:tmp|root|home|Users|var)/\w+|[A-Z]:\\\\Users", "\n".join(shown))


def test_links_between_notebooks_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+\.ipynb)\)", prose(nbformat.read(path, 4))):
        assert (NOTEBOOKS / target).exists(), target


def printed(notebook):
    """All that the notebook says in text."""
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def test_numbers_in_prose_hold_what_the_solutions_give(path):
    notebook = nbformat.read(path, 4)
    text, said = printed(notebook), prose(notebook)
    for low, high, pattern in BAND.findall(said):
        if pattern.startswith("none,"):  # with the reason why it is not measured here
            continue
        found = re.search(re.escape(pattern).replace(r"\#", r"\s*(\d+\.?\d*)"), text)
        assert found, f"no output looks like '{pattern}'"
        assert float(low) <= float(found[1]) <= float(high), f"{low} to {high} does not hold '{found[0]}'"
    untied = re.search(r"about 0\.\d+ to 0\.\d+(?!\d*<!-- band)", said)
    assert not untied, f"'{untied[0]}' needs a <!-- band: ... --> behind it"


def test_the_minutes_that_are_told_are_those_that_were_measured(path):
    record = bench.read_record()
    if path.stem not in record["cpu"]["notebooks"]:
        pytest.skip("not timed yet: make bench-notebooks")
    for notebook in (nbformat.read(path, 4), nbformat.read(NOTEBOOKS / path.name, 4)):
        told = deepcopy(notebook)
        bench.told_in_notebook(told, path.stem, record)
        assert told == notebook, "run 'python benchmarks/notebooks.py --tell'"
        assert bench.in_words(record["cpu"]["notebooks"][path.stem]["seconds"]) in notebook.cells[0].source
    for page, tell in ((bench.GUIDE, bench.told_in_guide), (bench.README, bench.told_in_readme)):
        text = page.read_text(encoding="utf-8")
        assert tell(text, record) == text, "run 'python benchmarks/notebooks.py --tell'"
    assert bench.table(record) in bench.GUIDE.read_text(encoding="utf-8")
    (low, high), seconds = record["working_minutes"][path.stem], record["cpu"]["notebooks"][path.stem]["seconds"]
    row = rf"^\| \[.*\]\(notebooks/{path.stem}\.ipynb\) \|.*\| {low} to {high} \| {seconds} \|$"
    assert re.search(row, bench.README.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_working_time_is_the_estimate_for_the_notebook_as_it_is(path):
    record = bench.read_record()["working_minutes"]
    if path.stem not in record:
        pytest.skip("not timed yet: make bench-notebooks")
    now = bench.working_minutes(nbformat.read(path, 4))
    assert all(abs(a - b) <= 15 for a, b in zip(now, record[path.stem])), "run 'python benchmarks/notebooks.py --tell'"


def test_an_explorer_is_stored_as_a_picture_and_words(path):
    """Controls without a kernel show an error message; ``make execute`` keeps what can be read without one."""
    for cell in cells(nbformat.read(path, 4), "code"):
        if re.search(r"\bexplore_\w+\(", cell.source):
            (output,) = cell.outputs
            assert set(output.data) == {"text/html", "text/plain"}, cell.id
            assert 'role="status"' in "".join(output.data["text/html"])


def test_every_chapter_asks_questions(path):
    code = cells(nbformat.read(path, 4), "code")
    assert path.stem[:2] not in QUESTIONS or code[-1].source.endswith(f'quiz("{path.stem[:2]}")')
