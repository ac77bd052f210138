"""The one exception that means "your input, not our code", and the checks that several modules share."""

from numbers import Integral
from os import PathLike


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that says what was wrong, what was seen and what to do;
    the command line prints it as one line and exits with code 2.
    """


def seen(value: object) -> str:
    """What was given, in a few words: numbers and texts as they are, arrays by type and shape, all else by its kind."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, (str, int, float, PathLike)):
        return repr(str(value)) if isinstance(value, (str, PathLike)) else str(value)
    kind, package = type(value).__name__, type(value).__module__.split(".")[0]
    kind = kind if package in ("builtins", "maskkit", "__main__") else f"{package} {kind}"  # numpy and torch both have a Generator
    return f"{'an' if kind[0] in 'AEIOaeio' else 'a'} {kind}"


def require(value: object, kind: type | tuple[type, ...], needed: str) -> None:
    """Raise InputError unless ``value`` is of a kind; ``needed`` is the beginning of the sentence: what takes what."""
    if not isinstance(value, kind):
        raise InputError(f"{needed}; got {seen(value)}.")


def require_whole(name: str, value: object, least: int = 1) -> None:
    """Raise InputError unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, Integral) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {seen(value)}.")
