"""Faces that are drawn, photos that are real: how fast are faces drawn, and what does a network that saw nothing else tell on photos?

    python benchmarks/synthetic.py                     # both networks; read on the photos' validation and test splits
    python benchmarks/synthetic.py --choose            # read on the photos' training split instead: for everything that is to be chosen
    python benchmarks/synthetic.py --speed             # speed alone
    python benchmarks/synthetic.py --minutes 11        # stop after so long, at the end of an epoch; the same command goes on

Training sees twins: the same face bare and masked in one batch (`maskkit.faces.generate_twins`). The residual network also
answers, for each place of the picture, whether a mask, a bare mouth or neither is there; where the two twins differ is the truth.
No photo is used to train, to choose an epoch or to set a threshold. The photos: maskkit data photos. Twins and unfinished runs are
kept in runs/synthetic.
"""

import argparse
import math
import os
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskkit import evaluate, load_dataset
from maskkit.faces import Twins, generate_faces, generate_twins, recipe_hash
from maskkit.models import build_model
from maskkit.models.maskresnet import ResidualBlock
from maskkit.runtime import computes_bfloat16, keep_freed_memory, seed_everything
from maskkit.training.averaging import RunningMean
from maskkit.transforms import AUGMENTATIONS, AugmentConfig, augment, resize, to_float

RUNS = Path("runs/synthetic")
PAIRS, SIDE, BATCH = 10000, 80, 32  # twins, pixels a side, twins in a batch
EPOCHS = {"mouthnet": 24, "maskresnet": 24, "maskcnn": 5}
RATES = {"mouthnet": 4e-3, "maskresnet": 4e-3, "maskcnn": 7e-4}  # the highest learning rate of the one cycle
READ_SIDES, READ_CONTRAST = (64, 80, 96, 112), 0.5  # how photos are shown to a network that has finished
GEOMETRY = ("horizontal_flip", "rotation", "zoom", "shift", "stretch")


