"""Early stopping with scripted losses; training against a loop written out with torch alone."""

import dataclasses
import errno
import json
import math
import os
import shutil
import signal
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from maskkit import training
from maskkit.checkpoints import load_checkpoint, save_checkpoint
from maskkit.distributed import Part, Team
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.files import read_csv, write_csv
from maskkit.models import build_model
from maskkit.plots import LiveCurves
from maskkit.training import EarlyStopping, TrainConfig, fit, load_or_train, loop, recipe
from maskkit.training.averaging import RunningMean
from maskkit.training.recording import Recording
from maskkit.training.teacher import Teacher
from maskkit.transforms import AUGMENTATIONS, resize, to_float

QUICK = TrainConfig(epochs=4, batch_size=8, device="cpu")
on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


def equal_weights(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))


@pytest.fixture
def scripted_losses(monkeypatch):
    """Let validation report the given losses, whatever the network does."""
    def script(losses):
        remaining = iter(losses)
        monkeypatch.setattr(loop, "validate", lambda *_, **__: (next(remaining), 0.5))

    return script


@pytest.mark.parametrize("losses, patience, best_epoch, epochs", [
    ([5, 4, 3, 2, 1], 2, 5, 5),
    ([5, 4, 6, 7, 1], 2, 2, 4),       # the 1 is never seen
    ([5, 5, 5, 5, 5], 3, 1, 4),       # equal is not lower
    ([5, 6, 4, 6, 6, 3], 2, 3, 5),
    ([5, math.nan, math.nan, 1], 2, 1, 3),
])
def test_early_stopping_keeps_the_right_epoch(easy_dataset, scripted_losses, losses, patience, best_epoch, epochs):
    scripted_losses(losses)
    result = fit(easy_dataset, dataclasses.replace(QUICK, epochs=len(losses), patience=patience))
    assert result.best_epoch == best_epoch and len(result.history) == epochs
    assert result.stopped_because == ("early stopping" if epochs < len(losses) or best_epoch + patience <= epochs else "all epochs done")


def test_min_delta_asks_for_a_real_improvement():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    assert [stopping.update(loss) for loss in (1.0, 0.95, 0.85)] == [True, False, True]


def test_the_best_weights_come_back_not_the_last(easy_dataset, scripted_losses):
    scripted_losses([3, 1, 2, 2])
    stopped = fit(easy_dataset, QUICK)
    scripted_losses([3, 1])
    two_epochs = fit(easy_dataset, dataclasses.replace(QUICK, epochs=2))
    assert stopped.best_epoch == 2 and equal_weights(stopped.model, two_epochs.model)


