"""The range test against its definition; studies against a loss that is known, shared between processes."""

import dataclasses
import errno
import logging
import math
import subprocess
import sys
import time

import optuna
import pytest
import torch

from maskkit import tuning
from maskkit.errors import InputError
from maskkit.models import MaskCNN
from maskkit.training import FitResult, NeverANumber, TrainConfig
from maskkit.tuning import LogRange, best_config, growing_rates, open_study, range_test, smoothed, suggest_rate, trial_rows, tune

QUICK = TrainConfig(epochs=1, batch_size=8, device="cpu", augmentation="none")
SPACE = {"learning_rate": LogRange(1e-5, 1e-1), "batch_size": (8, 16)}


@pytest.fixture
def known_loss(monkeypatch):
    """Training whose loss is lowest at a learning rate of 0.001 and batches of 16, and never a number above 0.05."""
    def fit(_, config):
        if config.learning_rate > 0.05:
            raise NeverANumber("The validation loss was not a number in any epoch; lower the learning rate.")
        loss = math.log10(config.learning_rate / 1e-3) ** 2 + (config.batch_size == 8)
        return FitResult(None, [{"epoch": 1, "val_loss": loss, "val_accuracy": 1 / (1 + loss)}], 1, "all epochs done")

    monkeypatch.setattr(tuning, "fit", fit)


# --- the range test --------------------------------------------------------------------------------------------------


def test_rates_grow_by_one_factor_from_end_to_end():
    assert growing_rates(1e-4, 1e-1, 4) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1])
    for wrong in ((0, 1, 5), (1, 0.1, 5), (0.1, 1, 1)):
        with pytest.raises(InputError, match="0 < lowest < highest"):
            growing_rates(*wrong)


