"""Save a model with all that is needed to use it again, and load it without running anybody's code."""

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from os import PathLike
from pathlib import Path

import torch
from torch import nn

from maskkit.errors import InputError, require
from maskkit.files import BEST, replace_file
from maskkit.images import CLASS_NAMES
from maskkit.models import MODELS, build_model, require_image_size
from maskkit.runtime import resolve_device

FORMAT = "maskkit-checkpoint-1"


@dataclass(frozen=True)
class Checkpoint:
    """A model and what must be known to feed it.

    Attributes
    ----------
    model : nn.Module, in evaluation mode when it was loaded
    model_name : name for ``build_model``
    image_size : side of the images it was trained on, in pixels
    class_names : the label of each index; ``with_mask`` is 1
    epoch, val_loss : when it was saved, and how good it was then
    training_state : what a resumed run needs besides the weights (optimiser, generators, history); empty otherwise
    """

    model: nn.Module
    model_name: str
    image_size: int
    class_names: tuple[str, ...] = CLASS_NAMES
    epoch: int = 0
    val_loss: float = float("nan")
    training_state: dict = field(default_factory=dict)


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, atomically: an interrupted save leaves the previous file as it was. InputError if it could not be loaded."""
    require(checkpoint, Checkpoint, "save_checkpoint takes a path and a Checkpoint(model, 'maskcnn', image_size)")
    require_image_size(checkpoint.model, (checkpoint.image_size, checkpoint.image_size))  # loading would fail, when it is too late
    if checkpoint.model_name not in MODELS:
        raise InputError(f"A checkpoint names a network of maskkit, by which it is loaded: one of {', '.join(MODELS)}; got {checkpoint.model_name!r}. "
                         "For a network of your own take torch.save(model.state_dict(), path).")
    save_state(path, {
        # Python's own kinds of values, where NumPy's or paths may have come in: loading takes no others.
        "format": FORMAT, "model_name": str(checkpoint.model_name), "image_size": int(checkpoint.image_size),
        "class_names": [str(name) for name in checkpoint.class_names], "epoch": int(checkpoint.epoch), "val_loss": float(checkpoint.val_loss),
        "training_state": checkpoint.training_state, "state_dict": checkpoint.model.state_dict()})


def save_state(path: str | Path, content: dict) -> None:
    """``torch.save``, atomically. A full disk is an error of the system then, which can be told in words, and not one of torch's insides."""
    buffer = BytesIO()
    torch.save(content, buffer)
    with replace_file(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def load_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> Checkpoint:
    """Load a checkpoint that ``save_checkpoint`` wrote, with the model in evaluation mode on ``device``.

    Only tensors and plain values are read (``weights_only=True``): a file that holds a pickle with code is refused and
    the code is not run (torch documentation, "torch.load").

    Raises
    ------
    InputError
        If the file is missing or may not be read, is no checkpoint, is damaged, does not fit its own description, or its training has failed;
        or if there is no such device.
    """
    require(path, (str, PathLike), "load_checkpoint takes the path of a model file (.pth)")
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the model in it, {path / BEST}." if (path / BEST).is_file() else
                         f"{path} is a folder, and there is no {BEST} in it; give the {BEST} in the folder of a run.")
    if not path.is_file():
        raise InputError(f"There is no model file {path}; train one with 'maskkit train', or correct the path.")
    device = resolve_device(device)
    content = _read(path)
    try:
        model = build_model(content["model_name"], content["image_size"])
        model.load_state_dict(content.pop("state_dict"))
        content["class_names"] = tuple(content["class_names"])
        checkpoint = Checkpoint(model=model.to(device).eval(), **content)
    except (LookupError, TypeError, RuntimeError, MemoryError, InputError) as error:
        reason = f" ({str(error).rstrip('.')})" if isinstance(error, InputError) else ""  # other errors speak of torch's insides
        raise InputError(f"{path} does not fit the model that it names{reason}; train it again.") from error
    if checkpoint.class_names != CLASS_NAMES:
        theirs, ours = (" and ".join(map(str, names)) for names in (checkpoint.class_names, CLASS_NAMES))
        raise InputError(f"{path} is of other classes, {theirs}, and not of {ours}; train one with 'maskkit train'.")
    if not all(values.isfinite().all() for values in model.state_dict().values()):
        raise InputError(f"{path} holds weights that are not numbers; train it again, with a lower learning rate.")
    return checkpoint


def _read(path: Path) -> dict:
    try:
        with warnings.catch_warnings(action="ignore"):  # torch wonders about foreign files; the error says enough
            content = torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise InputError(f"The model file {path} may not be read ({error.strerror}); give yourself the permission to read it, or ask its owner.") from error
    # A damaged or foreign file fails in as many ways as there are files: UnpicklingError, EOFError, RuntimeError, KeyError … What torch says of
    # it is advice to programmers.
    except Exception as error:
        raise InputError(f"{path} is not a MaskKit checkpoint, or is damaged (nothing in it was run); "
                         f"give the {BEST} in the folder of a run, or train it again.") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise InputError(f"{path} is not a MaskKit checkpoint; give the {BEST} in the folder of a run, as 'maskkit train' wrote it.")
    return content
