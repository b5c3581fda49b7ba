"""The prediction as a SavedModel, ONNX and LiteRT, without this package."""

import functools
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from adaat_keras import build_ada_atdt, domains, export, load, score
from adaat_keras.camera import Camera
from adaat_keras.cli import main
from adaat_keras.export import FORMATS, export_model, inference_path
from adaat_keras.models import Conv

# Multiples of the stride (32 with a transfer function), others, several images, and the smallest.
SIZES = [(1, 64, 96), (2, 64, 64), (1, 50, 75), (1, 97, 130)]
GUIDE = Path(__file__).parent.parent / "docs" / "export.md"
PRESET = "streets_depth_to_semantic_small"

# What runs each format elsewhere: a fresh process in the runtime's own package alone.
RUNTIMES = {
    "saved_model": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai_edge_litert.interpreter",
}
RUN = {
    "saved_model": """
import tensorflow
predict = tensorflow.saved_model.load(path)
serve = predict.signatures["serving_default"]
run = lambda image: serve(image=tensorflow.constant(image.astype("float32")))["prediction"].numpy()
assert (predict(images["0"].astype("uint8")).numpy() == run(images["0"])).all()
""",
    "onnx": """
import onnxruntime
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
run = lambda image: session.run(["prediction"], {"image": image.astype(dtype)})[0]
""",
    "litert": """
from ai_edge_litert.interpreter import Interpreter
runner = Interpreter(path).get_signature_runner()
run = lambda image: runner(image=image.astype(dtype))["prediction"]
""",
}
PROCESS = """
import sys, numpy
path, place, dtype = sys.argv[1:]
images = numpy.load(place + "/images.npz")
{run}
numpy.savez(place + "/outputs.npz", **{{name: run(images[name]) for name in images}})
ours = {{"adaat_keras", "keras", "tensorflow"}} - {{*{runtime!r}.split(".")}}
if {runtime!r} != "tensorflow":
    assert not ours & {{name.partition(".")[0] for name in sys.modules}}
assert not any(name.startswith("adaat_keras") for name in sys.modules)
"""


def outputs_elsewhere(format, path, images, place, dtype="float32"):
    """The outputs of an exported file for a list of images, from a fresh process."""
    np.savez(place / "images.npz", **{str(n): image for n, image in enumerate(images)})
    code = PROCESS.format(run=RUN[format], runtime=RUNTIMES[format])
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(place), dtype],
        cwd=place,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outputs = np.load(place / "outputs.npz")
    return [outputs[str(n)] for n in range(len(images))]


def runner(format, path, dtype="float32"):
    """The same in this process, as a function of one batch of images."""
    names = {"path": str(path), "dtype": dtype, "images": {"0": random_images([(1, 64, 64)])[0]}}
    exec(RUN[format], names)
    return names["run"]


def relative(outputs, expected):
    """The largest difference, as a share of the largest value."""
    assert outputs.shape == expected.shape
    return np.abs(outputs - expected).max() / np.abs(expected).max()


def random_images(sizes):
    """Whole numbers, so that uint8 has them too."""
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*size, 3)).astype("float32") for size in sizes]


def needs(format):
    """Skip where a format's runtime is not installed."""
    pytest.importorskip(RUNTIMES[format])


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return build_ada_atdt(transfer="unet_attention", size="tiny")


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """Exports the model to a format, each way once for this whole file."""
    folder = tmp_path_factory.mktemp("exported")

    @functools.cache
    def path(format, **options):
        needs(format)
        told = "".join(f"-{value}" for value in options.values())
        return export_model(model, folder / f"exported{told}{FORMATS[format]}", format, **options)

    return path


@pytest.fixture
def predicting(model, request):
    """The model, as it predicts by what is asked for, for one test."""
    model.predictor = request.param
    yield model
    model.predictor = "transfer"


