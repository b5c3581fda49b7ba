"""ADA-AT/DT in Keras 3: when a label is missing in the real world.

    from adaat_keras import load
    model = load("streets_depth_to_semantic_small")
    model.predict(images)

    from adaat_keras import build_ada_atdt, fit_ada_atdt
    model = build_ada_atdt("depth", "semantic")
    fit_ada_atdt(model, source="streets_sim", target="streets_real")

Names to choose from: `domains.names()`, `tasks.names()`, `methods.names()`,
`models.transfer.names()`. What is named here is imported when it is first used, so that the
command line's help and the processes that render streets do not wait for Keras. Where Keras is
imported, before or after, `keras.saving.load_model` knows this package's networks.
"""

import importlib
import importlib.abc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaat_keras.build import build_ada_atdt
    from adaat_keras.fit import fit_ada_atdt
    from adaat_keras.models.ada_atdt import AdaAtdt
    from adaat_keras.presets import list_presets, load
    from adaat_keras.report.score import score

__version__ = "0.2.0.dev0"
_PLACES = {
    "AdaAtdt": "adaat_keras.models.ada_atdt",
    "build_ada_atdt": "adaat_keras.build",
    "fit_ada_atdt": "adaat_keras.fit",
    "list_presets": "adaat_keras.presets",
    "load": "adaat_keras.presets",
    "score": "adaat_keras.report.score",
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
__all__ = ["AdaAtdt", "build_ada_atdt", "fit_ada_atdt", "list_presets", "load", "score"]


def __getattr__(name: str):
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if name in _PACKAGES:
        return importlib.import_module(f"adaat_keras.{name}")
    raise AttributeError(f"module 'adaat_keras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES, *_PACKAGES})


def _require_tensorflow(what: str) -> None:
    """Raise an `ImportError` that says what to set, unless Keras runs on TensorFlow."""
    import keras

    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"{what} needs Keras on TensorFlow, and it runs on {keras.config.backend()!r} here: "
            "set the environment variable KERAS_BACKEND=tensorflow"
        )


class _RegisterWithKeras(importlib.abc.MetaPathFinder):
    """Imports the networks right after Keras, which then finds their classes in a file.

    Keras looks a class up among those that are registered, and registering needs Keras itself. It
    takes seconds to import, so this waits for somebody who does.
    """

    def find_spec(self, name, path=None, target=None):
        """What the other finders say, with the networks' import after it."""
        # The networks need this package's layers, which import Keras themselves.
        if name not in ("keras", "adaat_keras.layers"):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self._execute(module, execute)
        return spec

    def _execute(self, module, execute):
        try:
            execute(module)
        except (ImportError, ValueError) as error:
            if module.__name__ != "keras":
                raise
            raise ImportError(
                f"Keras does not start: {error}. Its backend is what the environment variable "
                "KERAS_BACKEND says, or keras.json: set KERAS_BACKEND=tensorflow"
            ) from error
        # Where the layers are there before Keras is, they are waiting for it.
        if module.__name__ == "adaat_keras.layers" or "adaat_keras.layers" not in sys.modules:
            importlib.import_module("adaat_keras.models")
            if self in sys.meta_path:
                sys.meta_path.remove(self)


if "keras" in sys.modules:
    importlib.import_module("adaat_keras.models")
else:
    sys.meta_path.insert(0, _RegisterWithKeras())
