import json

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest
from sklearn import metrics

from maskkit.checkpoints import Checkpoint
from maskkit.errors import InputError
from maskkit.evaluation import accuracy_by, confident_mistakes, evaluate, predict_image, predict_proba, wilson_interval
from maskkit.models import MaskCNN


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


@pytest.mark.parametrize("y_true, y_score", [([], []), ([0, 1], [0.5]), ([0, 1], [[0.1], [0.9]])])
def test_labels_and_scores_that_do_not_fit_are_one_sentence(y_true, y_score):
    with pytest.raises(InputError, match="one score for each label.* got labels of shape"):
        evaluate(y_true, y_score)


@pytest.mark.parametrize("correct, n", [(0, 0), (3, 2), (-1, 2)])
def test_a_share_that_cannot_be(correct, n):
    with pytest.raises(InputError, match=f"got {correct} of {n}"):
        wilson_interval(correct, n)


def test_a_model_is_left_as_it_was_also_when_its_input_does_not_fit():
    model = MaskCNN(16).train()
    with pytest.raises(RuntimeError):
        predict_proba(model, np.zeros((1, 20, 20, 3), np.uint8))
    assert model.training


@pytest.mark.parametrize("correct, n", [(0, 10), (7, 10), (588, 615), (10, 10)])
def test_wilson_interval_equals_scipy(correct, n):
    expected = binomtest(correct, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high))


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
