"""Trains a base model on the source's labels and on a teacher's of the target."""

from collections.abc import Callable

import keras
import tensorflow as tf

from adaat_keras.training.teach import teach
from adaat_keras.training.trainer import SupervisedTrainer


class TaughtTrainer(SupervisedTrainer):
    """Minimizes the mean of `L_task(y_A, D(E(x_A)))` and `L_task(T(y'_B), D(E(x_B)))`.

    T, the teacher, makes labels of this task from labels y' of another one, which both domains
    have.

    A batch is `((x_source, x_target), (y_source, y'_target))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        teacher: Predicts the task from pictures of the other task's labels; stays as it is.
        **kwargs: As `SupervisedTrainer`'s.

    Example:
        >>> from adaat_keras.models import BaseModel, Decoder, Encoder
        >>> teacher = BaseModel(Encoder(4, 1), Decoder(1, 4))
        >>> trainer = TaughtTrainer(Encoder(4, 1), Decoder(1, 4), teacher)
        >>> loss = keras.losses.MeanAbsoluteError()
        >>> as_they_are = lambda outputs, certainty: outputs
        >>> trainer.compile(keras.optimizers.Adam(), loss, as_they_are, tf.identity)
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y, x), return_dict=True))
        ['loss', 'source_task_loss', 'teacher_loss']
    """

    def __init__(self, encoder, decoder, teacher: keras.Model, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.teacher = teacher

    def compile(
        self,
        optimizer,
        task_loss,
        pseudo_labels: Callable[..., tf.Tensor],
        picture: Callable[[tf.Tensor], tf.Tensor],
        metrics: dict[str, list] | None = None,
    ) -> None:
        """Set the optimizer, the task's loss and the metrics of `test_step`.

        `Task.pseudo_labels` of this task, `Task.picture` of the other one.
        """
        super().compile(optimizer, task_loss, metrics)
        self.means["teacher_loss"] = keras.metrics.Mean(name="teacher_loss")
        self.pseudo_labels = pseudo_labels
        self.picture = picture

    def train_step(self, data):
        """One optimizer step on both domains."""
        images, (known, others), _ = keras.utils.unpack_x_y_sample_weight(data)
        images = self.seen(images)
        taught = teach(others, self.picture, self.teacher, self.pseudo_labels)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            losses = self.domain_task_losses((known, taught), outputs)
            loss, logs = self.with_edges(tf.add_n(losses) / 2, features, images)
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        logs |= {"source_task_loss": losses[0], "teacher_loss": losses[1]}
        return self.log(images[0], loss=loss, **logs)
