"""A camera keeps its field of view when its pictures are resized."""

import math

import pytest

from adaat_keras.camera import Camera

pytestmark = pytest.mark.quick


def field_of_view(camera: Camera) -> float:
    return 2 * math.atan(camera.width / 2 / camera.focal_length)


def test_shrinking_keeps_field_of_view_and_the_axis_place():
    camera = Camera(1024, 2048, 2262.5, (1096.0, 513.0))
    small = camera.shrunk(512)
    assert (small.height, small.width) == (256, 512)
    assert field_of_view(small) == pytest.approx(field_of_view(camera))
    assert small.center == pytest.approx((274.0, 128.25))


def test_small_pictures_stay_as_they_are():
    camera = Camera(128, 256)
    assert camera.shrunk(256) is camera


def test_the_zoom_is_the_ratio_of_what_both_see_on_a_plane():
    wide, narrow = Camera(100, 200, 100.0), Camera(50, 100, 77.0)
    seen = [2 * math.tan(field_of_view(camera) / 2) for camera in (wide, narrow)]
    assert wide.zoom_to(narrow) == pytest.approx(seen[0] / seen[1])


def test_without_a_focal_length_there_is_no_zoom():
    assert Camera(8, 8).zoom_to(Camera(8, 8, 4.0)) is None


@pytest.mark.parametrize("wrong", [{"height": 0}, {"focal_length": 0.0}, {"focal_length": -1}])
def test_a_number_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Camera(**{"height": 8, "width": 8, **wrong})


def test_its_config_makes_it_again():
    camera = Camera(128, 256, 197.0, (120.0, 60.0))
    assert Camera(**camera.get_config()) == camera


def test_with_heights_a_piece_of_road_is_as_far_away_in_both():
    """A flat road, from its own formula: depth = f * h / (rows below the horizon)."""
    high = Camera(200, 400, 200.0, camera_height=1.7)
    low = Camera(200, 400, 308.0, camera_height=1.35)
    zoom = high.zoom_to(low)
    row = 40.0
    depth = low.focal_length * low.camera_height / row
    # The row of the wide picture that lies there once it is enlarged.
    assert high.focal_length * high.camera_height / (row / zoom) == pytest.approx(depth)
