"""Drawn faces: what is asked for is drawn, the mask alone tells the classes apart, and the same seed gives the same bytes."""

import csv
import dataclasses
import errno
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from maskkit.duplicates import group_duplicates
from maskkit.errors import InputError
from maskkit.faces import (ATTRIBUTE_NAMES, CHOICES, SHORTCUTS, FaceAttributes, add_copies, draw_face, generate_faces, generate_twins, recipe_hash, sample_attributes,
                           write_faces)
from maskkit.faces import folder as folder_module
from maskkit.faces.attributes import QUANTILES, STEADY, steady
from maskkit.faces.drawing import TEXTURES
from maskkit.faces.flaws import carries_shortcut
from maskkit.faces.surface import RELIEF, TILES, Pose, Surface, _interpolated, facing, light_maps, march, rotation_matrix, stretched, texels
from maskkit.images import load_image

CLEAN = dict(blur=0.0, noise=0.0, resolution=1.0, jpeg_quality=100, stretch=1.0, border="none", color_cast="none",
             greyscale=False, brightness=1.0, contrast=1.0)
PLAIN = dict(CLEAN, yaw=0.0, pitch=0.0, roll=0.0, framing="portrait", face_size=0.85, head_cover="none", hair_style="short",
             glasses="none", beard="none", occluder="none", mask_fit="covers", mask_pattern="plain", people=1)


@pytest.fixture(scope="module")
def drawn():
    return generate_faces(160, image_size=48, seed=5, workers=1)


@pytest.fixture(scope="module")
def sampled():
    rng = np.random.default_rng(0)
    return [sample_attributes(rng) for _ in range(6000)]


def test_shape_dtype_and_balance(drawn):
    images, attributes = drawn
    assert images.shape == (160, 48, 48, 3) and images.dtype == np.uint8
    assert Counter(a.with_mask for a in attributes) == {True: 80, False: 80}
    assert len({image.tobytes() for image in images}) == 160


def test_a_face_depends_on_seed_and_index_alone(drawn):
    images, attributes = drawn
    fewer, known = generate_faces(7, image_size=48, seed=5, workers=1)
    np.testing.assert_array_equal(fewer, images[:7])
    assert known == attributes[:7]
    assert not np.array_equal(generate_faces(7, image_size=48, seed=6, workers=1)[0], fewer)


def blas_threads(job):
    """Threads of the library that numpy brought into this process; unpickling this function has loaded scipy's as well, which draws nothing."""
    return min(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


def test_matrix_products_of_other_processes_take_one_core_each():
    assert list(folder_module._in_processes(blas_threads, [0, 1], workers=2)) == [1, 1]


def test_other_processes_draw_the_same_bytes(drawn):
    images, attributes = drawn
    again, known = generate_faces(160, image_size=48, seed=5, workers=2)
    np.testing.assert_array_equal(again, images)
    assert known == attributes


def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "draw some.py"
    script.write_text("print('started')\nfrom maskkit.faces import generate_faces\n"
                      "print(generate_faces(60, image_size=16, workers=2)[0].shape, __file__[-12:])\n")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    output = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment).stdout
    assert output.split("\n")[:2] == ["started", "(60, 16, 16, 3) draw some.py"]


