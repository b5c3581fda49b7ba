"""Cropping an output to the size of an image."""

import keras


@keras.saving.register_keras_serializable("adaat_keras")
class CropLike(keras.layers.Layer):
    """Crops a network's output to the height and width of the image before `PadToStride`.

    Takes `[outputs, image]`, both `(batch, height, width, channels)`, and returns the upper left
    corner of `outputs` in the image's size.

    Example:
        >>> outputs, image = keras.ops.ones((1, 32, 32, 5)), keras.ops.ones((1, 30, 20, 3))
        >>> CropLike()([outputs, image]).shape
        TensorShape([1, 30, 20, 5])
    """

    def call(self, inputs):
        """Crop the first input."""
        outputs, image = inputs
        height, width = keras.ops.shape(image)[1:3]
        return outputs[:, :height, :width]

    def compute_output_shape(self, input_shape):
        """The image's size with the outputs' channels."""
        outputs, image = input_shape
        return (outputs[0], *image[1:3], outputs[3])
