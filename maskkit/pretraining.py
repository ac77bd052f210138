"""A network that has seen drawn faces alone, to begin with where photos are few: ``maskkit pretrain``.

Training sees twins: the same face bare and masked in one batch (`maskkit.faces.generate_twins`), so that nothing but the mask tells the
classes apart. MaskResNet also answers, for each place of the picture, whether a mask, a bare mouth or neither is there; where the twins
differ is the truth. So it learns where to look, which labels alone leave to chance; the part that answers for places is then left out.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskkit.checkpoints import Checkpoint, save_checkpoint, save_state
from maskkit.errors import InputError, require_whole
from maskkit.faces import Twins, generate_twins, recipe_hash
from maskkit.files import as_path, drawn_once, write_csv, write_json
from maskkit.memory import require_memory
from maskkit.models import build_model
from maskkit.runtime import (check_seed, computes_bfloat16, in_precision, keep_freed_memory, memory_format, random_states, resolve_device, restore_random_states,
                             seed_everything, to_device, versions)
from maskkit.training import BEST, LAST, TrainConfig, make_optimizer, one_cycle
from maskkit.training.averaging import RunningMean
from maskkit.training.run import DAMAGED
from maskkit.transforms import AUGMENTATIONS, AugmentConfig, augment, to_float

GEOMETRY = ("horizontal_flip", "rotation", "zoom", "shift", "stretch")  # what moves the places of a picture
LEARNING_RATES = {"maskresnet": 4e-3, "maskcnn": 7e-4}


@dataclass(frozen=True)
class PretrainConfig:
    """What a backbone depends on.

    Attributes
    ----------
    model : "maskresnet", or "maskcnn", which has no answer for places and fits one image size
    pairs : faces, each drawn twice: bare and with a mask; at least ``batch_size``
    image_size : side of the pictures in pixels, a multiple of 16, at least 32
    epochs : passes over all pairs, at least 1; the schedule is planned for so many
    seed : of the faces, the weights, the order and the augmentation
    batch_size : pairs in a step
    device : "auto", "cpu", "cuda" or "mps"
    """

    model: str = "maskresnet"
    pairs: int = 10_000
    image_size: int = 80
    epochs: int = 16
    seed: int = 0
    batch_size: int = 32
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.model not in LEARNING_RATES:
            raise InputError(f"Weights that have seen drawn faces can be made for {' or '.join(LEARNING_RATES)}; got {self.model!r}.")
        for name, least in (("batch_size", 1), ("epochs", 1), ("pairs", self.batch_size), ("image_size", 32)):
            require_whole(name, getattr(self, name), least)
            object.__setattr__(self, name, int(getattr(self, name)))  # kept with the run, where NumPy's numbers could not be loaded
        check_seed(self.seed)
        object.__setattr__(self, "seed", int(self.seed))
        if self.image_size % 16:
            raise InputError(f"image_size must be a multiple of 16, for the pictures to grow in steps; got {self.image_size}.")


class WithPlaces(nn.Module):
    """A network, and an answer for each 8×8 pixels from the features before MaskResNet's last block (none for another network)."""

    def __init__(self, model: nn.Module, name: str = "maskresnet"):
        super().__init__()
        self.model = model
        self.places = nn.Conv2d(128, 3, 1) if name == "maskresnet" else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map (B, 3, H, W) to logits (B,) of a mask, and (B, 3, H/8, W/8) of neither, bare mouth, mask."""
        if self.places is None:
            return self.model(images).float(), None
        near = self.model.features[:-1](images)
        return self.model.classifier(self.model.features[-1](near)).squeeze(1).float(), self.places(near).float()

    def evidence(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to logits (B,) from both answers: that of the picture, and how much more mask than bare mouth its places show."""
        logits, places = self(images)
        if places is None:
            return logits
        _, mouth, mask = places.softmax(dim=1).mean(dim=(2, 3)).clamp(min=1e-6).log().unbind(dim=1)
        return logits + mask - mouth


