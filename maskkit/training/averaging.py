"""A running mean of the weights: steadier than any one of them."""

import copy
from itertools import chain

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class RunningMean:
    """The mean of a network's weights along its training, as a network of its own (``module``).

    Each ``update`` moves it towards ``model``: it keeps the share ``keep`` of itself, and at first less, so that the random weights of
    the start are soon forgotten. The statistics of batch normalisation are averaged in the same way.
    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    """

    def __init__(self, model: nn.Module, keep: float):
        self.module = copy.deepcopy(model).requires_grad_(False)
        self.keep, self.steps = keep, 0
        # Looked up once, because that takes longer than to average; from here on both change in place only.
        pairs = list(zip(_weights(self.module), _weights(model), strict=True))
        self._averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        self._copied = [pair for pair in pairs if not pair[0].is_floating_point()]  # how many batches batch normalisation has seen

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step of training."""
        keep = min(self.keep, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        get_ema_multi_avg_fn(keep)(*map(list, zip(*self._averaged)), None)  # all in one order to a GPU
        for mean, now in self._copied:
            mean.copy_(now)

    def state_dict(self) -> dict[str, object]:
        """What a resumed run needs."""
        return {"module": self.module.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go back to what ``state_dict`` gave."""
        self.module.load_state_dict(state["module"])
        self.steps = state["steps"]


def _weights(model: nn.Module) -> chain[torch.Tensor]:
    return chain(model.parameters(), model.buffers())
