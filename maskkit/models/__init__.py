"""The networks behind one ``build_model``: MaskCNN, VGG blocks, a residual network, and torchvision's. Taught in notebooks 03 and 07.

Each takes float images in [0, 1] of shape (B, 3, H, W) and gives logits of shape (B,); what scaling of the pixels it
wants is its own affair, inside it.
"""

from maskkit.models.build import ANY_SIZE, MODELS, PUBLISHED, WEIGHTS, build_model
from maskkit.models.layers import count_parameters, evaluation_mode, freeze_features, layer_table, require_image_size, train_mode
from maskkit.models.maskcnn import MaskCNN
from maskkit.models.maskresnet import MaskResNet
from maskkit.models.vgg import VGGSmall

__all__ = ["ANY_SIZE", "MODELS", "PUBLISHED", "WEIGHTS", "MaskCNN", "MaskResNet", "VGGSmall", "build_model", "count_parameters",
           "evaluation_mode", "freeze_features", "layer_table", "require_image_size", "train_mode"]
