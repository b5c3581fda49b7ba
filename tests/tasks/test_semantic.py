import numpy as np

from adaat_keras.tasks.semantic import CLASS_NAMES, IGNORED, PALETTE, Semantic


def test_the_classes_are_in_the_order_of_the_papers_table_2():
    table = "road sidewalk wall fence person pole vegetation vehicle traffic+sign building sky"
    assert list(CLASS_NAMES) == [name.replace("+", " ") for name in table.split()]


def test_every_class_has_its_own_colour_and_ignored_is_black():
    assert len({tuple(color) for color in PALETTE.tolist()}) == len(CLASS_NAMES)
    colors = Semantic().colorize(np.array([*range(len(CLASS_NAMES)), IGNORED], np.uint8))
    np.testing.assert_array_equal(colors, [*PALETTE, (0, 0, 0)])


def test_the_likeliest_class_is_decoded():
    np.testing.assert_array_equal(Semantic().decode(np.eye(11)), np.arange(11))
