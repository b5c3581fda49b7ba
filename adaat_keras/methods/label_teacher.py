"""The recommended recipe's teacher alone, without any transfer of features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from adaat_keras.domains.batches import side_by_side
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.methods.teacher import Teacher, mask_unknown, teacher_arguments
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import AnyLoss, AnyOptimizer, Batch, Logs, SupervisedTrainer


class TaughtTrainer(SupervisedTrainer):
    """Minimizes the mean of `L_task(y_A, D(E(x_A)))` and `L_task(T(y'_B), D(E(x_B)))`.

    The teacher T predicts this task from the labels y' of another task, which both domains have.

    A batch is `((x_source, x_target), (y_source, y'_target))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        teacher: Predicts the task from the other task's labels drawn as images; not trained.
        **kwargs: As `Trainer`'s.

    Example:
        >>> from adaat_keras.models import BaseModel, Decoder, Encoder
        >>> teacher = BaseModel(Encoder(4, 1), Decoder(1, 4))
        >>> trainer = TaughtTrainer(Encoder(4, 1), Decoder(1, 4), teacher)
        >>> loss = keras.losses.MeanAbsoluteError()
        >>> trainer.compile(
        ...     task_loss=loss, soft_targets=lambda outputs: outputs, picture=tf.identity)
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y, x), return_dict=True))
        ['loss', 'source_task_loss', 'teacher_loss']
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, teacher: keras.Model, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.teacher = teacher

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        soft_targets: Callable[[tf.Tensor], tf.Tensor] | None = None,
        picture: Callable[[tf.Tensor], tf.Tensor] | None = None,
        metrics: Mapping[str, list] | None = None,
        unknown: float | None = None,
        **kwargs,
    ) -> None:
        """Set the optimizer, the task's loss and the metrics of `test_step`.

        `soft_targets` is this task's `Task.soft_targets`, `picture` the other task's
        `Task.picture`. Where that picture is black, `unknown`, a target that losses ignore,
        replaces the teacher's; `None` keeps all of them.

        Raises:
            ValueError: The loss or one of these functions is missing, or the precision is float16.
        """
        if soft_targets is None or picture is None:
            raise ValueError(
                "a teacher needs soft_targets, of this task, and picture, of the other one"
            )
        super().compile(optimizer, task_loss, metrics, **kwargs)
        self.means["teacher_loss"] = keras.metrics.Mean(name="teacher_loss")
        self.soft_targets = soft_targets
        self.picture, self.unknown = picture, unknown

    def train_step(self, data: Batch) -> Logs:
        """One optimizer step on both domains."""
        images, (known, others) = self.training_batch(data, images=2, labels=2)
        images = self.with_translated_source(images)
        picture = self.picture(others)
        targets = mask_unknown(self.soft_targets(self.teacher(picture)), picture, self.unknown)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            labels = known, tf.stop_gradient(targets)
            source_loss, teacher_loss = self.domain_task_losses(labels, outputs)
            loss = tf.add_n([source_loss, teacher_loss]) / 2
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        return self.log(
            images[0], loss=loss, source_task_loss=source_loss, teacher_loss=teacher_loss
        )


@dataclass(frozen=True)
class Taught(Stage):
    """Encoder 2 and decoder 2 on the source's labels and the teacher's for the target."""

    from_task: Task
    to_task: Task
    augmentation: str
    class_balance: float

    name = "taught"
    trains = ("encoder_2", "decoder_2")

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return ("source", "target")

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> TaughtTrainer:
        """A `TaughtTrainer`."""
        trainer = TaughtTrainer(networks["encoder_2"], networks["decoder_2"], networks["teacher"])
        trainer.compile(
            self.training.optimizer(),
            feed.task_loss(self.to_task, "source", self.class_balance),
            metrics={"source": self.to_task.metrics()},
            **teacher_arguments(feed, self.from_task, self.to_task),
        )
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half source with labels of task 2, half target with labels of task 1."""
        look = self.augmentation
        return side_by_side(
            feed.batches("source", (self.to_task,), first_step, 2, look),
            feed.batches("target", (self.from_task,), first_step, 2, look),
        )

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The source with labels of task 2."""
        return side_by_side(feed.validation("source", (self.to_task,)))


class LabelTeacher(Method):
    """Task 2 by a network that reads labels of task 1 and teaches base model 2 (ours).

    1. A teacher T from labels of task 1 to labels of task 2, on the source, which has both.
    2. Base model 2 on the source's labels and on T's for the target:
       `L = (L_task(y_2, D2(E2(x_A))) + L_task(T(y_1), D2(E2(x_B)))) / 2`.

    Not from a paper: it is the baseline for `AdaAtdt` with `teacher_weight`, since the same teacher
    works without any features of task 1.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = LabelTeacher().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['teacher', 'taught']
    """

    name = "label_teacher"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Teacher, then base model 2."""
        balance = recipe.balance(to_task)
        return [
            Teacher.of(training, from_task, to_task, balance),
            Taught(training, from_task, to_task, recipe.augmentation, balance),
        ]
