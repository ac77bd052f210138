"""The command line as a user meets it: exit codes, one line for bad input, files left behind."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from maskkit.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from maskkit.cli import _made_for_one, main
from maskkit.datasets import load_dataset
from maskkit.evaluation import predict_image
from maskkit.files import read_csv
from maskkit.models import MaskCNN
from maskkit.training import TrainConfig, fit

QUICK = ["--image-size", "16", "--epochs", "2", "--batch-size", "8", "--device", "cpu"]


@pytest.fixture
def trained(photo_folder, tmp_path):
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "run"), *QUICK]) == 0
    return tmp_path / "run"


def test_train_writes_the_whole_run_folder(trained):
    assert {path.name for path in trained.iterdir()} == {
        "mask_cnn_best.pth", "last.pth", "history.csv", "config.json", "split.csv", "report.json", "mistakes.png"}
    report = json.loads((trained / "report.json").read_text())
    assert report["n"] == sum(row["split"] == "test" for row in read_csv(trained / "split.csv"))
    assert json.loads((trained / "config.json").read_text())["train"]["batch_size"] == 8


def test_test_repeats_the_reported_numbers_and_predict_agrees(trained, photo_folder, capsys):
    report = json.loads((trained / "report.json").read_text())
    capsys.readouterr()
    assert main(["test", "--model-path", str(trained / "mask_cnn_best.pth"), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    for key in ("accuracy", "n", "confusion_matrix", "per_class", "roc_auc"):
        assert again[key] == report[key]
    photo = photo_folder / "with_mask" / "0.png"
    assert main(["predict", "--model-path", str(trained / "mask_cnn_best.pth"), str(photo), "--json", "--device", "cpu"]) == 0
    [row] = json.loads(capsys.readouterr().out)["predictions"]
    assert row["probability_with_mask"] == predict_image(load_checkpoint(trained / "mask_cnn_best.pth"), photo)
    assert row["class"] == ("with_mask" if row["probability_with_mask"] >= 0.5 else "without_mask")


def test_a_run_that_kept_no_test_photos_asks_for_others(photo_folder, tmp_path, capsys):
    dataset = load_dataset(photo_folder, image_size=16, fractions=(0.7, 0.3, 0))
    fit(dataset, TrainConfig(epochs=1, device="cpu"), run_dir=tmp_path / "run")
    assert main(["test", "--model-path", str(tmp_path / "run" / "mask_cnn_best.pth"), "--device", "cpu"]) == 2
    assert "kept no test photos aside; give --test-dir" in capsys.readouterr().err


def test_behind_two_dashes_stand_file_names(trained, photo_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(photo_folder / "with_mask" / "0.png", "--my_face.png")
    assert main(["predict", "--model_path", str(trained / "mask_cnn_best.pth"), "--", "--my_face.png"]) == 0
    assert "--my_face.png" in capsys.readouterr().out


def test_odd_metadata_of_a_photo_is_no_line_of_pillows(trained, tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "odd.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    command = [sys.executable, "-m", "maskkit", "predict", "--model-path", str(trained / "mask_cnn_best.pth"), str(tmp_path / "odd.jpg")]
    assert "Warning" not in subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_options_replace_what_the_recipe_says(photo_folder, tmp_path):
    main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "run"), *QUICK, "--model", "maskresnet", "--recipe", "modern",
          "--augmentation", "none", "--weight-decay", "0.3"])
    used = json.loads((tmp_path / "run" / "config.json").read_text())["train"]
    assert (used["model"], used["schedule"], used["fast"], used["label_smoothing"]) == ("maskresnet", "one_cycle", True, 0.05)   # the recipe's
    assert (used["epochs"], used["batch_size"], used["augmentation"], used["weight_decay"]) == (2, 8, "none", 0.3)               # replaced
    assert load_checkpoint(tmp_path / "run" / "mask_cnn_best.pth").model_name == "maskresnet"


def test_a_recipe_brings_its_own_network_and_weights(photo_folder, tmp_path):
    shared = ["--data-dir", str(photo_folder), "--image-size", "32", "--epochs", "1", "--patience", "1"]
    assert main(["train", *shared, "--recipe", "transfer", "--run-dir", str(tmp_path / "large")]) == 0
    large = json.loads((tmp_path / "large" / "config.json").read_text())["train"]
    assert (large["model"], large["weights"]) == ("maskresnet", "drawn")
    teacher = str(tmp_path / "large" / "mask_cnn_best.pth")
    assert main(["train", *shared, "--recipe", "taught", "--teacher", teacher, "--run-dir", str(tmp_path / "small")]) == 0
    small = json.loads((tmp_path / "small" / "config.json").read_text())["train"]
    assert (small["model"], small["teacher"]) == ("maskcnn", teacher)


def test_test_dir_counts_every_photo(trained, photo_folder, capsys):
    (photo_folder / "with_mask" / "broken.jpg").write_text("no image")
    capsys.readouterr()
    assert main(["test", "--model_path", str(trained / "mask_cnn_best.pth"), "--test_dir", str(photo_folder), "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["n"] == 20 and len(report["skipped"]) == 1 and np.sum(report["confusion_matrix"]) == 20


def test_photos_of_the_training_are_counted_in_a_test_of_them(trained, photo_folder, tmp_path, capsys):
    def tested(folder):
        assert main([*command, "--test-dir", str(folder), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    learned = sum(row["split"] != "test" for row in read_csv(trained / "split.csv"))
    command = ["test", "--model-path", str(trained / "mask_cnn_best.pth")]
    capsys.readouterr()
    assert main([*command, "--test-dir", str(photo_folder)]) == 0
    [said] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Warning")]
    assert said.startswith(f"Warning: {learned} of these 20 photos are ones that the model was trained or chosen on, so that")
    report = tested(photo_folder)
    assert report["seen_in_training"] == learned and said == f"Warning: {report['warning']}"
    new = tmp_path / "new"
    for row in read_csv(trained / "split.csv"):
        if row["split"] == "test":
            (new / row["class"]).mkdir(parents=True, exist_ok=True)
            shutil.copy(photo_folder / row["path"], new / row["class"])
    report = tested(new)
    assert report["seen_in_training"] == 0 and "warning" not in report
    (trained / "split.csv").unlink()
    report = tested(photo_folder)
    assert report["n"] == 20 and not {"seen_in_training", "warning"} & set(report)


def test_both_spellings_of_an_option_mean_the_same(photo_folder, tmp_path):
    for run, options in (("dash", ["--data-dir", str(photo_folder), "--run-dir"]), ("underscore", [f"--data_dir={photo_folder}", "--run_dir"])):
        assert main(["train", *options, str(tmp_path / run), *[option.replace("-size", "_size") if run == "underscore" else option for option in QUICK]]) == 0
    first, second = (load_checkpoint(tmp_path / run / "mask_cnn_best.pth") for run in ("dash", "underscore"))
    assert all(torch.equal(a, b) for a, b in zip(first.model.state_dict().values(), second.model.state_dict().values()))


def test_skipped_files_are_named_and_counted(photo_folder, tmp_path, caplog, capsys):
    (photo_folder / "with_mask" / "notes.txt").write_text("no image")
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "run"), *QUICK]) == 0
    assert "notes.txt" in caplog.text
    assert [row["name"] for row in json.loads((tmp_path / "run" / "report.json").read_text())["skipped"]] == ["with_mask/notes.txt"]
    assert "1 file was skipped: with_mask/notes.txt cannot be read as an image (no image format that we know).\n" in capsys.readouterr().err
    for index in range(4):
        (photo_folder / "without_mask" / f"{index}.txt").write_text("no image")
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "another"), *QUICK]) == 0
    said = capsys.readouterr().err
    assert "5 files were skipped: with_mask/notes.txt cannot" in said and "; and 2 more (report.json lists them).\n" in said


def test_a_loss_that_is_no_number_is_not_the_best(photo_folder, tmp_path, monkeypatch, capsys):
    losses = iter([float("nan"), 0.9, float("nan"), 0.9, 0.8])
    monkeypatch.setattr("maskkit.training.loop.validate", lambda *_, **__: (next(losses), 0.5))
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "run"), *QUICK, "--epochs", "5"]) == 0
    epochs = [line for line in capsys.readouterr().err.splitlines() if "val loss" in line]
    assert [line.endswith("best so far") for line in epochs] == [False, True, False, False, True]


def test_predict_takes_a_pattern_and_a_picture_of_one_colour_gets_a_note(trained, photo_folder, tmp_path, capsys):
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "my clear.png")
    capsys.readouterr()
    command = ["predict", "--model-path", str(trained / "mask_cnn_best.pth"), str(photo_folder / "with_mask" / "*.png"), str(tmp_path / "my clear.png")]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 and [line.endswith("; the picture is of one colour, so the answer means nothing") for line in lines] == [False] * 10 + [True]
    assert main([*command, "--json"]) == 0
    assert [row.get("note") for row in json.loads(capsys.readouterr().out)["predictions"]] == [None] * 10 + ["the picture is of one colour, so the answer means nothing"]
    assert main([*command[:-2], str(photo_folder / "*.jpg"), str(photo_folder)]) == 2
    said = capsys.readouterr().err
    brackets = photo_folder / "with_mask [2024]"
    (photo_folder / "with_mask").rename(brackets)
    (brackets / "Thumbs.db").touch()
    (brackets / "more").mkdir()
    assert main([*command[:-2], str(brackets / "*")]) == 0 and len(capsys.readouterr().out.splitlines()) == 10
    assert f"There is no file {photo_folder / '*.jpg'}" in said and f"{photo_folder} is a folder; name the photos in it" in said


def test_options_of_a_study_are_refused_before_faces_are_drawn(monkeypatch, capsys):
    monkeypatch.setattr("maskkit.datasets.load_dataset", lambda *_, **__: pytest.fail("worked in vain"))
    for options, said in ((["--sampler", "grid"], "no sampler 'grid'"), (["--trials", "0"], "at least 1 trial; got 0")):
        assert main(["tune", "--image-size", "16", *options]) == 2
        assert said in one_error_line(capsys)
    everything = ["--learning-rate", "0.001", "--batch-size", "8", "--weight-decay", "0", "--augmentation", "none"]
    assert main(["tune", "--image-size", "16", *everything]) == 2 and "Nothing is left to search" in one_error_line(capsys)
    assert main(["tune", "--image-size", "16", "--storage", "nothing://there"]) == 2 and "nothing://there cannot be used" in one_error_line(capsys)
    for command in ("tune", "train"):
        assert main([command, "--data-dir", "anywhere", "--image-size", "16", "--groups", "nowhere.csv"]) == 2
        assert "no groups file nowhere.csv" in one_error_line(capsys)
    # Under torchrun two trials would be trained as one network.
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    assert main(["tune", "--image-size", "16", "--storage", "study.journal"]) == 2
    assert "2 processes were started to train one network together" in one_error_line(capsys)


def test_groups_are_kept_together_and_the_run_knows_its_test_split(photo_folder, tmp_path, capsys):
    (tmp_path / "groups.csv").write_text("path,group\n" + "".join(f"with_mask/{index}.png,anna\n" for index in range(4)))
    command = ["train", "--data-dir", str(photo_folder), "--groups", str(tmp_path / "groups.csv"), "--run-dir", str(tmp_path / "run"), *QUICK]
    assert main(command) == 0
    assert "4 images have a near-duplicate (or share a group)" in capsys.readouterr().err
    rows = {row["path"]: row for row in read_csv(tmp_path / "run" / "split.csv")}
    assert len({rows[f"with_mask/{index}.png"]["split"] for index in range(4)}) == 1
    assert main(["test", "--model-path", str(tmp_path / "run" / "mask_cnn_best.pth"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == sum(row["split"] == "test" for row in rows.values())


def test_a_trained_run_is_not_overwritten_by_accident(trained, photo_folder, capsys):
    before = (trained / "mask_cnn_best.pth").read_bytes()
    again = ["train", "--data-dir", str(photo_folder), "--run-dir", str(trained), *QUICK, "--seed", "1"]
    assert main(again) == 2
    assert "already holds a trained model" in capsys.readouterr().err
    assert (trained / "mask_cnn_best.pth").read_bytes() == before
    assert main([*again, "--overwrite"]) == 0 and (trained / "mask_cnn_best.pth").read_bytes() != before


def test_a_training_that_was_interrupted_is_not_overwritten_by_accident(trained, photo_folder, capsys):
    (trained / "mask_cnn_best.pth").unlink()  # as maskkit pretrain leaves a folder, which has a model only at its end
    before = {path: path.read_bytes() for path in trained.iterdir()}
    capsys.readouterr()
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(trained), *QUICK]) == 2
    assert "already holds a training that was interrupted; choose another --run-dir" in one_error_line(capsys)
    assert {path: path.read_bytes() for path in trained.iterdir()} == before


@pytest.mark.parametrize("option, recipe", [("--teacher", ["--recipe", "taught"]), ("--init-from", [])])
def test_a_network_that_has_seen_the_test_photos_is_told(photo_folder, tmp_path, capsys, option, recipe):
    def given(source, seed, name):
        command = ["train", *source, *QUICK, *recipe, "--seed", str(seed), option, str(tmp_path / "first" / "mask_cnn_best.pth"), "--run-dir", str(tmp_path / name)]
        capsys.readouterr()
        assert main(command) == 0
        report = json.loads((tmp_path / name / "report.json").read_text())
        said = capsys.readouterr()
        warned = [line for line in said.err.splitlines() if line.startswith("Warning: ")]
        assert [f"Warning: {text}" for text in [report.get("warning")] if text] == warned and all(line in said.out for line in warned)
        return warned

    def split(name, *wanted):
        return {row["path"] for row in read_csv(tmp_path / name / "split.csv") if row["split"] in wanted}

    for number, source in enumerate((["--data-dir", str(photo_folder)], ["--faces", "40"])):
        assert main(["train", *source, *QUICK, "--run-dir", str(tmp_path / "first"), "--overwrite"]) == 0
        assert given(source, 0, f"same{number}") == []
        if source[0] == "--faces":  # the first faces are the same ones, in another split
            source = ["--faces", "60"]
            [warned] = given(source, 0, f"more{number}")
            known = len(split(f"more{number}", "test") & split("first", "train", "val"))
            assert warned.startswith(f"Warning: {known} of the {len(split(f'more{number}', 'test'))} test pictures")
            assert given(source, 1, f"other{number}") == []  # other faces
        else:
            [warned] = given(source, 1, f"other{number}")
            known = len(split(f"other{number}", "test") & split("first", "train", "val"))
            assert warned.startswith(f"Warning: {known} of the {len(split(f'other{number}', 'test'))} test pictures")
            if option == "--init-from":  # which is not said again, since a run that goes on has weights of its own
                assert main(["train", *source, *QUICK, *recipe, "--seed", "1", "--epochs", "3", "--resume", "--run-dir", str(tmp_path / f"other{number}")]) == 0
                assert warned == f"Warning: {json.loads((tmp_path / f'other{number}' / 'report.json').read_text())['warning']}"
            (tmp_path / "first" / "split.csv").unlink()
            assert given(source, 2, f"unknown{number}") == []


def test_of_a_run_that_is_replaced_nothing_is_left_that_could_be_taken_for_the_new_ones(trained, photo_folder, capsys):
    for name in ("mask_cnn_best.onnx", "mask_cnn_best_int8.onnx"):  # what maskkit export writes beside the model
        (trained / name).write_bytes(b"the older network")
    replaced = ["train", "--data-dir", str(photo_folder), "--run-dir", str(trained), *QUICK, "--seed", "5", "--learning-rate", "1e29", "--overwrite"]
    assert main(replaced) == 2 and "lower the learning rate" in capsys.readouterr().err
    assert {path.name for path in trained.iterdir()} == {"last.pth", "history.csv", "config.json", "split.csv"}


def test_another_model_in_the_folder_of_a_run_is_not_measured_by_its_split(trained, photo_folder, tmp_path, capsys):
    def test(name, *options):
        capsys.readouterr()
        return main(["test", "--model-path", str(trained / name), "--json", *options])

    (trained / "copy.pth").write_bytes((trained / "mask_cnn_best.pth").read_bytes())
    assert [test(name) for name in ("mask_cnn_best.pth", "copy.pth", "last.pth")] == [0, 0, 0]
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "other"), *QUICK, "--seed", "1"]) == 0
    (trained / "other.pth").write_bytes((tmp_path / "other" / "mask_cnn_best.pth").read_bytes())
    assert test("other.pth") == 2 and "other.pth is not the model that the run in" in one_error_line(capsys)
    assert test("other.pth", "--test-dir", str(photo_folder)) == 0 and "seen_in_training" not in json.loads(capsys.readouterr().out)
    assert test("copy.pth", "--test-dir", str(photo_folder)) == 0 and json.loads(capsys.readouterr().out)["seen_in_training"]


def test_an_exported_model_is_of_the_run_until_that_has_another_one(trained, photo_folder, capsys):
    pytest.importorskip("onnxscript")
    assert main(["export", "--model-path", str(trained / "mask_cnn_best.pth")]) == 0
    models = [["test", "--model-path", str(trained / name)] for name in ("mask_cnn_best.onnx", "mask_cnn_best_int8.onnx")]
    assert [main(model) for model in models] == [0, 0]
    kept = (trained / "mask_cnn_best.onnx").read_bytes()
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(trained), *QUICK, "--seed", "1", "--overwrite"]) == 0
    assert not list(trained.glob("*.onnx"))
    (trained / "mask_cnn_best.onnx").write_bytes(kept)
    capsys.readouterr()
    assert main(models[0]) == 2 and "export the model again" in one_error_line(capsys)
    photo = str(photo_folder / "with_mask" / "0.png")
    assert main(["predict", "--model-path", str(trained / "mask_cnn_best.onnx"), photo]) == 0  # an answer it is, but perhaps not the one that was wanted
    captured = capsys.readouterr()
    assert "Warning" in captured.err and "export the model again" in captured.err and photo in captured.out
    (trained / "mask_cnn_best.onnx").rename(photo_folder / "alone.onnx")
    assert main(["predict", "--model-path", str(photo_folder / "alone.onnx"), photo]) == 0 and not capsys.readouterr().err


def test_a_run_whose_photos_have_moved(trained, photo_folder, tmp_path, capsys):
    moved = photo_folder.rename(tmp_path / "moved")
    test, resume = ["test", "--model-path", str(trained / "mask_cnn_best.pth")], ["train", "--data-dir", str(moved), "--run-dir", str(trained), *QUICK, "--resume", "--epochs", "3"]
    capsys.readouterr()
    assert main(test) == 2 and f"were in {photo_folder.resolve()}, and are not there any more" in one_error_line(capsys)
    assert main(resume) == 0 and len(read_csv(trained / "history.csv")) == 3 and main(test) == 0
    Image.open(moved / "with_mask" / "0.png").rotate(180).save(moved / "with_mask" / "0.png")
    capsys.readouterr()
    assert main(resume) == 2 and "other data or options" in one_error_line(capsys)


def test_test_photos_that_are_no_longer_known_are_not_guessed(trained, photo_folder, capsys):
    command = ["test", "--model-path", str(trained / "mask_cnn_best.pth")]
    picture = photo_folder / "with_mask" / "0.png"
    Image.open(picture).resize((40, 40)).save(picture)  # other pixels, the same split
    assert main(command) == 0
    capsys.readouterr()
    for index in range(5):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(photo_folder / "with_mask" / f"new{index}.png")
    assert main(command) == 2
    assert "are no longer those of the run" in one_error_line(capsys)
    assert main([*command, "--test-dir", str(photo_folder)]) == 0


def test_a_folder_with_a_test_folder_alone_is_measured(trained, photo_folder, tmp_path, capsys):
    photo_folder.rename(tmp_path / "test")
    capsys.readouterr()
    assert main(["test", "--model-path", str(trained / "mask_cnn_best.pth"), "--test-dir", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 20
    assert main(["train", "--data-dir", str(tmp_path), "--run-dir", str(tmp_path / "another"), *QUICK]) == 2
    assert "no train folder" in one_error_line(capsys)


@pytest.mark.parametrize("name", ["synthetic", "photos"])
def test_a_folder_may_be_called_as_a_data_set_is(photo_folder, tmp_path, monkeypatch, name):
    monkeypatch.chdir(photo_folder.rename(tmp_path / name).parent)
    assert main(["train", "--data-dir", name, "--run-dir", "run", *QUICK]) == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text())["data"]["source"] == str((tmp_path / name).resolve())


def test_two_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    assert [_made_for_one(tmp_path / "runs" / "now").name for _ in range(3)] == ["now", "now-2", "now-3"]


def test_the_command_that_a_study_prints_trains_the_same(photo_folder, tmp_path, capsys):
    pytest.importorskip("optuna")
    weights = tmp_path / "my runs" / "mask_cnn_best.pth"
    save_checkpoint(weights, Checkpoint(MaskCNN(16), "maskcnn", 16))
    options = ["--data-dir", str(photo_folder), "--no-near-duplicates", "--freeze", "--weights", str(weights), *QUICK, "--weight-decay", "0.0012345"]
    assert main(["tune", *options, "--trials", "1"]) == 0
    printed = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert printed[:2] == ["maskkit", "train"] and main([*printed[1:], "--run-dir", str(tmp_path / "run"), "--device", "cpu"]) == 0
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["data"]["options"]["near_duplicates"] is False and record["train"]["freeze"] and record["train"]["weights"] == str(weights)
    assert record["train"]["weight_decay"] == 0.0012345


def test_data_synthetic_makes_a_folder_that_train_accepts(tmp_path):
    assert main(["data", "synthetic", "--out", str(tmp_path / "faces"), "--n", "24", "--image-size", "32"]) == 0
    assert len(list((tmp_path / "faces" / "with_mask").iterdir())) == 12
    assert len(read_csv(tmp_path / "faces" / "attributes.csv")) == 24
    assert main(["train", "--data-dir", str(tmp_path / "faces"), "--run-dir", str(tmp_path / "run"), *QUICK]) == 0


def test_data_synthetic_plants_a_shortcut(tmp_path, capsys):
    command = ["data", "synthetic", "--n", "24", "--image-size", "32"]
    assert main([*command, "--out", str(tmp_path / "faces"), "--shortcut", "format", "--shortcut-strength", "0.9"]) == 0
    carriers = {row["file"] for row in read_csv(tmp_path / "faces" / "attributes.csv") if row["shortcut"] == "format"}
    assert carriers == {f"with_mask/{path.name}" for path in (tmp_path / "faces").rglob("*.jpg")} and 6 <= len(carriers) <= 12
    capsys.readouterr()
    assert main([*command, "--out", str(tmp_path / "none"), "--shortcut", "hat"]) == 2
    assert "shortcut must be one of none, tint" in one_error_line(capsys) and not (tmp_path / "none").exists()


def one_error_line(capsys) -> str:
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    assert len(errors) == 1 and "Traceback" not in "".join(lines)
    return errors[0]


@pytest.mark.parametrize("options, said", [
    (["--epochs", "0"], "epochs must be at least 1; got 0"),
    (["--batch-size", "-4"], "batch_size must be at least 1"),
    (["--image-size", "3"], "at least 4 pixels; got 3"),
    (["--patience", "0"], "patience must be at least 1"),
    (["--learning-rate", "0"], "learning_rate"),
    (["--batch-size", "9999999999"], "batch_size must be at least 1 and at most 2147483647; got 9999999999"),
    (["--seed", "-1"], "seed must be a whole number from 0 to 4294967295; got -1"),
    (["--seed", "4294967296"], "seed must be a whole number from 0 to 4294967295"),
    (["--learning-rate", "1e300"], "learning_rate must be a number above 0 and below 1e+30"),
    (["--weight-decay", "inf"], "weight_decay must be a number of at least 0; got inf"),
    (["--device", "toaster"], "'toaster' is not available here"),
    (["--device", "cpu:7"], "'cpu:7' is not available here"),
    (["--model", "resnet9000"], "no model 'resnet9000'"),
    (["--faces", "2"], "At least 6 faces"),
    (["--teacher", "nobody.pth"], "no model file"),
    (["--recipe", "transfer", "--model", "maskcnn"], "no 'drawn' weights for maskcnn"),
    (["--freeze"], "only the last layer learns, from features that the weights bring, and maskcnn begins with random ones"),
    (["--data-dir", "/nowhere/at/all"], "does not exist"),
    (["--resume"], "no run to resume"),
    (["--groups", "people.csv"], "a groups file is for a folder of your own"),
    (["--data-dir", ".", "--faces", "500"], "--faces is of drawn faces, and --data-dir brings photos"),
    (["--dataset", "photos", "--variety", "0.5"], "--variety is of drawn faces, and --dataset photos brings photos"),
    (["--no-near-duplicates"], "--no-near-duplicates is for a folder of your own (--data-dir): in --dataset synthetic it is known"),
    (["--faces", "99999999999999999999"], "99,999,999,999,999,999,999 pictures of 16×16 pixels need"),
])
def test_impossible_options_to_train(tmp_path, options, said, capsys):
    assert main(["train", "--image-size", "16", "--run-dir", str(tmp_path / "run"), *options]) == 2
    assert said in one_error_line(capsys)


@pytest.mark.parametrize("arguments", [["train", "--epochs", "many"], ["train", "--data-dir", ""], ["test", "--model-path="], ["data", "audit", ""],
                                       ["train", "--image-size", "1000000"], ["train", "--image-size", "large"], ["train", "--data-dir", "a", "--dataset", "photos"], ["tarin"], ["test"], []])
def test_what_argparse_refuses_is_one_line_too(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2 and "see maskkit" in one_error_line(capsys)


@pytest.mark.parametrize("arguments, said", [
    (["train", "--data-dir", "photos", "und", "Übung"], "maskkit train: error: unexpected: und Übung; a path with spaces in it needs quotation marks around it (see maskkit train --help)"),
    (["data", "audit", "my", "photos"], "maskkit data audit: error: unexpected: photos; a path with spaces in it needs quotation marks"),
    (["train", "--datadir", "photos"], "maskkit train: error: there is no option --datadir; did you mean --data-dir? (see maskkit train --help)"),
    (["predict", "--model-path", "a.pth", "b.jpg", "--jason=1"], "there is no option --jason; did you mean --json?"),
    (["train", "photos", "--xyz"], "there is no option --xyz (see"),
    (["train", "--learning-rate", "0,001"], "--learning-rate: takes a number with a point, such as 0.001; got '0,001'"),
    (["train", "--epochs", "ten"], "--epochs: takes a whole number, such as 10; got 'ten'"),
    (["train", "--image-size", "large"], "--image-size: takes a whole number, such as 10; got 'large'"),
])
def test_what_was_mistyped_is_named_with_what_was_meant(arguments, said, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in one_error_line(capsys)


def test_bad_models_and_photos(tmp_path, photo_folder, capsys):
    assert main(["test", "--model-path", str(tmp_path / "nowhere.pth")]) == 2
    assert "There is no model file" in one_error_line(capsys)
    (tmp_path / "fake.pth").write_text("no model")
    assert main(["test", "--model-path", str(tmp_path / "fake.pth")]) == 2
    assert "is not a MaskKit checkpoint" in one_error_line(capsys)
    save_checkpoint(tmp_path / "alone.pth", Checkpoint(MaskCNN(16), "maskcnn", 16))
    assert main(["test", "--model-path", str(tmp_path / "alone.pth")]) == 2
    assert "give --test-dir" in one_error_line(capsys)
    (tmp_path / "fake.jpg").write_text("no image")
    good = str(photo_folder / "with_mask" / "0.png")
    assert main(["predict", "--model-path", str(tmp_path / "alone.pth"), str(tmp_path / "fake.jpg"), good]) == 2
    captured = capsys.readouterr()
    assert "fake.jpg cannot be read" in captured.err and good in captured.out  # the good photo is still answered


def test_photos_may_stand_on_both_sides_of_an_option(tmp_path, photo_folder, capsys):
    save_checkpoint(tmp_path / "alone.pth", Checkpoint(MaskCNN(16), "maskcnn", 16))
    photos = [str(photo_folder / "with_mask" / f"{number}.png") for number in range(3)]
    assert main(["predict", photos[0], "--json", photos[1], "--model-path", str(tmp_path / "alone.pth"), photos[2]]) == 0
    assert [row["image"] for row in json.loads(capsys.readouterr().out)["predictions"]] == photos
    with pytest.raises(SystemExit):
        main(["predict", photos[0], "--json", "", "--model-path", str(tmp_path / "alone.pth")])
    assert "unexpected" in one_error_line(capsys)


@pytest.mark.parametrize("below", ["a file", "a file/run", pytest.param("n" * 300, marks=pytest.mark.skipif(sys.platform == "win32", reason="says so later"))])
@pytest.mark.parametrize("command", [["train", "--data-dir", "photos", *QUICK], ["pretrain"]], ids=["train", "pretrain"])
def test_a_run_that_could_not_be_kept_is_not_begun(photo_folder, tmp_path, monkeypatch, capsys, command, below):
    monkeypatch.chdir(photo_folder.parent)
    (tmp_path / "a file").write_text("kept")
    assert main([*command, "--run-dir", below]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith("maskkit: error: ") and below[:6] in captured.err and not captured.out
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "a file"} and (tmp_path / "a file").read_text() == "kept"


def test_a_run_does_not_go_among_the_photos(photo_folder, capsys):
    before = sorted(photo_folder.rglob("*"))
    for below in ("with_mask", "without_mask/runs/first"):
        assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(photo_folder / below), *QUICK]) == 2
        assert "lies in a class folder" in one_error_line(capsys)
    assert sorted(photo_folder.rglob("*")) == before
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(photo_folder / "runs" / "first"), *QUICK]) == 0  # beside them it may


def test_the_home_folder_has_its_short_name(photo_folder, tmp_path, monkeypatch, capsys):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["train", "--data-dir", "~/photos", "--run-dir", "~/run", *QUICK]) == 0 and (tmp_path / "run" / "report.json").exists()
    capsys.readouterr()
    assert main(["train", "--data-dir", "~nobody-is-called-so/photos", "--run-dir", str(tmp_path / "new"), *QUICK]) == 2
    assert "does not exist" in one_error_line(capsys)
    save_checkpoint(tmp_path / "model.pth", Checkpoint(MaskCNN(16), "maskcnn", 16))
    assert main(["train", "--data-dir=~/photos", "--run-dir", str(tmp_path / "more"), "--init-from=~/model.pth", *QUICK]) == 0


def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path, trained, capsys):
    capsys.readouterr()
    model, before = str(trained / "mask_cnn_best.pth"), {path.name for path in tmp_path.iterdir()}
    (trained / "notes.txt").write_text("kept")
    for command, said in ((["data", "synthetic", "--n", "4", "--image-size", "16", "--out"], "cannot be used"),
                          (["export", "--model-path", model, "--out"], "notes.txt is a file; give a folder for the exported model")):
        assert main([*command, str(trained / "notes.txt" / "new.onnx")]) == 2
        assert said in one_error_line(capsys)
    (tmp_path / "model_int8.onnx").mkdir()
    assert main(["export", "--model-path", model, "--out", str(tmp_path / "model.onnx")]) == 2
    assert "model_int8.onnx is a folder" in one_error_line(capsys)
    assert {path.name for path in tmp_path.iterdir()} == before | {"model_int8.onnx"} and (trained / "notes.txt").read_text() == "kept"


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.\nmore"),
                                   RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")])
def test_too_little_memory_is_one_sentence_and_a_mistake_of_ours_is_not(tmp_path, monkeypatch, capsys, error):
    def raise_it(*_, **__):
        raise error

    monkeypatch.setattr("maskkit.datasets.load_dataset", raise_it)
    command = ["train", "--image-size", "16", "--run-dir", str(tmp_path / "run")]
    assert main(command) == 2
    assert "There is not enough memory for this" in one_error_line(capsys)
    error = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        main(command)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_letters(photo_folder, tmp_path, capsys):
    folder = tmp_path / os.fsdecode(b"d\xe9j\xe0 vu")
    photo_folder.rename(folder)
    photo = folder / "with_mask" / os.fsdecode(b"\xff 1.png")
    (folder / "with_mask" / "1.png").rename(photo)
    assert main(["train", "--data-dir", str(folder), "--run-dir", str(tmp_path / "run"), *QUICK]) == 0
    assert r"with_mask/\udcff 1.png" in {row["path"] for row in read_csv(tmp_path / "run" / "split.csv")}
    assert main(["test", "--model-path", str(tmp_path / "run" / "mask_cnn_best.pth")]) == 0  # config.json names the folder
    capsys.readouterr()
    assert main(["predict", "--model-path", str(tmp_path / "run" / "mask_cnn_best.pth"), str(photo)]) == 0
    assert r"\udcff 1.png: with" in capsys.readouterr().out


SOURCE = {"source": "synthetic", "image_size": 16, "options": {"n": 12}}


@pytest.mark.parametrize("config, said", [
    ([], "no config.json"), (3, "no config.json"), ({"data": None}, "no config.json"), ({"data": {"source": "synthetic"}}, "no config.json"),
    ({"data": SOURCE | {"options": 7}}, "no config.json"), ({"data": SOURCE | {"options": {"n": 12, "hats": 2}}}, "cannot be loaded again (load_dataset() got an unexpected"),
    ({"data": SOURCE | {"image_size": 24}}, "of another run, with images of 24 pixels and not of 16"), ({"data": SOURCE | {"source": 5}}, "were in 5, and are not there any more; bring them back, or give --test-dir"),
])
def test_an_odd_config_is_one_sentence(trained, capsys, config, said):
    (trained / "config.json").write_text(json.dumps(config))
    capsys.readouterr()
    assert main(["test", "--model-path", str(trained / "mask_cnn_best.pth")]) == 2
    assert said in one_error_line(capsys)


def test_a_finished_model_in_the_place_of_the_last_state_is_not_resumed(trained, photo_folder, capsys):
    (trained / "last.pth").write_bytes((trained / "mask_cnn_best.pth").read_bytes())
    before = {path: path.read_bytes() for path in trained.iterdir()}
    assert main(["train", "--data-dir", str(photo_folder), "--run-dir", str(trained), *QUICK, "--resume"]) == 2
    assert "its last.pth is a finished model" in one_error_line(capsys)
    assert {path: path.read_bytes() for path in trained.iterdir()} == before


@pytest.mark.parametrize("command", [[], ["train"], ["test"], ["predict"], ["export"], ["doctor"], ["colab"], ["data"], ["data", "synthetic"], ["data", "photos"]])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0 and "usage: maskkit" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["train"], ["pretrain"], ["tune"], ["test"], ["predict"], ["export"], ["colab"], ["data", "synthetic"], ["data", "photos"], ["data", "audit"]])
def test_help_says_each_default_once_and_none_where_there_is_none(command, capsys):
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "(default: None)" not in said and "(default: False)" not in said and ") (default:" not in said.replace("(by a --teacher) (default:", "")
    assert command != ["train"] or "(default: runs/ and the time)" in said and "the same seed gives the same model (default: 0)" in said


def test_help_needs_none_of_the_heavy_packages():
    code = ("import sys; from maskkit.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
            "print({'torch', 'numpy', 'PIL', 'matplotlib'} & set(sys.modules), file=sys.stderr)")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == "set()\n"


def test_python_m_maskkit_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "maskkit", "train", "--epochs", "0"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("maskkit: error: epochs") and not done.stdout


def wait_for(path, process):
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, "training ended before it could be interrupted"
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="a console's Ctrl-C cannot be sent to one process alone on Windows")
def test_ctrl_c_keeps_the_best_model_and_says_so(photo_folder, tmp_path):
    command = [sys.executable, "-m", "maskkit", "train", "--data-dir", str(photo_folder), "--run-dir", str(tmp_path / "run"),
               "--image-size", "16", "--epochs", "100000", "--patience", "100000"]
    # A shell that runs the tests in the background has them ignore Ctrl-C, and what they start inherits that.
    listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, preexec_fn=listening)
    wait_for(tmp_path / "run" / "history.csv", process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said
    assert "The best model so far" in said and "--resume" in said
    assert load_checkpoint(tmp_path / "run" / "mask_cnn_best.pth").epoch >= 1


def test_how_threads_wait_is_set_before_torch_is_loaded_unless_somebody_has_said_it():
    code = """
