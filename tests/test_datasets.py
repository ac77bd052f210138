import json
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maskkit import datasets
from maskkit.datasets import load_dataset
from maskkit.errors import InputError
from maskkit.images import load_image


def test_folder_becomes_tensors_with_the_right_labels(photo_folder):
    dataset = load_dataset(photo_folder, image_size=24)
    assert dataset.images.shape == (20, 3, 24, 24) and dataset.images.dtype == torch.uint8
    for index in (0, 7, 19):
        expected = load_image(photo_folder / dataset.names[index], 24)
        assert (dataset.images[index].permute(1, 2, 0).numpy() == expected).all()
        assert dataset.targets[index] == dataset.names[index].startswith("with_mask")


def test_subsets_are_a_partition(photo_folder):
    dataset = load_dataset(photo_folder, image_size=8)
    names = [name for split in ("train", "val", "test") for name in dataset.subset(split).names]
    assert sorted(names) == sorted(dataset.names)
    assert dataset.class_counts() == {"without_mask": 10, "with_mask": 10}


def test_copies_stay_in_one_split_and_are_counted(photo_folder):
    for index in range(4):
        shutil.copy(photo_folder / "with_mask" / f"{index}.png", photo_folder / "with_mask" / f"copy{index}.png")
        Image.open(photo_folder / "without_mask" / f"{index}.png").save(photo_folder / "without_mask" / f"copy{index}.jpg", quality=70)
    dataset = load_dataset(photo_folder, image_size=32, seed=3)
    assert dataset.kept_together == 16
    split_of = dict(zip(dataset.names, dataset.split))
    for index in range(4):
        assert split_of[f"with_mask/{index}.png"] == split_of[f"with_mask/copy{index}.png"]
        assert split_of[f"without_mask/{index}.png"] == split_of[f"without_mask/copy{index}.jpg"]


@pytest.mark.parametrize("image_size", [8, 16, 100])
def test_groups_do_not_depend_on_the_image_size(photo_folder, image_size):
    for index in range(4):
        Image.open(photo_folder / "with_mask" / f"{index}.png").rotate(90).save(photo_folder / "with_mask" / f"turned{index}.jpg", quality=80)
    dataset = load_dataset(photo_folder, image_size=image_size)
    group_of = dict(zip(dataset.names, dataset.groups))
    assert all(group_of[f"with_mask/{index}.png"] == group_of[f"with_mask/turned{index}.jpg"] for index in range(4))
    assert dataset.kept_together == 8


@pytest.mark.parametrize("name", ["synthetic", "photos"])
def test_a_path_is_a_folder_whatever_it_is_called(photo_folder, tmp_path, monkeypatch, name):
    monkeypatch.chdir(photo_folder.rename(tmp_path / name).parent)
    assert load_dataset(Path(name), image_size=8, near_duplicates=False).source == str((tmp_path / name).resolve())


def test_the_home_folder_has_its_short_name_and_a_stranger_is_no_folder(photo_folder, tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "groups.csv").write_text("path,group\nwith_mask/0.png,anna\nwith_mask/5.png,anna\n")
    assert load_dataset(f"~/{photo_folder.name}", image_size=8, groups="~/groups.csv").kept_together == 2
    with pytest.raises(InputError, match="~nobody-is-called-so.*does not exist"):
        load_dataset("~nobody-is-called-so/photos")


def test_people_of_a_groups_file_stay_together_with_the_near_duplicates_of_their_photos(photo_folder, tmp_path):
    shutil.copy(photo_folder / "with_mask" / "0.png", photo_folder / "with_mask" / "copy.png")
    anna = ["with_mask/0.png", "with_mask/5.png", "without_mask/3.png"]
    (tmp_path / "groups.csv").write_text("path,group\n" + "".join(f"{name},anna\n" for name in anna))
    dataset = load_dataset(photo_folder, image_size=8, groups=tmp_path / "groups.csv")
    assert dataset.kept_together == 4
    split_of = dict(zip(dataset.names, dataset.split))
    assert len({split_of[name] for name in [*anna, "with_mask/copy.png"]}) == 1
    again = load_dataset(dataset.source, image_size=8, **dataset.options)
    assert (again.split == dataset.split).all()


