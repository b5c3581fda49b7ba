"""What layers compute, in TensorFlow's faster operations; each is equal to a plain form.

`layers.py` has the plain forms, which every Keras backend and every runtime of an export knows, and
takes these where `available()`. `docs/benchmarks.md` has what each of them gains.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import keras
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

_ALLOWED = ContextVar("allowed", default=True)
# A kernel with more columns than this, counted over all outputs, gains nothing from being split.
_MOST_COLUMNS = 24


def available(dtype: str = "float32") -> bool:
    """Whether layers may take these forms here, for inputs of this type.

    Not in float64: the fused normalization does not support it, and kernels summed in float32 would
    lose half the digits.

    Example:
        >>> with without_fused_operations():
        ...     available()
        False
    """
    known = keras.backend.standardize_dtype(dtype) != "float64"
    return known and keras.config.backend() == "tensorflow" and _ALLOWED.get()


@contextmanager
def without_fused_operations() -> Iterator[None]:
    """Within, layers compute by the operations that every runtime has, for exports."""
    token = _ALLOWED.set(False)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def instance_normalization(inputs: "tf.Tensor", epsilon: float) -> "tf.Tensor":
    """Each image by the fused batch normalization: a batch of one has the moments of its image.

    Takes about half the time of separate moments. The batch size must be known.
    """
    import tensorflow as tf

    one, zero = tf.ones(inputs.shape[-1:]), tf.zeros(inputs.shape[-1:])
    options = {"scale": one, "offset": zero, "mean": [], "variance": []}
    images = [
        tf.raw_ops.FusedBatchNormV3(x=image, epsilon=epsilon, **options).y
        for image in tf.split(inputs, inputs.shape[0])
    ]
    return tf.concat(images, 0)


def reflection_padding(inputs: "tf.Tensor", padding: int) -> "tf.Tensor":
    """Border pixels copied row by row and column by column, which is faster than `MirrorPad`.

    Height and width must be greater than the padding.
    """
    import tensorflow as tf

    def grown(x, axis):
        def line(n):
            return x[:, n : n + 1] if axis == 1 else x[:, :, n : n + 1]

        last = tf.shape(x)[axis] - 1 if x.shape[axis] is None else x.shape[axis] - 1
        before = [line(n) for n in range(padding, 0, -1)]
        after = [line(last - n) for n in range(1, padding + 1)]
        return tf.concat([*before, x, *after], axis)

    def shrunk(y, axis):
        """What was copied beyond the border comes back to where it is from."""
        sizes = (padding, 1, padding, y.shape[axis] - 4 * padding - 2, padding, 1, padding)
        before, first, near, inner, far, last, after = tf.split(y, sizes, axis)
        near += tf.reverse(before, [axis])
        far += tf.reverse(after, [axis])
        return tf.concat([first, near, inner, far, last], axis)

    @tf.custom_gradient
    def padded(x):
        def gradient(y):
            if None in x.shape[1:3] or min(x.shape[1:3]) < 2 * padding + 2:
                around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
                return tf.raw_ops.MirrorPadGrad(input=y, paddings=around, mode="REFLECT")
            return shrunk(shrunk(y, 2), 1)

        return grown(grown(x, 1), 2), gradient

    outputs = padded(inputs)
    batch, *size, channels = inputs.shape
    outputs.set_shape([batch, *(n and n + 2 * padding for n in size), channels])
    return outputs


def repeated_convolution(
    inputs: "tf.Tensor", kernel: "tf.Tensor", bias: "tf.Tensor | None" = None
) -> "tf.Tensor":
    """`conv3x3(repeat(inputs))`, each pixel repeated twice in both directions, zero-padded.

    Several taps of the 3x3 kernel meet copies of the same pixel. The kernel is therefore summed
    into four 2x2 kernels, one for each output position, which need 4/9 of the multiplications, and
    no pixel is repeated. In bfloat16 the summed kernels are rounded once.

    Args:
        inputs: `(batch, height, width, C)`.
        kernel: `(3, 3, C, K)`.
        bias: `(K,)`, or none.

    Returns:
        `(batch, 2 * height, 2 * width, K)`.
    """
    import tensorflow as tf

    channels, filters = kernel.shape[2:]
    # By place, tap of the small kernel, tap of the large: below and right come first, so that
    # what belongs together lies side by side in `_interleaved`.
    taps = np.array([[[1, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]], "float32")
    sums = np.einsum("upt,vqs->pquvts", taps, taps).reshape(16, 9)
    flat = tf.reshape(tf.cast(kernel, "float32"), (9, channels * filters))
    small = tf.reshape(sums @ flat, (2, 2, 4, channels, filters))
    small = tf.reshape(tf.transpose(small, (0, 1, 3, 2, 4)), (2, 2, channels, 4 * filters))
    outputs = tf.nn.conv2d(tf.pad(inputs, _AROUND), tf.cast(small, inputs.dtype), 1, "VALID")
    if bias is not None:
        # Here, where TensorFlow adds it within the convolution.
        outputs = tf.nn.bias_add(outputs, tf.tile(bias, (4,)))
    return _interleaved(outputs)


_AROUND = ((0, 0), (1, 1), (1, 1), (0, 0))


def _interleaved(x):
    """`(batch, height, width, 4 * K)` to `(batch, 2 * height - 2, 2 * width - 2, K)`.

    The four groups of channels become the pixels of 2 x 2, without the outermost rows and columns.
    """
    import tensorflow as tf

    def size(x):
        known, found = x.shape.as_list(), tf.shape(x)
        return [found[n] if side is None else side for n, side in enumerate(known)]

    def forward(x):
        batch, height, width, channels = size(x)
        x = tf.reshape(x, (batch, height, width, 2, channels // 2))
        x = tf.transpose(x, (0, 1, 3, 2, 4))
        x = tf.reshape(x, (batch, 2 * height, 2 * width, channels // 4))
        return x[:, 1:-1, 1:-1]

    def backward(y):
        y = tf.pad(y, _AROUND)
        batch, height, width, channels = size(y)
        y = tf.reshape(y, (batch, height // 2, 2, width // 2, 2 * channels))
        y = tf.transpose(y, (0, 1, 3, 2, 4))
        return tf.reshape(y, (batch, height // 2, width // 2, 4 * channels))

    return tf.custom_gradient(lambda x: (forward(x), backward))(x)


def has_few_columns(kernel_size: tuple[int, int], filters: int) -> bool:
    """Whether `few_columns_convolution` is faster.

    Example:
        >>> has_few_columns((7, 7), 1), has_few_columns((7, 7), 11), has_few_columns((3, 3), 1)
        (True, False, False)
    """
    height, width = kernel_size
    return height * width > 9 and width * filters <= _MOST_COLUMNS


def few_columns_convolution(
    inputs: "tf.Tensor", kernel: "tf.Tensor", bias: "tf.Tensor | None" = None
) -> "tf.Tensor":
    """A convolution with few outputs, unpadded, by the columns of its kernel.

    A processor computes 16 outputs at once, whether there are as many or one. So each column of
    the kernel becomes an output of its own, and a second convolution moves these to their places
    and adds them.

    Args:
        inputs: `(batch, height, width, C)`.
        kernel: `(rows, columns, C, K)`.
        bias: `(K,)`, or none.

    Returns:
        `(batch, height - rows + 1, width - columns + 1, K)`.
    """
    import tensorflow as tf

    rows, columns, channels, filters = kernel.shape
    by_column = tf.reshape(
        tf.transpose(kernel, (0, 2, 1, 3)), (rows, 1, channels, columns * filters)
    )
    moves = np.eye(columns * filters).reshape(1, columns * filters, columns, filters)
    moves = tf.constant(moves.transpose(0, 2, 1, 3), inputs.dtype)
    outputs = tf.nn.conv2d(tf.nn.conv2d(inputs, by_column, 1, "VALID"), moves, 1, "VALID")
    # `bias_add` would sum its gradient over all pixels one by one, and lose two digits of it.
    return outputs if bias is None else outputs + bias
