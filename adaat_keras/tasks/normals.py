"""Surface normals in the camera's axes."""

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.tasks.losses import NormalsLoss
from adaat_keras.tasks.metrics import NormalsMetrics
from adaat_keras.tasks.task import CERTAINTY, Task

# Of a label's length: what float16 and 8-bit pictures keep of a unit vector is closer.
_TOLERANCE = 0.02


class Normals(Task):
    """Which way the surface faces: labels float32 unit vectors `(height, width, 3)`, 0 = invalid.

    The axes are the camera's: x right, y down, z forward. Normals point towards the camera, so
    the ground is `(0, -1, 0)` and a wall ahead `(0, 0, -1)`. Labels that are not finite are
    invalid too. Networks put out vectors of any length, `(batch, height, width, 3)`.

    Beyond the paper. The embedded streets have these labels, made from their depth. The data sets
    in folders have not: depth from disparity has holes and is too coarse to be differentiated, and
    the depth of SYNTHIA-SF and CARLA comes without a camera file that would tell the focal length
    of the copy at hand. Where it is known, `adaat_keras.domains.formats.depth_normals` makes them
    in a domain of one's own.

    Example:
        >>> task = Normals()
        >>> task.decode(np.array([[0.0, -3.0, 4.0], [0.0, 0.0, 0.0]], "float32")).round(2).tolist()
        [[0.0, -0.6000000238418579, 0.800000011920929], [0.0, 0.0, 0.0]]
        >>> task.colorize(np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 0.0]])).tolist()
        [[128, 0, 128], [0, 0, 0]]
    """

    name = "normals"
    channels = components = 3
    primary_metric = "mean_angle"
    higher_is_better = False

    def loss(self, class_weights=None) -> keras.losses.Loss:
        """L1 distance from the true vectors over valid pixels; the best constant guess scores 1."""
        return NormalsLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Mean and median angle in degrees, shares within 11.25, 22.5 and 30 degrees."""
        return [NormalsMetrics()]

    def pseudo_labels(self, outputs: tf.Tensor, certainty: float = CERTAINTY) -> tf.Tensor:
        """Unit vectors; 0 where there is no direction."""
        vectors = tf.cast(outputs, "float32")
        return tf.math.divide_no_nan(vectors, tf.norm(vectors, axis=-1, keepdims=True))

    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Where they are finite and not 0."""
        finite = tf.reduce_all(tf.math.is_finite(labels), axis=-1)
        return finite & tf.reduce_any(labels != 0, axis=-1)

    def picture(self, labels: tf.Tensor) -> tf.Tensor:
        """The usual colours, as `colorize`'s."""
        colors = 127.5 * (tf.clip_by_value(labels, -1.0, 1.0) + 1)
        return tf.where(self.valid(labels)[..., None], colors, 0.0)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Vectors `(..., 3)` to float32 unit vectors, 0 where there is no direction."""
        vectors = np.asarray(outputs).astype(np.float32)
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        return vectors / np.where(length > 0, length, 1)

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Unit vectors `(..., 3)` to uint8 RGB, -1 to 1 as 0 to 255; invalid black."""
        vectors = np.asarray(labels, np.float32)
        valid = np.isfinite(vectors).all(axis=-1) & vectors.any(axis=-1)
        colors = 127.5 * (np.where(valid[..., None], vectors, -1).clip(-1, 1) + 1)
        return np.round(colors).astype(np.uint8)

    def label_problem(self, labels: np.ndarray) -> str | None:
        """What is wrong with a map of normals and how to mend it; `None` if nothing is."""
        labels = np.asarray(labels)
        if labels.ndim < 1 or labels.shape[-1] != self.components or labels.dtype.kind != "f":
            return (
                f"normals have shape {labels.shape} and dtype {labels.dtype}; decode the file to "
                "floating-point vectors (height, width, 3), of 8-bit colours by c / 127.5 - 1"
            )
        lengths = np.linalg.norm(labels[np.isfinite(labels).all(axis=-1)], axis=-1)
        wrong = lengths[(lengths > 0) & (np.abs(lengths - 1) > _TOLERANCE)]
        if not wrong.size:
            return None
        return (
            f"a normal has the length {wrong[0]:g}; divide each by its length, and set those that "
            "are invalid to 0"
        )
