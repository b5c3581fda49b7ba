"""The gradient reversal layer."""

import keras


@keras.saving.register_keras_serializable("adaat_keras")
class GradientReversal(keras.layers.Layer):
    """Hands its input through, and its gradient back with the sign turned.

    Forward `y = x`, backward `dx = -factor * dy`, any shape: what comes after it learns to tell
    the domains apart while what comes before it learns to make that impossible, with one
    optimizer. Source: Ganin and Lempitsky 2015, the paper's reference [7].

    Args:
        factor: Weight of the reversed gradient.

    Example:
        >>> GradientReversal(0.6)(keras.ops.ones((1, 2))).shape
        TensorShape([1, 2])
    """

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        """Hand the inputs through."""

        @keras.ops.custom_gradient
        def reverse(x):
            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                return -self.factor * upstream

            return x, gradient

        return reverse(inputs)

    def compute_output_shape(self, input_shape):
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "factor": self.factor}
