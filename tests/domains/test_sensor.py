"""What a sensor measures is true where it measures, and missing where it cannot."""

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains import Streets
from adaat_keras.domains.sensor import lidar, stereo

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def street(tmp_path_factory) -> Streets:
    return Streets("streets_real", "val", frames=1, cache=tmp_path_factory.mktemp("streets"))


def test_stereo_errs_by_a_quarter_of_a_pixel_of_disparity(street):
    truth, focal = street[0]["depth"], street.focal_length
    measured = stereo(truth, focal, tf.constant(3)).numpy()
    known = measured > 0
    # Far away what is below a pixel is missing, which moves the mean.
    near = known & (truth < 20)
    error = focal * 0.21 / measured[near] - focal * 0.21 / truth[near]
    assert np.std(error) == pytest.approx(0.25, rel=0.05)
    assert 0.4 < known[truth > 0].mean() < 0.9
    assert not measured[truth == 0].any()


def test_stereo_sees_nothing_behind_a_near_things_left_edge():
    depth = np.full((16, 64), 20.0, np.float32)
    depth[:, 40:] = 2.0  # at f = 100: 10.5 pixels of disparity before 1.05
    measured = stereo(depth, 100.0, tf.constant(0)).numpy()
    assert not measured[:, 32:39].any()
    assert (measured[:, 42:] > 0).mean() > 0.5


def test_lidar_has_about_one_pixel_in_twenty_on_lines_below_the_horizon(street):
    truth = street[0]["depth"]
    measured = lidar(truth, street.focal_length, tf.constant(3)).numpy()
    known = measured > 0
    assert 0.03 < known.mean() < 0.1
    assert known.any(axis=1).sum() <= 16
    assert not known[: truth.shape[0] // 3].any()
    assert np.abs(measured - truth)[known].mean() == pytest.approx(0.03 * 0.8, rel=0.1)


def test_streets_measure_the_same_every_time_and_say_that_depth_has_holes(street):
    folder = street.folder.parent
    one, other = (
        Streets("streets_real", "val", frames=1, cache=folder, sensor="stereo") for _ in range(2)
    )
    assert (one[0]["depth"] == other[0]["depth"]).all()
    assert one.dense == ("semantic",)
    assert one.identity() != street.identity()
    assert (one[0]["image"] == street[0]["image"]).all()


def test_no_such_sensor():
    with pytest.raises(ValueError, match="sensor"):
        Streets("streets_real", "val", frames=1, sensor="radar")
