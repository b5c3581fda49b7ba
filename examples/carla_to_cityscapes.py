r"""CARLA to Cityscapes: depth to semantic and semantic to depth.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/carla_to_cityscapes.py --source-root CARLA --target-root Cityscapes \
        --recipe paper --schedule paper --size paper --epochs 500 --steps 400

Without them, on the embedded streets written in the same layouts, in a few minutes on two cores:

    python examples/carla_to_cityscapes.py --streets

The paper, depth to semantic (mIoU, accuracy in percent):

    AT/DT                          39.66  76.37
    CyCADA                         24.56  68.68
    FCNs in the Wild               18.16  65.06
    DAN                            17.82  62.37
    CycleGAN                       42.33  80.93
    AT/DT (DA)                     43.20  81.92
    ADA-AT/DT (conv)               21.31  54.31
    ADA-AT/DT (unet)               47.76  84.92
    ADA-AT/DT (unet_attention)     42.69  84.52

The paper, semantic to depth (Abs Rel, delta 1):

    AT/DT                          0.3940  0.3370
    CycleGAN                       0.9430  0.2180
    AT/DT (DA)                     0.5630  0.2470
    ADA-AT/DT (conv)               1.2016  0.6334
    ADA-AT/DT (unet)               0.3397  0.7233
    ADA-AT/DT (unet_attention)     0.1894  0.8245

The paper's run is 500 epochs. docs/scaling.md reckons 0.6 hours a method on one data-centre
GPU, from steps that were measured through JAX; reading, validation and TensorFlow come on top.
"""

import argparse
from pathlib import Path

from adaat_keras import build_ada_atdt, fit_ada_atdt, score, tasks
from adaat_keras.domains import Carla, Cityscapes
from adaat_keras.streets.writers import write_streets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--source-root", type=Path, help="where CARLA lies")
parser.add_argument("--target-root", type=Path, help="where Cityscapes lies")
parser.add_argument("--streets", action="store_true", help="draw both data sets")
parser.add_argument("--from", dest="from_task", default="depth", help="depth or semantic")
parser.add_argument("--method", default="ada_atdt", help="or at_dt, dan, source_only, ...")
parser.add_argument("--recipe", default="recommended", help="or paper")
parser.add_argument("--schedule", default="cosine", help="or paper, for the paper's 500 epochs")
parser.add_argument("--size", default="small", help="tiny, small or paper")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--steps", type=int, default=60, help="an epoch")
parser.add_argument("--frames", type=int, default=120, help="of --streets")
options = parser.parse_args()

# 1. Two domains: a simulator with both labels, and a camera with those of task 1.
roots = {"carla": options.source_root, "cityscapes": options.target_root}
if options.streets:
    roots = {name: Path("runs/carla_to_cityscapes/streets") / name for name in roots}
    for split in ("train", "val"):
        for name, root in roots.items():
            write_streets(name, root, options.frames, split)
elif None in roots.values():
    parser.error("give --source-root and --target-root, or --streets to try without data")
# 90 degrees is CARLA's own default, and what the streets have; take your camera's.
source = {split: Carla(roots["carla"], split, field_of_view=90) for split in ("train", "val")}
# The labels of Cityscapes' test images are withheld: val is what is scored.
splits = {"train": "train", "test": "val"}
target = {name: Cityscapes(roots["cityscapes"], split) for name, split in splits.items()}

# 2. The networks: task 1, which both domains have, and task 2, which is missing in the target.
to_task = "semantic" if options.from_task == "depth" else "depth"
model = build_ada_atdt(options.from_task, to_task, size=options.size, seed=0)

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
    directory=f"runs/carla_to_cityscapes/{options.from_task}-{options.method}-{options.recipe}",
)

# 4. The row of the paper's table.
task = tasks.get(model.to_task)
metrics = score(model, target["test"])
cells = (f"{name} {task.scale * metrics[name]:.{task.digits}f}" for name in task.columns)
print(f"{options.method}: {', '.join(cells)}")
