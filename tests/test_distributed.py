"""Two processes train to the weights of one; one that dies, or Ctrl-C, leaves a run folder from which to go on."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import torch

from maskkit.checkpoints import load_checkpoint
from maskkit.cli import main
from maskkit.datasets import load_dataset
from maskkit.distributed import ALONE, Part, ProcessLost, Team, join_team
from maskkit.errors import InputError
from maskkit.files import read_csv
from maskkit.training import TrainConfig, fit
from maskkit.transforms import AUGMENTATIONS, augment

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked, and sent signals")
SOON = 300  # seconds after which a run is given up: far more than it takes
# 16 training images in batches of 5: the last batch has one, so that one of two processes has none.
CONFIG = TrainConfig(epochs=3, batch_size=5, device="cpu", augmentation="robust", schedule="one_cycle", weight_decay=0.05, fast=True)
OTHERS = {"plain": TrainConfig(epochs=2, batch_size=5, device="cpu"), "residual": TrainConfig(model="maskresnet", epochs=1, batch_size=8, device="cpu")}

# Parts of three and two images, so that the processes draw unlike numbers for dropout.
DROPOUT = TrainConfig(model="vgg_small", epochs=2, batch_size=5, device="cpu")


def data(folder: Path, stream: bool = False):
    return load_dataset(folder, image_size=16, near_duplicates=False, stream=stream, fractions=(0.8, 0.1, 0.1))


def train_as_from_a_notebook(folder: str, out: str) -> None:
    """What each of the processes does that a notebook has started."""
    dataset, rank, seen = data(Path(folder)), torch.distributed.get_rank(), []
    assert len(dataset.subset("train")) % CONFIG.batch_size == 1
    results = {name: fit(dataset, config) for name, config in OTHERS.items()}
    results["whole"] = fit(dataset, CONFIG, run_dir=Path(out, "whole"), on_epoch=lambda history: seen.append(len(history)))
    results["streamed"] = fit(data(Path(folder), stream=True), CONFIG)
    results["dropped out"] = fit(dataset, DROPOUT)
    fit(dataset, dataclasses.replace(DROPOUT, epochs=1), run_dir=Path(out, "resumed"))
    results["resumed"] = fit(dataset, DROPOUT, run_dir=Path(out, "resumed"), resume=True)

    shared = Team(rank, 2, torch.device("cpu"))
    assert seen == ([1, 2, 3] if rank == 0 else []) and shared.total(1, rank) == [2, 1]
    torch.save({name: (result.model.state_dict(), result.history) for name, result in results.items()}, Path(out, f"{rank}.pt"))


@needs_fork
def test_two_processes_of_a_notebook_train_to_the_weights_of_one(photo_folder, tmp_path):
    pytest.importorskip("accelerate")
    code = ("import sys; from accelerate import debug_launcher; from test_distributed import train_as_from_a_notebook; "
            "debug_launcher(train_as_from_a_notebook, tuple(sys.argv[1:]), num_processes=2)")
    subprocess.run([sys.executable, "-c", code, str(photo_folder), str(tmp_path)], check=True, timeout=SOON, cwd=Path(__file__).parent,
                   env={**os.environ, "OMP_NUM_THREADS": "1"})
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    weights, resumed = (first[name][0] for name in ("dropped out", "resumed"))
    assert all(torch.equal(resumed[key], weights[key]) for key in weights)  # each process drops out what it would have, had nothing been interrupted
    dataset = data(photo_folder)
    for name, config in {**OTHERS, "whole": CONFIG, "streamed": CONFIG}.items():
        (weights, history), (others_weights, others_history) = first[name], second[name]
        assert all(torch.equal(weights[key], others_weights[key]) for key in weights)
        expected = fit(dataset, config)
        for row, others_row, expected_row in zip(history, others_history, expected.history, strict=True):
            same = ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr")
            assert [row[key] for key in same] == [others_row[key] for key in same]
            if name != "residual":  # each process normalises by its own images of the batch
                assert [row[key] for key in same] == pytest.approx([expected_row[key] for key in same], abs=1e-5)
        if name != "residual":
            torch.testing.assert_close(weights, expected.model.state_dict(), atol=1e-4, rtol=0)
    assert {path.name for path in (tmp_path / "whole").iterdir()} == {"mask_cnn_best.pth", "last.pth", "history.csv", "config.json", "split.csv"}
    best = load_checkpoint(tmp_path / "whole" / "mask_cnn_best.pth").model.state_dict()
    assert all(torch.equal(best[key], first["whole"][0][key]) for key in best)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def torchrun(folder: Path, run_dir: Path, *options: str) -> Iterator[subprocess.Popen]:
    """Two processes under torchrun, of which none is left over, whatever happens."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(free_port()), "-m", "maskkit", *train(folder, run_dir, *options)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    watchdog = threading.Timer(SOON, os.killpg, (running.pid, signal.SIGKILL))
    watchdog.start()
    try:
        yield running
    finally:
        watchdog.cancel()
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def train(folder: Path, run_dir: Path, *options: str) -> list[str]:
    return ["train", "--data-dir", str(folder), "--no-near-duplicates", "--image-size", "16", "--batch-size", "8", "--device", "cpu", "--run-dir", str(run_dir), *options]


def leave_nothing_behind(folder: str) -> None:
    """What each of two processes does that torchrun has started with a program of somebody's own."""
    fit(data(Path(folder)), OTHERS["plain"])
    group = weakref.ref(torch.distributed.group.WORLD)
    join_team("cpu").leave()
    assert group() is None and not torch.distributed.is_initialized()


