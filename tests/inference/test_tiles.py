import tracemalloc

import numpy as np
import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.inference import Tiled, predict_labels


class Pixelwise:
    """A model whose output is a function of the pixel alone; it keeps the tiles that it saw."""

    def __init__(self, function=lambda x: x):
        self.function = function
        self.shapes = []

    def predict_on_batch(self, images):
        self.shapes.append(images.shape[1:3])
        return self.function(images)


SIZES = [(64, 64), (40, 50), (65, 64), (101, 203), (300, 90)]


@pytest.mark.parametrize("size", [(64, 64), (40, 51)])
def test_an_image_that_fits_one_tile_is_predicted_as_by_the_model(size, image):
    model = build_ada_atdt(size="tiny")
    outputs = Tiled(model, tile=64).predict_on_batch(image(*size))
    np.testing.assert_allclose(outputs, model.predict_on_batch(image(*size)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_is_covered_and_lands_where_it_was(size, image):
    x = image(*size, count=2)
    np.testing.assert_allclose(Tiled(Pixelwise(), tile=64).predict_on_batch(x), x, rtol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_a_constant_stays_constant_across_seams(size, image):
    constant = Pixelwise(lambda x: np.full((*x.shape[:3], 5), 3.5, np.float32))
    outputs = Tiled(constant, tile=64).predict_on_batch(image(*size))
    assert outputs.shape == (1, *size, 5)
    np.testing.assert_allclose(outputs, 3.5, rtol=1e-6)


def test_a_seam_is_no_step(image):
    """Tiles that disagree by 1 blend over their overlap."""
    model = Pixelwise()
    model.function = lambda x: np.full(x.shape, len(model.shapes), np.float32)
    row = Tiled(model, tile=64).predict_on_batch(image(64, 112))[0, 32, :, 0]
    assert (row[0], row[-1]) == pytest.approx((1, 2))
    assert np.abs(np.diff(row)).max() < 0.15


@pytest.mark.parametrize("size", SIZES)
def test_no_tile_is_larger_than_asked_and_neighbours_overlap_by_a_quarter(size, image):
    tiled = Tiled(model := Pixelwise(), tile=64)
    tiled.predict_on_batch(image(*size))
    assert max(max(shape) for shape in model.shapes) <= 64
    for length in size:
        starts = np.array(tiled._starts(length))
        assert starts[0] == 0
        assert starts[-1] + 64 >= length
        assert (np.diff(starts) <= 48).all()


@pytest.mark.parametrize("tile", [32, "128", 128.5])
def test_a_tile_has_at_least_64_pixels(tile):
    with pytest.raises(ValueError, match=f"at least 64 pixels, not {tile!r}"):
        Tiled(Pixelwise(), tile=tile)


def test_one_image_without_a_first_axis_is_told_as_such():
    for shape, message in (
        ((70, 80, 3), r"have the shape \(70, 80, 3\); of one image: images\[None\]"),
        ((70, 80), r"have the shape \(70, 80\)$"),
    ):
        with pytest.raises(ValueError, match=message):
            predict_labels(Pixelwise(), "depth", np.zeros(shape))


@pytest.mark.parametrize("size", [(70, 80), (100, 150)])
def test_another_task_than_the_models_is_told_however_it_predicts(size):
    model = Pixelwise(lambda x: np.repeat(x, 4, axis=-1)[..., :11])
    with pytest.raises(ValueError, match=r"puts out 11 channels, and depth has 1: pass .*to_task"):
        predict_labels(model, "depth", np.zeros((1, *size, 3)), tile=96)


def test_images_may_be_a_list_of_them():
    model = Pixelwise(lambda x: x[..., :1] / 255)
    assert predict_labels(model, "depth", [np.ones((70, 80, 3))] * 2).shape == (2, 70, 80)


@pytest.mark.parametrize("size", [(101, 203), (300, 90), (65, 64)])
def test_what_tiles_say_is_averaged_by_weights_that_fall_to_their_borders(size, image):
    """By another road: all tiles into one array of sums, and one of weights."""
    numbered = Pixelwise()
    numbered.function = lambda x: np.full(x.shape, len(numbered.shapes) ** 2, np.float32)
    outputs = Tiled(numbered, tile=64).predict_on_batch(image(*size))[0]
    rows, columns = (Tiled(numbered, tile=64)._starts(length) for length in size)
    total, weights = np.zeros(size), np.zeros(size)
    number = 0
    for top in rows:
        for left in columns:
            number += 1
            place = slice(top, top + 64), slice(left, left + 64)
            ramps = (np.minimum(np.arange(n) + 1, n - np.arange(n)) for n in total[place].shape)
            weight = np.outer(*ramps)
            total[place] += number**2 * weight
            weights[place] += weight
    np.testing.assert_allclose(outputs, np.repeat((total / weights)[..., None], 3, -1), rtol=1e-5)


def test_memory_beside_the_image_and_its_labels_does_not_grow_with_the_image():
    """Eleven logits of 4 bytes a pixel would be 46 MB for the larger one."""
    logits = Pixelwise(lambda x: np.zeros((*x.shape[:3], 11), np.float32))
    task = tasks.get("semantic")

    def beside(side):
        images = np.zeros((1, side, side, 3), np.uint8)
        tracemalloc.start()
        labels = predict_labels(logits, task, images, tile=64)
        peak = tracemalloc.get_traced_memory()[1] - labels.nbytes
        tracemalloc.stop()
        assert labels.shape == (1, side, side)
        return peak

    small, large = beside(256), beside(1024)
    # The seam between two rows of tiles: a quarter of a tile by the image's width.
    seam = 16 * (1024 - 256) * 11 * 4
    assert large - small < 1.5 * seam
    assert large < 3e6


@pytest.mark.parametrize("name", tasks.names())
def test_labels_of_large_images_are_those_of_the_tiles_outputs(name, image, small_tiles):
    task, count = tasks.get(name), 2
    model = Pixelwise(lambda x: x[..., np.arange(task.channels) % 3] / 255)
    images = image(120, 130, count=count)
    labels = predict_labels(model, name, images)
    assert max(max(shape) for shape in model.shapes) == 64
    whole = task.decode(model.function(images))
    assert labels.dtype == whole.dtype
    np.testing.assert_allclose(labels, whole, rtol=1e-4, atol=1e-6)
