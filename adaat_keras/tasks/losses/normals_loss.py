"""L1 on unit normals over the valid pixels, in units of ignorance."""

import keras
from keras import ops

from adaat_keras.tasks.losses.masked_image_mean import masked_image_mean


@keras.saving.register_keras_serializable("adaat_keras")
class NormalsLoss(keras.losses.Loss):
    """L1 distance of outputs from unit normals over the valid pixels, in units of ignorance.

    1 is what the best constant guess scores on a street scene: the mean distance is divided by
    `ignorance`. Valid pixels are finite and not all 0. Outputs are compared as they are, so that
    they learn their length too and no direction has to be made of a vector of none. Every image
    counts equally, however few of its pixels are valid; one without a valid pixel counts 0. So
    the loss of a batch is the mean of the losses of its parts, on one device as on several.
    Computed in float32 whatever the dtype of the network's outputs.

    Args:
        ignorance: Mean L1 distance of valid normals from their medians by component, above 0; the
            default is that of `streets_sim`.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.

    Call arguments:
        y_true: Unit vectors, `(batch, height, width, 3)`.
        y_pred: Vectors, `(batch, height, width, 3)`.
        sample_weight: Optional, `(batch,)`.

    Returns:
        A float32 scalar, 0 or greater.

    Example:
        >>> import numpy as np
        >>> up = np.array([[[[0, -1, 0], [0, 0, 0]]]], "float32")
        >>> float(NormalsLoss(ignorance=0.5)(up, np.zeros_like(up)))
        2.0
    """

    def __init__(
        self,
        ignorance: float = 1.03,
        name: str = "normals_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.ignorance = ignorance

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value an image, `(batch,)`."""
        finite = ops.all(ops.isfinite(y_true), axis=-1)
        valid = ops.logical_and(finite, ops.any(y_true != 0, axis=-1))
        # Masked before the subtraction: infinity times a zero weight would be NaN.
        truth, predicted = (ops.where(valid[..., None], y, 0) for y in (y_true, y_pred))
        distances = ops.sum(ops.abs(predicted - truth), axis=-1) / self.ignorance
        return masked_image_mean(distances, valid)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"ignorance": self.ignorance}
