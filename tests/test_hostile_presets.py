"""What a preset from a stranger might try: refused, with its file's name, before it costs much."""

import json
import os
import resource
import threading
import time
import zipfile
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import h5py
import keras
import numpy as np
import pytest
from preset_kit import configure, copied, seal, small_preset, spoil

from adaat_keras import build_ada_atdt, load
from adaat_keras.models.preset_format import read_model
from adaat_keras.presets import find_preset
from adaat_keras.runs.folder import load_trained

_GB = 2**20  # KiB, as the system counts
MARK = "ran"


@pytest.fixture
def preset(tmp_path):
    return copied(small_preset(), tmp_path / "preset")


@pytest.fixture(autouse=True)
def cheap():
    """Nothing takes more than 5 seconds or 300 MB, whatever is tried."""
    small_preset()
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 0.3 * _GB


# --- its configuration ----------------------------------------------------------------------------

DTYPE = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
LAYERS = {
    "a lambda": {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}},
    "another model's file": {"class_name": "TFSMLayer", "config": {"filepath": "/etc"}},
    "a file of words": {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    "text": {"class_name": "TextVectorization", "config": {"vocabulary": "/etc/passwd"}},
    "a wrapper": {"class_name": "TorchModuleWrapper", "config": {"module": "YQ=="}},
}
CLASSES = {
    "a module of the system": {"module": "os", "class_name": "system"},
    "a module in the preset": {"module": "preset.evil", "class_name": "Evil"},
    "a function": {"module": "builtins", "class_name": "function", "config": "eval"},
    "a lambda's code": {"module": "builtins", "class_name": "__lambda__", "config": {"value": "Y"}},
    "Keras' downloads": {"module": "keras.utils", "class_name": "get_file"},
    "Keras' editor of files": {"module": "keras.saving", "class_name": "KerasFileEditor"},
    "Keras' data sets": {"module": "keras.utils", "class_name": "FeatureSpace"},
    "Keras' inner parts": {"module": "keras.src.utils.file_utils", "class_name": "Progbar"},
    "another name": {"module": "os", "class_name": "x", "registered_name": "adaat_keras>Encoder"},
    "a name that is none": {"module": "keras.layers", "class_name": "Dense", "registered_name": []},
    **{name: {"module": "keras.layers", **layer} for name, layer in LAYERS.items()},
}


@pytest.mark.parametrize("class_", CLASSES)
@pytest.mark.parametrize("place", ["transfer", "deeper"])
def test_code_is_not_asked_for(class_, place, preset):
    hostile = {"config": {}, **CLASSES[class_]}

    def change(config):
        if place == "transfer":
            config["transfer"] = hostile
        else:
            config["encoder_1"]["config"]["dtype"] = [{"inside": hostile}]

    configure(preset, change)
    with pytest.raises(ValueError, match=rf"{preset}/config.json asks for .*do not trust it"):
        load(preset)


def test_what_it_says_of_training_is_passed_over(preset):
    """An optimizer would be made of it."""

    def change(config):
        for network in ("encoder_1", "transfer"):
            evil = {"module": "os", "class_name": "system", "config": {"command": "ls"}}
            config[network]["compile_config"] = {"optimizer": evil, "loss": evil}

    configure(preset, change)
    assert load(preset).to_task == "semantic"


HUGE = {
    "wide": lambda c: [c[n]["config"].update(base_filters=10**6) for n in c if "coder" in n],
    "wide, and all fits": lambda c: [
        *(c[n]["config"].update(base_filters=20_000) for n in c if "coder" in n),
        c["transfer"]["config"].update(features=80_000),
    ],
    "many classes": lambda c: c["decoder_2"]["config"].update(channels=10**9),
    "a wide classifier": lambda c: c["domain_classifier"]["config"].update(width=10**5),
    "deep": lambda c: c["encoder_1"]["config"].update(residual_blocks=10**9),
    "a bit deep": lambda c: c["encoder_1"]["config"].update(residual_blocks=40),
    "negative": lambda c: c["encoder_1"]["config"].update(base_filters=-4),
    "a fraction": lambda c: c["encoder_1"]["config"].update(residual_blocks=2.5),
    "a network of Keras": lambda c: c.update(
        transfer={
            "module": "keras",
            "class_name": "Sequential",
            "config": {
                "layers": [
                    {
                        "module": "keras.layers",
                        "class_name": "InputLayer",
                        "config": {"batch_shape": [None, 10**6]},
                    },
                    {
                        "module": "keras.layers",
                        "class_name": "Dense",
                        "config": {"units": 10**6},
                    },
                ]
            },
        }
    ),
}


