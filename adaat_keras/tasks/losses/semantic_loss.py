"""Cross-entropy over the valid pixels, in units of ignorance."""

import math
from collections.abc import Sequence

import keras

from adaat_keras.tasks.losses.masked_image_mean import masked_image_mean


@keras.saving.register_keras_serializable("adaat_keras")
class SemanticLoss(keras.losses.Loss):
    """Cross-entropy of logits over the valid pixels, where 1 is what a uniform guess scores.

    The mean of -ln p(true class) over the pixels whose label is not `ignored`, divided by
    ln(`num_classes`); with `class_weights` the mean weighted by those of the true classes. Every
    image counts equally, however sparse its labels; one without a valid pixel counts 0. So the
    loss of a batch is the mean of the losses of its parts, on one device as on several. Computed
    in float32 whatever the dtype of the logits.

    L_task of eq. 1 of the paper, up to the constant divisor.

    Args:
        num_classes: Channels of the logits.
        ignored: Label of pixels that do not count.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.
        class_weights: What a pixel of each class counts, 0 or more.

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
        class_weights: Sequence[float] | None = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.num_classes = num_classes
        self.ignored = ignored
        if class_weights is not None and len(class_weights) != num_classes:
            raise ValueError(f"{num_classes} classes have {len(class_weights)} class_weights")
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value an image, `(batch,)`."""
        nats = keras.losses.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=True, ignore_class=self.ignored
        )
        losses, valid = nats / math.log(self.num_classes), y_true != self.ignored
        if self.class_weights is None:
            return masked_image_mean(losses, valid)
        classes = keras.ops.cast(keras.ops.where(valid, y_true, 0), "int32")
        weights = keras.ops.take(keras.ops.array(self.class_weights), classes, axis=0)
        return masked_image_mean(losses, valid, weights)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {
            "num_classes": self.num_classes,
            "ignored": self.ignored,
            "class_weights": self.class_weights,
        }
