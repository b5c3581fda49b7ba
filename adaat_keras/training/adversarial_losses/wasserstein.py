"""The adversarial loss as a Wasserstein distance."""

import keras

from adaat_keras.training.adversarial_losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable("adaat_keras")
class Wasserstein(AdversarialLoss):
    """Difference of the critic's mean outputs: the paper's third choice (section 4.6).

    `-(2 y - 1) z`, so that the sum over both domains is the negative critic difference; soft
    labels scale it by `1 - 2 * softening`. The trainer adds the gradient penalty of Gulrajani et
    al. 2017, `10 (|grad| - 1)^2`, between features of A and B. It has no unit of ignorance: a
    critic that cannot tell the domains apart scores 0.

    Example:
        >>> loss = Wasserstein(softening=0.0)
        >>> float(loss(keras.ops.ones(2), keras.ops.full((2, 4, 4, 1), 3.0)))
        -3.0
    """

    gradient_penalty = 10.0

    def of_logits(self, labels, logits):
        """Signed logits."""
        return -(2 * labels - 1) * logits
