"""Loads every preset of the installed package and measures it; run outside the checkout."""

import sys
from pathlib import Path

import numpy as np

import adaat_keras
from adaat_keras import domains, tasks
from adaat_keras.presets import read_manifest
from adaat_keras.report.score import score

PRESETS = {"streets_depth_to_semantic_small", "streets_semantic_to_depth_small"}
# The last digit that the README shows, a tenth of a point of mIoU, on any processor.
TOLERANCE = 1e-3

home = Path(adaat_keras.__file__).parent
expected = Path(sys.argv[1]).resolve()
if not home.resolve().is_relative_to(expected):
    sys.exit(f"adaat_keras is {home}, not in {expected}")
missing = PRESETS - set(adaat_keras.list_presets())
if missing:
    sys.exit(f"{home} has no {', '.join(sorted(missing))}; is `weights` in the wheel?")
for name in adaat_keras.list_presets():
    model = adaat_keras.load(name)
    outputs = model.predict(np.zeros((1, 70, 90, 3), "float32"), verbose=0)
    if not np.isfinite(outputs).all():
        sys.exit(f"{name} predicts values that are not finite")
    print(f"{name}: loaded from {home}, predicts {outputs.shape}")
    entry = read_manifest()[name]
    domain = domains.get(entry["target"], split=entry["split"])
    metric = tasks.get(entry["to_task"]).primary_metric
    measured, told = score(model, domain, entry["to_task"])[metric], entry["metrics"][metric]
    print(f"{name}: {metric} {measured:.4f}, its card says {told:.4f}")
    if abs(measured - told) > TOLERANCE:
        sys.exit(f"{name} is not what its card says")
