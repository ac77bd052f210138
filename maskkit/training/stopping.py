"""When to stop, and which epoch to keep."""

import math
from dataclasses import dataclass

from maskkit.errors import require_whole


@dataclass
class EarlyStopping:
    """Remember the lowest validation loss, and say when to stop waiting for a lower one.

    Prechelt, "Early Stopping - But When?", 1998. A loss that is not a number never counts as lower.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.update(loss) for loss in (0.6, 0.4, 0.5, 0.5)]
    [True, True, False, False]
    >>> stopping.best_epoch, stopping.should_stop
    (2, True)
    """

    patience: int = 8
    min_delta: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    epoch: int = 0

    def __post_init__(self) -> None:
        require_whole("patience", self.patience)

    def update(self, val_loss: float) -> bool:
        """Take the validation loss of one more epoch; True if it is the lowest so far."""
        self.epoch += 1
        improved = val_loss < self.best_loss - self.min_delta
        if improved:
            self.best_loss, self.best_epoch = val_loss, self.epoch
        return improved

    @property
    def should_stop(self) -> bool:
        """Whether ``patience`` epochs have passed since the lowest loss."""
        return self.epoch - self.best_epoch >= self.patience