@pytest.mark.parametrize("format", FORMATS)
def test_it_predicts_the_same_in_its_own_runtime_at_every_size(model, exported, format, tmp_path):
    images = random_images([*SIZES, (1, model.smallest, model.smallest)])
    for image, outputs in zip(
        images, outputs_elsewhere(format, exported(format), images, tmp_path), strict=True
    ):
        assert relative(outputs, model.predict(image, verbose=0)) <= 1e-4


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("predicting", ["base_model_2"], indirect=True)
def test_it_follows_what_the_model_predicts_by(predicting, format, tmp_path):
    needs(format)
    run = runner(format, export_model(predicting, tmp_path / f"exported{FORMATS[format]}", format))
    # Base model 2 has another stride, and so another smallest size.
    for image in random_images([(1, 50, 75), (1, predicting.smallest, predicting.smallest)]):
        assert relative(run(image), predicting.predict(image, verbose=0)) <= 1e-4


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_it_predicts_the_same_at_a_fixed_size_from_bytes(model, exported, format, tmp_path):
    path = exported(format, height=50, width=75, input_dtype="uint8")
    images = random_images([(1, 50, 75)])
    [outputs] = outputs_elsewhere(format, path, images, tmp_path, "uint8")
    assert relative(outputs, model.predict(images[0], verbose=0)) <= 1e-4


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_the_networks_of_at_dt_convert(format, tmp_path):
    needs(format)
    keras.utils.set_random_seed(3)
    model = build_ada_atdt(size="tiny", architecture="dilated_resnet50")
    run = runner(format, export_model(model, tmp_path / f"exported{FORMATS[format]}"))
    for image in random_images([(1, 70, 131), (1, model.smallest, model.smallest)]):
        # They normalize over a few pixels at these sizes: Keras' own `predict` and `call` differ by
        # 7e-5.
        assert relative(run(image), model.predict(image, verbose=0)) <= 5e-4


def test_float16_weights_halve_a_litert_file_and_cost_a_percent_at_most(model, exported):
    whole, half = exported("litert"), exported("litert", weights="float16")
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    run = runner("litert", half)
    for image in random_images(SIZES):
        assert relative(run(image), model.predict(image, verbose=0)) <= 0.01


def test_a_presets_weights_are_float16_already(tmp_path):
    needs("litert")
    model = load(PRESET)
    # An exported file takes images as they are.
    model.camera = None
    run = runner("litert", export_model(model, tmp_path / "half.tflite", weights="float16"))
    [image] = random_images([(1, 64, 96)])
    assert relative(run(image), model.predict(image, verbose=0)) <= 1e-4


class Runner:
    """A LiteRT file of a fixed size, as `score` takes a model."""

    def __init__(self, path):
        from ai_edge_litert.interpreter import Interpreter

        self.run = Interpreter(str(path)).get_signature_runner()

    def __call__(self, images, training=False):
        predict = lambda image: self.run(image=image)["prediction"]  # noqa: E731
        return tf.ensure_shape(tf.numpy_function(predict, [images], "float32"), (1, 64, 64, 11))


def test_int8_weights_quarter_a_litert_file_and_cost_a_hundredth_of_the_score(frames, tmp_path):
    needs("litert")
    model, path = load(PRESET), tmp_path / "exported.tflite"
    model.camera = None
    size = {"height": frames["height"], "width": frames["width"]}
    export_model(model, path, weights="int8", **size)
    assert path.stat().st_size < 0.3 * 4 * sum(
        part.count_params() for part in (model.encoder_1, model.transfer, model.decoder_2)
    )
    domain = domains.get("streets_real", split="test", **frames)
    lost = (
        score(model, domain)["mean_iou"]
        - score(Runner(path), domain, task=model.to_task)["mean_iou"]
    )
    assert abs(lost) <= 0.01


@pytest.mark.parametrize("size", [(1, 20, 64), (1, 64, 32), (1, 5, 5)], ids=str)
@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_too_small_an_image_is_an_error_in_every_runtime(exported, format, size):
    run = runner(format, exported(format))
    problem = "an_image_needs_at_least_33_pixels" if format == "onnx" else "index out of bounds"
    with pytest.raises(Exception, match=problem):
        run(*random_images([size]))


