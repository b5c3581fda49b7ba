"""What decides a training's result beside its options."""

from adaat_keras import __version__
from adaat_keras.streets.render import RENDERER_VERSION

TRAINING_VERSION = 3
"""Raised whenever a step comes to other weights from the same options, data and first weights."""


def versions() -> dict[str, str | int]:
    """The versions of the package, of the rendered streets and of the trainers.

    Example:
        >>> list(versions())
        ['package', 'renderer', 'training']
    """
    return {"package": __version__, "renderer": RENDERER_VERSION, "training": TRAINING_VERSION}
