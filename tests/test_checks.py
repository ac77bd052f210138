"""Every check: the reference passes, the stub is not attempted, and what learners believe is recognised by its name."""

import inspect
import linecache
import re
import sys
import threading
import time

import numpy as np
import pytest
import torch

from maskkit import checks
from maskkit.checks import EXERCISES, NOT_ATTEMPTED, PASSED, TRY_AGAIN, CheckResult, runner
from maskkit.checks.catalogue import PAGE, catalogue
from maskkit.checks.exercise import describe, is_stub, same

BELIEFS = [(name, m) for name, e in EXERCISES.items() for m in e.misconceptions]
ALSO = [(name, m, wrong) for name, m in BELIEFS for wrong in m.also]
FUNCTIONS = [name for name, e in EXERCISES.items() if not e.takes_value]


def learn(source):
    """Run a cell as a notebook does, with its lines known to linecache, and return the function that it defines."""
    filename, names = f"<cell {abs(hash(source))}>", {"torch": torch, "np": np, "time": time}
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)
    return next(value for key, value in reversed(names.items()) if inspect.isfunction(value) and not key.startswith("_"))


def attempted(name, body):
    """What the check says to a whole function body, as a learner writes it."""
    parameters = ", ".join(inspect.signature(EXERCISES[name].reference).parameters)
    return EXERCISES[name](learn(f"def {name}({parameters}):\n" + "".join(f"    {line}\n" for line in body.splitlines())))


def answer(name, expression):
    signature = inspect.signature(EXERCISES[name].reference)
    parameters = ", ".join(signature.parameters)
    return learn(f"def {name}({parameters}):\n    return {expression}\n")


def attempt(exercise, function):
    return function() if exercise.takes_value else function


@pytest.fixture
def short_patience(monkeypatch):
    monkeypatch.setattr(runner, "TIME_LIMIT", 0.3)


# --- every exercise ------------------------------------------------------------------------------------------------


def test_each_notebook_has_three_exercises_and_the_package_exports_them():
    counts = {number: sum(e.notebook == number for e in EXERCISES.values()) for number in ("00", "01", "02", "03", "04", "05", "06", "07")}
    assert min(counts.values()) >= 3
    assert all(getattr(checks, name) is exercise for name, exercise in EXERCISES.items())
    assert set(EXERCISES) < set(checks.__all__)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_reference_passes(exercise):
    result = exercise(attempt(exercise, exercise.reference))
    assert result.passed and result.status == PASSED


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_stub_is_not_attempted(exercise):
    names = {}
    exec(exercise.stub, names)
    assert exercise(names[exercise.name]).status == NOT_ATTEMPTED


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_names_six_misconceptions_with_messages_of_their_own_and_two_hints(exercise):
    for texts in zip(*((m.name, m.message) for m in exercise.misconceptions)):
        assert len(set(texts)) == len(texts) >= 6
    assert len(exercise.hints) >= 2 and exercise.task.endswith(".")


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
@pytest.mark.parametrize(("name", "belief"), BELIEFS, ids=[f"{n}: {m.name}" for n, m in BELIEFS])
def test_misconception_is_told_from_all_others(name, belief):
    exercise = EXERCISES[name]
    result = exercise(attempt(exercise, belief.wrong))
    assert (result.status, result.misconception, result.message) == (TRY_AGAIN, belief.name, belief.message)
    assert result.hints == tuple(dict.fromkeys([belief.hint, *exercise.hints]))  # each hint once


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "belief", "wrong"), ALSO, ids=[f"{n}: {m.name}, {i}" for i, (n, m, _) in enumerate(ALSO)])
def test_what_else_a_belief_leads_to_is_told_the_same(name, belief, wrong):
    assert EXERCISES[name](wrong).misconception == belief.name


# Right answers in other words than the reference's.
@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("says_mask", "not probability < 0.5"),
        ("says_mask", "1 if probability * 100 >= 50 else 0"),
        ("says_mask", "np.array(probability) >= 0.5"),
        ("numbers_in_picture", "np.zeros((height, width, 3)).size"),
        ("how_many_right", "np.sum((np.array(probabilities) >= 0.5) == np.array(truths))"),
        ("how_many_right", "len([1 for i in range(len(truths)) if (probabilities[i] < 0.5) != (truths[i] == 1)])"),
        ("class_balance", "sum(int(t) for t in targets) / len(targets)"),
        ("class_balance", "torch.mean(targets.double())"),
        ("class_balance", "__import__('fractions').Fraction(int(targets.sum()), len(targets))"),
        ("clue_accuracy", "max(max(s, 1 - s) for s in (((values >= t) == (targets == 1)).float().mean().item() for t in values))"),
        ("clue_accuracy", "max(float(((sign * values > sign * t) == targets.bool()).double().mean()) for t in [values.min() - 1, *values] for sign in (1, -1))"),
        ("mean_image", "sum(image.float() for image in images) / len(images)"),
        ("mean_image", "torch.stack([i.double() for i in images]).mean(0)"),
        ("mean_image", "np.mean(images.numpy(), axis=0)"),
        ("leaked_groups", "{g for g in groups if len(np.unique(split[groups == g])) >= 2}"),
        ("leaked_groups", "np.array([g for g in set(groups.tolist()) if len(set(split[groups == g])) > 1][::-1])"),
        ("to_unit_range", "images / 255.0"),
        ("to_unit_range", "images.double().div(255)"),
        ("to_unit_range", "images.half() / 255"),
        ("to_unit_range", "images.numpy() / 255"),
        ("flip_horizontal", "torch.flip(images, [3])"),
        ("flip_horizontal", "images.numpy()[..., ::-1]"),
        ("flip_horizontal", "images[..., torch.arange(images.shape[-1] - 1, -1, -1)]"),
        ("adjust_brightness", "torch.minimum(images * factor, torch.tensor(1.0))"),
        ("adjust_brightness", "np.clip(images.numpy() * factor, 0, 1)"),
        ("output_size", "int((size + 2 * padding - kernel) / stride) + 1"),
        ("output_size", "float(len(range(0, size + 2 * padding - kernel + 1, stride)))"),
        ("conv_parameters", "sum(p.numel() for p in torch.nn.Conv2d(in_channels, out_channels, kernel).parameters())"),
        ("convolve2d", "torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]"),
        ("best_epoch", "val_losses.index(min(val_losses)) + 1"),
        ("should_stop", "len(val_losses) > patience and min(val_losses[-patience:]) >= min(val_losses[:-patience])"),
        ("binary_cross_entropy", "torch.nn.BCELoss()(torch.sigmoid(logits), targets)"),
        ("binary_cross_entropy", "(torch.log1p(torch.exp(logits)) - targets * logits).mean().item()"),
        ("accuracy", "sum(t == p for t, p in zip(y_true, y_pred)) / len(y_true)"),
        ("precision_recall", "[(y_true & y_pred).sum() / y_pred.sum(), (y_true & y_pred).sum() / y_true.sum()]"),
        ("majority_baseline", "np.bincount(targets).max() / len(targets)"),
        ("total_cost", "sum((p > t) * let_through + (t > p) * stopped for t, p in zip(y_true.tolist(), y_pred.tolist()))"),
        ("growing_rates", "np.geomspace(lowest, highest, steps)"),
        ("growing_rates", "np.logspace(np.log10(lowest), np.log10(highest), steps).tolist()"),
        ("number_of_steps", "-(-images // batch_size) * epochs"),
        ("number_of_steps", "epochs * len(range(0, images, batch_size))"),
        ("winners_optimism", "max(val_accuracies) - fresh_accuracies[val_accuracies.index(max(val_accuracies))]"),
        ("winners_optimism", "np.subtract(val_accuracies, fresh_accuracies)[np.argmax(val_accuracies)]"),
        ("vgg_block_parameters", "channels_out * (9 * (channels_in + channels_out) + 2)"),
        ("vgg_block_parameters", "sum(p.numel() for i in (channels_in, channels_out) for p in torch.nn.Conv2d(i, channels_out, 3).parameters())"),
        ("batch_norm", "torch.nn.BatchNorm2d(x.shape[1], affine=False)(x)"),
        ("batch_norm", "torch.nn.functional.batch_norm(x, None, None, training=True)"),
        ("residual_output", "(x + change).clamp(min=0)"),
        ("residual_output", "torch.nn.ReLU()(change + x)"),
        ("best_epoch", "min(enumerate(val_losses, 1), key=lambda pair: pair[1])[0]"),
        ("best_epoch", "torch.tensor(val_losses, dtype=torch.float64).argmin() + 1"),
        ("should_stop", "int(len(val_losses) - np.argmin(val_losses) > patience)"),
        ("binary_cross_entropy", "-(torch.sigmoid(logits) ** targets * torch.sigmoid(-logits) ** (1 - targets)).log().mean()"),
        ("binary_cross_entropy", "-(1 - (targets - logits.sigmoid()).abs()).log().numpy().mean()"),
        ("precision_recall", "__import__('sklearn.metrics').metrics.precision_recall_fscore_support(y_true, y_pred, average='binary')[:2]"),
        ("majority_baseline", "0.5 + abs(np.mean(targets) - 0.5)"),
        ("total_cost", "np.array([[0, let_through], [stopped, 0]])[y_true, y_pred].sum()"),
        ("growing_rates", "torch.logspace(np.log10(lowest), np.log10(highest), steps, dtype=torch.float64)"),
        ("number_of_steps", "epochs * len(torch.utils.data.DataLoader(range(images), batch_size))"),
        ("winners_optimism", "-min(zip([-v for v in val_accuracies], range(99), fresh_accuracies))[0] - fresh_accuracies[np.argmax(val_accuracies)]"),
        ("vgg_block_parameters", "np.prod([3, 3, channels_in, channels_out]) + np.prod([3, 3, channels_out, channels_out]) + 2 * channels_out"),
        ("batch_norm", "torch.stack([(c - c.mean()) / (c.var(correction=0) + 1e-5) ** 0.5 for c in x.unbind(1)], dim=1)"),
        ("residual_output", "(x + change) * (x + change > 0)"),
        ("normal_interval", "np.array([correct / n + s * 1.959964 * (correct / n * (1 - correct / n) / n) ** 0.5 for s in (-1, 1)])"),
        ("binary_cross_entropy", "-torch.log(torch.where(targets == 1, torch.sigmoid(logits), torch.sigmoid(-logits)) + 1e-6).mean()"),
        ("normal_interval", "torch.tensor(correct) / n + 1.96 * torch.tensor([-1, 1]) * torch.sqrt(torch.tensor(correct / n * (1 - correct / n) / n))"),
        ("number_of_steps", "-(-images // batch_size * epochs)"),
    ],
)
def test_right_answers_of_any_make_pass(name, expression):
    result = EXERCISES[name](answer(name, expression))
    assert result.passed, result


