"""Surface normals in the camera's axes: the task, its loss and its metrics."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from adaat_keras.tasks.task import Task, masked_image_mean, refuse_sample_weight

# Of a label's length: what float16 and 8-bit pictures keep of a unit vector is closer.
_TOLERANCE = 0.02

# Degrees; the usual three.
_WITHIN = {"within_11_25": 11.25, "within_22_5": 22.5, "within_30": 30.0}


class Normals(Task):
    """Which way the surface faces: labels float32 unit vectors `(height, width, 3)`, 0 = invalid.

    The axes are the camera's: x right, y down, z forward. Normals point towards the camera, so
    the ground is `(0, -1, 0)` and a wall ahead `(0, 0, -1)`. Labels that are not finite are
    invalid too. Networks return vectors of any length, `(batch, height, width, 3)`.

    Beyond the paper. The embedded streets have these labels, computed from their depth. The data
    sets in folders do not: depth from disparity has holes and is too coarse to differentiate, and
    SYNTHIA-SF and CARLA come without camera files that give the focal length. If you know it,
    `adaat_keras.domains.decoders.depth_normals` computes normals in your own domain.

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
    unknown = 0.0
    columns = ("mean_angle", "median_angle", *_WITHIN)
    curves = ("within_11_25", "within_30")

    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """L1 distance from the true vectors over valid pixels; the best constant guess scores 1."""
        return NormalsLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Mean and median angle in degrees, shares within 11.25, 22.5 and 30 degrees."""
        return [NormalsMetrics()]

    def pseudo_labels(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Unit vectors; zero vectors stay zero."""
        vectors = ops.cast(outputs, "float32")
        return ops.divide_no_nan(vectors, ops.norm(vectors, axis=-1, keepdims=True))

    def valid(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Labels that are finite and not 0."""
        return _known(labels)

    def picture(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """The usual colours, as in `colorize`."""
        colors = 127.5 * (ops.clip(labels, -1.0, 1.0) + 1)
        return ops.where(self.valid(labels)[..., None], colors, 0.0)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Vectors `(..., 3)` to float32 unit vectors; zero vectors stay zero."""
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


def _known(normals: keras.KerasTensor) -> keras.KerasTensor:
    """Which normals `(..., 3)` are finite and not 0, booleans `(...)`."""
    finite = ops.all(ops.isfinite(normals), axis=-1)
    return ops.logical_and(finite, ops.any(normals != 0, axis=-1))


@keras.saving.register_keras_serializable("adaat_keras")
class NormalsLoss(keras.losses.Loss):
    """L1 distance of outputs from unit normals over valid pixels, relative to a constant guess.

    The mean distance is divided by `guess`, so that the best constant guess on a street scene
    scores 1. Valid pixels are finite and not all 0. Outputs are not normalized, which would be
    undefined for zero vectors; their length is learnt, too. Every image counts equally, however
    few valid pixels it has; one without any scores 0. Thus the loss of a batch does not depend on
    how it is split over devices. Computed in float32, whatever the outputs' dtype.

    Args:
        guess: Mean L1 distance of valid normals from their medians by component, above 0; the
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
        >>> float(NormalsLoss(guess=0.5)(up, np.zeros_like(up)))
        2.0
    """

    def __init__(
        self,
        guess: float = 1.03,
        name: str = "normals_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.guess = guess

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value per image, `(batch,)`."""
        valid = _known(y_true)
        # Masked before the subtraction: infinity times a zero weight would be NaN.
        truth, predicted = (ops.where(valid[..., None], y, 0) for y in (y_true, y_pred))
        distances = ops.sum(ops.abs(predicted - truth), axis=-1) / self.guess
        return masked_image_mean(distances, valid)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"guess": self.guess}


_BINS_A_DEGREE = 100
_BINS = 180 * _BINS_A_DEGREE


@keras.saving.register_keras_serializable("adaat_keras")
class NormalsMetrics(keras.metrics.Metric):
    """Mean and median angle, and the shares within 11.25, 22.5 and 30 degrees.

    The angle between the true and the predicted normal, in degrees, over the valid pixels of all
    images together, as is usual for normals. Only a prediction's direction counts; a zero vector is
    90 degrees off. NaN makes the mean NaN, and counts as 180 degrees in the median. Angles are
    counted in bins of 0.01 degrees, the precision of the median, so that memory does not grow with
    the number of images.

    Args:
        name: Name of the metric; the keys of the result do not depend on it.
        dtype: Dtype of the results.

    Example:
        >>> import numpy as np
        >>> metric = NormalsMetrics()
        >>> up, ahead = np.eye(3, dtype="float32")[[1, 2]]
        >>> metric.update_state([[[-up, -up, 0 * up]]], [[[-up, -up - ahead, up]]])
        >>> {key: round(float(value), 2) for key, value in metric.result().items()}
        {'mean_angle': 22.5, 'median_angle': 0.0, 'within_11_25': 0.5, 'within_22_5': 0.5, \
'within_30': 0.5}
    """

    def __init__(self, name: str = "normals_metrics", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype="float64", name="total")
        self.within = self.add_variable((len(_WITHIN),), "zeros", dtype="int64", name="within")
        self.counts = self.add_variable((_BINS + 1,), "zeros", dtype="int64", name="counts")

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Count a batch: unit vectors and outputs, both `(batch, height, width, 3)`.

        Keras passes `sample_weight` to every metric; it must be `None`.
        """
        refuse_sample_weight(self.name, sample_weight)
        truth, predicted = (ops.reshape(ops.cast(y, "float32"), (-1, 3)) for y in (y_true, y_pred))
        valid = _known(truth)
        angles = _degrees(*(ops.where(valid[:, None], v, 0) for v in (truth, predicted)))
        self.total.assign_add(ops.sum(ops.cast(ops.where(valid, angles, 0), "float64")))
        near = [ops.logical_and(valid, angles < limit) for limit in _WITHIN.values()]
        self.within.assign_add(ops.sum(ops.cast(ops.stack(near), "int64"), axis=1))
        # Pixels that do not count go to one cell past the end, which is dropped.
        # NaN would go to the first cell, that of a perfect prediction.
        angles = ops.where(ops.isnan(angles), 180.0, angles)
        cell = ops.cast(ops.ceil(angles * _BINS_A_DEGREE), "int32")
        cell = ops.where(valid, ops.clip(cell, 0, _BINS), _BINS + 1)
        counts = ops.segment_sum(ops.ones_like(cell), cell, num_segments=_BINS + 2)
        self.counts.assign_add(ops.cast(counts[:-1], "int64"))

    def result(self) -> dict[str, keras.KerasTensor]:
        """Angles in degrees, shares from 0 to 1; NaN before the first pixel."""
        pixels = ops.cast(ops.sum(self.counts), "float64")

        def known(value):
            return ops.cast(ops.where(pixels > 0, value, np.nan), self.dtype)

        below_half = ops.cast(ops.cumsum(self.counts), "float64") < pixels / 2
        median = ops.sum(ops.cast(below_half, "float64")) / _BINS_A_DEGREE
        shares = ops.divide_no_nan(ops.cast(self.within, "float64"), pixels)
        scores = {"mean_angle": ops.divide_no_nan(self.total, pixels), "median_angle": median}
        scores |= dict(zip(_WITHIN, ops.unstack(shares), strict=True))
        return {key: known(value) for key, value in scores.items()}


def _degrees(one: keras.KerasTensor, other: keras.KerasTensor) -> keras.KerasTensor:
    """The angles between vectors `(n, 3)`, accurate for small angles, unlike the arc cosine."""
    sine = ops.norm(ops.cross(one, other), axis=-1)
    cosine = ops.sum(one * other, axis=-1)
    nowhere = ops.logical_not(ops.any(other != 0, axis=-1))
    return ops.where(nowhere, 90.0, ops.arctan2(sine, cosine) * (180 / np.pi))
