"""`adaat-keras study`: the paper's figure 3 on a pair of domains."""

import argparse

from adaat_keras.cli.options import add_run_options, run_options, tell_stand_ins, where
from adaat_keras.registry import split_names

LOSSES = "binary_crossentropy,least_squares,wasserstein"
ALPHAS = "0.4,0.5,0.6"
# As in the paper's figure.
USUAL = {"epochs": 10, "recipe": "paper", "from_task": "semantic", "to_task": "depth"}
DESCRIPTION = """Train base model 1 with several adversarial losses and weights of its task's loss,
draw its encoder's features of both domains (the paper's figure 3), then train AT/DT and the best of
ADA-AT/DT whole. The same command again goes on where it was stopped."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "study", help="draw figure 3", description=DESCRIPTION, add_help=False
    )
    group = parser.add_argument_group("study")
    group.add_argument(
        "--losses", default=LOSSES, metavar="A,B,...", help=f"adversarial (default: {LOSSES})"
    )
    group.add_argument(
        "--alphas", default=ALPHAS, metavar="A,B,...", help=f"of the task (default: {ALPHAS})"
    )
    group.add_argument(
        "--directory",
        default="runs/study",
        metavar="DIR",
        help="a folder a run, the table and the sheets (default: runs/study)",
    )
    add_run_options(
        parser,
        leave_out=(
            *("method", "alpha", "adversarial_loss", "stages", "freeze", "base_1_weight"),
            *("directory", "deterministic", "callbacks"),
        ),
        all_options=all_options,
        usual=USUAL,
    )
    parser.set_defaults(run=run, goes_on=True)


def run(options: argparse.Namespace) -> None:
    """Run and print the table."""
    from adaat_keras.runs.config import RunConfig
    from adaat_keras.runs.study import run_study

    config = RunConfig.of(**run_options(options, USUAL))
    losses = split_names(options.losses)
    alphas = [number(text) for text in split_names(options.alphas)]
    place = where(options)
    tell_stand_ins(config)
    rows = run_study(config, losses, alphas, options.directory, place.store, place.devices)
    print("\n" + "\t".join(rows[0]))
    for row in rows:
        values = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())
        print("\t".join(values))
    print(f"\n{options.directory}/losses.png and classifier.png show the features")


def number(text: str) -> float:
    """Parse a number, or raise a `ValueError` that names the text."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"--alphas takes numbers, not {text!r}") from None
