"""A base model: encoder E, decoder D, and both as one network N (section 3.2)."""

import math
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from adaat_keras.camera import Camera
from adaat_keras.layers import (
    Conv2D,
    CropLike,
    InstanceNormalization,
    PadToStride,
    Positive,
    ReflectionPadding,
    ResidualBlock,
    Tensor,
)
from adaat_keras.registry import check_name

AnyDtype = keras.DTypePolicy | str
"""As Keras' layers take it: a precision's name, or an object."""
# The activations that a decoder's outputs can have.
ACTIVATIONS = {"linear": partial(keras.layers.Activation, "linear"), "positive": Positive}


class Network(keras.Model):
    """A functional Keras model that `get_config` describes by its constructor's arguments.

    Subclasses build their graph in `__init__`, store every argument in an attribute of the same
    name, and list these names in `arguments`. For encoders and transfer functions, height and width
    of inputs must be multiples of `stride`, and at least `smallest`.

    Example:
        >>> class Twice(Network):
        ...     arguments = ("filters",)
        ...     def __init__(self, filters, **kwargs):
        ...         image = keras.Input((None, None, 3))
        ...         outputs = keras.layers.Conv2D(filters, 1)(image)
        ...         super().__init__(inputs=image, outputs=outputs, **kwargs)
        ...         self.filters = filters
        >>> Twice(4, name="twice").get_config()["filters"]
        4
    """

    arguments: tuple[str, ...] = ()
    stride: int = 1
    smallest: int = 1

    def __init__(self, *, dtype: AnyDtype | None = None, **kwargs):
        super().__init__(**kwargs)
        # Functional models drop the argument; when loaded, they would get Keras' current precision.
        self.dtype_policy = dtype

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            **{name: getattr(self, name) for name in self.arguments},
        }


def pad_for(
    encoder: keras.Model,
    transfer: keras.Model | None = None,
    stride: int | None = None,
    **kwargs,
) -> PadToStride:
    """The layer that pads an image for an encoder, and for a transfer function of its features.

    Args:
        encoder, transfer: As `AdaAtdt`'s.
        stride: A further number that height and width must be multiples of.
        **kwargs: The layer's.

    Example:
        >>> pad_for(Encoder(4, 1)).smallest, pad_for(Encoder(4, 1), stride=32).stride
        (5, 32)
    """
    smallest = encoder.smallest
    stride = math.lcm(encoder.stride, stride or 1)
    if transfer is not None:
        smallest = max(smallest, encoder.stride * getattr(transfer, "smallest", transfer.stride))
        stride = math.lcm(stride, encoder.stride * transfer.stride)
    # The smallest size that is padded to at least `smallest`.
    return PadToStride(stride, smallest=max(stride, smallest - stride + 1), **kwargs)


def at_scale(predict: Callable, images: Tensor, camera: Camera | None) -> Tensor:
    """Predict at the scale a network was trained at, and resize the result to the images' size.

    Images are resized so that their longer side is as long as that of the camera's images. For an
    image from a camera with the same field of view, this is exactly the training scale.

    Args:
        predict: Maps images `(batch, height, width, 3)` to `(batch, height, width, K)`.
        images: `(batch, height, width, 3)` of any size.
        camera: The camera of the training images; `None` leaves the images unchanged.

    Example:
        >>> images = keras.ops.ones((1, 100, 200, 3))
        >>> at_scale(lambda x: x[..., :1], images, Camera(32, 64)).shape
        TensorShape([1, 100, 200, 1])
    """
    if camera is None:
        return predict(images)
    if None not in images.shape[1:3]:
        size = tuple(images.shape[1:3])
        if camera.scaled(*size) == size:
            return predict(images)
        outputs = predict(to_scale(images, camera))
        return keras.ops.image.resize(outputs, size, data_format="channels_last")
    if isinstance(images, keras.KerasTensor):
        return predict(images)
    # The size is unknown in the graph, which happens on TensorFlow only.
    import tensorflow as tf

    size = tf.shape(images)[1:3]
    scale = max(camera.height, camera.width) / tf.reduce_max(size)
    scaled = tf.maximum(tf.cast(tf.round(tf.cast(size, scale.dtype) * scale), "int32"), 1)

    fits, images = tf.reduce_all(scaled == size), tf.cast(images, "float32")
    # Two conditionals around the network, so that the graph contains it only once.
    seen = tf.cond(fits, lambda: images, lambda: tf.image.resize(images, scaled, antialias=True))
    outputs = predict(seen)
    return tf.cond(fits, lambda: outputs, lambda: tf.image.resize(outputs, size))


