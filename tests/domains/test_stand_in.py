import pytest

from adaat_keras import domains


@pytest.mark.parametrize(
    ("name", "val", "test"),
    [
        ("streets_real", "val", "test"),
        ("carla", "val", "test"),
        ("synthia_sf", "val", "val"),
        ("cityscapes", "val", "val"),
        ("kitti", "train", "train"),
    ],
)
def test_a_split_without_labels_has_one_that_stands_in(name, val, test):
    assert domains.stand_in(name, "train") == "train"
    assert domains.stand_in(name, "val") == val
    assert domains.stand_in(name, "test") == test


def test_an_unknown_domain_lists_those_that_exist():
    with pytest.raises(ValueError, match=r"unknown domain 'mars'.*carla.*streets_real"):
        domains.stand_in("mars", "test")
