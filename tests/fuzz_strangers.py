"""Mutated presets, run folders, results and options of the command line, as `fuzz` has data.

Importing this adds them to `fuzz.READERS`.
"""

import argparse
import contextlib
import io
import json
import random
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import h5py
import keras
import numpy as np
from fuzz import READERS, REFUSED, RIGHT, Wrong, _refusal, changed, mutated
from PIL import Image
from preset_kit import seal, small_preset

from adaat_keras.cli import table
from adaat_keras.cli.options import _with_classes, json_object
from adaat_keras.domains import streets
from adaat_keras.domains.splits import Splits
from adaat_keras.models.plain_arrays import read_arrays
from adaat_keras.models.preset_format import parameters_of, read_config, read_details, read_model
from adaat_keras.presets import load
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.train import by_stage
from adaat_keras.tasks import Semantic
from adaat_keras.training.callbacks import merge_history, read_history


def reader(name):
    """Add a reader to the list of those that are tried."""

    def add(function):
        READERS[name] = function
        return function

    return add


def mutated_json(value, rng: random.Random) -> bytes:
    """JSON with other values in it, or with other bytes."""
    if rng.random() < 0.6:
        for _ in range(rng.randint(1, 3)):
            # A number that is huge already is left as it is.
            with contextlib.suppress(OverflowError):
                value = changed(value, rng)
        return json.dumps(value).encode()
    if rng.random() < 0.05:
        return b"[" * 100_000
    return mutated(json.dumps(value).encode(), rng)


# --- presets --------------------------------------------------------------------------------------


@cache
def preset_parts():
    """The bytes of a preset's files, and what its weights are."""
    folder = small_preset()
    with h5py.File(folder / "weights.h5") as file:
        arrays = {
            name: [np.asarray(file[name][key], np.float32) for key in sorted(file[name])]
            for name in file
        }
    return {file.name: file.read_bytes() for file in folder.iterdir()}, arrays


def fresh_preset(folder: Path) -> Path:
    for name, data in preset_parts()[0].items():
        (folder / name).write_bytes(data)
    return folder


@reader("presets: preset.json")
def preset_details(rng, folder):
    path = fresh_preset(folder) / "preset.json"
    path.write_bytes(mutated_json(json.loads(path.read_text()), rng))
    details = _refusal(lambda: read_details(folder), path)
    if isinstance(details, str):
        return REFUSED
    if details["format"] != 1 or not isinstance(details["options"], dict):
        raise Wrong(f"{details}")
    return RIGHT


@reader("presets: config.json")
def preset_config(rng, folder):
    path = fresh_preset(folder) / "config.json"
    path.write_bytes(mutated_json(json.loads(path.read_text()), rng))
    seal(folder)
    config = _refusal(lambda: read_config(folder), path)
    if isinstance(config, str):
        return REFUSED
    count = _refusal(lambda: parameters_of(config, path), path)
    if isinstance(count, str):
        return REFUSED
    if not 0 < count < 10**12:
        raise Wrong(f"{count} parameters")
    return RIGHT


@reader("presets: weights.h5")
def preset_weights(rng, folder):
    data, arrays = preset_parts()
    path = folder / "weights.h5"
    path.write_bytes(mutated(data["weights.h5"], rng))
    expected = {
        name: [(f"{name}/{n}", array.shape) for n, array in enumerate(group)]
        for name, group in arrays.items()
    }
    found = _refusal(lambda: read_arrays(path, expected), path)
    if isinstance(found, str):
        return REFUSED
    for name, group in found.items():
        for array, truth in zip(group, arrays[name], strict=True):
            if array.shape != truth.shape or not np.isfinite(array).all():
                raise Wrong(f"{name}: {array.shape}")
    return RIGHT


