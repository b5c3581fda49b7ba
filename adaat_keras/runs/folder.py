"""The folder of a run, and the check that it belongs to the same configuration."""

import shutil
from datetime import datetime
from pathlib import Path

from adaat_keras.files import check_not_anothers, home_expanded, read_json, write_json
from adaat_keras.methods.stage_key import versions
from adaat_keras.models import AdaAtdt
from adaat_keras.models.ada_atdt import read_ada_atdt
from adaat_keras.models.preset_format import DETAILS, read_details
from adaat_keras.models.trust import check_place
from adaat_keras.presets import find_preset, load, read_manifest
from adaat_keras.runs.config import RunConfig, differing, without_places


class RunFolder:
    """The files of a run.

        config.json       the configuration
        versions.json     the versions of package and trainers that made it
        history.csv       every epoch of every stage
        logs/             TensorBoard
        networks/         the trained networks, one `.keras` each
        model.keras       all six as one `AdaAtdt` model
        metrics.json      scores on the scored split
        panels.png, tsne.png, curves.png, README.md
        state/            the state from which a killed run resumes

    Args:
        path: The folder; it need not exist.

    Example:
        >>> import tempfile
        >>> folder = RunFolder(tempfile.mkdtemp())
        >>> folder.finished, folder.network("transfer").name
        (False, 'transfer.keras')
    """

    def __init__(self, path: Path | str):
        self.path = home_expanded(path)
        self.config = self.path / "config.json"
        self.versions = self.path / "versions.json"
        self.history = self.path / "history.csv"
        self.logs = self.path / "logs"
        self.networks = self.path / "networks"
        self.model = self.path / "model.keras"
        self.metrics = self.path / "metrics.json"
        self.state = self.path / "state"
        self.failed = self.state / "failed.json"
        self.scored = self.state / "scored.json"

    @property
    def begun(self) -> bool:
        """Whether the folder's run has finished an epoch."""
        return self.history.exists()

    @property
    def finished(self) -> bool:
        """Whether the folder's run is completely trained."""
        return self.metrics.exists() and self.model.exists()

    def told_finished(self) -> str:
        """A line that says since when the run is finished, and that it stays as it is."""
        when = datetime.fromtimestamp(self.model.stat().st_mtime).isoformat(" ", "minutes")
        return (
            f"{self.path} holds this run, finished on {when}, and nothing is trained; if its data "
            "has changed since, choose another directory"
        )

    def check(self, config: RunConfig) -> None:
        """Raise an error unless a run with this configuration can start or resume in the folder.

        Raises:
            NotADirectoryError: The folder is a file.
            FileExistsError: It has files of something else that would be replaced.
            ValueError: Its run has another configuration or version; names every option that
                differs, with both values.
        """
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"{self.path} is a file; a run needs a folder")
        check_not_anothers(self.path, _REPLACED, self.config.name, "a run")
        if self.config.exists():
            self.read_config()
        differs = self._differing(config) if self.begun else []
        if not differs:
            return
        advice = "Choose another directory, or delete that one"
        if self.finished and all(each.startswith("epochs ") for each in differs):
            advice = (
                "The learning rate follows the length of a training, which therefore cannot be "
                f"made longer; go on from its weights in another directory: --weights {self.path}"
            )
        raise ValueError(
            f"{self.path} holds a run of another configuration or version: {'; '.join(differs)}. "
            f"{advice}"
        )

    def claim(self, config: RunConfig) -> None:
        """Start a run with this configuration in the folder, or resume it.

        A run with another configuration that never finished an epoch is replaced.

        Raises:
            ValueError: The folder holds a run with another configuration; names the difference.
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
            return RunConfig.from_dict(read_json(self.config))
        except FileNotFoundError:
            raise
        # It may say anything, and so fail in any way.
        except Exception as error:
            raise ValueError(f"{self.config} is no run's configuration: {error}") from error

    def read_metrics(self) -> dict[str, dict[str, float | None]]:
        """The scores of the folder's finished run, by predictor and domain.

        Raises:
            ValueError: The file holds none; names the file.
        """
        metrics = read_json(self.metrics)
        groups = [*metrics.values()] if isinstance(metrics, dict) else [None]
        if not all(isinstance(g, dict) and all(map(_is_score, g.values())) for g in groups):
            raise ValueError(
                f"{self.metrics} holds no run's scores; delete it and start the run again, which "
                "scores anew"
            )
        return metrics

    def _differing(self, config: RunConfig) -> list[str]:
        """Every option and version that differs in the folder's run, with both values."""
        if not self.config.exists():
            return []
        known = read_json(self.versions) if self.versions.exists() else {}
        if not isinstance(known, dict):
            raise ValueError(f"{self.versions} holds no versions: {known!r}")
        ours, theirs = config.to_dict(), self.read_config().to_dict()
        if not self.finished:
            # Moved data, or skipping bad frames, is compatible: the key of each stage includes the
            # content of its data.
            ours, theirs = without_places(ours), without_places(theirs)
        return differing(ours | versions(), theirs | known)

    def network(self, name: str) -> Path:
        """The file of a trained network."""
        return self.networks / f"{name}.keras"

    def load(self) -> tuple[RunConfig, AdaAtdt]:
        """The configuration and the networks of a finished run.

        Raises:
            FileNotFoundError: The folder holds no finished run.
            ValueError: Its configuration or its model cannot be read.
        """
        for file in (self.config, self.model):
            if not file.exists():
                raise FileNotFoundError(
                    f"{file} does not exist: {self.path} holds no finished run; "
                    "`adaat-keras train --directory` makes one"
                )
        config, model = self.read_config(), read_ada_atdt(self.model)
        model.origin = str(self.path)
        return config, model


# Files that a run writes under names that files of something else may have.
_REPLACED = (
    *("README.md", "history.csv", "metrics.json", "model.keras"),
    *("curves.png", "panels.png", "tsne.png"),
)


def _is_score(value) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (number and -1e300 < value < 1e300)


def load_trained(what: Path | str) -> tuple[dict, AdaAtdt]:
    """Load the model of a run or a preset, with the options of its training.

    Args:
        what: A run's folder, or a preset as `adaat_keras.load` takes it.

    Returns:
        Options by `RunConfig`'s names, as far as they are known, and the model. A preset's options
        are not validated, since it may come from another machine or a later version.

    Raises:
        FileNotFoundError: The folder holds no finished run.
        ValueError: There is no such preset, it cannot be read, or the networks that predict are
            untrained.
    """
    folder = home_expanded(what)
    if str(what) not in read_manifest() and folder.is_dir() and not (folder / DETAILS).exists():
        config, model = RunFolder(folder).load()
        known = config.to_dict()
    else:
        known, model = _told(find_preset(what)), load(what)
    model.check_trained(what)
    return known, model


def _told(preset: Path) -> dict:
    """The options in a preset of the run that trained it.

    Without domains that only its publisher has, and without the folders that these would write to.
    """
    told = read_details(preset).get("run", {})
    roles = ("source", "target")
    options = [f"{role}_options" for role in roles]
    if not isinstance(told, dict) or not all(isinstance(told.get(o, {}), dict) for o in options):
        raise ValueError(f"{preset / DETAILS}: its run is {told!r}, no configuration; delete it")
    told = dict(told)
    for role, name in zip(roles, options, strict=True):
        told[name] = {k: v for k, v in told.get(name, {}).items() if k != "cache"}
        try:
            check_place(told.get(role), preset / DETAILS)
        except ValueError:
            # Opening it would run its code; users can give it by --domain instead.
            del told[role]
    return told