def test_one_epoch_equals_a_loop_written_out(easy_dataset):
    """Without augmentation ``fit`` is nothing but this."""
    config = dataclasses.replace(QUICK, epochs=1, augmentation="none")
    torch.manual_seed(config.seed)
    model = build_model("maskcnn", 16)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(config.seed)
    train = easy_dataset.subset("train")
    order, losses = torch.randperm(40, generator=generator), []
    for chosen in order.split(8):
        torch.rand(8, generator=generator)  # the draw for flips, which nothing uses
        loss = nn.functional.binary_cross_entropy_with_logits(model(train.images[chosen] / 255), train.targets[chosen].float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    result = fit(easy_dataset, config)
    assert equal_weights(result.model, model)
    assert result.history[0]["train_loss"] == pytest.approx(sum(losses) / 5)
    val = easy_dataset.subset("val")
    expected = nn.functional.binary_cross_entropy_with_logits(model(to_float(val.images)), val.targets.float())
    assert result.history[0]["val_loss"] == pytest.approx(expected.item(), abs=1e-6)


def test_it_learns_what_can_be_learned(easy_dataset):
    result = fit(easy_dataset, dataclasses.replace(QUICK, epochs=12, augmentation="none"))
    assert result.history[-1]["val_accuracy"] == 1.0 and result.history[-1]["val_loss"] < result.history[0]["val_loss"] / 2


def test_same_seed_same_weights_bit_for_bit(easy_dataset):
    first, again = fit(easy_dataset, QUICK), fit(easy_dataset, QUICK)
    other = fit(easy_dataset, dataclasses.replace(QUICK, seed=1))
    assert equal_weights(first.model, again.model) and not equal_weights(first.model, other.model)


def test_the_test_split_is_not_touched(easy_dataset):
    images = easy_dataset.images.clone()
    images[easy_dataset.split == "test"] = 0
    assert equal_weights(fit(easy_dataset, QUICK).model, fit(dataclasses.replace(easy_dataset, images=images), QUICK).model)


def test_run_folder(easy_dataset, tmp_path):
    result = fit(easy_dataset, QUICK, run_dir=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mask_cnn_best.pth", "last.pth", "history.csv", "config.json", "split.csv"}
    rows = read_csv(tmp_path / "history.csv")
    assert list(rows[0]) == ["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr", "seconds", "images_per_second"]
    assert training.read_history(tmp_path / "history.csv") == result.history
    best = load_checkpoint(tmp_path / "mask_cnn_best.pth")
    assert best.epoch == result.best_epoch == min(result.history, key=lambda row: row["val_loss"])["epoch"]
    assert (predict_proba(best.model, easy_dataset.images) == predict_proba(result.model, easy_dataset.images)).all()


def test_resumed_equals_uninterrupted(easy_dataset, tmp_path):
    config = dataclasses.replace(QUICK, augmentation="strong")
    whole = fit(easy_dataset, config)
    fit(easy_dataset, dataclasses.replace(config, epochs=2), run_dir=tmp_path)
    resumed = fit(easy_dataset, config, run_dir=tmp_path, resume=True)
    assert equal_weights(whole.model, resumed.model)
    assert [row["val_loss"] for row in whole.history] == [row["val_loss"] for row in resumed.history]


@pytest.mark.parametrize("options", [
    {"schedule": "one_cycle", "weight_decay": 0.05, "label_smoothing": 0.1, "fast": True, "precision": "bfloat16", "augmentation": "robust"},
    {"model": "maskresnet", "schedule": "one_cycle", "growing": 1.0, "fast": True, "averaging": 0.9},  # and dropout; images of 16 pixels cannot shrink, those of 32 do
])
def test_interrupted_and_resumed_equals_uninterrupted(easy_dataset, tmp_path, options):
    def press_stop(history):
        if len(history) == 2:
            raise KeyboardInterrupt

    config = dataclasses.replace(QUICK, epochs=3, **options)
    dataset = dataclasses.replace(easy_dataset, images=nn.functional.interpolate(easy_dataset.images, size=32)) if "model" in options else easy_dataset
    whole = fit(dataset, config)
    fit(dataset, config, run_dir=tmp_path, on_epoch=press_stop)
    resumed = fit(dataset, config, run_dir=tmp_path, resume=True)
    assert equal_weights(whole.model, resumed.model)
    same = ("train_loss", "val_loss", "lr")
    assert [[row[key] for key in same] for row in whole.history] == [[row[key] for key in same] for row in resumed.history]


def test_the_best_model_of_another_run_is_not_taken_for_its_own(easy_dataset, tmp_path):
    fit(easy_dataset, QUICK, run_dir=tmp_path / "run")
    fit(easy_dataset, dataclasses.replace(QUICK, seed=1, epochs=1), run_dir=tmp_path / "other")
    # As a run leaves it that was to replace this one, and found the disk full after its first file.
    shutil.copy(tmp_path / "other" / "mask_cnn_best.pth", tmp_path / "run")
    with pytest.raises(InputError, match="cannot be resumed: its mask_cnn_best.pth is of another run"):
        fit(easy_dataset, dataclasses.replace(QUICK, epochs=QUICK.epochs + 1), run_dir=tmp_path / "run", resume=True)


def test_a_report_does_not_outlive_its_model(easy_dataset, tmp_path):
    fit(easy_dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path)
    (tmp_path / "report.json").touch()
    result = fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True)
    assert (tmp_path / "report.json").exists() == (result.best_epoch == 1)


def test_a_run_that_a_full_disk_ended_goes_on_with_its_own_split(easy_dataset, tmp_path, monkeypatch):
    def full(path, rows):
        if path.name == "split.csv":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_csv(path, rows)

    fit(easy_dataset, QUICK, run_dir=tmp_path)
    other = dataclasses.replace(easy_dataset, split=np.roll(easy_dataset.split, 1))
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr("maskkit.training.run.write_csv", full)
        fit(other, QUICK, run_dir=tmp_path)
    fit(other, QUICK, run_dir=tmp_path, resume=True)
    assert read_csv(tmp_path / "split.csv") == other.split_rows() != easy_dataset.split_rows()


def test_a_run_folder_may_begin_with_a_tilde(easy_dataset, tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    config = dataclasses.replace(QUICK, epochs=1)
    fit(easy_dataset, config, run_dir="~/run")
    assert training.load_or_train(easy_dataset, config, run_dir="~/run").origin.startswith("taken from")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_planned_schedule_cannot_be_lengthened(easy_dataset, tmp_path):
    config = dataclasses.replace(QUICK, epochs=1, schedule="one_cycle")
    fit(easy_dataset, config, run_dir=tmp_path)
    with pytest.raises(InputError, match="other data or options"):
        fit(easy_dataset, dataclasses.replace(config, epochs=2), run_dir=tmp_path, resume=True)


@pytest.mark.parametrize("changed", [{"history": 3}, {"optimizer": None}, {"torch_rng": torch.zeros(3, dtype=torch.uint8)}, {"config": []}, {"generator": "x"},
                                     {"optimizer": {"state": {}, "param_groups": []}}])
def test_a_damaged_state_is_one_sentence(easy_dataset, tmp_path, changed):
    fit(easy_dataset, QUICK, run_dir=tmp_path)
    last = torch.load(tmp_path / "last.pth", weights_only=True)
    torch.save({**last, "training_state": {**last["training_state"], **changed}}, tmp_path / "last.pth")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"its last.pth is damaged, or of another version \(\w+Error\)"):
        fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_from_before_an_option_existed_can_be_resumed(easy_dataset, tmp_path):
    fit(easy_dataset, dataclasses.replace(QUICK, epochs=2), run_dir=tmp_path)
    content = torch.load(tmp_path / "last.pth", weights_only=True)
    for name in ("schedule", "growing", "precision", "fast", "weight_decay"):
        del content["training_state"]["config"][name]
    del content["training_state"]["scheduler"]
    torch.save(content, tmp_path / "last.pth")
    assert equal_weights(fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True).model, fit(easy_dataset, QUICK).model)


def test_history_shows_the_schedule(easy_dataset):
    def rates(schedule):
        return [row["lr"] for row in fit(easy_dataset, dataclasses.replace(QUICK, epochs=8, schedule=schedule, learning_rate=1e-3)).history]

    assert rates("constant") == [1e-3] * 8
    one_cycle = rates("one_cycle")
    peak = one_cycle.index(max(one_cycle))
    assert 0 < peak < 4 and one_cycle[peak] == pytest.approx(1e-3, rel=0.05) and one_cycle[-1] < 1e-5
    assert one_cycle[:peak] == sorted(one_cycle[:peak]) and one_cycle[peak:] == sorted(one_cycle[peak:], reverse=True)


def test_label_smoothing_is_a_mixture_of_both_targets():
    logits, targets = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 0.0])
    plain = nn.functional.binary_cross_entropy_with_logits
    expected = 0.9 * plain(logits, targets) + 0.1 * (plain(logits, targets) + plain(logits, 1 - targets)) / 2
    assert loop.SmoothedLoss(0.1)(logits, targets) == pytest.approx(expected.item())


