"""Trains translations between two domains of images."""

import keras
import tensorflow as tf

from adaat_keras.training.image_pool import ImagePool
from adaat_keras.training.trainer import NetworkTrainer


class CycleGanTrainer(NetworkTrainer):
    """Trains two generators that undo each other, against two discriminators (Zhu et al. 2017).

    With F: A -> B and H: B -> A and images scaled to -1..1, the generators minimize

        L_adv = mean (D_B(F(a)) - 1)^2 + mean (D_A(H(b)) - 1)^2
        + cycle_weight * (|H(F(a)) - a| + |F(H(b)) - b|)
        + identity_weight * cycle_weight * (|F(b) - b| + |H(a) - a|)

    and each discriminator `(mean (D(real) - 1)^2 + mean D(shown)^2) / 2`, where what is shown comes
    from a pool of the last 50 translations. With a `segmenter` (CyCADA, Hoffman et al. 2018) the
    generators minimize its loss on translations too, with what it says of the originals as labels:
    a street stays a street.

    A batch is `(x_source, x_target)`, values 0 to 255.

    Args:
        to_target, to_source: The generators F and H.
        target_discriminator, source_discriminator: D_B and D_A.
        image_shape: Of the training images.
        cycle_weight, identity_weight: As above; CycleGAN's own.
        pool_size: Translations that are kept.
        segmenter: Frozen base model of a task on the source; `None` leaves this loss out.
        semantic_weight: Weight of the segmenter's loss.

    Example:
        >>> from adaat_keras.models import Generator, PatchDiscriminator
        >>> trainer = CycleGanTrainer(
        ...     Generator(4, 1), Generator(4, 1), PatchDiscriminator(4), PatchDiscriminator(4),
        ...     image_shape=(32, 32, 3))
        >>> trainer.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4))
        >>> x = tf.ones((2, 32, 32, 3))
        >>> logs = trainer.train_on_batch((x, x), return_dict=True)
        >>> "cycle_loss" in logs
        True
    """

    def __init__(
        self,
        to_target,
        to_source,
        target_discriminator,
        source_discriminator,
        image_shape: tuple[int, int, int],
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        segmenter: keras.Model | None = None,
        semantic_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__(to_target.stride, **kwargs)
        self.to_target = to_target
        self.to_source = to_source
        self.target_discriminator = target_discriminator
        self.source_discriminator = source_discriminator
        self.target_pool = ImagePool(image_shape, pool_size)
        self.source_pool = ImagePool(image_shape, pool_size)
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.segmenter = segmenter
        self.semantic_weight = semantic_weight

    def compile(
        self, optimizer, discriminator_optimizer, task_loss=None, pseudo_labels=None
    ) -> None:
        """Set both optimizers, and the segmenter's loss and labels where there is one."""
        names = ["loss", "adversarial_loss", "cycle_loss", "identity_loss", "discriminator_loss"]
        names += ["semantic_loss"] if self.segmenter else []
        super().compile(optimizer, self.generator_variables, tuple(names))
        self.discriminator_optimizer = discriminator_optimizer
        discriminator_optimizer.build(self.discriminator_variables)
        self.task_loss = task_loss
        self.pseudo_labels = pseudo_labels

    @property
    def generator_variables(self) -> list[keras.Variable]:
        """The trainable variables of both generators."""
        return self.to_target.trainable_variables + self.to_source.trainable_variables

    @property
    def discriminator_variables(self) -> list[keras.Variable]:
        """The trainable variables of both discriminators."""
        parts = (self.target_discriminator, self.source_discriminator)
        return [variable for part in parts for variable in part.trainable_variables]

    def train_step(self, data):
        """One step of both optimizers."""
        source, target = keras.utils.unpack_x_y_sample_weight(data)[0]
        source, target = tf.cast(source, "float32"), tf.cast(target, "float32")
        with tf.GradientTape(persistent=True) as tape:
            fake_target, same_target = tf.split(self.to_target(tf.concat([source, target], 0)), 2)
            fake_source, same_source = tf.split(self.to_source(tf.concat([target, source], 0)), 2)
            losses = {
                "adversarial_loss": self.real(self.target_discriminator(fake_target))
                + self.real(self.source_discriminator(fake_source)),
                "cycle_loss": self.distance(self.to_source(fake_target), source)
                + self.distance(self.to_target(fake_source), target),
                "identity_loss": self.distance(same_target, target)
                + self.distance(same_source, source),
            }
            loss = losses["adversarial_loss"] + self.cycle_weight * (
                losses["cycle_loss"] + self.identity_weight * losses["identity_loss"]
            )
            if self.segmenter:
                losses["semantic_loss"] = self.semantic_loss(source, fake_target)
                losses["semantic_loss"] += self.semantic_loss(target, fake_source)
                loss += self.semantic_weight * losses["semantic_loss"]
            step = self.optimizer.iterations
            shown = (
                self.target_pool(fake_target, step=step),
                self.source_pool(fake_source, step=step),
            )
            discriminator_loss = self.told_apart(self.target_discriminator, target, shown[0])
            discriminator_loss += self.told_apart(self.source_discriminator, source, shown[1])
        self.step_together(
            tape,
            (self.optimizer, loss, self.generator_variables),
            (self.discriminator_optimizer, discriminator_loss, self.discriminator_variables),
        )
        return self.log(source, loss=loss, discriminator_loss=discriminator_loss, **losses)

    def test_step(self, data):
        """Update and return the distance of an image from its translation there and back."""
        source, target = keras.utils.unpack_x_y_sample_weight(data)[0]
        losses = [
            self.distance(self.cropped(back(there(self.padded(x))), x), tf.cast(x, "float32"))
            for x, there, back in (
                (source, self.to_target, self.to_source),
                (target, self.to_source, self.to_target),
            )
        ]
        return {"cycle_loss": self.log(source, cycle_loss=tf.add_n(losses))["cycle_loss"]}

    def semantic_loss(self, images, translated) -> tf.Tensor:
        """The segmenter's loss on translations, what it says of the originals as the truth.

        All that it says, however uncertain, as in CyCADA.
        """
        labels = tf.stop_gradient(self.pseudo_labels(self.segmenter(images), certainty=0.0))
        return self.task_loss(labels, self.segmenter(translated))

    def told_apart(self, discriminator, real, shown) -> tf.Tensor:
        """A discriminator's loss on real images and on translations."""
        fake = self.mean(discriminator(shown, training=True) ** 2)
        return (self.real(discriminator(real, training=True)) + fake) / 2

    def real(self, logits) -> tf.Tensor:
        """How far logits are from saying "real"."""
        return self.mean((logits - 1) ** 2)

    def distance(self, images, others) -> tf.Tensor:
        """L1 between images, in units of half their range."""
        return self.mean(tf.abs(images - others) / 127.5)