@pytest.mark.parametrize("case", HUGE)
def test_networks_that_the_weights_cannot_fill_are_not_built(case, preset):
    configure(preset, HUGE[case])
    with pytest.raises(ValueError, match=rf"{preset}/.*(asks for|describes no model|holds \d+)"):
        load(preset)


def test_a_size_in_the_description_alone_builds_nothing(preset):
    details = json.loads((preset / "preset.json").read_text())
    details["options"]["size"] = "base_filters=100000, residual_blocks=100"
    (preset / "preset.json").write_text(json.dumps(details))
    with pytest.raises(ValueError, match=rf"{preset}/preset.json says size .*config.json beside"):
        build_ada_atdt(weights=preset, size=details["options"]["size"])


TEXTS = {
    "endless": b" " * 2**21,
    "nested": b"[" * 500_000,
    "nested a bit": b'{"a":' * 900 + b"1" + b"}" * 900,
    "NaN": b'{"format": NaN}',
    "infinity": b'{"format": 1, "sha256": "a", "options": {"size": Infinity}}',
    "a large number": b'{"format": 1e999}',
    "a long number": b'{"format": ' + b"9" * 10_000 + b"}",
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "numbers for names": b'{"format": 1, "sha256": 5, "options": 7}',
}


@pytest.mark.parametrize("name", ["preset.json", "config.json"])
@pytest.mark.parametrize("text", TEXTS)
def test_json_that_is_none_is_refused_by_name(text, name, preset):
    (preset / name).write_bytes(TEXTS[text])
    if name == "config.json":
        seal(preset)
    with pytest.raises(ValueError, match=f"{preset}/{name}"):
        load(preset)


@pytest.mark.parametrize("option", ["from_task", "to_task", "transfer", "architecture", "size"])
@pytest.mark.parametrize(
    "place",
    [
        *("os:system", "preset/evil.py:Evil", {"place": "os:system"}, ["os:system"]),
        # Which read files and run code.
        {"place": "keras.layers:TFSMLayer", "config": {"filepath": "preset/evil"}},
        *("keras.src.layers.core.lambda_layer:Lambda", "elsewhere/lambda_layer.py:Lambda"),
    ],
)
def test_its_options_name_no_code(option, place, preset, monkeypatch):
    monkeypatch.chdir(preset.parent)
    (preset / "evil.py").write_text(f"import os\nos.environ[{MARK!r}] = 'yes'\nclass Evil: pass\n")
    details = json.loads((preset / "preset.json").read_text())
    details["options"][option] = place
    (preset / "preset.json").write_text(json.dumps(details))
    for use in (load, lambda what: build_ada_atdt(weights=what)):
        with pytest.raises(ValueError, match=rf"{preset}/preset.json (asks|says) .*do not trust"):
            use(preset)
    assert MARK not in os.environ


def test_the_run_that_it_tells_of_opens_nothing(preset, monkeypatch):
    """`evaluate` opens the domain that a preset was trained for."""
    monkeypatch.chdir(preset.parent)
    (preset / "evil.py").write_text(f"import os\nos.environ[{MARK!r}] = 'yes'\nclass Evil: pass\n")
    details = json.loads((preset / "preset.json").read_text())
    options = {"cache": str(preset / "cache"), "root": "/data"}
    details["run"] = {"target": "preset/evil.py:Evil", "source": "streets_sim"}
    details["run"]["source_options"] = options
    (preset / "preset.json").write_text(json.dumps(details))
    configure(preset, lambda config: config.update(untrained=[]))
    known, _ = load_trained(preset)
    assert "target" not in known
    # What is read may lie anywhere; what is written is the user's affair.
    assert known["source_options"] == {"root": "/data"}
    assert MARK not in os.environ
    details = json.loads((preset / "preset.json").read_text())
    for run in ([], {"source_options": "x"}):
        (preset / "preset.json").write_text(json.dumps({**details, "run": run}))
        with pytest.raises(ValueError, match=f"{preset}/preset.json: its run is"):
            load_trained(preset)


# --- its weights ----------------------------------------------------------------------------------

KEY = "encoder_1/000"