# Wrong answers as learners write them, none of them copied from the checks.
@pytest.mark.parametrize(
    ("name", "expression", "misconception"),
    [
        ("says_mask", "True if probability < 0.5 else False", "answers turned round"),
        ("says_mask", "round(probability) == 1", "one half left out"),
        ("says_mask", "bool(round(probability))", "one half left out"),
        ("says_mask", "int(probability) > 50", "per cent"),
        ("says_mask", "probability == 1.0", "only when certain"),
        ("numbers_in_picture", "np.zeros((height, width)).size", "colours forgotten"),
        ("numbers_in_picture", "len(range(height)) + width", "sides added"),
        ("numbers_in_picture", "3 + height * width", "colours added"),
        ("how_many_right", "sum(probability >= 0.5 for probability in probabilities)", "truth not looked at"),
        ("how_many_right", "sum(p == t for p, t in zip(probabilities, truths))", "probability taken for the answer"),
        ("how_many_right", "sum(t for p, t in zip(probabilities, truths) if p >= 0.5)", "only masks counted"),
        ("how_many_right", "np.mean((np.array(probabilities) >= 0.5) == np.array(truths))", "share in place of number"),
        ("how_many_right", "sum(round(p) == t for p, t in zip(probabilities, truths))", "one half left out"),
        ("how_many_right", "sum((probabilities[i] >= 0.5) == truths[i] for i in range(len(truths) - 1))", "last picture forgotten"),
        ("how_many_right", "sum((p >= 0.5) is t for p, t in zip(probabilities, truths))", "nothing counted"),
        ("class_balance", "len(targets[targets == 0]) / len(targets)", "share of the other class"),
        ("class_balance", "len(targets[targets == 1])", "number in place of share"),
        ("class_balance", "round(sum(targets.tolist()) * 100 / len(targets), 6)", "per cent in place of share"),
        ("class_balance", "targets.sum() // targets.numel()", "whole-number division"),
        ("class_balance", "torch.mean(targets)", "mean of whole numbers"),
        ("clue_accuracy", "max(((values > t) == (targets == 1)).float().mean().item() for t in values)", "masks above only"),
        ("clue_accuracy", "max(((values <= t) == (targets == 1)).float().mean() for t in values)", "masks below only"),
        ("clue_accuracy", "max(((values > values.mean()) == (targets == k)).float().mean() for k in (0, 1))", "threshold at the mean"),
        ("clue_accuracy", "max(((values > t) == (targets == k)).sum().item() for t in values for k in (0, 1))", "number in place of share"),
        ("clue_accuracy", "torch.bincount(targets, minlength=2).max() / len(targets)", "share of the larger class"),
        ("clue_accuracy", "max(((values >= t) == targets.bool()).double().mean() for t in values)", "masks at the threshold or above only"),
        ("clue_accuracy", "max(((values < t) == targets.bool()).double().mean() for t in values)", "masks below only, without the threshold itself"),
        ("clue_accuracy", "max(float(((s * values > s * t) == targets.bool()).double().mean()) for t in values for s in (1, -1))",
         "> for one side and < for the other"),
        ("clue_accuracy", "max(float(((s * values >= s * t) == targets.bool()).double().mean()) for t in values for s in (1, -1))",
         ">= for one side and <= for the other"),
        ("clue_accuracy", "((values > np.median(values.numpy())) == targets.bool()).double().mean()", "threshold at the median, masks above"),
        ("clue_accuracy", "((values >= values.median()) == targets.bool()).double().mean()", "threshold at the median, masks there or above"),
        ("clue_accuracy", "((values < values.mean()) == (targets == 1)).sum() / len(values)", "threshold at the mean, masks below"),
        ("mean_image", "images.float().mean()", "mean over everything"),
        ("mean_image", "torch.mean(images.double(), 1)", "mean over the channels"),
        ("mean_image", "images.double().mean(3).mean(2)", "mean of each channel of each picture"),
        ("mean_image", "images[0]", "first picture only"),
        ("mean_image", "images.sum(0) // len(images)", "fractions cut off"),
        ("mean_image", "images.sum(0)", "sum in place of mean"),
        ("mean_image", "torch.mean(images, 0)", "mean of whole numbers"),
        ("leaked_groups", "[g for g in set(groups) if list(groups).count(g) > 1]", "every group of several pictures"),
        ("leaked_groups", "set(groups[split == 'train']) & set(groups[split == 'test'])", "only train and test compared"),
        ("leaked_groups", "[g for g in groups if len(set(split[groups == g])) > 1]", "a group named once for each picture"),
        ("leaked_groups", "len([g for g in set(groups) if len(set(split[groups == g])) > 1])", "how many in place of which"),
        ("to_unit_range", "images.float() / 256.0", "divided by 256"),
        ("to_unit_range", "images // 255", "whole-number division"),
        ("to_unit_range", "torch.tensor(images / 255, dtype=torch.uint8)", "whole-number division"),
        ("to_unit_range", "images.to(torch.float32)", "made float, not scaled"),
        ("to_unit_range", "images.double() / images.max().item()", "scaled by the brightest pixel of the batch"),
        ("to_unit_range", "(images.float() - 127.5) / 127.5", "from -1 to 1"),
        ("flip_horizontal", "torch.flip(images, dims=[2])", "upside down"),
        ("flip_horizontal", "images[:, [2, 1, 0]]", "channels turned round"),
        ("flip_horizontal", "torch.stack(list(images)[::-1])", "batch turned round"),
        ("flip_horizontal", "torch.rot90(images, 2, dims=(2, 3))", "turned by 180 degrees"),
        ("flip_horizontal", "images[:, :, :, ::-1]", "negative step"),
        ("adjust_brightness", "images.mul(factor)", "not clipped"),
        ("adjust_brightness", "torch.clamp(images + factor, 0.0, 1.0)", "factor added"),
        ("adjust_brightness", "torch.pow(images, factor)", "power in place of product"),
        ("adjust_brightness", "(images * factor) / torch.max(images * factor)", "divided by the brightest pixel"),
        ("adjust_brightness", "torch.clip(factor * (images / images.max().item()), 0, 1)", "brightest pixel made white first"),
        ("adjust_brightness", "images * (1 if factor > 1 else factor)", "factor cut off in place of the pixels"),
        ("adjust_brightness", "torch.clip(images / factor, max=1)", "divided by the factor"),
        ("output_size", "1 + (size - kernel + padding) // stride", "padding counted on one side"),
        ("output_size", "int((size - kernel + 2 * padding) / stride)", "first place forgotten"),
        ("output_size", "size - kernel + 2 * padding + 1", "stride forgotten"),
        ("output_size", "1 + (size - kernel) // stride", "padding forgotten"),
        ("output_size", "1 + (size + 2 * padding - kernel) / stride", "not rounded"),
        ("output_size", "-(-(size + 2 * padding - kernel) // stride) + 1", "rounded up"),
        ("output_size", "round((size - kernel + 2 * padding) / stride) + 1", "rounded to the nearest"),
        ("output_size", "round(1 + (size - kernel + 2 * padding) / stride)", "rounded to the nearest, with the 1"),
        ("output_size", "2 * padding + 1 + (size - kernel) // stride", "padding added after the division"),
        ("output_size", "len(range(0, size - kernel + 1, stride)) + padding", "padding of one side added after the division"),
        ("conv_parameters", "in_channels * out_channels * kernel * kernel", "bias forgotten"),
        ("conv_parameters", "kernel * kernel * in_channels + kernel ** 2 * out_channels", "channels added, bias forgotten"),
        ("conv_parameters", "in_channels * out_channels * kernel * kernel + kernel", "as many biases as the kernel is wide"),
        ("conv_parameters", "(in_channels * kernel ** 2 + 1) * out_channels * 128 * 128", "multiplied by the pixels of a picture of 128 × 128"),
        ("conv_parameters", "(in_channels * kernel ** 2 + 1) * out_channels * 64 * 64", "multiplied by the pixels of a picture of 64 × 64"),
        ("conv_parameters", "16384 * kernel ** 2 * in_channels * out_channels + out_channels",
         "weights multiplied by the pixels of a picture of 128 × 128"),
        ("conv_parameters", "kernel * kernel * out_channels + out_channels", "input channels forgotten"),
        ("conv_parameters", "in_channels * out_channels * kernel + out_channels", "kernel not squared"),
        ("conv_parameters", "in_channels * out_channels * kernel ** 2 + 1", "one bias for the layer"),
        ("numbers_in_picture", "height * width * 2 ** 8", "256 for each pixel"),
        ("numbers_in_picture", "3 * height * width ** 3 / 3", "width to the power of three"),
        ("numbers_in_picture", "(3 * height) * (3 * width)", "three times three"),
        ("numbers_in_picture", "len(np.zeros((3, height, width)))", "one pixel only"),
        ("numbers_in_picture", "np.zeros((3, height, width)).shape", "shape with the colours first"),
        ("how_many_right", "sum(abs(p - t) < 0.5 for p, t in zip(probabilities, truths))", "one half in neither class"),
        ("how_many_right", "sum((p >= 0.5 and t == 1) or (p <= 0.5 and t == 0) for p, t in zip(probabilities, truths))", "one half in both classes"),
        ("how_many_right", "sum((p >= 50) == t for p, t in zip(probabilities, truths))", "only the bare faces of the truths"),
        ("how_many_right", "sum((p >= 0.5) | t for p, t in zip(probabilities, truths))", "or in place of and"),
        ("how_many_right", "sum((p >= 0.5) == t for p, t in zip(sorted(probabilities), sorted(truths)))", "totals compared"),
        ("class_balance", "len(targets == 1) / len(targets)", "True and False both counted"),
        ("class_balance", "sum(targets == 1) / sum(targets)", "mean of the masked faces only"),
        ("class_balance", "sum(t is 1 for t in targets)", "nothing counted"),
        ("class_balance", "len(targets) / (targets == 1).sum()", "fraction upside down"),
        ("class_balance", "targets.double().mean() > 0.5", "rounded to 0 or 1"),
        ("clue_accuracy", "max(max(s, 1 - s) for s in (((values > t) == (targets == 1)).float().mean().item() for t in values[1:]))", "first value skipped"),
        ("clue_accuracy", "max(max(s, 1 - s) for s in (((values > t) == (targets == 1)).float().mean().item() for t in values[:-1]))", "last value skipped"),
        ("clue_accuracy", "np.mean([((values > t) == (targets == 1)).float().mean() for t in values])", "mean of all thresholds, masks above"),
        ("clue_accuracy", "((values > 0.5) == targets.bool()).double().mean()", "threshold of 0.5, masks above"),
        ("mean_image", "images.double().sum(0) / (images.shape[0] - 1)", "n - 1 in place of n"),
        ("mean_image", "images.double().sum(0) / images.shape[1]", "divided by the channels"),
        ("mean_image", "images.numpy().mean(1)", "mean over the channels"),
        ("leaked_groups", "[groups[i] for i in range(len(groups)) for j in range(i) if groups[i] == groups[j] and split[i] != split[j]]", "a group named once for each pair"),
        ("leaked_groups", "[g for g in set(groups) if split[groups == g][0] != split[groups == g][-1]]", "first and last picture compared"),
        ("leaked_groups", "[g for g in range(max(groups)) if len(set(split[groups == g])) > 1]", "largest number left out"),
        ("to_unit_range", "images.float() if images.max() <= 1 else images.float() / 255", "divided only if brighter than 1"),
        ("to_unit_range", "(images.numpy() / 255).round()", "rounded to 0 and 1"),
        ("flip_horizontal", "torch.cat(images.tensor_split([images.shape[3] // 2], dim=3)[::-1], dim=3)", "halves exchanged"),
        ("flip_horizontal", "np.fliplr(images.numpy())", "channels turned round"),
        ("adjust_brightness", "(images * factor).clip(1)", "cut off below in place of above"),
        ("adjust_brightness", "torch.maximum(images * factor, torch.ones(1))", "cut off below in place of above"),
        ("adjust_brightness", "images.add(factor)", "factor added, not clipped"),
        ("output_size", "size + 2 * padding - kernel", "stride and first place forgotten"),
        ("output_size", "int(np.ceil(size / stride))", "size divided by the stride, rounded up"),
        ("output_size", "1 + size + 2 * padding - kernel / stride", "brackets forgotten, not rounded"),
        ("conv_parameters", "torch.nn.Linear(in_channels, out_channels).weight.numel() + out_channels", "kernel forgotten"),
        ("conv_parameters", "(1 + in_channels) * kernel * kernel * out_channels", "bias multiplied by the window"),
        ("predict_labels", "torch.where(logits <= 0, 1, 0)", "at most in place of at least"),
        ("predict_labels", "logits.int()", "logits cut to whole numbers"),
        ("predict_labels", "torch.sigmoid(logits >= 0.5)", "sigmoid of a comparison"),
        ("convolve2d", "torch.nn.functional.conv2d(image[None, None], kernel.flip(0, 1)[None, None])[0, 0]", "kernel turned round"),
        (
            "convolve2d",
            "torch.tensor([[float((image[i:i + kernel.shape[0], j:j + kernel.shape[1]] * kernel).sum())"
            " for j in range(image.shape[1] - kernel.shape[1])] for i in range(image.shape[0] - kernel.shape[0])])"
            ".reshape(image.shape[0] - kernel.shape[0], image.shape[1] - kernel.shape[1])",
            "last row and column forgotten",
        ),
        ("convolve2d", "torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0] / kernel.numel()", "mean in place of sum"),
        ("convolve2d", "torch.nn.functional.conv2d(image[None, None], kernel[None, None], padding='same')[0, 0]", "padded to the same size"),
        (
            "convolve2d",
            "torch.nn.functional.conv2d(image[None, None], kernel[None, None], stride=tuple(kernel.shape))[0, 0]",
            "windows side by side",
        ),
        ("receptive_field", "sum(k - 1 for k, s in layers) + 1", "strides ignored"),
        ("receptive_field", "sum(k for k, s in layers)", "kernels added up"),
        ("receptive_field", "int(np.prod([k for k, s in layers]))", "kernels multiplied"),
        ("receptive_field", "sum((k - 1) * int(np.prod([s for _, s in layers[:i]])) for i, (k, _) in enumerate(layers))", "started at 0"),
        ("best_epoch", "val_losses.index(min(val_losses))", "counted from 0"),
        ("best_epoch", "sorted(val_losses)[0]", "the loss in place of its epoch"),
        ("best_epoch", "val_losses.index(max(val_losses)) + 1", "the highest loss"),
        ("best_epoch", "range(1, len(val_losses) + 1)[-1]", "the last epoch"),
        ("best_epoch", "max(i for i, v in enumerate(val_losses, 1) if v == min(val_losses))", "the last of equal ones"),
        ("should_stop", "len(val_losses) - val_losses.index(min(val_losses)) > patience + 1", "one epoch too late"),
        ("should_stop", "len(val_losses) - val_losses.index(min(val_losses)) >= patience", "one epoch too early"),
        ("should_stop", "val_losses[-1] > val_losses[-2] if len(val_losses) >= 2 else False", "no patience"),
        ("should_stop", "not len(val_losses) < patience", "patience taken for a number of epochs"),
        (
            "should_stop",
            "len(val_losses) > patience and all(b >= a for a, b in zip(val_losses[-patience - 1:], val_losses[-patience:]))",
            "epochs in a row that did not fall",
        ),
        (
            "should_stop",
            "False if len(val_losses) <= patience else val_losses[-patience - 1] < val_losses[-1]",
            "above the epoch `patience` ago",
        ),
        ("should_stop", "val_losses[-patience - 1] < val_losses[-1]", "above the epoch `patience` ago, and short lists not thought of"),
        (
            "should_stop",
            "not val_losses[-1] < val_losses[-patience - 1]",
            "compared with the epoch `patience` ago, and short lists not thought of",
        ),
        (
            "should_stop",
            "False if len(val_losses) < patience else val_losses[-patience:][0] < val_losses[-1]",
            "above the first of the last `patience` epochs",
        ),
        (
            "should_stop",
            "val_losses[-patience] < val_losses[-1]",
            "above the first of the last `patience` epochs, and short lists not thought of",
        ),
        (
            "binary_cross_entropy",
            "-torch.where(targets == 1, logits.sigmoid(), 1 - logits.sigmoid()).mean().log()",
            "logarithm of the mean",
        ),
        ("binary_cross_entropy", "-(targets * logits.log() + (1 - targets) * (1 - logits).log()).mean()", "sigmoid forgotten"),
        (
            "binary_cross_entropy",
            "torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction='none')",
            "mean forgotten",
        ),
        ("binary_cross_entropy", "torch.nn.BCEWithLogitsLoss(reduction='sum')(logits, targets)", "sum in place of mean"),
        ("binary_cross_entropy", "torch.nn.BCEWithLogitsLoss()(logits, targets) / np.log(2)", "logarithm to base 2"),
        ("binary_cross_entropy", "torch.nn.functional.mse_loss(logits.sigmoid(), targets)", "squared error"),
        ("accuracy", "(y_true == y_pred).sum()", "number in place of share"),
        ("accuracy", "np.mean(y_true != y_pred)", "error rate"),
        ("accuracy", "100 * np.mean(y_true == y_pred)", "per cent in place of share"),
        ("accuracy", "(y_true * y_pred).sum() / y_pred.sum()", "precision"),
        ("accuracy", "np.mean(y_true * y_pred)", "only the masks found"),
        ("precision_recall", "((y_true & y_pred).sum() / y_true.sum(), (y_true & y_pred).sum() / y_pred.sum())", "precision and recall swapped"),
        ("precision_recall", "((y_true == y_pred).mean(), (y_true == y_pred).mean())", "accuracy for both"),
        ("precision_recall", "((y_true == y_pred).sum() / y_pred.sum(), (y_true == y_pred).sum() / y_true.sum())", "all right answers counted as hits"),
        (
            "precision_recall",
            "(((1 - y_true) & (1 - y_pred)).sum() / (1 - y_pred).sum(), ((1 - y_true) & (1 - y_pred)).sum() / (1 - y_true).sum())",
            "of the other class",
        ),
        ("precision_recall", "((y_true == y_pred).mean(), (y_true & y_pred).sum() / y_true.sum())", "accuracy in place of precision"),
        ("precision_recall", "((y_true & y_pred).sum() / y_pred.sum(), (y_true == y_pred).mean())", "accuracy in place of recall"),
        ("precision_recall", "((y_true & y_pred).mean(), (y_true & y_pred).sum() / y_true.sum())", "precision divided by all pictures"),
        ("precision_recall", "((y_true & y_pred).sum() / y_pred.sum(), (y_true & y_pred).mean())", "recall divided by all pictures"),
        ("precision_recall", "(y_true[y_pred == 1].mean(), y_pred[y_true == 0].mean())", "false-alarm rate in place of recall"),
        ("precision_recall", "[(y_true & y_pred).sum() / (y_true | y_pred).sum()] * 2", "both kinds of mistakes in the denominators"),
        (
            "precision_recall",
            "((y_true & y_pred).sum() / (y_true | y_pred).sum(), y_pred[y_true == 1].mean())",
            "both kinds of mistakes in the denominator of precision",
        ),
        (
            "precision_recall",
            "(y_true[y_pred == 1].mean(), (y_true & y_pred).sum() / (y_true | y_pred).sum())",
            "both kinds of mistakes in the denominator of recall",
        ),
        ("majority_baseline", "abs((targets == 1).mean() - (targets == 0).mean())", "difference of the two shares"),
        ("total_cost", "max((y_pred > y_true).sum() * let_through, (y_pred < y_true).sum() * stopped)", "the dearer kind only"),
        ("total_cost", "y_pred[y_true == 0].mean() * let_through + (1 - y_pred[y_true == 1]).mean() * stopped", "rates in place of counts"),
        ("total_cost", "(y_pred * y_true).sum() * let_through + ((1 - y_pred) * (1 - y_true)).sum() * stopped", "right answers paid for, prices swapped"),
        ("total_cost", "(y_pred + y_true == 0).sum() * let_through + (y_pred + y_true == 2).sum() * stopped", "right answers paid for"),
        ("majority_baseline", "np.mean(targets == 1)", "always with_mask"),
        ("majority_baseline", "1 / 2", "a coin"),
        ("majority_baseline", "max(sum(targets), len(targets) - sum(targets))", "number in place of share"),
        ("majority_baseline", "1 if np.mean(targets) > 0.5 else 0", "the class in place of its share"),
        ("total_cost", "(y_pred > y_true).sum() * stopped + (y_pred < y_true).sum() * let_through", "prices swapped"),
        ("total_cost", "(y_true != y_pred).sum()", "mistakes counted, not paid"),
        ("total_cost", "(y_pred > y_true).sum() * let_through", "only faces let through"),
        ("total_cost", "np.mean((y_pred > y_true) * let_through + (y_pred < y_true) * stopped)", "cost of one picture"),
        ("total_cost", "y_pred.sum() * let_through + (1 - y_pred).sum() * stopped", "every answer paid for"),
        ("growing_rates", "[lowest + i * (highest - lowest) / (steps - 1) for i in range(steps)]", "equal steps"),
        ("growing_rates", "np.geomspace(lowest, highest, steps, endpoint=False)", "the highest never reached"),
        ("growing_rates", "np.log10(np.geomspace(lowest, highest, steps)).tolist()", "exponents of ten"),
        ("growing_rates", "[10 ** i * lowest for i in range(steps)]", "ten times each"),
        ("growing_rates", "sorted(np.geomspace(lowest, highest, steps).tolist(), reverse=True)", "from the highest to the lowest"),
        ("growing_rates", "np.logspace(lowest, highest, steps)", "rates given to logspace"),
        ("growing_rates", "[lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(steps - 1)]", "one too few"),
        ("growing_rates", "np.logspace(np.log(lowest), np.log(highest), num=steps)", "natural logarithms given to logspace"),
        ("number_of_steps", "epochs * batch_size", "batch size times epochs"),
        ("number_of_steps", "int(images / batch_size) * epochs", "last batch dropped"),
        ("number_of_steps", "epochs * images / batch_size", "not rounded"),
        ("number_of_steps", "int(np.ceil(epochs * images / batch_size))", "rounded up at the very end"),
        ("number_of_steps", "int(np.ceil(images / batch_size))", "one epoch"),
        ("number_of_steps", "(1 + images // batch_size) * epochs", "one more in any case"),
        ("best_epoch", "val_losses.index(min(val_losses)) - 1", "1 subtracted"),
        ("best_epoch", "val_losses.index(min(val_losses[:-1])) + 1", "last epoch left out"),
        ("best_epoch", "[round(x, 2) for x in val_losses].index(round(min(val_losses), 2)) + 1", "losses rounded"),
        ("best_epoch", "next((i for i in range(1, len(val_losses)) if val_losses[i] > val_losses[i - 1]), None)", "before the first rise"),
        ("should_stop", "len(val_losses) > patience and any(x >= min(val_losses[:-patience]) for x in val_losses[-patience:])", "one of them is enough"),
        ("should_stop", "len(val_losses) > patience and all(x >= val_losses[-patience - 1] for x in val_losses[-patience:])", "all above the epoch before them"),
        ("should_stop", "np.argmin(val_losses) + 1 >= patience", "position of the lowest loss compared with patience"),
        ("should_stop", "len(val_losses) - 1 - np.argmin(val_losses) >= 3", "patience of 3 taken for granted"),
        ("binary_cross_entropy", "-(targets * logits.sigmoid().log() + (1 - targets) * (1 - logits.sigmoid().log())).mean()", "1 - log(p) in place of log(1 - p)"),
        ("binary_cross_entropy", "-(targets * logits.sigmoid().log() + (1 - targets) * (1 - logits).sigmoid().log()).mean()", "1 minus the logit"),
        ("binary_cross_entropy", "-targets * logits.sigmoid().log() + (1 - targets) * (1 - logits.sigmoid()).log().mean()", "brackets before the mean forgotten"),
        ("binary_cross_entropy", "-logits.sigmoid()[targets == 1].log().mean()", "only the masked faces"),
        ("binary_cross_entropy", "-torch.max(logits.sigmoid(), 1 - logits.sigmoid()).log().mean()", "the model's answer taken for the truth"),
        ("binary_cross_entropy", "-(1 - torch.where(targets == 1, logits.sigmoid(), 1 - logits.sigmoid())).log().mean()", "classes swapped"),
        ("precision_recall", "y_pred[y_true == 1].mean()", "recall alone"),
        ("precision_recall", "[y_true[y_pred == 1].mean()] * 2", "precision twice"),
        ("precision_recall", "(y_true.mean(), y_pred.mean())", "shares of masks"),
        ("precision_recall", "((y_true & y_pred).sum(), y_true.sum())", "numbers of masks"),
        ("majority_baseline", "(targets == 1).sum() / (targets == 0).sum()", "ratio of the two classes"),
        ("majority_baseline", "max(targets) / len(targets)", "one picture counted"),
        ("majority_baseline", "round(max(targets.mean(), 1 - targets.mean()))", "share rounded to a whole number"),
        ("majority_baseline", "int(np.mean(targets) >= 0.5)", "the class in place of its share"),
        ("total_cost", "y_pred.sum() * let_through + (y_pred < y_true).sum() * stopped", "let_through for everybody called masked"),
        ("total_cost", "(y_pred > y_true) * let_through + (y_pred < y_true) * stopped", "cost of each picture"),
        ("total_cost", "5 * (y_pred > y_true).sum() + 1 * (y_pred < y_true).sum()", "prices of a door taken for granted"),
        ("total_cost", "int(let_through) * (y_pred > y_true).sum() + int(stopped) * (y_pred < y_true).sum()", "prices cut to whole numbers"),
        ("growing_rates", "[lowest * (highest / lowest) ** (i / (steps - 1)) for i in range(1, steps)]", "the lowest missing"),
        ("growing_rates", "[lowest * (highest / lowest) ** (1 / (steps - 1)) * i for i in range(steps)]", "multiplied in place of raised"),
        ("growing_rates", "10 ** np.linspace(np.log(lowest), np.log(highest), steps)", "natural logarithms given to logspace"),
        ("growing_rates", "[lowest / (highest / lowest) ** (i / (steps - 1)) for i in range(steps)]", "factor turned round"),
        ("number_of_steps", "images // batch_size * epochs + 1", "one more for all epochs together"),
        ("number_of_steps", "(images // batch_size + images % batch_size) * epochs", "a step for each picture that is left"),
        ("number_of_steps", "sum(1 for epoch in range(1, epochs) for start in range(0, images, batch_size))", "one epoch left out"),
        ("number_of_steps", "len(range(batch_size, images, batch_size)) * epochs", "one batch of each epoch left out"),
        ("number_of_steps", "len(range(1, images, batch_size)) * epochs", "first picture left out"),
        ("winners_optimism", "sorted(val_accuracies, reverse=True)[0] - fresh_accuracies[0]", "lists out of step"),
        ("winners_optimism", "max(val_accuracies) / fresh_accuracies[val_accuracies.index(max(val_accuracies))] - 1", "share of the accuracy"),
        ("winners_optimism", "val_accuracies[np.argmax(val_accuracies) + 1] - fresh_accuracies[np.argmax(val_accuracies) + 1]", "one place too far"),
        ("vgg_block_parameters", "(9 * channels_in + 1 + 9 * channels_out + 1) * channels_out // 4", "pooling divides the parameters"),
        ("vgg_block_parameters", "9 * (channels_in * channels_out + channels_out + channels_out ** 2 + channels_out)", "biases times nine"),
        ("batch_norm", "(x - x.mean()) / (x.std() + 1e-5)", "over everything"),
        ("batch_norm", "(x - x.mean((1, 2, 3), keepdim=True)) / torch.sqrt(x.var((1, 2, 3), keepdim=True) + 1e-5)", "over the channels of each picture"),
        ("batch_norm", "(x - x.mean(0)) / torch.sqrt(x.var(0) + 1e-5)", "over the batch only"),
        ("batch_norm", "torch.stack([(c - c.mean()) / (c.var(correction=0) + 1e-5) ** 0.5 for c in x.unbind(1)])", "channels in front"),
        ("residual_output", "torch.relu(x + torch.relu(change))", "ReLU on the change as well"),
        ("residual_output", "torch.nn.functional.gelu(x + change)", "another function in place of the ReLU"),
        ("residual_output", "torch.nn.functional.relu6(x + change)", "cut off above as well"),
        ("normal_interval", "(correct / n, 1.96 * (correct / n * (1 - correct / n) / n) ** 0.5)", "accuracy and width"),
        ("normal_interval", "(correct // n - 0.0, correct // n + 0.0)", "accuracy cut to a whole number"),
        ("winners_optimism", "sorted(val_accuracies)[-1] - sorted(fresh_accuracies)[-1]", "two different winners"),
        (
            "winners_optimism",
            "max(max(val_accuracies) - fresh_accuracies[val_accuracies.index(max(val_accuracies))], 0.0)",
            "never below 0",
        ),
        ("winners_optimism", "np.subtract(*max(zip(val_accuracies, fresh_accuracies)))", "of equal ones the best on fresh pictures"),
        ("winners_optimism", "np.mean(np.subtract(val_accuracies, fresh_accuracies))", "mean over all trials"),
        ("winners_optimism", "fresh_accuracies[np.argmax(val_accuracies)] - max(val_accuracies)", "the other way round"),
        ("winners_optimism", "max(v - f for v, f in zip(val_accuracies, fresh_accuracies))", "the largest difference"),
        ("winners_optimism", "val_accuracies[np.argmax(fresh_accuracies)] - max(fresh_accuracies)", "chosen by the fresh pictures"),
        ("vgg_block_parameters", "2 * (channels_in * channels_out * 9 + channels_out)", "second convolution from channels_in too"),
        ("vgg_block_parameters", "9 * channels_out * (channels_in + channels_out)", "biases forgotten"),
        ("vgg_block_parameters", "3 * channels_out * (channels_in + channels_out) + 2 * channels_out", "kernel not squared"),
        ("vgg_block_parameters", "sum(p.numel() for p in torch.nn.Conv2d(channels_in, channels_out, 3).parameters())", "one convolution"),
        ("batch_norm", "(x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()", "over everything"),
        ("batch_norm", "torch.nn.functional.layer_norm(x, x.shape[1:])", "over the channels of each picture"),
        ("batch_norm", "torch.nn.InstanceNorm2d(x.shape[1])(x)", "each picture for itself"),
        ("batch_norm", "(x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + 1e-5)", "over the batch only"),
        ("batch_norm", "(x - x.mean((0, 2, 3), keepdim=True)) / torch.sqrt(x.var((0, 2, 3), keepdim=True) + 1e-5)", "n - 1 in place of n"),
        ("batch_norm", "(x - x.mean((0, 2, 3), True)) / x.std((0, 2, 3), correction=0, keepdim=True)", "nothing added to the variance"),
        ("batch_norm", "(x - x.mean((0, 2, 3))) / torch.sqrt(x.var((0, 2, 3), correction=0) + 1e-5)", "keepdim forgotten"),
        ("batch_norm", "(x - x.mean((0, 2, 3), True)) / (x.var((0, 2, 3), correction=0, keepdim=True).sqrt() + 1e-5)", "1e-5 outside the root"),
        ("batch_norm", "(x - x.mean((0, 2, 3), True)) / (x.var((0, 2, 3), keepdim=True) ** 0.5 + 1e-5)", "1e-5 outside the root, and n - 1"),
        ("batch_norm", "x - x.mean((0, 2, 3), True) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5) ** 0.5", "brackets forgotten"),
        ("batch_norm", "(x - x.mean((0, 1, 2))) / (x.var((0, 1, 2), correction=0) + 1e-5).sqrt()", "channels taken for the last axis"),
        ("vgg_block_parameters", "channels_out * (9 * (channels_in + channels_out) + 2) + 2 * 2 * channels_out", "pooling with four weights for each channel"),
        (
            "vgg_block_parameters",
            "sum(p.numel() for i, k in ((channels_in, 3), (channels_out, 3), (channels_out, 2)) for p in torch.nn.Conv2d(i, channels_out, k).parameters())",
            "pooling as a convolution of 2 × 2",
        ),
        (
            "vgg_block_parameters",
            "sum(channels_out * (9 * i + 1) for i in (channels_in, channels_out, channels_out))",
            "pooling as a third convolution",
        ),
        ("vgg_block_parameters", "2 * channels_in * channels_out * 3 ** 2", "second convolution from channels_in too, without biases"),
        ("vgg_block_parameters", "9 * channels_in + 9 * channels_out", "channels added"),
        ("vgg_block_parameters", "9 * channels_in + 11 * channels_out", "output channels forgotten"),
        ("residual_output", "torch.where(x > change, x, change)", "the larger of both, without a ReLU"),
        ("residual_output", "((1 + change) * x).relu()", "change taken for a factor"),
        ("residual_output", "x + change * x", "change taken for a factor, without a ReLU"),
        ("residual_output", "change.relu() + x", "ReLU before the sum"),
        ("residual_output", "torch.add(x, change)", "no ReLU"),
        ("residual_output", "change.clamp(min=0)", "shortcut forgotten"),
        ("residual_output", "torch.cat((x, change), 1).relu()", "laid side by side"),
        ("residual_output", "(x * change).clamp(min=0)", "multiplied"),
        ("normal_interval", "tuple(correct / n + s * 1.96 * (correct / n) * (1 - correct / n) / n for s in (-1, 1))", "square root forgotten"),
        ("normal_interval", "tuple(correct / n + s * 1.96 * ((correct / n) * (1 - correct / n)) ** 0.5 for s in (-1, 1))", "not divided by n"),
        ("normal_interval", "tuple(correct / n + s * ((correct / n) * (1 - correct / n) / n) ** 0.5 for s in (-1, 1))", "one standard error"),
        ("normal_interval", "tuple(correct / n + s * 1.96 * ((correct / n) * (1 - correct / n) / n) ** 0.5 for s in (1, -1))", "upper end first"),
        ("binary_cross_entropy", "-torch.log(torch.where(targets == 1, torch.sigmoid(logits), torch.sigmoid(-logits)).clamp(0.01, 0.99)).mean()",
         "probabilities kept too far from 0 and 1"),
        ("number_of_steps", "round(images / batch_size + 1 / 2) * epochs", "one half added, then rounded"),
        ("normal_interval", "(correct / n - correct / n * (1 - correct / n) / n, correct / n + correct / n * (1 - correct / n) / n)",
         "square root and factor forgotten"),
    ],
)
def test_wrong_answers_of_learners_are_recognised(name, expression, misconception):
    assert EXERCISES[name](answer(name, expression)).misconception == misconception