def test_what_was_trained_in_bfloat16_is_exported_in_float32(tmp_path):
    keras.utils.set_random_seed(3)
    mixed = build_ada_atdt(transfer="conv", size="tiny", dtype="mixed_bfloat16")
    plain = build_ada_atdt(transfer="conv", size="tiny")
    for name, network in plain.networks.items():
        network.set_weights(mixed.networks[name].get_weights())
    [image] = random_images([(1, 50, 75)])
    expected = plain.predict(image, verbose=0)
    assert relative(mixed.predict(image, verbose=0), expected) > 1e-3
    assert relative(inference_path(mixed).predict(image, verbose=0), expected) <= 1e-5
    needs("litert")
    run = runner("litert", export_model(mixed, tmp_path / "exported.tflite"))
    assert relative(run(image), expected) <= 1e-4


def test_a_base_model_is_exported_alone(model, tmp_path):
    needs("onnx")
    run = runner("onnx", export_model(model.base_model_1, tmp_path / "depth.onnx"))
    [image] = random_images([(1, 50, 75)])
    assert relative(run(image), model.base_model_1.predict(image, verbose=0)) <= 1e-4


def told_by(format, path):
    """What a file says of itself, by each format's own means."""
    if format == "saved_model":
        return json.loads((path / "assets.extra/description.json").read_text())
    if format == "litert":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("description.json"))
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    return {key: json.loads(told[key]) if told[key][0] in "[{" else told[key] for key in told}


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_says_what_goes_in_and_what_comes_out(exported, format):
    told = told_by(format, exported(format))
    assert (told["task"], told["predictor"]) == ("semantic", "transfer")
    assert told["classes"][:2] == ["road", "sidewalk"]
    assert len(told["classes"]) == 11
    assert told["input"]["smallest"] == 33
    assert told["output"]["shape"] == [None, None, None, 11]
    assert told["output"]["meaning"].startswith("a logit for each class")


def test_onnx_has_free_named_dimensions_of_one_opset(exported):
    onnx = pytest.importorskip("onnx")
    file = onnx.load(exported("onnx"))
    [image], [prediction] = file.graph.input, file.graph.output
    for tensor, channels in ((image, 3), (prediction, 11)):
        *free, last = tensor.type.tensor_type.shape.dim
        assert [dimension.dim_param for dimension in free] == ["batch", "height", "width"]
        assert last.dim_value == channels
    versions = {known.domain: known.version for known in file.opset_import}
    assert versions[""] == 18
    # Standard operations alone.
    assert {node.domain for node in file.graph.node} == {""}


def test_one_channel_comes_out_as_one_channel_however_tf2onnx_writes_it(tmp_path):
    """It sometimes forgets to take a fifth dimension off."""
    onnx = pytest.importorskip("onnx")
    needs("onnx")
    model = build_ada_atdt("semantic", "depth", transfer="conv", size="tiny")
    path = export_model(model, tmp_path / "depth.onnx")
    file = onnx.load(path)
    [last] = [node for node in file.graph.node if "prediction" in node.output]
    if last.op_type == "Squeeze":
        # As where it was forgotten.
        file.graph.node.remove(last)
        for node in file.graph.node:
            node.output[:] = ["prediction" if o == last.input[0] else o for o in node.output]
        export._squeeze_outputs(file.graph)
        onnx.save(file, path)
    [image] = random_images([(2, 50, 75)])
    outputs = runner("onnx", path)(image)
    assert relative(outputs, model.predict(image, verbose=0)) <= 1e-4


def test_an_onnx_file_that_predicts_something_else_is_refused(model, monkeypatch, tmp_path):
    needs("onnx")
    put_in = export._put_in

    def wrongly(graph, values):
        put_in(graph, {name: 0.5 * value for name, value in values.items()})

    monkeypatch.setattr(export, "_put_in", wrongly)
    with pytest.raises(ValueError, match=r"predicts something else; export it again"):
        export_model(model.base_model_1, tmp_path / "exported.onnx")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_no_digit_is_lost_in_a_large_image(format, tmp_path):
    """Instance normalization sums over all pixels, 100,000 and more."""
    needs(format)
    model = load("streets_semantic_to_depth_small")
    model.camera = None
    run = runner(format, export_model(model, tmp_path / f"exported{FORMATS[format]}"))
    # Large patches of one colour.
    [image] = random_images([(1, 8, 16)])
    image = image.repeat(32, 1).repeat(32, 2)
    # Of a free number of images: TensorFlow's fused operation, for a known one, loses digits.
    free = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((None, None, None, 3))])
    expected = free(image).numpy()
    assert relative(run(image), expected) <= 2e-5


