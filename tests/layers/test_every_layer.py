"""What holds for every layer that `adaat_keras.layers` names, which are all that it has."""

import inspect

import keras
import numpy as np
import pytest

from adaat_keras import layers

# Layers that need arguments, and those that take two inputs.
ARGUMENTS = {
    "BottleneckBlock": {"filters": 4, "strides": 1, "dilation": 2},
    "Conv2D": {"filters": 4, "kernel_size": (3, 3), "repeat": True, "padding": "same"},
    "GradientReversal": {"factor": 0.7},
    "InstanceNormalization": {"epsilon": 1e-3},
    "PadToStride": {"stride": 8},
    "ReflectionPadding": {"padding": 2},
    "ResidualBlock": {"filters": 4},
    "SpatialAttention": {"filters": 4},
}
PAIRED = ("CropLike", "SpatialAttention")

EVERY = {
    name
    for name, each in vars(layers).items()
    if inspect.isclass(each) and each.__module__ == layers.__name__ and name[0] != "_"
}

pytestmark = pytest.mark.parametrize("name", sorted(EVERY))


def make(layer, **options):
    return getattr(layers, layer)(**ARGUMENTS.get(layer, {}), **options)


def feed(name, x):
    return [x, x] if name in PAIRED else x


def model_of(name, size=(None, None)):
    """The layer after a convolution, so that there is something to train in front of it."""
    inputs = keras.Input((*size, 4))
    return keras.Model(inputs, make(name)(feed(name, keras.layers.Conv2D(4, 1)(inputs))))


def test_it_is_named(name):
    assert name in layers.__all__


def test_it_comes_back_from_its_config(name):
    layer = make(name, name="mine")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    assert {key: getattr(again, key) for key in ARGUMENTS.get(name, {})} == ARGUMENTS.get(name, {})


@pytest.mark.parametrize("size", [(None, None), (9, 14)], ids=["any_size", "fixed_size"])
def test_a_model_of_it_saves_and_reloads_with_equal_outputs(name, size, images, tmp_path):
    model = model_of(name, size)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)
    assert np.isfinite(expected).all()


def test_the_shape_it_announces_is_the_shape_it_gives(name, images):
    layer = make(name)
    announced = layer.compute_output_shape(feed(name, images.shape))
    assert tuple(layer(feed(name, images)).shape) == tuple(announced)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("mixed_bfloat16", "bfloat16"), ("float32", "float32")]
)
def test_its_output_has_the_dtype_of_its_policy(name, dtype, expected, images):
    layer = make(name, dtype=dtype)
    if name == "Positive":
        # The last layer of a network, whose outputs are what losses and metrics want.
        expected = "float32"
    assert keras.backend.standardize_dtype(layer(feed(name, images)).dtype) == expected
    assert all(weight.dtype == "float32" for weight in layer.weights)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_a_compiled_model_of_it_learns(name, jit_compile, images):
    # XLA compiles for the sizes that it sees, so these are fixed.
    model = model_of(name, size=(9, 14))
    model.compile("sgd", keras.losses.MeanSquaredError(), jit_compile=jit_compile)
    before = [weight.copy() for weight in model.get_weights()]
    targets = np.ones((len(images), *model.output_shape[1:]))
    logs = model.fit(images, targets, verbose=0).history
    assert np.isfinite(logs["loss"]).all()
    assert any(not np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))
