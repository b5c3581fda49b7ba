"""Keras' progress bar without a number for every class."""

import keras

_HIDDEN = ("iou_", "delta_2", "delta_3", "sq_rel", "rmse", "median_angle", "within_22_5")


class ShortProgress(keras.callbacks.ProgbarLogger):
    """Keras' progress bar that shows an epoch's chief scores; the log keeps all of them.

    Args:
        hidden: What the names of values have in them that are not shown.
    """

    def __init__(self, hidden: tuple[str, ...] = _HIDDEN):
        super().__init__()
        self.hidden = hidden

    def on_epoch_end(self, epoch, logs=None):
        """Show the scores that are left."""
        shown = {
            name: value
            for name, value in (logs or {}).items()
            if not any(part in name for part in self.hidden) or name.endswith("mean_iou")
        }
        super().on_epoch_end(epoch, shown)