def to_scale(images: Tensor, camera: Camera) -> Tensor:
    """Images `(batch, height, width, 3)` resized to a camera's scale, float32.

    Example:
        >>> to_scale(keras.ops.ones((1, 100, 200, 3)), Camera(32, 64)).shape
        TensorShape([1, 32, 64, 3])
    """
    images = keras.ops.cast(images, "float32")
    size = camera.scaled(*images.shape[1:3])
    return keras.ops.image.resize(images, size, antialias=True, data_format="channels_last")


def reseed(network: keras.Model, seed: int) -> keras.Model:
    """Reinitialize a network: kernels Glorot uniform from a seed, biases 0; return the network.

    For networks that a method adds: Keras' own initial weights depend on how many other weights
    were initialized before.

    Example:
        >>> from adaat_keras.models.domain_classifier import DomainClassifier
        >>> one, other = (reseed(DomainClassifier(8), seed=3) for _ in range(2))
        >>> bool((one.get_weights()[0] == other.get_weights()[0]).all())
        True
    """
    for number, variable in enumerate(network.trainable_variables):
        if len(variable.shape) > 1:
            draw = keras.initializers.GlorotUniform(seed=seed * 1000 + number)
            variable.assign(draw(variable.shape, variable.dtype))
        elif variable.name == "bias":
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    return network


