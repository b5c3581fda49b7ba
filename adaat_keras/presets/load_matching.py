"""A preset's weights in a model of other tasks."""

from adaat_keras.models import AdaAtdt


def load_matching(model: AdaAtdt, preset: AdaAtdt) -> list[str]:
    """Give a model those weights of a preset that fit it, and name what keeps its own.

    What does is `fresh` then, beside what was in the preset.

    The decoder of a task that the preset does not have starts anew; where a task has another
    number of classes, its decoder's last layer does.

    Args:
        model: Changed in place.
        preset: Of the same size and architecture.

    Returns:
        What was left out: a network's name, or the path of a weight in it.

    Raises:
        ValueError: The encoders differ: the preset is of another size or architecture.
    """
    left = []
    tasks = {"decoder_1": "from_task", "decoder_2": "to_task"}
    for name, network in model.networks.items():
        theirs, task = preset.networks[name].weights, tasks.get(name)
        other = task and getattr(model, task) != getattr(preset, task)
        if other or len(theirs) != len(network.weights):
            left.append(name)
            continue
        for to, weight in zip(network.weights, theirs, strict=True):
            if tuple(to.shape) == tuple(weight.shape):
                to.assign(weight)
            else:
                left.append(f"{name}/{to.path}")
    if any(path.startswith("encoder_1") for path in left):
        raise ValueError(
            f"the preset{f' {preset.origin}' if preset.origin else ''} is of "
            f"{shape_of(preset)}, not of {shape_of(model)}; build the model as the preset is"
        )
    new = {path.partition("/")[0] for path in left} | set(preset.fresh)
    model.fresh = tuple(name for name in model.networks if name in new)
    return left


def shape_of(model: AdaAtdt) -> str:
    """A model's architecture and size, in words."""
    options = model.options
    return f"architecture {options['architecture']!r}, size {options['size']!r}"