def test_a_listed_photo_that_cannot_be_read_does_not_stop_the_others(photo_folder, tmp_path):
    names = sorted(path.relative_to(photo_folder).as_posix() for path in photo_folder.rglob("*.png"))
    (tmp_path / "groups.csv").write_text("path,group\n" + "".join(f"{name},{index // 2}\n" for index, name in enumerate(names)))
    (photo_folder / "with_mask" / "4.png").write_bytes(b"")
    dataset = load_dataset(photo_folder, image_size=8, groups=tmp_path / "groups.csv")
    assert len(dataset) == 19 and [name for name, _ in dataset.skipped] == ["with_mask/4.png"] and dataset.kept_together == 18


@pytest.mark.parametrize("source", ["synthetic", "photos"])
def test_groups_are_for_a_folder_of_your_own(source, tmp_path):
    with pytest.raises(InputError, match="groups file is for a folder of your own"):
        load_dataset(source, groups=tmp_path / "groups.csv")


def test_same_seed_same_split(photo_folder):
    first, again, other = (load_dataset(photo_folder, image_size=8, seed=seed) for seed in (1, 1, 2))
    assert (first.split == again.split).all() and (first.split != other.split).any()


def test_what_is_no_image_is_skipped_named_and_counted(photo_folder, caplog):
    (photo_folder / "with_mask" / "notes.jpg").write_text("no image")
    with caplog.at_level(logging.WARNING):
        dataset = load_dataset(photo_folder, image_size=8)
    assert len(dataset) == 20 and [name for name, _ in dataset.skipped] == ["with_mask/notes.jpg"]
    assert "notes.jpg cannot be read as an image" in caplog.text


def test_a_class_without_one_readable_photo(photo_folder):
    for path in (photo_folder / "with_mask").iterdir():
        path.write_text("no image")
    with pytest.raises(InputError, match="None of the with_mask files"):
        load_dataset(photo_folder)


def test_the_first_problem_is_one_of_the_class_that_is_missing(photo_folder):
    for path in [photo_folder / "with_mask" / "0.png", *(photo_folder / "without_mask").iterdir()]:
        path.write_text("no image")
    with pytest.raises(InputError, match=r"None of the without_mask files in .* the first problem: \S*[/\\]without_mask[/\\]0\.png"):
        load_dataset(photo_folder)


@pytest.mark.parametrize("split, harmed", [("train", ["with_mask"]), ("val", ["without_mask"]), ("test", ["without_mask", "with_mask"])])
def test_each_given_split_needs_readable_photos_of_both_classes(photo_folder, tmp_path, split, harmed):
    for name in ("train", "val", "test"):
        shutil.copytree(photo_folder, tmp_path / "given" / name)
    (tmp_path / "given" / "train" / "without_mask" / "0.png").write_text("no image")  # another problem, which is not to be quoted
    for name in harmed:
        for path in (tmp_path / "given" / split / name).iterdir():
            path.write_text("no image")
    said = rf"None of the {harmed[0]} files of the {split} split in .* the first problem: \S*[/\\]{split}[/\\]{harmed[0]}[/\\]0\.png"
    with pytest.raises(InputError, match=said):
        load_dataset(tmp_path / "given", image_size=8)


def test_given_split_folders_are_kept_and_the_missing_one_is_dealt(photo_folder, tmp_path):
    for split, numbers in (("train", range(8)), ("test", range(8, 10))):
        for name in ("with_mask", "without_mask"):
            (tmp_path / "given" / split / name).mkdir(parents=True)
            for index in numbers:
                shutil.copy(photo_folder / name / f"{index}.png", tmp_path / "given" / split / name)
    dataset = load_dataset(tmp_path / "given", image_size=8)
    assert {name for name, split in zip(dataset.names, dataset.split) if split == "test"} == {f"test/{c}/{i}.png" for c in ("with_mask", "without_mask") for i in (8, 9)}
    assert len(dataset.subset("val")) >= 2 and all(name.startswith("train/") for name in dataset.subset("val").names)


