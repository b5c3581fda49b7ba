"""Everything that decides a run's result, by the names of the command line's options."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from adaat_keras import domains, methods, tasks
from adaat_keras.domains.augment import AUGMENTATIONS
from adaat_keras.methods.harness.recipes import ALPHAS, RECIPES
from adaat_keras.models import sizes as architectures
from adaat_keras.models import transfer as transfers
from adaat_keras.models.domain_classifier import VIEWS
from adaat_keras.models.sizes import size_options
from adaat_keras.registry import check_name
from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training import schedules

# Section 4.5: least squares where task 1 is depth, cross-entropy where it is semantic. Normals, of
# which the paper knows nothing, are measured as depth is and take what depth takes, untried.
ADVERSARIAL_LOSS = {
    "depth": "least_squares",
    "normals": "least_squares",
    "semantic": "binary_crossentropy",
}


# What runs had before there was an option for it, where that is not its default.
BEFORE = {"recipe": "paper", "base_1_weight": 0.0}


@dataclass(frozen=True)
class RunConfig:
    """The configuration of a run; equal configurations give equal weights.

    Attributes:
        source, target: Domains A and B, by name.
        from_task, to_task: Tasks 1 and 2.
        method: Which steps, on what (`adaat_keras.methods.names()`).
        recipe: `"recommended"`, or `"paper"`: what the attributes from `augmentation` to
            `base_1_weight` are where they are `None` (`adaat_keras.methods.harness.recipes`).
        architecture: Which networks: `"residual"` (the paper's) or `"dilated_resnet50"` (AT/DT's).
        transfer: Transfer function; `None` takes the architecture's own.
        size: Size of the networks.
        alpha: Weight of the task loss in step 1; `None` takes the recipe's for task 1.
        adversarial_loss: Of step 1; `None` takes the one of task 1.
        gradient_reversal: Reverse the classifier's loss in place of flipped labels.
        augmentation: What happens to training images: `"color"` (the paper's), `"style"` or
            `"none"`.
        class_balance: Pixels count in the loss by the frequency of their class in the source to
            the power of minus this, relative to the others of their image; 0 is the paper's.
        edge_weight: Of the edges that encoder 1 must know too, in step 1.
        moment_weight: Of the distance between the domains' features in size, in step 1 of
            `ada_atdt` alone.
        classifier: What the domain classifier looks at: `"patch"` (the paper's) or `"pixel"`.
        classifier_rate: The classifier's learning rate, as a multiple of the others'.
        decoded_weight: Of task 2's loss on the source's labels, in step 3.
        teacher_weight: Of task 2's loss on what a teacher, trained on the source from labels to
            labels, makes of the target's labels of task 1, in step 3.
        consistency_weight: Of task 2's loss on the target's own predictions, in step 3 of
            `ada_atdt` alone.
        base_1_weight: Of task 1's loss in step 3, in which encoder 1 and decoder 1 then learn on;
            0 leaves them as step 1 made them.
        mmd_weight: Of the discrepancy, in `dan`.
        confusion_weight, size_weight: Of the domains' confusion, in `fcns_in_the_wild` and
            `cycada`, and of the class sizes, in the former.
        semantic_weight: Of what base model 2 must say of a translation, in `cycada`.
        epochs, steps_per_epoch: Of every step.
        batch_size: Images a training step; step 1 takes half of them from each domain.
        crop: Height and width of the crops, a multiple of the networks' stride (32; AT/DT's 64),
            at least 64.
        learning_rate, schedule: Of Adam, for all networks.
        height, width: Size that frames are resized to for training, both or neither; scores are
            taken at the frames' own size.
        cache: Where decoded training frames are kept: `"memory"`, `"disk"` or nowhere.
        crops_per_frame: Training crops of each decoded frame.
        validation_frames: Frames of each domain to score after every epoch.
        split: What the finished run is scored on: `"test"`, or `"val"` for whoever still chooses.
        weights: A preset or a run's folder to begin with, as `adaat_keras.load` takes it.
        steps: Names of the method's steps to train; all by default. What the others would train
            stays as the model brings it.
        freeze: Names of networks that stay as they are.
        seed: Decides weights, order of the data, augmentation.
        precision: Keras' dtype policy: `"float32"` or `"mixed_bfloat16"`.
        source_options, target_options: What the domains are opened with, e.g. `{"root": ...}`.
    """

    source: str = "streets_sim"
    target: str = "streets_real"
    from_task: str = "depth"
    to_task: str = "semantic"
    method: str = "ada_atdt"
    recipe: str = "recommended"
    architecture: str = "residual"
    transfer: str | None = None
    size: str = "small"
    alpha: float | None = None
    adversarial_loss: str | None = None
    gradient_reversal: bool = False
    augmentation: str | None = None
    class_balance: float | None = None
    edge_weight: float | None = None
    moment_weight: float | None = None
    classifier: str | None = None
    classifier_rate: float | None = None
    decoded_weight: float | None = None
    teacher_weight: float | None = None
    consistency_weight: float | None = None
    base_1_weight: float | None = None
    mmd_weight: float = 1.0
    confusion_weight: float = 0.1
    size_weight: float = 0.01
    semantic_weight: float = 1.0
    epochs: int = 8
    steps_per_epoch: int = 150
    batch_size: int = 8
    crop: int = 128
    learning_rate: float = 5e-4
    schedule: str = "cosine"
    height: int | None = None
    width: int | None = None
    cache: str | None = None
    crops_per_frame: int = 1
    validation_frames: int = 32
    split: str = "test"
    weights: str | None = None
    steps: list[str] | None = None
    freeze: list[str] = field(default_factory=list)
    seed: int = 0
    precision: str = "float32"
    source_options: dict = field(default_factory=dict)
    target_options: dict = field(default_factory=dict)

    def __post_init__(self):
        self._fill_defaults()
        # As JSON has them, or a configuration that was read would differ.
        for name in ("steps", "freeze"):
            value = getattr(self, name)
            if value is not None:
                names = [value] if isinstance(value, str) else list(value)
                object.__setattr__(self, name, names)
        if self.weights is not None and Path(self.weights).is_dir():
            object.__setattr__(self, "weights", str(Path(self.weights)))
        if self.steps == []:
            raise ValueError("steps is empty: name one at least, or leave it out to train all")
        # Here, since the source may take minutes to make before the target's turn comes.
        for domain in (self.source, self.target):
            check_name("domain", domain, domains.names())
        check_name("method", self.method, methods.names())
        check_name("task", self.to_task, tasks.names())
        check_name("transfer function", self.transfer, transfers.names())
        architectures.check_transfer(self.architecture, self.transfer)
        check_name("adversarial loss", self.adversarial_loss, adversarial_losses.names())
        check_name("augmentation", self.augmentation, list(AUGMENTATIONS))
        check_name("classifier's view", self.classifier, list(VIEWS))
        check_name("schedule", self.schedule, list(schedules.NAMES))
        check_name("precision", self.precision, ["float32", "mixed_bfloat16"])
        check_name("split", self.split, ["val", "test"])
        if self.cache is not None:
            check_name("cache", self.cache, ["memory", "disk"])
        size_options(self.size)
        self._check_numbers()

    def _fill_defaults(self) -> None:
        check_name("task", self.from_task, tasks.names())
        own_transfer = architectures.get(self.architecture).transfer
        if self.transfer is None:
            object.__setattr__(self, "transfer", own_transfer.kind)
        check_name("recipe", self.recipe, list(RECIPES))
        if self.alpha is None:
            object.__setattr__(self, "alpha", ALPHAS[self.recipe].get(self.from_task, 0.5))
        if self.adversarial_loss is None:
            loss = ADVERSARIAL_LOSS.get(self.from_task, "least_squares")
            object.__setattr__(self, "adversarial_loss", loss)
        for name, value in RECIPES[self.recipe].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    def _check_numbers(self) -> None:
        if self.from_task == self.to_task:
            raise ValueError(f"from and to are both {self.to_task!r}: there is nothing to transfer")
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha must be between 0 and 1, not {self.alpha}")
        if self.batch_size < 2 or self.batch_size % 2:
            raise ValueError(f"batch_size must be even and positive, not {self.batch_size}")
        encoder, transfer = (
            architectures.get(self.architecture).encoder,
            transfers.get(self.transfer),
        )
        stride = encoder.stride * transfer.stride
        if self.crop < 64 or self.crop % stride:
            raise ValueError(
                f"crop must be a multiple of {stride} pixels, at least 64, not {self.crop}"
            )
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be positive, not {self.learning_rate}")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed must be between 0 and 2**31 - 1, not {self.seed}")
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width go together: give both, or neither")
        if not 0 <= self.class_balance <= 1:
            raise ValueError(f"class_balance must be between 0 and 1, not {self.class_balance}")
        for name in (name for name in self.to_dict() if name.endswith("_weight")):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be 0 or greater, not {getattr(self, name)}")
        if not 0 < self.classifier_rate < float("inf"):
            raise ValueError(f"classifier_rate must be positive, not {self.classifier_rate}")
        for name in ("epochs", "steps_per_epoch", "validation_frames", "crops_per_frame"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    @classmethod
    def read(cls, options: dict) -> "RunConfig":
        """The configuration that `to_dict` gave, maybe before there were all of today's options."""
        return cls(**{**BEFORE, **options})

    def chosen(self) -> dict:
        """Both tasks, and what else is not as it is by default for them."""
        tasks = {"from_task": self.from_task, "to_task": self.to_task}
        usual = RunConfig(**tasks).to_dict()
        return tasks | {name: v for name, v in self.to_dict().items() if v != usual[name]}

    def to_dict(self) -> dict:
        """The configuration as JSON takes it."""
        return dataclasses.asdict(self)
