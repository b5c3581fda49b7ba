"""FCNs in the wild's step: base model 2 against a classifier of domains, within class sizes."""

from dataclasses import replace

import keras

from adaat_keras.domains.batches import class_sizes
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.methods.steps.supervised_step import before, supervised_step
from adaat_keras.methods.steps.with_target_images import with_target_images
from adaat_keras.models import DomainClassifier
from adaat_keras.models.base_model import reseed
from adaat_keras.training.fcns_in_the_wild_trainer import FcnsInTheWildTrainer


def confusion_step(
    setup: Setup, translator: keras.Model | None = None, within_sizes: bool = True
) -> Step:
    """Train encoder 2 and decoder 2 on the source, confused with the target.

    The source's images may be translated first, and are augmented then; the class sizes left out.
    """
    model, task, config = setup.model, setup.to_task, setup.config
    supervised = supervised_step(setup, domain="source")

    def make_trainer():
        sizes = None
        if task.classes and within_sizes:
            # Of crops, since these are what is predicted in training.
            crops = setup.batches("source", task.name, 0, whole=True)
            crops = crops.take(200 // config.batch_size + 1)
            labels = (each for _, batch in crops.as_numpy_iterator() for each in batch)
            sizes = class_sizes(labels, task.classes)
        classifier = DomainClassifier(
            model.encoder_2.features, view="pixel", dtype=model.encoder_2.dtype_policy
        )
        trainer = FcnsInTheWildTrainer(
            model.encoder_2,
            model.decoder_2,
            reseed(classifier, config.seed),
            sizes,
            translator=translator,
            augment=setup.augment,
            confusion_weight=config.confusion_weight,
            size_weight=config.size_weight,
        )
        loss = setup.task_loss(task, "source")
        trainer.compile(setup.optimizer(), setup.optimizer(), loss, {"source": task.metrics()})
        return trainer

    return replace(
        supervised,
        name="confusion" if within_sizes else "confusion_without_sizes",
        depends_on=(
            *(*supervised.depends_on, "target", "target_options", "confusion_weight"),
            *(("size_weight",) if within_sizes else ()),
        ),
        make_trainer=make_trainer,
        batches=lambda first: with_target_images(setup, first, before(translator)),
    )
