"""Export of the inference path for use without this package: SavedModel, ONNX, LiteRT."""

import inspect
import json
import re
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from adaat_keras import __version__, _require_tensorflow, tasks
from adaat_keras.files import home_expanded, written_whole
from adaat_keras.fused import without_fused_operations
from adaat_keras.layers import CropLike
from adaat_keras.models.ada_atdt import PREDICTORS, AdaAtdt
from adaat_keras.models.base_model import BaseModel, pad_for
from adaat_keras.registry import check_name
from adaat_keras.tasks.depth import MAX_DEPTH

_require_tensorflow("adaat_keras.export")

# The formats and their file extensions; a SavedModel is a folder.
FORMATS = {"saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
DTYPES = ("float32", "uint8")
WEIGHTS = ("float32", "float16", "int8")
# The highest that tf2onnx writes; onnxruntime reads it from 1.14 on.
OPSET = 18
DESCRIPTION = "description.json"

Shape = tuple[int | None, int | None, int | None, int]


def export_model(
    model: keras.Model,
    path: Path | str,
    format: str | None = None,
    *,
    height: int | None = None,
    width: int | None = None,
    input_dtype: str = "float32",
    weights: str = "float32",
) -> Path:
    """Write a model's inference path to a file that can be used without this package.

    It maps any number of images `(n, height, width, 3)`, RGB, 0 to 255, with sides of at least
    `model.smallest`, to the decoder's outputs, `(n, height, width, channels)`, float32.
    Normalization, padding and cropping are included. A description of inputs and outputs is stored
    in ONNX's metadata, in `assets.extra/description.json` of a SavedModel, and in
    `description.json` of a LiteRT file, which `unzip` extracts.

    Args:
        model: An `AdaAtdt`, of which only the networks that predict (`model.predictor`) are
            written; a `BaseModel`; or a functional model that normalizes its input. Computation is
            in float32, whatever the precision of the training.
        path: The file, or the SavedModel's folder; `~` is the home folder.
        format: `"saved_model"`, `"onnx"` or `"litert"`; by default from the path's extension
            (`.onnx`, `.tflite`); without one, or if it begins with a digit (`v1.2`), a SavedModel.
        height, width: Fix the image size, and the number of images to 1, as some accelerators need;
            LiteRT's int8 is only fast with a fixed size. Both or neither.
        input_dtype: Of ONNX and LiteRT inputs, `"float32"` or `"uint8"`. A SavedModel takes both:
            its signatures are `serving_default` (float32) and `uint8`.
        weights: Precision of LiteRT's weights. `"float16"` halves the file; `"int8"` quarters it,
            and convolutions then also quantize their inputs to 8 bits.

    Returns:
        The path.

    Raises:
        FileExistsError: The path exists already.
        ImportError: ONNX needs the extra `[onnx]`.
        ValueError: The format, dtype, precision or size is not supported, or the format has no
            operation for a custom layer.

    Example:
        >>> import tempfile
        >>> from adaat_keras import build_ada_atdt
        >>> folder = Path(tempfile.mkdtemp()) / "exported"
        >>> predict = tf.saved_model.load(export_model(build_ada_atdt(size="tiny"), folder))
        >>> predict(tf.ones((1, 50, 70, 3), tf.uint8)).shape
        TensorShape([1, 50, 70, 11])
    """
    path = home_expanded(path)
    format = format_of(path, format)
    check_name("input type", input_dtype, list(DTYPES))
    check_name("precision of weights", weights, list(WEIGHTS))
    if weights != "float32" and format != "litert":
        raise ValueError(f"{format} keeps weights as float32; {weights} is for litert")
    shape = _shape(model, height, width)
    if path.exists():
        raise FileExistsError(f"{path} exists; delete it, or choose another --out")
    network, description = inference_path(model), describe(model, shape, input_dtype)
    if format == "saved_model":
        description["input"]["dtype"] = list(DTYPES)
        _write_saved_model(network, shape, description, path)
        return path
    image = tf.TensorSpec(shape, input_dtype, name="image")
    smallest = getattr(model, "smallest", 1)
    if format == "onnx":
        _require_onnx()
    with written_whole(path) as temporary:
        if format == "onnx":
            _write_onnx(network, image, smallest, description, temporary)
        else:
            _write_litert(network, image, smallest, weights, description, temporary)
    return path


def format_of(path: Path | str, format: str | None = None) -> str:
    """The given format, or else the one of a path's extension.

    What begins with a digit, as in `v1.2`, is no extension but part of a folder's name.

    Raises:
        ValueError: There is no such format, or the extension contradicts it or is no format's.

    Example:
        >>> format_of("streets.onnx"), format_of("streets.tflite"), format_of("streets")
        ('onnx', 'litert', 'saved_model')
        >>> format_of("streets-v1.2"), format_of("streets.real", "saved_model")
        ('saved_model', 'saved_model')
    """
    path = Path(path)
    told = {ending: name for name, ending in FORMATS.items() if ending}.get(path.suffix.lower())
    if format is None:
        if told is None and path.suffix[1:2].isalpha():
            raise ValueError(
                f"{path}: {path.suffix} is no format's ending; end it in .onnx or .tflite, leave "
                "the ending out for a SavedModel, which is a folder, or name the format (--format "
                "saved_model, format=)"
            )
        return told or "saved_model"
    check_name("format", format, list(FORMATS))
    if told and told != format:
        raise ValueError(f"{path} is named as {told} files are, and the format is {format}")
    return format


def _shape(model: keras.Model, height: int | None, width: int | None) -> Shape:
    if height is None and width is None:
        return None, None, None, 3
    if height is None or width is None:
        raise ValueError("height and width go together; give both, or neither for any size")
    smallest = getattr(model, "smallest", 1)
    if min(height, width) < smallest:
        raise ValueError(
            f"an image needs at least {smallest} pixels in height and width; "
            f"{height} x {width} has fewer"
        )
    return 1, height, width, 3


def inference_path(model: keras.Model) -> keras.Model:
    """The networks that predict, from an image to the outputs, in float32.

    They share the model's weights if it computes in float32 itself, else they have a copy.

    Raises:
        ValueError: A model not of this package computes in another precision.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = build_ada_atdt(transfer="conv", size="tiny", dtype="mixed_bfloat16")
        >>> inference_path(model)(keras.ops.ones((1, 40, 50, 3))).dtype
        tf.float32
    """
    if isinstance(model, AdaAtdt):
        networks = [model.networks[name] for name in PREDICTORS[model.predictor]]
    elif isinstance(model, BaseModel):
        networks = [model.encoder, model.decoder]
    else:
        if model.compute_dtype != "float32":
            raise ValueError(
                f"{model.name} computes in {model.compute_dtype}; build it in float32 to export it"
            )
        return keras.Model(model.inputs, model.outputs)
    image = keras.Input((None, None, 3), name="image", dtype="float32")
    between = networks[1] if len(networks) == 3 else None
    outputs = pad_for(networks[0], between, model.stride, dtype="float32")(image)
    for network in networks:
        outputs = _in_float32(network)(outputs)
    return keras.Model(image, CropLike(dtype="float32")([outputs, image]))


def _in_float32(network: keras.Model) -> keras.Model:
    if network.compute_dtype == "float32":
        return network
    copy = type(network).from_config(network.get_config() | {"dtype": "float32"})
    copy.set_weights(network.get_weights())
    return copy


def describe(
    model: keras.Model, shape: Shape = (None, None, None, 3), input_dtype: str = "float32"
) -> dict:
    """The description in an exported file: its input, and the meaning of its outputs.

    Example:
        >>> from adaat_keras import load
        >>> told = describe(load("streets_semantic_to_depth_small"))
        >>> told["task"], told["output"]["meaning"]
        ('depth', 'depth / 100 m, along the optical axis')
    """
    channels = model.outputs[0].shape[-1]
    told = {
        "package": f"adaat_keras {__version__}",
        "input": {
            "name": "image",
            "shape": list(shape),
            "dtype": input_dtype,
            "meaning": "RGB, 0 to 255",
            "smallest": getattr(model, "smallest", 1),
            # What it was trained on: images of another scale are predicted worse.
            "camera": getattr(model, "camera", None) and model.camera.get_config(),
        },
        "output": {"name": "prediction", "shape": [*shape[:3], channels], "dtype": "float32"},
    }
    if isinstance(model, AdaAtdt):
        task = tasks.get(model.to_task)
        told["task"] = task.name
        told["predictor"] = model.predictor
        told["output"]["meaning"] = _meaning(task)
        if task.classes:
            told["classes"] = list(task.class_names)
    return told


def _meaning(task: tasks.Task) -> str:
    if isinstance(task, tasks.Semantic):
        return "a logit for each class; the largest is the prediction"
    if isinstance(task, tasks.Depth):
        return f"depth / {MAX_DEPTH:g} m, along the optical axis"
    if isinstance(task, tasks.Normals):
        return "a vector normal to the surface, of any length"
    return inspect.getdoc(type(task)).partition("\n")[0]


def _write_saved_model(network: keras.Model, shape: Shape, description: dict, path: Path) -> None:
    exported = _Exported(network, shape)
    with written_whole(path) as temporary:
        tf.saved_model.save(exported, str(temporary), signatures=exported.named)
        # The place for files that TensorFlow ignores, according to its guide.
        extra = temporary / "assets.extra"
        extra.mkdir()
        (extra / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n")


class _Exported(tf.Module):
    """A module with the function to export, and the variables that its graph uses."""

    def __init__(self, network: keras.Model, shape: Shape):
        super().__init__()
        self.shape = shape
        self.weights = [weight.value for weight in network.weights]
        self.predict = _trace(network, tf.TensorSpec(shape), smallest=None)
        serving, uint8 = (self._signature(dtype) for dtype in DTYPES)
        self.named = {"serving_default": serving, "uint8": uint8}

    @tf.function
    def __call__(self, image):
        """The prediction."""
        return self.predict(tf.cast(image, tf.float32))["prediction"]

    def _signature(self, dtype: str):
        images = tf.TensorSpec(self.shape, dtype, name="image")
        self.__call__.get_concrete_function(images)
        named = tf.function(lambda image: {"prediction": self(image)})
        return named.get_concrete_function(images)


def _trace(network: keras.Model, image: tf.TensorSpec, smallest: int | None, weights=()):
    """Trace the network as a TensorFlow function of images and of the given weights."""

    def predict(image, *values):
        image = tf.cast(image, tf.float32)
        if smallest is not None and None in image.shape[1:3]:
            image = _refuse_smaller(image, smallest)
        scope = keras.StatelessScope(state_mapping=[*zip(weights, values, strict=True)])
        with scope, without_fused_operations():
            outputs = network(image, training=False)
        return {"prediction": tf.cast(outputs, tf.float32)}

    inputs = [
        tf.TensorSpec(weight.shape, weight.dtype, name=f"weight_{number}")
        for number, weight in enumerate(weights)
    ]
    return tf.function(predict, input_signature=[image, *inputs], autograph=False)


def _refuse_smaller(image: tf.Tensor, smallest: int) -> tf.Tensor:
    """Return the image, with an out-of-range index as an error in every runtime if it is too small.

    ONNX and LiteRT have no assertions, and would read pixels outside the image. The name of the
    operation appears in onnxruntime's error message.
    """
    small = tf.reduce_min(tf.shape(image)[1:3]) < smallest
    name = f"an_image_needs_at_least_{smallest}_pixels_in_height_and_width"
    return image + tf.gather(tf.constant([0.0]), tf.cast(small, tf.int32), name=name)


def _require_onnx() -> None:
    """Raise an `ImportError` that says what to install, unless ONNX can be written."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"writing ONNX needs the package {error.name}: pip install 'adaat-keras[onnx]'"
        ) from error


def _write_onnx(
    network: keras.Model, image: tf.TensorSpec, smallest: int, description: dict, path: Path
) -> None:
    import onnx
    import tf2onnx

    # Kernels are inserted after the conversion: tf2onnx copies the graph before and after each of
    # its optimizations, which would take more than 12 GB for the paper's networks.
    kernels = [weight for weight in network.weights if len(weight.shape) > 1]
    traced = _trace(network, image, smallest, kernels)
    model, _ = tf2onnx.convert.from_function(traced, traced.input_signature, opset=OPSET)
    values = map(keras.ops.convert_to_numpy, kernels)
    _put_in(model.graph, {f"weight_{number}": value for number, value in enumerate(values)})
    missing = {
        node.op_type
        for node in model.graph.node
        if not onnx.defs.has(node.op_type, OPSET, node.domain)
    }
    if missing:
        raise ValueError(f"ONNX has no operation for TensorFlow's {', '.join(sorted(missing))}")
    channels = network.outputs[0].shape[-1]
    [prediction] = model.graph.output
    if len(prediction.type.tensor_type.shape.dim) == 5:
        _squeeze_outputs(model.graph)
    for tensor, count in zip((*model.graph.input, *model.graph.output), (3, channels), strict=True):
        sizes = [
            name if known is None else known
            for name, known in zip(("batch", "height", "width"), image.shape, strict=False)
        ]
        kind = tensor.type.tensor_type.elem_type
        tensor.CopyFrom(onnx.helper.make_tensor_value_info(tensor.name, kind, [*sizes, count]))
    model.producer_name, model.producer_version = "adaat_keras", __version__
    told = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in description.items()
    }
    onnx.helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    _check_onnx(path, network, image, smallest)


def _squeeze_outputs(graph) -> None:
    """Remove the first of five dimensions from an ONNX graph's outputs.

    For a single channel, tf2onnx 1.17 inserts a Reshape to five dimensions and a Squeeze, and loses
    the Squeeze in about one of fifteen cases.
    """
    from onnx import helper, numpy_helper

    for node in graph.node:
        node.output[:] = ["unsqueezed" if name == "prediction" else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
    graph.node.append(helper.make_node("Squeeze", ["unsqueezed", "first"], ["prediction"]))


def _check_onnx(path: Path, network: keras.Model, image: tf.TensorSpec, smallest: int) -> None:
    """Raise a `ValueError` unless the file predicts the same as the network."""
    import onnxruntime

    default = (1, max(smallest, 8), max(smallest, 8) + 3)
    size = [known or free for known, free in zip(image.shape, default, strict=False)]
    given = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(image.dtype.name)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [outputs] = session.run(["prediction"], {"image": given})
    expected = keras.ops.convert_to_numpy(network(given.astype("float32"), training=False))
    same = outputs.shape == expected.shape
    # A wide tolerance, since instance normalization amplifies rounding at the smallest sizes.
    if not (same and np.allclose(outputs, expected, atol=0.01 * np.abs(expected).max())):
        raise ValueError(
            "tf2onnx has written a network that predicts something else; export it again, and "
            "report it with the versions of tf2onnx and TensorFlow if it stays so"
        )


def _put_in(graph, values: dict[str, np.ndarray]) -> None:
    """Turn an ONNX graph's inputs, and everything computed from constants only, into constants."""
    from onnx import numpy_helper
    from onnx.reference import ReferenceEvaluator

    values = dict(values)
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer} | values
    for node in [*graph.node]:
        if values.keys() & {*node.input} and known.keys() >= {*node.input}:
            given = {name: known[name] for name in node.input}
            [result] = ReferenceEvaluator(node).run(None, given)
            values[node.output[0]] = known[node.output[0]] = result
            graph.node.remove(node)
    for tensor in [*graph.input]:
        if tensor.name in values:
            graph.input.remove(tensor)
    used = {name for node in graph.node for name in node.input}
    for tensor in [*graph.initializer]:
        if tensor.name not in used:
            graph.initializer.remove(tensor)
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in values.items() if name in used
    )


def _write_litert(
    network: keras.Model,
    image: tf.TensorSpec,
    smallest: int,
    weights: str,
    description: dict,
    path: Path,
) -> None:
    traced = _trace(network, image, smallest)
    # By way of a SavedModel, which gives the file's inputs and outputs their names.
    with tempfile.TemporaryDirectory() as folder:
        module = tf.Module()
        module.weights = [weight.value for weight in network.weights]
        tf.saved_model.save(module, folder, signatures=traced.get_concrete_function())
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        # Store the weights as constants.
        converter.experimental_enable_resource_variables = False
        if weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            path.write_bytes(converter.convert())
        # The converter's error class is not public.
        except Exception as error:
            missing = re.search(r"(?:TF Select|Custom) ops: ([^\n]+)", str(error))
            if missing is None:
                raise
            raise ValueError(f"LiteRT has no operation for TensorFlow's {missing[1]}") from error
    # Like TensorFlow Lite's metadata: interpreters ignore the appended archive.
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(DESCRIPTION, json.dumps(description, indent=2) + "\n")
