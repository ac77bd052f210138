"""VGG blocks: two convolutions of 3×3 and a pooling, again and again. Taught in notebook 07."""

from torch import Tensor, nn

from maskkit.models.layers import Normalize, require_size


class VGGSmall(nn.Module):
    """Four VGG blocks, then the mean over all places and one logit; 0.58 M parameters, images of any size from 16 pixels.

    Two convolutions of 3×3 see as far as one of 5×5 with fewer weights (Simonyan and Zisserman, "Very Deep Convolutional
    Networks for Large-Scale Image Recognition", 2015). The mean over all places replaces MaskCNN's large fully connected
    layer (Lin et al., "Network In Network", 2014), and with it nearly all of its parameters.

    Parameters
    ----------
    image_size : int
        Side of the images in pixels, at least 16: four poolings halve it four times. The weights do not depend on it.
    """

    def __init__(self, image_size: int = 128):
        super().__init__()
        require_size("vgg_small", image_size, 16)
        self.features = nn.Sequential(     # (B,   3, 128, 128)
            Normalize(),
            *vgg_block(3, 32),             # (B,  32,  64,  64)
            *vgg_block(32, 64),            # (B,  64,  32,  32)
            *vgg_block(64, 128),           # (B, 128,  16,  16)
            *vgg_block(128, 128),          # (B, 128,   8,   8)
        )
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, 1))
        for layer in self.features:
            # Without batch normalisation eight layers learn only if each keeps the size of the signal (He et al., 2015).
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Map float images in [0, 1], shape (B, 3, H, W), to logits, shape (B,)."""
        return self.classifier(self.features(images)).squeeze(1)


def vgg_block(channels_in: int, channels_out: int) -> list[nn.Module]:
    """Two convolutions with ReLU, then a pooling that halves the side."""
    return [
        nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
    ]
