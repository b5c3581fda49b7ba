"""Everything that determines a run's result, under the names of the command line's options."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from adaat_keras import domains, methods, tasks
from adaat_keras.camera import Camera
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.listing import COLUMNS
from adaat_keras.domains.seen import Seen
from adaat_keras.domains.splits import Splits, classes_of
from adaat_keras.methods.method import as_names
from adaat_keras.methods.recipe import (
    PRECISIONS,
    RECIPES,
    Recipe,
    Training,
)
from adaat_keras.models import sizes
from adaat_keras.models import transfer as transfers
from adaat_keras.registry import check_name
from adaat_keras.runs.options import Data, Networks, Plan
from adaat_keras.tasks import Task
from adaat_keras.training import losses
from adaat_keras.training.devices import has_bfloat16


@dataclass(frozen=True)
class RunConfig:
    """The configuration of a run; equal configurations give equal weights.

    Args:
        data, networks, plan, recipe, training: The parts, each with its options.

    Raises:
        ValueError: An unknown name, a number out of range, or options that contradict each other.

    Example:
        >>> config = RunConfig.of(method="dan", epochs=2, alpha=0.8)
        >>> config.training.epochs, config.recipe.alpha, config.to_dict()["target"]
        (2, 0.8, 'streets_real')
    """

    data: Data = field(default_factory=Data)
    networks: Networks = field(default_factory=Networks)
    plan: Plan = field(default_factory=Plan)
    recipe: Recipe = field(default_factory=Recipe.recommended)
    training: Training = field(default_factory=Training)

    @classmethod
    def of(cls, **options) -> "RunConfig":
        """The configuration with these options; others have their defaults.

        A recipe's name, as in `recipe="paper"`, sets all of its options, unless they are given.

        Raises:
            TypeError: There is no such option.
            ValueError: As the class, or there is no such domain or method.
        """
        config = cls.from_dict(options)
        # Checked here, since rendering the source may take minutes before the target is opened.
        for domain in (config.data.source, config.data.target):
            if isinstance(domain, str):
                domains.find(domain)
        methods.get(config.plan.method)
        return config

    @classmethod
    def from_dict(cls, options: dict) -> "RunConfig":
        """The configuration that `to_dict` gave; its domains and method need not exist here."""
        if not isinstance(options, dict):
            raise TypeError(f"a configuration is a dictionary, not {options!r}")
        unknown = sorted(set(options) - {name for part in PARTS.values() for name in _names(part)})
        if unknown:
            raise TypeError(f"unknown option {unknown[0]!r}")
        given = {
            part: {name: options[name] for name in _names(kind) if name in options}
            for part, kind in PARTS.items()
        }
        plan = Plan(**given["plan"])
        recipe = Recipe.get(plan.recipe, **given["recipe"])
        return cls(
            data=Data(**given["data"]),
            networks=Networks(**given["networks"]),
            plan=plan,
            recipe=recipe,
            training=Training(**{**Recipe.get(plan.recipe).training, **given["training"]}),
        )

    def __post_init__(self):
        check_name("recipe", self.plan.recipe, list(RECIPES))
        # As lists, like those read from JSON, so that configurations compare equal.
        lists = {
            name: as_names(getattr(self.plan, name)) for name in ("stages", "freeze", "callbacks")
        }
        plan = dataclasses.replace(self.plan, recipe=self.recipe.base, **lists)
        object.__setattr__(self, "plan", plan)
        if self.plan.stages == []:
            raise ValueError("stages is empty: name one at least, or leave it out to train all")
        if self.from_task.name == self.to_task.name:
            raise ValueError(
                f"from and to are both {self.from_task.name!r}: there is nothing to transfer"
            )
        self._check_networks()

    def _check_networks(self) -> None:
        networks = self.networks
        sizes.size_options(networks.size)
        check_name("precision", networks.precision, [*PRECISIONS, "auto"])
        architecture = sizes.get(networks.architecture)
        changes = {}
        if networks.precision == "auto":
            changes["precision"] = PRECISIONS[has_bfloat16()]
        if networks.transfer is None:
            changes["transfer"] = transfers.name_of(architecture.transfer)
        if networks.weights is not None and Path(networks.weights).is_dir():
            changes["weights"] = str(Path(networks.weights))
        networks = dataclasses.replace(networks, **changes)
        object.__setattr__(self, "networks", networks)
        transfer = transfers.get(networks.transfer)
        sizes.check_transfer(networks.architecture, networks.transfer)
        sizes.check_trunk(networks.architecture, networks.trunk)
        self.training.check_stride(architecture.encoder.stride * transfer.stride)

    @property
    def method(self) -> str:
        """The method's name."""
        return self.plan.method

    @property
    def from_task(self) -> Task:
        """Task 1."""
        return tasks.get(self.data.from_task)

    @property
    def to_task(self) -> Task:
        """Task 2."""
        return tasks.get(self.data.to_task)

    def splits(self, role: str) -> Splits:
        """The splits of `"source"` or `"target"`, opened when they are needed.

        Raises:
            ValueError: The domain was passed as a Python object, and cannot be opened by name.
        """
        what = getattr(self.data, role)
        if not isinstance(what, str):
            raise ValueError(
                f"the {role} of this run, {what['name']}, was passed as a Python object, which no "
                "command can open: go on with it in Python, with fit_ada_atdt"
            )
        options = getattr(self.data, f"{role}_options")
        return Splits(what, options, classes_of(self.from_task, self.to_task))

    def seen(self, role: str, camera: Camera | None) -> Domain | None:
        """The scored split of `"source"` or `"target"`, fitted to a camera if there is one.

        `None` if there is no such split.
        """
        domain = self.splits(role).get(self.data.split)
        if domain is None or camera is None:
            return domain
        return Seen(domain, camera, self.training.zoom if role == "source" else None)

    def replace(self, **options) -> "RunConfig":
        """The same with other options; a recipe's name sets all of its options."""
        known = self.to_dict()
        if "recipe" in options:
            usual = RunConfig.of(recipe=self.plan.recipe).to_dict()
            with_recipe = {n for name in RECIPES for n in Recipe.get(name).training}
            brought = {n for n in with_recipe if known[n] == usual[n]} | {*_names(Recipe)}
            known = {n: v for n, v in known.items() if n not in brought}
        return RunConfig.of(**{**known, **options})

    def to_dict(self) -> dict:
        """The options by name, as JSON takes them."""
        parts = (dataclasses.asdict(getattr(self, name)) for name in PARTS)
        options = {name: value for part in parts for name, value in part.items()}
        loss = options["adversarial_loss"]
        if not isinstance(loss, str | None):
            options["adversarial_loss"] = losses.serialize(loss)
        return options

    def chosen(self) -> dict:
        """Both tasks, the precision, and all options that differ from their defaults."""
        both = {"from_task": self.data.from_task, "to_task": self.data.to_task}
        usual = RunConfig.of(**both, recipe=self.plan.recipe).to_dict() | {"recipe": "recommended"}
        # Another machine may take another one by itself.
        usual["precision"] = "auto"
        return both | {name: v for name, v in self.to_dict().items() if v != usual[name]}


