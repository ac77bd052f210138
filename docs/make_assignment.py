"""Make an nbgrader course of the learners' notebooks: every exercise gets one point, given by its check.

    python docs/make_assignment.py COURSE 02 03        # COURSE/source/02_augmentation/02_augmentation.ipynb, ... and nbgrader_config.py
    cd COURSE && nbgrader generate_assignment 03_build_maskcnn

The notebooks hold no solutions, so none can leak. A cell behind each check shows 1 or 0, so that an unsolved exercise does not stop Run All.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

# Without nbgrader's ClearSolutions: the stubs are in place already.
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "maskkit"
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.ExecutePreprocessor.timeout = 600
"""


def mark(name: str, *, solution: bool) -> dict:
    """nbgrader's metadata of a cell in which the learner writes, or of one that gives the point."""
    kind = {"solution": True, "grade": False, "locked": False} if solution else {"solution": False, "grade": True, "locked": True, "points": 1}
    return {"schema_version": 3, "task": False, "grade_id": name if solution else f"{name}_point", **kind}


def assignment(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with nbgrader's marks on the stubs, and a cell for the point behind each check."""
    cells, waiting = [], None
    for cell in notebook.cells:
        cells.append(cell)
        if "exercise" in cell.metadata.get("tags", []):
            waiting = cell
        check = re.search(r"checks\.(\w+)\((\w+)\)", cell.source) if waiting is not None and cell.cell_type == "code" else None
        if check:
            name = check[1]
            waiting.metadata["nbgrader"], waiting = mark(name, solution=True), None
            point = new_code_cell(f"int(checks.{name}({check[2]}).passed)  # your point", id=f"point-{name.replace('_', '-')}")
            point.metadata["nbgrader"] = mark(name, solution=False)
            cells.append(point)
    notebook.cells = cells
    return notebook


def main(course: Path, chapters: list[str]) -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not chapters or path.stem[:2] in chapters:
            out = course / "source" / path.stem / path.name
            out.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(assignment(nbformat.read(path, 4)), out)
            print(out)
    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
