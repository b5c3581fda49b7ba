"""L1 on depth / 100 m over the valid pixels, in units of ignorance."""

import keras
from keras import ops

from adaat_keras.tasks.losses.masked_image_mean import masked_image_mean


@keras.saving.register_keras_serializable("adaat_keras")
class DepthLoss(keras.losses.Loss):
    """Mean absolute error of depth / 100 m over the valid pixels, in units of ignorance.

    1 is what the best constant guess scores on a street scene: the mean error is divided by
    `ignorance`. Valid pixels are finite, above 0 and not beyond `max_depth`. Every image counts
    equally, however sparse its labels; one without a valid pixel counts 0. So the loss of a batch
    is the mean of the losses of its parts, on one device as on several. Computed in float32
    whatever the dtype of the network's outputs.

    L_task of eq. 1 of the paper ("the mean absolute error for depth estimation"), up to the
    constant divisor.

    Args:
        ignorance: Mean absolute deviation from the median of valid depth / `max_depth`, above 0;
            the default is that of `streets_sim`.
        max_depth: Metres that a network output of 1 stands for; truth beyond it does not count.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.

    Call arguments:
        y_true: Metres, `(batch, height, width)` or `(batch, height, width, 1)`.
        y_pred: Depth / `max_depth`, `(batch, height, width, 1)`.
        sample_weight: Optional, `(batch,)`.

    Returns:
        A float32 scalar, 0 or greater.

    Example:
        >>> import numpy as np
        >>> metres = np.array([[[13.0, 13.0, 0.0]]], "float32")
        >>> round(float(DepthLoss(ignorance=0.13)(metres, np.zeros((1, 1, 3, 1), "float32"))), 6)
        1.0
    """

    def __init__(
        self,
        ignorance: float = 0.085,
        max_depth: float = 100.0,
        name: str = "depth_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.ignorance = ignorance
        self.max_depth = max_depth

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value an image, `(batch,)`."""
        predicted = y_pred[..., 0]
        metres = y_true[..., 0] if len(y_true.shape) == len(y_pred.shape) else y_true
        # A comparison with NaN is false, so this also drops what is not finite.
        valid = ops.logical_and(metres > 0, metres <= self.max_depth)
        # Masked before the subtraction: infinity times a zero weight would be NaN.
        truth = ops.where(valid, metres, 0) / self.max_depth
        errors = ops.abs(ops.where(valid, predicted, 0) - truth) / self.ignorance
        return masked_image_mean(errors, valid)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"ignorance": self.ignorance, "max_depth": self.max_depth}
