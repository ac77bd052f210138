"""Accuracy on the public photos against the number of photos trained on: from scratch, and from a network that has seen drawn faces.

    python benchmarks/few_photos.py --pretrain --draw 0 1 2 --table    # all of it; interrupted, it goes on where it was
    python benchmarks/few_photos.py --pretrain --draw 0 --photos 50 --pairs 1500    # a small part of it
    python benchmarks/few_photos.py --packaged --draw 0 1 2 --starts fine-tuned     # the weights that come with the package

The backbone is what `maskkit pretrain` makes (10,000 drawn faces at 80 pixels, each bare and masked, 16 epochs); it takes photos of any size.

A draw takes other photos, and other first weights where they are random. Every training runs for a number of epochs that was
fixed beforehand and gives its last weights, so that no validation photo helps to choose them; the recipe was chosen with
--val-only, which never looks at the test photos. The photos: maskkit data photos.
"""

import argparse
import dataclasses
import os
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from maskkit.cli import before_torch

before_torch()

import numpy as np
import torch

from maskkit import TrainConfig, evaluate, fit, load_checkpoint, load_dataset, predict_proba
from maskkit.datasets import Dataset
from maskkit.files import read_csv, write_csv
from maskkit.pretraining import PretrainConfig, pretrain
from maskkit.results import save_result
from maskkit.training import BEST, LAST, recipe, starting_model

EPOCHS = {50: 60, 200: 30, 1000: 15, 0: 10}  # by the number of photos; 0 stands for all of them
STARTS = ("scratch", "frozen", "fine-tuned")
NAMES = {"drawn faces only": "no photo", "scratch": "from scratch", "frozen": "frozen features, last layer trained", "fine-tuned": "fine-tuned"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """How large the photos are, and how many drawn faces the backbone has seen (None: it is the package's own); each setting keeps its runs apart."""

    image_size: int
    pairs: int | None

    @property
    def folder(self) -> Path:
        return Path("runs/few_photos") / f"{self.image_size}px-{'packaged' if self.pairs is None else f'{self.pairs}-pairs'}"

    @property
    def weights(self) -> str | Path:
        """As `TrainConfig` takes them."""
        return "drawn" if self.pairs is None else Path("runs/few_photos") / f"drawn-{self.pairs}" / BEST


def plan(start: str, photos: int, seed: int, weights: str | Path) -> TrainConfig:
    """How a network is trained on so many photos."""
    shared = {"model": "maskresnet", "epochs": EPOCHS[photos], "batch_size": 16 if 0 < photos <= 200 else 32, "seed": seed, "averaging": 0.0}
    if start == "scratch":
        return recipe("modern", **shared)
    return recipe("transfer", **shared, weights=weights, **({"freeze": True, "learning_rate": 3e-3} if start == "frozen" else {}))


def few(dataset: Dataset, photos: int, draw: int) -> Dataset:
    """So many training photos, drawn at random with the classes in proportion; eight validation photos, since the training wants some."""
    train, val = dataset.subset("train"), dataset.subset("val").sample(8, seed=draw)
    chosen = train.sample(photos, seed=draw) if photos else train
    split = np.where(dataset.split == "test", "test", "unused")
    split[chosen.indices], split[val.indices] = "train", "val"
    return dataclasses.replace(dataset, split=split)


def measure(model: torch.nn.Module, dataset: Dataset, val_only: bool) -> dict[str, float]:
    """Accuracy on all validation photos, and on the test photos unless they are to stay sealed."""
    scores = {}
    for name in ("val",) if val_only else ("val", "test"):
        subset = dataset.subset(name)
        report = evaluate(subset.targets.numpy(), predict_proba(model, subset.images))
        scores |= {name: round(report["accuracy"], 6), f"{name}_auc": round(report["roc_auc"], 5)}
    return scores


def run(dataset: Dataset, setting: Setting, start: str, photos: int, draw: int, val_only: bool) -> None:
    """Train once and keep the scores; nothing if it is there already."""
    path = setting.folder / ("val_only" if val_only else "rows") / f"{start}-{photos}-{draw}.csv"
    if path.exists():
        return
    chosen, started = few(dataset, photos, draw), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        fit(chosen, plan(start, photos, draw, setting.weights), run_dir=folder)
        model = load_checkpoint(Path(folder) / LAST).model
    row = {"start": start, "photos": len(chosen.subset("train")), "draw": draw, "seconds": round(time.perf_counter() - started), **measure(model, dataset, val_only)}
    write_csv(path, [row])
    print(row, flush=True)


def table(dataset: Dataset, setting: Setting, machine: str) -> None:
    """Print means and spreads, and keep every row for the notebook."""
    backbone = {"start": "drawn faces only", "photos": 0, "draw": 0, "seconds": 0, **measure(starting_model(plan("fine-tuned", 0, 0, setting.weights), setting.image_size).eval(), dataset, False)}
    texts = [row for path in sorted((setting.folder / "rows").glob("*.csv")) for row in read_csv(path)]
    rows = [backbone, *({key: value if key == "start" else float(value) for key, value in row.items()} for row in texts)]
    print("| start | photos | draws | test accuracy, mean | lowest to highest | standard deviation | AUC |\n| --- | --- | --- | --- | --- | --- | --- |")
    for start in NAMES:
        for photos in sorted({row["photos"] for row in rows if row["start"] == start}):
            same = [row for row in rows if row["start"] == start and row["photos"] == photos]
            test, auc = [100 * row["test"] for row in same], statistics.mean(row["test_auc"] for row in same)
            spread = f"{statistics.stdev(test):.1f}" if len(test) > 1 else ""
            print(f"| {NAMES[start]} | {photos:.0f} | {len(same)} | {statistics.mean(test):.1f} % | {min(test):.1f} to {max(test):.1f} | {spread} | {auc:.4f} |")
    print(save_result("few_photos", rows, machine))


def main() -> None:
    """Parse the command line and do what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pretrain", action="store_true", help="train the backbone")
    parser.add_argument("--draw", type=int, nargs="*", default=[], help="train on the photos of these draws")
    parser.add_argument("--photos", type=int, nargs="*", default=list(EPOCHS), help="numbers of photos; 0 for all")
    parser.add_argument("--starts", nargs="*", default=STARTS, choices=STARTS)
    parser.add_argument("--val-only", action="store_true", help="to choose a recipe: leave the test photos sealed")
    parser.add_argument("--table", action="store_true", help="print the table and keep it")
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--pairs", type=int, default=10_000, help="faces drawn for the backbone, each bare and masked")
    parser.add_argument("--packaged", action="store_true", help="begin with the weights that come with the package in place of a backbone made here")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="1 where two runs share two cores")
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores", help="said in the table")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"{date.today()}, torch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
    if arguments.packaged and arguments.pretrain:
        parser.error("--packaged takes weights that are there, and --pretrain makes others; give one of them.")
    setting = Setting(arguments.image_size, None if arguments.packaged else arguments.pairs)
    if arguments.pretrain:
        pretrain(PretrainConfig(pairs=setting.pairs), setting.weights.parent, progress=True)
    dataset = load_dataset("photos", image_size=setting.image_size)
    for photos in arguments.photos:
        for draw in arguments.draw:
            for start in arguments.starts:
                run(dataset, setting, start, photos, draw, arguments.val_only)
    if arguments.table:
        table(dataset, setting, arguments.machine)


if __name__ == "__main__":
    main()
