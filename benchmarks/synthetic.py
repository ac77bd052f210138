"""Faces that are drawn, photos that are real: how fast are faces drawn, and what does a network that saw nothing else tell on photos?

    python benchmarks/synthetic.py                     # both networks; read on the photos' validation and test splits
    python benchmarks/synthetic.py --seeds 0 1         # two of each
    python benchmarks/synthetic.py --choose            # read on the photos' training split instead: for everything that is to be chosen
    python benchmarks/synthetic.py --speed             # speed alone

The networks are made as `maskkit pretrain` makes them, and kept in runs/synthetic; an interrupted run goes on. No photo is used to train or to
choose an epoch; how the photos are read was chosen on their training split. The photos: maskkit data photos.
"""

import argparse
import os
import time
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

from maskkit.cli import before_torch

before_torch()

import numpy as np
import torch
from torch import Tensor

from maskkit import evaluate, load_dataset
from maskkit.faces import generate_faces
from maskkit.files import read_csv
from maskkit.pretraining import PretrainConfig, WithPlaces, pretrain
from maskkit.transforms import resize, to_float

RUNS = Path("runs/synthetic")
NETWORKS = {
    "maskresnet": PretrainConfig("maskresnet", pairs=10_000, image_size=80, epochs=16),
    "maskcnn": PretrainConfig("maskcnn", pairs=10_000, image_size=80, epochs=5),
}


@dataclass(frozen=True)
class Reading:
    """How a finished network reads photos, chosen on the photos' training split: in which sizes, with how much of their contrast, and from how
    much evidence on it says: a mask."""

    sides: tuple[int, ...]
    contrast: float
    least: float


# On photos the residual network leans towards a mask: at 0 it knew 99 % of the masks and 92 % of the bare faces.
READINGS = {"maskresnet": Reading((64, 80, 96, 112), 1.0, 1.0), "maskcnn": Reading((80,), 0.5, 0.0)}


@torch.no_grad()
def probabilities(network: WithPlaces, images: Tensor, reading: Reading) -> np.ndarray:
    """Of a mask, (N,), from the mean evidence of each uint8 picture and its mirror image in all sizes; one half at the least evidence for a mask."""
    evidence = []
    for batch in images.split(256):
        batch = 0.5 + reading.contrast * (to_float(batch) - 0.5)
        sizes = [resize(batch, side) for side in reading.sides]
        evidence.append(sum(network.evidence(size) + network.evidence(size.flip(3)) for size in sizes) / (2 * len(sizes)))
    return torch.sigmoid(torch.cat(evidence).float() - reading.least).numpy()


def report(name: str, truth: np.ndarray, scores: np.ndarray) -> None:
    found = evaluate(truth, scores)
    low, high = found["accuracy_interval"]
    recalls = ", ".join(f"recall {label} {100 * values['recall']:.1f} %" for label, values in found["per_class"].items())
    print(f"{name}: accuracy {100 * found['accuracy']:.1f} % of {found['n']} (95 % interval {100 * low:.1f} to {100 * high:.1f}), "
          f"AUC {found['roc_auc']:.3f}, {recalls}", flush=True)


def speed() -> None:
    """Faces a second on one core and in as many processes as there are cores, and whether the bytes are the same."""
    generate_faces(100, seed=1, workers=1)  # fills the caches of hair
    drawn = []
    for workers in (1, os.cpu_count() or 1):
        started = time.perf_counter()
        drawn.append(generate_faces(1000, seed=2, workers=workers)[0])
        print(f"{1000 / (time.perf_counter() - started):.0f} faces a second at 128×128 in {workers} process(es)", flush=True)
    print("the same bytes in both:", bool((drawn[0] == drawn[1]).all()))


def photos(splits: tuple[str, ...]) -> tuple[Tensor, np.ndarray]:
    """Pictures (N, 3, 128, 128) and labels (N,) of some splits of the public photos."""
    dataset = load_dataset("photos", image_size=128)
    chosen = np.isin(dataset.split, splits)
    return dataset.images[torch.from_numpy(chosen)], dataset.targets.numpy()[chosen]


def main() -> None:
    """Parse the command line; train what is missing, and read it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choose", action="store_true", help="read on the photos' training split")
    parser.add_argument("--speed", action="store_true", help="speed alone")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the faces and of the network")
    # The threads of one convolution wait for each other without sleeping: on a machine that also does other work, two take far longer than one.
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"{date.today()}, {os.cpu_count()} cores, {options.threads} thread(s)")
    if options.speed:
        return speed()
    torch.set_num_threads(options.threads)
    splits = ("train",) if options.choose else ("val", "test")
    images, truth = photos(splits)
    for name, seed in product(options.networks, options.seeds):
        config, folder = replace(NETWORKS[name], seed=seed), RUNS / f"{name}-{seed}"
        network = pretrain(config, folder, progress=True, on_epoch=lambda history: print(" ", history[-1], flush=True))
        minutes = sum(float(row["seconds"]) for row in read_csv(folder / "history.csv")) / 60
        report(f"{config}, {minutes:.1f} minutes of training; photos' {' and '.join(splits)}", truth, probabilities(network, images, READINGS[name]))


if __name__ == "__main__":
    main()
