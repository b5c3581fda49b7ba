"""The options of a run, named as `RunConfig` names them."""

import argparse
import json

# Name, type, what it says in --help. The defaults are RunConfig's.
OPTIONS = (
    ("source", str, "domain A, labelled for both tasks, e.g. streets_sim"),
    ("target", str, "domain B, labelled for task 1 alone, e.g. streets_real"),
    ("from", str, "task 1: depth or semantic"),
    ("to", str, "task 2: semantic or depth"),
    ("method", str, "ada_atdt, at_dt, source_only or oracle"),
    ("transfer", str, "transfer function: conv, unet or unet_attention"),
    ("size", str, "size of the networks: tiny, small or paper"),
    ("alpha", float, "weight of the task loss in step 1, 0 to 1 (default: by task 1)"),
    ("adversarial-loss", str, "binary_crossentropy, least_squares or wasserstein"),
    ("epochs", int, "epochs of every step"),
    ("steps-per-epoch", int, "training steps an epoch"),
    ("batch-size", int, "images a step; step 1 takes half of them from each domain"),
    ("crop", int, "height and width of the crops, a multiple of 32"),
    ("learning-rate", float, "of Adam"),
    ("schedule", str, "of the learning rate: cosine, paper (halved every 10 epochs), constant"),
    ("validation-frames", int, "frames of each domain to score after every epoch"),
    ("seed", int, "decides weights, order of the data, augmentation"),
    ("precision", str, "float32 or mixed_bfloat16"),
    ("source-options", json.loads, "how to open the source, as JSON, e.g. '{\"frames\": 100}'"),
    ("target-options", json.loads, "how to open the target, as JSON"),
)
RENAMED = {"from": "from_task", "to": "to_task"}


def add_run_options(parser: argparse.ArgumentParser, leave_out: tuple[str, ...] = ()) -> None:
    """Add every option of a run but some."""
    for name, kind, text in OPTIONS:
        if name not in leave_out:
            metavar = "JSON" if kind is json.loads else kind.__name__.upper()
            parser.add_argument(
                f"--{name}",
                dest=RENAMED.get(name, name.replace("-", "_")),
                type=kind,
                default=argparse.SUPPRESS,
                metavar=metavar,
                help=text,
            )
    parser.add_argument(
        "--gradient-reversal",
        action="store_true",
        default=argparse.SUPPRESS,
        help="reverse the classifier's gradient in place of flipping its labels",
    )
    parser.add_argument(
        "--devices", default="1", help="how many devices to train on, or all (default: 1)"
    )


def run_options(options: argparse.Namespace) -> dict:
    """The options of a run that were given."""
    names = {RENAMED.get(name, name.replace("-", "_")) for name, *_ in OPTIONS}
    names.add("gradient_reversal")
    return {name: value for name, value in vars(options).items() if name in names}
