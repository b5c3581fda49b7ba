"""Semantic segmentation into the paper's 11 street classes."""

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.tasks.losses import SemanticLoss
from adaat_keras.tasks.metrics import SegmentationMetrics
from adaat_keras.tasks.task import CERTAINTY, Task

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
