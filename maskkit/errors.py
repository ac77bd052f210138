"""The one exception that means "your input, not our code"."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that says what was wrong, what was seen and what to do;
    the command line prints it as one line and exits with code 2.
    """
