"""A trained network as the teacher of another one: its probabilities take the place of labels."""

import torch
from torch import Tensor

from maskkit.checkpoints import load_checkpoint
from maskkit.distributed import Part
from maskkit.runtime import in_precision, memory_format, to_device
from maskkit.transforms import resize

BLENDED = 0.5  # share of the batches in which the images are blended in pairs


class Teacher:
    """Says of the very pictures that the smaller network sees what it shall answer, in place of 0 and 1.

    A probability tells more than a label: which pictures are doubtful, and what is left of a mask that the augmentation has covered. And
    a teacher has an answer to any picture, also to a blend of two, so that the learner never sees the same one twice.
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015; Beyer et al., "Knowledge Distillation: A Good Teacher
    Is Patient and Consistent", 2022.

    Parameters
    ----------
    path : checkpoint of the teacher, which must not have seen the validation and test images either (``maskkit train`` warns if its run has)
    device : where it computes
    bfloat16 : whether it computes in that precision
    """

    def __init__(self, path: str, device: torch.device, bfloat16: bool = False):
        checkpoint = load_checkpoint(path, device)
        self.model = checkpoint.model.to(memory_format=memory_format(device))
        self.image_size, self.bfloat16 = checkpoint.image_size, bfloat16

    def lesson(self, images: Tensor, generator: torch.Generator | None = None, part: Part | None = None) -> tuple[Tensor, Tensor]:
        """The pictures to learn from, float (B, 3, H, W) as given or blended in pairs, and the answers to give, (B,)."""
        part = part or Part(len(images))
        blended, share = torch.rand((), generator=generator) < BLENDED, torch.rand(part.n, generator=generator)[part.positions]
        if blended:
            images = torch.lerp(images.roll(1, 0), images, to_device(share, images.device)[:, None, None, None])
        return images, self.answers(images)

    @torch.no_grad()
    def answers(self, images: Tensor) -> Tensor:
        """Probabilities (B,) of a mask on float images (B, 3, H, W) in [0, 1], which it sees in its own size."""
        if images.shape[-1] != self.image_size:
            images = resize(images, self.image_size)
        with in_precision(images.device, self.bfloat16):
            return torch.sigmoid(self.model(images).float())
