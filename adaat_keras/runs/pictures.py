"""Pictures of a few predictions after every epoch, for TensorBoard."""

import contextlib
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain, said_in_graph
from adaat_keras.models import AdaAtdt
from adaat_keras.report.score import spread_frames
from adaat_keras.tasks import Task

_FRAMES = 3
# Larger frames are cropped to the middle, which keeps the scale of the training.
_HEIGHT, _WIDTH = 256, 512


class Pictures(keras.callbacks.Callback):
    """Writes a network's predictions for a few frames to TensorBoard after every epoch.

    If this fails, a line is printed, no further pictures are written, and training continues.

    Args:
        folder: TensorBoard's folder.
        network: Takes images of any size, 0 to 255.
        task: The task that it predicts.
        domain: The domain; the frames are spread evenly over it.
    """

    def __init__(self, folder: Path, network: keras.Model, task: Task, domain: Domain):
        super().__init__()
        self.folder = folder
        self.network = network
        self.task = task
        self.domain = domain
        self._images: list[np.ndarray] | None = None
        self._writer: tf.summary.SummaryWriter | None = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write this epoch's pictures."""
        if self.folder is None:
            return
        try:
            self._write(epoch + 1)
        except Exception as error:
            warnings.warn(
                f"{self.folder}: the pictures of epoch {epoch + 1} failed, and are left out from "
                f"here: {said_in_graph(error)}",
                stacklevel=2,
            )
            self.folder = None

    def on_train_end(self, logs: dict | None = None) -> None:
        """Close TensorBoard's file; another training would begin another."""
        if self._writer is not None:
            # Every epoch has flushed it, or reported that it could not.
            with contextlib.suppress(tf.errors.OpError):
                self._writer.close()
        self._images = self._writer = None

    def _write(self, epoch: int) -> None:
        if self._images is None:
            frames = spread_frames(self.domain, _FRAMES)
            self._images = [_middle(frame[0].numpy()) for frame in frames]
            if getattr(self.network, "camera", None) is not None:
                # Frames have this training's scale; a camera is that of an earlier one.
                self.network = self.network.without_camera()
            # One writer for all epochs, since each creates a file.
            self._writer = tf.summary.create_file_writer(str(self.folder))
        with self._writer.as_default(step=epoch):
            for number, image in enumerate(self._images):
                # Eagerly, since tracing a graph takes longer than a few small images.
                outputs = self.network(image[None].astype(np.float32), training=False)
                labels = self.task.decode(keras.ops.convert_to_numpy(outputs))[0]
                both = np.concatenate([image, self.task.colorize(labels)], axis=1)
                tf.summary.image(f"{self.domain.name} {number}: {self.task.name}", both[None])
        self._writer.flush()


def network_of(model: AdaAtdt, trained: list[str]) -> tuple[keras.Model, str] | None:
    """The model that a stage's networks form to predict a task from images, and the task.

    Args:
        model: All of a run's networks.
        trained: Names of the networks that the stage trains.

    Returns:
        The network, and `"from_task"` or `"to_task"`; `None` if the stage trains no predictor.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> network_of(build_ada_atdt(size="tiny"), ["encoder_2", "decoder_2"])[1]
        'to_task'
    """
    if "transfer" in trained:
        return model, "to_task"
    if "decoder_2" in trained:
        return model.base_model_2, "to_task"
    return (model.base_model_1, "from_task") if "decoder_1" in trained else None


def _middle(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    top, left = max(0, height - _HEIGHT) // 2, max(0, width - _WIDTH) // 2
    return image[top : top + _HEIGHT, left : left + _WIDTH]
