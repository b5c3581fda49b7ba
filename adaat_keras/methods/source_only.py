"""The bounds: base model 2 trained on the source alone, and on the labels that are missing."""

from adaat_keras.methods.ada_atdt import Supervised
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Stage
from adaat_keras.tasks import Task


class SourceOnly(Method):
    """Task 2 by a base model that has seen the source alone: what doing nothing scores.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = SourceOnly().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['supervised']
    """

    name = "source_only"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Supervised, on the source."""
        options = (recipe.augmentation, recipe.balance(to_task))
        return [Supervised(training, to_task, *options)]


class Oracle(Method):
    """Task 2 by a base model trained on the target's own labels: what there is to gain.

    An upper bound: no other method may read these labels.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = Oracle().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['supervised_target']
    """

    name = "oracle"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Supervised, on the target."""
        options = (recipe.augmentation, recipe.balance(to_task))
        return [Supervised(training, to_task, *options, role="target")]
