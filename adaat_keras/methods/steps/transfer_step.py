"""Step 3: the transfer function on the source."""

import keras
import tensorflow as tf

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.training import TransferTrainer


def transfer_step(setup: Setup, adapt: bool = False, translator: keras.Model | None = None) -> Step:
    """Train the transfer function on images of the source, by the L1 distance of features.

    With `adapt` it may train on images of the target too, half of each batch, if the configuration
    gives that weight.
    The source's images may be translated first.
    """
    model, task, config = setup.model, setup.to_task, setup.config
    consistency_weight = config.consistency_weight if adapt else 0.0
    weights = ("decoded_weight",) if config.decoded_weight else ()
    weights += ("consistency_weight",) if consistency_weight else ()

    def make_trainer():
        trainer = TransferTrainer(
            model.encoder_1,
            model.encoder_2,
            model.transfer,
            model.decoder_2,
            decoded_weight=config.decoded_weight,
            consistency_weight=consistency_weight,
            translator=translator,
        )
        trainer.compile(
            setup.optimizer(),
            keras.losses.MeanAbsoluteError(),
            task.metrics(),
            setup.task_loss(task, "source") if weights else None,
            task.pseudo_labels,
        )
        return trainer

    def batches(first):
        labels = task.name if config.decoded_weight else None
        share = 2 if consistency_weight else 1
        source = setup.batches("source", labels, first, share)
        return with_target(source, setup, first) if consistency_weight else source

    target = ("target", "target_options") if consistency_weight else ()
    return Step(
        name="transfer_translated" if translator else "transfer",
        networks=("transfer",),
        depends_on=(
            *("from_task", "to_task", "source", "source_options", *weights, *target),
            *(setup.loss_options(task) if weights else ()),
        ),
        make_trainer=make_trainer,
        batches=batches,
        validation=lambda: setup.validation("source", task.name),
    )


def with_target(source: tf.data.Dataset, setup: Setup, first: int) -> tf.data.Dataset:
    """Batches of the source with images of the target, as they are and augmented."""
    unchanged, changed = (
        setup.batches("target", None, first, share=2, augmentation=name) for name in ("none", None)
    )

    def join(batch, *target):
        images, *labels = batch if isinstance(batch, tuple) else (batch,)
        return (images, *target), *labels

    return tf.data.Dataset.zip(source, unchanged, changed).map(join)
