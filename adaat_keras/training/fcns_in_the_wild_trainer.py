"""Trains a base model on the source against a classifier of domains, within class sizes."""

from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.training.class_size_penalty import class_size_penalty
from adaat_keras.training.trainer import SupervisedTrainer


class Sizes(Protocol):
    """Bounds on the classes' shares of an image, `(classes,)` each."""

    lower: np.ndarray
    mean: np.ndarray
    upper: np.ndarray


class FcnsInTheWildTrainer(SupervisedTrainer):
    """Global alignment by domain confusion, local by class sizes (Hoffman et al. 2016).

    - The classifier minimizes the cross-entropy of the true domain at every place.
    - Encoder and decoder minimize `L_task(A) + confusion_weight * L_conf + size_weight * L_size`:
      `L_conf` is the cross-entropy of the classifier's answer to "half source, half target" on
      both domains, `L_size` is `class_size_penalty` of the predictions on the target.

    Both step from the same state; Hoffman et al. take turns. Losses are in units of ignorance.

    A batch is `((x_source, x_target), (y_source,))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        domain_classifier: Takes the encoder's features, puts out logits, high for the source.
        class_sizes: Bounds measured on the source, for a decoder of class logits; `None` leaves
            `L_size` out.
        confusion_weight, size_weight: Weights beside the task's loss.

    Example:
        >>> from adaat_keras.models import Decoder, DomainClassifier, Encoder
        >>> trainer = FcnsInTheWildTrainer(
        ...     Encoder(4, 1), Decoder(1, 4), DomainClassifier(16, view="pixel"))
        >>> trainer.compile(
        ...     keras.optimizers.Adam(), keras.optimizers.Adam(), keras.losses.MeanAbsoluteError())
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y,), return_dict=True))
        ['classifier_loss', 'confusion_loss', 'loss', 'size_loss', 'source_task_loss']
    """

    def __init__(
        self,
        encoder,
        decoder,
        domain_classifier,
        class_sizes: Sizes | None = None,
        confusion_weight: float = 0.1,
        size_weight: float = 0.01,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.domain_classifier = domain_classifier
        self.class_sizes = class_sizes
        self.confusion_weight = confusion_weight
        self.size_weight = size_weight

    def compile(
        self, optimizer, classifier_optimizer, task_loss, metrics: dict[str, list] | None = None
    ) -> None:
        """Set both optimizers, the task's loss and the metrics of `test_step`."""
        super().compile(optimizer, task_loss, metrics)
        self.classifier_optimizer = classifier_optimizer
        classifier_optimizer.build(self.domain_classifier.trainable_variables)
        names = ("classifier_loss", "confusion_loss", "size_loss")
        self.means |= {name: keras.metrics.Mean(name=name) for name in names}

    def train_step(self, data):
        """One step of both optimizers."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images = self.seen(images)
        counts = [tf.shape(x)[0] for x in images]
        with tf.GradientTape(persistent=True) as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            source, target = tf.split(self.decoder(features, training=True), counts)
            logits = self.domain_classifier(features, training=True)
            losses = {
                "source_task_loss": self.task_loss(labels[0], source),
                "confusion_loss": self.cross_entropy(0.5, logits),
                "size_loss": self.size_loss(target),
            }
            loss, logs = self.with_edges(losses["source_task_loss"], features, images)
            loss += (
                self.confusion_weight * losses["confusion_loss"]
                + self.size_weight * losses["size_loss"]
            )
            domain = tf.concat([tf.ones(counts[0]), tf.zeros(counts[1])], axis=0)
            classifier_loss = self.cross_entropy(domain, logits)
        classifier = self.domain_classifier.trainable_variables
        self.step_together(
            tape,
            (self.optimizer, loss, self.base_variables),
            (self.classifier_optimizer, classifier_loss, classifier),
        )
        return self.log(images[0], loss=loss, classifier_loss=classifier_loss, **losses, **logs)

    def cross_entropy(self, domain, logits: tf.Tensor) -> tf.Tensor:
        """Between domains, `(batch,)` or one for all, and logits; 1 = a classifier of no idea."""
        logits = tf.cast(logits, "float32")
        labels = tf.reshape(tf.cast(domain, "float32"), (-1, 1, 1, 1)) * tf.ones_like(logits)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
        return self.mean(losses) / np.log(2)

    def size_loss(self, outputs: tf.Tensor) -> tf.Tensor:
        """The class sizes' penalty on the target's predictions."""
        if self.class_sizes is None:
            return tf.constant(0.0)
        sizes = (self.class_sizes.lower, self.class_sizes.mean, self.class_sizes.upper)
        return self.mean(class_size_penalty(tf.nn.softmax(outputs), *sizes))