@pytest.mark.parametrize(
    ("weights", "size"),
    [("float32", {}), ("float16", {}), ("int8", {"height": 64, "width": 96})],
    ids=["float32", "float16", "int8 of one size"],
)
def test_litert_needs_no_flex_operations(exported, size, weights):
    content = exported("litert", weights=weights, **size).read_bytes()
    assert content[4:8] == b"TFL3"
    assert not re.search(rb"Flex[A-Z]", content)


def test_a_saved_model_holds_the_inference_path_alone(model, exported):
    parts = (model.encoder_1, model.transfer, model.decoder_2)
    weights = tf.train.load_checkpoint(str(exported("saved_model") / "variables/variables"))
    shapes = weights.get_variable_to_shape_map()
    count = sum(int(np.prod(shapes[key])) for key in shapes if key.startswith("weights/"))
    assert count == sum(part.count_params() for part in parts)


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_replaces_nothing_and_leaves_nothing_half_written(
    model, format, monkeypatch, tmp_path
):
    needs(format)
    mine = tmp_path / f"thesis{FORMATS[format]}"
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match="choose another --out"):
        export_model(model, mine, format)
    assert mine.read_text() == "mine"

    def fail(*_, **__):
        raise OSError("no space left on device")

    last = {
        "saved_model": "json.dumps",
        "onnx": "onnx.checker.check_model",
        "litert": "zipfile.ZipFile",
    }
    monkeypatch.setattr(last[format], fail)
    with pytest.raises(OSError, match="no space left"):
        export_model(model.base_model_1, tmp_path / f"other{FORMATS[format]}", format)
    assert [file.name for file in tmp_path.iterdir()] == [mine.name]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"format": "coreml"}, r"unknown format 'coreml'; choose one of: saved_model, onnx, lit"),
        ({"input_dtype": "int8"}, r"unknown input type 'int8'; choose one of: float32, uint8"),
        ({"format": "litert", "weights": "int4"}, r"unknown precision of weights 'int4'; choose"),
        ({"format": "onnx", "weights": "int8"}, r"onnx keeps weights as float32; int8 is for lite"),
        ({"height": 64}, r"height and width go together; give both, or neither"),
        ({"height": 32, "width": 64}, r"at least 33 pixels .* 32 x 64 has fewer"),
    ],
)
def test_what_cannot_be_exported_is_refused(model, options, problem, tmp_path):
    with pytest.raises(ValueError, match=problem):
        export_model(model, tmp_path / "exported", **options)
    assert not [*tmp_path.iterdir()]


def test_a_tilde_is_the_home_folder(model, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.onnx").touch()
    with pytest.raises(FileExistsError, match=f"{tmp_path}/a.onnx exists"):
        export_model(model, "~/a.onnx")


def test_an_ending_that_says_another_format_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match=r"a.tflite is named as litert files are.*format is onnx"):
        export_model(model, tmp_path / "a.tflite", "onnx")


@pytest.mark.quick
@pytest.mark.parametrize("name", ["a.foo", "net.keras", "v1.onxx", "weights.h5", "a.tflite.zip"])
def test_an_ending_of_no_format_is_refused_and_nothing_is_written(name, refused, tmp_path):
    told = f"{name}: {Path(name).suffix} is no format's ending; end it in .onnx or .tflite, leave"
    assert told in refused("export", PRESET, "--out", tmp_path / name)
    with pytest.raises(ValueError, match=re.escape(told)):
        export.format_of(tmp_path / name)
    # Who names the format means it.
    assert export.format_of(name, "saved_model") == "saved_model"
    assert not [*tmp_path.iterdir()]


@pytest.mark.quick
def test_a_number_after_a_dot_is_part_of_a_folders_name():
    for name in ("v1.2", "2026.11.28/net", "my.project/net", ".hidden", "net-1.0rc1"):
        assert export.format_of(name) == "saved_model"
    assert [export.format_of(name) for name in ("v1.2.onnx", "A.TFLITE")] == ["onnx", "litert"]


