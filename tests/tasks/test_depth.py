import numpy as np

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
