"""From frames to batches. Every label pixel of the domain here says which pixel it is."""

from itertools import islice

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains.augment import AUGMENTATIONS, augment
from adaat_keras.domains.batches import (
    class_frequencies,
    class_sizes,
    evaluation_batches,
    training_batches,
)
from adaat_keras.domains.domain import Domain

COUNT, HEIGHT, WIDTH, CROP = 7, 20, 30, 8


class Coordinates(Domain):
    """Frames whose depth is `10000 * index + 100 * row + column` and whose image repeats that."""

    name = "coordinates"
    tasks = ("semantic", "depth")

    def __init__(self, count=COUNT, forbidden="semantic"):
        self.count = count
        self.forbidden = forbidden

    def __len__(self):
        return self.count

    def read(self, index, keys):
        if self.forbidden in keys:
            raise AssertionError(f"{self.forbidden} was read")
        rows, columns = tf.meshgrid(tf.range(HEIGHT), tf.range(WIDTH), indexing="ij")
        index = tf.fill([HEIGHT, WIDTH], tf.cast(index, "int32"))
        frame = {
            "image": tf.cast(tf.stack([10 * rows, 8 * columns, index], -1), "uint8"),
            "depth": tf.cast(10000 * index + 100 * rows + columns, "float32"),
            "semantic": tf.cast(rows % 11, "uint8"),
        }
        return {key: frame[key] for key in keys}


def batches(count, domain=None, task="depth", seed=3, **options):
    options = {"batch_size": 5, "crop": CROP} | options
    data = training_batches(domain or Coordinates(), task, seed=seed, **options)
    return list(islice(data.as_numpy_iterator(), count))


def samples(count, **options):
    """The first `count` pairs of an image and its label."""
    return [(images[0], labels[0]) for images, labels in batches(count, batch_size=1, **options)]


def place(label):
    """Index, row and column of a crop's first pixel."""
    first = int(label[0, 0])
    return first // 10000, first // 100 % 100, first % 100


def image_at(label):
    """The image that the frame has where the label was cut out, not augmented."""
    index, row, column = place(label)
    rows, columns = np.mgrid[row : row + CROP, column : column + CROP]
    return np.stack([10 * rows, 8 * columns, np.full_like(rows, index)], -1).astype(np.float32)


def label_at(label):
    index, row, column = place(label)
    rows, columns = np.mgrid[row : row + CROP, column : column + CROP]
    return (10000 * index + 100 * rows + columns).astype(np.float32)


def assert_equal_batches(actual, expected):
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_equal(one, other)


def test_batches_hold_float_images_and_labels_of_the_crops_size():
    (images, labels), *_ = batches(1)
    assert (images.shape, images.dtype) == ((5, CROP, CROP, 3), np.float32)
    assert labels.shape == (5, CROP, CROP)
    assert 0 <= images.min() <= images.max() <= 255


def test_every_frame_comes_once_in_every_round_in_a_new_order():
    indices = [place(label)[0] for _, label in samples(4 * COUNT)]
    rounds = [tuple(indices[n : n + COUNT]) for n in range(0, 4 * COUNT, COUNT)]
    assert all(sorted(order) == list(range(COUNT)) for order in rounds)
    assert len(set(rounds)) > 1


def test_with_several_crops_a_frame_each_comes_so_often_in_every_round():
    domain = Coordinates(count=32)
    labels = [label for _, label in samples(3 * 32, domain=domain, crops_per_frame=3)]
    indices = [place(label)[0] for label in labels]
    for n in range(0, 96, 32):
        assert sorted(indices[n : n + 32]) == list(range(32))
    assert len({place(label) for label in labels}) > 64


def test_a_domain_of_one_frame_gives_crops_without_end():
    assert len({place(label) for _, label in samples(20, domain=Coordinates(count=1))}) > 5


@pytest.mark.parametrize("crops_per_frame", [1, 3])
@pytest.mark.parametrize("first", [1, 7, 25])
def test_beginning_at_a_batch_gives_the_batches_that_skipping_gives(first, crops_per_frame):
    whole = batches(first + 3, crops_per_frame=crops_per_frame)
    resumed = batches(3, first_batch=first, crops_per_frame=crops_per_frame)
    assert_equal_batches(resumed, whole[first:])


def test_equal_seeds_give_equal_batches_and_others_differ():
    assert_equal_batches(batches(3), batches(3))
    for one, other in zip(batches(3), batches(3, seed=4), strict=True):
        assert not np.array_equal(one[1], other[1])


def test_image_and_label_are_cut_out_at_the_same_place():
    for image, label in samples(30, augmentation=AUGMENTATIONS["none"]):
        np.testing.assert_array_equal(label, label_at(label))
        np.testing.assert_array_equal(image, image_at(label))


