"""What `label_teacher` is for: a target whose look turns the meaning of the images around."""

import keras
import numpy as np
import tensorflow as tf
from domain_toy import network

from adaat_keras.methods import TaughtTrainer


def batch(rng):
    """As in `test_teacher.py`: the feature that is the label is its opposite on the target."""
    y = rng.normal(size=(2, 8, 4, 4, 1)).astype("float32")
    sign = np.array([1, -1], "float32")[:, None, None, None, None]
    x = np.concatenate([sign * y, sign * np.ones_like(y)], axis=-1)
    return tuple(x), tuple(y)


def error_on_the_target(teacher):
    keras.utils.set_random_seed(1)
    encoder = network(2, keras.layers.Conv2D(16, 1, activation="relu"))
    encoder.stride = 1
    trainer = TaughtTrainer(encoder, network(16, keras.layers.Conv2D(1, 1)), teacher)
    as_they_are = (lambda outputs: outputs, tf.identity)
    trainer.compile(keras.optimizers.Adam(0.02), keras.losses.MeanSquaredError(), *as_they_are)
    rng = np.random.default_rng(0)
    for _ in range(300):
        trainer.train_on_batch(*batch(rng))
    images, labels = batch(rng)
    assert float(np.mean((trainer(images[0]) - labels[0]) ** 2)) < 0.05
    return float(np.mean((trainer(images[1]) - labels[1]) ** 2))


def test_only_a_teacher_that_knows_brings_the_target_the_labels():
    knows = network(1, keras.layers.Identity())
    # Taught what the source alone would make one believe of the target.
    believes = network(1, keras.layers.Rescaling(-1.0))
    assert error_on_the_target(knows) < 0.05
    assert error_on_the_target(believes) > 1
