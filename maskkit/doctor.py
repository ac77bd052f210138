"""Is everything there that the lessons need? ``maskkit doctor``, and the first cell of notebook 00.

Nothing outside the standard library is imported before a check needs it, and each check stands alone: whatever is
broken, there is still a table, and what is broken is named in it together with its cure.
"""

import html
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from maskkit.files import cache_dir
from maskkit.memory import free_memory

OK, NOTE, FIX = "ok", "note", "fix"  # as it should be; worth knowing; needs something done

NEED_MEMORY = 1.0    # GB free: torch, a notebook and some hundreds of small faces
AMPLE_MEMORY = 2.0   # GB free: MaskCNN on 4,094 images of 128 pixels in memory was seen to take 1.7
NEED_DISK = 1.0      # GB free: the photos, their archive, drawn faces and some runs
TORCH_SECONDS = 120

_ON_PYPI = {"PIL": "pillow", "sklearn": "scikit-learn", "imagehash": "ImageHash"}  # where the name to install is another one
_REINSTALL_TORCH = "--force-reinstall torch torchvision"

# Runs in a Python of its own: a torch that does not fit the machine can end the whole process, or never answer.
_TORCH_PROBE = """
import json, torch, torchvision
def forward(device):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 1)).to(device)
    return bool(torch.isfinite(net(torch.rand(2, 3, 8, 8, device=device))).all())
def works(device):
    try:
        return "" if forward(device) else "its numbers are not finite"
    except Exception as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
torchvision.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
devices = ["cpu"] + ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available()
print(json.dumps({"torch": torch.__version__, "torchvision": torchvision.__version__, "threads": torch.get_num_threads(),
    "cuda": torch.version.cuda, "devices": {device: works(device) for device in devices},
    "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())] if "cuda" in devices else []}))
"""


@dataclass(frozen=True)
class Finding:
    """One row of the table: what was looked at, its state ("ok", "note" or "fix"), what was found, and what to do about it."""

    check: str
    state: str
    found: str
    fix: str = ""


