"""Step 3: the transfer function on the source."""

import keras

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.training import TransferTrainer


def transfer_step(setup: Setup) -> Step:
    """Train the transfer function on images of the source, by the L1 distance of features."""
    model, task = setup.model, setup.to_task

    def make_trainer():
        trainer = TransferTrainer(model.encoder_1, model.encoder_2, model.transfer, model.decoder_2)
        trainer.compile(setup.optimizer(), keras.losses.MeanAbsoluteError(), task.metrics())
        return trainer

    return Step(
        name="transfer",
        networks=("transfer",),
        depends_on=("from_task", "to_task", "source", "source_options"),
        make_trainer=make_trainer,
        batches=lambda first: setup.batches("source", None, first),
        validation=lambda: setup.validation("source", task.name),
    )
