"""Semantic segmentation: the task with its classes, its loss and its metrics."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import matplotlib
import numpy as np
from keras import ops
from matplotlib.colors import to_rgb

from adaat_keras.registry import plain_name
from adaat_keras.tasks.task import RGB, Task, masked_image_mean, refuse_sample_weight

IGNORED = 255
# The labels above are reserved: 254 by loaders, for ids unknown to a data set, and 255, `IGNORED`.
MAX_CLASSES = 254
REST = "*"
"""In a group: all names that are in no other group."""

Groups = dict[str, tuple[str, ...]]

# In the order of the columns of the paper's Table 2; a class's index is its label. The groups are
# those of the AT/DT code: rider, truck, bus, train and bicycle belong to none.
PAPER: Groups = {
    "road": ("road",),
    "sidewalk": ("sidewalk",),
    "wall": ("wall",),
    "fence": ("fence",),
    "person": ("person",),
    "pole": ("pole",),
    "vegetation": ("vegetation",),
    "vehicle": ("car", "motorcycle"),
    "traffic sign": ("traffic sign", "traffic light"),
    "building": ("building",),
    "sky": ("sky",),
}
CLASS_NAMES = tuple(PAPER)

# Cityscapes' colours, in the order of its train ids.
_CITYSCAPES: dict[str, RGB] = {
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "pole": (153, 153, 153),
    "traffic light": (250, 170, 30),
    "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}


def semantic_colors() -> np.ndarray:
    """The colours of Cityscapes' nineteen classes, the usual ones for pictures of classes.

    Returns:
        uint8 `(19, 3)`.

    Example:
        >>> semantic_colors()[0].tolist()
        [128, 64, 128]
    """
    return np.array(list(_CITYSCAPES.values()), np.uint8)


# A class has the colour of its first name, such as a car's for vehicle.
PALETTE = np.array([_CITYSCAPES[names[0]] for names in PAPER.values()], np.uint8)

# Groups and colours by name.
_BUILTIN: dict[str, tuple[Groups, np.ndarray]] = {
    "paper": (PAPER, PALETTE),
    "cityscapes": (
        {name: (name,) for name in _CITYSCAPES},
        semantic_colors(),
    ),
}


Classes = str | Mapping[str, str | Sequence[str]] | Sequence[tuple[str, str | Sequence[str]]]
Colors = Mapping[str, str | Sequence[int]] | Sequence[str | Sequence[int]]


class Semantic(Task):
    """What stands at each pixel: labels uint8 `(height, width)`, 0 to n - 1, 255 = ignored.

    A class is a group of names; the class's index is its label. The names are those of data sets'
    ids (see `adaat_keras.domains.class_names`): every loader maps its ids to these groups by
    `Domain.with_classes(task)`. Case, spaces, hyphens and underscores do not matter. An id with
    several names, such as CARLA's pedestrian, who is also a person, belongs to the group with its
    first name or, if there is none, with its next. Ids in no group are ignored; the name `"*"`
    stands for all names that are in no other group.

    Networks return logits `(batch, height, width, n)`. The metrics are those of section 4.4 of the
    paper.

    Args:
        classes: `"paper"`, the eleven of Table 2 with the AT/DT code's groups; `"cityscapes"`, its
            nineteen train classes; or your own groups of names by class name, as a dictionary or
            as pairs.
        colors: One colour per class, in order or by name, as RGB from 0 to 255 or as a matplotlib
            colour name; by default Cityscapes' for the built-in classes, else easily
            distinguishable ones (matplotlib's tab20 and similar).

    Attributes:
        groups: The names in each class's group, by class name.
        class_names: The classes' names, in order.
        palette: The classes' colours, uint8 `(n, 3)`.

    Raises:
        ValueError: Fewer than two classes or more than 254, a class without names, a name in two
            classes; or a colour that is invalid, black (reserved for ignored), or given twice.

    Example:
        >>> task = Semantic({"road": "road", "vehicle": ["car", "truck", "bus"]})
        >>> task.class_names, task.channels, task.groups["vehicle"]
        (('road', 'vehicle'), 2, ('car', 'truck', 'bus'))
        >>> Semantic().decode(np.eye(11)[[0, 10]])
        array([ 0, 10], dtype=uint8)
        >>> Semantic().colorize(np.array([0, 255], "uint8")).tolist()
        [[128, 64, 128], [0, 0, 0]]
    """

    name = "semantic"
    primary_metric = "mean_iou"
    higher_is_better = True
    curves = ("mean_iou", "accuracy")
    # In percent, as in Table 2.
    scale = 100
    digits = 1
    ignored = IGNORED
    unknown = 0.0

    def __init__(self, classes: Classes = "paper", colors: Colors | None = None):
        known = None
        if isinstance(classes, str):
            if classes not in _BUILTIN:
                raise ValueError(
                    f"unknown classes {classes!r}; choose one of: {', '.join(_BUILTIN)}; or give "
                    "groups of names, such as {'road': 'road', 'vehicle': ['car', 'truck']}"
                )
            known = classes
        self.groups = dict(_BUILTIN[known][0]) if known else _checked_groups(classes)
        self.class_names = tuple(self.groups)
        self.channels = self.classes = len(self.groups)
        self._builtin = known or next(
            (n for n, (groups, _) in _BUILTIN.items() if same_groups(groups, self.groups)), None
        )
        default = _BUILTIN[self._builtin][1] if self._builtin else _distinct_colors(self.channels)
        self.palette = default if colors is None else _checked_colors(colors, self.class_names)
        self._own_colors = not (self._builtin and np.array_equal(self.palette, default))
        self.legend = dict(zip(self.class_names, map(tuple, self.palette.tolist()), strict=True))
        self.columns = (*map(iou_key, self.class_names), "mean_iou", "accuracy")
        if self._builtin != "paper":
            self.title = f"semantic, {self.channels} classes"

    def loss(self, class_weights: Sequence[float] | None = None) -> keras.losses.Loss:
        """Cross-entropy from logits, ignored pixels left out; a uniform guess scores 1."""
        return SemanticLoss(num_classes=self.channels, ignored=IGNORED, class_weights=class_weights)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Mean IoU, accuracy and IoU per class, from 0 to 1."""
        return [SegmentationMetrics(self.class_names, ignored=IGNORED)]

    def pseudo_labels(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """The likeliest class, int32."""
        # Keras' argmax handles negative zeros, for which it copies all logits twice.
        import tensorflow as tf

        return tf.argmax(outputs, axis=-1, output_type="int32")

    def soft_targets(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """The probabilities of the classes, float32 `(batch, height, width, n)`."""
        return ops.softmax(ops.cast(outputs, "float32"))

    def valid(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """Labels that are not ignored."""
        return labels != IGNORED

    def picture(self, labels: keras.KerasTensor) -> keras.KerasTensor:
        """The classes' colours; ignored is black."""
        return ops.take(ops.array(self._colors, "float32"), ops.cast(labels, "int32"), axis=0)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Logits or probabilities `(..., n)` to the likeliest class, uint8 `(...)`."""
        return np.argmax(np.asarray(outputs), axis=-1).astype(np.uint8)

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Labels `(...)` to the classes' colours, uint8 RGB `(..., 3)`; ignored is black."""
        return self._colors[np.asarray(labels, np.uint8)]

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

    def get_config(self) -> dict[str, Any]:
        """The classes: a name if built in, else pairs, which keep their order even in sorted JSON.

        Colours of user-defined classes are always included, so that they never change.
        """
        config: dict[str, Any] = {}
        if self._builtin != "paper":
            groups = [[name, list(names)] for name, names in self.groups.items()]
            config["classes"] = self._builtin or groups
        if self._own_colors:
            config["colors"] = self.palette.tolist()
        return config

    @property
    def _colors(self) -> np.ndarray:
        """The colour of every label, uint8 `(256, 3)`."""
        colors = np.zeros((256, 3), np.uint8)
        colors[: self.channels] = self.palette
        return colors


def iou_key(class_name: str) -> str:
    """The name of the metric for a class's IoU.

    Example:
        >>> iou_key("traffic sign")
        'iou_traffic_sign'
    """
    return f"iou_{class_name.replace(' ', '_')}"


def same_groups(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    """Whether groups are equal, including their order."""
    return [*map(_pair, one.items())] == [*map(_pair, other.items())]


def _pair(item: tuple[str, Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    return item[0], tuple(item[1])


def _checked_groups(classes: Classes) -> Groups:
    """The user's groups, validated and normalized."""
    try:
        pairs = [*classes.items()] if isinstance(classes, Mapping) else [*map(tuple, classes)]
        pairs = [(name, (n,) if isinstance(n, str) else tuple(n)) for name, n in pairs]
    except (TypeError, ValueError):
        pairs = None
    if pairs is None or not all(isinstance(name, str) for name, _ in pairs):
        raise ValueError(f"classes are names with groups of names, not {classes!r}")
    owners: dict[str, str] = {}
    own_names: dict[str, str] = {}
    groups: Groups = {}
    for name, names in pairs:
        if not names:
            raise ValueError(f"the class {name!r} has no names: what belongs to it?")
        if not all(isinstance(each, str) and (plain_name(each) or each == REST) for each in names):
            raise ValueError(f"the class {name!r} has names that are none: {list(names)}")
        if not plain_name(name) or not name.isprintable():
            raise ValueError(f"{name!r} is no name for a class: letters or digits, in one line")
        if plain_name(name) in own_names:
            raise ValueError(f"two classes are called {own_names[plain_name(name)]!r} and {name!r}")
        own_names[plain_name(name)] = name
        for each in names:
            owner = owners.setdefault(plain_name(each), name)
            if owner != name:
                raise ValueError(f"{each!r} is in two classes, {owner!r} and {name!r}")
        groups[name] = names
    if len(groups) < 2:
        raise ValueError(
            f"{len(groups)} class{'' if groups else 'es'}: there is nothing to tell apart; for one "
            "class against all else add {'rest': '*'}"
        )
    if len(groups) > MAX_CLASSES:
        raise ValueError(f"{len(groups)} classes are too many: labels hold {MAX_CLASSES}")
    return groups


def _checked_colors(colors: Colors, class_names: Sequence[str]) -> np.ndarray:
    """The user's colours, uint8 `(n, 3)`, with others for classes that have none."""
    if not isinstance(colors, Mapping):
        if not isinstance(colors, Sequence | np.ndarray) or isinstance(colors, str):
            raise ValueError(f"colors are one a class, in order or by name, not {colors!r}")
        if len(colors) != len(class_names):
            raise ValueError(f"{len(class_names)} classes have {len(colors)} colors")
        colors = dict(zip(class_names, colors, strict=True))
    unknown = set(colors) - set(class_names)
    if unknown:
        raise ValueError(
            f"colors has {', '.join(sorted(map(str, unknown)))}, but the classes are: "
            f"{', '.join(class_names)}"
        )
    given = {name: rgb_of(name, color) for name, color in colors.items()}
    owners: dict[RGB, str] = {(0, 0, 0): "what is ignored"}
    for name, color in given.items():
        owner = owners.setdefault(color, name)
        if owner != name:
            raise ValueError(f"the color {color} is {owner}'s, so it cannot be {name}'s")
    spare = _distinct_colors(len(class_names) + len(given)).tolist()
    others = (color for color in map(tuple, spare) if color not in owners)
    return np.array([given.get(name) or next(others) for name in class_names], np.uint8)


def rgb_of(name: str, color: str | Sequence[int]) -> RGB:
    """A colour, given in any form, as three numbers from 0 to 255.

    Raises:
        ValueError: It is not a colour; names whose it is.

    Example:
        >>> rgb_of("road", "#804080"), rgb_of("sky", [70, 130, 180])
        ((128, 64, 128), (70, 130, 180))
    """
    try:
        if isinstance(color, str):
            return tuple(round(255 * part) for part in to_rgb(color))
        values = tuple(int(part) for part in color)
        # Fractions from 0 to 1 are rejected: as integers, all would be black.
        whole = not any(isinstance(part, float | np.floating) and part % 1 for part in color)
        if len(values) == 3 and whole and all(0 <= value <= 255 for value in values):
            return values
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"the color of {name} is {color!r}; give three numbers from 0 to 255")


def _distinct_colors(count: int) -> np.ndarray:
    """Easily distinguishable colours, uint8 `(count, 3)`; more colours extend fewer ones."""
    tables = (matplotlib.colormaps[name].colors for name in ("tab20", "tab20b", "tab20c"))
    twenty, *others = (np.round(255 * np.array(table)).astype(np.uint8) for table in tables)
    # The strong ones first, then their pale companions.
    colors = np.concatenate([twenty[::2], twenty[1::2], *others])
    if count > len(colors):
        # So many cannot be told apart easily, but they are different.
        more = matplotlib.colormaps["turbo"](np.linspace(0, 1, 256), bytes=True)[:, :3]
        colors = np.concatenate([colors, more])
        _, first = np.unique(colors, axis=0, return_index=True)
        colors = colors[np.sort(first)]
    return colors[:count]


@keras.saving.register_keras_serializable("adaat_keras")
class SemanticLoss(keras.losses.Loss):
    """Cross-entropy of logits over the valid pixels, scaled so that a uniform guess scores 1.

    The mean of -ln p(true class) over the pixels whose label is not `ignored`, divided by
    ln(`num_classes`); with `class_weights`, the mean weighted by those of the true classes. Every
    image counts equally, however sparse its labels; one without valid pixels scores 0. Thus the
    loss of a batch does not depend on how it is split over devices. Computed in float32, whatever
    the dtype of the logits.

    Labels may be soft (`Semantic.soft_targets`): probabilities of the classes, all 0 where nothing
    is known. Their `class_weights` are those of the likeliest class.

    L_task of eq. 1 of the paper, up to the constant divisor.

    Args:
        num_classes: Channels of the logits.
        ignored: Label of pixels to ignore.
        name: Name of the loss.
        reduction: As in `keras.losses.Loss`; the default is the mean over the images.
        class_weights: Weight of pixels of each class, 0 or more.

    Call arguments:
        y_true: Integer labels `(batch, height, width)` or `(batch, height, width, 1)`, 0 to
            `num_classes - 1` or `ignored`. Any other label is an error on the CPU and gives NaN on
            a GPU; `check_labels` finds it when a file is read. Or probabilities
            `(batch, height, width, num_classes)`.
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
        """One value per image, `(batch,)`."""
        if len(y_true.shape) == 4 and y_true.shape[-1] == 1:
            y_true = y_true[..., 0]
        if len(y_true.shape) == 4:
            nats = ops.categorical_crossentropy(y_true, y_pred, from_logits=True)
            valid, classes = ops.max(y_true, axis=-1) > 0, ops.argmax(y_true, axis=-1)
        else:
            nats = keras.losses.sparse_categorical_crossentropy(
                y_true, y_pred, from_logits=True, ignore_class=self.ignored
            )
            valid = y_true != self.ignored
            classes = ops.cast(ops.where(valid, y_true, 0), "int32")
        losses = nats / math.log(self.num_classes)
        if self.class_weights is None:
            return masked_image_mean(losses, valid)
        weights = ops.take(ops.array(self.class_weights), classes, axis=0)
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
        """Count a batch: labels `(batch, height, width[, 1])`, logits `(..., len(class_names))`.

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
        """`mean_iou`, `accuracy` and one `iou_NAME` per class, each from 0 to 1.

        NaN before the first labelled pixel, as for other tasks.
        """
        confusion = ops.cast(self.confusion, "float64")
        hits = ops.diagonal(confusion)
        union = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1) - hits
        occurs = ops.cast(union > 0, "float64")
        mean_iou = ops.sum(ops.divide_no_nan(hits, union)) / ops.sum(occurs)
        accuracy = ops.sum(hits) / ops.sum(confusion)
        scores = {"mean_iou": mean_iou, "accuracy": accuracy}
        scores |= dict(zip(map(iou_key, self.class_names), ops.unstack(hits / union), strict=True))
        return {key: ops.cast(value, self.dtype) for key, value in scores.items()}

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"class_names": self.class_names, "ignored": self.ignored}
