"""Where the time of a training step goes, and what each faster form of an operation gains.

    python benchmarks/parts.py fused
    python benchmarks/parts.py profile [float32]

`fused` times what `adaat_keras.fused` has, forward and backward, against the plain form, in turns
on one thread. `profile` adds up what TensorFlow's profiler says of 20 adversarial steps of the
small networks, two images of 128 x 256, on one thread, by kinds of operation.
"""

import argparse
import collections
import statistics
import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

SAME = {"padding": "same"}
# A layer's name and arguments, and the shape of its inputs.
PARTS = {
    "7x7 convolution, 16 to 1 channel": ("Conv2D", (1, 7), {}, (2, 134, 262, 16)),
    "7x7 convolution, 64 to 1 channel": ("Conv2D", (1, 7), {}, (2, 134, 262, 64)),
    "repeated pixels, 3x3, 32 to 16": (
        "Conv2D",
        (16, 3, True),
        {"padding": "same"},
        (2, 64, 128, 32),
    ),
    "repeated pixels, 3x3, 64 to 32": (
        "Conv2D",
        (32, 3, True),
        {"padding": "same"},
        (2, 32, 64, 64),
    ),
    "reflection padding, 3 pixels, 16": ("ReflectionPadding", (3,), {}, (2, 128, 256, 16)),
    "reflection padding, 1 pixel, 64": ("ReflectionPadding", (1,), {}, (2, 32, 64, 64)),
    "instance normalization, 16": ("InstanceNormalization", (), {}, (2, 128, 256, 16)),
}
KINDS = {
    "convolutions: gradients of kernels": ("BackpropFilter",),
    "convolutions: gradients of inputs": ("BackpropInput",),
    "convolutions: forward": ("Conv2D",),
    "instance normalization and its gradient": ("BatchNorm",),
    "ReLU and its gradient": ("Relu",),
    "padding, repeating, slices, concatenations": (
        *("MirrorPad", "Pad", "Tile", "Concat", "Slice", "Split", "Transpose", "Reverse"),
    ),
}


def fused_forms(repeats: int = 15) -> None:
    """Milliseconds of every part, plain and fused."""
    from adaat_keras import layers
    from adaat_keras.fused import without_fused_operations

    print(
        "| part | bfloat16 plain, ms | fused | float32 plain | fused |\n|---|---:|---:|---:|---:|"
    )
    for name, (kind, arguments, options, shape) in PARTS.items():
        cells = []
        for dtype in ("mixed_bfloat16", "float32"):
            layer = getattr(layers, kind)(*arguments, **options, dtype=dtype)
            layer.build(shape)
            x = tf.cast(tf.random.stateless_normal(shape, (0, 1)), layer.compute_dtype)
            with without_fused_operations():
                plain = both_ways(layer, x)
            steps, seconds = (plain, both_ways(layer, x)), ([], [])
            for repeat in range(repeats + 3):
                for step, own in zip(steps, seconds, strict=True):
                    start = time.process_time()
                    step()
                    if repeat >= 3:
                        own.append(time.process_time() - start)
            cells += [f"{1000 * statistics.median(own):.2f}" for own in seconds]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def both_ways(layer, x):
    """The layer's outputs and gradients, traced as layers are computed now."""

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return [y, *tape.gradient(y, [x, *(v.value for v in layer.trainable_variables)])]

    run(x)
    return lambda: [value.numpy() for value in run(x)]


def profile(dtype: str, steps: int = 20) -> None:
    """Milliseconds of a step by kinds of operation."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    from adaat_keras import build_ada_atdt, tasks
    from adaat_keras.methods import AdversarialTrainer
    from adaat_keras.methods.recipe import Training

    nets = build_ada_atdt("depth", "semantic", size="small", dtype=dtype).networks
    names = ("encoder_1", "decoder_1", "domain_classifier")
    trainer = AdversarialTrainer(*(nets[name] for name in names))
    adams = [Training(schedule="constant").optimizer() for _ in range(2)]
    trainer.compile(*adams, tasks.get("depth").loss(), "least_squares")
    x = 255 * tf.random.stateless_uniform((2, 128, 256, 3), (0, 1))
    y = 1 + 90 * tf.random.stateless_uniform((2, 128, 256), (0, 1))
    batch = tuple(tuple(tf.split(part, 2)) for part in (x, y))
    step = tf.function(trainer.train_step)
    for _ in range(3):
        step(batch)["loss"].numpy()
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=3)
        tf.profiler.experimental.start(folder, options=options)
        for _ in range(steps):
            step(batch)["loss"].numpy()
        tf.profiler.experimental.stop()
        space = xplane_pb2.XSpace()
        space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    seconds = collections.defaultdict(list)
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                # `NAME:OPERATION`; what contains operations has two colons or a number.
                if name.count(":") == 1 and "#" not in name and "EagerLocal" not in name:
                    seconds[name].append(event.duration_ps / 1e9)
    totals: collections.Counter = collections.Counter()
    for name, values in seconds.items():
        operation = name.rpartition(":")[2]
        kind = next((k for k, parts in KINDS.items() if any(p in operation for p in parts)), None)
        # The shortest, since a process is interrupted; one may run several times a step.
        totals[kind or "all else"] += min(values) * max(1, round(len(values) / steps))
    print(f"{len(seconds)} operations, {sum(totals.values()):.1f} ms")
    for kind, milliseconds in totals.most_common():
        print(f"| {kind} | {milliseconds:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["fused", "profile"])
    parser.add_argument("dtype", nargs="?", default="mixed_bfloat16")
    options = parser.parse_args()
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    if options.what == "fused":
        fused_forms()
    else:
        profile(options.dtype)


if __name__ == "__main__":
    main()
