"""How far apart two sets of features are in size."""

import tensorflow as tf


def moment_distance(source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Distance of the channels' means and standard deviations, in standard deviations.

    Mean over the channels of `|mean_A - mean_B| + |std_A - std_B|`, in units of the channel's
    standard deviation over both, which counts as a constant: shrinking everything gains nothing.
    (Beyond the paper; Ramirez et al. 2021, "Learning good features to transfer across tasks and
    domains", align the norms of features.)

    Args:
        source, target: Features `(batch, height, width, channels)`.

    Returns:
        A float32 scalar; 0 = alike.

    Example:
        >>> features = tf.random.normal((2, 8, 8, 3))
        >>> float(moment_distance(features, features))
        0.0
    """
    moments = [tf.nn.moments(tf.cast(x, "float32"), axes=(0, 1, 2)) for x in (source, target)]
    (mean_a, mean_b), variances = zip(*moments, strict=True)
    std_a, std_b = (tf.sqrt(variance + 1e-6) for variance in variances)
    unit = tf.stop_gradient(std_a + std_b) / 2
    return tf.reduce_mean((tf.abs(mean_a - mean_b) + tf.abs(std_a - std_b)) / unit)
