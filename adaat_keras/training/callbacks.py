"""Callbacks of a run."""

import csv
import math
import time
from pathlib import Path

import keras

from adaat_keras.files import written_whole


class StopOnNan(keras.callbacks.Callback):
    """Raises `FloatingPointError` at the first batch after which a loss is NaN or infinite.

    The message names stage, epoch, batch and value, and the folder of the last good state.

    Args:
        stage: Name of the stage.
        state: Folder of the last good state, if it is saved.

    Example:
        >>> callback = StopOnNan("joint")
        >>> callback.on_train_batch_end(0, {"loss": 0.5})
        >>> callback.on_train_batch_end(1, {"loss": math.nan})
        Traceback (most recent call last):
        ...
        FloatingPointError: loss became nan in stage 'joint', epoch 1, batch 2. ...
    """

    def __init__(self, stage: str, state: Path | None = None):
        super().__init__()
        self.stage = stage
        self.state = state
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Check every value of the batch's log."""
        self._check(logs, f"batch {batch + 1}")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Check the validation losses, since the epoch's last step may have broken the weights.

        Other scores may legitimately be NaN, such as the IoU of a class that never occurs.
        """
        losses = {name: value for name, value in (logs or {}).items() if name.endswith("loss")}
        self._check(losses, "validation")

    def _check(self, logs: dict | None, place: str) -> None:
        for name, value in (logs or {}).items():
            if not math.isfinite(float(value)):
                kept = ""
                if self.epoch > 0 and self.state is not None:
                    kept = f"; the state of the last whole epoch is kept in {self.state}"
                raise FloatingPointError(
                    f"{name} became {float(value)} in stage {self.stage!r}, epoch "
                    f"{self.epoch + 1}, {place}{kept}. Try a lower learning rate, or look at the "
                    "labels"
                )


class TimeLeft(keras.callbacks.Callback):
    """Prints before every epoch the current stage and the time left over all stages.

    The estimate assumes that all remaining epochs take as long as the latest one.

    Args:
        title: What is being trained, e.g. `"stage 1 of 3, adversarial"`.
        epochs: Epochs of this stage.
        epochs_after: Epochs of the stages after this one.
        seconds: Duration of an epoch of the previous stage, if known.
        verbose: 0 prints nothing.
    """

    def __init__(
        self,
        title: str,
        epochs: int,
        epochs_after: int = 0,
        seconds: float | None = None,
        verbose: int = 1,
    ):
        super().__init__()
        self.title = title
        self.epochs = epochs
        self.epochs_after = epochs_after
        self.seconds = seconds
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Print the line and start the clock."""
        left = ""
        if self.seconds is not None:
            minutes = self.seconds * (self.epochs - epoch + self.epochs_after) / 60
            left = f", about {minutes:.1f} minutes of training left in all"
        if self.verbose:
            print(f"{self.title}{left}", flush=True)
        self.start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stop the clock, validation included."""
        self.seconds = time.monotonic() - self.start


_HIDDEN = ("iou_", "delta_2", "delta_3", "sq_rel", "rmse", "median_angle", "within_22_5")


class ShortProgress(keras.callbacks.ProgbarLogger):
    """Keras' progress bar, showing only an epoch's main scores; the log keeps all of them.

    Args:
        hidden: Substrings of the names of values that are not shown.
    """

    def __init__(self, hidden: tuple[str, ...] = _HIDDEN):
        super().__init__()
        self.hidden = hidden

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Show the main scores."""
        shown = {
            name: value
            for name, value in (logs or {}).items()
            if not any(part in name for part in self.hidden) or name.endswith("mean_iou")
        }
        super().on_epoch_end(epoch, shown)


class HistoryFile(keras.callbacks.Callback):
    """Writes every epoch's log to CSV files, preceded by the stage's name and the epoch.

    Args:
        stage: Name of the stage.
        path: The stage's file, kept with its state, so that a run that resumes from another run's
            state has all epochs.
        run_path: The run's file, shared by its stages.
    """

    def __init__(self, stage: str, path: Path, run_path: Path):
        super().__init__()
        self.stage = stage
        self.path = path
        self.run_path = run_path

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add this epoch's row to both files."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        merge_history(self.path, [{"stage": self.stage, "epoch": epoch + 1, **values}])
        merge_history(self.run_path, read_history(self.path))


def read_history(path: Path) -> list[dict[str, str]]:
    """The rows of a history file without empty cells; an empty list if there is no file.

    Raises:
        ValueError: The file is damaged; names it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "history.csv"
        >>> _ = path.write_text("stage,epoch,loss\\njoint,1,0.5\\n")
        >>> read_history(path)
        [{'stage': 'joint', 'epoch': '1', 'loss': '0.5'}]
    """
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{k: v for k, v in row.items() if v != ""} for row in csv.DictReader(file)]
        for row in rows:
            epoch = int(row["epoch"])
            values = [float(value) for name, value in row.items() if name != "stage"]
            if not row["stage"] or epoch < 1 or None in row or len(values) != len(row) - 1:
                raise ValueError(f"a row is {row}")
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise ValueError(
            f"{path} is no run's history, or damaged: {error!r}; delete it and start the run again"
        ) from error
    return rows


def merge_history(path: Path, rows: list[dict]) -> None:
    """Add rows to a history file, replacing those of the same stages from their first epoch on.

    Thus, a run that is resumed has every epoch once.
    """
    new = {(row["stage"], int(row["epoch"])) for row in rows}
    first = {stage: min(e for s, e in new if s == stage) for stage, _ in new}
    before = read_history(path)
    kept = [r for r in before if int(r["epoch"]) < first.get(r["stage"], 10**9)]
    if len(kept) + len(rows) == len(before) and all(row in before for row in rows):
        return
    rows = [*kept, *rows]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with (
        written_whole(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
