"""The machines that train together, and what they must agree on."""

import time
from pathlib import Path

import tensorflow as tf


class Machines:
    """Who this process is among those that a strategy trains with.

    The first machine writes all files; the others wait for them, and read them where it has
    written them: the machines share a file system.

    Args:
        strategy: TensorFlow's strategy; all but `MultiWorkerMirroredStrategy` know one machine.

    Attributes:
        count: How many machines there are.
        number: This one's number, from 0.
        devices: How many devices each has.
        first: Whether this is the one that writes.

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
        """Return when all machines have come here."""
        self.everyones(0)

    def agree(self, what: str, value: int) -> None:
        """Raise a `ValueError` that names `what` unless all machines have this value."""
        values = self.everyones(value)
        if len(set(values)) > 1:
            raise ValueError(
                f"the machines differ in {what}: {', '.join(map(str, values))} on machines 0 to "
                f"{self.count - 1}. Start the same command with the same version on all of them, "
                "and let --directory and --store be on a file system that they share"
            )

    def everyones(self, value: int) -> list[int]:
        """The values that the machines give, in their order."""
        if self.count == 1:
            return [value]
        gathered = self._gather(tf.constant([value], "int64"))
        return gathered.numpy().tolist()[:: self.devices]

    def _gathered(self, value: tf.Tensor) -> tf.Tensor:
        """This value of every device."""

        def gather():
            # A copy, since collectives take the device from the tensor.
            return tf.distribute.get_replica_context().all_gather(tf.identity(value), axis=0)

        return self.strategy.experimental_local_results(self.strategy.run(gather))[0]

    def wait_for(self, file: Path, seconds: float = 90) -> None:
        """Return when the first machine's file is seen here; a network's file system may be late.

        Raises:
            FileNotFoundError: It is not seen in that time.
        """
        end = time.monotonic() + seconds
        while not file.exists():
            if time.monotonic() > end:
                raise FileNotFoundError(
                    f"machine {self.number} does not see {file.absolute()}, which machine 0 has "
                    "written: let --directory and --store be on a file system that they share"
                )
            time.sleep(0.5)


def cluster_of(strategy: tf.distribute.Strategy) -> dict[str, list[str]]:
    """The addresses of a strategy's processes by their job; empty where it knows one machine."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return {}
    return strategy.cluster_resolver.cluster_spec().as_dict()
