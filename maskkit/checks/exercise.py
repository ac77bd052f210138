"""An exercise in a few declarations: inputs, a reference, and the misconceptions that its check can recognise.

A misconception is written down as the function that somebody who holds it would write. The check runs the learner's function
and, where it is wrong, looks for the misconception whose function gives the same answers.
"""

from __future__ import annotations

import dis
import inspect
import io
import warnings
from collections.abc import Callable, Mapping, Sized
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from maskkit.checks import runner
from maskkit.checks.plain_words import in_words
from maskkit.checks.report import NOT_ATTEMPTED, PASSED, TRY_AGAIN, CheckResult
from maskkit.checks.runner import Outcome

EXERCISES: dict[str, Exercise] = {}

_LONG = 10_000  # a list of more numbers is no answer that anybody asked for, and slow to make an array of

_CHANCE_MESSAGE = (
    "Asked again with the same inputs, your function gives other answers: something in it is left to chance, or it remembers what it was asked before. "
    "Here every input has one right answer."
)
_CHANCE_HINT = (
    "Leave out what draws by lot (torch.rand, random.random and the like): do to every input what the task asks, not to some of them. And torch.empty "
    "begins with whatever the memory holds: is every place of it filled before `return`?"
)


def _as_it_is(answer: object) -> object:
    return answer


@dataclass(frozen=True)
class Misconception:
    """A belief that leads to a wrong answer.

    Attributes
    ----------
    name : a few words, for the catalogue
    wrong : the function that somebody with this belief would write
    message : what went wrong, in the learner's terms
    hint : what to try
    also : other functions that the same belief leads to, of which the message is as true
    """

    name: str
    wrong: Callable
    message: str
    hint: str
    also: tuple[Callable, ...] = ()


