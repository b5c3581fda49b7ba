"""A teacher of task 2 that looks at labels of task 1 in place of images."""

import keras
import tensorflow as tf

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.models import BaseModel, Decoder, Encoder
from adaat_keras.models.base_model import reseed
from adaat_keras.training.trainer import SupervisedTrainer


def teacher_step(setup: Setup) -> tuple[Step, keras.Model]:
    """Train a network from labels of task 1 to labels of task 2 on the source; also gives it.

    Beyond the paper. The source has both labels and the target has those of task 1, and labels
    have no look that could differ between the domains: what such a network says of the target's
    labels can stand in for the labels that are missing there. Where the target's labels have
    holes, as LiDAR's have, the source's get the same holes. Labels that the target calls `dense`
    have none but what is beyond their range, as the source's own.
    """
    from_task, to_task = setup.from_task, setup.to_task
    teacher = network(setup)
    dense = from_task.name in setup.domain("target", "train").dense

    def make_trainer():
        trainer = SupervisedTrainer(teacher.encoder, teacher.decoder)
        loss = setup.task_loss(to_task, "source")
        trainer.compile(setup.optimizer(), loss, {"source": to_task.metrics()})
        return trainer

    both = (from_task.name, to_task.name)

    def batches(first):
        source = setup.batches("source", both, first, augmentation="none")
        if dense:
            return source.map(pictures)
        target = setup.batches("target", from_task.name, first, augmentation="none")
        return tf.data.Dataset.zip(source, target).map(
            lambda known, other: pictures(*known, holes_of=other[1])
        )

    def pictures(_, labels_1, labels_2, holes_of=None):
        picture = from_task.picture(labels_1)
        if holes_of is not None:
            picture = tf.where(from_task.valid(holes_of)[..., None], picture, 0.0)
        return (picture,), (labels_2,)

    step = Step(
        name="teacher",
        networks=("teacher",),
        depends_on=(
            *("from_task", "to_task", "source", "source_options"),
            *(() if dense else ("target", "target_options")),
            *setup.loss_options(to_task),
        ),
        make_trainer=make_trainer,
        batches=batches,
        validation=lambda: setup.validation("source", both).map(pictures),
    )
    return step, teacher


def network(setup: Setup) -> BaseModel:
    """A base model for task 2, as wide and deep as the others."""
    like, seed = setup.model.encoder_2, setup.config.seed
    width = {"base_filters": like.base_filters, "dtype": like.dtype_policy}
    with setup.strategy.scope():
        encoder = Encoder(residual_blocks=like.residual_blocks, name="teacher_encoder", **width)
        decoder = Decoder(setup.to_task.channels, name="teacher_decoder", **width)
        teacher = reseed(BaseModel(encoder, decoder, name="teacher"), 5 * seed + 4)
    setup.networks["teacher"] = teacher
    return teacher
