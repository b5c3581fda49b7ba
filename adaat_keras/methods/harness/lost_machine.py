"""The end of one machine of several, said plainly by the others."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from adaat_keras.training.machines import Machines


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
        if machines.count == 1:
            raise
        said = error.message.strip().partition("\n")[0]
        raise ConnectionError(
            f"machine {machines.number} of {machines.count} cannot go on, since another one has "
            f"stopped or cannot be reached ({said}). Start the same command on all machines again: "
            "it goes on from the last whole epoch"
        ) from error
