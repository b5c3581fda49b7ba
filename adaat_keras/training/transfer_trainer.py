"""Trains the transfer function between two base models."""

from collections.abc import Callable

import keras
import tensorflow as tf

from adaat_keras.training.teach import teach
from adaat_keras.training.trainer import NetworkTrainer


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

    Features that were learnt for task 1 alone need not hold what task 2 is told by. With
    `base_1_weight` E1 and D1 go on learning beside G: all the above reaches E1 too, and so does
    that weight times task 1's loss in both domains, which keeps base model 1 what it was.

    A batch is `(images, labels)`. `train_step` takes the images alone as well, as long as no
    weight asks for more. With a weight on the target or for base model 1 both are dictionaries:
    images `"source"`, `"target"` and, for consistency, the same ones `"unchanged"`; labels
    `"source"` of task 2, `"target"` of task 1 (for the teacher and base model 1) and `"source_1"`
    of task 1 (for base model 1).

    Args:
        encoder_1, encoder_2: Encoders of the base models (E1, E2).
        transfer: The transfer function (G), without `base_1_weight` all that learns.
        decoder_2: Decoder of base model 2 (D2).
        decoded_weight: Weight of task 2's loss on the source's labels.
        teacher_weight: Weight of task 2's loss on the teacher's labels of the target.
        consistency_weight: Weight of task 2's loss on the target's own predictions.
        base_1_weight: Weight of task 1's loss in both domains.
        teacher: Predicts task 2 from pictures of labels of task 1; stays as it is.
        decoder_1: Decoder of base model 1 (D1), for `base_1_weight`.
        **kwargs: As `NetworkTrainer`'s: `translator`, `augment`.

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
        base_1_weight: float = 0.0,
        teacher: keras.Model | None = None,
        decoder_1: keras.Model | None = None,
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
        self.base_1_weight = base_1_weight
        self.decoder_1 = decoder_1

    @property
    def learning(self) -> list:
        """The variables that a step changes."""
        base_1 = (self.encoder_1, self.decoder_1) if self.base_1_weight else ()
        return [v for network in (self.transfer, *base_1) for v in network.trainable_variables]

    def compile(
        self,
        optimizer,
        transfer_loss,
        task_metrics: list | None = None,
        task_loss: keras.losses.Loss | None = None,
        pseudo_labels: Callable[..., tf.Tensor] | None = None,
        picture: Callable[[tf.Tensor], tf.Tensor] | None = None,
        base_1_loss: keras.losses.Loss | None = None,
    ) -> None:
        """Set the optimizer, the loss between features and the metrics of `test_step`.

        Task 2's loss is needed where a weight is not 0, `Task.pseudo_labels` for a weight on the
        target, `Task.picture` of task 1 for the teacher, task 1's loss for `base_1_weight`.
        """
        weights = {
            "transfer_loss": True,
            "decoded_loss": self.decoded_weight,
            "teacher_loss": self.teacher_weight,
            "consistency_loss": self.consistency_weight,
            "base_1_loss": self.base_1_weight,
        }
        names = ("loss", *(name for name, weight in weights.items() if weight))
        super().compile(optimizer, self.learning, names)
        self.transfer_loss = transfer_loss
        self.task_metrics = task_metrics or []
        self.task_loss = task_loss
        self.pseudo_labels = pseudo_labels
        self.picture = picture
        self.base_1_loss = base_1_loss

    def call(self, images, training=False):
        """Task 2 by transfer, for images whose size is a multiple of the networks' stride."""
        return self.decoder_2(self.transfer(self.encoder_1(images), training=training))

    def train_step(self, data):
        """One step of the transfer function, and of base model 1 where it learns on."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images, labels = (
            part if isinstance(part, dict) else {"source": part} for part in (images, labels)
        )
        source = self.translated_in_training(images["source"])
        features_2, variables = self.encoder_2(source), self.learning
        with tf.GradientTape() as tape:
            features_1 = self.encoder_1(source)
            moved = self.transfer(features_1, training=True)
            losses = {"transfer_loss": self.transfer_loss(features_2, moved)}
            loss = losses["transfer_loss"]
            if self.decoded_weight:
                decoded = self.decoder_2(moved)
                losses["decoded_loss"] = self.task_loss(labels["source"], decoded)
                loss += self.decoded_weight * losses["decoded_loss"]
            if "target" in images:
                features = self.encoder_1(images["target"])
                target, on_target = self.target_losses(features, images, labels)
                loss += target
                losses |= on_target
            if self.base_1_weight:
                both = {"source_1": features_1, "target": features}
                losses["base_1_loss"] = self.task_1_loss(both, labels)
                loss += self.base_1_weight * losses["base_1_loss"]
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.log(source, loss=loss, **losses)

    def task_1_loss(self, features, labels) -> tf.Tensor:
        """The mean of task 1's losses in the two domains."""
        losses = [self.base_1_loss(labels[d], self.decoder_1(features[d])) for d in features]
        return tf.add_n(losses) / 2

    def target_losses(self, features, images, labels) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The weighted sum of task 2's losses on what stands in for labels, and each by name."""
        losses, total = {}, 0.0
        if not (self.teacher_weight or self.consistency_weight):
            return total, losses
        outputs = self.decoder_2(self.transfer(features, training=True))
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
