"""Kinds 4 to 6 and 9: runs that come back, and the machine around them."""

import io
import json
import os
import sys
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from field_kit import command, streets
from PIL import Image
from preset_kit import copied, small_preset

import adaat_keras
from adaat_keras import build_ada_atdt, load
from adaat_keras.cli import main
from adaat_keras.cli.options import json_object
from adaat_keras.domains import Carla, Cityscapes, Folder, Kitti, Packed, SynthiaSF
from adaat_keras.domains.cache import cached
from adaat_keras.lock import locked
from adaat_keras.methods.stage import plain_errors
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.publish import new_place

pytestmark = pytest.mark.usefixtures("unchanged_images")
RESULTS = Path(adaat_keras.__file__).parents[1] / "docs/results/streets-real-semantic-depth.json"


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "undrawn")
def test_a_target_of_one_frame_is_trained_and_scored(tiny, frames, tmp_path):
    one = {**frames, "frames": 1, "cache": str(tmp_path / "cache")}
    options = ["--target-options", json.dumps(one), "--validation-frames", "1", "--epochs", "1"]
    options += ["--recipe", "paper"]
    arguments = ["train", *tiny, *options, "--directory", str(tmp_path / "run")]
    assert main(arguments) == 0
    assert "target" in RunFolder(tmp_path / "run").read_metrics()
    assert main(arguments) == 0


def test_more_epochs_than_a_finished_run_has_are_refused_with_the_way(run, tiny, withheld, refused):
    target = ["--target-options", json.dumps(withheld("semantic"))]
    said = refused("train", *tiny, *target, "--directory", run, "--epochs", "5")
    assert f"go on from its weights in another directory: --weights {run}" in said


def test_a_second_process_is_told_who_has_the_folder(tiny, tmp_path, refused):
    folder = tmp_path / "run"
    with locked(folder / "state", "wait"):
        said = refused("train", "--method", "source_only", *tiny, "--directory", folder)
    assert f"in use by process {os.getpid()} on " in said
    assert " since " in said
    assert not (folder / "config.json").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "undrawn")
@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "undrawn")
@pytest.mark.parametrize("target", ["carla", "folder"])
def test_images_alone_are_a_target_for_a_method_that_reads_no_label(target, tiny, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(images / f"{number}.png")
    option = {"carla": "image_folder", "folder": "images"}[target]
    options = ["--target", target, "--target-options", json.dumps({option: str(images)})]
    options += ["--epochs", "1", "--steps-per-epoch", "1"]
    arguments = ["train", "--method", "dan", *tiny, *options, "--directory", str(tmp_path / "run")]
    assert main(arguments) == 0
    assert load(tmp_path / "run").predict(np.zeros((1, 64, 64, 3)), verbose=0).shape[-1] == 11


@pytest.mark.parametrize("backend", ["torch", "theano", "keras.json"])
def test_a_backend_that_does_not_start_is_named_with_what_to_set(backend, tmp_path):
    if backend == "keras.json":
        (tmp_path / "keras.json").write_text('{"backend": "nonsense"}')
        environment = {"KERAS_HOME": str(tmp_path)}
    else:
        environment = {"KERAS_BACKEND": backend}
    status, said = command("predict", "a.png", "--weights", "b", **environment)
    last = said.splitlines()[-1]
    assert "Traceback" not in said
    # Where the backend is installed, it is the image that is not there.
    assert (status, "KERAS_BACKEND=tensorflow" in last or "a.png" in last) == (2, True), said


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "cp437"])
def test_a_terminal_that_is_not_utf_8_is_no_end(encoding, tmp_path, monkeypatch):
    paper = json.loads(RESULTS.read_text(encoding="utf-8"))
    # A pair of the paper's: its table has notes.
    paper["config"] |= {"source": "carla", "target": "cityscapes"}
    (tmp_path / "paper.json").write_text(json.dumps(paper))
    terminal = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["table", str(tmp_path / "paper.json")]) == 0
    assert terminal.buffer.getvalue().decode(encoding).startswith("| method |")


def test_no_file_is_written_in_the_machines_own_encoding(run, monkeypatch):
    for name in ("config.json", "metrics.json", "README.md", "history.csv"):
        assert (run / name).read_bytes().decode("utf-8")
    assert not (RunFolder(run).state / "failed.json").exists()


