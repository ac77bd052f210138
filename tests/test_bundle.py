"""The zip for a room without Wi-Fi (docs/make_bundle.py): what goes in, what never does, and that it is enough where there is no network."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from maskkit.errors import InputError
from maskkit.photos import read_manifest

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="needs git")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="needs make")

PYPROJECT = """
[build-system]
requires = ["bricks>=2"]
[project]
name = "maskkit"
version = "1.2.3"
dependencies = ["bricks>=1"]
[project.optional-dependencies]
lab = ["bricks>=1.1"]
export = []
test = ["bricks"]
tune = ["not-in-the-bundle"]
"""


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_bundle", ROOT / "docs" / "make_bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess:
    """Run make as from a terminal, even where make runs these tests: it would hand its own variables down."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "PHOTOS")}
    return subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, env=environment | variables)


def wheel(folder: Path, name: str, version: str) -> Path:
    """A wheel that pip takes, with one module in it."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}-{version}.dist-info/RECORD", "")
    return path


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A git clone of a tiny project; pip finds its one requirement in a folder, and nothing in a network."""
    root, shelf = tmp_path / "a clone", tmp_path / "shelf"
    for folder in (root / "data", root / "runs", shelf):
        folder.mkdir(parents=True)
    wheel(shelf, "bricks", "2.5")
    for name, text in {"pyproject.toml": PYPROJECT, "requirements.txt": "bricks==2.5\n", ".gitignore": "runs/\ndist/\ndata/*.zip\n", "Grüße an alle.md": "ü\n",
                       "runs/mine.pth": "private", "data/photos.zip": "private", "notes.txt": "private"}.items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "data" / "manifest.csv").write_bytes((ROOT / "data" / "manifest.csv").read_bytes())
    me = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    for command in (["init", "--quiet"], ["add", "pyproject.toml", "requirements.txt", ".gitignore", "Grüße an alle.md", "data/manifest.csv"], [*me, "commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", "-C", str(root), *command], check=True, env={**os.environ, "GIT_COMMITTER_DATE": "2026-02-03T23:59:00 +0000"})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)}.items():
        monkeypatch.setenv(name, value)
    return root


@pytest.fixture
def own_pip(make, monkeypatch):
    """This environment's pip in place of a new environment's, which takes seconds to make."""
    monkeypatch.setattr(make, "_python_with_pip", lambda folder: sys.executable)


@needs_git
def test_the_bundle_holds_the_project_and_what_it_requires_and_nothing_else(make, project, capfd):
    path = make.make_bundle(project)  # with a new environment's pip
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        inside = {info.filename: info for info in bundle.infolist()}
        tracked = {".gitignore", "pyproject.toml", "requirements.txt", "Grüße an alle.md", "data/manifest.csv"}
        made = {"START_HERE.txt", "wheels/made_for.json", "wheels/bricks-2.5-py3-none-any.whl"}
        assert set(inside) == {f"maskkit/{name}" for name in tracked | made}
        for name in tracked:
            assert bundle.read(f"maskkit/{name}") == (project / name).read_bytes()
        assert {info.date_time for info in inside.values()} == {(2026, 2, 3, 0, 0, 0)}
        stored = inside["maskkit/wheels/bricks-2.5-py3-none-any.whl"]
        assert stored.compress_type == zipfile.ZIP_STORED and bundle.read(stored) == (project.parent / "shelf" / "bricks-2.5-py3-none-any.whl").read_bytes()
        assert "MaskKit 1.2.3" in bundle.read("maskkit/START_HERE.txt").decode()
        assert json.loads(bundle.read("maskkit/wheels/made_for.json")) == make.this_python()
    assert path == make.bundle_path(project) and os.listdir(project / "dist") == [path.name]
    written = capfd.readouterr()
    assert written.out == "" and "bricks-2.5" in written.err


def test_the_name_says_version_platform_and_python(make):
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}[sys.platform]
    python = f"py{sys.version_info[0]}{sys.version_info[1]}"
    assert re.fullmatch(rf"maskkit-bundle-{re.escape(version)}-{system}-\w+-{python}\.zip", make.bundle_path().name)