@needs_fork
def test_who_leaves_ends_the_threads_of_the_group(photo_folder):
    """They would still run while the interpreter is taken down, and then now and again end a finished run with SIGABRT."""
    code = "import sys; from test_distributed import leave_nothing_behind; leave_nothing_behind(sys.argv[1])"
    subprocess.run([sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(free_port()), "--no-python",
                    sys.executable, "-c", code, str(photo_folder)], check=True, timeout=SOON, cwd=Path(__file__).parent)


@needs_fork
def test_torchrun_writes_and_prints_once(photo_folder, tmp_path):
    with torchrun(photo_folder, tmp_path / "two", "--epochs", "2") as running:
        output, errors = running.communicate()
    assert running.returncode == 0 and output.count("Test accuracy") == 1 and errors.count("epoch   1 ") == 1, errors
    assert main(train(photo_folder, tmp_path / "one", "--epochs", "2")) == 0
    assert {path.name for path in (tmp_path / "two").iterdir()} == {path.name for path in (tmp_path / "one").iterdir()}
    for row, expected in zip(*(read_csv(tmp_path / name / "history.csv") for name in ("two", "one")), strict=True):
        assert float(row["val_loss"]) == pytest.approx(float(expected["val_loss"]), abs=1e-5)


@needs_fork
@pytest.mark.parametrize("end, message", [pytest.param("kill the first", "with --run-dir {} --resume to go on", marks=pytest.mark.slow), ("kill the second", "with --run-dir {} --resume to go on"),
                                          ("Ctrl-C", "add --run-dir {} --resume to go on")])
def test_a_run_that_was_ended_says_so_and_can_be_resumed(photo_folder, tmp_path, end, message):
    run_dir = tmp_path / "run"
    with torchrun(photo_folder, run_dir, "--epochs", "100000", "--patience", "100000") as running:
        for line in running.stderr:
            if line.startswith("epoch   2 "):
                break
        if end == "Ctrl-C":
            os.killpg(running.pid, signal.SIGINT)
        else:
            rank = "0" if "first" in end else "1"
            [victim] = [child for child in psutil.Process(running.pid).children() if child.environ().get("RANK") == rank]
            victim.kill()
        _, errors = running.communicate()
    assert running.returncode and message.format(run_dir) in errors, errors
    before = read_csv(run_dir / "history.csv")
    assert len(before) >= 2 and main(train(photo_folder, run_dir, "--resume", "--epochs", str(len(before) + 1), "--patience", "100000")) == 0
    assert read_csv(run_dir / "history.csv")[:-1] == before


@pytest.mark.parametrize("n, size", [(8, 2), (7, 3), (1, 2), (2, 5), (1, 1)])
def test_parts_cover_a_batch_and_weigh_as_many_images_as_they_have(n, size):
    parts = [Part(n, rank, size) for rank in range(size)]
    numbers = torch.arange(n)
    counted = [numbers[part.positions][:part.count] for part in parts]
    assert sorted(torch.cat(counted).tolist()) == list(range(n)) and all(len(numbers[part.positions]) for part in parts)
    losses = torch.linspace(1, 2, n)
    mean = sum(losses[part.positions].mean() * part.weight for part in parts) / size
    assert mean == pytest.approx(losses.mean().item())


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_part_is_varied_as_it_would_be_among_all(name):
    images = torch.rand(9, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    generators = [torch.Generator().manual_seed(1) for _ in range(3)]
    expected = augment(images, AUGMENTATIONS[name], generators[0])
    for rank in (0, 1):
        part = Part(len(images), rank, 2)
        found = augment(images[part.positions], AUGMENTATIONS[name], generators[1 + rank], part=part)
        torch.testing.assert_close(found, expected[part.positions], atol=1e-6, rtol=0)
    assert len({bytes(generator.get_state().numpy()) for generator in generators}) == 1


def test_alone_unless_several_were_started(monkeypatch):
    assert dataclasses.astuple(join_team("cpu")) == (0, 1, torch.device("cpu"))
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert join_team("cpu").is_first and ALONE.total(2.5, 3) == [2.5, 3]
    model = torch.nn.Linear(1, 1)
    assert ALONE.wrap(model) is model


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_lost_before_the_first_epoch_is_one_sentence(monkeypatch, rank):
    def lost(*_, **__):
        raise RuntimeError("[/pytorch/third_party/gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:1234")

    for name in ("barrier", "broadcast_object_list"):
        monkeypatch.setattr(torch.distributed, name, lost)
    monkeypatch.setattr("maskkit.distributed.DistributedDataParallel", lambda model, device_ids, broadcast_buffers: lost())
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    team = Team(rank, 2, torch.device("cpu"))
    with pytest.raises(ProcessLost, match="Nothing is kept yet; start again"), team.first_goes_first():
        pass
    for wait in (lambda: team.wrap(torch.nn.Linear(1, 1)), lambda: team.from_first("runs/now")):
        with pytest.raises(ProcessLost, match="Nothing is kept yet; start again"):
            wait()
    with pytest.raises(ValueError, match="Connection"), Team(0, 1, torch.device("cpu")).first_goes_first():  # what the block itself raises stays as it is
        raise ValueError("no Connection to the shop")


def test_all_processes_take_what_the_first_one_says(monkeypatch):
    monkeypatch.setattr(torch.distributed, "broadcast_object_list", lambda values, device: values.__setitem__(0, "runs/first"))
    assert Team(1, 2, torch.device("cpu")).from_first("runs/second") == "runs/first" and ALONE.from_first("runs/own") == "runs/own"


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr("maskkit.distributed.resolve_device", lambda _: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for name, value in {"RANK": 1, "WORLD_SIZE": 2, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2, "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(InputError, match="2 processes were started on a machine with 1 GPUs"):
        join_team()
