"""Frames that are decoded once, in memory or on the disk."""

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from pixel_kit import Pixels, assert_equal_frames

from adaat_keras.domains import cache as disk_cache
from adaat_keras.domains.batches import training_batches
from adaat_keras.domains.cache import cached
from adaat_keras.domains.resize import Resized

SIZES = [(6, 8), (5, 9), (6, 8), (4, 7), (7, 7)]
# Frames that are read to tell what a domain holds.
OPENED = 4


@pytest.fixture(params=["memory", "disk"])
def cache(request, tmp_path):
    """Puts a domain into a cache."""
    return lambda domain: cached(domain, request.param, tmp_path)


@pytest.mark.parametrize("sizes", [SIZES, [(6, 8)] * 5])
def test_a_cache_gives_the_domains_frames(cache, sizes):
    domain = Pixels(sizes)
    frames = cache(domain)
    assert (len(frames), frames.name, frames.tasks) == (5, domain.name, domain.tasks)
    for index in range(5):
        assert_equal_frames(frames[index], domain.frame(index))


def test_a_frame_is_decoded_once(cache):
    domain = Pixels()
    frames = cache(domain)
    for _ in range(4):
        list(frames.dataset(("image", "depth")))
    assert max(domain.reads.by_key.values()) <= 5 + OPENED


def test_only_the_asked_keys_are_read(cache):
    domain = Pixels()
    list(cache(domain).dataset(("image", "depth")))
    assert set(domain.reads.by_key) == {"image", "depth"}


def test_a_key_that_is_asked_for_later_comes_too(cache):
    domain = Pixels()
    frames = cache(domain)
    list(frames.dataset(("image",)))
    assert_equal_frames(frames[3], domain.frame(3))


def test_training_sees_the_same_batches(cache):
    domain = Pixels()

    def batches(frames):
        data = training_batches(frames, "depth", 3, 4, seed=1)
        return list(islice(data.as_numpy_iterator(), 4))

    for one, other in zip(batches(cache(domain)), batches(domain), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_frames_of_one_size_have_a_known_shape(cache):
    spec = cache(Resized(Pixels(SIZES), 4, 6)).dataset(("image", "depth")).element_spec
    assert spec["image"].shape == (4, 6, 3)
    assert spec["depth"].shape == (4, 6)


def test_labels_that_the_domain_lacks_are_refused(cache):
    with pytest.raises(ValueError, match="pixels has no labels for 'normals'"):
        cache(Pixels()).dataset(("image", "normals"))


def test_no_cache_is_the_domain_itself():
    domain = Pixels()
    assert cached(domain, None) is domain


def test_an_unknown_cache_is_answered_with_the_choices():
    with pytest.raises(ValueError, match="memory, disk or None"):
        cached(Pixels(), "cloud")


def test_what_is_on_the_disk_serves_the_next_process(tmp_path):
    cached(Pixels(), "disk", tmp_path)[0]
    domain = Pixels()
    list(cached(domain, "disk", tmp_path).dataset(("image", "depth")))
    assert max(domain.reads.by_key.values()) <= OPENED


def test_the_disk_cache_can_be_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path))
    cached(Pixels(), "disk")[0]
    assert len(list((tmp_path / "frames").iterdir())) == 3


def test_other_options_and_sizes_have_caches_of_their_own(tmp_path):
    domains = [Pixels(), Pixels(seed=1), Resized(Pixels(), 3, 4), Resized(Pixels(), 4, 3)]
    for domain in domains:
        assert_equal_frames(cached(domain, "disk", tmp_path)[2], domain[2])
    assert len(list(tmp_path.iterdir())) == 3 * len(domains)


def test_a_file_that_changes_is_read_again(tmp_path):
    class Files(Pixels):
        def __init__(self, seed):
            super().__init__(seed=seed)
            self.seed = None
            self.files = [{"image": tmp_path / "image.png"}]

    def folders(seed):
        cached(Files(seed), "disk", tmp_path / "cache").dataset(("image",))
        return sorted((tmp_path / "cache").iterdir())

    (tmp_path / "image.png").write_bytes(b"one")
    before = folders(0)
    assert folders(0) == before
    os.utime(tmp_path / "image.png", (1, 1))
    assert len(folders(0)) == 2 * len(before)


