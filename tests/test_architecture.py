"""The arrows of the design: which module may import which, that ``import maskkit`` stays light, and in which order the notebooks are tested."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import scope

PACKAGE = Path(__file__).parents[1] / "maskkit"

# These are below everything; any module may use them.
FOUNDATION = {"errors", "files", "progress"}
MAY_IMPORT = {
    "errors": set(),
    "files": set(),
    "progress": set(),
    "memory": set(),
    "runtime": set(),
    "images": set(),
    "faces": set(),
    "duplicates": {"images"},
    "splits": {"duplicates", "images"},
    "photos": {"images"},
    "reading": {"memory", "images", "duplicates"},
    "datasets": {"memory", "runtime", "images", "faces", "duplicates", "splits", "photos", "reading", "distributed"},
    "audit": {"images", "duplicates", "splits"},
    "distributed": {"runtime"},
    "transforms": {"distributed", "runtime"},
    "models": set(),
    "checkpoints": {"images", "models", "runtime"},
    "training": {"datasets", "distributed", "transforms", "models", "checkpoints", "runtime"},
    "pretraining": {"memory", "faces", "models", "checkpoints", "training", "transforms", "runtime"},
    "tuning": {"training", "datasets", "distributed", "transforms", "runtime"},
    "evaluation": {"images", "reading", "transforms", "datasets", "models", "checkpoints", "runtime"},
    "onnx_model": {"images"},
    "export": {"datasets", "models", "checkpoints", "onnx_model"},
    "doctor": {"faces", "memory", "photos"},
    "colab": {"runtime"},
    "plots": set(),
    "widgets": {"plots", "transforms", "evaluation", "training", "datasets", "faces", "models", "images", "checkpoints"},
    "checks": {"models", "transforms"},
    "quizzes": set(),
    "results": set(),
    "cli": {"runtime", "distributed", "images", "faces", "duplicates", "splits", "photos", "reading", "datasets", "audit", "transforms", "models", "checkpoints",
            "training", "pretraining", "tuning", "evaluation", "export", "onnx_model", "doctor", "colab", "plots", "checks"},
    "__init__": set(),
    "__main__": {"cli"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(path: Path) -> set[str]:
    """First parts below ``maskkit`` of all that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "maskkit":
            below = node.module.split(".")[1:]
            found |= {below[0]} if below else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrows"
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("maskkit.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path):
    module = module_of(path)
    assert imported_modules(path) <= MAY_IMPORT[module] | FOUNDATION | {module}


def test_the_arrows_have_no_way_back():
    def below(module, seen=()):
        assert module not in seen, f"{module} imports itself by way of {seen}"
        for other in MAY_IMPORT[module]:
            below(other, (*seen, module))

    for module in MAY_IMPORT:
        below(module)


def test_every_module_has_a_test_file():
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.rglob("test_*.py")}
    modules = {module_of(path) for path in FILES} - {"__init__", "__main__", "errors"}
    assert modules <= tests


def test_every_package_is_installed():
    with (PACKAGE.parent / "pyproject.toml").open("rb") as handle:
        listed = tomllib.load(handle)["tool"]["setuptools"]["packages"]
    there = {".".join(path.parent.relative_to(PACKAGE.parent).parts) for path in PACKAGE.rglob("__init__.py")}
    assert there | {"maskkit.data"} == set(listed)


def test_import_maskkit_is_light_and_its_names_work():
    code = ("import sys, maskkit; heavy = {'torch', 'matplotlib', 'sklearn', 'ipywidgets', 'PIL'} & set(sys.modules); assert not heavy, heavy; "
            "[getattr(maskkit, name) for name in maskkit.__all__]; late = {'scipy', 'sklearn', 'matplotlib'} & set(sys.modules); assert not late, late")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_an_unknown_name_is_an_attribute_error():
    import maskkit

    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        maskkit.nonsense


def test_each_folder_of_notebooks_runs_in_one_worker_and_the_solutions_backwards():
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--collect-only", "--quiet", "tests/test_reading.py", "notebooks"]
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}  # which may choose some of the tests, as in a bundle's
    listed = subprocess.run(command, cwd=PACKAGE.parent, env=plain, capture_output=True, text=True).stdout.splitlines()
    cells = [line for line in listed if ".ipynb::" in line]
    paths = list(dict.fromkeys(cell.split("::")[0] for cell in cells))
    copies, solutions = ([path for path in paths if ("solutions" in path) == wanted] for wanted in (False, True))
    assert copies == sorted(copies) and len(copies) >= 8
    assert solutions == sorted(solutions, reverse=True) and len(solutions) == len(copies)
    assert {Path(scope(cell)) for cell in cells} == {Path("notebooks"), Path("notebooks/solutions")}
