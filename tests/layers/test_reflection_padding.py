import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.layers import ReflectionPadding


@pytest.mark.parametrize("padding", [0, 1, 3, 8])
def test_it_is_numpys_reflection(padding, images):
    expected = np.pad(images, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ReflectionPadding(padding)(images), expected)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("size", [(9, 14), (8, 8), (4, 9)], ids=str)
@pytest.mark.parametrize("padding", [1, 3])
def test_a_pixels_gradient_is_the_sum_of_its_copies(padding, size, known):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, *size, 3)), rng.normal(size=(2, *(n + 2 * padding for n in size), 3))
    layer = ReflectionPadding(padding, dtype="float64")

    @tf.function(input_signature=[tf.TensorSpec(x.shape if known else (None,) * 3 + (3,), x.dtype)])
    def gradient_of(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            padded = layer(x)
        return padded, tape.gradient(padded, x, output_gradients=y)

    padded, gradient = gradient_of(x)
    around = ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0))
    np.testing.assert_array_equal(padded, np.pad(x, around, mode="reflect"))
    numbers = np.arange(np.prod(size)).reshape(size)
    sources = np.pad(numbers, padding, mode="reflect").ravel()
    expected = np.stack(
        [
            np.bincount(sources, y[n, ..., c].ravel(), minlength=numbers.size).reshape(size)
            for n in range(2)
            for c in range(3)
        ]
    ).reshape(2, 3, *size)
    np.testing.assert_allclose(gradient, expected.transpose(0, 2, 3, 1))
