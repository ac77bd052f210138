"""What a training run depends on besides its data, and named recipes: settings that belong together."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from os import PathLike

import numpy as np
import torch

from maskkit.errors import InputError, require, seen
from maskkit.models import ANY_SIZE, MODELS, PUBLISHED, WEIGHTS
from maskkit.runtime import check_seed
from maskkit.transforms import AUGMENTATIONS

SCHEDULES = ("constant", "one_cycle")
PRECISIONS = ("float32", "bfloat16", "auto")
_MOST = 2**31 - 1  # of what torch counts
_STEEPEST = 1e30  # far below what float32 holds, since a step can be a multiple of it


@dataclass(frozen=True)
class TrainConfig:
    """What a training run depends on besides its data. The defaults are the original recipe.

    Attributes
    ----------
    model : name for ``build_model``
    epochs : most epochs to train, at least 1
    batch_size : images in a step, at least 1
    learning_rate : of Adam, above 0; the highest one where it follows a schedule
    patience : stop after so many epochs without a lower validation loss, at least 1
    min_delta : by how much the loss must fall to count as lower
    augmentation : a name from ``transforms.AUGMENTATIONS``
    seed : of the weights, the order of the images and the augmentation
    device : "auto", "cpu", "cuda" or "mps"
    weight_decay : pulls weights towards 0 at each step (AdamW), at least 0
    schedule : "constant", or "one_cycle": the learning rate climbs, then falls to nearly 0
    label_smoothing : in [0, 1]; the targets of training lie this share of the way towards one half
    precision : "float32", "bfloat16", or "auto": bfloat16 where the processor or GPU computes with it
    fast : channels-last weights, a fused optimiser and, on a GPU, recorded passes: the same steps in less time, rounded differently
    weights : what the network begins with: a name for ``build_model``, or the path of a checkpoint (.pth) of the same network
    freeze : train the last layer only, on the features that the weights give; random ones must be asked for by name
    teacher : path of a trained network's checkpoint (.pth), whose probabilities take the place of labels; none if empty
    averaging : in [0, 0.9999]; validated and kept is a running mean of the weights, which keeps this share of itself at each step
    growing : share of the epochs in which images grow from half their size to the whole, in [0, 1]
    """

    model: str = "maskcnn"
    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 8
    min_delta: float = 0.0
    augmentation: str = "original"
    seed: int = 0
    device: str = "auto"
    weight_decay: float = 0.0
    schedule: str = "constant"
    label_smoothing: float = 0.0
    precision: str = "float32"
    fast: bool = False
    weights: str = "auto"
    growing: float = 0.0
    freeze: bool = False
    averaging: float = 0.0
    teacher: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _plain(field.name, getattr(self, field.name), type(field.default)))
        for name in ("epochs", "batch_size", "patience"):
            if not 1 <= getattr(self, name) <= _MOST:
                raise InputError(f"{name} must be at least 1{'' if getattr(self, name) < 1 else f' and at most {_MOST}'}; got {getattr(self, name)}.")
        check_seed(self.seed)
        if not 0 < self.learning_rate < _STEEPEST:
            raise InputError(f"learning_rate must be a number above 0 and below {_STEEPEST:g}; got {self.learning_rate}.")
        for name, highest in (("min_delta", math.inf), ("weight_decay", math.inf), ("label_smoothing", 1), ("growing", 1), ("averaging", 0.9999)):
            if not 0 <= getattr(self, name) <= highest or math.isinf(getattr(self, name)):
                raise InputError(f"{name} must be {'a number of at least 0' if highest == math.inf else f'from 0 to {highest}'}; got {getattr(self, name)}.")
        for name, known in (("model", MODELS), ("augmentation", AUGMENTATIONS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                wrong = f"There is no {name} {value!r}" if isinstance(value, str) else f"{name} is a name, and not {seen(value)}"
                raise InputError(f"{wrong}; choose one of {', '.join(known)}.")
        if self.teacher and not self.teacher.endswith(".pth"):
            raise InputError(f"The teacher is the checkpoint (.pth) of a trained network; got {self.teacher!r}.")
        if self.weights not in WEIGHTS and not self.weights.endswith(".pth"):
            raise InputError(f"There are no weights {self.weights!r}; choose one of {', '.join(WEIGHTS)}, or give the path of a checkpoint (.pth).")
        if self.freeze and self.weights == "auto" and self.model not in PUBLISHED:
            raise InputError(f"With freeze only the last layer learns, from features that the weights bring, and {self.model} begins with random ones; give weights that "
                             "have seen pictures (a .pth of the same network, or drawn for maskresnet), or weights random if that is what you want.")
        if self.growing and self.model not in ANY_SIZE:
            raise InputError(f"{self.model} fits one image size, so its images cannot grow; set growing to 0 or choose one of {', '.join(sorted(ANY_SIZE))}.")


def _plain(name: str, value: object, kind: type) -> object:
    """An option as Python's own kind of value, which JSON can hold: numbers of NumPy, paths and devices come in, too."""
    if kind is str:
        return str(value) if isinstance(value, str | PathLike | torch.device) or name in ("weights", "teacher", "device") else value
    allowed, called = {int: (Integral, "a whole number"), float: (Real, "a number"), bool: (bool | np.bool_, "True or False")}[kind]
    require(value, allowed, f"{name} must be {called}")
    return value if type(value) in (int, float, bool) else kind(value)  # np.float64 is a float, too, but no plain one


