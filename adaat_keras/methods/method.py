"""What every method offers: the stages that train it, and the network that answers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import ClassVar

import keras
import tensorflow as tf

from adaat_keras import methods, tasks
from adaat_keras.build import build_ada_atdt
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.splits import Splits, classes_of
from adaat_keras.methods.checks import (
    check_batch,
    check_batches,
    check_callbacks,
    check_domains,
    check_precision,
    check_scope,
)
from adaat_keras.methods.recipe import RECIPES, Recipe, Training
from adaat_keras.methods.stage import Feed, Stage, fit_stage, plain_errors
from adaat_keras.models import AdaAtdt, BaseModel
from adaat_keras.models.ada_atdt import PREDICTORS
from adaat_keras.models.sizes import Architecture
from adaat_keras.registry import check_name
from adaat_keras.tasks import Task
from adaat_keras.training.callbacks import StopOnNan
from adaat_keras.training.devices import deterministic_ops

History = dict[str, dict[str, list[float]]]
"""For every stage, each logged value's list over the epochs, by name."""

Source = str | type[Domain] | Domain | Mapping[str, Domain]
"""A domain by name, its class, an object that is a training split, or a dictionary of splits."""


class Method(ABC):
    """A way to task 2 on the target domain.

    All methods train networks of an `AdaAtdt` model, in stages; networks that a method does not
    train are left unchanged.

    Attributes:
        name: Its name on the command line and in tables.
        predictor: What predicts task 2 after training: `"transfer"` (D2(G(E1(x)))) or
            `"base_model_2"` (D2(E2(x))).

    Example:
        >>> from adaat_keras.methods.ada_atdt import Supervised
        >>> class Plain(Method):
        ...     name = "plain"
        ...     def stages(self, from_task, to_task, recipe, training, architecture="residual"):
        ...         return [Supervised(training, to_task, "color", 0.5)]
        >>> Plain().predictor
        'base_model_2'
    """

    name: ClassVar[str]
    predictor: ClassVar[str] = "base_model_2"

    @abstractmethod
    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """The stages in order; builds nothing and opens nothing."""

    def check_used(self, recipe: Recipe, *others: "Method") -> None:
        """Raise a `ValueError` if the recipe changes a setting that none of these methods uses.

        Example:
            >>> from adaat_keras import methods
            >>> methods.AtDt().check_used(Recipe.recommended(alpha=0.8))
            Traceback (most recent call last):
            ...
            ValueError: alpha 0.8 does nothing in the method at_dt: leave it out, or choose ada_atdt
            >>> methods.AtDt().check_used(Recipe.recommended(alpha=0.8), methods.AdaAtdt())
        """
        ours, usual = (self, *others), Recipe.get(recipe.base)
        for each in fields(Recipe):
            value = getattr(recipe, each.name)
            # Those of another recipe ask for no more than that recipe does.
            named = [getattr(Recipe.get(name), each.name) for name in RECIPES]
            without = replace(recipe, **{each.name: getattr(usual, each.name)})
            if value in named or any(method._differs(recipe, without) for method in ours):
                continue
            known = [methods.get(name) for name in methods.names()]
            users = [method.name for method in known if method._differs(recipe, without)]
            raise ValueError(
                f"{each.name} {value} does nothing in the method "
                f"{', '.join(method.name for method in ours)}: leave it out, or choose "
                f"{' or '.join(users)}"
            )

    def _differs(self, one: Recipe, other: Recipe) -> bool:
        """Whether the stages by two recipes differ, with depth or classes as task 1."""
        for pair in (("depth", "semantic"), ("semantic", "depth")):
            listed = [
                self.stages(*recipe.tasks(*map(tasks.get, pair)), recipe, Training())
                for recipe in (one, other)
            ]
            if listed[0] != listed[1]:
                return True
        return False

    def fit(
        self,
        source: Source,
        target: Source,
        from_task: str | Task = "depth",
        to_task: str | Task = "semantic",
        *,
        transfer: str | type[keras.Model] | None = None,
        size: str = "small",
        architecture: str | Architecture = "residual",
        recipe: Recipe | str | None = None,
        precision: str | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        strategy: tf.distribute.Strategy | None = None,
        cache: str | None = None,
        validation_frames: int = 32,
        deterministic: bool | None = None,
        verbose: int = 1,
        **training,
    ) -> AdaAtdt | BaseModel:
        """Build the networks, train them with this method, and return what predicts task 2.

        Writes nothing to disk. To train a model that you built, or to keep a run in a folder, use
        `adaat_keras.fit_ada_atdt`.

        Args:
            source, target: Domains A and B: names, classes, objects, or dictionaries of splits.
            from_task, to_task: Tasks 1 and 2, by name or as objects.
            transfer, size, architecture: Of the networks, as `build_ada_atdt` takes them.
            recipe: A `Recipe`, or its name; the recommended one by default.
            precision: Of the layers, e.g. `"mixed_bfloat16"`.
            callbacks: For every stage.
            strategy, cache, validation_frames, deterministic, verbose: As in `fit_ada_atdt`.
            **training: Fields of `Training`: `epochs`, `steps_per_epoch`, `seed` and others.

        Returns:
            A `BaseModel`, or the whole `AdaAtdt` for the methods that transfer features.

        Example:
            >>> from adaat_keras import methods
            >>> model = methods.Dan().fit("streets_sim", "streets_real")  # doctest: +SKIP
            >>> model.predict(images)  # doctest: +SKIP
        """
        recipe = Recipe.get(recipe)
        self.check_used(recipe)
        settings = Training(**{**recipe.training, **training})
        with (strategy or tf.distribute.get_strategy()).scope():
            model = build_ada_atdt(
                from_task,
                to_task,
                transfer,
                size,
                dtype=precision,
                architecture=architecture,
                seed=settings.seed,
            )
        fit_in_memory(
            self,
            model,
            source,
            target,
            recipe,
            settings,
            callbacks_of(callbacks),
            strategy=strategy,
            cache=cache,
            validation_frames=validation_frames,
            deterministic=deterministic,
            verbose=verbose,
        )
        return model if self.predictor == "transfer" else model.base_model_2


