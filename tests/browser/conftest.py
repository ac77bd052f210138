"""JupyterLab in a headless Chromium: a server of its own for the session, a page for each test, screenshots to look at.

Needs a Chromium (``apt install chromium``, or its path in ``MASKKIT_CHROMIUM``) and Playwright's Python package, which drives it;
skipped where either is missing. The screenshots lie in ``tests/browser/screenshots``.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from maskkit.colab import BADGE_IMAGE

HERE = Path(__file__).parent
SCREENSHOTS = HERE / "screenshots"
NOTEBOOKS = HERE.parents[1] / "notebooks"
PATIENCE = 120_000  # milliseconds that no step takes, unless something hangs
SETTINGS = {  # per user, as the settings editor would write them
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells that are out of sight stay in the page
}


def find_chromium() -> str | None:
    """Path of a Chromium that is installed already; Playwright's own download is not needed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("MASKKIT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium here: install it, or set MASKKIT_CHROMIUM to its path")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install -r tests/browser/requirements.txt")
    with playwright.sync_playwright() as driver:
        flags = ["--disable-dev-shm-usage"]  # containers have little shared memory
        flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
        try:
            started = driver.chromium.launch(executable_path=chromium, args=flags)
        except playwright.Error as error:
            pytest.skip(f"{chromium} does not start here: {str(error).splitlines()[0]}")
        yield started
        started.close()


class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    folder : what it serves; notebooks are put here
    """

    def __init__(self, folder: Path, port: int, token: str):
        self.folder, self.port, self.token = folder, port, token

    def url(self, notebook: str) -> str:
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={self.token}&reset"

    def write(self, name: str, *cells: str) -> str:
        """Put a notebook of code cells into the folder."""
        kernel = {"name": "python3", "display_name": "Python 3"}  # or the page would ask for one
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.folder / name)
        return name

    def copy(self, name: str) -> str:
        """Put a learner's copy into the folder."""
        shutil.copy(NOTEBOOKS / name, self.folder / name)
        return name


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("jupyter")
    folder = tmp_path_factory.mktemp("notebooks with a space")
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    # Nothing of the user's own Jupyter is read or changed.
    own = {"JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_RUNTIME_DIR": home / "runtime", "JUPYTERLAB_SETTINGS_DIR": home / "settings",
           "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces", "MASKKIT_CACHE": home / "cache", "TQDM_DISABLE": "1"}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--expose-app-in-browser", f"--ServerApp.root_dir={folder}",
               "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(command, cwd=folder, env=os.environ | {name: str(value) for name, value in own.items()}, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, home / "server.log")
        yield Lab(folder, port, token)
    finally:
        server.send_signal(signal.SIGTERM)  # shuts the kernels down, too
        server.wait(30)
        log.close()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("JupyterLab did not answer within a minute")


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page, name: str):
        self.page, self.name = page, name

    def command(self, name: str, **arguments: object) -> None:
        """Do what a menu entry of JupyterLab does; its end is not waited for."""
        self.page.evaluate("([name, args]) => { window.jupyterapp.commands.execute(name, args) }", [name, arguments])

    def run_all(self) -> None:
        """Run all cells and wait until the last one is done; fail on an error in any of them."""
        self.command("notebook:run-all-cells")
        prompts = "[...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]"
        self.page.wait_for_function(f"() => {prompts}.every(prompt => /[0-9]/.test(prompt.textContent))", timeout=5 * PATIENCE)
        errors = self.page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_text_contents()
        assert not errors, errors

    def output(self, source: str):
        """The output area of the cell whose source holds these words."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea", has_text=source)).locator(".jp-OutputArea").first

    def theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=name)
        light = "true" if name == "JupyterLab Light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")

    def screenshots(self, part, name: str) -> None:
        """Keep a picture of a part of the page, in both themes."""
        SCREENSHOTS.mkdir(exist_ok=True)
        for theme in ("Dark", "Light"):
            self.theme(f"JupyterLab {theme}")
            part.screenshot(path=SCREENSHOTS / f"{name}_{theme.lower()}.png", animations="disabled")


@pytest.fixture
def open_notebook(browser, lab):
    """Open a notebook by name; afterwards every request must have gone to the server of this test, and to nobody else.

    But for the picture of the badge, which only Colab has; it is answered here, so that the tests need no network.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1800}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page, requests = context.new_page(), []
    page.route(BADGE_IMAGE, lambda route: route.fulfill(content_type="image/svg+xml", body='<svg xmlns="http://www.w3.org/2000/svg"/>'))
    page.on("request", lambda request: requests.append(request.url))

    def open_it(name: str) -> Notebook:
        page.goto(lab.url(name))
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
        return Notebook(page, name)

    yield open_it
    context.close()
    elsewhere = [url for url in requests if not url.startswith((f"http://127.0.0.1:{lab.port}/", "data:", "blob:")) and url != BADGE_IMAGE]
    assert not elsewhere, f"requests to somebody else: {elsewhere[:5]}"
