"""Put the badge and the setup cell for Colab into every solution, as `maskkit.colab` has them; `make notebooks` begins with it.

    python docs/make_colab_cells.py                    # names the notebooks that were changed

Stored outputs stay. The words before the setup cell are put in once; from then on they are the author's, behind the first sentence.
"""

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from maskkit import colab

PROJECT = Path(__file__).parents[1]
CELL_ID, WORDS_ID = "colab-setup", "colab-words"
TAG = "setup"  # slides leave cells with this tag out
WORDS = ("On Google Colab the next cell installs MaskKit and looks for a GPU, and **File → Save a copy in Drive** keeps what you write; anywhere else the cell\n"
         "does nothing.")
MORE_WORDS = " The one after it brings the tools of this chapter."
BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)")


def put_cells(notebook: nbformat.NotebookNode, name: str, repo: str, branch: str) -> None:
    """Set the badge below the title, and the setup cell before the first code cell."""
    opening, badge = notebook.cells[0], colab.badge(name, repo, branch)
    title, _, rest = opening.source.partition("\n\n")
    opening.source = BADGE.sub(lambda _: badge, opening.source) if BADGE.search(opening.source) else f"{title}\n\n{badge}\n\n{rest}"
    there = [cell for cell in notebook.cells if cell.id == CELL_ID]
    if not there:
        there = [new_code_cell(id=CELL_ID, metadata={"tags": [TAG]})]
        first = next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        notebook.cells[first:first] = [new_markdown_cell(WORDS + MORE_WORDS, id=WORDS_ID, metadata={"tags": [TAG]}), *there]
        _number_again(notebook)
    there[0].source = colab.setup_cell(repo, branch)


def _number_again(notebook: nbformat.NotebookNode) -> None:
    """Count the code cells of an executed notebook from 1 again; outside Colab the setup cell has run when it has done nothing."""
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def main() -> None:
    [(repo, branch), *_] = colab.addresses((PROJECT / "README.md").read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "notebooks" / "solutions").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        before = nbformat.writes(notebook)
        put_cells(notebook, path.stem, repo, branch)
        if nbformat.writes(notebook) != before:
            nbformat.write(notebook, path)
            print(path.relative_to(PROJECT))


if __name__ == "__main__":
    main()
