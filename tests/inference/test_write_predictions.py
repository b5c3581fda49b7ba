import warnings

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from PIL import Image

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.inference import read_image, write_predictions


class Function:
    """A model that is a function of a batch of pixels."""

    def __init__(self, function):
        self.predict_on_batch = function


def metres(scale):
    """A model that sees depth in red: 0 to `scale` * 100 m."""
    return lambda images: images[..., :1] / 255 * scale


@pytest.mark.parametrize("name", ["a.png", "b.jpg"])
def test_ids_read_back_are_the_decoded_prediction(save, tmp_path, name):
    path = save(tmp_path / name)
    model, task = build_ada_atdt("depth", "semantic", size="tiny"), tasks.get("semantic")
    expected = task.decode(model.predict(read_image(path)[None].astype("float32"), verbose=0)[0])
    ids, colors = write_predictions(model, task, [path], tmp_path / "out")
    assert ids.name == f"{path.stem}_semantic.png"
    assert colors.name == f"{path.stem}_semantic_color.png"
    assert Image.open(ids).mode == "L"
    np.testing.assert_array_equal(np.asarray(Image.open(ids)), expected)
    np.testing.assert_array_equal(np.asarray(Image.open(colors)), task.colorize(expected))


def test_256ths_of_a_metre_read_back_are_the_decoded_prediction(save, tmp_path, pixelwise, capsys):
    path = save(tmp_path / "a.png")
    depth, colors = write_predictions(pixelwise(metres(1)), "depth", [path], tmp_path / "out")
    expected = np.maximum(read_image(path)[..., 0] / 255 * 100, 1 / 256)
    read = np.asarray(Image.open(depth))
    assert (depth.name, read.dtype) == ("a_depth.png", np.uint16)
    np.testing.assert_allclose(read / 256, expected, atol=0.51 / 256)
    assert Image.open(colors).size == (47, 33)
    assert not capsys.readouterr().err


def test_depth_beyond_16_bits_of_millimetres_is_invalid_and_the_warning_names_the_fix(
    save, tmp_path, pixelwise, capsys
):
    paths = [save(tmp_path / name) for name in ("a.png", "b.png")]
    depth, *_ = write_predictions(pixelwise(metres(1)), "depth", paths, tmp_path / "out", "mm")
    expected = read_image(paths[0])[..., 0] / 255 * 100
    np.testing.assert_array_equal(np.asarray(Image.open(depth)) == 0, expected > 65.5355)
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert "beyond 65.535 m" in warning
    assert "--depth-unit m/256 (depth_unit=) reaches 255.996 m" in warning


def test_centimetres_hold_100_metres(save, tmp_path, pixelwise, capsys):
    path = save(tmp_path / "a.png")
    depth, _ = write_predictions(pixelwise(metres(1)), "depth", [path], tmp_path / "out", "cm")
    expected = np.maximum(read_image(path)[..., 0] / 255 * 100, 0.01)
    np.testing.assert_allclose(np.asarray(Image.open(depth)) / 100, expected, atol=0.0051)
    assert not capsys.readouterr().err


def test_normals_read_back_are_the_decoded_prediction(save, tmp_path, pixelwise):
    path, out = save(tmp_path / "a.png"), tmp_path / "out"
    model = pixelwise(lambda images: images / 127.5 - 1)
    vectors, colors = write_predictions(model, "normals", [path], out)
    assert (vectors.name, colors.name) == ("a_normals.npy", "a_normals_color.png")
    expected = read_image(path).astype("float32") / 127.5 - 1
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    read = np.load(vectors)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(Image.open(colors)), 127.5 * (expected + 1), atol=0.51)
    assert {file.name for file in out.iterdir()} == {vectors.name, colors.name}


def test_predictions_have_the_size_of_images_of_any_size(save, tmp_path):
    sizes = ((33, 47), (64, 64), (41, 70))
    paths = [save(tmp_path / f"{n}.png", size) for n, size in enumerate(sizes)]
    model = build_ada_atdt("semantic", "depth", size="tiny")
    written = write_predictions(model, "depth", paths, tmp_path / "out")
    assert [Image.open(p).size for p in written] == [(w, h) for h, w in sizes for _ in range(2)]


