"""`adaat-keras predict`: task 2 for images."""

import argparse

DESCRIPTION = """Predict task 2 for image files of any size. Label maps are written as ids and in
colour, depth as a 16-bit PNG in the stated unit and in colour, normals as float32 vectors in a .npy
file and in colour."""


def add_parser(commands, all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser("predict", help="predict for images", description=DESCRIPTION)
    parser.add_argument("images", nargs="+", help="image files, folders or globs")
    parser.add_argument(
        "--weights",
        required=True,
        metavar="WHAT",
        help="a run's folder, or a preset by name, folder or address",
    )
    parser.add_argument("--out", default="predictions", metavar="DIR", help="where to write")
    parser.add_argument(
        "--depth-unit", default="mm", choices=("mm", "cm"), help="of depth PNGs (default: mm)"
    )
    parser.add_argument(
        "--tile", type=int, metavar="INT", help="predict large images in tiles of this size"
    )
    parser.add_argument(
        "--range",
        type=_range,
        metavar="LOW,HIGH",
        help="of images of more than 8 bits, what becomes black and white (default: what each "
        "fills)",
    )
    parser.set_defaults(run=run)


def _range(text: str) -> tuple[float, float]:
    """Two numbers from an option's text."""
    from adaat_keras.deep_images import checked_range

    try:
        return checked_range(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(options: argparse.Namespace) -> None:
    """Predict and write."""
    from pathlib import Path

    from adaat_keras import tasks
    from adaat_keras.inference import Tiled, find_images, write_predictions
    from adaat_keras.runs.folder import load_trained

    images = find_images(options.images)
    _, model = load_trained(options.weights)
    task = tasks.get(model.to_task)
    predictor = model if options.tile is None else Tiled(model, options.tile)
    out = Path(options.out).expanduser()
    write_predictions(predictor, task, images, out, options.depth_unit, options.range)
    print(f"{len(images)} predictions of {task.name} in {out}")
