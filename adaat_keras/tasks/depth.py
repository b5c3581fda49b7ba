"""Depth along the optical axis, up to 100 m."""

import keras
import matplotlib
import numpy as np
import tensorflow as tf

from adaat_keras.tasks.losses import DepthLoss
from adaat_keras.tasks.metrics import DepthMetrics
from adaat_keras.tasks.task import CERTAINTY, Task

# Metres. A network output of 1 stands for the far end.
MIN_DEPTH = 0.001
MAX_DEPTH = 100.0

# Metres. Nothing in a street picture is nearer, so the brightest colour starts here.
_BRIGHTEST = 1.0
# Of 255: the far end in `picture`, where black is invalid.
_DARKEST = 55


class Depth(Task):
    """How far it is at each pixel: labels float32 metres `(height, width)`, 0 = invalid.

    Labels that are not finite or not above 0 are invalid; beyond 100 m they are left out of loss
    and metrics. Networks put out depth / 100 m, `(batch, height, width, 1)`. The metrics are those
    of section 4.4 of the paper.

    Example:
        >>> task = Depth()
        >>> task.decode(np.array([[0.25], [-1.0], [7.0]], "float32")).tolist()
        [25.0, 0.0010000000474974513, 100.0]
        >>> task.colorize(np.array([1.0, 100.0, 0.0])).tolist()
        [[239, 248, 33], [12, 7, 134], [0, 0, 0]]
    """

    name = "depth"
    channels = 1
    primary_metric = "abs_rel"
    higher_is_better = False

    def loss(self, class_weights=None) -> keras.losses.Loss:
        """L1 on depth / 100 m over valid pixels; the best constant guess scores 1."""
        return DepthLoss(max_depth=MAX_DEPTH)

    def metrics(self) -> list[keras.metrics.Metric]:
        """The seven depth metrics, per image, then averaged."""
        return [DepthMetrics(min_depth=MIN_DEPTH, max_depth=MAX_DEPTH)]

    def pseudo_labels(self, outputs: tf.Tensor, certainty: float = CERTAINTY) -> tf.Tensor:
        """Metres, 0.001 to 100."""
        return tf.clip_by_value(outputs[..., 0] * MAX_DEPTH, MIN_DEPTH, MAX_DEPTH)

    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Where they are finite and above 0."""
        return tf.math.is_finite(labels) & (labels > 0)

    def picture(self, labels: tf.Tensor) -> tf.Tensor:
        """Grey, from white at 1 m to dark at 100 m, by the logarithm."""
        valid = self.valid(labels)
        metres = tf.clip_by_value(tf.where(valid, labels, MAX_DEPTH), _BRIGHTEST, MAX_DEPTH)
        nearness = tf.math.log(MAX_DEPTH / metres) / np.log(MAX_DEPTH / _BRIGHTEST)
        grey = tf.where(valid, _DARKEST + (255 - _DARKEST) * nearness, 0.0)
        return tf.repeat(grey[..., None], 3, axis=-1)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Depth / 100 m `(..., 1)` to float32 metres `(...)`, 0.001 to 100."""
        metres = np.asarray(outputs).astype(np.float32)[..., 0] * MAX_DEPTH
        return np.clip(metres, MIN_DEPTH, MAX_DEPTH)

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Metres `(...)` to uint8 RGB `(..., 3)`: near yellow, far dark blue, invalid black.

        The scale is logarithmic from 1 to 100 m, so that near structure shows.
        """
        metres = np.asarray(labels, np.float32)
        valid = np.isfinite(metres) & (metres > 0)
        clipped = np.clip(np.where(valid, metres, MAX_DEPTH), _BRIGHTEST, MAX_DEPTH)
        nearness = np.log(MAX_DEPTH / clipped) / np.log(MAX_DEPTH / _BRIGHTEST)
        colors = matplotlib.colormaps["plasma"](nearness, bytes=True)[..., :3]
        return np.where(valid[..., None], colors, np.uint8(0))

    def label_problem(self, labels: np.ndarray) -> str | None:
        """What is wrong with a depth map and how to mend it; `None` if nothing is."""
        labels = np.asarray(labels)
        if labels.dtype.kind != "f":
            return (
                f"depth has values of dtype {labels.dtype} (the largest is {labels.max()}); "
                "decode the file's encoding to floating-point metres"
            )
        valid = labels[np.isfinite(labels) & (labels > 0)]
        if valid.size and np.min(valid) > MAX_DEPTH:
            return (
                f"the nearest depth is {np.min(valid):g}, beyond {MAX_DEPTH:g} m; convert the "
                "file's unit (millimetres? centimetres?) to metres"
            )
        return None