def test_the_optimiser_of_the_original_recipe_is_the_one_that_notebooks_write_out():
    # Also in what is left to PyTorch: on a GPU that decides about the last digits.
    model = build_model("maskcnn", 16)
    assert training.make_optimizer(model, TrainConfig(learning_rate=0.01)).defaults == torch.optim.Adam(model.parameters(), lr=0.01).defaults


@on_a_gpu
def test_by_hand_and_fit_are_the_same_on_a_gpu(easy_dataset):
    torch.manual_seed(0)
    model, generator = build_model("maskcnn", 16).cuda(), torch.Generator().manual_seed(0)
    optimizer, batches, losses = torch.optim.Adam(model.parameters()), easy_dataset.subset("train").batches(8, shuffle=True, generator=generator), []
    for _ in range(3):
        losses.append(training.train_one_epoch(model, batches, optimizer, nn.BCEWithLogitsLoss(), AUGMENTATIONS["original"], generator)[0])
    assert losses == [row["train_loss"] for row in fit(easy_dataset, dataclasses.replace(QUICK, epochs=3, device="cuda")).history]


def test_weight_decay_leaves_biases_and_normalisation_alone():
    model = build_model("maskresnet", 32)
    decayed, free = loop.make_optimizer(model, TrainConfig(model="maskresnet", weight_decay=0.1)).param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
    assert all("conv" in names[id(p)] or names[id(p)].endswith(("1.weight", "3.weight", "shortcut.1.weight")) for p in decayed["params"])
    assert len(decayed["params"]) + len(free["params"]) == len(names)
    assert all(names[id(p)].endswith("bias") or "norm" in names[id(p)] or p.ndim == 1 for p in free["params"])


def test_fast_and_bfloat16_learn_the_same(easy_dataset):
    plain = fit(easy_dataset, dataclasses.replace(QUICK, augmentation="none")).model
    fast = fit(easy_dataset, dataclasses.replace(QUICK, augmentation="none", fast=True)).model
    half = fit(easy_dataset, dataclasses.replace(QUICK, augmentation="none", precision="bfloat16")).model
    expected, images = predict_proba(plain, easy_dataset.images), easy_dataset.images
    assert abs(predict_proba(fast, images) - expected).max() < 1e-4
    assert 0 < abs(predict_proba(half, images) - expected).max() < 0.05


@on_a_gpu
@pytest.mark.parametrize("options", [{}, {"augmentation": "strong", "fast": True}, {"weight_decay": 0.05, "fast": True, "averaging": 0.9}])
def test_a_gpu_learns_the_same(easy_dataset, options):
    config = dataclasses.replace(QUICK, epochs=2, precision="float32", **options)
    first, second = (fit(easy_dataset, dataclasses.replace(config, device=device)).history for device in ("cpu", "cuda"))
    assert [row["train_loss"] for row in second] == pytest.approx([row["train_loss"] for row in first], rel=0.02)


@on_a_gpu
@pytest.mark.parametrize("name, model", [("original", "maskcnn"), ("modern", "maskcnn"), ("modern", "maskresnet"), ("taught", "maskcnn")])
def test_a_step_waits_for_no_gpu(easy_dataset, tmp_path, monkeypatch, name, model):
    one_epoch, steps = loop.train_one_epoch, []
    fit(easy_dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path)
    teacher = {"teacher": tmp_path / "last.pth"} if name == "taught" else {}

    def watched(network, batches, *arguments, **options):
        def each():
            for number, batch in enumerate(batches):
                steps.append(number)
                torch.cuda.set_sync_debug_mode("error" if number else "default")  # the first one loads what it needs
                yield batch
            torch.cuda.set_sync_debug_mode("default")

        try:
            return one_epoch(network, each(), *arguments, **options)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(loop, "train_one_epoch", watched)
    fit(easy_dataset, recipe(name, model=model, epochs=2, batch_size=8, device="cuda", **teacher))
    assert steps == 2 * list(range(5))


@on_a_gpu
@pytest.mark.parametrize("name, model", [("modern", "maskcnn"), ("modern", "maskresnet"), ("transfer", "maskresnet")])
def test_a_recording_on_a_gpu_learns_the_same(easy_dataset, monkeypatch, name, model):
    config = recipe(name, model=model, epochs=4, batch_size=8, device="cuda")
    recorded = fit(easy_dataset, config).history
    monkeypatch.setattr(loop, "Recording", lambda *_: None)
    ordered = fit(easy_dataset, config).history
    assert [row["train_loss"] for row in recorded] == pytest.approx([row["train_loss"] for row in ordered], rel=0.02)


class PretendedGraph:
    """In place of a CUDA graph, where there is no GPU: played back, the pass is computed again, and written where it was recorded."""

    def __init__(self, monkeypatch, refuses):
        @contextmanager
        def graph(graph, **_):
            if refuses:
                raise RuntimeError("operation not permitted when stream is capturing")
            yield

        stream = SimpleNamespace(wait_stream=lambda _: None)
        generator = SimpleNamespace(clone_state=lambda: None, graphsafe_set_state=lambda _: None)
        for name, pretended in {"Stream": lambda _: stream, "current_stream": lambda _: stream, "stream": lambda _: nullcontext(), "graph": graph,
                                "CUDAGraph": lambda: self, "default_generators": {None: generator}}.items():
            monkeypatch.setattr(torch.cuda, name, pretended)
        self.recording, self.played = None, 0

    def replay(self):
        self.played += 1
        recording = self.recording
        for place, value in zip(recording.given, recording._pass(recording.images, recording.targets)):
            place.copy_(value)
        for place, weight in zip(recording.gradients, recording.weights):
            place.copy_(weight.grad)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=on_a_gpu)])