@dataclass(frozen=True)
class Examination:
    """All findings; a table in the notebook, on the console (``str``) and for programs (`as_json`)."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing needs a fix."""
        return not any(finding.state == FIX for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """Plain values: ``ok``, and one dictionary for each finding."""
        return {"ok": self.ok, "findings": [asdict(finding) for finding in self.findings]}

    def __str__(self) -> str:
        width = max(len(finding.check) for finding in self.findings)
        lines = []
        for finding in self.findings:
            lines += _hanging(f"{finding.state:<5} {finding.check:<{width}}  ", finding.found)
            lines += _hanging(" " * (width + 8) + "-> ", finding.fix) if finding.fix else []
        return "\n".join([*lines, self._verdict()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def cell(text: str) -> str:
            text = f"<strong>{text}</strong>" if text == FIX else html.escape(text)
            return f'<td style="text-align: left; vertical-align: top">{text}</td>'

        head = "".join(f'<th scope="col" style="text-align: left">{title}</th>' for title in ("state", "what", "found", "what to do"))
        rows = "".join(f"<tr>{cell(finding.state)}{cell(finding.check)}{cell(finding.found)}{cell(finding.fix)}</tr>" for finding in self.findings)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p><strong>{html.escape(self._verdict())}</strong></p>"

    def _verdict(self) -> str:
        broken = [finding.check for finding in self.findings if finding.state == FIX]
        return f"To mend: {', '.join(broken)}." if broken else "Everything that the lessons need is there."


def examine() -> Examination:
    """Look at Python, the packages, torch and its device, memory, disk, the data, and what notebooks need. Never raises."""
    return Examination(tuple(finding for name, check in CHECKS for finding in _isolated(name, check)))


def _isolated(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    # A broken package can fail in any way, sys.exit() at its import included.
    except (Exception, SystemExit) as error:
        module = error.name.split(".")[0] if isinstance(error, ModuleNotFoundError) and error.name else None
        cure = _pip(_ON_PYPI.get(module, module)) if module else "Mend what is named in the other rows and look again; if this stays, install MaskKit again."
        return [Finding(name, FIX, f"could not be examined ({_reason(error)})", cure)]


def _python() -> list[Finding]:
    needs = _project()["requires-python"]
    from packaging.specifiers import SpecifierSet

    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if SpecifierSet(needs).contains(platform.python_version(), prereleases=True):
        return [Finding("Python", OK, found)]
    return [Finding("Python", FIX, f"{found}; MaskKit needs {needs}", f"Install a Python {needs} from python.org, and MaskKit with it.")]


def _packages() -> list[Finding]:
    from packaging.requirements import Requirement

    right, wrong = [], []
    for requirement in map(Requirement, _requirements()):
        if requirement.marker and not requirement.marker.evaluate({"extra": _extra()}):
            continue
        installed = _installed(requirement.name)
        if installed and requirement.specifier.contains(installed, prereleases=True):
            right.append(f"{requirement.name} {installed}")
        else:
            wanted = f"{requirement.name}{requirement.specifier}"
            wrong.append(Finding(requirement.name, FIX, f"{installed or 'not installed'}; MaskKit needs {wanted}", _pip(wanted)))
    return [Finding("packages", OK if not wrong else NOTE, f"as MaskKit needs them: {', '.join(right) or 'none'}"), *wrong]


def _torch() -> list[Finding]:
    try:
        done = subprocess.run([sys.executable, "-c", _TORCH_PROBE], capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=TORCH_SECONDS)
    except subprocess.TimeoutExpired:
        return [Finding("torch", FIX, f"did not answer within {TORCH_SECONDS} seconds",
                        f"Restart the computer and look again (the first start after an installation is slow); if it stays: {_pip(_REINSTALL_TORCH)}")]
    if done.returncode:
        return [_broken_torch(done)]
    found = json.loads(done.stdout.splitlines()[-1])
    works = Finding("torch", OK, f"{found['torch']} with torchvision {found['torchvision']}: a small network computes")
    if found["devices"]["cpu"]:
        works = Finding("torch", FIX, f"{found['torch']} does not compute: {found['devices']['cpu']}", _pip(_REINSTALL_TORCH))
    return [works, _device(found)]


def _broken_torch(done: subprocess.CompletedProcess) -> Finding:
    # Windows reports a crash as a large code, elsewhere it is the negative number of a signal.
    said = (done.stderr.strip().splitlines() or [f"without a word, with code {done.returncode}"])[-1]
    if done.returncode < 0:
        try:
            said = f"the system ended it: {signal.Signals(-done.returncode).name}"
        except ValueError:
            said = f"the system ended it: signal {-done.returncode}"
    if sys.platform == "win32" and "DLL" in done.stderr:
        return Finding("torch", FIX, said, "Install the Microsoft Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe), then look again.")
    if "No module named" in said:
        return Finding("torch", FIX, said, _pip("torch torchvision"))
    if "torchvision::" in said:
        said += "; torch and torchvision come from different places"
    return Finding("torch", FIX, said, _pip(_REINSTALL_TORCH))


def _device(found: dict) -> Finding:
    broken = {device: said for device, said in found["devices"].items() if said and device != "cpu"}
    if broken:
        [(device, said), *_] = broken.items()
        return Finding("device", FIX, f"{device} is there but does not compute: {said}",
                       "Update the driver of the graphics card; until then train with --device cpu (in a notebook: TrainConfig(device=\"cpu\")).")
    if found["gpus"]:
        return Finding("device", OK, f"cuda: {', '.join(found['gpus'])}")
    if "mps" in found["devices"]:
        return Finding("device", OK, "mps: the graphics part of an Apple processor")
    cpu = f"cpu, {found['threads']} {'thread' if found['threads'] == 1 else 'threads'}: enough for all lessons"
    if _in_colab():
        return Finding("device", NOTE, cpu, "For a GPU: Runtime, Change runtime type, T4 GPU; then run this again.")
    if shutil.which("nvidia-smi"):
        reason = "this torch was built without CUDA" if not found["cuda"] else f"torch (for CUDA {found['cuda']}) does not find it"
        return Finding("device", NOTE, f"{cpu}. There is an NVIDIA graphics card, but {reason}",
                       "To use it, update its driver, and install torch as pytorch.org says for your system.")
    return Finding("device", OK, cpu)


def _memory() -> list[Finding]:
    try:
        free = free_memory() / 1e9
    except ImportError:
        return [Finding("memory", NOTE, "how much is free is not known on this system")]
    found = f"{free:.1f} GB free"
    if free >= AMPLE_MEMORY:
        return [Finding("memory", OK, found)]
    close = "Close other programs, and other notebooks (in JupyterLab: Kernel, Shut Down All Kernels)."
    if free >= NEED_MEMORY:
        return [Finding("memory", NOTE, f"{found}: enough for drawn faces, little for thousands of photos", close)]
    return [Finding("memory", FIX, f"{found}; the lessons need {NEED_MEMORY:.0f} GB", close)]


def _disk() -> list[Finding]:
    places = {"here": Path.cwd(), "in the cache folder": _existing(cache_dir())}
    free = {where: shutil.disk_usage(path).free / 1e9 for where, path in places.items()}
    found = ", ".join(f"{gigabytes:.1f} GB free {where}" for where, gigabytes in free.items())
    if min(free.values()) >= NEED_DISK:
        return [Finding("disk", OK, found)]
    return [Finding("disk", FIX, f"{found}; the lessons take up to {NEED_DISK:.0f} GB",
                    "Delete what you do not need, or set the variable MASKKIT_CACHE to a folder on another disk.")]


def _cache() -> list[Finding]:
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor") as file:
            file.write(b"can be written")
    except OSError as error:
        if any((folder / "faces").glob("*.npz")):  # a room shares it, and only whoever has filled it may write in it
            return [Finding("cache folder", NOTE, f"{_short(folder)} holds drawn faces, and cannot be written ({_reason(error)})",
                            "What it holds is taken, and anything else drawn anew each time. For a cache of your own set the variable MASKKIT_CACHE to a folder "
                            "that you may write in.")]
        return [Finding("cache folder", FIX, f"{_short(folder)} cannot be written ({_reason(error)})",
                        "Set the variable MASKKIT_CACHE to a folder that you may write in; until then faces are drawn anew each time.")]
    return [Finding("cache folder", OK, f"{_short(folder)} can be written")]


def _faces() -> list[Finding]:
    from maskkit.faces import draw_face

    face = draw_face(rng=0, image_size=64)
    if face.shape != (64, 64, 3) or face.std() < 1:
        return [Finding("drawn faces", FIX, f"a drawn face is not a picture (shape {face.shape})", "Install MaskKit again.")]
    return [Finding("drawn faces", OK, "a face can be drawn; nothing has to be downloaded")]


def _photos() -> list[Finding]:
    from maskkit.errors import InputError
    from maskkit.photos import photos_dir, read_manifest, verify_photos

    folder, listed = photos_dir(), len(read_manifest())
    if not folder.is_dir() and os.environ.get("MASKKIT_PHOTOS"):
        return [Finding("photos", FIX, f"MASKKIT_PHOTOS names {_short(folder)}, which is no folder",
                        "Set it to the folder that holds with_mask and without_mask, or remove the variable.")]
    if not folder.is_dir():
        return [Finding("photos", NOTE, "not downloaded; only DATA = \"photos\" needs them", "If you want them: maskkit data photos")]
    again = "Move that folder away, then run: maskkit data photos"
    if os.environ.get("MASKKIT_PHOTOS"):
        again = "Remove the variable MASKKIT_PHOTOS, then run: maskkit data photos"
    try:
        photos = verify_photos(folder)
    except InputError:
        return [Finding("photos", FIX, f"{_short(folder)} holds none of the {listed:,} listed photos", again)]
    found = f"{photos.verified:,} of {listed:,} in {_short(folder)} are exactly as listed"
    if photos.verified == listed:
        return [Finding("photos", OK, found)]
    return [Finding("photos", FIX, f"{found}; {len(photos.missing)} are missing, {len(photos.changed)} were changed", again)]


def _notebook_server() -> list[Finding]:
    if _in_colab():
        return [Finding("notebook server", OK, "Google Colab")]
    name = next((name for name in ("jupyterlab", "notebook") if _installed(name)), None)
    if name is None:
        return [Finding("notebook server", FIX, "JupyterLab is not installed", _pip("jupyterlab ipywidgets"))]
    try:
        with socket.create_server(("127.0.0.1", 0)):
            pass
    except OSError as error:
        return [Finding("notebook server", FIX, f"{name} {_installed(name)}, but no local port can be opened ({_reason(error)})",
                        "Allow Python to open local ports in the firewall or security program, or ask who looks after this computer.")]
    return [Finding("notebook server", OK, f"{name} {_installed(name)}, and a local port can be opened")]


def _kernel() -> list[Finding]:
    if _in_colab():
        return [Finding("kernel", OK, "Google Colab's")]
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    install = "python -m ipykernel install --sys-prefix"
    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return [Finding("kernel", FIX, "JupyterLab has no Python kernel", f"{_pip('ipykernel')}, and then: {install}")]
    # A bare "python" means the server's own; a path may be spelt python, python3 or python3.11, so compare folders.
    if os.path.dirname(program) and os.path.normcase(os.path.dirname(program)) != os.path.normcase(os.path.dirname(sys.executable)):
        return [Finding("kernel", FIX, f"notebooks would run in another Python, {_short(Path(program))}", f"With the Python of MaskKit: {install}")]
    return [Finding("kernel", OK, "notebooks run in this Python")]


def _widgets() -> list[Finding]:
    import ipywidgets
    from jupyter_core.paths import jupyter_path

    slider = ipywidgets.IntSlider(value=3)
    value = slider.value
    slider.close()  # leave nothing behind in the notebook
    front = _in_colab() or any(Path(folder, "@jupyter-widgets", "jupyterlab-manager").is_dir() for folder in jupyter_path("labextensions"))
    if value != 3 or not front:
        return [Finding("widgets", FIX, f"ipywidgets {ipywidgets.__version__}, but its part for the browser is missing",
                        f"{_pip('--force-reinstall jupyterlab_widgets')}, then restart JupyterLab and reload the page.")]
    return [Finding("widgets", OK, f"ipywidgets {ipywidgets.__version__}, with its part for the browser")]


CHECKS: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
    ("Python", _python), ("packages", _packages), ("torch", _torch), ("memory", _memory), ("disk", _disk), ("cache folder", _cache),
    ("drawn faces", _faces), ("photos", _photos), ("notebook server", _notebook_server), ("kernel", _kernel), ("widgets", _widgets),
)


def _project() -> dict:
    """What ``pyproject.toml`` says of the project, from the file in a checkout, from the installation otherwise."""
    beside = Path(__file__).parents[1] / "pyproject.toml"
    if beside.is_file():
        return tomllib.loads(beside.read_text(encoding="utf-8"))["project"]
    metadata = importlib.metadata.metadata("maskkit")
    return {"requires-python": metadata["Requires-Python"], "dependencies": metadata.get_all("Requires-Dist")}


def _requirements() -> list[str]:
    """What the lessons need: the package's own requirements, and those of an extra."""
    project = _project()
    return [*project["dependencies"], *project.get("optional-dependencies", {}).get(_extra(), [])]


def _extra() -> str:
    """Colab is its own lab, and its setup cell brings what it lacks for the lessons."""
    return "tune" if _in_colab() else "lab"


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _pip(what: str) -> str:
    """How to install it: in a notebook, into the Python that runs the notebook."""
    what = f'"{what}"' if any(sign in what for sign in "<>=!~") else what
    return f"In a cell: %pip install {what}, then restart the kernel" if "ipykernel" in sys.modules else f"python -m pip install {what}"


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def _in_colab() -> bool:
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def _short(path: Path) -> str:
    """The path with ~ for the home folder, as people write it, and without the user's name."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # without the path, which is said already
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}" if str(error).strip() else type(error).__name__


def _hanging(start: str, text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent=start, subsequent_indent=" " * len(start), break_long_words=False, break_on_hyphens=False)