@reader("presets: folders")
def preset_folder(rng, folder):
    """Cut, renamed, emptied, exchanged; its hashes are as they were, or right again."""
    fresh_preset(folder)
    path = folder / rng.choice(["preset.json", "config.json", "weights.h5"])
    how = rng.random()
    if how < 0.15:
        path.unlink()
    elif how < 0.25:
        path.rename(path.with_name(f"{path.name}.part"))
    elif how < 0.35:
        shutil.copy(folder / "preset.json", path.with_name("config.json"))
    elif how < 0.9:
        path.write_bytes(mutated(path.read_bytes(), rng))
    if rng.random() < 0.3 and path.name == "weights.h5" and path.exists():
        seal(folder)
    model = _refusal(lambda: load(folder), folder)
    if isinstance(model, str):
        return REFUSED
    weights = (w for n in model.networks.values() for w in n.get_weights())
    if not all(np.isfinite(weight).all() for weight in weights):
        raise Wrong("weights that are not finite")
    return RIGHT


@cache
def archive() -> bytes:
    file = Path(tempfile.mkdtemp(prefix="fuzz-")) / "a.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(file)
    return file.read_bytes()


@reader("runs: .keras files")
def keras_file(rng, folder):
    path = folder / "a.keras"
    if rng.random() < 0.5:
        path.write_bytes(mutated(archive(), rng))
    else:
        with zipfile.ZipFile(io.BytesIO(archive())) as whole:
            members = {name: whole.read(name) for name in whole.namelist()}
        name = rng.choice([*members])
        if name.endswith(".json"):
            members[name] = mutated_json(json.loads(members[name]), rng)
        else:
            members[name] = mutated(members[name], rng)
        with zipfile.ZipFile(path, "w") as file:
            for each, data in members.items():
                file.writestr(f"{each}x" if rng.random() < 0.05 else each, data)
    model = _refusal(lambda: read_model(path), path)
    if isinstance(model, str):
        return REFUSED
    if model.count_params() > 100_000:
        raise Wrong(f"{model.count_params()} parameters")
    return RIGHT


# --- runs -----------------------------------------------------------------------------------------


@reader("runs: config.json")
def run_config(rng, folder):
    path = folder / "config.json"
    path.write_bytes(mutated_json(RunConfig.of(method="dan").to_dict(), rng))
    config = _refusal(lambda: RunFolder(folder).read_config(), path)
    if isinstance(config, str):
        return REFUSED
    if json.dumps(RunConfig.from_dict(config.to_dict()).to_dict()) != json.dumps(config.to_dict()):
        raise Wrong("not what it says")
    return RIGHT


@cache
def history() -> bytes:
    file = Path(tempfile.mkdtemp(prefix="fuzz-")) / "history.csv"
    for stage in ("adversarial", "transfer"):
        rows = [{"stage": stage, "epoch": n, "loss": 1 / n, stage: 3e-5} for n in (1, 2, 3)]
        merge_history(file, rows)
    return file.read_bytes()


@reader("runs: history.csv")
def run_history(rng, folder):
    path = folder / "history.csv"
    data = history()
    if rng.random() < 0.4:
        cells = data.split(b",")
        strange = [b"nan", b"1e999", b"x", b"", b'"', b"-1", b"\xff", b"\0", b"9" * 5000]
        cells[rng.randrange(len(cells))] = rng.choice(strange)
        path.write_bytes(b",".join(cells))
    else:
        path.write_bytes(mutated(data, rng))
    rows = _refusal(lambda: read_history(path), path)
    if isinstance(rows, str):
        return REFUSED
    by_stage(rows)
    return RIGHT


METRICS = {
    "target": {"mean_iou": 0.31, "iou_sky": None, "accuracy": 0.8},
    "domain_probe": {"accuracy": 0.9, "proxy_a_distance": 1.6},
}


@reader("runs: metrics.json")
def run_metrics(rng, folder):
    path = folder / "metrics.json"
    path.write_bytes(mutated_json(METRICS, rng))
    metrics = _refusal(lambda: RunFolder(folder).read_metrics(), path)
    if isinstance(metrics, str):
        return REFUSED
    for values in metrics.values():
        for value in values.values():
            if value is not None and not np.isfinite(float(value)):
                raise Wrong(f"{value}")
    return RIGHT


