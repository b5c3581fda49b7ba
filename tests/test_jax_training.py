"""The stages, written twice: the trainers' steps are those of benchmarks/jax_training.py."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.camera import Camera
from adaat_keras.domains import Domain
from adaat_keras.domains.seen import Seen
from adaat_keras.methods.ada_atdt import AdversarialTrainer, TransferTrainer
from adaat_keras.methods.label_teacher import TaughtTrainer
from adaat_keras.methods.teacher import TIMES
from adaat_keras.models import BaseModel, Decoder, Encoder
from adaat_keras.training.schedules import learning_rate_schedule
from adaat_keras.training.trainer import Adam, SupervisedTrainer

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed"
)
RATE, STEPS = 0.05, 2
WEIGHTS = [1 + n / 4 for n in range(11)]


def batch(rng):
    """Frames of 64 x 96 of both domains, with their labels."""
    depth = rng.uniform(0, 120, (4, 64, 96)).astype("float32")
    return {
        "image_a": rng.integers(0, 256, (2, 64, 96, 3)).astype("float32"),
        "image_b": rng.integers(0, 256, (2, 64, 96, 3)).astype("float32"),
        "1_a": np.where(depth[:2] < 10, 0, depth[:2]),
        "1_b": np.where(depth[2:] < 10, 0, depth[2:]),
        "2_a": rng.choice([*range(11), 255], (2, 64, 96)).astype("uint8"),
    }


def networks():
    """The model and a teacher."""
    model = build_ada_atdt("depth", "semantic", size="tiny", seed=3)
    with_teacher = BaseModel(Encoder(4, 1), Decoder(11, 4))
    return {
        **model.networks,
        "teacher_encoder": with_teacher.encoder,
        "teacher_decoder": with_teacher.decoder,
    }, with_teacher


def trainer(stage, nets, teacher):
    """A stage's trainer with plain gradient descent, and what it takes of a batch."""
    depth, semantic = tasks.get("depth"), tasks.get("semantic")
    loss_1, loss_2 = depth.loss(), semantic.loss(WEIGHTS)
    sgd = keras.optimizers.SGD(RATE)
    if stage == "supervised":
        found = SupervisedTrainer(nets["encoder_2"], nets["decoder_2"])
        found.compile(sgd, loss_2)
        return found, lambda b: ((b["image_a"],), (b["2_a"],))
    if stage == "adversarial_stage":
        parts = (nets[name] for name in ("encoder_1", "decoder_1", "domain_classifier"))
        found = AdversarialTrainer(*parts, alpha=0.7)
        found.compile(sgd, keras.optimizers.SGD(RATE), loss_1)
        return found, lambda b: ((b["image_a"], b["image_b"]), (b["1_a"], b["1_b"]))
    if stage == "teacher":
        found = SupervisedTrainer(teacher.encoder, teacher.decoder)
        found.compile(sgd, loss_2)
        return found, lambda b: ((depth.picture(b["1_a"]),), (b["2_a"],))
    if stage == "taught":
        found = TaughtTrainer(nets["encoder_2"], nets["decoder_2"], teacher)
        found.compile(sgd, loss_2, semantic.soft_targets, depth.picture)
        return found, lambda b: ((b["image_a"], b["image_b"]), (b["2_a"], b["1_b"]))
    names = ("encoder_1", "encoder_2", "transfer", "decoder_2")
    found = TransferTrainer(
        *(nets[name] for name in names), 1.0, 0.5, 2.0, teacher, nets["decoder_1"]
    )
    found.compile(
        sgd,
        task_loss=loss_2,
        soft_targets=semantic.soft_targets,
        picture=depth.picture,
        base_1_loss=loss_1,
    )
    return found, lambda b: (
        {"source": b["image_a"], "target": b["image_b"]},
        {"source": b["2_a"], "source_1": b["1_a"], "target": b["1_b"]},
    )


STAGES = ("supervised", "adversarial_stage", "teacher", "taught", "transfer")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """What JAX comes to, and the weights and batches that it was given."""
    folder, rng = tmp_path_factory.mktemp("jax"), np.random.default_rng(5)
    nets, _ = networks()
    batches = [batch(rng) for _ in range(STEPS)]
    given = {
        f"{name}/{n}": value.numpy()
        for name, net in nets.items()
        for n, value in enumerate(net.trainable_variables)
    }
    of_batches = {f"batch{n}/{k}": v for n, b in enumerate(batches) for k, v in b.items()}
    np.savez(folder / "given.npz", class_weights=WEIGHTS, **given, **of_batches)
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    kit = Path(__file__).parent / "jax_kit.py"
    done = subprocess.run(
        [sys.executable, str(kit), str(folder)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return given, batches, dict(np.load(folder / "steps.npz"))


@pytest.mark.parametrize("stage", STAGES)
def test_two_steps_of_a_stage_are_the_same_in_both(stage, theirs):
    given, batches, after = theirs
    nets, teacher = networks()
    for name, net in nets.items():
        net.set_weights([given[f"{name}/{n}"] for n in range(len(net.trainable_variables))])
    found, taken = trainer(stage, nets, teacher)
    for each in batches:
        found.train_on_batch(*(tf.nest.map_structure(tf.constant, part) for part in taken(each)))
    trained = {key.split("/")[1] for key in after if key.startswith(f"{stage}/")}
    assert trained
    for name in trained:
        for n, ours in enumerate(nets[name].get_weights()):
            before, jax = given[f"{name}/{n}"], after[f"{stage}/{name}/{n}"]
            moved = np.abs(ours - before).max()
            # L1 losses have kinks, at which rounding decides.
            assert np.abs(ours - jax).max() <= 5e-2 * moved + 1e-6, (name, n)
        assert any(
            (w != given[f"{name}/{n}"]).any() for n, w in enumerate(nets[name].get_weights())
        )


def test_a_teacher_has_as_many_steps_in_both():
    written = (Path(__file__).parents[1] / "benchmarks/jax_training.py").read_text()
    assert f"\nTIMES = {TIMES}\n" in written


def test_adam_and_the_rates_are_the_same_in_both(theirs):
    _, _, after = theirs
    variable = keras.Variable([1.0, -2.0])
    optimizer = Adam(0.01, beta_2=0.95)
    for step in range(5):
        optimizer.learning_rate = 0.01 * (step + 1)
        optimizer.apply([tf.constant([0.3 * step - 0.5, 2.0])], [variable])
    np.testing.assert_allclose(after["adam"], variable.numpy(), rtol=1e-6)
    schedule = learning_rate_schedule("cosine", 1e-3, 6, 10)
    np.testing.assert_allclose(after["rates"], [float(schedule(n)) for n in range(60)], rtol=1e-5)


def test_frames_are_enlarged_alike_in_both(theirs):
    _, batches, after = theirs
    frames = batches[0]["image_a"].astype("uint8"), batches[0]["1_a"]
    domain = Seen(Domain.from_arrays(frames[0], depth=frames[1]), Camera(64, 96), zoom=1.22)
    for n in range(2):
        frame = domain[n]
        apart = np.abs(frame["image"].astype(int) - after["seen/image"][n].astype(int))
        assert apart.max() <= 1
        assert (apart == 0).mean() > 0.99
        np.testing.assert_array_equal(frame["depth"], after["seen/depth"][n])
