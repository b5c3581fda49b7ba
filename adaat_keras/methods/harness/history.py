"""A run's log: one row an epoch, in a CSV file."""

import csv
from pathlib import Path

import keras

from adaat_keras.files import written_whole


class History(keras.callbacks.Callback):
    """Writes every epoch's log to a CSV file, with the step's name and the epoch before it.

    Args:
        path: The CSV file; steps share it.
        step: Name of the step.
    """

    def __init__(self, path: Path, step: str):
        super().__init__()
        self.path = path
        self.step = step

    def on_epoch_end(self, epoch, logs=None):
        """Add this epoch's row."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        merge_history(self.path, [{"step": self.step, "epoch": epoch + 1, **values}])


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
    kept = [r for r in read_history(path) if int(r["epoch"]) < first.get(r["step"], 10**9)]
    rows = [*kept, *rows]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
