"""What each export format costs: `python benchmarks/export.py [WHAT] [--frames N]`.

Megabytes; the largest difference from Keras as a share of the largest output; milliseconds an image
at 256 x 512 on one core, the median of 20 after one that does not count, each format in a process
of its own; and the score lost on the target's test split, whole frames.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEIGHT, WIDTH = 256, 512
# A row's name, the format, and what `export_model` is given; whether the size is fixed.
ROWS = [
    ("SavedModel", "saved_model", {}, False),
    ("ONNX", "onnx", {}, False),
    ("LiteRT", "litert", {}, False),
    ("LiteRT, fixed size", "litert", {}, True),
    ("LiteRT, fixed size, float16 weights", "litert", {"weights": "float16"}, True),
    ("LiteRT, fixed size, int8 weights", "litert", {"weights": "int8"}, True),
    ("LiteRT, int8 weights", "litert", {"weights": "int8"}, False),
]


def runner(format: str, path: str):
    """A function of images to outputs, by the format's own runtime on one thread."""
    if format == "onnx":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda image: session.run(None, {"image": image})[0]
    if format == "litert":
        from ai_edge_litert.interpreter import Interpreter

        run = Interpreter(path, num_threads=1).get_signature_runner()
        return lambda image: run(image=image)["prediction"]
    if format == "saved_model":
        import tensorflow as tf

        predict = tf.saved_model.load(path)
        return lambda image: predict(image).numpy()
    from adaat_keras import load
    from adaat_keras.report.score import any_size

    model = load(path)
    model.camera = None
    predict = any_size(model)
    return lambda image: predict(image).numpy()


def measure(format: str, path: str, image_file: str, repeats: int) -> float:
    """Milliseconds an image, in this process and on one core."""
    # Before any runtime starts its threads.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import numpy as np

    run, image = runner(format, path), np.load(image_file)
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run(image)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds[1:])


class Scored:
    """A runtime's function, as `score` takes a model."""

    def __init__(self, run, channels: int):
        self.run, self.channels = run, channels

    def __call__(self, images, training=False):
        import tensorflow as tf

        outputs = tf.numpy_function(self.run, [images], "float32")
        return tf.ensure_shape(outputs, (1, None, None, self.channels))


def milliseconds(*row) -> float:
    """The same as `measure`, in a process of its own."""
    command = [sys.executable, __file__, "--row", *map(str, row)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def bytes_of(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main(options: argparse.Namespace) -> None:
    """Export, measure, and print a table in Markdown."""
    import numpy as np
    import tensorflow as tf

    from adaat_keras import domains, load, score, tasks
    from adaat_keras.export import FORMATS, export_model

    # On one core, a SavedModel that is called inside a function would wait for its only thread.
    tf.config.threading.set_inter_op_parallelism_threads(2)
    model = load(options.what)
    # An exported file takes images as they are.
    model.camera = None
    task = tasks.get(model.to_task)
    metric, channels = task.primary_metric, task.channels
    domain = domains.get(options.domain, split="test")
    frame = np.asarray(next(iter(domain.dataset(("image",))))["image"])
    # Drawn at half the size.
    image = frame.repeat(2, 0).repeat(2, 1)[None, :HEIGHT, :WIDTH].astype("float32")
    expected = model.predict(image, verbose=0)
    ours = score(model, domain, frames=options.frames)[metric]
    frames = options.frames or len(domain)
    print(f"{options.what}, {metric} of {frames} test frames of {options.domain}: {ours:.4f}\n")
    print(f"| format | MB | largest difference | ms at {HEIGHT} x {WIDTH} | {metric} lost |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.save(folder / "image.npy", image)
        timing = (folder / "image.npy", options.repeats)
        print(f"| Keras | | | {milliseconds('keras', options.what, *timing):.0f} | |", flush=True)
        for number, (name, format, how, fixed) in enumerate(ROWS):
            sizes = [{"height": h, "width": w} for h, w in ((HEIGHT, WIDTH), frame.shape[:2])]
            timed, *others = (
                export_model(model, folder / f"{number}-{n}{FORMATS[format]}", format, **how | size)
                for n, size in enumerate(sizes if fixed else [{}])
            )
            scored = others[0] if others else timed
            difference = np.abs(runner(format, str(timed))(image) - expected).max()
            run = Scored(runner(format, str(scored)), channels)
            theirs = score(run, domain, task, options.frames)[metric]
            lost = ours - theirs if task.higher_is_better else theirs - ours
            print(
                f"| {name} | {bytes_of(timed) / 1e6:.1f} "
                f"| {difference / np.abs(expected).max():.1e} "
                # No minus before zero.
                f"| {milliseconds(format, timed, *timing):.0f} | {round(lost, 4) or 0.0:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="streets_depth_to_semantic_small")
    parser.add_argument("--domain", default="streets_real", help="default: streets_real")
    parser.add_argument("--frames", type=int, help="to score; all of the test split by default")
    parser.add_argument("--repeats", type=int, default=20, help="default: 20")
    parser.add_argument("--row", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        *row, repeats = options.row
        print(json.dumps(measure(*row, int(repeats))))
        sys.exit()
    main(options)
