"""The key under which a stage's result is kept: a hash of everything that it depends on."""

import dataclasses
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import keras

from adaat_keras import __version__, tasks
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.registry import place_of
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import Trainer

TRAINING_VERSION = 6
"""Incremented whenever the same fields, data and initial weights lead to other trained weights."""


def versions() -> dict[str, str | int]:
    """The versions that a training's result depends on: the package's and `TRAINING_VERSION`.

    Example:
        >>> list(versions())
        ['package', 'training']
    """
    return {"package": __version__, "training": TRAINING_VERSION}


def stage_key(
    stage: Stage,
    trainer: Trainer,
    networks: Mapping[str, keras.Model],
    feed: Feed,
    callbacks: Sequence[list] = (),
) -> str:
    """A hash of everything that a stage's result depends on, 16 hexadecimal digits.

    It covers the stage's class and fields, the content of the data that it reads (not its
    location), the size that the networks pad frames to, the versions, which weights a user has
    frozen, and the networks: their classes, precision and initial weights. Callbacks, which may end
    a training early, are included as `described` before the first stage, together with the frames
    whose scores they see. User-defined classes of stages, layers, tasks and losses are included
    with their code.
    """
    what = [
        _called(type(stage)),
        plain(stage),
        {role: feed.identity(role) for role in stage.reads(feed)},
        versions(),
        {name: _untrainable(networks[name]) for name in stage.networks},
        [[_called(type(layer)), str(layer.dtype_policy.name)] for layer in trainer.layers],
    ]
    camera = feed.camera
    if feed.training.crop is None and feed.frame_shape[:2] != (camera.height, camera.width):
        what.append(feed.frame_shape)
    if callbacks:
        validated = [feed.validated_on(role) for role in ("source", "target")]
        frames = [domain and domain.identity() for domain in validated]
        what += [list(callbacks), [*frames, feed.validation_frames]]
    sha = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    for weight in trainer.get_weights():
        sha.update(weight.tobytes())
    return sha.hexdigest()[:16]


def _called(kind: type) -> str:
    """A class's name, with a hash of its code if it is a user's."""
    return f"{kind.__qualname__} {code_of(kind)}" if _is_users(kind) else kind.__name__


@cache
def code_of(kind: type) -> str:
    """A hash of the code of a class and of the user's classes that it is made from.

    Of each, it covers the source file or, for classes of a notebook or a prompt, which have none,
    the members. Functions that these call are not covered there. Cached, since a file may be edited
    while a training runs.
    """
    code = b""
    for each in filter(_is_users, kind.__mro__):
        try:
            code += Path(inspect.getsourcefile(each)).read_bytes()
        except (OSError, TypeError):
            members = [
                (name, _told(value))
                for name, value in sorted(vars(each).items())
                # The line in its cell is not what it does.
                if name != "__firstlineno__"
            ]
            code += repr(members).encode()
    return hashlib.sha256(code).hexdigest()[:16]


def _is_users(kind: type) -> bool:
    """Whether a class is neither this package's, nor Keras', nor TensorFlow's, nor Python's."""
    known = {"adaat_keras", "keras", "tensorflow", *sys.stdlib_module_names}
    return kind.__module__.partition(".")[0] not in known


def _told(value):
    """What a member of a class is, in a form that is the same in every process."""
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, value.co_varnames, _told(value.co_consts)
    if isinstance(value, str | bytes | int | float | complex | type(None) | type(...)):
        return value
    if isinstance(value, tuple | list):
        return [_told(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(repr(_told(each)) for each in value)
    if isinstance(value, dict):
        return [(_told(key), _told(each)) for key, each in value.items()]
    # Functions, static and class methods, properties, and what wraps a function.
    parts = ("__code__", "__defaults__", "__kwdefaults__", "__func__", "__wrapped__")
    parts += ("fget", "fset", "fdel", "func")
    found = [(part, getattr(value, part)) for part in parts if hasattr(value, part)]
    return type(value).__qualname__, [(part, _told(each)) for part, each in found]


def plain(value: Any) -> Any:
    """A stage's field in a form that can be serialized as JSON.

    Example:
        >>> from adaat_keras.methods import Training
        >>> plain(Training(epochs=2))["epochs"], plain(tasks.get("depth"))
        (2, 'depth')
    """
    if isinstance(value, Task):
        return _with_code(tasks.serialize(value), type(value))
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, keras.losses.Loss):
        return _with_code(keras.saving.serialize_keras_object(value), type(value))
    if isinstance(value, type):
        return _with_code(place_of(value), value)
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _with_code(what, kind: type):
    """A serialized object, with its class's code if the class is user-defined."""
    called = _called(kind)
    return what if called == kind.__name__ else [what, called]


def described(callback: keras.callbacks.Callback) -> list:
    """A callback's class and those of its arguments that are numbers, strings or `None`.

    If it stores its constructor's arguments under their own names, only these are included, so that
    the result does not change when the callback is used; otherwise all its simple attributes are.

    Example:
        >>> described(keras.callbacks.TerminateOnNaN(raise_error=True))
        ['keras.src.callbacks.terminate_on_nan:TerminateOnNaN', {'raise_error': True}]
    """
    simple, usual = (str, int, float, bool, type(None)), vars(keras.callbacks.Callback())
    held = {n: v for n, v in vars(callback).items() if n not in usual}
    if "monitor_op" in held and "min_delta" in held:
        # Keras negates it for metrics that are minimized.
        held["min_delta"] = abs(held["min_delta"])
    arguments = [
        _named_arguments(kind.__init__)
        for kind in type(callback).__mro__
        if "__init__" in vars(kind) and kind not in (keras.callbacks.Callback, object)
    ]
    if all(name in held for name in next(iter(arguments), ())):
        names = {name for each in arguments for name in each}
        held = {name: value for name, value in held.items() if name in names}
    known = {name: value for name, value in held.items() if isinstance(value, simple)}
    return [place_of(type(callback)), dict(sorted(known.items()))]


def _named_arguments(constructor: Callable) -> list[str]:
    """The names of a constructor's arguments, without `self`, `*args` and `**kwargs`."""
    _, *parameters = inspect.signature(constructor).parameters.values()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in parameters if each.kind in named]


def _untrainable(network: keras.Model) -> list[int]:
    """The indices of the weights that a user has frozen."""
    return [number for number, weight in enumerate(network.weights) if not weight.trainable]