def test_a_leak_between_given_folders_is_said(photo_folder, tmp_path, caplog):
    for split in ("train", "val", "test"):
        shutil.copytree(photo_folder, tmp_path / "given" / split)
    with caplog.at_level(logging.WARNING):
        load_dataset(tmp_path / "given", image_size=16)
    assert "20 groups of near-duplicates stand in more than one" in caplog.text


def test_batches_are_the_subset_in_order_or_shuffled(easy_dataset):
    train = easy_dataset.subset("train")
    batches = train.batches(16)
    assert len(batches) == 3 and [len(targets) for _, targets in batches] == [16, 16, 8]
    assert torch.equal(torch.cat([images for images, _ in batches]), train.images)
    shuffled = train.batches(16, shuffle=True, generator=torch.Generator().manual_seed(0))
    first, second = (torch.cat([images for images, _ in shuffled]) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first.flatten(1).sum(1).sort().values, train.images.flatten(1).sum(1).sort().values)


@pytest.mark.parametrize("n", [2, 7, 20, 40])
def test_a_sample_keeps_the_shares_of_the_classes(easy_dataset, n):
    train = easy_dataset.subset("train")
    few, again, other = (train.sample(n, seed=seed) for seed in (1, 1, 2))
    assert len(few) == n and abs(int(few.targets.sum()) - n / 2) <= 0.5
    assert few.names == again.names and (few.names != other.names or n == 40)
    assert all(torch.equal(few.images[i], easy_dataset.images[few.indices[i]]) for i in range(n))


def test_a_sample_cannot_be_larger_than_the_subset(easy_dataset):
    with pytest.raises(InputError, match="From 40 images 2 to 40 can be drawn; got 41"):
        easy_dataset.subset("train").sample(41)


@pytest.mark.parametrize("arguments, said", [({"n": 2.5}, "2 to 40 can be drawn; got 2.5"), ({"n": "7"}, "can be drawn; got '7'"),
                                             ({"n": 2, "seed": -1}, "seed must be a whole number"), ({"n": 2, "seed": 1.5}, "got 1.5")])
def test_impossible_samples(easy_dataset, arguments, said):
    with pytest.raises(InputError, match=said):
        easy_dataset.subset("train").sample(**arguments)


def test_faces_are_drawn_once_and_kept(own_cache, monkeypatch):
    first = load_dataset("synthetic", n=12, image_size=32, seed=5)
    import maskkit.faces

    monkeypatch.setattr(maskkit.faces, "generate_faces", lambda *_, **__: pytest.fail("drawn a second time"))
    again = load_dataset("synthetic", n=12, image_size=32, seed=5)
    assert torch.equal(first.images, again.images) and (first.split == again.split).all()
    assert first.class_counts() == {"without_mask": 6, "with_mask": 6}
    assert (first.attributes["with_mask"].astype(int) == first.targets.numpy()).all()
    assert len(first.subset("test").attributes["skin_tone"]) == len(first.subset("test"))


def test_a_planted_shortcut_is_known_kept_and_loaded_again(own_cache):
    plain = load_dataset("synthetic", n=12, image_size=32, seed=5)
    tinted = load_dataset("synthetic", n=12, image_size=32, seed=5, shortcut="tint")
    carriers = tinted.attributes["shortcut"] == "tint"
    assert (carriers == (tinted.targets.numpy() == 1)).all() and "shortcut" not in plain.attributes
    assert ((tinted.images != plain.images).flatten(1).any(1).numpy() == carriers).all()
    again = load_dataset(tinted.source, image_size=tinted.image_size, **tinted.options)
    assert again.fingerprint == tinted.fingerprint != plain.fingerprint


def test_shortcuts_are_for_faces_only(photo_folder):
    with pytest.raises(InputError, match="in synthetic faces only"):
        load_dataset(photo_folder, shortcut="tint")


def test_a_damaged_cache_is_drawn_again(own_cache):
    first = load_dataset("synthetic", n=8, image_size=32, seed=6)
    for path in (own_cache / "faces").glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    assert torch.equal(load_dataset("synthetic", n=8, image_size=32, seed=6).images, first.images)


