"""Training on the labels that are missing, where they exist after all."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.supervised_step import supervised_step


class Oracle(Method):
    """Task 2 by a base model trained on the target's own labels: what there is to gain.

    No method of transfer may read those labels; it is a bound, for targets that have them.
    """

    def steps(self, setup):
        """Supervised, on the target."""
        return [supervised_step(setup, domain="target")]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
