"""What layers, networks, losses and presets compute on the backend that Keras runs on here.

`python tests/backend_kit.py FOLDER` reads `FOLDER/weights.npz` and writes what `everything` gives
to `FOLDER/BACKEND.npz`. `test_backends.py` starts it once a backend.
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from adaat_keras import build_ada_atdt, layers, load
from adaat_keras.inference import write_predictions
from adaat_keras.models import (
    AdaAtdt,
    BaseModel,
    Decoder,
    DilatedResnet50,
    DomainClassifier,
    Encoder,
    Generator,
    MobilenetV2,
    PatchDiscriminator,
    UpsamplingDecoder,
    transfer,
)
from adaat_keras.training import losses

LAYERS = {
    "BottleneckBlock": {"filters": 4, "strides": 2, "dilation": 2},
    "Conv2D": {"filters": 4, "kernel_size": 3, "repeat": True, "padding": "same"},
    "PadToStride": {"stride": 8},
    "ReflectionPadding": {"padding": 3},
    "ResidualBlock": {"filters": 4},
    "SpatialAttention": {"filters": 4},
}
PAIRED = ("CropLike", "SpatialAttention")


def whole(**options):
    """All six networks, small."""
    dtype = options.pop("dtype", None)
    return AdaAtdt(
        encoder_1=Encoder(4, 1, dtype=dtype),
        decoder_1=Decoder(1, 4, dtype=dtype),
        domain_classifier=DomainClassifier(16, dtype=dtype),
        encoder_2=Encoder(4, 1, dtype=dtype),
        decoder_2=Decoder(5, 4, dtype=dtype),
        transfer=transfer.get("unet_attention")(16, dtype=dtype),
        from_task="depth",
        to_task="semantic",
        **options,
    )


# A maker, and the shape of what it is fed.
NETWORKS = {
    "encoder": (lambda: Encoder(4, 1), (2, 32, 64, 3)),
    "decoder": (lambda: Decoder(5, 4), (2, 8, 16, 16)),
    "dilated_resnet50": (lambda: DilatedResnet50(4, 1), (2, 32, 64, 3)),
    "mobilenet_v2": (lambda: MobilenetV2(4, 1), (2, 36, 64, 3)),
    "upsampling_decoder": (lambda: UpsamplingDecoder(5, 4), (2, 2, 4, 128)),
    "domain_classifier": (lambda: DomainClassifier(16), (2, 8, 16, 16)),
    "pixel_classifier": (lambda: DomainClassifier(16, view="pixel"), (2, 8, 16, 16)),
    "generator": (lambda: Generator(4, 1), (2, 32, 64, 3)),
    "discriminator": (lambda: PatchDiscriminator(4), (2, 32, 64, 3)),
    "base_model": (lambda: BaseModel(Encoder(4, 1), Decoder(5, 4)), (2, 33, 50, 3)),
    "by_transfer": (whole, (2, 50, 70, 3)),
    "by_base_model_2": (lambda: whole(predictor="base_model_2"), (2, 50, 70, 3)),
    **{
        name: (lambda name=name: transfer.get(name)(16), (2, 16, 24, 16))
        for name in transfer.names()
    },
}


def inputs_of(shape):
    """Images where there are three channels, features elsewhere."""
    low, high = (0, 255) if shape[-1] == 3 else (-1, 1)
    return np.random.default_rng(0).uniform(low, high, shape).astype("float32")


def everything(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs by name; weights are taken from `weights`, or added to it where it has none."""
    results = {}
    assert build_ada_atdt(size="tiny").predict(inputs_of((1, 40, 40, 3)), verbose=0).any()
    for name, model, inputs in [*_layers(), *_networks()]:
        for number, variable in enumerate(model.weights):
            key = f"{name}/{number}"
            if key in weights:
                variable.assign(weights[key])
            weights[key] = keras.ops.convert_to_numpy(variable)
        # Whole models pad by themselves; compiling each layer and network would take longer.
        pads = isinstance(model, (AdaAtdt, BaseModel))
        outputs = model.predict(inputs, verbose=0) if pads else model(inputs)
        results[name] = keras.ops.convert_to_numpy(outputs)
    preset = load("streets_depth_to_semantic_small")
    results["preset"] = preset.predict(inputs_of((1, 50, 70, 3)), verbose=0)
    results["photo"] = photo(preset)
    half = whole(dtype="mixed_bfloat16").predict(inputs_of((1, 50, 70, 3)), verbose=0)
    results["half_is_float32"] = np.array([half.dtype == "float32", np.isfinite(half).all()])
    results["reversed_gradient"] = reversed_gradient()
    domains, logits = np.array([1.0, 0.0]), inputs_of((2, 4, 5, 1))
    for name in losses.names():
        loss = keras.ops.convert_to_numpy(losses.get(name)(domains, logits))
        results[name] = np.atleast_1d(loss)
    return results


def photo(model) -> np.ndarray:
    """What is written of the model's prediction for an image file, in tiles."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.png"
        Image.fromarray(inputs_of((70, 90, 3)).astype("uint8")).save(image)
        _, colors = write_predictions(model, model.to_task, [image], folder, tile=64)
        return np.asarray(Image.open(colors)).astype("float32")


def _layers():
    for name in layers.__all__:
        layer = getattr(layers, name)(**LAYERS.get(name, {}))
        inputs = keras.Input((None, None, 4))
        outputs = layer([inputs, inputs] if name in PAIRED else inputs)
        yield name, keras.Model(inputs, outputs), inputs_of((2, 9, 14, 4))


def _networks():
    for name, (make, shape) in NETWORKS.items():
        yield name, make(), inputs_of(shape)


def reversed_gradient() -> np.ndarray:
    """The gradient of the sum of squares behind a reversal by a half: -x."""
    x = np.array([[1.0, -2.0]], "float32")
    reverse = layers.GradientReversal(0.5)
    if keras.config.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda x: keras.ops.sum(reverse(x) ** 2))(x))
    if keras.config.backend() == "torch":
        import torch

        x = torch.tensor(x, requires_grad=True)
        keras.ops.sum(reverse(x) ** 2).backward()
        return x.grad.numpy()
    import tensorflow as tf

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = keras.ops.sum(reverse(x) ** 2)
    return tape.gradient(loss, x).numpy()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    results = everything(dict(np.load(folder / "weights.npz")))
    if keras.config.backend() != "tensorflow":
        assert "tensorflow" not in sys.modules
    np.savez(folder / f"{keras.config.backend()}.npz", **results)
