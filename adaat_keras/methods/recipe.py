"""What a user may set: how a method weighs its losses, and how long and on what it trains.

The command line is generated from these dataclasses. Importing them brings neither Keras nor
TensorFlow, so that `--help` does not wait for them.
"""

from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from types import NoneType
from typing import TYPE_CHECKING, ClassVar, get_args

from adaat_keras.registry import check_name

if TYPE_CHECKING:
    import keras

    from adaat_keras.tasks import Task

AUGMENTATIONS = ("color", "style", "none")
ADVERSARIAL_LOSSES = ("binary_crossentropy", "least_squares", "wasserstein")
SCHEDULES = ("cosine", "paper", "constant")
DEPTH_ERRORS = ("log", "metres")
PRECISIONS = ("float32", "mixed_bfloat16")


def option(default, text: str, common: bool = False, kind: type | None = None):
    """A field that is an option of the command line too: its default, and what `--help` says."""
    metadata = {"help": text, "common": common, "kind": kind}
    if isinstance(default, dict | list):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _as_numbers(settings) -> None:
    """Make Python's numbers, as JSON has them, of all that are numbers; a `ValueError` else."""
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
    """Raise a `ValueError` unless so many frames can be scored after every epoch."""
    if not isinstance(number, Integral) or number < 1:
        raise ValueError(f"validation_frames must be a whole number of at least 1, not {number!r}")


@dataclass(frozen=True)
class Recipe:
    """How a method weighs its losses; `Recipe.recommended()` or `Recipe.paper()`, with changes.

    The evidence for what is recommended, and for what is no option any more, is in
    docs/experiments.md.

    Args:
        alpha: Weight of the task loss against the adversarial one, 0 to 1 (equation 2); `None`
            takes the paper's for semantics as task 1, 0.4, and 0.9 for other tasks, for which it
            gives none.
        adversarial_loss: A name of `adaat_keras.training.losses`, such a loss, or its class, by its
            place (`"file.py:Class"`) too; `None` takes least squares, cross-entropy where task 1 is
            semantic (section 4.5).
        augmentation: What happens to training images: `"color"` (the paper's), `"style"`, `"none"`.
        class_balance: Pixels count in the loss by the frequency of their class in the source to
            the power of minus this, relative to the others of their image; 0 is the paper's.
        decoded_weight: Of task 2's loss on the source's labels, when the transfer is trained; with
            this weight or the next, decoder 2 learns on beside it.
        teacher_weight: Of task 2's loss on what a teacher, trained on the source from labels to
            labels, makes of the target's labels of task 1, when the transfer is trained.
        base_1_weight: Of task 1's loss when the transfer is trained: encoder 1 and decoder 1 then
            learn on beside it; 0 leaves them alone.
        mmd_weight: Of the discrepancy, in `dan`.
        confusion_weight: Of the domains' confusion, in `fcns_in_the_wild` and `cycada`.
        size_weight: Of the class sizes, in `fcns_in_the_wild`.
        semantic_weight: Of what base model 2 must say of a translation, in `cycada`.
        depth_error: What depth's loss is the absolute error of: `"log"` depth, so that near and
            far count alike, or `"metres"`, the paper's.

    Attributes:
        base: The name of the recipe that this one began as. By it stages train on whole frames or
            on crops, whatever else is changed (`training`).

    Raises:
        ValueError: An unknown name, a number out of range, or what is no number.

    Example:
        >>> Recipe.paper().teacher_weight, Recipe.recommended(alpha=0.8).alpha
        (0.0, 0.8)
    """

    alpha: float | None = option(
        0.99, "in ada_atdt, weight of the task against the classifier, 0 to 1"
    )
    adversarial_loss: str | None = option(
        None, "in ada_atdt: least_squares, binary_crossentropy or wasserstein (default: by task 1)"
    )
    augmentation: str = option("color", "of training images: color, style or none")
    class_balance: float = option(0.5, "0 counts pixels alike, more lets rare classes count more")
    decoded_weight: float = option(
        1.0, "of task 2's loss on the source, as the transfer is trained"
    )
    teacher_weight: float = option(1.0, "of a teacher from labels to labels, likewise")
    base_1_weight: float = option(1.0, "of task 1's loss, likewise; 0 leaves base model 1 alone")
    mmd_weight: float = option(1.0, "of the discrepancy, in dan")
    confusion_weight: float = option(0.1, "of the domains' confusion: fcns_in_the_wild, cycada")
    size_weight: float = option(0.01, "of the class sizes, in fcns_in_the_wild")
    semantic_weight: float = option(1.0, "of what a translation must mean, in cycada")
    depth_error: str = option("log", "of depth's loss: log, or metres (the paper's)")

    base: ClassVar[str] = "recommended"

    def __post_init__(self):
        _as_numbers(self)
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
        """What docs/experiments.md found best: a teacher, and networks that learn on."""
        return Recipe(**changes)

    @classmethod
    def paper(cls, **changes) -> "Recipe":
        """Nothing beyond the paper.

        Its schedule of learning rates is left out (`schedule="paper"`): it is made for 500 epochs.
        """
        nothing_more = dict.fromkeys(("decoded_weight", "teacher_weight", "base_1_weight"), 0.0)
        paper = {"alpha": None, "class_balance": 0.0, "depth_error": "metres"}
        return PaperRecipe(**{**paper, **nothing_more, **changes})

    def tasks(self, *tasks: "Task") -> list["Task"]:
        """The tasks with this recipe's losses."""
        return [task.with_error(self.depth_error) for task in tasks]

    @property
    def training(self) -> dict:
        """Options of `Training` that go with this recipe, where a user gives no others.

        The paper's are crops of the frames as they are, eight a step.

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

        0 where none of them has classes: recipes then share the stage, whatever their balance.
        """
        return self.class_balance if any(task.classes for task in tasks) else 0.0

    @classmethod
    def get(cls, what: "str | Recipe | None", **changes) -> "Recipe":
        """A recipe by name or as it is, with changes; `None` is the recommended one."""
        if isinstance(what, Recipe):
            return replace(what, **changes)
        check_name("recipe", what or "recommended", list(RECIPES))
        return getattr(cls, what or "recommended")(**changes)


