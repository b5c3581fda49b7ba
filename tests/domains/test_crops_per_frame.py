"""Several crops of a frame that is decoded once. Every depth says which frame and pixel it is."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf
from pixel_kit import Pixels

from adaat_keras.domains.augment import augment, random_crop
from adaat_keras.domains.batches import training_batches

COUNT, HEIGHT, WIDTH, CROP, SEED, MIXED, CROPS = 40, 9, 12, 4, 3, 32, 3


def make_domain():
    domain = Pixels([(HEIGHT, WIDTH)] * COUNT)
    places = np.arange(HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    for index in range(COUNT):
        domain.frame(index)["depth"] = 1000 * index + places
    return domain


@pytest.fixture
def domain():
    return make_domain()


def samples(domain, count, first=0, batch_size=1, **options):
    """The samples from a batch on, as pairs of image and depth."""
    batches = training_batches(domain, "depth", batch_size, CROP, SEED, first, **options)
    batches = islice(batches.as_numpy_iterator(), -(-count // batch_size))
    pairs = [pair for images, depths in batches for pair in zip(images, depths, strict=True)]
    return pairs[:count]


@pytest.fixture(scope="module")
def whole():
    """The first samples, as most tests compare with them: enough for every frame to come often."""
    return samples(make_domain(), COUNT * MIXED, batch_size=MIXED, crops_per_frame=CROPS)


def frame_of(sample):
    return int(sample[1][0, 0]) // 1000


def assert_equal_samples(actual, expected):
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def by_definition(domain, number, decoded):
    """Sample `number`, cut out of the `decoded`-th frame to be decoded, said once more."""
    order = tf.constant([SEED, decoded // COUNT], tf.int64)
    index = tf.random.experimental.index_shuffle(decoded % COUNT, order, COUNT - 1)
    place, colour = tf.unstack(tf.random.split(tf.constant([SEED, number], tf.int64)))
    frame = {key: tf.constant(value) for key, value in domain.frame(int(index)).items()}
    cropped = random_crop(frame, CROP, place)
    return augment(cropped["image"], colour).numpy(), cropped["depth"].numpy()


def test_one_crop_a_frame_is_what_it_has_always_been(domain):
    expected = [by_definition(domain, number, number) for number in range(COUNT + 5)]
    assert_equal_samples(samples(domain, COUNT + 5, batch_size=5), expected)


def test_crops_of_32_frames_take_turns(domain, whole):
    for number in range(0, 3 * MIXED * CROPS, 7):
        block, place = divmod(number, MIXED * CROPS)
        expected = by_definition(domain, number, block * MIXED + place % MIXED)
        assert_equal_samples([whole[number]], [expected])


@pytest.mark.parametrize("first", [0, 7, 19, 41])
def test_any_start_and_any_batch_size_give_the_same_samples(domain, whole, first):
    later = samples(domain, 15, first=first, batch_size=5, crops_per_frame=CROPS)
    assert_equal_samples(later, whole[5 * first : 5 * first + 15])


def test_a_frame_is_decoded_once_for_all_its_crops(domain):
    samples(domain, 10 * MIXED * CROPS, batch_size=MIXED, crops_per_frame=CROPS)
    read_ahead = 4 * MIXED
    assert 10 * MIXED <= domain.reads.by_key["image"] <= 10 * MIXED + read_ahead


def test_a_late_start_decodes_little_that_it_does_not_use(domain):
    samples(domain, 1, first=10**6 + 1, crops_per_frame=CROPS)
    assert domain.reads.by_key["image"] <= 5 * MIXED


def test_32_samples_show_as_many_frames(whole):
    for start in range(0, MIXED * CROPS, MIXED):
        assert len({frame_of(sample) for sample in whole[start : start + MIXED]}) == MIXED


def test_every_frame_comes_equally_often(whole):
    rounds = 4  # which end where 5 times 32 frames do
    assert rounds * COUNT == 5 * MIXED
    often = Counter(map(frame_of, whole[: rounds * COUNT * CROPS]))
    assert set(often.values()) == {rounds * CROPS}


def test_the_crops_of_a_frame_differ(whole):
    places = {float(depth[0, 0]) for _, depth in whole[: MIXED * CROPS]}
    assert len(places) > 0.9 * MIXED * CROPS


def test_images_alone_come_too(domain, whole):
    batches = training_batches(domain, None, 8, CROP, SEED, crops_per_frame=CROPS)
    images = np.concatenate(list(batches.take(3).as_numpy_iterator()))
    np.testing.assert_array_equal(images, [image for image, _ in whole[:24]])


def test_fewer_crops_than_one_are_refused(domain):
    with pytest.raises(ValueError, match="at least 1, not 0"):
        training_batches(domain, "depth", 5, CROP, SEED, crops_per_frame=0)
