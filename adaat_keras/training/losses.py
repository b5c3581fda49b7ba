"""The adversarial losses; they run on every Keras backend."""

import json
import math
from typing import ClassVar

import keras

from adaat_keras.layers import Tensor
from adaat_keras.registry import Registry, checked_place


class AdversarialLoss(keras.losses.Loss):
    """A loss between the domain (1 = source A, 0 = target B) and the domain classifier's logits.

    The classifier minimizes it with the true domain, the encoder with the flipped one (section 4.5
    of the paper; equations 1 and 2). Labels are softened internally: with 0.1, A's is 0.9 and B's
    0.1. The loss is divided by that of a classifier that cannot tell the domains apart, just as
    task losses are by that of a constant guess, so that alpha weights comparable quantities.

    Takes domains `(batch,)` and logits `(batch, height, width, 1)`; every image counts equally.
    Subclasses implement `of_logits`, and `guess` unless it is 1.

    Args:
        softening: Distance by which the labels are moved from 0 and 1 towards each other, below
            0.5.

    Attributes:
        threshold: The logit above which the classifier says "source"; `None` if there is none, so
            that its accuracy is not defined.
        gradient_penalty: Weight of the classifier's gradient penalty.

    Example:
        >>> loss = LeastSquares()
        >>> undecided = keras.ops.full((1, 2, 2, 1), 0.5)
        >>> round(float(loss(keras.ops.ones(1), undecided)), 2)
        1.0
    """

    threshold: ClassVar[float | None] = 0.0
    gradient_penalty: ClassVar[float] = 0.0

    def __init__(self, softening: float = 0.1, name: str = "adversarial_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= softening < 0.5:
            raise ValueError(f"softening must be at least 0 and below 0.5, not {softening}")
        self.softening = softening

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One value per image, `(batch,)`."""
        logits = keras.ops.cast(y_pred, "float32")
        domain = keras.ops.reshape(keras.ops.cast(y_true, "float32"), (-1, 1, 1, 1))
        labels = self.softening + (1 - 2 * self.softening) * domain
        losses = self.of_logits(labels, logits) / self.guess
        return keras.ops.mean(losses, axis=(1, 2, 3))

    def of_logits(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The loss at every location, not yet scaled; labels `(batch, 1, 1, 1)` in 0..1."""
        raise NotImplementedError

    @property
    def guess(self) -> float:
        """The value of `of_logits` for an undecided classifier."""
        return 1.0

    def says_source(self, logits: Tensor) -> Tensor:
        """The share of an image's locations classified as source, `(batch,)`.

        Only for losses with a `threshold`.
        """
        says = keras.ops.cast(logits > self.threshold, "float32")
        return keras.ops.mean(says, axis=(1, 2, 3))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "softening": self.softening}


@keras.saving.register_keras_serializable("adaat_keras")
class BinaryCrossentropy(AdversarialLoss):
    """Binary cross-entropy of logits: the paper's choice where task 1 is semantic (section 4.6).

    `-(y log s(z) + (1 - y) log(1 - s(z))) / ln 2`, equation 1 with soft labels y.

    Example:
        >>> loss = BinaryCrossentropy()
        >>> round(float(loss(keras.ops.ones(2), keras.ops.zeros((2, 4, 4, 1)))), 4)
        1.0
    """

    def of_logits(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Softplus form, stable for large logits."""
        return keras.ops.softplus(logits) - labels * logits

    @property
    def guess(self) -> float:
        """The loss of logit 0."""
        return math.log(2)


@keras.saving.register_keras_serializable("adaat_keras")
class LeastSquares(AdversarialLoss):
    """Squared distance to the label: the paper's choice where task 1 is depth (section 4.5).

    `(z - y)^2 / (1/2 - softening)^2`, the least-squares GAN's loss with soft labels y.

    Example:
        >>> loss = LeastSquares()
        >>> round(float(loss(keras.ops.ones(2), keras.ops.full((2, 4, 4, 1), 0.5))), 4)
        1.0
    """

    threshold = 0.5

    def of_logits(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Squared difference."""
        return keras.ops.square(logits - labels)

    @property
    def guess(self) -> float:
        """The loss of the value halfway between the labels."""
        return (0.5 - self.softening) ** 2


@keras.saving.register_keras_serializable("adaat_keras")
class Wasserstein(AdversarialLoss):
    """Difference of the critic's mean outputs: the paper's third choice (section 4.6).

    `-(2 y - 1) z`, so that the sum over both domains is the negative critic difference; soft
    labels scale it by `1 - 2 * softening`. The trainer adds the gradient penalty of Gulrajani et
    al. 2017, `10 (|grad| - 1)^2`, between features of A and B. The loss is not divided, since a
    critic that cannot tell the domains apart scores 0. There is no threshold, since the critic's
    outputs are defined only up to a constant.

    Example:
        >>> loss = Wasserstein(softening=0.0)
        >>> float(loss(keras.ops.ones(2), keras.ops.full((2, 4, 4, 1), 3.0)))
        -3.0
    """

    threshold = None
    gradient_penalty = 10.0

    def of_logits(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Signed logits."""
        return -(2 * labels - 1) * logits


_registry = Registry(
    "adversarial loss",
    {
        "binary_crossentropy": "adaat_keras.training.losses:BinaryCrossentropy",
        "least_squares": "adaat_keras.training.losses:LeastSquares",
        "wasserstein": "adaat_keras.training.losses:Wasserstein",
    },
)


def get(what: str | type[AdversarialLoss] | AdversarialLoss, **options) -> AdversarialLoss:
    """An adversarial loss by its name, class or location; a loss object is returned unchanged.

    Args:
        what: A name from `names()`, a class, `"module:Class"`, `"file.py:Class"`, or a loss.
        **options: The constructor's arguments, e.g. `softening=0.0`.

    Raises:
        ValueError: No loss has this name, or it is none.

    Example:
        >>> get("least_squares").threshold
        0.5
    """
    if isinstance(what, AdversarialLoss):
        return what
    if isinstance(what, str):
        name, brace, made = what.partition("{")
        what, options = _registry.get(name), {**json.loads(brace + made or "{}"), **options}
    if not (isinstance(what, type) and issubclass(what, AdversarialLoss)):
        raise ValueError(
            f"{what!r} is no adversarial loss: it derives from {__name__}.AdversarialLoss"
        )
    return what(**options)


def serialize(loss: type[AdversarialLoss] | AdversarialLoss) -> str:
    """A loss or its class as a string for `get`: its location, and non-default options as JSON.

    Raises:
        ValueError: The class is defined in a function.

    Example:
        >>> serialize(LeastSquares(softening=0.0))
        'adaat_keras.training.losses:LeastSquares{"softening": 0.0}'
        >>> get(serialize(LeastSquares(softening=0.0))).softening
        0.0
    """
    if isinstance(loss, type):
        return checked_place("adversarial loss", loss)
    kind, config = type(loss), loss.get_config()
    try:
        usual = kind().get_config()
    except TypeError:
        # It has required arguments.
        usual = {}
    made = {name: value for name, value in config.items() if usual.get(name, ...) != value}
    return checked_place("adversarial loss", kind) + (json.dumps(made) if made else "")


def names() -> list[str]:
    """The names of all adversarial losses.

    Example:
        >>> names()
        ['binary_crossentropy', 'least_squares', 'wasserstein']
    """
    return _registry.names()
