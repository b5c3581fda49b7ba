"""Base model 2 on the source's labels and a teacher's of the target."""

from dataclasses import replace

import keras

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.side_by_side import side_by_side
from adaat_keras.methods.steps.step import Step
from adaat_keras.methods.steps.supervised_step import supervised_step
from adaat_keras.training.taught_trainer import TaughtTrainer


def taught_step(setup: Setup, teacher: keras.Model) -> Step:
    """Train encoder 2 and decoder 2 on the source's labels and the teacher's of the target."""
    model, task, other = setup.model, setup.to_task, setup.from_task
    supervised = supervised_step(setup, domain="source")

    def make_trainer():
        trainer = TaughtTrainer(model.encoder_2, model.decoder_2, teacher)
        loss = setup.task_loss(task, "source")
        functions = (task.pseudo_labels, other.picture)
        trainer.compile(setup.optimizer(), loss, *functions, {"source": task.metrics()})
        return trainer

    return replace(
        supervised,
        name="taught",
        depends_on=(*supervised.depends_on, "from_task", "target", "target_options"),
        make_trainer=make_trainer,
        batches=lambda first: side_by_side(
            setup.batches("source", task.name, first, share=2),
            setup.batches("target", other.name, first, share=2),
        ),
    )
