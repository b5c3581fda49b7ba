"""Methods, one file each: which stages, in which order, on what. `get("ada_atdt")` gives one.

- `ada_atdt`: the paper in one file; `teacher`: what its recommended recipe adds.
- `at_dt`: AT/DT, as a variation of it; `label_teacher`, `source_only`: baselines.
- `dan`, `fcns_in_the_wild`, `cycle_gan`, `cycada`: what the paper compares it with.
- `method`: the base class; `stage`: a part of a method's training and its data; `stage_key`: the
  key of its result; `checks`: checks before training; `recipe`: the settings.
"""

import importlib
from typing import TYPE_CHECKING

from adaat_keras.registry import Registry

if TYPE_CHECKING:
    from adaat_keras.methods.method import Method

# The public classes by the files that they are in, imported when they are first asked for.
_CLASSES = {
    "AdaAtdt": "ada_atdt",
    "AdversarialTrainer": "ada_atdt",
    "AtDt": "at_dt",
    "AtDtDa": "at_dt",
    "Cycada": "cycada",
    "CycleGan": "cycle_gan",
    "CycleGanTrainer": "cycle_gan",
    "Dan": "dan",
    "DanTrainer": "dan",
    "FcnsInTheWild": "fcns_in_the_wild",
    "FcnsInTheWildTrainer": "fcns_in_the_wild",
    "LabelTeacher": "label_teacher",
    "Method": "method",
    "Oracle": "source_only",
    "Recipe": "recipe",
    "SourceOnly": "source_only",
    "TaughtTrainer": "label_teacher",
    "Training": "recipe",
    "TransferTrainer": "ada_atdt",
}
METHODS = {
    "ada_atdt": "adaat_keras.methods.ada_atdt:AdaAtdt",
    "at_dt": "adaat_keras.methods.at_dt:AtDt",
    "at_dt_da": "adaat_keras.methods.at_dt:AtDtDa",
    "cycada": "adaat_keras.methods.cycada:Cycada",
    "cycle_gan": "adaat_keras.methods.cycle_gan:CycleGan",
    "dan": "adaat_keras.methods.dan:Dan",
    "fcns_in_the_wild": "adaat_keras.methods.fcns_in_the_wild:FcnsInTheWild",
    "label_teacher": "adaat_keras.methods.label_teacher:LabelTeacher",
    "oracle": "adaat_keras.methods.source_only:Oracle",
    "source_only": "adaat_keras.methods.source_only:SourceOnly",
}
_registry = Registry("method", METHODS)

__all__ = [*_CLASSES, "METHODS", "get", "names"]


def get(what: "str | type[Method] | Method") -> "Method":
    """A method by its name, its class, `"module:Class"` or `"file.py:Class"`; objects pass through.

    Example:
        >>> get("dan").predictor
        'base_model_2'
    """
    from adaat_keras.methods.method import Method

    found = _registry.get(what) if isinstance(what, str) else what
    found = found() if isinstance(found, type) and issubclass(found, Method) else found
    if not isinstance(found, Method):
        raise ValueError(f"{what!r} is no method: a method derives from {__name__}.Method")
    return found


def names() -> list[str]:
    """Every method's name.

    Example:
        >>> names()[:3]
        ['ada_atdt', 'at_dt', 'at_dt_da']
    """
    return _registry.names()


def __getattr__(name: str):
    if name in _CLASSES:
        return getattr(importlib.import_module(f"{__name__}.{_CLASSES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_CLASSES})
