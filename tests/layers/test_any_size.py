"""`PadToStride` and `CropLike`, which together make any image size fit a network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.layers import CropLike, PadToStride

SIZES = [(64, 96), (33, 65), (50, 71), (375, 1242)]


def random_image(height, width, channels=2):
    return np.random.default_rng(0).normal(size=(1, height, width, channels)).astype("float32")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("static", [True, False], ids=["static", "dynamic"])
def test_padding_is_numpys_reflection_at_the_lower_right(size, static):
    image = random_image(*size)
    shape = image.shape if static else (None, None, None, 2)
    padded = tf.function(PadToStride(32), input_signature=[tf.TensorSpec(shape)])(image).numpy()
    missing = [-n % 32 for n in size]
    expected = np.pad(image, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(padded, expected)


@pytest.mark.parametrize("size", SIZES)
def test_cropping_takes_the_padding_off_again(size):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, CropLike()([PadToStride(32)(inputs), inputs]))
    image = random_image(*size)
    np.testing.assert_array_equal(model.predict(image, verbose=0), image)


@pytest.mark.parametrize("stride", [3, 4, 32])
@pytest.mark.parametrize("static", [True, False], ids=["static", "dynamic"])
def test_an_image_must_not_be_smaller_than_the_stride(stride, static):
    small = random_image(stride + 1, stride - 1)
    shape = [None, *small.shape[1:]] if static else [None, None, None, 2]
    problem = rf"at least {stride} pixels in height and width"
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=problem):
        tf.function(PadToStride(stride), input_signature=[tf.TensorSpec(shape)])(small)
    fits = PadToStride(stride)(random_image(stride + 1, stride))
    assert fits.shape[1:3] == (2 * stride, stride)


def test_a_model_says_that_an_image_is_too_small_too():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, PadToStride(32)(inputs))
    with pytest.raises(ValueError, match=r"at least 32 pixels.*this one has 16 x 40"):
        model.predict(random_image(16, 40), verbose=0)
