"""`adaat-keras export`: the inference path as a SavedModel, ONNX or LiteRT."""

import argparse

DESCRIPTION = """Write the networks that predict task 2, for machines without this package: as a
TensorFlow SavedModel, or as one file for ONNX or LiteRT. Images (n, height, width, 3) of any size
from 33 x 33 on (the small networks' least; others say theirs), RGB, 0 to 255, become what the
decoder puts out."""

# The default format, and a line of Python that loads each.
_DEFAULT = "saved_model"
_USE = {
    "saved_model": 'tf.saved_model.load("{out}")(images)',
    "onnx": 'onnxruntime.InferenceSession("{out}").run(None, {{"image": images}})',
    "litert": 'ai_edge_litert.interpreter.Interpreter("{out}")'
    ".get_signature_runner()(image=images)",
}


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "export", help="write a SavedModel, ONNX or LiteRT", description=DESCRIPTION
    )
    parser.add_argument(
        "model", metavar="WHAT", help="a run's folder, or a preset by name, folder or address"
    )
    parser.add_argument(
        "--format",
        choices=list(_USE),
        help="default: what the ending of --out says (.onnx, .tflite; none: saved_model)",
    )
    parser.add_argument(
        "--out", metavar="PATH", help="default: exported, exported.onnx or exported.tflite"
    )
    parser.add_argument("--height", type=int, metavar="INT", help="fix the size (with --width)")
    parser.add_argument("--width", type=int, metavar="INT", help="fix the size (with --height)")
    parser.add_argument(
        "--input",
        default="float32",
        choices=("float32", "uint8"),
        help="what ONNX and LiteRT take; a SavedModel takes both (default: float32)",
    )
    parser.add_argument(
        "--weights",
        default="float32",
        choices=("float32", "float16", "int8"),
        help="how LiteRT keeps them (default: float32)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Export and tell how to use it."""
    from adaat_keras.export import FORMATS, export_model, format_of
    from adaat_keras.runs.folder import load_trained

    out = options.out or f"exported{FORMATS[options.format or _DEFAULT]}"
    format = format_of(out, options.format)
    _, model = load_trained(options.model)
    export_model(
        model,
        out,
        format,
        height=options.height,
        width=options.width,
        input_dtype=options.input,
        weights=options.weights,
    )
    first = ""
    # Not needed with a fixed size, to which images have to be resized anyway.
    if model.camera is not None and options.height is None:
        longest = max(model.camera.height, model.camera.width)
        first = f"  # resize images so that their longer side has {longest} pixels first"
    print(_USE[format].format(out=out) + first)
