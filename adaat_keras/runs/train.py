"""Trains a method in a folder: stage by stage, resuming earlier work, then scores and draws."""

import filecmp
import shutil
import time
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from adaat_keras import methods
from adaat_keras.build import build_ada_atdt
from adaat_keras.domains.splits import Splits
from adaat_keras.files import Hdf5, told_when_full, write_json, written_whole
from adaat_keras.lock import locked
from adaat_keras.methods.checks import (
    check_batch,
    check_batches,
    check_callbacks,
    check_domains,
    check_precision,
    check_scope,
)
from adaat_keras.methods.method import (
    History,
    Method,
    chosen_stages,
    frozen,
    mark_predictor,
    mark_trained,
)
from adaat_keras.methods.stage import Feed, Stage, fit_stage, plain_errors
from adaat_keras.methods.stage_key import described, stage_key
from adaat_keras.models import AdaAtdt
from adaat_keras.models.ada_atdt import read_ada_atdt
from adaat_keras.models.preset_format import read_model
from adaat_keras.runs.checks import check_machines, check_room, check_writable
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.pictures import Pictures, network_of
from adaat_keras.runs.report import is_of_others, report
from adaat_keras.training.callbacks import (
    HistoryFile,
    ShortProgress,
    StopOnNan,
    TimeLeft,
    merge_history,
    read_history,
)
from adaat_keras.training.checkpoint import Checkpoint
from adaat_keras.training.devices import (
    deterministic_ops,
    lost_machine,
    strategy_for,
)
from adaat_keras.training.trainer import Trainer


def train_from_config(
    config: RunConfig,
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    deterministic: bool | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 1,
) -> History:
    """Build the networks from the configuration's seed and train them, reproducibly.

    Arguments as `train`'s; `devices` is a number or `"all"`, of each machine that `TF_CONFIG`
    names.
    """
    # First of all, since TensorFlow cannot join other machines once it is initialized.
    strategy = strategy_for(devices)
    networks = config.networks
    with strategy.scope():
        model = build_ada_atdt(
            config.from_task,
            config.to_task,
            networks.transfer,
            networks.size,
            networks.precision,
            networks.architecture,
            networks.weights,
            seed=config.training.seed,
            trunk=networks.trunk,
        )
    return train(
        config,
        model,
        directory,
        store,
        callbacks=callbacks,
        strategy=strategy,
        deterministic=deterministic,
        verbose=verbose,
        own_weights=False,
    )


def run_once(
    config: RunConfig, path: Path, store: Path | str, devices: str = "1", verbose: int = 1
) -> dict:
    """Train and score a run unless it is finished, and return the content of `metrics.json`.

    Scores or pictures that failed in a finished run are repeated.

    Raises:
        ValueError: The folder holds a run with another configuration.
    """
    folder = RunFolder(path)
    folder.check(config)
    if not folder.finished or folder.failed.exists():
        train_from_config(config, path, store, devices, verbose=verbose)
    return folder.read_metrics()