LOOP = "right = 0\nfor p, t in zip(probabilities, truths):\n    if (p >= 0.5) == (t == 1):\n        right {}= 1\nreturn right"
THRESHOLDS = (
    "best = 0\nfor t in {}:\n    share = ((values {} t) == (targets == 1)).float().mean().item()\n"
    "    if max(share, 1 - share) > best:\n        best, threshold = max(share, 1 - share), t\nreturn {}"
)
FIELD = "field, step = 1, 1\nfor k, s in layers:\n    field += (k - 1) * step\n    step {} s\nreturn field"
SLIDE = (
    "h, w = {}\nout = torch.zeros(image.shape[0] - h + 1, image.shape[1] - w + 1)\nfor i in range(out.shape[0]):\n"
    "    for j in range(out.shape[1]):\n        out[i, j] = (image[i : i + h, j : j + w] * kernel).{}()\nreturn out"
)
LOWEST = "lowest, epoch = {}\nfor i, loss in enumerate(val_losses, 1):\n    if loss < lowest:\n        {}\nreturn epoch"
WAITED = "lowest, waited = {}, 0\nfor loss in val_losses:\n    if loss {} lowest:\n        {}\n    else:\n        waited += 1\nreturn waited >= patience"
CHANNELS = (
    "out = torch.zeros_like(x)\nfor c in range(x.shape[1]{}):\n    out[:, c] = (x[:, c] - x[:, c].mean()) / (x[:, c].var(correction=0) + 1e-5).sqrt()\n{}"
)
RATES = "rates = []\nfor _ in range(steps):\n    rates.append(lowest)\n    lowest = {}\nreturn rates"
INTERVAL = "p = correct / n\nerror = {}\nreturn p - 1.96 * error, p + 1.96 * error"


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
@pytest.mark.parametrize(
    ("name", "body", "misconception"),
    [
        ("says_mask", "return probability >= 0,5", "decimal comma"),
        ("class_balance", "return targets == 1 / len(targets)", "divided before it is compared"),
        ("class_balance", "return (targets == 1) / len(targets)", "divided but not added up"),
        ("class_balance", "return targets.bincount() / len(targets)", "shares of both classes"),
        ("class_balance", "return torch.bincount(targets)", "numbers of both classes"),
        ("clue_accuracy", "return max(max(s, 1 - s) for s in ((values > t).float().mean() for t in values))", "always 1"),
        ("clue_accuracy", "return max(max(s, 1 - s) for s in (((values > t) & (targets == 1)).float().mean() for t in values))", "always 1"),
        ("adjust_brightness", "images = images * factor\nimages.clamp(0, 1)\nreturn images", "not clipped"),
        ("flip_horizontal", "return np.flip(images, axis=3)", "negative step"),
        ("binary_cross_entropy", "p = torch.sigmoid(logits)\nreturn -(targets * p.log() + 1 - targets * (1 - p).log()).mean()", "brackets around 1 - targets forgotten"),
        ("precision_recall", "hits = (y_true == 1 & y_pred == 1).sum()\nreturn hits / y_pred.sum(), hits / y_true.sum()", "and in place of &"),
        ("precision_recall", "hits = len((y_true == 1) & (y_pred == 1))\nreturn hits / y_pred.sum(), hits / y_true.sum()", "hits counted by len"),
        ("majority_baseline", "p = sum(targets) // len(targets)\nreturn max(p, 1 - p)", "largest label"),
        ("receptive_field", "field, step = 1, 1\nfor kernel, stride in layers:\n    field += (kernel - 1) * step\n    step *= kernel\nreturn field", "kernels multiplied"),
        ("total_cost", "return sum(let_through * (y_true[i] < y_pred[i]) + stopped * (y_true[i] > y_pred[i]) for i in y_true)", "labels taken for positions"),
        ("says_mask", "if probability >= 0.5:\n    return 'True'\nelse:\n    return 'False'", "text in place of True"),
        ("says_mask", "if probability >= 0.5:\n    return True", "nothing where there is no mask"),
        ("says_mask", "return probability <= 0.5", "at most in place of at least"),
        ("says_mask", "return probability == 0.5", "exactly one half"),
        ("numbers_in_picture", "return height, width, 3", "shape in place of number"),
        ("numbers_in_picture", "return height * width * 3 * 8", "bits counted"),
        ("how_many_right", LOOP.format(""), "not added up"),
        ("how_many_right", LOOP.format("=+").replace("=+=", "=+"), "not added up"),
        ("how_many_right", LOOP.replace("if", "right = 0\n    if").format("+"), "counter set back in the loop"),
        ("how_many_right", LOOP.replace("return", "    return").format("+"), "left the loop after the first picture"),
        ("how_many_right", LOOP.replace("zip(probabilities, truths)", "probabilities, truths").format("+"), "zip forgotten"),
        ("how_many_right", "return ((probabilities >= 0.5) == truths).sum()", "list compared with a number"),
        ("numbers_in_picture", "n = 0\nfor row in range(height):\n    for column in range(width):\n        n += 3\n    return n", "only one row"),
        ("numbers_in_picture", "n = 0\nfor row in range(1, height):\n    for column in range(1, width):\n        n += 3\nreturn n", "last row and column forgotten"),
        ("how_many_right", "right = 0\nfor p, t in zip(probabilities, truths):\n    if (p >= 0.5) == (t == 1):\n        right + 1\nreturn right", "nothing counted"),
        (
            "how_many_right",
            "right = 0\nfor p, t in zip(probabilities, truths):\n    if p > 0.5 and t == 1:\n        right += 1\n    elif p < 0.5 and t == 0:\n        right += 1\nreturn right",
            "one half in neither class",
        ),
        (
            "how_many_right",
            "right = 0\nfor p, t in zip(probabilities, truths):\n    if (p >= 0.5) == t:\n        right += 1\n    else:\n        break\nreturn right",
            "stopped at the first mistake",
        ),
        (
            "how_many_right",
            "right = 0\nfor p, t in zip(probabilities, truths):\n    if p >= 0.5:\n        if t == 1:\n            right += 1\n    else:\n        right += 1\nreturn right",
            "no mask said is always right",
        ),
        ("class_balance", "for t in targets:\n    n = 0\n    if t == 1:\n        n += 1\nreturn n / len(targets)", "counter set back in the loop"),
        (
            "clue_accuracy",
            "best = 0\nfor t in values:\n    right = 0\n    for v, y in zip(values, targets):\n        if v > t and y == 1 or v < t and y == 0:\n            right += 1\n    best = max(best, right, len(values) - right)\nreturn best / len(values)",
            "the value at the threshold counted for neither class",
        ),
        ("clue_accuracy", "for t in values:\n    share = ((values > t) == (targets == 1)).float().mean().item()\nreturn max(share, 1 - share)", "best set back in the loop"),
        ("mean_image", "mean = images[0]\nfor image in images[1:]:\n    mean = (mean.float() + image) / 2\nreturn mean", "mean of the mean so far and the next"),
        ("mean_image", "total = torch.zeros(images.shape[1:])\nfor image in images:\n    total = image\nreturn total / len(images)", "last picture divided by their number"),
        (
            "mean_image",
            "total = torch.zeros(images.shape[1:])\nfor image in images:\n    total += image\n    return total / len(images)",
            "first picture divided by their number",
        ),
        ("leaked_groups", "for g in np.unique(groups):\n    if len(set(split[groups == g])) > 1:\n        return [g]\nreturn []", "first group only"),
        (
            "leaked_groups",
            "for g in np.unique(groups):\n    leaked = []\n    if len(set(split[groups == g])) > 1:\n        leaked.append(g)\nreturn leaked",
            "last group only",
        ),
        ("to_unit_range", "for image in images:\n    return image / 255", "only the first picture"),
        (
            "flip_horizontal",
            "out, w = images.clone(), images.shape[3]\nfor i in range(w // 2):\n    out[..., i] = images[..., w - 1 - i]\nreturn out",
            "overwritten while copying",
        ),
        ("output_size", "for place in range(0, size + 2 * padding - kernel + 1, stride):\n    last = place\nreturn last", "last place in place of how many"),
        ("receptive_field", "field, step = 1, 0\nfor k, s in layers:\n    field += (k - 1) * step\n    step *= s\nreturn field", "nothing added"),
        ("receptive_field", "field, step = 1, 1\nfor k, s in layers:\n    field =+ (k - 1) * step\n    step *= s\nreturn field", "field set, not raised"),
        (
            "receptive_field",
            "field, step = 1, 1\nfor k, s in layers:\n    if s == 1:\n        field += (k - 1) * step\n    else:\n        step *= s\nreturn field",
            "layers with a stride add nothing",
        ),
        ("predict_labels", "labels = []\nfor logit in logits:\n    labels.append(int(logit >= 0))\n    return torch.tensor(labels)", "left the loop after the first photo"),
        ("class_balance", "return (targets == 1).mean()", "mean of True and False"),
        ("class_balance", "return torch.bincount(targets, minlength=2) / len(targets)", "shares of both classes"),
        ("class_balance", "n = 0\nfor t in targets:\n    if t == 1:\n        n += 1\n    return n / len(targets)", "left the loop after the first picture"),
        ("class_balance", "ones = [t for t in targets if t == 1]\nreturn len(ones) / (len(targets) - len(ones))", "ratio of the two classes"),
        ("clue_accuracy", "v = values.sort().values\n" + THRESHOLDS.format("(v[1:] + v[:-1]) / 2", ">", "best"), "no threshold outside the values"),
        ("clue_accuracy", THRESHOLDS.format("values.sort().values[:-1]", ">", "best"), "no threshold outside the values"),
        ("clue_accuracy", THRESHOLDS.format("values.sort().values[1:]", ">=", "best"), "no threshold outside the values"),
        ("clue_accuracy", THRESHOLDS.format("values.sort().values[1:-1]", ">", "best"), "smallest and largest value left out"),
        ("clue_accuracy", THRESHOLDS.format("values.sort().values[1:-1]", "<=", "best"), "smallest and largest value left out"),
        ("clue_accuracy", THRESHOLDS.format("values.sort().values[1:-1]", ">=", "best"), "smallest and largest value left out, with >="),
        ("clue_accuracy", THRESHOLDS.format("values", ">", "threshold"), "the threshold in place of the share"),
        ("clue_accuracy", THRESHOLDS.format("sorted(values, reverse=True)", "<=", "threshold"), "the threshold in place of the share"),
        ("clue_accuracy", THRESHOLDS.format("values", ">", "threshold").replace("max(share, 1 - share)", "share"),
         "the threshold in place of the share, masks above"),
        ("clue_accuracy", THRESHOLDS.format("values.unique()", ">=", "threshold"), "the threshold in place of the share, with >="),
        ("clue_accuracy", THRESHOLDS.format("values", ">", "best").replace("return", "    return"), "left the loop after the first threshold"),
        ("clue_accuracy", THRESHOLDS.format("values.unique()", ">", "best").replace("return", "    return"),
         "left the loop after the smallest threshold"),
        ("clue_accuracy", "for t in values:\n    return ((values > t) == (targets == 1)).float().mean()",
         "left the loop after the first threshold, masks above"),
        ("clue_accuracy", THRESHOLDS.format("range(256)", ">", "best"), "whole numbers as thresholds"),
        ("clue_accuracy", THRESHOLDS.format("range(int(min(values)), int(max(values)))", ">=", "best"), "whole numbers as thresholds"),
        ("clue_accuracy", THRESHOLDS.format("np.linspace(values.min(), values.max(), 1000)", ">", "best"), "evenly spaced thresholds"),
        ("clue_accuracy", THRESHOLDS.format("torch.linspace(values.min(), values.max(), 64)", ">", "best"), "evenly spaced thresholds"),
        ("mean_image", "return images.float().mean(-1)", "mean over the columns"),
        ("mean_image", "total = images[0].float()\nfor i in images:\n    total = total + i\nreturn total / len(images)", "first picture counted twice"),
        ("mean_image", "return sum(images) // len(images)", "sum in uint8, whole-number division"),
        ("mean_image", "return images.permute(0, 2, 3, 1).float().mean(0)", "channels last"),
        ("leaked_groups", "return set(groups[split == 'test']) & set(groups[split != 'test'])", "only test compared with the others"),
        ("leaked_groups", "return np.unique(groups)", "all groups"),
        ("to_unit_range", "images /= 255\nreturn images", "divided in place"),
        ("to_unit_range", "return (images > 127).float()", "rounded to 0 and 1"),
        ("flip_horizontal", "return torch.flip(images)", "axis not named"),
        (
            "flip_horizontal",
            "out, w = images, images.shape[3]\nfor i in range(w):\n    out[:, :, :, i] = images[:, :, :, w - 1 - i]\nreturn out",
            "overwritten while copying",
        ),
        ("adjust_brightness", "return min(images * factor, 1)", "if, min or max for a whole batch"),
        ("adjust_brightness", "for image in images:\n    image = image * factor\nreturn images", "nothing changed"),
        ("output_size", "return size + 2 * padding - kernel // stride + 1", "brackets forgotten"),
        ("output_size", "return len(range(0, size + 2 * padding - kernel, stride))", "last place forgotten"),
        ("output_size", "return size - kernel + 1", "padding and stride forgotten"),
        ("conv_parameters", "return in_channels * out_channels * kernel ^ 2 + out_channels", "^ taken for a power"),
        ("conv_parameters", "return in_channels * 3 * 3 * out_channels + out_channels", "kernel of 3 taken for granted"),
        ("convolve2d", SLIDE.format("len(kernel), len(kernel)", "sum").replace("image.shape[1]", "image.shape[0]"), "square image taken for granted"),
        ("convolve2d", SLIDE.format("kernel.shape", "mean"), "mean in place of sum"),
        ("convolve2d", "return torch.nn.functional.conv2d(image[None, None], kernel[None, None])", "batch axes left on"),
        ("receptive_field", FIELD.format("+="), "steps added, not multiplied"),
        ("receptive_field", FIELD.format("="), "only the stride just before"),
        ("receptive_field", FIELD.replace("in layers", "in reversed(layers)").format("*="), "layers from the last to the first"),
        ("predict_labels", "return torch.sigmoid(logits).int()", "cut to whole numbers"),
        ("predict_labels", "return torch.round(torch.sigmoid(logits))", "one half left out"),
        ("predict_labels", "if torch.sigmoid(logits) >= 0.5:\n    return 1\nreturn 0", "if for a whole batch"),
        ("predict_labels", "return torch.softmax(logits, 1)", "axis 1 asked for"),
        ("best_epoch", "for i, loss in enumerate(val_losses):\n    return i + 1", "the first epoch"),
        ("should_stop", "return min(val_losses[-patience:]) >= min(val_losses[:-patience])", "short lists not thought of"),
        ("should_stop", "return len(val_losses) - 1 - val_losses.index(min(val_losses)) == patience", "exactly in place of at least"),
        ("binary_cross_entropy", "return torch.nn.functional.binary_cross_entropy(logits, targets)", "logits given to the loss for probabilities"),
        ("binary_cross_entropy", "return -torch.log(torch.sigmoid(logits)).mean()", "targets not used"),
        ("precision_recall", "tp = (y_true == 1 & y_pred == 1).sum()\nreturn tp / y_pred.sum(), tp / y_true.sum()", "and in place of &"),
        ("majority_baseline", "return (targets == targets[0]).mean()", "class of the first picture"),
        (
            "total_cost",
            "cost = 0\nfor t, p in zip(y_true, y_pred):\n    if t == 0 and p == 1:\n        cost += let_through\n"
            "    else:\n        cost += stopped\nreturn cost",
            "right answers charged as the other kind",
        ),
        ("normal_interval", INTERVAL.format("np.sqrt(correct * (1 - correct) / n)"), "root of a negative number"),
        ("normal_interval", INTERVAL.format("np.sqrt(correct * (1 - correct))"), "root of a negative number"),
        ("normal_interval", INTERVAL.format("(correct * (1 - correct) / n) ** 0.5"), "root of a negative number"),
        ("normal_interval", "import math\n" + INTERVAL.format("math.sqrt(correct * (1 - correct) / n)"), "root of a negative number, with math.sqrt"),
        ("normal_interval", INTERVAL.format("(p * 1 - p / n) ** 0.5"), "brackets around 1 - p forgotten"),
        ("normal_interval", INTERVAL.format("np.sqrt((p * 1 - p) / n)"), "brackets around 1 - p forgotten, so that nothing is left"),
        ("normal_interval", INTERVAL.format("(p * (1 - p) / n) ** 1/2"), "half in place of square root"),
        ("normal_interval", INTERVAL.format("np.std([1] * correct + [0] * (n - correct), ddof=1) / n ** 0.5"), "n - 1 in place of n"),
        (
            "should_stop",
            "best, waited = val_losses[0], 0\nfor loss in val_losses[1:]:\n    waited = 0 if loss < best else waited + 1\n"
            "    best = min(best, loss)\n    if waited == patience:\n        return True\nreturn False",
            "would it ever have stopped",
        ),
        (
            "growing_rates",
            "rates, factor = [lowest], (highest / lowest) ** (1 / (steps - 1))\nwhile not rates[-1] >= highest:\n"
            "    rates += [rates[-1] * factor]\nreturn rates",
            "one too many by rounding",
        ),
        (
            "growing_rates",
            "rates, rate, factor = [], lowest, (highest / lowest) ** (1 / (steps - 1))\nwhile rate <= highest:\n"
            "    rates.append(rate)\n    rate = rate * factor\nreturn rates",
            "one too few by rounding",
        ),
        ("growing_rates", RATES.format("lowest * 10"), "ten times each"),
        ("growing_rates", RATES.format("lowest * (highest / lowest) ** (1 / (steps - 1))"), "factor computed anew each time"),
        ("growing_rates", "return (highest / lowest) ** (1 / (steps - 1))", "the factor itself"),
        ("winners_optimism", "best = val_accuracies.index(max(val_accuracies))\nreturn best", "the position"),
        ("winners_optimism", "best = 0\nfor i, v in enumerate(val_accuracies):\n    if v >= val_accuracies[best]:\n        best = i\n"
         "return val_accuracies[best] - fresh_accuracies[best]", "the last of equal ones"),
        ("batch_norm", "m, s = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)\nreturn (x - m) / (s + 1e-5)", "divided by the variance"),
        ("batch_norm", "rows = x.reshape(x.shape[1], -1)\nrows = rows - rows.mean(1, keepdim=True)\n"
         "return (rows / (rows.var(1, keepdim=True, correction=0) + 1e-5).sqrt()).reshape(x.shape)", "reshape in place of transpose"),
        ("batch_norm", CHANNELS.format("", "    return out"), "first channel only"),
        ("batch_norm", CHANNELS.format(" - 1", "return out"), "last channel left out"),
        ("binary_cross_entropy", "return sum(-torch.log(torch.sigmoid(z if t is True else -z)) for z, t in zip(logits, targets)) / len(logits)",
         "every face taken for a bare one"),
        ("best_epoch", LOWEST.format("1, 1", "lowest, epoch = loss, i"), "lowest loss begins at 1"),
        ("best_epoch", LOWEST.format("val_losses[0], 0", "lowest, epoch = loss, i"), "epoch begins at 0"),
        ("best_epoch", LOWEST.format("val_losses[0], 1", "epoch = i"), "compared with the first loss only"),
        ("should_stop", "last = val_losses[-patience:]\nreturn all(b > a for a, b in zip(last, last[1:]))", "rises in a row counted"),
        ("should_stop", WAITED.format("val_losses[0]", "<", "lowest, waited = loss, 0"), "first epoch counted"),
        ("should_stop", WAITED.format("val_losses[0]", "<", "waited = 0"), "lowest loss never renewed"),
        ("should_stop", WAITED.format("float('inf')", "<", "lowest, waited = loss, 0").replace("else:", "elif loss > lowest:"), "equal losses not counted"),
        ("should_stop", WAITED.format("float('inf')", "<", "lowest, waited = loss, 0").replace("\nreturn", "\n    return"), "never"),
        ("binary_cross_entropy", "for z, t in zip(logits, targets):\n    p = torch.sigmoid(z)\n    return -torch.log(p) if t == 1 else -torch.log(1 - p)",
         "the first picture only"),
        ("precision_recall", "tp, fp, fn = (y_true & y_pred).sum(), (y_pred > y_true).sum(), (y_pred < y_true).sum()\nreturn tp / tp + fp, tp / tp + fn",
         "brackets around the denominators forgotten"),
        ("total_cost", "cost = 0\nfor t, p in zip(y_true, y_pred):\n    if p > t:\n        cost = let_through\n    if t > p:\n        cost = stopped\nreturn cost",
         "the last mistake only"),
        ("normal_interval", INTERVAL.format("(p * p / n) ** 0.5"), "p squared"),
        ("normal_interval", INTERVAL.format("(p * (1 - p) / n) ** 0.5").replace("p + 1.96", "p - 1.96"), "lower end twice"),
        ("growing_rates", RATES.format("lowest * (highest / lowest)").replace("\nreturn", "\n    return"), "left the loop after the first rate"),
        ("winners_optimism", "best = 0.5\nfor v, f in zip(val_accuracies, fresh_accuracies):\n    if v > best:\n        best, gap = v, v - f\n"
         "return gap if best > 0.5 else None", "best accuracy begins at one half"),
        ("residual_output", "x = torch.relu(x)\nchange = torch.relu(change)\nreturn x + change", "ReLU on each"),
        ("best_epoch", LOWEST.format("100, 0", "lowest, epoch = loss, i"), "lowest loss begins at a large number"),
    ],
)
def test_wrong_functions_of_learners_are_recognised(name, body, misconception):
    assert attempted(name, body).misconception == misconception


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("says_mask", "return 'yes' if probability >= 0.5 else 'no'", "gives the text 'yes', but the task asks for True or False"),
        ("best_epoch", "if len(val_losses) == 5:\n    return val_losses.index(min(val_losses)) + 1", "a way through it that meets no `return`"),
        ("says_mask", "return probability > 0.49", "For probability = 0.499: your function gives True, but False is right."),
        ("says_mask", "return probability > 0, 5", "gives a tuple of 2, but the task asks for True or False. (A comma makes a pair"),
        ("leaked_groups", "leaked = []\nfor g in groups:\n    leaked = leaked.append(g)\n    break\nreturn leaked", "append, sort and print give"),
        ("leaked_groups", "return [split[groups == g] for g in np.unique(groups) if len(set(split[groups == g])) > 1]", "right"),
        ("mean_image", "return images.float().median(0)", "gives two tensors, .values and .indices, but the task asks for a tensor"),
        ("mean_image", "return (images.double().square().mean(0)).sqrt() * 1.00002", "the shape is right"),
        ("flip_horizontal", "return images.flip(-1).mean(1)", "gives the shape (2, 4, 5), but (2, 3, 4, 5) is right"),
        ("flip_horizontal", "return [image.flip(-1) for image in images]", "torch.stack makes one tensor of a list of them"),
        ("mean_image", "return images.float().max(0)", "What you look for is in .values."),
        ("class_balance", "return torch.unique(targets, return_counts=True)", "some functions give back a pair"),
        ("to_unit_range", "return images / 255,", "(A comma at the end makes a tuple of one.)"),
        ("predict_labels", "return torch.sigmoid(logits) >= 0,5", "A comma makes a pair"),
        ("numbers_in_picture", "return height * width * 3 - 1", "For height = 4, width = 5: your function gives 59, but 60 is right."),
        ("numbers_in_picture", "return 3 ** (height * width)", "your function gives 3486784401, but 60 is right."),
        ("class_balance", "return np.bincount(targets.numpy())[1] / len(targets)", "It was given targets = [0, 0, 0]"),
        ("class_balance", "return round(targets.float().mean().item(), 1)", "rounded to 1 digit behind the point"),
        ("output_size", "return torch.zeros(1, size).shape", "gives the shape (1, 5), but the task asks for one number"),
        ("output_size", "return torch.tensor([(size + 2 * padding - kernel) // stride + 1])", "one number. (sum, mean and the like make one number of many"),
        ("conv_parameters", "return torch.nn.Conv2d(in_channels, out_channels, kernel)", "gives the layer itself (Conv2d), but the task asks for one number"),
        ("conv_parameters", "return torch.nn.Conv2d(1, 2, 3).parameters()", "or .parameters() and the like"),
        ("predict_labels", "return (torch.sigmoid(logits) > 0.49).long()", "gives [0, 1, 1, 1, 1, 1, 1, 1], but"),
        ("best_epoch", "return 3", "It gives the same for every input that was tried"),
        ("best_epoch", "yield 1", "`yield` in place of `return`"),
        ("best_epoch", "return val_losses.index", "are its brackets () missing?"),
        ("binary_cross_entropy", "return torch.nn.BCEWithLogitsLoss(logits, targets)", "a BCEWithLogitsLoss that was made but not called"),
        ("precision_recall", "hits = (y_true & y_pred).sum()\nreturn round(hits / y_pred.sum(), 3), round(hits / y_true.sum(), 3)", "rounded to 3 digits"),
        ("clue_accuracy", "return 0.5", "It gives the same for every input"),
        ("leaked_groups", "return {g: 1 for g in groups}", "a dict of 3, but the task asks for a list"),
        ("convolve2d", "return torch.nn.functional.conv2d(image[None, None], kernel[None, None]).squeeze()", "gives the shape (4,), but (1, 4) is right"),
        ("to_unit_range", "return images.bfloat16() / 255", "the shape is right, but"),
        ("normal_interval", "return (correct - n) ** 0.5, 1.0", "your function gives ["),
        ("normal_interval", "p = correct / n\nreturn {p + side * 1.96 * (p * (1 - p) / n) ** 0.5 for side in (-1, 1)}", "a set of 2 (curly brackets), which keeps no order"),
        ("precision_recall", "return {y_true[y_pred == 1].mean(), y_pred[y_true == 1].mean()}", "a set of 2 (curly brackets), which keeps no order"),
        ("growing_rates", "return set(np.geomspace(lowest, highest, steps))", "which keeps no order, but the task asks for a list of 4"),
        ("growing_rates", "return [[lowest], [lowest, highest]]", "a list of 2, and not all of its elements are single numbers"),
        ("majority_baseline", "p = targets.mean()\nreturn p if p > 0.5 else 1 - p if p < 0.5 else None", "For targets = [0, 1, 1, 0]: your function gives nothing back"),
        ("binary_cross_entropy", "return torch.log(-torch.sigmoid(logits)).mean()", "gives nan (not a number: 0 / 0, or the root or the logarithm"),
    ],
)
def test_what_fits_no_misconception_is_told_as_it_is(name, body, said):
    result = attempted(name, body)
    assert said in result.message and result.misconception is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("flip_horizontal", "if torch.rand(1) < 0.5:\n    images = images.flip(-1)\nreturn images"),
        ("flip_horizontal", "return torch.stack([image.flip(-1) if torch.rand(1) < 0.5 else image for image in images])"),
        ("adjust_brightness", "return (images * factor * torch.rand(1)).clamp(0, 1)"),
    ],
)
def test_what_is_left_to_chance_is_told_once_and_printed_once(name, body, capsys):
    torch.manual_seed(0)
    result = attempted(name, f"print('asked')\n{body}")
    assert (result.status, result.misconception) == (TRY_AGAIN, "left to chance") and "Asked again" in result.message
    assert capsys.readouterr().out.count("asked") == len(EXERCISES[name]._inputs)


