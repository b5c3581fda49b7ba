"""An encoder with a trunk pretrained on ImageNet, for photographs (beyond the paper)."""

import warnings
from functools import partial
from pathlib import Path

import keras

from adaat_keras.layers import CropLike, InstanceNormalization, ResidualBlock, Tensor, Upsampling
from adaat_keras.models.base_model import AnyDtype, Network

# The trunk's last layer at each stride.
TAPS = {4: "block_2_add", 8: "block_5_add", 16: "block_12_add", 32: "block_16_project_BN"}


@keras.saving.register_keras_serializable("adaat_keras")
class FrozenBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization that uses its loaded means and variances in training, too.

    Scale and shift are trained. Statistics of small batches, half from another domain, would be
    unreliable and would differ between training and testing.

    Example:
        >>> x = keras.ops.ones((1, 4, 4, 2))
        >>> bool(keras.ops.all(FrozenBatchNormalization(epsilon=0)(x, training=True) == x))
        True
    """

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Normalize as in testing."""
        return super().call(inputs, training=False, mask=mask)


@keras.saving.register_keras_serializable("adaat_keras")
class MobilenetV2(Network):
    """Turns an image into features at a quarter of its size, with a MobileNetV2 trunk.

    The trunk is `keras.applications.MobileNetV2` (Sandler et al. 2018) without its head, with 1.8
    million parameters. Its features at strides 32, 16, 8 and 4 are projected to the same number of
    channels by 1x1 convolutions and summed from coarse to fine, as in feature pyramids (Lin et al.
    2017). Normalization and the residual blocks of the paper's encoder follow, so that decoder,
    classifier and transfer function get features of the same kind. `load_trunk` loads the weights
    of ImageNet.

    Input: `(batch, height, width, 3)`, values 0 to 255 (scaled to -1..1 inside), height and width
    multiples of 4. Output: `(batch, height / 4, width / 4, 4 * base_filters)`.

    Args:
        base_filters: A quarter of the features' channels.
        residual_blocks: Number of residual blocks after the trunk.

    Example:
        >>> encoder = MobilenetV2(base_filters=4, residual_blocks=1)
        >>> encoder(keras.ops.ones((1, 36, 64, 3))).shape
        TensorShape([1, 9, 16, 16])
    """

    arguments = ("base_filters", "residual_blocks")
    architecture = "mobilenet_v2"
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
        features = 4 * base_filters
        rescale = keras.layers.Rescaling(1 / 127.5, -1.0, dtype=dtype, name="rescale")
        trunk = keras.models.clone_model(
            _with_taps(_application(None)), clone_function=partial(_frozen, dtype=dtype)
        )
        options = {"data_format": "channels_last", "dtype": dtype}
        laterals = {
            stride: keras.layers.Conv2D(features, 1, name=f"lateral_{stride}", **options)
            for stride in TAPS
        }
        blocks = [
            ResidualBlock(features, dtype=dtype, name=f"residual_block_{n + 1}")
            for n in range(residual_blocks)
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, 3), name="image")
        taps = {
            stride: laterals[stride](tap)
            for stride, tap in zip(TAPS, trunk(rescale(inputs)), strict=True)
        }
        x = taps[32]
        for stride in (16, 8, 4):
            # If the finer size is odd, upsampling gives one pixel too many.
            larger = CropLike(dtype=dtype)([Upsampling(2, **options)(x), taps[stride]])
            x = keras.layers.Add(dtype=dtype)([larger, taps[stride]])
        x = InstanceNormalization(dtype=dtype)(x)
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

    def load_trunk(self, weights: Path | str = "imagenet") -> None:
        """Load the trunk's weights, those of `keras.applications.MobileNetV2` without its head.

        Args:
            weights: `"imagenet"`, which Keras downloads once, or a file of such weights.

        Raises:
            OSError: The weights cannot be downloaded, or there is no such file.
            ValueError: The file has other weights.
        """
        if weights != "imagenet" and not Path(weights).is_file():
            raise FileNotFoundError(f"trunk {weights}: there is no such file")
        try:
            loaded = _with_taps(_application(str(weights)))
        # Keras has no specific error for either case.
        except Exception as error:
            if weights == "imagenet":
                raise OSError(
                    f"ImageNet's weights could not be fetched ({error}); give a file of them as "
                    "trunk, or 'random'"
                ) from error
            raise ValueError(
                f"trunk {weights} has no weights of keras.applications.MobileNetV2 "
                f"(include_top=False): {error}"
            ) from error
        self.get_layer("trunk").set_weights(loaded.get_weights())


def _application(weights: str | None) -> keras.Model:
    # `keras.applications` only follows the global setting.
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        with warnings.catch_warnings():
            # With unknown size, it wrongly warns about the number of channels.
            warnings.simplefilter("ignore")
            return keras.applications.MobileNetV2(
                (None, None, 3), include_top=False, weights=weights
            )
    finally:
        keras.config.set_image_data_format(before)


def _with_taps(trunk: keras.Model) -> keras.Model:
    taps = [trunk.get_layer(name).output for name in TAPS.values()]
    return keras.Model(trunk.input, taps, name="trunk")


def _frozen(layer: keras.layers.Layer, dtype) -> keras.layers.Layer:
    """A copy of a layer in a precision, with batch normalization frozen, for images of any size."""
    config, kind = {**layer.get_config(), "dtype": dtype}, type(layer)
    if isinstance(layer, keras.layers.BatchNormalization):
        kind = FrozenBatchNormalization
    # Keras' layers pad one pixel at the bottom and right before a stride of 2. For even sizes, this
    # equals "same"; for odd ones, it would lose a row that upsampling could not restore.
    if isinstance(layer, keras.layers.ZeroPadding2D):
        config["padding"] = 0
    elif config.get("padding") == "valid":
        config["padding"] = "same"
    return kind.from_config(config)
