"""Frames at another size, against slow loops in exact fractions."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from pixel_kit import Pixels, assert_equal_frames

from adaat_keras.domains import Streets
from adaat_keras.domains.resize import Resized

HALF = Fraction(1, 2)
OLD = [(7, 9), (12, 8), (5, 16)]
NEW = [(3, 4), (4, 4), (6, 4), (9, 20), (3, 20), (1, 1)]


def slow_nearest(pixels, size):
    new = np.empty(size, pixels.dtype)
    for y, x in np.ndindex(size):
        row = floor((y + HALF) * Fraction(pixels.shape[0], size[0]))
        column = floor((x + HALF) * Fraction(pixels.shape[1], size[1]))
        new[y, x] = pixels[row, column]
    return new


def cell(position, old, new):
    """The old pixels that a new one stands for, by the definition."""
    left, right = position * Fraction(old, new), (position + 1) * Fraction(old, new)
    inside = [pixel for pixel in range(old) if left <= pixel + HALF < right]
    return inside if old >= new else [floor((position + HALF) * Fraction(old, new))]


def slow_nearest_valid(depth, size):
    new = np.zeros(size, depth.dtype)
    for place in np.ndindex(size):
        rows, columns = (cell(place[a], depth.shape[a], size[a]) for a in (0, 1))
        centre = [(place[a] + HALF) * Fraction(depth.shape[a], size[a]) for a in (0, 1)]
        valid = [
            ((y + HALF - centre[0]) ** 2 + (x + HALF - centre[1]) ** 2, -x, -y)
            for y in rows
            for x in columns
            if depth[y, x] > 0
        ]
        if valid:
            _, x, y = min(valid)
            new[place] = depth[-y, -x]
    return new


def slow_bilinear(image, size):
    """A triangle around each new centre, as wide as a new pixel but at least as an old one."""
    axes = []
    for old, new in zip(image.shape, size, strict=False):
        ratio = Fraction(old, new)
        width = max(ratio, 1)
        weights = np.zeros((new, old))
        for position, pixel in np.ndindex(new, old):
            distance = abs(pixel + HALF - (position + HALF) * ratio) / width
            weights[position, pixel] = max(0, 1 - distance)
        axes.append(weights / weights.sum(axis=1, keepdims=True))
    return np.einsum("yr,xc,rck->yxk", *axes, image.astype(np.float64))


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("new", NEW)
def test_every_key_is_resized_as_its_definition_says(old, new):
    domain = Pixels([old])
    truth, frame = domain.frame(0), Resized(domain, *new)[0]
    np.testing.assert_array_equal(frame["semantic"], slow_nearest(truth["semantic"], new))
    np.testing.assert_array_equal(frame["depth"], slow_nearest_valid(truth["depth"], new))
    np.testing.assert_allclose(frame["image"], slow_bilinear(truth["image"], new), atol=0.501)
    assert {key: frame[key].dtype for key in frame} == {key: truth[key].dtype for key in frame}


@pytest.mark.parametrize("new", NEW)
def test_dense_depth_takes_the_pixel_that_the_labels_take(new):
    domain = Pixels([(12, 9)])
    truth = domain.frame(0)
    truth["depth"] = 1 + truth["semantic"].astype(np.float32)
    frame = Resized(domain, *new)[0]
    np.testing.assert_array_equal(frame["depth"], 1 + frame["semantic"])


def test_normals_are_those_of_the_pixel_that_the_labels_take(tmp_path):
    options = {"frames": 1, "height": 24, "width": 36, "cache": tmp_path}
    streets = Streets("streets_sim", "val", **options)
    expected = slow_nearest(streets[0]["normals"].view("f4,f4,f4")[..., 0], (8, 10))
    found = Resized(streets, 8, 10)[0]["normals"]
    np.testing.assert_array_equal(found, expected.view("f4").reshape(8, 10, 3))


def test_a_lone_depth_survives_exactly_once_wherever_it_is():
    domain = Pixels([(5, 7)])
    for place in np.ndindex(5, 7):
        depth = np.zeros((5, 7), np.float32)
        depth[place] = 5
        domain.frame(0)["depth"] = depth
        assert sorted(Resized(domain, 2, 3)[0]["depth"].ravel()) == [0] * 5 + [5]


def test_frames_of_many_sizes_come_out_as_one():
    sizes = [(7, 9), (6, 8), (3, 4), (5, 11)]
    batch = next(iter(Resized(Pixels(sizes), 6, 8).dataset(("image", "depth")).batch(4)))
    assert batch["image"].shape == (4, 6, 8, 3)
    assert batch["depth"].shape == (4, 6, 8)


def test_a_frame_of_that_size_is_left_as_it_is():
    domain = Pixels([(6, 8)])
    assert_equal_frames(Resized(domain, 6, 8)[0], domain.frame(0))


def test_only_the_asked_keys_are_read():
    domain = Pixels()
    list(Resized(domain, 3, 4).dataset(("image", "depth")))
    assert set(domain.reads.by_key) == {"image", "depth"}


def test_a_size_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1, not 0 and 4"):
        Resized(Pixels(), 0, 4)


def test_labels_that_the_domain_lacks_are_refused():
    with pytest.raises(ValueError, match="pixels has no labels for 'normals'"):
        Resized(Pixels(), 3, 4).dataset(("normals",))
