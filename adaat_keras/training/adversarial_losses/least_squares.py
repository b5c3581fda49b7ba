"""The adversarial loss as least squares."""

import keras

from adaat_keras.training.adversarial_losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("adaat_keras")
class LeastSquares(AdversarialLoss):
    """Squared distance to the label: the paper's choice where task 1 is depth (section 4.5).

    `(z - y)^2 / (1/2 - softening)^2`, the least-squares GAN's loss with soft labels y.

    Example:
        >>> loss = LeastSquares()
        >>> round(float(loss(keras.ops.ones(2), keras.ops.full((2, 4, 4, 1), 0.5))), 4)
        1.0
    """

    threshold = 0.5

    def of_logits(self, labels, logits):
        """Squared difference."""
        return keras.ops.square(logits - labels)

    @property
    def ignorance(self) -> float:
        """The loss of the value half-way between the labels."""
        return (0.5 - self.softening) ** 2
