"""L1 on depth / 100 m over the valid pixels, in units of ignorance."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("adaat_keras")
class DepthLoss(keras.losses.Loss):
    """Mean absolute error of depth / 100 m over the valid pixels, in units of ignorance.

    1 is what the best constant guess scores on a street scene: the mean error is divided by
    `ignorance`. Valid pixels are finite, above 0 and not beyond `max_depth`; a batch without any
    gives 0. The batch is averaged as a whole, so a sparsely labelled image weighs less than a full
    one. Computed in float32 whatever the dtype of the network's outputs.

    The valid pixels travel as Keras' mask, so that Keras' own reduction applies: under
    `tf.distribute` each replica takes the mean over its own valid pixels, divided by the number
    of replicas, and the gradients are summed.

    L_task of eq. 1 of the paper ("the mean absolute error for depth estimation"), up to the
    constant divisor.

    Args:
        ignorance: Mean absolute deviation from the median of valid depth / `max_depth`, above 0.
        max_depth: Metres that a network output of 1 stands for; truth beyond it does not count.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the valid pixels.

    Call arguments:
        y_true: Metres, `(batch, height, width)` or `(batch, height, width, 1)`.
        y_pred: Depth / `max_depth`, `(batch, height, width, 1)`.
        sample_weight: Optional, broadcastable to `(batch, height, width)`: `(batch, 1, 1)`
            weights images.

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
        ignorance: float = 0.13,
        max_depth: float = 100.0,
        name: str = "depth_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.ignorance = ignorance
        self.max_depth = max_depth

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Per-pixel losses `(batch, height, width)`, with the valid pixels as their Keras mask."""
        predicted = y_pred[..., 0]
        metres = y_true[..., 0] if len(y_true.shape) == len(y_pred.shape) else y_true
        # A comparison with NaN is false, so this also drops what is not finite.
        valid = ops.logical_and(metres > 0, metres <= self.max_depth)
        # Masked before the subtraction: infinity times a zero weight would be NaN.
        truth = ops.where(valid, metres, 0) / self.max_depth
        losses = ops.abs(ops.where(valid, predicted, 0) - truth) / self.ignorance
        # Keras' reduction reads the mask from this attribute.
        losses._keras_mask = valid
        return losses

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"ignorance": self.ignorance, "max_depth": self.max_depth}
