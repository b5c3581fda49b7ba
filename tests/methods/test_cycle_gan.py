"""CycleGAN's objective by hand, its pool of translations, and what it is for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from lighter import untuned
from method_kit import make_stages, make_trainers

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.methods import CycleGanTrainer
from adaat_keras.methods.cycle_gan import ImagePool
from adaat_keras.models import BaseModel, Decoder, Encoder, Generator, PatchDiscriminator
from adaat_keras.training.checkpoint import Checkpoint
from adaat_keras.training.devices import strategy_for

SHAPE = (8, 8, 3)


def factor(value):
    """A generator that multiplies by a number."""
    layer = keras.layers.Conv2D(3, 1, use_bias=False)
    network = keras.Sequential([keras.Input((None, None, 3)), layer])
    network.set_weights([value * np.eye(3, dtype="f4").reshape(1, 1, 3, 3)])
    network.stride = 1
    return network


def critic(weight):
    """A discriminator whose logit is a number times the mean of the channels."""
    network = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1, use_bias=False)]
    )
    network.set_weights([np.full((1, 1, 3, 1), weight / 3, "f4")])
    return network


def make(to_target, to_source, rate=0.0, **options):
    trainer = CycleGanTrainer(
        to_target, to_source, critic(0.01), critic(0.02), SHAPE, pool_size=0, **options
    )
    optimizers = (keras.optimizers.SGD(rate) for _ in range(2))
    task = tasks.get("semantic")
    trainer.compile(*optimizers, task.loss(), task.pseudo_labels)
    return trainer


def flat(value):
    return tf.fill((2, *SHAPE), float(value))


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_the_losses_are_the_formulae_on_flat_images():
    """a = 100 becomes 50 and comes back as 75; b = 60 becomes 90 and comes back as 45."""
    logs = make(factor(0.5), factor(1.5)).train_on_batch((flat(100), flat(60)), return_dict=True)
    adversarial = (0.01 * 50 - 1) ** 2 + (0.02 * 90 - 1) ** 2
    cycle = (abs(75 - 100) + abs(45 - 60)) / 127.5
    identity = (abs(30 - 60) + abs(150 - 100)) / 127.5
    told_apart = ((0.01 * 60 - 1) ** 2 + (0.01 * 50) ** 2) / 2
    told_apart += ((0.02 * 100 - 1) ** 2 + (0.02 * 90) ** 2) / 2
    expected = {
        "adversarial_loss": adversarial,
        "cycle_loss": cycle,
        "identity_loss": identity,
        "discriminator_loss": told_apart,
        "loss": adversarial + 10 * cycle + 5 * identity,
    }
    assert logs == pytest.approx(expected, rel=1e-4)


@pytest.mark.quick
def test_its_steps_run_as_kerass_compile_has_it():
    trainer = make(factor(0.5), factor(1.5))
    trainer.compile(run_eagerly=True, steps_per_execution=2)
    assert (trainer.run_eagerly, trainer.steps_per_execution) == (True, 2)


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("counts", [(3, 1), (1, 3)])
def test_domains_may_have_different_numbers_of_images(counts):
    pair = [flat(value)[:1] for value in (100, 60)]
    few = make(factor(0.5), factor(1.5)).train_on_batch(tuple(pair), return_dict=True)
    many = tuple(tf.repeat(x, n, 0) for x, n in zip(pair, counts, strict=True))
    logs = make(factor(0.5), factor(1.5)).train_on_batch(many, return_dict=True)
    assert logs == pytest.approx(few, rel=1e-5)


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_each_side_steps_on_its_own_loss_alone():
    """Without weights on cycle and identity, generators move by the adversarial loss only."""
    trainer = make(factor(0.5), factor(1.5), rate=1e-4, cycle_weight=0.0)
    trainer.train_on_batch((flat(100), flat(60)))
    # d/dw of (0.01 * 100 w - 1)^2, shared by three equal entries of the diagonal.
    slope = 2 * (0.01 * 50 - 1) * 0.01 / 3 * 100
    moved = trainer.to_target.get_weights()[0][0, 0]
    assert np.diag(moved) == pytest.approx(0.5 - 1e-4 * slope, rel=1e-5)
    # d/dc of ((60 c - 1)^2 + (50 c)^2) / 2 by each third of the kernel.
    slope = ((0.01 * 60 - 1) * 60 + 0.01 * 50 * 50) / 1
    kernel = trainer.target_discriminator.get_weights()[0].reshape(-1)
    assert kernel == pytest.approx(0.01 / 3 - 1e-4 * slope, rel=1e-4)


@pytest.mark.quick
@pytest.mark.usefixtures("eagerly")
def test_a_segmenter_asks_for_translations_that_mean_the_same_and_stays():
    segmenter = BaseModel(Encoder(4, 1), Decoder(11, 4))
    before = segmenter.get_weights()
    images = tf.random.stateless_uniform((2, *SHAPE), (0, 1), 0, 255)
    trainer = make(factor(1.0), factor(0.3), rate=1e-3, segmenter=segmenter)
    logs = trainer.train_on_batch((images, images), return_dict=True)
    outputs, darker = segmenter(images), segmenter(0.3 * images)
    labels = tf.argmax(outputs, -1)
    loss = tasks.get("semantic").loss()
    expected = float(loss(labels, outputs) + loss(labels, darker))
    assert logs["semantic_loss"] == pytest.approx(expected, rel=1e-4)
    for one, other in zip(before, segmenter.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_cycle_closes_and_translations_take_on_the_targets_brightness():
    """A is dark, B is bright: F learns to brighten, H to undo it."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    dark = rng.uniform(20, 80, (32, *SHAPE)).astype("f4")
    bright = rng.uniform(150, 230, (32, *SHAPE)).astype("f4")

    def generator():
        scaled = keras.layers.Rescaling(1 / 127.5, -1)
        back = keras.layers.Rescaling(127.5, 127.5)
        network = keras.Sequential(
            [keras.Input((None, None, 3)), scaled, keras.layers.Conv2D(3, 1), back]
        )
        network.stride = 1
        return network

    def discriminator():
        scaled = keras.layers.Rescaling(1 / 127.5, -1)
        hidden = keras.layers.Conv2D(8, 1, activation="leaky_relu")
        return keras.Sequential(
            [keras.Input((None, None, 3)), scaled, hidden, keras.layers.Conv2D(1, 1)]
        )

    trainer = CycleGanTrainer(
        generator(), generator(), discriminator(), discriminator(), SHAPE, identity_weight=0.0
    )
    trainer.compile(keras.optimizers.Adam(0.01, 0.5), keras.optimizers.Adam(0.01, 0.5))
    data = untuned(tf.data.Dataset.from_tensor_slices(((dark, bright),)).repeat().batch(8))
    history = trainer.fit(data, epochs=3, steps_per_epoch=200, verbose=0).history
    assert history["cycle_loss"][-1] < 0.2 * history["cycle_loss"][0]
    assert abs(np.mean(trainer.to_target(dark)) - bright.mean()) < 40
    there_and_back = trainer.to_source(trainer.to_target(dark))
    assert np.abs(there_and_back - dark).mean() < 8