@dataclass(frozen=True, repr=False)
class Exercise:
    """A task with its check: call it with the learner's function (or value) to get a `CheckResult`.

    Attributes
    ----------
    reference : a right solution; its name and parameters are those of the learner's stub, its docstring is the task
    notebook : number of the notebook that sets the exercise, "03"
    cases : makes the inputs, tuples of arguments, from a random generator
    misconceptions : the more telling ones first
    hints : general ones, from a nudge to nearly the solution
    canonical : brings an answer into the form in which answers are compared, such as ``sorted``
    tolerance : relative tolerance of numbers
    takes_value : the learner gives a value in place of a function
    observe : for a task that asks for what a function does, and not only for what it returns: makes of the learner's function the one whose answers are
        compared. It takes a case, whose arguments say in words what they are (``str``), calls the learner's function and returns what came of it
    complain : what is wrong with such an answer, given it and the right one, in words
    """

    reference: Callable
    notebook: str
    cases: Callable[[np.random.Generator], list[tuple]]
    misconceptions: tuple[Misconception, ...] = ()
    hints: tuple[str, ...] = ()
    canonical: Callable = _as_it_is
    tolerance: float = 1e-4
    takes_value: bool = False
    observe: Callable[[Callable], Callable] | None = None
    complain: Callable[[object, object], str] | None = None

    def __post_init__(self) -> None:
        EXERCISES[self.name] = self

    @property
    def name(self) -> str:
        return self.reference.__name__

    def __repr__(self) -> str:
        return f"<check for {self.name}, notebook {self.notebook}: {self.task}>"

    @property
    def task(self) -> str:
        return inspect.getdoc(self.reference)

    @property
    def stub(self) -> str:
        """Source of what the learner starts from."""
        if self.takes_value:
            return "\n".join([f"{self.name} = {{", *(f'    "{key}": ...,' for key in self.reference()), "}\n"])
        return f"def {self.name}({_parameters(inspect.signature(self.reference))}):\n    ...\n"

    @cached_property
    def _inputs(self) -> list[tuple]:
        return self.cases(np.random.default_rng(0))

    @cached_property
    def _expected(self) -> list[Outcome]:
        return self._answers(self.reference)

    @cached_property
    def _wrong_answers(self) -> list[tuple[Misconception, list[Outcome]]]:
        return [(m, self._answers(wrong)) for m in self.misconceptions for wrong in (m.wrong, *m.also)]

    def _answers(self, function: Callable) -> list[Outcome]:
        """What a function of ours answers; wrong ones divide by zero now and then, of which the learner need not hear."""
        answer = self.observe(function) if self.observe else function
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [self._in_canonical_form(runner.call(answer, case)) for case in self._inputs]

    def _run(self, function: Callable) -> list[Outcome]:
        """What the learner's function answers, or what came of it."""
        return [self._in_canonical_form(outcome) for outcome in runner.run(function, self._inputs, observe=self.observe)]

    def _in_canonical_form(self, outcome: Outcome) -> Outcome:
        if outcome.error is not None or outcome.value is None or (_length(outcome.value) or 0) > _LONG:
            return outcome
        try:
            return Outcome(self.canonical(outcome.value), None, outcome.arguments)
        except Exception:  # not of a form that can be compared: left as it is, and so of the wrong type
            return outcome

    def __call__(self, attempt: object) -> CheckResult:
        """Check the learner's function, or value; never raises, and never waits for an endless loop."""
        try:
            return self._refuse(attempt) or self._judge(attempt)
        except Exception as error:  # an object that misbehaves when it is looked at: still no reason to stop a notebook
            return self._try_again(f"Your answer could not be compared ({type(error).__name__}: {error}).")

    def _refuse(self, attempt: object) -> CheckResult | None:
        """Answer what needs no run: a stub, something that is no function, other parameters than the task's."""
        if attempt is None or attempt is ... or is_stub(attempt):
            return self._not_attempted()
        if missing := _still_open(attempt):
            return self._not_attempted(f"Still open: {', '.join(map(repr, missing))}." if len(missing) < len(attempt) else "")
        if self.takes_value:
            return None
        if not callable(attempt):
            return self._try_again(
                f"Give the function itself, without calling it: checks.{self.name}({self.name}), "
                f"but this is {describe(attempt)}."
            )
        return self._too_few_or_too_many(attempt)

    def _too_few_or_too_many(self, function: Callable) -> CheckResult | None:
        signature = _signature(function)
        try:
            if signature:
                signature.bind(*inspect.signature(self.reference).parameters)
        except TypeError:
            return self._wrong_parameters(signature)
        return None

    def _in_another_order(self, function: Callable) -> CheckResult | None:
        """Names that changed places; told only of a wrong function, since height * width is the same either way."""
        signature, reference = _signature(function), inspect.signature(self.reference)
        if signature is None or set(signature.parameters) != set(reference.parameters) or list(signature.parameters) == list(reference.parameters):
            return None
        return self._wrong_parameters(signature)

    def _wrong_parameters(self, signature: inspect.Signature) -> CheckResult:
        needed = ", ".join(inspect.signature(self.reference).parameters)
        return self._try_again(f"Your function takes ({_parameters(signature)}), but the task needs ({needed}), in this order.")

    def _judge(self, attempt: object) -> CheckResult:
        function = (lambda: attempt) if self.takes_value else attempt
        outcomes = self._run(function)
        if any(_is_unfinished(outcome) for outcome in outcomes):
            return self._not_attempted("There is still a `...` in your function.")
        if outcomes[-1].timed_out:
            return self._endless(len(outcomes) - 1)
        right = [self._is_right(*pair) for pair in zip(outcomes, self._expected, strict=True)]
        if all(right):
            return self._changed_inputs(outcomes) or self._left_to_chance(function, outcomes) or self._passed()
        told = self._in_another_order(function) or self._recognised(outcomes) or self._left_to_chance(function, outcomes)
        return told or self._explain(function, outcomes, right)

    def _left_to_chance(self, function: Callable, outcomes: list[Outcome]) -> CheckResult | None:
        """Ask a function again: one that flips half of the pictures, by lot, has other answers then, even if it was lucky the first time."""
        if not all(self._is_comparable(*pair) for pair in zip(outcomes, self._expected)):
            return None
        with redirect_stdout(io.StringIO()):  # what it prints has been seen
            again = self._run(function)
        if not any(self._differs(*three) for three in zip(outcomes, again, self._expected)):
            return None
        return CheckResult(TRY_AGAIN, _CHANCE_MESSAGE, self._hints(_CHANCE_HINT), "left to chance")

    def _differs(self, old: Outcome, new: Outcome, right: Outcome) -> bool:
        """Whether a second answer is another one; what cannot be compared with itself, such as a ragged list, says nothing."""
        return self._is_comparable(new, right) and self._same(old, old) and not self._same(old, new)

    @staticmethod
    def _is_comparable(got: Outcome, expected: Outcome) -> bool:
        return got.error is None and _fits(got.value, expected.value)

    def _is_right(self, got: Outcome, expected: Outcome) -> bool:
        return self._is_comparable(got, expected) and self._same(got, expected)

    def _same(self, a: Outcome, b: Outcome) -> bool:
        if a.error is not None or b.error is not None:
            return type(a.error) is type(b.error) and str(a.error) == str(b.error)
        return same(a.value, b.value, self.tolerance)

    def _recognised(self, outcomes: list[Outcome]) -> CheckResult | None:
        found = self._recognise(outcomes)
        return found and CheckResult(TRY_AGAIN, found.message, self._hints(found.hint), found.name)

    def _recognise(self, outcomes: list[Outcome]) -> Misconception | None:
        """The misconception whose function gives the same answers, right ones and wrong ones.

        One that explains only some of the mistakes would tell the learner something that is not true.
        """
        for misconception, wrong in self._wrong_answers:
            if not all(self._agree(*pair) for pair in zip(outcomes, wrong)):
                continue
            if any(self._same(*pair) and not self._same(pair[1], expected) for *pair, expected in zip(outcomes, wrong, self._expected)):
                return misconception
        return None

    def _agree(self, got: Outcome, wrong: Outcome) -> bool:
        """Whether the learner's answer is that of the misconception; dividing by zero is an error for Python and inf for torch."""
        if isinstance(got.error, ZeroDivisionError) and wrong.error is None:
            return _kind(wrong.value) == "number" and not np.isfinite(_numbers(wrong.value))
        return (got.error is not None or _fits(got.value, wrong.value)) and self._same(got, wrong)

    def _explain(self, function: Callable, outcomes: list[Outcome], right: list[bool]) -> CheckResult:
        """Say what is wrong with the first wrong answer; there is no misconception that we know behind it."""
        first = right.index(False)
        got, expected, inputs = outcomes[first], self._expected[first].value, self._show_inputs(first)
        if got.error is not None:
            return self._stopped(got.error, runner.where(got.error, function), inputs)
        if got.value is None and any(outcome.value is not None for outcome in outcomes):
            return self._try_again(f"For {inputs}: your function gives nothing back (None), though it does for other inputs: "
                                   "there is a way through it that meets no `return`, or returns what append, sort or print gives, which is None.")
        digits = _digits_kept(outcomes, self._expected)
        if digits is not None:
            return self._try_again(f"Your answers are right, but rounded to {digits} {'digit' if digits == 1 else 'digits'} behind the point. Give back the number itself, "
                                   "and round it when you print it.")
        text = (self.complain or complaint)(got.value, expected)
        prefix = f"For {inputs}: " if inputs else ""
        if self.takes_value:  # there is no function
            text = text.replace("your function gives", "this is", 1)
            text = text[:1].upper() + text[1:]
        return self._try_again(f"{prefix}{text}{self._score(outcomes, right)}")

    def _stopped(self, error: BaseException, where: str, inputs: str) -> CheckResult:
        what = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
        what = what if len(what) <= 300 else f"{what[:300]}…"
        return self._try_again(f"Your function stopped with {what}{where}. It was given {inputs}.", *in_words(error))

    def _score(self, outcomes: list[Outcome], right: list[bool]) -> str:
        """How often the answer is right, or that it is always the same."""
        first = outcomes[0]
        small = (_length(first.value) or 0) <= _LONG
        if len(right) > 2 and first.value is not None and small and not _is_nan(first.value) and all(self._same(first, outcome) for outcome in outcomes):
            return " It gives the same for every input that was tried: does it use what it is given?"
        return f" (Right for {sum(right)} of {len(right)} inputs.)" if any(right) else ""

    def _show_inputs(self, index: int) -> str:
        if self.observe:
            return ", ".join(map(str, self._inputs[index]))
        names = inspect.signature(self.reference).parameters
        return ", ".join(f"{name} = {_short(value)}" for name, value in zip(names, self._inputs[index]))

    def _changed_inputs(self, outcomes: list[Outcome]) -> CheckResult | None:
        for outcome, case in zip(outcomes, self._inputs):
            if not all(same(after, before) for after, before in zip(outcome.arguments, case)):
                return self._try_again(
                    "The answer is right, but your function changes what it was given: whoever calls it will find "
                    "other data than before.",
                    "Methods such as sort() or clamp_(), assignments such as images[...] = ..., and x += ... (of a list or an array) work in place: "
                    "make a copy first, or write x = x + ....",
                )
        return None

    def _endless(self, index: int) -> CheckResult:
        return self._try_again(
            f"Your function did not come to an end for {self._show_inputs(index)}: it was stopped after "
            f"{runner.TIME_LIMIT:g} seconds.",
            "Look for a loop whose condition never becomes false. (An import can take long, too: it belongs above the function.)",
        )

    def _passed(self) -> CheckResult:
        n = len(self._inputs)
        return CheckResult(PASSED, f"{self.name} is right" + (f" for all {n} inputs." if n > 1 else "."))

    def _not_attempted(self, message: str = "") -> CheckResult:
        where = "values" if self.takes_value else "code"
        message = message or f"Put your {where} in the place of `...`, then run the cell again."
        return CheckResult(NOT_ATTEMPTED, f"{self.name}: {message}", self.hints)

    def _hints(self, *special: str) -> tuple[str, ...]:
        """The hints for this mistake, then the general ones; each once."""
        return tuple(dict.fromkeys([*special, *self.hints]))

    def _try_again(self, message: str, *hints: str) -> CheckResult:
        return CheckResult(TRY_AGAIN, message, self._hints(*hints))


