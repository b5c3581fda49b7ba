"""Labels of task 2 from labels of task 1."""

from collections.abc import Callable

import keras
import tensorflow as tf


def teach(
    labels: tf.Tensor,
    picture: Callable[[tf.Tensor], tf.Tensor],
    teacher: keras.Model,
    pseudo_labels: Callable[..., tf.Tensor],
) -> tf.Tensor:
    """What a teacher makes of labels of task 1, as labels of task 2 that no gradient reaches.

    All of it, however uncertain: the rare classes are the uncertain ones.

    Args:
        labels: Of task 1, in the domain's form.
        picture: `Task.picture` of task 1.
        teacher: Predicts task 2 from such pictures.
        pseudo_labels: `Task.pseudo_labels` of task 2.
    """
    return tf.stop_gradient(pseudo_labels(teacher(picture(labels)), certainty=0.0))
