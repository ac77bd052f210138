"""Accuracy on the public photos: the original recipe and ours, over several seeds, also on photos that are spoilt.

    python benchmarks/accuracy.py                                # all sides, seeds 0, 1, 2
    python benchmarks/accuracy.py maskresnet --seeds 0 1         # one side, two seeds
    python benchmarks/accuracy.py --table                        # only print what is finished

Each epoch is chosen on the validation photos; the test photos are read once for each side and seed, when its run is
finished. Finished runs are kept in runs/accuracy and not trained again; one that was interrupted goes on. The photos: maskkit data photos.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from maskkit.cli import before_torch

before_torch()

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from maskkit import TrainConfig, evaluate, fit, load_dataset, predict_proba
from maskkit.datasets import Dataset
from maskkit.files import read_csv, write_csv
from maskkit.training import LAST, load_or_train, recipe

RUNS = Path("runs/accuracy")
TEACHER = RUNS / "teacher" / LAST  # of the side "taught"; its schedule was planned for the last epoch
SIDES: dict[str, TrainConfig] = {
    "original": recipe("original"),
    "maskcnn": recipe("modern"),
    "maskresnet": recipe("modern", model="maskresnet"),
    "taught": recipe("taught", teacher=TEACHER),
    "transfer": recipe("transfer"),
}


def _blur(images: Tensor) -> Tensor:
    return tv.gaussian_blur(images, kernel_size=13, sigma=2.0)


def _noise(images: Tensor) -> Tensor:
    return (images + 0.1 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def _dark(images: Tensor) -> Tensor:
    return images * 0.3


def _low_resolution(images: Tensor) -> Tensor:
    return tv.resize(tv.resize(images, [32, 32], antialias=True), list(images.shape[2:]), antialias=True)


def _turned(images: Tensor) -> Tensor:
    """Every other image 20 degrees to the left, the rest to the right; corners black."""
    left, right = tv.rotate(images[::2], 20, tv.InterpolationMode.BILINEAR), tv.rotate(images[1::2], -20, tv.InterpolationMode.BILINEAR)
    turned = torch.empty_like(images)
    turned[::2], turned[1::2] = left, right
    return turned


SPOILT: dict[str, Callable[[Tensor], Tensor]] = {
    "blur, sigma 2 px": _blur, "noise, sigma 0.1": _noise, "dark, 0.3 of the light": _dark, "32×32 pixels": _low_resolution, "turned by 20°": _turned,
}


def train_teacher() -> None:
    """The residual network that begins with drawn faces, fine-tuned on the training photos, unless it is there; its test accuracy is not read here."""
    load_or_train(load_dataset("photos", image_size=96), recipe("transfer"), run_dir=TEACHER.parent)


def run(side: str, seed: int, dataset: Dataset) -> dict[str, object]:
    """Train one side with one seed, read the test photos, and keep the scores beside the model."""
    folder, config = RUNS / f"{side}-{seed}", replace(SIDES[side], seed=seed)
    if (folder / "scores.csv").exists():
        return {}
    if config.teacher:
        train_teacher()
    result = fit(dataset, config, run_dir=folder, resume=(folder / LAST).exists(),
                 on_epoch=lambda history: print(f"{side}-{seed}", history[-1], file=sys.stderr, flush=True))
    minutes = sum(row["seconds"] for row in result.history) / 60
    best, test = result.history[result.best_epoch - 1], dataset.subset("test")
    scores = evaluate(test.targets.numpy(), predict_proba(result.model, test.images))
    row = {"side": side, "seed": seed, "test": scores["accuracy"], "n": scores["n"], "auc": scores["roc_auc"], "val": best["val_accuracy"],
           "epoch": result.best_epoch, "epochs": len(result.history), "minutes": round(minutes, 2), "fingerprint": dataset.fingerprint}
    for name, spoil in SPOILT.items():
        images = (spoil(test.images.float() / 255) * 255).round().byte()
        row[name] = evaluate(test.targets.numpy(), predict_proba(result.model, images))["accuracy"]
    write_csv(folder / "scores.csv", [row])
    return row


def table() -> None:
    """Print the finished runs: each side's mean and standard deviation over its seeds, then every run."""
    rows = [row for path in sorted(RUNS.glob("*/scores.csv")) for row in read_csv(path)]
    columns = ["test", "auc", "val", *SPOILT]
    print("| side | seeds | " + " | ".join(columns) + " | minutes a run |\n|" + " --- |" * (len(columns) + 3))
    for side in SIDES:
        runs = [row for row in rows if row["side"] == side]
        if runs:
            cells = [_mean_and_spread([float(row[column]) for row in runs]) for column in columns]
            minutes = [float(row["minutes"]) for row in runs]
            print(f"| {side} | {', '.join(row['seed'] for row in runs)} | " + " | ".join(cells) + f" | {statistics.mean(minutes):.1f} |")
    print("\nEvery run (test accuracy; epoch kept of epochs trained):")
    for row in rows:
        wrong = round((1 - float(row["test"])) * int(row["n"]))
        print(f"  {row['side']}, seed {row['seed']}: {float(row['test']):.2%} ({wrong} of {row['n']} wrong), epoch {row['epoch']} of {row['epochs']}, "
              f"{row['minutes']} minutes, data {row['fingerprint']}")


def _mean_and_spread(values: list[float]) -> str:
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{spread}"


def main() -> None:
    """Parse the command line, train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sides", nargs="*", help=f"of {', '.join(SIDES)}; all if none is named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="1 where two runs share two cores")
    parser.add_argument("--table", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if not arguments.table:
        dataset = load_dataset("photos", image_size=128)
        print(f"{date.today()}, torch {torch.__version__}, {arguments.threads} threads, {dataset!r}\n", flush=True)
        for seed in arguments.seeds:
            for side in arguments.sides or SIDES:
                run(side, seed, dataset)
    table()


if __name__ == "__main__":
    main()
