"""AT/DT on translated images."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.joint_step import joint_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.transfer_step import transfer_steps
from adaat_keras.methods.steps.translation_step import translation_step


class AtDtDa(Method):
    """AT/DT whose source images CycleGAN has translated (Ramirez et al. 2019, "AT/DT (DA)").

    CycleGAN first; then the steps of `AtDt`, each on F(x_A) in place of x_A, the recommended
    recipe's additions to these included. Scores on the source are those of its own images, which
    these networks have never seen.
    """

    def steps(self, setup):
        """Translation, then joint, supervised and transfer on translated images."""
        translation, to_target = translation_step(setup)
        return [
            translation,
            joint_step(setup, translator=to_target),
            supervised_step(setup, domain="source", translator=to_target),
            *transfer_steps(setup, translator=to_target),
        ]

    def predictor(self, model):
        """The whole path."""
        return model
