"""Speed of training on the public photos: ours against ImageFolder and DataLoader (and fastai), both sides in one run.

    python benchmarks/speed.py throughput             # images a second in training MaskCNN, same batch and augmentation
    python benchmarks/speed.py overhead               # share of our step outside forward, backward and optimiser
    python benchmarks/speed.py time-to-accuracy       # minutes until 95.67 % of the test photos are right
    python benchmarks/speed.py choose                 # how short a training can be for that, on the validation photos
    python benchmarks/speed.py prediction             # images a second of predict_proba, and the memory that it takes
    python benchmarks/speed.py waiting                # how long a waiting thread stays awake: alone, and beside another training
    python benchmarks/speed.py compile                # whether torch.compile pays

The sides take turns, each turn in a process of its own, so that a busy minute of the machine and settings of one side do
not fall on one side only. The first, third and fourth run on a GPU where there is one (--device). The photos: maskkit data photos.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice

import torch
from duplicates import peak_memory  # of this folder
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision import transforms as tv
from torchvision.datasets import ImageFolder

from maskkit import TrainConfig, build_model, evaluate, fit, load_dataset, predict_proba
from maskkit.datasets import Subset as Photos
from maskkit.datasets import read_images
from maskkit.photos import photos_dir, read_manifest
from maskkit.runtime import computes_bfloat16, keep_freed_memory, resolve_device
from maskkit.training import recipe
from maskkit.training.loop import make_optimizer, on_device, train_one_epoch
from maskkit.training.recording import Recording
from maskkit.transforms import AUGMENTATIONS, augment, to_float

GOAL = 0.9567  # what the README of the original project claims
IMAGE_SIZE, BATCH = 128, 32
AUGMENTED = tv.Compose([tv.Resize((IMAGE_SIZE, IMAGE_SIZE)), tv.RandomHorizontalFlip(), tv.RandomRotation(15), tv.ToTensor()])
PLAIN = tv.Compose([tv.Resize((IMAGE_SIZE, IMAGE_SIZE)), tv.ToTensor()])


# ---- The original recipe with ImageFolder and DataLoader ----

def folder_loader(split: str, workers: int, transform: tv.Compose, device: str) -> DataLoader:
    """The photos of one split of the manifest, decoded, resized and augmented one by one, as the original recipe does."""
    wanted = {row["path"] for row in read_manifest() if row["split"] == split}
    # The classes of ImageFolder are in alphabetical order: with_mask is 0 there.
    photos = ImageFolder(photos_dir(), transform, target_transform=lambda target: 1.0 - target)
    chosen = [index for index, (path, _) in enumerate(photos.samples) if os.path.relpath(path, photos_dir()).replace(os.sep, "/") in wanted]
    return DataLoader(Subset(photos, chosen), BATCH, shuffle=split == "train", num_workers=workers, persistent_workers=workers > 0,
                      pin_memory=device.startswith("cuda"))


def plain_step(model: nn.Module, optimizer: torch.optim.Optimizer, images: Tensor, targets: Tensor) -> None:
    """Forward, backward, optimiser, as every tutorial writes it."""
    device = next(model.parameters()).device
    images, targets = images.to(device, non_blocking=True), targets.to(device, non_blocking=True)
    loss = nn.functional.binary_cross_entropy_with_logits(model(images), targets.float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def folder_throughput(steps: int, workers: int, device: str) -> float:
    """Images a second over ``steps`` steps, after a few to warm up."""
    model = build_model("maskcnn", IMAGE_SIZE).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return _rate((plain_step(model, optimizer, *batch) for batch in folder_loader("train", workers, AUGMENTED, device)), steps, device)


def folder_time_to_goal(workers: int, most_epochs: int, device: str, goal: float = GOAL) -> dict[str, object]:
    """Seconds of training until the test photos first reach the goal; they are read after every epoch, to this side's advantage."""
    torch.manual_seed(0)
    model, looking = build_model("maskcnn", IMAGE_SIZE).to(device), 0.0
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train, test = folder_loader("train", workers, AUGMENTED, device), load_dataset("photos", image_size=IMAGE_SIZE).subset("test")
    _wake(device)
    started, reached = _now(device), []
    for epoch in range(1, most_epochs + 1):
        for images, targets in train:
            plain_step(model, optimizer, images, targets)
        began = _now(device)
        reached.append(evaluate(test.targets.numpy(), predict_proba(model, test.images))["accuracy"])
        looking += time.perf_counter() - began
        print(f"ImageFolder + DataLoader, epoch {epoch}: {reached[-1]:.2%} after {time.perf_counter() - started - looking:.0f} s", file=sys.stderr, flush=True)
        if reached[-1] >= goal:
            break
    return {"seconds": time.perf_counter() - started - looking, "accuracy": max(reached), "reached": max(reached) >= goal, "epochs": len(reached)}


