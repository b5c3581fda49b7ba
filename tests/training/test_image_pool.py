"""CycleGAN's history of translations."""

import numpy as np
import tensorflow as tf

from adaat_keras.training.image_pool import ImagePool


def numbered(first, count):
    return tf.reshape(tf.range(first, first + count, dtype="float32"), (-1, 1, 1, 1))


def show(pool, step, first, count=4):
    return pool(numbered(first, count), step=step).numpy().reshape(-1)


def test_the_first_images_are_given_as_they_come():
    pool = ImagePool((1, 1, 1), size=8)
    np.testing.assert_array_equal(show(pool, 0, 1), [1, 2, 3, 4])
    np.testing.assert_array_equal(show(pool, 1, 5), [5, 6, 7, 8])
    assert int(pool.filled) == 8
    assert set(pool.images.numpy().reshape(-1)) == set(range(1, 9))


def test_a_full_pool_gives_an_older_image_half_of_the_time_and_keeps_the_new_one():
    pool = ImagePool((1, 1, 1), size=50)
    seen, old = set(), 0
    for step in range(200):
        given = show(pool, step, 4 * step + 1)
        new = {4 * step + n + 1 for n in range(4)}
        seen |= new
        assert set(given) <= seen
        old += sum(value not in new for value in given) if step >= 13 else 0
    assert 0.4 < old / (187 * 4) < 0.6
    kept = set(pool.images.numpy().reshape(-1).astype(int))
    assert kept <= seen
    assert len(kept) == 50
    assert max(kept) > 4 * 190


def test_nothing_is_lost_and_nothing_is_given_twice_while_it_fills():
    """The batch that fills the pool finds only images in it; a swap never undoes another."""
    pool = ImagePool((1, 1, 1), size=5)
    for step in range(40):
        before = set(pool.images.numpy().reshape(-1)) if step > 1 else set()
        new = {4 * step + n + 1 for n in range(4)}
        given = show(pool, step, 4 * step + 1)
        assert 0 not in given
        if step > 1:
            assert len(set(given)) == 4
            after = set(pool.images.numpy().reshape(-1))
            # What was there is there still or was shown; what is new was shown or is kept.
            assert before | new == after | set(given)


def test_a_pool_of_none_gives_every_image():
    np.testing.assert_array_equal(show(ImagePool((1, 1, 1), size=0), 0, 3), [3, 4, 5, 6])


def test_a_pool_that_comes_back_goes_on_alike():
    one, other = (ImagePool((1, 1, 1), size=6) for _ in range(2))
    for step in range(5):
        show(one, step, 4 * step)
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(show(one, 5, 20), show(other, 5, 20))


def test_the_configuration_comes_back():
    pool = ImagePool((2, 3, 1), size=4)
    assert ImagePool.from_config(pool.get_config()).get_config() == pool.get_config()


def test_devices_share_one_pool():
    """Two devices with half of the images each are shown what one is shown."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        shared = ImagePool((1, 1, 1), size=6)
    alone = ImagePool((1, 1, 1), size=6)

    @tf.function
    def step(halves, number):
        return strategy.run(shared, args=(halves,), kwargs={"step": number})

    for number in range(6):
        images = numbered(4 * number, 4)
        halves = strategy.experimental_distribute_values_from_function(
            lambda context, images=images: tf.split(images, 2)[context.replica_id_in_sync_group]
        )
        given = tf.concat(strategy.experimental_local_results(step(halves, number)), 0)
        np.testing.assert_array_equal(given, alone(images, step=number))
    np.testing.assert_array_equal(shared.images.numpy(), alone.images.numpy())
