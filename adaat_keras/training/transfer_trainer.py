"""Trains the transfer function between two base models."""

import keras
import tensorflow as tf

from adaat_keras.training.network_trainer import NetworkTrainer


class TransferTrainer(NetworkTrainer):
    """Trains G so that it turns encoder 1's features into encoder 2's (equation 3).

    `L_G = |G(E1(x)) - E2(x)|`, the mean over all entries, on images of the source domain; both
    encoders and the decoder stay as they are. In testing the prediction D2(G(E1(x))) is scored
    against task 2's labels.

    A batch is `(images, labels)`; `train_step` takes the images alone as well and never looks at
    labels.

    Args:
        encoder_1, encoder_2: Encoders of the base models (E1, E2).
        transfer: The transfer function (G), the only network that learns.
        decoder_2: Decoder of base model 2 (D2).

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> m = build_ada_atdt("depth", "semantic", size="tiny")
        >>> trainer = TransferTrainer(m.encoder_1, m.encoder_2, m.transfer, m.decoder_2)
        >>> trainer.compile(keras.optimizers.Adam(5e-4), keras.losses.MeanAbsoluteError())
        >>> list(trainer.train_on_batch(tf.ones((2, 64, 64, 3)), return_dict=True))
        ['loss']
    """

    def __init__(self, encoder_1, encoder_2, transfer, decoder_2, **kwargs):
        super().__init__(encoder_1.stride * transfer.stride, **kwargs)
        self.encoder_1 = encoder_1
        self.encoder_2 = encoder_2
        self.transfer = transfer
        self.decoder_2 = decoder_2

    def compile(self, optimizer, transfer_loss, task_metrics: list | None = None) -> None:
        """Set the optimizer, the loss between features and the metrics of `test_step`."""
        super().compile(optimizer, self.transfer.trainable_variables, ("loss",))
        self.transfer_loss = transfer_loss
        self.task_metrics = task_metrics or []

    def call(self, images, training=False):
        """Task 2 by transfer, for images whose size is a multiple of the networks' stride."""
        return self.decoder_2(self.transfer(self.encoder_1(images)))

    def train_step(self, data):
        """One step of the transfer function."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        features_1, features_2 = self.encoder_1(images), self.encoder_2(images)
        variables = self.transfer.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.transfer_loss(features_2, self.transfer(features_1, training=True))
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.log(images, loss=loss)

    def test_step(self, data):
        """Update the loss between features and the metrics of the decoded transfer."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        padded, count = self.padded(images), tf.shape(images)[0]
        moved = self.transfer(self.encoder_1(padded))
        loss = self.transfer_loss(self.encoder_2(padded)[:count], moved[:count])
        logs = self.log(images, loss=loss)
        outputs = self.cropped(self.decoder_2(moved), images)
        for metric in self.task_metrics:
            metric.update_state(labels, outputs)
        return {**logs, **self.scores()}

    def scores(self) -> dict[str, tf.Tensor]:
        """The results of the task's metrics."""
        return self.results(self.task_metrics)
