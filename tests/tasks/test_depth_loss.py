import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.tasks.losses import DepthLoss


def random_batch(seed=0):
    """Metres with every kind of pixel that does not count, and outputs."""
    rng = np.random.default_rng(seed)
    metres = rng.uniform(1, 100, (3, 8, 9)).astype(np.float32)
    metres[rng.random(metres.shape) < 0.3] = 0
    metres[0, 0, :5] = [np.nan, np.inf, -np.inf, -3, 100.5]
    return metres, rng.uniform(0, 1, (*metres.shape, 1)).astype(np.float32)


def counts(metres):
    return np.isfinite(metres) & (metres > 0) & (metres <= 100)


def test_a_constant_error_of_13_m_scores_one_at_an_ignorance_of_013():
    metres = np.full((2, 3, 4), 50.0, "float32")
    outputs = np.full((2, 3, 4, 1), 0.63, "float32")
    assert float(DepthLoss(ignorance=0.13)(metres, outputs)) == pytest.approx(1, abs=1e-5)


def test_the_best_constant_guess_scores_one_when_ignorance_is_measured():
    metres, _ = random_batch()
    valid = metres[counts(metres)] / 100
    median = np.median(valid)
    loss = DepthLoss(ignorance=float(np.mean(np.abs(valid - median))))
    outputs = np.full((*metres.shape, 1), median, "float32")
    assert float(loss(metres, outputs)) == pytest.approx(1, rel=1e-5)


def test_it_is_the_mean_absolute_error_over_the_valid_pixels_of_the_batch():
    metres, outputs = random_batch()
    valid = counts(metres)
    expected = np.mean(np.abs(metres[valid] / 100 - outputs[..., 0][valid])) / 0.13
    assert float(DepthLoss()(metres, outputs)) == pytest.approx(expected, rel=1e-5)


def test_labels_may_carry_a_channel_axis():
    metres, outputs = random_batch()
    assert float(DepthLoss()(metres[..., None], outputs)) == float(DepthLoss()(metres, outputs))


def test_invalid_pixels_have_no_gradient_and_the_others_do():
    metres, outputs = random_batch()
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        loss = DepthLoss()(metres, outputs)
    gradient = tape.gradient(loss, outputs).numpy()[..., 0]
    np.testing.assert_array_equal(gradient != 0, counts(metres))


def test_a_batch_without_a_valid_pixel_scores_zero_with_a_zero_gradient():
    outputs = tf.Variable(random_batch()[1])
    with tf.GradientTape() as tape:
        loss = DepthLoss()(np.zeros((3, 8, 9), "float32"), outputs)
    assert float(loss) == 0
    assert not tape.gradient(loss, outputs).numpy().any()


def test_it_comes_back_from_its_config():
    loss = DepthLoss(ignorance=0.2, max_depth=80.0, name="l", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert (again.ignorance, again.max_depth, again.reduction) == (0.2, 80.0, "sum")
