import keras
import numpy as np
import pytest

from adaat_keras.models import Encoder
from adaat_keras.report.probe import sample_features


class FrameNumber(keras.Model):
    """Stands for an encoder; its only feature is the image's blue channel, the frame's number."""

    stride = 4
    features = 1

    def call(self, images):
        return images[:, ::4, ::4, 2:]


def test_features_come_in_the_order_of_the_frames(toy_domain):
    features = sample_features(FrameNumber(), toy_domain(), per_frame=3, frames=4)
    np.testing.assert_array_equal(features[:, 0], np.repeat([0, 1, 2, 3], 3))


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 100])
def test_no_frame_is_in_both_halves(toy_domain, frames):
    numbers = sample_features(FrameNumber(), toy_domain(), per_frame=3, frames=frames)[:, 0]
    half = len(numbers) // 2
    assert not set(numbers[:half]) & set(numbers[half:])


def test_an_encoders_features_of_frames_of_any_size_are_sampled_reproducibly(toy_domain):
    encoder = Encoder(base_filters=4, residual_blocks=1)
    first, again, other = (
        sample_features(encoder, toy_domain(), per_frame=5, seed=seed) for seed in (1, 1, 2)
    )
    assert first.shape == (20, 16)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_frame_with_too_few_locations_gives_as_many_features_as_any(toy_domain):
    features = sample_features(FrameNumber(), toy_domain([(5, 8), (5, 8)]), per_frame=7)
    assert features.shape == (14, 1)


def test_a_single_frame_is_an_error_that_names_the_domain(toy_domain):
    with pytest.raises(ValueError, match="toy: features need two frames or more, there are 1"):
        sample_features(FrameNumber(), toy_domain([(4, 4)]))
