"""Where the time of `adaat-keras train` goes: `python benchmarks/train_time.py`.

A run of the embedded streets with the default method, frames and epochs, of which each epoch has
some of its 150 steps, and some frames rendered beside it. What the processor works is counted for
each part, on one thread; what grows with steps and frames is then taken as often as in a whole run.
Writes docs/results/train_time.json, which `python docs/draw_benchmarks.py` draws.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "docs/results/train_time.json"
STEPS = 150
# Of both domains, in all three splits.
FRAMES = 2600


class Parts:
    """Seconds of each part; what a part calls that is another part counts there alone."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.last, self.stack = work(), ["all else"]

    def lap(self) -> None:
        """Give what has passed since to the part that is under way."""
        now, part = work(), self.stack[-1]
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self.last
        self.last = now

    def count(self, part: str, owner, name: str) -> None:
        """Let all calls of `owner.name` count as a part."""
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            self.lap()
            self.stack.append(part)
            try:
                return original(*args, **kwargs)
            finally:
                self.lap()
                self.stack.pop()

        setattr(owner, name, counted)


def work() -> float:
    """Seconds that the processor has worked for this process."""
    return time.process_time()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=15, help="of an epoch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        parts, seen = measure(options.steps, Path(scratch))
    for name, seconds in parts.items():
        print(f"{name:24} {seconds:7.1f} s")
    RESULTS.write_text(json.dumps({"seconds": parts, "measured": seen}, indent=1))


def measure(steps: int, folder: Path) -> tuple[dict, dict]:
    """Seconds of a whole run by parts, and what was measured."""
    import keras
    import tensorflow as tf

    from adaat_keras.runs import config, pictures, report, train
    from adaat_keras.training.checkpoint import Checkpoint
    from adaat_keras.training.devices import has_bfloat16
    from adaat_keras.training.trainer import Trainer

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    parts = Parts()
    rendered = rendering()
    parts.count("training", train, "fit_stage")
    parts.count("validation", Trainer, "evaluate")
    parts.count("pictures", pictures.Pictures, "on_epoch_end")
    parts.count("checkpoints", Checkpoint, "on_epoch_end")
    parts.count("scoring", train, "report")
    for name in ("draw_panels", "draw_tsne", "draw_curves"):
        parts.count("pictures", report, name)
    seconds: list[list[float]] = []

    class Steps(keras.callbacks.Callback):
        """The work of every step, by stages."""

        def on_train_begin(self, logs=None):
            seconds.append([])

        def on_train_batch_begin(self, batch, logs=None):
            self.start = work()

        def on_train_batch_end(self, batch, logs=None):
            seconds[-1].append(work() - self.start)

    chosen = config.RunConfig.of(
        steps_per_epoch=steps, precision="mixed_bfloat16" if has_bfloat16() else "float32"
    )
    train.train_from_config(chosen, folder / "run", callbacks=[Steps()], verbose=0)
    parts.lap()
    middle = [statistics.median(stage) for stage in seconds]
    measured = {**parts.seconds, "ms a step": [1000 * each for each in middle]}
    measured["steps"] = [len(stage) for stage in seconds]
    # What is left are graphs that are traced, and weights that are read and written.
    usual = sum(each * len(stage) for each, stage in zip(middle, seconds, strict=True))
    whole = {**parts.seconds, "starting stages": parts.seconds["training"] - usual}
    whole["training"] = usual * STEPS / steps
    whole["rendering"] = rendered * FRAMES
    return whole, {**measured, "ms a frame": 1000 * rendered}


def rendering() -> float:
    """Seconds for a frame, the mean over both domains."""
    from adaat_keras.streets import VARIANTS
    from adaat_keras.streets.layout import LAYOUTS
    from adaat_keras.streets.render import frame_seed, render_batch

    start, count = work(), 24
    for name in ("streets_sim", "streets_real"):
        variant = VARIANTS[name]
        seeds = [frame_seed(name, "train", number) for number in range(count)]
        render_batch(LAYOUTS[variant.layout], variant.look, seeds, 128, 256)
    return (work() - start) / (2 * count)


if __name__ == "__main__":
    main()