def twin_batches(twins: Twins, batch_size: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Both twins of ``batch_size`` pairs at a time, in an order drawn anew; what is left over is left out.

    Yields
    ------
    images : float in [0, 1], (2 B, 3, S, S), first the bare ones
    targets : float, (2 B,)
    where : float in [0, 1], (2 B, 1, S, S); how much of each place the mask changes
    """
    order = torch.randperm(len(twins.bare)).numpy()
    for first in range(0, len(order) - batch_size + 1, batch_size):
        chosen = order[first:first + batch_size]
        images = torch.from_numpy(np.concatenate([twins.bare[chosen], twins.masked[chosen]])).permute(0, 3, 1, 2)
        where = F.interpolate(to_float(torch.from_numpy(twins.where[chosen])[:, None]), size=images.shape[-2:])
        yield to_float(images), torch.arange(2.0).repeat_interleave(len(chosen)), where.repeat(2, 1, 1, 1)


def vary(images: Tensor, where: Tensor, strength: float, side: int) -> tuple[Tensor, Tensor]:
    """Augment pictures by a share of "robust", and move their maps as they were moved: the same seed draws the same geometry."""
    whole = AUGMENTATIONS["robust"]
    weaker = {field.name: strength * getattr(whole, field.name) for field in fields(whole) if field.name != "horizontal_flip"}
    config = replace(whole, **weaker)
    moves = AugmentConfig(**{name: getattr(config, name) for name in GEOMETRY})
    seed = int(torch.randint(2**31, ()))
    images = augment(images, config, torch.Generator().manual_seed(seed), side)
    return images, augment(where.expand(-1, 3, -1, -1), moves, torch.Generator().manual_seed(seed), side)[:, :1]


def loss_of(logits: Tensor, places: Tensor | None, targets: Tensor, where: Tensor) -> Tensor:
    """Cross-entropy of the pictures (labels smoothed by 4 %) and, where a network answers for places, of those."""
    loss = F.binary_cross_entropy_with_logits(logits, 0.96 * targets + 0.02)
    if places is None:
        return loss
    share = F.adaptive_avg_pool2d(where, places.shape[-2:])[:, 0]
    masked = share * targets[:, None, None]
    truth = torch.stack([1 - share, share - masked, masked], dim=1)
    each = -(truth * F.log_softmax(places, dim=1)).sum(dim=1)
    return loss + ((1 + 3 * share) * each).mean()  # mouths are small: they count four times


def pretrain(config: PretrainConfig = PretrainConfig(), run_dir: str | Path = "runs/drawn", *,
             on_epoch: Callable[[list[dict]], None] | None = None, progress: bool = False) -> WithPlaces:
    """Train a network on twins; give back the running mean of its weights, and keep its ``model`` as ``run_dir/mask_cnn_best.pth``.

    A run of the same configuration that was interrupted goes on after its last whole epoch, and ends as if it never had been; one that is
    finished is loaded. There is no validation: nothing is chosen here, and the last epoch is kept.

    Raises
    ------
    InputError
        If ``run_dir`` holds another run.
    """
    run = Pretraining(config, as_path(run_dir), progress)
    while run.epoch < config.epochs:
        run.one_epoch()
        run.keep()
        if on_epoch:
            on_epoch(run.history)
    if not (run.folder / BEST).exists():  # a finished run whose model has been moved away, or deleted
        run.keep_backbone()
    return run.mean.module.to(memory_format=torch.contiguous_format).eval()


class Pretraining:
    """One cycle of AdamW, in which pictures grow from 3/5 of their side and augmentation to its strength.

    All randomness is torch's own, so that a run that was stopped after an epoch goes on as if it never had been.
    """

    def __init__(self, config: PretrainConfig, folder: Path, progress: bool = False):
        self.config, self.folder, self.history, self.progress = config, folder, [], progress
        last = self._last_state()
        keep_freed_memory()
        self.device = resolve_device(config.device)
        seed_everything(config.seed)
        network = WithPlaces(build_model(config.model, config.image_size), config.model)
        self.network = network.train().to(self.device, memory_format=memory_format(self.device))
        self.mean, self.step = RunningMean(self.network, 0.998), 0
        self.steps = config.epochs * (config.pairs // config.batch_size)
        self.bfloat16 = computes_bfloat16(self.device)
        self.optimizer = make_optimizer(network, TrainConfig(weight_decay=0.05))  # the learning rate is set before each step
        if last:
            try:
                self._restore(last)
            except DAMAGED as error:
                raise InputError(f"The run in {folder} cannot be resumed: its {LAST} is damaged, or of another version ({type(error).__name__}).") from error

    @cached_property
    def twins(self) -> Twins:
        """Drawn, or read, once an epoch needs them: a finished run does not."""
        require_memory(2 * self.config.pairs, self.config.image_size)
        return kept_twins(self.config.pairs, self.config.image_size, self.config.seed, self.progress)

    @property
    def epoch(self) -> int:
        """Number of epochs that are done."""
        return len(self.history)

    def one_epoch(self) -> None:
        """Pass over all pairs once, and add a row to the history."""
        started, seen, total = time.perf_counter(), 0, 0.0
        for images, targets, where in twin_batches(self.twins, self.config.batch_size):
            done = self.step / self.steps
            for group in self.optimizer.param_groups:
                group["lr"] = LEARNING_RATES[self.config.model] * one_cycle(done, climb=0.2)
            images, where = vary(images, where, 0.8 * min(1, 0.2 + done / 0.35), self._side(done))
            images, targets, where = (to_device(each, self.device) for each in (images, targets, where))
            with in_precision(self.device, self.bfloat16):
                logits, places = self.network(images.contiguous(memory_format=memory_format(self.device)))
            loss = loss_of(logits.float(), places, targets, where)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.mean.update()
            self.step, seen, total = self.step + 1, seen + len(targets), total + loss.detach() * len(targets)
        seconds = time.perf_counter() - started
        self.history.append({"epoch": self.epoch + 1, "train_loss": float(total / seen), "seconds": round(seconds, 3),
                             "images_per_second": round(seen / seconds, 1)})

    def keep(self) -> None:
        """Write the run folder; the backbone itself only when it is finished, so that half a training is never taken for a whole one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_csv(self.folder / "history.csv", self.history)
        write_json(self.folder / "config.json", {"pretrain": asdict(self.config), "versions": versions()})
        if self.epoch == self.config.epochs:
            self.keep_backbone()
        save_state(self.folder / LAST, {
            "pretrain": asdict(self.config), "network": self.network.state_dict(), "mean": self.mean.state_dict(), "step": self.step,
            "optimizer": self.optimizer.state_dict(), "random": random_states(), "history": self.history})

    def keep_backbone(self) -> None:
        """Write what other trainings begin with."""
        save_checkpoint(self.folder / BEST, Checkpoint(self.mean.module.model, self.config.model, self.config.image_size, epoch=self.epoch))

    def _side(self, done: float) -> int:
        """Of the pictures at this share of the run. A fully connected layer fits one size."""
        size = self.config.image_size
        return size if self.config.model == "maskcnn" else max(16, round(size * (0.6 + 0.4 * min(1, done / 0.6)) / 16) * 16)

    def _last_state(self) -> dict | None:
        if not (self.folder / LAST).is_file():
            if (self.folder / BEST).exists():
                raise InputError(f"{self.folder} already holds a trained model; give another --run-dir, or delete that folder.")
            return None
        try:
            state = torch.load(self.folder / LAST, map_location="cpu", weights_only=True)
            same = {**state["pretrain"], "device": self.config.device} == asdict(self.config)
        except Exception:  # a damaged file, or a pickle with code, fails in as many ways as there are files
            same = False
        if not same:
            raise InputError(f"{self.folder} holds another run, or one with other options; give another --run-dir, or delete that folder.")
        return state

    def _restore(self, state: dict) -> None:
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.history = state["step"], state["history"]
        restore_random_states(state["random"])


def kept_twins(pairs: int, image_size: int, seed: int, progress: bool = False) -> Twins:
    """Twins that were drawn once are kept in the cache folder, under a key that changes with the generator."""
    return Twins(**drawn_once(f"twins-{recipe_hash(pairs, image_size, seed)}",
                              lambda: vars(generate_twins(pairs, image_size=image_size, seed=seed, progress=progress))))
