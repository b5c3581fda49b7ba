"""The parts of a batch that machines read are the batch that one machine reads."""

import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.domains import Streets
from adaat_keras.domains.batches import Portion, distribute, training_batches

CLUSTERS = [(2, 1), (1, 2), (2, 2), (4, 1)]


@pytest.fixture(scope="module")
def domain(tmp_path_factory):
    return Streets(
        "streets_sim", "train", frames=8, height=16, width=32, cache=tmp_path_factory.mktemp("s")
    )


def read(domain, count, portion=None, **options):
    data = training_batches(
        domain, "depth", 8, 8, seed=1, first_batch=3, portion=portion, **options
    )
    return [image for images, _ in data.take(count).as_numpy_iterator() for image in images]


@pytest.mark.parametrize("crops_per_frame", [1, 2])
@pytest.mark.parametrize(("machines", "devices"), CLUSTERS)
def test_the_machines_parts_one_after_the_other_are_the_batch(
    domain, machines, devices, crops_per_frame
):
    whole = read(domain, 2, crops_per_frame=crops_per_frame)
    parts = [
        read(domain, 2 * devices, Portion(n, machines, devices), crops_per_frame=crops_per_frame)
        for n in range(machines)
    ]
    half = 8 // machines
    for batch in range(2):
        joined = [image for part in parts for image in part[batch * half : (batch + 1) * half]]
        np.testing.assert_array_equal(joined, whole[8 * batch : 8 * batch + 8])


def test_a_batch_that_devices_cannot_share_is_an_error(domain):
    with pytest.raises(ValueError, match="3 devices cannot share 8 samples a batch"):
        read(domain, 1, Portion(0, 3, 1))


@pytest.mark.parametrize("frames", [1, 4, 5])
@pytest.mark.parametrize(("machines", "devices"), [(1, 1), *CLUSTERS])
def test_every_frame_goes_to_one_device_in_every_round(frames, machines, devices):
    batches = tf.data.Dataset.range(frames).map(lambda n: ((n,), n)).batch(1)
    for _ in range(2):
        seen = []
        for machine in range(machines):
            ours, count = distribute(batches, Portion(machine, machines, devices))
            assert count == -(-frames // (machines * devices))
            rounds = list(ours.take(2 * count * devices).as_numpy_iterator())
            seen += [int(n) for _, label in rounds for n in label]
            assert all(images[0].shape == label.shape for images, label in rounds)
        assert sorted(seen) == sorted([*range(frames)] * 2)
