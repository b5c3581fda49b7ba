"""Trains a base model on the source, its features' distribution pulled to the target's."""

import keras
import tensorflow as tf

from adaat_keras.training.multi_kernel_mmd import multi_kernel_mmd
from adaat_keras.training.trainer import SupervisedTrainer

PIXELS = 256


class DanTrainer(SupervisedTrainer):
    """Minimizes `L_task(A) + mmd_weight * MMD^2(E(x_A), E(x_B))` (Long et al. 2015, DAN).

    The discrepancy is taken between encoder features at 256 random places of each domain's batch;
    DAN takes it between whole images' features at several fully connected layers, which a dense
    predictor does not have.

    A batch is `((x_source, x_target), (y_source,))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        mmd_weight: Weight of the discrepancy.

    Example:
        >>> from adaat_keras.models import Decoder, Encoder
        >>> trainer = DanTrainer(Encoder(4, 1), Decoder(1, 4))
        >>> trainer.compile(keras.optimizers.Adam(), keras.losses.MeanAbsoluteError())
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y,), return_dict=True))
        ['loss', 'mmd', 'source_task_loss']
    """

    def __init__(self, encoder, decoder, mmd_weight: float = 1.0, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.mmd_weight = mmd_weight

    def compile(self, optimizer, task_loss, metrics: dict[str, list] | None = None) -> None:
        """Set the optimizer, the task's loss and the metrics of `test_step`."""
        super().compile(optimizer, task_loss, metrics)
        self.means["mmd"] = keras.metrics.Mean(name="mmd")

    def train_step(self, data):
        """One optimizer step on the task's loss and the discrepancy."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images = self.seen(images)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            source, target = tf.split(features, 2)
            task_loss = self.task_loss(labels[0], self.decoder(source, training=True))
            samples = self.sample(source, 0), self.sample(target, 1)
            mmd = self.mean(multi_kernel_mmd(*samples))
            loss, logs = self.with_edges(task_loss, features, images)
            loss += self.mmd_weight * mmd
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        return self.log(images[0], loss=loss, source_task_loss=task_loss, mmd=mmd, **logs)

    def sample(self, features: tf.Tensor, salt: int) -> tf.Tensor:
        """Features at random places, `(PIXELS, channels)`, drawn by the number of the step.

        Of all devices' images: the discrepancy is no mean over them.
        """
        rows = tf.reshape(self.gathered(features), (-1, features.shape[-1]))
        seed = tf.stack([tf.cast(self.optimizer.iterations, "int64"), salt])
        places = tf.random.stateless_uniform(
            [PIXELS], seed, maxval=tf.shape(rows)[0], dtype="int32"
        )
        return tf.gather(rows, places)
