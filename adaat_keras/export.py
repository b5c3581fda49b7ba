"""The inference path without this package."""

import os
import shutil
from pathlib import Path

import keras
import tensorflow as tf

from adaat_keras import _require_tensorflow
from adaat_keras.models.ada_atdt import AdaAtdt

_require_tensorflow("adaat_keras.export")
DTYPES = ("float32", "uint8")


def export_model(model: keras.Model, path: Path | str) -> None:
    """Write the prediction alone, for machines that have TensorFlow and not this package.

    `tf.saved_model.load(path)` gives a function of images `(n, height, width, 3)`, uint8 or
    float32, 0 to 255, any size that the model takes, to its float32 outputs. The signatures, for
    TensorFlow Serving, are `serving_default` (float32) and `uint8`: `image` in, `prediction` out.

    Args:
        model: A functional model that normalizes by itself. Of `AdaAtdt` the networks by which it
            predicts (`model.predictor`) are written, and no other.
        path: The SavedModel's folder.

    Raises:
        FileExistsError: There is something already.

    Example:
        >>> import tempfile
        >>> from adaat_keras import build_ada_atdt
        >>> folder = Path(tempfile.mkdtemp()) / "exported"
        >>> export_model(build_ada_atdt(transfer="conv", size="tiny"), folder)
        >>> predict = tf.saved_model.load(folder)
        >>> predict(tf.ones((1, 50, 70, 3), tf.uint8)).shape
        TensorShape([1, 50, 70, 11])
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists; delete it, or choose another --out")
    exported = _Exported(model)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        tf.saved_model.save(exported, str(temporary), signatures=exported.named)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Exported(tf.Module):
    """The function, and the variables that its graph takes."""

    def __init__(self, model: keras.Model):
        super().__init__()
        alone = isinstance(model, AdaAtdt) and model.predictor == "base_model_2"
        path = model.base_model_2 if alone else keras.Model(model.inputs, model.outputs)
        self.weights = [weight.value for weight in path.weights]
        self.predict = tf.function(
            lambda image: tf.cast(path(image, training=False), tf.float32),
            input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
        )
        serving, uint8 = (self._signature(dtype) for dtype in DTYPES)
        self.named = {"serving_default": serving, "uint8": uint8}

    @tf.function
    def __call__(self, image):
        """The prediction."""
        return self.predict(tf.cast(image, tf.float32))

    def _signature(self, dtype: str):
        images = tf.TensorSpec((None, None, None, 3), dtype, name="image")
        self.__call__.get_concrete_function(images)
        named = tf.function(lambda image: {"prediction": self(image)})
        return named.get_concrete_function(images)
