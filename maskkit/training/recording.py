"""A network's forward and backward pass as one order to the GPU, in place of hundreds."""

import logging

import torch
from torch import Tensor, nn

from maskkit.runtime import in_precision

logger = logging.getLogger(__name__)

WARM_UP = 3  # ordinary steps first, in which the libraries choose their kernels and take their memory


class Recording:
    """Forward and backward pass, recorded when a few batches of one shape have come in a row, and from then on played back.

    A fast GPU has done a layer of a small network before Python has ordered the next one, and there are hundreds of orders in a step. A
    recording (a CUDA graph) is a single one. It computes the same, always in the same places of memory: batches are copied into it, and
    what it gives is overwritten by the next one. Batches of another shape, such as a smaller last one, take the ordinary way. PyTorch
    documentation, "CUDA Graphs".

    Parameters
    ----------
    model : the network, on a GPU; from here on its weights change in place only
    criterion : mean loss () of logits (B,) and targets (B,)
    bfloat16 : whether layers multiply in that precision
    """

    def __init__(self, model: nn.Module, criterion: nn.Module, bfloat16: bool = False):
        self.model, self.criterion, self.bfloat16 = model, criterion, bfloat16
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.stream = torch.cuda.Stream(self.weights[0].device)       # a recording is made beside the stream of all other work
        self.graph: torch.cuda.CUDAGraph | None = None
        self.recordable, self.shape, self.in_a_row = True, None, 0

    def __call__(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B,) and mean loss () of a batch; the gradients take the place of those that were there."""
        if self.graph is not None and images.shape == self.images.shape:
            return self._play(images, targets)
        self.in_a_row = self.in_a_row + 1 if images.shape == self.shape else 1
        self.shape = images.shape
        if self.recordable and self.in_a_row > WARM_UP and self._record(images, targets):
            return self._play(images, targets)
        return self._beside(images, targets)

    def _beside(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """On the stream on which it is recorded: autograd keeps to the one on which it has met a weight."""
        usual = torch.cuda.current_stream(images.device)              # of this GPU, which need not be the first one
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream):
            given = self._pass(images, targets)
        usual.wait_stream(self.stream)
        return given

    def _record(self, images: Tensor, targets: Tensor) -> bool:
        self.graph, self.images, self.targets = None, images.clone(), targets.clone()
        graph, generator = torch.cuda.CUDAGraph(), torch.cuda.default_generators[images.device.index]
        generator_state = generator.clone_state()
        try:
            with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
                self.given = self._pass(self.images, self.targets)
        except RuntimeError as error:  # a layer that looks at its values, or too little memory for a second set of them
            self.recordable = False
            generator.graphsafe_set_state(generator_state)  # or it would wait for the end of the recording
            logger.info("The passes of %s cannot be recorded, and are ordered one by one: %s", type(self.model).__name__, str(error).splitlines()[0])
            return False
        self.graph, self.gradients = graph, [weight.grad for weight in self.weights]
        return True

    def _play(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        self.images.copy_(images)
        self.targets.copy_(targets)
        self.graph.replay()
        for weight, gradient in zip(self.weights, self.gradients):
            weight.grad = gradient
        return self.given

    def _pass(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        for weight in self.weights:
            weight.grad = None
        with in_precision(images.device, self.bfloat16):
            logits = self.model(images).float()
        loss = self.criterion(logits, targets)
        loss.backward()
        return logits.detach(), loss.detach()  # with the rest of what autograd remembers, it would also keep to its streams
