"""The auxiliary task: edges from features."""

import keras
import numpy as np
import pytest
from trainer_kit import make_batches, make_model, make_trainer, weights_of

from adaat_keras.training.edge_head import EdgeHead, edges

STEP = np.zeros((1, 32, 32, 3), np.float32)
STEP[:, :, 16:] = 100


def test_edges_are_where_the_picture_changes_and_do_not_depend_on_its_contrast():
    found = edges(STEP).numpy()[0]
    assert set(np.nonzero(found.sum(axis=0))[0]) == {15, 16}
    np.testing.assert_allclose(edges(STEP * 0.1).numpy()[0], found, rtol=1e-5)
    assert not edges(np.full((1, 8, 8, 3), 50.0)).numpy().any()


def test_the_loss_is_the_mean_error_of_the_pixels_that_the_values_become():
    """A head without weights but a bias says the bias of every place within a cell."""
    head = EdgeHead(stride=4)
    head(np.zeros((1, 8, 8, 5), np.float32), STEP)
    bias = np.linspace(0, 1, 16, dtype=np.float32)
    head.set_weights([np.zeros((3, 3, 5, 16), np.float32), bias])
    says = np.tile(bias.reshape(4, 4), (8, 8))
    expected = np.abs(says - edges(STEP).numpy()[0]).mean() / 0.125
    assert float(head(np.ones((1, 8, 8, 5), np.float32), STEP)[0]) == pytest.approx(expected)


def test_equal_seeds_begin_alike_and_the_configuration_comes_back():
    one, same, other = EdgeHead(4, seed=1), EdgeHead(4, seed=1), EdgeHead(4, seed=2)
    for head in (one, same, other):
        head.build((None, None, None, 3), (None, None, None, 3))
    np.testing.assert_array_equal(one.get_weights()[0], same.get_weights()[0])
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    assert EdgeHead.from_config(one.get_config()).get_config() == one.get_config()


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("kind", ["joint", "adversarial"])
def test_a_base_model_learns_the_edges_with_its_task(kind):
    """Where no label is valid and nothing is adversarial, the encoder learns edges alone."""
    unlabelled = make_batches(kind, make_model()).map(
        lambda images, labels: (images, tuple(0 * label for label in labels))
    )
    alone = {"alpha": 1.0} if kind == "adversarial" else {}

    def learnt(edge_weight):
        model = make_model()
        trainer = make_trainer(
            *(kind, model),
            edge_weight=edge_weight,
            optimizer=lambda: keras.optimizers.Adam(0.003),
            **alone,
        )
        before = weights_of(model)
        history = trainer.fit(unlabelled, epochs=8, verbose=0).history
        after = weights_of(model)
        changed = {k.split("/")[0] for k in before if not np.array_equal(before[k], after[k])}
        return history, changed & {"encoder_1", "decoder_1"}

    assert learnt(0.0)[1] == set()
    history, changed = learnt(1.0)
    assert changed == {"encoder_1"}
    assert history["edge_loss"][-1] < 0.95 * history["edge_loss"][0]
