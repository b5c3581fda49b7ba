import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.fused import instance_normalization, without_fused_operations
from adaat_keras.layers import InstanceNormalization


def group_normalization(x):
    """Keras' own, the reference."""
    layer = keras.layers.GroupNormalization(groups=-1, center=False, scale=False, epsilon=1e-5)
    return layer(x)


def values_and_gradient(function, images, batch):
    """Outputs, and the gradient of a weighted sum of them, in a graph of this static batch."""
    weights = np.random.default_rng(1).normal(size=images.shape).astype(np.float32)

    @tf.function(input_signature=[tf.TensorSpec((batch, None, None, images.shape[-1]))])
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            loss = tf.reduce_sum(y * weights)
        return y, tape.gradient(loss, x)

    return [value.numpy() for value in run(images)]


@pytest.mark.parametrize("batch", [2, None], ids=["static", "dynamic"])
@pytest.mark.parametrize("path", ["layer", "fused", "plain"])
def test_every_path_is_keras_group_normalization_in_values_and_gradients(path, batch, images):
    layer = InstanceNormalization()
    fused = lambda x: instance_normalization(tf.ensure_shape(x, images.shape), 1e-5)  # noqa: E731
    function = {"layer": layer, "fused": fused, "plain": layer._plain}[path]
    expected = values_and_gradient(group_normalization, images, batch)
    actual = values_and_gradient(function, images, batch)
    np.testing.assert_allclose(actual[0], expected[0], atol=2e-5)
    np.testing.assert_allclose(actual[1], expected[1], atol=2e-5)


def test_a_static_batch_takes_the_fused_path_and_a_dynamic_one_the_plain(images):
    def operations(batch):
        spec = tf.TensorSpec((batch, 9, 14, 4))
        graph = tf.function(InstanceNormalization()).get_concrete_function(spec).graph
        return {op.type for op in graph.get_operations()}

    assert "FusedBatchNormV3" in operations(2)
    assert "FusedBatchNormV3" not in operations(None)


def test_no_digit_is_lost_in_a_large_image_in_the_open():
    x = np.random.default_rng(0).uniform(0, 1, (1, 512, 1024, 2)).astype("float32") ** 8
    exact = x.astype("float64") - x.mean((1, 2), dtype="float64", keepdims=True)
    exact /= np.sqrt(x.var((1, 2), dtype="float64", keepdims=True) + 1e-5)
    np.testing.assert_allclose(InstanceNormalization()._plain(x), exact, rtol=0, atol=5e-6)


def test_nothing_is_fused_where_an_export_asks_for_it():
    def operations():
        spec = tf.TensorSpec((2, 9, 14, 4))
        graph = tf.function(InstanceNormalization()).get_concrete_function(spec).graph
        return {op.type for op in graph.get_operations()}

    with without_fused_operations():
        assert "FusedBatchNormV3" not in operations()
    assert "FusedBatchNormV3" in operations()


def test_every_channel_of_every_image_has_mean_zero_and_variance_one(images):
    y = InstanceNormalization()(images).numpy()
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.var((1, 2)), 1, atol=1e-3)


def test_an_image_does_not_depend_on_its_neighbours_in_the_batch(images):
    alone = InstanceNormalization()(images[:1]).numpy()
    np.testing.assert_array_equal(InstanceNormalization()(images).numpy()[:1], alone)


def test_a_constant_image_becomes_zero_not_nan():
    assert not InstanceNormalization()(np.full((2, 4, 4, 3), 7.0, "float32")).numpy().any()


def test_bfloat16_inputs_are_normalized_with_float32_moments(images):
    # A mean of 1000 with a spread of 1 has no digits left in bfloat16's own sums.
    x = tf.cast(np.round(images) + 64, "bfloat16")
    expected = InstanceNormalization()(tf.cast(x, "float32"))
    for path in (InstanceNormalization(dtype="bfloat16"), InstanceNormalization()._plain):
        y = tf.cast(path(x), "float32")
        np.testing.assert_allclose(y, expected, atol=0.02)


def test_a_batch_of_no_images_stays_one(images):
    assert InstanceNormalization()(images[:0]).shape == (0, *images.shape[1:])


def test_float64_keeps_all_its_digits(images):
    x = images.astype("float64")
    exact = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    y = InstanceNormalization(dtype="float64")(x)
    assert y.dtype == "float64"
    np.testing.assert_allclose(y, exact, rtol=0, atol=1e-12)
