"""The seven usual depth metrics, per image, then averaged over images."""

import keras
import numpy as np
from keras import ops

from adaat_keras.tasks.metrics.refuse_sample_weight import refuse_sample_weight

_NAMES = ("abs_rel", "sq_rel", "rmse", "rmse_log", "delta_1", "delta_2", "delta_3")


@keras.saving.register_keras_serializable("adaat_keras")
class DepthMetrics(keras.metrics.Metric):
    """Abs Rel, Sq Rel, RMSE, RMSE log and delta 1 to 3, per image, then the mean over images.

    Metres throughout: the prediction is `scale * max_depth * output`, clipped to
    [`min_depth`, `max_depth`]; truth counts where it lies strictly between the two. An image
    without such a pixel is skipped. With t the truth and p the prediction: abs_rel = |t - p| / t,
    sq_rel = (t - p)^2 / t (metres), rmse in metres, rmse_log of natural logarithms, delta_a = the
    share of pixels with max(t / p, p / t) < 1.25^a. The metrics of section 4.4 of the paper, in
    the conventions of AT/DT; the paper's own Sq Rel and RMSE are not in metres.

    Args:
        scale: Factor on the prediction: focal length of the target camera / that of the camera
            the network was trained on. 1 leaves it alone.
        min_depth: Metres, the near end of both ranges.
        max_depth: Metres, the far end, and what a network output of 1 stands for.
        name: Name of the metric; the keys of the result do not depend on it.
        dtype: Dtype of the results.

    Example:
        >>> import numpy as np
        >>> metric = DepthMetrics()
        >>> metric.update_state(np.full((1, 2, 2), 10.0), np.full((1, 2, 2, 1), 0.15, "float32"))
        >>> round(float(metric.result()["abs_rel"]), 4), float(metric.result()["delta_1"])
        (0.5, 0.0)
    """

    def __init__(
        self,
        scale: float = 1.0,
        min_depth: float = 0.001,
        max_depth: float = 100.0,
        name: str = "depth_metrics",
        dtype: str | None = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.scale = scale
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.total = self.add_variable((len(_NAMES),), "zeros", dtype="float64", name="total")
        self.images = self.add_variable((), "zeros", dtype="float64", name="images")

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Add a batch: metres `(batch, height, width[, 1])`, outputs with the last axis of 1.

        Keras hands `sample_weight` to every metric; a `ValueError` if it is not `None`.
        """
        refuse_sample_weight(self.name, sample_weight)
        truth = _flatten_images(ops.cast(y_true, "float32"))
        metres = _flatten_images(ops.cast(y_pred, "float32")) * (self.scale * self.max_depth)
        predicted = ops.clip(metres, self.min_depth, self.max_depth)
        valid = ops.logical_and(truth > self.min_depth, truth < self.max_depth)
        scores = _image_scores(ops.where(valid, truth, 1), ops.where(valid, predicted, 1), valid)
        self.total.assign_add(ops.sum(ops.cast(scores, "float64"), axis=0))
        self.images.assign_add(ops.sum(ops.cast(ops.any(valid, axis=1), "float64")))

    def result(self) -> dict[str, keras.KerasTensor]:
        """The seven by name, NaN before the first image: 0 would be a perfect error."""
        means = ops.where(self.images > 0, ops.divide_no_nan(self.total, self.images), np.nan)
        return dict(zip(_NAMES, ops.unstack(ops.cast(means, self.dtype)), strict=True))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        own = {"scale": self.scale, "min_depth": self.min_depth, "max_depth": self.max_depth}
        return super().get_config() | own


def _flatten_images(maps: keras.KerasTensor) -> keras.KerasTensor:
    """`(batch, height, width[, 1])` to `(batch, pixels)`."""
    return ops.reshape(maps, (ops.shape(maps)[0], -1))


def _image_scores(
    truth: keras.KerasTensor, predicted: keras.KerasTensor, valid: keras.KerasTensor
) -> keras.KerasTensor:
    """The seven scores `(batch, 7)` from `(batch, pixels)`; all 0 without a valid pixel."""
    weight = ops.cast(valid, truth.dtype)
    count = ops.sum(weight, axis=1)

    def mean(values: keras.KerasTensor) -> keras.KerasTensor:
        return ops.divide_no_nan(ops.sum(values * weight, axis=1), count)

    error = ops.abs(truth - predicted)
    ratio = ops.maximum(truth / predicted, predicted / truth)
    log_error = ops.log(truth) - ops.log(predicted)
    deltas = [mean(ops.cast(ratio < 1.25**power, truth.dtype)) for power in (1, 2, 3)]
    return ops.stack(
        [
            mean(error / truth),
            mean(ops.square(error) / truth),
            ops.sqrt(mean(ops.square(error))),
            ops.sqrt(mean(ops.square(log_error))),
            *deltas,
        ],
        axis=1,
    )