def test_range_test_is_plain_training_with_a_growing_rate(easy_dataset):
    rows = range_test(easy_dataset, QUICK, lowest=1e-4, highest=1e-2, steps=5)
    assert [row["step"] for row in rows] == list(range(1, 6))
    assert [row["lr"] for row in rows] == growing_rates(1e-4, 1e-2, 5)
    torch.manual_seed(QUICK.seed)
    model = MaskCNN(16)
    optimizer, train = torch.optim.Adam(model.parameters()), easy_dataset.subset("train")
    order = torch.randperm(40, generator=torch.Generator().manual_seed(QUICK.seed))
    for row, chosen in zip(rows, order.split(8)):
        optimizer.param_groups[0]["lr"] = row["lr"]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(train.images[chosen] / 255), train.targets[chosen].float())
        assert loss.item() == pytest.approx(row["loss"], rel=1e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("losses, kept", [([0.7, 0.5, 9.0, 1.0], 3), ([0.7, math.nan, 0.1], 2), ([0.7, 0.5, 1.9, 0.5], 4)])
def test_range_test_ends_when_the_loss_runs_away(easy_dataset, monkeypatch, losses, kept):
    remaining = iter(losses)
    monkeypatch.setattr(tuning, "train_one_epoch", lambda *_: (next(remaining), 0.5))
    assert len(range_test(easy_dataset, QUICK, steps=len(losses))) == kept


def test_smoothing_begins_at_the_first_value_and_keeps_a_constant():
    assert smoothed([3.0, 3.0, 3.0]) == pytest.approx([3.0, 3.0, 3.0])
    assert smoothed([1.0, 0.0], 0.5) == pytest.approx([1.0, 1 / 3])


def test_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss():
    rows = [{"lr": 10 ** (step / 10), "smoothed": value} for step, value in enumerate([0.7] * 20 + [0.5, 0.2, 0.4] + [3.0, math.nan])]
    assert suggest_rate(rows) == pytest.approx(10**2.1 / 10)


# --- studies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.usefixtures("known_loss")
def test_a_study_finds_the_known_best_and_repeats(easy_dataset, sampler):
    first, again, other = (tune(easy_dataset, QUICK, space=SPACE, trials=25, sampler=sampler, seed=seed) for seed in (0, 0, 1))
    best = best_config(first, QUICK)
    assert best.batch_size == 16 and 2e-4 < best.learning_rate < 5e-3
    assert best == dataclasses.replace(QUICK, learning_rate=best.learning_rate, batch_size=16)
    assert trial_rows(first) == trial_rows(again) and trial_rows(first) != trial_rows(other)
    assert all(1e-5 <= row["learning_rate"] <= 1e-1 and row["batch_size"] in (8, 16) for row in trial_rows(first))


@pytest.mark.usefixtures("known_loss")
def test_trials_that_never_gave_a_number_count_and_never_win(easy_dataset):
    diverging = {"learning_rate": LogRange(0.051, 0.1)}
    told = []
    study = tune(easy_dataset, QUICK, space=diverging, trials=3, on_trial=told.append)
    assert [row["val_loss"] for row in trial_rows(study)] == [math.inf] * 3 and [row["number"] for row in told] == [1, 2, 3]
    with pytest.raises(InputError, match="None of the 3 trials"):
        best_config(study, QUICK)


def test_what_training_cannot_use_ends_the_study_at_once(easy_dataset):
    told = []
    with pytest.raises(InputError, match="nope.pth"):
        tune(easy_dataset, dataclasses.replace(QUICK, weights="nope.pth"), trials=3, on_trial=told.append)
    assert told == []


@pytest.mark.parametrize("raised, fit", [
    (KeyboardInterrupt, lambda *_: FitResult(None, [], 0, "interrupted")), (InputError, lambda _, config: dataclasses.replace(config, epochs=0)),
])
def test_optuna_says_nothing_of_a_trial_that_was_broken_off(easy_dataset, monkeypatch, caplog, raised, fit):
    monkeypatch.setattr(tuning, "fit", fit)
    monkeypatch.setattr(logging.getLogger("optuna"), "propagate", True)  # or nothing would come to caplog
    with pytest.raises(raised):
        tune(easy_dataset, QUICK, space=SPACE, trials=1)
    assert caplog.messages == []


@pytest.mark.usefixtures("known_loss")
def test_a_range_of_whole_numbers_draws_whole_numbers(easy_dataset):
    study = tune(easy_dataset, QUICK, space={"batch_size": LogRange(4, 16), "learning_rate": LogRange(1e-4, 1e-2)}, trials=12)
    sizes, rates = ([row[name] for row in trial_rows(study)] for name in ("batch_size", "learning_rate"))
    assert all(isinstance(size, int) and 4 <= size <= 16 for size in sizes) and len(set(sizes)) > 3
    assert all(isinstance(rate, float) for rate in rates)
    assert isinstance(best_config(study, QUICK).batch_size, int)


@pytest.mark.usefixtures("known_loss")
def test_a_space_is_judged_by_its_combinations_and_not_by_the_base(easy_dataset):
    """The network of the base cannot grow its images, but it is not in this space."""
    study = tune(easy_dataset, QUICK, space={"growing": (0.0, 0.5), "model": ("maskresnet",)}, trials=4)
    assert {row["model"] for row in trial_rows(study)} == {"maskresnet"}


@pytest.mark.usefixtures("known_loss")
def test_a_stored_study_goes_on_where_it_was_and_keeps_to_its_task(easy_dataset, tmp_path):
    for storage in (tmp_path / "with space" / "study.journal", f"sqlite:///{tmp_path / 'study.db'}"):
        first = trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=2, storage=storage))
        both = trial_rows(tune(easy_dataset, dataclasses.replace(QUICK, device="auto"), space=SPACE, trials=5, storage=storage))
        assert len(both) == 5 and both[:2] == first
        assert len({row["learning_rate"] for row in both}) == 5  # the second process does not repeat the first one's draws
        assert len(trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=5, storage=storage))) == 5
        for other in ((easy_dataset, dataclasses.replace(QUICK, epochs=2), SPACE), (easy_dataset, QUICK, {"learning_rate": LogRange(1e-5, 1)}),
                      (dataclasses.replace(easy_dataset, images=easy_dataset.images.flip(3)), QUICK, SPACE)):
            with pytest.raises(InputError, match="about other data or options"):
                tune(other[0], other[1], space=other[2], storage=storage)


