"""The page in a real browser: a picture is uploaded, its prediction read and downloaded."""

import io
import os
import shutil
import sys
import urllib.request

import numpy as np
import pytest
from PIL import Image

from adaat_keras import domains, load, tasks
from adaat_keras.demo import page as demo
from adaat_keras.inference import predict_labels

PRESET = "streets_depth_to_semantic_small"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


@pytest.fixture(scope="module")
def address(frames):
    pytest.importorskip("gradio", reason="pip install -e '.[demo]'")
    return demo.serve(PRESET, "streets_real", frames, block=False)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium; apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(address, browser):
    """The page at a phone's width, which asks nobody else for anything."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    page = context.new_page()
    elsewhere = []
    page.on(
        "request",
        lambda request: (
            request.url.startswith((address, "data:", "blob:")) or elsewhere.append(request.url)
        ),
    )
    page.goto(address)
    yield page
    context.close()
    assert not elsewhere


def upload(page, file):
    page.set_input_files("#upload input[type=file]", file)


def shown(page, name):
    """The pixels of a picture on the page."""
    source = page.wait_for_selector(f"#{name} img", timeout=60_000).get_attribute("src")
    with urllib.request.urlopen(source) as answer:
        return np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGB"))


def told(page):
    """The error that is on the page."""
    return page.wait_for_selector(".toast-body", timeout=60_000).inner_text()


def picture(tmp_path, size=(64, 96)):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png", pixels


def test_an_uploaded_picture_is_predicted_shown_and_downloaded(page, tmp_path):
    path, pixels = picture(tmp_path)
    upload(page, path)
    model, task = load(PRESET), tasks.get("semantic")
    labels = predict_labels(model, task, pixels[None])[0]
    np.testing.assert_array_equal(shown(page, "prediction"), task.colorize(labels))
    np.testing.assert_array_equal(shown(page, "picture"), pixels)
    assert shown(page, "task_1").shape == shown(page, "attention_2").shape == pixels.shape
    assert page.inner_text("#told") == "photo, 96 x 64 pixels."
    assert "traffic sign" in page.inner_text("#legend")
    # Without labels there is nothing to compare with.
    assert not page.query_selector_all("#truth img, #errors img")
    with page.expect_download() as started:
        page.click("#labels")
    assert started.value.suggested_filename == "photo_semantic.png"
    np.testing.assert_array_equal(np.asarray(Image.open(started.value.path())), labels)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    taken = np.asarray(Image.open(tmp_path / "page.png").convert("RGB"))
    assert taken.shape[1] == 390
    # The classes' colours are to be seen on it.
    colors = {tuple(color) for color in taken.reshape(-1, 3)}
    assert {tuple(color) for color in task.colorize(np.unique(labels)).tolist()} <= colors


def test_a_frame_of_a_domain_comes_with_its_truth_and_the_errors(page, frames):
    page.get_by_role("tab", name="Frame of a domain").click()
    page.fill("#number input", "2")
    page.click("#show")
    frame = domains.get("streets_real", split="test", **frames)[2]
    task = tasks.get("semantic")
    np.testing.assert_array_equal(shown(page, "picture"), frame["image"])
    np.testing.assert_array_equal(shown(page, "truth"), task.colorize(frame["semantic"]))
    wrong = shown(page, "prediction") != task.colorize(frame["semantic"])
    red = (shown(page, "errors") == (255, 40, 0)).all(-1)
    np.testing.assert_array_equal(red, wrong.any(-1))
    assert f"{red.mean():.1%}".replace("%", " %") in page.inner_text("#told")


def test_another_model_is_chosen_and_says_what_it_is(page, tmp_path):
    page.get_by_label("Model").click()
    page.get_by_role("option", name="streets_semantic_to_depth_small").click()
    page.get_by_text("depth where only semantic has labels").wait_for()
    path, pixels = picture(tmp_path)
    upload(page, path)
    depth = load("streets_semantic_to_depth_small")
    metres = predict_labels(depth, "depth", pixels[None])[0]
    np.testing.assert_array_equal(shown(page, "prediction"), tasks.get("depth").colorize(metres))


def test_what_is_no_image_is_told_on_the_page(page, tmp_path):
    (tmp_path / "a.png").write_text("no image")
    upload(page, tmp_path / "a.png")
    # Without the folder in which Gradio keeps it.
    assert "\na.png is no image that Pillow can read" in told(page)


def test_too_large_a_picture_is_told_on_the_page(page, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "MOST_PIXELS", 5_000)
    upload(page, picture(tmp_path)[0])
    assert "photo.png is too large: 96 x 64 pixels" in told(page)


def test_too_small_a_picture_is_told_on_the_page(page, tmp_path):
    upload(page, picture(tmp_path, (5, 96))[0])
    assert "cannot take photo.png: 96 x 5 pixels" in told(page)


def test_a_room_without_a_page_predicts_a_picture_and_names_one_that_is_too_small(tmp_path):
    room = demo.Room(PRESET, None, None, "test", tmp_path)
    path, pixels = picture(tmp_path)
    image, seen, name = room.picture(PRESET, str(path))
    np.testing.assert_array_equal(image, pixels)
    assert (seen.labels.shape, name) == ((64, 96), "photo")
    path, _ = picture(tmp_path, (5, 96))
    with pytest.raises(ValueError, match=r"cannot take photo\.png: 96 x 5 pixels"):
        room.picture(PRESET, str(path))


def test_only_the_last_predictions_files_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_KEPT", 2)
    room = demo.Room(PRESET, None, None, "test", tmp_path / "files")
    room.folder.mkdir()
    image, seen, name = room.picture(PRESET, str(picture(tmp_path)[0]))
    written = [room.files(PRESET, image, seen, name) for _ in range(4)]
    assert [all(map(os.path.exists, files)) for files in written] == [False, False, True, True]
    assert len([*room.folder.iterdir()]) == 2


def test_to_predict_without_a_picture_is_told_on_the_page(page):
    page.click("#predict")
    assert "choose a picture first" in told(page)


def test_it_listens_on_this_machine_alone_and_answers(address):
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address) as answer:
        assert "adaat_keras" in answer.read().decode()


def test_the_command_says_what_to_install_where_gradio_is_missing(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert "pip install 'adaat-keras[demo]'" in refused("demo")
    assert "--domain-options open the domain" in refused(
        "demo", "--domain-options", '{"frames": 2}'
    )
