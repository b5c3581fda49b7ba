"""Take a preset to a third look of the streets: by night.

    python examples/finetune.py

The preset was trained for `streets_real`, by day. Three rows, scored on the test split of
`streets_night`: the preset as it is; fine-tuned, its encoder 2 kept; and the same networks from
scratch, for as many training steps in all. docs/results.md has the numbers.
"""

import argparse
import time

from adaat_keras import build_ada_atdt, fit_ada_atdt, load, score, tasks
from adaat_keras.domains import Streets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--preset", default="streets_depth_to_semantic_small")
parser.add_argument("--steps", type=int, default=200, help="of each stage of the fine-tuning")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

source = {split: Streets("streets_sim", split) for split in ("train", "val")}
target = {split: Streets("streets_night", split) for split in ("train", "val", "test")}
settings = {"epochs": 1, "validation_frames": 8, "seed": options.seed}


def row(name: str, model, since: float) -> None:
    """Print a row: minutes of training, and the score on the target."""
    minutes, task = (time.monotonic() - since) / 60, tasks.get(model.to_task)
    value = score(model, target["test"])[task.primary_metric]
    print(f"{name:20} {minutes:5.1f} minutes   {task.primary_metric} {value:.3f}", flush=True)


tuned = load(options.preset)
row("the preset as it is", tuned, time.monotonic())

# Encoder 2 stays, since the simulator is the same; decoder 2 learns on with the transfer. The
# teacher comes along, for twice the steps: four times `--steps` in all, from scratch five times.
start = time.monotonic()
chosen = ("adversarial", "transfer")
fit_ada_atdt(
    tuned,
    source,
    target,
    stages=chosen,
    steps_per_epoch=options.steps,
    learning_rate=2e-4,
    **settings,
)
row("fine-tuned", tuned, start)

start = time.monotonic()
scratch = build_ada_atdt(**tuned.options, seed=options.seed)
fit_ada_atdt(scratch, source, target, steps_per_epoch=options.steps * 4 // 5, **settings)
row("from scratch", scratch, start)