# ---- Ours ----

def our_throughput(steps: int, fast: bool, bfloat16: bool, device: str) -> float:
    """Images a second of ``train_one_epoch`` with the original recipe's batch and augmentation."""
    config = TrainConfig(fast=fast)
    model, batches = build_model("maskcnn", IMAGE_SIZE).to(device), _our_batches(steps + 5, device)
    if fast:
        model = model.to(memory_format=torch.channels_last)
    optimizer, criterion = make_optimizer(model, config), nn.BCEWithLogitsLoss()
    recording = Recording(model, criterion, bfloat16) if fast and device.startswith("cuda") else None  # as fit has it

    def run(count: int) -> None:
        train_one_epoch(model, islice(batches, count), optimizer, criterion, AUGMENTATIONS["original"], bfloat16=bfloat16, recording=recording)

    run(5)
    started = _now(device)
    run(steps)
    return steps * BATCH / (_now(device) - started)


def compiled_throughput(steps: int, model_name: str, bfloat16: bool, compiled: bool) -> tuple[float, float]:
    """Images a second in training, and the seconds that the first two steps take beyond that; nothing is left of an earlier compilation."""
    model = build_model(model_name, IMAGE_SIZE).to(memory_format=torch.channels_last)
    optimizer, criterion = make_optimizer(model, recipe("modern", model=model_name)), nn.BCEWithLogitsLoss()
    batches = _our_batches(steps + 2)

    def run(count: int) -> float:
        started = time.perf_counter()
        train_one_epoch(network, islice(batches, count), optimizer, criterion, AUGMENTATIONS["original"], bfloat16=bfloat16)
        return time.perf_counter() - started

    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder
        network = torch.compile(model) if compiled else model
        first, rest = run(2), run(steps)
    return steps * BATCH / rest, first - 2 * rest / steps


def prediction(plainly: bool, model_name: str, n: int = 768) -> tuple[float, float]:
    """Images a second, and by how much the memory of the process had grown at its highest, in GB; or those of a plain loop over batches of 256."""
    model, images = build_model(model_name, IMAGE_SIZE), torch.randint(0, 256, (n, 3, IMAGE_SIZE, IMAGE_SIZE), dtype=torch.uint8)
    before, started = peak_memory(), time.perf_counter()
    if plainly:
        model.eval()
        with torch.no_grad():
            torch.cat([torch.sigmoid(model(batch.float() / 255)) for batch in images.split(256)])
    else:
        predict_proba(model, images)
    return n / (time.perf_counter() - started), (peak_memory() - before) * 2**20 / 1e9


