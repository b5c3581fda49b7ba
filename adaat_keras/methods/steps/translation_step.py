"""CycleGAN's step: translations between the domains' images."""

import keras
import tensorflow as tf

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.models import Generator, PatchDiscriminator
from adaat_keras.models.base_model import reseed
from adaat_keras.training.cycle_gan_trainer import CycleGanTrainer

# CycleGAN's Adam: 2e-4 where ours begins with 5e-4.
RATE, BETA_1 = 0.4, 0.5
IDENTITY_WEIGHT = 0.5


def translation_step(setup: Setup, semantic: bool = False) -> tuple[Step, keras.Model]:
    """Train translations from source to target and back; also gives the one to the target.

    On images without augmentation, or it would be the augmented look that is learnt.
    With `semantic`, base model 2 as an earlier step left it must say of a translation what it says
    of the original (CyCADA, which has no identity loss).
    """
    config, task = setup.config, setup.to_task
    networks = translators(setup)
    segmenter = setup.model.base_model_2 if semantic else None

    def make_trainer():
        shape = (config.crop, config.crop, 3)
        trainer = CycleGanTrainer(
            *networks.values(),
            image_shape=shape,
            identity_weight=0.0 if semantic else IDENTITY_WEIGHT,
            segmenter=segmenter,
            semantic_weight=config.semantic_weight,
        )
        optimizers = (setup.optimizer(RATE, BETA_1) for _ in range(2))
        # The loss may count the classes of a hundred frames first.
        loss = setup.task_loss(task, "source") if semantic else None
        trainer.compile(*optimizers, loss, task.pseudo_labels)
        return trainer

    def pairs(source, target):
        return tf.data.Dataset.zip(source, target).map(lambda *images: (images,))

    step = Step(
        name="semantic_translation" if semantic else "translation",
        networks=tuple(networks),
        depends_on=(
            *("source", "source_options", "target", "target_options"),
            *(("to_task", "semantic_weight", *setup.loss_options(task)) if semantic else ()),
        ),
        make_trainer=make_trainer,
        batches=lambda first: pairs(
            *(
                setup.batches(role, None, first, share=2, augmentation="none")
                for role in ("source", "target")
            )
        ),
        validation=lambda: pairs(*(setup.validation(role, None) for role in ("source", "target"))),
    )
    return step, networks["to_target"]


def translators(setup: Setup) -> dict[str, keras.Model]:
    """Both generators and both discriminators, as wide and deep as the base models."""
    encoder, seed = setup.model.encoder_1, setup.config.seed
    width = {"base_filters": encoder.base_filters, "dtype": encoder.dtype_policy}
    with setup.strategy.scope():
        generators = [
            Generator(residual_blocks=encoder.residual_blocks, name=name, **width)
            for name in ("to_target", "to_source")
        ]
        discriminators = [
            PatchDiscriminator(name=name, **width)
            for name in ("target_discriminator", "source_discriminator")
        ]
    networks = [*generators, *discriminators]
    named = {network.name: reseed(network, 4 * seed + n) for n, network in enumerate(networks)}
    setup.networks |= named
    return named
