"""Normals from depth, against closed forms, cross products, and the shapes that were rendered."""

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains.decoders import depth_normals
from adaat_keras.streets import render as renderer
from adaat_keras.streets.camera import focal_length
from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.scene import build_scene

HEIGHT, WIDTH, FOCAL = 24, 40, 30.0


def rays(height=HEIGHT, width=WIDTH, focal=FOCAL):
    """Where each pixel's ray meets a plane 1 m ahead: x right, y down, z forward."""
    x = (np.arange(width) + 0.5 - width / 2) / focal
    y = (np.arange(height) + 0.5 - height / 2) / focal
    return np.stack([*np.meshgrid(x, y), np.ones((height, width))], axis=-1)


def plane(normal, distance=8.0):
    """Depth of the plane that lies `distance` metres ahead of the camera's centre."""
    depth = distance * normal[2] / (rays() @ normal)
    return np.where(depth > 0, depth, 0).astype(np.float32)


def inside(pixels):
    return pixels[1:-1, 1:-1]


@pytest.mark.parametrize("tilt", [0, 20, -45, 70])
@pytest.mark.parametrize("turn", [0, 30, -60])
def test_a_plane_of_known_tilt_has_its_normal_everywhere(tilt, turn):
    tilt, turn = np.radians([tilt, turn])
    normal = np.array([np.sin(turn) * np.cos(tilt), np.sin(tilt), -np.cos(turn) * np.cos(tilt)])
    depth = plane(normal)
    normals = depth_normals(tf.constant(depth), FOCAL).numpy()
    known = normals.any(axis=-1)
    assert known.sum() >= 0.9 * inside(depth > 0).sum() - 2 * HEIGHT
    np.testing.assert_allclose(normals[known], np.tile(normal, (known.sum(), 1)), atol=1e-4)


def test_a_wall_ahead_faces_the_camera_and_the_border_is_unknown():
    normals = depth_normals(tf.fill((HEIGHT, WIDTH), 5.0), FOCAL).numpy()
    np.testing.assert_allclose(inside(normals), np.tile([0, 0, -1.0], (HEIGHT - 2, WIDTH - 2, 1)))
    inside(normals)[:] = 0
    assert not normals.any()


def test_a_round_surface_has_the_normals_of_the_cross_product_of_differences():
    """A sphere of 9 m around a point 12 m ahead, seen where it is not too steep."""
    ray = rays()
    forward = np.sum(ray**2, axis=-1)
    root = 12**2 - forward * (12**2 - 9**2)
    depth = np.where(root > 0, (12 - np.sqrt(np.maximum(root, 0))) / forward, 0)
    points = ray * depth[..., None]
    right, down = (points[1:-1, 2:] - points[1:-1, :-2]), (points[2:, 1:-1] - points[:-2, 1:-1])
    cross = np.cross(down, right)
    cross /= np.linalg.norm(cross, axis=-1, keepdims=True)
    exact = (points - [0, 0, 12]) / 9
    normals = depth_normals(tf.constant(depth, tf.float32), FOCAL).numpy()
    known = inside(normals.any(axis=-1))
    assert known.mean() > 0.9
    np.testing.assert_allclose(inside(normals)[known], cross[known], atol=0.02)
    np.testing.assert_allclose(inside(normals)[known], inside(exact)[known], atol=0.02)


def test_an_invalid_pixel_and_its_four_neighbours_are_unknown():
    for nothing in (0, np.nan, np.inf):
        depth = np.full((7, 7), 5.0, np.float32)
        depth[3, 3] = nothing
        unknown = ~depth_normals(tf.constant(depth), FOCAL).numpy().any(axis=-1)
        rows, columns = np.nonzero(inside(unknown))
        found = {(int(y) + 1, int(x) + 1) for y, x in zip(rows, columns, strict=True)}
        assert found == {(3, 3), (2, 3), (4, 3), (3, 2), (3, 4)}


def test_an_edge_is_unknown_on_both_sides_and_nowhere_else():
    depth = np.full((HEIGHT, WIDTH), 5.0, np.float32)
    depth[:, 20:] = 8
    known = depth_normals(tf.constant(depth), FOCAL).numpy().any(axis=-1)
    assert np.flatnonzero(~known[5, 1:-1]).tolist() == [18, 19]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_the_streets_normals_are_those_of_the_shapes_that_were_hit(name):
    layout, height, width = LAYOUTS[name], 64, 128
    scene = build_scene(layout, np.random.default_rng(3), height, width)
    depth, owner = (a[0] for a in renderer._cast(scene.camera, scene.solids, scene.camera.rays()))
    depth = np.where(owner < 0, np.float32(0), depth)
    focal = focal_length(layout, width)
    normals = depth_normals(tf.constant(depth), focal).numpy()
    # From the camera's axes to the world's: right, up, forward are its rows.
    axes = scene.camera.axes
    points = (rays(height, width, focal) * [1, -1, 1] * depth[..., None]) @ axes
    points += np.array(scene.camera.position)
    world = normals * [1, -1, 1] @ axes
    close, known = [], normals.any(axis=-1)
    for number in np.unique(owner[known]):
        mine = known & (owner == number)
        facing = scene.solids[number].shape.normal(points[mine].T.astype(np.float32)).T
        close.append(np.sum(facing * world[mine], axis=-1) > np.cos(np.radians(2)))
    assert known.sum() > 0.5 * (depth > 0).sum()
    assert np.mean(np.concatenate(close)) > 0.98
    # The first solid is the road, which points up.
    assert (world[known & (owner == 0)][:, 1] > 0.999).all()


def test_a_graph_of_unknown_size_gives_what_is_given_eagerly():
    depth = tf.constant(plane(np.array([0.6, 0.0, -0.8])))
    traced = tf.function(lambda d: depth_normals(d, FOCAL)).get_concrete_function(
        tf.TensorSpec((None, None), tf.float32)
    )
    np.testing.assert_allclose(traced(depth), depth_normals(depth, FOCAL), atol=1e-5)
