"""Every failure is planted, and the table must name it together with its cure; nothing may end the examination itself."""

import builtins
import errno
import html
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

from maskkit import doctor, memory, photos
from maskkit.cli import main
from maskkit.doctor import FIX, NOTE, OK, Examination, Finding

HEALTHY = {"torch": "2.9.0", "torchvision": "0.24.0", "threads": 2, "cuda": None, "devices": {"cpu": ""}, "gpus": []}


@pytest.fixture(autouse=True)
def plain_python(monkeypatch):
    """As on the command line of a laptop, whatever runs these tests."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    monkeypatch.delenv("MASKKIT_PHOTOS", raising=False)


@pytest.fixture
def torch_says(monkeypatch):
    """Plant what the separate Python answers when it tries torch."""
    def plant(returncode=0, stdout="", stderr="", **found):
        done = subprocess.CompletedProcess([], returncode, stdout or json.dumps(HEALTHY | found), stderr)
        monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
        return {finding.check: finding for finding in findings("torch")}

    return plant


def findings(name: str) -> list[Finding]:
    return doctor._isolated(name, dict(doctor.CHECKS)[name])


def only(name: str) -> Finding:
    [finding] = findings(name)
    return finding


def test_torch_works_here():
    """The one test that asks the real torch, in a Python of its own."""
    works, device = findings("torch")
    assert works.state == OK and importlib.metadata.version("torch") in works.found and device.check == "device"


@pytest.mark.parametrize("name", [name for name, _ in doctor.CHECKS if name not in ("torch", "photos", "memory", "disk")])
def test_all_is_well_where_these_tests_run(name):
    assert {finding.state for finding in findings(name)} == {OK}


def test_an_old_python(monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.9.1")
    assert only("Python").state == FIX and "3.9.1" in only("Python").found and ">=3.11" in only("Python").fix


def test_packages_that_are_missing_or_too_old(monkeypatch):
    true_version = importlib.metadata.version

    def version(name):
        if name == "scipy":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.2.3" if name == "numpy" else true_version(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    summary, *wrong = findings("packages")
    by_name = {finding.check: finding for finding in wrong}
    assert set(by_name) == {"numpy", "scipy"} and summary.state == NOTE and "pillow" in summary.found and "numpy" not in summary.found
    assert "1.2.3; MaskKit needs numpy>=2.0" in by_name["numpy"].found and by_name["numpy"].fix == 'python -m pip install "numpy>=2.0"'
    assert "not installed" in by_name["scipy"].found and "pip install" in by_name["scipy"].fix


def test_in_a_notebook_the_cure_is_for_its_own_python(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setattr(doctor, "_installed", lambda name: None)
    assert all("%pip install" in finding.fix and "restart the kernel" in finding.fix for finding in findings("packages")[1:])


@pytest.fixture
def as_installed(monkeypatch, tmp_path):
    """Call it, and MaskKit lies in site-packages, without its pyproject.toml."""
    in_checkout = doctor._project()
    extras = [f'{line}; extra == "{extra}"' for extra in ("lab", "tune") for line in in_checkout["optional-dependencies"][extra]]
    metadata = Message()  # what importlib.metadata gives, too
    metadata["Requires-Python"] = in_checkout["requires-python"]
    for line in [*in_checkout["dependencies"], *extras, 'pytest>=99; extra == "test"']:
        metadata["Requires-Dist"] = line
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: metadata)
    return lambda: monkeypatch.setattr(doctor, "__file__", str(tmp_path / "site-packages" / "maskkit" / "doctor.py"))


def test_requirements_of_an_installation_are_those_of_the_checkout(as_installed):
    before = findings("packages")
    as_installed()
    assert findings("packages") == before and only("Python").state == OK


def test_colab_needs_what_its_setup_cell_installs_and_no_jupyterlab(as_installed, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    before = only("packages")
    assert "optuna" in before.found and "jupyterlab" not in before.found
    as_installed()
    assert only("packages") == before


@pytest.mark.parametrize("planted, said, cure", [
    ("raise ModuleNotFoundError(\"No module named 'torch'\")", "No module named 'torch'", "pip install torch torchvision"),
    ("raise ImportError('libtorch.so: cannot open shared object file')", "libtorch.so", "--force-reinstall torch torchvision"),
    ("import sys; sys.exit('goodbye')", "goodbye", "--force-reinstall"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGABRT)", "SIGABRT" if os.name == "posix" else "", "--force-reinstall"),
])
def test_a_torch_that_cannot_be_imported(planted, said, cure, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text(planted)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [finding] = findings("torch")
    assert (finding.check, finding.state) == ("torch", FIX) and said in finding.found and cure in finding.fix


def test_a_torch_that_never_answers(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("import time; time.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "TORCH_SECONDS", 0.2)
    assert only("torch").state == FIX and "did not answer" in only("torch").found and "Restart the computer" in only("torch").fix


def test_other_ways_in_which_torch_is_broken(torch_says, monkeypatch):
    assert "different places" in torch_says(1, stderr="RuntimeError: operator torchvision::nms does not exist")["torch"].found
    assert torch_says(-signal.SIGTERM)["torch"].found.endswith("SIGTERM") and "signal 99" in torch_says(-99)["torch"].found
    assert torch_says(3221225501)["torch"].found == "without a word, with code 3221225501"
    assert torch_says(devices={"cpu": "its numbers are not finite"})["torch"].state == FIX
    assert "could not be examined" in torch_says(stdout="no JSON")["torch"].found
    monkeypatch.setattr(sys, "platform", "win32")
    assert "Visual C++ Redistributable" in torch_says(1, stderr="OSError: [WinError 126] Error loading c10.dll: DLL load failed")["torch"].fix


def test_devices(torch_says, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert torch_says()["device"] == Finding("device", OK, "cpu, 2 threads: enough for all lessons")
    assert torch_says(threads=1)["device"].found == "cpu, 1 thread: enough for all lessons"
    assert torch_says(devices={"cpu": "", "cuda": ""}, gpus=["Tesla T4"])["device"] == Finding("device", OK, "cuda: Tesla T4")
    assert "Apple" in torch_says(devices={"cpu": "", "mps": ""})["device"].found
    broken = torch_says(devices={"cpu": "", "cuda": "no kernel image is available"}, gpus=["Old card"])["device"]
    assert broken.state == FIX and "no kernel image" in broken.found and "--device cpu" in broken.fix and "driver" in broken.fix
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert "without CUDA" in torch_says()["device"].found and torch_says()["device"].state == NOTE
    assert "CUDA 12.8) does not find it" in torch_says(cuda="12.8")["device"].found
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert "Change runtime type" in torch_says()["device"].fix


def test_little_memory(monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8e8))
    assert only("memory").state == FIX and "0.8 GB free" in only("memory").found and "Close other programs" in only("memory").fix
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1.5e9))
    assert only("memory").state == NOTE and "little for thousands of photos" in only("memory").found and "Close other programs" in only("memory").fix
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8e9))
    monkeypatch.setattr(memory, "container_memory", lambda: 3e8)
    assert only("memory").state == FIX and "0.3 GB free" in only("memory").found


def test_memory_without_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        assert "GB free" in only("memory").found
    monkeypatch.setattr(os, "sysconf_names", {}, raising=False)
    assert only("memory").state == NOTE and "not known" in only("memory").found


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2e8))
    assert only("disk").state == FIX and "0.2 GB free here" in only("disk").found and "MASKKIT_CACHE" in only("disk").fix


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("in the way")
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "a file"))
    assert only("cache folder").state == FIX and "a file" in only("cache folder").found and "MASKKIT_CACHE" in only("cache folder").fix
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "a file" / "below"))
    assert only("cache folder").state == FIX and only("disk").state == OK
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_a_cache_that_somebody_else_has_filled(tmp_path, monkeypatch):
    def refuse(dir, **others):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert only("cache folder").state == FIX and "cannot be written (Permission denied)" in only("cache folder").found
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "0.npz").touch()
    assert only("cache folder").state == NOTE and "holds drawn faces" in only("cache folder").found and "MASKKIT_CACHE" in only("cache folder").fix


def test_the_cache_is_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    assert only("cache folder").state == OK and not list(tmp_path.iterdir())


def test_the_home_folder_is_not_spelt_out(monkeypatch):
    monkeypatch.setenv("MASKKIT_CACHE", "~/.cache/for a test of maskkit")
    monkeypatch.setattr(Path, "mkdir", lambda *args, **options: None)
    assert str(Path.home()) not in only("cache folder").found and str(Path("~/.cache/for a test of maskkit")) in only("cache folder").found


def test_faces_that_cannot_be_drawn(monkeypatch):
    import numpy as np

    import maskkit.faces

    monkeypatch.setattr(maskkit.faces, "draw_face", lambda **options: np.zeros((64, 64, 3)))
    assert only("drawn faces").state == FIX and "not a picture" in only("drawn faces").found and "Install" in only("drawn faces").fix


@pytest.fixture
def listed_photos(tmp_path, monkeypatch):
    """Three listed photos, all there, where MaskKit looks for them."""
    from hashlib import sha256

    folder = tmp_path / "cache" / "photos"
    rows = []
    for name in ("with_mask/1.jpg", "with_mask/2.jpg", "without_mask/3.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        rows.append({"path": name, "sha256": sha256(name.encode()).hexdigest()})
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(photos, "read_manifest", lambda: rows)
    return folder


def test_photos_are_counted_against_the_manifest(listed_photos, monkeypatch):
    assert only("photos").state == OK and "3 of 3" in only("photos").found
    (listed_photos / "with_mask" / "1.jpg").unlink()
    (listed_photos / "with_mask" / "2.jpg").write_text("half")
    harmed = only("photos")
    assert harmed.state == FIX and "1 of 3" in harmed.found and "1 are missing, 1 were changed" in harmed.found
    assert "Move that folder away, then run: maskkit data photos" in harmed.fix
    monkeypatch.setenv("MASKKIT_PHOTOS", str(listed_photos))
    assert "Remove the variable MASKKIT_PHOTOS" in only("photos").fix
    shutil.rmtree(listed_photos / "without_mask")
    shutil.rmtree(listed_photos / "with_mask")
    assert only("photos").state == FIX and "none of the 3 listed" in only("photos").found


def test_photos_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path))
    assert only("photos").state == NOTE and "maskkit data photos" in only("photos").fix
    monkeypatch.setenv("MASKKIT_PHOTOS", str(tmp_path / "nowhere"))
    assert only("photos").state == FIX and "nowhere" in only("photos").found and "remove the variable" in only("photos").fix


def test_no_notebook_server(monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda name: None)
    assert only("notebook server").state == FIX and only("notebook server").fix == "python -m pip install jupyterlab ipywidgets"


def test_a_firewall_that_closes_all_ports(monkeypatch):
    import socket

    def refused(*args, **options):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refused)
    assert only("notebook server").state == FIX and "no local port" in only("notebook server").found and "firewall" in only("notebook server").fix


def test_kernels(monkeypatch, tmp_path):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

    def plant(*argv):
        monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: KernelSpec(argv=list(argv)))
        return only("kernel")

    assert plant("python").state == OK and plant(str(Path(sys.executable).with_name("python3"))).state == OK
    elsewhere = plant(str(tmp_path / "other" / "bin" / "python"))
    assert elsewhere.state == FIX and "another Python" in elsewhere.found and "ipykernel install --sys-prefix" in elsewhere.fix

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    assert only("kernel").state == FIX and "no Python kernel" in only("kernel").found and "pip install ipykernel" in only("kernel").fix


def test_widgets_without_their_part_for_the_browser(monkeypatch):
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *parts: [])
    assert only("widgets").state == FIX and "part for the browser" in only("widgets").found and "jupyterlab_widgets" in only("widgets").fix


@pytest.mark.parametrize("check, module, cure", [
    ("Python", "packaging", "packaging"), ("packages", "packaging", "packaging"), ("drawn faces", "PIL", "pillow"), ("photos", "numpy", "numpy"),
    ("kernel", "jupyter_client", "jupyter_client"), ("widgets", "ipywidgets", "ipywidgets"), ("widgets", "jupyter_core", "jupyter_core")])
def test_a_check_whose_own_package_is_missing_names_it(check, module, cure, monkeypatch):
    true_import = builtins.__import__

    def planted(name, *args, **options):
        if name.split(".")[0] == module:
            raise ModuleNotFoundError(f"No module named '{module}'", name=module)
        return true_import(name, *args, **options)

    for name in [name for name in sys.modules if name.split(".")[0] in (module, "maskkit") and name not in ("maskkit", "maskkit.doctor", "maskkit.files")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", planted)
    assert only(check).state == FIX and "could not be examined" in only(check).found and only(check).fix == f"python -m pip install {cure}"


@pytest.mark.parametrize("harm", [RuntimeError(""), SystemExit(3), MemoryError("none left"), OSError(5, "Input/output error")])
def test_nothing_ends_the_examination(harm, monkeypatch, torch_says):
    def broken():
        raise harm

    torch_says()
    monkeypatch.setattr(doctor, "CHECKS", (("first", broken), *((name, broken if name == "disk" else check) for name, check in doctor.CHECKS)))
    examination = doctor.examine()
    by_name = {finding.check: finding for finding in examination.findings}
    assert by_name["first"].state == by_name["disk"].state == FIX and by_name["widgets"].state == OK and not examination.ok
    assert by_name["disk"].fix and "first, disk" in str(examination)


def test_even_without_torch_numpy_and_the_rest_there_is_a_table(tmp_path):
    """In a Python in which nothing but the standard library can be imported: a table, no traceback, exit code 1."""
    for name in ("torch", "numpy", "PIL", "packaging", "psutil", "jupyter_client", "ipywidgets", "scipy"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('planted')")
    package = Path(doctor.__file__).parents[1]
    done = subprocess.run([sys.executable, "-m", "maskkit", "doctor"], capture_output=True, text=True, cwd=package, encoding="utf-8",
                          env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(package)]), "MASKKIT_CACHE": str(tmp_path / "cache")})
    assert done.returncode == 1 and not done.stderr and "Traceback" not in done.stdout, done.stderr
    assert done.stdout.count("planted") >= 6 and "To mend: Python, packages, torch" in done.stdout and "ok    cache folder" in done.stdout


SICK = Examination((Finding("disk", OK, "9 GB free"), Finding("photos", NOTE, "not <there>", "If you want them: maskkit data photos"),
                    Finding("torch", FIX, "broken " * 40, "Install it & look again")))


def test_the_table_in_words_and_for_the_notebook():
    text, page = str(SICK), SICK._repr_html_()
    assert not SICK.ok and text.splitlines()[0].split() == ["ok", "disk", "9", "GB", "free"] and max(map(len, text.splitlines())) <= 110
    assert "-> Install it & look again" in text and text.endswith("To mend: torch.") and repr(SICK) == text
    assert "not &lt;there&gt;" in page and "Install it &amp; look again" in page and page.count("<tr>") == 4 and 'scope="col"' in page
    assert all(finding.state in page and html.escape(finding.check) in page for finding in SICK.findings)
    assert "is there" in str(Examination(SICK.findings[:2])) and Examination(SICK.findings[:2]).ok


@pytest.mark.parametrize("examination, code", [(SICK, 1), (Examination(SICK.findings[:2]), 0)])
def test_the_command(examination, code, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: examination)
    assert main(["doctor"]) == code and capsys.readouterr().out == f"{examination}\n"
    assert main(["doctor", "--json"]) == code
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is (code == 0) and said["findings"][0] == {"check": "disk", "state": "ok", "found": "9 GB free", "fix": ""}
