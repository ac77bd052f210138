"""Exported models against their oracle, the network in torch."""

import copy
import json
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torch.torch_version import TorchVersion

from maskkit import export as exporter
from maskkit.checkpoints import Checkpoint, save_checkpoint
from maskkit.cli import main
from maskkit.datasets import load_dataset
from maskkit.errors import InputError
from maskkit.evaluation import evaluate, predict_proba
from maskkit.export import ExportImages, export, images_of_run, int8_path, is_rounding, milliseconds
from maskkit.files import write_json
from maskkit.models import MODELS, build_model
from maskkit.onnx_model import OnnxModel
from maskkit.training import describe_data


def pictures(n: int, size: int, seed: int = 0) -> np.ndarray:
    """Half of them dark, half of them with a bright lower half, so that a network can give far different answers."""
    images = np.random.default_rng(seed).integers(0, 120, (n, size, size, 3), dtype=np.uint8)
    images[1::2, size // 2:] += 120
    return images


def lively(name: str, size: int, most: float = 1000) -> torch.nn.Module:
    """A network whose probabilities lie all over [0, 1], where those of fresh weights are near one half."""
    torch.manual_seed(0)
    model = build_model(name, size)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the plain mean, so that one batch is enough to know the statistics
    with torch.no_grad():
        model.train()(torch.from_numpy(pictures(64, size)).permute(0, 3, 1, 2) / 255)
    model.eval()
    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        logits = model(torch.from_numpy(pictures(64, size)).permute(0, 3, 1, 2) / 255)
        factor = min(most, float(3 / logits.std()))
        last.weight *= factor
        last.bias.copy_(factor * (last.bias - logits.mean()))
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """MaskCNN for 16 pixels, exported: its checkpoint, its folder, and what was reported."""
    folder = tmp_path_factory.mktemp("a run")
    checkpoint = Checkpoint(lively("maskcnn", 16), "maskcnn", 16)
    return checkpoint, folder, export(checkpoint, folder / "model.onnx", ExportImages(pictures(40, 16, 1), pictures(30, 16, 2), "pictures"))


@pytest.mark.parametrize("n", [0, 1, 3, 70])
def test_float32_gives_torchs_probabilities_for_any_number_of_images(exported, n):
    checkpoint, folder, _ = exported
    images = pictures(n, 16, 3)
    expected = predict_proba(checkpoint.model, images)
    assert n < 3 or expected.min() < 0.3 and expected.max() > 0.7
    np.testing.assert_allclose(OnnxModel(folder / "model.onnx").predict_proba(images), expected, atol=1e-5)


def test_int8_is_small_and_near(exported):
    checkpoint, folder, _ = exported
    images = pictures(60, 16, 3)
    expected, found = predict_proba(checkpoint.model, images), OnnxModel(folder / "model_int8.onnx").predict_proba(images)
    assert 0 < np.abs(found - expected).max() < 0.1 and np.corrcoef(found, expected)[0, 1] > 0.99
    kinds = {tensor.data_type for tensor in onnx.load(folder / "model_int8.onnx").graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    # Two products of a weight and a pixel, 255 at most, fit into 16 bits, as processors without VNNI add them, also where this one has it.
    weights = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(folder / "model_int8.onnx").graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    assert max(np.abs(values.astype(int)).max() for values in weights) == 64 and 2 * 64 * 255 < 2**15
    assert (folder / "model_int8.onnx").stat().st_size < 0.4 * (folder / "model.onnx").stat().st_size


def test_the_report_is_what_anybody_can_measure(exported):
    checkpoint, folder, [in_torch, in_float, in_int8] = exported
    images = pictures(30, 16, 2)
    expected, found = predict_proba(checkpoint.model, images), OnnxModel(folder / "model_int8.onnx").predict_proba(images)
    assert in_int8.largest_difference == pytest.approx(np.abs(found - expected).max(), abs=1e-6)
    assert (in_int8.agreeing, in_int8.compared) == (((found >= 0.5) == (expected >= 0.5)).sum(), 30)
    assert (in_float.name, in_int8.name, in_torch.largest_difference) == ("float32", "int8", 0)
    assert in_int8.size == (folder / "model_int8.onnx").stat().st_size
    assert in_torch.size == 4 * sum(parameter.numel() for parameter in checkpoint.model.parameters())
    assert all(row.milliseconds > 0 for row in (in_torch, in_float, in_int8))


def test_the_file_says_what_goes_in_and_what_comes_out(exported):
    _, folder, _ = exported
    for name, numbers in (("model.onnx", "float32"), ("model_int8.onnx", "int8")):
        model = onnx.load(folder / name)
        said = {entry.key: entry.value for entry in model.metadata_props}
        assert said["numbers"] == numbers and json.loads(said["class_names"]) == ["without_mask", "with_mask"] and said["image_size"] == "16"
        [pixels], [probability] = model.graph.input, model.graph.output
        assert (pixels.name, pixels.type.tensor_type.elem_type) == ("pixels", onnx.TensorProto.UINT8)
        assert [dim.dim_value for dim in pixels.type.tensor_type.shape.dim] == [0, 16, 16, 3]  # 0: any number of images
        assert probability.name == "probability_with_mask" and "uint8" in said["input"] and "at least 0.5" in said["output"]
    assert said["calibrated_on"] == "40 training pictures"


def test_the_preprocessing_in_words_gives_the_models_own_pixels(exported, tmp_path):
    _, folder, _ = exported
    Image.fromarray(pictures(1, 40)[0]).save(tmp_path / "photo.png")
    model = OnnxModel(folder / "model.onnx")
    assert "bilinear" in model.metadata["preprocessing"] and "EXIF" in model.metadata["preprocessing"]
    by_hand = np.asarray(Image.open(tmp_path / "photo.png").convert("RGB").resize((16, 16), Image.Resampling.BILINEAR))
    assert model.predict_image(tmp_path / "photo.png") == model.predict_proba(by_hand[None])[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if name != "maskcnn"])
def test_every_network_can_be_exported(name, tmp_path):
    # Enlarging the logits enlarges their last digits, too, in which two ways to compute differ where there are many layers.
    model, images = lively(name, 64, most=20), ExportImages(pictures(20, 64, 1), pictures(40, 64, 2), "pictures")
    rows = export(Checkpoint(model, name, 64), tmp_path / "model.onnx", images)
    assert rows[1].largest_difference <= 3e-5 and rows[2].agreeing >= 34


def test_a_file_that_does_not_agree_replaces_none(exported, tmp_path, monkeypatch):
    checkpoint, _, _ = exported

    def write_another(model, path, checkpoint, made_from):
        another = copy.deepcopy(model)
        with torch.no_grad():
            next(another.parameters()).add_(1e-3)
        true_write(another, path, checkpoint, made_from)

    true_write = exporter._write_onnx
    monkeypatch.setattr(exporter, "_write_onnx", write_another)
    (tmp_path / "model.onnx").write_text("the good one")
    with pytest.raises(InputError, match="ONNX and torch disagree.*nothing was written.*maskcnn"):
        export(checkpoint, tmp_path / "model.onnx", ExportImages(pictures(4, 16), pictures(4, 16), "pictures"))
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"] and (tmp_path / "model.onnx").read_text() == "the good one"


def test_rounding_is_told_from_another_answer():
    exact = np.array([0.2, 0.5])
    assert is_rounding(exact + 9e-6, exact, exact) and not is_rounding(exact + 2e-5, exact + 4e-6, exact)
    assert is_rounding(exact + 2e-5, exact - 6e-6, exact) and not is_rounding(exact * np.nan, exact, exact)


def run_folder(folder, dataset):
    write_json(folder / "config.json", {"data": describe_data(dataset)})
    return folder


def test_images_of_a_run_are_never_its_test_images(photo_folder, tmp_path):
    dataset = load_dataset(photo_folder, image_size=16)
    images = images_of_run(run_folder(tmp_path / "run", dataset), 16)
    for found, split in ((images.calibration, "train"), (images.comparison, "val")):
        allowed = {picture.tobytes() for picture in dataset.subset(split).images.permute(0, 2, 3, 1).contiguous().numpy()}
        assert len(found) == len(dataset.subset(split)) and {picture.tobytes() for picture in found} == allowed
    assert images.source == "images of the run" and len(images_of_run(tmp_path / "run", 16, n=3).calibration) == 3
    one = np.where(dataset.split == "val", "test", dataset.split)
    one[-1] = "val"
    assert len(exporter._export_images(replace(dataset, split=one), 3, "images").comparison) == 1


@pytest.mark.parametrize("harm", ["no config", "no photos", "other photos"])
def test_synthetic_faces_stand_in_where_the_test_images_are_not_known(harm, photo_folder, tmp_path, caplog):
    run = run_folder(tmp_path / "run", load_dataset(photo_folder, image_size=16))
    if harm == "no config":
        (run / "config.json").unlink()
    elif harm == "no photos":
        photo_folder.rename(tmp_path / "elsewhere")
    else:
        (photo_folder / "with_mask" / "3.png").unlink()
    images = images_of_run(run, 16, n=4)
    assert images.source == "synthetic faces" and "not at hand" in caplog.text
    assert images.calibration.shape == images.comparison.shape == (4, 16, 16, 3)


def test_milliseconds_lets_torch_keep_its_threads_whatever_happens():
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        milliseconds({"broken": lambda photo: 1 / 0}, pictures(1, 4))
    assert torch.get_num_threads() == before


def test_the_command_writes_files_that_predict_and_test_take(exported, photo_folder, tmp_path, capsys):
    checkpoint, _, _ = exported
    run = run_folder(tmp_path / "run", load_dataset(photo_folder, image_size=16))
    save_checkpoint(run / "mask_cnn_best.pth", checkpoint)
    assert main(["export", "--model-path", str(run / "mask_cnn_best.pth"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["images"] == "images of the run" and [row["name"] for row in said["files"]] == ["torch", "float32", "int8"]
    answers = {}
    for name in ("mask_cnn_best.pth", "mask_cnn_best.onnx", "mask_cnn_best_int8.onnx"):
        assert main(["predict", "--model-path", str(run / name), str(photo_folder / "with_mask" / "1.png"), "--json"]) == 0
        assert main(["test", "--model-path", str(run / name), "--json"]) == 0
        predicted, tested = map(json.loads, capsys.readouterr().out.splitlines())
        answers[name] = predicted["predictions"][0]["probability_with_mask"], tested
    assert answers["mask_cnn_best.onnx"][0] == pytest.approx(answers["mask_cnn_best.pth"][0], abs=1e-5)
    test = load_dataset(photo_folder, image_size=16).subset("test")
    in_onnx = OnnxModel(run / "mask_cnn_best_int8.onnx").predict_proba(test.images.permute(0, 2, 3, 1).numpy())
    assert answers["mask_cnn_best_int8.onnx"][1]["confusion_matrix"] == evaluate(test.targets, in_onnx)["confusion_matrix"]


def test_the_command_in_words(exported, tmp_path, capsys, monkeypatch):
    checkpoint, _, _ = exported
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    monkeypatch.setattr(exporter, "images_of_run", lambda run_dir, image_size: ExportImages(pictures(4, 16), pictures(4, 16), "pictures"))
    assert main(["export", "--model-path", str(tmp_path / "model.pth"), "--out", str(tmp_path / "new folder" / "m.onnx")]) == 0
    out = capsys.readouterr().out
    assert "of 4" in out and "MB" in out and "ms a photo" in out and str(int8_path(tmp_path / "new folder" / "m.onnx")) in out


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_one_line_before_any_work(package, exported, tmp_path, capsys, monkeypatch):
    checkpoint, _, _ = exported
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(exporter, "images_of_run", lambda *_: pytest.fail("worked in vain"))
    assert main(["export", "--model-path", str(tmp_path / "model.pth")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert package in line and "pip install onnx onnxscript onnxruntime" in line


def test_a_torch_that_cannot_export_is_one_line_before_any_work(exported, tmp_path, capsys, monkeypatch):
    checkpoint, _, _ = exported
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    monkeypatch.setattr(torch, "__version__", TorchVersion("2.5.1+cpu"))
    monkeypatch.setattr(exporter, "images_of_run", lambda *_: pytest.fail("worked in vain"))
    assert main(["export", "--model-path", str(tmp_path / "model.pth")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "needs torch 2.6 or newer, and this is 2.5.1+cpu" in line


def test_a_name_that_is_no_models_is_refused(exported, tmp_path, capsys):
    checkpoint, _, _ = exported
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    assert main(["export", "--model-path", str(tmp_path / "model.pth"), "--out", str(tmp_path / "model.pth")]) == 2
    assert "ends in .onnx" in capsys.readouterr().err


def test_a_folder_that_cannot_be_one_is_refused_before_any_work(exported, tmp_path, capsys, monkeypatch):
    checkpoint, _, _ = exported
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    monkeypatch.setattr("maskkit.export.images_of_run", lambda *_: 1 / 0)
    out = tmp_path / "model.pth" / "model.onnx"
    assert main(["export", "--model-path", str(tmp_path / "model.pth"), "--out", str(out)]) == 2
    assert "model.pth is a file; give a folder for the exported model" in capsys.readouterr().err
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["export", "--model-path", str(tmp_path / "model.pth")]) == 2
    assert "may be written into" in capsys.readouterr().err


def test_no_checkpoint(tmp_path):
    for arguments, said in (("model.pth", "got 'model.pth'"), (None, "got None")):
        with pytest.raises(InputError, match=f"export takes a Checkpoint.*{said}"):
            export(arguments, tmp_path / "model.onnx", None)
