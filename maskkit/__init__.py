"""MaskKit: learn convolutional networks by building a classifier for faces with and without a mask.

The names that notebooks use stand here; each is imported when it is first used, so that ``import maskkit`` is quick.
"""

import importlib

__version__ = "0.1.0"

_HOME = {
    "load_dataset": "datasets",
    "MaskCNN": "models",
    "build_model": "models",
    "TrainConfig": "training",
    "EarlyStopping": "training",
    "fit": "training",
    "load_or_train": "training",
    "load_checkpoint": "checkpoints",
    "seed_everything": "runtime",
    "resolve_device": "runtime",
    "evaluate": "evaluation",
    "predict_proba": "evaluation",
    "draw_face": "faces",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'maskkit' has no attribute {name!r}")
    return getattr(importlib.import_module(f"maskkit.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
