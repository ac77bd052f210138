"""Networks of torchvision with one logit, and their published weights."""

from collections.abc import Callable
from urllib.parse import urlsplit

from torch import Tensor, nn

from maskkit.errors import InputError
from maskkit.models.layers import Normalize, require_size


class PublishedNet(nn.Module):
    """A classifier of torchvision whose last layer is replaced by one with a single logit.

    Parameters
    ----------
    name : str
        A name of ``torchvision.models`` whose network ends in ``fc`` or in the last layer of ``classifier``.
    """

    def __init__(self, name: str):
        super().__init__()
        from torchvision.models import get_model

        self.normalize, self.backbone = Normalize(), get_model(name, weights=None)
        if hasattr(self.backbone, "fc"):
            self.backbone.fc, self.head_name = nn.Linear(self.backbone.fc.in_features, 1), "fc"
        else:
            last = len(self.backbone.classifier) - 1
            self.backbone.classifier[last], self.head_name = nn.Linear(self.backbone.classifier[last].in_features, 1), f"classifier.{last}"

    def forward(self, images: Tensor) -> Tensor:
        """Map float images in [0, 1], shape (B, 3, H, W), to logits, shape (B,)."""
        return self.backbone(self.normalize(images)).squeeze(1)


def published(name: str) -> Callable[[int], nn.Module]:
    """What builds a network of torchvision, with random weights."""
    def build(image_size: int = 128) -> nn.Module:
        require_size(name, image_size, 16)
        return PublishedNet(name)

    return build


def load_published_weights(model: PublishedNet, name: str) -> None:
    """Put torchvision's published weights (trained on ImageNet) into all layers but the last.

    They are downloaded once into torch's cache folder and checked by their hash (torchvision documentation, "Models and
    pre-trained weights").

    Raises
    ------
    InputError
        If they are not in the cache and cannot be downloaded.
    """
    from torchvision.models import get_model_weights

    weights = get_model_weights(name).DEFAULT
    try:
        state = weights.get_state_dict(progress=False, check_hash=True)
    # URLError and timeouts are OSErrors; RuntimeError is a download whose hash is wrong.
    except (OSError, RuntimeError) as error:
        raise InputError(f"The published weights of {name} could not be downloaded from {urlsplit(weights.url).netloc} ({type(error).__name__}); "
                         "connect and try again, take our own network, which has seen drawn faces and is here (--model maskresnet --weights drawn), "
                         "or begin with random weights (--weights random).") from error
    kept = {key: value for key, value in state.items() if not key.startswith(f"{model.head_name}.")}
    model.backbone.load_state_dict(kept, strict=False)
