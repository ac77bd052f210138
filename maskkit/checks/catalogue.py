"""The catalogue of misconceptions, docs/misconceptions.md, from the exercises: ``python -m maskkit.checks.catalogue``."""

from __future__ import annotations

from pathlib import Path

from maskkit.checks import EXERCISES, Exercise

PAGE = Path(__file__).parents[2] / "docs" / "misconceptions.md"

_TITLES = {
    "00": "Start here",
    "01": "Explore the data",
    "02": "Augmentation",
    "03": "Build MaskCNN",
    "04": "Train, and stop in time",
    "05": "Evaluate",
    "06": "Tune the hyperparameters",
    "07": "Deeper networks, and transfer",
}

_HEAD = """# What learners believe

<!-- Made by "make docs" from maskkit/checks. Do not edit this page: edit the exercise. -->

For each exercise, the beliefs that its check recognises by the answers that they lead to, and what it then says. A learner sees the message and can ask
for hints, one after the other: first the one of the misconception, then those of the exercise. A wrong answer that fits none of them is told with the
first input for which it is wrong; a function that stops with an error, with the line and what such an error means; one that answers otherwise when it
is asked again, that it leaves something to chance.

{n_beliefs:,} misconceptions in {n_exercises} exercises. For each notebook the [instructors' guide](instructors.md) says which of them to expect. Two exercises,
`convolve2d` and `accuracy`, stand in no notebook: they are for lessons of your own.
"""


def catalogue() -> str:
    """Return the page as Markdown, ordered by notebook and in the order of the package."""
    exercises = sorted(EXERCISES.values(), key=lambda exercise: exercise.notebook)
    parts = [_HEAD.format(n_exercises=len(exercises), n_beliefs=sum(len(e.misconceptions) for e in exercises))]
    notebook = None
    for exercise in exercises:
        if exercise.notebook != notebook:
            notebook = exercise.notebook
            parts.append(f"## {notebook} · {_TITLES.get(notebook, 'Notebook ' + notebook)}\n")
        parts.append(_section(exercise))
    return "\n".join(parts)


def _section(exercise: Exercise) -> str:
    rows = [f"| {_cell(m.name)} | {_cell(m.message)} | {_cell(m.hint)} |" for m in exercise.misconceptions]
    hints = "\n".join(f"{number}. {_cell(hint)}" for number, hint in enumerate(exercise.hints, 1))
    table = "\n".join(["| what they did | what the check says | first hint |", "| --- | --- | --- |", *rows])
    return f"### {exercise.name}\n\n{exercise.task}\n\nHints of the exercise, from a nudge to nearly the solution:\n\n{hints}\n\n{table}\n"


def _cell(text: str) -> str:
    """A text as it stands, in a table: with nothing in it that Markdown would take for its own."""
    for sign in ("\\", "|", "*", "_", "<", "[", "]"):
        text = text.replace(sign, "\\" + sign)
    return text


if __name__ == "__main__":
    PAGE.write_text(catalogue(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