def test_the_wheels_are_those_that_the_makefile_and_the_readme_install(make):
    install = ".[" + ",".join(make.EXTRAS) + "]"
    assert f"--editable '{install}'" in MAKEFILE
    assert f'-r requirements.txt -e "{install}"' in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f'-r requirements.txt -e "{install}"' in make.start_here("1", "abc", "2026-01-01")
    needed = make.requirements(ROOT)
    assert needed[:2] == ["--requirement", str(ROOT / "requirements.txt")]
    assert {requirement.split(">")[0] for requirement in needed[2:]} >= {"torch", "jupyterlab", "onnx", "pytest", "setuptools"}
    assert not any(requirement.startswith("playwright") for requirement in needed)


@needs_git
def test_a_folder_that_is_no_clone_is_refused(make, project):
    shutil.rmtree(project / ".git")
    with pytest.raises(InputError, match="made from a git clone.*a clone is none"):
        make.make_bundle(project)
    subprocess.run(["git", "-C", str(project.parent), "init", "--quiet"], check=True)  # unpacked inside somebody's own clone
    with pytest.raises(InputError, match="does not track its files"):
        make.make_bundle(project)
    assert not (project / "dist").exists()


def test_without_git_it_says_so(make, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="made from a git clone.*'git'"):
        make.tracked_files(tmp_path)


@needs_git
def test_a_missing_file_of_the_project_is_named(make, project):
    (project / "Grüße an alle.md").unlink()
    with pytest.raises(InputError, match="1 of the project's files .*Grüße an alle.md"):
        make.make_bundle(project)


@needs_git
@pytest.mark.parametrize("required", ["bricks==9.9", "mortar==1.0"])
def test_a_failed_download_is_one_sentence_and_keeps_the_older_bundle(make, project, own_pip, required):
    older = make.make_bundle(project).read_bytes()
    (project / "requirements.txt").write_text(f"{required}\n")
    with pytest.raises(InputError, match=rf"could not be downloaded \(pip: .*{re.escape(required)}.*so no bundle was made") as caught:
        make.make_bundle(project)
    assert "\n" not in str(caught.value)
    path = make.bundle_path(project)
    assert path.read_bytes() == older and os.listdir(path.parent) == [path.name]


@needs_git
@pytest.mark.parametrize("failure, code, sentence", [(OSError(28, "No space left on device"), 2, "No space left"), (KeyboardInterrupt(), 130, "Interrupted")])
def test_a_crash_while_writing_keeps_the_older_bundle(make, project, own_pip, monkeypatch, capsys, failure, code, sentence):
    path = make.make_bundle(project)
    older = path.read_bytes()

    def crash(source, target, length):
        target.write(source.read(10))
        raise failure

    monkeypatch.setattr(make.shutil, "copyfileobj", crash)
    original = make.make_bundle
    monkeypatch.setattr(make, "make_bundle", lambda photos: original(project, photos))
    assert make.main([]) == code
    assert capsys.readouterr().err.splitlines()[-1].count(sentence) == 1
    assert path.read_bytes() == older and os.listdir(path.parent) == [path.name]


@needs_git
def test_photos_come_along_only_when_asked_for_and_with_a_note(make, project, own_pip, tmp_path, capsys):
    archive = tmp_path / "downloaded.zip"
    with zipfile.ZipFile(archive, "w") as photos:
        photos.writestr(f"Face-Mask-Detection/dataset/{read_manifest()[0]['path']}", b"a photo")
    with zipfile.ZipFile(make.make_bundle(project, archive)) as bundle:
        assert bundle.read("maskkit/data/photos.zip") == archive.read_bytes()
        page = bundle.read("maskkit/START_HERE.txt").decode()
    assert "data photos --archive data/photos.zip" in page and "not asked" in page and "not asked" in capsys.readouterr().err
    assert "photos" not in make.start_here("1", "abc", "2026-01-01")


@pytest.mark.parametrize("kind, sentence", [("absent", "cannot be read"), ("text", "cannot be read"), ("other", "holds none of the 4094 photos"), ("damaged", "is damaged at")])
def test_an_archive_without_the_photos_is_refused(make, tmp_path, kind, sentence):
    archive = tmp_path / "file.zip"
    if kind == "text":
        archive.write_text("no zip")
    elif kind != "absent":
        with zipfile.ZipFile(archive, "w") as photos:
            photos.writestr(read_manifest()[0]["path"] if kind == "damaged" else "holiday/beach.jpg", b"one colour")
        archive.write_bytes(archive.read_bytes().replace(b"one colour", b"two colour" if kind == "damaged" else b"one colour"))
    with pytest.raises(InputError, match=sentence):
        make.check_photos(archive)


