"""Run every notebook by itself in an empty folder, and print the minutes of each and of its slowest cell.

    python benchmarks/notebooks.py             # the solutions and the learners' copies, from an empty cache
    python benchmarks/notebooks.py 03 04       # only these chapters

Exits with 1 if a notebook fails.
"""

import os
import platform
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run(path: Path) -> tuple[float, float, str]:
    """Execute one notebook in an empty folder; return its seconds, those of its slowest cell, and that cell's first line."""
    notebook = nbformat.read(path, 4)
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory(prefix="empty folder ") as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        started = time.perf_counter()
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                began = time.perf_counter()
                client.execute_cell(cell, index)
                if cell.cell_type == "code":
                    slowest = max(slowest, (time.perf_counter() - began, cell.source.splitlines()[0]))
        return time.perf_counter() - started, *slowest


def main(chapters: list[str]) -> int:
    print(f"{date.today()}, {platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| notebook | seconds | slowest cell, seconds | its first line |\n| --- | --- | --- | --- |")
    failed = 0
    for path in sorted([*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("solutions/*.ipynb")], key=lambda path: (path.parent.name, path.name)):
        if chapters and path.stem[:2] not in chapters:
            continue
        # An empty cache for each, so that no notebook lives on what another one has drawn.
        with tempfile.TemporaryDirectory() as cache:
            os.environ["MASKKIT_CACHE"] = cache
            try:
                seconds, cell_seconds, line = run(path)
                print(f"| {path.relative_to(NOTEBOOKS)} | {seconds:.0f} | {cell_seconds:.0f} | `{line[:70]}` |", flush=True)
            except CellExecutionError as error:
                failed += 1
                print(f"| {path.relative_to(NOTEBOOKS)} | failed | | {str(error).strip().splitlines()[-1]} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
