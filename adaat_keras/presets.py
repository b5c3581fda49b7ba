"""Pretrained models by name, folder or address: loading, listing and reusing their weights.

`models.preset_places` finds and fetches them, `models.preset_format` writes and reads their files.
"""

from pathlib import Path

from adaat_keras.files import home_expanded, read_json
from adaat_keras.models.ada_atdt import AdaAtdt, read_networks
from adaat_keras.models.preset_format import read_details
from adaat_keras.models.preset_places import (
    WEIGHTS,
    add_to_manifest,
    find_preset,
    is_run,
    list_presets,
    read_manifest,
)

__all__ = [
    "WEIGHTS",
    "add_to_manifest",
    "built_from",
    "find_preset",
    "is_run",
    "list_presets",
    "load",
    "load_matching",
    "read_manifest",
    "read_networks",
]


def load(preset: Path | str) -> AdaAtdt:
    """The six networks of a preset or of a finished run, trained.

    Args:
        preset: A name (`list_presets()`), a folder that `save_to_preset` wrote, the address of
            such a folder (`https://...`), a repository of Hugging Face (`hf://user/repo`), or the
            folder of a finished run.

    Returns:
        The model, which predicts task 2 from images as the method that trained it does, and can
        be trained further with `fit_ada_atdt`.

    Raises:
        ValueError: There is no such preset, it is damaged, from a later version, or names code to
            run; or the networks that predict have not been trained yet in the run.
        FileNotFoundError: A file is missing.
        TypeError: It is neither text nor a path.

    Example:
        >>> model = load("streets_depth_to_semantic_small")
        >>> model.from_task, model.to_task, model.predictor
        ('depth', 'semantic', 'transfer')
    """
    return AdaAtdt.from_preset(preset)


def load_matching(model: AdaAtdt, preset: AdaAtdt) -> list[str]:
    """Copy the weights of a preset that fit a model, and list those that do not.

    A decoder keeps all its weights if the preset has another task in its place, and its last
    layer's if only the classes differ. Networks that keep any of their own weights are marked
    `untrained`, as are those untrained in the preset. The predictor and the camera become the
    preset's.

    Args:
        model: Changed in place.
        preset: Of the same size and architecture.

    Returns:
        What was not copied: names of networks, or paths of single weights.

    Raises:
        ValueError: The encoders differ: the preset is of another size or architecture.
    """
    left = []
    task_of = {"decoder_1": "from_task", "decoder_2": "to_task"}
    for name, network in model.networks.items():
        theirs = preset.networks[name].weights
        task = task_of.get(name)
        fit = _fitting(getattr(model, task), getattr(preset, task)) if task else "all"
        # Two transfer functions may have equally many weights, of layers of other places.
        alike = type(network) is type(preset.networks[name])
        if fit == "none" or not alike or len(theirs) != len(network.weights):
            left.append(name)
            continue
        # The last layer is a kernel and a bias.
        kept = len(theirs) - (2 if fit == "all but the last layer" else 0)
        for number, (to, weight) in enumerate(zip(network.weights, theirs, strict=True)):
            if number < kept and tuple(to.shape) == tuple(weight.shape):
                to.assign(weight)
            else:
                left.append(f"{name}/{to.path}")
    if any(path.startswith("encoder_1") for path in left):
        raise ValueError(
            f"the preset{f' {preset.origin}' if preset.origin else ''} is of "
            f"{_shape_of(preset)}, not of {_shape_of(model)}; build the model as the preset is"
        )
    new = {path.partition("/")[0] for path in left} | set(preset.untrained)
    model.untrained = tuple(name for name in model.networks if name in new)
    model.predictor, model.camera = preset.predictor, preset.camera
    return left


def _fitting(ours: str | dict, theirs: str | dict) -> str:
    """Which weights of a decoder fit another task: "all", "all but the last layer" or "none"."""
    if ours == theirs:
        return "all"
    from adaat_keras import tasks

    same_kind = type(tasks.get(ours)) is type(tasks.get(theirs))
    return "all but the last layer" if same_kind else "none"


def _shape_of(model: AdaAtdt) -> str:
    options = model.options
    return f"architecture {options['architecture']!r}, size {options['size']!r}"


NAMES = ("from_task", "to_task", "transfer", "size", "architecture")


def built_from(preset: Path | str) -> dict[str, str | dict]:
    """The arguments of `build_ada_atdt` that give a preset's networks, without building them.

    Arguments that the preset does not state are left out.

    Args:
        preset: As `load` takes it.

    Raises:
        ValueError: There is no such preset.

    Example:
        >>> built_from("streets_depth_to_semantic_small")["transfer"]
        'unet_attention'
    """
    if is_run(preset):
        known = read_json(home_expanded(preset) / "config.json")
    else:
        known = read_details(find_preset(preset)).get("options", {})
    return {name: known[name] for name in NAMES if name in known}
