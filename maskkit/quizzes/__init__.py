"""Questions at the end of each notebook: ``quiz("03")`` as the last line of a cell. One file of questions for each chapter."""

from maskkit.errors import InputError
from maskkit.quizzes import augmentation, build_maskcnn, deeper, evaluation, explore_data, start_here, training, tuning
from maskkit.quizzes.question import Choice, Question, Quiz

QUESTIONS = {
    "00": start_here.QUESTIONS,
    "01": explore_data.QUESTIONS,
    "02": augmentation.QUESTIONS,
    "03": build_maskcnn.QUESTIONS,
    "04": training.QUESTIONS,
    "05": evaluation.QUESTIONS,
    "06": tuning.QUESTIONS,
    "07": deeper.QUESTIONS,
}

__all__ = ["QUESTIONS", "Choice", "Question", "Quiz", "quiz"]


def quiz(notebook: str) -> Quiz:
    """Return the questions of a notebook, such as ``"03"``; a notebook shows them, with feedback on every choice.

    Raises
    ------
    InputError
        If no notebook has that number.
    """
    if notebook not in QUESTIONS:
        raise InputError(f"There is no quiz for notebook {notebook!r}; there is one for each of {', '.join(QUESTIONS)}.")
    return Quiz(notebook, QUESTIONS[notebook])