@keras.saving.register_keras_serializable("adaat_keras")
class Encoder(Network):
    """Turns an image into features at a quarter of its size (the paper's E).

    CycleGAN's ResNet generator up to its last residual block: c7s1-64, d128, d256, R256 x 6, with
    reflection padding, instance normalization and ReLU (section 4.2; 7.46 million parameters).
    The features are the last block's sum, without normalization or ReLU.

    Input: `(batch, height, width, 3)`, values 0 to 255 (scaled to -1..1 inside), height and width
    multiples of 4. Output: `(batch, height / 4, width / 4, 4 * base_filters)`.

    Args:
        base_filters: Channels of the first convolution.
        residual_blocks: Number of residual blocks.

    Example:
        >>> Encoder(base_filters=4, residual_blocks=1)(keras.ops.ones((1, 32, 64, 3))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("base_filters", "residual_blocks")
    architecture = "residual"
    stride = 4
    # The residual blocks' reflection padding needs features of at least 2 x 2.
    smallest = 8

    def __init__(
        self,
        base_filters: int = 64,
        residual_blocks: int = 6,
        dtype: AnyDtype | None = None,
        **kwargs,
    ):
        # === Layers ===
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        options = {"data_format": "channels_last", "dtype": dtype}
        stem = keras.layers.Conv2D(base_filters, 7, name="stem", **options)
        downs = [
            keras.layers.Conv2D(
                filters, 3, strides=2, padding="same", name=f"down_{filters}", **options
            )
            for filters in (2 * base_filters, 4 * base_filters)
        ]
        blocks = [
            ResidualBlock(4 * base_filters, dtype=dtype, name=f"residual_block_{n + 1}")
            for n in range(residual_blocks)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        x = stem(ReflectionPadding(3, dtype=dtype)(rescale(inputs)))
        x = keras.layers.ReLU(dtype=dtype)(InstanceNormalization(dtype=dtype)(x))
        for down in downs:
            x = keras.layers.ReLU(dtype=dtype)(InstanceNormalization(dtype=dtype)(down(x)))
        for block in blocks:
            x = block(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.base_filters = base_filters
        self.residual_blocks = residual_blocks

    @property
    def features(self) -> int:
        """Channels of the output."""
        return 4 * self.base_filters


@keras.saving.register_keras_serializable("adaat_keras")
class Decoder(Network):
    """Turns features into a dense prediction at the image's size (the paper's D).

    The end of CycleGAN's ResNet generator: u128, u64, c7s1-K (section 4.2; 0.37 million parameters
    with one channel). Each u doubles the size by repeating pixels before its 3x3 convolution, which
    has as many weights as a transposed one and avoids checkerboard artifacts (Odena et al. 2016).

    Input: features `(batch, height / 4, width / 4, 4 * base_filters)`. Output:
    `(batch, height, width, channels)`, float32: class logits, or depth / 100 m.

    Args:
        channels: Output channels K.
        base_filters: Channels before the last convolution.
        activation: Of the outputs: `"linear"`, or `"positive"` (see `Positive`).
        upsampling: `"nearest"`, or `"transposed"`, which older presets use.

    Example:
        >>> Decoder(11, base_filters=4)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 32, 64, 11])
    """

    arguments = ("channels", "base_filters", "activation", "upsampling")

    def __init__(
        self,
        channels: int,
        base_filters: int = 64,
        dtype: AnyDtype | None = None,
        activation: str = "linear",
        upsampling: str = "nearest",
        **kwargs,
    ):
        check_name("activation", activation, list(ACTIVATIONS))
        check_name("upsampling", upsampling, ["nearest", "transposed"])

        # === Layers ===
        options = {"data_format": "channels_last", "dtype": dtype}
        ups = []
        for filters in (2 * base_filters, base_filters):
            name = f"up_{filters}"
            if upsampling == "nearest":
                ups.append(Conv2D(filters, 3, repeat=True, padding="same", name=name, **options))
            else:
                ups.append(
                    keras.layers.Conv2DTranspose(
                        filters, 3, strides=2, padding="same", name=name, **options
                    )
                )
            ups += [InstanceNormalization(dtype=dtype), keras.layers.ReLU(dtype=dtype)]
        head = Conv2D(channels, 7, name="head", **options)

        # === Functional Model ===
        inputs = keras.Input((None, None, 4 * base_filters), name="features")
        x = inputs
        for up in ups:
            x = up(x)
        x = head(ReflectionPadding(3, dtype=dtype)(x))
        # Losses and metrics need float32, whatever the precision of the layers.
        outputs = ACTIVATIONS[activation](dtype="float32", name="prediction")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.channels = channels
        self.base_filters = base_filters
        self.activation = activation
        self.upsampling = upsampling


# Images that are normalized by ImageNet's means and standard deviations reach 2.64.
_NORMALIZED = 8


def check_images(images: np.ndarray) -> None:
    """Raise a `ValueError` for arrays that are not images in 0 to 255, and warn of doubtful ones.

    Integers above 255, NaN and infinity are errors. Floats above 256, or that all lie between 0 and
    1, or that look normalized to a mean of 0, may be intended, and give a warning.

    Example:
        >>> check_images(np.zeros((50, 70, 3)))
        Traceback (most recent call last):
        ...
        ValueError: images are (batch, height, width, 3), and these have the shape (50, 70, 3); ...
    """
    if images.ndim != 4 or images.shape[-1] != 3:
        one = "; of one image: images[None]" if images.ndim == 3 else ""
        raise ValueError(
            f"images are (batch, height, width, 3), and these have the shape {images.shape}{one}"
        )
    if images.dtype == np.uint8 or images.dtype.kind not in "fiu":
        return
    smallest, largest = images.min(initial=0), images.max(initial=0)
    if not (np.isfinite(smallest) and np.isfinite(largest)):
        raise ValueError(
            "these images hold NaN or infinity, which instance normalization would spread over the "
            "whole prediction: give such pixels a number, such as 0"
        )
    told = f"the largest number in these images is {largest:g}, and networks take 0 to 255: "
    stretch = (
        "read files by adaat_keras.inference.read_image(path, image_range=(LOW, HIGH)), or bring "
        "arrays there by adaat_keras.deep_images.stretched(images, (LOW, HIGH)), of what is to "
        "become black and white"
    )
    if images.dtype.kind != "f" and smallest < 0:
        raise ValueError(
            f"these images have numbers from {smallest} to {largest}, and networks take 0 to 255"
        )
    if images.dtype.kind != "f" and largest > 255:
        raise ValueError(told + stretch)
    # Resizing may overshoot 255 slightly.
    if largest > 256:
        warnings.warn(told + stretch, stacklevel=3)
    if images.dtype.kind != "f":
        return
    if smallest < 0 and largest <= _NORMALIZED:
        warnings.warn(
            f"these images have numbers from {smallest:g} to {largest:g}, and networks take 0 to "
            "255: undo their normalization",
            stacklevel=3,
        )
    elif 0 < largest <= 1:
        warnings.warn(
            "the largest number in these images is 1 or less, and networks take 0 to 255: multiply "
            "them by 255, unless they are black",
            stacklevel=3,
        )


class FlatPredict:
    """A `predict` that does not leak memory when image sizes vary.

    Keras feeds `predict` through `tf.data`, for which TensorFlow permanently keeps some memory for
    every new image size. A single batch does not need that pipeline.
    """

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
    ) -> np.ndarray:
        """As `keras.Model.predict`, but an array of a single batch is predicted without `tf.data`.

        Args:
            x: Images `(batch, height, width, 3)` of one size, 0 to 255, as an array; or anything
                else that Keras takes, such as a `tf.data.Dataset` of batches, which is not checked.
            batch_size, verbose, steps, callbacks: As in Keras.

        Returns:
            Outputs `(batch, height, width, channels)`, float32, as a task's `decode` takes them.

        Raises:
            ValueError: There are no images, an array has another shape or integers above 255; or
                it is a file's path.
        """
        array = isinstance(x, np.ndarray) or keras.ops.is_tensor(x)
        some = x[0] if isinstance(x, list | tuple) and x else x
        if isinstance(some, str | Path):
            raise ValueError(
                f"predict takes arrays of images, not the file {some}: read it first, "
                f"adaat_keras.inference.read_image({str(some)!r})[None]"
            )
        if (array or isinstance(x, list | tuple)) and not len(x):
            raise ValueError("there are no images to predict")
        if isinstance(x, np.ndarray):
            check_images(x)
        strategy = getattr(self, "distribute_strategy", None)
        devices = getattr(strategy, "num_replicas_in_sync", 1)
        if array and devices > 1 and steps is None:
            count, x = len(x), keras.ops.convert_to_numpy(x)
            x, batch_size = _for_devices(x, batch_size or 32, devices)
            return super().predict(x, batch_size, verbose, steps, callbacks)[:count]
        single = isinstance(x, np.ndarray) and len(x) <= (batch_size or 32)
        if single and devices == 1 and steps is None and not callbacks:
            return self.predict_on_batch(x)
        return super().predict(x, batch_size, verbose, steps, callbacks)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """As `keras.Model.predict_on_batch`, with one output per image on several devices, too."""
        # Every device predicts the whole batch, and Keras concatenates the copies.
        return super().predict_on_batch(x)[: len(keras.tree.flatten(x)[0])]


class AtCamera:
    """Adds a settable `camera` to a model, which takes effect in all its methods."""

    _camera: Camera | None = None

    @property
    def camera(self) -> Camera | None:
        """The camera of the images that the networks were trained on; settable."""
        return self._camera

    @camera.setter
    def camera(self, camera: Camera | dict | None) -> None:
        camera = Camera(**camera) if isinstance(camera, dict) else camera
        if camera != self._camera:
            self._camera = camera
            self._forget_compiled()

    def _forget_compiled(self) -> None:
        """Drop compiled functions, which were traced with the old setting."""
        self.predict_function = self.test_function = self.train_function = None

    def without_camera(self) -> "keras.Model":
        """A model with the same networks that predicts at the images' own scale."""
        config = self.get_config()
        # Setting it would unfreeze networks that are frozen.
        del config["trainable"]
        networks = {
            name: getattr(self, name)
            for name in config
            if isinstance(getattr(self, name, None), keras.Model)
        }
        return type(self)(**{**config, **networks, "camera": None})