def tiny(seed=0):
    keras.utils.set_random_seed(seed)
    trainer = CycleGanTrainer(
        *(Generator(4, 1) for _ in range(2)),
        *(PatchDiscriminator(4) for _ in range(2)),
        image_shape=(32, 32, 3),
        pool_size=3,
    )
    trainer.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    return trainer


def images(count=8, batch=4):
    rng = np.random.default_rng(0)
    pair = tuple(rng.uniform(0, 255, (count, 32, 32, 3)).astype("f4") for _ in range(2))
    batches = tf.data.Dataset.from_tensor_slices((pair,)).batch(batch, drop_remainder=True)
    return untuned(batches)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("step", ["train_step", "test_step"])
def test_a_batch_that_is_no_pair_is_refused(step):
    with pytest.raises(ValueError, match=r"CycleGanTrainer is \(x_source, x_target\) as one"):
        getattr(tiny(), step)(np.zeros((2, 32, 32, 3), "float32"))


def test_a_segmenter_asks_for_its_loss_and_labels():
    trainer = tiny()
    trainer.segmenter = trainer.to_target
    with pytest.raises(ValueError, match="a segmenter needs task_loss and"):
        trainer.compile(task_loss="mse")


@pytest.mark.usefixtures("eagerly")
def test_two_devices_give_the_weights_of_one_and_score_alike():
    """A batch of one leaves the second device without an image."""
    results = []
    for devices in ("1", "2"):
        with strategy_for(devices).scope():
            trainer = tiny()
        trainer.fit(images(), shuffle=False, verbose=0)
        score = trainer.evaluate(images(3, 1), return_dict=True, verbose=0)["cycle_loss"]
        results.append((trainer.get_weights(), score))
    (one, score), (two, other_score) = results
    assert other_score == pytest.approx(score, rel=1e-4)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_a_state_that_comes_back_goes_on_alike(tmp_path):
    whole = tiny()
    whole.fit(images(16), shuffle=False, verbose=0)
    first, second = tiny(), tiny(seed=9)
    first.fit(images(16).take(2), shuffle=False, verbose=0, callbacks=[Checkpoint(tmp_path)])
    assert Checkpoint(tmp_path).restore(second) == 1
    second.fit(images(16).skip(2), shuffle=False, verbose=0)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


