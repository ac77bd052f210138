"""Progress bars: on standard error, or in the output of a notebook's cell."""

from __future__ import annotations

import os
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

    # tqdm reads the variable itself, but not in a notebook.
    return tqdm(items, **options, disable=not shown or bool(os.environ.get("TQDM_DISABLE")))
