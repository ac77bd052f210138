"""Flaws are planted among drawn faces, fifty of each kind: the audit has to find them, and to leave the others alone."""

import base64
import io
import json
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sklearn.metrics import roc_auc_score

from maskkit.audit import as_text, audit_folder, finding_text, write_page
from maskkit.audit.copies import find_copies, number_groups
from maskkit.audit.findings import RULES, SEVERITIES, _grammatical, find_problems, misnamed
from maskkit.audit.measure import Looks, Photo, list_photos, measure_photos, rescue, sharpness
from maskkit.audit.page import as_html
from maskkit.audit.report import as_json, as_text
from maskkit.audit.shortcuts import Shortcut, _auc, find_shortcuts
from maskkit.cli import main
from maskkit.errors import InputError
from maskkit.faces import generate_faces
from maskkit.images import find_samples
from tests.conftest import forbid

PLANTED, CLEAN, SIDE = 50, 100, 96


def draw(n, seed, side=SIDE, workers=1):
    """n faces, half of them from one studio and half from anywhere, each with its class."""
    faces = []
    for studio, variety in enumerate((0.3, 1.0)):
        # A seed of its own for each: the same seed draws the same people.
        pictures, attributes = generate_faces(n // 2, image_size=side, seed=2 * seed + studio, variety=variety, workers=workers)
        faces += [(picture, "with_mask" if face.with_mask else "without_mask") for picture, face in zip(pictures, attributes)]
    return [faces[i] for i in np.random.default_rng(seed).permutation(len(faces))]


@pytest.fixture(scope="module")
def faces():
    return draw(CLEAN + PLANTED, seed=5)


@pytest.fixture(scope="module")
def clean_folder(faces, tmp_path_factory):
    """The clean faces as PNG; tests copy it and never write into it."""
    return save_faces(faces[:CLEAN], tmp_path_factory.mktemp("clean") / "faces")


def save_faces(faces, folder, suffix=".png", **options):
    for index, (picture, class_name) in enumerate(faces):
        (folder / class_name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / class_name / f"clean_{index:04d}{suffix}", **options)
    return folder


def encode(image, format="PNG", **options):
    memory = io.BytesIO()
    image.save(memory, format=format, **options)
    return memory.getvalue()


def plant(folder, faces, spoil, flaw="planted"):
    """Write each face spoiled into the folder; return the names."""
    names = set()
    for index, (picture, class_name) in enumerate(faces):
        suffix, content = spoil(Image.fromarray(picture))
        path = folder / class_name / f"{flaw}_{index:04d}{suffix}"
        path.write_bytes(content)
        names.add(path.relative_to(folder).as_posix())
    return names


def as_png(change):
    return lambda image: (".png", encode(change(image)))


def as_jpeg(change, **options):
    return lambda image: (".jpg", encode(change(image), "JPEG", **options))


def cut(content, share=0.6):
    return content[:int(len(content) * share)]


def filled_up(image):
    """A JPEG whose missing part a careless program has filled with grey."""
    pixels = np.asarray(image).copy()
    pixels[60:] = 128
    return Image.fromarray(pixels)


def lying(image):
    exif = Image.Exif()
    exif[0x0112] = 6
    return ".jpg", encode(image.rotate(90, expand=True), "JPEG", quality=92, exif=exif)


def sixteen_bits(image):
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def transparent(image):
    image.putalpha(Image.radial_gradient("L").resize(image.size).point(lambda value: 255 - value // 2))
    return image


def dimmed(image):
    return image.point(lambda value: value // 5)


def plain(image):
    color = np.asarray(image).mean((0, 1))
    noise = np.random.default_rng(int(color.sum())).normal(0, 1.5, (SIDE, SIDE, 3))
    return Image.fromarray(np.clip(color + noise, 0, 255).astype(np.uint8))


HEIC = b"\0\0\0\x28ftypheic\0\0\0\0mif1heic" + bytes(200)

FLAWS = {
    "text": ("unreadable", lambda image: (".jpg", b"<html>404 not found</html>")),
    "empty file": ("unreadable", lambda image: (".png", b"")),
    "cut JPEG": ("truncated", lambda image: (".jpg", cut(encode(image, "JPEG", quality=90)))),
    "cut PNG": ("truncated", lambda image: (".png", cut(encode(image)))),
    "cut WebP": ("truncated", lambda image: (".webp", cut(encode(image, "WEBP")))),
    "filled-up JPEG": ("truncated", as_jpeg(filled_up, quality=90)),
    "PNG named jpg": ("misnamed", lambda image: (".jpg", encode(image))),
    "WebP named as a download": ("misnamed", lambda image: (".jpg_1088Wx1632H", encode(image, "WEBP"))),
    "plain colour": ("empty", as_png(plain)),
    "tiny": ("small", as_png(lambda image: image.resize((30, 36)))),
    "huge": ("large", as_jpeg(lambda image: image.resize((1200, 1200)), quality=60)),
    "long": ("elongated", as_png(lambda image: image.resize((96, 210)))),
    "dark": ("dark", as_png(dimmed)),
    "bright": ("bright", as_png(lambda image: image.point(lambda value: 185 + value // 4))),
    "washed out": ("washed_out", as_png(lambda image: image.point(lambda value: 90 + value // 7))),
    "blurred": ("blurred", as_png(lambda image: image.filter(ImageFilter.GaussianBlur(0.03 * SIDE)))),
    "strongly blurred, JPEG": ("blurred", as_jpeg(lambda image: image.filter(ImageFilter.GaussianBlur(0.05 * SIDE)), quality=85)),
    "transparent": ("not_rgb", as_png(transparent)),
    "palette": ("not_rgb", as_png(lambda image: image.quantize(128))),
    "CMYK": ("not_rgb", as_jpeg(lambda image: image.convert("CMYK"), quality=92)),
    "16 bits": ("not_rgb", as_png(sixteen_bits)),
    "lying": ("turned", lying),
    "animated": ("animated", lambda image: (".gif", encode(image, "GIF", save_all=True, append_images=[image.rotate(5)]))),
    "photo of an iPhone": ("unreadable", lambda image: (".heic", HEIC)),
    "photo of an iPhone, misnamed": ("unreadable", lambda image: (".photo", HEIC)),
    "text file": ("other", lambda image: (".txt", b"who is on this photo")),
}


@pytest.fixture(scope="module")
def spoiled(faces, clean_folder, tmp_path_factory):
    """What is said of single photos where fifty of every flaw lie among clean faces, by kind; and the names of the flawed ones."""
    folder = Path(shutil.copytree(clean_folder, tmp_path_factory.mktemp("spoiled") / "faces"))
    planted = {flaw: plant(folder, faces[CLEAN:], spoil, flaw) for flaw, (_, spoil) in FLAWS.items()}
    photos = list(measure_photos(list_photos(folder)))
    findings = find_problems(photos, copies=[], groups=np.arange(len(photos)), shortcuts=[])
    return {finding.kind: set(finding.files) for finding in findings}, planted


@pytest.mark.parametrize("name, options", [("turned.jpg", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}), ("turned.tif", {"tiffinfo": {0x0112: 6}})])
def test_the_size_is_that_of_the_upright_photo(tmp_path, name, options):
    Image.new("RGB", (48, 40)).save(tmp_path / name, **options)
    [photo] = measure_photos(list_photos(tmp_path))
    assert (photo.width, photo.height, photo.turned) == (40, 48, True)


def test_a_whole_photo_with_odd_notes_of_its_camera_is_none_that_stops(tmp_path):
    Image.new("RGB", (48, 40)).save(tmp_path / "odd.png", exif=b"Exif\0\0no notes at all")
    [photo] = measure_photos(list_photos(tmp_path))
    assert (photo.problem, photo.width, photo.turned) == (None, 48, False)


@pytest.mark.parametrize("flaw", FLAWS)
def test_planted_flaws_are_found_and_clean_faces_left_alone(flaw, spoiled):
    found, planted = spoiled
    found = found.get(FLAWS[flaw][0], set())
    assert len(planted[flaw]) == PLANTED and len(found & planted[flaw]) >= 0.95 * PLANTED
    assert sum("clean" in name for name in found) <= 0.02 * CLEAN


def turned(degrees):
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="white")


COPIES = [
    ("exact_duplicates", lambda image: (".png", encode(image))),
    ("near_duplicates", as_jpeg(lambda image: image, quality=70)),
    ("near_duplicates", lambda image: (".webp", encode(image, "WEBP", quality=75))),
    ("near_duplicates", as_png(lambda image: image.resize((64, 64)))),
    ("near_duplicates", as_png(lambda image: image.point(lambda value: value * 4 // 5))),
    ("near_duplicates", as_jpeg(lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=85)),
    ("near_duplicates", as_jpeg(turned(10), quality=85)),
    ("near_duplicates", as_jpeg(lambda image: image.crop((8, 6, 90, 88)).resize((SIDE, SIDE)), quality=85)),
]


@pytest.mark.parametrize("kind, copied", COPIES, ids=["same bytes", "JPEG", "WebP", "resized", "darker", "mirrored", "rotated", "cropped"])
def test_planted_copies_are_found_with_their_originals(kind, copied, faces, clean_folder, tmp_path):
    folder = Path(shutil.copytree(clean_folder, tmp_path / "faces"))
    planted = plant(folder, faces[:PLANTED], copied)
    [finding] = [finding for finding in audit_folder(folder).findings if finding.kind == kind]
    group_of = {name.rsplit(".", 1)[0]: number for number, group in enumerate(finding.groups) for name in group}
    pairs = [(f"{class_name}/clean_{index:04d}", f"{class_name}/planted_{index:04d}") for index, (_, class_name) in enumerate(faces[:PLANTED])]
    assert sum(group_of.get(original, -1) == group_of.get(copy) for original, copy in pairs) >= 0.95 * PLANTED
    uncopied = {name for name in finding.files if name not in planted and not name.startswith(tuple(original for original, _ in pairs))}
    assert len(uncopied) <= 0.02 * CLEAN


def test_copies_across_classes_and_splits(faces, tmp_path):
    for split, some in (("train", faces[:60]), ("test", faces[60:90] + faces[:PLANTED])):
        save_faces(some, tmp_path / "faces" / split, ".jpg", quality=90)
    train, validation = tmp_path / "faces" / "train", tmp_path / "faces" / "val"
    for index, (picture, class_name) in enumerate(faces[90:90 + PLANTED]):
        other = "with_mask" if class_name == "without_mask" else "without_mask"
        for place in (validation / class_name, validation / other):
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(place / f"twice_{index}.png")
    report = audit_folder(tmp_path / "faces")
    leaks, wrong = ([finding for finding in report.findings if finding.kind == kind] for kind in ("duplicates_across_splits", "duplicates_across_classes"))
    assert leaks[0].severity == wrong[0].severity == "high"
    assert sum(name.startswith("test/") for name in leaks[0].files) >= 0.95 * PLANTED
    assert leaks[0].evidence["pairs of splits"] == {"train and test": leaks[0].evidence["groups"]}
    assert all(len({Path(name).parent.name for name in group}) == 2 for group in wrong[0].groups)
    assert sum("twice" in name for name in wrong[0].files) >= 0.95 * 2 * PLANTED
    assert len(report.of_kind("duplicates_across_classes")) == len(wrong[0].files) and train.exists()


def test_files_without_content_are_no_copies_of_each_other(faces, tmp_path):
    save_faces(faces[:8], tmp_path / "faces", ".jpg", quality=90)
    for class_name in ("with_mask", "without_mask"):
        (tmp_path / "faces" / class_name / "empty.jpg").write_bytes(b"")
    report = audit_folder(tmp_path / "faces")
    assert len(report.of_kind("unreadable")) == 2 and not report.of_kind("duplicates_across_classes") | report.of_kind("exact_duplicates")


def test_a_clean_folder_raises_nothing_worth_fixing(clean_folder):
    report = audit_folder(clean_folder)
    for finding in report.findings:
        assert len(finding.files) <= 0.02 * CLEAN and finding.severity != "high", finding.sentence
    assert len(report.shortcuts) == 7 and not any(shortcut.flagged for shortcut in report.shortcuts)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_more_clean_faces_raise_nothing_worth_fixing(seed, tmp_path):
    report = audit_folder(save_faces(draw(600, seed, workers=2), tmp_path / "faces"))
    for finding in report.findings:
        assert len(finding.files) <= 0.02 * 600, finding.sentence
    assert not any(shortcut.flagged for shortcut in report.shortcuts)


def with_frame(image):
    framed = np.full((SIDE, SIDE, 3), 20, np.uint8)
    framed[3:-3, 3:-3] = np.asarray(image)[3:-3, 3:-3]
    return Image.fromarray(framed)


def tinted(image):
    return image.convert("RGB", (1, 0, 0, 40, 0, 1, 0, 0, 0, 0, 1, -40))


SHORTCUTS = {
    "format": lambda image: (".jpg", encode(image, "JPEG", quality=90)),
    "color": as_png(tinted),
    "border": as_png(with_frame),
    "resolution": as_png(lambda image: image.resize((88, 88))),
    "aspect": as_png(lambda image: image.resize((80, 96))),
    "sharpness": as_png(lambda image: image.resize((48, 48)).resize((SIDE, SIDE))),
    "file_size": lambda image: (".png", encode(image, compress_level=0)),
}


@pytest.mark.parametrize("family", SHORTCUTS)
def test_planted_shortcuts_are_found(family, faces, tmp_path):
    folder = save_faces([face for face in faces if face[1] == "without_mask"], tmp_path / "faces")
    (folder / "with_mask").mkdir()
    plant(folder, [face for face in faces if face[1] == "with_mask"], SHORTCUTS[family])
    report = audit_folder(folder)
    [shortcut] = [shortcut for shortcut in report.shortcuts if shortcut.family == family]
    [finding] = [finding for finding in report.findings if finding.kind == f"shortcut_{family}"]
    assert shortcut.auc > 0.8 and finding.severity == "high"
    assert "with_mask" in " ".join(finding.details) and finding.advice
    assert {Path(name).parent.name for name in finding.files} == {"with_mask", "without_mask"}


def test_a_format_that_few_photos_have_is_named(faces, tmp_path):
    folder = save_faces([face for face in faces if face[1] == "without_mask"], tmp_path / "faces", ".jpg", quality=90)
    masked = [face for face in faces if face[1] == "with_mask"]
    save_faces(masked[25:], folder, ".jpg", quality=90)
    plant(folder, masked[:25], as_png(lambda image: image))
    [finding] = [finding for finding in audit_folder(folder).findings if finding.kind == "shortcut_format"]
    assert any(f"PNG files: 25 of {len(masked)} with_mask, 0 of" in detail for detail in finding.details)


def look_alike(class_name, color, path="a.png"):
    return Photo(path, Path(path), class_name, n_bytes=1000, format="PNG", mode="RGB", width=64, height=64,
                 looks=Looks(100, 50, 10, 200, color, 0.3, color + (1.0, 1.0), 0.0))


def test_copies_share_a_fold_so_that_a_remembered_picture_is_no_shortcut():
    rng = np.random.default_rng(0)
    photos, groups = [], []
    for group in range(60):  # ten copies of each picture, whose colour says nothing about the class
        color = tuple(rng.uniform(0, 255, 3))
        photos += [look_alike(("with_mask", "without_mask")[group % 2], color)] * 10
        groups += [group] * 10
    apart, _ = find_shortcuts(photos, np.arange(len(photos)))
    together, _ = find_shortcuts(photos, np.array(groups))
    auc = {name: next(shortcut for shortcut in found if shortcut.family == "color") for name, found in (("apart", apart), ("together", together))}
    assert auc["apart"].auc > 0.9 and auc["apart"].flagged
    assert not auc["together"].flagged


def test_auc_equals_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    scores, labels = rng.integers(0, 20, 200).astype(float), rng.random((5, 200)) < 0.4
    ours = _auc(scores, labels, [(None, np.arange(200))])
    assert np.allclose(ours, [roc_auc_score(row, scores) for row in labels])


def test_too_few_photos_or_classes_get_a_sentence_and_no_number():
    few = [look_alike(name, (1.0, 2.0, 3.0)) for name in ("with_mask", "without_mask") * 10]
    found, why = find_shortcuts(few, np.arange(20))
    assert found == [] and "20 different photos of each class, and there are 10" in why
    found, why = find_shortcuts([look_alike(None, (1.0, 2.0, 3.0))] * 50, np.arange(50))
    assert found == [] and "two classes" in why


def test_sharpness_changes_with_blur_and_not_with_contrast(faces):
    grey = Image.fromarray(faces[0][0]).convert("L")
    plain, pale = (np.asarray(image, dtype=np.float32) for image in (grey, grey.point(lambda value: 60 + value // 2)))
    assert sharpness(pale) == pytest.approx(sharpness(plain), rel=0.05)
    values = [sharpness(np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)) for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("suffix, format, wrong", [(".JPG", "JPEG", False), (".jfif", "JPEG", False), (".png", "PNG", False), (".tiff", "TIFF", False),
                                                   (".jpg", "PNG", True), ("", "PNG", True), (".photo", "JPEG", True), (".txt", None, False)])
def test_which_names_mislead(suffix, format, wrong):
    assert misnamed(Photo("a", Path("a" + suffix), format=format)) is wrong


def test_of_a_cut_photo_the_upper_part_is_rescued(faces):
    image = Image.fromarray(faces[0][0])
    rescued = rescue(cut(encode(image, "JPEG", quality=95)))
    assert rescued.size == image.size
    assert np.abs(np.asarray(rescued)[:30].astype(int) - faces[0][0][:30]).mean() < 8
    assert rescue(b"no picture") is None


def test_one_file_a_thousand_times_gives_a_thousand_pairs():
    prints = [np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)] * 1000
    copies = find_copies([b"same"] * 1000, prints)
    assert len(copies) == 999 and len(set(number_groups(1000, copies))) == 1
    resaved = find_copies([str(i).encode() for i in range(1000)], prints)
    assert len(resaved) == 999


def test_the_number_of_threads_changes_nothing(clean_folder):
    photos = list_photos(clean_folder)[:20]
    alone, many = (list(measure_photos(photos, workers=workers)) for workers in (1, 4))
    assert [photo.looks for photo in alone] == [photo.looks for photo in many]


@pytest.mark.parametrize("places, classes, splits", [
    (["a.png", "b.png", "deep/c.png"], {None}, {None}),
    (["with_mask/a.png", "with_mask/b.png"], {None}, {None}),
    (["cats/a.png", "dogs/b.png"], {"cats", "dogs"}, {None}),
    (["train/cats/a.png", "train/dogs/b.png", "test/cats/c.png"], {"cats", "dogs"}, {"train", "test"}),
    (["with mask/a.png", "WithoutMask/b.png"], {"with_mask", "without_mask"}, {None}),
])
def test_layouts(places, classes, splits, tmp_path, faces):
    for place, (picture, _) in zip(places, faces):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / place)
    report = audit_folder(tmp_path)
    assert len(report.photos) == len(places) and all(photo.looks for photo in report.photos)
    assert {photo.class_name for photo in report.photos} == classes and {photo.split for photo in report.photos} == splits
    assert any("Shortcuts were not looked for" in question for question in report.not_asked)
    assert any("class folders" in question for question in report.not_asked) == (classes == {None})


def test_one_class_without_the_other_is_to_be_fixed(tmp_path, faces, capsys):
    (tmp_path / "with_mask").mkdir()
    Image.fromarray(faces[0][0]).save(tmp_path / "with_mask" / "a.png")
    report = audit_folder(tmp_path)
    [finding] = [finding for finding in report.findings if finding.severity == "high"]
    assert (finding.kind, finding.sentence.split(".")[0]) == ("missing_class", "Only with_mask is there, and without_mask is missing")
    assert "Nothing was found" not in as_text(report) and 'id="missing_class"' in as_html(report) and "no class folders" not in as_text(report)
    (tmp_path / "without_mask").mkdir()
    assert "Only with_mask is there, and without_mask holds no files." in " ".join(as_text(audit_folder(tmp_path)).split())
    Image.fromarray(faces[1][0]).save(tmp_path / "without_mask" / "b.png")
    assert not audit_folder(tmp_path).of_kind("missing_class") and "missing_class" not in {finding.kind for finding in audit_folder(tmp_path).findings}


def test_a_class_that_is_missing_in_one_split_is_named(tmp_path, faces):
    for index, place in enumerate(("train/with_mask", "train/without_mask", "test/WithMask")):
        (tmp_path / place).mkdir(parents=True)
        Image.fromarray(faces[index][0]).save(tmp_path / place / "a.png")
    [finding] = [finding for finding in audit_folder(tmp_path).findings if finding.kind == "missing_class"]
    assert finding.sentence.startswith("In test only with_mask is there, and without_mask is missing.")


def place_faces(root, faces, *places):
    for index, place in enumerate(places):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(faces[index][0]).save(root / place)


def findings_of(folder):
    return {finding.kind: finding for finding in audit_folder(folder).findings}


def test_photos_of_an_iphone_are_to_be_saved_as_jpeg_and_not_deleted(tmp_path, faces):
    place_faces(tmp_path, faces, "with_mask/a.png", "without_mask/b.png")
    (tmp_path / "with_mask" / "c.heic").write_bytes(HEIC)
    finding = findings_of(tmp_path)["unreadable"]
    assert finding.severity == "high" and finding.notes == ("a HEIC photo, as iPhones take them",)
    assert finding.advice == "Save the HEIC photos as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)."
    (tmp_path / "with_mask" / "d.jpg").touch()
    assert findings_of(tmp_path)["unreadable"].advice.endswith("Most Compatible). Get the other files again from where they came, or delete them.")
    assert "missing_class" not in findings_of(tmp_path)


def test_a_class_of_which_nothing_can_be_read_is_missing(tmp_path, faces):
    place_faces(tmp_path, faces, "without_mask/b.png")
    (tmp_path / "with_mask").mkdir()
    (tmp_path / "with_mask" / "a.heic").write_bytes(HEIC)
    found = findings_of(tmp_path)
    assert found["missing_class"].sentence.startswith("Only without_mask is there, and with_mask holds no file that can be read as a photo.") and "unreadable" in found
    (tmp_path / "without_mask" / "b.png").write_bytes(b"")
    assert findings_of(tmp_path)["missing_class"].sentence.startswith("Neither class is there: without_mask holds no file that can be read as a photo and with_mask holds")


@pytest.mark.parametrize("places, said", [
    (["val/"], "In val neither class is there: without_mask is missing and with_mask is missing."),
    (["val/with_mask/", "val/without_mask/"], "In val neither class is there: without_mask holds no files and with_mask holds no files."),
    (["test/a.png", "test/b.png"], "In test neither class is there: without_mask is missing and with_mask is missing."),
])
def test_a_split_without_its_classes_is_to_be_fixed(tmp_path, faces, places, said):
    place_faces(tmp_path, faces, "train/with_mask/a.png", "train/without_mask/b.png")
    place_faces(tmp_path, faces[2:], *(place for place in places if not place.endswith("/")))
    for place in places:
        if place.endswith("/"):
            (tmp_path / place).mkdir(parents=True)
    with pytest.raises(InputError):
        find_samples(tmp_path)
    [finding] = [finding for finding in audit_folder(tmp_path).findings if finding.severity == "high"]
    assert finding.kind == "missing_class" and finding.sentence.startswith(said)


@pytest.mark.parametrize("there", [["val", "test"], ["Test"], ["valid"]])
def test_a_folder_with_nothing_to_train_on_is_told(tmp_path, faces, there):
    place_faces(tmp_path, faces, *(f"{split}/{name}/{split}.png" for split in there for name in ("with_mask", "without_mask")))
    finding = findings_of(tmp_path)["missing_train"]
    assert finding.severity == "medium" and finding.sentence.startswith(f"There is no train folder beside {' and '.join(sorted(there))}:")
    with pytest.raises(InputError, match="no train folder"):
        find_samples(tmp_path)
    assert find_samples(tmp_path, to_train=False)


def test_folders_of_photos_that_are_passed_over_are_counted(tmp_path, faces, caplog):
    place_faces(tmp_path, faces, "with_mask/a.png", "without_mask/b.png", "incorrect_mask/c.png", "incorrect_mask/deep/d.jpg", "more/e.png", ".hidden/f.png")
    place_faces(tmp_path, faces[5:], "run/mistakes.png")
    (tmp_path / "run" / "mask_cnn_best.pth").touch()
    report = audit_folder(tmp_path)
    [finding] = [finding for finding in report.findings if finding.kind == "passed_over"]
    assert finding.severity == "medium" and finding.evidence == {"photos": 3, "folders": {"incorrect_mask": 2, "more": 1}}
    assert finding.sentence.startswith("2 folders hold photos and are passed over, in training and in a test: incorrect_mask (2 photos), more (1 photo).")
    assert len(report.photos) == 2 and not caplog.messages and 'id="passed_over"' in as_html(report) and "3 files" in as_html(report)
    assert [finding.severity for finding in report.findings] == sorted((finding.severity for finding in report.findings), key=SEVERITIES.index)


@pytest.mark.parametrize("places", [["train/cats/a.png", "train/dogs/b.png", "test/cats/c.png"], ["cats/a.png", "dogs/b.png"], ["a.png", "deep/b.png"],
                                    ["with_mask/a.png", "without_mask/b.png"], [f"{split}/{name}/a.png" for split in ("train", "test") for name in ("with mask", "without mask")]])
def test_nothing_is_missing_or_passed_over_in_a_folder_that_is_understood(tmp_path, faces, places):
    place_faces(tmp_path, faces, *places)
    assert not {"missing_class", "missing_train", "passed_over"} & set(findings_of(tmp_path))


def test_a_folder_that_may_not_be_read_is_to_be_fixed(tmp_path, faces, monkeypatch):
    for index, place in enumerate(("with_mask", "without_mask")):
        (tmp_path / place).mkdir()
        Image.fromarray(faces[index][0]).save(tmp_path / place / "a.png")
    forbid(monkeypatch, tmp_path / "without_mask")
    [finding] = [finding for finding in audit_folder(tmp_path).findings if finding.severity == "high"]
    assert finding.sentence.startswith("1 folder cannot be read: without_mask (Permission denied).")


def test_a_picture_of_too_many_pixels_is_not_called_cut_off(tmp_path, faces, monkeypatch):
    Image.fromarray(faces[0][0]).save(tmp_path / "a.png")
    Image.new("1", (2000, 1500)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    report = audit_folder(tmp_path)
    assert report.of_kind("too_large") == {"large.png"} and not report.of_kind("truncated")
    assert "it has 3 million pixels, and Pillow refuses more than 2 million" in " ".join(as_text(report).split())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_finding_about_one_file_is_in_the_singular(rule):
    sentence = _grammatical(rule.sentence.format(n="1", total="61"))
    assert re.match(r"1 of 61 (photos|files) (is|has|stores|holds) ", sentence)
    assert not re.search(r"\b(are no|their|them|they|no pictures)\b", sentence.partition(". ")[0], re.IGNORECASE)


def test_bad_folders_are_input_errors(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        audit_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no files"):
        audit_folder(tmp_path)


@pytest.fixture(scope="module")
def flawed(faces, tmp_path_factory):
    """A folder with a bit of everything, one name of which is no friend of HTML."""
    folder = save_faces(faces[:60], tmp_path_factory.mktemp("flawed") / "faces")
    for flaw in ("cut JPEG", "dark", "text", "transparent", "PNG named jpg"):
        suffix, content = FLAWS[flaw][1](Image.fromarray(faces[60 + len(flaw)][0]))
        (folder / "with_mask" / f"{flaw}{suffix}").write_bytes(content)
    (folder / "without_mask" / "a & b ß 口罩 'x'.png").write_bytes((folder / faces[0][1] / "clean_0000.png").read_bytes())
    return audit_folder(folder)


class Page(HTMLParser):
    """Collects what the promises about the page are about."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.images, self.headings, self.links = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag == "img":
            self.images.append(attributes)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.links += [attributes[name] for name in ("src", "href") if name in attributes]


def test_the_page_needs_no_network_and_can_be_heard(flawed):
    text = as_html(flawed)
    page = Page(text)
    assert "script" not in page.tags and "link" not in page.tags and not re.search(r"https?://|url\(|@import", text)
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert page.images and all(image["alt"] for image in page.images)
    assert page.headings[0] == 1 and all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:]))
    assert 'lang="en"' in text and "prefers-color-scheme: dark" in text and 'role="img" aria-label=' in text
    for image in page.images:
        picture = Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2])))
        assert max(picture.size) <= 112


def test_the_page_names_every_finding_and_escapes_names(flawed):
    text = as_html(flawed)
    for finding in flawed.findings:
        assert f'id="{finding.kind}"' in text
    assert "a &amp; b ß 口罩 &#x27;x&#x27;.png" in text and "a & b" not in text


def test_an_old_page_is_kept_if_the_new_one_fails(flawed, tmp_path, monkeypatch):
    page = write_page(flawed, tmp_path / "new folder" / "audit.html")
    assert page.read_text(encoding="utf-8") == as_html(flawed)
    monkeypatch.setattr("maskkit.audit.page.as_html", lambda report: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_page(flawed, page)
    assert page.read_text(encoding="utf-8").endswith("</html>\n") and len(list(page.parent.iterdir())) == 1
    with pytest.raises(InputError, match="is a folder"):
        write_page(flawed, tmp_path)


def test_json_holds_every_finding(flawed):
    found = json.loads(json.dumps(as_json(flawed)))
    assert found["files"] == 66 and found["classes"]["without_mask"] + found["classes"]["with_mask"] == 66
    assert {row["kind"] for row in found["findings"]} >= {"truncated", "dark", "unreadable", "not_rgb", "misnamed", "exact_duplicates"}
    for row in found["findings"]:
        assert row["severity"] in SEVERITIES and row["sentence"].endswith(".") and row["advice"].endswith(".")
        assert not row["notes"] or len(row["notes"]) == len(row["files"])
    assert found["findings"] == sorted(found["findings"], key=lambda row: SEVERITIES.index(row["severity"]))


def test_text_names_the_findings_and_some_files(flawed):
    text = as_text(flawed)
    assert all(finding_text(finding) in text and finding.advice in " ".join(finding_text(finding).split()) for finding in flawed.findings)
    assert "with_mask/cut JPEG.jpg" in text
    assert all(len(line) <= 100 or " " not in line.strip() for line in text.splitlines())


def test_what_luck_alone_may_explain_is_not_called_no_shortcut(flawed):
    said, marked = {}, {}
    for flagged, auc in ((True, 0.97), (False, 0.94), (False, 0.6)):
        shortcut = Shortcut("size", "width and height", auc=auc, chance=0.83, flagged=flagged)
        said[flagged, auc] = as_text(replace(flawed, shortcuts=(shortcut,))).partition("width and height")[2].split("\n")[0].split()
        page = as_html(replace(flawed, shortcuts=(shortcut,)))
        marked[flagged, auc] = re.findall(r"width and height \d+ %([^.]*)\.", page) + re.findall(r">\d\d %( · [^<]*)<", page)
    assert list(said.values()) == [["97", "%", "yes"], ["94", "%", *"not sure: by luck alone up to 83 %".split()], ["60", "%", "no"]]
    assert list(marked.values()) == [[", shortcut", " · shortcut"], [", not sure", " · not sure"], [""]]


def test_command_line(flawed, tmp_path, capsys):
    assert main(["data", "audit", str(flawed.folder), "--json", "--html", str(tmp_path / "audit.html")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == json.loads(json.dumps(as_json(flawed)))
    assert "audit.html" in captured.err and (tmp_path / "audit.html").read_text(encoding="utf-8") == as_html(flawed)
    assert main(["data", "audit", str(flawed.folder)]) == 0
    assert capsys.readouterr().out == as_text(flawed) + "\n"
    assert main(["data", "audit", str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["data", "audit", "--help"])
    assert "0 whether something is found or not" in " ".join(capsys.readouterr().out.split())


def test_a_page_that_cannot_be_written_is_refused_before_the_audit(flawed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("maskkit.audit.report.audit_folder", lambda *_, **__: 1 / 0)
    (tmp_path / "notes.txt").touch()
    assert main(["data", "audit", str(flawed.folder), "--html", str(tmp_path / "notes.txt" / "audit.html")]) == 2
    assert "notes.txt is a file; give a folder for the page" in capsys.readouterr().err


@pytest.mark.photos
def test_the_known_flaws_of_the_public_photos_are_reported():
    if not os.environ.get("MASKKIT_PHOTOS"):
        pytest.skip("set MASKKIT_PHOTOS to the folder of the public photos")
    report = audit_folder(os.environ["MASKKIT_PHOTOS"])
    found = {finding.kind: finding for finding in report.findings}
    assert found["exact_duplicates"].evidence["different files"] == 3991
    assert len(report.of_kind("exact_duplicates") | report.of_kind("near_duplicates")) > 400
    assert "PNG files: 231 of 2,164 with_mask, 0 of 1,930 without_mask." in found["shortcut_format"].details
    assert found["not_rgb"].evidence["what"] == {"RGBA: transparency": 111, "P: a palette": 2}
    assert report.of_kind("misnamed") == {"with_mask/black3.jpg_1088Wx1632H", "with_mask/with_mask129.jpg"}
    assert {"shortcut_resolution", "shortcut_aspect", "small", "elongated", "large"} <= set(found)


@pytest.mark.parametrize("call, said", [(lambda: audit_folder(None), "got None"), (lambda: as_text("photos"), "as_text takes a report"),
                                        (lambda: finding_text("photos"), "one of report.findings"), (lambda: write_page("page.html", "report"), "and a path")])
def test_no_folder_and_no_report(call, said):
    with pytest.raises(InputError, match=said):
        call()
