import json
import math
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest
from sklearn import metrics
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from maskkit.checkpoints import Checkpoint
from maskkit.errors import InputError
from maskkit.evaluation import accuracy_by, confident_mistakes, evaluate, predict_image, predict_proba, values_of, wilson_interval
from maskkit.models import MaskCNN, build_model, freeze_features, layer_table, train_mode

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, 200)
    return y_true, np.clip(0.3 * y_true + rng.uniform(0, 0.7, 200), 0, 1)


def test_by_hand():
    report = evaluate([0, 0, 0, 1, 1], [0.1, 0.2, 0.9, 0.8, 0.4])
    assert report["confusion_matrix"] == [[2, 1], [1, 1]]  # rows are the truth: two bare faces right, one taken for masked
    assert (report["accuracy"], report["n"], report["majority_baseline"]) == (0.6, 5, 0.6)
    assert report["per_class"]["with_mask"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert report["per_class"]["without_mask"]["recall"] == pytest.approx(2 / 3)
    assert report["roc_auc"] == pytest.approx(4 / 6)  # of the 6 pairs (bare, masked), 4 are in the right order


def test_against_scikit_learn(answers):
    y_true, y_score = answers
    report = evaluate(y_true, y_score, threshold=0.4)
    y_pred = y_score >= 0.4
    assert report["accuracy"] == metrics.accuracy_score(y_true, y_pred)
    assert report["per_class"]["with_mask"]["precision"] == metrics.precision_score(y_true, y_pred)
    assert report["per_class"]["without_mask"]["recall"] == metrics.recall_score(y_true, y_pred, pos_label=0)
    assert report["roc_auc"] == metrics.roc_auc_score(y_true, y_score)


def test_the_report_is_json_even_with_one_class():
    report = evaluate([1, 1], [0.9, 0.2])
    assert json.loads(json.dumps(report))["roc_auc"] is None and report["accuracy"] == 0.5


class WithoutFloat64(TorchDispatchMode):
    """Takes torch's device "meta", which computes nothing, for a GPU such as Apple's, which has no float64; what comes back from it are zeros."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if str(kwargs.get("device")) == "cpu" and isinstance(args[0], torch.Tensor) and args[0].is_meta:
            return torch.zeros(args[0].shape, dtype=kwargs.get("dtype") or args[0].dtype)
        result = function(*args, **kwargs)
        if isinstance(result, torch.Tensor) and result.is_meta and result.dtype == torch.float64:
            raise TypeError("This device has no float64.")
        return result


@pytest.mark.parametrize("name", ["maskcnn", "maskresnet"])
def test_a_gpu_without_float64_answers_too(name):
    model = build_model(name, 16).to("meta")
    with WithoutFloat64():
        with pytest.raises(TypeError, match="no float64"):
            torch.zeros(2, device="meta").double()
        assert predict_proba(model, PICTURES).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("y_true, y_score", [([], []), ([0, 1], [0.5]), ([0, 1], [[0.1], [0.9]])])
def test_labels_and_scores_that_do_not_fit_are_one_sentence(y_true, y_score):
    with pytest.raises(InputError, match="one score for each label.* got labels of shape"):
        evaluate(y_true, y_score)


@pytest.mark.parametrize("correct, n", [(0, 0), (3, 2), (-1, 2)])
def test_a_share_that_cannot_be(correct, n):
    with pytest.raises(InputError, match=f"got {correct} of {n}"):
        wilson_interval(correct, n)


def test_a_model_is_left_as_it_was_also_when_its_input_does_not_fit():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1)).train()
    with pytest.raises(RuntimeError):
        predict_proba(model, PICTURES)
    assert model.training


def test_frozen_batch_normalisation_stays_frozen():
    model = build_model("maskresnet", 32)
    freeze_features(model)
    train_mode(model)
    modes = [layer.training for layer in model.modules()]
    predict_proba(model, PICTURES.repeat(2, axis=1).repeat(2, axis=2))
    layer_table(model, 32)
    assert [layer.training for layer in model.modules()] == modes and len(set(modes)) == 2


# What would be scored without a word, and wrongly: scores in other units, labels that are no 0 and 1, the two the other way round.
@pytest.mark.parametrize("score", [evaluate, confident_mistakes, lambda *answers: accuracy_by(["a", "b"], *answers)])
@pytest.mark.parametrize("y_true, y_score, said", [
    ([0, 1], np.array([25, 230], np.uint8), "from 0 to 1.*got 25"), ([0, 1], [-2.2, 1.5], r"torch\.sigmoid.*got -2.2"), ([0, 1], [0.1, math.nan], "got nan"),
    ([0.1, 0.9], [0, 1], r"come before the scores; got 0\.1"), ([0, 255], [0.1, 0.9], "got 255"), (["with_mask", "1"], [0.1, 0.9], "got with_mask"),
])
def test_no_labels_and_probabilities(score, y_true, y_score, said):
    with pytest.raises(InputError, match=said):
        score(y_true, y_score)


def test_labels_and_scores_may_be_any_kind_of_numbers():
    expected = evaluate([0, 1, 1], [0.25, 0.75, 0.5])
    assert evaluate(torch.tensor([0, 1, 1]), torch.tensor([0.25, 0.75, 0.5], requires_grad=True)) == expected
    assert evaluate(torch.tensor([0, 1, 1]), torch.tensor([0.25, 0.75, 0.5], dtype=torch.bfloat16)) == expected  # NumPy has no such numbers
    assert evaluate(np.array([False, True, True]), np.array([0.25, 0.75, 0.5], np.float32)) == evaluate(["0", "1", "1"], (0.25, 0.75, 0.5)) == expected
    assert evaluate([0, 1], [0.2, 0.7], threshold=math.inf)["accuracy"] == 0.5


@pytest.mark.parametrize("call, said", [
    (lambda: evaluate([0, 1], [0.2, 0.7], threshold=50), "threshold is a probability, from 0 to 1; got 50"),
    (lambda: accuracy_by(["a"], [0, 1], [0.2, 0.7]), r"one value for each label.*\(1,\) for 2 labels"),
    (lambda: wilson_interval(0.9, 100), r"whole numbers.*got 0\.9 of 100"),
    (lambda: wilson_interval(90, 100, confidence=95), r"such as 0\.95; got 95"),
    (lambda: predict_proba(MaskCNN(16), PICTURES / 255), r"0 to 255: .*got float64 of shape \(2, 16, 16, 3\)"),
    (lambda: predict_proba(MaskCNN(16), torch.rand(2, 3, 16, 16)), "got torch.float32"),
    (lambda: predict_proba(MaskCNN(16), PICTURES[0]), r"got uint8 of shape \(16, 16, 3\)"),
    (lambda: predict_proba(MaskCNN(16), torch.from_numpy(PICTURES)), r"got torch.uint8 of shape \(2, 16, 16, 3\)"),
    (lambda: predict_proba(MaskCNN(16), "photos"), "got 'photos'"),
    (lambda: predict_proba(MaskCNN(32), PICTURES), r"built for images of 32 × 32 pixels.*use image_size=32"),
    (lambda: predict_proba(MaskCNN(16), PICTURES, batch_size=0), "batch_size must be a whole number"),
    (lambda: predict_proba(Checkpoint(MaskCNN(16), "maskcnn", 16), PICTURES), r"have it as \.model; got a Checkpoint"),
    (lambda: predict_proba(MaskCNN, PICTURES), "got the class MaskCNN"),
    (lambda: predict_image("model.pth", "photo.png"), r"load_checkpoint\(path\) gives it; got 'model.pth'"),
])
def test_bad_input_is_one_sentence(call, said):
    with pytest.raises(InputError, match=said):
        call()


@pytest.mark.parametrize("correct, n", [(0, 10), (7, 10), (588, 615), (10, 10)])
def test_wilson_interval_equals_scipy(correct, n):
    expected = binomtest(correct, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high))


def test_wilson_interval_holds_the_share_whatever_the_rounding():
    for n in range(1, 300):
        assert wilson_interval(0, n)[0] == 0 and wilson_interval(n, n)[1] == 1


def test_confident_mistakes_first():
    y_true, y_score = np.array([0, 0, 1, 1, 1]), np.array([0.7, 0.1, 0.01, 0.45, 0.9])
    assert confident_mistakes(y_true, y_score).tolist() == [2, 0, 3]
    assert confident_mistakes(y_true, y_score, k=1).tolist() == [2]


def test_slices_add_up_to_the_whole(answers):
    y_true, y_score = answers
    values = np.array(["hand", "none", "scarf", "none"])[np.arange(200) % 4]
    rows = accuracy_by(values, y_true, y_score)
    assert sum(row["n"] for row in rows) == 200
    assert sum(row["n"] * row["accuracy"] for row in rows) / 200 == pytest.approx(evaluate(y_true, y_score)["accuracy"])
    assert [row["accuracy"] for row in rows] == sorted(row["accuracy"] for row in rows)


def test_probabilities_are_the_sigmoid_of_the_logits_in_any_batch_size():
    torch.manual_seed(0)
    model, images = MaskCNN(16).train(), torch.randint(0, 256, (7, 3, 16, 16), dtype=torch.uint8)
    expected = torch.sigmoid(model(images / 255)).detach().numpy()
    assert np.allclose(predict_proba(model, images, batch_size=3), expected, atol=1e-6)
    assert np.allclose(predict_proba(model, images.permute(0, 2, 3, 1).numpy()), expected, atol=1e-6)
    assert model.training


def test_one_photo_is_prepared_as_in_training(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    checkpoint = Checkpoint(MaskCNN(16), "maskcnn", 16)
    assert predict_image(checkpoint, tmp_path / "photo.png") == predict_proba(checkpoint.model, picture[None])[0]


def test_slices_of_texts_gaps_and_both(answers):
    y_true, y_score = np.array([0, 1, 1, 0, 1]), np.array([0.1, 0.9, 0.2, 0.3, 0.8])
    for values, n in ((np.array(["a", "b", "a", None, "b"], object), {"a": 2, "b": 2, None: 1}), (np.array([1.0, np.nan, 2.0, np.nan, 1.0]), {1.0: 2, None: 2, 2.0: 1}),
                      (np.array(["a", 1, 2.5, float("nan"), None], object), {"a": 1, 1: 1, 2.5: 1, None: 2})):
        assert {row["value"]: row["n"] for row in accuracy_by(values, y_true, y_score)} == n


def test_numbers_are_cut_into_three_equal_parts():
    words, sizes = np.unique(values_of(np.arange(90.0)), return_counts=True)
    assert sizes.tolist() == [30, 30, 30] and words.tolist() == ["29.7 to 59.3", "above 59.3", "below 29.7"]
    assert set(values_of(np.array([1, 2, 3]))) == {"1", "2", "3"}


def test_a_threshold_means_the_same_to_all_and_is_kept_as_a_plain_number():
    scores, y_true = np.array([0.7, 0.2], np.float32), np.array([0, 0])
    report = evaluate(y_true, scores, threshold=np.float32(0.5))
    assert json.loads(json.dumps(report))["threshold"] == 0.5
    at_the_edge = evaluate(y_true, scores, threshold=0.7)["accuracy"]
    assert accuracy_by(np.zeros(2), y_true, scores, threshold=0.7)[0]["accuracy"] == at_the_edge
    assert len(confident_mistakes(y_true, scores, threshold=0.7)) == round(2 * (1 - at_the_edge))


@pytest.mark.parametrize("threshold", [None, "0.5", -0.1, 1.1, math.nan])
def test_no_threshold(threshold):
    for score in (evaluate, confident_mistakes, partial(accuracy_by, ["a", "b"])):
        with pytest.raises(InputError, match="The threshold is a probability"):
            score([0, 1], [0.2, 0.8], threshold=threshold)
