"""Reading by several threads."""

from collections.abc import Callable

import tensorflow as tf


def parallel_map(dataset: tf.data.Dataset, function: Callable[..., object]) -> tf.data.Dataset:
    """Map a function over a dataset's elements, in order, on all processor cores.

    For the result, and for every dataset derived from it, two features of tf.data are disabled.
    Autotuning: when an iterator is deleted while all cores are busy, the thread that tunes it may
    miss this and sleep on, for as long as it has lived, and its owner waits. Graph optimization: it
    doubles the time to begin an iterator, and makes reading frames no faster. See
    docs/benchmarks.md.

    Args:
        dataset: The dataset.
        function: A function of an element, traced into a graph.

    Example:
        >>> doubled = parallel_map(tf.data.Dataset.range(3), lambda n: 2 * n)
        >>> [int(n) for n in doubled]
        [0, 2, 4]
    """
    fixed = tf.data.Options()
    fixed.autotune.enabled = False
    fixed.experimental_optimization.apply_default_optimizations = False
    # Without autotuning, this is a call for each core, 16 at most.
    return dataset.map(function, tf.data.AUTOTUNE, deterministic=True).with_options(fixed)