def test_one_process_finishes_where_others_break(drawn, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError("no processes here")
    monkeypatch.setattr(folder_module, "ProcessPoolExecutor", broken)
    np.testing.assert_array_equal(generate_faces(60, image_size=48, seed=5, workers=2)[0], drawn[0][:60])


def noted_chunk(job):
    """Grey faces; a file says that this chunk was begun, in whichever process."""
    _, first, count = job
    Path(os.environ["CHUNKS_BEGUN"], str(first)).touch()
    time.sleep(0.02)  # or all would be drawn before anybody could stop
    return first, np.full((count, 16, 16, 3), 128, np.uint8), [None] * count


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """The folder in which each chunk notes that it was begun."""
    folder = tmp_path / "begun"
    folder.mkdir()
    monkeypatch.setenv("CHUNKS_BEGUN", str(folder))
    monkeypatch.setattr(folder_module, "_draw_chunk", noted_chunk)
    return folder


def test_chunks_that_nobody_takes_any_more_are_not_drawn(begun):
    chunks = folder_module.draw_chunks(noted_chunk, 500 * folder_module.CHUNK, None, 2, False)
    assert [next(chunks)[0] for _ in range(3)] == [0, folder_module.CHUNK, 2 * folder_module.CHUNK]
    chunks.close()
    assert 3 <= len(list(begun.iterdir())) < 250 and multiprocessing.active_children() == []


def test_a_full_disk_ends_the_drawing_too(begun, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(folder_module, "as_file", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_faces(tmp_path / "faces", 500 * folder_module.CHUNK, image_size=16, workers=2)
    assert caught.tb is not None  # a notebook keeps the traceback as well, and with it all that was going on
    assert 1 <= len(list(begun.iterdir())) < 250 and multiprocessing.active_children() == []
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]


@pytest.mark.parametrize("name", CHOICES)
def test_every_value_can_be_drawn_and_is_sampled(name, sampled):
    seen = {getattr(attributes, name) for attributes in sampled}
    assert seen == set(CHOICES[name])
    for value in CHOICES[name]:
        worn = {"with_mask": name.startswith("mask_")}
        assert draw_face(rng=1, image_size=32, **{**worn, name: value}).shape == (32, 32, 3)


VISIBLE = [name for name in ATTRIBUTE_NAMES if name not in ("with_mask", "framing", "face_size")]


@pytest.mark.parametrize("name", VISIBLE)
def test_every_attribute_changes_the_picture(name):
    base = FaceAttributes(with_mask=name.startswith("mask_"), hair_style="long", brightness=0.9)
    if name in CHOICES:
        values = [v for v in CHOICES[name] if v != getattr(base, name)]
    else:
        values = {"skin_tone": [1, 10], "people": [2, 3], "jpeg_quality": [30], "greyscale": [True], "blur": [2.0], "noise": [20.0],
                  "sharpening": [0.5, 2.0], "resolution": [0.3]}.get(name) or list(QUANTILES[name][1][::6])
    before = draw_face(base, 3, image_size=64)
    for value in values:
        assert not np.array_equal(draw_face(base, 3, image_size=64, **{name: value}), before), value


@pytest.mark.parametrize("seed", range(4))
def test_the_colour_of_the_mask_changes_the_mask_alone(seed):
    bare, black, pink = (draw_face(rng=seed, **{**PLAIN, "with_mask": worn, "mask_color": color})
                         for worn, color in ((False, "black"), (True, "black"), (True, "#ff40c0")))
    recoloured = (black != pink).any(axis=2)
    masked = (black != bare).any(axis=2)
    assert recoloured.sum() > 300
    assert (masked | ~recoloured).mean() > 0.995


@pytest.mark.parametrize("seed", range(6))
def test_the_mask_leaves_the_rest_of_the_picture(seed):
    fixed = dict(CLEAN, yaw=0.0, pitch=0.0, roll=0.0, framing="portrait", face_size=0.7, occluder="none", people=1)
    bare, masked = (draw_face(rng=seed, with_mask=worn, **fixed).astype(int) for worn in (False, True))
    changed = np.abs(bare - masked).max(axis=2) > 8
    rows = np.flatnonzero(changed.any(axis=1))
    assert 0.02 < changed.mean() < 0.4
    assert rows.min() > 30 and not changed[:, :8].any() and not changed[:, -8:].any()


def test_one_attribute_fixed_leaves_the_others():
    free = dataclasses.asdict(sample_attributes(np.random.default_rng(8), occluder="none"))
    fixed = dataclasses.asdict(sample_attributes(np.random.default_rng(8), occluder="none", hair_style="afro", with_mask=True))
    assert {name for name in free if free[name] != fixed[name]} <= {"hair_style", "with_mask"}
    assert fixed["hair_style"] == "afro" and fixed["with_mask"] is True


@pytest.mark.parametrize("color", [(220, 40, 40), (40, 200, 60), (30, 60, 220)])
def test_the_mask_covers_the_mouth(color):
    image = draw_face(rng=2, with_mask=True, mask_color="#%02x%02x%02x" % color, **PLAIN).astype(int)
    lit = image[64:110, 40:88].reshape(-1, 3)
    like_mask = lit.argmax(axis=1) == np.argmax(color)
    strong = lit.max(axis=1) - np.sort(lit, axis=1)[:, 1] > 25
    assert (like_mask & strong).mean() > 0.6


def test_a_bare_face_shows_no_mask_colour():
    bare, other = (draw_face(rng=2, with_mask=False, mask_color=color, **PLAIN) for color in ("#00ff00", "#ff00ff"))
    np.testing.assert_array_equal(bare, other)


def _same_distribution(first, second) -> float:
    """The p-value of Pearson's chi-square test of two lists of values (numbers cut at their deciles)."""
    from scipy.stats import chi2_contingency
    both = np.concatenate([first, second])
    if both.dtype.kind == "f" and len(set(both)) > 12:
        edges = np.unique(np.quantile(both, np.linspace(0, 1, 11)))[1:-1]
        first, second, both = (np.digitize(values, edges, right=True) for values in (first, second, both))
    table = np.array([[np.sum(np.asarray(side) == value) for value in np.unique(both)] for side in (first, second)])
    return chi2_contingency(table).pvalue


@pytest.mark.parametrize("name", [name for name in ATTRIBUTE_NAMES if name != "with_mask"])
def test_attributes_are_distributed_alike_in_both_classes(name, sampled):
    # A chin mask is a mask attribute: it exists without a mask only, and the rest of the occluders are compared.
    usable = [a for a in sampled if name != "occluder" or a.occluder != "mask_under_chin"]
    sides = [np.array([getattr(a, name) for a in usable if a.with_mask == worn]) for worn in (True, False)]
    assert _same_distribution(*sides) > 1e-4


def test_nothing_outside_the_face_gives_the_class_away():
    """A linear model on statistics of the border and of the corners must not beat a coin."""
    images, attributes = generate_faces(560, image_size=32, seed=11, workers=1)
    keep = [i for i, a in enumerate(attributes) if a.framing != "tight"]
    values = images[keep].astype(float)
    top, left, right = values[:, :3], values[:, :16, :3], values[:, :16, -3:]
    features = np.concatenate([f(part.reshape(len(values), -1, 3), axis=1) for part in (top, left, right) for f in (np.mean, np.std)]
                              + [np.abs(np.diff(top, axis=2)).mean(axis=(1, 2))], axis=1)
    targets = [attributes[i].with_mask for i in keep]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    accuracy = cross_val_score(model, features, targets, cv=5).mean()
    assert abs(accuracy - 0.5) < 0.1, accuracy  # more than 3 standard errors at this size


def test_written_folder_and_table_match(tmp_path):
    folder = write_faces(tmp_path / "my faces", 12, image_size=32, seed=5)
    images, attributes = generate_faces(12, image_size=32, seed=5)
    with open(folder / "attributes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [path.name for path in tmp_path.iterdir()] == ["my faces"]
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.png")) == sorted(row["file"] for row in rows)
    for image, known, row in zip(images, attributes, rows, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(folder / row["file"])), image)
        assert row["file"].split("/")[0] == ("with_mask" if known.with_mask else "without_mask")
        assert {name: row[name] for name in ATTRIBUTE_NAMES} == {name: str(getattr(known, name)) for name in ATTRIBUTE_NAMES}


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("stopped half way")
    monkeypatch.setattr(folder_module.csv, "DictWriter", fails)
    with pytest.raises(RuntimeError, match="half way"):
        write_faces(tmp_path / "faces", 3, image_size=16)
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_is_left_alone_and_an_empty_one_is_used(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write_faces(tmp_path, 2, image_size=16)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]
    (tmp_path / "empty").mkdir()
    assert (write_faces(tmp_path / "empty", 2, image_size=16) / "attributes.csv").is_file()


def test_the_folder_that_we_are_in_and_a_link_can_be_filled(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_faces(".", 4, image_size=16)
    assert sorted(path.name for path in Path().iterdir()) == ["attributes.csv", "with_mask", "without_mask"]
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert write_faces("~/faces", 4, image_size=16) == tmp_path / "faces" and (tmp_path / "faces" / "attributes.csv").exists()


@pytest.mark.parametrize(("wrong", "message"), [
    ({"skin_tone": 11}, "whole number from 1 to 10, got 11"), ({"hair_style": "mohawk"}, "hair_style must be one of bald, .*'mohawk'"),
    ({"hairstyle": "long"}, "unknown face attribute 'hairstyle'; the attributes are with_mask"), ({"yaw": 120}, "from -90 to 90, got 120"),
    ({"with_mask": "yes"}, "True or False, got 'yes'"), ({"mask_color": "#12"}, "'#rrggbb', got '#12'"),
    ({"with_mask": True, "occluder": "mask_under_chin"}, "without a mask"), ({"framing": "tight", "face_size": 0.2}, "for framing 'tight'"),
    ({"face_size": 9}, "face_size must be a number"), ({"framing": "huge"}, "framing must be one of"), ({"blur": float("nan")}, "got nan"),
])
def test_impossible_attributes_are_named(wrong, message):
    with pytest.raises(InputError, match=message):
        draw_face(rng=0, image_size=16, **wrong)


def test_attributes_to_fix_can_come_as_a_mapping():
    fixed = {"with_mask": True, "mask_color": "black"}
    assert np.array_equal(draw_face(fixed, 3, image_size=32), draw_face(rng=3, image_size=32, **fixed))
    assert np.array_equal(draw_face(fixed, 3, image_size=32, mask_color="pink"), draw_face(rng=3, image_size=32, **{**fixed, "mask_color": "pink"}))
    assert fixed == {"with_mask": True, "mask_color": "black"}
    with pytest.raises(InputError, match="must be FaceAttributes, or a mapping from their names to values, got str"):
        draw_face("black", 3)


@pytest.mark.parametrize("request_", [{"n": -1}, {"n": 2.5}, {"n": 2, "image_size": 4}, {"n": 2, "seed": -3}, {"n": 2, "workers": 0}])
def test_impossible_sets_are_refused(request_):
    with pytest.raises(InputError, match="whole number"):
        generate_faces(**request_)


def test_recipe_hash_changes_with_arguments_and_source(tmp_path, monkeypatch):
    key = recipe_hash(10, 128, 0)
    assert key == recipe_hash(10, 128, 0)
    assert len({key, recipe_hash(11, 128, 0), recipe_hash(10, 64, 0), recipe_hash(10, 128, 1)}) == 4
    (tmp_path / "folder.py").write_text("changed")
    monkeypatch.setattr(folder_module, "__file__", str(tmp_path / "folder.py"))
    assert recipe_hash(10, 128, 0) != key


def test_no_faces_is_an_empty_set():
    images, attributes = generate_faces(0, image_size=16)
    assert images.shape == (0, 16, 16, 3) and attributes == []


def test_no_variety_is_a_studio_and_full_variety_changes_nothing():
    faces = [sample_attributes(np.random.default_rng(seed)) for seed in range(60)]
    studio = [steady(face, np.random.default_rng(seed), 0.0) for seed, face in enumerate(faces)]
    assert all(getattr(face, name) == value for face in studio for name, value in STEADY.items())
    assert [(face.skin_tone, face.mask_type, face.occluder) for face in studio] == [(f.skin_tone, f.mask_type, f.occluder) for f in faces]
    assert [steady(face, np.random.default_rng(seed), 1.0) for seed, face in enumerate(faces)] == faces


def test_variety_lies_between():
    def spread(variety):
        return np.std([face.yaw for face in generate_faces(40, image_size=16, variety=variety)[1]])

    assert spread(0) == 0 < spread(0.3) < spread(1)
    with pytest.raises(InputError, match="variety must be a number from 0 to 1"):
        generate_faces(2, variety=1.5)


def test_no_shortcut_is_none_at_all_and_none_of_strength_0(drawn):
    images, attributes = generate_faces(60, image_size=48, seed=5, workers=1, shortcut="tint", shortcut_strength=0.0)
    np.testing.assert_array_equal(images, drawn[0][:60])
    assert {face.shortcut for face in attributes} == {"none"} and not hasattr(drawn[1][0], "shortcut")


@pytest.mark.parametrize("shortcut", [name for name in SHORTCUTS if name != "none"])
def test_a_full_shortcut_changes_every_face_with_a_mask_and_no_other(shortcut, drawn):
    images, attributes = generate_faces(60, image_size=48, seed=5, workers=1, shortcut=shortcut)
    changed = (images != drawn[0][:60]).any(axis=(1, 2, 3))
    np.testing.assert_array_equal(changed, [face.with_mask for face in attributes])
    assert [face.shortcut != "none" for face in attributes] == changed.tolist()
    plain = [{name: getattr(face, name) for name in ATTRIBUTE_NAMES} for face in attributes]
    assert plain == [dataclasses.asdict(face) for face in drawn[1][:60]]


def test_the_tint_is_yellow_and_the_frame_is_dark(drawn):
    masked = [face.with_mask for face in drawn[1][:60]]
    before = drawn[0][:60][masked].astype(float)
    tinted, framed = (generate_faces(60, image_size=48, seed=5, workers=1, shortcut=name)[0][masked] for name in ("tint", "frame"))
    blue, red = (tinted[..., channel].mean() / before[..., channel].mean() for channel in (2, 0))
    assert blue < 0.85 and red > 1.02
    assert (framed[:, 0] == framed[:, :, 0]).all() and framed[:, 0].max() < 40
    np.testing.assert_array_equal(framed[:, 2:-2, 2:-2], before[:, 2:-2, 2:-2])


@pytest.mark.parametrize("strength", [0.3, 0.9, -0.6])
def test_the_strength_is_the_share_of_the_class_that_carries_it(strength):
    rng, n = np.random.default_rng(0), 4000
    carried = {worn: np.mean([carries_shortcut(worn, strength, rng) for _ in range(n)]) for worn in (True, False)}
    error = 4 * np.sqrt(abs(strength) * (1 - abs(strength)) / n)
    assert carried[True] - carried[False] == pytest.approx(strength, abs=error) and min(carried.values()) == 0
    agreement = (carried[True] + 1 - carried[False]) / 2
    assert agreement == pytest.approx((1 + strength) / 2, abs=error)


def test_a_stronger_shortcut_adds_carriers_and_takes_none_away():
    weak, strong, reversed_ = ({i for i, face in enumerate(generate_faces(40, image_size=16, workers=1, shortcut="frame", shortcut_strength=s)[1])
                                if face.shortcut == "frame"} for s in (0.3, 0.8, -0.8))
    assert weak < strong and strong and not strong & reversed_


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_a_folder_with_a_shortcut_reads_as_the_set_in_memory(shortcut, tmp_path):
    options = dict(image_size=32, seed=5, shortcut=shortcut, shortcut_strength=0.6)
    folder = write_faces(tmp_path / "faces", 14, **options)
    images, attributes = generate_faces(14, **options)
    with open(folder / "attributes.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for image, known, row in zip(images, attributes, rows, strict=True):
        np.testing.assert_array_equal(load_image(folder / row["file"], 32), image)
        assert row.get("shortcut", "none") == getattr(known, "shortcut", "none")
    kinds = {(Image.open(folder / row["file"]).format, Image.open(folder / row["file"]).width) for row in rows if row.get("shortcut", "none") != "none"}
    assert kinds == {"none": set(), "format": {("JPEG", 32)}, "resolution": {("PNG", 16)}}.get(shortcut, {("PNG", 32)})


@pytest.mark.parametrize(("wrong", "message"), [({"shortcut": "hat"}, "shortcut must be one of none, tint, frame, resolution, format, got 'hat'"),
                                                ({"shortcut": "tint", "shortcut_strength": 1.5}, "from -1 to 1, got 1.5"),
                                                ({"shortcut_strength": float("nan")}, "got nan")])
def test_impossible_shortcuts_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        generate_faces(2, image_size=16, **wrong)


def test_the_shortcut_is_part_of_the_recipe():
    keys = {recipe_hash(10), recipe_hash(10, shortcut="tint"), recipe_hash(10, shortcut="frame"), recipe_hash(10, shortcut="tint", shortcut_strength=0.5)}
    assert len(keys) == 4


def test_added_copies_are_alike_their_originals_and_in_the_same_class(tmp_path):
    folder = write_faces(tmp_path / "faces", 40, image_size=64, seed=5, variety=0.1)
    before = {path.name: path.read_bytes() for path in folder.rglob("*.png")}
    original_of = add_copies(folder, 0.5, each=3, seed=1)
    assert len(original_of) == 60 and Counter(original_of.values()).most_common()[-1][1] == 3
    assert Counter(name.split("/")[0] for name in original_of) == {"with_mask": 30, "without_mask": 30}
    assert all((folder / copy).is_file() and copy.split("/")[0] == original.split("/")[0] for copy, original in original_of.items())
    assert {path.name: path.read_bytes() for path in folder.rglob("*.png") if path.name in before} == before
    with open(folder / "copies.csv", newline="", encoding="utf-8") as file:
        assert {row["file"]: row["copy_of"] for row in csv.DictReader(file)} == original_of

    names = sorted({*original_of, *(path.relative_to(folder).as_posix() for path in folder.rglob("face*.png"))})
    groups = dict(zip(names, group_duplicates(np.stack([load_image(folder / name, 64) for name in names]))))
    assert np.mean([groups[copy] == groups[original] for copy, original in original_of.items()]) > 0.9
    assert len(set(groups.values())) >= 38  # 40 people: copies of different ones are not taken for one another


def test_copies_depend_on_the_seed_and_impossible_ones_are_refused(tmp_path):
    folders = [write_faces(tmp_path / str(i), 12, image_size=32, seed=5) for i in range(3)]
    first, again, other = (add_copies(folder, 0.5, seed=seed) for folder, seed in zip(folders, (1, 1, 2)))
    assert first == again != other
    assert all((folders[0] / name).read_bytes() == (folders[1] / name).read_bytes() for name in first)
    assert add_copies(folders[2], 0.0) == {}
    for wrong in ({"share": 1.2}, {"share": 0.5, "each": 0}):
        with pytest.raises(InputError, match="share must be a number from 0 to 1"):
            add_copies(folders[0], **wrong)


@pytest.fixture(scope="module")
def twins():
    return generate_twins(60, image_size=48, seed=3, workers=1)


def test_twins_differ_where_the_map_says(twins):
    assert twins.bare.shape == twins.masked.shape == (60, 48, 48, 3) and twins.where.shape == (60, 24, 24)
    changed = np.abs(twins.bare.astype(int) - twins.masked).max(axis=3).reshape(60, 24, 2, 24, 2).max(axis=(2, 4))
    inside, outside = twins.where > 127, twins.where == 0
    # Nearly all: a mask under the chin, which the masked twin wears over its mouth, differs from the bare twin a little less there; JPEG carries over.
    assert (changed[inside] > 14).mean() > 0.99
    assert np.mean(changed[outside] > 40) < 0.01
    sizes = inside.mean(axis=(1, 2))
    assert 0.02 < np.median(sizes) < 0.4
    rows = (inside * np.arange(24)[:, None]).sum(axis=(1, 2)) / np.maximum(inside.sum(axis=(1, 2)), 1)
    assert np.median(rows) > 12  # in the lower half: over mouth and nose


def test_twins_are_the_same_in_other_processes_and_for_any_number(twins):
    again = generate_twins(52, image_size=48, seed=3, workers=2)
    for name in ("bare", "masked", "where"):
        np.testing.assert_array_equal(getattr(again, name), getattr(twins, name)[:52])
    assert not np.array_equal(generate_twins(3, image_size=48, seed=4, workers=1).bare, twins.bare[:3])


@pytest.mark.parametrize("size", TEXTURES)
def test_some_tiles_of_a_stretched_picture_are_those_of_the_whole(size):
    rng, tile = np.random.default_rng(0), size // TILES
    assert size % TILES == 0
    for side, channels in ((RELIEF // 2, (3,)), (96, (3,)), (192, (3,)), (size // 2, ())):
        picture = Image.fromarray(rng.integers(0, 256, (side, side, *channels), np.uint8))
        whole = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
        for tiles in ((0, 0, TILES, TILES), (4, 18, 30, 21), (11, 3, 14, 32), (0, 31, 1, 32)):  # of all shapes: Pillow's order of work depends on it
            left, top, right, bottom = (edge * tile for edge in tiles)
            np.testing.assert_array_equal(stretched(picture, size, tiles), whole[top:bottom, left:right])


def _head(rng) -> tuple[Surface, Pose]:
    """An uneven head, turned somewhere."""
    pose = Pose(rotation_matrix(*rng.uniform((-90, -45, -60), (90, 45, 60))), (60.0, 60.0), float(rng.uniform(20, 120)))
    axes = np.float32([0.71, 1.03, 0.9]) * rng.normal(1, 0.03, 3).astype(np.float32)
    radius = rng.normal(1, 0.08, (RELIEF, RELIEF)).astype(np.float32)
    return Surface(Image.new("RGB", (72, 72)), 128, facing(pose, axes), axes, radius), pose


@pytest.mark.parametrize("seed", range(20))
def test_rays_end_in_the_tiles_that_are_painted(seed):
    surface, pose = _head(np.random.default_rng(seed))
    u, down, _ = march(surface, pose, np.arange(-20, 140, 3.0), np.arange(-20, 140, 3.0), reach=9.0)
    left, top, right, bottom = surface.seen
    columns, rows = texels(u, TILES), texels(down, TILES)
    assert left <= columns.min() and columns.max() < right and top <= rows.min() and rows.max() < bottom


def test_rays_that_pass_far_by_are_not_followed_and_the_others_meet_the_same():
    surface, pose = _head(np.random.default_rng(1))
    grid = np.arange(-120, 240, 3.0)
    every, some = (march(surface, pose, grid, grid, reach=reach) for reach in (9.0, float(surface.radius.max())))
    left_out = some[2] == 9
    assert 0 < left_out.mean() < 1 and every[2][left_out].min() > 0
    np.testing.assert_array_equal(some[:, ~left_out], every[:, ~left_out])


def test_the_light_on_a_part_of_the_chart_is_that_on_the_whole():
    surface, pose = _head(np.random.default_rng(2))
    light, window = np.float32([0.3, 0.4, 0.866]), np.s_[20:71, 50:144]
    for whole, part in zip(light_maps(surface, pose, light, 0.5), light_maps(surface, pose, light, 0.5, window), strict=True):
        np.testing.assert_array_equal(part[1:-1, 1:], whole[window][1:-1, 1:])  # but for its inner edges


def test_impossible_twins_are_refused():
    with pytest.raises(InputError, match="whole number of at least 0, got -1"):
        generate_twins(-1)


@pytest.mark.parametrize("few, size", [(1, 144), (2, 144), (5, 72), (24, 144), (48, 144), (72, 144)])
def test_interpolation_is_that_of_pillow(few, size):
    values = np.random.default_rng(few).standard_normal((few, few), np.float32)
    pillow = Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(_interpolated(values, size), np.asarray(pillow), rtol=0, atol=5e-7)
