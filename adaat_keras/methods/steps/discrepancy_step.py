"""DAN's step: base model 2 with features of both domains alike in distribution."""

from dataclasses import replace

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.methods.steps.with_target_images import with_target_images
from adaat_keras.training.dan_trainer import DanTrainer


def discrepancy_step(setup: Setup) -> Step:
    """Train encoder 2 and decoder 2 on the source, against the discrepancy to the target."""
    model, task = setup.model, setup.to_task
    supervised = supervised_step(setup, domain="source")

    def make_trainer():
        trainer = DanTrainer(model.encoder_2, model.decoder_2, setup.config.mmd_weight)
        loss = setup.task_loss(task, "source")
        trainer.compile(setup.optimizer(), loss, {"source": task.metrics()})
        return trainer

    return replace(
        supervised,
        name="discrepancy",
        depends_on=(*supervised.depends_on, "target", "target_options", "mmd_weight"),
        make_trainer=make_trainer,
        batches=lambda first: with_target_images(setup, first),
    )
