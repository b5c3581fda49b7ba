"""The folder that a run leaves, and what makes it the same run."""

import json
from pathlib import Path

from adaat_keras.files import write_json
from adaat_keras.methods.harness.run_config import RunConfig


class RunFolder:
    """Names the files of a run.

        config.json       the configuration
        history.csv       every epoch of every step
        logs/             TensorBoard
        networks/         the trained networks, one `.keras` each
        model.keras       all six as one model
        metrics.json      scores on the test splits
        panels.png, tsne.png, curves.png, README.md
        state/            what a run that was killed goes on from

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.history = self.path / "history.csv"
        self.logs = self.path / "logs"
        self.networks = self.path / "networks"
        self.model = self.path / "model.keras"
        self.metrics = self.path / "metrics.json"
        self.state = self.path / "state"

    def claim(self, config: RunConfig) -> None:
        """Make this the folder of a run with this configuration, or of the same run going on.

        Raises:
            ValueError: The folder holds a run of another configuration; names the difference.
        """
        ours = json.loads(json.dumps(config.to_dict()))
        if not self.config.exists():
            write_json(self.config, ours)
            return
        theirs = json.loads(self.config.read_text())
        differing = [k for k in {**ours, **theirs} if ours.get(k) != theirs.get(k)]
        if differing:
            lines = (f"{k} is {theirs.get(k)!r} there, {ours.get(k)!r} now" for k in differing)
            raise ValueError(
                f"{self.path} holds a run of another configuration: {'; '.join(lines)}. "
                "Choose another --directory, or delete that one"
            )

    def network(self, name: str) -> Path:
        """The file of a trained network."""
        return self.networks / f"{name}.keras"
