"""ADA-AT/DT in Keras 3: when a label is missing in the real world.

    from adaat_keras import build_ada_atdt, fit_ada_atdt
    model = build_ada_atdt(from_task="depth", to_task="semantic")
    fit_ada_atdt(model, source="streets_sim", target="streets_real", directory="runs/demo")
    model.predict(images)

Names to choose from: `domains.names()`, `tasks.names()`, `methods.names()`,
`models.transfer.names()`. What is named here is imported when it is first used, so that the
command line's help and the processes that render streets do not wait for TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaat_keras.build import build_ada_atdt
    from adaat_keras.fit import fit_ada_atdt
    from adaat_keras.presets import list_presets, load

__version__ = "0.1.0"
_HOMES = {
    "build_ada_atdt": "adaat_keras.build",
    "fit_ada_atdt": "adaat_keras.fit",
    "list_presets": "adaat_keras.presets",
    "load": "adaat_keras.presets",
}
_PACKAGES = (
    "domains",
    "export",
    "inference",
    "layers",
    "methods",
    "models",
    "presets",
    "report",
    "runs",
    "streets",
    "tasks",
    "training",
)
__all__ = ["build_ada_atdt", "fit_ada_atdt", "list_presets", "load"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return importlib.import_module(f"adaat_keras.{name}")
    raise AttributeError(f"module 'adaat_keras' has no attribute {name!r}")
