"""The ray-cast streets: labels, depth and pictures."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from adaat_keras.streets import VARIANTS, classes
from adaat_keras.streets.camera import Camera, focal_length
from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import SPLITS, frame_seed, render, render_batch
from adaat_keras.streets.shapes import Box, Convex, Cylinder, Ellipsoid, prism

HEIGHT, WIDTH = 48, 96
LEVEL = {"pitch": (0.0, 0.0), "yaw": (7.0, 7.0)}


def draw(layout="simulator", look="simulator", seed=5):
    return render(LAYOUTS[layout], LOOKS[look], seed, HEIGHT, WIDTH)


def digest(frame):
    return sha256(b"".join(frame[key].tobytes() for key in sorted(frame))).hexdigest()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_renders_with_every_look(layout, look):
    frame = draw(layout, look)
    assert frame["image"].shape == (HEIGHT, WIDTH, 3)
    assert frame["semantic"].shape == frame["depth"].shape == (HEIGHT, WIDTH)
    assert [frame[key].dtype for key in ("image", "semantic", "depth")] == ["u1", "u1", "f4"]
    assert frame["semantic"].max() <= classes.SKY
    assert frame["image"].std() > 15


def test_depth_is_zero_in_the_sky_and_positive_elsewhere():
    frame = draw()
    sky = frame["semantic"] == classes.SKY
    assert sky.any()
    assert (frame["depth"][sky] == 0).all()
    assert (frame["depth"][~sky] > 0).all()
    assert np.isfinite(frame["depth"]).all()


def test_depth_beyond_100_metres_is_kept():
    assert max(draw(seed=seed)["depth"].max() for seed in range(3)) > 100


def test_the_same_seed_gives_the_same_picture():
    assert digest(draw(seed=8)) == digest(draw(seed=8))
    assert digest(draw(seed=8)) != digest(draw(seed=9))


def test_another_process_gives_the_same_picture():
    code = (
        "import sys; from tests.domains.test_street_world import digest, draw;"
        "print(digest(draw('camera_car', 'daylight', 8)), 'tensorflow' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == [digest(draw("camera_car", "daylight", 8)), "False"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_look_changes_no_label(layout):
    frames = [draw(layout, look) for look in LOOKS]
    for frame in frames[1:]:
        assert frame["semantic"].tobytes() == frames[0]["semantic"].tobytes()
        assert frame["depth"].tobytes() == frames[0]["depth"].tobytes()
        assert (frame["image"] != frames[0]["image"]).mean() > 0.5


def test_the_thermal_picture_is_grey_and_persons_are_the_warmest_in_it():
    frames = [draw("camera_car", "thermal", seed) for seed in range(8)]
    images = np.stack([frame["image"].astype(float) for frame in frames])
    labels = np.stack([frame["semantic"] for frame in frames])
    assert not np.ptp(images, axis=-1).any()
    warmth = [images[labels == label].mean() for label in range(classes.SKY + 1)]
    assert np.argmax(warmth) == classes.PERSON
    assert np.argmin(warmth) == classes.SKY


def test_the_night_is_dark_but_under_a_lamp():
    day, night = (draw("camera_car", look, 3)["image"].mean() for look in ("daylight", "night"))
    assert night < 0.65 * day
    dark = replace(LOOKS["night"], lamps=0.0, headlights=0.0, lit_windows=0.0)
    unlit = render(LAYOUTS["camera_car"], dark, 3, HEIGHT, WIDTH)["image"].mean()
    assert unlit < 0.7 * night


def test_every_palette_has_the_same_materials():
    materials = {name: set(look.palette) for name, look in LOOKS.items()}
    assert all(names == materials["simulator"] for names in materials.values())


@pytest.mark.parametrize("height", [1.2, 1.9])
def test_road_depth_is_camera_height_times_focal_length_over_row(height):
    layout = replace(LAYOUTS["simulator"], camera_height=(height, height), **LEVEL)
    frame = render(layout, LOOKS["simulator"], 3, HEIGHT, WIDTH)
    rows = np.arange(HEIGHT)[:, None] + 0.5 - HEIGHT / 2
    with np.errstate(divide="ignore"):
        expected = np.broadcast_to(height * focal_length(layout, WIDTH) / rows, (HEIGHT, WIDTH))
    road = frame["semantic"] == classes.ROAD
    assert road.mean() > 0.1
    np.testing.assert_allclose(frame["depth"][road], expected[road], rtol=1e-4)


def test_sidewalk_depth_lies_a_kerb_higher_than_the_road():
    layout = replace(LAYOUTS["simulator"], camera_height=(1.5, 1.5), **LEVEL)
    frame = render(layout, LOOKS["simulator"], 3, HEIGHT, WIDTH)
    rows = np.broadcast_to(np.arange(HEIGHT)[:, None] + 0.5 - HEIGHT / 2, (HEIGHT, WIDTH))
    walk = (frame["semantic"] == classes.SIDEWALK) & (rows > 2)
    level = 1.5 - frame["depth"][walk] * rows[walk] / focal_length(layout, WIDTH)
    assert abs(np.median(level) - 0.12) < 1e-3


def ray_depth(shape, pitch=0.0, yaw=0.0):
    """Depth of `shape` at the pixel centres of a camera at the origin."""
    camera = Camera.aim((0.0, 0.0, 0.0), pitch, yaw, 20.0, 21, 21)
    with np.errstate(all="ignore"):
        return shape.hit(camera.position, tuple(camera.rays()))[0]


def test_a_facing_box_has_one_planar_depth():
    depth = ray_depth(Box((0.0, 0.0, 8.0), (1.5, 1.0, 1.0)))
    seen = depth[np.isfinite(depth)]
    np.testing.assert_allclose(seen, 7.0, rtol=1e-6)
    # At 7 m and a focal length of 20 pixels, 3 m x 2 m cover 8.57 x 5.71 pixels.
    assert len(seen) == 9 * 5


def test_depth_is_measured_along_the_axis_of_a_turned_camera():
    depth = ray_depth(Ellipsoid((3.0, 0.0, 4.0), (0.5, 0.5, 0.5)), yaw=np.arctan2(3, 4))
    assert depth[10, 10] == pytest.approx(4.5, rel=1e-5)


@pytest.mark.parametrize(
    "shape",
    [
        Box((0.3, 0.1, 6.0), (1.0, 0.7, 0.5), 0.4),
        Ellipsoid((0.3, 0.1, 6.0), (1.0, 0.7, 0.5), 0.4),
        Cylinder((0.3, 0.1, 6.0), (0.6, 0.8, 0.6)),
        prism((0.3, 0.1, 6.0), [(-0.8, -0.5), (0.8, -0.5), (0.0, 0.7)], 0.9, 0.4),
    ],
    ids=lambda shape: type(shape).__name__,
)
def test_hits_lie_on_the_surface_inside_the_window_and_face_the_camera(shape):
    camera = Camera.aim((0.0, 0.0, 0.0), 0.1, 0.05, 60.0, 41, 61)
    rays = camera.rays()
    with np.errstate(all="ignore"):
        depth = shape.hit(camera.position, tuple(rays))[0]
    (top, bottom, left, right), nearest = (
        part[0] for part in camera.windows(shape.corners()[None])
    )
    rows, columns = np.nonzero(np.isfinite(depth))
    assert len(rows) > 30
    assert rows.min() >= top
    assert rows.max() < bottom
    assert columns.min() >= left
    assert columns.max() < right
    assert depth.min() >= nearest
    directions = rays[:, 0, rows, columns]
    points = directions * depth[rows, columns]
    normals = shape.normal(points)
    np.testing.assert_allclose((normals**2).sum(axis=0), 1, rtol=1e-4)
    assert ((normals * directions).sum(axis=0) < 1e-3).all()
    assert_on_surface(shape, np.stack(shape.local(points)))


def assert_on_surface(shape, local):
    half = np.array(shape.half)[:, None]
    if isinstance(shape, Ellipsoid):
        level = ((local / half) ** 2).sum(axis=0)
    elif isinstance(shape, Cylinder):
        level = np.hypot(local[0], local[2]) / shape.half[0]
    elif isinstance(shape, Convex):
        planes = np.array(shape.planes)
        level = 1 + (planes[:, :3] @ local - planes[:, 3:]).max(axis=0)
    else:
        level = np.abs(local / half).max(axis=0)
    np.testing.assert_allclose(level, 1, atol=1e-4)


# One of each layout; how a street looks changes no label.
@pytest.mark.parametrize("name", ["streets_sim", "streets_real"])
def test_every_class_has_its_share_of_the_pixels(name):
    layout, look = VARIANTS[name]
    seeds = [frame_seed(name, "train", index) for index in range(45)]
    labels = render_batch(LAYOUTS[layout], look, seeds, 48, 96)["semantic"]
    share = np.bincount(labels.ravel(), minlength=11) / labels.size
    assert share.min() >= 0.005
    assert share.max() <= 0.4


def test_no_two_frames_share_a_seed():
    indices = (0, 1, 999_999)
    seeds = [frame_seed(n, s, i) for n in VARIANTS for s in SPLITS for i in indices]
    assert len(set(seeds)) == len(seeds)


def test_a_split_has_at_most_a_million_frames():
    with pytest.raises(ValueError, match="999999"):
        frame_seed("streets_sim", "train", 1_000_000)
