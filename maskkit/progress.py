"""Progress bars: on standard error, or in the output of a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm


def progress_bar(items: Iterable | None = None, *, shown: bool, **options: object) -> tqdm:
    """A bar of tqdm that passes ``items`` on, whether it is shown or not.

    Parameters
    ----------
    shown : whether there is a bar; never where the user's ``TQDM_DISABLE`` says that there are none
    options : those of tqdm: ``desc``, ``unit``, ``total``, ``leave`` …
    """
    from tqdm.auto import tqdm  # not needed by whoever reads one photo

    # Said in a call, even disable=False overrules the variable.
    return tqdm(items, **options, **({} if shown else {"disable": True}))