def test_a_tilde_is_the_home_folder_wherever_a_run_or_a_preset_is_meant(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert RunFolder("~/run").path == tmp_path / "run"
    assert new_place("mine", "~/presets") == tmp_path / "presets/mine"
    load(small_preset()).save_to_preset("~/mine")
    assert (tmp_path / "mine/weights.h5").exists()
    assert load("~/mine").origin == str(tmp_path / "mine")
    assert build_ada_atdt(weights="~/mine").origin == str(tmp_path / "mine")
    copied(RESULTS.parent, tmp_path / "results")
    assert main(["table", f"~/results/{RESULTS.name}"]) == 0
    assert not Path("~").exists()


WINDOWS = [r"C:\datasets\kitti", r"D:\new\train", r"data\kitti", r"\\server\share"]


@pytest.mark.parametrize("path", WINDOWS)
@pytest.mark.parametrize("domain", ["kitti", "carla", "cityscapes", "synthia_sf", "packed"])
def test_a_path_of_windows_is_told_what_to_write(path, domain, refused):
    text = f'{{"root": "{path}"}}'
    said = refused("data", "show", domain, "--domain-options", text)
    assert "slash" in said
    assert path.rpartition("\\")[2] in said


def test_paths_of_windows_are_what_they_say():
    text = r'{"a": "C:\new\tab\", "b": "D:\\right\\new", "c": "E:/x", "d": ["F:\u"]}'
    assert json_object(text) == {
        "a": "C:\\new\\tab\\",
        "b": r"D:\right\new",
        "c": "E:/x",
        "d": ["F:\\u"],
    }


@pytest.mark.parametrize("loader", [Kitti, Carla, Cityscapes, SynthiaSF, Packed, Folder])
def test_python_says_the_same_of_them(loader):
    with pytest.raises((ValueError, FileNotFoundError), match="write a slash"):
        loader(r"C:\data\new")


def with_broken_pixels(data):
    """A PNG whose checksums are right, and whose pixels cannot be unpacked."""
    at = data.index(b"IDAT")
    length = int.from_bytes(data[at - 4 : at], "big")
    chunk = b"IDAT" + data[at + 4 : at + 24] + b"\xff" * (length - 20)
    checksum = zlib.crc32(chunk).to_bytes(4, "big")
    return data[:at] + chunk + checksum + data[at + 8 + length :]


@pytest.mark.parametrize("ending", ["png", "zlib.png", "jpg", "npy"])
def test_a_file_that_is_damaged_inside_is_named_by_a_graph(ending, tmp_path):
    """Training reads in graphs, whose decoders name no file."""
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (64, 96, 3)).astype(np.uint8)
        path = tmp_path / f"{number}.{ending}"
        if ending == "npy":
            np.save(path, pixels)
        else:
            Image.fromarray(pixels).save(path)
    damaged = tmp_path / f"1.{ending}"
    frames = Folder(tmp_path)
    data = bytearray(damaged.read_bytes())
    middle = len(data) // 2
    if ending == "jpg":
        # A table that is none, where pixels are described.
        at = data.index(b"\xff\xc4")
        data[at + 4 : at + 20] = b"\xff" * 16
    elif ending == "zlib.png":
        data = with_broken_pixels(bytes(data))
    elif ending == "png":
        data[middle : middle + 9] = bytes(9)
    else:
        del data[middle:]
    damaged.write_bytes(data)
    with pytest.raises(Exception, match=rf"{damaged}") as told:
        for _ in frames.dataset(("image",)):
            pass
    assert "InvalidArgument" in type(told.value).__name__


@pytest.mark.parametrize("where", [None, "memory", "disk"])
def test_a_training_names_the_damaged_file_in_a_line(where, tmp_path):
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 9, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    frames = cached(Folder(tmp_path), where, tmp_path / "cache")
    damaged = tmp_path / "3.png"
    damaged.write_bytes(with_broken_pixels(damaged.read_bytes()))
    model = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)])
    model.build((None, None, None, 3))
    model.compile("sgd", "mse")

    def train():
        with plain_errors("joint"):
            images = frames.dataset(("image",)).map(lambda f: (f["image"][None], [[0.0]]))
            model.fit(images, shuffle=False, verbose=0)

    with pytest.raises(ValueError, match="damaged") as told:
        train()
    why = f"{damaged}: the PNG file is damaged inside; copy or unpack it again"
    place = "folder, frames 0 to 4" if where == "disk" else "folder"
    assert str(told.value) == (f"{place}: {why}" if where else f"stage 'joint': {why}")


@pytest.mark.parametrize("layout", ["kitti", "cityscapes", "carla", "synthia_sf"])
def test_labels_that_are_damaged_inside_are_named_by_a_graph(layout, tmp_path):
    loader = {"kitti": Kitti, "cityscapes": Cityscapes, "carla": Carla, "synthia_sf": SynthiaSF}
    options = {"tag_set": 28} if layout == "carla" else {}
    streets(layout, tmp_path, 2, "train", 32, 64, **options)
    frames = loader[layout](tmp_path, "train", **options)
    for key in ("semantic", "depth"):
        path = frames.files[1][key]
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[len(flipped) // 2] ^= 0xFF
        for data in (flipped, with_broken_pixels(whole)):
            path.write_bytes(data)
            with pytest.raises(Exception, match=str(path)):
                for _ in frames.dataset((key,)):
                    pass
        path.write_bytes(whole)


def test_images_of_16_bits_in_the_tree_of_a_data_set_are_read_by_folder(tmp_path):
    """Cityscapes' leftImg16bit; the loaders read what is published with 8 bits."""
    streets("cityscapes", tmp_path, 2, "train", 32, 64)
    truth = Cityscapes(tmp_path)[0]
    for file in sorted(tmp_path.rglob("*_leftImg8bit.png")):
        grey = np.asarray(Image.open(file).convert("L")).astype(np.uint16) * 16 + 3
        Image.fromarray(grey).save(file)
    with pytest.raises(ValueError, match=r"16-bit grey.*Folder\(\.\.\., image_range=\)"):
        Cityscapes(tmp_path)
    frames = Folder(
        f"{tmp_path}/leftImg8bit/train/*/*.png",
        semantic=f"{tmp_path}/gtFine/train/*/*_labelIds.png",
        ids="cityscapes",
        image_range=(3, 4083),
    )
    np.testing.assert_array_equal(frames[0]["semantic"], truth["semantic"])
    grey = np.asarray(Image.fromarray(truth["image"]).convert("L"))
    np.testing.assert_array_equal(frames[0]["image"][..., 0], grey)
