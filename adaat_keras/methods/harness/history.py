"""A run's log: one row an epoch, in a CSV file."""

import csv
from pathlib import Path

import keras

from adaat_keras.files import written_whole


class History(keras.callbacks.Callback):
    """Writes every epoch's log to CSV files, with the step's name and the epoch before it.

    Args:
        step: Name of the step.
        path: The step's own file, which stays beside its state: a run that goes on with a state
            of another run's has all epochs.
        run_path: The run's file; its steps share it.
    """

    def __init__(self, step: str, path: Path, run_path: Path):
        super().__init__()
        self.step = step
        self.path = path
        self.run_path = run_path

    def on_epoch_end(self, epoch, logs=None):
        """Add this epoch's row to both files."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        merge_history(self.path, [{"step": self.step, "epoch": epoch + 1, **values}])
        merge_history(self.run_path, read_history(self.path))


def read_history(path: Path) -> list[dict[str, str]]:
    """The rows of a history file without their empty cells; none if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{k: v for k, v in row.items() if v != ""} for row in csv.DictReader(file)]


def merge_history(path: Path, rows: list[dict]) -> None:
    """Add rows to a history file in place of those of the same step and epoch, or later ones.

    A run that was killed and goes on thus has every epoch once.
    """
    new = {(row["step"], int(row["epoch"])) for row in rows}
    first = {step: min(e for s, e in new if s == step) for step, _ in new}
    before = read_history(path)
    kept = [r for r in before if int(r["epoch"]) < first.get(r["step"], 10**9)]
    if len(kept) + len(rows) == len(before) and all(row in before for row in rows):
        return
    rows = [*kept, *rows]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
