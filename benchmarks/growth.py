"""Seconds and memory against the size of an image, frames, classes and the batch.

    python benchmarks/growth.py [WHAT ...] [--threads 1]

Networks of size small in float32. A point is a process of its own: the median of some steps or
predictions, in seconds that the processor worked, and the peak of memory beyond what the process
took before. `image` predicts a square image in one piece, `tiles` as `adaat-keras predict` does by
itself, reading and writing its files; `frames` writes a pack of frames and reads it for training;
`classes` and `batch` are a supervised training step at 128 x 256. Points are kept in
docs/results/growth.json, which `python docs/draw_benchmarks.py` draws.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from adaat_keras.files import written_whole

RESULTS = Path(__file__).parent.parent / "docs/results/growth.json"
POINTS = {
    "image": (256, 512, 1024, 2048),
    "tiles": (1024, 2048, 4096, 8192),
    "frames": (100, 400, 1600),
    "classes": (2, 11, 64, 256),
    "batch": (2, 4, 8, 16),
}
HEIGHT, WIDTH = 128, 256


def images(count: int, height: int, width: int):
    """Images `(count, height, width, 3)`, uint8."""
    import numpy as np

    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


# === What is done once for a point; each gives a function that does it ===


def image(side: int) -> Callable:
    """A prediction in one piece."""
    import tensorflow as tf

    from adaat_keras import build_ada_atdt
    from adaat_keras.report.score import any_size

    predict, x = any_size(build_ada_atdt(size="small")), tf.constant(images(1, side, side))
    return lambda: predict(x).numpy()


def tiles(side: int) -> Callable:
    """A prediction as the command line makes it, its files included."""
    from PIL import Image

    from adaat_keras import build_ada_atdt
    from adaat_keras.inference import write_predictions

    model, folder = build_ada_atdt(size="small"), tempfile.mkdtemp()
    path = Path(folder) / "image.png"
    Image.fromarray(images(1, side, side)[0]).save(path, compress_level=1)
    return lambda: write_predictions(model, model.to_task, [path], Path(folder) / "out")


def frames(count: int) -> Callable:
    """A pack written, and as many training images read from it, each once."""
    import numpy as np

    from adaat_keras.domains import Domain, Packed
    from adaat_keras.domains.batches import training_batches
    from adaat_keras.domains.shards import pack

    pictures = np.broadcast_to(images(1, HEIGHT, WIDTH), (count, HEIGHT, WIDTH, 3))
    labels = np.broadcast_to(np.zeros((1, HEIGHT, WIDTH), "uint8"), (count, HEIGHT, WIDTH))
    domain = Domain.from_arrays(pictures, semantic=labels)

    def once():
        with tempfile.TemporaryDirectory() as folder:
            pack(domain, Path(folder) / "pack", keys=("image", "semantic"))
            batches = training_batches(Packed(Path(folder) / "pack"), "semantic", 2, None, seed=0)
            for _ in batches.take(count // 2):
                pass

    return once


def classes(count: int) -> Callable:
    """A supervised step with so many classes."""
    return _step(2, count)


def batch(size: int) -> Callable:
    """A supervised step on so many images."""
    return _step(size, 11)


def _step(size: int, count: int) -> Callable:
    import numpy as np
    import tensorflow as tf

    from adaat_keras.models import Decoder, Encoder
    from adaat_keras.models.sizes import SIZES
    from adaat_keras.tasks.semantic import SemanticLoss
    from adaat_keras.training.trainer import SupervisedTrainer

    options = SIZES["small"]
    base = Encoder(**options), Decoder(count, options["base_filters"])
    trainer = SupervisedTrainer(*base)
    trainer.compile("adam", SemanticLoss(count))
    labels = np.random.default_rng(0).integers(0, count, (size, HEIGHT, WIDTH))
    pair = tf.constant(images(size, HEIGHT, WIDTH), "float32"), tf.constant(labels, "uint8")
    step = tf.function(trainer.train_step)
    return lambda: step(pair)["loss"].numpy()


def measure(what: str, value: int, threads: int) -> dict:
    """A point, in this process."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    once = globals()[what](value)
    # From here on, without what imports took.
    Path("/proc/self/clear_refs").write_text("5")
    before, seconds = memory("VmRSS"), []
    long = what in ("tiles", "frames") or (what == "image" and value > 1024)
    for _ in range(2 if long else 5):
        start = time.process_time()
        once()
        seconds.append(time.process_time() - start)
    return {"seconds": statistics.median(seconds[1:]), "mib": (memory("VmHWM") - before) / 1024}


def memory(what: str) -> int:
    """KiB that Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=[*POINTS, []], help="(default: all)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--point", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.point:
        what, value = options.point
        print(json.dumps(measure(what, int(value), options.threads)))
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for what in options.what or POINTS:
        for value in POINTS[what]:
            command = [sys.executable, __file__, "--point", what, str(value)]
            command += ["--threads", str(options.threads)]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            if done.returncode:
                raise SystemExit(f"{what} {value}: {done.stderr[-3000:]}")
            point = json.loads(done.stdout.splitlines()[-1])
            results.setdefault(what, {})[str(value)] = point
            print(
                f"{what:8} {value:6} {point['seconds']:8.3f} s {point['mib']:7.0f} MiB", flush=True
            )
            with written_whole(RESULTS) as temporary:
                temporary.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
