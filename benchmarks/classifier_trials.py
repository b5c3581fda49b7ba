"""What the domain classifier is worth where it is told more, or where labels are few.

    adaat-keras benchmark --target streets_thermal --from depth --to semantic --split val \\
        --methods at_dt,ada_atdt,benchmarks/classifier_trials.py:Told99 --seeds 3

Methods of one's own, as any user may write them; none of them is part of the package, since none
gained enough (docs/experiments.md, "Is the classifier worth anything where ..."):

- `Told99`, `Told90`: the classifier reads the label of task 1 beside the features, so that it can
  ask for features to be alike only where the labels are; alpha 0.99 and 0.9.
- `AtDt16`, `AtDt64`: AT/DT with 16 and 64 labelled frames of the target; `AdaAtdt16`,
  `AdaAtdt64`: the classifier reads images of all the others too, alpha 0.95.
- `NoTeacher`: AT/DT without a teacher; `Pairs`: with an adversary on pairs in its place, which
  tells the source's labels of task 1 beside predictions of task 2 from the target's.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import keras
import tensorflow as tf

from adaat_keras.domains.domain import SameCamera
from adaat_keras.domains.splits import Splits
from adaat_keras.methods import AdaAtdt, AdversarialTrainer, AtDt, TransferTrainer
from adaat_keras.methods.ada_atdt import Adversarial, Transfer
from adaat_keras.methods.at_dt import Joint
from adaat_keras.methods.stage import Feed
from adaat_keras.models import DomainClassifier
from adaat_keras.models.base_model import reseed
from adaat_keras.training import losses
from adaat_keras.training.trainer import adam

# Of log depth, 1 m to 100 m, where task 1 has no classes.
BINS = 16


def told(task, labels: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Labels of task 1 at the features' places, one of some channels at each; 0 where unknown."""
    near = tf.image.resize(labels[..., None], size, method="nearest")[..., 0]
    if task.classes:
        return tf.one_hot(tf.cast(near, "int32"), task.classes)
    nearness = tf.math.log(tf.clip_by_value(near, 1.0, 100.0)) / tf.math.log(100.0)
    bins = tf.clip_by_value(tf.cast(nearness * BINS, "int32"), 0, BINS - 1)
    return tf.one_hot(tf.where(near > 0, bins, -1), BINS)


