"""A finished run as a preset of the package."""

import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from adaat_keras import __version__, tasks
from adaat_keras.files import written_whole
from adaat_keras.models import AdaAtdt
from adaat_keras.models.preset_format import WEIGHTS, read_details
from adaat_keras.presets.manifest import WEIGHTS as HOME
from adaat_keras.presets.manifest import add_to_manifest
from adaat_keras.presets.model_card import model_card

PACKAGES = ("tensorflow", "keras", "numpy")


def publish(
    name: str,
    model: AdaAtdt,
    config: dict,
    command: str,
    scores: list[dict[str, float]],
    weights: Path | None = None,
) -> Path:
    """Write a preset, its card, and its entry in the manifest.

    Args:
        name: What `load` will call it.
        model: The networks.
        config: The run's configuration.
        command: That trains it again.
        scores: Task 2's metrics on the target, of this preset first, then of further seeds.
        weights: The folder of all presets; the package's by default.

    Returns:
        The preset's folder.
    """
    weights = weights or HOME
    folder = weights / name
    primary = tasks.get(model.to_task).primary_metric
    known = {
        "name": name,
        "from_task": model.from_task,
        "to_task": model.to_task,
        "source": config["source"],
        "target": config["target"],
        "split": config["split"],
        "parameters": sum(network.count_params() for network in model.networks.values()),
        "metrics": scores[0],
        "seeds": spread([score[primary] for score in scores]),
        "primary_metric": primary,
        "command": command,
        "seed": config["seed"],
        "versions": {
            "adaat_keras": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
    }
    model.save_to_preset(folder, **known, run=config)
    file = folder / WEIGHTS
    entry = {"folder": name, "sha256": read_details(folder)["sha256"], "bytes": file.stat().st_size}
    with written_whole(folder / "README.md") as temporary:
        temporary.write_text(model_card(known | entry))
    add_to_manifest(name, {**entry, **known}, weights)
    return folder


def spread(values: list[float]) -> dict[str, float | int | None]:
    """Mean and standard deviation (n - 1) over seeds."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"count": len(values), "mean": statistics.mean(values), "deviation": deviation}
