"""Label ids to the 11 classes, in graph operations."""

import numpy as np
import tensorflow as tf

from adaat_keras.domains.formats.class_map import UNKNOWN


def map_classes(ids: tf.Tensor, table: np.ndarray, path: tf.Tensor) -> tf.Tensor:
    """Look every id up in a table of `ClassMap.table`.

    Args:
        ids: uint8 `(height, width)`.
        table: uint8 `(256,)`.
        path: String scalar, the file to name if an id is unknown.

    Returns:
        uint8 `(height, width)`, 0 to 10, 255 = ignored.

    Raises:
        tf.errors.InvalidArgumentError: An id is outside the table; the message names the file.

    Example:
        >>> from adaat_keras.domains.formats.class_map import CLASS_MAPS
        >>> table = CLASS_MAPS["carla_23"].table()
        >>> map_classes(tf.constant([7, 13, 0], tf.uint8), table, tf.constant("a.png")).numpy()
        array([  0,  10, 255], dtype=uint8)
    """
    labels = tf.gather(tf.convert_to_tensor(table), tf.cast(ids, tf.int32))
    message = tf.strings.join(
        [path, ": has a label id outside its table; `adaat-keras data check` tells which"]
    )
    check = tf.debugging.Assert(tf.reduce_all(labels != UNKNOWN), [message])
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(labels)