def exercise(notebook: str, **declarations: object) -> Callable[[Callable], Exercise]:
    """Decorator that turns a reference solution into its `Exercise`, whose other attributes it takes."""
    return lambda reference: Exercise(reference, notebook, **declarations)


def _signature(function: Callable) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return None


def _parameters(signature: inspect.Signature) -> str:
    return ", ".join(str(p.replace(annotation=p.empty)) for p in signature.parameters.values())


# --- telling answers apart -----------------------------------------------------------------------------------------


def _instructions(function: Callable) -> list[tuple]:
    return [(i.opname, i.argval) for i in dis.get_instructions(function)]


def is_stub(function: object) -> bool:
    """Whether the body of a function is empty but for a docstring, ``pass`` or ``...``."""
    return hasattr(function, "__code__") and _instructions(function) == _instructions(_stub)


def _stub() -> None: ...


def _still_open(value: object) -> list:
    """The entries of a dictionary that have no value yet."""
    return [key for key, v in value.items() if v is ... or v is None] if isinstance(value, Mapping) else []


def _is_unfinished(outcome: Outcome) -> bool:
    """`...` came back, or was worked with: "unsupported operand type(s) for +: 'int' and 'ellipsis'".

    A NotImplementedError of torch's own, for what it cannot do with True and False, is another matter.
    """
    return (
        outcome.value is ...
        or isinstance(outcome.value, (tuple, list)) and any(v is ... for v in outcome.value)
        or isinstance(outcome.error, NotImplementedError) and "not supported" not in str(outcome.error) and "not implemented for" not in str(outcome.error)
        or isinstance(outcome.error, (TypeError, AttributeError)) and "ellipsis" in str(outcome.error).lower()
    )


