"""FCNs in the wild: domains confused, classes kept to their sizes (Hoffman et al., 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.batches import ClassSizes, class_sizes, side_by_side
from adaat_keras.methods.ada_atdt import BOTH, Supervised
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage, beside_target_images
from adaat_keras.models import DomainClassifier
from adaat_keras.models.base_model import reseed
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import AnyLoss, AnyOptimizer, Batch, Logs, SupervisedTrainer, adam

# Class sizes are measured on as many crops, rounded up by a batch.
_MEASURED = 200


def class_size_penalty(
    probabilities: tf.Tensor, lower: np.ndarray, mean: np.ndarray, upper: np.ndarray
) -> tf.Tensor:
    """How far predicted class sizes lie outside their bounds, averaged over images and classes.

    A class counts as present in an image if it is the likeliest at a share of the pixels of at
    least a tenth of its lower bound (Hoffman et al. 2016, "FCNs in the wild", section 3.2). A
    present class is penalized by the distance of its mean probability to the bounds, an absent one
    by its mean probability, which suppresses it; both relative to the class's mean share, or to
    0.01 if that is larger. Hoffman et al. solve for the nearest distribution within the bounds; a
    hinge expresses the same constraint as a loss.

    Args:
        probabilities: `(batch, height, width, classes)`.
        lower, mean, upper: Shares of an image, `(classes,)` each.

    Returns:
        A float32 scalar, 0 if every present class is within its bounds and no other is predicted.

    Example:
        >>> pixels = tf.one_hot([[[0, 0], [0, 1]]], 2)
        >>> bounds = np.array([[0.4, 0.1], [0.5, 0.2], [0.6, 0.3]], "f4")
        >>> round(float(class_size_penalty(pixels, *bounds)), 6)
        0.15
    """
    probabilities = tf.cast(probabilities, "float32")
    shares = tf.reduce_mean(probabilities, axis=(1, 2))
    likeliest = tf.one_hot(tf.argmax(probabilities, axis=-1), probabilities.shape[-1])
    outside = tf.nn.relu(lower - shares) + tf.nn.relu(shares - upper)
    present = tf.reduce_mean(likeliest, axis=(1, 2)) >= 0.1 * lower
    return tf.reduce_mean(tf.where(present, outside, shares) / np.maximum(mean, 0.01))


class FcnsInTheWildTrainer(SupervisedTrainer):
    """Global alignment by domain confusion, local by class sizes (Hoffman et al. 2016).

    - The classifier minimizes the cross-entropy with the true domain at every location.
    - Encoder and decoder minimize `L_task(A) + confusion_weight * L_conf + size_weight * L_size`:
      `L_conf` is the cross-entropy of the classifier's logits with the label 1/2 on both domains,
      `L_size` is `class_size_penalty` of the predictions on the target.

    Both are updated from the same forward pass, where Hoffman et al. alternate. The
    cross-entropies are scaled so that an undecided classifier scores 1.

    A batch is `((x_source, x_target), (y_source,))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        domain_classifier: Maps the encoder's features to logits, high for the source.
        class_sizes: Bounds measured on the source, for a decoder of class logits; `None` leaves
            `L_size` out.
        confusion_weight, size_weight: Weights relative to the task loss.
        **kwargs: As `Trainer`'s.

    Example:
        >>> from adaat_keras.models import Decoder, DomainClassifier, Encoder
        >>> trainer = FcnsInTheWildTrainer(
        ...     Encoder(4, 1), Decoder(1, 4), DomainClassifier(16, view="pixel"))
        >>> trainer.compile(task_loss=keras.losses.MeanAbsoluteError())
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y,), return_dict=True))
        ['classifier_loss', 'confusion_loss', 'loss', 'size_loss', 'source_task_loss']
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        domain_classifier: keras.Model,
        class_sizes: ClassSizes | None = None,
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
        self,
        optimizer: AnyOptimizer | None = None,
        classifier_optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        metrics: Mapping[str, list] | None = None,
        **kwargs,
    ) -> None:
        """Set both optimizers, the task's loss and the metrics of `test_step`."""
        super().compile(optimizer, task_loss, metrics, **kwargs)
        self.classifier_optimizer = adam(classifier_optimizer)
        self.classifier_optimizer.build(self.domain_classifier.trainable_variables)
        names = ("classifier_loss", "confusion_loss", "size_loss")
        self.means |= {name: keras.metrics.Mean(name=name) for name in names}

    def train_step(self, data: Batch) -> Logs:
        """One step of both optimizers."""
        images, labels = self.training_batch(data, images=2)
        images = self.with_translated_source(images)
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
            loss = losses["source_task_loss"] + (
                self.confusion_weight * losses["confusion_loss"]
                + self.size_weight * losses["size_loss"]
            )
            domain = tf.concat([tf.ones(counts[0]), tf.zeros(counts[1])], axis=0)
            classifier_loss = self.cross_entropy(domain, logits)
        classifier_variables = self.domain_classifier.trainable_variables
        gradients = tape.gradient(loss, self.base_variables)
        classifier_gradients = tape.gradient(classifier_loss, classifier_variables)
        self.optimizer.apply(gradients, self.base_variables)
        self.classifier_optimizer.apply(classifier_gradients, classifier_variables)
        return self.log(images[0], loss=loss, classifier_loss=classifier_loss, **losses)

    def cross_entropy(self, domain: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Of logits with domains, `(batch,)` or a scalar; an undecided classifier scores 1."""
        logits = tf.cast(logits, "float32")
        labels = tf.reshape(tf.cast(domain, "float32"), (-1, 1, 1, 1)) * tf.ones_like(logits)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
        return self.mean(losses) / np.log(2)

    def size_loss(self, outputs: tf.Tensor) -> tf.Tensor:
        """`class_size_penalty` of the target's predictions; 0 without `class_sizes`."""
        if self.class_sizes is None:
            return tf.constant(0.0)
        sizes = (self.class_sizes.lower, self.class_sizes.mean, self.class_sizes.upper)
        return self.mean(class_size_penalty(tf.nn.softmax(outputs), *sizes))


@dataclass(frozen=True)
class Confusion(Stage):
    """Encoder 2 and decoder 2 on the source, with domain confusion and bounds on class sizes.

    With `translated`, the source's images are translated first and augmented afterwards. With
    `size_weight=None`, class sizes are not used.
    """

    to_task: Task
    augmentation: str
    class_balance: float
    confusion_weight: float
    size_weight: float | None
    translated: bool = False

    trains = ("encoder_2", "decoder_2")

    @property
    def name(self) -> str:
        """`"confusion"`, or `"confusion_without_sizes"`."""
        return "confusion" if self.size_weight is not None else "confusion_without_sizes"

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return BOTH

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> FcnsInTheWildTrainer:
        """A `FcnsInTheWildTrainer` with a new pixelwise domain classifier."""
        encoder = networks["encoder_2"]
        classifier = DomainClassifier(encoder.features, view="pixel", dtype=encoder.dtype_policy)
        trainer = FcnsInTheWildTrainer(
            encoder,
            networks["decoder_2"],
            reseed(classifier, self.training.seed),
            self.class_sizes(feed),
            translator=networks["to_target"] if self.translated else None,
            augment=feed.augmenter(self.augmentation),
            confusion_weight=self.confusion_weight,
            size_weight=self.size_weight or 0.0,
        )
        loss = feed.task_loss(self.to_task, "source", self.class_balance)
        trainer.compile(
            self.training.optimizer(),
            self.training.optimizer(),
            loss,
            {"source": self.to_task.metrics()},
        )
        return trainer

    def class_sizes(self, feed: Feed) -> ClassSizes | None:
        """Class sizes, measured on the source's training crops, as predictions are of crops."""
        if self.size_weight is None or not self.to_task.classes:
            return None
        crops = feed.batches("source", (self.to_task,), whole=True)
        crops = crops.take(_MEASURED // self.training.batch_size + 1)
        labels = (each for _, batch in crops.as_numpy_iterator() for each in batch)
        return class_sizes(labels, self.to_task.classes)

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half of each batch from the source with labels of task 2, half the target's images."""
        look = self.augmentation
        labels = (self.to_task,)
        return beside_target_images(
            feed.batches("source", labels, first_step, 2, "none" if self.translated else look),
            feed.batches("target", (), first_step, 2, look),
        )

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The source with labels of task 2."""
        return side_by_side(feed.validation("source", (self.to_task,)))


class FcnsInTheWild(Method):
    """Task 2 by a base model that a classifier of domains cannot read (Hoffman et al., 2016).

    1. Base model 2 on the source.
    2. It is trained on with `L = L_task(A) + confusion_weight * L_conf(A, B) + size_weight *
       L_size(B)`: the encoder confuses a pixelwise domain classifier on its features, and the
       predicted class sizes on B are kept within bounds measured on A (`FcnsInTheWildTrainer`).

    Deviations: the networks are base model 2's. Class sizes are measured on training images, which
    are crops in the paper's recipe, and enforced by a hinge loss relative to the class's mean
    share, where Hoffman et al. solve for the nearest sizes within the bounds and reduce the
    gradient of classes that cover most of an image to a tenth. If task 2 has no classes, only the
    confusion is used.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = FcnsInTheWild().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['supervised', 'confusion']
    """

    name = "fcns_in_the_wild"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Supervised on the source, then with domain confusion."""
        options = (recipe.augmentation, recipe.balance(to_task))
        return [
            Supervised(training, to_task, *options),
            Confusion(
                training,
                to_task,
                *options,
                confusion_weight=recipe.confusion_weight,
                size_weight=recipe.size_weight,
            ),
        ]
