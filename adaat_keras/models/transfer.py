"""The transfer function G in the paper's three variants (section 4.3)."""

import keras

from adaat_keras.layers import ResidualBlock, SpatialAttention
from adaat_keras.models.at_dt import SixConvolutions
from adaat_keras.models.base_model import AnyDtype, Network
from adaat_keras.registry import check_name, checked_place, load_object


@keras.saving.register_keras_serializable("adaat_keras")
class Conv(Network):
    """Turns features of one task into features of another, without skips (the paper's G, `conv`).

    Three stride-2 3x3 convolutions 256 -> 256 -> 512 -> 1024, three stride-2 3x3 transposed
    convolutions 1024 -> 512 -> 256 -> 256, ReLU between them, the last one linear (section 4.3;
    the paper gives neither widths nor the number of parameters).

    Input and output: `(batch, height, width, features)`, height and width multiples of 8.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> Conv(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 8, 16, 16])
    """

    arguments = ("features",)
    kind = "conv"
    stride = smallest = 8

    def __init__(self, features: int = 256, dtype: AnyDtype | None = None, **kwargs):
        # === Layers ===
        options = {
            "strides": 2,
            "padding": "same",
            "data_format": "channels_last",
            "dtype": dtype,
        }
        downs = [
            keras.layers.Conv2D(width, 3, activation="relu", name=f"down_{n + 1}", **options)
            for n, width in enumerate((features, 2 * features, 4 * features))
        ]
        activations = ("relu", "relu", "linear")
        ups = [
            keras.layers.Conv2DTranspose(
                width, 3, activation=activations[n], name=f"up_{n + 1}", **options
            )
            for n, width in enumerate((2 * features, features, features))
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for layer in (*downs, *ups):
            x = layer(x)
        super().__init__(inputs=inputs, outputs=x, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features


@keras.saving.register_keras_serializable("adaat_keras")
class Unet(Network):
    """Turns features of one task into features of another, by a U-Net (the paper's G, `U-Net`).

    Three levels down, two residual blocks at the bottom, three levels up with skip connections
    (section 4.3). A 3x3 convolution 256 -> 128; stride-2 3x3 convolutions 128 -> 256 -> 512 ->
    1024; up by 2x2 transposed convolutions, the skip concatenated, a 3x3 convolution; a linear
    1x1 convolution to 256: 53,223,296 parameters. The paper only gives this total: the layers are
    ours, chosen to match it.

    Input and output: `(batch, height, width, features)`, height and width multiples of 8, at least
    16.

    Args:
        features: Channels of the features of both tasks.

    Example:
        >>> Unet(features=16)(keras.ops.ones((1, 16, 32, 16))).shape
        TensorShape([1, 16, 32, 16])
    """

    arguments = ("features",)
    kind = "unet"
    stride = 8
    # The reflection padding at the bottom needs features of at least 2 x 2 there.
    smallest = 16
    attention = False

    def __init__(self, features: int = 256, dtype: AnyDtype | None = None, **kwargs):
        narrow = features // 2
        widths = (narrow, 2 * narrow, 4 * narrow, 8 * narrow)

        # === Layers ===
        options = {"data_format": "channels_last", "dtype": dtype}

        def convolution(filters, name, strides=1):
            return keras.layers.Conv2D(
                filters,
                3,
                strides=strides,
                padding="same",
                activation="relu",
                name=name,
                **options,
            )

        def transposed(filters):
            return keras.layers.Conv2DTranspose(
                filters, 2, strides=2, name=f"up_{filters}", **options
            )

        head = keras.layers.Conv2D(features, 1, name="head", **options)

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = convolution(narrow, "narrow")(inputs)
        skips = []
        for width in widths[1:]:
            skips.append(x)
            x = convolution(width, f"down_{width}", strides=2)(x)
        for n in range(2):
            x = ResidualBlock(widths[-1], dtype=dtype, name=f"residual_block_{n + 1}")(x)
        for width, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
            x = transposed(width)(x)
            if self.attention:
                skip = SpatialAttention(width, dtype=dtype, name=f"attention_{width}")([skip, x])
            x = keras.layers.Concatenate(dtype=dtype)([skip, x])
            x = convolution(width, f"merge_{width}")(x)
        super().__init__(inputs=inputs, outputs=head(x), dtype=dtype, **kwargs)

        # === Config ===
        self.features = features


@keras.saving.register_keras_serializable("adaat_keras")
class UnetAttention(Unet):
    """The U-Net transfer with spatial attention on every skip (the paper's G, `U-Net + att.`).

    As `Unet`, each skip connection weighted by `SpatialAttention` before it is concatenated
    (section 4.3): 71,806,339 parameters.

    Example:
        >>> UnetAttention(features=16)(keras.ops.ones((1, 16, 32, 16))).shape
        TensorShape([1, 16, 32, 16])
    """

    kind = "unet_attention"
    attention = True


TRANSFERS: dict[str, type[Network]] = {
    transfer.kind: transfer for transfer in (Conv, SixConvolutions, Unet, UnetAttention)
}


def get(what: str | type[keras.Model]) -> type[keras.Model]:
    """A transfer function's class by its name or location; a class is returned unchanged.

    Your own class takes `features`, `dtype` and `name`, preserves the features' shape, and has a
    `stride` that their height and width must be multiples of; it can be derived from `Network`.

    Args:
        what: A name from `names()`, `"module:Class"`, `"file.py:Class"`, or a class.

    Raises:
        ValueError: No transfer function has this name, or the class is none.

    Example:
        >>> get("unet").stride
        8
    """
    if isinstance(what, str) and ":" not in what:
        check_name("transfer function", what, names())
        return TRANSFERS[what]
    found = load_object(what, "transfer function") if isinstance(what, str) else what
    if not (
        isinstance(found, type) and issubclass(found, keras.Model) and hasattr(found, "stride")
    ):
        raise ValueError(
            f"{what!r} is no transfer function: it is a class that derives from keras.Model and "
            "has a stride, such as adaat_keras.models.Conv"
        )
    return found


def names() -> list[str]:
    """The names of all transfer functions.

    Example:
        >>> names()
        ['conv', 'six_convolutions', 'unet', 'unet_attention']
    """
    return sorted(TRANSFERS)


def name_of(transfer: type[keras.Model]) -> str:
    """The name or location by which `get` finds a transfer function's class.

    Raises:
        ValueError: It is defined in a function.

    Example:
        >>> name_of(Unet)
        'unet'
    """
    kind = getattr(transfer, "kind", None)
    return kind if TRANSFERS.get(kind) is transfer else checked_place("transfer function", transfer)
