"""Whether predicted classes have the sizes that classes have."""

import numpy as np
import tensorflow as tf


def class_size_penalty(
    probabilities: tf.Tensor, lower: np.ndarray, mean: np.ndarray, upper: np.ndarray
) -> tf.Tensor:
    """How far predicted class sizes lie outside their bounds, the mean over images and classes.

    A class is taken to be in an image if the pixels at which it is the likeliest reach a tenth of
    its lower bound (Hoffman et al. 2016, "FCNs in the wild", section 3.2): then what its mean
    probability lacks to the lower bound or exceeds the upper one by counts, else all of it, so that
    absent classes are suppressed. In units of the class' mean share, at least a hundredth. Hoffman
    et al. solve for the nearest distribution within the bounds; a hinge on the bounds is the same
    constraint as a loss.

    Args:
        probabilities: `(batch, height, width, classes)`.
        lower, mean, upper: Shares of an image, `(classes,)` each.

    Returns:
        A float32 scalar, 0 where every class is within its bounds.

    Example:
        >>> pixels = tf.one_hot([[[0, 0], [0, 1]]], 2)
        >>> bounds = np.array([[0.4, 0.1], [0.5, 0.2], [0.6, 0.3]], "f4")
        >>> round(float(class_size_penalty(pixels, *bounds)), 6)
        0.15
    """
    probabilities = tf.cast(probabilities, "float32")
    shares = tf.reduce_mean(probabilities, axis=(1, 2))
    likeliest = tf.one_hot(tf.argmax(probabilities, axis=-1), probabilities.shape[-1])
    outside = tf.nn.relu(lower - shares) + tf.nn.relu(shares - upper)
    present = tf.reduce_mean(likeliest, axis=(1, 2)) >= 0.1 * lower
    return tf.reduce_mean(tf.where(present, outside, shares) / np.maximum(mean, 0.01))