def replaced(file, **options):
    shape = file[KEY].shape
    del file[KEY]
    return file.create_dataset(KEY, **{"shape": shape, "dtype": "f2", **options})


def an_external_link(file):
    del file[KEY]
    file[KEY] = h5py.ExternalLink("/etc/passwd", "/x")


def a_soft_link(file):
    del file[KEY]
    file[KEY] = h5py.SoftLink("/encoder_2/000")


def a_group_elsewhere(file):
    del file["encoder_1"]
    file["encoder_1"] = h5py.SoftLink("/encoder_2")


def a_loop(file):
    del file["encoder_1"]
    file["encoder_1"] = file["/"]


def external_storage(file):
    size = 2 * int(np.prod(file[KEY].shape))
    replaced(file, external=[("/dev/zero", 0, size)])


def a_virtual_array(file):
    shape = file[KEY].shape
    layout = h5py.VirtualLayout(shape, "f2")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape)
    del file[KEY]
    file.create_virtual_dataset(KEY, layout)


def a_huge_shape(file):
    replaced(file, shape=(10**6, 10**6, 10), chunks=(10, 10, 10), compression="gzip")


def huge_chunks(file):
    shape = file[KEY].shape
    replaced(file, maxshape=(None,) * 4, chunks=(*shape[:3], 10**6), compression="gzip")[...] = 1


def chunks_without_end(file):
    replaced(file, shape=(10**5, 10**5), chunks=(1, 1))


def a_bomb_in_a_chunk(file):
    shape = file[KEY].shape
    packed = zlib.compress(bytes(2**29), 9)
    replaced(file, chunks=shape, compression="gzip").id.write_direct_chunk((0,) * 4, packed)


def another_filter(file):
    replaced(file, chunks=file[KEY].shape, fletcher32=True)[...] = 1


def lzf(file):
    replaced(file, compression="lzf")[...] = 1


def numbers_that_are_none(file):
    file[KEY][0] = np.nan


def numbers_beyond(file):
    replaced(file, dtype="f8")[...] = 1e300


def whole_numbers(file):
    replaced(file, dtype="i4")[...] = 1


def references(file):
    replaced(file, dtype=h5py.ref_dtype)


def text(file):
    replaced(file, dtype=h5py.string_dtype())


def long_numbers(file):
    replaced(file, dtype=np.longdouble)


def a_part_missing(file):
    replaced(file, chunks=(1, 1, 1, 1))


def nothing_stored(file):
    replaced(file)


WEIGHTS = [
    *(an_external_link, a_soft_link, a_group_elsewhere, a_loop, external_storage, a_virtual_array),
    *(a_huge_shape, huge_chunks, chunks_without_end, a_bomb_in_a_chunk, another_filter, lzf),
    *(numbers_that_are_none, numbers_beyond, whole_numbers, references, text, long_numbers),
    *(a_part_missing, nothing_stored),
]


@pytest.mark.parametrize("how", WEIGHTS, ids=lambda how: how.__name__)
def test_weights_are_plain_arrays_or_refused(how, preset):
    spoil(preset, how)
    with pytest.raises(ValueError, match=rf"{preset}/weights.h5 cannot be read: .*encoder_1"):
        load(preset)


@pytest.mark.parametrize("key", ["sha256", "config_sha256"])
def test_a_wrong_hash_is_found(key, preset):
    details = json.loads((preset / "preset.json").read_text())
    (preset / "preset.json").write_text(json.dumps({**details, key: "0" * 64}))
    with pytest.raises(ValueError, match=rf"{preset}/(weights.h5|config.json) is .* its sha256 is"):
        load(preset)


def test_weights_that_are_far_too_many_are_not_read(preset):
    with (preset / "weights.h5").open("ab") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match=rf"{preset}/weights.h5 has 1099511627776 bytes"):
        load(preset)


# --- its folder -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["preset.json", "config.json", "weights.h5"])
@pytest.mark.parametrize("what", ["a pipe", "a device", "a folder", "a link to nothing"])
def test_what_is_no_plain_file_is_not_waited_for(what, name, preset):
    (preset / name).unlink()
    if what == "a pipe":
        os.mkfifo(preset / name)
    elif what == "a folder":
        (preset / name).mkdir()
    else:
        (preset / name).symlink_to("/dev/zero" if what == "a device" else "/nothing")
    with pytest.raises(FileNotFoundError, match=f"{preset}/{name}"):
        load(preset)


