"""The folder that a run leaves, and what makes it the same run."""

import json
import shutil
from pathlib import Path

from adaat_keras.files import write_json
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.versions import versions


class RunFolder:
    """Names the files of a run.

        config.json       the configuration
        versions.json     the package's, the streets' and the trainers' that made it
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
        self.versions = self.path / "versions.json"
        self.history = self.path / "history.csv"
        self.logs = self.path / "logs"
        self.networks = self.path / "networks"
        self.model = self.path / "model.keras"
        self.metrics = self.path / "metrics.json"
        self.state = self.path / "state"

    @property
    def begun(self) -> bool:
        """Whether the folder's run has finished an epoch."""
        return self.history.exists()

    @property
    def finished(self) -> bool:
        """Whether the folder's run has nothing left to do."""
        return self.metrics.exists() and self.model.exists()

    def check(self, config: RunConfig) -> None:
        """Raise a `ValueError` if the folder's run has begun with another configuration or version.

        Raises:
            NotADirectoryError: The folder is a file.
            ValueError: Names every option that differs, with both values.
        """
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"{self.path} is a file; --directory takes a folder")
        differing = self._differing(config) if self.begun else []
        if differing:
            raise ValueError(
                f"{self.path} holds a run of another configuration or version: "
                f"{'; '.join(differing)}. "
                "Choose another --directory, or delete that one"
            )

    def claim(self, config: RunConfig) -> None:
        """Make this the folder of a run with this configuration, or of the same run going on.

        A run of another configuration that never finished an epoch gives way.

        Raises:
            ValueError: The folder holds a run of another configuration; names the difference.
        """
        self.check(config)
        if self._differing(config):
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.rmtree(self.logs, ignore_errors=True)
            self.config.unlink()
        if not self.config.exists():
            write_json(self.versions, versions())
            write_json(self.config, config.to_dict())

    def read_config(self) -> RunConfig:
        """The configuration of the folder's run.

        Raises:
            ValueError: The file holds none; names the file.
        """
        try:
            return RunConfig.read(json.loads(self.config.read_text()))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.config} is no run's configuration: {error}") from error

    def _differing(self, config: RunConfig) -> list[str]:
        """Every option and version with which the folder's run differs, with both values."""
        if not self.config.exists():
            return []
        now = versions()
        # A run from before versions were written down is taken to be of today's.
        known = json.loads(self.versions.read_text()) if self.versions.exists() else now
        ours = json.loads(json.dumps(config.to_dict() | now))
        theirs = self.read_config().to_dict() | known
        return [
            f"{name} is {theirs.get(name)!r} there, {value!r} now"
            for name, value in ours.items()
            if theirs.get(name) != value
        ]

    def network(self, name: str) -> Path:
        """The file of a trained network."""
        return self.networks / f"{name}.keras"
