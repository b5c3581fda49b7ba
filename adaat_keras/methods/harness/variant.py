"""A method as a benchmark names it."""

from dataclasses import replace
from typing import NamedTuple

from adaat_keras.methods.harness.recipes import RECIPES
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.registry import check_name


class Variant(NamedTuple):
    """A method with its own transfer function and recipe, where these are not the benchmark's."""

    method: str
    transfer: str = ""
    recipe: str = ""

    @staticmethod
    def parse(name: str) -> "Variant":
        """The variant of a name, `METHOD[:TRANSFER][@RECIPE]`.

        Example:
            >>> Variant.parse("ada_atdt:unet@paper")
            Variant(method='ada_atdt', transfer='unet', recipe='paper')
        """
        name, _, recipe = name.partition("@")
        method, _, transfer = name.partition(":")
        return Variant(method, transfer, recipe)

    def config(self, config: RunConfig, seed: int) -> RunConfig:
        """The configuration of its run with a seed; a recipe brings all of its settings.

        Raises:
            ValueError: An unknown name.
        """
        changes = {"method": self.method, "transfer": self.transfer or config.transfer}
        if self.recipe:
            check_name("recipe", self.recipe, list(RECIPES))
            changes |= {"recipe": self.recipe, **RECIPES[self.recipe]}
        return replace(config, seed=seed, **changes)
