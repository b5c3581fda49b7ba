"""CyCADA: translated images that keep their meaning, then features without a domain."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.confusion_step import confusion_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.translation_step import translation_step


class Cycada(Method):
    """Task 2 by adaptation of images, then of features (Hoffman et al., ICML 2018).

    1. Base model 2 on the source.
    2. CycleGAN whose translations base model 2, frozen, must read as it reads the originals.
    3. Base model 2 goes on, on translated images, against a pixel-wise classifier of domains.

    Where ours departs: step 3 is CyCADA's training on translated images and its adaptation of
    features in one, the encoder is driven to "half and half" as in FCNs in the wild, where CyCADA
    flips the domains' labels, and for depth, which has no classes, "reads" means L1. As in
    CyCADA's objective there is no identity loss.
    """

    def steps(self, setup):
        """Supervised, translation, confusion."""
        supervised = supervised_step(setup, domain="source")
        translation, to_target = translation_step(setup, semantic=True)
        confusion = confusion_step(setup, translator=to_target, within_sizes=False)
        return [supervised, translation, confusion]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
