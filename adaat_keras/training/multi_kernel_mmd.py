"""How far apart two sets of features are as distributions."""

import tensorflow as tf

KERNELS, FACTOR = 5, 2.0


def multi_kernel_mmd(source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Squared maximum mean discrepancy with several Gaussian kernels (Long et al. 2015, DAN).

    `mean k(a, a') + mean k(b, b') - 2 mean k(a, b)` with the mean of five kernels
    `k(x, y) = exp(-|x - y|^2 / s)`, s from a quarter to four times the mean squared distance of
    all pairs of different rows, by factors of 2; s counts as a constant. The biased estimate: 0
    for equal sets, never negative.

    Args:
        source, target: `(n, channels)` and `(m, channels)`.

    Returns:
        A float32 scalar, 0 to 2.

    Example:
        >>> features = tf.random.normal((6, 3))
        >>> round(float(multi_kernel_mmd(features, features)), 6)
        0.0
    """
    count = tf.shape(source)[0]
    rows = tf.cast(tf.concat([source, target], axis=0), "float32")
    distances = squared_distances(rows)
    total = tf.cast(tf.size(distances) - tf.shape(rows)[0], "float32")
    bandwidth = tf.stop_gradient(tf.reduce_sum(distances) / total)
    scales = [FACTOR ** (n - KERNELS // 2) for n in range(KERNELS)]
    similar = [tf.exp(-tf.math.divide_no_nan(distances, bandwidth * scale)) for scale in scales]
    kernel = tf.add_n(similar) / KERNELS
    within = tf.reduce_mean(kernel[:count, :count]) + tf.reduce_mean(kernel[count:, count:])
    return within - 2 * tf.reduce_mean(kernel[:count, count:])


def squared_distances(rows: tf.Tensor) -> tf.Tensor:
    """`|x - y|^2` for every pair of rows, never below 0."""
    squares = tf.reduce_sum(rows**2, axis=1)
    products = tf.matmul(rows, rows, transpose_b=True)
    return tf.maximum(squares[:, None] + squares[None] - 2 * products, 0)