def _kind(value: object) -> str:
    if isinstance(value, (np.bool_, Real, np.number)) or getattr(value, "shape", None) == ():
        return "number"
    if isinstance(value, (Tensor, np.ndarray)):
        return "tensor" if isinstance(value, Tensor) else "array"
    if isinstance(value, (tuple, list)):
        return "list"
    return "dict" if isinstance(value, Mapping) else type(value).__name__


def _is_nan(value: object) -> bool:
    return _kind(value) == "number" and bool(value != value)


def _fits(got: object, expected: object) -> bool:
    """Whether an answer is of the right type; a row of numbers may come as a tuple, a list, an array or a tensor, and numpy may do torch's work."""
    kind, wanted = _kind(got), _kind(expected)
    return kind == wanted or kind in ("array", "tensor") and wanted in ("list", "array", "tensor")


def _numbers(value: object) -> np.ndarray:
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, Real):  # also a Fraction
        return np.asarray(float(value))
    return np.asarray(sorted(value) if isinstance(value, (set, frozenset)) else value)


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, Sized) and getattr(value, "shape", None) != () else None


def same(a: object, b: object, tolerance: float = 1e-4) -> bool:
    """Whether two answers hold the same values, whatever container they come in; nan equals nan."""
    if isinstance(a, Mapping) or isinstance(b, Mapping):
        return type(a) is type(b) and a == b
    if not {_kind(a), _kind(b)} <= {"number", "list", "set", "frozenset", "array", "tensor"}:  # numpy would write out a range of a thousand million numbers
        return type(a) is type(b) and bool(a == b)
    try:
        if _length(a) != _length(b):  # a million numbers need not be compared
            return False
        if type(a) is type(b) is list and len(a) > _LONG:
            return a == b
        a, b = _numbers(a), _numbers(b)
        if a.dtype.kind in "biuf" and b.dtype.kind in "biuf":
            return a.shape == b.shape and np.allclose(a.astype(float), b.astype(float), tolerance, 1e-6, equal_nan=True)
        return a.shape == b.shape and bool((a == b).all())
    except (TypeError, ValueError, RuntimeError, OverflowError):  # a ragged list, objects without numbers, a number too large for a float
        return False


