"""A finished run as a preset."""

import inspect
import json
from collections.abc import Sequence
from pathlib import Path

from adaat_keras import methods
from adaat_keras.build import build_ada_atdt
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.street_world.variants import VARIANTS
from adaat_keras.evaluation import run_command, score
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.open_role import open_role
from adaat_keras.methods.harness.report import without_nan
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.models import AdaAtdt
from adaat_keras.models.preset_format import round_weights
from adaat_keras.presets.load_matching import load_matching
from adaat_keras.presets.new_place import new_place
from adaat_keras.presets.publish import publish


def publish_run(
    directory: Path | str,
    name: str,
    seeds: Sequence[Path | str] = (),
    weights: Path | str | None = None,
) -> Path:
    """Write a run's networks as a preset, measured as they are published, in float32.

    Args:
        directory: The run's folder.
        name: What `load` will call it.
        seeds: Folders of the same run with other seeds, for the spread.
        weights: The folder of all presets; the package's by default.

    Returns:
        The preset's folder.

    Raises:
        FileExistsError: There is a preset of this name.
        FileNotFoundError: A folder holds no finished run.
        ValueError: The run's method does not predict by the whole model, or one of `seeds` is
            another run.
    """
    place = new_place(name, weights)
    config, trained = load_run(directory)
    if not isinstance(trained, AdaAtdt):
        raise ValueError(
            f"{directory} is a run of {config.method!r}, which trains no transfer function: the "
            "preset would predict by networks that nobody trained; publish a run of ada_atdt or "
            "at_dt"
        )
    scores = scores_of(config, (directory, *seeds))
    # Whatever it was trained in: float32 predicts the same on every machine.
    model = build_ada_atdt(**trained.options, dtype="float32")
    load_matching(model, trained)
    round_weights(model)
    domain = open_role(config, "target", config.split)
    labelled = config.to_task in domain.tasks
    measured, alone = (
        without_nan(score(network, domain, config.to_task)) if labelled else {}
        for network in (model, model.base_model_2)
    )
    facts = {"base_2_target": alone, **facts_of(config, domain, f"runs/{name}")}
    publish(place, model, config.to_dict(), measured, scores, facts)
    return place


def scores_of(config: RunConfig, seeds: Sequence[Path | str]) -> list[dict]:
    """Task 2's metrics on the target of the same run with these seeds."""
    ours, seen, scores = config.to_dict(), set(), []
    for folder in map(RunFolder, seeds):
        theirs = folder.read_config().to_dict()
        differing = [
            f"{name} is {theirs[name]!r} there, {value!r} in the run to publish"
            for name, value in ours.items()
            if name != "seed" and theirs[name] != value
        ]
        if theirs["seed"] in seen:
            differing.append(f"seed {theirs['seed']} is there already")
        if differing:
            raise ValueError(f"{folder.path} is no other seed's run: {'; '.join(differing)}")
        seen.add(theirs["seed"])
        scores.append(json.loads(folder.metrics.read_text()).get("target", {}))
    return scores


def facts_of(config: RunConfig, domain: Domain, directory: str) -> dict:
    """What a card tells that a configuration does not."""
    height, width, _ = next(iter(domain.dataset(("image",))))["image"].shape
    return {
        "command": run_command(directory, config.chosen()),
        "about": inspect.getdoc(methods.get(config.method)).partition("\n")[0],
        "frame": [height, width],
        "drawn": {config.source, config.target} <= set(VARIANTS),
    }