def test_without_the_extra_one_line_says_what_to_install(model, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"needs .*onnx: pip install 'adaat-keras\[onnx\]'$"):
        export_model(model, tmp_path / "exported.onnx")
    assert not [*tmp_path.iterdir()]


class Odd(Conv):
    """A transfer function of one's own, by an operation that TensorFlow alone has."""

    def call(self, inputs, training=None, mask=None):
        outputs = super().call(inputs, training=training, mask=mask)
        return tf.raw_ops.BesselI0e(x=outputs)


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_an_operation_that_a_format_does_not_have_is_named(format, model, tmp_path):
    needs(format)
    built = build_ada_atdt(transfer=Odd, size="tiny")
    with pytest.raises(ValueError, match=r"has no operation for TensorFlow's BesselI0e"):
        export_model(built, tmp_path / f"exported{FORMATS[format]}")
    assert not [*tmp_path.iterdir()]


def test_another_model_must_compute_in_float32(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    assert tf.saved_model.load(export_model(model, tmp_path / "plain"))(
        tf.ones((2, 5, 5, 3))
    ).shape == (2, 5, 5, 1)
    policy = "mixed_bfloat16"
    mixed = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1, dtype=policy)]
    )
    mixed.dtype_policy = policy
    with pytest.raises(ValueError, match=r"computes in bfloat16; build it in float32"):
        export_model(mixed, tmp_path / "mixed")


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_each_format_and_says_how_to_read_it(
    model, format, capsys, monkeypatch, tmp_path
):
    needs(format)
    monkeypatch.setattr(model, "untrained", ())
    model.save_to_preset(tmp_path / "preset")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["export", "../preset", "--format", format]) == 0
    [path] = (tmp_path / "here").iterdir()
    assert path.name == f"exported{FORMATS[format]}"
    said = capsys.readouterr()
    assert path.name in said.out
    assert RUNTIMES[format].removeprefix("tensorflow") in said.out
    assert not said.err


def test_the_command_says_to_what_scale_images_are_brought_first(
    model, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(model, "untrained", ())
    monkeypatch.setattr(model, "camera", Camera(64, 128))
    model.save_to_preset(tmp_path / "preset")
    monkeypatch.setattr("adaat_keras.export.export_model", lambda *_, **__: None)
    export = ["export", str(tmp_path / "preset"), "--out", str(tmp_path / "out")]
    told = "resize images so that their longer side has 128 pixels first"
    assert main(export) == 0
    assert told in capsys.readouterr().out
    assert main([*export, "--height", "64", "--width", "64"]) == 0
    assert told not in capsys.readouterr().out


def test_the_command_refuses_in_one_line(refused, tmp_path):
    (tmp_path / "a.onnx").write_text("mine")
    for options, problem in (
        (["--out", tmp_path / "a.onnx"], "a.onnx exists; delete it"),
        (["--out", tmp_path / "b.onnx", "--height", 20, "--width", 40], "at least 33 pixels"),
        (["--format", "coreml"], "invalid choice: 'coreml'"),
    ):
        assert problem in refused("export", PRESET, *options)
    assert [file.name for file in tmp_path.iterdir()] == ["a.onnx"]


@pytest.mark.parametrize("format", FORMATS)
def test_the_guides_lines_for_other_machines_run(exported, format, tmp_path, monkeypatch):
    needs(format)
    lines = {
        name: block
        for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
        for name in FORMATS
        if "photo.jpg" in block and RUNTIMES[name] in block
    }[format]
    assert len([line for line in lines.splitlines() if line.strip()]) <= 7
    pixels = random_images([(50, 75)])[0].astype("uint8")
    Image.fromarray(pixels).save(tmp_path / "photo.jpg")
    [name] = re.findall(r'"(streets\.\w+|exported)"', lines)
    (tmp_path / name).symlink_to(exported(format))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(lines, names)
    # The scale of the preset's training, the photo's aspect.
    assert names["labels"].shape == (171, 256)