@pytest.mark.usefixtures("known_loss")
def test_a_study_from_before_an_option_existed_goes_on(easy_dataset, tmp_path):
    storage = tmp_path / "study.journal"
    study = tune(easy_dataset, QUICK, space=SPACE, trials=1, storage=storage)
    task = study.user_attrs["task"]
    study.set_user_attr("task", {**task, "options": {key: value for key, value in task["options"].items() if key != "averaging"}})
    with pytest.raises(InputError, match="about other data or options"):  # it was trained with the default
        tune(easy_dataset, dataclasses.replace(QUICK, averaging=0.9), space=SPACE, trials=2, storage=storage)
    assert len(trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=2, storage=storage))) == 2


@pytest.mark.usefixtures("known_loss")
def test_a_trial_of_a_process_that_was_killed_does_not_count(easy_dataset, tmp_path):
    storage = tmp_path / "study.journal"
    tune(easy_dataset, QUICK, space=SPACE, trials=1, storage=storage).ask()  # and nobody will ever tell how it ended
    assert [row["number"] for row in trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=3, storage=storage))] == [1, 3, 4]


@pytest.mark.parametrize("kept", [-1, -30, 1])
@pytest.mark.usefixtures("known_loss")
def test_a_journal_whose_last_line_was_cut_off_keeps_its_trials_and_goes_on(easy_dataset, tmp_path, kept):
    storage = tmp_path / "study.journal"
    first = trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=3, storage=storage))
    *lines, last = storage.read_bytes().splitlines(keepends=True)  # the last one says how the third trial ended
    storage.write_bytes(b"".join(lines) + last[:kept])
    assert trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=2, storage=storage)) == first[:2]
    both = trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=4, storage=storage))
    assert both[:2] == first[:2] and [row["number"] for row in both] == [1, 2, 4, 5]
    assert trial_rows(open_study(storage)) == both


def test_a_process_does_not_write_behind_the_torn_line_of_another(tmp_path):
    storage = tmp_path / "study.journal"
    study = open_study(storage)
    for torn in (b'{"op_code":2,"worker', b'{"op_code":2}'):
        with storage.open("ab") as file:
            file.write(torn)
        study.set_user_attr("seen", torn.decode())
        assert open_study(storage).user_attrs == {"seen": torn.decode()}
    assert [path.name for path in tmp_path.iterdir()] == ["study.journal"]  # and nobody holds the lock


@pytest.mark.parametrize("stopped", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.usefixtures("known_loss")
def test_what_kept_a_trial_from_being_stored_is_raised_and_not_what_optuna_made_of_it(easy_dataset, tmp_path, monkeypatch, stopped):
    storage, backend = tmp_path / "study.journal", optuna.storages.journal.JournalFileBackend
    first = trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=1, storage=storage))
    append_logs = backend.append_logs

    def torn(self, logs):
        if "values" not in logs[0]:  # not how a trial ended
            return append_logs(self, logs)
        with storage.open("ab") as file:
            file.write(b'{"op_code":6,"wor')
        raise stopped

    with monkeypatch.context() as patch:
        patch.setattr(backend, "append_logs", torn)
        with pytest.raises(type(stopped)) as caught:
            tune(easy_dataset, QUICK, space=SPACE, trials=3, storage=storage)
    assert caught.value is stopped
    assert trial_rows(tune(easy_dataset, QUICK, space=SPACE, trials=2, storage=storage))[:1] == first


def test_an_assertion_that_fails_in_training_stays_one(easy_dataset, monkeypatch):
    def fit(*_):
        raise AssertionError("a defect")

    monkeypatch.setattr(tuning, "fit", fit)
    with pytest.raises(AssertionError, match="a defect"):
        tune(easy_dataset, QUICK, space=SPACE, trials=1)


