"""AT/DT, which the paper extends, and AT/DT on translated images (Ramirez et al., ICCV 2019).

AT/DT differs from `ada_atdt` only in stage 1, which has no domain classifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from adaat_keras.domains.batches import side_by_side
from adaat_keras.methods.ada_atdt import BOTH, Supervised, transfer_stages
from adaat_keras.methods.cycle_gan import Translation
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import SupervisedTrainer


@dataclass(frozen=True)
class Joint(Stage):
    """Stage 1: encoder 1 and decoder 1 on the labels of task 1 in both domains.

    With `translated`, the source's images are translated first and augmented afterwards.
    """

    from_task: Task
    augmentation: str
    class_balance: float
    translated: bool = False

    trains = ("encoder_1", "decoder_1")

    @property
    def name(self) -> str:
        """`"joint"`, or `"joint_translated"`."""
        return "joint" + "_translated" * self.translated

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return BOTH

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> SupervisedTrainer:
        """A `SupervisedTrainer` of both domains."""
        trainer = SupervisedTrainer(
            networks["encoder_1"],
            networks["decoder_1"],
            domains=BOTH,
            translator=networks["to_target"] if self.translated else None,
            augment=feed.augmenter(self.augmentation),
        )
        loss = feed.task_loss(self.from_task, "source", self.class_balance)
        metrics = {role: self.from_task.metrics() for role in BOTH}
        trainer.compile(self.training.optimizer(), loss, metrics)
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half of each batch from each domain, with labels of task 1."""
        labels, look = (self.from_task,), self.augmentation
        return side_by_side(
            feed.batches("source", labels, first_step, 2, "none" if self.translated else look),
            feed.batches("target", labels, first_step, 2, look),
        )

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """Both domains with labels of task 1."""
        return side_by_side(*(feed.validation(role, (self.from_task,)) for role in BOTH))


class AtDt(Method):
    """Task 2 by transfer of features that nothing aligns (Ramirez et al., ICCV 2019).

    `AdaAtdt` without the domain classifier: stage 1 trains E1 and D1 on both domains' labels only.
    By default the networks are those of `AdaAtdt`, so that the classifier is the only difference.

    With the paper's recipe, these are AT/DT's stages and nothing more. The recommended recipe adds
    what it adds to `AdaAtdt`: balanced classes, G trained through D2 on the source's labels and a
    teacher's for the target, and D2 and base model 1 trained along with G.

    With `architecture="dilated_resnet50"`, the networks are AT/DT's own (`DilatedResnet50`,
    `UpsamplingDecoder`, `SixConvolutions`; their docstrings list the deviations), and so is the
    transfer loss: `L_G = mean((G(E1(x)) - E2(x))^2)`, where the paper's equation 3 takes the
    absolute value. They are made for large images: on a GPU, use `--height 512 --width 1024`. The
    ResNet-50 is not pretrained, and the batch size is that of the other methods.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = AtDt().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['joint', 'supervised', 'teacher', 'transfer']
    """

    name = "at_dt"
    predictor = "transfer"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Joint, supervised, transfer."""
        look = recipe.augmentation
        return [
            Joint(training, from_task, look, recipe.balance(from_task)),
            Supervised(training, to_task, look, recipe.balance(to_task)),
            *transfer_stages(from_task, to_task, recipe, training, architecture),
        ]


class AtDtDa(Method):
    """AT/DT whose source images CycleGAN has translated (Ramirez et al. 2019, "AT/DT (DA)").

    CycleGAN first, then the stages of `AtDt` on F(x_A) instead of x_A, including what the
    recommended recipe adds. A run's scores on the source are for its original images, which these
    networks have never seen.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = AtDtDa().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages if "translat" in stage.name]
        ['translation', 'joint_translated', 'supervised_translated', 'transfer_translated']
    """

    name = "at_dt_da"
    predictor = "transfer"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Translation, then joint, supervised and transfer on translated images."""
        look = recipe.augmentation
        return [
            Translation(training),
            Joint(training, from_task, look, recipe.balance(from_task), translated=True),
            Supervised(training, to_task, look, recipe.balance(to_task), translated=True),
            *transfer_stages(from_task, to_task, recipe, training, architecture, translated=True),
        ]
