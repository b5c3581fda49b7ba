"""`PadToStride` and `CropLike`, which together make any image size fit a network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.layers import CropLike, PadToStride

SIZES = [(32, 64), (33, 65), (17, 31), (50, 71), (375, 1242)]


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
def test_the_smallest_size_is_half_the_stride_and_one(stride):
    least = stride // 2 + 1
    assert PadToStride(stride)(random_image(least, least)).shape[1:3] == (stride, stride)
    with pytest.raises(Exception, match=f"more than {stride // 2} pixels .* multiple of {stride}"):
        PadToStride(stride)(random_image(least - 1, least))


def test_a_model_says_that_an_image_is_too_small_too():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, PadToStride(32)(inputs))
    with pytest.raises(Exception, match="an image needs more than 16 pixels"):
        model.predict(random_image(16, 40), verbose=0)