def test_a_recording_has_the_gradients_of_each_batch(monkeypatch, device, looks):
    class Network(nn.Linear):
        def forward(self, images):
            given = super().forward(images.flatten(1)).squeeze(1)
            return given if not looks or given[0].item() < 1e9 else -given  # what looks at its values cannot be recorded

    pretended = PretendedGraph(monkeypatch, refuses=looks) if device == "cpu" else SimpleNamespace()
    network, criterion, recorded = Network(12, 1).to(device), nn.BCEWithLogitsLoss(), []
    recording = pretended.recording = Recording(network, criterion)
    for n in [4] * 6 + [3] + [4] * 6 + [3] + [5] * 5 + [4] * 2:
        images, targets = torch.rand(n, 3, 2, 2, device=device), torch.rand(n, device=device)
        expected = torch.autograd.grad(criterion(network(images), targets), list(network.parameters()))
        logits, loss = recording(images, targets)
        assert torch.allclose(logits, network(images)) and torch.allclose(loss, criterion(network(images), targets))
        for weight, gradient in zip(network.parameters(), expected):
            assert torch.allclose(weight.grad, gradient, atol=1e-6)
            weight.data -= gradient
            weight.grad = None
        recorded.append(0 if recording.graph is None else len(recording.images))
    # Recorded with the fourth batch of a shape in a row, a smaller last one in between, and anew when another shape has come to stay.
    assert recorded == ([0] * 21 if looks else [0] * 3 + [4] * 14 + [5] * 4)
    assert getattr(pretended, "played", None) in (None, 0 if looks else 3 + 6 + 2)


def test_images_grow_to_their_full_size():
    config = TrainConfig(model="maskresnet", epochs=8, growing=0.5)
    assert [loop.image_size_in(epoch, 128, config) for epoch in range(1, 9)] == [64, 80, 96, 112, 128, 128, 128, 128]
    assert {loop.image_size_in(epoch, 50, dataclasses.replace(config, growing=0.0)) for epoch in range(1, 9)} == {50}
    # However few epochs there are, and however many of them they grow in, the last one sees what validation sees.
    assert {loop.image_size_in(epochs, 128, dataclasses.replace(config, epochs=epochs, growing=share)) for epochs in (1, 2, 3, 8) for share in (0.1, 0.6, 1.0)} == {128}


def test_running_mean_is_that_of_the_formula():
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.BatchNorm1d(1))
    mean, weights = RunningMean(model, keep=0.3), []
    expected = model[0].weight.detach().clone()
    for step in range(5):
        nn.init.normal_(model[0].weight)
        model[1].num_batches_tracked += 1
        mean.update()
        keep = min(0.3, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * model[0].weight.detach()
    assert torch.allclose(mean.module[0].weight, expected)
    assert mean.module[1].num_batches_tracked == 5


def test_averaging_takes_the_same_steps_and_keeps_the_mean(easy_dataset):
    plain, averaged = (fit(easy_dataset, dataclasses.replace(QUICK, epochs=2, averaging=keep)) for keep in (0.0, 0.9))
    assert [row["train_loss"] for row in plain.history] == [row["train_loss"] for row in averaged.history]
    assert [row["val_loss"] for row in plain.history] != [row["val_loss"] for row in averaged.history]
    criterion = nn.BCEWithLogitsLoss()
    loss, _ = loop.validate(averaged.model, easy_dataset.subset("val").batches(64), criterion)
    assert loss == min(row["val_loss"] for row in averaged.history)


def test_recipes_and_what_replaces_them():
    assert recipe() == recipe("original") == TrainConfig()
    modern = recipe("modern", model="maskresnet", epochs=3)
    assert (modern.epochs, modern.schedule) == (3, "one_cycle") and modern.growing > 0 and recipe("modern").growing == 0
    transfer = recipe("transfer")
    assert (transfer.model, transfer.weights) == ("maskresnet", "drawn")
    assert equal_weights(training.starting_model(transfer, 32), build_model("maskresnet", 32, "drawn"))
    assert recipe("transfer", model="resnet18").weights == "auto"  # torchvision's own
    assert recipe("taught", teacher="large.pth").teacher == "large.pth"
    # A cycle is planned to its end, whatever its length, unless somebody says otherwise; the original recipe stops early.
    assert [recipe("transfer", **given).patience for given in ({}, {"epochs": 60}, {"epochs": 60, "patience": 5}, {"patience": 5})] == [15, 60, 5, 5]
    assert recipe("original", epochs=60).patience == TrainConfig.patience
    with pytest.raises(InputError, match="taught needs a teacher"):
        recipe("taught")
    with pytest.raises(InputError, match="no recipe 'soup'; choose one of original, modern"):
        recipe("soup")
    with pytest.raises(InputError, match="no option 'lr'; the options are model, epochs"):
        recipe("modern", lr=0.1)
    with pytest.raises(InputError, match="maskcnn fits one image size"):
        recipe("modern", growing=0.5)


def test_resume_needs_the_same_run(easy_dataset, tmp_path):
    with pytest.raises(InputError, match="no run to resume"):
        fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True)
    fit(easy_dataset, QUICK, run_dir=tmp_path)
    with pytest.raises(InputError, match="other data or options"):
        fit(easy_dataset, dataclasses.replace(QUICK, batch_size=4), run_dir=tmp_path, resume=True)


def test_interrupting_keeps_the_best_model_so_far(easy_dataset, tmp_path):
    def press_stop(history):
        if len(history) == 2:
            raise KeyboardInterrupt

    stopped = fit(easy_dataset, QUICK, run_dir=tmp_path, on_epoch=press_stop)
    assert stopped.stopped_because == "interrupted" and len(stopped.history) == 2
    assert load_checkpoint(tmp_path / "mask_cnn_best.pth").epoch == stopped.best_epoch
    assert equal_weights(fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True).model, fit(easy_dataset, QUICK).model)


