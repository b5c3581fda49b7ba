# ---
# jupyter:
#   jupytext:
#     cell_markers: '"""'
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
"""
# Quickstart

From the first prediction to networks trained on files of your own, in a few minutes on a processor.

In a checkout of the repository, `pip install -e '.[notebook]'` installs the package and what this
notebook runs in. It is kept as a script beside it, `quickstart.py`; after a change to either one,
`jupytext --sync examples/quickstart.ipynb` brings both together.
"""

# %%
import tempfile
import time
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from adaat_keras import build_ada_atdt, fit_ada_atdt, load, score, tasks
from adaat_keras.domains import Folder, Streets

# Progress bars would fill the notebook.
keras.utils.disable_interactive_logging()
semantic, depth = tasks.get("semantic"), tasks.get("depth")


def show(**pictures):
    """Pictures side by side."""
    _, axes = plt.subplots(1, len(pictures), figsize=(3.2 * len(pictures), 1.9), dpi=60)
    for place, (name, picture) in zip(axes, pictures.items(), strict=True):
        place.imshow(picture)
        place.set_title(name.replace("_", " "), fontsize=9)
        place.axis("off")
    plt.show()


# %% [markdown]
"""
## Predict

A preset is a trained model. This one has learned semantics from a simulator, and depth alone from
the camera whose pictures it sees here: streets that the package renders itself. For a picture of
your own: `image = np.asarray(Image.open("photo.jpg").convert("RGB"))`. Expect little of it, since
the preset has seen rendered streets alone.
"""

# %%
test = Streets("streets_real", "test", frames=8)
frame = test[3]
model = load("streets_depth_to_semantic_small")
labels = semantic.decode(model.predict(frame["image"][None], verbose=0))[0]
show(
    image=frame["image"],
    predicted=semantic.colorize(labels),
    true=semantic.colorize(frame["semantic"]),
)

# %% [markdown]
"""
Task 1, which has labels in both domains, is predicted by the base model beside it.
"""

# %%
metres = depth.decode(model.base_model_1.predict(frame["image"][None], verbose=0))[0]
show(predicted=depth.colorize(metres), true=depth.colorize(frame["depth"]))

# %% [markdown]
"""
## Data of your own

`Folder` reads files that are paired by their names. Here the camera's pictures are written as JPEG,
and its depth as 16-bit PNG in steps of 1/256 m, as KITTI has it; yours are there already.
"""

# %%
place = Path(tempfile.mkdtemp())
for name in ("cam", "lidar"):
    (place / name).mkdir()
camera = Streets("streets_real", "train", frames=64)
for number in range(len(camera)):
    Image.fromarray(camera[number]["image"]).save(place / "cam" / f"{number:03}.jpg", quality=95)
    steps = (256 * camera[number]["depth"]).clip(0, 65535).astype(np.uint16)
    Image.fromarray(steps).save(place / "lidar" / f"{number:03}.png")

target = Folder(images=f"{place}/cam/*.jpg", depth=f"{place}/lidar/*.png", depth_scale=1 / 256)
print(len(target), "frames with", *target.tasks)

# %% [markdown]
"""
## Train for a minute or two

The source is a simulator with labels of both tasks, the target your folder with depth alone. The
networks of size `"tiny"` learn next to nothing in so short a time; `size="small"` with the default
settings takes a quarter of an hour on two cores; the preset had twice as many steps.
"""

# %%
source = Streets("streets_sim", frames=64)
small = build_ada_atdt("depth", "semantic", size="tiny", seed=0)
start = time.monotonic()
history = fit_ada_atdt(small, source, target, epochs=4, steps_per_epoch=20, verbose=0)
print(f"trained for {(time.monotonic() - start) / 60:.1f} minutes:", *history)

# %% [markdown]
"""
## The curves

The history has a dictionary of values for each stage. A run in a folder (`directory=`) draws its
curves itself, and can be interrupted and gone on with.
"""

# %%
_, axes = plt.subplots(1, len(history), figsize=(2.6 * len(history), 1.9), dpi=60)
for place_of_stage, (stage, values) in zip(axes, history.items(), strict=True):
    for name, curve in values.items():
        if name.endswith("loss"):
            place_of_stage.plot(range(1, len(curve) + 1), curve, marker=".", label=name)
    place_of_stage.set_title(stage, fontsize=9)
    place_of_stage.tick_params(labelsize=7)
    place_of_stage.legend(fontsize=5)
plt.show()

# %% [markdown]
"""
## Fine-tune a preset

A preset knows streets already. Two stages are trained a little further on your pictures, after the
teacher that they need; encoder 2 stays as it is, since the simulator is the same. A few steps show
how, and may cost more than they bring; a gain takes some hundreds ([`finetune.py`](finetune.py)).
"""

# %%
before = score(model, test)["mean_iou"]
fit_ada_atdt(
    model,
    source,
    target,
    stages=("adversarial", "transfer"),
    epochs=1,
    steps_per_epoch=20,
    learning_rate=1e-4,
    verbose=0,
)
after = score(model, test)["mean_iou"]
print(f"mean IoU on {len(test)} test frames: {before:.3f} before, {after:.3f} after")

# %% [markdown]
"""
## Keep it

`model.save_to_preset("my_streets")` writes a folder that `load("my_streets")` reads, and that
`adaat-keras predict`, `export` and `demo` take as `--weights` or as their first argument.
"""

# %%
model.save_to_preset(place / "my_streets")
print(sorted(file.name for file in (place / "my_streets").iterdir()))
