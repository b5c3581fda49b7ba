"""`adaat-keras predict`: task 2 for images, folders and videos."""

import argparse
import time
from pathlib import Path

DESCRIPTION = """Predict task 2 for image and video files of any size. Of images, label maps are
written as ids and in colour, depth as a 16-bit PNG in the stated unit and in colour, normals as
float32 vectors in a .npy file and in colour. A video becomes one with the colours over it (extra
[video]). Images are seen at the scale of the frames that the model was trained on; at their own
(--native) those of more than 2048 x 2048 pixels are predicted in tiles of 1024."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "predict", help="predict for images and videos", description=DESCRIPTION
    )
    parser.add_argument("images", nargs="+", help="image files, folders or globs; video files")
    parser.add_argument(
        "--weights",
        required=True,
        metavar="WHAT",
        help="a run's folder, or a preset by name, folder or address",
    )
    parser.add_argument("--out", default="predictions", metavar="DIR", help="where to write")
    parser.add_argument(
        "--overlay", action="store_true", help="write the colours over each picture, too"
    )
    parser.add_argument(
        "--depth-unit",
        choices=("m/256", "mm", "cm"),
        help="what a value of 1 stands for in depth PNGs (default: m/256, as KITTI's)",
    )
    parser.add_argument(
        "--native",
        action="store_true",
        help="take images at their own scale, not at that of the frames that were trained on",
    )
    parser.add_argument(
        "--tile",
        type=int,
        metavar="INT",
        help="predict in tiles of this height and width, at the images' own scale",
    )
    parser.add_argument(
        "--range",
        type=_range,
        metavar="LOW,HIGH",
        help="of images of more than 8 bits, what becomes black and white (default: as the model "
        "was trained, or what each image fills)",
    )
    parser.set_defaults(run=run)


def _range(text: str) -> tuple[float, float]:
    """Parse two numbers."""
    from adaat_keras.deep_images import checked_range

    try:
        return checked_range(text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(options: argparse.Namespace) -> None:
    """Predict, write, and report the files and the time."""
    from adaat_keras import tasks
    from adaat_keras.inference import find_images, find_videos, write_predictions, write_video
    from adaat_keras.inference.images import is_video
    from adaat_keras.inference.predictions import SomeNotPredicted, range_for
    from adaat_keras.inference.video import check_targets
    from adaat_keras.runs.folder import load_trained

    videos = find_videos([each for each in options.images if is_video(each)])
    if videos and options.range is not None:
        raise ValueError(
            f"--range is for images of more than 8 bits, and {videos[0]} is a video: leave it out, "
            "or predict videos and images by a command each"
        )
    pictures = [each for each in options.images if not is_video(each)]
    if videos and not pictures and options.depth_unit is not None:
        raise ValueError(
            f"--depth-unit is for images' depth, and {videos[0]} is a video, which has it in "
            "colours alone: leave it out"
        )
    images = find_images(pictures) if pictures or not videos else []
    _, model = load_trained(options.weights)
    image_range = options.range or range_for(model)
    # Tiles are at the images' own scale.
    if options.native or options.tile is not None:
        model.camera = None
    task = tasks.get(model.to_task)
    out = Path(options.out).expanduser()
    check_targets(videos, task, out)
    # Bad files are reported after all others are predicted.
    bad: list[ValueError] = []
    start = time.monotonic()
    if images:
        try:
            write_predictions(
                model,
                task,
                images,
                out,
                options.depth_unit,
                image_range,
                tile=options.tile,
                blend=options.overlay,
            )
        except SomeNotPredicted as error:
            bad.append(error)
        else:
            many = "prediction" if len(images) == 1 else "predictions"
            print(f"{len(images)} {many} of {task.name} in {out}, {_taken(start, len(images))}")
    for video in videos:
        start = time.monotonic()
        try:
            written = write_video(model, task, video, out, tile=options.tile)
        except ValueError as error:
            bad.append(error)
        else:
            print(f"{written.frames} frames in {written.path}, {_taken(start, written.frames)}")
    if bad:
        raise ValueError("; ".join(map(str, bad))) from bad[0]


def _taken(start: float, count: int) -> str:
    seconds = time.monotonic() - start
    each = seconds / count
    return f"{seconds:.1f} s, {f'{each:.2g}' if each < 10 else f'{each:.0f}'} s each"
