"""Stops a training whose loss is no number any more."""

import math
from pathlib import Path

import keras


class StopOnNan(keras.callbacks.Callback):
    """Raises `FloatingPointError` at the first batch after which a loss is NaN or infinite.

    The message names step, epoch, batch and value, and where the last good state is.

    Args:
        step: Name of the training step.
        state: Folder of the last good state.
    """

    def __init__(self, step: str, state: Path):
        super().__init__()
        self.step = step
        self.state = state
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Look at every value of the log."""
        for name, value in (logs or {}).items():
            if not math.isfinite(float(value)):
                raise FloatingPointError(
                    f"{name} became {float(value)} in step {self.step!r}, epoch "
                    f"{self.epoch + 1}, batch {batch + 1}; the state of the last whole epoch is "
                    f"kept in {self.state}. Try a lower learning rate, or look at the labels"
                )
