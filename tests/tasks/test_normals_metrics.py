import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.tasks.normals import NormalsMetrics


def random_normals(seed=0):
    """Unit vectors with every kind of invalid pixel, and outputs of any length near them."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(6, 9, 13, 3)).astype(np.float32)
    truth /= np.linalg.norm(truth, axis=-1, keepdims=True)
    outputs = truth + rng.normal(0, 0.4, truth.shape).astype(np.float32)
    outputs *= rng.uniform(0.1, 5, outputs.shape[:-1])[..., None].astype(np.float32)
    truth[rng.random(truth.shape[:-1]) < 0.2] = 0
    truth[0, 0, :2] = [[np.nan, 0, 1], [0, 0, np.inf]]
    truth[2] = 0
    return truth, outputs


def by_arc_cosine(truth, outputs):
    """The definition, in double precision, over the pixels of all images together."""
    truth, outputs = (np.reshape(v, (-1, 3)).astype(np.float64) for v in (truth, outputs))
    seen = np.isfinite(truth).all(axis=1) & truth.any(axis=1)
    truth, outputs = truth[seen], outputs[seen]
    lengths = np.linalg.norm(truth, axis=1) * np.linalg.norm(outputs, axis=1)
    angles = np.degrees(np.arccos(np.clip((truth * outputs).sum(axis=1) / lengths, -1, 1)))
    shares = {f"within_{k}": np.mean(angles < float(k.replace("_", "."))) for k in LIMITS}
    return {"mean_angle": angles.mean(), "median_angle": np.median(angles), **shares}


LIMITS = ("11_25", "22_5", "30")


def streamed(truth, outputs, batches=3):
    metric = NormalsMetrics()
    for t, p in zip(np.split(truth, batches), np.split(outputs, batches), strict=True):
        metric.update_state(t, p)
    return {key: float(value) for key, value in metric.result().items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_they_are_those_of_all_angles_together(seed):
    truth, outputs = random_normals(seed)
    expected, found = by_arc_cosine(truth, outputs), streamed(truth, outputs)
    # Of an even count NumPy takes the middle between two angles.
    assert found.pop("median_angle") == pytest.approx(expected.pop("median_angle"), abs=0.2)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("degrees", [0.001, 0.05, 17.3, 90, 179.9])
def test_every_angle_is_told_as_it_is(degrees):
    turn = np.radians(degrees)
    truth = np.tile(np.array([0, -1, 0], "float32"), (1, 2, 2, 1))
    turned = np.array([np.sin(turn), -np.cos(turn), 0], "float32")
    found = streamed(truth, np.tile(7 * turned, (1, 2, 2, 1)), batches=1)
    assert found["mean_angle"] == pytest.approx(degrees, rel=1e-4)
    assert found["median_angle"] == pytest.approx(degrees, abs=0.0101)


def test_an_output_without_a_direction_is_a_right_angle_off():
    truth = np.tile(np.array([0, -1, 0], "float32"), (1, 2, 2, 1))
    found = streamed(truth, 0 * truth, batches=1)
    assert (found["mean_angle"], found["median_angle"], found["within_30"]) == (90, 90, 0)


def test_outputs_that_are_no_numbers_are_never_perfect():
    truth = np.tile(np.array([0, -1, 0], "float32"), (1, 2, 2, 1))
    outputs = truth.copy()
    outputs[0, 0], outputs[0, 1, 0] = np.nan, np.inf
    found = streamed(truth, outputs, batches=1)
    assert np.isnan(found["mean_angle"])
    assert (found["median_angle"], found["within_30"]) == (180, 0.25)


def test_the_order_and_size_of_batches_do_not_matter():
    truth, outputs = random_normals()
    expected = streamed(truth, outputs, 1)
    assert streamed(truth[::-1], outputs[::-1], 6) == pytest.approx(expected, rel=1e-9)


def test_a_compiled_update_counts_as_an_eager_one():
    truth, outputs = random_normals()
    metric = NormalsMetrics()
    tf.function(metric.update_state, jit_compile=True)(tf.constant(truth), tf.constant(outputs))
    result = {key: float(value) for key, value in metric.result().items()}
    assert result == pytest.approx(streamed(truth, outputs), rel=1e-5)


def test_nothing_valid_has_no_score():
    scores = streamed(np.zeros((1, 2, 2, 3)), np.ones((1, 2, 2, 3)), batches=1)
    assert np.isnan(list(scores.values())).all()


def test_it_comes_back_from_its_config():
    metric = NormalsMetrics(name="m")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()


def test_sample_weights_are_refused():
    with pytest.raises(ValueError, match="takes no sample weights"):
        NormalsMetrics().update_state([[[[0, 0, 1.0]]]], [[[[0, 0, 1.0]]]], sample_weight=[1.0])
