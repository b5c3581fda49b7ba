"""What the reports from the field need: streets as data sets, and a command."""

import os
import subprocess
import sys
import warnings

import numpy as np
from PIL import Image

from adaat_keras.streets.writers import write_streets


def streets(layout, root, frames=3, split="val", height=64, width=128, **options):
    """A data set of the streets; gives its root."""
    write_streets(layout, root, frames, split, height=height, width=width, **options)
    return root


def change(root, pattern, how):
    """Write every picture that a pattern names anew, changed."""
    files = sorted(root.rglob(pattern))
    assert files
    for file in files:
        Image.fromarray(how(np.asarray(Image.open(file)))).save(file)
    return files


def codes(pixels):
    """The numbers of 24-bit depth, as shares of the largest."""
    return pixels[..., :3].astype(np.int64) @ np.array([1, 256, 65536]) / (256**3 - 1)


def silent(what):
    """What a call gives, and an error for any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return what()


def command(*arguments, **environment):
    """Run `adaat-keras` in a process: the exit status, and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "adaat_keras.cli", *map(str, arguments)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
    )
    return done.returncode, done.stdout
