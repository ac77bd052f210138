"""One photo, one core, from decoded pixels to the probability: torch eager against the exported models, in one run.

    python benchmarks/export.py                    # every network of build_model, with fresh weights (the time does not depend on them)
    python benchmarks/export.py maskcnn            # only these
    python benchmarks/export.py --image-size 64

All sides start from the same uint8 picture (H, W, 3) and end with a number: torch eager as one would write it, in evaluation
mode and without gradients; torch by our ``predict_proba``, which lays the channels last; the exported models by
``OnnxModel.predict_proba``. They take turns within each round; a round's ratio is that of the medians of its calls, and what is
printed is the median ratio of the rounds with the lowest and the highest.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

if hasattr(os, "sched_setaffinity"):  # one core, also for what would start threads of its own
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np
import torch

from maskkit.checkpoints import Checkpoint
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.export import ExportImages, export, int8_path, milliseconds
from maskkit.models import MODELS, build_model
from maskkit.onnx_model import OnnxModel

ROUNDS, CALLS = 15, 25


def plainly(model: torch.nn.Module, photo: np.ndarray) -> np.ndarray:
    """Probabilities as one would write it."""
    with torch.no_grad():
        return torch.sigmoid(model(torch.from_numpy(photo).permute(0, 3, 1, 2).contiguous() / 255)).numpy()


def compare(name: str, image_size: int) -> None:
    """Print the row of one network."""
    torch.manual_seed(0)
    model = build_model(name, image_size).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (20, image_size, image_size, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export(Checkpoint(model, name, image_size), path, ExportImages(pixels, pixels, "noise"))
        answers = {"torch": lambda photo: plainly(model, photo), "predict_proba": lambda photo: predict_proba(model, photo),
                   "float32": OnnxModel(path, threads=1).predict_proba, "int8": OnnxModel(int8_path(path), threads=1).predict_proba}
        rounds = [milliseconds(answers, pixels[:1], CALLS) for _ in range(ROUNDS)]
    times = [statistics.median(column) for column in zip(*rounds)]
    print(f"| {name} | {times[0]:.2f} | {times[1]:.2f} | {times[2]:.2f} | {ratio(rounds, 2)} | {times[3]:.2f} | {ratio(rounds, 3)} |", flush=True)


def ratio(rounds: list[list[float]], column: int) -> str:
    """The time of torch eager over another's: the median of the rounds, the lowest and the highest."""
    ratios = [row[0] / row[column] for row in rounds]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help="names for build_model (default: all)")
    parser.add_argument("--image-size", type=int, default=128)
    arguments = parser.parse_args()
    packages = ", ".join(f"{package} {version(package)}" for package in ("torch", "onnxruntime"))
    print(f"{date.today()}, Python {platform.python_version()}, {packages}; one photo of {arguments.image_size}×{arguments.image_size}, one core, "
          f"{ROUNDS} rounds of {CALLS} calls\n")
    print("| network | torch eager, ms | predict_proba, ms | ONNX float32, ms | torch eager ÷ float32 | ONNX int8, ms | torch eager ÷ int8 |\n"
          "| --- | --- | --- | --- | --- | --- | --- |")
    for name in arguments.networks or MODELS:
        try:
            compare(name, arguments.image_size)
        except InputError as error:
            print(f"| {name} | {error} | | | | | |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
