"""Trains the transfer function between two base models."""

from collections.abc import Callable

import keras
import tensorflow as tf

from adaat_keras.training.network_trainer import NetworkTrainer
from adaat_keras.training.teach import teach


class TransferTrainer(NetworkTrainer):
    """Trains G so that it turns encoder 1's features into encoder 2's (equation 3).

    `L_G = |G(E1(x)) - E2(x)|`, the mean over all entries (AT/DT squares them), on images of the
    source domain; both encoders and the decoder stay as they are. In testing the prediction
    D2(G(E1(x))) is scored against task 2's labels.

    Beyond the paper, G may be trained through D2 as well, which stays as it is: by task 2's loss
    of D2(G(E1(x))) on the source's labels (`decoded_weight`), and on the target, where there are
    none, on what stands in for them: what a teacher makes of the target's labels of task 1
    (`teacher_weight`), or what D2(G(E1(x))) itself says of the unchanged image, as the truth for
    the augmented one (`consistency_weight`).

    A batch is `(images, labels)`. `train_step` takes the images alone as well, as long as no
    weight asks for more. With a weight on the target both are dictionaries: images `"source"`,
    `"target"` and, for consistency, the same ones `"unchanged"`; labels `"source"` of task 2 and,
    for the teacher, `"target"` of task 1.

    Args:
        encoder_1, encoder_2: Encoders of the base models (E1, E2).
        transfer: The transfer function (G), the only network that learns.
        decoder_2: Decoder of base model 2 (D2).
        decoded_weight: Weight of task 2's loss on the source's labels.
        teacher_weight: Weight of task 2's loss on the teacher's labels of the target.
        consistency_weight: Weight of task 2's loss on the target's own predictions.
        teacher: Predicts task 2 from pictures of labels of task 1; stays as it is.
        **kwargs: As `NetworkTrainer`'s: `translator`.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> m = build_ada_atdt("depth", "semantic", size="tiny")
        >>> trainer = TransferTrainer(m.encoder_1, m.encoder_2, m.transfer, m.decoder_2)
        >>> trainer.compile(keras.optimizers.Adam(5e-4), keras.losses.MeanAbsoluteError())
        >>> list(trainer.train_on_batch(tf.ones((2, 64, 64, 3)), return_dict=True))
        ['loss', 'transfer_loss']
    """

    def __init__(
        self,
        encoder_1,
        encoder_2,
        transfer,
        decoder_2,
        decoded_weight: float = 0.0,
        teacher_weight: float = 0.0,
        consistency_weight: float = 0.0,
        teacher: keras.Model | None = None,
        **kwargs,
    ):
        super().__init__(encoder_1.stride * transfer.stride, **kwargs)
        self.encoder_1 = encoder_1
        self.encoder_2 = encoder_2
        self.transfer = transfer
        self.decoder_2 = decoder_2
        self.teacher = teacher
        self.decoded_weight = decoded_weight
        self.teacher_weight = teacher_weight
        self.consistency_weight = consistency_weight

    def compile(
        self,
        optimizer,
        transfer_loss,
        task_metrics: list | None = None,
        task_loss: keras.losses.Loss | None = None,
        pseudo_labels: Callable[..., tf.Tensor] | None = None,
        picture: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        """Set the optimizer, the loss between features and the metrics of `test_step`.

        Task 2's loss is needed where a weight is not 0, `Task.pseudo_labels` for a weight on the
        target, `Task.picture` of task 1 for the teacher.
        """
        weights = {
            "transfer_loss": True,
            "decoded_loss": self.decoded_weight,
            "teacher_loss": self.teacher_weight,
            "consistency_loss": self.consistency_weight,
        }
        names = ("loss", *(name for name, weight in weights.items() if weight))
        super().compile(optimizer, self.transfer.trainable_variables, names)
        self.transfer_loss = transfer_loss
        self.task_metrics = task_metrics or []
        self.task_loss = task_loss
        self.pseudo_labels = pseudo_labels
        self.picture = picture

    def call(self, images, training=False):
        """Task 2 by transfer, for images whose size is a multiple of the networks' stride."""
        return self.decoder_2(self.transfer(self.encoder_1(images), training=training))

    def train_step(self, data):
        """One step of the transfer function."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images, labels = (
            part if isinstance(part, dict) else {"source": part} for part in (images, labels)
        )
        source = self.translated(images["source"])
        features_1, features_2 = self.encoder_1(source), self.encoder_2(source)
        variables = self.transfer.trainable_variables
        with tf.GradientTape() as tape:
            moved = self.transfer(features_1, training=True)
            losses = {"transfer_loss": self.transfer_loss(features_2, moved)}
            loss = losses["transfer_loss"]
            if self.decoded_weight:
                decoded = self.decoder_2(moved)
                losses["decoded_loss"] = self.task_loss(labels["source"], decoded)
                loss += self.decoded_weight * losses["decoded_loss"]
            if self.teacher_weight or self.consistency_weight:
                target, on_target = self.target_losses(images, labels)
                loss += target
                losses |= on_target
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.log(source, loss=loss, **losses)

    def target_losses(self, images, labels) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The weighted sum of task 2's losses on what stands in for labels, and each by name."""
        outputs, losses, total = self(images["target"], training=True), {}, 0.0
        if self.teacher_weight:
            truth = teach(labels["target"], self.picture, self.teacher, self.pseudo_labels)
            losses["teacher_loss"] = self.task_loss(truth, outputs)
            total += self.teacher_weight * losses["teacher_loss"]
        if self.consistency_weight:
            truth = tf.stop_gradient(self.pseudo_labels(self(images["unchanged"])))
            losses["consistency_loss"] = self.task_loss(truth, outputs)
            total += self.consistency_weight * losses["consistency_loss"]
        return total, losses

    def test_step(self, data):
        """Update the loss between features and the metrics of the decoded transfer."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        padded, count = self.translated(self.padded(images)), tf.shape(images)[0]
        moved = self.transfer(self.encoder_1(padded))
        loss = self.transfer_loss(self.encoder_2(padded)[:count], moved[:count])
        self.log(images, transfer_loss=loss)
        logs = {"transfer_loss": self.means["transfer_loss"].result()}
        outputs = self.cropped(self.decoder_2(moved), images)
        for metric in self.task_metrics:
            metric.update_state(labels, outputs)
        return {**logs, **self.scores()}

    def scores(self) -> dict[str, tf.Tensor]:
        """The results of the task's metrics."""
        return self.results(self.task_metrics)
