"""A teacher of task 2 that reads labels of task 1 in place of images (beyond the paper)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import keras
import tensorflow as tf

from adaat_keras.methods.recipe import Training
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.models import AdaAtdt, BaseModel, Decoder, Encoder
from adaat_keras.models.base_model import reseed
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import SupervisedTrainer

# How many times as long a teacher of classes trains: depth implies classes alike in both domains,
# so it improves in both. Classes imply depth differently: a teacher of depth would improve on the
# source alone.
TIMES = 2


@dataclass(frozen=True)
class Teacher(Stage):
    """A network T from labels of task 1 to labels of task 2, trained on the source.

    Labels, unlike images, look alike in both domains, so T's predictions from the target's labels
    of task 1 can stand in for its missing labels of task 2. If the target's labels have holes, as
    LiDAR's do, the source's get the same holes in training, and small holes are closed in both
    (`Task.sparse_picture`). Labels that the target declares `dense` lack only pixels out of
    range, as the source's do, and need neither.

    If task 2 has classes, it trains for `TIMES` as many epochs as the other stages.
    """

    from_task: Task
    to_task: Task
    class_balance: float

    name = "teacher"
    trains = ("teacher",)

    @classmethod
    def of(cls, training: Training, from_task: Task, to_task: Task, balance: float) -> "Teacher":
        """The teacher's stage for a method whose other stages use this training."""
        if to_task.classes:
            training = replace(training, epochs=TIMES * training.epochs)
        return cls(training, from_task, to_task, balance)

    def extra_networks(self, model: AdaAtdt) -> dict[str, keras.Model]:
        """A base model for task 2, as wide and deep as the others."""
        like = model.encoder_2
        width = {"base_filters": like.base_filters, "dtype": like.dtype_policy}
        encoder = Encoder(residual_blocks=like.residual_blocks, name="teacher_encoder", **width)
        decoder = Decoder(
            self.to_task.channels,
            activation=self.to_task.activation,
            name="teacher_decoder",
            **width,
        )
        teacher = BaseModel(encoder, decoder, stride=model.stride, name="teacher")
        return {"teacher": reseed(teacher, 5 * self.training.seed + 4)}

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """The source, and the target if its labels have holes."""
        return ("source",) if self.dense(feed) else ("source", "target")

    def dense(self, feed: Feed) -> bool:
        """Whether the target's labels of task 1 have no holes."""
        return self.from_task.name in feed.domain("target").dense

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> SupervisedTrainer:
        """A `SupervisedTrainer` whose images are labels of task 1 drawn as pictures."""
        teacher = networks["teacher"]
        trainer = SupervisedTrainer(teacher.encoder, teacher.decoder)
        loss = feed.task_loss(self.to_task, "source", self.class_balance)
        trainer.compile(self.training.optimizer(), loss, {"source": self.to_task.metrics()})
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """The source's labels of task 1 as pictures, with the target's holes, and of task 2."""
        source = feed.batches("source", (self.from_task, self.to_task), first_step)
        if self.dense(feed):
            return source.map(self._pictures)
        target = feed.batches("target", (self.from_task,), first_step)
        return tf.data.Dataset.zip(source, target).map(
            lambda known, other: self._pictures(*known, holes_of=other[1])
        )

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The source's labels of both tasks."""
        frames = feed.validation("source", (self.from_task, self.to_task))
        return frames and frames.map(self._pictures)

    def _pictures(self, _, labels_1, labels_2, holes_of=None):
        if holes_of is None:
            return (self.from_task.picture(labels_1),), (labels_2,)
        known = self.from_task.valid(holes_of)
        return (self.from_task.sparse_picture(labels_1, known),), (labels_2,)


def teacher_arguments(feed: Feed, from_task: Task, to_task: Task) -> dict:
    """The arguments of `compile` for a trainer that learns from a teacher of the target.

    Where measured labels have holes, the teacher's targets are ignored in the large ones, such as
    above a LiDAR's lines, where it would only guess. Pixels without a class are no such holes:
    that none of the classes is there is information.
    """
    target = feed.domain("target")
    whole = from_task.name in target.dense or from_task.classes
    return {
        "soft_targets": to_task.soft_targets,
        "picture": target.picture_of(from_task),
        "unknown": None if whole else to_task.unknown,
    }


def mask_unknown(targets: tf.Tensor, picture: tf.Tensor, unknown: float | None) -> tf.Tensor:
    """A teacher's targets, `unknown` where its picture is black; all kept if that is `None`."""
    if unknown is None:
        return targets
    seen = tf.reduce_any(picture > 0, axis=-1)
    # Normals and probabilities have one axis more.
    seen = tf.reshape(seen, [*tf.unstack(tf.shape(seen)), *[1] * (targets.shape.rank - 3)])
    return tf.where(seen, targets, tf.cast(unknown, targets.dtype))
