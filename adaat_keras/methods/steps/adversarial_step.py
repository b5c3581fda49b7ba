"""The paper's step 1: base model 1 against the domain classifier."""

from dataclasses import replace

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.joint_step import joint_step
from adaat_keras.methods.steps.step import Step
from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.adversarial_trainer import AdversarialTrainer


def adversarial_step(setup: Setup) -> Step:
    """Train encoder 1 and decoder 1 as `joint_step` does, against the domain classifier."""
    model, task, config = setup.model, setup.from_task, setup.config

    def make_trainer():
        trainer = AdversarialTrainer(
            model.encoder_1,
            model.decoder_1,
            model.domain_classifier,
            alpha=config.alpha,
            gradient_reversal=config.gradient_reversal,
            moment_weight=config.moment_weight,
            edge_weight=config.edge_weight,
            seed=config.seed,
        )
        trainer.compile(
            setup.optimizer(),
            setup.optimizer(config.classifier_rate),
            setup.task_loss(task, "source"),
            adversarial_losses.get(config.adversarial_loss),
            {domain: task.metrics() for domain in ("source", "target")},
        )
        return trainer

    joint = joint_step(setup)
    return replace(
        joint,
        name="adversarial",
        networks=(*joint.networks, "domain_classifier"),
        depends_on=(
            *joint.depends_on,
            *("alpha", "adversarial_loss", "gradient_reversal", "moment_weight"),
            "classifier_rate",
        ),
        make_trainer=make_trainer,
    )