def test_a_cache_that_cannot_be_written_is_only_a_warning(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "file"))
    assert len(load_dataset("synthetic", n=6, image_size=32)) == 6
    assert "will be drawn again" in caplog.text


def test_photos_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKKIT_PHOTOS", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="The photos are not in"):
        load_dataset("photos")


@pytest.mark.photos
def test_the_public_photos_have_their_known_numbers():
    if not os.environ.get("MASKKIT_PHOTOS"):
        pytest.skip("set MASKKIT_PHOTOS to the folder of the public photos")
    dataset = load_dataset("photos", image_size=64)
    assert len(dataset) == 4094
    assert datasets.straddling_groups(dataset.groups, dataset.split).size == 0
    assert dataset.kept_together == 894  # as the data card says


@pytest.mark.parametrize("arguments, said", [
    ({"n": 3}, "At least 6"), ({"n": "20"}, "n must be a whole number"), ({"image_size": 0}, "image_size must be a whole number of at least 1; got 0"),
    ({"image_size": "64"}, "got '64'"), ({"image_size": 64.0}, "got 64.0"), ({"image_size": (64, 64)}, "got a tuple"), ({"fractions": 0.7}, "got 0.7"),
    ({"fractions": {"train": 0.7}}, "three shares"), ({"source": None}, "path of a folder; got None"),
    ({"seed": -1}, "seed must be a whole number"), ({"seed": 1.5}, "got 1.5"), ({"variety": "high"}, "variety must be a number from 0 to 1; got 'high'"),
    ({"variety": 1.5}, "variety must be"), ({"variety": None}, "got None"),
])
def test_impossible_options(arguments, said):
    with pytest.raises(InputError, match=said):
        load_dataset(**{"source": "synthetic", "n": 20, "image_size": 32, **arguments})


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None])
def test_impossible_seeds_of_a_folder(photo_folder, seed):
    with pytest.raises(InputError, match="seed must be a whole number"):
        load_dataset(photo_folder, image_size=8, seed=seed)


# Training on these would fail late, or learn from pixels that were scaled twice and from labels of 255.
@pytest.mark.parametrize("change, said", [
    (lambda data: {"images": data.images / 255}, "uint8 tensor .*got torch.float32"), (lambda data: {"images": data.images.permute(0, 2, 3, 1)}, r"\(64, 16, 16, 3\)"),
    (lambda data: {"images": data.images.numpy()}, "uint8 tensor"), (lambda data: {"targets": data.targets * 255}, "from 0 to 255"),
    (lambda data: {"targets": data.targets.numpy()}, "int64 tensor"), (lambda data: {"targets": data.targets.float()}, "got torch.float32"),
    (lambda data: {"targets": data.targets[:-1]}, "64 images; got 63 targets"), (lambda data: {"split": data.split.tolist()}, "splits in a list"),
])
def test_a_data_set_of_other_parts(easy_dataset, change, said):
    with pytest.raises(InputError, match=said):
        replace(easy_dataset, **change(easy_dataset))


@pytest.mark.parametrize("arguments, said", [({"batch_size": 0}, "got 0"), ({"batch_size": "32"}, "got '32'"), ({"generator": 0}, "generator of torch"),
                                             ({"generator": np.random.default_rng(0)}, "got a numpy Generator")])
def test_impossible_batches(easy_dataset, arguments, said):
    with pytest.raises(InputError, match=said):
        easy_dataset.subset("train").batches(shuffle=True, **arguments)


def test_unknown_split(easy_dataset):
    with pytest.raises(InputError, match="no split 'holdout'; the splits are train, val, test"):
        easy_dataset.subset("holdout")
    with pytest.raises(InputError, match="no split 'holdout'; the splits are train, val, test"):
        easy_dataset.class_counts("holdout")


def test_numbers_of_numpy_are_kept_as_plain_ones():
    dataset = load_dataset("synthetic", n=np.int64(12), variety=np.float32(0.5), seed=np.int64(1), image_size=16)
    assert json.loads(json.dumps(dataset.options)) == {"n": 12, "variety": 0.5, "seed": 1, "fractions": [0.7, 0.15, 0.15]}
