"""Slides of a notebook: a slide for each heading, and below it a slide for each step; solutions and the setup for Colab stay out.

    python docs/make_slides.py 03 04                   # docs/slides/03_build_maskcnn.slides.html, ...

Arrow right goes to the next section, arrow down to the next step; S opens the speaker's view. The pages take reveal.js from the web:
for a room without a network give a copy of it, ``--reveal reveal.js`` (a folder beside the slides).
"""

import argparse
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from traitlets.config import Config

SOLUTIONS = Path(__file__).parents[1] / "notebooks" / "solutions"


def slide_type(cell: nbformat.NotebookNode) -> str:
    """A section begins a slide to the right, any other text one below it, and code stays with the text before it."""
    if cell.cell_type != "markdown":
        return "-"
    return "slide" if cell.source.startswith(("# ", "## ")) else "subslide"


def slides(path: Path, reveal: str | None) -> str:
    """The page of slides of an executed notebook."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.metadata["slideshow"] = {"slide_type": slide_type(cell)}
    config = Config()
    config.SlidesExporter.reveal_scroll = True
    if reveal:
        config.SlidesExporter.reveal_url_prefix = reveal
    exporter = SlidesExporter(config=config)
    exporter.register_preprocessor(TagRemovePreprocessor(remove_cell_tags={"solution", "setup"}), enabled=True)
    return exporter.from_notebook_node(notebook)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="+", help="such as 03 04")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "slides")
    parser.add_argument("--reveal", help="address or folder of reveal.js")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        if path.stem[:2] in args.chapters:
            out = args.out / f"{path.stem}.slides.html"
            out.write_text(slides(path, args.reveal), encoding="utf-8")
            print(out)


if __name__ == "__main__":
    main()
