"""Cross-entropy over the valid pixels, in units of ignorance."""

import math

import keras

from adaat_keras.tasks.losses.masked_image_mean import masked_image_mean


@keras.saving.register_keras_serializable("adaat_keras")
class SemanticLoss(keras.losses.Loss):
    """Cross-entropy of logits over the valid pixels, where 1 is what a uniform guess scores.

    The mean of -ln p(true class) over the pixels whose label is not `ignored`, divided by
    ln(`num_classes`). Every image counts equally, however sparse its labels; one without a valid
    pixel counts 0. So the loss of a batch is the mean of the losses of its parts, on one device
    as on several. Computed in float32 whatever the dtype of the logits.

    L_task of eq. 1 of the paper, up to the constant divisor.

    Args:
        num_classes: Channels of the logits.
        ignored: Label of pixels that do not count.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.

    Call arguments:
        y_true: Integer labels `(batch, height, width)`, 0 to `num_classes - 1` or `ignored`. Any
            other label is an error on the CPU and gives NaN on a GPU; `check_labels` finds it
            when a file is read.
        y_pred: Logits `(batch, height, width, num_classes)`.
        sample_weight: Optional, `(batch,)`.

    Returns:
        A float32 scalar, 0 or greater.

    Example:
        >>> import numpy as np
        >>> labels = np.array([[[0, 10, 255]]], "uint8")
        >>> float(SemanticLoss()(labels, np.zeros((1, 1, 3, 11), "float32")))
        1.0
    """

    def __init__(
        self,
        num_classes: int = 11,
        ignored: int = 255,
        name: str = "semantic_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.num_classes = num_classes
        self.ignored = ignored

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value an image, `(batch,)`."""
        nats = keras.losses.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=True, ignore_class=self.ignored
        )
        return masked_image_mean(nats / math.log(self.num_classes), y_true != self.ignored)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"num_classes": self.num_classes, "ignored": self.ignored}
