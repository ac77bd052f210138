"""Parameters against accuracy: MaskCNN, VGG blocks and residual blocks on the same drawn faces, with the same recipe.

    python benchmarks/depth.py                     # three seeds, twenty epochs, recipe modern; the figures are kept for notebook 07
    python benchmarks/depth.py --recipe original   # another recipe: nothing is kept

Drawn faces from half the world, 48 × 48 pixels. The accuracy is that of the epoch with the lowest validation loss, on the test
faces, which are read once for each run.
"""

import argparse
import os
import statistics
from datetime import date

from maskkit.cli import before_torch

before_torch()

import torch

from maskkit import evaluate, fit, load_dataset, predict_proba
from maskkit.models import count_parameters
from maskkit.results import save_result
from maskkit.training import recipe

RECIPE = "modern"
NETWORKS = ("maskcnn", "vgg_small", "maskresnet")


def main() -> None:
    """Train each network with each seed, print the table, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipe", default=RECIPE)
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores", help="said in the notebook")
    arguments = parser.parse_args()
    dataset = load_dataset("synthetic", n=2000, image_size=48, variety=0.5)
    test = dataset.subset("test")
    print(f"{date.today()}, torch {torch.__version__}, {torch.get_num_threads()} threads, {dataset!r}\n", flush=True)
    rows = []
    for seed in arguments.seeds:
        for model in NETWORKS:
            result = fit(dataset, recipe(arguments.recipe, model=model, epochs=arguments.epochs, patience=arguments.epochs, seed=seed))
            accuracy = evaluate(test.targets.numpy(), predict_proba(result.model, test.images))["accuracy"]
            rows.append({"model": model, "parameters": count_parameters(result.model), "seed": seed, "accuracy": round(accuracy, 4), "epoch": result.best_epoch,
                         "seconds": round(sum(row["seconds"] for row in result.history))})
            print(rows[-1], flush=True)
    print("\n| network | parameters | test accuracy, mean | lowest to highest | seconds a run |\n| --- | --- | --- | --- | --- |")
    for model in NETWORKS:
        runs = [row for row in rows if row["model"] == model]
        accuracy = [100 * row["accuracy"] for row in runs]
        print(f"| {model} | {runs[0]['parameters']:,} | {statistics.mean(accuracy):.1f} % | {min(accuracy):.1f} to {max(accuracy):.1f} | {statistics.mean(row['seconds'] for row in runs):.0f} |")
    if arguments.recipe == RECIPE:
        print(save_result("depth", rows, arguments.machine))


if __name__ == "__main__":
    main()
