import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains import Streets
from adaat_keras.tasks.normals import NormalsLoss


def random_batch(seed=0):
    """Unit vectors with every kind of pixel that does not count, and outputs."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(3, 8, 9, 3)).astype(np.float32)
    truth /= np.linalg.norm(truth, axis=-1, keepdims=True)
    truth[rng.random(truth.shape[:-1]) < 0.3] = 0
    truth[0, 0, :3] = [[np.nan, 0, 1], [0, np.inf, 0], [np.nan] * 3]
    return truth, rng.normal(size=truth.shape).astype(np.float32)


def counts(truth):
    return np.isfinite(truth).all(axis=-1) & (truth != 0).any(axis=-1)


def peer(truth, outputs, guess):
    """One value an image, in plain NumPy."""
    values = []
    for t, o in zip(truth, outputs, strict=True):
        seen = counts(t)
        values.append(np.abs(t[seen] - o[seen]).sum(-1).mean() / guess if seen.any() else 0)
    return values


def test_it_is_the_mean_over_images_of_the_mean_distance_over_valid_pixels():
    truth, outputs = random_batch()
    truth[1, 1:] = 0  # one image with few valid pixels, which counts as much as the others
    truth[2] = 0
    each = NormalsLoss(0.7, reduction="none")(truth, outputs)
    np.testing.assert_allclose(each, peer(truth, outputs, 0.7), rtol=1e-5)
    assert float(NormalsLoss(0.7)(truth, outputs)) == pytest.approx(np.mean(each), rel=1e-6)


def test_the_best_constant_guess_on_the_simulator_scores_one(tmp_path):
    streets = Streets("streets_sim", "val", frames=8, height=64, width=128, cache=tmp_path)
    frames = list(streets.dataset(("normals",)).as_numpy_iterator())
    truth = np.stack([frame["normals"] for frame in frames])
    guess = np.median(truth[counts(truth)], axis=0)
    loss = NormalsLoss()
    assert float(loss(truth, np.broadcast_to(guess, truth.shape))) == pytest.approx(1, abs=0.1)


def test_invalid_pixels_have_no_gradient_and_the_others_do():
    truth, outputs = random_batch()
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        loss = NormalsLoss()(truth, outputs)
    gradient = tape.gradient(loss, outputs).numpy()
    np.testing.assert_array_equal((gradient != 0).all(axis=-1), counts(truth))
    np.testing.assert_array_equal((gradient != 0).any(axis=-1), counts(truth))


def test_sample_weights_weight_images():
    truth, outputs = random_batch()
    weighted = NormalsLoss(1.0)(truth, outputs, sample_weight=np.array([1.0, 0, 2]))
    expected = np.dot(peer(truth, outputs, 1.0), [1, 0, 2]) / 3
    assert float(weighted) == pytest.approx(expected, rel=1e-5)


def test_it_comes_back_from_its_config():
    loss = NormalsLoss(guess=0.2, name="l", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert (again.guess, again.name, again.reduction) == (0.2, "l", "sum")
