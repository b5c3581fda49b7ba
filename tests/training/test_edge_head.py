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
    """Without a task to speak of, the encoder's gradient comes from the edges alone."""
    model = make_model()
    trainer = make_trainer(
        kind, model, edge_weight=1.0, optimizer=lambda: keras.optimizers.Adam(0.003)
    )
    before = weights_of(model)
    history = trainer.fit(make_batches(kind, model), epochs=8, verbose=0).history
    assert history["edge_loss"][-1] < 0.95 * history["edge_loss"][0]
    assert any(not np.array_equal(before[k], v) for k, v in weights_of(model).items())
    assert any(v is trainer.edge_head.trainable_variables[0] for v in trainer.base_variables)
