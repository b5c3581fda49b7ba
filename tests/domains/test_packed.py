"""A packed domain as the rest of the package opens it, and folders that are not one."""

import json
import shutil
from itertools import islice

import numpy as np
import pytest
from pixel_kit import Pixels, assert_equal_frames

from adaat_keras import domains
from adaat_keras.domains import Packed
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.resize import Resized
from adaat_keras.domains.shards import pack

SIZES = [(6, 8), (5, 9), (6, 8), (4, 7), (7, 7)]


@pytest.fixture
def root(tmp_path):
    """The root of a packed domain with one split."""
    pack(Pixels(), tmp_path / "packed" / "train", shard_frames=2)
    return tmp_path / "packed"


def edit_index(folder, **changes):
    path = folder / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_it_opens_by_name_with_the_frames_that_were_packed(root):
    packed = domains.get("packed", root=str(root), split="train")
    assert (len(packed), packed.name, set(packed.tasks)) == (5, "pixels", {"semantic", "depth"})
    for index in (3, 0, 4, 1, 2):
        assert_equal_frames(packed[index], Pixels().frame(index))


def test_it_has_the_camera_of_what_was_packed_at_its_size(tmp_path):
    domain = Pixels()
    domain.focal_length, domain.principal_point, domain.camera_height = 12.0, (3.0, 2.0), 1.5
    packed = Packed(pack(Resized(domain, 3, 4), tmp_path / "small"))
    told = (packed.focal_length, packed.principal_point, packed.camera_height)
    assert told == (6.0, (1.5, 1.0), 1.5)
    # Of another domain, and of those that an older version packed, nothing is known.
    assert Packed(pack(Pixels(), tmp_path / "none")).focal_length is None
    index = tmp_path / "small" / "image" / "index.json"
    values = json.loads(index.read_text())
    del values["camera"], values["checksums"]
    index.write_text(json.dumps(values))
    assert Packed(tmp_path / "small").camera_height is None


def test_it_knows_which_labels_have_no_holes(tmp_path):
    domain = Pixels()
    domain.tell_dense("depth")
    pack(domain, tmp_path)
    assert Packed(tmp_path).dense == ("depth",)
    # One that an older version packed does not say so by itself.
    index = tmp_path / "depth" / "index.json"
    values = json.loads(index.read_text())
    del values["dense"], values["checksums"]
    index.write_text(json.dumps(values))
    assert Packed(tmp_path).dense == ()
    assert Packed(tmp_path, dense=["depth", "semantic"]).dense == ("depth", "semantic")
    shutil.rmtree(tmp_path / "depth")
    with pytest.raises(ValueError, match="pixels: dense='depth', but its labels are: semantic"):
        Packed(tmp_path, dense="depth")


def test_a_camera_that_is_none_is_no_index(tmp_path):
    pack(Pixels(), tmp_path)
    camera = {"focal_length": -1, "principal_point": None, "camera_height": None}
    for changes in ({"camera": camera}, {"camera": {"focal_length": 3}}, {"camera": [3]}):
        edit_index(tmp_path / "image", checksums=None, **changes)
        with pytest.raises(ValueError, match=r"image/index.json is no index of packed frames"):
            Packed(tmp_path)


def test_frames_may_differ_in_size(tmp_path):
    domain = Pixels(SIZES)
    packed = Packed(pack(domain, tmp_path, shard_frames=2))
    frames = list(packed.dataset(("image", "semantic", "depth")).as_numpy_iterator())
    for index in range(5):
        assert_equal_frames(frames[index], domain.frame(index))


def test_frames_of_one_size_have_a_known_shape(root):
    spec = Packed(root, "train").dataset(("image", "depth")).element_spec
    assert spec["image"].shape == (6, 8, 3)
    assert spec["depth"].shape == (6, 8)


