"""Loads every preset of the installed package and predicts with it; run outside the checkout."""

import sys
from pathlib import Path

import numpy as np

import adaat_keras

home = Path(adaat_keras.__file__).parent
expected = Path(sys.argv[1]).resolve()
if not home.resolve().is_relative_to(expected):
    sys.exit(f"adaat_keras is {home}, not in {expected}")
for name in adaat_keras.list_presets():
    model = adaat_keras.load(name)
    outputs = model.predict(np.zeros((1, 70, 90, 3), "float32"), verbose=0)
    if not np.isfinite(outputs).all():
        sys.exit(f"{name} predicts values that are not finite")
    print(f"{name}: loaded from {home}, predicts {outputs.shape}")