def test_a_lucky_guess_does_not_pass():
    """Right for all inputs, and wrong when it is asked a second time."""
    lucky = "def says_mask(probability, asked=[]):\n    asked.append(probability)\n    return probability >= 0.5 if len(asked) < 9 else not probability >= 0.5\n"
    assert len(EXERCISES["says_mask"]._inputs) == 8
    assert checks.says_mask(learn(lucky)).misconception == "left to chance"


def test_a_wrong_answer_that_stays_the_same_is_not_called_chance():
    assert attempted("flip_horizontal", "return images * 2").misconception is None
    assert attempted("flip_horizontal", "return images * float('nan')").misconception is None


def test_nan_for_every_input_is_not_taken_for_an_answer_that_never_changes():
    assert "It gives the same" not in attempted("binary_cross_entropy", "return torch.log(-torch.sigmoid(logits)).mean()").message


def test_memory_that_was_never_filled_is_named_where_answers_change():
    result = attempted("flip_horizontal", "return images * torch.rand(1)")
    assert "torch.empty" in result.hint()


def test_a_misconception_that_explains_only_some_of_the_mistakes_is_not_claimed():
    assert attempted("says_mask", "return probability in (0.2, 0.0)").misconception is None
    assert attempted("best_epoch", "return 1 // 0").misconception is None


