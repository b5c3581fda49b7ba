"""Domains by name, place, class and entry point; splits that do not exist."""

import sys

import numpy as np
import pytest
from format_kit import FRAME, kitti

from adaat_keras import domains, registry
from adaat_keras.domains import Domain, Folder, NoSplit, Streets
from adaat_keras.domains.kitti import Kitti
from adaat_keras.domains.shards import pack
from adaat_keras.domains.splits import Splits

MODULE = '''
import numpy as np
import tensorflow as tf

from adaat_keras.domains import Domain


class Grey(Domain):
    """Grey frames."""

    name = "grey"
    tasks = ()
    stands_in = {"test": "val"}

    def __init__(self, split="train", level=9):
        self.split, self.level = split, level

    def __len__(self):
        return 1

    def read(self, index, keys):
        return {"image": tf.fill((4, 4, 3), tf.constant(self.level, tf.uint8))}


def two(split="train"):
    return Domain.from_arrays(np.zeros((2, 4, 4, 3), np.uint8))


def none(split="train"):
    return 3


opened = two()
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that declares a domain as an entry point."""
    (tmp_path / "greys.py").write_text(MODULE)
    info = tmp_path / "greys-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[adaat_keras.domains]\ngrey = greys:Grey\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._declared.cache_clear()
    yield tmp_path
    registry._declared.cache_clear()


def test_a_domain_is_handed_through_and_a_class_opened(tmp_path):
    kitti(tmp_path)
    domain = domains.get(Kitti, root=tmp_path)
    assert domains.get(domain) is domain
    assert domains.get(domain, split="train") is domain
    with pytest.raises(ValueError, match="kitti is open already, it takes no options"):
        domains.get(domain, root=tmp_path)


def test_another_packages_domain_has_a_name(package):
    assert "grey" in domains.names()
    domain = domains.get("grey", split="val", level=7)
    assert (domain.name, domain.split) == ("grey", "val")
    assert domain[0]["image"].max() == 7
    assert domains.stand_in("grey", "test") == "val"
    assert domains.stand_in_note("grey", "test") == (
        "grey has no labelled split 'test': these are its validation images ('val')"
    )


def test_a_domain_is_found_by_its_place(package):
    for place in ("greys:Grey", f"{package}/greys.py:Grey"):
        assert domains.get(place, split="train").name == "grey"
        assert domains.stand_in(place, "test") == "val"
    assert len(domains.get("greys:two", split="train")) == 2
    assert len(domains.get("greys:opened", split="train")) == 2
    assert domains.stand_in("greys:two", "test") == "test"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mars", "unknown domain 'mars'; choose one of: carla, cityscapes, folder, "),
        ("greys:none", "'greys:none' gives 3, no domain"),
        ("greys:Missing", "greys has no 'Missing'; it has: "),
        ("nowhere.py:Grey", "there is no file nowhere.py"),
    ],
)
def test_what_is_no_domain_is_told(package, name, message):
    with pytest.raises(ValueError, match=message):
        domains.get(name, split="train")


def test_a_wrong_option_is_pythons_own_error(package):
    with pytest.raises(TypeError, match="levle"):
        domains.get("grey", levle=3)


@pytest.mark.parametrize("layout", sorted(FRAME))
def test_a_loader_without_a_split_says_so_in_one_way(layout, tmp_path):
    FRAME[layout](tmp_path)
    with pytest.raises(NoSplit, match="unknown split 'dev'; choose one of: train"):
        domains.get(layout, root=tmp_path, split="dev")
    lacks = {"kitti": "test", "cityscapes": "val", "synthia_sf": "val", "carla": "val"}[layout]
    (tmp_path / "testing" / "image_2").mkdir(parents=True)
    with pytest.raises(NoSplit, match=f"no image here for the split '{lacks}'") as told:
        domains.get(layout, root=tmp_path, split=lacks)
    # As it was before there was a name for it.
    assert isinstance(told.value, FileNotFoundError)


def test_streets_packed_frames_and_folders_say_so_in_the_same_way(tmp_path):
    images = Domain.from_arrays(np.zeros((1, 4, 4, 3), np.uint8))
    pack(images, tmp_path / "packed" / "train")
    np.save(tmp_path / "a.npy", np.zeros((4, 4, 3), np.uint8))
    opened = [
        ("streets_sim", {"cache": tmp_path, "split": "dev"}),
        ("packed", {"root": tmp_path / "packed", "split": "val"}),
        ("folder", {"images": tmp_path / "a.npy", "split": "val"}),
        ("folder", {"images": str(tmp_path / "{split}/*.png"), "split": "val"}),
    ]
    for name, options in opened:
        with pytest.raises(NoSplit):
            domains.get(name, **options)
    with pytest.raises(ValueError, match="holds no packed frames") as told:
        domains.get("packed", root=tmp_path, split="val")
    assert not isinstance(told.value, NoSplit)
    assert len(domains.get("folder", images=tmp_path / "a.npy")) == 1
    assert domains.find("folder") is Folder


@pytest.mark.quick
@pytest.mark.usefixtures("package")
def test_a_class_is_opened_split_by_split_as_its_name_is():
    grey = domains.find("greys:Grey")
    splits = Splits(grey)
    # The name by which its package declares it.
    assert (splits.what, splits.is_lasting) == ("grey", True)
    assert [splits.required(split).split for split in ("train", "val", "test")] == [
        "train",
        "val",
        # As the class says.
        "val",
    ]
    assert Splits(grey, {"level": 3}).required("train").level == 3


@pytest.mark.quick
def test_a_class_of_the_package_has_its_name_so_that_tables_know_it():
    assert Splits(Kitti, {"root": "somewhere"}).what == "kitti"
    with pytest.raises(ValueError, match=r"^kitti needs root="):
        Splits(Kitti).required("train")


@pytest.mark.quick
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("self", "Mine takes no split=: pass an object of it, or a dictionary of splits"),
        ("self, split, root", "needs the option 'root'.*; or pass an object of it, or a dictio"),
    ],
)
def test_a_class_that_needs_more_or_less_than_a_split_is_told_to_be_opened(
    options, message, tmp_path
):
    (tmp_path / "mine.py").write_text(
        MODULE.replace("Grey", "Mine").replace('self, split="train", level=9', options)
    )
    mine = domains.find(f"{tmp_path / 'mine.py'}:Mine")
    with pytest.raises(ValueError, match=message):
        Splits(mine)


@pytest.mark.quick
def test_a_class_of_several_variants_lists_them():
    message = r"^Streets has several variants: .* streets_sim, .* or an object, Streets\('streets_"
    with pytest.raises(ValueError, match=message):
        Splits(Streets)


@pytest.mark.quick
def test_a_class_of_a_notebook_is_opened_and_told_as_an_object_is(package, monkeypatch):
    grey = domains.find("greys:Grey")
    monkeypatch.setattr(grey, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Grey", grey, raising=False)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    splits = Splits(grey)
    assert (splits.name, splits.is_lasting) == ("grey", False)
    assert splits.required("test").split == "val"


@pytest.mark.quick
def test_a_class_that_no_run_finds_again_is_refused():
    class Local(Domain):
        """Never opened."""

        def __init__(self, split):
            raise NotImplementedError

    with pytest.raises(ValueError, match=r"domain Local is defined in a function or a class"):
        Splits(Local)


@pytest.mark.quick
def test_a_file_that_was_moved_is_known_if_it_is_imported_and_that_is_told(tmp_path):
    (tmp_path / "moved_greys.py").write_text(MODULE)
    known = domains.find(f"{tmp_path / 'moved_greys.py'}:Grey")
    with pytest.warns(UserWarning, match=r"no file .*elsewhere.*moved_greys\.py, which is import"):
        assert domains.find(f"{tmp_path / 'elsewhere' / 'moved_greys.py'}:Grey") is known
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "moved_greys.py").write_text(MODULE)
    assert domains.find(f"{tmp_path / 'elsewhere' / 'moved_greys.py'}:Grey") is not known