def _for_devices(images: np.ndarray, batch: int, devices: int) -> tuple[np.ndarray, int]:
    """Repeat the last image, and choose a batch size, so that every device always gets an image.

    TensorFlow's convolutions and reflection padding fail on empty batches.
    """
    batches = -(-len(images) // batch)
    batch = -(-len(images) // (batches * devices)) * devices
    missing = batches * batch - len(images)
    return np.concatenate([images, np.repeat(images[-1:], missing, 0)]), batch


@keras.saving.register_keras_serializable("adaat_keras")
class BaseModel(FlatPredict, AtCamera, keras.Model):
    """Predicts one task from an image of any size: `D(E(x))` (the paper's N1, N2; section 3.2).

    Input: `(batch, height, width, 3)`, values 0 to 255, height and width at least `smallest`.
    Output: `(batch, height, width, channels)`. Shares the two networks that it is given.

    Args:
        encoder: Image to features.
        decoder: Features to prediction.
        camera: The camera of the training images, to whose scale images are resized (see
            `at_scale`); `None` leaves images unchanged; settable.
        stride: Height and width are padded by reflection to multiples of this, as in training; by
            default the encoder's stride.

    Example:
        >>> from adaat_keras.models.base_model import Decoder, Encoder
        >>> model = BaseModel(Encoder(4, 1), Decoder(1, 4))
        >>> model(keras.ops.ones((1, 30, 50, 3))).shape
        TensorShape([1, 30, 50, 1])
    """

    def __init__(
        self,
        encoder: Network,
        decoder: Network,
        camera: Camera | dict | None = None,
        stride: int | None = None,
        **kwargs,
    ):
        # === Functional Model ===
        image = keras.Input((None, None, 3), name="image")
        outputs = decoder(encoder(pad_for(encoder, stride=stride, name="pad")(image)))
        outputs = CropLike(name="crop", dtype="float32")([outputs, image])
        super().__init__(inputs=image, outputs=outputs, **kwargs)

        # === Config ===
        self.encoder = encoder
        self.decoder = decoder
        self.stride = stride
        self.camera = camera

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Predict, at the camera's scale if there is one."""
        predict = partial(super().call, training=training, mask=mask)
        return at_scale(predict, inputs, self.camera)

    @property
    def smallest(self) -> int:
        """The least height and width of an image."""
        return self.get_layer("pad").smallest

    def get_config(self) -> dict:
        """The constructor's arguments, the networks serialized."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "camera": self.camera and self.camera.get_config(),
            "stride": self.stride,
        }

    @classmethod
    def from_config(cls, config: dict) -> "BaseModel":
        """The model that `get_config` describes, untrained."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder")
        }
        return cls(**{**config, **networks})