def test_training_sees_the_same_batches(root):
    def batches(frames):
        data = training_batches(frames, "depth", 3, 4, seed=1, crops_per_frame=2)
        return list(islice(data.as_numpy_iterator(), 4))

    for one, other in zip(batches(Packed(root, "train")), batches(Pixels()), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("what", ["folder", "shards"])
def test_a_label_can_be_withheld_by_deleting_it(root, what):
    folder = root / "train" / "semantic"
    if what == "folder":
        shutil.rmtree(folder)
    for shard in folder.glob("*.tfrecord"):
        shard.unlink()
    packed = Packed(root, "train")
    assert packed.tasks == ("depth",)
    assert set(packed[0]) == {"image", "depth"}
    with pytest.raises(ValueError, match="pixels has no labels for 'semantic'; its labels: depth"):
        packed.dataset(("image", "semantic"))


def change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)


def test_a_wrong_checksum_is_told_when_its_key_is_asked_for(root):
    change_a_byte(root / "train" / "semantic" / "00001.tfrecord")
    packed = Packed(root, "train")
    assert len(list(packed.dataset(("image", "depth")))) == 5
    with pytest.raises(ValueError, match=r"semantic/00001\.tfrecord: .*checksum is wrong; run"):
        packed.dataset(("image", "semantic"))
    with pytest.raises(ValueError, match="checksum is wrong"):
        packed[0]


def test_checksums_may_go_unread(root):
    change_a_byte(root / "train" / "semantic" / "00001.tfrecord")
    assert len(list(Packed(root, "train", verify=False).dataset(("image", "semantic")))) == 5


def test_a_shard_that_is_cut_off_is_named(root):
    shard = root / "train" / "depth" / "00002.tfrecord"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(
        ValueError, match=r"depth/00002\.tfrecord: .*cut off, 100 bytes of 208; run"
    ):
        Packed(root, "train", verify=False)


@pytest.mark.parametrize("key", ["image", "depth"])
def test_a_shard_that_is_missing_is_named(root, key):
    (root / "train" / key / "00001.tfrecord").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{key}/00001\.tfrecord: .*missing; run"):
        Packed(root, "train")


def test_images_without_any_shard_are_missing_not_withheld(root):
    for shard in (root / "train" / "image").glob("*.tfrecord"):
        shard.unlink()
    with pytest.raises(FileNotFoundError, match=r"image/00000\.tfrecord: .*missing; run"):
        Packed(root, "train")


def test_what_is_packed_in_part_is_not_read(root):
    index = json.loads((root / "train" / "depth" / "index.json").read_text())
    edit_index(root / "train" / "depth", shards=index["shards"][:1])
    with pytest.raises(ValueError, match="depth is packed in part, 1 of 3 shards; run"):
        Packed(root, "train")


def test_another_versions_index_is_not_read(root):
    edit_index(root / "train" / "image", version=2)
    with pytest.raises(ValueError, match=r"index\.json says .*version 2, but .* version 1; delete"):
        Packed(root, "train")


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"format": 1, "version": 1, "shards": 3}'])
def test_an_index_that_is_none_is_named(root, text):
    (root / "train" / "image" / "index.json").write_text(text)
    with pytest.raises(ValueError, match=r"image/index\.json .*delete .* and pack again"):
        Packed(root, "train")


def test_keys_of_different_domains_do_not_go_together(root, tmp_path):
    pack(Pixels(SIZES), tmp_path / "other", keys=("depth",), shard_frames=2)
    shutil.rmtree(root / "train" / "depth")
    (tmp_path / "other" / "depth").rename(root / "train" / "depth")
    with pytest.raises(ValueError, match=r"different domains or sizes; delete .*depth"):
        Packed(root, "train")


@pytest.mark.parametrize(
    ("below", "split"),
    [("", None), ("", "val"), ("train", "train"), ("train/image", None), ("..", None)],
)
def test_a_folder_near_a_packed_one_is_answered_with_it(root, below, split, monkeypatch):
    monkeypatch.chdir(root.parent)
    with pytest.raises(ValueError, match=f"packed frames are at root={root}, split='train'"):
        Packed(f"packed/{below}", split)


def test_a_folder_without_anything_packed_is_answered_with_the_command(tmp_path):
    with pytest.raises(ValueError, match=r"no packed frames.*adaat-keras data pack"):
        Packed(tmp_path, "train")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder"):
        Packed(tmp_path / "nowhere", "train")


def test_a_root_is_needed():
    with pytest.raises(ValueError, match="needs root="):
        Packed(split="train")
