"""Take a preset to a third look of the streets: by night.

    python examples/finetune.py

The preset was trained for `streets_real`, by day. Three rows, scored on the test split of
`streets_night`: the preset as it is; fine-tuned, its base model 2 kept; and the same networks from
scratch, for as many training steps in all.
"""

import argparse
import time

import keras

from adaat_keras import build_ada_atdt, fit_ada_atdt, load
from adaat_keras.domains import get as get_domain
from adaat_keras.report.score import score
from adaat_keras.tasks import get as get_task

TARGET = "streets_night"


def fit(model, name, steps_per_epoch, options, **choice):
    """Train for one epoch a step and give the seconds that it took, its report included."""
    start = time.monotonic()
    fit_ada_atdt(
        model,
        target=TARGET,
        directory=f"{options.directory}/{name}",
        epochs=1,
        steps_per_epoch=steps_per_epoch,
        validation_frames=8,
        seed=options.seed,
        **choice,
    )
    return time.monotonic() - start


def row(name, model, seconds):
    """Print a row: minutes, and the score on the target."""
    task = get_task(model.to_task)
    value = score(model, get_domain(TARGET, split="test"), task.name)[task.primary_metric]
    print(f"{name:28} {seconds / 60:5.1f} minutes   {task.primary_metric} {value:.3f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="streets_depth_to_semantic_small")
    parser.add_argument("--steps", type=int, default=200, help="of each step of the fine-tuning")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--directory", default="runs/finetune")
    options = parser.parse_args()

    model = load(options.preset)
    row("the preset as it is", model, 0)
    chosen = ("adversarial", "transfer")
    # The teacher comes along: three steps here, four from scratch.
    seconds = fit(model, "tuned", options.steps, options, steps=chosen, learning_rate=2e-4)
    row("fine-tuned", model, seconds)
    keras.utils.set_random_seed(options.seed)
    scratch = build_ada_atdt(**model.options)
    seconds = fit(scratch, "scratch", options.steps * 3 // 4, options)
    row("from scratch", scratch, seconds)
