"""What `cycle_gan` and `at_dt_da` train on: source images in the target's look."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network

from adaat_keras.methods import TransferTrainer
from adaat_keras.training import SupervisedTrainer


def negative():
    return network(1, keras.layers.Rescaling(-1.0))


def images(rng, count=8):
    return rng.normal(size=(count, 4, 4, 1)).astype("float32")


def convolution(inputs=1):
    made = network(inputs, keras.layers.Conv2D(1, 1))
    made.stride = 1
    return made


def errors_on_the_target(translator):
    """Of both tasks; the target's images are the negatives of what the source's would be."""
    keras.utils.set_random_seed(1)
    encoder_1, encoder_2, transfer, decoder_1, decoder_2 = (convolution() for _ in range(5))
    rng = np.random.default_rng(0)
    squared = keras.losses.MeanSquaredError
    for encoder, decoder, factor in ((encoder_1, decoder_1, 1), (encoder_2, decoder_2, 2)):
        trainer = SupervisedTrainer(encoder, decoder, translator=translator)
        trainer.compile(keras.optimizers.Adam(0.03), squared())
        for _ in range(200):
            x = images(rng)
            trainer.train_on_batch((x,), (factor * x,))
    trainer = TransferTrainer(encoder_1, encoder_2, transfer, decoder_2, translator=translator)
    trainer.compile(keras.optimizers.Adam(0.03), squared())
    for _ in range(200):
        trainer.train_on_batch(images(rng))
    x = images(rng)
    seen = tf.constant(-x)
    return (
        float(np.mean((decoder_1(encoder_1(seen)) - x) ** 2)),
        float(np.mean((trainer(seen) - 2 * x) ** 2)),
    )


def test_only_translated_images_teach_a_look_that_turns_the_images_around():
    assert errors_on_the_target(negative()) == pytest.approx((0, 0), abs=0.05)
    assert min(errors_on_the_target(None)) > 2