def test_parameters_in_another_order_are_told():
    swapped = learn("def output_size(size, kernel, stride, padding):\n    return (size + 2 * padding - kernel) // stride + 1\n")
    assert "in this order" in checks.output_size(swapped).message
    either_way = learn("def numbers_in_picture(width, height):\n    return width * height * 3\n")
    assert checks.numbers_in_picture(either_way).passed  # wrong is what gives wrong numbers
    renamed = learn("def output_size(n, k, p, s):\n    return (n + 2 * p - k) // s + 1\n")
    assert checks.output_size(renamed).passed


def test_label_safe_takes_values():
    right = checks.label_safe.reference()
    assert checks.label_safe(dict(right)).passed
    one_open = checks.label_safe({**right, "make it grey": ...})
    assert one_open.status == NOT_ATTEMPTED and one_open.message == "label_safe: Still open: 'make it grey'."
    assert "in the place of `...`" in checks.label_safe(dict.fromkeys(right, ...)).message
    assert checks.label_safe({**right, "erase a small random square": False}).misconception == "every erasing breaks the label"
    two_wrong = {**right, "make it grey": False, "crop away the lower half": True}
    assert "5 of 7 are right" in checks.label_safe(two_wrong).message


@pytest.mark.parametrize("value", [0.5, 100, -1, "yes", [True], np.array([True]), torch.ones(2), len])
def test_label_safe_takes_true_and_false_only(value):
    answer = {**checks.label_safe.reference(), "make it grey": value}
    result = checks.label_safe(answer)
    assert result.misconception is None and "True and False, without quotation marks or brackets, but for 'make it grey' you have" in result.message
    assert checks.label_safe({key: np.int64(value) for key, value in checks.label_safe.reference().items()}).passed