def train(
    config: RunConfig,
    model: AdaAtdt,
    directory: Path | str,
    store: Path | str | None = None,
    splits: Mapping[str, Splits] | None = None,
    method: Method | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
    deterministic: bool | None = None,
    verbose: int = 1,
    own_weights: bool = True,
) -> History:
    """Train a model by the configuration's method, or resume a killed run.

    With several machines, all must call this; they validate together, and only the first one
    writes, scores and draws.

    Args:
        config: The configuration.
        model: The networks, trained in place. When a run is resumed, they get the initial weights
            stored in its folder, and a message says so.
        directory: The run's folder.
        store: Folder in which runs share the results of identical stages; by default the run's own.
        splits: The domains by role, if they are not opened by name.
        method: The configuration's method as an object, if it is not to be created by name.
        callbacks: For every stage.
        strategy: The TensorFlow strategy in whose scope the model was built.
        deterministic: Whether training is bit-for-bit reproducible; by default on a CPU only.
        verbose: As in `keras.Model.fit`; 0 on all machines but the first.
        own_weights: Whether the weights are the user's, so that replacing them by those of a
            finished run is reported.

    Returns:
        The history: for every stage, each logged value's list over the epochs, by name.

    Raises:
        ValueError: The folder holds a run with another configuration, there is a problem with the
            data, the batch cannot be divided among the devices, or the machines' configurations
            differ.
        FloatingPointError: A loss became NaN or infinite.
        ConnectionError: Another machine has stopped.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_precision(model)
    check_batch(config.training, strategy.num_replicas_in_sync)
    check_callbacks(callbacks, config.training)
    folder = RunFolder(directory)
    folder.check(config)
    if not folder.finished:
        check_writable(folder.path)
    check_scope(model, strategy)
    splits = splits or {role: config.splits(role) for role in ("source", "target")}
    feed = Feed(
        splits["source"],
        splits["target"],
        config.training,
        strategy,
        config.data.cache,
        config.data.validation_frames,
        model.stride,
    )
    machines = feed.machines
    check_machines(machines)
    machines.agree(f"whether {folder.path} is finished", int(folder.finished))
    if folder.finished:
        if verbose and machines.first:
            print(folder.told_finished(), flush=True)
        _take_weights(model, folder, own_weights)
        if machines.first:
            _mend(model, folder)
            if folder.failed.exists() or is_of_others(folder, config, feed):
                run = _Run(config, model, feed, folder, folder.state, method, [], verbose)
                with run.alone():
                    run.report_again()
        return by_stage(read_history(folder.history))
    kept = Path(store or folder.state)
    run = _Run(config, model, feed, folder, kept, method, list(callbacks), verbose)
    # Also for TensorBoard's logs, whose library raises its own errors when the disk is full.
    with lost_machine(machines), told_when_full(folder.path), deterministic_ops(deterministic):
        run.train()
    return by_stage(read_history(folder.history))


class _Run:
    """A run in its folder, on this machine."""

    def __init__(
        self,
        config: RunConfig,
        model: AdaAtdt,
        feed: Feed,
        folder: RunFolder,
        store: Path,
        method: Method | None,
        callbacks: list[keras.callbacks.Callback],
        verbose: int,
    ):
        self.config = config
        self.model = model
        self.feed = feed
        self.folder = folder
        self.store = store.expanduser()
        self.method = method or methods.get(config.method)
        self.callbacks = callbacks
        # Now, since callbacks change when they are used.
        self.described = [described(callback) for callback in callbacks]
        self.machines = feed.machines
        self.verbose = verbose if self.machines.first else 0
        # The model's networks, and later those that stages add.
        self.networks: dict[str, keras.Model] = dict(model.networks)

    def train(self) -> None:
        """Train the method's stages and write the run's files."""
        plan = self.config.plan
        stages = chosen_stages(self.every_stage(), plan.stages, plan.freeze, self.model)
        # Before the folder is created, so that a mistake leaves nothing behind.
        if not self.folder.begun:
            self.try_data(stages)
        if self.verbose:
            print(self.feed.told_camera(self.config.from_task), flush=True)
            self.tell_unscored()
        with self.alone():
            self.train_stages(stages)

    def tell_unscored(self) -> None:
        """Report domains that will not be scored, before training, while this can be fixed."""
        for role, splits in self.feed.splits.items():
            try:
                splits.required(self.config.data.split)
            except ValueError as error:
                print(f"nothing will be scored on the {role}: {error}", flush=True)

    def alone(self) -> AbstractContextManager:
        """Lock the folder against other processes; done by the first machine only."""
        if not self.machines.first:
            return nullcontext()
        return locked(self.folder.state, "wait for it, stop it, or choose another directory")

    def train_stages(self, stages: list[Stage]) -> None:
        """Train stage by stage, save the model, and report."""
        config, model, folder = self.config, self.model, self.folder
        if self.machines.first:
            folder.claim(config)
        self.begin_with_the_same_weights()
        seconds = None
        with frozen(model, config.plan.freeze):
            for number, stage in enumerate(stages, 1):
                after = sum(each.training.epochs for each in stages[number:])
                seconds = self.train_stage(
                    stage, StagePosition(number, len(stages), after, seconds)
                )
                mark_trained(model, stage)
        model.origin = str(folder.path)
        mark_predictor(model, self.method)
        model.camera = self.feed.camera
        if self.machines.first:
            with written_whole(folder.model) as temporary:
                model.save(temporary)
            self.report(stages)
        # The others must not exit before the first machine has finished.
        self.machines.wait()

    def every_stage(self) -> list[Stage]:
        """All stages of the method, not only the chosen ones."""
        config = self.config
        return self.method.stages(
            *config.recipe.tasks(config.from_task, config.to_task),
            config.recipe,
            config.training,
            config.networks.architecture,
        )

    def report(self, stages: list[Stage]) -> None:
        """Score and draw what these stages have trained, or what was trained before."""
        ours = {name for stage in stages for name in stage.networks}
        brought = {name for stage in self.every_stage() for name in stage.networks}
        trained = ((brought & set(self.model.networks)) - set(self.model.untrained)) | ours
        report(
            self.config, self.feed, self.model, self.networks, trained, self.folder, self.verbose
        )

    def report_again(self) -> None:
        """Repeat what failed in the report of a finished run."""
        plan = self.config.plan
        stages = chosen_stages(self.every_stage(), plan.stages, plan.freeze, self.model)
        for stage in stages:
            self.networks |= stage.extra_networks(self.model)
            for name in set(stage.networks) - set(self.model.networks):
                load_network(self.folder.network(name), self.networks[name])
        self.report(stages)

    def try_data(self, stages: list[Stage]) -> None:
        """Read a batch of all data, so that problems are reported before any training.

        The scored split is checked, too: the first and the last frame, and the header of all other
        files if the domain can check these; likewise the free disk space.
        """
        check_domains(self.feed, self.model.smallest_for(self.method.predictor))
        for role in ("source", "target"):
            domain = self.feed.splits[role].get(self.config.data.split)
            if domain is None:
                continue
            for index in {0, len(domain) - 1}:
                domain[index]
            if hasattr(domain, "check_files"):
                for index in range(len(domain)):
                    domain.check_files(index)
        check_room(self.folder.path, self.model)
        check_batches(stages, self.feed)

    def begin_with_the_same_weights(self) -> None:
        """Save the model's initial weights or, when resuming, restore them."""
        path = self.folder.state / "initial.weights.h5"
        if self.machines.first and not path.exists():
            with written_whole(path) as temporary:
                self.model.save_weights(weights := Hdf5())
                temporary.write_bytes(weights.getbuffer())
        self.machines.wait()
        self.machines.wait_for(path)
        before = self.model.get_weights()
        self.model.load_weights(path)
        if not _equal(before, self.model.get_weights()):
            warnings.warn(
                f"{self.folder.path} holds a run of this configuration that began with other "
                "weights: it goes on with its own, which replace the model's",
                stacklevel=5,
            )

    def train_stage(self, stage: Stage, position: "StagePosition") -> float | None:
        """Train a stage's networks, unless they are in the store, and copy them to the folder.

        The stage's folder in the store is named by `stage_key`, so that runs with a common store
        share identical stages, and a resumed run finds its own. Returns the seconds per epoch, if
        known.
        """
        machines, training = self.machines, stage.training
        with self.feed.strategy.scope(), plain_errors(stage.name):
            self.networks |= stage.extra_networks(self.model)
            trainer = stage.trainer(self.networks, self.feed)
        clock = TimeLeft(
            f"stage {position.number} of {position.count}, {stage.name}",
            training.epochs,
            epochs_after=position.epochs_after,
            seconds=position.seconds,
            verbose=self.verbose,
        )
        key = stage_key(stage, trainer, self.networks, self.feed, self.described)
        kept = self.store / f"{stage.name}-{key}"
        files = {name: kept / f"{name}.keras" for name in stage.networks}
        machines.agree(f"what stage {stage.name!r} is", int(key[-15:], 16))
        with self.alone_in(kept):
            done = all(file.exists() for file in (kept / "done.json", *files.values()))
            # As the first machine says, which alone has waited for another run that trains it.
            done = bool(machines.everyones(done)[0])
            if not done:
                callbacks = [clock, StopOnNan(stage.name, kept / "checkpoint"), *self.callbacks]
                if machines.first:
                    logs = self.folder.logs / stage.name
                    callbacks += [
                        keras.callbacks.TensorBoard(logs, write_graph=False),
                        HistoryFile(stage.name, kept / "history.csv", self.folder.history),
                        *self.pictures(stage, logs / "pictures"),
                    ]
                if self.verbose == 1:
                    callbacks.append(ShortProgress())
                self.finish_stage(stage, trainer, kept, callbacks)
            machines.wait()
        for name, file in files.items():
            machines.wait_for(file)
            # The first machine has just trained and saved them.
            if done or not machines.first:
                load_network(file, self.networks[name])
        if machines.first:
            for name, file in files.items():
                _copy_if_different(file, self.folder.network(name))
            merge_history(self.folder.history, read_history(kept / "history.csv"))
        return clock.seconds

    def pictures(self, stage: Stage, folder: Path) -> list[Pictures]:
        """The callbacks that draw a stage's predictions on the target after every epoch, if any."""
        domain = self.feed.validated_on("target") or self.feed.seen("target", "train")
        found = network_of(self.model, list(stage.networks))
        if found is None or domain is None:
            return []
        network, task = found
        return [Pictures(folder, network, getattr(self.config, task), domain)]

    def alone_in(self, kept: Path) -> AbstractContextManager:
        """Lock a stage of a shared store, waiting for a run that is training it."""
        if not self.machines.first or (kept / "done.json").exists():
            return nullcontext()
        return locked(kept, "wait for it", wait=True, verbose=self.verbose)

    def finish_stage(self, stage: Stage, trainer: Trainer, kept: Path, callbacks: list) -> None:
        """Finish training a stage, then save its networks and its log in the store."""
        checkpoint = Checkpoint(kept / "checkpoint")
        begun = checkpoint.restore(trainer)
        self.machines.agree(f"the epochs of stage {stage.name!r} that are done", begun)
        start = time.monotonic()
        # The log first: if killed in between, a state without its row would leave a gap.
        callbacks = [*callbacks, *([checkpoint] if self.machines.first else [])]
        if not checkpoint.stopped:
            if self.callbacks and 0 < begun < stage.training.epochs:
                warnings.warn(
                    f"stage {stage.name!r} goes on after epoch {begun}, but your callbacks begin "
                    "anew: what they had counted, such as EarlyStopping's patience, is not kept",
                    stacklevel=6,
                )
            with plain_errors(stage.name):
                fit_stage(stage, trainer, self.feed, callbacks, begun, self.verbose)
        if not self.machines.first:
            return
        for name in stage.networks:
            with written_whole(kept / f"{name}.keras") as temporary:
                self.networks[name].save(temporary)
        seconds = time.monotonic() - start
        write_json(kept / "done.json", {"seconds": round(seconds, 1), "from_epoch": begun})
        shutil.rmtree(checkpoint.folder, ignore_errors=True)


