"""Step 2: base model 2 on labels."""

import keras

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.side_by_side import side_by_side
from adaat_keras.methods.steps.step import Step
from adaat_keras.training.trainer import SupervisedTrainer


def supervised_step(setup: Setup, domain: str, translator: keras.Model | None = None) -> Step:
    """Train encoder 2 and decoder 2 on the labels of task 2 in `"source"` or `"target"`.

    The source's images may be translated first, and are augmented then.
    """
    model, task = setup.model, setup.to_task
    name = "supervised" if domain == "source" else f"supervised_{domain}"
    name += "_translated" if translator else ""

    def make_trainer():
        trainer = SupervisedTrainer(
            model.encoder_2,
            model.decoder_2,
            domains=(domain,),
            translator=translator,
            augment=setup.augment,
        )
        loss = setup.task_loss(task, domain)
        trainer.compile(setup.optimizer(), loss, {domain: task.metrics()})
        return trainer

    return Step(
        name=name,
        networks=("encoder_2", "decoder_2"),
        depends_on=("to_task", domain, f"{domain}_options", *setup.loss_options(task)),
        make_trainer=make_trainer,
        batches=lambda first: side_by_side(
            setup.batches(domain, task.name, first, augmentation=before(translator))
        ),
        validation=lambda: side_by_side(setup.validation(domain, task.name)),
    )


def before(translator: keras.Model | None) -> str | None:
    """The augmentation of images that a translator, if there is one, is still to see."""
    return "none" if translator else None
