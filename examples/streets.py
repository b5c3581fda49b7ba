"""The embedded pair, both directions, from Python.

    python examples/streets.py                 # depth -> semantic, small networks
    python examples/streets.py --from semantic

Expect about 15 minutes a direction on two processor cores, the rendering of the streets included
(2.5 minutes, once). docs/results.md says what it scores.
"""

import argparse

from adaat_keras import build_ada_atdt, fit_ada_atdt, score
from adaat_keras.domains import Streets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--from", dest="from_task", default="depth", help="depth or semantic")
parser.add_argument("--epochs", type=int, default=8)
options = parser.parse_args()

source = {split: Streets("streets_sim", split) for split in ("train", "val", "test")}
target = {split: Streets("streets_real", split) for split in ("train", "val", "test")}
to_task = "semantic" if options.from_task == "depth" else "depth"
model = build_ada_atdt(options.from_task, to_task, size="small", seed=0)

# The run's folder has curves, pictures and scores; the same command again goes on where it stopped.
directory = f"runs/example-{options.from_task}-{to_task}"
fit_ada_atdt(model, source, target, epochs=options.epochs, directory=directory)

for name, value in score(model, target["test"]).items():
    print(f"{name:20} {value:.4f}")
print(f"{directory}/README.md shows the pictures")
