"""Padding by reflection."""

import keras


@keras.saving.register_keras_serializable("adaat_keras")
class ReflectionPadding(keras.layers.Layer):
    """Pads height and width by mirroring the image at its border, the border itself not repeated.

    `(batch, height, width, channels)` becomes
    `(batch, height + 2 * padding, width + 2 * padding, channels)`; height and width must exceed
    `padding`. Source: CycleGAN's generator, which the paper takes over (section 4.2).

    Args:
        padding: Pixels added at each side.

    Example:
        >>> ReflectionPadding(3)(keras.ops.ones((1, 8, 8, 2))).shape
        TensorShape([1, 14, 14, 2])
    """

    def __init__(self, padding: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs):
        """Pad the inputs."""
        sides = (self.padding, self.padding)
        return keras.ops.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape):
        """The inputs' shape, grown by twice the padding where it is known."""
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n + 2 * self.padding for n in size), channels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}
