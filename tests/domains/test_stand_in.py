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


def test_what_stands_in_is_said_in_one_line():
    assert domains.stand_in_note("kitti", "test") == (
        "kitti has no labelled split 'test': these are its training images ('train')"
    )
    assert domains.stand_in_note("cityscapes", "test") == (
        "cityscapes has no labelled split 'test': these are its validation images ('val')"
    )
    for name, split in (("kitti", "train"), ("cityscapes", "val"), ("streets_sim", "test")):
        assert domains.stand_in_note(name, split) is None


def test_an_unknown_domain_lists_those_that_exist():
    with pytest.raises(ValueError, match=r"unknown domain 'mars'.*carla.*streets_real"):
        domains.stand_in("mars", "test")
