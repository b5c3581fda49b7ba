"""A model as a preset among others."""

import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from adaat_keras import __version__, tasks
from adaat_keras.files import written_whole
from adaat_keras.models import AdaAtdt
from adaat_keras.models.preset_format import WEIGHTS, read_details
from adaat_keras.presets.address_of import address_of
from adaat_keras.presets.manifest import add_to_manifest
from adaat_keras.presets.model_card import model_card

PACKAGES = ("tensorflow", "keras", "numpy")
# What a card tells of a run's configuration.
TOLD = ("method", "source", "target", "split", "seed", "weights", "steps", "crop")


def publish(
    folder: Path,
    model: AdaAtdt,
    run: dict,
    metrics: dict[str, float | None],
    scores: list[dict[str, float | None]],
    facts: dict,
) -> None:
    """Write a preset, its card, and its entry in the manifest beside it.

    Args:
        folder: The preset's, named as the preset.
        model: The networks.
        run: The configuration that they were trained with.
        metrics: Task 2's on the target, of this preset; empty where the target has no labels of it.
        scores: The same of each seed's run as it was trained, this one's too.
        facts: What a card tells beyond that: `command` (trains it again), `about` (its method),
            `base_2_target` (the metrics of base model 2 alone), `frame` (height and width of the
            target's first one), `drawn` (whether all its streets are this package's own).
    """
    primary = tasks.get(model.to_task).primary_metric
    known = {
        "name": folder.name,
        "from_task": model.from_task,
        "to_task": model.to_task,
        **{name: run[name] for name in TOLD},
        "smallest": model.get_layer("pad").stride,
        "parameters": sum(network.count_params() for network in model.networks.values()),
        "metrics": metrics,
        "seeds": spread([score[primary] for score in scores if score]),
        "primary_metric": primary,
        "versions": {
            "adaat_keras": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        **facts,
    }
    model.save_to_preset(folder, **known, run=run)
    size, sha256 = (folder / WEIGHTS).stat().st_size, read_details(folder)["sha256"]
    entry = {"folder": folder.name, "sha256": sha256, "bytes": size, **known}
    with written_whole(folder / "README.md") as temporary:
        temporary.write_text(model_card(entry, address_of(folder)), encoding="utf-8")
    add_to_manifest(folder.name, entry, folder.parent)


def spread(values: list[float]) -> dict[str, float | int | None]:
    """Mean and standard deviation (n - 1) over seeds."""
    mean = statistics.mean(values) if values else None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"count": len(values), "mean": mean, "deviation": deviation}
