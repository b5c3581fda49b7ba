import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.tasks.depth import DepthMetrics

NAMES = ["abs_rel", "sq_rel", "rmse", "rmse_log", "delta_1", "delta_2", "delta_3"]


# Labels are float32, and so is the open end of their range.
NEAREST = float(np.float32(0.001))


def random_depths(seed=0):
    """Metres with every kind of invalid pixel, one image without a valid one, and outputs."""
    rng = np.random.default_rng(seed)
    truth = np.exp(rng.uniform(np.log(1), np.log(150), (6, 9, 13))).astype(np.float32)
    outputs = truth / 100 * np.exp(rng.normal(0, 0.4, truth.shape)).astype(np.float32)
    truth[rng.random(truth.shape) < 0.2] = 0
    truth[0, 0, :6] = [np.nan, np.inf, -np.inf, -3, 0.001, 100]
    truth[2] = 0
    outputs[1, :2] = -0.5
    return truth, outputs[..., None]


def one_image_in_plain_loops(truth, outputs, scale):
    count, sums = 0, [0.0] * 7
    for t, output in zip(truth.ravel().tolist(), outputs.ravel().tolist(), strict=True):
        if not NEAREST < t < 100:
            continue
        p = min(max(output * 100 * scale, 0.001), 100)
        count += 1
        sums[0] += abs(t - p) / t
        sums[1] += (t - p) ** 2 / t
        sums[2] += (t - p) ** 2
        sums[3] += (math.log(t) - math.log(p)) ** 2
        for power in (1, 2, 3):
            sums[3 + power] += max(t / p, p / t) < 1.25**power
    means = [value / count for value in sums] if count else None
    return means and [*means[:2], math.sqrt(means[2]), math.sqrt(means[3]), *means[4:]]


def in_plain_loops(truth, outputs, scale=1.0):
    images = [one_image_in_plain_loops(*pair, scale) for pair in zip(truth, outputs, strict=True)]
    seen = [scores for scores in images if scores]
    return {name: sum(s[i] for s in seen) / len(seen) for i, name in enumerate(NAMES)}


def streamed(truth, outputs, batches=3, **options):
    metric = DepthMetrics(**options)
    for t, p in zip(np.split(truth, batches), np.split(outputs, batches), strict=True):
        metric.update_state(t, p)
    return {key: float(value) for key, value in metric.result().items()}


@pytest.mark.parametrize("scale", [1.0, 2262.52 / 859.238], ids=["unscaled", "CARLA to Cityscapes"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_seven_are_those_of_a_plain_loop(seed, scale):
    truth, outputs = random_depths(seed)
    expected = in_plain_loops(truth, outputs, scale)
    assert streamed(truth, outputs, scale=scale) == pytest.approx(expected, rel=1e-5)


def test_a_hand_computed_pixel():
    scores = streamed(np.full((1, 1, 1), 10.0), np.full((1, 1, 1, 1), 0.15), batches=1)
    expected = [0.5, 2.5, 5.0, math.log(1.5), 0.0, 1.0, 1.0]
    assert scores == pytest.approx(dict(zip(NAMES, expected, strict=True)), rel=1e-5)


def test_images_count_alike_however_many_valid_pixels_they_have():
    truth = np.full((2, 1, 4), 10.0, "float32")
    truth[0, 0, 1:] = 0
    outputs = np.full((2, 1, 4, 1), 0.1, "float32")
    outputs[0] = 0.2
    assert streamed(truth, outputs, batches=1)["abs_rel"] == pytest.approx(0.5, rel=1e-5)


def test_the_order_and_size_of_batches_do_not_matter():
    truth, outputs = random_depths()
    expected = streamed(truth, outputs, 1)
    assert streamed(truth[::-1], outputs[::-1], 6) == pytest.approx(expected, rel=1e-6)


def test_labels_may_carry_a_channel_axis():
    truth, outputs = random_depths()
    assert streamed(truth[..., None], outputs) == streamed(truth, outputs)


def test_a_full_size_image_loses_no_precision():
    truth = np.full((1, 1024, 2048), 50.0, "float32")
    scores = streamed(truth, truth[..., None] / 100 * np.float32(1.1), batches=1)
    assert scores["abs_rel"] == pytest.approx(0.1, rel=1e-5)
    assert scores["rmse"] == pytest.approx(5, rel=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_a_compiled_update_counts_as_an_eager_one(jit_compile):
    truth, outputs = random_depths()
    metric = DepthMetrics()
    update = tf.function(metric.update_state, jit_compile=jit_compile)
    update(tf.constant(truth), tf.constant(outputs, "float32"))
    result = {key: float(value) for key, value in metric.result().items()}
    assert result == pytest.approx(streamed(truth, outputs), rel=1e-5)


def test_nothing_valid_has_no_score():
    scores = streamed(np.zeros((1, 2, 2)), np.ones((1, 2, 2, 1)), batches=1)
    assert np.isnan(list(scores.values())).all()


def test_it_comes_back_from_its_config():
    metric = DepthMetrics(scale=2.5, min_depth=0.1, max_depth=80.0, name="m")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()
    assert (again.scale, again.min_depth, again.max_depth, again.name) == (2.5, 0.1, 80.0, "m")


def test_sample_weights_are_refused():
    with pytest.raises(ValueError, match="takes no sample weights"):
        DepthMetrics().update_state([[[1.0]]], [[[[1.0]]]], sample_weight=[1.0])
