"""What holds for every transfer function that exists."""

import keras
import numpy as np
import pytest

from adaat_keras.models import transfer

pytestmark = pytest.mark.parametrize("name", transfer.names())


@pytest.mark.parametrize("size", [(16, 16), (16, 40)])
@pytest.mark.parametrize("features", [16, 64])
def test_features_keep_their_shape(name, size, features):
    x = np.random.default_rng(0).normal(size=(2, *size, features)).astype(np.float32)
    assert transfer.get(name)(features)(x).shape == x.shape


def test_it_says_what_it_is_called(name):
    assert transfer.get(name)(16).kind == name


def test_its_stride_is_how_much_smaller_it_makes_features_inside(name):
    network = transfer.get(name)(16)
    inside = keras.Model(network.input, [layer.output for layer in network.layers])
    sizes = [output.shape[1] for output in inside(np.zeros((1, 16, 16, 16), np.float32))]
    assert network.stride == 16 / min(sizes)


def test_its_last_layer_is_linear(name):
    x = np.random.default_rng(0).normal(size=(1, 16, 16, 16)).astype(np.float32)
    outputs = transfer.get(name)(16)(x).numpy()
    assert outputs.min() < 0 < outputs.max()
