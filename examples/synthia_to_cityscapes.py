r"""SYNTHIA-SF to Cityscapes: depth to semantic.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/synthia_to_cityscapes.py --source-root SYNTHIA-SF --target-root Cityscapes \
        --recipe paper --schedule paper --size paper --epochs 500 --steps 400

Without them, on the embedded streets written in the same layouts, in a few minutes on two cores:

    python examples/synthia_to_cityscapes.py --streets

The paper, depth to semantic (mIoU, accuracy in percent):

    AT/DT                          23.34  64.03
    CyCADA                         16.23  69.03
    FCNs in the Wild               19.51  65.93
    DAN                            9.87  51.65
    ADA-AT/DT (conv)               21.77  69.93
    ADA-AT/DT (unet)               26.19  73.99
    ADA-AT/DT (unet_attention)     31.78  79.68

The paper's run is 500 epochs. docs/scaling.md reckons 0.6 hours a method on one data-centre
GPU, from steps that were measured through JAX; reading, validation and TensorFlow come on top.
"""

import argparse
from pathlib import Path

from adaat_keras import build_ada_atdt, fit_ada_atdt, score, tasks
from adaat_keras.domains import Cityscapes, SynthiaSF
from adaat_keras.streets.writers import write_streets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--source-root", type=Path, help="where SYNTHIA-SF lies")
parser.add_argument("--target-root", type=Path, help="where Cityscapes lies")
parser.add_argument("--streets", action="store_true", help="draw both data sets")
parser.add_argument("--method", default="ada_atdt", help="or at_dt, dan, source_only, ...")
parser.add_argument("--recipe", default="recommended", help="or paper")
parser.add_argument("--schedule", default="cosine", help="or paper, for the paper's 500 epochs")
parser.add_argument("--size", default="small", help="tiny, small or paper")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--steps", type=int, default=60, help="an epoch")
parser.add_argument("--frames", type=int, default=120, help="of --streets")
options = parser.parse_args()

# 1. Two domains: a simulator with both labels, and a camera with those of task 1.
roots = {"synthia_sf": options.source_root, "cityscapes": options.target_root}
if options.streets:
    roots = {name: Path("runs/synthia_to_cityscapes/streets") / name for name in roots}
    for split in ("train", "val"):
        for name, root in roots.items():
            write_streets(name, root, options.frames, split)
elif None in roots.values():
    parser.error("give --source-root and --target-root, or --streets to try without data")
source = {
    "train": SynthiaSF(roots["synthia_sf"], "train"),
    "val": SynthiaSF(roots["synthia_sf"], "val"),
}
# The labels of Cityscapes' test images are withheld: val is what is scored.
splits = {"train": "train", "test": "val"}
target = {name: Cityscapes(roots["cityscapes"], split) for name, split in splits.items()}

# 2. The networks: task 1, which both domains have, and task 2, which is missing in the target.
model = build_ada_atdt("depth", "semantic", size=options.size, seed=0)

# 3. Training; it reads no label of task 2 in the target.
fit_ada_atdt(
    model,
    source,
    target,
    method=options.method,
    recipe=options.recipe,
    epochs=options.epochs,
    steps_per_epoch=options.steps,
    height=256 if not options.streets else None,
    width=512 if not options.streets else None,
    validation_frames=8,
    schedule=options.schedule,
    directory=f"runs/synthia_to_cityscapes/{options.method}-{options.recipe}",
)

# 4. The row of the paper's table.
task = tasks.get(model.to_task)
metrics = score(model, target["test"])
cells = (f"{name} {task.scale * metrics[name]:.{task.digits}f}" for name in task.columns)
print(f"{options.method}: {', '.join(cells)}")
