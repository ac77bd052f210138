"""MaskResNet: a small residual network with batch normalisation. Taught in notebook 07."""

import torch.nn.functional as F
from torch import Tensor, nn

from maskkit.models.layers import Normalize, require_size


class ResidualBlock(nn.Module):
    """Two convolutions that learn what to add to their input (He et al., "Deep Residual Learning for Image Recognition", 2016).

    Where the block halves the side, the shortcut takes the mean of each 2×2 pixels before its 1×1 convolution, so that no
    pixel is passed over (He et al., "Bag of Tricks for Image Classification with CNNs", 2019).
    """

    def __init__(self, channels_in: int, channels_out: int, *, halve: bool = False):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride=2 if halve else 1, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Sequential()
        if halve:
            self.shortcut.append(nn.AvgPool2d(2, ceil_mode=True))
        if channels_in != channels_out:
            self.shortcut.extend([nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out)])

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels_in, H, W) to (B, channels_out, H, W), or half the side, rounded up."""
        change = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(change + self.shortcut(x))


class MaskResNet(nn.Module):
    """A stem, four residual blocks, the mean over all places, one logit; 1.16 M parameters, images of any size from 16 pixels.

    Parameters
    ----------
    image_size : int
        Side of the images in pixels, at least 16: the side is halved four times. The weights do not depend on it.
    """

    def __init__(self, image_size: int = 128):
        super().__init__()
        require_size("maskresnet", image_size, 16)
        self.features = nn.Sequential(                     # (B,   3, 128, 128)
            Normalize(),
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),                                     # (B,  32,  64,  64)
            ResidualBlock(32, 64, halve=True),             # (B,  64,  32,  32)
            ResidualBlock(64, 128, halve=True),            # (B, 128,  16,  16)
            ResidualBlock(128, 128),
            ResidualBlock(128, 192, halve=True),           # (B, 192,   8,   8)
        )
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(192, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Map float images in [0, 1], shape (B, 3, H, W), to logits, shape (B,)."""
        return self.classifier(self.features(images)).squeeze(1)
