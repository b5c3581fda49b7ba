import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.layers import Upsampling


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (2, None, None, 3), (None, 5, None, 3)], ids=str)
def test_every_pixel_is_repeated_whatever_the_graph_knows_of_the_size(size, shape):
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    y = tf.function(Upsampling(size), input_signature=[tf.TensorSpec(shape)])(x)
    np.testing.assert_array_equal(y, x.repeat(size, 1).repeat(size, 2))


def test_another_interpolation_is_refused():
    with pytest.raises(ValueError, match=r"no interpolation 'bilinear': take keras"):
        Upsampling(2, interpolation="bilinear")
    assert Upsampling.from_config(Upsampling(2).get_config()).interpolation == "nearest"
