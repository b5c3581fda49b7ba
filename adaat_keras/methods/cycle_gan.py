"""CycleGAN: labelled images of the simulator that look like the target's."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.translation_step import translation_step


class CycleGan(Method):
    """Task 2 by a base model trained on translated source images (Zhu et al., ICCV 2017).

    1. F: A -> B and H: B -> A, against two discriminators
       (`adaat_keras.training.CycleGanTrainer` has the loss).
    2. Base model 2 on F(x_A) with the source's labels.

    Where ours departs: generators and discriminators are as wide and deep as the base models, from
    Glorot's first weights; every step has the images, the batch and the cosine schedule of any
    other method's, which is far less than CycleGAN's 200 epochs of single images.
    """

    def steps(self, setup):
        """Translation, then supervised on translated images."""
        translation, to_target = translation_step(setup)
        return [translation, supervised_step(setup, domain="source", translator=to_target)]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
