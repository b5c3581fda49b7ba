"""Depth along the optical axis, up to 100 m: the task, its loss and its metrics."""

import copy
import math
from collections.abc import Sequence

import keras
import matplotlib
import numpy as np
from keras import ops

from adaat_keras.registry import check_name
from adaat_keras.tasks.task import Task, masked_image_mean, refuse_sample_weight

# Metres. A network output of 1 means the maximum.
MIN_DEPTH = 0.001
MAX_DEPTH = 100.0

# Metres. Nothing in a street scene is nearer, so the brightest colour starts here.
_BRIGHTEST = 1.0
# Of 255: the far end in `picture`, where black is invalid.
_DARKEST = 55

# In the order of the columns of the paper's Table 3.
_METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "delta_1", "delta_2", "delta_3")


class Depth(Task):
    """How far it is at each pixel: labels float32 metres `(height, width)`, 0 = invalid.

    Labels that are not finite or not above 0 are invalid; labels beyond 100 m are excluded from
    loss and metrics. Networks return depth / 100 m, `(batch, height, width, 1)`, made positive by
    their last layer. The metrics are those of section 4.4 of the paper.

    Args:
        error: The loss is the absolute error of `"log"` depth, or of depth in `"metres"`, as in the
            paper.

    Raises:
        ValueError: There is no such error.

    Example:
        >>> task = Depth()
        >>> task.decode(np.array([[0.25], [-1.0], [7.0]], "float32")).tolist()
        [25.0, 0.0010000000474974513, 100.0]
        >>> task.colorize(np.array([1.0, 100.0, 0.0])).tolist()
        [[239, 248, 33], [12, 7, 134], [0, 0, 0]]
    """

    name = "depth"
    channels = 1
    activation = "positive"
    error = "log"
    primary_metric = "abs_rel"
    higher_is_better = False
    unknown = 0.0
    columns = _METRICS
    curves = ("abs_rel", "delta_1")

    def __init__(self, error: str = "log"):
        check_name("depth error", error, ["log", "metres"])
        self.error = error

    def get_config(self) -> dict:
        """The constructor's argument, unless it is the default."""
        return {} if self.error == "log" else {"error": self.error}

    def with_error(self, depth_error: str) -> "Depth":
        """The task with this error in its loss."""
        other = copy.copy(self)
        other.error = depth_error
        return other

    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """L1 on the logarithm of depth, or on metres; the best constant guess scores 1."""
        if self.error == "log":
            return LogDepthLoss(max_depth=MAX_DEPTH)
        return DepthLoss(max_depth=MAX_DEPTH)

    def metrics(self) -> list[keras.metrics.Metric]:
        """The seven depth metrics, per image, then averaged."""
        return [DepthMetrics(min_depth=MIN_DEPTH, max_depth=MAX_DEPTH)]

    def pseudo_labels(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Metres, 0.001 to 100."""
        return ops.clip(outputs[..., 0] * MAX_DEPTH, MIN_DEPTH, MAX_DEPTH)

    def valid(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Labels that are finite and above 0."""
        return ops.logical_and(ops.isfinite(labels), labels > 0)

    def picture(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Grey, from white at 1 m to dark at 100 m, by the logarithm."""
        valid = self.valid(labels)
        metres = ops.clip(ops.where(valid, labels, MAX_DEPTH), _BRIGHTEST, MAX_DEPTH)
        nearness = ops.log(MAX_DEPTH / metres) / math.log(MAX_DEPTH / _BRIGHTEST)
        grey = ops.where(valid, _DARKEST + (255 - _DARKEST) * nearness, 0.0)
        return ops.repeat(grey[..., None], 3, axis=-1)

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
                f"depth has values of dtype {labels.dtype} (the largest is "
                f"{labels.max(initial=0)}); decode the file's encoding to floating-point metres"
            )
        valid = labels[np.isfinite(labels) & (labels > 0)]
        if valid.size and np.min(valid) > MAX_DEPTH:
            return (
                f"the nearest depth is {np.min(valid):g}, beyond {MAX_DEPTH:g} m; convert the "
                "file's unit (millimetres? centimetres?) to metres"
            )
        return None


@keras.saving.register_keras_serializable("adaat_keras")
class DepthLoss(keras.losses.Loss):
    """Mean absolute error of depth / 100 m over the valid pixels, relative to a constant guess.

    The mean error is divided by `guess`, so that the best constant guess on a street scene scores
    1. Valid pixels are finite, above 0 and not beyond `max_depth`. Every image counts equally,
    however sparse its labels; one without valid pixels scores 0. Thus the loss of a batch does not
    depend on how it is split over devices. Computed in float32, whatever the outputs' dtype.

    L_task of eq. 1 of the paper ("the mean absolute error for depth estimation"), up to the
    constant divisor.

    Args:
        guess: Mean absolute deviation from the median of valid depth / `max_depth`, above 0;
            the default is that of `streets_sim`.
        max_depth: Metres that a network output of 1 means; farther pixels are ignored.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.

    Call arguments:
        y_true: Metres, `(batch, height, width)` or `(batch, height, width, 1)`.
        y_pred: Depth / `max_depth`, `(batch, height, width, 1)`.
        sample_weight: Optional, `(batch,)`.

    Returns:
        A float32 scalar, 0 or greater.

    Example:
        >>> import numpy as np
        >>> metres = np.array([[[13.0, 13.0, 0.0]]], "float32")
        >>> round(float(DepthLoss(guess=0.13)(metres, np.zeros((1, 1, 3, 1), "float32"))), 6)
        1.0
    """

    def __init__(
        self,
        guess: float = 0.085,
        max_depth: float = 100.0,
        name: str = "depth_loss",
        reduction: str | None = "sum_over_batch_size",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.guess = guess
        self.max_depth = max_depth

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One value per image, `(batch,)`."""
        predicted = y_pred[..., 0]
        metres = y_true[..., 0] if len(y_true.shape) == len(y_pred.shape) else y_true
        # Comparisons with NaN are false, so this also excludes NaN and infinity.
        valid = ops.logical_and(metres > 0, metres <= self.max_depth)
        # Masked before the subtraction: infinity times a zero weight would be NaN.
        truth = ops.where(valid, metres, self.max_depth) / self.max_depth
        errors = ops.abs(self.error(ops.where(valid, predicted, 1), truth)) / self.guess
        return masked_image_mean(errors, valid)

    def error(self, predicted: keras.KerasTensor, truth: keras.KerasTensor) -> keras.KerasTensor:
        """The error of depths / `max_depth`, per pixel."""
        return predicted - truth

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"guess": self.guess, "max_depth": self.max_depth}


@keras.saving.register_keras_serializable("adaat_keras")
class LogDepthLoss(DepthLoss):
    """Mean absolute error of the logarithm of depth, relative to a constant guess.

    As `DepthLoss`, but relative errors count alike near and far. Outputs below 1 mm count as 1 mm.

    Args:
        guess: Mean absolute deviation of valid natural-log depth from its median; the default is
            that of `streets_sim`.
        **kwargs: As `DepthLoss`'s.

    Example:
        >>> import numpy as np
        >>> metres, outputs = np.full((1, 1, 2), 10.0), np.full((1, 1, 2, 1), 0.2)
        >>> round(float(LogDepthLoss(guess=1.0)(metres, outputs)), 4)  # log 2
        0.6931
    """

    def __init__(self, guess: float = 0.674, name: str = "log_depth_loss", **kwargs):
        super().__init__(guess=guess, name=name, **kwargs)

    def error(self, predicted: keras.KerasTensor, truth: keras.KerasTensor) -> keras.KerasTensor:
        """The error of the logarithms, of depths clipped to 1 mm and more."""
        least = MIN_DEPTH / self.max_depth
        return ops.log(ops.maximum(predicted, least)) - ops.log(ops.maximum(truth, least))


@keras.saving.register_keras_serializable("adaat_keras")
class DepthMetrics(keras.metrics.Metric):
    """Abs Rel, Sq Rel, RMSE, RMSE log and delta 1 to 3, per image, then the mean over images.

    In metres: the prediction is `scale * max_depth * output`, clipped to
    [`min_depth`, `max_depth`]; only pixels whose truth is strictly between these are scored. Images
    without such pixels are skipped. With t the truth and p the prediction: abs_rel = |t - p| / t,
    sq_rel = (t - p)^2 / t (metres), rmse in metres, rmse_log of natural logarithms, delta_a = the
    share of pixels with max(t / p, p / t) < 1.25^a. The metrics of section 4.4 of the paper, in
    the conventions of AT/DT; the paper's own Sq Rel and RMSE are not in metres.

    Args:
        scale: Factor on the prediction: focal length of the target camera / that of the camera
            the network was trained on.
        min_depth: Metres, the lower end of both ranges.
        max_depth: Metres, the upper end, and the meaning of a network output of 1.
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
        self.total = self.add_variable((len(_METRICS),), "zeros", dtype="float64", name="total")
        self.images = self.add_variable((), "zeros", dtype="float64", name="images")

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Add a batch: metres `(batch, height, width[, 1])`, outputs `(batch, height, width, 1)`.

        Keras passes `sample_weight` to every metric; it must be `None`.
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
        """The seven metrics by name; NaN before the first image, since 0 would be perfect."""
        means = ops.where(self.images > 0, ops.divide_no_nan(self.total, self.images), np.nan)
        return dict(zip(_METRICS, ops.unstack(ops.cast(means, self.dtype)), strict=True))

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
