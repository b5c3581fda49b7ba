"""The usual metrics of surface normals, from the angles of all pixels."""

import keras
import numpy as np
from keras import ops

from adaat_keras.tasks.metrics.refuse_sample_weight import refuse_sample_weight

# Degrees; the usual three.
_WITHIN = {"within_11_25": 11.25, "within_22_5": 22.5, "within_30": 30.0}
_BINS_A_DEGREE = 100
_BINS = 180 * _BINS_A_DEGREE


@keras.saving.register_keras_serializable("adaat_keras")
class NormalsMetrics(keras.metrics.Metric):
    """Mean and median angle, and the shares within 11.25, 22.5 and 30 degrees.

    The angle between the true and the predicted normal, in degrees, over the valid pixels of all
    images together, as is usual for normals. Only a prediction's direction counts; one without
    any is 90 degrees off. Angles are counted in hundredths of a degree, to which the median is
    exact, so memory does not grow with the number of images.

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

        Keras hands `sample_weight` to every metric; a `ValueError` if it is not `None`.
        """
        refuse_sample_weight(self.name, sample_weight)
        truth, predicted = (ops.reshape(ops.cast(y, "float32"), (-1, 3)) for y in (y_true, y_pred))
        finite = ops.all(ops.isfinite(truth), axis=-1)
        valid = ops.logical_and(finite, ops.any(truth != 0, axis=-1))
        angles = _degrees(*(ops.where(valid[:, None], v, 0) for v in (truth, predicted)))
        self.total.assign_add(ops.sum(ops.cast(ops.where(valid, angles, 0), "float64")))
        near = [ops.logical_and(valid, angles < limit) for limit in _WITHIN.values()]
        self.within.assign_add(ops.sum(ops.cast(ops.stack(near), "int64"), axis=1))
        # Pixels that do not count go to one cell past the end, which is dropped.
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
    """The angles between vectors `(n, 3)`, exact where they are small, as an arc cosine is not."""
    sine = ops.norm(ops.cross(one, other), axis=-1)
    cosine = ops.sum(one * other, axis=-1)
    nowhere = ops.logical_not(ops.any(other != 0, axis=-1))
    return ops.where(nowhere, 90.0, ops.arctan2(sine, cosine) * (180 / np.pi))