def fit_in_memory(
    method: Method,
    model: AdaAtdt,
    source: Source,
    target: Source,
    recipe: Recipe,
    training: Training,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    *,
    stages: str | Sequence[str] | None = None,
    freeze: str | Sequence[str] = (),
    strategy: tf.distribute.Strategy | None = None,
    cache: str | None = None,
    validation_frames: int = 32,
    deterministic: bool | None = None,
    verbose: int = 1,
) -> History:
    """Train a model's stages in order, without writing to disk; arguments as `fit_ada_atdt`'s."""
    check_precision(model)
    stages, freeze = as_names(stages), as_names(freeze) or []
    from_task, to_task = tasks.get(model.from_task), tasks.get(model.to_task)
    classes = classes_of(from_task, to_task)
    feed = Feed(
        Splits(source, classes=classes),
        Splits(target, classes=classes),
        training,
        strategy,
        cache,
        validation_frames,
        model.stride,
    )
    check_batch(training, feed.strategy.num_replicas_in_sync)
    check_callbacks(callbacks, training)
    check_scope(model, feed.strategy)
    every = method.stages(
        *recipe.tasks(from_task, to_task), recipe, training, model.encoder_1.architecture
    )
    chosen = chosen_stages(every, stages, freeze, model)
    training.check_stride(model.stride)
    check_domains(feed, model.smallest_for(method.predictor))
    history: History = {}
    if verbose:
        print(feed.told_camera(from_task), flush=True)
    with deterministic_ops(deterministic):
        check_batches(chosen, feed)
    with deterministic_ops(deterministic), feed.strategy.scope(), frozen(model, freeze):
        networks = dict(model.networks)
        for number, stage in enumerate(chosen, 1):
            if verbose:
                print(f"stage {number} of {len(chosen)}, {stage.name}", flush=True)
            networks |= stage.extra_networks(model)
            stop = [StopOnNan(stage.name), *callbacks]
            with plain_errors(stage.name):
                trainer = stage.trainer(networks, feed)
                logs = fit_stage(stage, trainer, feed, stop, verbose=verbose).history
            mark_trained(model, stage)
            history[stage.name] = {
                name: [float(value) for value in values] for name, values in logs.items()
            }
    mark_predictor(model, method)
    model.camera = feed.camera
    return history


def as_names(what: str | Sequence[str] | None) -> list[str] | None:
    """Names as a list; a single string becomes a list of one.

    Example:
        >>> as_names("transfer"), as_names(("adversarial", "transfer")), as_names(None)
        (['transfer'], ['adversarial', 'transfer'], None)

    Raises:
        ValueError: It is none of these.
    """
    if what is None or isinstance(what, str):
        return what if what is None else [what]
    if not (isinstance(what, Sequence) and all(isinstance(each, str) for each in what)):
        raise ValueError(f"stages and freeze are names, or lists of names, not {what!r}")
    return list(what)


