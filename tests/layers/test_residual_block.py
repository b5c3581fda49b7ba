import numpy as np

from adaat_keras.layers import ReflectionPadding, ResidualBlock


def convolve(x, kernel):
    """A 3x3 convolution in plain NumPy, border reflected."""
    x = np.asarray(ReflectionPadding(1)(x))
    height, width = x.shape[1] - 2, x.shape[2] - 2
    return sum(
        x[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
    )


def normalize(x):
    return (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)


def test_it_adds_two_normalized_convolutions_to_its_input(images):
    block = ResidualBlock(4)
    y = block(images).numpy()
    first, second = block.convolution_1.kernel.numpy(), block.convolution_2.kernel.numpy()
    hidden = np.maximum(normalize(convolve(images, first)), 0)
    np.testing.assert_allclose(y, images + normalize(convolve(hidden, second)), atol=2e-4)


def test_it_has_two_biased_convolutions_and_nothing_else():
    block = ResidualBlock(8)
    block.build((None, None, None, 8))
    assert block.count_params() == 2 * (3 * 3 * 8 * 8 + 8)
