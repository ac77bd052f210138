"""Bars are there when they are asked for, unless the user's environment says that there are none."""

import pytest
import tqdm.notebook
from tqdm.auto import tqdm as for_terminals

from maskkit.progress import progress_bar


@pytest.mark.parametrize("kind", [for_terminals, tqdm.notebook.tqdm], ids=["terminal", "notebook"])
@pytest.mark.parametrize("shown, disabled, bar", [(True, "", True), (False, "", False), (True, "1", False), (False, "1", False)])
def test_a_bar_is_shown_if_it_is_asked_for_and_the_environment_allows_it(shown, disabled, bar, kind, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", disabled)
    monkeypatch.setattr("tqdm.auto.tqdm", kind)
    counting = progress_bar([1, 2, 3], shown=shown, desc="counting", unit="img")
    assert counting.disable != bar
    assert sum(counting) == 6