def test_ctrl_c_while_the_best_model_is_written_waits_for_the_end_of_it(easy_dataset, tmp_path, monkeypatch, ctrl_c):
    def pressed_meanwhile(path, checkpoint):
        signal.raise_signal(signal.SIGINT)
        save_checkpoint(path, checkpoint)

    monkeypatch.setattr("maskkit.training.run.save_checkpoint", pressed_meanwhile)
    stopped = fit(easy_dataset, QUICK, run_dir=tmp_path)
    assert stopped.stopped_because == "interrupted" and stopped.best_epoch == 1 == load_checkpoint(tmp_path / "mask_cnn_best.pth").epoch
    assert json.loads((tmp_path / "config.json").read_text())["best_epoch"] == 1 and (tmp_path / "last.pth").exists()


def test_an_interrupted_run_whose_loss_was_never_a_number_is_interrupted(easy_dataset, scripted_losses, tmp_path):
    scripted_losses([math.nan] * 10)
    stopped = fit(easy_dataset, QUICK, run_dir=tmp_path, on_epoch=interrupt)
    assert (stopped.stopped_because, stopped.best_epoch, len(stopped.history)) == ("interrupted", 0, 1)
    assert {path.name for path in tmp_path.iterdir()} == {"last.pth", "history.csv", "config.json", "split.csv"}


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.05, "schedule": "one_cycle", "averaging": 0.9}])
def test_a_last_batch_of_one_image_suits_batch_normalisation(easy_dataset, options):
    """At 16 pixels the last feature maps have one pixel, so that there is nothing to measure in one image."""
    config = dataclasses.replace(QUICK, model="maskresnet", epochs=2, batch_size=13, **options)
    assert len(easy_dataset.subset("train")) % config.batch_size == 1
    assert all(math.isfinite(row["train_loss"]) for row in fit(easy_dataset, config).history)


def test_a_run_goes_on_with_fewer_gpus_than_it_was_begun_with(easy_dataset, tmp_path, monkeypatch):
    fit(easy_dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path)
    last = torch.load(tmp_path / "last.pth", weights_only=True)
    last["training_state"]["cuda_rng"] = [torch.full((3,), index, dtype=torch.uint8) for index in range(2)]
    torch.save(last, tmp_path / "last.pth")
    restored = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, index: restored.append((state[0].item(), index)))
    assert len(fit(easy_dataset, QUICK, run_dir=tmp_path, resume=True).history) > 1 and restored == [(0, 0)]


def test_several_processes_share_the_averages_of_both_networks(easy_dataset, monkeypatch):
    shared = []

    class Watched(Team):
        def average_buffers(self, model):
            shared.append(model)

    monkeypatch.setattr(loop, "join_team", lambda device: Watched(0, 1, torch.device("cpu")))
    fit(easy_dataset, dataclasses.replace(QUICK, model="maskresnet", epochs=1, averaging=0.9))
    assert len(shared) == 2 and shared[0] is not shared[1]


def test_training_needs_training_images(easy_dataset):
    split = easy_dataset.split.copy()
    split[split == "train"] = "test"
    with pytest.raises(InputError, match="no training images that could be read"):
        fit(dataclasses.replace(easy_dataset, split=split), QUICK)


def test_training_needs_validation_images(easy_dataset):
    split = easy_dataset.split.copy()
    split[split == "val"] = "test"
    with pytest.raises(InputError, match="no validation images"):
        fit(dataclasses.replace(easy_dataset, split=split), QUICK)


@pytest.mark.parametrize("train", [fit, lambda *arguments: load_or_train(*arguments, run_dir="runs/none")])
@pytest.mark.parametrize("arguments, said", [
    (lambda data: ("synthetic", QUICK), "as load_dataset gives it; got 'synthetic'"), (lambda data: (data.subset("train"), QUICK), "whole Dataset.*got a Subset"),
    (lambda data: (data, "modern"), r"or recipe\('modern'\); got 'modern'"), (lambda data: (data, {"epochs": 1}), "got a dict"),
])
def test_no_data_set_and_no_configuration(easy_dataset, train, arguments, said):
    with pytest.raises(InputError, match=said):
        train(*arguments(easy_dataset))


@pytest.mark.parametrize("on_epoch, said", [(LiveCurves, r"as LiveCurves\(\) can be; got the class LiveCurves"), ("print", "got 'print'")])
def test_what_cannot_be_called_after_an_epoch_is_refused_before_the_first(easy_dataset, on_epoch, said):
    with pytest.raises(InputError, match=said):
        fit(easy_dataset, QUICK, on_epoch=on_epoch)


