"""Keeps a trainer's state after every epoch, and brings it back."""

import re
from pathlib import Path

import keras

from adaat_keras.files import Hdf5, written_whole

_STOPPED = ".stopped"


class Checkpoint(keras.callbacks.Callback):
    """Saves networks and all optimizers of a trainer after every epoch, each file whole or absent.

    The file's name carries the number of epochs done. `restore` loads the newest into a compiled
    trainer, whose optimizers are built, and says at which epoch to go on; with data that is a
    function of the step's number, training then ends in the weights of an unbroken run. Keras'
    `BackupAndRestore` builds `model.optimizer` alone, so that a second one starts afresh.

    A callback that ends the training has the last word on the weights: that state is saved after
    all callbacks, and says so, so that nobody trains on from it. It comes last of them.

    Args:
        folder: Where the state lives.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = Path(folder)
        self._epochs = 0

    def restore(self, trainer: keras.Model) -> int:
        """Load the newest state and return the number of epochs done; 0 without a state."""
        files = self.files()
        if not files:
            return 0
        epochs = max(files)
        trainer.load_weights(files[epochs])
        return epochs

    @property
    def stopped(self) -> bool:
        """Whether a callback ended the training with the newest state."""
        files = self.files()
        return bool(files) and _STOPPED in files[max(files)].name

    def on_epoch_end(self, epoch, logs=None):
        """Save this state, unless it is to be the last before its time."""
        self._epochs = epoch + 1
        if not self.model.stop_training:
            self._save("")

    def on_train_end(self, logs=None):
        """Save what a callback that ended the training has left, such as the best weights."""
        if self.model.stop_training and self._epochs:
            self._save(_STOPPED)

    def _save(self, how: str) -> None:
        """Save this state, then remove the older ones."""
        with written_whole(self.folder / f"epoch-{self._epochs:04}{how}.weights.h5") as temporary:
            self.model.save_weights(state := Hdf5())
            temporary.write_bytes(state.getbuffer())
        self.remove(before=self._epochs)

    def remove(self, before: int | None = None) -> None:
        """Remove the states of fewer epochs than `before`, or all."""
        for epochs, file in self.files().items():
            if before is None or epochs < before:
                file.unlink()

    def files(self) -> dict[int, Path]:
        """The states that exist, by the number of epochs done."""
        pattern = re.compile(rf"epoch-(\d+)(?:{re.escape(_STOPPED)})?\.weights\.h5")
        matches = ((pattern.fullmatch(file.name), file) for file in self.folder.glob("*.h5"))
        return {int(match[1]): file for match, file in matches if match}
