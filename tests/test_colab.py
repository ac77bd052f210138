"""Installing MaskKit on Colab upgrades nothing that Colab ships: its versions lie within our bounds, and within those of what is new there."""

import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

TESTS = Path(__file__).parent
LINES = (TESTS / "colab_preinstalled.txt").read_text(encoding="utf-8").splitlines()
COLAB = {name.lower(): version for name, version in (line.split("==") for line in LINES if not line.startswith("#"))}
PROJECT = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = [Requirement(line) for line in PROJECT["dependencies"]]
NEW = {"imagehash"}  # the only package that is installed besides MaskKit


def test_only_what_is_named_is_new_on_colab():
    assert {requirement.name.lower() for requirement in OURS} - set(COLAB) == NEW
    assert "3.13" in Requirement(f"python{PROJECT['requires-python']}").specifier


@pytest.mark.parametrize("requirement", [r for r in OURS if r.name.lower() not in NEW], ids=str)
def test_the_version_on_colab_is_good_enough(requirement):
    assert COLAB[requirement.name.lower()] in requirement.specifier


@pytest.mark.parametrize("package", sorted(NEW))
def test_what_is_new_needs_no_other_version_of_what_is_there(package):
    for requirement in map(Requirement, requires(package) or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            assert COLAB[requirement.name.lower()] in requirement.specifier


def test_the_widgets_of_colab_are_within_the_bounds_of_the_lab_extra():
    lab = {requirement.name: requirement for requirement in map(Requirement, PROJECT["optional-dependencies"]["lab"])}
    assert COLAB["ipywidgets"] in lab["ipywidgets"].specifier and COLAB["nbconvert"] in lab["nbconvert"].specifier
