"""`adaat-keras evaluate`: scores a run's model on a domain."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from adaat_keras.cli.options import add_domain_options

if TYPE_CHECKING:
    from adaat_keras.tasks import Task

DESCRIPTION = """Score a trained model on a domain: task 2 by the run's method, in the
conventions of AT/DT (one confusion matrix over the split; depth metrics per image). Frames of other
domains than the run's target are cut and enlarged to the model's camera, as in training."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser("evaluate", help="score a model", description=DESCRIPTION)
    parser.add_argument("directory", metavar="WHAT", help="a run's folder, or a preset")
    parser.add_argument("--domain", help="what to score on (default: the run's target)")
    parser.add_argument("--split", default="test", help="train, val or test (default: test)")
    add_domain_options(parser, "how to open it, over how the run did, e.g. '{\"frames\": 100}'")
    parser.add_argument("--frames", type=int, metavar="INT", help="how many (default: all)")
    parser.add_argument(
        "--depth-scale",
        type=float,
        default=1.0,
        metavar="FLOAT",
        help="factor on predicted depth, of runs with --zoom 1 or without known focal lengths: "
        "this domain's focal length by the source's, at one width (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Score and print."""
    from adaat_keras import domains, tasks
    from adaat_keras.domains.seen import Seen
    from adaat_keras.domains.splits import Splits, classes_of
    from adaat_keras.methods.stage import plain_errors
    from adaat_keras.report.score import score
    from adaat_keras.runs.folder import load_trained
    from adaat_keras.runs.report import without_nan

    known, model = load_trained(options.directory)
    task = tasks.get(model.to_task)
    name = options.domain or known.get("target")
    if not isinstance(name, str):
        raise ValueError(
            f"{options.directory} does not say what it was trained for, or that cannot be opened "
            "by name; name a domain: --domain"
        )
    role = next((each for each in ("target", "source") if known.get(each) == name), None)
    usual = (role and known.get(f"{role}_options")) or {}
    splits = Splits(name, {**usual, **options.domain_options}, classes_of(task))
    if note := domains.stand_in_note(name, options.split):
        print(note, file=sys.stderr)
    domain = splits.required(options.split)
    if role != "target" and model.camera is not None:
        # As in training: frames and labels are fitted to the model's camera.
        domain = Seen(domain, model.camera, known.get("zoom") if role == "source" else None)
    if options.depth_scale != 1 and known.get("zoom") != 1:
        print(
            "warning: --depth-scale is for runs with --zoom 1 or without known focal lengths; this "
            "one may have seen the source at its target's scale already, and then loses by it",
            file=sys.stderr,
        )
    with plain_errors("evaluate"):
        if isinstance(domain, Seen):
            print(f"frames of {name} are {domain.told()}, as in training", file=sys.stderr)
        metrics = score(scaled(model, task, options.depth_scale), domain, task, options.frames)
    if options.json:
        print(json.dumps(without_nan(metrics), indent=2))
        return
    method = f"{known['method']}, " if "method" in known else ""
    print(f"{method}{task.name} on {name} {options.split}")
    for metric, value in metrics.items():
        print(f"  {metric:20} {value:.4f}")


def scaled(predictor: Callable, task: "Task", scale: float) -> Callable:
    """The predictor with its depth times the scale.

    Raises:
        ValueError: The scale is not positive, or the task is not depth.
    """
    if scale == 1:
        return predictor
    if not 0 < scale < float("inf"):
        raise ValueError(f"--depth-scale must be positive, not {scale}")
    if task.name != "depth":
        raise ValueError(f"--depth-scale is for depth; this run predicts {task.name}")
    return lambda images, training: scale * predictor(images, training=training)
