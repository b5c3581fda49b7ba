"""Counts the training crops a second, from folders, caches and packed shards, against PyTorch.

    pip install -e . torch
    python benchmarks/pipeline_throughput.py                    # 15 minutes on 2 cores
    python benchmarks/pipeline_throughput.py --seconds 1 --repeats 1 --sources 256x512

Cityscapes' layout is written first (16 streets a size, 5 minutes, once), so each frame is an RGB
PNG and an 8-bit label PNG. Each is decoded, resized to 512 x 256, cut at random to 128 x 128, one
or eight times, and changed in colour, in batches of 8. All rows take turns in one run, both
frameworks on the same processors: as many threads here as worker processes there. PyTorch's
`cached, memory` reads NumPy arrays that its workers share, its `packed` memory-mapped files (to
which `cached, disk` is compared too). Printed are medians over the repeats; the processor's time
for a crop hardly depends on what else is running.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from torch_crops import TorchCrops, torch_batches

from adaat_keras.domains import Cityscapes, Packed
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.cache import cached
from adaat_keras.domains.class_names import ID_SETS
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack
from adaat_keras.streets.writers import write_streets

HEIGHT, WIDTH, CROP, BATCH = 256, 512, 128, 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", nargs="+", default=["256x512", "1024x2048"])
    parser.add_argument("--crops", nargs="+", type=int, default=[1, 8], help="of a decoded frame")
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--data", default=str(Path(tempfile.gettempdir()) / "adaat_keras_pngs"))
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.processes])
    tf.config.threading.set_inter_op_parallelism_threads(options.processes)
    tf.config.threading.set_intra_op_parallelism_threads(options.processes)
    for source in options.sources:
        height, width = (int(number) for number in source.split("x"))
        root = f"{options.data}/{source}"
        write_streets("cityscapes", root, options.frames, height=height, width=width)
        scratch = tempfile.mkdtemp(dir=options.data)
        try:
            rows = make_rows(Cityscapes(root), Path(scratch), options)
            report(source, time_in_turns(rows, options.seconds, options.repeats))
        finally:
            shutil.rmtree(scratch)


def make_rows(folders, scratch, options):
    """What is timed: names, and what makes the batches."""
    resized = Resized(folders, HEIGHT, WIDTH)
    pack(resized, scratch / "packed", keys=("image", "semantic"))
    stages = {
        "folders": resized,
        "cached, memory": cached(resized, "memory"),
        "cached, disk": cached(resized, "disk", scratch / "cache"),
        "packed": Packed(scratch / "packed"),
    }
    table = ID_SETS["cityscapes"].table()
    decoded = TorchCrops(folders.files, table, HEIGHT, WIDTH, CROP, 1)
    pairs = [decoded.load(index) for index in range(len(decoded))]
    arrays = [np.stack([np.asarray(part) for part in parts]) for parts in zip(*pairs, strict=True)]
    peers = {"folders": None, "cached, memory": arrays, "packed": mapped(arrays, scratch)}
    rows = {}
    for crops in options.crops:
        for name, domain in stages.items():
            rows[name, crops, "adaat_keras"] = ours(domain, crops)
            if name in peers:
                rows[name, crops, "PyTorch"] = theirs(
                    TorchCrops(folders.files, table, HEIGHT, WIDTH, CROP, crops, peers[name]),
                    options.processes,
                )
    return rows


def mapped(arrays, scratch):
    """The arrays as memory-mapped files."""
    for number, array in enumerate(arrays):
        np.save(scratch / f"{number}.npy", array)
    return [np.load(scratch / f"{number}.npy", mmap_mode="r") for number in range(len(arrays))]


def ours(domain, crops):
    return lambda: iter(
        training_batches(domain, "semantic", BATCH, CROP, seed=0, crops_per_frame=crops)
    )


def theirs(dataset, processes):
    return lambda: torch_batches(dataset, BATCH, processes)


def time_in_turns(rows, seconds, repeats):
    """Crops a second and processor seconds a crop of each row, one pair a repeat."""
    results = {name: [] for name in rows}
    for _ in range(repeats):
        for name, start in rows.items():
            batches = start()
            count(batches, seconds / 2)
            used, begun = processor_seconds(), time.perf_counter()
            crops = count(batches, seconds)
            passed, used = time.perf_counter() - begun, processor_seconds() - used
            results[name].append((crops / passed, used / crops))
            del batches
    return {name: np.median(values, axis=0) for name, values in results.items()}


def count(batches, seconds):
    """Take batches for some seconds."""
    crops, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        images, _ = next(batches)
        crops += len(images)
    return crops


def processor_seconds():
    """What this process and its workers have used."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    ticks = 0
    for process in ("self", *children):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def report(source, results):
    print(f"\nfrom {source} PNG pairs    crops/s  processor ms/crop  times as fast as the same in")
    print("                                                    PyTorch, by processor time;")
    print("                                                    as PyTorch, folders, 1 a decode")
    for (stage, crops, framework), (speed, used) in results.items():
        line = f"{stage:14} {crops} {framework:11} {speed:8.0f} {1000 * used:8.2f}"
        if framework == "adaat_keras":
            peer_stage = "packed" if stage == "cached, disk" else stage
            peer = results[peer_stage, crops, "PyTorch"]
            plain = results["folders", min(c for _, c, _ in results), "PyTorch"]
            ratios = speed / peer[0], peer[1] / used, speed / plain[0]
            line += "          " + "".join(f"{ratio:8.2f}" for ratio in ratios)
        print(line, flush=True)


if __name__ == "__main__":
    main()
