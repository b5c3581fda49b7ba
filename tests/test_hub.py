"""Presets on Hugging Face's Hub, against a stand-in of its API on this machine."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import keras
import numpy as np
import pytest

from adaat_keras import build_ada_atdt, load
from adaat_keras.models.preset_format import read_details
from adaat_keras.models.preset_places import WEIGHTS, hub_address

hub = pytest.importorskip("huggingface_hub")

PUBLISHED = "streets_depth_to_semantic_small"
TOKEN = "hf_of_someone"


class Handler(BaseHTTPRequestHandler):
    """What the Hub answers to an upload and to plain addresses, as far as it is asked for here."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, content=b"", kind="application/json"):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def read(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_POST(self):
        content, (path, *_) = self.read(), self.path.split("?")
        self.server.asked.append(path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "Invalid credentials"})
        if path == "/api/repos/create":
            asked = json.loads(content)
            name = f"{asked['organization']}/{asked['name']}"
            known = name in self.server.files
            self.server.files.setdefault(name, {})
            return self.answer(409 if known else 200, {"url": f"{self.server.address}/{name}"})
        if path == "/api/validate-yaml":
            return self.answer(200, {"errors": [], "warnings": []})
        if match := re.fullmatch(r"/api/models/(.+)/preupload/main", path):
            # As there: what is binary goes by LFS.
            files = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".h5") else "regular",
                    "shouldIgnore": False,
                }
                for file in json.loads(content)["files"]
            ]
            return self.answer(200, {"files": files})
        if re.fullmatch(r"/(.+)\.git/info/lfs/objects/batch", path):
            objects = [
                {
                    **file,
                    "actions": {"upload": {"href": f"{self.server.address}/lfs/{file['oid']}"}},
                }
                for file in json.loads(content)["objects"]
            ]
            return self.answer(200, {"transfer": "basic", "objects": objects})
        match = re.fullmatch(r"/api/models/(.+)/commit/main", path)
        if not match:
            return self.answer(404, {"error": f"not stood in for: {path}"})
        for line in content.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                data = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                data = self.server.large[value["oid"]]
            else:
                continue
            self.server.files[match[1]][value["path"]] = data
        self.server.commits += 1
        url = f"{self.server.address}/{match[1]}/commit/1"
        return self.answer(200, {"success": True, "commitUrl": url, "commitOid": "1" * 40})

    def do_PUT(self):
        data = self.read()
        oid = self.path.removeprefix("/lfs/")
        assert hashlib.sha256(data).hexdigest() == oid
        self.server.large[oid] = data
        self.answer(200)

    def do_GET(self):
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/main/(.+)", self.path):
            data = self.server.files.get(match[1], {}).get(match[2])
            if data is not None:
                return self.answer(200, data, "application/octet-stream")
        return self.answer(404, {"error": "Not found"})

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """The stand-in, which Hugging Face's packages and ours take for the Hub."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{server.server_port}"
    server.files, server.large, server.asked, server.commits = {}, {}, [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("ADAAT_KERAS_CACHE", str(tmp_path / "cache"))
    # They have read the environment as they were imported.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return build_ada_atdt(transfer="conv", size="tiny")


def test_an_uploaded_model_comes_back_by_its_address(server, model, tmp_path):
    model.save_to_preset("hf://someone/streets", note="a trial")
    assert set(server.files["someone/streets"]) == {
        "README.md",
        "config.json",
        "preset.json",
        "weights.h5",
    }
    model.save_to_preset(tmp_path / "here")
    again, here = load("hf://someone/streets"), load(tmp_path / "here")
    for ours, theirs in zip(here.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(theirs, ours)
    assert json.loads(server.files["someone/streets"]["preset.json"])["note"] == "a trial"


def test_it_takes_one_commit_and_what_is_uploaded_anew_is_loaded_anew(server):
    model = build_ada_atdt(transfer="conv", size="tiny")
    model.save_to_preset("hf://someone/streets")
    assert server.commits == 1
    load("hf://someone/streets")
    model.decoder_2.weights[-1].assign(np.arange(11))
    model.save_to_preset("hf://someone/streets")
    assert server.commits == 2
    np.testing.assert_array_equal(load("hf://someone/streets").decoder_2.weights[-1], np.arange(11))


def test_a_published_preset_keeps_its_card_and_what_is_known_of_it(server):
    load(PUBLISHED).save_to_preset("hf://someone/streets")
    files = server.files["someone/streets"]
    head, _, card = files["README.md"].decode().removeprefix("---\n").partition("---\n\n")
    assert "library_name: keras" in head
    assert "pipeline_tag: image-segmentation" in head
    ours = (WEIGHTS / PUBLISHED / "README.md").read_text()
    differing = [
        (here, there)
        for here, there in zip(ours.splitlines(), card.splitlines(), strict=True)
        if here != there
    ]
    assert differing
    for here, there in differing:
        assert here.replace(PUBLISHED, "hf://someone/streets") == there
    known, before = json.loads(files["preset.json"]), read_details(WEIGHTS / PUBLISHED)
    assert (known["metrics"], known["seeds"]) == (before["metrics"], before["seeds"])


@pytest.mark.parametrize("change", ["weights", "predictor"])
def test_a_model_that_is_the_preset_no_more_has_a_card_without_its_numbers(change, server):
    model = load(PUBLISHED)
    if change == "weights":
        model.decoder_2.weights[-1].assign(np.arange(11))
    else:
        model.predictor = "base_model_2"
    model.save_to_preset("hf://someone/streets")
    card = server.files["someone/streets"]["README.md"].decode()
    assert f"began with `{PUBLISHED}`" in card
    assert "Nobody has stated any." in card
    assert 'load("hf://someone/streets")' in card
    assert "metrics" not in json.loads(server.files["someone/streets"]["preset.json"])


def test_a_card_has_the_numbers_that_are_stated(server, model):
    model.save_to_preset("hf://someone/streets", metrics={"mean_iou": 0.25, "iou_sky": None})
    card = server.files["someone/streets"]["README.md"].decode()
    assert "| mean_iou | 0.2500 |\n| iou_sky | – |" in card


def test_a_card_tells_nothing_of_this_machines_folders(server, model, tmp_path):
    model.save_to_preset(tmp_path / "here")
    again = load(tmp_path / "here")
    again.decoder_2.weights[-1].assign(np.arange(11))
    again.save_to_preset("hf://someone/streets")
    for content in server.files["someone/streets"].values():
        assert str(tmp_path).encode() not in content


def test_without_a_token_one_line_says_what_to_do(server, model, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(PermissionError, match=r"hf://a/b needs a token.*`hf auth login`.*HF_TOKEN"):
        model.save_to_preset("hf://a/b")
    assert not server.asked


def test_without_the_package_one_line_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"needs huggingface_hub: pip install 'adaat-keras\[hub"):
        model.save_to_preset("hf://a/b")


def test_a_token_that_may_not_write_there_is_told(server, model, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with pytest.raises(PermissionError, match=r"hf://a/b does not take your token \(HTTP 401\)"):
        model.save_to_preset("hf://a/b")


def test_a_hub_that_does_not_answer_is_told_in_one_line(server, model, monkeypatch):
    # A port that nobody listens at.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match=r"hf://a/b cannot be uploaded to: .*127.0.0.1:9") as told:
        model.save_to_preset("hf://a/b")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("address", ["hf://streets", "hf://a/b/c", "hf://", "hf://a/b?c"])
def test_an_address_without_a_repository_is_refused(address, model):
    for use in (load, model.save_to_preset):
        with pytest.raises(ValueError, match="names no repository; write hf://user/repo"):
            use(address)


def test_weights_that_a_preset_cannot_hold_are_not_uploaded(server):
    model = build_ada_atdt(transfer="conv", size="tiny")
    model.decoder_2.weights[-1].assign(np.full(11, np.nan))
    with pytest.raises(ValueError, match="not finite"):
        model.save_to_preset("hf://someone/streets")
    assert not server.asked


def test_plain_addresses_follow_the_endpoint(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert hub_address("hf://a/b") == "https://mirror.example/a/b/resolve/main"