class PaperRecipe(Recipe):
    """A recipe that began as the paper's, whatever has been changed in it: `Recipe.paper()`."""

    base = "paper"


RECIPES = ("recommended", "paper")


@dataclass(frozen=True)
class Training:
    """How long, on what and how fast stages train; equal for all methods.

    Args:
        epochs, steps_per_epoch: Of every stage; a teacher of classes has twice the epochs.
        batch_size: Images a step, a multiple of twice the devices; where a stage reads both
            domains, half of them from each.
        height, width: Size at which the networks see frames, in training and in testing, of the
            aspect of the target's; by default theirs, shrunk where a side has more than 512 pixels.
        zoom: The factor by which the source's frames are enlarged to look as the target's camera
            would have taken them; by default as focal lengths and camera heights say, and 1 where a
            focal length is not known.
        crop: Height and width of random crops to train on, a multiple of the networks' stride, 64
            at least; `None` trains on whole frames.
        crops_per_frame: Training crops of each decoded frame.
        learning_rate, schedule, beta_2: Of Adam, for all networks. With few images a step 0.999
            lets one steep gradient slow the next thousand steps down.
        seed: Decides the order of the data, the augmentation, and the first weights of networks
            that a method needs beside the model's.

    Raises:
        ValueError: An unknown name, a number out of range, or what is no number.
    """

    epochs: int = option(8, "epochs of a stage; a teacher of classes takes twice", common=True)
    steps_per_epoch: int = option(150, "training steps an epoch", common=True)
    batch_size: int = option(2, "images a step; half of them from each domain where both are read")
    height: int | None = option(None, "at which frames are seen (default: the target's)", kind=int)
    width: int | None = option(None, "likewise; by default no side is over 512 pixels", kind=int)
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
        _as_numbers(self)
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
        for name in ("epochs", "steps_per_epoch", "crops_per_frame"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def optimizer(
        self,
        learning_rate: float | None = None,
        beta_1: float = 0.9,
        beta_2: float | None = None,
    ) -> "keras.optimizers.Optimizer":
        """A new Adam with this schedule; what is given counts more than the settings here."""
        from adaat_keras.training.schedules import learning_rate_schedule
        from adaat_keras.training.trainer import Adam

        schedule = learning_rate_schedule(
            self.schedule, learning_rate or self.learning_rate, self.epochs, self.steps_per_epoch
        )
        return Adam(schedule, beta_1=beta_1, beta_2=beta_2 or self.beta_2)

    def check_stride(self, stride: int) -> None:
        """Raise a `ValueError` unless crops suit networks of this stride."""
        if self.crop is not None and self.crop % stride:
            raise ValueError(
                f"crop must be a multiple of {stride} pixels, the networks' stride, at least 64, "
                f"not {self.crop}"
            )
