"""Publishes a finished run as a preset, with its card."""

import inspect
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from adaat_keras import __version__, methods, tasks
from adaat_keras.build import in_precision
from adaat_keras.camera import Camera
from adaat_keras.domains.domain import Domain
from adaat_keras.files import home_expanded, written_whole
from adaat_keras.methods.method import Method
from adaat_keras.models import AdaAtdt
from adaat_keras.models.preset_format import WEIGHTS as WEIGHTS_FILE
from adaat_keras.models.preset_format import read_details, round_weights
from adaat_keras.presets import WEIGHTS, add_to_manifest
from adaat_keras.report.run_page import how_trained
from adaat_keras.report.score import score
from adaat_keras.runs.card import model_card
from adaat_keras.runs.config import RunConfig, differing
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.report import without_nan
from adaat_keras.streets import VARIANTS

PACKAGES = ("tensorflow", "keras", "numpy")
# The options of a run that its card lists.
TOLD = ("method", "source", "target", "split", "seed", "weights", "stages", "crop")


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
        metrics: This preset's, of task 2 on the target; empty if the target has no such labels.
        scores: The same for the original run of each seed, including this one's.
        facts: Further facts for the card: `command` (that trains it again), `about` (its method),
            `base_2_target` (the metrics of base model 2 alone), `frame` (height and width of the
            target's first frame), `drawn` (whether all data is rendered by this package).
    """
    primary = tasks.get(model.to_task).primary_metric
    known = {
        "name": folder.name,
        "from_task": model.from_task,
        "to_task": model.to_task,
        **{name: _named(run[name]) for name in TOLD},
        "smallest": model.smallest,
        "parameters": sum(network.count_params() for network in model.networks.values()),
        "metrics": metrics,
        "seeds": statistics_of([each[primary] for each in scores if each.get(primary) is not None]),
        "primary_metric": primary,
        "versions": {
            "adaat_keras": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        **facts,
    }
    with written_whole(folder) as draft:
        model.save_to_preset(draft, **known, run=run)
        size, sha256 = (draft / WEIGHTS_FILE).stat().st_size, read_details(draft)["sha256"]
        entry = {"folder": folder.name, "sha256": sha256, "bytes": size, **known}
        (draft / "README.md").write_text(model_card(entry, address_of(folder)), encoding="utf-8")
        # Before the folder is there: publishing that was killed is done again, entry and all.
        add_to_manifest(folder.name, entry, folder.parent)


def _named(value):
    """The name of a domain that was passed as an object; anything else unchanged."""
    return value["name"] if isinstance(value, dict) else value


def statistics_of(values: list[float]) -> dict[str, float | int | None]:
    """Mean and standard deviation (n - 1) over seeds."""
    mean = statistics.mean(values) if values else None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"count": len(values), "mean": mean, "deviation": deviation}


def publish_run(
    directory: Path | str,
    name: str,
    seeds: Sequence[Path | str] = (),
    weights: Path | str | None = None,
) -> Path:
    """Publish a run's networks as a preset, with scores of the published weights in float32.

    Args:
        directory: The run's folder.
        name: The preset's name for `load`.
        seeds: Folders of the same run with other seeds, for the spread.
        weights: The folder of all presets; `presets` in the current folder by default.

    Returns:
        The preset's folder.

    Raises:
        FileExistsError: There is a preset of this name.
        FileNotFoundError: A folder holds no finished run.
        ValueError: One of `seeds` is another run, the networks that predict are untrained, or the
            target was passed as a Python object.
    """
    place = new_place(name, weights)
    config, trained = RunFolder(directory).load()
    trained.check_trained(directory)
    if not isinstance(config.data.target, str):
        raise ValueError(
            f"the target of {directory}, {_named(config.data.target)}, was passed as a Python "
            "object, which no command can open to score it: publish it from Python, "
            f"adaat_keras.load({str(directory)!r}).save_to_preset({name!r})"
        )
    scores = scores_of(config, (directory, *seeds))
    # Whatever the training's precision, since float32 predicts the same on every machine.
    model = in_precision(trained, "float32")
    round_weights(model)
    task, domain = config.to_task, config.splits("target").required(config.data.split)
    labelled = task.name in domain.tasks
    measured, alone = (
        without_nan(score(network, domain, task)) if labelled else {}
        for network in (model, model.base_model_2)
    )
    facts = {"base_2_target": alone, **facts_of(config, domain, model.camera, f"runs/{name}")}
    publish(place, model, config.to_dict(), measured, scores, facts)
    return place


def scores_of(config: RunConfig, seeds: Sequence[Path | str]) -> list[dict]:
    """Task 2's metrics on the target, for the runs of the same configuration in these folders."""
    ours, seen, scores = config.to_dict(), set(), []
    for folder in map(RunFolder, seeds):
        theirs = folder.read_config().to_dict()
        differs = differing({**ours, "seed": theirs["seed"]}, theirs)
        if theirs["seed"] in seen:
            differs.append(f"seed {theirs['seed']} is there already")
        if differs:
            raise ValueError(f"{folder.path} is no other seed's run: {'; '.join(differs)}")
        seen.add(theirs["seed"])
        scores.append(folder.read_metrics().get("target", {}))
    return scores


def facts_of(config: RunConfig, domain: Domain, camera: Camera | None, directory: str) -> dict:
    """Facts for a card that are not in a configuration."""
    data = config.data
    height, width, _ = next(iter(domain.dataset(("image",))))["image"].shape
    return {
        "command": how_trained(directory, config.chosen()),
        "about": _about(methods.get(config.method)),
        "frame": [height, width],
        "camera": camera and camera.get_config(),
        # A domain object may have any name, hence the check for strings.
        "drawn": all(isinstance(d, str) and d in VARIANTS for d in (data.source, data.target)),
    }


def _about(method: Method) -> str:
    """The first line of a method's docstring; its class's name if it has none."""
    return (inspect.getdoc(method) or f"{type(method).__name__}.").partition("\n")[0]


def address_of(folder: Path) -> str:
    """The argument with which `load` finds a preset: its name in the package, else its folder.

    Example:
        >>> address_of(WEIGHTS / "streets"), address_of(Path("presets/streets"))
        ('streets', 'presets/streets')
    """
    return folder.name if folder.parent.resolve() == WEIGHTS.resolve() else str(folder)


def new_place(name: str, weights: Path | str | None = None) -> Path:
    """The folder for a new preset.

    Args:
        name: The preset's.
        weights: The folder of all presets; `presets` in the current folder by default.

    Raises:
        FileExistsError: There is something already.
        ValueError: The name is a path.
    """
    if Path(name).name != name:
        raise ValueError(f"a preset's name is a plain one, not {name!r}; --weights takes a folder")
    folder = home_expanded(weights or "presets") / name
    if folder.exists():
        raise FileExistsError(f"{folder} exists; delete it, or choose another --name")
    return folder
