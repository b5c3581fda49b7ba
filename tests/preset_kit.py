"""What tests of presets need: one that is small, and ways to spoil a copy of it."""

import functools
import hashlib
import json
import tempfile
from pathlib import Path

import h5py
import keras

from adaat_keras import build_ada_atdt


@functools.cache
def small_preset():
    """The folder of a preset, written once; copy it, do not change it."""
    keras.utils.set_random_seed(3)
    folder = Path(tempfile.mkdtemp(prefix="preset-")) / "small"
    build_ada_atdt(transfer="conv", size="tiny").save_to_preset(folder, note="a trial")
    return folder


def copied(folder, to):
    """A copy of a preset that a test may spoil."""
    to.mkdir(exist_ok=True)
    for file in filter(Path.is_file, folder.iterdir()):
        (to / file.name).write_bytes(file.read_bytes())
    return to


def seal(folder):
    """Let a preset say that its files are right."""
    details = json.loads((folder / "preset.json").read_text())
    for key, name in (("sha256", "weights.h5"), ("config_sha256", "config.json")):
        details[key] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "preset.json").write_text(json.dumps(details))


def configure(folder, change):
    """Change a preset's configuration, and let it say that it is right."""
    config = json.loads((folder / "config.json").read_text())
    change(config["config"])
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)


def spoil(folder, change):
    """Change a preset's weights, and let it say that they are right."""
    with h5py.File(folder / "weights.h5", "a") as file:
        change(file)
    seal(folder)
