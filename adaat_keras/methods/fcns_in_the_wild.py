"""FCNs in the wild: domains confused, classes kept to their sizes."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.confusion_step import confusion_step
from adaat_keras.methods.steps.supervised_step import supervised_step


class FcnsInTheWild(Method):
    """Task 2 by a base model that a classifier of domains cannot read (Hoffman et al., 2016).

    1. Base model 2 on the source.
    2. It goes on with `L = L_task(A) + confusion_weight * L_conf(A, B) + size_weight * L_size(B)`:
       a pixel-wise domain classifier on the deepest features, which the encoder drives to "half
       and half", and predicted class sizes on B held within those measured on A
       (`adaat_keras.training.FcnsInTheWildTrainer`).

    Where ours departs: the networks are base model 2's; sizes are those of crops, not of whole
    images, and held by a hinge in units of the class' mean share, where Hoffman et al. solve for
    the nearest sizes within the bounds and lower the gradient of classes that are most of an image
    to a tenth; where task 2 is not semantic there are no classes, and confusion works alone.
    """

    def steps(self, setup):
        """Supervised on the source, then confused with the target."""
        return [supervised_step(setup, domain="source"), confusion_step(setup)]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