# --- The pool of translations.


def numbered(first, count):
    return tf.reshape(tf.range(first, first + count, dtype="float32"), (-1, 1, 1, 1))


@tf.function
def compiled(pool, images, step):
    """As in a training, and faster where there are many steps."""
    return pool(images, step=step)


def show(pool, step, first, count=4):
    return compiled(pool, numbered(first, count), tf.constant(step)).numpy().reshape(-1)


@pytest.mark.quick
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


@pytest.mark.quick
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
        given = tf.concat(strategy.experimental_local_results(step(halves, tf.constant(number))), 0)
        np.testing.assert_array_equal(given, alone(images, step=number))
    np.testing.assert_array_equal(shared.images.numpy(), alone.images.numpy())


# --- The stage


def test_its_adam_is_cycle_gans_and_its_images_are_as_they_are(source, target):
    """Augmented images would teach the augmented look."""
    model = build_ada_atdt(transfer="conv", size="tiny")
    trainer = make_trainers("cycle_gan", model, source, target)["translation"]
    for optimizer in (trainer.optimizer, trainer.discriminator_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5
    feed, stages = make_stages("cycle_gan", source, target)
    ((a, b),) = next(iter(stages["translation"].batches(feed, 0)))
    assert a.shape == b.shape == (1, 64, 64, 3)
    # Whole frames here: as large as the crops.
    for image, domain in ((a, source), (b, target)):
        frames = [domain["train"][number]["image"] for number in range(3)]
        assert any(np.array_equal(image[0], frame) for frame in frames)


def test_its_networks_are_drawn_from_the_seed(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    drawn = []
    for seed in (0, 0, 1):
        _, stages = make_stages("cycle_gan", source, target, seed=seed)
        networks = stages["translation"].extra_networks(model)
        assert tuple(networks) == stages["translation"].networks
        drawn.append([network.get_weights()[0] for network in networks.values()])
    assert all(map(np.array_equal, drawn[0], drawn[1]))
    assert not any(map(np.array_equal, drawn[0], drawn[2]))
    # Both generators are of one shape, and no copies of each other.
    assert not np.array_equal(drawn[0][0], drawn[0][1])
