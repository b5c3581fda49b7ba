"""Errors from within TensorFlow's graphs, said plainly."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

BAD_DATA = (tf.errors.InvalidArgumentError, tf.errors.NotFoundError, tf.errors.DataLossError)
HINT = (
    "; `adaat-keras data check DOMAIN --root DIR` names the files that are not in order, "
    "`adaat-keras --traceback` shows where this came from"
)


@contextmanager
def plain_errors(step: str) -> Iterator[None]:
    """Raise a check that failed in a graph, or a bad file, as a `ValueError` that says so.

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
    except BAD_DATA as error:
        check = re.search(r"assertion failed: \[(.*?)\.? *\]", error.message)
        said = check[1] if check else error.message.strip().partition("\n")[0] + HINT
        raise ValueError(f"step {step!r}: {said}") from error
