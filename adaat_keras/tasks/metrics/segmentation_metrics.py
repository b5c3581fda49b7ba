"""Intersection over union and accuracy from one confusion matrix."""

from collections.abc import Sequence

import keras
from keras import ops

from adaat_keras.tasks.metrics.refuse_sample_weight import refuse_sample_weight


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