def our_overhead(steps: int, augmentation: str, bfloat16: bool, model_name: str) -> float:
    """Share of a step that choosing, converting and augmenting a batch takes: timed alone, and as part of a whole step."""
    keep_freed_memory()
    model = build_model(model_name, IMAGE_SIZE).to(memory_format=torch.channels_last)
    optimizer, criterion = make_optimizer(model, recipe("modern", model=model_name)), nn.BCEWithLogitsLoss()
    batches, outside, whole = _our_batches(steps + 5), [], []
    for step in range(steps + 5):
        began = time.perf_counter()
        images, targets = next(batches)
        images = augment(images, AUGMENTATIONS[augmentation])
        prepared = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = model(images).float()
        loss = criterion(logits, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        outside.append(prepared - began)
        whole.append(time.perf_counter() - began)
    return statistics.median(outside[5:]) / statistics.median(whole[5:])


def our_time_to_goal(seed: int, device: str, recipe_name: str, image_size: int, options: dict[str, object], split: str = "test") -> dict[str, object]:
    """Seconds from the files to the trained model, reading the photos included; the photos of ``split`` are put to it once, at the end."""
    _wake(device)
    started = _now(device)
    dataset = load_dataset("photos", image_size=image_size)
    result = fit(dataset, recipe(recipe_name, model="maskresnet", seed=seed, device=device, **options))
    seconds = _now(device) - started
    photos = dataset.subset(split)
    accuracy = evaluate(photos.targets.numpy(), predict_proba(result.model, photos.images))["accuracy"]
    return {"seconds": seconds, "accuracy": accuracy, "reached": accuracy >= GOAL, "epochs": len(result.history)}


def _our_batches(count: int, device: str = "cpu") -> Iterator[tuple[Tensor, Tensor]]:
    """Batches as ``fit`` takes them from memory; a thousand photos are enough, so that each turn starts soon."""
    rows = [row for row in read_manifest() if row["split"] == "train"][::3]
    images, kept, _ = read_images([photos_dir() / row["path"] for row in rows], IMAGE_SIZE)
    targets = torch.tensor([rows[index]["class"] == "with_mask" for index in kept])
    photos = Photos(torch.from_numpy(images.transpose(0, 3, 1, 2)).contiguous(), targets, tuple(rows[index]["path"] for index in kept), kept)
    photos = on_device(photos, torch.device(device))
    whole = (batch for _ in range(count) for batch in photos.batches(BATCH, shuffle=True) if len(batch[1]) == BATCH)
    return islice(whole, count)


def fastai_throughput(steps: int, device: str) -> float:
    """The same with fastai's data block, its batch augmentation (flip, rotation) and its learner."""
    from fastai.vision.all import CategoryBlock, DataBlock, Flip, ImageBlock, Learner, Resize, Rotate

    wanted = [photos_dir() / row["path"] for row in read_manifest() if row["split"] == "train"]
    block = DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=lambda _: wanted, splitter=lambda items: (range(len(items)), [0]),
                      get_y=lambda path: path.parent.name, item_tfms=Resize(IMAGE_SIZE, method="squish"), batch_tfms=[Flip(), Rotate(15)])
    loaders = block.dataloaders(None, bs=BATCH, num_workers=os.cpu_count(), device=torch.device(device))
    model = build_model("maskcnn", IMAGE_SIZE).to(device)
    learner = Learner(loaders, model, loss_func=lambda logits, targets: nn.functional.binary_cross_entropy_with_logits(logits, targets.float()))

    def one_batch() -> Iterator[None]:
        learner.create_opt()
        for images, targets in loaders.train:
            yield plain_step(model, learner.opt, images.as_subclass(Tensor), targets.as_subclass(Tensor))

    return _rate(one_batch(), steps, device)


def _rate(steps_taken: Iterator[None], steps: int, device: str, warm_up: int = 5) -> float:
    next(islice(steps_taken, warm_up - 1, None))
    started = _now(device)
    next(islice(steps_taken, steps - 1, None))
    return steps * BATCH / (_now(device) - started)


def _wake(device: str) -> None:
    """Let a GPU load its libraries, which takes seconds once, before the clock of either side starts."""
    if device.startswith("cuda"):
        nn.Linear(8, 1).to(device)(nn.Conv2d(3, 8, 3).to(device)(torch.zeros(1, 3, 16, 16, device=device)).mean(dim=(2, 3))).sigmoid().sum().backward()


