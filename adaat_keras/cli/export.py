"""`adaat-keras export`: the inference path as a SavedModel."""

import argparse

DESCRIPTION = """Write the network that predicts task 2 as a TensorFlow SavedModel, for machines
without this package: images (n, height, width, 3) of any size from 33 x 33 on, uint8 or float32,
0 to 255, to what the decoder puts out."""


def add_parser(commands, all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser("export", help="write a SavedModel", description=DESCRIPTION)
    parser.add_argument("weights", metavar="WHAT", help="a run's folder, or a preset")
    parser.add_argument("--out", default="exported", metavar="DIR", help="default: exported")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Export and tell how to use it."""
    from adaat_keras.export import export_model
    from adaat_keras.runs.folder import load_trained

    _, model = load_trained(options.weights)
    export_model(model, options.out)
    print(f'predict = tf.saved_model.load("{options.out}"); predict(images)')
