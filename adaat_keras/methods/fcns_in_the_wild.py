"""FCNs in the wild: domains confused, classes kept to their sizes."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps import confusion_step


class FcnsInTheWild(Method):
    """Task 2 by a base model that a classifier of domains cannot read (Hoffman et al., 2016).

    `L = L_task(A) + 0.1 * L_conf(A, B) + 0.1 * L_size(B)`: a pixel-wise domain classifier on the
    deepest features, which the encoder drives to "half and half", and predicted class sizes on B
    held within those measured on A (`adaat_keras.training.FcnsInTheWildTrainer`).

    Where ours departs: the networks are base model 2's; the constraint on sizes is a hinge; where
    task 2 is not semantic there are no classes, and confusion works alone.
    """

    def steps(self, setup):
        """Supervised on the source, confused with the target."""
        return [confusion_step(setup)]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
