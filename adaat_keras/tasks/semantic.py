"""Semantic segmentation: the task, its loss and its metrics."""

import math
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from adaat_keras.tasks.task import CERTAINTY, Task, masked_image_mean, refuse_sample_weight

IGNORED = 255

# In the order of the columns of the paper's Table 2: a class' place is its label.
CLASS_NAMES = (
    "road",
    "sidewalk",
    "wall",
    "fence",
    "person",
    "pole",
    "vegetation",
    "vehicle",
    "traffic sign",
    "building",
    "sky",
)

# Cityscapes' colours; vehicle has its car's, traffic sign its sign's.
PALETTE = np.array(
    [
        (128, 64, 128),
        (244, 35, 232),
        (102, 102, 156),
        (190, 153, 153),
        (220, 20, 60),
        (153, 153, 153),
        (107, 142, 35),
        (0, 0, 142),
        (220, 220, 0),
        (70, 70, 70),
        (70, 130, 180),
    ],
    np.uint8,
)


class Semantic(Task):
    """What stands at each pixel: labels uint8 `(height, width)`, 0 to 10, 255 = ignored.

    Networks put out logits `(batch, height, width, 11)`. The classes are those of Table 2 of the
    paper, the metrics those of its section 4.4.

    Example:
        >>> task = Semantic()
        >>> task.decode(np.eye(11)[[0, 10]])
        array([ 0, 10], dtype=uint8)
        >>> task.colorize(np.array([0, 255], "uint8")).tolist()
        [[128, 64, 128], [0, 0, 0]]
    """

    name = "semantic"
    channels = classes = len(CLASS_NAMES)
    primary_metric = "mean_iou"
    higher_is_better = True

    def loss(self, class_weights=None) -> keras.losses.Loss:
        """Cross-entropy from logits, ignored pixels left out; a uniform guess scores 1."""
        return SemanticLoss(num_classes=self.channels, ignored=IGNORED, class_weights=class_weights)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Mean IoU, accuracy and IoU per class, from 0 to 1."""
        return [SegmentationMetrics(CLASS_NAMES, ignored=IGNORED)]

    def pseudo_labels(self, outputs: tf.Tensor, certainty: float = CERTAINTY) -> tf.Tensor:
        """The likeliest class, int32; ignored where its probability is below `certainty`."""
        certain = tf.reduce_max(tf.nn.softmax(outputs), axis=-1) >= certainty
        return tf.where(certain, tf.argmax(outputs, axis=-1, output_type="int32"), IGNORED)

    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Where they are not ignored."""
        return labels != IGNORED

    def picture(self, labels: tf.Tensor) -> tf.Tensor:
        """Cityscapes' colours."""
        colors = np.zeros((256, 3), np.float32)
        colors[: self.channels] = PALETTE
        return tf.gather(tf.constant(colors), tf.cast(labels, "int32"))

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Logits or probabilities `(..., 11)` to the likeliest class, uint8 `(...)`."""
        return np.argmax(np.asarray(outputs), axis=-1).astype(np.uint8)

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Labels `(...)` to Cityscapes' colours, uint8 RGB `(..., 3)`; ignored is black."""
        colors = np.zeros((256, 3), np.uint8)
        colors[: self.channels] = PALETTE
        return colors[np.asarray(labels, np.uint8)]

    def label_problem(self, labels: np.ndarray) -> str | None:
        """What is wrong with a label map and how to mend it; `None` if nothing is."""
        labels = np.asarray(labels)
        wrong = labels[~(np.isin(labels, range(self.channels)) | (labels == IGNORED))]
        if not wrong.size:
            return None
        return (
            f"semantic label {wrong[0]} is neither one of the {self.channels} classes "
            f"(0 to {self.channels - 1}) nor {IGNORED} (ignored); map the data set's own ids to "
            f"these, and every id that has no class to {IGNORED}"
        )


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


@keras.saving.register_keras_serializable("adaat_keras")
class SegmentationMetrics(keras.metrics.Metric):
    """Mean IoU, pixel accuracy and the IoU of every class, over all images seen.

    One confusion matrix is kept for the whole split (int64, so counts stay exact), which is what
    Cityscapes' own evaluation does; memory does not grow with the number of images. A class that
    occurs neither in the truth nor in the prediction has IoU NaN and is left out of the mean. The
    metrics of section 4.4 of the paper.

    Args:
        class_names: Names of the classes in the order of the logits' channels.
        ignored: Label of pixels that do not count. Labels outside the table do not count either;
            `check_labels` finds them when a file is read.
        name: Name of the metric; the keys of the result do not depend on it.
        dtype: Dtype of the results.

    Example:
        >>> import numpy as np
        >>> metric = SegmentationMetrics(["road", "traffic sign"])
        >>> logits = np.array([[[[2.0, 1.0], [2.0, 1.0], [0.0, 5.0]]]], "float32")
        >>> metric.update_state(np.array([[[0, 1, 255]]], "uint8"), logits)
        >>> {key: float(value) for key, value in metric.result().items()}
        {'mean_iou': 0.25, 'accuracy': 0.5, 'iou_road': 0.5, 'iou_traffic_sign': 0.0}
    """

    def __init__(
        self,
        class_names: Sequence[str],
        ignored: int = 255,
        name: str = "segmentation_metrics",
        dtype: str | None = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.class_names = list(class_names)
        self.ignored = ignored
        classes = len(self.class_names)
        # Rows are the truth, columns the prediction.
        self.confusion = self.add_variable(
            (classes, classes), initializer="zeros", dtype="int64", name="confusion"
        )

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Count a batch: labels `(batch, height, width)`, logits `(..., len(class_names))`.

        Keras hands `sample_weight` to every metric; a `ValueError` if it is not `None`.
        """
        refuse_sample_weight(self.name, sample_weight)
        classes = len(self.class_names)
        truth = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        predicted = ops.reshape(ops.cast(ops.argmax(y_pred, axis=-1), "int32"), (-1,))
        valid = (truth != self.ignored) & (truth >= 0) & (truth < classes)
        # Pixels that do not count go to one cell past the end, which is dropped.
        cell = ops.where(valid, truth * classes + predicted, classes * classes)
        counts = ops.segment_sum(ops.ones_like(cell), cell, num_segments=classes * classes + 1)
        counts = ops.reshape(counts[:-1], (classes, classes))
        self.confusion.assign_add(ops.cast(counts, "int64"))

    def result(self) -> dict[str, keras.KerasTensor]:
        """`mean_iou`, `accuracy` and one `iou_NAME` a class, each from 0 to 1."""
        confusion = ops.cast(self.confusion, "float64")
        hits = ops.diagonal(confusion)
        union = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1) - hits
        occurs = ops.cast(union > 0, "float64")
        mean_iou = ops.divide_no_nan(ops.sum(ops.divide_no_nan(hits, union)), ops.sum(occurs))
        accuracy = ops.divide_no_nan(ops.sum(hits), ops.sum(confusion))
        scores = {"mean_iou": mean_iou, "accuracy": accuracy}
        scores |= dict(zip(self._iou_keys(), ops.unstack(hits / union), strict=True))
        return {key: ops.cast(value, self.dtype) for key, value in scores.items()}

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"class_names": self.class_names, "ignored": self.ignored}

    def _iou_keys(self) -> list[str]:
        return [f"iou_{name.replace(' ', '_')}" for name in self.class_names]
