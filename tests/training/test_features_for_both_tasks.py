"""What base model 1 learns on for: features that task 1 alone has no use for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from domain_toy import network

from adaat_keras.training.transfer_trainer import TransferTrainer


def batch(rng):
    """Task 1 is the images' first channel, task 2 their second; the target looks the same."""
    x = rng.normal(size=(2, 8, 4, 4, 2)).astype("float32")
    labels = {"source_1": x[0, ..., :1], "target": x[1, ..., :1], "source": x[0, ..., 1:]}
    return dict(zip(("source", "target"), x, strict=True)), labels


def point(channels, *kernel):
    """A convolution of one pixel with this kernel."""
    kernel = keras.initializers.Constant([[kernel]])
    return network(2, keras.layers.Conv2D(channels, 1, kernel_initializer=kernel))


def errors(base_1_weight):
    """Of both tasks on the target."""
    keras.utils.set_random_seed(1)
    encoder = point(2, [1.0, 0.0], [0.0, 0.0])
    encoder_2, transfer = (network(2, keras.layers.Conv2D(2, 1)) for _ in range(2))
    encoder.stride = transfer.stride = 1
    decoder_1, decoder_2 = point(1, [1.0], [0.0]), point(1, [0.0], [1.0])
    trainer = TransferTrainer(
        encoder,
        encoder_2,
        transfer,
        decoder_2,
        decoded_weight=10.0,
        base_1_weight=base_1_weight,
        decoder_1=decoder_1,
    )
    losses = [keras.losses.MeanSquaredError() for _ in range(2)]
    trainer.compile(
        keras.optimizers.Adam(0.02), keras.losses.MeanAbsoluteError(), None, losses[0],
        base_1_loss=losses[1],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for _ in range(300):
        trainer.train_on_batch(*batch(rng))
    images, _ = batch(rng)
    x = tf.constant(images["target"])
    return (
        float(np.mean((decoder_1(encoder(x)) - x[..., :1]) ** 2)),
        float(np.mean((trainer(x) - x[..., 1:]) ** 2)),
    )


def test_what_task_1_has_no_use_for_reaches_task_2_only_if_encoder_1_learns_on():
    assert errors(0.0) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=0.2))
    assert errors(1.0) == (pytest.approx(0, abs=0.05), pytest.approx(0, abs=0.05))