import os, sys
from maskkit.cli import main
assert "torch" not in sys.modules
try:
    main(["--help"])
except SystemExit:
    print(*(os.environ[name] for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "THP_MEM_ALLOC_ENABLE")), "torch" in sys.modules)
"""
    unset = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "THP_MEM_ALLOC_ENABLE")}
    for said, expected in (({}, "PASSIVE 3000 1 1 False"), ({"OMP_WAIT_POLICY": "ACTIVE", "KMP_BLOCKTIME": "200"}, "ACTIVE 3000 200 1 False")):
        done = subprocess.run([sys.executable, "-c", code], env={**unset, **said}, stdout=subprocess.PIPE, text=True, check=True)
        assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize("command", ["predict", "audit"])
def test_who_reads_only_the_beginning_is_told_nothing_more(trained, photo_folder, tmp_path, command):
    page = tmp_path / "audit.html"
    options = {"predict": ["predict", "--model-path", str(trained / "mask_cnn_best.pth"), str(photo_folder / "with_mask" / "*.png")],
               "audit": ["data", "audit", str(photo_folder), "--html", str(page)]}
    with subprocess.Popen([sys.executable, "-m", "maskkit", *options[command]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        process.stdout.close()
        assert "Broken pipe" not in process.stderr.read() and process.wait() == 1
    assert page.exists() == (command == "audit")
