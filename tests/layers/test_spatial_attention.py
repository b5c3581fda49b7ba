import numpy as np
import pytest

from adaat_keras.layers import SpatialAttention


def built(filters=4):
    layer = SpatialAttention(filters)
    layer.build([(None, None, None, filters)] * 2)
    return layer


@pytest.mark.parametrize(("bias", "weight"), [(0.0, 0.5), (np.log(3), 0.75), (100.0, 1.0)])
def test_with_a_zero_kernel_every_location_weighs_the_sigmoid_of_the_bias(bias, weight, images):
    layer = built()
    layer.score.set_weights([np.zeros((1, 1, 4, 1)), np.array([bias])])
    np.testing.assert_allclose(layer([images, images]), weight * images, rtol=1e-6)


def test_it_weighs_a_location_by_what_the_upward_path_holds_there():
    layer = SpatialAttention(1)
    layer.build([(None, None, None, 1)] * 2)
    mix, reduce = np.zeros((3, 3, 2, 2)), np.zeros((3, 3, 2, 1))
    mix[1, 1, 1, 0] = 1  # hands the upward path through
    reduce[1, 1, 0, 0] = 1
    layer.mix.set_weights([mix, np.zeros(2)])
    layer.reduce.set_weights([reduce, np.zeros(1)])
    layer.score.set_weights([np.full((1, 1, 1, 1), 2.0), np.array([-1.0])])
    rng = np.random.default_rng(0)
    skip, up = rng.normal(size=(2, 1, 5, 6, 1)).astype("float32")
    expected = skip / (1 + np.exp(1 - 2 * np.maximum(up, 0)))
    np.testing.assert_allclose(layer([skip, up]), expected, rtol=1e-5)


def test_all_channels_of_a_location_share_one_weight_between_zero_and_one(images):
    weights = built()([images, images[..., ::-1]]).numpy() / images
    np.testing.assert_allclose(weights, np.broadcast_to(weights[..., :1], weights.shape), rtol=1e-3)
    assert ((weights > 0) & (weights < 1)).all()
    assert np.ptp(weights) > 0