def test_an_image_stands_as_its_exif_orientation_says(save, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = read_image(save(tmp_path / "a.png"))
    np.testing.assert_array_equal(
        read_image(save(tmp_path / "b.png", exif=exif)), np.rot90(upright, -1)
    )


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_every_usual_mode_becomes_rgb(save, tmp_path, mode):
    image = read_image(save(tmp_path / "a.tif", mode=mode))
    assert (image.shape, image.dtype) == ((33, 47, 3), np.uint8)


def test_16_bit_grey_keeps_its_upper_bits(save, tmp_path):
    grey = np.array([[0, 0x1234, 0xFFFF]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [0, 0x12, 0xFF]


def test_two_images_of_one_stem_are_named_and_nothing_is_written(save, tmp_path, pixelwise):
    paths = [save(tmp_path / name) for name in ("x/same.png", "y/same.jpg")]
    with pytest.raises(ValueError, match=r"x/same\.png and .*y/same\.jpg would both be"):
        write_predictions(pixelwise(metres(1)), "depth", paths, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_prediction_never_overwrites_an_image_it_was_given(save, tmp_path, pixelwise):
    paths = [save(tmp_path / name) for name in ("a.png", "a_depth.png")]
    with pytest.raises(ValueError, match=r"a\.png would overwrite the image .*a_depth\.png"):
        write_predictions(pixelwise(metres(1)), "depth", paths, tmp_path)


def test_a_path_that_does_not_exist_is_named_before_anything_is_written(save, tmp_path, pixelwise):
    paths = [save(tmp_path / "a.png"), tmp_path / "none.png"]
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none\.png"):
        write_predictions(pixelwise(metres(1)), "depth", paths, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(ValueError, match=r"a\.png is no image"):
        read_image(tmp_path / "a.png")


def test_a_truncated_image_is_named(save, tmp_path):
    path = save(tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ValueError, match=r"a\.jpg cannot be read as an image"):
        read_image(path)


def test_an_image_too_small_for_the_network_is_named(save, tmp_path):
    path = save(tmp_path / "a.png", (5, 40))
    model = build_ada_atdt(size="tiny")
    for tile in (None, 64):
        with pytest.raises(ValueError, match=r"cannot take .*a\.png: 40 x 5 pixels, .* least 33"):
            write_predictions(model, "semantic", [path], tmp_path / "out", tile=tile)
    model.predictor = "base_model_2"
    with pytest.raises(ValueError, match=r"cannot take .*a\.png: 40 x 5 pixels, .* least 32"):
        write_predictions(model, model.to_task, [path], tmp_path / "out")


def test_images_too_small_are_told_of_when_all_others_are_predicted(save, tmp_path):
    sizes = {"a": (40, 50), "b": (5, 40), "c": (5, 40), "d": (60, 70)}
    paths = [save(tmp_path / f"{name}.png", size) for name, size in sizes.items()]
    (tmp_path / "e.png").write_text("hello")
    why = (
        r"cannot take .*b\.png: 40 x 5 pixels, .*c\.png: .*; .*e\.png is no image that Pillow can "
        "read; the other 2 are predicted"
    )
    model = build_ada_atdt(size="tiny")
    with pytest.raises(ValueError, match=why):
        write_predictions(model, "semantic", [*paths, tmp_path / "e.png"], tmp_path / "out")
    written = {file.name.partition("_")[0] for file in (tmp_path / "out").iterdir()}
    assert written == {"a", "d"}


@pytest.mark.quick
def test_of_many_files_that_cannot_be_predicted_the_first_are_named(pixelwise, tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(8)]
    for path in paths:
        path.touch()
    why = "; ".join(rf"\S*{n}\.png is empty: 0 bytes" for n in range(5))
    with pytest.raises(ValueError, match=f"^{why}; 3 more cannot be predicted, either$"):
        write_predictions(pixelwise(metres(1)), "depth", paths, tmp_path / "out")


@pytest.mark.quick
@pytest.mark.parametrize("task", ["semantic", "normals"])
def test_a_unit_of_depth_is_refused_for_what_has_none(task, save, tmp_path, pixelwise):
    path = save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=rf"--depth-unit .* is for depth, and {task} is what"):
        write_predictions(pixelwise(lambda images: images), task, [path], tmp_path / "out", "mm")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_one_path_stands_for_a_list_of_it(save, tmp_path, pixelwise, kind):
    path = kind(save(tmp_path / "a.png"))
    assert len(write_predictions(pixelwise(metres(0.5)), "depth", path, tmp_path / "out")) == 2


def test_no_images_and_an_unknown_unit_are_errors(pixelwise, tmp_path):
    model = pixelwise(lambda images: ops.mean(images, -1, keepdims=True))
    with pytest.raises(ValueError, match="paths is empty"):
        write_predictions(model, "depth", [], tmp_path)
    with pytest.raises(ValueError, match="unknown depth unit 'inch'; choose one of: m/256, mm, cm"):
        write_predictions(model, "depth", [tmp_path / "a.png"], tmp_path, "inch")


def test_an_overlay_is_half_the_picture_and_half_the_colours(save, tmp_path, pixelwise):
    path = save(tmp_path / "a.png", (300, 40))
    out = tmp_path / "out"
    _, colors, over = write_predictions(pixelwise(metres(0.5)), "depth", [path], out, blend=True)
    assert over.name == "a_depth_overlay.png"
    both = [np.asarray(Image.open(each), float) for each in (path, colors)]
    np.testing.assert_allclose(np.asarray(Image.open(over)), np.mean(both, 0), atol=0.5)


def test_images_of_one_size_are_predicted_together_and_come_out_as_alone(save, tmp_path, pixelwise):
    paths = [
        save(tmp_path / f"{n}.png", size) for n, size in enumerate([(40, 50)] * 3 + [(64, 50)])
    ]
    for number, path in enumerate(paths):
        pixels = read_image(path) // (number + 1)
        Image.fromarray(pixels).save(path)
    seen = []

    def model(images):
        seen.append(images.shape)
        return images[..., :1] / 255

    written = write_predictions(Function(model), "depth", paths, tmp_path / "out", "cm")
    assert seen == [(3, 40, 50, 3), (1, 64, 50, 3)]
    for path, depth in zip(paths, written[::2], strict=True):
        expected = np.maximum(read_image(path)[..., 0] / 255 * 100, 0.01)
        np.testing.assert_allclose(np.asarray(Image.open(depth)) / 100, expected, atol=0.0051)


def test_together_are_no_more_pixels_than_a_batch_may_have(save, tmp_path, monkeypatch):
    monkeypatch.setattr("adaat_keras.inference.predictions.BATCH_PIXELS", 40 * 50 * 2)
    paths = [save(tmp_path / f"{n}.png", (40, 50)) for n in range(5)]
    seen = []

    def model(images):
        seen.append(len(images))
        return images

    write_predictions(Function(model), "normals", paths, tmp_path / "out")
    assert seen == [2, 2, 1]


def test_large_images_go_over_to_tiles_and_one_line_says_so(save, tmp_path, small_tiles, capsys):
    paths = [save(tmp_path / f"{n}.png", (120, 150)) for n in range(3)]
    seen = []

    def model(images):
        seen.append(images.shape)
        return images

    write_predictions(Function(model), "normals", paths, tmp_path / "out")
    assert {shape[1:3] for shape in seen} == {(64, 64)}
    [line] = capsys.readouterr().err.splitlines()
    assert "0.png has 150 x 120 pixels" in line
    assert "in tiles of 64 x 64; --tile 150 (tile=) would take it in one piece" in line
    seen.clear()
    write_predictions(Function(model), "normals", paths[:1], tmp_path / "one", tile=150)
    assert seen == [(1, 120, 150, 3)]
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((9, 9), np.dtype("f")),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 12 bytes."),
    ],
)
def test_where_memory_ends_a_line_names_the_file_and_the_option(save, error, tmp_path):
    path = save(tmp_path / "a.png", (120, 150))

    def model(images):
        raise error

    for tile, told in (
        (None, "in one piece; --tile 75"),
        (100, "in tiles of 100 x 100; --tile 64"),
    ):
        with pytest.raises(
            MemoryError, match=rf"a\.png, 150 x 120 pixels, {told} .tile=. takes less"
        ):
            write_predictions(Function(model), "depth", [path], tmp_path / "out", tile=tile)
    assert not (tmp_path / "out").exists()


def test_an_error_of_the_network_itself_stays_what_it_is(save, tmp_path):
    def model(images):
        raise KeyError("kernel")

    with pytest.raises(KeyError, match="kernel"):
        write_predictions(Function(model), "depth", [save(tmp_path / "a.png")], tmp_path / "out")


def test_an_image_of_more_pixels_than_pillow_reads_is_refused(save, tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", (40, 50))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 999)
    with pytest.raises(ValueError, match=r"a\.png has more than 1,998 pixels.* cut it into parts"):
        read_image(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1001)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(path).shape == (40, 50, 3)
