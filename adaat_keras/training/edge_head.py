"""The auxiliary task that keeps fine detail in an encoder's features."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("adaat_keras")
class EdgeHead(keras.layers.Layer):
    """Predicts the edges of an image from an encoder's features, and says how wrong it is.

    Features of depth know where things stand, not where a window begins; features of semantics
    know little inside a thing. A linear head that must tell the edges of the picture keeps both
    in. One 3x3 convolution gives `stride * stride` values at each place, which become that many
    pixels. Thrown away after training. (Beyond the paper; the auxiliary task of Ramirez et al.
    2021, "Learning good features to transfer across tasks and domains".)

    Call with features `(batch, height / stride, width / stride, channels)` and images
    `(batch, height, width, 3)` in 0..255; returns the loss, `(batch,)`: the mean absolute error,
    1 = that of a head that sees no edge.

    Args:
        stride: Of the encoder.
        seed: Of the weights, so that equal runs begin alike.

    Example:
        >>> head = EdgeHead(stride=4)
        >>> head(tf.zeros((2, 8, 8, 16)), tf.zeros((2, 32, 32, 3))).shape
        TensorShape([2])
    """

    def __init__(self, stride: int, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride
        self.seed = seed
        self.convolution = keras.layers.Conv2D(
            stride**2,
            3,
            padding="same",
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            name="convolution",
        )

    def build(self, features_shape, images_shape):
        """Make the weights."""
        self.convolution.build(features_shape)

    def call(self, features, images):
        """The loss of each image."""
        predicted = tf.nn.depth_to_space(self.convolution(features), self.stride)
        error = tf.abs(tf.cast(predicted[..., 0], "float32") - edges(images))
        return tf.reduce_mean(error, axis=(1, 2)) / _IGNORANCE

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "stride": self.stride, "seed": self.seed}


def edges(images: tf.Tensor) -> tf.Tensor:
    """How steep the brightness is at each pixel, `(batch, height, width)`, from 0 to 1.

    Sobel's gradient, divided by its mean over the image so that dark pictures have edges too;
    8 times the mean and more is 1.
    """
    grey = tf.reduce_mean(tf.cast(images, "float32"), axis=-1, keepdims=True)
    steepness = tf.norm(tf.image.sobel_edges(grey)[..., 0, :], axis=-1)
    mean = tf.reduce_mean(steepness, axis=(1, 2), keepdims=True)
    return tf.minimum(tf.math.divide_no_nan(steepness, 8 * mean), 1)


# The mean of `edges` over pictures of streets.
_IGNORANCE = 0.125
