"""Every question has one right answer and feedback for every other; its numbers are computed here, by somebody else."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from torch import nn

from maskkit import transforms
from maskkit.datasets import Batches
from maskkit.errors import InputError
from maskkit.evaluation import evaluate, wilson_interval
from maskkit.images import CLASS_NAMES
from maskkit.models import MaskCNN, count_parameters, layer_table
from maskkit.models.maskresnet import ResidualBlock
from maskkit.quizzes import QUESTIONS, Choice, Question, quiz
from maskkit.training import EarlyStopping
from maskkit.tuning import suggest_rate

ASKED = [(notebook, question) for notebook, questions in QUESTIONS.items() for question in questions]
BY_KEY = {question.key: question for _, question in ASKED}


# --- the form --------------------------------------------------------------------------------------------------------


def test_each_notebook_asks_three_questions_or_more():
    assert set(QUESTIONS) >= {"00", "01", "02", "03", "04", "05", "06", "07"}
    assert min(len(questions) for questions in QUESTIONS.values()) >= 3


@pytest.mark.parametrize("question", BY_KEY.values(), ids=BY_KEY)
def test_one_answer_is_right_and_each_has_feedback_of_its_own(question):
    texts, feedback = [choice.text for choice in question.choices], [choice.feedback for choice in question.choices]
    assert [choice.right for choice in question.choices].count(True) == 1 and len(question.choices) >= 3
    assert len(set(texts)) == len(set(feedback)) == len(texts)
    assert min(len(words) for words in feedback) >= 40 and question.text.rstrip(")").endswith((".", "?", "interval"))


def test_nothing_is_asked_or_answered_twice():
    assert len(BY_KEY) == len(ASKED) == len({question.text for _, question in ASKED})
    feedback = [choice.feedback for _, question in ASKED for choice in question.choices]
    assert len(set(feedback)) == len(feedback)


def test_neither_place_nor_length_gives_the_answer_away():
    for notebook, questions in QUESTIONS.items():
        places = [[choice.right for choice in question.choices].index(True) for question in questions]
        assert len(set(places)) > 1, notebook
    longest = [max(question.choices, key=lambda choice: len(choice.text)).right for _, question in ASKED]
    assert sum(longest) < len(longest) / 2


def test_a_question_without_one_right_answer_is_refused():
    yes, no = Choice("yes", "because", right=True), Choice("no", "because")
    for choices in ((no, no), (yes, yes), (yes,)):
        with pytest.raises(InputError, match="exactly one"):
            Question("odd", "Really?", choices)


# --- the numbers -----------------------------------------------------------------------------------------------------


def counted_runs():
    memory = {"count": 1}
    for _ in range(3):
        exec("count = count + 1", memory)
    return str(memory["count"])


def stopping(patience=3):
    losses = re.findall(r"0\.\d\d", BY_KEY["patience"].text)
    assert len(losses) == 7
    stop = EarlyStopping(patience)
    for loss in losses:
        stop.update(float(loss))
        if stop.should_stop:
            break
    return f"after epoch {stop.epoch}, keeping epoch {stop.best_epoch}"


def precision():
    report = evaluate([0] * 50 + [1] * 50, [1.0] * 10 + [0.0] * 40 + [1.0] * 45 + [0.0] * 5)
    assert (report["per_class"]["with_mask"]["recall"], report["accuracy"]) == (0.9, 0.85)  # two of the distractors
    return f"{report['per_class']['with_mask']['precision']:.2f}"


CONV = nn.Conv2d(3, 16, kernel_size=5)
ORACLES = {
    "cells": counted_runs,
    "numbers": lambda: f"{np.zeros((64, 64, 3)).size:,}",
    "unsure": None,  # nothing to compute
    "label": lambda: f"{sorted(CLASS_NAMES).index('with_mask')}, and in MaskKit it is {CLASS_NAMES.index('with_mask')}.",
    "baseline": lambda: f"{100 * evaluate([1] * 80 + [0] * 20, [1.0] * 100)['accuracy']:.0f} %",
    "how_many": lambda: str(len(transforms.augment(torch.zeros(600, 3, 4, 4), transforms.AugmentConfig(0.5, 0)))),
    "clipping": lambda: f"{transforms.adjust_brightness(torch.full((1, 3, 1, 1), 0.8), 1.5).max().item():.1f}",
    "shape": lambda: " × ".join(map(str, CONV(torch.zeros(1, 3, 64, 64)).shape[1:])),
    "parameters": lambda: f"{count_parameters(CONV):,}",
    "logit": lambda: f"{torch.sigmoid(torch.tensor(0.0)).item():.0%}".replace("%", " %"),
    "overfitting": None,  # 5 is the epoch that the question names
    "patience": stopping,
    "coin": lambda: f"{nn.BCEWithLogitsLoss()(torch.zeros(4), torch.tensor([0.0, 1, 0, 1])).item():.2f}",
    "precision": precision,
    "range_test": lambda: f"about {suggest_rate([{'lr': lr, 'smoothed': loss} for lr, loss in ((0.0005, 0.6), (0.05, 0.3), (0.5, 2))]):.3f}",
    "steps": lambda: "{} in place of {}".format(*(len(Batches(range(1000), size)) * 3 for size in (256, 64))),
    "log_scale": lambda: f"`pow(10, rng.uniform({math.log10(0.0001):.0f}, {math.log10(0.1):.0f}))`",
    "twenty": lambda: "{:.0f} % to {:.0f} %".format(*(100 * end for end in wilson_interval(20, 20))),
}


def test_every_number_in_an_answer_has_an_oracle():
    assert {key for key, question in BY_KEY.items() if re.search(r"\d", question.answer.text)} <= set(ORACLES)


@pytest.mark.parametrize("key", [key for key, oracle in ORACLES.items() if oracle])
def test_the_right_answer_is_the_computed_one(key):
    assert BY_KEY[key].answer.text == ORACLES[key]()


def test_what_the_feedback_claims_is_so():
    rows = layer_table(MaskCNN(128))
    most = max(rows, key=lambda row: row["parameters"])
    assert (most["layer"], most["output_shape"]) == ("Linear", (128,)) and rows[rows.index(most) - 1]["output_shape"] == (65536,)
    assert BY_KEY["where"].answer.text == "In the first fully connected layer."
    second = next(row["parameters"] for row in rows[1:] if row["layer"] == "Conv2d")
    assert 18_000 < second < 19_000 and second / sum(row["parameters"] for row in rows) < 0.005
    assert 1 / 3 < 0.95**20 < 0.4  # "20 of 20 in every third test" for a model that errs once in twenty
    assert 0.5**20 < 1e-5 and math.log2(2) == 1 and 16 * (5 * 5 + 1) == 416 and 256**3 == 16_777_216


def test_recall_never_rises_with_the_threshold_but_precision_may_fall():
    rng = np.random.default_rng(0)
    falls = False
    for _ in range(60):
        y_true, y_score = rng.integers(0, 2, 12), rng.random(12)
        low, high = (evaluate(y_true, y_score, threshold)["per_class"]["with_mask"] for threshold in (0.5, 0.8))
        assert high["recall"] <= low["recall"]
        falls |= 0 < high["precision"] < low["precision"]
    assert falls


# --- what is shown ---------------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Summaries with the text that opens below each, and all tags."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.choices = [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "details":
            self.choices.append(["", ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "details" in self.open:
            self.choices[-1][0 if "summary" in self.open else 1] += data


@pytest.mark.parametrize("notebook", QUESTIONS)
def test_each_choice_opens_its_own_feedback(notebook):
    outline = Outline(quiz(notebook)._repr_html_())
    choices = [choice for question in QUESTIONS[notebook] for choice in question.choices]
    assert not outline.open and len(outline.choices) == len(choices)
    for (summary, feedback), choice in zip(outline.choices, choices):
        assert re.sub("[`*]", "", choice.text) in summary and re.sub("[`*]", "", choice.feedback) in feedback
        assert feedback.startswith("✓ Right." if choice.right else "✗ Not quite.") and feedback not in summary


@pytest.mark.parametrize("notebook", QUESTIONS)
def test_it_needs_no_script_and_no_network(notebook):
    page = quiz(notebook)._repr_html_()
    assert Outline(page).tags <= {"section", "p", "strong", "em", "code", "details", "summary", "div"}
    assert "http" not in page and "url(" not in page and not re.search(r"\son\w+=", page)


def test_without_a_browser_it_reads_as_text_and_can_be_answered():
    asked = quiz("03")
    assert "1. Pictures of 3 × 64 × 64" in repr(asked) and "   c) 16 × 60 × 60" in repr(asked) and "Right" not in repr(asked)
    assert asked.choose(1, "c").startswith("✓ Right. A window of 5") and asked.choose(1, "a").startswith("✗ Not quite. The size stays only")
    assert asked.choose(1, "A") == asked.choose(1, "a")


def test_a_question_a_choice_or_a_quiz_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="'99'.*03"):
        quiz("99")
    with pytest.raises(InputError, match="from 1 to 4; got 0"):
        quiz("03").choose(0, "a")
    with pytest.raises(InputError, match="got '1'"):
        quiz("03").choose("1", "a")
    for letter in ("z", None):
        with pytest.raises(InputError, match=f"a, b, c, d; got {letter!r}"):
            quiz("03").choose(1, letter)


def test_a_residual_block_of_zeros_does_nothing():
    block, x = ResidualBlock(4, 4).eval(), torch.rand(2, 4, 6, 6)
    for name, weights in block.named_parameters():
        if "conv" in name:
            nn.init.zeros_(weights)
    assert torch.equal(block(x), x) and "as it is" in BY_KEY["do_nothing"].answer.text


def test_forgotten_evaluation_mode_normalises_each_photo_by_itself():
    norm, photos = nn.BatchNorm2d(1), torch.cat([torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)])
    alone = torch.cat([norm(photo[None]) for photo in photos])
    assert torch.allclose(alone, torch.zeros(2, 1, 2, 2)) and not torch.equal(norm.running_mean, torch.zeros(1))  # they look the same, and the average moved
    assert "not those that you trained for" in BY_KEY["eval_mode"].answer.text


def test_the_loss_is_lowest_where_the_network_is_as_unsure_as_its_teacher():
    answers = torch.linspace(0.01, 0.99, 99)
    losses = nn.functional.binary_cross_entropy_with_logits(torch.logit(answers), torch.full((99,), 0.6), reduction="none")
    assert answers[losses.argmin()].item() == pytest.approx(0.6) and "doubtful" in BY_KEY["teacher"].answer.text


def test_the_best_of_fifty_is_worse_than_it_looks():
    chosen_with, fresh = np.random.default_rng(0).binomial(60, 0.9, (2, 1000, 50)) / 60
    winners = chosen_with.argmax(axis=1)
    rows = np.arange(1000)
    assert chosen_with[rows, winners].mean() > 0.96 and abs(fresh[rows, winners].mean() - 0.9) < 0.01
    assert "somewhat less" in BY_KEY["luck"].answer.text


def test_uniform_draws_hardly_try_small_rates():
    draws = np.random.default_rng(0).uniform(0.0001, 0.1, 100_000)
    assert 0.985 < (draws > 0.001).mean() < 0.995 and 0.45 < (np.random.default_rng(0).normal(0.001, 0.03, 100_000) < 0).mean() < 0.5
