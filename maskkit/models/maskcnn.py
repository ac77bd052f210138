"""MaskCNN, built layer by layer in notebook 03."""

from torch import Tensor, nn

from maskkit.errors import InputError, require_whole


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
        require_whole("image_size", image_size)
        if image_size < 4:
            raise InputError(f"MaskCNN halves the image twice, so the image size must be at least 4 pixels; got {image_size}.")
        self.image_size = image_size
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