def test_a_database_that_another_process_is_laying_out_is_waited_for(monkeypatch, tmp_path):
    create, failures = optuna.create_study, iter(["table studies already exists", "UNIQUE constraint failed: alembic_version.version_num"])

    def create_study(**arguments):
        for failure in failures:
            raise RuntimeError(failure)
        return create(**arguments)

    monkeypatch.setattr(optuna, "create_study", create_study)
    assert trial_rows(open_study(f"sqlite:///{tmp_path / 'study.db'}")) == []


def test_a_storage_that_cannot_be_used_is_told_soon():
    begin = time.monotonic()
    with pytest.raises(InputError, match="cannot be used"):
        open_study("sqlite:////no/such/folder/study.db")
    assert time.monotonic() - begin < 5  # a second, on a machine that has nothing else to do


def test_two_processes_share_one_study(photo_folder, tmp_path):
    command = [sys.executable, "-m", "maskkit", "tune", "--data-dir", str(photo_folder), "--image-size", "8", "--epochs", "1", "--device", "cpu",
               "--augmentation", "none", "--trials", "6", "--storage", str(tmp_path / "study.journal")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    rows = trial_rows(open_study(tmp_path / "study.journal"))
    assert 6 <= len(rows) <= 7 and [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert sum(errors.count("\ntrial ") for _, errors in said) == len(rows)  # each was trained by one of them
    assert all("maskkit train" in out and "--learning-rate" in out and "--augmentation none" in out for out, _ in said)


@pytest.mark.parametrize("options, said", [
    ({"sampler": "grid"}, "no sampler 'grid'"), ({"space": {}}, "A space needs options of training"), ({"space": {"speed": (1, 2)}}, "got speed"),
    ({"space": {"batch_size": (0, 8)}}, "allows batch_size 0: batch_size must be at least 1"), ({"trials": 0}, "at least 1 trial; got 0"),
    ({"space": {"learning_rate": 0.1}}, "a LogRange, or a tuple of values to choose from; learning_rate has 0.1"), ({"space": {"batch_size": ()}}, "has a tuple"),
    ({"space": {"batch_size": LogRange(4, 16.5)}}, "batch_size must be a whole number; got 16.5"),
    ({"space": {"learning_rate": LogRange(1e-4, 1e30)}}, "learning_rate must be a number above 0 and below"),
    ({"space": {"growing": (0.0, 0.5), "model": ("maskcnn", "maskresnet")}}, "allows growing 0.5 with model 'maskcnn': maskcnn fits one image size"),
    ({"base": "modern"}, "got 'modern'"), ({"storage": "nothing://there"}, r"The storage nothing://there cannot be used \(NoSuchModuleError"),
])
def test_impossible_studies(easy_dataset, options, said):
    with pytest.raises(InputError, match=said):
        tune(easy_dataset, **{"base": QUICK, **options})


def test_a_storage_that_is_no_storage_is_one_sentence_and_stays_as_it_was(easy_dataset, tmp_path):
    (tmp_path / "thesis.txt").write_text("my only copy")
    for storage in (tmp_path / "thesis.txt", f"sqlite:///{tmp_path / 'thesis.txt'}", tmp_path / "thesis.txt" / "study.journal", tmp_path):
        with pytest.raises(InputError) as caught:
            tune(easy_dataset, QUICK, storage=storage)
        assert "thesis.txt" in str(caught.value) or str(tmp_path) in str(caught.value)
        assert "\n" not in str(caught.value) and [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
        assert (tmp_path / "thesis.txt").read_text() == "my only copy"


@pytest.mark.parametrize("low, high", [(0, 1), (1, 1), (2, 1), (1, math.inf), (math.nan, 1)])
def test_impossible_ranges(low, high):
    with pytest.raises(InputError, match="0 < low < high"):
        LogRange(low, high)


def test_without_optuna_one_sentence_says_what_to_do(easy_dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r'pip install "maskkit\[tune\]"'):
        tune(easy_dataset, QUICK)
    assert range_test(easy_dataset, QUICK, steps=2)  # needs no Optuna


def test_a_range_test_takes_what_training_takes(easy_dataset):
    for arguments in (("synthetic", QUICK), (easy_dataset, {"epochs": 1})):
        with pytest.raises(InputError, match="Training takes a"):
            range_test(*arguments)
