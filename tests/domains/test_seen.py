"""A domain is cut and enlarged to what another camera would have seen."""

import numpy as np
import pytest
import tensorflow as tf
from pixel_kit import Pixels

from adaat_keras.camera import Camera
from adaat_keras.domains import Domain, Streets
from adaat_keras.domains.resize import camera_of
from adaat_keras.domains.seen import Seen, zoom_by_depth
from adaat_keras.domains.splits import Splits
from adaat_keras.methods.recipe import Training
from adaat_keras.methods.stage import Feed
from adaat_keras.tasks import get

pytestmark = pytest.mark.quick


def frames(height: int, width: int, **options) -> Domain:
    """One frame whose red is its column, whose green is its row, and whose depth is both."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([columns, rows, 0 * rows], -1).astype(np.uint8)
    return Domain.from_arrays(
        image[None], (columns // 4 % 11)[None], (1.0 + rows + columns)[None], **options
    )


def test_the_middle_is_enlarged_by_the_ratio_of_the_focal_lengths():
    wide = frames(64, 128, focal_length=64.0)
    seen = Seen(wide, Camera(64, 128, focal_length=128.0))[0]["image"]
    assert seen.shape == (64, 128, 3)
    # The left border of the middle half, and the middle.
    assert seen[32, 0, 0] == pytest.approx(32, abs=1)
    assert seen[32, 64, :2] == pytest.approx((64, 32), abs=1)


def test_depth_keeps_its_metres_and_labels_go_with_the_image():
    wide = frames(64, 128, focal_length=64.0)
    frame = Seen(wide, Camera(64, 128, focal_length=128.0))[0]
    column, row = frame["image"][..., 0].astype(int), frame["image"][..., 1].astype(int)
    inside = (slice(2, -2), slice(2, -2))
    assert np.abs(frame["depth"] - (1.0 + row + column))[inside].max() <= 2.0
    assert set(np.unique(frame["depth"] % 1)) == {0.0}
    assert (frame["semantic"] == column // 4 % 11).mean() > 0.8


def test_the_optical_axes_fall_together():
    wide = frames(64, 128, focal_length=64.0)
    wide.principal_point = (50.0, 30.0)
    camera = Camera(32, 64, focal_length=64.0, center=(32.0, 16.0))
    top, left, height, width = (int(side) for side in Seen(wide, camera).part(64, 128))
    assert (height, width) == (32, 64)
    assert (left + 32, top + 16) == (50, 30)


def test_a_camera_that_sees_more_than_the_frame_gets_all_of_it():
    narrow = frames(64, 128, focal_length=256.0)
    assert [int(n) for n in Seen(narrow, Camera(64, 128, 64.0)).part(64, 128)] == [0, 0, 64, 128]


def test_another_aspect_is_cut_not_squeezed():
    top, _, height, width = Seen(frames(100, 128), Camera(64, 128)).part(100, 128)
    assert (int(top), int(height), int(width)) == (18, 64, 128)


def test_a_zoom_that_is_given_counts_more_than_the_focal_lengths():
    wide = frames(64, 128, focal_length=64.0)
    _, _, _, width = Seen(wide, Camera(64, 128, focal_length=128.0), zoom=1.0).part(64, 128)
    assert int(width) == 128


def test_a_simulator_seen_by_the_targets_camera_has_its_focal_length(tmp_path):
    """Two renderings of one street, one by the wide camera and cut, one by the narrow camera."""
    options = {"frames": 1, "height": 64, "cache": tmp_path}
    wide = Streets("streets_sim", "val", width=256, **options)
    narrow = Streets("streets_sim", "val", width=128, focal_length=wide.focal_length, **options)
    cut = Seen(wide, camera_of(narrow))[0]["depth"]
    assert np.mean(cut == narrow[0]["depth"]) > 0.99


def test_frames_of_other_sizes_come_out_alike():
    images = [np.zeros((40, 90, 3), np.uint8), np.zeros((64, 128, 3), np.uint8)]
    seen = Seen(Domain.from_arrays(images), Camera(32, 64))
    assert [frame["image"].shape for frame in (seen[0], seen[1])] == [(32, 64, 3)] * 2


def test_it_runs_in_a_graph_and_its_identity_tells_the_camera():
    domain = frames(64, 128, focal_length=64.0)
    one, other = (Seen(domain, Camera(32, 64, focal)) for focal in (32.0, 64.0))
    [batch] = one.dataset(("image",)).batch(1)
    assert batch["image"].shape == (1, 32, 64, 3)
    assert one.identity() != other.identity() != domain.identity()


def test_a_zoom_below_zero_is_refused():
    with pytest.raises(ValueError, match="zoom must be above 0"):
        Seen(frames(8, 8), Camera(8, 8), zoom=-1.0)


def test_the_camera_of_a_domain_has_its_frames_size():
    assert camera_of(frames(8, 12, focal_length=5.0)) == Camera(8, 12, 5.0)
    assert tf.executing_eagerly()


# === Cameras that nobody knows ===


def road(focal_length: float, height: float) -> Domain:
    """A road without end under a camera, its horizon in the middle of 64 rows."""
    below = np.arange(64) - 31.5
    depth = np.where(below > 0, focal_length * height / np.maximum(below, 0.5), 0)
    depth = np.broadcast_to(depth[:, None], (64, 128)).astype(np.float32)
    return Domain.from_arrays(np.zeros((1, 64, 128, 3), np.uint8), depth=depth[None])


@pytest.mark.parametrize(("focal_length", "height"), [(64, 1.5), (80, 1.8), (64, 2.4), (112, 1.2)])
def test_depth_tells_the_zoom_that_both_cameras_would(focal_length, height):
    source, target = road(64, 1.5), road(focal_length, height)
    told = Camera(64, 128, 64.0, camera_height=1.5).zoom_to(
        Camera(64, 128, focal_length, camera_height=height)
    )
    assert zoom_by_depth(source, target, Camera(64, 128)) == pytest.approx(told, abs=0.101)


def test_where_no_place_has_depth_in_both_domains_nothing_is_told():
    source = road(64, 1.5)
    empty = Domain.from_arrays(np.zeros((1, 64, 128, 3), np.uint8), depth=np.zeros((1, 64, 128)))
    assert zoom_by_depth(source, empty, Camera(64, 128)) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spoil", [lambda d: 500 * d, lambda d: d / 1000, lambda d: d * np.nan])
def test_depth_that_looks_wrong_is_nothing_to_speak_of_here(spoil):
    """Frames far from everything, in kilometres, or without a valid pixel."""

    class Odd(Pixels):
        """A user's domain, whose depth nobody has looked at yet."""

        name = "odd"

        def _value(self, index, key):
            return spoil(super()._value(index, key))

    told = zoom_by_depth(Odd([(64, 128)] * 2), road(64, 1.5), Camera(64, 128))
    assert told is None or 1 <= told <= 2


