import numpy as np
import pytest

from adaat_keras import tasks
from adaat_keras.tasks.depth import Depth


def test_outputs_beyond_the_range_decode_to_its_ends():
    outputs = np.array([[-1.0], [0.0], [0.5], [2.0]], "float32")
    np.testing.assert_allclose(Depth().decode(outputs), [0.001, 0.001, 50, 100], rtol=1e-6)


def test_a_perfect_prediction_has_no_error_and_full_deltas():
    (metric,) = Depth().metrics()
    metres = np.linspace(1, 99, 12, dtype="float32").reshape(1, 3, 4)
    metric.update_state(metres, metres[..., None] / 100)
    values = [float(value) for value in metric.result().values()]
    np.testing.assert_allclose(values, [0, 0, 0, 0, 1, 1, 1], atol=1e-5)


def test_nearer_is_brighter():
    brightness = Depth().colorize(np.array([2.0, 10.0, 50.0, 100.0])).astype(int).sum(axis=-1)
    assert (np.diff(brightness) < 0).all()


def test_near_structure_shows_more_than_far_structure():
    near, nearer, far, farther = Depth().colorize(np.array([8.0, 4.0, 92.0, 96.0])).astype(int)
    assert np.abs(near - nearer).sum() > np.abs(far - farther).sum()


def test_invalid_is_black_and_the_sky_is_not():
    colors = Depth().colorize(np.array([0.0, -1.0, np.nan, np.inf, 1000.0]))
    assert not colors[:4].any()
    assert colors[4].any()


def test_the_log_loss_is_the_mean_log_ratio_over_its_guess():
    metres = np.array([[[5.0, 20.0, 0.0, 150.0]]], "float32")
    outputs = np.array([[[[0.1], [0.1], [0.9], [0.9]]]], "float32")  # 10 m
    expected = (np.log(10 / 5) + np.log(20 / 10)) / 2 / 0.674
    assert float(Depth().loss()(metres, outputs)) == pytest.approx(expected, rel=1e-5)


def test_the_log_loss_counts_a_tenth_alike_near_and_far():
    near, far = (
        float(Depth().loss()(np.full((1, 1, 1), z), np.full((1, 1, 1, 1), 1.1 * z / 100)))
        for z in (2.0, 80.0)
    )
    assert near == pytest.approx(far, rel=1e-4)


def test_the_papers_loss_is_in_metres_and_the_task_comes_back_as_it_was():
    task = Depth("metres")
    near, far = (
        float(task.loss()(np.full((1, 1, 1), z), np.full((1, 1, 1, 1), (z + 1) / 100)))
        for z in (2.0, 80.0)
    )
    assert near == pytest.approx(far, rel=1e-3)
    assert tasks.get(tasks.serialize(task)) == task != Depth()


def test_no_such_error():
    with pytest.raises(ValueError, match="depth error"):
        Depth("centimetres")
