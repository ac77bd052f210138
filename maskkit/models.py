"""The networks: MaskCNN, built layer by layer in notebook 03, behind one ``build_model``."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from maskkit.errors import InputError


class MaskCNN(nn.Module):
    """Two convolutions, two pools, two fully connected layers, one logit. Taught in notebook 03.

    The output is a logit; ``torch.sigmoid`` makes it the probability of ``with_mask``. The loss works on logits because
    ``log(sigmoid(x))`` computed in two steps overflows where ``binary_cross_entropy_with_logits`` does not.

    Parameters
    ----------
    image_size : int
        Side of the square input in pixels, at least 4: two poolings halve it twice.
    """

    def __init__(self, image_size: int = 128):
        super().__init__()
        if image_size < 4:
            raise InputError(f"MaskCNN halves the image twice, so the image size must be at least 4 pixels; got {image_size}.")
        side = image_size // 2 // 2
        self.features = nn.Sequential(             # (B,  3, 128, 128)
            nn.Conv2d(3, 32, 3, padding=1),        # (B, 32, 128, 128)
            nn.ReLU(),
            nn.MaxPool2d(2),                       # (B, 32,  64,  64)
            nn.Conv2d(32, 64, 3, padding=1),       # (B, 64,  64,  64)
            nn.ReLU(),
            nn.MaxPool2d(2),                       # (B, 64,  32,  32)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),                          # (B, 65536)
            nn.Linear(64 * side * side, 128),      # (B, 128)
            nn.ReLU(),
            nn.Linear(128, 1),                     # (B, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map float images in [0, 1], shape (B, 3, image_size, image_size), to logits, shape (B,)."""
        return self.classifier(self.features(images)).squeeze(1)


MODELS: dict[str, Callable[[int], nn.Module]] = {"maskcnn": MaskCNN}


def build_model(name: str = "maskcnn", image_size: int = 128) -> nn.Module:
    """Build a network by its name: float images (B, 3, image_size, image_size) in, logits (B,) out.

    Raises
    ------
    InputError
        If no network has that name, or the image size does not suit it.
    """
    if name not in MODELS:
        raise InputError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
    return MODELS[name](image_size)


def count_parameters(model: nn.Module) -> int:
    """Number of values that training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def layer_table(model: nn.Module, image_size: int = 128) -> list[dict[str, object]]:
    """Shape and parameter count of each layer, in the order in which an image passes them.

    Returns
    -------
    list of dict
        Keys ``layer`` (its kind), ``output_shape`` (without the batch) and ``parameters``.
    """
    rows: list[dict[str, object]] = []

    def note(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        rows.append({"layer": type(layer).__name__, "output_shape": tuple(output.shape[1:]), "parameters": count_parameters(layer)})

    layers = [module for module in model.modules() if not list(module.children())]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    was_training = model.training
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, 3, image_size, image_size, device=next(model.parameters()).device))
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return rows
