"""The options of a run, named as `RunConfig` names them."""

import argparse

from adaat_keras import domains, methods
from adaat_keras.commands.json_object import json_object
from adaat_keras.registry import split_names

DOMAINS = ", ".join(domains.names())
# Name, type, default as `RunConfig` has it, what it says in --help.
OPTIONS = (
    ("source", str, "streets_sim", f"domain A, labelled for both tasks: {DOMAINS}"),
    ("target", str, "streets_real", "domain B, labelled for task 1 alone: one of the same"),
    ("from", str, "depth", "task 1: depth, normals or semantic"),
    ("to", str, "semantic", "task 2: likewise, another one"),
    ("method", str, "ada_atdt", "one of: " + ", ".join(methods.names())),
    ("recipe", str, "recommended", "what the options by recipe are: recommended or paper"),
    ("architecture", str, "residual", "of the networks: residual, or AT/DT's dilated_resnet50"),
    (
        "transfer",
        str,
        None,
        "conv, unet, unet_attention or six_convolutions (default: unet_attention; with "
        "dilated_resnet50 six_convolutions alone)",
    ),
    ("size", str, "small", "size of the networks: tiny, small or paper"),
    ("alpha", float, None, "weight of the task loss in step 1, 0 to 1 (default: by task 1)"),
    (
        "adversarial-loss",
        str,
        None,
        "binary_crossentropy, least_squares or wasserstein (default: by task 1)",
    ),
    ("augmentation", str, None, "of training images: color, style or none (default: by recipe)"),
    ("class-balance", float, None, "0 counts pixels, more rare classes (default: by recipe)"),
    ("edge-weight", float, None, "of the edges beside task 1 (default: by recipe)"),
    ("moment-weight", float, None, "of the features' moments, step 1 (default: by recipe)"),
    ("classifier", str, None, "the domain classifier's view: patch or pixel (default: by recipe)"),
    ("classifier-rate", float, None, "of its learning, as a multiple (default: by recipe)"),
    ("decoded-weight", float, None, "of task 2's loss in step 3 (default: by recipe)"),
    ("teacher-weight", float, None, "of a teacher from labels in step 3 (default: by recipe)"),
    ("consistency-weight", float, None, "of the target in step 3 (default: by recipe)"),
    ("base-1-weight", float, None, "of task 1's loss in step 3 (default: by recipe)"),
    ("mmd-weight", float, 1.0, "of the discrepancy, in dan"),
    ("confusion-weight", float, 0.1, "of the domains' confusion: fcns_in_the_wild, cycada"),
    ("size-weight", float, 0.01, "of the class sizes, in fcns_in_the_wild"),
    ("semantic-weight", float, 1.0, "of what a translation must mean, in cycada"),
    ("epochs", int, 8, "epochs of every step"),
    ("steps-per-epoch", int, 150, "training steps an epoch"),
    ("batch-size", int, 8, "images a step; step 1 takes half of them from each domain"),
    (
        "crop",
        int,
        128,
        "height and width of the crops, a multiple of 32 (dilated_resnet50: 64), at least 64",
    ),
    ("height", int, None, "height that frames are resized to for training (default: their own)"),
    ("width", int, None, "width, likewise; scores are taken at the frames' own size"),
    ("cache", str, None, "keep decoded training frames in memory or on disk (default: neither)"),
    ("crops-per-frame", int, 1, "training crops of each decoded frame"),
    ("learning-rate", float, 5e-4, "of Adam, at the start"),
    ("schedule", str, "cosine", "of Adam: cosine, paper (halved every 10 epochs) or constant"),
    ("validation-frames", int, 32, "frames of each domain to score after every epoch"),
    ("split", str, "test", "to score the finished run on: test, or val while you still choose"),
    ("weights", str, None, "preset or run to begin with: a name, a folder or an address"),
    ("steps", split_names, None, "of the method, those to train (default: all)"),
    ("freeze", split_names, (), "networks that stay as they are"),
    ("seed", int, 0, "decides weights, order of the data, augmentation"),
    ("precision", str, "float32", "float32 or mixed_bfloat16"),
    ("source-options", json_object, {}, "how to open the source, e.g. '{\"frames\": 100}'"),
    ("target-options", json_object, {}, "how to open the target"),
)
METAVARS = {json_object: "JSON", split_names: "A,B,..."}
RENAMED = {"from": "from_task", "to": "to_task"}


def add_run_options(parser: argparse.ArgumentParser, leave_out: tuple[str, ...] = ()) -> None:
    """Add every option of a run but some."""
    for name, kind, default, text in OPTIONS:
        if name not in leave_out:
            parser.add_argument(
                f"--{name}",
                dest=RENAMED.get(name, name.replace("-", "_")),
                type=kind,
                default=argparse.SUPPRESS,
                metavar=METAVARS.get(kind, kind.__name__.upper()),
                help=f"{text} (default: {default})" if default not in (None, {}, ()) else text,
            )
    parser.add_argument(
        "--gradient-reversal",
        action="store_true",
        default=argparse.SUPPRESS,
        help="reverse the classifier's gradient in place of flipping its labels",
    )
    parser.add_argument(
        "--devices",
        default="1",
        help="how many devices of a machine to train on, or all (default: 1)",
    )


def run_options(options: argparse.Namespace) -> dict:
    """The options of a run that were given; `--weights` gives those of its networks."""
    names = {RENAMED.get(name, name.replace("-", "_")) for name, *_ in OPTIONS}
    names.add("gradient_reversal")
    given = {name: value for name, value in vars(options).items() if name in names}
    if "weights" not in given:
        return given
    # Not before it is needed: it imports TensorFlow.
    from adaat_keras.presets import built_from

    return built_from(given["weights"]) | given