def test_label_safe_shows_the_quotation_marks_of_a_text():
    right = EXERCISES["label_safe"].reference()
    result = checks.label_safe({**right, "make it grey": "True"})
    assert result.message.endswith("but for 'make it grey' you have 'True'.")


@pytest.mark.parametrize(
    ("name", "body", "misleading"),
    [
        ("predict_labels", "return logits >= 0, logits", "torch.stack"),
        ("mean_image", "return [image.float().mean() for image in images]", "torch.stack"),
        ("numbers_in_picture", "return height * width * 3 - 1", "Right for"),
        ("class_balance", "return targets[:, None].float()", ".values"),
    ],
)
def test_no_way_out_is_shown_that_leads_nowhere(name, body, misleading):
    assert misleading not in attempted(name, body).message


@pytest.mark.parametrize(
    ("name", "body", "not_this"),
    [
        ("how_many_right", "return sum(p >= t for p, t in zip(probabilities, truths))", "cut to whole numbers"),
        ("adjust_brightness", "return images if (images * factor).max() > 1 else images * factor", "factor cut off in place of the pixels"),
        ("predict_labels", "return torch.sigmoid(logits) >= 0.6", "logits compared with one half"),
        ("predict_labels", "return torch.softmax(logits, -1) > 1 / len(logits)", "logits compared with 1"),
        ("says_mask", "return str(probability) >= '0.5'", None),
    ],
)
def test_a_belief_is_not_named_that_another_answer_shares_by_chance(name, body, not_this):
    result = attempted(name, body)
    assert result.status == TRY_AGAIN and (not_this is None or result.misconception != not_this)


def test_label_safe_is_not_called_a_function():
    assert checks.label_safe([True] * 7).message == "This is a list of 7, but the task asks for a dict of 7."


def test_label_safe_names_the_lines_that_were_deleted():
    right = checks.label_safe.reference()
    two_gone = {key: value for key, value in right.items() if key not in ("make it grey", "crop away the lower half")}
    assert "2 of the 7 entries are missing or spelt otherwise: 'make it grey', 'crop away the lower half'." in checks.label_safe(two_gone).message
    one_left = checks.label_safe({"make it grey": True}).message
    assert "6 of the 7 entries are missing" in one_left and "and 3 more" in one_left and "are right" not in one_left
    assert checks.label_safe({}).status == TRY_AGAIN


@pytest.mark.parametrize("body", ["return round(probability)", "return probability > 0.5"])
def test_that_halves_are_rounded_to_the_even_number_is_said(body):
    assert "round(0.5) is 0: halves go to the even number" in attempted("says_mask", body).message


def test_no_hint_but_the_last_gives_predict_labels_away():
    hints = attempted("predict_labels", "return (logits >= 0.5).long()").hints
    assert not any("torch.sigmoid(logits) >= 0.5" in hint or "logits >= 0" in hint or "compare the logits with 0" in hint for hint in hints[:-1])
    assert "(torch.sigmoid(logits) >= 0.5).long()" in hints[-1]


# --- a task that asks for what a function does: one step of training -----------------------------------------------

LOGITS, LOSS, CLEAR, BACKWARD, STEP = "logits = model(images)\n", "loss = criterion(logits, targets)\n", "optimizer.zero_grad()\n", "loss.backward()\n", "optimizer.step()\n"
GIVE = "return loss.item()"
FORWARD, UPDATE = LOGITS + LOSS, CLEAR + BACKWARD + STEP


