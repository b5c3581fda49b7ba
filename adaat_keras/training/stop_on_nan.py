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
        """Look at every value of the batch's log."""
        self._check(logs, f"batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        """Look at the validation losses: the epoch's last step may have broken the weights.

        Other scores may be NaN for good reason, such as the IoU of a class that never occurs.
        """
        losses = {name: value for name, value in (logs or {}).items() if name.endswith("loss")}
        self._check(losses, "validation")

    def _check(self, logs: dict | None, place: str) -> None:
        for name, value in (logs or {}).items():
            if not math.isfinite(float(value)):
                kept = ""
                if self.epoch > 0:
                    kept = f"; the state of the last whole epoch is kept in {self.state}"
                raise FloatingPointError(
                    f"{name} became {float(value)} in step {self.step!r}, epoch "
                    f"{self.epoch + 1}, {place}{kept}. Try a lower learning rate, or look at the "
                    "labels"
                )