def _now(device: str) -> float:
    """Seconds by the clock when the device has done what it was given; a GPU works on while Python goes ahead."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.perf_counter()


# ---- Both sides in one run ----

# Recipe, side of the pictures and other options; chosen on validation photos, those of "transfer" by the command choose. The weights that it begins
# with took maskkit pretrain a quarter of an hour; they come with the package, as those of ImageNet come with torchvision, and are not in its time.
OURS_TO_GOAL = {"from random weights, recipe quick": ("quick", 64, {}), "recipe transfer": ("transfer", 80, {"epochs": 1})}
SHORT = [(image_size, epochs) for epochs in (2, 1) for image_size in (80, 64)]  # of "transfer", among which "choose" has to choose

JOBS: dict[str, Callable[..., object]] = {
    "folder": folder_throughput, "fastai": fastai_throughput, "ours": our_throughput, "overhead": our_overhead, "prediction": prediction,
    "compiled": compiled_throughput, "folder-goal": folder_time_to_goal, "our-goal": our_time_to_goal,
}


# How threads wait for each other, from the variables of GNU's OpenMP (Linux) and of Intel's and LLVM's (Windows, macOS); "maskkit train" has the second.
WAITING = {
    "asleep at once": {"OMP_WAIT_POLICY": "PASSIVE"},
    "awake for a moment": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1"},
    "awake for longer, as OpenMP has it": {},
}


def in_own_process(job: str, *arguments: object, waiting: str = "") -> object:
    """The result of one of ``JOBS`` in a new process."""
    # The other sides run as their users would run them, but share a busy machine as well.
    theirs = job in ("folder", "fastai", "folder-goal")
    environment = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")}
    environment |= WAITING[waiting or ("asleep at once" if theirs else "awake for a moment")] | ({} if theirs else {"THP_MEM_ALLOC_ENABLE": "1"})
    done = subprocess.run([sys.executable, __file__, "job", job, json.dumps(arguments)], stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def throughput(rounds: int, steps: int, device: str) -> None:
    """Images a second of each side, and how many times those of ImageFolder and DataLoader."""
    sides = {
        "ImageFolder + DataLoader, no workers": ("folder", steps, 0, device),
        f"ImageFolder + DataLoader, {os.cpu_count()} workers": ("folder", steps, os.cpu_count(), device),
        "fastai": ("fastai", steps, device),
        "ours, as the original recipe runs": ("ours", steps, False, False, device),
        "ours, channels-last and fused": ("ours", steps, True, False, device),
        "ours, channels-last, fused, bfloat16": ("ours", steps, True, True, device),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    here = {name: job for name, job in sides.items() if "bfloat16" not in name or computes_bfloat16(torch.device(device))}
    for _ in range(rounds):
        for name, job in here.items():
            rate = in_own_process(*job)
            if rate is not None:
                rates[name].append(rate)
    best = max(statistics.median(rates[name]) for name in sides if name.startswith("ImageFolder"))
    print("| side | images a second, median (lowest to highest) | ÷ the better ImageFolder |\n| --- | --- | --- |")
    for name, values in rates.items():
        text = f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})" if values else "does not run here"
        print(f"| {name} | {text} | {f'{statistics.median(values) / best:.2f}' if values else ''} |")


def overhead(rounds: int, steps: int) -> None:
    """Share of a training step outside forward, backward and optimiser."""
    print("| network, augmentation, precision | share of the step, median (lowest to highest) |\n| --- | --- |")
    fast = computes_bfloat16(torch.device("cpu"))  # what training takes by itself
    settings = dict.fromkeys([("maskcnn", "original", False), ("maskcnn", "original", fast), ("maskcnn", "robust", fast), ("maskresnet", "robust", fast)])
    for model, augmentation, bfloat16 in settings:
        shares = [100 * in_own_process("overhead", steps, augmentation, bfloat16, model) for _ in range(rounds)]
        name = f"{model}, {augmentation}, {'bfloat16' if bfloat16 else 'float32'}"
        print(f"| {name} | {statistics.median(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f}) |", flush=True)


def compare_waiting(rounds: int, steps: int) -> None:
    """What it brings and costs that a waiting thread stays awake: the share of ``overhead``, and images a second, alone and of two trainings at once."""
    print("| a waiting thread is | share of the step | images a second alone | of each of two at once |\n| --- | --- | --- | --- |")
    rows: dict[str, list[list[float]]] = {name: [[], [], []] for name in WAITING}
    for _ in range(rounds):
        for name, (shares, alone, together) in rows.items():
            shares.append(100 * in_own_process("overhead", steps, "original", True, "maskcnn", waiting=name))
            alone.append(in_own_process("ours", steps, True, True, "cpu", waiting=name))
            with ThreadPoolExecutor(2) as pool:
                together += pool.map(lambda _: in_own_process("ours", 2 * steps, True, True, "cpu", waiting=name), range(2))
    for name, columns in rows.items():
        cells = [f"{statistics.median(values):.{digits}f}{unit} ({min(values):.{digits}f} to {max(values):.{digits}f})"
                 for values, digits, unit in zip(columns, (1, 0, 0), (" %", "", ""))]
        print(f"| {name} | " + " | ".join(cells) + " |")


def compare_compiled(rounds: int, steps: int, n: int = 2864) -> None:
    """Images a second with and without torch.compile, and after how many epochs of ``n`` photos its compilation has paid."""
    print("| network, precision | images a second | with torch.compile | ratio | seconds to compile | epochs until it has paid |\n|" + " --- |" * 6)
    for model, bfloat16 in (("maskcnn", False), ("maskcnn", True), ("maskresnet", True)):
        turns = [[in_own_process("compiled", steps, model, bfloat16, compiled) for compiled in (False, True)] for _ in range(rounds)]
        plain, fast, seconds = (statistics.median(turn[side][what] for turn in turns) for side, what in ((0, 0), (1, 0), (1, 1)))
        ratios = sorted(turn[1][0] / turn[0][0] for turn in turns)
        pays = f"{seconds / (n / plain - n / fast):.0f}" if fast > plain else "never"
        print(f"| {model}, {'bfloat16' if bfloat16 else 'float32'} | {plain:.0f} | {fast:.0f} | {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | "
              f"{seconds:.0f} | {pays} |", flush=True)


def compare_predictions(rounds: int) -> None:
    """Images a second and memory of ``predict_proba`` and of a plain loop."""
    print("| network | a plain loop, batches of 256: images a second / GB | predict_proba: images a second / GB | ratio of the speeds |\n| --- | --- | --- | --- |")
    for model in ("maskcnn", "maskresnet"):
        turns = [[in_own_process("prediction", plainly, model) for plainly in (True, False)] for _ in range(rounds)]
        sides = [" / ".join(f"{statistics.median(turn[side][what] for turn in turns):.{digits}f}" for what, digits in ((0, 0), (1, 2))) for side in (0, 1)]
        ratios = sorted(ours[0] / plain[0] for plain, ours in turns)
        print(f"| {model} | {sides[0]} | {sides[1]} | {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) |", flush=True)


def time_to_accuracy(seeds: int, most_epochs: int, device: str) -> None:
    """Minutes to the goal of both sides; ours from random weights, and from the weights that come with the package."""
    print("| side | minutes | test accuracy then | epochs |\n| --- | --- | --- | --- |")
    theirs = in_own_process("folder-goal", os.cpu_count(), most_epochs, device)
    reached = "" if theirs["reached"] else ", goal not reached: its best"
    print(f"| ImageFolder + DataLoader, original recipe{reached} | {theirs['seconds'] / 60:.2f} | {theirs['accuracy']:.2%} | {theirs['epochs']} |", flush=True)
    ratios = {}
    for name, job in OURS_TO_GOAL.items():
        ours = []
        for seed in range(seeds):
            ours.append(row := in_own_process("our-goal", seed, device, *job))
            print(f"| ours, {name}, maskresnet, {job[1]} pixels, seed {seed} | {row['seconds'] / 60:.2f} | {row['accuracy']:.2%} | {row['epochs']} |", flush=True)
        ratios[name] = theirs["seconds"] / statistics.median(row["seconds"] for row in ours)
    for name, ratio in ratios.items():
        print(f"\nTheir time ÷ our median time, {name}: {'' if theirs['reached'] else 'more than '}{ratio:.1f}")


def choose(seeds: int, device: str) -> None:
    """What short trainings of the recipe "transfer" take, and how many of the validation photos they are right about."""
    print("| pixels, epochs | seconds | validation accuracy, one seed each |\n| --- | --- | --- |")
    for image_size, epochs in SHORT:
        ours = [in_own_process("our-goal", seed, device, "transfer", image_size, {"epochs": epochs}, "val") for seed in range(seeds)]
        accuracies = ", ".join(f"{row['accuracy']:.2%}" for row in ours)
        print(f"| {image_size}, {epochs} | {statistics.median(row['seconds'] for row in ours):.0f} | {accuracies} |", flush=True)


def main() -> None:
    """Parse the command line and run one of the comparisons, or one job of them."""
    if sys.argv[1:2] == ["job"]:
        print(json.dumps(JOBS[sys.argv[2]](*json.loads(sys.argv[3]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["throughput", "overhead", "time-to-accuracy", "choose", "prediction", "waiting", "compile"])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side, or seeds of ours")
    parser.add_argument("--steps", type=int, default=20, help="timed steps in a turn")
    parser.add_argument("--most-epochs", type=int, default=20, help="after which the other side gives up")
    parser.add_argument("--device", default=str(resolve_device()), help="of throughput, time-to-accuracy and choose")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"{date.today()}, torch {torch.__version__}, {machine}, {os.cpu_count()} cores, computes bfloat16: {computes_bfloat16(device)}\n", flush=True)
    if arguments.what == "throughput":
        throughput(arguments.rounds, arguments.steps, arguments.device)
    elif arguments.what == "overhead":
        overhead(arguments.rounds, arguments.steps)
    elif arguments.what == "choose":
        choose(arguments.rounds, arguments.device)
    elif arguments.what == "prediction":
        compare_predictions(arguments.rounds)
    elif arguments.what == "waiting":
        compare_waiting(arguments.rounds, arguments.steps)
    elif arguments.what == "compile":
        compare_compiled(arguments.rounds, arguments.steps)
    else:
        time_to_accuracy(arguments.rounds, arguments.most_epochs, arguments.device)


if __name__ == "__main__":
    main()
