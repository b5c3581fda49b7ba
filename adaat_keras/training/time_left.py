"""Tells how long all steps of a run will still take."""

import time

import keras


class TimeLeft(keras.callbacks.Callback):
    """Prints before every epoch which step it belongs to and the time left over all steps.

    The estimate takes the epochs still to come to last as long as the run's latest.

    Args:
        title: What is being trained, e.g. `"step 1 of 3, adversarial"`.
        epochs: Epochs of this step.
        epochs_after: Epochs of the steps after this one.
        seconds: What an epoch of the step before took.
        verbose: 0 prints nothing.
    """

    def __init__(
        self,
        title: str,
        epochs: int,
        epochs_after: int = 0,
        seconds: float | None = None,
        verbose: int = 1,
    ):
        super().__init__()
        self.title = title
        self.epochs = epochs
        self.epochs_after = epochs_after
        self.seconds = seconds
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        """Print the line and start the clock."""
        left = ""
        if self.seconds is not None:
            minutes = self.seconds * (self.epochs - epoch + self.epochs_after) / 60
            left = f", about {minutes:.1f} minutes of training left in all"
        if self.verbose:
            print(f"{self.title}{left}", flush=True)
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        """Stop the clock, validation included."""
        self.seconds = time.monotonic() - self.start
