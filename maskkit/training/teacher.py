"""A trained network as the teacher of another one: its probabilities take the place of labels."""

import torch
from torch import Tensor

from maskkit.checkpoints import load_checkpoint
from maskkit.runtime import in_precision
from maskkit.transforms import resize


class Teacher:
    """Answers for every augmented batch what the smaller network shall learn to answer, in place of 0 and 1.

    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015; that teacher and learner see the very same picture,
    and for a long time: Beyer et al., "Knowledge Distillation: A Good Teacher Is Patient and Consistent", 2022.

    Parameters
    ----------
    path : checkpoint of the teacher; it must not have seen the validation and test images either
    device : where it computes
    bfloat16 : whether it computes in that precision
    """

    def __init__(self, path: str, device: torch.device, bfloat16: bool = False):
        checkpoint = load_checkpoint(path, device)
        self.model = checkpoint.model.to(memory_format=torch.channels_last)
        self.image_size, self.bfloat16 = checkpoint.image_size, bfloat16

    @torch.no_grad()
    def targets(self, images: Tensor) -> Tensor:
        """Probabilities (B,) of a mask on float images (B, 3, H, W) in [0, 1], which it sees in its own size."""
        if images.shape[-1] != self.image_size:
            images = resize(images, self.image_size)
        with in_precision(images.device, self.bfloat16):
            return torch.sigmoid(self.model(images).float())
