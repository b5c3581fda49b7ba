"""Frames in shards: what is written, when it is written again, and when that is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from pixel_kit import Pixels, assert_equal_frames

from adaat_keras import domains
from adaat_keras.cli import main
from adaat_keras.domains import Packed
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack

SIZES = [(6, 8), (5, 9), (6, 8), (4, 7), (7, 7)]
KEYS = ("image", "semantic", "depth")


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.tfrecord")}


def test_each_key_has_shards_and_an_index_of_its_own(tmp_path):
    pack(Pixels(), tmp_path, shard_frames=2)
    files = [f"{number:05}.tfrecord" for number in range(3)]
    for key in KEYS:
        there = sorted(path.name for path in (tmp_path / key).iterdir())
        assert there == [*files, "index.json", "lock"]


def test_shards_are_tfrecord_files_of_raw_pixels(tmp_path):
    domain = Pixels(SIZES)
    pack(domain, tmp_path, shard_frames=2)
    for key in KEYS:
        dtype = json.loads((tmp_path / key / "index.json").read_text())["dtype"]
        files = [str(path) for path in sorted((tmp_path / key).glob("*.tfrecord"))]
        for index, record in enumerate(tf.data.TFRecordDataset(files)):
            pixels = tf.reshape(tf.io.decode_raw(record, dtype), domain.frame(index)[key].shape)
            np.testing.assert_array_equal(pixels, domain.frame(index)[key])


def test_frames_are_packed_as_they_are_resized(tmp_path):
    domain = Pixels(SIZES)
    packed = Packed(pack(domain, tmp_path, 4, 6, shard_frames=2))
    for index in range(5):
        assert_equal_frames(packed[index], Resized(domain, 4, 6)[index])


def test_a_killed_packing_goes_on_and_ends_in_the_same_files(tmp_path):
    pack(Pixels(), tmp_path / "whole", shard_frames=2)
    domain = Pixels(broken=3)
    with pytest.raises(ValueError, match=r"pixels, frames 2 to 3: .*frame-3\.png is damaged"):
        pack(domain, tmp_path / "killed", shard_frames=2)
    before = times(tmp_path / "killed")
    assert len(before) == len(KEYS)
    domain.reads.broken = None
    pack(domain, tmp_path / "killed", shard_frames=2)
    assert before.items() <= times(tmp_path / "killed").items()
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_what_is_packed_is_not_packed_again(tmp_path):
    pack(Pixels(), tmp_path, shard_frames=2)
    before = times(tmp_path)
    pack(Pixels(), tmp_path, shard_frames=2)
    assert times(tmp_path) == before


@pytest.mark.parametrize("damage", ["cut", "changed", "deleted"])
def test_a_damaged_shard_alone_is_written_anew(tmp_path, damage):
    pack(Pixels(), tmp_path, shard_frames=2)
    expected, before = contents(tmp_path), times(tmp_path)
    shard = tmp_path / "depth" / "00001.tfrecord"
    data = shard.read_bytes()
    shard.write_bytes(data[:20] if damage == "cut" else data[:20] + b"\0\1" + data[22:])
    if damage == "deleted":
        shard.unlink()
    pack(Pixels(), tmp_path, shard_frames=2)
    assert contents(tmp_path) == expected
    del before[shard]
    assert before.items() <= times(tmp_path).items()


def test_keys_can_be_packed_one_by_one(tmp_path):
    domain = Pixels()
    pack(domain, tmp_path / "together")
    for key in KEYS:
        pack(domain, tmp_path / "apart", keys=(key,))
    assert contents(tmp_path / "together") == contents(tmp_path / "apart")


def test_a_label_comes_back_after_its_folder_was_deleted(tmp_path):
    pack(Pixels(), tmp_path)
    before = contents(tmp_path)
    shutil.rmtree(tmp_path / "depth")
    pack(Pixels(), tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("other", "options"),
    [
        (Pixels(seed=1), {}),
        (Pixels(), {"height": 3, "width": 4}),
        (Pixels([(6, 8)] * 6), {}),
        (Pixels(), {"shard_frames": 3}),
    ],
)
def test_frames_of_two_kinds_are_not_mixed_in_a_folder(tmp_path, other, options):
    pack(Pixels(), tmp_path, shard_frames=2)
    with pytest.raises(ValueError, match="choose another folder or delete this one"):
        pack(other, tmp_path, **{"shard_frames": 2} | options)


def test_an_image_and_a_label_of_different_size_are_not_packed(tmp_path):
    domain = Pixels()
    domain.frame(3)["depth"] = np.ones((6, 7), np.float32)
    with pytest.raises(ValueError, match="pixels, frame 3: sizes differ"):
        pack(domain, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 4}, "height and width together"),
        ({"height": 4, "width": 0}, "at least 1, not 4 and 0"),
        ({"shard_frames": 0}, "at least 1, not 0"),
        ({"keys": ("image", "normals")}, "no labels for 'normals'"),
    ],
)
def test_a_wrong_argument_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        pack(Pixels(), tmp_path, **options)


def test_the_command_packs_a_split_that_opens_by_name(tmp_path, capsys):
    options = {"frames": 3, "height": 16, "width": 32, "cache": str(tmp_path / "streets")}
    command = ["data", "pack", "streets_sim", "--split", "val", "--out", str(tmp_path / "packed")]
    size = ["--height", "8", "--width", "12", "--domain-options", json.dumps(options)]
    assert main([*command, *size]) == 0
    assert "3 frames of streets_sim" in capsys.readouterr().out
    packed = domains.get("packed", root=tmp_path / "packed", split="val")
    streets = Resized(domains.get("streets_sim", split="val", **options), 8, 12)
    assert_equal_frames(packed[1], streets[1])
