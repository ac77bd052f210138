"""Random search against Optuna's TPE sampler on the same budget, repeated, since one search of each says little.

    python benchmarks/tuning.py                    # 5 repeats of 20 trials for each sampler
    python benchmarks/tuning.py --repeats 3        # fewer

The data, the network and the knobs are those of notebook 06. Only the seed of the sampler differs between repeats: every
trial with the same values gives the same loss. The losses are kept for the notebook.
"""

import argparse
import os
import statistics
from datetime import date

from maskkit.cli import before_torch

before_torch()

import torch

from maskkit import TrainConfig, load_dataset
from maskkit.results import save_result
from maskkit.tuning import LogRange, trial_rows, tune

SPACE = {"learning_rate": LogRange(1e-4, 1e-1), "batch_size": (16, 32, 64)}
BASE = TrainConfig(model="maskresnet", epochs=3, augmentation="none", schedule="one_cycle")


def main() -> None:
    """Run the searches, print their table, keep their losses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores", help="said in the notebook")
    arguments = parser.parse_args()
    dataset = load_dataset("synthetic", n=1200, image_size=32, fractions=(0.4, 0.33, 0.27))
    print(f"{date.today()}, torch {torch.__version__}, {torch.get_num_threads()} threads, {dataset!r}\n", flush=True)
    rows = []
    for repeat in range(arguments.repeats):
        for sampler in ("random", "tpe"):
            study = tune(dataset, BASE, space=SPACE, trials=arguments.trials, sampler=sampler, seed=repeat)
            rows.append({"sampler": sampler, "repeat": repeat, "val_losses": [round(row["val_loss"], 4) for row in trial_rows(study)]})
            print(sampler, repeat, f"lowest {min(rows[-1]['val_losses']):.4f}", study.best_params, flush=True)
    print("\n| sampler | lowest loss after 8 trials, mean | after all | lowest to highest |\n| --- | --- | --- | --- |")
    for sampler in ("random", "tpe"):
        losses = [row["val_losses"] for row in rows if row["sampler"] == sampler]
        final = [min(values) for values in losses]
        print(f"| {sampler} | {statistics.mean(min(values[:8]) for values in losses):.3f} | {statistics.mean(final):.3f} | {min(final):.3f} to {max(final):.3f} |")
    print(save_result("tuning", rows, arguments.machine))


if __name__ == "__main__":
    main()
