"""`adaat-keras evaluate`: scores a run's model on a domain."""

import argparse
import json

from adaat_keras.commands.add_domain_options import add_domain_options

DESCRIPTION = """Score a trained model on a domain: task 2 by the run's method, in the
conventions of AT/DT (one confusion matrix over the split; depth metrics per image)."""


def add_parser(commands) -> None:
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
        help="factor on predicted depth: focal length of this domain's camera, in pixels, by that "
        "of the source's, where both are known (default: 1)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Score and print."""
    from adaat_keras.methods.harness.load_predictor import load_predictor
    from adaat_keras.methods.harness.open_domain import open_domain
    from adaat_keras.methods.harness.plain_errors import plain_errors
    from adaat_keras.methods.harness.report import without_nan
    from adaat_keras.report.score import score

    origin, predictor = load_predictor(options.directory)
    name = options.domain or origin.target
    if name is None:
        raise ValueError(
            f"{options.directory} does not say what it was trained for; name a domain: --domain"
        )
    opened = {**origin.options(name), **options.domain_options}
    domain = open_domain(name, options.split, opened)
    with plain_errors("evaluate"):
        metrics = score(
            scaled(predictor, origin.to_task, options.depth_scale),
            domain,
            origin.to_task,
            options.frames,
        )
    if options.json:
        print(json.dumps(without_nan(metrics), indent=2))
        return
    print(f"{origin.method}, {origin.to_task} on {name} {options.split}")
    for metric, value in metrics.items():
        print(f"  {metric:20} {value:.4f}")


def scaled(predictor, task: str, scale: float):
    """The predictor with its depth times the scale.

    Raises:
        ValueError: The scale is not positive, or the task is not depth.
    """
    if scale == 1:
        return predictor
    if not 0 < scale < float("inf"):
        raise ValueError(f"--depth-scale must be positive, not {scale}")
    if task != "depth":
        raise ValueError(f"--depth-scale is for depth; this run predicts {task}")
    return lambda images, training: scale * predictor(images, training=training)
