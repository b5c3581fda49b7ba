"""The devices and machines to train on."""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework import config as tf_config

EXAMPLE = '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'


def this_machine() -> tuple[int, int]:
    """This machine's index, from 0, and the number of machines, from TensorFlow's `TF_CONFIG`.

    Without this environment variable, there is one machine.

    Raises:
        ValueError: It cannot be parsed, names jobs other than `worker` and `chief`, or its task is
            not in its cluster.

    Example:
        >>> this_machine()
        (0, 1)
    """
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        machines = {job: len(addresses) for job, addresses in cluster.items()}
        kind, index = task.get("type"), int(task.get("index", -1))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"TF_CONFIG is {text!r}, where it should be like {EXAMPLE}") from error
    if machines.keys() - {"chief", "worker"}:
        raise ValueError(
            f"TF_CONFIG names the jobs {', '.join(machines)}; this trains on worker, and chief, "
            f"alone: {EXAMPLE}"
        )
    count = sum(machines.values())
    if count <= 1:
        return 0, 1
    if not 0 <= index < machines.get(kind, 0):
        raise ValueError(f"TF_CONFIG's task {task} is not in its cluster {cluster}")
    return index + machines.get("chief", 0) * (kind == "worker"), count


def has_bfloat16() -> bool:
    """Whether this machine's GPU, or its CPU if it has none, has instructions for bfloat16.

    A CPU without them is slower in bfloat16 than in float32.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
        return capability is not None and capability >= (8, 0)
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return bool(found) and not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(found[1].split())


class Machines:
    """The machines that a strategy trains on, and which of them this process is.

    The first machine writes all files; the others wait for them and read them from the file system
    that all machines share.

    Args:
        strategy: A TensorFlow strategy; only `MultiWorkerMirroredStrategy` has several machines.

    Attributes:
        count: Number of machines.
        number: Index of this machine, from 0.
        devices: Number of devices per machine.
        first: Whether this is the machine that writes files.

    Example:
        >>> machines = Machines(tf.distribute.get_strategy())
        >>> machines.count, machines.first, machines.devices
        (1, True, 1)
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        jobs = cluster_of(strategy)
        chiefs, workers = (len(jobs.get(job, [])) for job in ("chief", "worker"))
        self.count = max(1, chiefs + workers)
        self.number = 0
        if jobs:
            resolver = strategy.cluster_resolver
            self.number = resolver.task_id + chiefs * (resolver.task_type == "worker")
        self.devices = strategy.num_replicas_in_sync // self.count
        self.first = self.number == 0
        self._gather = tf.function(self._gathered)

    def wait(self) -> None:
        """Block until all machines have called this."""
        self.everyones(0)

    def agree(self, what: str, value: int) -> None:
        """Raise a `ValueError` that names `what` unless all machines have this value."""
        values = self.everyones(value)
        if len(set(values)) > 1:
            raise ValueError(
                f"the machines differ in {what}: {', '.join(map(str, values))} on machines 0 to "
                f"{self.count - 1}. Start the same command with the same version on all of them, "
                "and let directory and store be on a file system that they share"
            )

    def everyones(self, value: int) -> list[int]:
        """Gather a value from every machine, in order of their indices."""
        if self.count == 1:
            return [value]
        gathered = self._gather(tf.constant([value], "int64"))
        return gathered.numpy().tolist()[:: self.devices]

    def _gathered(self, value: tf.Tensor) -> tf.Tensor:
        """Gather the value from every device."""

        def gather():
            # A copy, since collectives run on the tensor's device.
            return tf.distribute.get_replica_context().all_gather(tf.identity(value), axis=0)

        return self.strategy.experimental_local_results(self.strategy.run(gather))[0]

    def wait_for(self, file: Path, seconds: float = 90) -> None:
        """Block until a file written by the first machine is visible here, as NFS may lag behind.

        Raises:
            FileNotFoundError: The file does not appear in that time.
        """
        end = time.monotonic() + seconds
        while not file.exists():
            if time.monotonic() > end:
                raise FileNotFoundError(
                    f"machine {self.number} does not see {file.absolute()}, which machine 0 has "
                    "written: let directory and store be on a file system that they share"
                )
            time.sleep(0.5)


