"""ADA-AT/DT, the paper's method."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.adversarial_step import adversarial_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.transfer_step import transfer_steps


class AdaAtdt(Method):
    """Task 2 by features that are the same in both domains (Chavhan et al., WACV 2021).

    1. E1, D1 on both domains' labels of task 1, against the classifier C (equations 1, 2).
    2. E2, D2 on the source's labels of task 2.
    3. G so that G(E1(x)) = E2(x) on the source (equation 3).

    Then D2(G(E1(x))) on the target (equation 4).

    The recommended recipe adds to step 3 (`adaat_keras.training.TransferTrainer`): G learns through
    D2 too, on the source's labels of task 2 and on a teacher's of the target, and E1, D1 learn on
    beside it.
    """

    def steps(self, setup):
        """Adversarial, supervised, transfer."""
        return [
            adversarial_step(setup),
            supervised_step(setup, domain="source"),
            *transfer_steps(setup, adapt=True),
        ]

    def predictor(self, model):
        """The whole path."""
        return model
