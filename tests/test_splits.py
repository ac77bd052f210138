from functools import partial
from unicodedata import normalize

import numpy as np
import pytest

from maskkit.errors import InputError
from maskkit.splits import assign_splits, merge_groups, read_groups, seen_in_training, straddling_groups


def shares(split, chosen):
    return [np.mean(split[chosen] == name) for name in ("train", "val", "test")]


def test_fractions_hold_in_each_class():
    targets = np.repeat([0, 1], [600, 400])
    split = assign_splits(targets, fractions=(0.7, 0.15, 0.15))
    for target in (0, 1):
        assert np.allclose(shares(split, targets == target), (0.7, 0.15, 0.15), atol=0.005)


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_together_and_fractions_still_hold(seed):
    rng = np.random.default_rng(seed)
    targets, groups = rng.integers(0, 2, 1000), rng.integers(0, 400, 1000)
    split = assign_splits(targets, groups, seed=seed)
    assert all(len(set(split[groups == group])) == 1 for group in np.unique(groups))
    assert len(straddling_groups(groups, split)) == 0
    assert np.allclose(shares(split, targets >= 0), (0.7, 0.15, 0.15), atol=0.02)


def test_seed_decides():
    targets = np.arange(100) % 2
    first, again, other = (assign_splits(targets, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_every_class_in_every_split_even_if_tiny():
    split = assign_splits(np.array([0, 0, 0, 1, 1, 1]))
    assert sorted(split[:3]) == sorted(split[3:]) == ["test", "train", "val"]


def test_too_few_different_photos_is_a_clear_answer():
    with pytest.raises(InputError, match="2 different photos of with_mask cannot fill 3 splits; .* and stand in different groups of a groups file"):
        assign_splits(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 4]))


@pytest.mark.parametrize("arguments, said", [
    ((np.array(["with_mask", "without_mask"]),), "targets are 0"), ((np.array([0, 2]),), "targets are 0"), ((np.array([[0], [1]]),), r"shape \(2, 1\)"),
    ((np.arange(40) % 2, np.arange(39)), "one group for each target"),
])
def test_other_targets_and_groups(arguments, said):
    with pytest.raises(InputError, match=said):
        assign_splits(*arguments)


def test_targets_may_be_any_kind_of_numbers():
    targets = np.arange(40) % 2
    assert (assign_splits(targets) == assign_splits(targets == 1)).all() and (assign_splits(targets) == assign_splits(targets.astype(float))).all()


def test_a_fraction_of_zero_leaves_the_split_empty():
    split = assign_splits(np.arange(40) % 2, fractions=(0.8, 0.2, 0))
    assert set(split) == {"train", "val"}


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.7, 0.7, -0.4), (0.5, 0.2, 0.2), (0, 0.5, 0.5), 0.7, None, {"train": 0.7}, "0.7"])
def test_impossible_fractions(fractions):
    with pytest.raises(InputError, match="three shares"):
        assign_splits(np.arange(40) % 2, fractions=fractions)


def test_straddling_groups_are_named():
    groups = np.array([5, 5, 7, 7, 9])
    assert straddling_groups(groups, np.array(["train", "test", "val", "val", "test"])).tolist() == [5]


def groups_file(tmp_path, *lines):
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(["path,group", *lines]), encoding="utf-8")
    return path


def test_groups_are_read_in_the_order_of_the_photos(tmp_path, caplog):
    path = groups_file(tmp_path, "with_mask/b.png,anna", "with_mask\\a.png,ben", "./without_mask/c.png,anna", "without_mask/d.png,")
    groups = read_groups(path, ["with_mask/a.png", "with_mask/b.png", "without_mask/c.png", "without_mask/d.png", "without_mask/e.png"])
    assert groups[1] == groups[2] and len(set(groups)) == 4
    assert "2 of 5 photos have no group" in caplog.text and "without_mask/d.png, without_mask/e.png" in caplog.text


@pytest.mark.parametrize("lines, said", [
    (["with_mask/a.png,1", "with_mask/x.png,1"], "1 of the 2 paths .* are no photos of the data folder: with_mask/x.png"),
    (["with_mask/a.png,1", "with_mask/a.png,2"], "puts with_mask/a.png into two groups, '1' and '2'"),
    ([], "needs the columns path and group, and at least one row"),
])
def test_bad_groups_are_one_sentence(tmp_path, lines, said):
    with pytest.raises(InputError, match=said):
        read_groups(groups_file(tmp_path, *lines), ["with_mask/a.png", "with_mask/b.png"])


def test_files_that_were_skipped_may_be_listed(tmp_path):
    path = groups_file(tmp_path, "with_mask/a.png,anna", "with_mask/empty.png,anna", "with_mask/b.png,anna")
    assert read_groups(path, ["with_mask/a.png", "with_mask/b.png"], skipped=["with_mask/empty.png"]).tolist() == [0, 0]
    with pytest.raises(InputError, match="1 of the 3 paths .* are no photos of the data folder: with_mask/empty.png"):
        read_groups(path, ["with_mask/a.png", "with_mask/b.png"])