RESULTS = Path(__file__).parents[1] / "docs/results/streets-real-semantic-depth.json"


@cache
def results():
    return json.loads(RESULTS.read_text())


@reader("results of benchmarks")
def benchmark_results(rng, folder):
    path = folder / "results.json"
    path.write_bytes(mutated_json(results(), rng))
    options = argparse.Namespace(what=[str(path)], methods=None, json=False)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        said = _refusal(lambda: table.run(options), path)
    if isinstance(said, str):
        return REFUSED
    if not printed.getvalue():
        raise Wrong("nothing printed")
    return RIGHT


# --- the command line -----------------------------------------------------------------------------


def json_option(text: str):
    """What an option's text says, or `REFUSED` as argparse tells it."""
    try:
        return json_object(text)
    except argparse.ArgumentTypeError as error:
        if not str(error):
            raise Wrong("an empty message") from error
        return REFUSED


class Rendering(Exception):
    """Options are taken; the frames need not be rendered."""


@cache
def pictures() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for name in ("a", "b"):
        Image.new("RGB", (16, 8), (3, 4, 5)).save(folder / f"{name}_image.png")
        Image.fromarray(np.full((8, 16), 2560, np.uint16)).save(folder / f"{name}_depth.png")
        Image.fromarray(np.full((8, 16), 7, np.uint8)).save(folder / f"{name}_ids.png")
    return folder


def options_of(rng) -> tuple[str, dict]:
    if rng.random() < 0.5:
        name = rng.choice(["streets_sim", "streets_real"])
        folder = str(pictures() / "cache")
        return name, {"frames": 2, "height": 16, "width": 32, "cache": folder}
    where = str(pictures())
    return "folder", {
        "images": f"{where}/*_image.png",
        "semantic": f"{where}/*_ids.png",
        "depth": f"{where}/*_depth.png",
        "ids": {"7": "road", "26": ["car", "vehicle"]},
        "depth_scale": 0.00390625,
        "fractions": {"train": 0.5, "val": 0.5},
        "skip_bad": False,
    }


@reader("options of domains (JSON)")
def domain_options(rng, folder):
    name, options = options_of(rng)
    options = json_option(mutated_json(options, rng).decode(errors="replace"))
    if options == REFUSED:
        return REFUSED

    def render(*_):
        raise Rendering

    before, streets.render_batch = streets.render_batch, render
    # Many frames are rendered by processes, which would not know.
    before_jobs, streets.joblib.Parallel = streets.joblib.Parallel, lambda **_: list
    try:
        # Relative places are somewhere.
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            domain = _refusal(lambda: Splits(name, options).required("val"))
            frame = domain if isinstance(domain, str) else _refusal(lambda: domain[0])
    except Rendering:
        return RIGHT
    finally:
        streets.render_batch, streets.joblib.Parallel = before, before_jobs
    if isinstance(frame, str):
        return REFUSED
    if frame["image"].dtype != np.uint8 or not np.isfinite(frame.get("depth", 0)).all():
        raise Wrong(f"{frame}")
    return RIGHT


@reader("--classes")
def classes(rng, folder):
    groups = {"road": "road", "vehicle": ["car", "truck", "bus"], "person": ["person", "rider"]}
    text = mutated_json(groups, rng).decode(errors="replace")
    if rng.random() < 0.5:
        (folder / "a.json").write_text(text, encoding="utf-8")
        text = str(folder / "a.json")
    elif not text.lstrip().startswith("{"):
        # A name, which is another matter.
        return REFUSED
    given = _refusal(lambda: _with_classes({}, text))
    if isinstance(given, str):
        return REFUSED
    task = given["to_task"]
    if not 2 <= Semantic(**task["config"]).channels <= 254:
        raise Wrong(f"{task}")
    return RIGHT
