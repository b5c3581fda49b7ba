"""All that there is to see of a model and a picture."""

from dataclasses import dataclass, field

import keras
import matplotlib
import numpy as np

from adaat_keras import tasks
from adaat_keras.inference import predict_labels
from adaat_keras.inference.tiles import tile_for
from adaat_keras.layers import SpatialAttention
from adaat_keras.models import AdaAtdt
from adaat_keras.models.base_model import to_scale
from adaat_keras.tasks import Depth, Task
from adaat_keras.tasks.depth import MAX_DEPTH, MIN_DEPTH

# Where errors are fully red.
_FULL_RELATIVE_ERROR, _FULL_ANGLE = 0.5, 45.0
_RED = np.array([255, 40, 0], np.float32)


@dataclass
class View:
    """What a model sees in a picture; all pictures are uint8 RGB of its size.

    Attributes:
        labels: Task 2's prediction, as the task decodes it.
        prediction: The same in colours.
        task_1: Task 1's prediction in colours; `None` where nobody has trained it.
        attention: What G's attention lets through: captions and pictures, from coarse to fine.
        truth: Task 2's labels in colours, where the picture has them.
        errors: The picture in grey, redder where the prediction is worse, black where there is no
            label.
        told: The errors in words.
    """

    labels: np.ndarray
    prediction: np.ndarray
    task_1: np.ndarray | None = None
    attention: dict[str, np.ndarray] = field(default_factory=dict)
    truth: np.ndarray | None = None
    errors: np.ndarray | None = None
    told: str = ""


class Viewer:
    """Predicts both tasks for pictures, looks into G, and compares with the truth.

    Args:
        model: Predicts task 2.

    Example:
        >>> from adaat_keras import load
        >>> seen = Viewer(load("streets_depth_to_semantic_small"))(np.zeros((64, 96, 3), np.uint8))
        >>> seen.prediction.shape, [caption[:23] for caption in seen.attention]
        ((64, 96, 3), ['attention at 1/16 size,', 'attention at 1/8 size, ', ...
    """

    def __init__(self, model: AdaAtdt):
        self.model = model
        self.task, self.task_1 = tasks.get(model.to_task), tasks.get(model.from_task)
        # Built once: Keras compiles a new model for its first image.
        self._base_model_1 = None
        if not {"encoder_1", "decoder_1"} & set(model.untrained):
            self._base_model_1 = model.base_model_1
        self._layers = []
        if model.predictor == "transfer":
            self._layers = [each for each in model.transfer.layers if _is_attention(each)]
        if self._layers:
            inputs = [layer.input for layer in self._layers]
            self._looking = keras.Model(model.transfer.inputs, inputs)

    def __call__(self, image: np.ndarray, truth: np.ndarray | None = None) -> View:
        """What there is to see.

        Args:
            image: uint8 `(height, width, 3)`, at least `model.smallest` high and wide. Of one that
                is predicted in tiles there is no attention to see.
            truth: Labels of task 2 in a domain's form, if there are any.

        Raises:
            ValueError: The image is too small.
        """
        labels = predict_labels(self.model, self.task, image[None])[0]
        seen = View(labels, self.task.colorize(labels))
        if self._base_model_1 is not None:
            first = predict_labels(self._base_model_1, self.task_1, image[None])[0]
            seen.task_1 = self.task_1.colorize(first)
        if tile_for(self.model, *image.shape[:2]) is None:
            seen.attention = self.attention(image)
        if truth is not None:
            seen.truth = self.task.colorize(truth)
            wrong, seen.told = errors(self.task, labels, truth)
            seen.errors = _reddened(image, wrong)
        return seen

    def attention(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """What the attention of G lets through at each place, as pictures of the image's size.

        Dark violet lets least through, yellow most; captions have both numbers.

        Returns:
            Captions and pictures, from coarse to fine; empty where the model predicts without
            attention.
        """
        if not self._layers:
            return {}
        pixels = keras.ops.convert_to_tensor(image[None], "float32")
        if self.model.camera is not None:
            pixels = to_scale(pixels, self.model.camera)
        padded = self.model.get_layer("pad")(pixels)
        features = self.model.encoder_1(padded, training=False)
        maps = {}
        for layer, pair in zip(self._layers, self._looking(features, training=False), strict=True):
            weights = keras.ops.cast(layer.attention(pair), "float32")
            weights = keras.ops.convert_to_numpy(weights)[0, ..., 0]
            times = padded.shape[1] // weights.shape[0]
            whole = weights.repeat(times, 0).repeat(times, 1)
            # Every pixel's place in what the encoder has seen, without its padding.
            rows, columns = (
                np.arange(side) * seen // side
                for side, seen in zip(image.shape, pixels.shape[1:3], strict=False)
            )
            whole = whole[rows][:, columns]
            low, high = float(whole.min()), float(whole.max())
            stretched = (whole - low) / max(high - low, 1e-6)
            caption = f"attention at 1/{times} size, {low:.2f} to {high:.2f}"
            maps[caption] = matplotlib.colormaps["viridis"](stretched, bytes=True)[..., :3]
        return maps


def _is_attention(layer: keras.Layer) -> bool:
    return isinstance(layer, SpatialAttention)


def errors(task: Task, labels: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, str]:
    """How wrong a prediction is at each pixel, and in words.

    Args:
        task: Of both; one of classes, of vectors, or of a measure.
        labels: The prediction, as the task decodes it.
        truth: In a domain's form.

    Returns:
        0 to 1, `(height, width)`, NaN where there is no label, or a depth that metrics leave out:
        1 is a wrong class, a relative error of 0.5, or 45 degrees.

    Example:
        >>> labels, truth = np.uint8([[0, 1, 2]]), np.uint8([[0, 2, 255]])
        >>> wrong, told = errors(tasks.get("semantic"), labels, truth)
        >>> wrong.tolist(), told
        ([[0.0, 1.0, nan]], '50.0 % of the labelled pixels are wrong')
    """
    known = keras.ops.convert_to_numpy(task.valid(truth[None]))[0]
    if isinstance(task, Depth):
        # What `DepthMetrics` counts: a prediction ends where a sky is far beyond.
        known = known & (truth > MIN_DEPTH) & (truth < MAX_DEPTH)
    if not known.any():
        return np.full(known.shape, np.nan), "no pixel has a label"
    if task.classes:
        wrong = np.where(known, labels != truth, np.nan)
        return wrong, f"{np.nanmean(wrong):.1%} of the labelled pixels are wrong".replace("%", " %")
    if task.components:
        cosine = np.clip(np.sum(labels * truth, -1), -1, 1)
        angle = np.where(known, np.degrees(np.arccos(cosine)), np.nan)
        told = f"the mean error is {np.nanmean(angle):.1f} degrees; red: {_FULL_ANGLE:g} or more"
        return np.minimum(angle / _FULL_ANGLE, 1), told
    relative = np.where(known, np.abs(labels - truth) / np.where(known, truth, 1), np.nan)
    told = (
        f"the mean relative error is {np.nanmean(relative):.3f}; red: {_FULL_RELATIVE_ERROR:g} "
        "or more"
    )
    return np.minimum(relative / _FULL_RELATIVE_ERROR, 1), told


def _reddened(image: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The image in dark grey, red where it is wrong, black where that is not known."""
    share = np.nan_to_num(wrong)[..., None].astype(np.float32)
    grey = image.mean(-1, dtype=np.float32, keepdims=True) * 0.6
    colors = (1 - share) * grey + share * _RED
    return np.where(np.isnan(wrong)[..., None], 0, colors).round().astype(np.uint8)