PARTS: dict[str, type] = {
    "data": Data,
    "plan": Plan,
    "networks": Networks,
    "recipe": Recipe,
    "training": Training,
}


def _names(part: type) -> tuple[str, ...]:
    return tuple(each.name for each in dataclasses.fields(part))


PLACES = ("root", "cache", "skip_bad", "check_tags", *COLUMNS)
"""Options of domains that say where data is stored, or which frames to skip."""


def without_places(options: dict) -> dict:
    """A configuration's options without those that only say where data is stored.

    Example:
        >>> without_places({"source_options": {"root": "a", "frames": 8}, "cache": "disk"})
        {'source_options': {'frames': 8}}
    """
    options = {name: value for name, value in options.items() if name != "cache"}
    for role in {"source_options", "target_options"} & set(options):
        options[role] = {
            name: value
            for name, value in options[role].items()
            if name not in PLACES and not name.endswith(("_root", "_folder"))
        }
    return options


def differing(ours: dict, theirs: dict) -> list[str]:
    """Every option of `ours` whose value differs in `theirs`, with both values.

    Example:
        >>> differing({"epochs": 2, "seed": 0}, {"epochs": 8, "seed": 0})
        ['epochs is 8 there, 2 now']
    """
    ours = json.loads(json.dumps(ours))
    return [
        f"{name} is {theirs.get(name)!r} there, {value!r} now"
        for name, value in ours.items()
        if theirs.get(name) != value
    ]