def test_a_load_that_was_killed_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_cache, "_SHARD_FRAMES", 2)
    domain = Pixels(broken=3)
    with pytest.raises(ValueError, match=r"frame-3\.png is damaged"):
        cached(domain, "disk", tmp_path).dataset(("image",))
    assert [path.name for path in tmp_path.rglob("*.tfrecord")] == ["00000.tfrecord"]
    domain.reads.broken = None
    domain.reads.by_key.clear()
    frames = cached(domain, "disk", tmp_path)
    np.testing.assert_array_equal(frames.read(3, ("image",))["image"], domain.frame(3)["image"])
    assert domain.reads.by_key["image"] == OPENED + 3


def test_a_damaged_shard_is_written_anew(tmp_path):
    domain = Pixels()
    cached(domain, "disk", tmp_path)[0]
    for shard in tmp_path.rglob("*.tfrecord"):
        Path(shard).write_bytes(b"\0" * shard.stat().st_size)
    assert_equal_frames(cached(domain, "disk", tmp_path)[4], domain.frame(4))


def test_a_deleted_cache_is_made_again(tmp_path):
    domain = Pixels()
    cached(domain, "disk", tmp_path)[0]
    shutil.rmtree(tmp_path)
    assert_equal_frames(cached(domain, "disk", tmp_path)[4], domain.frame(4))


class Slow(Pixels):
    """Stops at its frame 3 until somebody waits for it."""

    def __init__(self, awaited):
        super().__init__()
        self.reads.awaited = awaited

    def _value(self, index, key):
        def wait(index):
            if index == 3:
                self.reads.awaited.wait(20)
            return index

        index = tf.ensure_shape(tf.numpy_function(wait, [index], tf.int64), ())
        return super()._value(index, key)


def test_a_second_process_waits_for_what_the_first_one_writes_and_uses_it(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_cache, "_SHARD_FRAMES", 2)
    awaited, said = threading.Event(), []

    def told(text, **_):
        said.append(text)
        awaited.set()

    monkeypatch.setattr("adaat_keras.lock.print", told, raising=False)
    domains = Slow(awaited), Slow(awaited)
    caches = [cached(domain, "disk", tmp_path) for domain in domains]
    with ThreadPoolExecutor() as threads:
        first = threads.submit(caches[0].require, ("image", "depth"))
        while not [*tmp_path.rglob("00000.tfrecord")]:
            time.sleep(0.01)
        second = threads.submit(caches[1].require, ("image", "depth"))
        first.result()
        second.result()
    [text] = said
    assert "is in use by process" in text
    assert "waiting for it" in text
    # The last of the shards is the first one's alone.
    assert max(domains[1].reads.by_key.values()) <= OPENED
    for cache in caches:
        np.testing.assert_array_equal(
            cache.read(4, ("depth",))["depth"], domains[0].frame(4)["depth"]
        )


def test_what_is_whole_is_read_where_one_cannot_write(tmp_path, monkeypatch):
    cached(Pixels(), "disk", tmp_path)[0]
    monkeypatch.setattr("adaat_keras.domains.shards.locked", None)
    assert_equal_frames(cached(Pixels(), "disk", tmp_path)[4], Pixels().frame(4))


@pytest.mark.parametrize("name", ["/elsewhere", "../elsewhere", "a/b"])
def test_a_domains_name_does_not_lead_out_of_the_cache(name, tmp_path):
    domain = Pixels()
    domain.name = str(tmp_path) + name if name[0] == "/" else name
    frames = cached(domain, "disk", tmp_path / "cache")
    assert_equal_frames(frames[1], domain.frame(1))
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    indices = [*tmp_path.rglob("index.json")]
    assert {index.parent.parent for index in indices} == {tmp_path / "cache"}
