"""Style augmentation changes how things look, never where they are."""

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains.augment import AUGMENTATIONS, augment, restyle

RAMP = np.repeat(np.linspace(0, 255, 64, dtype=np.float32)[None, :, None], 16, 0).repeat(3, 2)
STEPS = np.zeros((32, 32, 3), np.uint8)
STEPS[:, 16:] = (200, 120, 40)


def seeds(count):
    return [tf.constant([7, n]) for n in range(count)]


def restyled(image, count=200, **options):
    return np.stack([restyle(image, seed, **options).numpy() for seed in seeds(count)])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_equal_seeds_give_equal_pictures_within_range(name):
    one, other = (AUGMENTATIONS[name](STEPS, tf.constant([3, 4])).numpy() for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 255


def test_where_nothing_is_there_comes_nothing_but_noise():
    """Each half of the picture stays flat, and the border between them where it was."""
    for picture in restyled(STEPS, 50, probability=1.0):
        for half in (picture[:, :16], picture[:, 16:]):
            assert half.std(axis=(0, 1)).max() < 0.06 * 255
    averages = restyled(STEPS, 50, probability=1.0).mean(axis=1)
    steps = np.abs(np.diff(averages, axis=1)).mean(axis=(0, 2))
    assert steps.argmax() == 15


def test_tones_are_darkened_and_now_and_then_inverted():
    ramps = restyled(RAMP, probability=1.0).mean(axis=(1, 3))
    slopes = np.polyfit(np.arange(64), ramps.T, 1)[0]
    assert 0.03 < np.mean(slopes < 0) < 0.4


def test_colour_is_taken_away_altogether_now_and_then():
    spread = np.ptp(restyled(STEPS, probability=1.0)[:, :, 16:].mean(axis=(1, 2)), axis=-1)
    assert spread.min() < 15
    assert spread.max() > 100


def test_half_of_the_pictures_get_what_the_paper_does():
    """The same seed with probability 0 is the paper's augmentation with another seed."""
    mild = [augment(STEPS, tf.random.split(seed, 7)[6]).numpy() for seed in seeds(100)]
    same = [np.array_equal(a, b) for a, b in zip(restyled(STEPS, 100), mild, strict=True)]
    assert 0.35 < np.mean(same) < 0.65
    np.testing.assert_array_equal(restyled(STEPS, 20, probability=0.0), mild[:20])