def test_a_run_folder_that_is_none(easy_dataset, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for train in (fit, load_or_train):
        with pytest.raises(InputError, match="file is a file; give a folder"):
            train(easy_dataset, QUICK, run_dir=tmp_path / "file")
    with pytest.raises(InputError, match="needs a run folder.*got None"):
        load_or_train(easy_dataset, QUICK, run_dir=None)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    with pytest.raises(InputError, match="is a file; give a folder"):
        fit(easy_dataset, QUICK, run_dir=os.devnull)


@pytest.mark.parametrize("name, content", [("", None), ("history.csv", None), ("history.csv", b"epoch,val_loss\n1,0.5,7\n"), ("history.csv", b"epoch,val_loss\n1\n"),
                                           ("history.csv", b"path,class\na.png,with_mask\n"), ("history.csv", b"\xff\xfe\x00")])
def test_no_history(tmp_path, name, content):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read.*give the history\.csv in a run folder"):
        training.read_history(tmp_path / name)


@pytest.mark.parametrize("patience", [0, -1, "3", 2.5])
def test_impossible_patience(patience):
    with pytest.raises(InputError, match="patience must be a whole number of at least 1"):
        EarlyStopping(patience)


def test_options_of_other_kinds_that_mean_the_same_are_kept_as_plain_ones(easy_dataset, tmp_path):
    config = TrainConfig(epochs=np.int64(1), batch_size=np.int32(8), learning_rate=np.float32(0.5), seed=np.int64(3), fast=np.bool_(False), device=torch.device("cpu"))
    assert config == TrainConfig(epochs=1, batch_size=8, learning_rate=0.5, seed=3, device="cpu")
    assert fit(easy_dataset, config, run_dir=tmp_path).best_epoch == 1


def test_a_run_with_numbers_and_words_of_numpy_is_resumed(easy_dataset, tmp_path):
    # np.float64 is a float and np.str_ a str, yet torch.load takes neither for a plain value.
    given = {"learning_rate": np.logspace(-4, -2, 5)[2], "weight_decay": np.float64(0.01), "model": np.str_("maskcnn"), "augmentation": np.str_("none")}
    config = TrainConfig(epochs=1, batch_size=8, device="cpu", **given)
    assert {type(value) for value in dataclasses.asdict(config).values()} == {int, float, bool, str}
    fit(easy_dataset, config, run_dir=tmp_path)
    resumed = fit(easy_dataset, dataclasses.replace(config, epochs=2), run_dir=tmp_path, resume=True)
    assert len(resumed.history) == 2 and load_checkpoint(tmp_path / "mask_cnn_best.pth").model_name == "maskcnn"


def test_only_the_memory_of_the_gpu_in_use_is_asked_for(easy_dataset, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: asked.append(index) or (0, 0))
    subset = easy_dataset.subset("train")
    # "cuda" names no index, and torch 2.4 takes such a device for none: it takes None for the one in use.
    assert loop.on_device(subset, torch.device("cuda")) is subset and loop.on_device(subset, torch.device("cuda:1")) is subset
    assert asked == [None, 1]


def test_a_loss_that_is_never_a_number(easy_dataset, scripted_losses):
    scripted_losses([math.nan] * 10)
    with pytest.raises(InputError, match="lower the learning rate"):
        fit(easy_dataset, QUICK)


def test_load_or_train_trains_once_and_only_for_the_same_recipe(easy_dataset, tmp_path, monkeypatch):
    first = load_or_train(easy_dataset, QUICK, run_dir=tmp_path, made_by="notebook 04")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "fit", lambda *_, **__: pytest.fail("trained a second time"))
        again = load_or_train(easy_dataset, QUICK, run_dir=tmp_path)
    assert equal_weights(first.model, again.model)
    assert first.origin == "trained here just now"
    assert again.origin == f"taken from {tmp_path.as_posix()}, made on {date.today().isoformat()} by notebook 04"
    assert (again.history, again.best_epoch, again.stopped_because) == (first.history, first.best_epoch, first.stopped_because)
    other = fit(easy_dataset, dataclasses.replace(QUICK, seed=5), run_dir=tmp_path / "other")
    (tmp_path / "mask_cnn_best.pth").write_bytes((tmp_path / "other" / "mask_cnn_best.pth").read_bytes())
    mended = load_or_train(easy_dataset, QUICK, run_dir=tmp_path)  # the weights of another run are not taken for those of this one
    assert mended.origin == "trained here just now" and equal_weights(mended.model, first.model) and not equal_weights(mended.model, other.model)
    assert len(load_or_train(easy_dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path).history) == 1
    other_pictures = dataclasses.replace(easy_dataset, images=easy_dataset.images.flip(3))
    monkeypatch.setattr(loop, "fit", lambda *_, **__: "trained anew")
    assert load_or_train(other_pictures, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path) == "trained anew"


def test_a_run_that_began_with_or_learned_from_another_file_of_that_name_is_not_taken_for_this_one(easy_dataset, tmp_path):
    given = tmp_path / "given.pth"
    for name in ("weights", "teacher"):
        config = dataclasses.replace(QUICK, **{name: given})
        expected = []
        for seed in (7, 8):
            fit(easy_dataset, dataclasses.replace(QUICK, seed=seed), run_dir=tmp_path / "other")
            (tmp_path / "other" / "mask_cnn_best.pth").replace(given)
            result = load_or_train(easy_dataset, config, run_dir=tmp_path / name)
            assert result.origin == "trained here just now"
            assert load_or_train(easy_dataset, config, run_dir=tmp_path / name).origin.startswith("taken from")
            expected.append(result.model)
        assert not equal_weights(*expected)
    fit(easy_dataset, dataclasses.replace(config, epochs=5), run_dir=tmp_path / "teacher", resume=True)
    fit(easy_dataset, QUICK, run_dir=tmp_path / "other")
    (tmp_path / "other" / "mask_cnn_best.pth").replace(given)
    with pytest.raises(InputError, match="learned from another teacher, which stood in .*given.pth then"):
        fit(easy_dataset, dataclasses.replace(config, epochs=6), run_dir=tmp_path / "teacher", resume=True)


def interrupt(history):
    raise KeyboardInterrupt


def test_load_or_train_goes_on_with_a_run_that_was_interrupted(easy_dataset, tmp_path):
    whole = load_or_train(easy_dataset, QUICK, run_dir=tmp_path / "whole")
    lost = fit(easy_dataset, QUICK, run_dir=tmp_path / "lost", on_epoch=interrupt)
    assert lost.stopped_because == "interrupted" and len(lost.history) == 1
    again = load_or_train(easy_dataset, QUICK, run_dir=tmp_path / "lost", on_epoch=interrupt)
    assert again.origin.endswith("and gone on with here just now") and len(again.history) == 2
    epochs = []
    goes_on = load_or_train(easy_dataset, QUICK, run_dir=tmp_path / "lost", on_epoch=lambda history: epochs.append(len(history)))
    assert goes_on.origin == f"begun earlier in {(tmp_path / 'lost').as_posix()}, and finished here just now"
    assert epochs == list(range(3, len(whole.history) + 1))  # the first two epochs were not trained again
    assert equal_weights(goes_on.model, whole.model) and goes_on.best_epoch == whole.best_epoch
    assert load_or_train(easy_dataset, QUICK, run_dir=tmp_path / "lost").origin.startswith("taken from")


