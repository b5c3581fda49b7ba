"""A domain's identity follows what its frames hold, and nothing else."""

import hashlib
import shutil
import tracemalloc
from collections import deque
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import tensorflow as tf
from format_kit import FRAME, carla, color, grey, kitti, write
from pixel_kit import Pixels

from adaat_keras import domains
from adaat_keras.domains import Carla, Domain, Folder, Kitti, Packed, Streets
from adaat_keras.domains.cache import Arrays, cached
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack
from adaat_keras.tasks.semantic import Semantic

OWN = Semantic({"road": "road", "rest": "*"})


def distinct(*things):
    names = [thing if isinstance(thing, str) else thing.identity() for thing in things]
    assert len(set(names)) == len(names)


def same(*things):
    assert len({thing.identity() for thing in things}) == 1


def test_it_is_16_hexadecimal_digits_the_same_each_time():
    name = Pixels().identity()
    assert len(name) == 16
    int(name, 16)
    same(Pixels(), Pixels())


def test_other_frames_sizes_and_numbers_of_them_have_other_names():
    distinct(Pixels(), Pixels(seed=1), Pixels([(6, 8)] * 6), Pixels([(6, 9)] * 5))


@pytest.mark.parametrize("layout", sorted(FRAME))
def test_it_is_the_same_wherever_the_files_lie_and_whenever_they_were_written(layout, tmp_path):
    import os

    split = None if layout == "carla" else "train"
    FRAME[layout](tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "far" / "away")
    for path in (tmp_path / "far").rglob("*"):
        os.utime(path, (1, 1))
    here, away = (
        domains.get(layout, root=tmp_path / root, split=split) for root in ("here", "far/away")
    )
    here[0]
    list(here.dataset(("semantic", "depth")))
    same(here, away, cached(here, "memory"), cached(here, "disk", tmp_path / "cache"))
    distinct(here, here.with_classes(OWN), Resized(here, 2, 3), Resized(here, 3, 2))


@pytest.mark.parametrize("key", ["image", "semantic", "depth"])
def test_a_file_of_another_size_or_other_pixels_gives_another_name(key, tmp_path):
    files = [kitti(tmp_path, f"{number:06}") for number in range(5)]
    before = Kitti(tmp_path).identity()
    # Not one of the frames that are looked at: its size in bytes tells.
    with files[1][key].open("ab") as file:
        file.write(b"\0")
    between = Kitti(tmp_path).identity()
    pixels = {"image": color(1, 2, 3), "semantic": grey(8), "depth": grey(99, "uint16")}[key]
    write(files[2][key], pixels)
    distinct(before, between, Kitti(tmp_path))


def test_every_option_that_changes_a_pixel_changes_it(tmp_path):
    for number in range(2):
        carla(tmp_path / "carla", f"{number:06}")
        kitti(tmp_path / "kitti", f"{number:06}", ids=25)
    distinct(
        *(Carla(tmp_path / "carla", None, tag_set=tags, check_tags=False) for tags in (13, 23, 28))
    )
    plain = Kitti(tmp_path / "kitti")
    distinct(
        plain,
        Kitti(tmp_path / "kitti", riders_and_trucks=True),
        Kitti(tmp_path / "kitti", depth_folder=tmp_path / "kitti/training/disp_occ_0"),
    )


def test_streets_are_named_as_their_folder_is_without_where_it_lies(tmp_path):
    options = {"frames": 2, "height": 16, "width": 32}

    def streets(name="streets_sim", split="val", cache="one", **more):
        return Streets(name, split, cache=tmp_path / cache, **options | more)

    same(streets(), streets(cache="other"))
    distinct(
        streets(),
        streets(split="test"),
        streets("streets_real"),
        streets(frames=3),
        streets(height=32),
        streets(width=64),
        streets(look="night"),
        streets(layout="camera_car"),
        streets().with_classes(OWN),
    )


def test_streets_are_named_without_reading_a_file(tmp_path):
    streets = Streets("streets_sim", "val", frames=2, height=16, width=32, cache=tmp_path)
    before = streets.identity()
    for file in streets.folder.iterdir():
        file.unlink()
    assert streets.identity() == before


def test_packed_frames_are_named_by_their_checksums(tmp_path):
    pack(Pixels(), tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "elsewhere")
    pack(Pixels(seed=1), tmp_path / "two")
    same(Packed(tmp_path / "one"), Packed(tmp_path / "elsewhere"))
    distinct(Packed(tmp_path / "one"), Packed(tmp_path / "two"))


def test_every_pixel_of_arrays_counts():
    images = np.zeros((5, 4, 4, 3), np.uint8)
    labels = np.zeros((5, 4, 4), np.uint8)
    before = Domain.from_arrays(images, labels)
    labels[1, 2, 3] = 1
    after = Domain.from_arrays(images, labels)
    same(before, Domain.from_arrays(list(images), np.zeros((5, 4, 4), int)))
    distinct(before, after, Domain.from_arrays(images, labels, label_names=["sky", "road"]))
    assert before.identity(("image",)) == after.identity(("image",))


