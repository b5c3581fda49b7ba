import numpy as np
import pytest

from adaat_keras import tasks


def test_good_labels_pass():
    tasks.get("semantic").check_labels(np.array([[0, 10, 255]], np.uint8), "a.png")
    tasks.get("depth").check_labels(
        np.array([[0.0, np.nan, np.inf, 5.0, 120000.0]], np.float32), "a.png"
    )
    tasks.get("depth").check_labels(np.zeros((2, 2), np.float32), "a.png")


@pytest.mark.parametrize("value", [11, 57, 254])
def test_a_label_outside_the_table_is_named_with_its_file_and_the_fix(value):
    with pytest.raises(ValueError, match=rf"streets/a\.png: semantic label {value} .*map .*255"):
        tasks.get("semantic").check_labels(np.array([[0, value]], np.uint8), "streets/a.png")


def test_encoded_depth_is_refused():
    with pytest.raises(ValueError, match=r"a\.png: depth .*uint16 .*largest is 5120.*decode"):
        tasks.get("depth").check_labels(np.array([[0, 5120]], np.uint16), "a.png")


def test_depth_in_millimetres_is_refused():
    with pytest.raises(ValueError, match=r"a\.png: the nearest depth is 4200, .*metres"):
        tasks.get("depth").check_labels(np.array([[0, 4200, 9000]], np.float32), "a.png")


def test_an_unknown_task_is_an_error_that_lists_the_tasks():
    with pytest.raises(
        ValueError, match="unknown task 'fox'; choose one of: depth, normals, semantic"
    ):
        tasks.get("fox").check_labels(np.zeros((1, 1)), "a.png")
