"""Errors from within TensorFlow's graphs, said plainly."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def plain_errors(step: str) -> Iterator[None]:
    """Raise a check that failed in a graph as a `ValueError` that says what the check says.

    Args:
        step: Name of the training step, for the message.

    Example:
        >>> def check(number):
        ...     tf.debugging.assert_positive(number, "a number is too low")
        ...     return number
        >>> with plain_errors("joint"):
        ...     list(tf.data.Dataset.range(1).map(check))
        Traceback (most recent call last):
        ...
        ValueError: step 'joint': a number is too low
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        check = re.search(r"assertion failed: \[(.*?)\.? *\]", error.message)
        if not check:
            raise
        raise ValueError(f"step {step!r}: {check[1]}") from error