class MouthNet(nn.Module):
    """A small residual network that finds the mouth: logits of {neither, bare mouth, mask} for each 8×8 pixels, and one for the picture.

    The picture's logit compares the area that looks like a mask with the area that looks like a bare mouth.
    """

    def __init__(self, width: int = 32):
        super().__init__()
        w = width
        self.near = nn.Sequential(                                                              # (B,  3, 80, 80)
            nn.Conv2d(3, w // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(w // 2), nn.ReLU(),
            nn.Conv2d(w // 2, w, 3, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),            # (B, 32, 20, 20)
            ResidualBlock(w, w), ResidualBlock(w, 2 * w, halve=True), ResidualBlock(2 * w, 2 * w),  # (B, 64, 10, 10)
        )
        self.far = nn.Sequential(ResidualBlock(2 * w, 4 * w, halve=True), ResidualBlock(4 * w, 4 * w))  # (B, 128, 5, 5)
        self.from_near, self.from_far = (nn.Conv2d(channels, 2 * w, 1, bias=False) for channels in (2 * w, 4 * w))
        self.norm, self.places = nn.BatchNorm2d(2 * w), nn.Conv2d(2 * w, 3, 1)
        self.whole = nn.Linear(4 * w, 1)
        nn.init.zeros_(self.whole.weight)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to logits (B,) and (B, 3, H/8, W/8)."""
        near = self.near((images - 0.5) / 0.25)
        far = self.far(near)
        wide = F.interpolate(self.from_far(far), size=near.shape[-2:], mode="bilinear", align_corners=False)
        places = self.places(F.relu(self.norm(self.from_near(near) + wide))).float()
        _, bare, mask = F.log_softmax(places, dim=1).flatten(2).logsumexp(dim=2).unbind(dim=1)
        return mask - bare + self.whole(F.dropout(far.mean(dim=(2, 3)), 0.2, self.training)).squeeze(1), places


class WholePicture(nn.Module):
    """A kit's model in the same shape: one logit, nothing about places."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        return self.model(images), None


class WithPlaces(nn.Module):
    """MaskResNet, and an answer for each 8×8 pixels from the features before its last block."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model, self.places = model, nn.Conv2d(128, 3, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to logits (B,) and (B, 3, H/8, W/8)."""
        near = self.model.features[:-1](images)
        return self.model.classifier(self.model.features[-1](near)).squeeze(1), self.places(near).float()


def batches(twins: Twins) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """(images float (2B, 3, S, S), targets (2B,), where (2B, 1, S, S)): both twins of each pair in one batch."""
    order = torch.randperm(len(twins.bare)).numpy()
    for first in range(0, len(order) - BATCH + 1, BATCH):
        chosen = order[first:first + BATCH]
        images = torch.from_numpy(np.concatenate([twins.bare[chosen], twins.masked[chosen]])).permute(0, 3, 1, 2)
        where = F.interpolate(to_float(torch.from_numpy(twins.where[chosen])[:, None]), size=images.shape[-2:])
        yield to_float(images), torch.arange(2.0).repeat_interleave(len(chosen)), where.repeat(2, 1, 1, 1)


def vary(images: Tensor, where: Tensor, strength: float, side: int) -> tuple[Tensor, Tensor]:
    """Augment pictures, and move their maps as they moved: the same seed draws the same geometry."""
    whole = AUGMENTATIONS["robust"]
    weak = {field.name: strength * getattr(whole, field.name) for field in fields(whole) if field.name != "horizontal_flip"}
    config = replace(whole, **weak)
    moves = AugmentConfig(**{name: getattr(config, name) for name in GEOMETRY})
    seed = int(torch.randint(2**31, ()))
    images = augment(images, config, torch.Generator().manual_seed(seed), side)
    return images, augment(where.expand(-1, 3, -1, -1), moves, torch.Generator().manual_seed(seed), side)[:, :1]


def loss_of(logits: Tensor, places: Tensor | None, targets: Tensor, where: Tensor) -> Tensor:
    """Cross-entropy of the pictures (labels smoothed by 4 %) and, where a network answers for places, of those."""
    loss = F.binary_cross_entropy_with_logits(logits.float(), 0.96 * targets + 0.02)
    if places is None:
        return loss
    share = F.adaptive_avg_pool2d(where, places.shape[-2:])[:, 0]
    masked = share * targets[:, None, None]
    truth = torch.stack([1 - share, share - masked, masked], dim=1)
    each = -(truth * F.log_softmax(places, dim=1)).sum(dim=1)
    return loss + ((1 + 3 * share) * each).mean()  # mouths are small: they count four times


class Training:
    """One cycle of AdamW; pictures grow from 3/5 of their side and augmentation to its strength; `mean` is the running mean of the weights.

    All randomness is torch's own, so that a run that was stopped after an epoch goes on as if it never had been.
    """

    def __init__(self, model: nn.Module, twins: Twins, epochs: int, rate: float, grows: bool, file: Path):
        self.model, self.twins, self.epochs, self.rate, self.grows, self.file = model, twins, epochs, rate, grows, file
        model.train().to(memory_format=torch.channels_last)
        self.mean, self.epoch, self.step, self.seconds = RunningMean(model, 0.998), 0, 0, 0.0
        self.steps, self.side = epochs * (len(twins.bare) // BATCH), twins.bare.shape[1]
        self.bfloat16 = computes_bfloat16(torch.device("cpu"))
        self.optimizer = torch.optim.AdamW([{"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.05},
                                            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0}], lr=rate)
        if file.is_file():
            state = torch.load(file)
            self.model.load_state_dict(state["model"])
            self.mean.load_state_dict({"module": state["mean"], "steps": state["step"]})
            self.optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["random"])
            self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]

    def one_epoch(self) -> None:
        started, seen, total = time.perf_counter(), 0, 0.0
        for images, targets, where in batches(self.twins):
            done = self.step / self.steps
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * (0.04 + 0.96 * done / 0.2 if done < 0.2 else 0.5 * (1 + math.cos(math.pi * (done - 0.2) / 0.8)))
            side = round(self.side * (0.6 + 0.4 * min(1, done / 0.6)) / 16) * 16 if self.grows else self.side
            images, where = vary(images, where, 0.8 * min(1, 0.2 + done / 0.35), side)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
                logits, places = self.model(images.contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits, places, targets, where)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.step, seen, total = self.step + 1, seen + len(targets), total + loss.item() * len(targets)
            self.mean.update(self.model)
        self.epoch, seconds = self.epoch + 1, time.perf_counter() - started
        self.seconds += seconds
        print(f"  epoch {self.epoch} of {self.epochs}: loss {total / seen:.3f}, {seen / seconds:.0f} images a second", flush=True)

    def keep(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"model": self.model.state_dict(), "mean": self.mean.module.state_dict(), "optimizer": self.optimizer.state_dict(),
                    "random": torch.get_rng_state(), "epoch": self.epoch, "step": self.step, "seconds": self.seconds}, self.file)