def test_links_to_files_are_files_as_in_the_caches_of_hugging_face(preset):
    for name in ("preset.json", "config.json", "weights.h5"):
        (preset / name).rename(preset / f"{name}.blob")
        (preset / name).symlink_to(f"{name}.blob")
    assert load(preset).to_task == "semantic"


def test_a_link_to_another_file_of_this_machine_shows_nothing_of_it(preset):
    (preset / "secret").write_text("password: fox")
    (preset / "config.json").unlink()
    (preset / "config.json").symlink_to(preset / "secret")
    with pytest.raises(ValueError, match=f"{preset}/config.json") as told:
        load(preset)
    assert "fox" not in str(told.value)


@pytest.mark.parametrize("address", ["hf://../..", "hf://a/..", "hf://./a", "hf://a/b/../../c"])
def test_an_address_that_climbs_names_no_repository(address):
    with pytest.raises(ValueError, match="names no repository; write hf://user/repo"):
        find_preset(address)


# --- its address ----------------------------------------------------------------------------------


class Endless(BaseHTTPRequestHandler):
    """Serves a preset, one of whose files never ends."""

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.send_response(200)
        self.end_headers()
        if name != self.server.endless:
            self.wfile.write((small_preset() / name).read_bytes())
            return
        for _ in range(200):
            try:
                self.wfile.write(bytes(2**20))
            except OSError:
                return
            self.server.sent += 2**20

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("name", ["preset.json", "config.json", "weights.h5"])
def test_a_download_ends_where_it_must(name, tmp_path, monkeypatch):
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.endless, server.sent = name, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/preset"
    try:
        with pytest.raises(ValueError, match=rf"{address}/{name} cannot be fetched: .* more than"):
            load(address)
    finally:
        server.shutdown()
        server.server_close()
    assert server.sent < 40 * 2**20
    # Nothing of it stays.
    assert not [file for file in tmp_path.rglob("*") if file.name.endswith(name)]


# --- .keras files, as runs have them --------------------------------------------------------------


@pytest.fixture
def archive(tmp_path):
    """A `.keras` file, written anew with some of its members replaced."""
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}

    def write(packed=zipfile.ZIP_STORED, **changed):
        with zipfile.ZipFile(tmp_path / "a.keras", "w", packed) as file:
            for name, data in {**members, **changed}.items():
                file.writestr(name, data)
        return tmp_path / "a.keras"

    return members, write


def dense(archive, **options):
    config = json.loads(archive["config.json"])
    config["config"]["layers"][1]["config"] |= options
    return json.dumps(config)


def hdf5(path, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", **options)
    return path.read_bytes()


def test_an_archive_that_unpacks_without_end_is_refused(archive):
    _, write = archive
    for name in ("config.json", "model.weights.h5", "assets/a"):
        file = write(zipfile.ZIP_DEFLATED, **{name: bytes(2**28)})
        with pytest.raises(ValueError, match=rf"{file} cannot be read.* would unpack \d+ bytes"):
            read_model(file)


def test_an_archives_networks_and_arrays_are_no_larger_than_it(archive, tmp_path):
    members, write = archive
    changes = [
        {"config.json": dense(members, units=10**9)},
        {"config.json": b"[" * 10**5},
        {"config.json": members["config.json"] + b" " * 2**20},
        {
            "model.weights.h5": hdf5(
                tmp_path / "huge.h5", shape=(10**5, 10**5), chunks=(10, 10), dtype="f4"
            )
        },
        {"model.weights.h5": hdf5(tmp_path / "empty.h5", shape=(10**5, 10**5), dtype="f4")},
        {"model.weights.h5": b"no HDF5"},
    ]
    for change in changes:
        file = write(**change)
        with pytest.raises(ValueError, match=f"{file} cannot be read as a Keras model"):
            read_model(file)
    assert read_model(write()).count_params() == 8


def test_an_archives_lambdas_are_not_run(archive):
    members, write = archive
    config = json.loads(members["config.json"])
    config["config"]["layers"][1] = {"module": "keras.layers", **LAYERS["a lambda"]}
    for module, name in (("os", "system"), ("keras.utils", "get_file")):
        config["config"]["layers"].append({"module": module, "class_name": name, "config": {}})
    file = write(**{"config.json": json.dumps(config)})
    with pytest.raises(ValueError, match=f"{file} cannot be read as a Keras model"):
        read_model(file)