def callbacks_of(
    what: keras.callbacks.Callback | Sequence[keras.callbacks.Callback],
) -> list[keras.callbacks.Callback]:
    """Callbacks as a list; a single callback becomes a list of one, as in Keras.

    Raises:
        ValueError: One of them is not a callback object.

    Example:
        >>> callbacks_of([keras.callbacks.EarlyStopping])
        Traceback (most recent call last):
        ...
        ValueError: callbacks are objects such as keras.callbacks.EarlyStopping("loss"), not ...
    """
    what = list(what) if isinstance(what, Sequence) and not isinstance(what, str) else [what]
    for each in what:
        if not isinstance(each, keras.callbacks.Callback):
            raise ValueError(
                f'callbacks are objects such as keras.callbacks.EarlyStopping("loss"), not {each!r}'
            )
    return what


def mark_trained(model: AdaAtdt, stage: Stage) -> None:
    """Record a stage's networks as trained, right after it: a later stage may be interrupted."""
    model.untrained = tuple(name for name in model.untrained if name not in stage.networks)


def mark_predictor(model: AdaAtdt, method: Method) -> None:
    """Make the method's predictor the model's, unless networks that it needs are untrained."""
    if not set(PREDICTORS[method.predictor]) & set(model.untrained):
        model.predictor = method.predictor


def chosen_stages(
    stages: Sequence[Stage], names: Sequence[str] | None, freeze: Sequence[str], model: AdaAtdt
) -> list[Stage]:
    """The stages of these names in the method's order, without the frozen networks.

    Stages that train only networks outside the model, such as a teacher, are included whenever a
    later stage is.

    Args:
        stages: All stages of the method.
        names: Of the stages to train; `None` means all.
        freeze: Names of networks to leave unchanged.
        model: The model.

    Raises:
        ValueError: There is no such stage or network, a stage has nothing left to train, or a
            network up to the last chosen stage would remain untrained.
    """
    if names is not None and not list(names):
        raise ValueError("stages is empty: name one at least, or leave it out to train all")
    if len({stage.name for stage in stages}) < len(stages):
        raise ValueError(
            f"stages of a method have names of their own, not {[stage.name for stage in stages]}"
        )
    for name in names or ():
        check_name("stage", name, [stage.name for stage in stages])
    for name in freeze:
        check_name("network", name, list(model.networks))
    chosen, needed = [], False
    for stage in reversed(stages):
        helps = not set(stage.networks) & set(model.networks)
        if names is None or stage.name in names or (helps and needed):
            chosen.insert(0, _without(stage, freeze))
            needed = True
    _check_untrained(stages, chosen, model)
    return chosen


def _check_untrained(stages: Sequence[Stage], chosen: list[Stage], model: AdaAtdt) -> None:
    """Raise a `ValueError` if a stage up to the last chosen one leaves a network untrained."""
    trained = {name for stage in chosen for name in stage.networks}
    last = [stage.name for stage in stages].index(chosen[-1].name)
    for stage in stages[: last + 1]:
        for name in stage.networks:
            if name in model.untrained and name not in trained:
                raise ValueError(
                    f"{name} is untrained, and would stay so: add {stage.name!r} to stages, leave "
                    f"{name} out of freeze, or begin with weights that have it"
                )


def _without(stage: Stage, freeze: Sequence[str]) -> Stage:
    """The stage with these networks frozen; a `ValueError` if none is left to train."""
    stage = replace(stage, frozen=tuple(name for name in stage.trains if name in freeze))
    if not stage.networks:
        raise ValueError(
            f"stage {stage.name!r} trains {', '.join(stage.trains)} alone, which freeze names; "
            "leave it out of stages, or out of freeze"
        )
    return stage


@contextmanager
def frozen(model: AdaAtdt, names: Sequence[str]) -> Iterator[None]:
    """Freeze these networks within the context; layers frozen by the user stay frozen after it."""
    networks = [model.networks[name] for name in names]
    # Setting a network's `trainable` sets all its layers', so the outermost are restored first.
    things = [
        *networks,
        *(layer for network in networks for layer in network.layers),
        *(weight for network in networks for weight in network.weights),
    ]
    before = [(thing, thing.trainable) for thing in things]
    for network in networks:
        network.trainable = False
    try:
        yield
    finally:
        for thing, trainable in before:
            thing.trainable = trainable
