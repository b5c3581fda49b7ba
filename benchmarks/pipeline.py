"""What a training step's images cost, from folders, caches and packed shards.

    python benchmarks/pipeline.py
    python benchmarks/pipeline.py --sources 256x512 --seconds 1

Cityscapes' layout is written first (16 streets a size, once), so each frame is an RGB PNG and an
8-bit label PNG. A step takes two whole frames at 256 x 512, changed in colour. Printed are the
milliseconds that the processor works for a step's images, and their share of what it works for the
small networks' supervised step on them. Both are processor time on one thread, so they hardly
depend on what else runs; on a second core the images are made while the step is computed.
"""

import argparse
import itertools
import json
import tempfile
import time
from pathlib import Path

import tensorflow as tf

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.domains import Cityscapes, Packed
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.cache import cached
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack
from adaat_keras.files import written_whole
from adaat_keras.streets.writers import write_streets
from adaat_keras.training.trainer import SupervisedTrainer

HEIGHT, WIDTH, BATCH = 256, 512, 2
RESULTS = Path(__file__).parent.parent / "docs/results/pipeline.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", nargs="+", default=["256x512", "1024x2048"])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4, help="of the processor, a row")
    parser.add_argument("--data", default=str(Path(tempfile.gettempdir()) / "adaat_keras_pngs"))
    options = parser.parse_args()
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    rows, batch = {}, None
    for source in options.sources:
        height, width = (int(number) for number in source.split("x"))
        root = f"{options.data}/{source}"
        write_streets("cityscapes", root, options.frames, height=height, width=width)
        with tempfile.TemporaryDirectory(dir=options.data) as scratch:
            for name, domain in domains(Cityscapes(root), Path(scratch)).items():
                batches = iter(training_batches(domain, "semantic", BATCH, None, seed=0, stride=32))
                # Once through all frames, which fills a cache.
                for batch in itertools.islice(batches, options.frames // BATCH):  # noqa: B007
                    pass
                rows[f"{source}, {name}"] = work(lambda b=batches: next(b), options.seconds)
    steps = {dtype: step(dtype, batch, options.seconds) for dtype in ("float32", "mixed_bfloat16")}
    with written_whole(RESULTS) as temporary:
        temporary.write_text(json.dumps({"steps": steps, "images": rows}, indent=1))
    print("| PNG files of | from | ms a step | of a float32 step | of a bfloat16 step |")
    print("|---|---|---:|---:|---:|")
    for name, seconds in rows.items():
        source, _, stage = name.partition(", ")
        shares = " | ".join(f"{100 * seconds / own:.1f} %" for own in steps.values())
        print(f"| {source} | {stage} | {1000 * seconds:.1f} | {shares} |")
    print("steps:", *(f"{dtype} {1000 * own:.0f} ms" for dtype, own in steps.items()))


def domains(folders, scratch: Path) -> dict:
    """The same frames, as far from the networks' size as they are kept."""
    resized = Resized(folders, HEIGHT, WIDTH)
    pack(resized, scratch / "packed", keys=("image", "semantic"))
    return {
        "folders": resized,
        "`data pack`": Packed(scratch / "packed"),
        "`--cache disk`": cached(resized, "disk", scratch / "cache"),
        "`--cache memory`": cached(resized, "memory"),
    }


def work(once, seconds: float) -> float:
    """Seconds that the processor works for it, the mean over so many."""
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds:
        once()
        count += 1
    return (time.process_time() - start) / count


def step(dtype: str, batch, seconds: float) -> float:
    """A supervised step of the small networks on a batch."""
    model = build_ada_atdt("depth", "semantic", size="small", dtype=dtype)
    trainer = SupervisedTrainer(model.encoder_2, model.decoder_2)
    trainer.compile(None, tasks.get("semantic").loss())
    compiled = tf.function(trainer.train_step)
    compiled(batch)
    return work(lambda: compiled(batch)["loss"].numpy(), seconds)


if __name__ == "__main__":
    main()
