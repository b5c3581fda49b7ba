"""`adaat-keras study`: the paper's figure 3 on a pair of domains."""

import argparse

from adaat_keras.cli.options import add_run_options, run_options, where
from adaat_keras.registry import split_names

LOSSES = "binary_crossentropy,least_squares,wasserstein"
ALPHAS = "0.4,0.5,0.6"
DESCRIPTION = """Train base model 1 with several adversarial losses and weights of its task's loss,
and draw its encoder's features of both domains: figure 3 of the paper, where task 1 is semantic.
Then all of AT/DT and of ADA-AT/DT with the best of them, base model 1 left as stage 1 made it. The
same command again goes on where it was stopped. The paper's values for SYNTHIA-SF to Cityscapes,
mIoU at alpha 0.4, 0.5, 0.6: cross-entropy 20.4, 18.2, 15.3; least squares 27.2, 26.2, 21.2;
Wasserstein 21.1, 20.6, 19.2."""


def add_parser(commands, all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser("study", help="draw figure 3", description=DESCRIPTION)
    add_run_options(
        parser,
        leave_out=(
            *("method", "alpha", "adversarial_loss", "stages", "freeze", "base_1_weight"),
            *("from_task", "to_task", "recipe", "directory", "deterministic", "callbacks"),
        ),
        all_options=all_options,
    )
    for name, field, text in (
        ("from", "from_task", "task 1 (default: semantic, as in the paper's figure)"),
        ("to", "to_task", "task 2 (default: depth)"),
        ("recipe", "recipe", "paper or recommended (default: paper)"),
    ):
        usual = {"dest": field, "default": argparse.SUPPRESS, "metavar": "STR"}
        parser.add_argument(f"--{name}", **usual, help=text)
    parser.add_argument(
        "--losses", default=LOSSES, metavar="A,B,...", help=f"adversarial (default: {LOSSES})"
    )
    parser.add_argument(
        "--alphas", default=ALPHAS, metavar="A,B,...", help=f"of the task (default: {ALPHAS})"
    )
    parser.add_argument(
        "--directory",
        default="runs/study",
        metavar="DIR",
        help="a folder a run, the table and the sheets (default: runs/study)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run and print the table."""
    from adaat_keras.runs.config import RunConfig
    from adaat_keras.runs.study import run_study

    # The paper's figure has ten epochs, and semantic as task 1.
    usual = {"epochs": 10, "recipe": "paper", "from_task": "semantic", "to_task": "depth"}
    config = RunConfig.of(**{**usual, **run_options(options)})
    losses = split_names(options.losses)
    alphas = [number(text) for text in split_names(options.alphas)]
    place = where(options)
    rows = run_study(config, losses, alphas, options.directory, place.store, place.devices)
    print("\n" + "\t".join(rows[0]))
    for row in rows:
        values = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())
        print("\t".join(values))
    print(f"\n{options.directory}/losses.png and classifier.png show the features")


def number(text: str) -> float:
    """A number, or a `ValueError` that names what is none."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"--alphas takes numbers, not {text!r}") from None
