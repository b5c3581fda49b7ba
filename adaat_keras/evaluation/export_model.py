"""A network as a TensorFlow SavedModel."""

import shutil
from pathlib import Path

import keras
import tensorflow as tf


def export_model(model: keras.Model, path: Path | str) -> None:
    """Write the prediction alone, for machines that have TensorFlow and not this package.

    Args:
        model: Takes images `(n, height, width, 3)`, 0 to 255, any size; normalizes by itself.
        path: The SavedModel's folder; the example shows how it predicts.

    Raises:
        FileExistsError: There is something else than a SavedModel already.

    Example:
        >>> import tempfile
        >>> from adaat_keras import build_ada_atdt
        >>> folder = Path(tempfile.mkdtemp()) / "exported"
        >>> export_model(build_ada_atdt(transfer="conv", size="tiny"), folder)
        >>> served = tf.saved_model.load(folder)
        >>> served.serve(tf.ones((1, 50, 70, 3))).shape
        TensorShape([1, 50, 70, 11])
    """
    path = Path(path)
    if path.exists() and not (path / "saved_model.pb").exists():
        raise FileExistsError(f"{path} exists and is no SavedModel; choose another --out")
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda images: tf.cast(model(images, training=False), "float32"),
        input_signature=[tf.TensorSpec((None, None, None, 3), "float32")],
    )
    temporary = path.with_name(f".{path.name}-writing")
    archive.write_out(str(temporary), verbose=False)
    if path.exists():
        shutil.rmtree(path)
    temporary.rename(path)
