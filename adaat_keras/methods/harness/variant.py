"""A method as a benchmark names it."""

from dataclasses import replace
from typing import NamedTuple

from adaat_keras.methods.harness.recipes import RECIPES
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.models.sizes import ARCHITECTURES
from adaat_keras.registry import check_name


class Variant(NamedTuple):
    """A method with its own networks and recipe, where these are not the benchmark's.

    Its networks are a transfer function, or an architecture with that one's own.
    """

    method: str
    transfer: str = ""
    recipe: str = ""
    architecture: str = ""

    @staticmethod
    def parse(name: str) -> "Variant":
        """The variant of a name, `METHOD[:TRANSFER or :ARCHITECTURE][@RECIPE]`.

        Example:
            >>> Variant.parse("ada_atdt:unet@paper")
            Variant(method='ada_atdt', transfer='unet', recipe='paper', architecture='')
            >>> Variant.parse("at_dt:dilated_resnet50").architecture
            'dilated_resnet50'
        """
        name, _, recipe = name.partition("@")
        method, _, networks = name.partition(":")
        if networks in ARCHITECTURES:
            return Variant(method, recipe=recipe, architecture=networks)
        return Variant(method, networks, recipe)

    @property
    def name(self) -> str:
        """The name that `parse` takes."""
        networks, recipe = self.architecture or self.transfer, self.recipe
        return self.method + (f":{networks}" if networks else "") + (f"@{recipe}" if recipe else "")

    def config(self, config: RunConfig, seed: int) -> RunConfig:
        """The configuration of its run with a seed; a recipe brings all of its settings.

        Raises:
            ValueError: An unknown name.
        """
        changes = {"method": self.method, "transfer": self.transfer or config.transfer}
        if self.architecture:
            changes |= {"architecture": self.architecture, "transfer": None}
        if self.recipe:
            check_name("recipe", self.recipe, list(RECIPES))
            changes |= {"recipe": self.recipe, "alpha": None, **RECIPES[self.recipe]}
        return replace(config, seed=seed, **changes)