@pytest.mark.parametrize("content", [
    "\ufeffpath,group\na.png,anna\nb.png,ben\nc.png,anna\n", "Path,Group\na.png,anna\nb.png,ben\nc.png,anna\n",
    " path , group \r\n a.png , anna\r\nb.png ,ben\r\nc.png,anna \r\n", "path,group\na.png,anna\nb.png,ben\nc.png,anna\n,\n , \n\n",
    "path;group\na.png;anna\nb.png;ben\nc.png;anna\n;\n", '\ufeff"Path";"Group";"note"\n"a.png";"anna";"a, b"\nb.png;ben;\nc.png;anna;;\n',
    "path,group,,\na.png,anna,,\nb.png,ben,,\nc.png,anna,,\n,,,\n",
], ids=["byte order mark", "capitals", "blanks", "empty rows", "semicolons", "semicolons and quotes", "empty columns"])
def test_groups_as_spreadsheet_programs_write_them(tmp_path, caplog, content):
    (tmp_path / "groups.csv").write_text(content, encoding="utf-8", newline="")
    assert read_groups(tmp_path / "groups.csv", ["a.png", "b.png", "c.png"]).tolist() == [0, 1, 0]
    assert not caplog.text


@pytest.mark.parametrize("here, listed", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_accents_match_however_they_are_written(tmp_path, here, listed):
    path = groups_file(tmp_path, normalize(listed, "with_mask/José.png") + ",1", normalize(listed, "with_mask/Zoë.png") + ",1")
    assert read_groups(path, [normalize(here, "with_mask/José.png"), normalize(here, "with_mask/Zoë.png")]).tolist() == [0, 0]


def test_one_photo_in_two_spellings_has_one_group(tmp_path):
    lines = [normalize("NFC", "José.png") + ",1", normalize("NFD", "José.png") + ",2"]
    with pytest.raises(InputError, match="into two groups, '1' and '2'"):
        read_groups(groups_file(tmp_path, *lines), ["José.png"])


def test_a_name_that_is_there_means_that_file(tmp_path):
    names = [normalize("NFC", "José.png"), normalize("NFD", "José.png"), "José.png "]
    assert read_groups(groups_file(tmp_path, *(f"{name},{index}" for index, name in enumerate(names))), names).tolist() == [0, 1, 2]


@pytest.mark.parametrize("rest", ["", "x" * 200_000], ids=["short", "longer than a cell may be"])
def test_a_quotation_mark_that_is_never_closed_is_one_sentence(tmp_path, rest):
    with pytest.raises(InputError, match=r"groups.csv is damaged .* quotation mark in it that is never closed\.$"):
        read_groups(groups_file(tmp_path, 'a.png,"anna', f"b.png,ben{rest}"), ["a.png", "b.png"])


def test_groups_that_are_not_there_or_lack_a_column(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_groups(tmp_path / "nowhere.csv", ["a"])
    (tmp_path / "other.csv").write_text("file,person\na,1\n")
    with pytest.raises(InputError, match="it has file, person"):
        read_groups(tmp_path / "other.csv", ["a"])


def test_photos_of_a_training_are_known_by_their_content_whatever_their_name(tmp_path):
    photos, others = tmp_path / "photos" / "with_mask", tmp_path / "others" / "with_mask"
    photos.mkdir(parents=True)
    others.mkdir(parents=True)
    for name in "abc":
        (photos / name).write_text(f"picture {name}")
    rows = "".join(f"with_mask/{name},{split}\n" for name, split in zip("abc", ("train", "val", "test")))
    (tmp_path / "split.csv").write_text("path,split\n" + rows)
    for name, content in (("copy of a", "picture a"), ("b", "picture b"), ("a", "another"), ("c", "picture c")):
        (others / name).write_text(content)
    seen = partial(seen_in_training, tmp_path / "split.csv", tmp_path / "photos")
    assert [seen([path]) for path in sorted(photos.iterdir())] == [1, 1, 0]
    assert {path.name: seen([path]) for path in others.iterdir()} == {"copy of a": 1, "b": 1, "a": 0, "c": 0}
    assert seen(list(others.iterdir())) == 2
    (photos / "a").unlink()  # of which the name is left
    assert {path.name: seen([path]) for path in others.iterdir()} == {"copy of a": 0, "b": 1, "a": 1, "c": 0}


@pytest.mark.parametrize("content", [None, "file,part\na,train\n", "path,split\n", 'path,split\n"a,train\n', 'path,split\n"' + "a" * 200_000, "split,path\ntrain\n"],
                         ids=["no file", "another table", "no rows", "an open quotation mark", "a cell without end", "a row that is cut off"])
def test_where_no_split_is_kept_nothing_is_known(tmp_path, content):
    (tmp_path / "a").write_text("picture")
    if content:
        (tmp_path / "split.csv").write_text(content)
    assert seen_in_training(tmp_path / "split.csv", tmp_path, [tmp_path / "a"]) == (0 if content == "path,split\n" else None)


def test_merged_groups_are_the_chains_of_both():
    merged = merge_groups(np.array([0, 0, 1, 2, 3, 4]), np.array([7, 8, 8, 9, 9, 5]))
    assert len(set(merged[:3])) == 1 and merged[3] == merged[4] and len(set(merged)) == 3
