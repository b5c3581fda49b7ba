"""The adversarial loss as binary cross-entropy."""

import math

import keras

from adaat_keras.training.adversarial_losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("adaat_keras")
class BinaryCrossentropy(AdversarialLoss):
    """Binary cross-entropy of logits: the paper's choice where task 1 is semantic (section 4.6).

    `-(y log s(z) + (1 - y) log(1 - s(z))) / ln 2`, equation 1 with soft labels y.

    Example:
        >>> loss = BinaryCrossentropy()
        >>> round(float(loss(keras.ops.ones(2), keras.ops.zeros((2, 4, 4, 1)))), 4)
        1.0
    """

    def of_logits(self, labels, logits):
        """Softplus form, stable for large logits."""
        return keras.ops.softplus(logits) - labels * logits

    @property
    def ignorance(self) -> float:
        """The loss of logit 0."""
        return math.log(2)
