"""Whether TensorFlow optimizes graphs: it takes an eighth of a tiny run, and rounds otherwise.

Tests run graphs as they are traced. Runs that are compared with those of other processes, and whole
runs by command, have them optimized as users' are.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


def optimize(on: bool) -> None:
    """Optimize graphs that are made from now on, or do not."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not on})


@contextmanager
def optimized() -> Iterator[None]:
    """Within, graphs are optimized."""
    optimize(True)
    try:
        yield
    finally:
        optimize(False)
