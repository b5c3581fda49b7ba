"""AT/DT's step 1: base model 1 on both domains' labels."""

import keras

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.side_by_side import side_by_side
from adaat_keras.methods.steps.step import Step
from adaat_keras.methods.steps.supervised_step import before
from adaat_keras.training.trainer import SupervisedTrainer


def joint_step(setup: Setup, translator: keras.Model | None = None) -> Step:
    """Train encoder 1 and decoder 1 on the labels of task 1 in both domains.

    The source's images may be translated first, and are augmented then.
    """
    model, task = setup.model, setup.from_task
    domains = ("source", "target")

    def make_trainer():
        trainer = SupervisedTrainer(
            model.encoder_1,
            model.decoder_1,
            domains=domains,
            edge_weight=setup.config.edge_weight,
            seed=setup.config.seed,
            translator=translator,
            augment=setup.augment,
        )
        metrics = {domain: task.metrics() for domain in domains}
        trainer.compile(setup.optimizer(), setup.task_loss(task, "source"), metrics)
        return trainer

    return Step(
        name="joint_translated" if translator else "joint",
        networks=("encoder_1", "decoder_1"),
        depends_on=(
            *("from_task", "source", "source_options", "target", "target_options"),
            "edge_weight",
            *setup.loss_options(task),
        ),
        make_trainer=make_trainer,
        batches=lambda first: side_by_side(
            setup.batches("source", task.name, first, 2, before(translator)),
            setup.batches("target", task.name, first, 2),
        ),
        validation=lambda: side_by_side(
            *(setup.validation(domain, task.name) for domain in domains)
        ),
    )
