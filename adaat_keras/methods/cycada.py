"""CyCADA: translated images that keep their meaning, then features without a domain."""

from adaat_keras.methods.ada_atdt import Supervised
from adaat_keras.methods.cycle_gan import SemanticTranslation
from adaat_keras.methods.fcns_in_the_wild import Confusion
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Stage
from adaat_keras.tasks import Task


class Cycada(Method):
    """Task 2 by adaptation of images, then of features (Hoffman et al., ICML 2018).

    1. Base model 2 on the source.
    2. CycleGAN whose translations base model 2, frozen, must read as it reads the originals.
    3. Base model 2 goes on, on translated images, against a pixel-wise classifier of domains.

    Deviations: stage 3 combines CyCADA's training on translated images with its adaptation of
    features; the encoder is trained towards an undecided classifier, as in FCNs in the wild, where
    CyCADA flips the domains' labels; and for depth, which has no classes, stage 2 compares
    predictions by depth's loss. As in CyCADA's objective, there is no identity loss.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = Cycada().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['supervised', 'semantic_translation', 'confusion_without_sizes']
    """

    name = "cycada"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Supervised, translation, confusion."""
        look, balance = recipe.augmentation, recipe.balance(to_task)
        return [
            Supervised(training, to_task, look, balance),
            SemanticTranslation(training, to_task, balance, semantic_weight=recipe.semantic_weight),
            Confusion(
                training,
                to_task,
                look,
                balance,
                confusion_weight=recipe.confusion_weight,
                size_weight=None,
                translated=True,
            ),
        ]
