"""What CyCADA adds to CycleGAN: of two translations that both look right, the one that means it."""

import keras
import numpy as np
import pytest
from domain_toy import network
from method_kit import make_trainers

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.methods import CycleGanTrainer, Recipe

HALF = 127.5


def generator(contrast):
    """Multiplies what an image differs from grey by; that number is all that it learns."""
    kernel = keras.initializers.Constant(contrast * np.eye(3))
    middle = keras.layers.Conv2D(3, 1, use_bias=False, kernel_initializer=kernel)
    out = keras.layers.Rescaling(HALF, HALF)
    made = network(3, keras.layers.Rescaling(1 / HALF, -1), middle, out)
    made.stride = 1
    return made


def segmenter():
    """Class 0 is brighter than grey, class 1 darker."""
    kernel = keras.initializers.Constant([[[[2.0, -2.0]] * 3]])
    logits = keras.layers.Conv2D(2, 1, kernel_initializer=kernel)
    return network(3, keras.layers.Rescaling(1 / HALF, -1), logits)


def translate_one_way_and_both(**options):
    """What becomes of a white pixel, learnt from images whose negatives are just as likely.

    Both generators begin as makers of faint negatives.
    """
    trainer = CycleGanTrainer(
        *(generator(-0.2), generator(-0.2)),
        *(network(3, keras.layers.Conv2D(1, 1, kernel_initializer="zeros")) for _ in range(2)),
        image_shape=(4, 4, 3),
        identity_weight=0.0,
        **options,
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    pseudo_labels = tasks.get("semantic").pseudo_labels
    # Critics that see no difference: the images alike in distribution, there is none.
    still = keras.optimizers.SGD(0.0)
    trainer.compile(keras.optimizers.Adam(0.01), still, loss, pseudo_labels)
    rng = np.random.default_rng(0)
    for _ in range(300):
        images = HALF + 100 * rng.choice([-1, 1], (2, 8, 4, 4, 1)) * np.ones(3)
        trainer.train_on_batch(tuple(images.astype("float32")))
    white = np.full((1, 4, 4, 3), 227.5, "float32")
    there = trainer.to_target(white)
    return float(np.mean(there)), float(np.mean(trainer.to_source(there)))


def test_only_a_segmenter_keeps_a_closed_cycle_from_turning_the_classes_around():
    there, back = translate_one_way_and_both()
    assert (there < HALF - 20, back) == (True, pytest.approx(227.5, abs=5))
    there, back = translate_one_way_and_both(segmenter=segmenter())
    assert (there > HALF + 20, back) == (True, pytest.approx(227.5, abs=5))


def test_the_recipes_weights_are_the_trainers_and_no_class_sizes_are_kept(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    recipe = Recipe.recommended(confusion_weight=0.25, semantic_weight=0.75)
    trainers = make_trainers("cycada", model, source, target, recipe)
    assert list(trainers) == ["supervised", "semantic_translation", "confusion_without_sizes"]
    assert trainers["semantic_translation"].semantic_weight == 0.75
    confusion = trainers["confusion_without_sizes"]
    assert confusion.confusion_weight == 0.25
    assert confusion.class_sizes is None
    assert confusion.translator is trainers["semantic_translation"].to_target


def test_it_asks_for_meaning_where_cycle_gan_asks_for_identity(source, target):
    model = build_ada_atdt(transfer="conv", size="tiny")
    cycada = make_trainers("cycada", model, source, target)["semantic_translation"]
    cycle_gan = make_trainers("cycle_gan", model, source, target)["translation"]
    assert (cycada.identity_weight, cycle_gan.identity_weight) == (0.0, 0.5)
    assert (cycada.segmenter.encoder, cycada.segmenter.decoder) == (
        model.encoder_2,
        model.decoder_2,
    )
    assert cycle_gan.segmenter is None