def cluster_of(strategy: tf.distribute.Strategy) -> dict[str, list[str]]:
    """The addresses of a strategy's processes by job; empty for a single machine."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return {}
    return strategy.cluster_resolver.cluster_spec().as_dict()


def strategy_for(devices: str | int) -> tf.distribute.Strategy:
    """A TensorFlow strategy for a number of devices per machine, GPUs if there are any.

    If the environment variable `TF_CONFIG` names several machines, this waits for all of them, and
    must be called before TensorFlow is initialized in this process.

    Args:
        devices: A number, or `"all"`.

    Raises:
        ValueError: It is neither, or there are fewer devices.

    Example:
        >>> strategy_for("1").num_replicas_in_sync
        1
    """
    if str(devices) != "all" and not str(devices).isdigit():
        raise ValueError(f"devices must be a number or 'all', not {devices!r}")
    _, machines = this_machine()
    if machines > 1:
        return several_machines(devices)
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    found = chosen(found, devices)
    if len(found) == 1:
        return tf.distribute.get_strategy()
    # The default reduction uses NCCL, which is for GPUs only; on CPUs its substitute aborts.
    reduction = None if found[0].device_type == "GPU" else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(
        [device.name for device in found], cross_device_ops=reduction
    )


def several_machines(devices: str | int) -> tf.distribute.Strategy:
    """The strategy for as many devices on each of the machines that `TF_CONFIG` names."""
    # The strategy uses all visible GPUs; this must come before TensorFlow is initialized.
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(chosen(gpus, devices), "GPU")
    else:
        chosen(tf.config.list_physical_devices("CPU"), devices)
    return tf.distribute.MultiWorkerMirroredStrategy()


def chosen(found: list, devices: str | int) -> list:
    """The first of these devices, as many as asked for."""
    count = len(found) if str(devices) == "all" else int(devices)
    if not 1 <= count <= len(found):
        raise ValueError(f"{count} devices asked for, but this machine has {len(found)}")
    return found[:count]


UNREACHABLE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


@contextmanager
def lost_machine(machines: Machines) -> Iterator[None]:
    """Turn TensorFlow's error for a lost machine into a `ConnectionError`.

    Args:
        machines: The machines that train together; with only one, errors are left unchanged.

    Example:
        >>> with lost_machine(Machines(tf.distribute.get_strategy())):
        ...     print("trained")
        trained
    """
    try:
        yield
    except tf.errors.OpError as error:
        aborted = re.search(r"Collective ops is aborted by: (.*)", error.message)
        if machines.count == 1 or not (aborted or isinstance(error, UNREACHABLE)):
            raise
        said = aborted[1] if aborted else error.message.strip().rpartition("\n")[2]
        raise ConnectionError(
            f"machine {machines.number} of {machines.count} cannot go on, since another one has "
            f"stopped or cannot be reached: {said.strip()}. Start the same command on all machines "
            "again, and it goes on from the last whole epoch"
        ) from error


@contextmanager
def deterministic_ops(on: bool | None = None) -> Iterator[None]:
    """Make trainings bit-for-bit reproducible within this context.

    TensorFlow's op determinism rejects random operations without a seed, and on GPUs some that
    have no deterministic kernel.

    Args:
        on: Whether to enable it; `None` enables it only if there is no GPU.

    Example:
        >>> with deterministic_ops():
        ...     pass
        >>> tf.random.uniform([2]).shape
        TensorShape([2])
    """
    if on is None:
        on = not tf.config.list_physical_devices("GPU")
    before = tf_config.is_op_determinism_enabled()
    if not on or before:
        yield
        return
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        # TensorFlow has no public function to disable it.
        tf_config.disable_op_determinism()
