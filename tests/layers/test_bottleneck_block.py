import numpy as np
import pytest

from adaat_keras.layers import BottleneckBlock


def normalize(x):
    return (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)


def convolve(x, kernel, dilation=1):
    """A 3x3 convolution in plain NumPy, zeros around the image."""
    x = np.pad(x, ((0, 0), (dilation, dilation), (dilation, dilation), (0, 0)))
    height, width = (n - 2 * dilation for n in x.shape[1:3])
    return sum(
        x[:, i * dilation :][:, :height, j * dilation :][:, :, :width] @ kernel[i, j]
        for i in range(3)
        for j in range(3)
    )


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("filters", [1, 3])
def test_it_adds_a_narrow_convolution_to_a_shortcut(filters, strides, dilation, images):
    """Images have four channels: with one filter and no stride the shortcut is the identity."""
    block = BottleneckBlock(filters, strides, dilation)
    y = block(images).numpy()
    kernels = [layer.kernel.numpy() for layer in (block.narrow, block.middle, block.widen)]
    seen = images[:, ::strides, ::strides]
    x = np.maximum(normalize(seen @ kernels[0][0, 0]), 0)
    x = np.maximum(normalize(convolve(x, kernels[1], dilation)), 0)
    assert (block.projection is None) == (filters == strides == 1)
    if block.projection:
        seen = normalize(seen @ block.projection.kernel.numpy()[0, 0])
    expected = np.maximum(seen + normalize(x @ kernels[2][0, 0]), 0)
    np.testing.assert_allclose(y, expected, atol=2e-4)
