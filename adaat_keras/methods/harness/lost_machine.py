"""The end of one machine of several, said plainly by the others."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from adaat_keras.training.machines import Machines

UNREACHABLE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


@contextmanager
def lost_machine(machines: Machines) -> Iterator[None]:
    """Raise what TensorFlow says when another machine has stopped as a `ConnectionError`.

    Args:
        machines: Those that train together; on one alone nothing is changed.

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
