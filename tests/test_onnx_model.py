"""Exported models as a user loads them: what is refused, and that torch is not needed."""

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from maskkit.errors import InputError
from maskkit.onnx_model import FORMAT, OnnxModel

IN_WORDS = {"format": FORMAT, "image_size": "8", "class_names": '["without_mask", "with_mask"]'}
WEIGHTS = np.random.default_rng(1).random((8, 8, 3), dtype=np.float32)  # uneven, so that a wrong order of rows, columns or channels shows


def write_model(path, metadata=IN_WORDS):
    """A model whose probability is a weighted mean of the pixels, as a share of 255: its answers are known."""
    nodes = [helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
             helper.make_node("Mul", ["floats", "weights"], ["weighted"]), helper.make_node("ReduceMean", ["weighted", "axes"], ["means"], keepdims=0),
             helper.make_node("Div", ["means", "top"], ["probability_with_mask"])]
    graph = helper.make_graph(
        nodes, "mean", [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 8, 8, 3])],
        [helper.make_tensor_value_info("probability_with_mask", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor("weights", TensorProto.FLOAT, WEIGHTS.shape, WEIGHTS.ravel()), helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3]), helper.make_tensor("top", TensorProto.FLOAT, [], [255.0])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


def test_probabilities_in_batches(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (130, 8, 8, 3), dtype=np.uint8)
    found = OnnxModel(write_model(tmp_path / "model.onnx"), threads=1).predict_proba(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (images * WEIGHTS).mean(axis=(1, 2, 3)) / 255, rtol=1e-5)


def test_a_data_sets_tensor_gives_the_same(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (70, 8, 8, 3), dtype=np.uint8)
    model = OnnxModel(write_model(tmp_path / "model.onnx"))
    assert (model.predict_proba(torch.from_numpy(images).permute(0, 3, 1, 2)) == model.predict_proba(images)).all()


@pytest.mark.parametrize("images", [np.zeros((1, 8, 8, 3), np.float32), np.zeros((1, 3, 8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8)])
def test_other_pixels_are_refused(images, tmp_path):
    with pytest.raises(InputError, match=r"takes uint8 images of shape \(N, 8, 8, 3\); got"):
        OnnxModel(write_model(tmp_path / "model.onnx")).predict_proba(images)


def test_what_is_no_exported_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="no model file .*nowhere"):
        OnnxModel(tmp_path / "nowhere.onnx")
    with pytest.raises(InputError, match="is a folder; give the .onnx file"):
        OnnxModel(tmp_path)
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(InputError, match="not an ONNX model, or is damaged"):
        OnnxModel(tmp_path / "text.onnx")
    for harm in ({}, {**IN_WORDS, "format": "other"}, {**IN_WORDS, "class_names": '["with_mask", "without_mask"]'}, {"format": FORMAT},
                 {**IN_WORDS, "image_size": "16"}, {**IN_WORDS, "image_size": "-8"}):
        with pytest.raises(InputError, match="no model that this MaskKit exported"):
            OnnxModel(write_model(tmp_path / "foreign.onnx", harm))


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    path = write_model(tmp_path / "model.onnx")
    monkeypatch.setattr("maskkit.onnx_model.os.access", lambda *_: False)
    with pytest.raises(InputError, match="model.onnx may not be read; give yourself the permission"):
        OnnxModel(path)


def test_without_onnx_runtime_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="pip install .*onnxruntime"):
        OnnxModel(write_model(tmp_path / "model.onnx"))


@pytest.mark.parametrize("run_has_left", [None, "its own", "another"])
def test_predict_answers_without_torch(tmp_path, photo_folder, run_has_left):
    code = ("import sys; sys.modules['torch'] = None; from maskkit.cli import main; "
            "sys.exit(main(['predict', '--model-path', sys.argv[1], sys.argv[2]]))")
    photo = photo_folder / "with_mask" / "0.png"
    if run_has_left:
        (tmp_path / "config.json").write_text(json.dumps({"weights_sha256": run_has_left}), encoding="utf-8")
        (tmp_path / "last.pth").write_bytes(b"")
    model = write_model(tmp_path / "model.onnx", {**IN_WORDS, "made_from_sha256": "its own"})
    done = subprocess.run([sys.executable, "-c", code, model, photo], capture_output=True, text=True)
    assert done.returncode == 0 and "probability of a mask 0." in done.stdout, done.stderr
    assert ("export the model again" in done.stderr) == (run_has_left == "another")


def test_an_exported_model_knows_no_other_device(tmp_path, capsys):
    from maskkit.cli import main

    assert main(["predict", "--model-path", str(write_model(tmp_path / "model.onnx")), "--device", "cuda", "photo.jpg"]) == 2
    assert "leave --device cuda away" in capsys.readouterr().err
