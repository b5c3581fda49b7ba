"""Kind 6, the side of the data: homes, caches and disks that are not as they should be."""

import contextlib
import errno
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import processes
import pytest
from field_kit import streets

from adaat_keras.domains import Kitti, Streets
from adaat_keras.domains import streets as module
from adaat_keras.domains.cache import cached
from adaat_keras.domains.shards import pack
from adaat_keras.files import DiskFull, cache_folder, written_whole
from adaat_keras.streets.writers import write_streets

SMALL = {"split": "val", "frames": 3, "height": 16, "width": 32}


def test_a_cache_that_cannot_be_made_is_named_with_what_changes_it(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file cannot be made .*ADAAT_KERAS_CACHE"):
        Streets(**SMALL)
    with pytest.raises(OSError, match=r"cannot be made .*pass cache=.*ADAAT_KERAS_CACHE"):
        Streets(**SMALL, cache=tmp_path / "file" / "below")
    frames = Streets(**SMALL, cache=tmp_path / "good")
    with pytest.raises(OSError, match=r"file/frames cannot be made .*ADAAT_KERAS_CACHE"):
        cached(frames, "disk")[0]


def test_without_a_home_the_variable_is_named(tmp_path, monkeypatch):
    def no_home(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    monkeypatch.delenv("ADAAT_KERAS_CACHE", raising=False)
    with pytest.raises(ValueError, match=r"no home folder .*ADAAT_KERAS_CACHE"):
        cache_folder()
    with pytest.raises(ValueError, match="no home folder for ~; write the whole path"):
        Streets(**SMALL, cache="~/x")


def test_a_tilde_is_the_home_folder_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    streets("kitti", tmp_path / "kitti", 1, "train", 16, 32)
    assert len(Kitti("~/kitti", depth_folder="~/kitti/training/disp_occ_0", check_labels=False))
    frames = Streets(**SMALL, cache="~/cache")
    assert frames.folder.parent == tmp_path / "cache"
    assert pack(frames, "~/packed", keys=("image",)) == tmp_path / "packed"
    write_streets("carla", "~/carla", 1, height=16, width=32)
    assert (tmp_path / "carla/streets.json").exists()
    assert not Path("~").exists()


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of its own, full after some bytes; skips where none can be mounted."""
    folder.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def halves(folder):
    """What is left that is not whole."""
    return [path for path in folder.rglob(".*") if path.is_file() or ".making" in path.name]


def test_frames_without_room_are_refused_before_they_are_rendered(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "render_batch", None)
    with small_disk(tmp_path / "disk", "64k") as disk:
        with pytest.raises(DiskFull, match=rf"no space left in {disk}: .* MB that are needed"):
            Streets(split="val", frames=64, height=32, width=64, cache=disk)
        assert halves(disk) == []


def test_a_disk_that_is_full_while_shards_are_written_costs_a_line(tmp_path):
    frames = Streets("streets_sim", "val", 12, 32, 64, cache=tmp_path / "cache")
    with small_disk(tmp_path / "disk", "256k") as disk:
        with pytest.raises(DiskFull, match=f"no space left in {disk}"):
            pack(frames, disk / "val", shard_frames=4)
        assert halves(disk) == []
        # The same goes on when there is room.
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        before = {path: path.stat().st_mtime_ns for path in disk.rglob("*.tfrecord")}
        pack(frames, disk / "val", shard_frames=4)
        assert before
        assert all(path.stat().st_mtime_ns == time for path, time in before.items())
        there = {p.relative_to(disk): p.read_bytes() for p in disk.rglob("*.tfrecord")}
    pack(frames, tmp_path / "val", shard_frames=4)
    assert there == {
        p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.glob("val/**/*.tfrecord")
    }


def test_a_disk_that_is_full_while_streets_are_written_costs_a_line(tmp_path):
    with small_disk(tmp_path / "disk", "256k") as disk:
        with pytest.raises(DiskFull, match=f"no space left in {disk}"):
            write_streets("kitti", disk, 40, height=32, width=64)
        assert halves(disk) == []
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        write_streets("kitti", disk, 40, height=32, width=64)
        assert len(Kitti(disk)) == 40


@pytest.mark.slow
def test_the_command_ends_with_a_line_on_a_full_disk(tmp_path):
    with small_disk(tmp_path / "disk", "1m") as disk:
        arguments = ["data", "show", "streets_sim", "--domain-options", '{"frames": 16}']
        out = ["--out", tmp_path / "a.png"]
        place = {"told": tmp_path / "told", "environment": {"ADAAT_KERAS_CACHE": str(disk)}}
        status, said = processes.finished(*arguments, *out, **place)
    assert status == 2, said
    assert f"no space left in {disk}" in said.splitlines()[-1]


def test_whatever_a_library_calls_a_full_disk_is_told_so(tmp_path):
    class Strange(Exception):
        pass

    def fails(error):
        with written_whole(tmp_path / "a") as file:
            file.touch()
            raise error

    for error in (OSError(errno.EDQUOT, "quota"), Strange("x; No space left on device")):
        with pytest.raises(DiskFull, match=f"no space left in {tmp_path}"):
            fails(error)
    assert not [*tmp_path.iterdir()]


def test_frames_are_the_bytes_of_numpy(tmp_path):
    streets = Streets("streets_sim", **SMALL, cache=tmp_path)
    for key in ("image", "semantic", "depth"):
        np.save(tmp_path / "again.npy", np.load(streets.folder / f"{key}.npy"))
        assert (tmp_path / "again.npy").read_bytes() == (streets.folder / f"{key}.npy").read_bytes()


def test_a_damaged_cache_is_named(tmp_path):
    folder = Streets("streets_sim", **SMALL, cache=tmp_path).folder
    whole = (folder / "depth.npy").read_bytes()
    for damaged in (b"", whole[:50], whole[:-4], whole.replace(b"<f4", b"<i4")):
        (folder / "depth.npy").write_bytes(damaged)
        with pytest.raises(ValueError, match=rf"depth\.npy is damaged; delete {folder}"):
            Streets("streets_sim", **SMALL, cache=tmp_path)[0]


def test_what_a_killed_rendering_left_is_cleaned_up_and_what_lives_is_not(tmp_path):
    told = tmp_path / "told"
    process = processes.start(processes.rendered, str(tmp_path), told=told)
    while not (told.exists() and "rendering" in told.read_text()):
        assert process.is_alive()
        time.sleep(0.02)
    [draft] = tmp_path.glob(".making-*")
    Streets("streets_real", **SMALL, cache=tmp_path)
    assert draft.exists()
    process.kill()
    process.join()
    assert draft.exists()
    frames = Streets("streets_sim", **SMALL, cache=tmp_path)
    assert [*tmp_path.glob(".making-*")] == []
    assert frames[0]["image"].shape == (16, 32, 3)


def test_what_another_machine_left_is_cleaned_up_after_a_day(tmp_path):
    old, new = (tmp_path / f".making-streets_sim-{age}" for age in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    Streets("streets_sim", **SMALL, cache=tmp_path)
    assert (old.exists(), new.exists()) == (False, True)