def _digits_kept(outcomes: list[Outcome], expected: list[Outcome]) -> int | None:
    """To how many digits behind the point all answers are rounded, if they are right but for that."""
    if any(o.error is not None or not _fits(o.value, e.value) for o, e in zip(outcomes, expected)) or _kind(expected[0].value) == "dict":
        return None
    if all(same(outcomes[0].value, o.value) for o in outcomes):  # a fixed answer is no rounding
        return None
    for digits in range(1, 5):
        rounded = [np.round(_numbers(e.value).astype(float), digits) for e in expected]
        if all(same(o.value, r) for o, r in zip(outcomes, rounded)):
            return digits
    return None


def describe(value: object) -> str:
    """An answer in words: "a float32 tensor of shape (2, 3)"."""
    if value is None:
        return "nothing (None)"
    if getattr(value, "shape", ()) != ():
        kind, dtype = "tensor" if isinstance(value, Tensor) else "numpy array", str(value.dtype).removeprefix("torch.")
        return f"{'an' if dtype[0] in 'io' else 'a'} {dtype} {kind} of shape {tuple(value.shape)}"
    if isinstance(value, torch.Size):
        return f"the shape {tuple(value)}"
    if isinstance(value, tuple) and hasattr(value, "indices"):  # of max, min, sort or median, along an axis
        return "two tensors, .values and .indices"
    if isinstance(value, (bool, int, float, np.generic, Tensor)):
        return _short(value)
    if isinstance(value, (set, frozenset)):
        return f"a set of {len(value)} (curly brackets), which keeps no order"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, str):
        return f"the text {_shortened(value)!r}"
    if inspect.isgenerator(value):
        return "a generator (`yield` in place of `return`, round brackets around a `for`, or .parameters() and the like)"
    if isinstance(value, torch.nn.Module):
        return f"a {type(value).__name__} that was made but not called: {type(value).__name__}()(...)"
    if callable(value):
        return "a function that was not called (are its brackets () missing?)"
    return f"a value of type {type(value).__name__}"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _short(value: object) -> str:
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, complex):
        return f"{value:.3g}"
    if getattr(value, "ndim", 0) == 1 and len(value) <= 12:
        value = value.tolist()
    if isinstance(value, (list, tuple)) and len(value) <= 12:
        inside = ", ".join(_short(v) for v in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return repr(value) if isinstance(value, (bool, int, str)) else describe(value)


def complaint(got: object, expected: object) -> str:
    """What is wrong with an answer: its type, its shape or its values, in this order."""
    if got is None:
        return ("your function gives nothing back (None): it is not enough to calculate a value, or to print it; the function must end in `return` and the value. "
                "(What append, sort and print give is None, too.)")
    if isinstance(got, (torch.nn.Conv2d, torch.nn.Linear)) and _kind(expected) == "number":
        return f"your function gives the layer itself ({type(got).__name__}), but the task asks for one number: .weight.numel() and .bias.numel() count what it learns."
    if not _fits(got, expected):
        return f"your function gives {describe(got)}, but the task asks for {_wanted(expected)}.{_way_out(got, expected)}"
    if _kind(expected) in ("number", "dict"):
        return _wrong_value(got, expected)
    try:
        got, expected = _numbers(got), _numbers(expected)
    except (TypeError, ValueError, RuntimeError):  # rows of different lengths, objects
        return f"your function gives {describe(got)}, and not all of its elements are single numbers; the task asks for {_wanted(expected)}."
    short = got.ndim == expected.ndim == 1 and max(len(got), len(expected)) <= 12
    if got.shape != expected.shape and not short:
        return f"your function gives the shape {got.shape}, but {expected.shape} is right."
    if short:
        return f"your function gives {_short(got)}, but {_short(expected)} is right."
    return _first_difference(got, expected)


def _way_out(got: object, expected: object) -> str:
    """How to come from one type to the other, where that is known."""
    if isinstance(got, tuple) and hasattr(got, "indices"):  # of max, min, sort or median, along an axis
        return " What you look for is in .values."
    if _kind(got) in ("array", "tensor") and _kind(expected) == "number":
        return " (sum, mean and the like make one number of many; .item() takes out a single one.)"
    if type(got) is tuple and len(got) == 1:
        return " (A comma at the end makes a tuple of one.)"
    if type(got) is tuple and len(got) == 2 and _kind(expected) != "list":
        return " (A comma makes a pair of what stands on its left and right; and some functions give back a pair.)"
    if _kind(expected) == "tensor" and isinstance(got, (list, tuple)) and _can_be_stacked(got, tuple(expected.shape)):
        return " torch.stack makes one tensor of a list of them."
    return ""


def _can_be_stacked(parts: list | tuple, shape: tuple[int, ...]) -> bool:
    """Whether torch.stack makes a tensor of the right shape of them."""
    return len(parts) == shape[0] and all(isinstance(part, Tensor) and tuple(part.shape) == shape[1:] for part in parts)


def _wanted(expected: object) -> str:
    if isinstance(expected, (bool, np.bool_)):
        return "True or False"
    if getattr(expected, "shape", ()) != ():  # of which type the numbers are is left open
        return f"a {'tensor' if isinstance(expected, Tensor) else 'numpy array'} of shape {tuple(expected.shape)}"
    return "one number" if _kind(expected) == "number" else describe(expected)


def _wrong_value(got: object, expected: object) -> str:
    if isinstance(expected, Mapping):
        missing = [key for key in expected if key not in got]
        if missing:
            return _missing_entries(missing, len(expected))
        odd = next((key for key in expected if isinstance(got[key], str)), None)
        if odd is not None:
            return f"the task asks for True and False, without quotation marks or brackets, but for {odd!r} you have {_shortened(str(got[odd]))}."
        wrong = [key for key in expected if got[key] != expected[key]]
        return f"{len(expected) - len(wrong)} of {len(expected)} are right; think again about {', '.join(map(repr, wrong[:2]))}."
    nan = " (not a number: 0 / 0, or the root or the logarithm of a negative number)" if _is_nan(got) else ""
    return f"your function gives {_short(got)}{nan}, but {_short(expected)} is right."


def _missing_entries(missing: list, n: int) -> str:
    names = ", ".join(map(repr, missing[:3])) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    are = "is" if len(missing) == 1 else "are"
    return f"{len(missing)} of the {n} entries {are} missing or spelt otherwise: {names}. Put each back as the task has it, and give it its value."


def _first_difference(got: np.ndarray, expected: np.ndarray) -> str:
    whole = got.dtype.kind in "biu" and expected.dtype.kind == "f"
    kept, got, expected = got.dtype, got.astype(float), expected.astype(float)
    differs = ~np.isclose(got, expected, rtol=1e-4, atol=1e-6)
    place = tuple(int(i) for i in np.argwhere(differs)[0])
    digits = next((n for n in (4, 6) if f"{got[place]:.{n}g}" != f"{expected[place]:.{n}g}"), 9)
    yours, right = (f"{array[place]:.{digits}g}" for array in (got, expected))
    text = f"the shape is right, but {differs.mean():.0%} of the values are not: at {place} yours is {yours} and should be {right}."
    return f"{text} Yours are whole numbers ({kept}), which lose the fraction." if whole else text
