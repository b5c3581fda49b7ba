"""What the adversarial losses have in common: soft labels and a common scale."""

from typing import ClassVar

import keras


class AdversarialLoss(keras.losses.Loss):
    """A loss between the domain (1 = source A, 0 = target B) and the domain classifier's logits.

    The classifier minimizes it with the true domain, the encoder with the flipped one (the
    paper's section 4.5; equations 1 and 2). Labels are softened inside: with 0.1, A counts as 0.9
    and B as 0.1. The value is in units of ignorance: 1 is what a classifier scores that cannot
    tell the domains apart, so that alpha weighs it against a task loss on the same scale.

    Takes domains `(batch,)` and logits `(batch, height, width, 1)`; every image counts equally.

    Args:
        softening: How far the labels are moved from 0 and 1 towards each other.

    Attributes:
        threshold: The logit above which the classifier says "source".
        gradient_penalty: Weight of the classifier's gradient penalty.
    """

    threshold: ClassVar[float] = 0.0
    gradient_penalty: ClassVar[float] = 0.0

    def __init__(self, softening: float = 0.1, name: str = "adversarial_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.softening = softening

    def call(self, y_true, y_pred):
        """One value an image, `(batch,)`."""
        logits = keras.ops.cast(y_pred, "float32")
        domain = keras.ops.reshape(keras.ops.cast(y_true, "float32"), (-1, 1, 1, 1))
        labels = self.softening + (1 - 2 * self.softening) * domain
        losses = self.of_logits(labels, logits) / self.ignorance
        return keras.ops.mean(losses, axis=(1, 2, 3))

    def of_logits(self, labels, logits):
        """The loss at every location, not yet scaled; labels `(batch, 1, 1, 1)` in 0..1."""
        raise NotImplementedError

    @property
    def ignorance(self) -> float:
        """What a classifier scores that always says "either": the unit of this loss."""
        return 1.0

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "softening": self.softening}