def test_a_file_too_large_for_an_old_stick_is_announced(make):
    assert make.size_note(3_220_000_000) == "3.22 GB"
    assert "exFAT" in make.size_note(2**32) and "exFAT" not in make.size_note(2**32 - 1)


def test_wheels_of_another_python_or_system_are_one_sentence(make, tmp_path):
    def check(**other):
        (tmp_path / "wheels").mkdir(exist_ok=True)
        (tmp_path / "wheels" / "made_for.json").write_text(json.dumps(make.this_python() | other))
        make.check_fit(tmp_path)

    check()
    with pytest.raises(InputError, match=r"fit Python 3\.99 .*this is Python 3\.\d+ .*make PYTHON=python3\.99 lab$"):
        check(python="3.99")
    with pytest.raises(InputError, match="on amiga-68k; .*made for this computer"):
        check(platform="amiga-68k")


def test_the_page_is_for_this_system_alone(make, monkeypatch):
    monkeypatch.setattr(make.sys, "platform", "linux")
    unix = make.start_here("1", "abc", "2026-01-01")
    monkeypatch.setattr(make.sys, "platform", "win32")
    windows = make.start_here("1", "abc", "2026-01-01")
    python = make.this_python()["python"]
    assert f"make PYTHON=python{python} lab" in unix and ".venv/bin/python -m pip install --no-index --find-links wheels" in unix and "py -" not in unix
    assert f"py -{python} -m venv" in windows and ".venv\\Scripts\\python -m pip install --no-index --find-links wheels" in windows and "bin/" not in windows


@needs_make
def test_make_install_asks_the_network_only_where_no_bundle_lies(make, tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)

    def told() -> str:
        return run_make(tmp_path, "--dry-run", "install").stdout

    (tmp_path / "wheels").mkdir()
    assert "pip install" in told() and "--no-index" not in told()
    (tmp_path / "wheels" / "made_for.json").write_text("{}")
    assert "--no-index --find-links wheels" in told()


@needs_make
def test_make_install_stops_at_wheels_that_do_not_fit(make, tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "docs/make_bundle.py", "maskkit/__init__.py", "maskkit/errors.py", "maskkit/files.py", "wheels/made_for.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "wheels" / "made_for.json").write_text(json.dumps(make.this_python() | {"python": "3.99"}))
    done = run_make(tmp_path, f"PYTHON='{sys.executable}'", "install")
    assert done.returncode == 2 and "fit Python 3.99" in done.stderr and not (tmp_path / ".venv").exists()


@needs_make
@pytest.mark.parametrize("version", [(3, 10, 13), (3, 15, 0)])
def test_a_python_without_wheels_is_one_sentence(tmp_path, version):
    spoken = ".".join(map(str, version))
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.version_info, sys.version = {version}, '{spoken} (pretended)'\n", encoding="utf-8")
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = run_make(tmp_path, f"PYTHON='{sys.executable}'", "install", PYTHONPATH=str(tmp_path))
    assert done.returncode and f"MaskKit needs Python 3.11 to 3.14; this is {spoken}. Try: make PYTHON=python3.12 install" in done.stderr
    assert not (tmp_path / ".venv").exists()


@needs_make
def test_a_full_disk_is_one_sentence_before_anything_is_installed(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import platform, shutil, types\nplatform.system, platform.machine = lambda: 'Linux', lambda: 'x86_64'\n"
        "shutil.disk_usage = lambda path: types.SimpleNamespace(free=3.21e9)\n", encoding="utf-8")
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = run_make(tmp_path, f"PYTHON='{sys.executable}'", "install", PYTHONPATH=str(tmp_path))
    assert done.returncode and "needs 7 GB of disk to install on Linux, and 3.2 GB are free here. Make room" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / ".venv").exists()
    (tmp_path / ".venv").mkdir()  # half of it is there: how much is missing is not known, so pip may try
    assert "disk_usage" not in run_make(tmp_path, "--dry-run", "install").stdout


