"""The settings of a training: how a method weights its losses, and how long and on what it trains.

The command line is generated from these dataclasses. Nothing here imports Keras or TensorFlow, so
that `--help` is fast.
"""

from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from adaat_keras.registry import check_name

if TYPE_CHECKING:
    import keras

    from adaat_keras.tasks import Task
    from adaat_keras.training.losses import AdversarialLoss

AUGMENTATIONS = ("color", "style", "none")
ADVERSARIAL_LOSSES = ("binary_crossentropy", "least_squares", "wasserstein")
SCHEDULES = ("cosine", "paper", "constant")
DEPTH_ERRORS = ("log", "metres")
PRECISIONS = ("float32", "mixed_bfloat16")


def option(default: Any, text: str, common: bool = False, kind: type | None = None) -> Any:
    """A dataclass field that is also a command-line option, with its default and help text."""
    metadata = {"help": text, "common": common, "kind": kind}
    if isinstance(default, dict | list):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def as_numbers(settings: Any) -> None:
    """Convert numeric fields, such as NumPy scalars, to `int` or `float`, or raise `ValueError`."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        kinds = get_args(each.type) or (each.type,)
        number, told = (Integral, "whole number") if int in kinds else (Real, "number")
        if not {int, float}.intersection(kinds) or (value is None and NoneType in kinds):
            continue
        if not isinstance(value, number) or isinstance(value, bool):
            raise ValueError(f"{each.name} must be a {told}, not {value!r}")
        if not isinstance(value, int | float):
            value = int(value) if number is Integral else float(value)
            object.__setattr__(settings, each.name, value)


def check_validation_frames(number: int) -> None:
    """Raise a `ValueError` unless `validation_frames` is a positive integer."""
    if not isinstance(number, Integral) or number < 1:
        raise ValueError(f"validation_frames must be a whole number of at least 1, not {number!r}")


@dataclass(frozen=True)
class Recipe:
    """How a method weights its losses: `Recipe.recommended()` or `Recipe.paper()`, with changes.

    The evidence for the recommended values, and for removed options, is in docs/experiments.md.

    Args:
        alpha: Weight of the task loss against the adversarial loss, 0 to 1 (equation 2); `None`
            takes 0.4, the paper's, if task 1 is semantic, and 0.9 for other tasks, for which the
            paper gives no value.
        adversarial_loss: A name from `adaat_keras.training.losses`, such a loss, or its class or
            location (`"file.py:Class"`); `None` takes cross-entropy if task 1 is semantic, else
            least squares (section 4.5).
        augmentation: Of training images: `"color"` (the paper's), `"style"` or `"none"`.
        class_balance: Pixels are weighted in the loss by (frequency of their class in the source)
            ** -class_balance, relative to the other pixels of their image; 0, the paper's, weights
            all alike.
        decoded_weight: Of task 2's loss on the source's labels in the transfer stage. With this or
            the next weight, decoder 2 is trained together with the transfer function.
        teacher_weight: Of task 2's loss on the target in the transfer stage. The labels come from a
            teacher, trained on the source to predict labels of task 2 from labels of task 1.
        base_1_weight: Of task 1's loss in the transfer stage, in which encoder 1 and decoder 1 are
            then trained too; 0 leaves them unchanged.
        mmd_weight: Of the discrepancy in `dan`.
        confusion_weight: Of the domain confusion in `fcns_in_the_wild` and `cycada`.
        size_weight: Of the class sizes in `fcns_in_the_wild`.
        semantic_weight: Of base model 2's loss on translations in `cycada`.
        depth_error: Depth's loss is the absolute error of `"log"` depth, so that near and far count
            alike, or of depth in `"metres"`, as in the paper.

    Attributes:
        base: The name of the recipe that this one was derived from, which decides the defaults of
            `Training` (`training`), whatever else is changed.

    Raises:
        ValueError: An unknown name, a number out of range, or a value that is not a number.

    Example:
        >>> Recipe.paper().teacher_weight, Recipe.recommended(alpha=0.8).alpha
        (0.0, 0.8)
    """

    alpha: float | None = option(
        0.99, "in ada_atdt, weight of the task against the classifier, 0 to 1"
    )
    adversarial_loss: "str | AdversarialLoss | type[AdversarialLoss] | None" = option(
        None, "in ada_atdt: least_squares, binary_crossentropy or wasserstein (default: by task 1)"
    )
    augmentation: str = option("color", "of training images: color, style or none")
    class_balance: float = option(0.5, "0 counts pixels alike, more lets rare classes count more")
    decoded_weight: float = option(
        1.0, "of task 2's loss on the source, as the transfer is trained"
    )
    teacher_weight: float = option(1.0, "of task 2's loss on the teacher's labels for the target")
    base_1_weight: float = option(
        1.0, "of task 1's loss in the transfer stage; 0 freezes base model 1"
    )
    mmd_weight: float = option(1.0, "of the discrepancy, in dan")
    confusion_weight: float = option(0.1, "of the domains' confusion: fcns_in_the_wild, cycada")
    size_weight: float = option(0.01, "of the class sizes, in fcns_in_the_wild")
    semantic_weight: float = option(1.0, "of what a translation must mean, in cycada")
    depth_error: str = option("log", "of depth's loss: log, or metres (the paper's)")

    base: ClassVar[str] = "recommended"

    def __post_init__(self):
        as_numbers(self)
        if self.alpha is not None and not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha must be between 0 and 1, not {self.alpha}")
        if not 0 <= self.class_balance <= 1:
            raise ValueError(f"class_balance must be between 0 and 1, not {self.class_balance}")
        check_name("augmentation", self.augmentation, list(AUGMENTATIONS))
        check_name("depth error", self.depth_error, list(DEPTH_ERRORS))
        if isinstance(self.adversarial_loss, str) and ":" not in self.adversarial_loss:
            check_name("adversarial loss", self.adversarial_loss, list(ADVERSARIAL_LOSSES))
        for each in fields(self):
            if each.name.endswith("_weight"):
                value = getattr(self, each.name)
                if not 0 <= value < float("inf"):
                    raise ValueError(f"{each.name} must be 0 or greater, not {value}")

    @classmethod
    def recommended(cls, **changes) -> "Recipe":
        """The best settings according to docs/experiments.md."""
        return Recipe(**changes)

    @classmethod
    def paper(cls, **changes) -> "Recipe":
        """The paper's settings, without additions.

        Its learning rate schedule is made for 500 epochs, and must be set with `schedule="paper"`.
        """
        nothing_more = dict.fromkeys(("decoded_weight", "teacher_weight", "base_1_weight"), 0.0)
        paper = {"alpha": None, "class_balance": 0.0, "depth_error": "metres"}
        return PaperRecipe(**{**paper, **nothing_more, **changes})

    def tasks(self, *tasks: "Task") -> list["Task"]:
        """The tasks with this recipe's `depth_error`."""
        return [task.with_error(self.depth_error) for task in tasks]

    @property
    def training(self) -> dict:
        """The defaults of `Training` that this recipe changes.

        The paper's recipe trains on crops of frames that are not enlarged, eight per step.

        Example:
            >>> Recipe.paper().training["crop"], Recipe.recommended().training
            (128, {})
        """
        if self.base != "paper":
            return {}
        adam = {"learning_rate": 5e-4, "beta_2": 0.999}
        return {"crop": 128, "batch_size": 8, "zoom": 1.0, **adam}

    def balance(self, *tasks: "Task") -> float:
        """The class balance of a stage that trains on labels of these tasks.

        0 if none of them has classes, so that recipes that differ in it share the stage's result.
        """
        return self.class_balance if any(task.classes for task in tasks) else 0.0

    def alpha_and_loss(self, from_task: "Task") -> tuple[float, "str | AdversarialLoss"]:
        """Stage 1's alpha and adversarial loss, by default the paper's for this task 1.

        Sections 4.5 and 4.6 use least squares for depth, and cross-entropy with alpha 0.4 for
        semantics; alpha 0.9 for depth is ours. All tasks without classes are treated like depth.

        Example:
            >>> from adaat_keras import tasks
            >>> Recipe.paper().alpha_and_loss(tasks.get("semantic"))
            (0.4, 'binary_crossentropy')
        """
        from adaat_keras.training import losses

        alpha, loss = (0.4, "binary_crossentropy") if from_task.classes else (0.9, "least_squares")
        loss = self.adversarial_loss or loss
        loss = loss if loss in losses.names() else losses.get(loss)
        return (alpha if self.alpha is None else self.alpha), loss

    @classmethod
    def get(cls, what: "str | Recipe | None", **changes) -> "Recipe":
        """A recipe by name or as it is, with changes; `None` is the recommended one."""
        if isinstance(what, Recipe):
            return replace(what, **changes)
        check_name("recipe", what or "recommended", list(RECIPES))
        return getattr(cls, what or "recommended")(**changes)


class PaperRecipe(Recipe):
    """A recipe derived from the paper's, as `Recipe.paper()` returns it."""

    base = "paper"


RECIPES = ("recommended", "paper")


@dataclass(frozen=True)
class Training:
    """How long, on what and at which learning rate stages train; the same for all methods.

    Args:
        epochs, steps_per_epoch: Of every stage; a teacher of classes has twice the epochs.
        batch_size: Images per step, a multiple of twice the number of devices; half from each
            domain in stages that read both.
        height, width: Size at which the networks see frames in training and testing, with the
            aspect ratio of the target's frames; by default the target's size, shrunk so that no
            side exceeds 512 pixels.
        zoom: Factor by which the source's frames are enlarged to match the target's camera; by
            default computed from focal lengths and camera heights, or 1 if a focal length is
            unknown.
        crop: Height and width of random training crops, a multiple of the networks' stride and at
            least 64; `None` trains on whole frames.
        crops_per_frame: Training crops taken from each decoded frame.
        learning_rate, schedule, beta_2: Of Adam, for all networks. With few images per step, a
            `beta_2` of 0.999 would let one steep gradient slow down the next thousand steps.
        seed: Seed of the data order, the augmentation, and the initial weights of networks that a
            method adds to the model's.

    Raises:
        ValueError: An unknown name, a number out of range, or a value that is not a number.

    Example:
        >>> training = Training(epochs=2, steps_per_epoch=50)
        >>> training.batch_size, type(training.optimizer()).__name__
        (2, 'Adam')
    """

    epochs: int = option(8, "per stage; a teacher of classes takes twice", common=True)
    steps_per_epoch: int = option(150, "training steps an epoch", common=True)
    batch_size: int = option(2, "images a step; half of them from each domain where both are read")
    height: int | None = option(None, "at which frames are seen (default: the target's)", kind=int)
    width: int | None = option(
        None, "width at which frames are seen; by default no side exceeds 512 pixels", kind=int
    )
    zoom: float | None = option(
        None, "factor by which the source is enlarged (default: by both cameras)", kind=float
    )
    crop: int | None = option(None, "train on crops of this height and width", kind=int)
    crops_per_frame: int = option(1, "training crops of each decoded frame")
    learning_rate: float = option(1e-3, "of Adam, at its highest")
    beta_2: float = option(0.95, "of Adam: how long it remembers the size of gradients")
    schedule: str = option("cosine", "of Adam: cosine, paper (halved every 10 epochs) or constant")
    seed: int = option(0, "decides weights, order of the data, augmentation")

    def __post_init__(self):
        as_numbers(self)
        if self.batch_size < 2 or self.batch_size % 2:
            raise ValueError(f"batch_size must be even and positive, not {self.batch_size}")
        if self.crop is not None and self.crop < 64:
            raise ValueError(f"crop must be at least 64 pixels, not {self.crop}")
        if self.crop is None and self.crops_per_frame > 1:
            raise ValueError("crops_per_frame goes with crop: whole frames are not cropped")
        if self.zoom is not None and not 1 <= self.zoom < float("inf"):
            raise ValueError(f"zoom must be 1 or greater, not {self.zoom}")
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be positive, not {self.learning_rate}")
        if not 0 < self.beta_2 < 1:
            raise ValueError(f"beta_2 must be between 0 and 1, not {self.beta_2}")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed must be between 0 and 2**31 - 1, not {self.seed}")
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width go together: give both, or neither")
        check_name("schedule", self.schedule, list(SCHEDULES))
        for name in ("epochs", "steps_per_epoch", "crops_per_frame", "height", "width"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def optimizer(
        self,
        learning_rate: float | None = None,
        beta_1: float = 0.9,
        beta_2: float | None = None,
    ) -> "keras.optimizers.Optimizer":
        """A new Adam with this schedule; arguments override the settings here."""
        from adaat_keras.training.schedules import learning_rate_schedule
        from adaat_keras.training.trainer import Adam

        schedule = learning_rate_schedule(
            self.schedule, learning_rate or self.learning_rate, self.epochs, self.steps_per_epoch
        )
        return Adam(schedule, beta_1=beta_1, beta_2=beta_2 or self.beta_2)

    def check_stride(self, stride: int) -> None:
        """Raise a `ValueError` unless the crop size is a multiple of the networks' stride."""
        if self.crop is not None and self.crop % stride:
            raise ValueError(
                f"crop must be a multiple of {stride} pixels, the networks' stride, at least 64, "
                f"not {self.crop}"
            )
