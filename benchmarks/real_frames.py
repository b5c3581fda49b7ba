"""Scores methods on photographs of one camera: labels of one task train, those of the other score.

    python benchmarks/real_frames.py --images 'a/image/*.png' --semantic 'a/semantic/*.png' \\
        --depth-images 'b/image/*.png' --depth 'b/depth/*.png' --focal-length 360.8 \\
        --camera-height 1.65 --methods prior,source_only,at_dt,ada_atdt --directory runs/real

Two folders of one camera's frames: some with Cityscapes' ids, some with depth (16-bit PNG, metres
times 256, 0 where it is not known). The source is the simulator, rendered for this camera at half
the frames' size (`--shrink 2`). Semantic to depth trains on the first and is scored on the second,
depth to semantic the other way round; no frame is in both. `prior` is what the simulator alone
says: the geometric mean of depth in each row, the most frequent class at each place. `results.json`
grows score by score, and the same command goes on.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from adaat_keras import build_ada_atdt, fit_ada_atdt, score, tasks
from adaat_keras.domains import Domain, Folder, Streets
from adaat_keras.files import read_json, write_json
from adaat_keras.methods.recipe import Recipe
from adaat_keras.training.devices import has_bfloat16

DIRECTIONS = {"sd": ("semantic", "depth"), "ds": ("depth", "semantic")}
SHOWN = {"depth": ("abs_rel", "rmse_log", "delta_1", "road"), "semantic": ("mean_iou", "accuracy")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("images", "semantic", "depth-images", "depth"):
        parser.add_argument(f"--{name}", required=True, metavar="GLOB")
    parser.add_argument("--focal-length", type=float, required=True, help="of the frames, pixels")
    parser.add_argument("--camera-height", type=float, required=True, help="metres")
    parser.add_argument("--horizon", type=float, help="row of the frames; by default the middle")
    parser.add_argument("--directory", type=Path, default=Path("runs/real"))
    parser.add_argument("--methods", default="prior,source_only,at_dt,ada_atdt")
    parser.add_argument("--directions", default="sd,ds")
    parser.add_argument("--architectures", default="residual,mobilenet_v2")
    parser.add_argument("--augmentation", default="style")
    parser.add_argument("--trunk", help="of mobilenet_v2: a file, where there is no network")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--frames", type=int, default=600, help="of the source")
    parser.add_argument("--steps", type=int, default=1200, help="of every stage")
    parser.add_argument("--shrink", type=int, default=2, help="frames are this much smaller")
    options = parser.parse_args()
    camera = {"focal_length": options.focal_length, "camera_height": options.camera_height}
    depth = {"depth": options.depth, "depth_scale": 1 / 256}
    domains = {
        "semantic": Folder(options.images, options.semantic, ids="cityscapes", **camera),
        "depth": Folder(options.depth_images, **depth, **camera),
    }
    source = simulator(domains["semantic"], options)
    path = options.directory / "results.json"
    rows = read_json(path) if path.exists() else {}
    for seed in range(options.seeds):
        for direction in options.directions.split(","):
            for method in options.methods.split(","):
                for architecture in options.architectures.split(","):
                    prior = method == "prior"
                    name = f"{direction} {method}" + ("" if prior else f" {architecture} {seed}")
                    if name in rows:
                        continue
                    given, wanted = DIRECTIONS[direction]
                    began = time.time()
                    if prior:
                        model = Prior(source, wanted)
                    else:
                        model = build_ada_atdt(
                            *(given, wanted),
                            size="small",
                            dtype="mixed_bfloat16" if has_bfloat16() else "float32",
                            architecture=architecture,
                            trunk=options.trunk if architecture == "mobilenet_v2" else None,
                            seed=seed,
                        )
                        train(model, method, seed, source, domains[given], options)
                    scores = score(model, domains[wanted], wanted)
                    draw(model, domains[wanted], wanted, options.directory / f"{name}.png")
                    if wanted == "depth":
                        scores["road"] = road_error(model, domains["semantic"], options)
                    shown = {key: round(scores[key], 4) for key in SHOWN[wanted]}
                    rows[name] = {**shown, "minutes": round((time.time() - began) / 60, 1)}
                    print(name, json.dumps(rows[name]), flush=True)
                    write_json(path, rows)


def simulator(target: Domain, options) -> Streets:
    """The simulator's streets through the frames' camera, at the size that is trained on."""
    height, width = (side // options.shrink for side in target[0]["image"].shape[:2])
    return Streets(
        "streets_sim",
        "train",
        frames=options.frames,
        height=height,
        width=width,
        focal_length=options.focal_length / options.shrink,
        camera_height=options.camera_height,
    )


def train(model, method, seed, source, target, options):
    height, width = source[0]["image"].shape[:2]
    fit_ada_atdt(
        model,
        source,
        target,
        method=method,
        recipe=Recipe.recommended(augmentation=options.augmentation),
        epochs=8,
        steps_per_epoch=options.steps // 8,
        height=height,
        width=width,
        seed=seed,
        cache="memory",
        verbose=2,
    )


class Prior(keras.Model):
    """What the simulator alone says of a place of the picture, whatever is in it."""

    def __init__(self, source: Domain, wanted: str):
        super().__init__()
        labels = np.array([source[n][wanted] for n in range(0, len(source), 3)])
        if wanted == "depth":
            known = labels > 0
            logs = np.log(labels, where=known, out=np.zeros_like(labels)).sum((0, 2))
            rows = np.exp(logs / np.maximum(known.sum((0, 2)), 1)) / 100
            outputs = np.broadcast_to(rows[:, None, None], (*labels.shape[1:], 1))
        else:
            classes = range(tasks.get(wanted).classes)
            outputs = np.stack([(labels == n).sum(0) for n in classes], axis=-1)
        self.outputs_of_a_frame = outputs.astype("float32")[None]

    def call(self, images):
        """The same for every image."""
        return tf.image.resize(self.outputs_of_a_frame, tf.shape(images)[1:3], "nearest")


def road_error(model, domain: Domain, options) -> float:
    """Abs Rel on pixels labelled road, where a flat road would be 6 to 40 metres away.

    The rows that the labels cover say how far the road is, whatever stands on it: depth that no
    sensor has measured, of frames of many drives. It knows nothing of slopes, nor of a camera that
    nods.
    """
    height, _ = domain[0]["semantic"].shape
    horizon = height / 2 if options.horizon is None else options.horizon
    below = np.maximum(np.arange(height) + 0.5 - horizon, 1e-3)
    flat = options.focal_length * options.camera_height / below
    near, errors = (flat >= 6) & (flat <= 40), []
    depth, road = tasks.get("depth"), tasks.get("semantic").class_names.index("road")
    for n in range(len(domain)):
        frame = domain[n]
        known = (frame["semantic"] == road) & near[:, None]
        errors.append(np.abs(predicted(model, frame, depth) / flat[:, None] - 1)[known])
    return float(np.concatenate(errors).mean())


def predicted(model, frame: dict, task: tasks.Task) -> np.ndarray:
    """A frame's predicted labels."""
    outputs = model.predict(frame["image"][None].astype("float32"), verbose=0)
    return task.decode(np.asarray(outputs))[0]


def draw(model, domain: Domain, wanted: str, path: Path) -> None:
    """Four frames, their truth and what is predicted, side by side."""
    task = tasks.get(wanted)
    rows = []
    for n in range(0, len(domain), -(-len(domain) // 4)):
        frame = domain[n]
        pictures = [frame["image"], task.colorize(frame[wanted])]
        pictures.append(task.colorize(predicted(model, frame, task)))
        rows.append(np.concatenate([np.asarray(p, np.uint8) for p in pictures], axis=1))
    width = min(row.shape[1] for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate([row[:, :width] for row in rows])).save(path)


if __name__ == "__main__":
    main()