@torch.no_grad()
def probabilities(model: nn.Module, images: Tensor) -> np.ndarray:
    """Of a mask, (N,): the mean logit of each uint8 picture and its mirror image, in all `READ_SIDES` if the network takes any size.

    The contrast is reduced first (`READ_CONTRAST`): sizes and contrast were chosen on the photos' training split.
    """
    sides = (SIDE,) if isinstance(model, WholePicture) else READ_SIDES
    logits = []
    for batch in images.split(256):
        batch = 0.5 + READ_CONTRAST * (to_float(batch) - 0.5)
        sizes = [resize(batch, side) for side in sides]
        logits.append(sum(model(size)[0] + model(size.flip(3))[0] for size in sizes) / (2 * len(sides)))
    return torch.sigmoid(torch.cat(logits).float()).numpy()


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
    dataset = load_dataset("photos", image_size=128)
    chosen = np.isin(dataset.split, splits)
    return dataset.images[torch.from_numpy(chosen)], dataset.targets.numpy()[chosen]


def kept_twins(pairs: int, seed: int) -> Twins:
    """Twins that were drawn once are kept, under a key that changes with the generator."""
    file = RUNS / f"twins-{recipe_hash(pairs, SIDE, seed)}.npz"
    if not file.is_file():
        started = time.perf_counter()
        twins = generate_twins(pairs, image_size=SIDE, seed=seed)
        print(f"{pairs} pairs of faces at {SIDE}×{SIDE} drawn in {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, bare=twins.bare, masked=twins.masked, where=twins.where)
    with np.load(file) as kept:
        return Twins(kept["bare"], kept["masked"], kept["where"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choose", action="store_true", help="read on the photos' training split, also of an unfinished run")
    parser.add_argument("--speed", action="store_true", help="speed alone")
    parser.add_argument("--networks", nargs="+", default=list(EPOCHS), choices=list(EPOCHS))
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--epochs", type=int, help="in place of the number that was chosen for each network")
    parser.add_argument("--seed", type=int, default=0)
    # The threads of one convolution wait for each other without sleeping: on a machine that also does other work, two take far longer than one.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf)
    options = parser.parse_args()
    print(f"{date.today()}, {os.cpu_count()} cores, seed {options.seed}")
    if options.speed:
        return speed()
    began = time.perf_counter()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    twins = kept_twins(options.pairs, options.seed)
    for name in options.networks:
        seed_everything(options.seed)
        epochs = options.epochs or EPOCHS[name]
        model = MouthNet() if name == "mouthnet" else WholePicture(build_model(name, SIDE)) if name == "maskcnn" else WithPlaces(build_model(name, SIDE))
        file = RUNS / f"{name}-{recipe_hash(options.pairs, SIDE, options.seed)}-{epochs}.pth"
        run = Training(model, twins, epochs, RATES[name], grows=name != "maskcnn", file=file)
        while run.epoch < epochs and time.perf_counter() - began < 60 * options.minutes:
            run.one_epoch()
            run.keep()
        if options.choose or run.epoch == epochs:
            images, truth = photos(("train",) if options.choose else ("val", "test"))
            scores = probabilities(run.mean.module.eval(), images)
            report(f"{name}, epoch {run.epoch} of {epochs}, {run.seconds / 60:.1f} minutes of training; photos' "
                   f"{'training split' if options.choose else 'validation and test splits'}", truth, scores)
            np.savez(file.with_suffix(".npz"), scores=scores, truth=truth)


if __name__ == "__main__":
    main()
