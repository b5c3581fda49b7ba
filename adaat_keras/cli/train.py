"""`adaat-keras train`: trains a method on a pair of domains."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaat_keras.cli.options import add_run_options, run_options, tell_stand_ins, where
from adaat_keras.registry import load_object

if TYPE_CHECKING:
    from adaat_keras.runs.config import RunConfig

DESCRIPTION = """Train a method on two domains, score it and draw pictures. The same command again
goes on where it was stopped."""

TITLES = {
    "target": "task 2 on the target",
    "source": "task 2 on the source (the transfer's ceiling)",
    "base_1_target": "task 1 on the target",
    "base_1_source": "task 1 on the source",
    "base_2_target": "task 2 on the target by base model 2, without transfer",
    "base_2_source": "task 2 on the source by base model 2",
    "teacher_target": "task 2 on the target by the teacher, from labels of task 1",
    "teacher_source": "task 2 on the source by the teacher",
    "domain_probe": "a probe telling the domains apart from encoder 1's features",
    "classifier_accuracy": "how often the domain classifier is right",
    "transfer_error": "error of the transferred features, 1 = knows nothing",
}
SHOWN = (
    "mean_iou",
    "accuracy",
    "abs_rel",
    "rmse",
    "delta_1",
    "mean_angle",
    "within_30",
    "proxy_a_distance",
    "source",
    "target",
)


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "train", help="train and score a method", description=DESCRIPTION, add_help=False
    )
    add_run_options(parser, all_options=all_options)
    parser.set_defaults(run=run, goes_on=True)


def run(options: argparse.Namespace) -> None:
    """Train and print the result."""
    from adaat_keras import methods
    from adaat_keras.methods.method import callbacks_of
    from adaat_keras.runs.config import RunConfig
    from adaat_keras.runs.train import train_from_config
    from adaat_keras.training.devices import this_machine

    config = RunConfig.of(**run_options(options))
    methods.get(config.method).check_used(config.recipe)
    place = where(options)
    tell_stand_ins(config)
    directory = place.directory or default_directory(config)
    deterministic = {"auto": None, "yes": True, "no": False}[place.deterministic]
    callbacks = callbacks_of([_callback(place) for place in config.plan.callbacks])
    train_from_config(config, directory, place.store, place.devices, deterministic, callbacks)
    number, _ = this_machine()
    if number == 0:
        print_metrics(directory)


def _callback(place: str) -> Any:
    """A callback of this class; a `ValueError` if it needs arguments."""
    kind = load_object(place, "callback")
    try:
        return kind()
    except TypeError as error:
        raise ValueError(
            f"callback {place!r} cannot be made without arguments: {error}; derive a class of your "
            "own that has them"
        ) from error


def default_directory(config: "RunConfig") -> str:
    """A folder name that describes what is trained."""
    data = config.data
    domains = (
        each if isinstance(each, str) else each["name"] for each in (data.source, data.target)
    )
    source, target, method = (
        Path(name.rpartition(":")[2]).name for name in (*domains, config.method)
    )
    return "runs/" + "-".join((source, target, config.from_task.name, config.to_task.name, method))


def print_metrics(directory: Path | str) -> None:
    """Print the main scores of a finished run and the location of its files."""
    from adaat_keras.runs.folder import RunFolder

    metrics = RunFolder(directory).read_metrics()
    print()
    for name, values in metrics.items():
        shown = "  ".join(f"{k} {values[k]:.3f}" for k in SHOWN if values.get(k) is not None)
        print(f"{TITLES.get(name, name):60} {shown}")
    print(f"\n{directory}/README.md shows the pictures; {directory}/model.keras is the model")
