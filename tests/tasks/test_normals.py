import numpy as np
import pytest
import tensorflow as tf

from adaat_keras.tasks.normals import Normals

UP, AHEAD = np.array([0, -1, 0], "float32"), np.array([0, 0, -1], "float32")


def test_outputs_of_any_length_decode_to_their_direction():
    outputs = np.array([[3 * UP, 0.01 * AHEAD, UP + AHEAD]])
    expected = [[UP, AHEAD, (UP + AHEAD) / np.sqrt(2)]]
    np.testing.assert_allclose(Normals().decode(outputs), expected, rtol=1e-6)
    np.testing.assert_allclose(Normals().pseudo_labels(tf.constant(outputs)), expected, rtol=1e-6)


def test_no_direction_is_no_label():
    nothing = np.zeros((1, 2, 2, 3), "float32")
    assert not Normals().decode(nothing).any()
    assert not Normals().valid(Normals().pseudo_labels(tf.constant(nothing))).numpy().any()


def test_what_is_not_finite_is_invalid_and_black():
    labels = np.array([[[UP, [np.nan, 0, 1], [0, np.inf, 0]]]], "float32")
    assert Normals().valid(tf.constant(labels)).numpy().tolist() == [[[True, False, False]]]
    for colors in (Normals().picture(tf.constant(labels)).numpy(), Normals().colorize(labels)):
        assert not colors[0, 0, 1:].any()
        assert colors[0, 0, 0].any()


def test_colours_are_the_usual_ones_for_the_eye_and_for_a_network():
    labels = np.array([[[UP, AHEAD, -AHEAD]]])
    expected = [[127.5, 0, 127.5], [127.5, 127.5, 0], [127.5, 127.5, 255]]
    np.testing.assert_allclose(Normals().picture(tf.constant(labels))[0, 0], expected)
    np.testing.assert_allclose(Normals().colorize(labels)[0, 0], expected, atol=0.5)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (np.zeros((2, 3), "float32"), None),
        (np.full((2, 2, 3), np.nan, "float32"), None),
        (np.array([[UP, 0 * UP]]).astype("float16"), None),
        (np.array([[UP, 127 * UP]]), "length 127; divide each by its length"),
        (np.zeros((2, 2, 3), "uint8"), r"dtype uint8; .* of 8-bit colours by c / 127.5 - 1"),
        (np.zeros((2, 2), "float32"), r"shape \(2, 2\)"),
    ],
)
def test_wrong_labels_are_told_with_the_fix(labels, problem):
    if problem is None:
        Normals().check_labels(labels, "a.npy")
    else:
        with pytest.raises(ValueError, match=rf"a\.npy: .*{problem}"):
            Normals().check_labels(labels, "a.npy")