class StagePosition(NamedTuple):
    """A stage's position in its run: number, from 1, total, epochs after it, seconds per epoch."""

    number: int
    count: int
    epochs_after: int
    seconds: float | None = None


def load_network(path: Path, network: keras.Model) -> None:
    """Load a network's weights from a saved network of the same architecture.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a Keras model, or has another architecture.
    """
    saved = read_model(path)
    theirs, ours = ([w.shape for w in n.weights] for n in (saved, network))
    if theirs != ours:
        at = next((i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), None)
        what = f"{len(theirs)} weights, not {len(ours)}"
        if at is not None:
            what = f"weight {network.weights[at].path} has shape {theirs[at]}, not {ours[at]}"
        raise ValueError(
            f"{path} is of another architecture than {network.name}: {what}; build the model "
            "with the size and tasks that the file was saved with"
        )
    network.set_weights(saved.get_weights())


def by_stage(rows: list[dict]) -> History:
    """A history's rows as lists of values, by stage and name."""
    history: History = {}
    for row in rows:
        values = history.setdefault(row["stage"], {})
        for name, value in row.items():
            if name not in ("stage", "epoch"):
                values.setdefault(name, []).append(float(value))
    return history


def _take_weights(model: AdaAtdt, folder: RunFolder, tell: bool) -> None:
    """Load a finished run's weights into a model; with `tell`, report it if they differed."""
    saved = read_ada_atdt(folder.model)
    same = all(
        _equal(network.get_weights(), saved.networks[name].get_weights())
        for name, network in model.networks.items()
    )
    if tell and not same:
        warnings.warn(
            f"{folder.path} holds this very run, finished: its weights replace the model's. "
            "To train this model, choose another directory",
            stacklevel=4,
        )
    for name, network in model.networks.items():
        network.set_weights(saved.networks[name].get_weights())
    model.origin, model.untrained = str(folder.path), saved.untrained
    model.predictor, model.camera = saved.predictor, saved.camera


def _equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _mend(model: AdaAtdt, folder: RunFolder) -> None:
    """Rewrite networks whose files in the run's folder are damaged."""
    for name, network in model.networks.items():
        file = folder.network(name)
        if file.exists() and not zipfile.is_zipfile(file):
            with written_whole(file) as temporary:
                network.save(temporary)


def _copy_if_different(file: Path, to: Path) -> None:
    """Copy a file unless `to` has the same content already."""
    if not to.exists() or not filecmp.cmp(file, to, shallow=False):
        with written_whole(to) as temporary:
            shutil.copyfile(file, temporary)