@pytest.mark.parametrize(
    "body",
    [
        FORWARD + UPDATE + "return loss",
        FORWARD + UPDATE + "return loss.detach().numpy()",
        CLEAR + FORWARD + BACKWARD + STEP + GIVE,
        FORWARD + BACKWARD + STEP + CLEAR + GIVE,
        FORWARD + "model.zero_grad()\n" + BACKWARD + STEP + GIVE,
        FORWARD + "optimizer.zero_grad(set_to_none=False)\n" + BACKWARD + STEP + GIVE,
        FORWARD + "for weights in model.parameters():\n    weights.grad = None\n" + BACKWARD + STEP + GIVE,
        "model.train()\nloss = criterion(model.forward(images), targets)\n" + UPDATE + "return float(loss.detach())",
        FORWARD + "before = loss.item()\n" + UPDATE + "return before",
        FORWARD + UPDATE + "model(images)\n" + GIVE,
    ],
)
def test_a_right_step_passes_however_it_is_written(body):
    result = attempted("training_step", body)
    assert result.passed, result


@pytest.mark.parametrize(
    ("body", "misconception"),
    [
        (FORWARD + BACKWARD + STEP, "gradients never cleared"),
        (FORWARD + "optimizer.zero_grad\n" + BACKWARD + STEP + GIVE, "gradients never cleared"),
        (FORWARD + BACKWARD + "model.zero_grad()\n" + STEP + "return loss", "cleared between backward and step"),
        (FORWARD + CLEAR + BACKWARD + CLEAR + STEP + GIVE, "cleared between backward and step"),
        (FORWARD + CLEAR + "loss.backward\n" + STEP + GIVE, "backward forgotten"),
        (FORWARD + STEP + GIVE, "backward forgotten"),
        (FORWARD + CLEAR + BACKWARD + "optimizer.step\n" + GIVE, "step forgotten"),
        (FORWARD + GIVE, "only measured"),
        (FORWARD + STEP + CLEAR + BACKWARD, "step before backward"),
        (FORWARD + CLEAR + STEP + BACKWARD + GIVE, "step before backward"),
        (LOGITS + "loss = criterion(targets, logits)\n" + UPDATE + GIVE, "targets first"),
        ("probabilities = torch.sigmoid(model(images))\nloss = criterion(probabilities, targets)\n" + UPDATE + GIVE, "sigmoid before the loss"),
        (FORWARD + UPDATE + "print(loss.item())", "nothing returned"),
        (FORWARD + UPDATE + "return criterion(model(images), targets)", "loss after the step"),
        (FORWARD + UPDATE + "return loss.item() * images.size(0)", "loss of all pictures together"),
        (FORWARD + UPDATE + "return np.mean((logits > 0).numpy() == targets.numpy())", "accuracy in place of the loss"),
        (FORWARD + UPDATE + "return float(f'{loss:.3f}')", "loss rounded"),
        (FORWARD + UPDATE + STEP + GIVE, "stepped twice"),
        ("for _ in range(5):\n    loss = criterion(model(images), targets)\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\nreturn loss", "stepped twice"),
        (
            "for image, target in zip(images, targets):\n    loss = criterion(model(image[None]), target[None])\n    optimizer.zero_grad()\n    loss.backward()\n"
            "    optimizer.step()\nreturn loss.item()",
            "a step for each picture",
        ),
        ("optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n" + FORWARD + UPDATE + GIVE, "an optimiser of its own"),
        (FORWARD + CLEAR + BACKWARD + "with torch.no_grad():\n    for w in model.parameters():\n        w -= 0.01 * w.grad\n" + GIVE, "an optimiser of its own"),
        (LOGITS + "loss = torch.nn.BCELoss()(torch.sigmoid(logits), targets)\n" + UPDATE + GIVE, "a loss of its own"),
        (LOGITS + "loss = ((logits - targets) ** 2).mean()\n" + UPDATE + GIVE, "a loss of its own"),
        (LOGITS + "loss = torch.nn.MSELoss()(torch.sigmoid(logits), targets)\n" + UPDATE, "a loss of its own"),
        ("model.eval()\n" + FORWARD + UPDATE + GIVE, "evaluation mode"),
        (FORWARD + "loss = loss / len(images)\n" + UPDATE + GIVE, "loss divided before backward"),
        (FORWARD + "loss = -loss\n" + UPDATE + "return -loss.item()", "uphill"),
        ("images = images / 255\n" + FORWARD + UPDATE + GIVE, "pictures scaled again"),
    ],
)
def test_wrong_steps_of_learners_are_recognised(body, misconception):
    assert attempted("training_step", body).misconception == misconception


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FORWARD + UPDATE + "return logits", "gives a float32 tensor of shape (7,), but the task asks for one number, the loss of the batch: loss.item()."),
        (FORWARD + UPDATE + "return loss.item", "are its brackets () missing?"),
        (FORWARD + UPDATE + "return int(loss)", "the weights are right after every step. Your function gives 0 as its loss, but 0.674847 is right (step 1)."),
        (FORWARD + UPDATE + "if len(images) > 1:\n    return loss.item()", "right after every step. Your function gives nothing back (None) (step 3)."),
        (FORWARD + CLEAR + BACKWARD + "torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)\n" + STEP + GIVE,
         "after step 1 the weights are others than they should be. The loss that it gives is right, so the mistake is in what comes after it"),
        (FORWARD + CLEAR + BACKWARD + "if len(images) < 7:\n    optimizer.step()\n" + GIVE, "after step 1 no weight has moved. The loss that it gives is right"),
        (LOGITS + "loss = (logits - targets).abs().mean()\n" + UPDATE + GIVE, "as its loss, but 0.674847 is right."),
    ],
)
def test_what_a_step_did_is_told_where_no_misconception_fits(body, said):
    result = attempted("training_step", body)
    assert said in result.message and result.misconception is None
    assert result.message.startswith("For one linear layer, SGD, batches of 7, 6 and 1 pictures: ")


def test_with_what_a_step_was_tried_is_said_in_words():
    told = [EXERCISES["training_step"]._show_inputs(i) for i in range(len(EXERCISES["training_step"]._inputs))]
    assert told[0] == "one linear layer, SGD, batches of 7, 6 and 1 pictures" and len(set(told)) == len(told)
    assert any("batch normalisation, Adam, " in words for words in told) and any("a loss in which masks count 3 times, " in words for words in told)


@pytest.mark.parametrize(
    ("body", "error", "meaning"),
    [
        (LOGITS + "loss = criterion(logits, targets).item()\n" + UPDATE + GIVE, "'float' object has no attribute 'backward', in line 5: `loss.backward()`",
         "take it at the very end"),
        ("with torch.no_grad():\n    logits = model(images)\n" + LOSS + UPDATE + GIVE, "does not require grad", "here the way is cut: by torch.no_grad()"),
        (LOGITS + "loss = criterion((logits >= 0).float(), targets)\n" + UPDATE + GIVE, "does not require grad", "such as logits >= 0, which has no slope"),
        (LOGITS + "loss = criterion(logits >= 0, targets)\n" + UPDATE + GIVE, "NotImplementedError", "A loss wants the logits themselves"),
        (FORWARD + CLEAR + BACKWARD + BACKWARD + STEP + GIVE, "a second time", "Is it called twice?"),
        (FORWARD + CLEAR + "logits.backward()\n" + STEP + GIVE, "for scalar outputs, in line 5", "backward() starts from one number"),
        (FORWARD + CLEAR + "optimizer.backward()\n" + STEP + GIVE, "'SGD' object has no attribute 'backward'", "Each has its own: loss.backward()"),
        (FORWARD + CLEAR + BACKWARD + "optimizer.step(loss)\n" + GIVE, "'Tensor' object is not callable", "between the brackets of optimizer.step() stands nothing"),
        (FORWARD + CLEAR + BACKWARD + "loss.step()\n" + GIVE, "'Tensor' object has no attribute 'step'", "optimizer.zero_grad() and optimizer.step()"),
        ("loss = criterion(model, targets)\n" + UPDATE + GIVE, "has no attribute 'size'", "in place of what it answers, model(images)"),
        ("loss = model(images, targets)\n" + UPDATE + GIVE, "takes 2 positional arguments but 3 were given", "takes one thing"),
        (LOGITS + "loss = criterion(images, targets)\n" + UPDATE + GIVE, "must be the same as input size", "both need the same shape, (B,)"),
        (LOGITS + "loss = torch.nn.BCEWithLogitsLoss(logits, targets)\n" + UPDATE + GIVE, "is ambiguous", "made first and called then"),
        (FORWARD + UPDATE + "return loss.numpy()", "Can't call numpy()", ".item() makes a plain number of the loss"),
        ("raise RuntimeError('Expected all tensors to be on the same device')", "on the same device", "leave .to(device) out"),
    ],
)
@pytest.mark.filterwarnings("ignore:size_average and reduce args")
def test_what_torch_complains_of_in_a_step_is_told_in_words(body, error, meaning):
    result = attempted("training_step", body)
    assert error in result.message and meaning in result.hint()


@pytest.mark.parametrize("body", ["logits = ...\n" + LOSS + UPDATE + GIVE, LOGITS + "loss = ...\n" + UPDATE + GIVE, FORWARD + UPDATE + "return ..."])
def test_a_step_with_gaps_is_not_attempted(body):
    assert attempted("training_step", body).status == NOT_ATTEMPTED


@pytest.mark.parametrize("parameters", ["model, images, targets", "model, optimizer, criterion, images, targets, device", "model, criterion, optimizer, images, targets"])
def test_other_parameters_of_a_step_are_told_by_their_names(parameters):
    result = checks.training_step(learn(f"def training_step({parameters}):\n    optimizer.zero_grad()\n    return criterion(model(images), targets)\n"))
    assert result.message == f"Your function takes ({parameters}), but the task needs (model, optimizer, criterion, images, targets), in this order."


def test_a_step_works_whatever_the_notebook_has_set():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with torch.no_grad():
        assert attempted("training_step", FORWARD + UPDATE + GIVE).passed
    assert torch.equal(torch.rand(1), expected)  # the learner's own numbers by lot go on as if nothing had been drawn


@pytest.mark.usefixtures("short_patience")
def test_a_step_without_an_end_and_one_that_quits_are_told():
    assert "did not come to an end for one linear layer, SGD" in attempted("training_step", "while True: pass").message
    assert "SystemExit" in attempted("training_step", "exit()").message


# --- whatever a learner may write ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "def output_size(size, kernel, padding=0, stride=1): ...",
        "def output_size(size, kernel, padding=0, stride=1):\n    'Count the places.'\n    ...",
        "def output_size(size, kernel, padding=0, stride=1):\n    pass  # your code",
        "def output_size(size, kernel, padding=0, stride=1):\n    return ...",
        "def output_size(size, kernel, padding=0, stride=1):\n    places = ...\n    return places",
        "def output_size(size, kernel, padding=0, stride=1):\n    return (size + ...) // stride + 1",
        "def output_size(size, kernel, padding=0, stride=1):\n    raise NotImplementedError",
    ],
)
def test_what_is_not_finished_is_not_attempted(source):
    result = checks.output_size(learn(source))
    assert result.status == NOT_ATTEMPTED and result.misconception is None


@pytest.mark.parametrize("value", [None, ...])
def test_nothing_is_not_attempted(value):
    assert checks.output_size(value).status == NOT_ATTEMPTED


def test_only_an_empty_body_is_a_stub():
    assert is_stub(learn("def f(x, y=2, *z):\n    '''Text.'''\n"))
    for body in ("return 0.5", "return x", "print(x)", "x = 1"):
        assert not is_stub(learn(f"def f(x):\n    {body}\n"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_exception_is_told_with_type_message_and_line(name):
    parameters = ", ".join(inspect.signature(EXERCISES[name].reference).parameters)
    function = learn(f"def {name}({parameters}):\n    total = 0\n    return 1 / total\n")
    result = EXERCISES[name](function)
    assert result.status == TRY_AGAIN
    assert "ZeroDivisionError: division by zero, in line 3: `return 1 / total`" in result.message
    assert "Traceback" not in result.message


def test_the_line_is_the_learners_also_when_a_library_raises():
    result = checks.flip_horizontal(learn("def flip(images):\n    x = images\n    return x.flip(9)\n"))
    assert "IndexError" in result.message and "in line 3: `return x.flip(9)`" in result.message


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()", "BaseException('odd')", "RecursionError('deep')"])
def test_no_exception_of_any_kind_comes_through(error):
    name = error.split("(")[0]
    assert name in checks.best_epoch(learn(f"def f(val_losses):\n    raise {error}\n")).message


def test_a_long_error_is_cut_short():
    assert len(checks.best_epoch(learn("def f(val_losses):\n    raise ValueError('long ' * 9999)\n")).message) < 500


@pytest.mark.parametrize("expression", ["range(10**12)", "[[1, 2], [3]]", "[np.ones(2), np.ones(3)]", "object()", "10 ** 400"])
def test_answers_that_numpy_cannot_hold_are_wrong_and_not_left_to_chance(expression):
    for name in ("best_epoch", "leaked_groups", "mean_image"):
        result = EXERCISES[name](answer(name, expression))
        assert result.status == TRY_AGAIN and result.misconception is None


def test_endless_recursion_is_an_error_like_any_other():
    assert "RecursionError" in checks.best_epoch(learn("def f(val_losses):\n    return f(val_losses)\n")).message


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n        try: x = 1\n        except Exception: pass",
        "while True:\n        try: x = 1\n        except: pass",
        "while True: time.sleep(0.01)",
        "i = 0\n    while i < len(val_losses): best = val_losses[i]",
    ],
    ids=["plain", "except Exception", "bare except", "sleep", "forgotten step"],
)
@pytest.mark.usefixtures("short_patience")
def test_an_endless_loop_is_stopped(body):
    result = checks.best_epoch(learn(f"def f(val_losses):\n    {body}\n"))
    assert result.status == TRY_AGAIN
    assert "did not come to an end for val_losses = [0.7, 0.5, 0.4, 0.45, 0.5]" in result.message


