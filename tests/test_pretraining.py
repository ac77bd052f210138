"""A backbone from drawn twins: the loss by hand, maps that move with their pictures, runs that go on as if never interrupted."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from maskkit import pretraining
from maskkit.checkpoints import load_checkpoint
from maskkit.cli import main
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.faces import Twins, generate_twins
from maskkit.files import read_csv
from maskkit.models import build_model
from maskkit.pretraining import PretrainConfig, WithPlaces, kept_twins, loss_of, pretrain, twin_batches, vary

SMALL = PretrainConfig(pairs=8, image_size=32, epochs=2, batch_size=4, device="cpu")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKKIT_CACHE", str(tmp_path / "cache"))


def equal_weights(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))


def test_batches_hold_both_twins_and_every_pair_once():
    numbers = np.arange(7, dtype=np.uint8)
    twins = Twins(np.broadcast_to(numbers[:, None, None, None], (7, 16, 16, 3)), np.broadcast_to(100 + numbers[:, None, None, None], (7, 16, 16, 3)),
                  np.broadcast_to(10 * numbers[:, None, None], (7, 4, 4)))
    seen = []
    for images, targets, where in twin_batches(twins, 3):
        pixels = (images[:, 0, 0, 0] * 255).round()
        assert images.shape == (6, 3, 16, 16) and where.shape == (6, 1, 16, 16)
        assert targets.tolist() == [0, 0, 0, 1, 1, 1]
        assert torch.equal(pixels[3:], pixels[:3] + 100)
        assert torch.equal((where[:, 0, 0, 0] * 255).round(), 10 * (pixels % 100))
        seen += pixels[:3].tolist()
    assert len(seen) == len(set(seen)) == 6  # one of the seven is left over


def test_maps_move_as_their_pictures_do():
    # The picture is its own map: a white square on black. What colours, noise and erasing change is left out by asking where it is bright.
    where = torch.zeros(16, 1, 48, 48)
    where[:, :, 10:30, 5:25] = 1.0
    torch.manual_seed(0)
    images, moved = vary(where.expand(-1, 3, -1, -1).clone(), where, 0.5, 48)
    assert not torch.equal(moved, where)
    inside, outside = moved > 0.99, moved < 0.01
    bright = images.mean(dim=1, keepdim=True)
    assert all(bright[i][inside[i]].median() > bright[i][outside[i]].median() + 0.2 for i in range(16))
    assert vary(images, where, 0.5, 32)[1].shape == (16, 1, 32, 32)


def test_loss_of_a_picture_whose_answers_are_known():
    # One masked picture, one bare; at each of the four places nothing is known, so each place costs log 3.
    logits, targets = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    where = torch.zeros(2, 1, 4, 4)
    where[:, :, :2, :2] = 1.0  # one place of four
    smoothed = [0.98 * math.log1p(math.exp(-2)) + 0.02 * math.log1p(math.exp(2)), 0.98 * math.log1p(math.exp(-1)) + 0.02 * math.log1p(math.exp(1))]
    places = (4 * math.log(3) + 3 * math.log(3)) / 4
    assert float(loss_of(logits, torch.zeros(2, 3, 2, 2), targets, where)) == pytest.approx(np.mean(smoothed) + places, rel=1e-6)
    assert float(loss_of(logits, None, targets, where)) == pytest.approx(np.mean(smoothed), rel=1e-6)


@pytest.mark.parametrize("target, right", [(1.0, 2), (0.0, 1)])
def test_the_right_answer_for_places_costs_nothing(target, right):
    where = torch.zeros(1, 1, 2, 2)
    where[..., 0, 0] = 1.0
    places = torch.full((1, 3, 2, 2), -20.0)
    places[:, 0] = 20.0
    places[0, :, 0, 0] = -20.0
    places[0, right, 0, 0] = 20.0
    alone = loss_of(torch.zeros(1), None, torch.tensor([target]), where)
    assert float(loss_of(torch.zeros(1), places, torch.tensor([target]), where)) == pytest.approx(float(alone), abs=1e-6)


def test_answers_for_places_leave_the_network_as_it_is():
    model = build_model("maskresnet", 48).eval()
    images = torch.rand(2, 3, 48, 48)
    logits, places = WithPlaces(model).eval()(images)
    assert torch.allclose(logits, model(images)) and places.shape == (2, 3, 6, 6)
    assert WithPlaces(build_model("maskcnn", 48), "maskcnn")(images)[1] is None


@torch.no_grad()
def test_evidence_weighs_the_mask_against_the_bare_mouth():
    network, images = WithPlaces(build_model("maskresnet", 48)).eval(), torch.rand(2, 3, 48, 48)
    nn.init.zeros_(network.places.weight)
    network.places.bias.copy_(torch.tensor([0.5, 0.1, 0.4]).log())  # everywhere a tenth of a mouth and four tenths of a mask
    assert torch.allclose(network.evidence(images), network(images)[0] + math.log(4))
    network.places.bias.copy_(torch.tensor([200.0, 0.0, 0.0]))  # neither anywhere, to the last digit
    assert torch.allclose(network.evidence(images), network(images)[0], atol=1e-5)
    alone = WithPlaces(build_model("maskcnn", 48), "maskcnn").eval()
    assert torch.equal(alone.evidence(images), alone(images)[0])


def test_a_backbone_is_kept_and_used_like_any_model(tmp_path):
    heard = []
    model = pretrain(SMALL, tmp_path / "run", on_epoch=lambda history: heard.append(len(history))).model
    best = load_checkpoint(tmp_path / "run" / "mask_cnn_best.pth")
    images = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    assert (best.model_name, best.image_size, best.epoch) == ("maskresnet", 32, 2) and heard == [1, 2]
    assert (predict_proba(best.model, images) == predict_proba(model, images)).all()
    assert [row["epoch"] for row in read_csv(tmp_path / "run" / "history.csv")] == ["1", "2"]


def test_the_same_seed_gives_the_same_backbone_also_when_interrupted(tmp_path):
    whole = pretrain(SMALL, tmp_path / "whole")

    def press_stop(history):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(SMALL, tmp_path / "run", on_epoch=press_stop)
    assert not (tmp_path / "run" / "mask_cnn_best.pth").exists()  # half a training is not taken for a whole one
    assert equal_weights(pretrain(SMALL, tmp_path / "run"), whole)
    assert not equal_weights(pretrain(replace(SMALL, seed=1), tmp_path / "other"), whole)


def test_a_finished_backbone_is_loaded_and_another_one_not_overwritten(tmp_path, monkeypatch):
    model = pretrain(SMALL, tmp_path)
    monkeypatch.setattr(pretraining.Pretraining, "one_epoch", lambda self: pytest.fail("trained a second time"))
    monkeypatch.setattr(pretraining, "kept_twins", lambda *_: pytest.fail("drew faces that nobody needs"))
    best = tmp_path / "mask_cnn_best.pth"
    before = load_checkpoint(best).model
    best.unlink()  # or moved away: what the command says is there has to be there again
    assert equal_weights(pretrain(SMALL, tmp_path), model) and equal_weights(load_checkpoint(best).model, before)
    assert equal_weights(pretrain(replace(SMALL, device="auto" if SMALL.device == "cpu" else "cpu"), tmp_path), model)  # a run may go on elsewhere
    with pytest.raises(InputError, match="holds another run"):
        pretrain(replace(SMALL, seed=1), tmp_path)
    torch.save({**torch.load(tmp_path / "last.pth", weights_only=True), "random": {"torch_rng": torch.zeros(3, dtype=torch.uint8)}}, tmp_path / "last.pth")
    with pytest.raises(InputError, match="its last.pth is damaged, or of another version"):
        pretrain(SMALL, tmp_path)
    (tmp_path / "last.pth").write_bytes(b"no run")
    with pytest.raises(InputError, match="holds another run"):
        pretrain(SMALL, tmp_path)
    (tmp_path / "last.pth").unlink()
    with pytest.raises(InputError, match="already holds a trained model"):
        pretrain(SMALL, tmp_path)


def test_it_learns(tmp_path):
    history = []
    pretrain(replace(SMALL, pairs=24, epochs=12), tmp_path, on_epoch=lambda rows: history.append(rows[-1]["train_loss"]))
    assert np.mean(history[-2:]) < 0.85 * history[0]


def test_dropout_on_a_gpu_goes_on_as_well(tmp_path, monkeypatch):
    restored = []
    monkeypatch.setattr(pretraining, "restore_random_states", restored.append)
    monkeypatch.setattr(pretraining, "random_states", lambda: {"torch_rng": torch.get_rng_state(), "cuda_rng": [torch.tensor([7])]})
    pretrain(SMALL, tmp_path)
    pretrain(SMALL, tmp_path)
    assert [state["cuda_rng"] for state in restored] == [[torch.tensor([7])]]


def test_more_twins_than_fit_in_memory(tmp_path):
    with pytest.raises(InputError, match="200,000,000,000,000 pictures of 32×32 pixels need 614,400,000.0 GB of memory"):
        pretrain(replace(SMALL, pairs=10**14), tmp_path)


def test_numbers_of_numpy_are_kept_as_plain_ones():
    assert {type(value) for value in vars(PretrainConfig(pairs=np.int64(100), seed=np.int64(1), epochs=np.int32(1))).values()} == {int, str}


def test_twins_are_drawn_once(tmp_path, monkeypatch):
    first = kept_twins(4, 32, 0)
    assert (first.bare == generate_twins(4, image_size=32, seed=0).bare).all()
    monkeypatch.setattr(pretraining, "generate_twins", lambda *_, **__: pytest.fail("drawn a second time"))
    again = kept_twins(4, 32, 0)
    assert (again.masked == first.masked).all() and (again.where == first.where).all()


@pytest.mark.parametrize("name, value", [("model", "resnet18"), ("pairs", 3), ("image_size", 16), ("image_size", 40), ("epochs", 0), ("batch_size", 0), ("pairs", "9"), ("seed", None)])
def test_impossible_options_are_named(name, value):
    with pytest.raises(InputError, match=str(value)):
        replace(SMALL, **{name: value})


def test_it_says_in_plain_words_for_which_networks_weights_can_be_made(capsys):
    assert main(["pretrain", "--model", "vgg_small"]) == 2
    assert "Weights that have seen drawn faces can be made for maskresnet or maskcnn; got 'vgg_small'." in capsys.readouterr().err


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pretraining, "PretrainConfig", lambda **options: replace(SMALL, **{**options, "batch_size": 4}))
    run = str(tmp_path / "run")
    assert main(["pretrain", "--run-dir", run, "--pairs", "4", "--image-size", "32", "--epochs", "1", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert f"--init-from {tmp_path / 'run' / 'mask_cnn_best.pth'}" in out and "epoch   1 of 1" in err
    assert main(["pretrain", "--run-dir", run, "--pairs", "4", "--image-size", "40", "--epochs", "1"]) == 2
    assert "multiple of 16" in capsys.readouterr().err
