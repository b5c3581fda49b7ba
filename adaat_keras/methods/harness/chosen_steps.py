"""Which of a method's steps a run trains, and what it leaves as it is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from adaat_keras.methods.steps.step import Step
from adaat_keras.models import AdaAtdt
from adaat_keras.registry import check_name


def chosen_steps(
    steps: list[Step], names: Sequence[str] | None, freeze: Sequence[str], model: AdaAtdt
) -> list[Step]:
    """The steps of these names in the method's order, without the frozen networks.

    A step for networks that are no part of the model, as a teacher is, comes along with whatever
    follows it.

    Args:
        steps: All of the method's.
        names: Of the steps to train; `None` means all.
        freeze: Names of networks that stay as they are.
        model: The networks.

    Raises:
        ValueError: There is no such step or network, a step has nothing left to train, or it would
            need a network that nobody has trained.
    """
    for name in names or ():
        check_name("step", name, [step.name for step in steps])
    for name in freeze:
        check_name("network", name, list(model.networks))
    chosen, needed = [], False
    for step in reversed(steps):
        helps = not set(step.networks) & set(model.networks)
        if names is None or step.name in names or (helps and needed):
            chosen.insert(0, without(step, freeze))
            needed = True
    check_fresh(steps, chosen, model)
    return chosen


def check_fresh(steps: list[Step], chosen: list[Step], model: AdaAtdt) -> None:
    """Raise a `ValueError` if the last chosen step, or what is before it, leaves a network new."""
    trained = {name for step in chosen for name in step.networks}
    last = [step.name for step in steps].index(chosen[-1].name)
    for step in steps[: last + 1]:
        for name in step.networks:
            if name in model.fresh and name not in trained:
                raise ValueError(
                    f"{name} is untrained, and would stay so: add {step.name!r} to steps, leave "
                    f"{name} out of freeze, or begin with weights that have it"
                )


def without(step: Step, freeze: Sequence[str]) -> Step:
    """The step for those of its networks that are not frozen."""
    left = tuple(name for name in step.networks if name not in freeze)
    if not left:
        raise ValueError(
            f"step {step.name!r} trains {', '.join(step.networks)} alone, which freeze names; "
            "leave it out of steps, or out of freeze"
        )
    return replace(step, networks=left)


@contextmanager
def frozen(model: AdaAtdt, names: Sequence[str]) -> Iterator[None]:
    """Within, these networks do not learn."""
    # Keras sets all layers of a network alike, and a user may have frozen some of them.
    layers = [layer for name in names for layer in model.networks[name]._flatten_layers()]
    before = [layer.trainable for layer in layers]
    for name in names:
        model.networks[name].trainable = False
    try:
        yield
    finally:
        for layer, trainable in zip(layers, before, strict=True):
            layer.trainable = trainable
