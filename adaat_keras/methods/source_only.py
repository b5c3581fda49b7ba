"""Training on the source, hoping that it works on the target."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.supervised_step import supervised_step


class SourceOnly(Method):
    """Task 2 by a base model that has seen the source alone: what doing nothing scores."""

    def steps(self, setup):
        """Supervised, on the source."""
        return [supervised_step(setup, domain="source")]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
