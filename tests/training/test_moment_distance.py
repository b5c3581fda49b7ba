"""The distance of two domains' features in size."""

import numpy as np
import pytest
import tensorflow as tf
from trainer_kit import make_batches, make_model, make_trainer

from adaat_keras.training.moment_distance import moment_distance


def features(mean=0.0, std=1.0):
    """Two channels with exactly this mean and standard deviation."""
    signs = np.tile([-1.0, 1.0], 32).reshape(1, 8, 8, 1).repeat(2, axis=-1)
    return tf.constant(mean + std * signs, "float32")


@pytest.mark.parametrize(
    ("mean", "std", "distance"),
    [(0, 1, 0), (2, 1, 2), (0, 3, 1), (-4, 3, 3)],
)
def test_it_is_the_closed_form_in_units_of_the_mean_standard_deviation(mean, std, distance):
    assert float(moment_distance(features(), features(mean, std))) == pytest.approx(
        distance, abs=1e-5
    )


def test_shrinking_both_gains_nothing():
    near = float(moment_distance(features(0, 0.1), features(0.2, 0.1)))
    assert near == pytest.approx(float(moment_distance(features(0, 1), features(2, 1))), rel=1e-3)


@pytest.mark.usefixtures("eagerly")
def test_an_encoder_that_minimizes_it_brings_the_domains_together():
    model = make_model()
    trainer = make_trainer("adversarial", model, alpha=1.0, moment_weight=10.0)
    history = trainer.fit(make_batches("adversarial", model), epochs=6, verbose=0).history
    assert history["moment_distance"][-1] < 0.9 * history["moment_distance"][0]
