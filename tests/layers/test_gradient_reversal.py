import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.layers import GradientReversal


def value_and_gradient(x, factor):
    layer = GradientReversal(factor)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(y**3)
    return y, tape.gradient(loss, x)


@pytest.mark.parametrize("factor", [1.0, 0.25, 0.0])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda f: f,
        tf.function,
        lambda f: tf.function(f, jit_compile=True),
    ],
    ids=["eager", "graph", "jit"],
)
def test_forward_is_the_identity_and_the_gradient_is_turned(wrap, factor, images):
    y, gradient = wrap(lambda x: value_and_gradient(x, factor))(tf.constant(images))
    np.testing.assert_array_equal(y, images)
    np.testing.assert_allclose(gradient, -factor * 3 * images**2, rtol=1e-5)


def test_before_it_a_model_climbs_and_after_it_descends():
    inputs = keras.Input((1,))
    before = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    after = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Model(inputs, after(GradientReversal(0.5)(before(inputs))))
    model.compile(keras.optimizers.SGD(0.1), lambda _, y: y)
    model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    assert (before.kernel.numpy().item(), after.kernel.numpy().item()) == pytest.approx((1.05, 0.9))
