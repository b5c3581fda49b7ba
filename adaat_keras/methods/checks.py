"""Checks made before any training, so that mistakes are reported before time is spent."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from adaat_keras.domains.resize import camera_of
from adaat_keras.methods.recipe import PRECISIONS, Training
from adaat_keras.methods.stage import Feed, Stage, plain_errors
from adaat_keras.models import AdaAtdt
from adaat_keras.registry import check_name


def check_scope(model: AdaAtdt, strategy: tf.distribute.Strategy) -> None:
    """Raise a `ValueError` unless the model was built under the strategy."""
    if not strategy.extended.variable_created_in_scope(model.weights[0].value):
        raise ValueError(
            "this model was built outside the strategy, or inside one that is not passed: build or "
            "load it `with strategy.scope():`, and pass that strategy"
        )


def check_model(model: AdaAtdt) -> None:
    """Raise a `ValueError` unless the model is an `AdaAtdt`."""
    if not isinstance(model, AdaAtdt):
        raise ValueError(f"model is {model!r}, and must be what build_ada_atdt() or load() gives")


def check_precision(model: AdaAtdt) -> None:
    """Raise a `ValueError` unless its networks can be trained in their precision."""
    check_name("precision", model.encoder_1.dtype_policy.name, list(PRECISIONS))
    if keras.config.floatx() != "float32":
        raise ValueError(
            f"Keras' floatx is {keras.config.floatx()}, and losses are computed in float32: set it "
            "back, by keras.config.set_floatx or in keras.json"
        )


def check_domains(feed: Feed, smallest: int) -> None:
    """Open both domains; raise a `ValueError` if their cameras or sizes cannot be right."""
    _check_opens(feed)
    _check_zoom(feed)
    _check_size(feed, smallest)


def _check_opens(feed: Feed) -> None:
    """Open both domains, one that is rendered last, so that mistakes in the other show up first."""
    for role in sorted(("target", "source"), key=lambda role: feed.splits[role].is_made):
        feed.domain(role)


def check_batch(training: Training, devices: int) -> None:
    """Raise a `ValueError` unless every device gets an image of each domain."""
    batch_size = training.batch_size
    if batch_size % (2 * devices):
        raise ValueError(
            f"batch_size must be a multiple of {2 * devices}, two images on each of the {devices} "
            f"devices, not {batch_size}"
        )


def _check_size(feed: Feed, smallest: int) -> None:
    """Raise a `ValueError` if frames have a side below `smallest` at the size they are seen."""
    camera = feed.camera
    if min(camera.height, camera.width) < smallest:
        raise ValueError(
            f"frames of {feed.domain('target').name} are seen at {camera.height} x {camera.width} "
            f"pixels, and the networks need {smallest} in height and width: train on larger frames "
            "(height=, width=; --height, --width)"
        )


# Beyond this, cameras hardly have a thing in common, and a unit is more likely to be wrong.
_MOST_ZOOM = 5


def _check_zoom(feed: Feed) -> None:
    """Raise a `ValueError` if cameras differ so much that their units must be wrong."""
    cameras = {role: camera_of(feed.domain(role)) for role in ("source", "target")}
    zoom = cameras["source"].zoom_to(feed.camera)
    if feed.training.zoom is not None or zoom is None or 1 / _MOST_ZOOM < zoom < _MOST_ZOOM:
        return
    source, target = (
        f"{feed.domain(role).name}: focal length {camera.focal_length:g} pixels in frames "
        f"{camera.width} wide, height {camera.camera_height or 'unknown'}"
        for role, camera in cameras.items()
    )
    raise ValueError(
        f"the source's frames would be enlarged {zoom:.4g} times to the target's camera ({source}; "
        f"{target}): focal lengths are in pixels of a domain's own frames, a camera's height above "
        "the road in metres; or say by how much to enlarge them (zoom=, --zoom)"
    )


_SET_RATES = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


def check_callbacks(callbacks: Sequence[keras.callbacks.Callback], training: Training) -> None:
    """Raise a `ValueError` for callbacks that set a learning rate which follows a schedule.

    Keras would raise in the middle of the training.
    """
    for each in callbacks:
        if isinstance(each, _SET_RATES) and training.schedule != "constant":
            raise ValueError(
                f"{type(each).__name__} sets the learning rate, which follows the schedule "
                f"{training.schedule!r}: choose the schedule 'constant'"
            )


def check_batches(stages: Sequence[Stage], feed: Feed) -> None:
    """Read each stage's first training and validation batch; raise as the stage would."""
    for stage in stages:
        for batches in (stage.batches(feed, 0), stage.validation(feed)):
            with plain_errors(stage.name):
                next(iter(batches or ()), None)
