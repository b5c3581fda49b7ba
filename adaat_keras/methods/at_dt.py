"""AT/DT, which the paper extends."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.joint_step import joint_step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.transfer_step import transfer_steps


class AtDt(Method):
    """Task 2 by transfer of features that nothing aligns (Ramirez et al., ICCV 2019).

    As `AdaAtdt` without the domain classifier: step 1 trains E1, D1 on both domains' labels
    alone. The networks are ours, so that the classifier is the only difference, beside what
    `moment_weight` and `consistency_weight` may ask of `AdaAtdt`.

    With `recipe="paper"` it has AT/DT's steps and nothing else, on our networks. The recommended
    recipe gives it what it gives `AdaAtdt`: balanced classes, G trained through D2 on the source's
    labels and on a teacher's of the target, and base model 1 that learns on beside G.

    With `architecture="dilated_resnet50"` the networks are AT/DT's own (`DilatedResnet50`,
    `UpsamplingDecoder`, `SixConvolutions`, whose docstrings say where they depart), and its
    transfer loss: `L_G = mean((G(E1(x)) - E2(x))^2)` where the paper's equation 3 takes the
    absolute value. These are made for whole images: with the usual crop of 128 pixels the features
    are 8 x 8, their ResNet-50 begins untrained, and the batch is that of any other method. Where
    there is a GPU, take `--crop 512`.
    """

    def steps(self, setup):
        """Joint, supervised, transfer."""
        return [
            joint_step(setup),
            supervised_step(setup, domain="source"),
            *transfer_steps(setup),
        ]

    def predictor(self, model):
        """The whole path."""
        return model
