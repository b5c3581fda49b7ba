"""The embedded domains as the rest of the package opens them."""

import joblib
import numpy as np
import pytest
import tensorflow as tf

from adaat_keras import tasks
from adaat_keras.domains import get
from adaat_keras.domains import streets as module
from adaat_keras.domains.decoders import depth_normals
from adaat_keras.domains.streets import Streets
from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.render import render_batch

SMALL = {"split": "val", "frames": 3, "height": 16, "width": 32}


def test_frames_are_those_of_the_renderer(tmp_path):
    streets = get("streets_real", cache=tmp_path, **SMALL)
    expected = render_batch(LAYOUTS["camera_car"], "daylight", streets.seeds, 16, 32)
    assert len(streets) == 3
    for index in range(3):
        frame = streets[index]
        for key in expected:
            np.testing.assert_array_equal(frame[key], expected[key][index])


def test_normals_are_made_from_depth_with_the_cameras_focal_length(tmp_path):
    streets = Streets("streets_real", cache=tmp_path, **SMALL)
    expected = [depth_normals(frame["depth"], streets.focal_length) for frame in streets]
    frames = streets.dataset(("image", "normals")).as_numpy_iterator()
    np.testing.assert_allclose([frame["normals"] for frame in frames], expected, atol=1e-5)
    tasks.get("normals").check_labels(streets[0]["normals"], "frame 0")
    assert not (streets.folder / "normals.npy").exists()


def test_without_depth_there_are_no_normals(tmp_path):
    folder = Streets("streets_sim", cache=tmp_path, **SMALL).folder
    (folder / "depth.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"cannot read 'normals': there is no .*depth\.npy"):
        Streets("streets_sim", cache=tmp_path, **SMALL).dataset(("normals",))


def test_worker_processes_make_the_same_frames(tmp_path, monkeypatch):
    alone = Streets("streets_sim", cache=tmp_path / "a", **SMALL)
    monkeypatch.setattr(module, "_BATCH", 1)
    options = SMALL | {"frames": 6}
    together = Streets("streets_sim", cache=tmp_path / "b", **options)
    for key in ("image", "semantic", "depth"):
        few, many = (np.load(s.folder / f"{key}.npy") for s in (alone, together))
        np.testing.assert_array_equal(few, many[:3])


def test_a_dataset_reads_the_asked_keys_in_a_graph(tmp_path):
    streets = Streets("streets_sim", cache=tmp_path, **SMALL)
    batch = next(iter(streets.dataset(("image", "depth")).batch(3)))
    assert set(batch) == {"image", "depth"}
    assert batch["image"].dtype == tf.uint8
    np.testing.assert_array_equal(batch["depth"][2], streets[2]["depth"])


def test_a_cache_is_made_once(tmp_path, monkeypatch):
    first = Streets("streets_sim", cache=tmp_path, **SMALL)[0]
    monkeypatch.setattr(module, "render_batch", None)
    again = Streets("streets_sim", cache=tmp_path, **SMALL)[0]
    np.testing.assert_array_equal(first["image"], again["image"])


def test_the_cache_can_be_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path))
    assert Streets("streets_sim", **SMALL).folder.parent == tmp_path


def test_an_interrupted_cache_does_not_count(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "render_batch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            Streets("streets_sim", cache=tmp_path, **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_frames_are_made_where_the_system_cannot_take_room_beforehand(tmp_path, monkeypatch):
    """As macOS."""
    monkeypatch.delattr("os.posix_fallocate")
    there = Streets("streets_sim", cache=tmp_path / "mac", **SMALL)
    monkeypatch.undo()
    here = Streets("streets_sim", cache=tmp_path / "linux", **SMALL)
    for key in ("image", "semantic", "depth"):
        one, other = ((each.folder / f"{key}.npy").read_bytes() for each in (there, here))
        assert one == other


def test_the_leftover_of_a_killed_process_is_ignored(tmp_path):
    leftover = tmp_path / ".making-streets_sim-killed"
    leftover.mkdir()
    (leftover / "image.npy").write_bytes(b"half")
    streets = Streets("streets_sim", cache=tmp_path, **SMALL)
    assert streets[0]["image"].shape == (16, 32, 3)
    assert sorted(tmp_path.iterdir()) == [leftover, streets.folder]


def test_a_process_that_comes_second_uses_the_first_ones_frames(tmp_path, monkeypatch):
    made = Streets("streets_sim", cache=tmp_path, **SMALL)
    made._make()
    assert list(tmp_path.iterdir()) == [made.folder]


def test_a_missing_label_file_matters_only_when_it_is_read(tmp_path):
    Streets("streets_sim", cache=tmp_path, **SMALL)
    streets = Streets("streets_sim", cache=tmp_path, **SMALL)
    (streets.folder / "semantic.npy").unlink()
    assert len(list(streets.dataset(("image", "depth")))) == 3
    with pytest.raises(FileNotFoundError, match=r"semantic\.npy"):
        streets.dataset(("semantic",))


def test_another_look_shows_the_same_streets(tmp_path):
    plain = Streets("streets_sim", cache=tmp_path, **SMALL)
    other = Streets("streets_sim", look="daylight", cache=tmp_path, **SMALL)
    np.testing.assert_array_equal(plain[1]["semantic"], other[1]["semantic"])
    assert (plain[1]["image"] != other[1]["image"]).any()


def test_splits_and_domains_share_no_frame(tmp_path):
    seeds = []
    for name in ("streets_sim", "streets_real"):
        for split in ("train", "val", "test"):
            options = SMALL | {"split": split}
            seeds += Streets(name, cache=tmp_path, **options).seeds
    assert len(set(seeds)) == 18


def test_the_focal_length_follows_the_field_of_view(tmp_path):
    streets = Streets("streets_sim", cache=tmp_path, **SMALL)
    assert streets.focal_length == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ({"name": "streets_mars"}, "streets_real, streets_sim"),
        ({"split": "dev"}, "train, val, test"),
        ({"layout": "plane"}, "camera_car, simulator"),
        ({"look": "sepia"}, "daylight, night, simulator, thermal"),
    ],
)
def test_an_unknown_name_is_answered_with_the_choices(tmp_path, option, choices):
    with pytest.raises(ValueError, match=choices):
        Streets(**(SMALL | {"cache": tmp_path} | option))


def test_a_domain_has_at_least_one_frame(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        Streets("streets_sim", frames=0, cache=tmp_path)


def test_two_processes_may_make_one_cache_at_once(tmp_path):
    folders = joblib.Parallel(n_jobs=2, backend="threading")(
        joblib.delayed(lambda: Streets("streets_sim", cache=tmp_path, **SMALL).folder)()
        for _ in range(2)
    )
    assert folders[0] == folders[1]
    assert list(tmp_path.iterdir()) == [folders[0]]