@needs_make
def test_make_bundle_takes_photos_from_the_command_line_only():
    def told(*words: str, **variables: str) -> str:
        return run_make(ROOT, "--dry-run", "bundle", *words, **variables).stdout

    assert "make_bundle.py" in told() and "--photos" not in told() and "--photos" not in told(PHOTOS="mine.zip")
    assert '--photos "my file.zip"' in told("PHOTOS=my file.zip")


# What happens in the room. First of all: no network. (192.0.2.1 is reserved for documentation; without a network there is no way even to it.)
IN_THE_ROOM = r"""
set -e
ip link set lo up    # JupyterLab and its kernels talk over 127.0.0.1
"$PYTHON" -c 'import errno, socket; s = socket.socket(); s.settimeout(3); assert s.connect_ex(("192.0.2.1", 443)) == errno.ENETUNREACH, "there is a network"'
make PYTHON="'$PYTHON'" install
eval "$(grep 'pip install' START_HERE.txt) --dry-run --ignore-installed --quiet"    # without make
make demo
PYTEST_ADDOPTS="-q -p no:cacheprovider -k 'test_bundle or test_docs or test_files or test_architecture'" make test-unit
.venv/bin/jupyter nbconvert --to notebook --execute --log-level WARN --output-dir "$HOME" notebooks/00_start_here.ipynb
make lab &
LAB=$!
"$PYTHON" - <<'END'
import json, os, time, urllib.request
from pathlib import Path
for attempt in range(240):
    time.sleep(0.5)
    try:
        page, notebook = (urllib.request.urlopen(f"http://127.0.0.1:8888/{path}?token={os.environ['JUPYTER_TOKEN']}", timeout=5).read().decode()
                          for path in ("lab/tree/notebooks/00_start_here.ipynb", "api/contents/notebooks/00_start_here.ipynb"))
        break
    except OSError:
        pass
Path(os.environ["HOME"], "lab.json").write_text(json.dumps({"page": page, "notebook": json.loads(notebook)}))
END
kill $LAB
wait $LAB || true
"""


def _without_a_network() -> list[str]:
    """The command that gives a process no network; skips the test, and says why, where there is none."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs Linux with unshare (util-linux) and ip (iproute2) to take the network away")
    command = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    tried = subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"this system gives no process a network of its own: {tried.stderr.strip()}")
    return command


@pytest.mark.slow
@needs_make
def test_the_bundle_is_enough_in_a_room_without_wifi(make):
    """Install, train, learn and open JupyterLab from the zip in dist, in a process without a network, an old environment or a cache."""
    if not make.bundle_path().exists():
        pytest.skip(f"{make.bundle_path().name} is not in dist; make test-bundle makes it")
    command = _without_a_network()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # pytest would keep the gigabytes
        home, room = Path(folder, "home"), Path(folder, "a room")
        home.mkdir()
        with zipfile.ZipFile(make.bundle_path()) as bundle:
            bundle.extractall(room)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "OMP_NUM_THREADS") if name in os.environ}
        environment = kept | {"HOME": str(home), "PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull, "JUPYTER_TOKEN": "room"}
        running = subprocess.Popen([*command, "sh", "-c", IN_THE_ROOM], cwd=room / "maskkit", env=environment, start_new_session=True)
        try:
            assert running.wait(3600) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)  # after a failure, what it had started
        assert json.loads((room / "maskkit" / "runs" / "demo" / "report.json").read_text())["accuracy"] > 0.75
        lab = json.loads((home / "lab.json").read_text())
        assert "<title>JupyterLab</title>" in lab["page"]
        first = json.loads((room / "maskkit/notebooks/00_start_here.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"]
        assert lab["notebook"]["content"]["cells"][0]["source"] == "".join(first)
        executed = json.loads((home / "00_start_here.ipynb").read_text(encoding="utf-8"))
        code = [cell for cell in executed["cells"] if cell["cell_type"] == "code" and cell["source"]]
        assert len(code) > 5 and all(cell["execution_count"] for cell in code)
        assert "data:image" in json.dumps([cell["outputs"] for cell in code])  # pictures were drawn
