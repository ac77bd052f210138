"""What a check answers: a coloured box in a notebook, the same in plain text elsewhere."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

PASSED, NOT_ATTEMPTED, TRY_AGAIN = "passed", "not attempted", "try again"

# Colour (Okabe and Ito), symbol and words say the same thing. The tint is transparent and the text keeps the page's own
# colour, so that the box can be read on a light and on a dark page.
_LOOKS = {
    PASSED: ("0, 158, 115", "✓", "Passed"),
    NOT_ATTEMPTED: ("86, 180, 233", "…", "Not attempted yet"),
    TRY_AGAIN: ("213, 94, 0", "✗", "Try again"),
}


@dataclass
class CheckResult:
    """The answer to one attempt at an exercise.

    Attributes
    ----------
    status : "passed", "not attempted" or "try again"
    message : what is right or wrong, in the learner's terms
    hints : from a nudge to nearly the solution; `hint` gives them one after the other
    misconception : name of the misconception that was recognised, if any
    """

    status: str
    message: str
    hints: tuple[str, ...] = ()
    misconception: str | None = None
    _asked: int = field(default=0, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    def hint(self) -> str:
        """Return the next hint; the last one again when there is no further one."""
        if not self.hints:
            return "There is no hint for this."
        self._asked = min(self._asked + 1, len(self.hints))
        return f"Hint {self._asked} of {len(self.hints)}: {self.hints[self._asked - 1]}"

    def __repr__(self) -> str:
        offer = f"\n({_count(len(self.hints))}: call .hint() on this result.)" if self.hints else ""
        return f"[{_LOOKS[self.status][2]}] {self.message}{offer}"

    def _repr_html_(self) -> str:
        rgb, symbol, words = _LOOKS[self.status]
        style = (
            f"border-left: 6px solid rgb({rgb}); background: rgba({rgb}, 0.12); color: inherit; "
            "padding: 0.6em 1em; border-radius: 4px; max-width: 50em; white-space: pre-line"
        )
        message = html.escape(self.message)
        return f'<div role="status" style="{style}"><strong>{symbol} {words}.</strong> {message}{self._hints_html()}</div>'

    def _hints_html(self) -> str:
        """Each hint is folded inside the one before it, so that asking for one does not give away the next."""
        folded = ""
        for number in range(len(self.hints), 0, -1):
            hint, title = html.escape(self.hints[number - 1]), "A hint" if number == 1 else "A further hint"
            folded = f'<details style="margin-top: 0.4em"><summary>{title}</summary>{hint}{folded}</details>'
        return folded


def _count(n: int) -> str:
    return "1 hint" if n == 1 else f"{n} hints"
