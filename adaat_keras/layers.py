"""The layers of the networks; they run on every Keras backend.

Images and features are `(batch, height, width, channels)`, whatever `~/.keras/keras.json` says.
`fused.py` has faster TensorFlow implementations of some of them.
"""

from collections.abc import Sequence
from typing import Any

import keras

from adaat_keras import fused

__all__ = [
    "BottleneckBlock",
    "Conv2D",
    "CropLike",
    "GradientReversal",
    "InstanceNormalization",
    "PadToStride",
    "Positive",
    "ReflectionPadding",
    "ResidualBlock",
    "SpatialAttention",
    "Upsampling",
]
Tensor = Any
"""A tensor of the backend that Keras runs on, or a symbolic one; they have no common class."""
Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("adaat_keras")
class ReflectionPadding(keras.layers.Layer):
    """Pads height and width by mirroring the image at its border, without repeating the border.

    `(batch, height, width, channels)` becomes
    `(batch, height + 2 * padding, width + 2 * padding, channels)`; height and width must exceed
    `padding`. Source: CycleGAN's generator, which the paper uses (section 4.2).

    Args:
        padding: Pixels added on each side.

    Example:
        >>> ReflectionPadding(3)(keras.ops.ones((1, 8, 8, 2))).shape
        TensorShape([1, 14, 14, 2])
    """

    def __init__(self, padding: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs: Tensor) -> Tensor:
        """Pad the inputs."""
        fits = all(n is None or n > self.padding for n in inputs.shape[1:3])
        if self.padding and fits and fused.available():
            return fused.reflection_padding(inputs, self.padding)
        sides = (self.padding, self.padding)
        return keras.ops.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape, grown by twice the padding where it is known."""
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n + 2 * self.padding for n in size), channels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable("adaat_keras")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes every channel of every image to mean 0 and variance 1 over its pixels.

    `y = (x - mean(x)) / sqrt(var(x) + epsilon)`, the moments taken over height and width; shapes
    `(batch, height, width, channels)` in and out. It has no weights, as in CycleGAN's generator.

    Equivalent to `keras.layers.GroupNormalization(groups=-1, center=False, scale=False)`. On
    TensorFlow with a known batch size, each image goes through the fused batch normalization, which
    takes about half the time; otherwise the moments are computed with `keras.ops`, to float32
    precision for images of any size.

    Args:
        epsilon: Added to the variance.

    Example:
        >>> InstanceNormalization()(keras.random.normal((2, 8, 8, 3))).shape
        TensorShape([2, 8, 8, 3])
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: Tensor) -> Tensor:
        """Normalize the inputs."""
        # Not for an unknown batch size or an empty batch: the images are processed one by one.
        if inputs.shape[0] and fused.available(inputs.dtype):
            return fused.instance_normalization(inputs, self.epsilon)
        return self._plain(inputs)

    def _plain(self, inputs):
        def mean(x):
            # Row by row: LiteRT sums sequentially, which loses three digits over 100,000 float32
            # terms.
            return keras.ops.mean(keras.ops.mean(x, 2, keepdims=True), 1, keepdims=True)

        double = keras.backend.standardize_dtype(inputs.dtype) == "float64"
        x = inputs if double else keras.ops.cast(inputs, "float32")
        centred = x - mean(x)
        variance = mean(keras.ops.square(centred))
        normalized = centred * keras.ops.rsqrt(variance + self.epsilon)
        return keras.ops.cast(normalized, inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("adaat_keras")
class ResidualBlock(keras.layers.Layer):
    """A residual block of two 3x3 convolutions.

    `y = x + norm(conv(relu(norm(conv(x)))))`, with reflection padding and instance normalization;
    `(batch, height, width, filters)` in and out, height and width at least 2. Source: CycleGAN's
    `R256`, used in the paper's encoder (section 4.2).

    Args:
        filters: Channels of the input and of both convolutions.

    Example:
        >>> ResidualBlock(4)(keras.ops.ones((1, 8, 8, 4))).shape
        TensorShape([1, 8, 8, 4])
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        # The inner layers' weights belong to this block, so its policy is theirs.
        policy = self.dtype_policy
        options = {"data_format": "channels_last", "dtype": policy}
        self.padding_1 = ReflectionPadding(1, dtype=policy)
        self.convolution_1 = keras.layers.Conv2D(filters, 3, **options)
        self.normalization_1 = InstanceNormalization(dtype=policy)
        self.padding_2 = ReflectionPadding(1, dtype=policy)
        self.convolution_2 = keras.layers.Conv2D(filters, 3, **options)
        self.normalization_2 = InstanceNormalization(dtype=policy)

    def build(self, input_shape: Shape) -> None:
        """Create both convolutions' weights."""
        self.convolution_1.build(input_shape)
        self.convolution_2.build(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply the block."""
        x = self.convolution_1(self.padding_1(inputs))
        x = self.convolution_2(self.padding_2(keras.ops.relu(self.normalization_1(x))))
        return inputs + self.normalization_2(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("adaat_keras")
class BottleneckBlock(keras.layers.Layer):
    """A bottleneck residual block: a narrow 3x3 convolution between two 1x1 convolutions.

    `y = relu(shortcut(x) + norm(conv1x1(relu(norm(conv3x3(relu(norm(conv1x1(x)))))))))`, with
    instance normalization; the shortcut is the identity, or a normalized 1x1 convolution where the
    block changes channels or size. `(batch, height, width, any)` in, `(batch, height / strides,
    width / strides, 4 * filters)` out. Source: ResNet-50 (He et al. 2016), AT/DT's encoder.

    Args:
        filters: Channels of the 3x3 convolution, a quarter of the output's.
        strides: Of the first 1x1 convolution and the shortcut.
        dilation: Of the 3x3 convolution.

    Example:
        >>> BottleneckBlock(4, strides=2)(keras.ops.ones((1, 8, 8, 6))).shape
        TensorShape([1, 4, 4, 16])
    """

    def __init__(self, filters: int, strides: int = 1, dilation: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.dilation = dilation
        # The inner layers' weights belong to this block, so its policy is theirs.
        policy = self.dtype_policy
        options = {"data_format": "channels_last", "dtype": policy}
        self.narrow = keras.layers.Conv2D(filters, 1, strides=strides, **options)
        self.middle = keras.layers.Conv2D(
            filters, 3, padding="same", dilation_rate=dilation, **options
        )
        self.widen = keras.layers.Conv2D(4 * filters, 1, **options)
        self.normalization = InstanceNormalization(dtype=policy)
        self.projection = None

    def build(self, input_shape: Shape) -> None:
        """Create the convolutions' weights, and a projection where the shortcut needs one."""
        self.narrow.build(input_shape)
        narrow = (*input_shape[:-1], self.filters)
        self.middle.build(narrow)
        self.widen.build(narrow)
        if self.strides != 1 or input_shape[-1] != 4 * self.filters:
            options = {"data_format": "channels_last", "dtype": self.dtype_policy}
            self.projection = keras.layers.Conv2D(
                4 * self.filters, 1, strides=self.strides, **options
            )
            self.projection.build(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply the block."""
        x = keras.ops.relu(self.normalization(self.narrow(inputs)))
        x = keras.ops.relu(self.normalization(self.middle(x)))
        x = self.normalization(self.widen(x))
        shortcut = self.normalization(self.projection(inputs)) if self.projection else inputs
        return keras.ops.relu(shortcut + x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape over the strides, with four times the filters."""
        batch, *size, _ = input_shape
        return (batch, *(n and -(-n // self.strides) for n in size), 4 * self.filters)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        own = {"filters": self.filters, "strides": self.strides, "dilation": self.dilation}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("adaat_keras")
class SpatialAttention(keras.layers.Layer):
    """Weights every location of a skip connection, given the features of the upward path.

    `skip * sigmoid(conv_1x1(relu(conv_3x3(relu(conv_3x3([skip, up]))))))`: 2C to 2C to C to 1
    channels. Takes `[skip, up]`, both `(batch, height, width, filters)`, and returns the weighted
    skip in the same shape. Source: section 4.3 of the paper names spatial attention, Table 1 gives
    its number of parameters; the layers are ours, chosen to match that number.

    Args:
        filters: Channels C of `skip` and of `up`.

    Example:
        >>> skip = up = keras.ops.ones((1, 8, 8, 4))
        >>> SpatialAttention(4)([skip, up]).shape
        TensorShape([1, 8, 8, 4])
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        policy = self.dtype_policy
        options = {"data_format": "channels_last", "dtype": policy}
        self.concatenate = keras.layers.Concatenate(dtype=policy)
        same = {"padding": "same", "activation": "relu", **options}
        self.mix = keras.layers.Conv2D(2 * filters, 3, **same)
        self.reduce = keras.layers.Conv2D(filters, 3, **same)
        self.score = keras.layers.Conv2D(1, 1, activation="sigmoid", **options)

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Create the three convolutions' weights."""
        size = tuple(input_shape[0][:-1])
        self.mix.build((*size, 2 * self.filters))
        self.reduce.build((*size, 2 * self.filters))
        self.score.build((*size, self.filters))

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Weight the skip connection."""
        skip, _ = inputs
        return skip * self.attention(inputs)

    def attention(self, inputs: Sequence[Tensor]) -> Tensor:
        """The weight of every location, `(batch, height, width, 1)`, 0 to 1."""
        return self.score(self.reduce(self.mix(self.concatenate(inputs))))

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The skip's shape."""
        return input_shape[0]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("adaat_keras")
class Upsampling(keras.layers.UpSampling2D):
    """Enlarges features by repeating each pixel (nearest neighbours).

    `(batch, height, width, channels)` becomes `(batch, size * height, size * width, channels)`.
    Like Keras' layer, but convertible to LiteRT when the size is unknown in TensorFlow's graph.

    Args:
        size: How often a pixel is repeated in each direction.

    Raises:
        ValueError: `data_format` is not `"channels_last"`, or `interpolation` not `"nearest"`.

    Example:
        >>> Upsampling(2)(keras.ops.ones((1, 8, 9, 4))).shape
        TensorShape([1, 16, 18, 4])
    """

    def __init__(self, size: int = 2, **kwargs):
        if kwargs.get("interpolation", "nearest") != "nearest":
            raise ValueError(
                f"Upsampling repeats pixels, and knows no interpolation "
                f"{kwargs['interpolation']!r}: take keras.layers.UpSampling2D"
            )
        super().__init__(size, **_channels_last(self, kwargs))

    def call(self, inputs: Tensor) -> Tensor:
        """Repeat the pixels."""
        if keras.config.backend() != "tensorflow" or None not in inputs.shape[1:3]:
            return super().call(inputs)
        import tensorflow as tf

        # Keras' layer reshapes to a dynamic size, after which LiteRT no longer knows the channels.
        for axis, times in zip((1, 2), self.size, strict=True):
            position = tf.range(times * tf.shape(inputs)[axis]) // times
            inputs = tf.gather(inputs, position, axis=axis)
        return inputs


@keras.saving.register_keras_serializable("adaat_keras")
class Conv2D(keras.layers.Conv2D):
    """Keras' convolution with faster implementations for two cases, on TensorFlow.

    With `repeat`, each pixel is first repeated as by `Upsampling(2)`; a 3x3 kernel then needs only
    4/9 of the multiplications (`fused.repeated_convolution`). A large kernel with few output
    channels, such as the 7x7 one that predicts depth, takes a third of the time
    (`fused.few_columns_convolution`). The class has the name of Keras' so that weight files are
    interchangeable.

    Args:
        filters, kernel_size: As in Keras' layer, like all other arguments.
        repeat: Whether to repeat every pixel twice in each direction first.

    Raises:
        ValueError: `data_format` is not `"channels_last"`.

    Example:
        >>> Conv2D(4, 3, padding="same", repeat=True)(keras.ops.ones((1, 8, 9, 2))).shape
        TensorShape([1, 16, 18, 4])
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], *, repeat: bool = False, **kwargs
    ):
        super().__init__(filters, kernel_size, **_channels_last(self, kwargs))
        self.repeat = repeat

    def call(self, inputs: Tensor) -> Tensor:
        """Convolve the inputs."""
        if self.repeat:
            convolve = fused.repeated_convolution
            fits = self.kernel_size == (3, 3) and self.padding == "same"
        else:
            convolve = fused.few_columns_convolution
            fits = self.padding == "valid" and fused.has_few_columns(self.kernel_size, self.filters)
        plain = self.groups == 1 and self.strides == self.dilation_rate == (1, 1)
        if not (fits and plain and fused.available(inputs.dtype)):
            grow = Upsampling(2, dtype=self.dtype_policy)
            return super().call(grow(inputs) if self.repeat else inputs)
        bias = keras.ops.convert_to_tensor(self.bias) if self.use_bias else None
        outputs = convolve(inputs, keras.ops.convert_to_tensor(self.kernel), bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As Keras', for inputs of twice the size with `repeat`."""
        batch, *size, channels = input_shape
        if self.repeat:
            size = [n and 2 * n for n in size]
        return super().compute_output_shape((batch, *size, channels))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "repeat": self.repeat}


@keras.saving.register_keras_serializable("adaat_keras")
class Positive(keras.layers.Layer):
    """Maps numbers to positive ones: `y = exp(x) / 10`, float32, any shape.

    Makes a network predict depth / 100 m on a logarithmic scale: an input of 0 means 10 m, and an
    error of 0.1 is about a tenth of the depth, near or far. Inputs are clipped to -12..5.

    Example:
        >>> round(float(Positive()(keras.ops.zeros((1, 1)))[0, 0]), 6)
        0.1
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Take the exponential."""
        return keras.ops.exp(keras.ops.clip(keras.ops.cast(inputs, "float32"), -12.0, 5.0)) / 10

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape."""
        return input_shape


@keras.saving.register_keras_serializable("adaat_keras")
class GradientReversal(keras.layers.Layer):
    """The identity in the forward pass, with the gradient reversed in the backward pass.

    Forward `y = x`, backward `dx = -factor * dy`, any shape: with one optimizer, layers after it
    learn to tell the domains apart while layers before it learn to prevent that. Source: Ganin and
    Lempitsky 2015, the paper's reference [7].

    Meant for your own networks: `AdversarialTrainer(gradient_reversal=True)` in
    `adaat_keras.methods` has the same effect, by the sign of the loss in its `train_step`.

    Args:
        factor: Weight of the reversed gradient.

    Example:
        >>> GradientReversal(0.6)(keras.ops.ones((1, 2))).shape
        TensorShape([1, 2])
    """

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Tensor) -> Tensor:
        """Return the inputs."""

        @keras.ops.custom_gradient
        def reverse(x):
            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                return -self.factor * upstream

            return x, gradient

        return reverse(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("adaat_keras")
class PadToStride(keras.layers.Layer):
    """Pads an image at the bottom and right, by reflection, to multiples of the stride.

    Takes `(batch, height, width, channels)`; height and width are rounded up to multiples of
    `stride`. `CropLike` removes the padding from a network's output.

    Args:
        stride: What height and width are padded to multiples of.
        smallest: Minimum height and width of an image; `stride` by default.

    Raises:
        ValueError: An image is smaller (`tf.errors.InvalidArgumentError` in a graph in which its
            size is unknown).

    Example:
        >>> PadToStride(32)(keras.ops.ones((1, 375, 1242, 3))).shape
        TensorShape([1, 384, 1248, 3])
    """

    def __init__(self, stride: int, smallest: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride
        self.smallest = stride if smallest is None else smallest

    def call(self, inputs: Tensor) -> Tensor:
        """Pad the inputs."""
        problem = f"an image needs at least {self.smallest} pixels in height and width"
        height, width = inputs.shape[1:3]
        if height is None or width is None:
            return self._pad_in_graph(inputs, problem)
        if min(height, width) < self.smallest:
            raise ValueError(f"{problem}; this one has {height} x {width}")
        rows, columns = -height % self.stride, -width % self.stride
        if not rows and not columns:
            return inputs
        return keras.ops.pad(inputs, ((0, 0), (0, rows), (0, columns), (0, 0)), mode="reflect")

    def _pad_in_graph(self, inputs, problem: str):
        """Pad images of a size that is unknown in the graph, which only TensorFlow allows.

        Pixels are gathered by mirrored positions, since LiteRT loses the number of channels when
        padding by a dynamic amount. Remainders of negative numbers are avoided, since ONNX defines
        them differently.
        """
        import tensorflow as tf

        size = tf.shape(inputs)[1:3]
        check = tf.debugging.assert_greater_equal(size, self.smallest, problem)
        padded = inputs
        with tf.control_dependencies([check] if check is not None else []):
            for axis, length in zip((1, 2), tf.unstack(size), strict=True):
                position = tf.range((length + self.stride - 1) // self.stride * self.stride)
                last = length - 1
                padded = tf.gather(padded, last - tf.abs(last - position), axis=axis)
        padded.set_shape(self.compute_output_shape(inputs.shape))
        return padded

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The inputs' shape, height and width rounded up where they are known."""
        batch, *size, channels = input_shape
        return (batch, *(None if n is None else n + -n % self.stride for n in size), channels)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "stride": self.stride, "smallest": self.smallest}


@keras.saving.register_keras_serializable("adaat_keras")
class CropLike(keras.layers.Layer):
    """Crops a network's output to the height and width of the image before `PadToStride`.

    Takes `[outputs, image]`, both `(batch, height, width, channels)`, and returns the upper left
    part of `outputs` at the image's size.

    Example:
        >>> outputs, image = keras.ops.ones((1, 32, 32, 5)), keras.ops.ones((1, 30, 20, 3))
        >>> CropLike()([outputs, image]).shape
        TensorShape([1, 30, 20, 5])
    """

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Crop the first input."""
        outputs, image = inputs
        height, width = keras.ops.shape(image)[1:3]
        return outputs[:, :height, :width]

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """The image's size with the outputs' channels."""
        outputs, image = input_shape
        return (outputs[0], *image[1:3], outputs[3])


def _channels_last(layer: keras.layers.Layer, options: dict) -> dict:
    """A Keras layer's options with `data_format="channels_last"`; other formats are an error."""
    data_format = options.get("data_format") or "channels_last"
    if data_format != "channels_last":
        raise ValueError(
            f"a {type(layer).__name__} takes images (batch, height, width, channels), not "
            f"data_format={data_format!r}: transpose them, keras.ops.transpose(x, (0, 2, 3, 1))"
        )
    return {**options, "data_format": data_format}
