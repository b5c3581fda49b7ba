"""Trains base model 1 against the domain classifier."""

import keras
import tensorflow as tf

from adaat_keras.training.moment_distance import moment_distance
from adaat_keras.training.trainer import SupervisedTrainer


class AdversarialTrainer(SupervisedTrainer):
    """Trains encoder 1, decoder 1 and the domain classifier on source and target (equations 1, 2).

    One pass of the encoder serves three losses:

    - the task loss `L_task` on both domains' labels,
    - the classifier's loss `L_C`, with the true domains,
    - the encoder's adversarial loss `L_adv`, with the domains flipped.

    Encoder and decoder minimize `(1 - alpha) * L_adv + alpha * L_task`; the classifier minimizes
    `L_C`; both step from the same state. `gradient_reversal=True` takes `L_adv = -L_C` instead,
    the min-max of equation 2 to the letter.

    A batch is `((x_source, x_target), (y_source, y_target))`.

    Args:
        encoder, decoder: Base model 1 (E1, D1); shared, not copied.
        domain_classifier: Takes the encoder's features, puts out logits (C).
        alpha: Weight of the task loss, 0 to 1.
        gradient_reversal: Reverse the classifier's loss in place of flipping the labels.
        moment_weight: Weight of `moment_distance` between the domains' features, beside the task.
        **kwargs: As `SupervisedTrainer`'s: `edge_weight`, `seed`.

    Example:
        >>> from adaat_keras.models import Decoder, DomainClassifier, Encoder
        >>> from adaat_keras.training import losses as adversarial_losses
        >>> trainer = AdversarialTrainer(Encoder(4, 1), Decoder(1, 4), DomainClassifier(16))
        >>> trainer.compile(
        ...     keras.optimizers.Adam(5e-4), keras.optimizers.Adam(5e-4),
        ...     keras.losses.MeanAbsoluteError(), adversarial_losses.get("least_squares"))
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> logs = trainer.train_on_batch((x, x), (y, y), return_dict=True)
        >>> "classifier_loss" in logs
        True
    """

    def __init__(
        self,
        encoder,
        decoder,
        domain_classifier,
        alpha: float = 0.4,
        gradient_reversal: bool = False,
        moment_weight: float = 0.0,
        **kwargs,
    ):
        super().__init__(encoder, decoder, domains=("source", "target"), **kwargs)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
        self.domain_classifier = domain_classifier
        self.alpha = alpha
        self.gradient_reversal = gradient_reversal
        self.moment_weight = moment_weight

    def compile(
        self,
        optimizer,
        classifier_optimizer,
        task_loss,
        adversarial_loss,
        metrics: dict[str, list] | None = None,
    ) -> None:
        """Set both optimizers, both losses and, per domain, the metrics of `test_step`."""
        super().compile(optimizer, task_loss, metrics)
        self.classifier_optimizer = classifier_optimizer
        self.adversarial_loss = adversarial_loss
        classifier_optimizer.build(self.domain_classifier.trainable_variables)
        names = (*DOMAIN_MEANS, *(("moment_distance",) if self.moment_weight else ()))
        self.means |= {name: keras.metrics.Mean(name=name) for name in names}

    def train_step(self, data):
        """One step of both optimizers."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images = self.seen(images)
        with tf.GradientTape(persistent=True) as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            logits = self.domain_classifier(features, training=True)
            task_losses = self.domain_task_losses(labels, outputs)
            domain = self.domain_labels(images)
            classifier_loss = self.adversarial_loss(domain, logits)
            adversarial_loss = self.encoder_adversarial_loss(domain, logits, classifier_loss)
            task_loss, logs = self.with_edges(tf.add_n(task_losses) / 2, features, images)
            task_loss, logs = self.with_moments(task_loss, logs, features)
            loss = (1 - self.alpha) * adversarial_loss + self.alpha * task_loss
            classifier_loss += self.gradient_penalty(features)
        self.step_together(
            tape,
            (self.optimizer, loss, self.base_variables),
            (
                self.classifier_optimizer,
                classifier_loss,
                self.domain_classifier.trainable_variables,
            ),
        )
        self.update_accuracy(domain, logits)
        return self.log(
            images[0],
            loss=loss,
            adversarial_loss=adversarial_loss,
            classifier_loss=classifier_loss,
            **dict(zip(self.task_loss_names, task_losses, strict=True)),
            **logs,
        )

    def with_moments(self, loss, logs, features) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The loss plus the distance of the domains' moments where it is wanted, and the log."""
        if not self.moment_weight:
            return loss, logs
        parts = (self.gathered(part) for part in tf.split(features, 2))
        distance = self.mean(moment_distance(*parts))
        return loss + self.moment_weight * distance, {**logs, "moment_distance": distance}

    def encoder_adversarial_loss(self, domain, logits, classifier_loss) -> tf.Tensor:
        """What the encoder minimizes against the classifier."""
        if self.gradient_reversal:
            return -classifier_loss
        return self.adversarial_loss(1 - domain, logits)

    def gradient_penalty(self, features) -> tf.Tensor:
        """`w (|grad C| - 1)^2` between features of A and B, where the loss asks for it."""
        weight = self.adversarial_loss.gradient_penalty
        if not weight:
            return 0.0
        source, target = tf.split(tf.stop_gradient(features), 2)
        # Stateless: a training that goes on after a kill must draw what it would have drawn.
        seed = tf.stack([tf.cast(self.optimizer.iterations, "int64"), 0])
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        mix = tf.random.stateless_uniform([replicas, tf.shape(source)[0], 1, 1, 1], seed)
        # One draw for the whole batch, whatever the number of devices that share it.
        mix = mix[tf.distribute.get_replica_context().replica_id_in_sync_group]
        mix = tf.cast(mix, source.dtype)
        between = mix * source + (1 - mix) * target
        with tf.GradientTape() as tape:
            tape.watch(between)
            logits = self.domain_classifier(between, training=True)
            score = tf.reduce_mean(logits, axis=(1, 2, 3))
        slope = tf.cast(tape.gradient(score, between), "float32")
        norm = tf.sqrt(tf.reduce_sum(slope**2, axis=(1, 2, 3)) + 1e-12)
        return weight * tf.reduce_mean((norm - 1) ** 2) / replicas

    def domain_labels(self, images) -> tf.Tensor:
        """1 for every source image, 0 for every target image."""
        source, target = (tf.shape(x)[0] for x in images)
        return tf.concat([tf.ones([source]), tf.zeros([target])], axis=0)

    def update_accuracy(self, domain, logits) -> None:
        """Update the share of locations at which the classifier names the right domain."""
        says_source = tf.cast(logits > self.adversarial_loss.threshold, "float32")
        share = tf.reduce_mean(says_source, axis=(1, 2, 3))
        self.means["source_domain_accuracy"].update_state(share, domain)
        self.means["target_domain_accuracy"].update_state(1 - share, 1 - domain)


DOMAIN_MEANS = (
    "adversarial_loss",
    "classifier_loss",
    "source_domain_accuracy",
    "target_domain_accuracy",
)
