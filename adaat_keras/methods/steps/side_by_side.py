"""Batches of several domains side by side."""

import tensorflow as tf


def side_by_side(*datasets: tf.data.Dataset) -> tf.data.Dataset:
    """Join datasets of `(images, labels)`, one a domain, as trainers take them.

    The result holds `(images, labels)`, each a tuple with one tensor a domain; it ends with the
    shortest.

    Example:
        >>> a = tf.data.Dataset.from_tensors((1, 2))
        >>> b = tf.data.Dataset.from_tensors((3, 4))
        >>> [[[int(v) for v in x] for x in pair] for pair in side_by_side(a, b)]
        [[[1, 3], [2, 4]]]
    """
    return tf.data.Dataset.zip(datasets).map(
        lambda *pairs: (tuple(x for x, _ in pairs), tuple(y for _, y in pairs))
    )