class TrialTrainer(AdversarialTrainer):
    """As its parent; the classifier may be told labels, or read images that have none.

    A batch is `((x_source, x_target), (y_source, y_target))`; with a third tensor of images, the
    classifier reads these in place of the target's labelled ones.
    """

    def __init__(self, *args, told_of=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.told_of = told_of

    def train_step(self, data):
        """One step of both optimizers."""
        images, labels = self.unpacked(data)
        counts = [tf.shape(x)[0] for x in images]
        with tf.GradientTape(persistent=True) as tape:
            features = tf.split(self.encoder(tf.concat(images, 0), training=True), counts)
            outputs = self.decoder(tf.concat(features[:2], 0), training=True)
            task_losses = self.domain_task_losses(labels, outputs)
            read = tf.concat([features[0], features[-1]], 0)
            if self.told_of is not None:
                said = told(self.told_of, tf.concat(labels, 0), tf.shape(read)[1:3])
                read = tf.concat([read, tf.cast(said, read.dtype)], -1)
            logits = self.domain_classifier(read, training=True)
            domain = tf.concat([tf.ones([counts[0]]), tf.zeros([counts[-1]])], 0)
            classifier_loss = self.adversarial_loss(domain, logits)
            adversarial_loss = self.adversarial_loss(1 - domain, logits)
            loss = (1 - self.alpha) * adversarial_loss + self.alpha * tf.add_n(task_losses) / 2
        variables = self.domain_classifier.trainable_variables
        gradients = tape.gradient(loss, self.base_variables)
        classifier_gradients = tape.gradient(classifier_loss, variables)
        self.optimizer.apply(gradients, self.base_variables)
        self.classifier_optimizer.apply(classifier_gradients, variables)
        if self.adversarial_loss.threshold is not None:
            share = self.adversarial_loss.says_source(logits)
            self.means["source_domain_accuracy"].update_state(share, domain)
            self.means["target_domain_accuracy"].update_state(1 - share, 1 - domain)
        return self.log(
            images[0],
            loss=loss,
            adversarial_loss=adversarial_loss,
            classifier_loss=classifier_loss,
            **dict(zip(self.task_loss_names, task_losses, strict=True)),
        )


@dataclass(frozen=True)
class Told(Adversarial):
    """Stage 1 with a classifier that is told the label of task 1."""

    name = "told"
    trains = ("encoder_1", "decoder_1", "told_classifier")

    def extra_networks(self, model):
        """The classifier, with channels for the label."""
        features = model.encoder_1.features
        classifier = DomainClassifier(
            features + (self.from_task.classes or BINS),
            width=model.domain_classifier.width,
            dtype=model.encoder_1.dtype_policy,
            name="told_classifier",
        )
        return {"told_classifier": reseed(classifier, 50 * self.training.seed + 2)}

    def trainer(self, networks, feed):
        """A `TrialTrainer`."""
        classifier = networks["told_classifier"]
        return trial_trainer(self, networks, classifier, feed, told_of=self.from_task)


def trial_trainer(stage, networks, classifier, feed, **options) -> TrialTrainer:
    """A compiled `TrialTrainer`, with losses and optimizers as `Adversarial` has them."""
    trainer = TrialTrainer(
        networks["encoder_1"], networks["decoder_1"], classifier, alpha=stage.alpha, **options
    )
    trainer.compile(
        stage.training.optimizer(),
        stage.training.optimizer(),
        feed.task_loss(stage.from_task, "source", stage.class_balance),
        stage.adversarial_loss,
        {role: stage.from_task.metrics() for role in ("source", "target")},
    )
    return trainer


class First(SameCamera):
    """The first frames of a domain."""

    def __init__(self, domain, count: int):
        self.domain, self.count = domain, count
        self.name, self.tasks, self.dense = domain.name, domain.tasks, domain.dense
        self.label_names, self.all_told = domain.label_names, domain.all_told

    def __len__(self):
        return self.count

    def read(self, index, keys):
        """As the domain's."""
        return self.domain.read(index, keys)


def with_few(feed: Feed, count: int) -> Feed:
    """A feed whose target has its first frames alone."""
    few = Splits({"train": First(feed.domain("target"), count)})
    return Feed(
        feed.splits["source"],
        few,
        feed.training,
        feed.strategy,
        feed.cache,
        feed.validation_frames,
        feed.stride,
    )


@dataclass(frozen=True)
class FewJoint(Joint):
    """AT/DT's stage 1 with few labelled frames of the target."""

    count: int = 0

    def batches(self, feed, first_step):
        """As its parent's."""
        return super().batches(with_few(feed, self.count), first_step)


@dataclass(frozen=True)
class FewAdversarial(Adversarial):
    """Stage 1 with few labelled frames of the target, and all of its images for the classifier."""

    count: int = 0

    def trainer(self, networks, feed):
        """A `TrialTrainer`."""
        return trial_trainer(self, networks, networks["domain_classifier"], feed)

    def batches(self, feed, first_step):
        """As its parent's, and images of the target."""
        labelled = super().batches(with_few(feed, self.count), first_step)
        images = feed.batches("target", (), first_step, 2, self.augmentation)
        return tf.data.Dataset.zip(labelled, images).map(
            lambda pair, image: ((*pair[0], image), pair[1])
        )


@dataclass(frozen=True)
class FewTransfer(Transfer):
    """Stage 3 with few labelled frames of the target."""

    count: int = 0

    def batches(self, feed, first_step):
        """As its parent's."""
        return super().batches(with_few(feed, self.count), first_step)


class PairsTrainer(TransferTrainer):
    """Stage 3 with an adversary on pairs: a label of task 1 beside a prediction of task 2.

    The source's pairs are what the target's are to look like.
    """

    def __init__(self, *args, pair_classifier, pairs_weight, **kwargs):
        super().__init__(*args, **kwargs)
        self.pair_classifier, self.pairs_weight = pair_classifier, pairs_weight

    def compile(self, optimizer, classifier_optimizer, adversarial_loss, *, to_task, **options):
        """Set both optimizers and all losses."""
        super().compile(optimizer, **options)
        self.to_task, self.adversarial_loss = to_task, losses.get(adversarial_loss)
        self.classifier_optimizer = adam(classifier_optimizer)
        self.classifier_optimizer.build(self.pair_classifier.trainable_variables)
        for name in ("decoded_loss", "base_1_loss", "pairs_loss", "classifier_loss"):
            self.means.setdefault(name, keras.metrics.Mean(name=name))

    def judged(self, labels, outputs):
        """What the classifier says of pairs."""
        said = tf.nn.softmax(outputs) if self.to_task.classes else outputs
        return self.pair_classifier(
            tf.concat([self.picture(labels) / 255, tf.cast(said, "float32")], -1), training=True
        )

    def train_step(self, data):
        """One step of both optimizers."""
        images, labels = self.training_batch(data)
        features_2, variables = self.encoder_2(images["source"]), self.learning
        with tf.GradientTape(persistent=True) as tape:
            source, target = (self.encoder_1(images[role]) for role in ("source", "target"))
            moved = self.transfer(source, training=True)
            transfer_loss = self.transfer_loss(features_2, moved)
            on_source = self.decoder_2(moved)
            on_target = self.decoder_2(self.transfer(target, training=True))
            decoded = self.task_loss(labels["source"], on_source)
            base_1 = self.base_1_loss(labels["source_1"], self.decoder_1(source))
            base_1 = (base_1 + self.base_1_loss(labels["target"], self.decoder_1(target))) / 2
            real = self.judged(labels["source_1"], tf.stop_gradient(on_source))
            fake = self.judged(labels["target"], on_target)
            ones, zeros = (make([tf.shape(fake)[0]]) for make in (tf.ones, tf.zeros))
            pairs = self.adversarial_loss(ones, fake)
            classifier = (
                self.adversarial_loss(ones, real) + self.adversarial_loss(zeros, fake)
            ) / 2
            loss = transfer_loss + self.decoded_weight * decoded + self.base_1_weight * base_1
            loss += self.pairs_weight * pairs
        of_classifier = self.pair_classifier.trainable_variables
        gradients = tape.gradient(loss, variables)
        classifier_gradients = tape.gradient(classifier, of_classifier)
        self.optimizer.apply(gradients, variables)
        self.classifier_optimizer.apply(classifier_gradients, of_classifier)
        return self.log(
            images["source"],
            loss=loss,
            transfer_loss=transfer_loss,
            decoded_loss=decoded,
            base_1_loss=base_1,
            pairs_loss=pairs,
            classifier_loss=classifier,
        )


@dataclass(frozen=True)
class PairsTransfer(Transfer):
    """Stage 3 with an adversary on pairs in place of the teacher."""

    pairs_weight: float = 0.1
    name = "transfer_pairs"

    @property
    def trains(self):
        """As its parent, and the classifier of pairs."""
        return (*super().trains, "pair_classifier")

    def extra_networks(self, model):
        """The classifier of pairs."""
        classifier = DomainClassifier(
            3 + self.to_task.channels,
            width=model.domain_classifier.width,
            dtype=model.encoder_1.dtype_policy,
            name="pair_classifier",
        )
        return {"pair_classifier": reseed(classifier, 50 * self.training.seed + 3)}

    def trainer(self, networks, feed):
        """A `PairsTrainer`."""
        trainer = PairsTrainer(
            networks["encoder_1"],
            networks["encoder_2"],
            networks["transfer"],
            networks["decoder_2"],
            self.decoded_weight,
            0.0,
            self.base_1_weight,
            decoder_1=networks["decoder_1"],
            pair_classifier=networks["pair_classifier"],
            pairs_weight=self.pairs_weight,
        )
        trainer.compile(
            self.training.optimizer(),
            self.training.optimizer(),
            "least_squares",
            to_task=self.to_task,
            task_metrics=self.to_task.metrics(),
            task_loss=feed.task_loss(self.to_task, "source", self.class_balance),
            picture=self.from_task.picture,
            base_1_loss=feed.task_loss(self.from_task, "source", self.class_balance),
        )
        return trainer


def changed(stages: list, to: dict[type, type], **more) -> list:
    """The stages, those of some classes made others of the same fields and more."""

    def one(stage):
        kind = to.get(type(stage))
        fields = {f.name: getattr(stage, f.name) for f in dataclasses.fields(stage)}
        return stage if kind is None else kind(**fields, **more)

    return [one(stage) for stage in stages]


class Trial:
    """A method whose recipe and stages are changed."""

    settings: ClassVar[dict] = {}
    to: ClassVar[dict] = {}
    more: ClassVar[dict] = {}

    def stages(self, from_task, to_task, recipe, training, architecture="residual"):
        """Those of the method beside, changed."""
        recipe = dataclasses.replace(recipe, **self.settings)
        stages = super().stages(from_task, to_task, recipe, training, architecture)
        return changed(stages, self.to, **self.more)


class Told99(Trial, AdaAtdt):
    """The classifier is told the label of task 1."""

    name, settings = "told_99", {"alpha": 0.99}
    to: ClassVar = {Adversarial: Told}


class Told90(Told99):
    """A stronger one."""

    name, settings = "told_90", {"alpha": 0.9}


class AtDt16(Trial, AtDt):
    """16 labelled frames of the target."""

    name, more = "at_dt_16", {"count": 16}
    to: ClassVar = {Joint: FewJoint, Transfer: FewTransfer}


class AtDt64(AtDt16):
    """64 of them."""

    name, more = "at_dt_64", {"count": 64}


class AdaAtdt16(Trial, AdaAtdt):
    """16 labelled frames of the target, and all its images for the classifier."""

    name, more, settings = "ada_atdt_16", {"count": 16}, {"alpha": 0.95}
    to: ClassVar = {Adversarial: FewAdversarial, Transfer: FewTransfer}


class AdaAtdt64(AdaAtdt16):
    """64 of them."""

    name, more = "ada_atdt_64", {"count": 64}


class NoTeacher(Trial, AtDt):
    """AT/DT without a teacher; it reads the target in stage 3 for task 1 alone."""

    name, settings = "no_teacher", {"teacher_weight": 0.0}


class Pairs(NoTeacher):
    """An adversary on pairs in the teacher's place."""

    name = "pairs"
    to: ClassVar = {Transfer: PairsTransfer}
