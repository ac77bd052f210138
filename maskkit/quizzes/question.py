"""Questions with an answer behind every choice, as HTML that needs neither a server nor a script.

Each choice is a ``details`` element: it opens with a click or with the keyboard, a screen reader reads it as text, and it works
in JupyterLab, in Colab, in a saved page and where outputs are not trusted.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from maskkit.errors import InputError

_LETTERS = "abcdefgh"
# Colour (Okabe and Ito), symbol and words say the same thing; the text keeps the page's own colour, on light and on dark.
_RIGHT, _WRONG = ("0, 158, 115", "✓", "Right."), ("213, 94, 0", "✗", "Not quite.")


@dataclass(frozen=True)
class Choice:
    """One possible answer.

    Attributes
    ----------
    text : what can be chosen; `words in backticks` are code, *words* are stressed
    feedback : why it is right; or what whoever chooses it believes, and what is true instead
    right : whether it is the answer
    """

    text: str
    feedback: str
    right: bool = False

    @property
    def verdict(self) -> str:
        """Symbol, word and feedback."""
        _, symbol, word = _RIGHT if self.right else _WRONG
        return f"{symbol} {word} {self.feedback}"


@dataclass(frozen=True)
class Question:
    """A question with its choices, exactly one of which is right.

    Attributes
    ----------
    key : a short name of its own
    text : the question
    choices : in the order in which they are shown
    """

    key: str
    text: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        if sum(choice.right for choice in self.choices) != 1 or not 2 <= len(self.choices) <= len(_LETTERS):
            raise InputError(f"The question {self.key!r} needs 2 to {len(_LETTERS)} choices, exactly one of them right.")

    @property
    def answer(self) -> Choice:
        """The right choice."""
        return next(choice for choice in self.choices if choice.right)


@dataclass(frozen=True)
class Quiz:
    """The questions of a notebook; the last line of a cell shows them."""

    notebook: str
    questions: tuple[Question, ...]

    def choose(self, number: int, letter: str) -> str:
        """What the choice ``letter`` of question ``number`` (counted from 1) is worth: the quiz without a browser.

        Raises
        ------
        InputError
            If there is no such question or choice.
        """
        if not isinstance(number, int) or not 1 <= number <= len(self.questions):
            raise InputError(f"The questions are numbered from 1 to {len(self.questions)}; got {number!r}.")
        choices = dict(zip(_LETTERS, self.questions[number - 1].choices))
        if str(letter).lower() not in choices:
            raise InputError(f"Question {number} has the choices {', '.join(choices)}; got {letter!r}.")
        return choices[str(letter).lower()].verdict

    def __repr__(self) -> str:
        blocks = [f"{number}. {question.text}\n" + "\n".join(f"   {letter}) {choice.text}" for letter, choice in zip(_LETTERS, question.choices))
                  for number, question in enumerate(self.questions, 1)]
        return "\n\n".join([*blocks, f"What is an answer worth? quiz({self.notebook!r}).choose(1, 'a')"])

    def _repr_html_(self) -> str:
        asked = "".join(_question_html(number, question) for number, question in enumerate(self.questions, 1))
        return f'<section aria-label="Quiz" style="max-width: 55em; color: inherit; line-height: 1.4">{asked}</section>'


def _question_html(number: int, question: Question) -> str:
    choices = "".join(_choice_html(letter, choice) for letter, choice in zip(_LETTERS, question.choices))
    return f'<p style="margin: 1.2em 0 0.4em 0"><strong>{number}.</strong> {_inline(question.text)}</p>{choices}'


def _choice_html(letter: str, choice: Choice) -> str:
    rgb, symbol, word = _RIGHT if choice.right else _WRONG
    box = f"border-left: 6px solid rgb({rgb}); background: rgba({rgb}, 0.12); padding: 0.4em 0.8em; margin: 0.2em 0 0.5em 1.2em; border-radius: 4px"
    return (f'<details style="margin: 0.15em 0 0.15em 1em"><summary style="cursor: pointer">{letter}) {_inline(choice.text)}</summary>'
            f'<div style="{box}"><strong>{symbol} {word}</strong> {_inline(choice.feedback)}</div></details>')


def _inline(text: str) -> str:
    """Escaped text with `code` between backticks and emphasis between asterisks."""
    return re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False)))
