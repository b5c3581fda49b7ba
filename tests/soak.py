"""Soak: memory over many steps, and over many predictions of changing sizes.

`tests/runs/test_soak.py` has a short one, `benchmarks/reliability.py` the long one.
"""

import gc
import random
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from adaat_keras import build_ada_atdt, methods
from adaat_keras.domains.splits import Splits
from adaat_keras.inference import write_predictions
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, fit_stage
from adaat_keras.tasks import get


def memory() -> float:
    """What this process holds in memory, in MB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def growth(readings: dict[int, float], settled: int) -> float:
    """By what share the most memory after `settled` is more than what there was then."""
    after = [value for number, value in readings.items() if number >= settled]
    return max(after) / readings[settled] - 1


class _Watch(keras.callbacks.Callback):
    def __init__(self, steps_per_epoch: int):
        super().__init__()
        self.steps, self.readings = steps_per_epoch, {}

    def on_epoch_end(self, epoch, logs=None):
        self.readings[(epoch + 1) * self.steps] = memory()


def training(folder: Path, steps: int, every: int) -> dict[int, float]:
    """Memory over the steps of the adversarial stage, validated after `every` so many of them."""
    options = {"frames": 8, "height": 64, "width": 64, "cache": str(folder)}
    splits = [Splits(name, options) for name in ("streets_sim", "streets_real")]
    sizes = {"batch_size": 4, "crop": 64, "steps_per_epoch": every}
    plan = Training(epochs=steps // every, **sizes)
    model = build_ada_atdt(size="tiny", transfer="conv")
    stage = methods.get("ada_atdt").stages(get("depth"), get("semantic"), Recipe(), plan)[0]
    feed = Feed(*splits, plan, validation_frames=4)
    watch = _Watch(every)
    fit_stage(stage, stage.trainer(model.networks, feed), feed, [watch], verbose=0)
    return watch.readings


def predictions(folder: Path, count: int, every: int) -> dict[int, float]:
    """Memory over predictions for image files, as the command writes them, each of another size."""
    model, rng = build_ada_atdt(size="tiny", transfer="conv"), random.Random(0)

    def predict(pixels: np.ndarray) -> None:
        Image.fromarray(pixels).save(folder / "a.png")
        write_predictions(model, model.to_task, [folder / "a.png"], folder / "out")

    return _over(predict, rng, count, every)


def calls(folder: Path, count: int, every: int) -> dict[int, float]:
    """Memory over calls of `predict`, each of another size."""
    model = build_ada_atdt(size="tiny", transfer="conv")
    return _over(
        lambda pixels: model.predict(pixels[None], verbose=0), random.Random(0), count, every
    )


def _over(predict: Callable, rng: random.Random, count: int, every: int) -> dict[int, float]:
    readings = {}
    for number in range(1, count + 1):
        predict(np.zeros((rng.randint(40, 200), rng.randint(40, 300), 3), np.uint8))
        if number % every == 0:
            readings[number] = memory()
    return readings