def test_crops_come_from_all_over_the_frame():
    places = np.array([place(label)[1:] for _, label in samples(300)])
    assert places.min(0).tolist() == [0, 0]
    assert places.max(0).tolist() == [HEIGHT - CROP, WIDTH - CROP]


def test_augmentation_changes_about_half_of_the_images_and_no_label():
    pairs = samples(200)
    for _, label in pairs:
        np.testing.assert_array_equal(label, label_at(label))
    changed = [np.abs(image - image_at(label)).max() > 0.01 for image, label in pairs]
    # 200 throws of a fair coin are further off once in 30,000 times.
    assert 70 < sum(changed) < 130


@pytest.mark.parametrize(("probability", "changed"), [(0.0, False), (1.0, True)])
def test_a_probability_of_zero_or_one_changes_no_image_or_every_one(probability, changed):
    image = tf.random.stateless_uniform((6, 7, 3), (1, 2), maxval=256, dtype=tf.int32)
    for n in range(10):
        result = augment(image, tf.constant([n, 1]), probability).numpy()
        assert (np.abs(result - image).max() > 0.5) == changed
        assert 0 <= result.min() <= result.max() <= 255


def test_a_crop_may_be_as_large_as_the_frame():
    labels = [label for _, label in batches(2, crop=HEIGHT)]
    assert np.concatenate(labels).shape == (10, HEIGHT, HEIGHT)


def test_a_frame_smaller_than_the_crop_names_the_option():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"crop of 21 pixels.*crop=, --crop"):
        batches(1, crop=HEIGHT + 1)


def test_labels_of_the_other_task_are_never_read():
    batches(2, domain=Coordinates(forbidden="semantic"), task="depth")
    batches(2, domain=Coordinates(forbidden="depth"), task="semantic")
    list(evaluation_batches(Coordinates(forbidden="semantic"), "depth"))
    with pytest.raises(AssertionError, match="semantic was read"):
        batches(1, task="semantic")


def test_without_a_task_no_label_is_read_and_images_come_alone():
    images = batches(2, domain=Coordinates(forbidden="depth"), task=None)
    assert [image.shape for image in images] == [(5, CROP, CROP, 3)] * 2
    assert_equal_batches(images, [image for image, _ in batches(2)])


@pytest.mark.parametrize("make", [training_batches, evaluation_batches])
def test_a_task_without_labels_is_a_clear_error(make):
    options = {"batch_size": 1, "crop": 8, "seed": 0} if make is training_batches else {}
    with pytest.raises(ValueError, match=r"no labels for 'flow'; .* semantic, depth"):
        make(Coordinates(), "flow", **options)


@pytest.mark.parametrize(
    ("frames", "indices"), [(None, range(7)), (3, [0, 2, 4]), (1, [0]), (50, range(7))]
)
def test_evaluation_gives_whole_frames_in_order_spread_over_the_domain(frames, indices):
    found = list(evaluation_batches(Coordinates(), "depth", frames).as_numpy_iterator())
    assert [image.shape for image, _ in found] == [(1, HEIGHT, WIDTH, 3)] * len(indices)
    assert [place(label[0])[0] for _, label in found] == list(indices)
    for image, label in found:
        np.testing.assert_array_equal(image[0, ..., 2], label[0] // 10000)


def test_the_augmentation_changes_no_crop():
    """So that the same crops can be had in two styles."""
    plain, styled = (batches(3, augmentation=AUGMENTATIONS[name]) for name in ("none", "style"))
    for (image, label), (other_image, other_label) in zip(plain, styled, strict=True):
        np.testing.assert_array_equal(label, other_label)
        assert not np.array_equal(image, other_image)
        np.testing.assert_array_equal(image[0], image_at(label[0]))


def test_class_frequencies_are_the_shares_of_the_labelled_pixels():
    shares = class_frequencies(Coordinates(forbidden="depth"), "semantic", 11)
    # Rows 0 to 19 have the labels 0 to 10, and 0 to 8 once more.
    np.testing.assert_allclose(shares, np.array([2] * 9 + [1] * 2) / 20)


def test_class_sizes_are_quantiles_over_the_images_that_show_a_class():
    """Image n has n + 1 columns of class 1 of ten, the rest is class 0; none of class 2."""
    labels = [np.tile(np.arange(10) <= n, (3, 1)).astype("uint8") for n in range(9)]
    sizes = class_sizes(labels, 3)
    np.testing.assert_allclose(sizes.mean, [0.5, 0.5, 0], rtol=1e-6)
    np.testing.assert_allclose(sizes.lower, [0.18, 0.18, 0], rtol=1e-6)
    np.testing.assert_allclose(sizes.upper, [0.82, 0.82, 0], rtol=1e-6)
