r"""CARLA to KITTI: semantic to depth.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/carla_to_kitti.py --source-root CARLA --target-root KITTI \
        --recipe paper --schedule paper --size paper --epochs 500 --steps 400

Without them, on the embedded streets written in the same layouts, in a few minutes on two cores:

    python examples/carla_to_kitti.py --streets

The paper, semantic to depth (Abs Rel, delta 1):

    AT/DT                          0.4390  0.4830
    ADA-AT/DT (conv)               0.5631  0.7038
    ADA-AT/DT (unet)               0.2330  0.7886
    ADA-AT/DT (unet_attention)     0.1389  0.8655

The paper's run is 500 epochs. docs/scaling.md reckons 0.6 hours a method on one data-centre
GPU, from steps that were measured through JAX; reading, validation and TensorFlow come on top.
"""

import argparse
from pathlib import Path

from adaat_keras import build_ada_atdt, fit_ada_atdt, score, tasks
from adaat_keras.domains import Carla, Kitti
from adaat_keras.streets.writers import write_streets

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--source-root", type=Path, help="where CARLA lies")
parser.add_argument("--target-root", type=Path, help="where KITTI lies")
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
roots = {"carla": options.source_root, "kitti": options.target_root}
if options.streets:
    roots = {name: Path("runs/carla_to_kitti/streets") / name for name in roots}
    for split in ("train", "val"):
        write_streets("carla", roots["carla"], options.frames, split)
    write_streets("kitti", roots["kitti"], options.frames, "train")
elif None in roots.values():
    parser.error("give --source-root and --target-root, or --streets to try without data")
# 90 degrees is CARLA's own default, and what the streets have; take your camera's.
source = {split: Carla(roots["carla"], split, field_of_view=90) for split in ("train", "val")}
# As in AT/DT: trained on labels of task 1, scored on those of task 2, of the same images.
splits = {"train": "train", "test": "train"}
target = {name: Kitti(roots["kitti"], split) for name, split in splits.items()}

# 2. The networks: task 1, which both domains have, and task 2, which is missing in the target.
model = build_ada_atdt("semantic", "depth", size=options.size, seed=0)

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
    width=848 if not options.streets else None,
    validation_frames=8,
    schedule=options.schedule,
    directory=f"runs/carla_to_kitti/{options.method}-{options.recipe}",
)

# 4. The row of the paper's table.
task = tasks.get(model.to_task)
metrics = score(model, target["test"])
cells = (f"{name} {task.scale * metrics[name]:.{task.digits}f}" for name in task.columns)
print(f"{options.method}: {', '.join(cells)}")
