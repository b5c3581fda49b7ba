"""Step 3: the transfer function on the source."""

import keras
import tensorflow as tf

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.methods.steps.step import Step
from adaat_keras.methods.steps.supervised_step import before
from adaat_keras.methods.steps.teacher_step import teacher_step
from adaat_keras.training.transfer_trainer import TransferTrainer

# By the architecture: the paper's (equation 3), and AT/DT's. That an architecture has weights of
# its own tells its steps apart in a store.
TRANSFER_LOSSES = {
    "residual": keras.losses.MeanAbsoluteError,
    "dilated_resnet50": keras.losses.MeanSquaredError,
}


def transfer_steps(
    setup: Setup, adapt: bool = False, translator: keras.Model | None = None
) -> list[Step]:
    """The transfer function's step, after its teacher's if the configuration gives that weight."""
    if not setup.config.teacher_weight:
        return [transfer_step(setup, adapt, translator)]
    step, teacher = teacher_step(setup)
    return [step, transfer_step(setup, adapt, translator, teacher)]


def transfer_step(
    setup: Setup,
    adapt: bool = False,
    translator: keras.Model | None = None,
    teacher: keras.Model | None = None,
) -> Step:
    """Train the transfer function on images of the source, by the L1 distance of features (L2 with
    AT/DT's own networks).

    With a teacher, with a weight for base model 1, or with `adapt` if the configuration gives
    consistency a weight, it trains on images of the target too, half of each batch.
    The source's images may be translated first, and are augmented then.
    """
    model, task, config = setup.model, setup.to_task, setup.config
    weights = {
        "decoded_weight": config.decoded_weight,
        "teacher_weight": config.teacher_weight if teacher else 0.0,
        "consistency_weight": config.consistency_weight if adapt else 0.0,
        "base_1_weight": config.base_1_weight,
    }
    weights = {name: weight for name, weight in weights.items() if weight}
    on_target = bool(weights.keys() - {"decoded_weight"})
    base_1 = ("encoder_1", "decoder_1")

    def make_trainer():
        trainer = TransferTrainer(
            model.encoder_1,
            model.encoder_2,
            model.transfer,
            model.decoder_2,
            teacher=teacher,
            decoder_1=model.decoder_1 if "base_1_weight" in weights else None,
            translator=translator,
            augment=setup.augment,
            **weights,
        )
        trainer.compile(
            setup.optimizer(),
            TRANSFER_LOSSES[config.architecture](),
            task.metrics(),
            setup.task_loss(task, "source") if weights else None,
            task.pseudo_labels,
            setup.from_task.picture,
            setup.task_loss(setup.from_task, "source") if "base_1_weight" in weights else None,
        )
        return trainer

    def batches(first):
        labels = {}
        if "decoded_weight" in weights:
            labels["source"] = task.name
        if "base_1_weight" in weights:
            labels["source_1"] = setup.from_task.name
        source = setup.batches(
            "source",
            tuple(labels.values()) or None,
            first,
            share=2 if on_target else 1,
            augmentation=before(translator),
        )
        return with_target(source, list(labels), setup, first, weights) if on_target else source

    target = ("target", "target_options") if on_target else ()
    return Step(
        name="transfer_translated" if translator else "transfer",
        networks=("transfer", *(base_1 if "base_1_weight" in weights else ())),
        depends_on=(
            *("from_task", "to_task", "source", "source_options", *weights, *target),
            *(setup.loss_options(task) if weights else ()),
            *(setup.loss_options(setup.from_task) if "base_1_weight" in weights else ()),
        ),
        make_trainer=make_trainer,
        batches=batches,
        validation=lambda: setup.validation("source", task.name),
    )


def with_target(
    source: tf.data.Dataset,
    names: list[str],
    setup: Setup,
    first: int,
    weights: dict[str, float],
) -> tf.data.Dataset:
    """Batches of the source with those images and labels of the target that the weights need.

    `names` are those of the source's labels.
    """
    reads = weights.keys() & {"teacher_weight", "base_1_weight"}
    labels = setup.from_task.name if reads else None
    target = [setup.batches("target", labels, first, share=2)]
    if "consistency_weight" in weights:
        target.append(setup.batches("target", None, first, share=2, augmentation="none"))

    def join(source, target, *unchanged):
        (image, *label), (other, *known) = (
            batch if isinstance(batch, tuple) else (batch,) for batch in (source, target)
        )
        images = {"source": image, "target": other}
        labels = dict(zip(names, label, strict=True))
        labels |= dict(zip(("target",), known, strict=False))
        return images | dict(zip(("unchanged",), unchanged, strict=False)), labels

    return tf.data.Dataset.zip(source, *target).map(join)