def test_a_run_whose_cameras_are_not_known_is_told_what_would_fit():
    splits = [Splits(road(64, 1.5)), Splits(road(64, 2.4))]
    feed = Feed(*splits, Training())
    line = feed.told_camera(get("depth"))
    assert "are not enlarged (zoom=, --zoom: by depth, 1.65 would fit)" in line
    assert feed.told_camera(get("semantic")).endswith("are not enlarged (zoom=, --zoom)")


def test_a_frame_whose_size_a_graph_does_not_know_is_seen_alike(monkeypatch):
    wide = frames(60, 128, focal_length=64.0)
    seen, read = Seen(wide, Camera(32, 64, focal_length=50.0)), wide.read
    known = seen[0]

    def unknown(index, keys):
        found = read(index, keys)
        shapes = {key: [None, None, *value.shape[2:]] for key, value in found.items()}
        return {
            key: tf.raw_ops.PlaceholderWithDefault(input=value, shape=shapes[key])
            for key, value in found.items()
        }

    monkeypatch.setattr(wide, "read", unknown)
    for frame in tf.data.Dataset.range(1).map(lambda n: seen.read(n, tuple(known))):
        for key, value in known.items():
            np.testing.assert_array_equal(frame[key], value)


# === A height and width of another aspect than the target's ===


def feed_of(target: Domain, **size) -> Feed:
    return Feed(Splits(target), Splits(target), Training(**size))


@pytest.mark.parametrize(
    ("focal_length", "said"), [(60.0, "enlarged 1.50 times"), (120.0, "is not enlarged")]
)
def test_a_source_that_sees_less_is_not_said_to_match(focal_length, said):
    source = frames(64, 128, focal_length=focal_length)
    feed = Feed(Splits(source), Splits(frames(64, 128, focal_length=90.0)), Training())
    told = feed.told_camera(get("semantic"))
    assert said in told
    assert "1.00" not in told


def test_a_size_of_another_aspect_is_refused_with_those_that_fit():
    """Frames would be cut for training, and whole ones tested at another scale."""
    with pytest.raises(
        ValueError, match=r"24 x 80 pixels, .* 16 x 32 .*: 10 x 32 or 16 x 53 would"
    ):
        _ = feed_of(frames(24, 80), height=16, width=32).camera


@pytest.mark.parametrize(("height", "width"), [(10, 32), (16, 53), (16, 52)])
def test_a_size_that_fits_is_taken_and_some_pixels_are_rounding(height, width):
    camera = feed_of(frames(24, 80, focal_length=90.0), height=height, width=width).camera
    assert (camera.height, camera.width) == (height, width)
    assert camera.focal_length == pytest.approx(90 * width / 80)
