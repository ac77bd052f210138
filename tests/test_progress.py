"""Bars are there when they are asked for, unless the user's environment says that there are none."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("shown, disabled, bar", [(True, "", True), (False, "", False), (True, "1", False), (False, "1", False)])
def test_a_bar_is_shown_if_it_is_asked_for_and_the_environment_allows_it(shown, disabled, bar):
    # tqdm reads its variables when it is imported, so that only a new process sees them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TQDM_")} | ({"TQDM_DISABLE": disabled} if disabled else {})
    code = f"from maskkit.progress import progress_bar; print(sum(progress_bar([1, 2, 3], shown={shown}, desc='counting', unit='img')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "6" and ("counting" in done.stderr) == bar
