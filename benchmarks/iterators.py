"""What an iterator of training frames takes to begin and end: `python benchmarks/iterators.py`.

On one core, whole frames of the streets are read beside products of matrices, as a training does,
for some seconds; then the iterator is deleted. Each is done with the options of the package's
datasets (`adaat_keras/domains/parallel.py`) and with tf.data's defaults, in turns. Printed, and
written to docs/results/iterators.json, are medians of the seconds on the clock, so run it on an
idle machine.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

if hasattr(os, "sched_setaffinity"):
    # Before TensorFlow counts the cores.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import tensorflow as tf

from adaat_keras import domains
from adaat_keras.domains import batches
from adaat_keras.files import write_json

RESULTS = Path(__file__).parent.parent / "docs/results/iterators.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="that an iterator lives")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    domain = domains.get("streets_sim", split="train")
    ours, usual = batches.parallel_map, lambda d, f: d.map(f, tf.data.AUTOTUNE, deterministic=True)
    maps = {"ours": ours, "tf.data's": usual}
    taken = {name: [] for name in maps}
    # Once untimed: a process's first iterator takes longer.
    lifetime(domain, ours, 0)
    for _ in range(options.rounds):
        for name, each in maps.items():
            taken[name].append(lifetime(domain, each, options.seconds))
    rows = {}
    for name, times in taken.items():
        begun, deleted = (statistics.median(each) for each in zip(*times, strict=True))
        rows[name] = {"begun": round(begun, 3), "deleted": round(deleted, 3)}
    result = {"seconds": options.seconds, "rounds": options.rounds, "options": rows}
    write_json(RESULTS, result)
    print(json.dumps(result, indent=1))


def lifetime(domain: domains.Domain, mapped: Callable, seconds: float) -> tuple[float, float]:
    """Seconds until an iterator of a new dataset gives its first element, and to delete it."""
    batches.parallel_map = mapped
    dataset = batches.training_batches(domain, ("depth", "semantic"), 2, None, seed=0, stride=32)
    start = time.monotonic()
    iterator = iter(dataset)
    next(iterator)
    begun = time.monotonic() - start
    matrix = tf.random.uniform((500, 500))
    while time.monotonic() - start < seconds:
        next(iterator)
        for _ in range(5):
            tf.linalg.matmul(matrix, matrix)
    start = time.monotonic()
    del iterator
    return begun, time.monotonic() - start


if __name__ == "__main__":
    main()