@pytest.mark.parametrize("damage", ["last.pth", "mask_cnn_best.pth", "another recipe"])
def test_what_is_left_of_another_or_a_damaged_run_is_not_gone_on_with(easy_dataset, tmp_path, caplog, damage):
    fit(easy_dataset, dataclasses.replace(QUICK, seed=5) if damage == "another recipe" else QUICK, run_dir=tmp_path, on_epoch=interrupt)
    if damage != "another recipe":
        (tmp_path / damage).write_bytes((tmp_path / damage).read_bytes()[:1000])
    result = load_or_train(easy_dataset, QUICK, run_dir=tmp_path)
    assert result.origin == "trained here just now" and result.history[0]["epoch"] == 1
    assert ("trained anew" in caplog.text) == (damage != "another recipe")


@pytest.mark.parametrize("state", [
    {}, {"history": 3}, {"optimizer": {"state": {}, "param_groups": []}}, {"stopping": None}, {"torch_rng": torch.zeros(3, dtype=torch.uint8)},
])
def test_a_begun_run_with_a_damaged_state_is_trained_anew_and_said_so(easy_dataset, tmp_path, caplog, state):
    fit(easy_dataset, QUICK, run_dir=tmp_path, on_epoch=interrupt)
    last = torch.load(tmp_path / "last.pth", weights_only=True)
    torch.save({**last, "training_state": {**last["training_state"], **state} if state else {}}, tmp_path / "last.pth")
    result = load_or_train(easy_dataset, QUICK, run_dir=tmp_path)
    [line] = caplog.messages
    assert str(tmp_path) in line and "cannot be resumed" in line and line.endswith("So it is trained anew, from its first epoch, and replaced.")
    assert result.origin == "trained here just now" and [row["epoch"] for row in result.history] == [1, 2, 3, 4]
    assert equal_weights(result.model, fit(easy_dataset, QUICK).model)  # what was read of the damaged state left no trace
    assert load_or_train(easy_dataset, QUICK, run_dir=tmp_path).origin.startswith("taken from")


@pytest.mark.parametrize("record", ["[]", '{"train": 3}', "no JSON", '{"train": {}, "data": {}}'])
def test_a_damaged_record_of_a_run_is_no_run(easy_dataset, tmp_path, record):
    fit(easy_dataset, QUICK, run_dir=tmp_path)
    (tmp_path / "config.json").write_text(record, encoding="utf-8")
    assert load_or_train(easy_dataset, QUICK, run_dir=tmp_path).origin == "trained here just now"


@pytest.mark.parametrize("name, value", [("epochs", 0), ("batch_size", 0), ("patience", 0), ("learning_rate", 0.0), ("learning_rate", math.inf),
                                         ("min_delta", -1.0), ("weight_decay", -0.1), ("label_smoothing", 1.5), ("growing", math.nan), ("schedule", "steep"),
                                         ("precision", "float8"), ("weights", "mine"), ("teacher", "mine"), ("model", "resnet9000"), ("augmentation", "wild"),
                                         ("epochs", "3"), ("epochs", 2.5), ("learning_rate", "0.01"), ("batch_size", None), ("seed", None), ("fast", "yes"),
                                         ("freeze", 0), ("augmentation", AUGMENTATIONS["strong"]), ("model", nn.ReLU()), ("teacher", None)])
def test_impossible_configurations(name, value):
    with pytest.raises(InputError, match=name):
        TrainConfig(**{name: value})


@pytest.fixture
def pretrained(easy_dataset, tmp_path):
    """The path of a small residual network that was trained, the data at its size, and its configuration."""
    dataset = dataclasses.replace(easy_dataset, images=nn.functional.interpolate(easy_dataset.images, size=32))
    config = dataclasses.replace(QUICK, model="maskresnet", epochs=1)
    fit(dataset, config, run_dir=tmp_path / "first")
    return tmp_path / "first" / "mask_cnn_best.pth", dataset, config


def test_training_goes_on_from_the_weights_of_another_run(pretrained):
    path, dataset, config = pretrained
    start = training.starting_model(dataclasses.replace(config, weights=path), 32)
    assert equal_weights(start, load_checkpoint(path).model)
    crawling = dataclasses.replace(config, weights=path, learning_rate=1e-12, augmentation="none", seed=5)
    after = fit(dataset, crawling).model
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(after.parameters(), load_checkpoint(path).model.parameters()))


def test_frozen_features_stay_as_they_are_to_the_last_bit(pretrained, tmp_path):
    path, dataset, config = pretrained
    config = dataclasses.replace(config, weights=path, freeze=True, weight_decay=0.1, fast=True)
    before, after = load_checkpoint(path).model, fit(dataset, config, run_dir=tmp_path / "frozen").model
    assert equal_weights(before.features, after.features)  # the averages of batch normalisation too
    assert not torch.equal(before.classifier[-1].weight, after.classifier[-1].weight)
    assert equal_weights(fit(dataset, dataclasses.replace(config, epochs=2), run_dir=tmp_path / "frozen", resume=True).model,
                         fit(dataset, dataclasses.replace(config, epochs=2)).model)


def test_random_features_are_frozen_only_if_that_is_asked_for():
    with pytest.raises(InputError, match="vgg_small begins with random ones; give weights that have seen pictures .*, or weights random"):
        TrainConfig(model="vgg_small", freeze=True)
    for model, weights in (("vgg_small", "random"), ("resnet18", "auto"), ("maskresnet", "drawn"), ("maskcnn", "mine.pth")):
        assert TrainConfig(model=model, weights=weights, freeze=True).freeze


