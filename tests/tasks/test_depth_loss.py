import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.tasks.depth import DepthLoss

IGNORANCE = 0.13


def random_batch(seed=0):
    """Metres with every kind of pixel that does not count, and outputs."""
    rng = np.random.default_rng(seed)
    metres = rng.uniform(1, 100, (3, 8, 9)).astype(np.float32)
    metres[rng.random(metres.shape) < 0.3] = 0
    metres[0, 0, :5] = [np.nan, np.inf, -np.inf, -3, 100.5]
    return metres, rng.uniform(0, 1, (*metres.shape, 1)).astype(np.float32)


def counts(metres):
    return np.isfinite(metres) & (metres > 0) & (metres <= 100)


def peer(metres, outputs):
    """One value an image, in plain NumPy."""
    pairs = [
        (truth[counts(truth)], out[counts(truth)])
        for truth, out in zip(metres, outputs, strict=True)
    ]
    return [np.mean(np.abs(t / 100 - o[:, 0])) / IGNORANCE if t.size else 0 for t, o in pairs]


def test_a_constant_error_of_13_m_scores_one_at_an_guess_of_013():
    metres = np.full((2, 3, 4), 50.0, "float32")
    outputs = np.full((2, 3, 4, 1), 0.63, "float32")
    assert float(DepthLoss(guess=0.13)(metres, outputs)) == pytest.approx(1, abs=1e-5)


def test_the_best_constant_guess_scores_one_when_guess_is_measured():
    metres = random_batch()[0][:1]
    valid = metres[counts(metres)] / 100
    median = np.median(valid)
    loss = DepthLoss(guess=float(np.mean(np.abs(valid - median))))
    outputs = np.full((*metres.shape, 1), median, "float32")
    assert float(loss(metres, outputs)) == pytest.approx(1, rel=1e-5)


def test_it_is_the_mean_over_images_of_the_mean_absolute_error_over_valid_pixels():
    metres, outputs = random_batch()
    metres[1, 1:] = 0  # one image with few valid pixels, which counts as much as the others
    each = DepthLoss(IGNORANCE, reduction="none")(metres, outputs)
    np.testing.assert_allclose(each, peer(metres, outputs), rtol=1e-5)
    assert float(DepthLoss(IGNORANCE)(metres, outputs)) == pytest.approx(np.mean(each), rel=1e-6)


def test_a_batch_scores_the_mean_of_its_parts():
    metres, outputs = random_batch()
    metres[0, 1:] = 0
    parts = [float(DepthLoss(IGNORANCE)(metres[n : n + 1], outputs[n : n + 1])) for n in range(3)]
    assert float(DepthLoss(IGNORANCE)(metres, outputs)) == pytest.approx(np.mean(parts), rel=1e-6)


def test_an_image_without_a_valid_pixel_counts_zero():
    metres, outputs = random_batch()
    metres[2] = 0
    each = peer(metres, outputs)
    assert each[2] == 0
    assert float(DepthLoss(IGNORANCE)(metres, outputs)) == pytest.approx(sum(each) / 3, rel=1e-5)


def test_sample_weights_weight_images():
    metres, outputs = random_batch()
    weighted = DepthLoss(IGNORANCE)(metres, outputs, sample_weight=np.array([1.0, 0, 2]))
    expected = np.dot(peer(metres, outputs), [1, 0, 2]) / 3
    assert float(weighted) == pytest.approx(expected, rel=1e-5)


def test_labels_may_carry_a_channel_axis():
    metres, outputs = random_batch()
    assert float(DepthLoss(IGNORANCE)(metres[..., None], outputs)) == float(
        DepthLoss(IGNORANCE)(metres, outputs)
    )


def test_invalid_pixels_have_no_gradient_and_the_others_do():
    metres, outputs = random_batch()
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        loss = DepthLoss(IGNORANCE)(metres, outputs)
    gradient = tape.gradient(loss, outputs).numpy()[..., 0]
    np.testing.assert_array_equal(gradient != 0, counts(metres))


def test_a_batch_without_a_valid_pixel_scores_zero_with_a_zero_gradient():
    outputs = tf.Variable(random_batch()[1])
    with tf.GradientTape() as tape:
        loss = DepthLoss(IGNORANCE)(np.zeros((3, 8, 9), "float32"), outputs)
    assert float(loss) == 0
    assert not tape.gradient(loss, outputs).numpy().any()


def test_it_comes_back_from_its_config():
    loss = DepthLoss(guess=0.2, max_depth=80.0, name="l", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert (again.guess, again.max_depth, again.reduction) == (0.2, 80.0, "sum")