@pytest.mark.usefixtures("short_patience")
def test_a_stopped_loop_does_not_go_on_in_the_background():
    checks.best_epoch(learn("def f(val_losses):\n    while True: pass\n"))
    for thread in threading.enumerate():
        if thread.name == "maskkit-check":
            thread.join(5)
    assert not any(thread.name == "maskkit-check" for thread in threading.enumerate())


@pytest.mark.usefixtures("short_patience")
def test_a_loop_that_is_endless_for_some_inputs_only_is_told_with_the_input():
    source = "def f(val_losses):\n    while len(val_losses) == 3: pass\n    return 1\n"
    assert "for val_losses = [0.5, 0.4, 0.3]" in checks.best_epoch(learn(source)).message


@pytest.mark.usefixtures("short_patience")
def test_the_first_import_of_a_large_library_is_no_endless_loop(tmp_path, monkeypatch):
    (tmp_path / "large_library.py").write_text("import time\ntime.sleep(1)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "large_library", raising=False)
    assert attempted("best_epoch", "import large_library\nreturn val_losses.index(min(val_losses)) + 1").passed


@pytest.mark.usefixtures("short_patience")
def test_an_import_without_an_end_is_stopped(tmp_path, monkeypatch):
    (tmp_path / "endless_library.py").write_text("while True: pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(runner, "IMPORT_LIMIT", 0.3)
    assert "did not come to an end" in attempted("best_epoch", "import endless_library\nreturn 1").message


def test_a_list_that_is_far_too_long_is_answered_soon():
    before = time.process_time()
    assert "a list of 1000000, but the task asks for one number" in attempted("best_epoch", "return [1] * 1000000").message
    assert "gives the shape (1000000,), but (2,) is right" in attempted("precision_recall", "return [1] * 1000000").message
    assert time.process_time() - before < 5


def test_exit_and_quit_only_leave_the_function(monkeypatch):
    """In a notebook they are IPython's, which end the kernel."""
    ended = []
    function = learn("def f(val_losses):\n    exit()\n")
    monkeypatch.setitem(function.__globals__, "exit", lambda: ended.append("kernel"))
    result = checks.best_epoch(function)
    assert "SystemExit" in result.message and "`return`" in result.hint() and not ended
    function.__globals__["exit"]()
    assert ended == ["kernel"]  # put back afterwards


def test_input_is_not_waited_for():
    result = checks.best_epoch(learn("def f(val_losses):\n    return int(input('epoch? '))\n"))
    assert "input() has nobody to ask" in result.message


@pytest.mark.usefixtures("short_patience")
def test_a_flood_of_output_is_cut_short(capsys):
    checks.best_epoch(learn("def f(val_losses):\n    while True: print('no end in sight')\n"))
    out = capsys.readouterr().out
    assert len(out) < 2 * runner.PRINT_LIMIT and out.endswith("The rest is left out.]\n")


@pytest.mark.skipif(not sys.platform.startswith("linux") or torch.cuda.is_available(), reason="only Linux without a GPU limits memory")
@pytest.mark.parametrize("expression", ["len(np.ones(2**30))", "len(torch.ones(2**31))", "len([0] * 2**30)"])
def test_what_is_far_too_large_is_an_error_and_not_the_end_of_the_kernel(expression):
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    result = checks.best_epoch(learn(f"def f(val_losses):\n    return {expression}\n"))
    assert result.status == TRY_AGAIN and "far too large" in result.hint()
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ("return lowest", "Python does not know this name"),
        ("return true", "begin with a capital"),
        ("return math.inf", "imported before it is used"),
        ("lowest = 0\nfor i, x in enumerate(val_losses):\n    if x < lowest:\n        lowest, best = x, i + 1\nreturn best", "was the `if` never true"),
        ("first, second = val_losses[:1]\nreturn first", "As many names as stand on the left"),
        ("return torch.tensor(val_losses).astype(float)", "x.float()"),
        ("return np.array(val_losses).count(1)", "(x == 1).sum() counts"),
        ("return val_losses[0] ^ 2", "** 3"),
        ("return set(val_losses) + set(val_losses)", "a | b joins"),
        ("return torch.nn.Sigmoid(torch.ones(2))", "made first and called then"),
        ("return val_losses.index > 0", "without its brackets ()"),
        ("return val_losses[0] > '0'", "in quotation marks is a text"),
        ("return set(val_losses) > 1", "len(...) says how many"),
        ("return sum(val_losses == 1)", "one single value"),
        ("return val_losses.index()", "needs more between its brackets"),
        ("return np.array(val_losses)[['a']]", "these are neither"),
        ("return np.array(val_losses).unique()", "belongs to something else"),
        ("return float(torch.tensor(val_losses))", "x.float()"),
        ("return torch.ones(2).flip(dims=0)", "dims=[...]"),
        ("lowest += 1\nreturn lowest", "used before it has a value"),
        ("return val_losses.argmin()", "np.argmin(x)"),
        ("return val_losses[len(val_losses)]", "counted from 0"),
        ("return val_losses(0)", "square brackets"),
        ("return 3(len(val_losses))", "a product is written with *"),
        ("seen = []\nfor x in val_losses:\n    seen = seen.append(x)\nreturn len(seen)", "append changes the list itself"),
        ("return val_losses / 2", "cannot be calculated with each other"),
        ("return 1 if np.array(val_losses) > 0 else 2", "wants one True or False"),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_the_first_hint_says_what_an_error_means(body, meaning):
    assert meaning in attempted("best_epoch", body).hint()


def test_what_is_printed_is_left_alone(capsys):
    checks.best_epoch(learn("def f(val_losses):\n    print('hello')\n    return 1\n"))
    assert "hello" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("check", "source", "message"),
    [
        ("flip_horizontal", "def f(images): return images.tolist()", "gives a list of 2, but the task asks for a tensor of shape"),
        ("flip_horizontal", "def f(images): return images.numpy()[0, 0]", "gives the shape (4, 5), but (2, 3, 4, 5) is right"),
        ("output_size", "def f(size, kernel, padding, stride): return 'five'", "the text 'five', but the task asks for one number"),
        ("output_size", "def f(size, kernel, padding, stride): return torch.ones(1)", "tensor of shape (1,), but the task asks for one number"),
        ("precision_recall", "def f(a, b): return {'precision': 1}", "a dict of 1, but the task asks for a tuple of 2"),
        ("leaked_groups", "def f(a, b): return 'none'", "the text 'none', but the task asks for a list of"),
        ("mean_image", "def f(images): return images.float()[0, 0]", "gives the shape (2, 2), but (3, 2, 2) is right"),
        ("precision_recall", "def f(a, b): return 0.5, 0.5, 0.5", "gives [0.5, 0.5, 0.5], but ["),
        ("class_balance", "def f(targets): return 0.123", "For targets = [1, 0, 0, 0]: your function gives 0.123, but 0.25 is right."),
        ("flip_horizontal", "def f(images): return images * 2", "the shape is right, but 100% of the values are not: at (0, 0, 0, 0)"),
        ("class_balance", "def f(targets): return 0.25", "It gives the same for every input that was tried"),
        ("mean_image", "def f(images): return images.float().mean(0).round().int() + 1", "Yours are whole numbers (int32)"),
        ("best_epoch", "def f(val_losses): print(min(val_losses))", "gives nothing back (None): it is not enough to calculate a value, or to print it"),
        ("output_size", "def f(size, kernel): return size", "takes (size, kernel), but the task needs (size, kernel, padding, stride)"),
    ],
)
def test_type_then_shape_then_values_are_explained(check, source, message):
    result = getattr(checks, check)(learn(source))
    assert result.status == TRY_AGAIN and message in result.message


@pytest.mark.parametrize(
    ("check", "source"),
    [
        ("best_epoch", "def f(val_losses):\n    n = val_losses.index(min(val_losses)) + 1\n    val_losses.sort()\n    return n\n"),
        ("adjust_brightness", "def f(images, factor):\n    return images.mul_(factor).clamp_(0, 1)\n"),
    ],
)
def test_right_answers_that_spoil_their_input_are_told(check, source):
    result = getattr(checks, check)(learn(source))
    assert result.status == TRY_AGAIN and "changes what it was given" in result.message


def test_a_called_function_is_told_from_a_function():
    result = checks.output_size(31)
    assert "checks.output_size(output_size)" in result.message and "31" in result.message


def test_builtin_functions_and_objects_that_misbehave_do_no_harm():
    class Odd:
        shape = property(lambda self: 1 / 0)

    assert checks.best_epoch(max).status == TRY_AGAIN
    assert checks.best_epoch(lambda losses: Odd()).status == TRY_AGAIN


def test_the_same_answer_gets_the_same_verdict():
    wrong = EXERCISES["should_stop"].misconceptions[0].wrong
    assert checks.should_stop(wrong) == checks.should_stop(wrong)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, True), (True, 1, True), (torch.tensor(2), 2, True), ((1, 2), [1, 2], True), ({2, 1}, [1, 2], True),
        (np.nan, np.nan, True), (torch.ones(2, requires_grad=True), [1, 1], True), (1, 1.01, False), ([1, 2], [1, 2, 3], False),
        ([[1], [1, 2]], [1, 2], False), ("a", 1, False), ({"a": 1}, {"a": 1}, True), ({"a": 1}, [1], False),
    ],
)  # fmt: skip
def test_same_compares_values_whatever_holds_them(a, b, equal):
    assert same(a, b) is equal


def test_describe_speaks_in_words():
    assert describe(torch.zeros(2, 3)) == "a float32 tensor of shape (2, 3)"
    assert describe(np.zeros((2, 3), dtype=np.uint8)) == "a uint8 numpy array of shape (2, 3)"
    assert describe(np.zeros(3, dtype=int)) == "an int64 numpy array of shape (3,)" and describe({1, 2}).startswith("a set of 2 (")
    assert describe(torch.tensor(0.5)) == "0.5" and describe(None) == "nothing (None)" and describe([1, 2]) == "a list of 2"


# --- the answer ----------------------------------------------------------------------------------------------------


def test_hints_come_one_after_the_other_and_the_last_one_stays():
    result = CheckResult(TRY_AGAIN, "No.", ("think", "think again"))
    assert [result.hint() for _ in range(3)] == ["Hint 1 of 2: think", "Hint 2 of 2: think again", "Hint 2 of 2: think again"]
    assert CheckResult(PASSED, "Yes.").hint() == "There is no hint for this."


@pytest.mark.parametrize("status", [PASSED, NOT_ATTEMPTED, TRY_AGAIN])
def test_the_box_says_the_same_in_words_symbol_and_colour(status):
    box = CheckResult(status, "a < b & c", ("first <b>", "second"))._repr_html_()
    assert 'role="status"' in box and "a &lt; b &amp; c" in box and "first &lt;b&gt;" in box
    assert re.search(r"<strong>\S (Passed|Not attempted yet|Try again)\.</strong>", box)
    assert "color: inherit" in box and "rgba(" in box  # readable on light and dark pages
    assert box.count("<details") == box.count("</details>") == 2
    assert box.index("first") < box.index("<summary>A further hint") < box.index("second")


def contrast(a, b):
    """Contrast of two colours as WCAG 2.2 defines it."""

    def luminance(colour):
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("status", [PASSED, NOT_ATTEMPTED, TRY_AGAIN])
@pytest.mark.parametrize(("page", "text"), [((255, 255, 255), (33, 33, 33)), ((17, 17, 17), (224, 224, 224))], ids=["light", "dark"])
def test_the_box_has_contrast_on_light_and_dark_pages(status, page, text):
    style = CheckResult(status, "x")._repr_html_()
    *tint, alpha = (float(part) for part in re.search(r"rgba\(([^)]+)\)", style)[1].split(","))
    edge = [float(part) for part in re.search(r"solid rgb\(([^)]+)\)", style)[1].split(",")]
    background = [alpha * t + (1 - alpha) * p for t, p in zip(tint, page)]
    assert contrast(text, background) >= 7  # the text, level AAA
    assert contrast(edge, page) >= 2  # the bar on the left; symbol and words say the same


def test_the_catalogue_is_in_step_with_the_checks():
    assert PAGE.read_text(encoding="utf-8") == catalogue(), "run 'make docs'"
    for name, exercise in EXERCISES.items():
        assert f"### {name}\n" in catalogue() and exercise.task in catalogue()


def test_the_text_says_the_same_as_the_box():
    assert repr(CheckResult(TRY_AGAIN, "No.", ("x",))) == "[Try again] No.\n(1 hint: call .hint() on this result.)"
    assert repr(CheckResult(PASSED, "Yes.")) == "[Passed] Yes."


def test_checks_import_no_more_than_models_and_transforms():
    for name, module in list(sys.modules.items()):
        if name.startswith("maskkit.checks"):
            used = {v.__module__.split(".")[1] for v in vars(module).values() if getattr(v, "__module__", "").startswith("maskkit.")}
            assert used <= {"checks", "models", "transforms", "errors"}, (name, used)
