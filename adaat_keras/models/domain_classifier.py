"""The domain classifier C."""

import keras

from adaat_keras.models.base_model import AnyDtype, Network
from adaat_keras.registry import check_name

# Kernel size and strides.
VIEWS = {"patch": (4, (4, 2, 1, 1, 1)), "pixel": (1, (1, 1, 1, 1, 1))}


@keras.saving.register_keras_serializable("adaat_keras")
class DomainClassifier(Network):
    """Classifies features by domain, at every location (the paper's C).

    4x4 convolutions 256 -> 512 -> 512 -> 256 -> 128 -> 1 with LeakyReLU 0.2, with strides
    4, 2, 1, 1, 1 (8.9 million parameters, so that E + D + C has Table 1's 16.8). The paper only
    gives this total: the layers are ours, chosen to match it, and the strides keep C's share of
    the training time small.

    With `view="pixel"` the convolutions are 1x1 with stride 1, and classify every location by
    itself, without its surroundings.

    Input: features `(batch, height, width, features)`. Output: logits, float32, high for the
    source domain A, `(batch, ceil(height / 8), ceil(width / 8), 1)`; with `view="pixel"`
    `(batch, height, width, 1)`.

    Args:
        features: Channels of the encoder's features.
        view: `"patch"`, as in the paper, or `"pixel"`.
        width: The layers have 2, 2, 1 and 1/2 times as many channels; `features` by default.

    Raises:
        ValueError: No view has this name.

    Example:
        >>> DomainClassifier(features=16)(keras.ops.ones((1, 8, 16, 16))).shape
        TensorShape([1, 1, 2, 1])
    """

    arguments = ("features", "view", "width")

    def __init__(
        self,
        features: int = 256,
        view: str = "patch",
        width: int | None = None,
        dtype: AnyDtype | None = None,
        **kwargs,
    ):
        check_name("view", view, list(VIEWS))
        kernel, strides = VIEWS[view]

        # === Layers ===
        width = features if width is None else width
        widths = (2 * width, 2 * width, width, width // 2, 1)
        convolutions = [
            keras.layers.Conv2D(
                filters,
                kernel,
                strides=stride,
                padding="same",
                data_format="channels_last",
                dtype=dtype,
                name=f"convolution_{n + 1}",
            )
            for n, (filters, stride) in enumerate(zip(widths, strides, strict=True))
        ]

        # === Functional Model ===
        inputs = keras.Input((None, None, features), name="features")
        x = inputs
        for convolution in convolutions[:-1]:
            x = keras.layers.LeakyReLU(0.2, dtype=dtype)(convolution(x))
        x = convolutions[-1](x)
        outputs = keras.layers.Activation("linear", dtype="float32", name="domain_logits")(x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.features = features
        self.view = view
        self.width = width
