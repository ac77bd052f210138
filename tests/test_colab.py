"""Colab: installing MaskKit there upgrades nothing that Colab ships, every notebook has the badge and the setup cell, and a clone can be pointed at a fork."""

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from maskkit import cli, colab
from maskkit.errors import InputError

PROJECT = Path(__file__).parents[1]
FORK = "ada-l/Masks.2"
FORK_AND_BRANCH = (FORK, "dev_1.0")

README = (PROJECT / "README.md").read_text(encoding="utf-8")
[(REPO, BRANCH), *_] = colab.addresses(README)  # in a fork it is the fork's
PAGES = sorted((PROJECT / "docs").glob("*.md"))
NOTEBOOKS = sorted([*PROJECT.glob("notebooks/*.ipynb"), *PROJECT.glob("notebooks/solutions/*.ipynb")])
in_every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")


# --- what the setup cell installs ------------------------------------------------------------------------------------


def helper(name):
    spec = importlib.util.spec_from_file_location(name, PROJECT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_colab = helper("check_colab")
installed_by_the_setup_cell, METADATA = check_colab.installed_by_the_setup_cell, check_colab.METADATA
KEPT = check_colab.KEPT.read_text(encoding="utf-8")
COLAB = check_colab.read_versions(KEPT)


def test_the_setup_cell_installs_maskkit_with_what_the_notebooks_need():
    requirement = installed_by_the_setup_cell()
    assert requirement.name == METADATA["name"] and requirement.url == f"git+https://github.com/{colab.REPO}@{colab.BRANCH}"
    assert "3.13" in Requirement(f"python{METADATA['requires-python']}").specifier


def test_installing_replaces_nothing_that_colab_ships():
    assert check_colab.replaced(COLAB) == []
    assert not check_colab.NEW & set(COLAB)


def test_every_package_of_the_list_matters_and_every_bound_is_looked_at():
    asked = {canonicalize_name(found.name) for _, found in check_colab.requirements()}
    assert asked == set(COLAB) | check_colab.NEW
    ours = [line for line in METADATA["dependencies"] if Requirement(line).name != "ImageHash" and not Requirement(line).marker]
    for line in [*ours, "ipywidgets>=7.7", "nbconvert>=7.8"]:
        name = canonicalize_name(Requirement(line).name)
        said = [f"MaskKit needs {line}, and Colab ships 0.1.", f"MaskKit needs {Requirement(line).name}, which Colab does not ship."]
        assert said[0] in check_colab.replaced(COLAB | {name: "0.1"})
        assert said[1] in check_colab.replaced({other: version for other, version in COLAB.items() if other != name})


def test_what_colab_lacks_may_ask_for_nothing_newer_and_no_longer_counts_once_colab_ships_it():
    old = COLAB | {"sqlalchemy": "1.3"}
    assert any(line.startswith("alembic needs SQLAlchemy") for line in check_colab.replaced(old))
    said = check_colab.replaced(old | {"alembic": "1.18.0"})
    assert said and not any(line.startswith("alembic ") for line in said)  # optuna asks for it, too
    assert check_colab.replaced(COLAB | {"optuna": "3.0"}) == ["MaskKit needs optuna>=4.0, and Colab ships 3.0."]


# --- whether Colab has moved on --------------------------------------------------------------------------------------

PUBLISHED = """\
# Do not modify this file directly; it is generated
google-colab @ file:///colabtools/dist/google-colab-1.0.0.tar.gz
en-core-web-sm @ https://example.org/releases/en_core_web_sm-3.8.0/en_core_web_sm-3.8.0-py3-none-any.whl#sha256=1932
Pillow==11.3.0
scikit_learn==1.6.1
torch @ https://download.pytorch.org/whl/cu128/torch-2.11.0%2Bcu128-cp313-cp313-manylinux_2_28_x86_64.whl#sha256=ab-2.0-cd
torchvision==0.26.0+cu128
odd==a version
"""


def published(tmp_path, **versions):
    """A list as Google publishes it: a head, packages that nobody asked for, and ours with these versions; None leaves one out."""
    lines = [f"{name}=={version}" for name, version in (COLAB | versions).items() if version]
    path = tmp_path / "pip freeze.txt"
    path.write_text("\n".join(["# Do not modify this file directly", "absl-py==1.4.0", *lines]), encoding="utf-8")
    return path


def test_versions_are_read_from_both_kinds_of_lines():
    assert check_colab.read_versions(PUBLISHED) == {
        "en-core-web-sm": "3.8.0", "pillow": "11.3.0", "scikit-learn": "1.6.1", "torch": "2.11.0+cu128", "torchvision": "0.26.0+cu128"}


def test_a_list_like_ours_has_not_moved(tmp_path, capsys):
    assert check_colab.main([str(published(tmp_path, torch="2.11.0+cu128"))]) == 0
    assert capsys.readouterr().out.splitlines() == [f"All {len(COLAB)} packages that matter are as they were on {re.search(r'[0-9-]{10}', KEPT)[0]}.",
                                                    "Our bounds hold: installing MaskKit on Colab replaces nothing that Colab ships."]


def test_what_moved_is_named_and_is_no_failure(tmp_path, capsys):
    assert check_colab.main([str(published(tmp_path, torch="2.12.0.dev1+cu130", optuna="5.0.0"))]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.endswith(f": optuna not there → 5.0.0, torch {COLAB['torch']} → 2.12.0.dev1+cu130.") and "hold" in rest[0]
    assert rest[1] == "Put the new versions, and the date, into tests/colab_preinstalled.txt."


def test_a_bound_that_no_longer_holds_fails_and_is_named(tmp_path, capsys):
    address = published(tmp_path, torch="2.3.1+cu121", pooch=None).as_uri()
    assert check_colab.main([address]) == 1
    said = capsys.readouterr().out
    assert f"pooch {COLAB['pooch']} → gone, torch {COLAB['torch']} → 2.3.1+cu121." in said
    assert "MaskKit needs torch>=2.4, and Colab ships 2.3.1+cu121.\n" in said and "MaskKit needs pooch, which Colab does not ship.\n" in said
    assert "do not hold" in said and "replaces nothing" not in said


@pytest.mark.parametrize(("content", "words"), [
    (None, "cannot be read"), (b"\xff\xfe", "cannot be read"), (b"", "names no package"), (b"<html>404</html>", "names no package"),
])  # fmt: skip
def test_what_is_no_list_is_one_sentence(tmp_path, capsys, content, words):
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    for source in (str(path), path.as_uri()):
        assert check_colab.main([source]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ") and source in line and words in line


def test_the_weekly_look_reads_the_published_list_and_may_do_nothing_else():
    workflow = (PROJECT / ".github" / "workflows" / "colab.yml").read_text(encoding="utf-8")
    assert re.search(r"--no-deps packaging (.+)$", workflow, flags=re.MULTILINE)[1].split() == sorted(check_colab.NEW)
    assert workflow.rstrip().endswith("run: python docs/check_colab.py") and "permissions:\n  contents: read\n" in workflow
    assert check_colab.PUBLISHED.startswith("https://raw.githubusercontent.com/googlecolab/backend-info/")


# --- badge and setup cell in the notebooks ---------------------------------------------------------------------------


@in_every_notebook
def test_every_notebook_has_the_badge_and_begins_with_the_setup_cell(path):
    notebook = nbformat.read(path, 4)
    title, badge, *_ = notebook.cells[0].source.split("\n\n")
    first = next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    assert title.startswith("# ") and badge == colab.badge(path.stem, REPO, BRANCH), "run 'make notebooks'"
    assert notebook.cells[first].source == colab.setup_cell(REPO, BRANCH), "run 'make notebooks'"
    assert notebook.cells[first - 1].cell_type == "markdown" and "Google Colab" in notebook.cells[first - 1].source
    assert not notebook.cells[first].outputs and "solution" not in notebook.cells[first].metadata.tags


def test_all_files_agree_on_one_address():
    found = {address for path in colab.linked_files(PROJECT) for address in colab.addresses(path.read_text(encoding="utf-8"))}
    assert found == {(REPO, BRANCH)}


def test_no_link_to_the_project_is_one_that_the_command_does_not_know():
    """Whatever else names the repository would stay behind when the rest is pointed at a fork."""
    name = re.escape(REPO.split("/")[1])
    for path in colab.linked_files(PROJECT):
        text = path.read_text(encoding="utf-8")
        urls = re.findall(rf"(?:github\.com|/github|/gh)(?:/|%2F)[\w.-]+(?:/|%2F){name}\b", text)
        assert len(urls) == len(colab.addresses(text)), path


def test_the_readme_has_a_badge_for_every_lesson_and_one_for_binder():
    names = [path.stem for path in NOTEBOOKS if path.parent.name == "notebooks"]
    for name in names:
        assert re.search(rf"^\| \[[^|]*\]\(notebooks/{name}\.ipynb\) \| [^|]+ \| {re.escape(colab.badge(name, REPO, BRANCH))} \|", README, flags=re.MULTILINE), name
    [(image, start)] = re.findall(r"\[!\[Open in Binder\]\((\S+)\)\]\(https://mybinder\.org/v2/gh/\S+\?labpath=(\S+)\)", README)
    assert image.startswith("https://mybinder.org/") and (PROJECT / start).exists()


def test_binder_and_conda_install_the_tested_versions_and_this_project():
    text = (PROJECT / "environment.yml").read_text(encoding="utf-8")
    assert re.findall(r"^ +- (-.+)$", text, flags=re.MULTILINE) == ["-r requirements.txt", "-e ."]
    [python] = re.findall(r"^ +- python=(\S+)$", text, flags=re.MULTILINE)
    assert python in Requirement(f"python{METADATA['requires-python']}").specifier
    assert "jupyterlab==" in (PROJECT / "requirements.txt").read_text(encoding="utf-8")


def test_a_new_notebook_gets_badge_and_cell_once_and_keeps_its_outputs():
    put_cells, v4 = helper("make_colab_cells").put_cells, nbformat.v4
    shown = v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# 08 · New\n\nIt begins."), v4.new_code_cell("1 + 1", execution_count=1, outputs=[shown])])
    put_cells(notebook, "08_new", *FORK_AND_BRANCH)
    opening, words, setup, sums = notebook.cells
    assert opening.source == f"# 08 · New\n\n{colab.badge('08_new', *FORK_AND_BRANCH)}\n\nIt begins." and words.cell_type == "markdown"
    assert setup.source == colab.setup_cell(*FORK_AND_BRANCH) and sums.outputs[0].data["text/plain"] == "2"
    assert [setup.execution_count, sums.execution_count, sums.outputs[0].execution_count] == [1, 2, 2]
    words.source += " More words."
    put_cells(notebook, "08_new", "grace/masks", "main")
    assert len(notebook.cells) == 4 and words.source.endswith("More words.") and "ada-l" not in nbformat.writes(notebook)
    assert opening.source.count("Open in Colab") == 1 and setup.source == colab.setup_cell("grace/masks", "main")


# --- what the setup cell does ----------------------------------------------------------------------------------------


@pytest.fixture
def on_colab(monkeypatch, tmp_path):
    """Colab's module, with a Drive that is a folder; its ``mounted`` lists where it was mounted."""
    drive = ModuleType("google.colab.drive")
    drive.mounted = []
    drive.mount = drive.mounted.append
    package = ModuleType("google.colab")
    package.drive = drive
    for name, module in (("google", ModuleType("google")), ("google.colab", package), ("google.colab.drive", drive)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(colab, "MOUNT", tmp_path / "drive")
    monkeypatch.chdir(tmp_path)
    return drive


def run_setup_cell(source: str = colab.setup_cell()) -> list[tuple[str, ...]]:
    """Run it as a notebook does; the magic commands that it called."""
    called = []
    shell = SimpleNamespace(run_line_magic=lambda *words: called.append(words))
    exec(compile(TransformerManager().transform_cell(source), "setup cell", "exec"), {"get_ipython": lambda: shell})
    return called


def test_outside_colab_the_cell_does_nothing(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.setattr(colab, "set_up", None)
    before = set(sys.modules), Path.cwd()
    assert run_setup_cell() == [] and run_setup_cell(colab.setup_cell().replace("DRIVE = False", "DRIVE = True")) == []
    assert (set(sys.modules), Path.cwd()) == before and capsys.readouterr() == ("", "")


def test_on_colab_it_installs_only_maskkit_and_tells_of_the_device(on_colab, tmp_path, capsys):
    assert run_setup_cell() == [("pip", f'install --quiet "{installed_by_the_setup_cell()}"')]
    assert "Drive" in capsys.readouterr().out and on_colab.mounted == [] and Path.cwd() == tmp_path


def test_with_drive_runs_land_there_however_often_the_cell_is_run(on_colab, tmp_path, capsys):
    for _ in range(2):
        run_setup_cell(colab.setup_cell().replace("DRIVE = False", "DRIVE = True"))
        assert Path("runs").resolve() == (tmp_path / "drive" / "MyDrive" / "MaskKit" / "runs").resolve()
    assert on_colab.mounted == [str(tmp_path / "drive")] * 2
    assert "MyDrive/MaskKit/runs" in capsys.readouterr().out


def test_a_drive_that_is_refused_stops_the_notebook_with_one_sentence(on_colab, tmp_path):
    def refuse(folder):
        raise ValueError("mount failed")

    on_colab.mount = refuse
    with pytest.raises(InputError, match=r"cannot be used \(mount failed\); run this cell again and allow it, or set DRIVE = False"):
        colab.set_up(drive=True)
    assert Path.cwd() == tmp_path


def test_drive_outside_colab_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", None)
    with pytest.raises(InputError, match="from Colab alone; set DRIVE = False"):
        colab.set_up(drive=True)


def test_a_gpu_is_named_and_without_one_it_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: "Tesla T4")
    colab.set_up()
    said = capsys.readouterr().out
    assert said.startswith("GPU: Tesla T4.") and "DRIVE = True" in said and "Runtime" not in said
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    colab.set_up()
    said = capsys.readouterr().out
    assert said.startswith("No GPU here") and "Runtime → Change runtime type → T4 GPU" in said


# --- pointing a clone at a fork --------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path) -> Path:
    """Copies of all the real files that hold an address, and of one that does not."""
    for path in [*colab.linked_files(PROJECT), PROJECT / "LICENSE"]:
        copy = tmp_path / "clone" / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path / "clone"


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_to_a_fork_and_back_gives_the_same_bytes(clone):
    before = contents(clone)
    there = colab.point_at(clone, FORK, "dev_1.0")
    pointed = contents(clone)
    assert there.changed == there.places >= 2 * len(NOTEBOOKS) and there.files == sum(pointed[path] != before[path] for path in before) >= len(NOTEBOOKS) + 2
    assert pointed.keys() == before.keys() and pointed[clone / "LICENSE"] == before[clone / "LICENSE"]
    back = colab.point_at(clone, REPO, BRANCH)
    assert contents(clone) == before and (back.changed, back.files) == (there.changed, there.files)


def test_at_a_fork_only_badges_setup_cells_and_links_are_other_ones(clone):
    colab.point_at(clone, FORK, "dev_1.0")
    for path in NOTEBOOKS:
        copy, notebook = nbformat.read(clone / path.relative_to(PROJECT), 4), nbformat.read(path, 4)
        put_cells = helper("make_colab_cells").put_cells
        put_cells(notebook, path.stem, FORK, "dev_1.0")
        assert copy == notebook, path
    text = "".join((clone / path.relative_to(PROJECT)).read_text(encoding="utf-8") for path in [PROJECT / "README.md", *PAGES])
    assert colab.badge("03_build_maskcnn", FORK, "dev_1.0") in text and "mybinder.org/v2/gh/ada-l/Masks.2/dev_1.0?labpath=" in text
    assert "github.com%2Fada-l%2FMasks.2&branch=dev_1.0&urlpath=lab%2Ftree%2FMasks.2%2Fnotebooks%2F" in text
    assert set(colab.addresses(text)) == {FORK_AND_BRANCH}


def test_twice_is_once_and_says_so(clone, monkeypatch, capsys):
    monkeypatch.chdir(clone)
    assert cli.main(["colab", "--repo", f"https://github.com/{FORK}.git"]) == 0
    once, said = contents(clone), capsys.readouterr().out
    assert re.fullmatch(rf"(\d+) of \1 links and setup cells, in \d+ files, now point at {re.escape(FORK)}, branch main\.\n", said)
    times = {path: path.stat().st_mtime_ns for path in once}
    assert cli.main(["colab", "--repo", FORK]) == 0
    assert "already; nothing was changed" in capsys.readouterr().out
    assert contents(clone) == once and {path: path.stat().st_mtime_ns for path in once} == times


def test_files_that_point_to_different_places_are_brought_together(clone):
    path = clone / "notebooks" / NOTEBOOKS[0].name
    path.write_bytes(path.read_bytes().replace(REPO.encode(), b"grace/masks"))
    colab.point_at(clone, REPO, BRANCH)
    assert path.read_bytes() == NOTEBOOKS[0].read_bytes()


def test_line_ends_and_indents_of_other_editors_stay(clone):
    path = clone / "notebooks" / NOTEBOOKS[0].name
    path.write_bytes(json.dumps(json.loads(path.read_bytes()), indent=2).replace("\n", "\r\n").encode())
    before = path.read_bytes()
    colab.point_at(clone, FORK)
    assert path.read_bytes() == before.replace(f"{REPO}/blob/{BRANCH}/".encode(), f"{FORK}/blob/main/".encode()).replace(f"{REPO}@{BRANCH}".encode(), f"{FORK}@main".encode())


@pytest.mark.parametrize("given", [FORK, f"https://github.com/{FORK}", f"https://github.com/{FORK}.git", f"https://www.github.com/{FORK}/", f"github.com/{FORK}", f"git@github.com:{FORK}.git"])
def test_a_repository_may_be_given_by_its_address(given):
    assert colab.parse_repo(given) == FORK


@pytest.mark.parametrize("given", ["", "maskkit", "ada/", "/maskkit", "ada lovelace/maskkit", "ada/mask kit", "a/b/c", "https://gitlab.com/ada/maskkit", "https://github.com/ada",
                                   "ada/maskkit/tree/main", 'ada/mask"kit', "ada/..", "ada/.git"])
def test_what_is_no_repository_is_one_sentence_and_nothing_is_written(given, clone, capsys):
    before = contents(clone)
    assert cli.main(["colab", "--repo", given, "--folder", str(clone)]) == 2
    said = capsys.readouterr().err
    assert said == f"maskkit: error: --repo is the OWNER/NAME of a repository on GitHub, such as ada/maskkit; got {given!r}.\n"
    assert contents(clone) == before


def test_other_wrong_input_is_one_sentence_too(clone, tmp_path, capsys):
    def refused(*arguments):
        assert cli.main(["colab", "--repo", FORK, *arguments]) == 2
        [line] = capsys.readouterr().err.splitlines()
        return line

    before = contents(clone)
    assert "--branch is a name of letters" in refused("--branch", "a b", "--folder", str(clone))
    assert "is not a clone of MaskKit (it has no notebooks/solutions)" in refused("--folder", str(tmp_path))
    last = clone / NOTEBOOKS[-1].relative_to(PROJECT)
    last.write_bytes(b"<<<<<<< HEAD\n" + last.read_bytes())
    before[last] = last.read_bytes()
    assert f"{last} is damaged" in refused("--folder", str(clone)) and contents(clone) == before
    (clone / "README.md").unlink()
    assert "(it has no README.md)" in refused("--folder", str(clone))
