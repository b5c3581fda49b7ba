"""What the teacher is for: a target whose look turns the meaning of the features around."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network

from adaat_keras.methods import TransferTrainer


def batch(rng):
    """The label is one feature on the source and its opposite on the target; another tells which.

    Label 1 is the same as label 2 here, and so the best teacher repeats it.
    """
    y = rng.normal(size=(2, 8, 4, 4, 1)).astype("float32")
    sign = np.array([1, -1], "float32")[:, None, None, None, None]
    x = np.concatenate([sign * y, sign * np.ones_like(y)], axis=-1)
    return dict(zip(("source", "target"), x, strict=True)), dict(
        zip(("source", "target"), y, strict=True)
    )


def error_on_the_target(teacher_weight):
    keras.utils.set_random_seed(1)
    encoder, other = (network(2, keras.layers.Identity()) for _ in range(2))
    hidden = keras.layers.Conv2D(16, 1, activation="relu")
    transfer = network(2, hidden, keras.layers.Conv2D(2, 1))
    encoder.stride = transfer.stride = 1
    first = keras.initializers.Constant([[[[1.0], [0.0]]]])
    decoder = network(2, keras.layers.Conv2D(1, 1, kernel_initializer=first))
    trainer = TransferTrainer(
        encoder,
        other,
        transfer,
        decoder,
        decoded_weight=1.0,
        teacher_weight=teacher_weight,
        teacher=network(1, keras.layers.Identity()),
    )
    loss = keras.losses.MeanAbsoluteError()
    task_loss = keras.losses.MeanSquaredError()
    functions = (lambda outputs: outputs, tf.identity)
    trainer.compile(keras.optimizers.Adam(0.02), loss, None, task_loss, *functions)
    rng = np.random.default_rng(0)
    for _ in range(300):
        trainer.train_on_batch(*batch(rng))
    images, labels = batch(rng)
    assert float(np.mean((trainer(images["source"]) - labels["source"]) ** 2)) < 0.05
    return float(np.mean((trainer(images["target"]) - labels["target"]) ** 2))


def test_only_a_teacher_turns_around_what_the_targets_look_turned():
    assert error_on_the_target(0.0) > 1
    assert error_on_the_target(1.0) == pytest.approx(0, abs=0.05)
