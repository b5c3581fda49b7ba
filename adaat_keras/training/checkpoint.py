"""Saves a trainer's state after every epoch, and restores it."""

import re
from pathlib import Path

import keras

from adaat_keras.files import Hdf5, written_whole

_STOPPED = ".stopped"


class Checkpoint(keras.callbacks.Callback):
    """Saves the networks and all optimizers of a trainer after every epoch, atomically.

    File names contain the number of finished epochs. `restore` loads the newest file into a
    compiled trainer, whose optimizers are built, and returns the epoch to continue at; if the data
    depends only on the step, training then ends with the weights of an unbroken run. Keras'
    `BackupAndRestore` only builds `model.optimizer`, so that a second optimizer would start anew.

    This must be the last callback. The last state is saved when the training ends, with the weights
    as the other callbacks left them, such as the best ones; it is marked as `stopped` if one of
    them ended the training.

    Args:
        folder: Folder of the states.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = Path(folder)
        self._epochs = 0

    def restore(self, trainer: keras.Model) -> int:
        """Load the newest state and return the number of finished epochs; 0 without a state."""
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

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save this state, unless it is the last one, which is saved as the training ends."""
        self._epochs = epoch + 1
        if not self.model.stop_training and self._epochs != self.params.get("epochs"):
            self._save("")

    def on_train_end(self, logs: dict | None = None) -> None:
        """Save the weights that the other callbacks left."""
        if self._epochs:
            self._save(_STOPPED if self.model.stop_training else "")

    def _save(self, how: str) -> None:
        """Save this state, then remove the older ones."""
        with written_whole(self.folder / f"epoch-{self._epochs:04}{how}.weights.h5") as temporary:
            self.model.save_weights(state := Hdf5())
            temporary.write_bytes(state.getbuffer())
        self.remove(before=self._epochs)

    def remove(self, before: int | None = None) -> None:
        """Remove the states of fewer epochs than `before`, or all by default."""
        for epochs, file in self.files().items():
            if before is None or epochs < before:
                file.unlink()

    def files(self) -> dict[int, Path]:
        """The existing states by number of finished epochs."""
        pattern = re.compile(rf"epoch-(\d+)(?:{re.escape(_STOPPED)})?\.weights\.h5")
        matches = ((pattern.fullmatch(file.name), file) for file in self.folder.glob("*.h5"))
        return {int(match[1]): file for match, file in matches if match}
