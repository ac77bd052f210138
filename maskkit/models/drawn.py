"""Weights of our own that come with the package: those of a network that has seen drawn faces, and no photo. Used in notebook 07."""

from pathlib import Path

import torch
from torch import nn

# Made by docs/make_drawn_weights.py from what `maskkit pretrain` leaves; the file says with which options and versions.
FILE = Path(__file__).with_name("maskresnet_drawn.pth")


def load_drawn_weights(model: nn.Module) -> None:
    """Put the weights into a MaskResNet. They are stored in half precision, and widened to the model's own."""
    model.load_state_dict(torch.load(FILE, map_location="cpu", weights_only=True)["state_dict"])