def test_arrays_of_any_size_and_type_are_named_by_their_bytes():
    sizes = [(4, 6), (5, 3)]
    images = [np.full((*size, 3), number, np.uint8) for number, size in enumerate(sizes)]
    masks = [tf.cast(np.eye(*size), tf.bfloat16).numpy() for size in sizes]
    domain = Arrays({"image": images, "depth": [np.ones(s) for s in sizes], "mask": masks})
    depths = [np.ones(size, np.float32) for size in sizes]
    digests = [
        hashlib.sha256(
            np.array([frame.shape for frame in frames]).tobytes()
            + np.concatenate([frame.ravel() for frame in frames]).tobytes()
        ).hexdigest()
        for frames in (images, depths, masks)
    ]
    assert domain.described(("image", "depth", "mask"), str)[1] == digests


def test_arrays_are_named_without_a_copy_of_them():
    domain = Domain.from_arrays(np.zeros((8, 256, 512, 3), np.uint8))
    tracemalloc.start()
    domain.identity()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 256 * 512 * 3 / 10


def folder(root, **options):
    for number in range(3):
        write(root / f"image/{number}.png", color(10, 20, 30))
        write(root / f"depth/{number}.png", grey(2560, "uint16"))
        write(root / f"ids/{number}.png", grey(number))
    columns = {"depth": root / "depth", "semantic": root / "ids"}
    given = {"depth_scale": 1 / 256, "ids": {0: "road", 1: "car", 2: "sky"}}
    return Folder(root / "image", **{**columns, **given, **options})


def test_a_folder_is_named_by_its_files_and_how_they_are_read(tmp_path):
    one = folder(tmp_path / "one")
    same(one, folder(tmp_path / "two"))
    distinct(
        one,
        folder(tmp_path / "one", depth_scale=1 / 128),
        folder(tmp_path / "one", ids={0: "road", 1: "car", 2: "wall"}),
        folder(tmp_path / "one", depth=None, depth_scale=None),
        folder(
            tmp_path / "one",
            depth=None,
            disparity=tmp_path / "one/depth",
            depth_scale=None,
            disparity_scale=1 / 256,
            focal_length=500,
            baseline=0.5,
        ),
    )


def test_classes_say_nothing_of_images_and_depth(tmp_path):
    one = folder(tmp_path)
    other = one.with_classes(OWN)
    assert one.identity(("image", "depth")) == other.identity(("image", "depth"))
    assert one.identity(("semantic",)) != other.identity(("semantic",))


class Mine(Domain):
    """As a user writes one: paths and options as plain attributes."""

    name = "mine"
    tasks = ()

    def __init__(self, root, gain=1.0, split="train", table=None):
        self.root = str(root)
        self.paths = [str(path) for path in sorted(Path(root).glob("*.png"))]
        self.gain, self.split, self.table = gain, split, table

    def __len__(self):
        return len(self.paths)

    def read(self, index, keys):
        raise ValueError("not to be read")


def test_a_users_class_is_named_by_its_attributes(tmp_path, monkeypatch):
    for root in ("one", "two"):
        write(tmp_path / root / "a.png", grey(1))
    same(Mine(tmp_path / "one"), Mine(tmp_path / "two"))
    # A folder that happens to be called like the split changes nothing.
    before = Mine(tmp_path / "one").identity()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train").mkdir()
    assert Mine("one").identity() == Mine(Path("two")).identity() == before
    distinct(
        Mine("one"),
        Mine("one", gain=2.0),
        Mine("one", split="val"),
        Mine("one", table=np.arange(3)),
        Mine("one", table={"a": [1]}),
        Mine("one", table={"a": [2]}),
    )


@pytest.mark.parametrize("kind", [object, np.dtypes.StringDType()], ids=str)
def test_arrays_of_names_count_by_what_they_say(kind, tmp_path):
    """As a column of pandas is, whose bytes are places in memory."""

    def mine(root, *names):
        paths = [write(tmp_path / root / f"{name}.png", grey(1)) for name in names]
        paths = paths if kind is object else map(str, paths)
        # No two of them are one object.
        table = np.array([*paths, "".join(["tr", "ain"])], kind)
        return Mine(tmp_path / "empty", table=table)

    same(mine("one", "a", "b"), mine("one", "a", "b"), mine("two", "a", "b"))
    distinct(mine("one", "a", "b"), mine("one", "b", "a"), mine("one", "a", "c"))


def test_collections_of_every_kind_count():
    here = Path(__file__).parent
    tables = ({"a"}, {"b"}, frozenset("ab"), range(3), range(1, 4), deque([5, 6]), b"c", b"d")
    distinct(*(Mine(here, table=table) for table in (*tables, MappingProxyType({"a": {1}}))))
    many = [f"name {number}" for number in range(99)]
    same(Mine(here, table=set(many)), Mine(here, table=set(many[::-1])))
    same(Mine(here, table={1, "a", None}), Mine(here, table={None, "a", 1}))


def test_an_object_that_says_nothing_counts_for_nothing():
    same(*(Mine(Path(__file__).parent, table=tf.constant(number)) for number in range(2)))
