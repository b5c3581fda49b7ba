"""Seconds and memory of a prediction: `python benchmarks/inference.py`.

Each row in a process of its own, since a process' peak memory never falls: the median of 5 images
after one that does not count, and the peak beyond what the process took before the first image.

`--large` predicts a square image of 2048, 4096 and 8192 pixels a side, the larger ones in tiles as
`adaat-keras predict` does by itself, and then reads the same image from a file, predicts it and
writes the files: the peak beyond what the process took before, the image included.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

SIZES = ((256, 512), (1024, 2048))
PRECISIONS = ("float32", "mixed_bfloat16")
REPEATS = 5
SIDES = (2048, 4096, 8192)


def measure(size: str, height: int, width: int, precision: str) -> dict:
    """Seconds and MiB of a prediction, in this process."""
    import numpy as np

    from adaat_keras import build_ada_atdt
    from adaat_keras.report.score import any_size

    predict = any_size(build_ada_atdt(size=size, dtype=precision))
    image = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3)).astype("float32")
    before = peak()
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        predict(image).numpy()
        seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds[1:]), "mib": peak() - before}


def measure_large(size: str, side: int) -> dict:
    """Seconds and MiB of one large image's labels, and of all that its files take."""
    import tempfile
    from pathlib import Path

    import numpy as np
    from PIL import Image

    from adaat_keras import build_ada_atdt
    from adaat_keras.inference import predict_labels, write_predictions

    model = build_ada_atdt(size=size)
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"
        Image.fromarray(image).save(path, compress_level=1)
        before, start = peak(), time.perf_counter()
        predict_labels(model, model.to_task, image[None])
        seconds, mib = time.perf_counter() - start, peak() - before
        del image
        write_predictions(model, model.to_task, [path], folder)
        return {"seconds": seconds, "mib": mib, "all": peak() - before}


def peak() -> float:
    """The most memory that this process has had, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="small", help="of the networks (default: small)")
    parser.add_argument("--large", action="store_true", help="large images, in tiles")
    parser.add_argument("--row", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        if options.large:
            result = measure_large(options.size, int(options.row[0]))
        else:
            height, width, precision = options.row
            result = measure(options.size, int(height), int(width), precision)
        print(json.dumps(result))
        sys.exit()
    print(f"networks of size {options.size}, one image at a time")
    rows = [[h, w, precision] for h, w in SIZES for precision in PRECISIONS]
    for row in [[side] for side in SIDES] if options.large else rows:
        command = [sys.executable, __file__, "--size", options.size]
        command += [*(["--large"] if options.large else []), "--row", *map(str, row)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result = json.loads(done.stdout.splitlines()[-1])
        height, width, precision = row if len(row) > 1 else (*row, *row, "float32")
        line = f"{height:5} x {width:<5} {precision:15} {result['seconds']:7.3f} s "
        line += f"{result['mib']:7.0f} MiB"
        print(line + (f", {result['all']:.0f} MiB with files" if options.large else ""), flush=True)