def test_a_teacher_answers_in_place_of_labels(pretrained, monkeypatch):
    monkeypatch.setattr(training.teacher, "BLENDED", 0)
    path, dataset, _ = pretrained
    images = to_float(dataset.subset("train").images[:6])
    seen, larger = load_checkpoint(path), resize(images, 48)
    teacher = Teacher(str(path), torch.device("cpu"))
    assert torch.allclose(teacher.answers(images), torch.sigmoid(seen.model(images)), atol=1e-6)
    assert torch.allclose(teacher.answers(larger), torch.sigmoid(seen.model(resize(larger, 32))), atol=1e-6)  # in the teacher's own size
    batches = [(dataset.subset("train").images[:6], torch.ones(6))]
    config, learner = AUGMENTATIONS["none"], build_model("maskcnn", 32)
    expected = nn.functional.binary_cross_entropy_with_logits(learner(images), torch.sigmoid(seen.model(images)))
    loss, _ = training.train_one_epoch(learner, batches, torch.optim.Adam(learner.parameters()), nn.BCEWithLogitsLoss(), config, teacher=teacher)
    assert loss == pytest.approx(expected.item(), abs=1e-6)


def test_a_lesson_blends_each_picture_with_its_neighbour(pretrained, monkeypatch):
    monkeypatch.setattr(training.teacher, "BLENDED", 1)
    teacher, levels = Teacher(str(pretrained[0]), torch.device("cpu")), torch.tensor([0.0, 0.2, 0.6])
    images, answers = teacher.lesson(levels[:, None, None, None].expand(3, 3, 32, 32), torch.Generator().manual_seed(0))
    share = (images[:, 0, 0, 0] - levels.roll(1)) / (levels - levels.roll(1))
    assert ((share > 0) & (share < 1)).all() and images.std(dim=(1, 2, 3)).max() < 1e-6
    assert torch.allclose(answers, teacher.answers(images), atol=1e-6)
    # The processes of a team draw alike, so that they stay in step: each has its part of what one process alone would blend.
    generators = [torch.Generator().manual_seed(5) for _ in range(2)]
    for rank, generator in enumerate(generators):
        part = Part(3, rank, 2)
        teacher.lesson(torch.rand(len(part.positions), 3, 32, 32), generator, part)
    assert torch.equal(generators[0].get_state(), generators[1].get_state())


def test_who_learns_from_a_teacher_learns_its_mistakes_too(easy_dataset, tmp_path):
    contrary = dataclasses.replace(easy_dataset, targets=1 - easy_dataset.targets)
    taught_by = fit(contrary, QUICK, run_dir=tmp_path / "contrary")
    assert taught_by.history[-1]["val_accuracy"] > 0.9
    config = dataclasses.replace(QUICK, teacher=tmp_path / "contrary" / "mask_cnn_best.pth", epochs=6, patience=6)
    learner = fit(easy_dataset, config, run_dir=tmp_path / "learner")
    assert learner.history[-1]["val_accuracy"] < 0.1  # judged by the labels all the same
    shorter = fit(easy_dataset, dataclasses.replace(config, epochs=3), run_dir=tmp_path / "shorter")
    assert len(shorter.history) == 3
    assert equal_weights(fit(easy_dataset, config, run_dir=tmp_path / "shorter", resume=True).model, learner.model)


def test_a_run_folder_may_be_made_by_another_process_just_now(easy_dataset, tmp_path, monkeypatch):
    is_dir = Path.is_dir

    def made_meanwhile(path):
        found = is_dir(path)
        if path == tmp_path / "run":
            os.makedirs(path, exist_ok=True)
        return found

    monkeypatch.setattr(Path, "is_dir", made_meanwhile)
    assert fit(easy_dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path / "run").history


def test_a_resumed_run_keeps_to_the_weights_that_it_began_with(easy_dataset, tmp_path):
    for name in ("first", "second"):
        fit(easy_dataset, dataclasses.replace(QUICK, seed=len(name)), run_dir=tmp_path / name)
    first, second = (tmp_path / name / "mask_cnn_best.pth" for name in ("first", "second"))
    fit(easy_dataset, dataclasses.replace(QUICK, weights=first), run_dir=tmp_path / "run")
    with pytest.raises(InputError, match=r"goes on from its own weights \(it began with: .*first"):
        fit(easy_dataset, dataclasses.replace(QUICK, epochs=5, weights=second), run_dir=tmp_path / "run", resume=True)
    fit(easy_dataset, dataclasses.replace(QUICK, epochs=5), run_dir=tmp_path / "run", resume=True)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["train"]["weights"] == str(first)


def test_no_teacher_there(easy_dataset):
    with pytest.raises(InputError, match="no model file"):
        fit(easy_dataset, dataclasses.replace(QUICK, teacher="nobody.pth"))


def test_weights_that_do_not_fit(pretrained, tmp_path):
    path, dataset, config = pretrained
    with pytest.raises(InputError, match="weights of maskresnet, not of vgg_small"):
        fit(dataset, dataclasses.replace(config, weights=path, model="vgg_small"))
    with pytest.raises(InputError, match="no model file"):
        fit(dataset, dataclasses.replace(config, weights="nowhere.pth"))
    fit(dataset, dataclasses.replace(QUICK, epochs=1), run_dir=tmp_path / "cnn")
    smaller = dataclasses.replace(dataset, images=dataset.images[..., ::2, ::2])
    with pytest.raises(InputError, match="images of 32 pixels, and maskcnn fits one size"):
        fit(smaller, dataclasses.replace(QUICK, weights=tmp_path / "cnn" / "mask_cnn_best.pth"))
