"""What several networks share: scaling of pixels, a check of the image size; and the table of a network's layers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from maskkit.errors import InputError, require, require_whole

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalize(nn.Module):
    """Pixels in [0, 1] to values around 0 of size 1, by the mean and standard deviation of each channel."""

    def __init__(self, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to the same shape."""
        return (images - self.mean) / self.std


def require_size(name: str, image_size: int, smallest: int) -> None:
    """Refuse images that a network would shrink to nothing."""
    require_whole("image_size", image_size)
    if image_size < smallest:
        raise InputError(f"{name} shrinks the image several times, so the image size must be at least {smallest} pixels; got {image_size}.")


def require_image_size(model: nn.Module, shape: Sequence[int]) -> None:
    """Refuse images of shape (…, H, W) for a network that was built for another size; most take any size."""
    size = getattr(model, "image_size", None)
    if size is not None and tuple(shape[-2:]) != (size, size):
        raise InputError(f"The network was built for images of {size} × {size} pixels, but these have {shape[-2]} × {shape[-1]}; use image_size={size}.")


def freeze_features(model: nn.Module) -> None:
    """Let training change the last fully connected layer only, so that it learns from features which stay as they are."""
    *_, head = (layer for layer in model.modules() if isinstance(layer, nn.Linear))
    model.requires_grad_(False)
    head.requires_grad_(True)


def train_mode(model: nn.Module, *, one_image: bool = False) -> None:
    """Training mode for all but frozen batch normalisation, whose averages would otherwise go on following the batches.

    For a batch of ``one_image``, as the last one may be, all batch normalisation keeps to its averages: where an image has shrunk to
    one pixel, it would have nothing to measure, and PyTorch refuses.
    """
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d) and (one_image or not layer.weight.requires_grad):
            layer.eval()


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """A block in which a network is in evaluation mode. Each layer then goes back to the mode that it had: frozen ones may differ from the rest."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training


def count_parameters(model: nn.Module) -> int:
    """Number of values that training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def layer_table(model: nn.Module, image_size: int = 128) -> list[dict[str, object]]:
    """Shape and parameter count of each layer, frozen ones too, in the order in which an image passes them.

    Returns
    -------
    list of dict
        Keys ``layer`` (its kind), ``output_shape`` (without the batch) and ``parameters``.

    Raises
    ------
    InputError
        If this is no network, or one that was built for another image size.
    """
    require(model, nn.Module, "layer_table takes a network, such as MaskCNN(64)")
    require_whole("image_size", image_size)
    require_image_size(model, (image_size, image_size))
    rows: list[dict[str, object]] = []

    def note(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        rows.append({"layer": type(layer).__name__, "output_shape": tuple(output.shape[1:]), "parameters": sum(parameter.numel() for parameter in layer.parameters())})

    layers = [module for module in model.modules() if not list(module.children())]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad(), evaluation_mode(model):
            model(torch.zeros(1, 3, image_size, image_size, device=next(model.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return rows
