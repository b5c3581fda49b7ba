"""The convolution is Keras' own, whichever way it is computed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import fused
from adaat_keras.layers import Conv2D, Upsampling
from adaat_keras.models import Decoder

# What is computed otherwise, and two that are not.
SHAPES = {
    "repeated": {"filters": 5, "kernel_size": 3, "padding": "same", "repeat": True},
    "one_output": {"filters": 1, "kernel_size": 7},
    "three_outputs": {"filters": 3, "kernel_size": (5, 7)},
    "repeated_5x5": {"filters": 2, "kernel_size": 5, "padding": "same", "repeat": True},
    "many_outputs": {"filters": 4, "kernel_size": 7},
}


def reference(layer):
    """Keras' layer with the same weights, of repeated pixels where they are."""
    options = {n: v for n, v in layer.get_config().items() if n not in ("repeat", "name")}
    theirs = keras.layers.Conv2D(**options)
    grow = (lambda x: keras.ops.repeat(keras.ops.repeat(x, 2, 1), 2, 2)) if layer.repeat else None

    def call(x):
        return theirs(grow(x) if grow else x)

    return call, theirs


def values_and_gradients(call, layer, x, known):
    """Outputs, and the gradients of a weighted sum of them by inputs, kernel and bias."""

    @tf.function(input_signature=[tf.TensorSpec(x.shape if known else (None, None, None, 4))])
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(x)
            weights = tf.random.stateless_uniform(tf.shape(y), (1, 2), -1.0)
            loss = tf.reduce_sum(tf.cast(y, "float32") * weights)
        variables = [v.value for v in layer.trainable_variables]
        return [y, *tape.gradient(loss, [x, *variables])]

    return [tf.cast(value, "float32").numpy() for value in run(x)]


def both(name, dtype, images, known=True):
    layer = Conv2D(**SHAPES[name], dtype=dtype, activation="tanh", bias_initializer="normal")
    call, theirs = reference(layer)
    call(images[:1]), layer(images[:1])
    theirs.set_weights(layer.get_weights())
    return (
        values_and_gradients(layer, layer, images, known),
        values_and_gradients(call, theirs, images, known),
    )


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("name", SHAPES)
def test_outputs_and_gradients_are_those_of_keras(name, known, images):
    for actual, expected in zip(*both(name, "float32", images / 10, known), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["repeated", "one_output"])
def test_in_bfloat16_they_are_no_farther_from_float32_than_those_of_keras(name, images):
    _, exact = both(name, "float32", images / 10)
    keras.utils.set_random_seed(0)
    ours, theirs = both(name, "mixed_bfloat16", images / 10)
    for actual, expected, true in zip(ours, theirs, exact, strict=True):
        size = np.abs(true).mean()
        assert np.abs(actual - true).mean() / size < 1.5 * np.abs(expected - true).mean() / size


def test_what_keras_takes_third_is_not_taken_for_repeat():
    """There it is the strides: a layer that was to halve an image would double it."""
    with pytest.raises(TypeError, match="positional arguments"):
        Conv2D(4, 3, 2)


@pytest.mark.parametrize("make", [lambda **options: Conv2D(1, 7, **options), Upsampling])
def test_channels_come_last_or_are_told_to(make, images):
    for options in ({}, {"data_format": None}, {"data_format": "channels_last"}):
        assert make(**options).data_format == "channels_last"
    with pytest.raises(
        ValueError, match=r"channels\), not data_format='channels_first': transpose"
    ):
        make(data_format="channels_first")


def test_one_pixel_goes_to_each_place_by_its_sum_of_the_kernel():
    layer = Conv2D(1, 3, padding="same", repeat=True, use_bias=False)
    layer.build((1, 1, 1, 1))
    kernel = np.arange(9.0).reshape(3, 3)
    layer.set_weights([kernel[..., None, None]])
    # Copies of the pixel lie where the kernel's corner of 2 x 2 meets them.
    expected = [[kernel[1:, 1:].sum(), kernel[1:, :2].sum()]]
    expected += [[kernel[:2, 1:].sum(), kernel[:2, :2].sum()]]
    np.testing.assert_array_equal(layer(np.ones((1, 1, 1, 1), "float32"))[0, ..., 0], expected)


@pytest.mark.parametrize("repeat", [False, True])
def test_files_hold_its_weights_as_they_hold_those_of_keras(repeat, images, tmp_path):
    def model(layer):
        return keras.Sequential([keras.Input((None, None, 4)), layer(4, 3), layer(2, 3)])

    ours = model(lambda *args: Conv2D(*args, repeat=repeat, padding="same"))
    theirs = model(lambda *args: keras.layers.Conv2D(*args, padding="same"))
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_decoder_of_before_loads_and_predicts_the_same(images, tmp_path):
    features = np.repeat(images, 4, -1)
    decoder = Decoder(1, base_filters=4, activation="positive")
    # As it was: repeated pixels, and Keras' convolutions.
    inputs = x = keras.Input((None, None, 16))
    for filters in (8, 4):
        x = keras.layers.UpSampling2D(2)(x)
        x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        x = keras.layers.GroupNormalization(-1, center=False, scale=False, epsilon=1e-5)(x)
        x = keras.layers.ReLU()(x)
    x = keras.ops.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    before = keras.Model(inputs, keras.ops.exp(keras.layers.Conv2D(1, 7)(x)) / 10)
    before.save_weights(tmp_path / "before.weights.h5")
    decoder.load_weights(tmp_path / "before.weights.h5")
    np.testing.assert_allclose(decoder(features), before(features), rtol=2e-4)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("name", SHAPES)
def test_without_fused_operations_it_is_the_same(name, dtype, images):
    layer = Conv2D(**SHAPES[name], dtype=dtype)
    fused_outputs = layer(images)
    with fused.without_fused_operations():
        outputs = layer(images)
    assert outputs.dtype == fused_outputs.dtype == layer.compute_dtype
    outputs, fused_outputs = (tf.cast(y, "float32").numpy() for y in (outputs, fused_outputs))
    error = np.abs(outputs - fused_outputs).max() / np.abs(outputs).max()
    assert error < (2e-6 if dtype == "float32" else 0.02)


def test_exports_know_nothing_of_it(images):
    def operations():
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec(images.shape)).graph
        return [op.type for op in graph.get_operations()].count("Conv2D")

    layer = Conv2D(1, 7)
    layer.build(images.shape)
    with fused.without_fused_operations():
        assert operations() == 1
    assert operations() == 2