def _one_cycle(epochs: int, **others: object) -> dict[str, object]:
    """What all recipes but the original have in common. Each is planned to its end, so that it does not stop early."""
    return {"epochs": epochs, "patience": epochs, "schedule": "one_cycle", "weight_decay": 0.05, "precision": "auto", "fast": True, **others}


# What each recipe changes of the original one.
RECIPES: dict[str, dict[str, object]] = {
    "original": {},
    "modern": _one_cycle(45, learning_rate=3e-3, augmentation="robust", label_smoothing=0.05, growing=0.6, averaging=0.998),
    "quick": _one_cycle(14, learning_rate=3e-3, augmentation="strong", growing=0.8, averaging=0.99),
    "taught": _one_cycle(60, learning_rate=8e-4, augmentation="mild", averaging=0.998),
    "transfer": _one_cycle(15, learning_rate=1e-3, augmentation="robust", label_smoothing=0.05, model="maskresnet", weights="drawn"),
}
# What all but "original" say otherwise for some networks. Without batch normalisation large steps throw the weights about, and a fully
# connected layer fits one image size; weights that others have trained want to be changed with care.
FOR_MODEL: dict[str, dict[str, object]] = {
    "maskcnn": {"learning_rate": 8e-4, "growing": 0.0},
    **{name: {"learning_rate": 1e-3, "weights": "auto"} for name in PUBLISHED},
}


def recipe(name: str = "original", **options: object) -> TrainConfig:
    """A named recipe, with ``options`` in place of what it says. All but the original train to the end, of other ``epochs``, too, unless ``patience`` is given.

    Examples
    --------
    >>> recipe("modern", model="maskresnet", epochs=5).schedule
    'one_cycle'

    Raises
    ------
    InputError
        If there is no such recipe, or an option is impossible.
    """
    if name not in RECIPES:
        raise InputError(f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.")
    known = [field.name for field in fields(TrainConfig)]
    if unknown := [option for option in options if option not in known]:
        raise InputError(f"A recipe has no option {unknown[0]!r}; the options are {', '.join(known)}.")
    settings = {**RECIPES[name], **options}
    if name == "taught" and not settings.get("teacher"):
        raise InputError("The recipe taught needs a teacher: the mask_cnn_best.pth of a network that knows better (--teacher).")
    for_model = FOR_MODEL.get(str(settings.get("model", TrainConfig.model)), {}) if name != "original" else {}
    # A cycle of another length is planned to its end as well.
    planned = {"patience": options["epochs"]} if "epochs" in options and name != "original" else {}
    return TrainConfig(**{**RECIPES[name], **for_model, **planned, **options})
