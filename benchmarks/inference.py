"""Seconds and memory of a prediction: `python benchmarks/inference.py`.

Each row in a process of its own, since a process' peak memory never falls: the median of 5 images
after one that does not count, and the peak beyond what the process took before the first image.
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


def peak() -> float:
    """The most memory that this process has had, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="small", help="of the networks (default: small)")
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        height, width, precision = options.row
        print(json.dumps(measure(options.size, int(height), int(width), precision)))
        sys.exit()
    print(f"networks of size {options.size}, one image at a time")
    for height, width in SIZES:
        for precision in PRECISIONS:
            row = [str(height), str(width), precision]
            command = [sys.executable, __file__, "--size", options.size, "--row", *row]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            result = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{height:5} x {width:<5} {precision:15} {result['seconds']:7.3f} s "
                f"{result['mib']:7.0f} MiB",
                flush=True,
            )
