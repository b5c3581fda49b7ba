"""Frames are read in order, by a fixed number of threads that end when their iterator does."""

import pytest
import tensorflow as tf

from adaat_keras.domains.batches import (
    Portion,
    distribute,
    evaluation_batches,
    pairs_of_batches,
    training_batches,
)
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.parallel import parallel_map

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def domain():
    images = tf.zeros((4, 64, 64, 3), tf.uint8).numpy()
    return Domain.from_arrays(images, depth=tf.ones((4, 64, 64)).numpy())


DATASETS = {
    "frames": lambda domain: domain.dataset(("image",)),
    "training frames": lambda domain: training_batches(domain, "depth", 2, None, 0),
    "training crops": lambda domain: training_batches(domain, "depth", 2, 32, 0, crops_per_frame=4),
    "pairs": lambda domain: pairs_of_batches(domain, domain, "depth", 2, 32),
    "evaluation frames": lambda domain: evaluation_batches(domain, "depth"),
    "evaluation frames of devices": lambda domain: distribute(
        evaluation_batches(domain, "depth"), Portion(devices=2)
    )[0],
}


@pytest.mark.parametrize("of", DATASETS)
def test_no_thread_tunes_and_no_graph_is_optimized(of, domain):
    # On busy cores, TensorFlow 2.21 waits for such a thread when an iterator is deleted, for as
    # long as that has lived: it took up to half of a training's time.
    options = DATASETS[of](domain).options()
    assert options.autotune.enabled is False
    assert options.experimental_optimization.apply_default_optimizations is False
    assert options.deterministic is not False


def test_results_come_in_order_although_the_first_one_takes_longest():
    def slow(number):
        rounds = tf.where(number == 0, 100_000, 1)
        return number + tf.cast(tf.reduce_sum(tf.zeros(rounds)), tf.int64)

    numbers = parallel_map(tf.data.Dataset.range(50), slow)
    assert [int(number) for number in numbers] == list(range(50))
