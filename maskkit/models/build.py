"""One name for each network: ``build_model``."""

from collections.abc import Callable

from torch import nn

from maskkit.errors import InputError
from maskkit.models.drawn import load_drawn_weights
from maskkit.models.maskcnn import MaskCNN
from maskkit.models.maskresnet import MaskResNet
from maskkit.models.published import load_published_weights, published
from maskkit.models.vgg import VGGSmall

PUBLISHED = ("resnet18", "mobilenet_v3_small", "efficientnet_b0")
MODELS: dict[str, Callable[[int], nn.Module]] = {
    "maskcnn": MaskCNN, "vgg_small": VGGSmall, "maskresnet": MaskResNet, **{name: published(name) for name in PUBLISHED},
}
ANY_SIZE = frozenset(MODELS) - {"maskcnn"}  # MaskCNN's fully connected layer fits one image size
WEIGHTS = ("auto", "random", "published", "drawn")


def build_model(name: str = "maskcnn", image_size: int = 128, weights: str = "random") -> nn.Module:
    """Build a network by its name: float images (B, 3, image_size, image_size) in [0, 1] in, logits (B,) out.

    Parameters
    ----------
    name : a key of ``MODELS``
    image_size : side of the images in pixels
    weights : what the network begins with
        "random" and "drawn" need no network connection; "drawn", for maskresnet, have seen drawn faces and come with the package;
        "published" are torchvision's, trained on ImageNet and downloaded once; "auto" are the published ones where there are
        some, and random ones for our own networks.

    Raises
    ------
    InputError
        If no network has that name, the image size does not suit it, or there are no such weights.
    """
    if name not in MODELS:
        raise InputError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
    known_for = {"published": PUBLISHED, "drawn": ("maskresnet",)}
    if weights not in WEIGHTS or name not in known_for.get(weights, MODELS):
        raise InputError(f"There are no {weights!r} weights for {name}; 'auto' and 'random' always work, 'published' for {', '.join(PUBLISHED)}, "
                         "'drawn' for maskresnet.")
    model = MODELS[name](image_size)
    if weights == "drawn":
        load_drawn_weights(model)
    elif name in PUBLISHED and weights != "random":
        load_published_weights(model, name)
    return model
