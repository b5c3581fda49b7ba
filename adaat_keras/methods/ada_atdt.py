"""ADA-AT/DT: the paper in one file (Chavhan et al., WACV 2021).

The simulator A has labels of two tasks, the real domain B of task 1 only; the goal is task 2 on B.
Encoders E1, E2, decoders D1, D2, the domain classifier C and the transfer function G are trained
in three stages:

1. `Adversarial`: E1 and D1 learn task 1 on both domains' labels, while C learns to tell the domains
   apart by E1's features and E1 learns to prevent it (equations 1 and 2).
2. `Supervised`: E2 and D2 learn task 2 on A's labels.
3. `Transfer`: G learns, on A's images, to map E1's features to E2's (equation 3).

Then D2(G(E1(x))) predicts task 2 on B (equation 4): `adaat_keras.models.AdaAtdt`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from adaat_keras.domains.batches import side_by_side
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.methods.teacher import Teacher, mask_unknown, teacher_arguments
from adaat_keras.tasks import Task
from adaat_keras.training import losses
from adaat_keras.training.trainer import (
    AnyLoss,
    AnyOptimizer,
    Batch,
    Logs,
    SupervisedTrainer,
    Trainer,
    adam,
    counts_of,
    loss_of,
)

BOTH = ("source", "target")


class AdversarialTrainer(SupervisedTrainer):
    """Trains encoder 1, decoder 1 and the domain classifier on source and target (equations 1, 2).

    A single forward pass gives three losses:

    - the task loss `L_task` on both domains' labels,
    - the classifier's loss `L_C`, with the true domains,
    - the encoder's adversarial loss `L_adv`, with the domains flipped.

    Encoder and decoder minimize `(1 - alpha) * L_adv + alpha * L_task`, the classifier minimizes
    `L_C`, and both are updated simultaneously. With `gradient_reversal=True`, `L_adv = -L_C`, the
    literal min-max of equation 2.

    A batch is `((x_source, x_target), (y_source, y_target))`.

    Args:
        encoder, decoder: Base model 1 (E1, D1); shared, not copied.
        domain_classifier: Maps the encoder's features to domain logits (C).
        alpha: Weight of the task loss, 0 to 1.
        gradient_reversal: Negate the classifier's loss instead of flipping the domains.
        **kwargs: As `Trainer`'s.

    Example:
        >>> from adaat_keras.models import Decoder, DomainClassifier, Encoder
        >>> trainer = AdversarialTrainer(Encoder(4, 1), Decoder(1, 4), DomainClassifier(16))
        >>> trainer.compile(task_loss=keras.losses.MeanAbsoluteError())
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> logs = trainer.train_on_batch((x, x), (y, y), return_dict=True)
        >>> "classifier_loss" in logs
        True
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        domain_classifier: keras.Model,
        alpha: float = 0.9,
        gradient_reversal: bool = False,
        **kwargs,
    ):
        super().__init__(encoder, decoder, domains=BOTH, **kwargs)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
        self.domain_classifier = domain_classifier
        self.alpha = alpha
        self.gradient_reversal = gradient_reversal

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        classifier_optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        adversarial_loss: str | losses.AdversarialLoss = "least_squares",
        metrics: Mapping[str, list] | None = None,
        **kwargs,
    ) -> None:
        """Set both optimizers, both losses and each domain's metrics for `test_step`."""
        super().compile(optimizer, task_loss, metrics, **kwargs)
        self.classifier_optimizer = adam(classifier_optimizer)
        self.adversarial_loss = losses.get(adversarial_loss)
        self.classifier_optimizer.build(self.domain_classifier.trainable_variables)
        names = ["adversarial_loss", "classifier_loss"]
        if self.adversarial_loss.threshold is not None:
            names += [f"{domain}_domain_accuracy" for domain in BOTH]
        self.means |= {name: keras.metrics.Mean(name=name) for name in names}

    def train_step(self, data: Batch) -> Logs:
        """One step of both optimizers."""
        images, labels = self.training_batch(data)
        images = self.with_translated_source(images)
        counts = counts_of(images)
        # 1 for every source image, 0 for every target image.
        domain = tf.concat([tf.ones([counts[0]]), tf.zeros([counts[1]])], axis=0)
        with tf.GradientTape(persistent=True) as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            logits = self.domain_classifier(features, training=True)
            task_losses = self.domain_task_losses(labels, outputs)
            classifier_loss = self.adversarial_loss(domain, logits)
            if self.gradient_reversal:
                adversarial_loss = -classifier_loss
            else:
                adversarial_loss = self.adversarial_loss(1 - domain, logits)
            loss = (1 - self.alpha) * adversarial_loss + self.alpha * (tf.add_n(task_losses) / 2)
            if self.adversarial_loss.gradient_penalty:
                classifier_loss += self.gradient_penalty(features, counts)
        classifier_variables = self.domain_classifier.trainable_variables
        gradients = tape.gradient(loss, self.base_variables)
        classifier_gradients = tape.gradient(classifier_loss, classifier_variables)
        self.optimizer.apply(gradients, self.base_variables)
        self.classifier_optimizer.apply(classifier_gradients, classifier_variables)
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

    def gradient_penalty(self, features: tf.Tensor, counts: Sequence) -> tf.Tensor:
        """`w (|grad C| - 1)^2` at points between A's and B's features (Gulrajani et al. 2017).

        `features` holds A's, then B's; `counts` says how many of each. If these differ, the surplus
        is left out.
        """
        source, target = tf.split(tf.stop_gradient(features), counts)
        if not (isinstance(counts[0], int) and counts[0] == counts[1]):
            pairs = tf.minimum(*counts)
            source, target = source[:pairs], target[:pairs]
        # Stateless, so that a resumed training draws the same numbers as an unbroken one.
        seed = tf.stack([tf.cast(self.optimizer.iterations, "int64"), 0])
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        mix = tf.random.stateless_uniform([replicas, tf.shape(source)[0], 1, 1, 1], seed)
        # Drawn for the whole batch, so that the numbers do not depend on how devices share it.
        mix = mix[tf.distribute.get_replica_context().replica_id_in_sync_group]
        mix = tf.cast(mix, source.dtype)
        between = mix * source + (1 - mix) * target
        with tf.GradientTape() as tape:
            tape.watch(between)
            logits = self.domain_classifier(between, training=True)
            score = tf.reduce_mean(logits, axis=(1, 2, 3))
        slope = tf.cast(tape.gradient(score, between), "float32")
        norm = tf.sqrt(tf.reduce_sum(slope**2, axis=(1, 2, 3)) + 1e-12)
        return self.adversarial_loss.gradient_penalty * self.mean((norm - 1) ** 2)


class TransferTrainer(Trainer):
    """Trains G so that it turns encoder 1's features into encoder 2's (equation 3).

    `L_G = |G(E1(x)) - E2(x)|`, averaged over all entries (AT/DT squares the difference), on images
    of the source. With this loss alone, only G is trained. `test_step` scores the prediction
    D2(G(E1(x))) against task 2's labels.

    Beyond the paper, three losses may be added:

    - `decoded_weight` times task 2's loss of D2(G(E1(x))) on the source's labels.
    - `teacher_weight` times the same loss on the target, with a teacher T's predictions from the
      labels of task 1 in place of the missing labels: `L_task(T(y_1), D2(G(E1(x))))`.
    - `base_1_weight` times task 1's loss in both domains.

    Each of these also trains other networks: the first two D2, which has never seen G's outputs
    before; the third E1 and D1, since features learnt for task 1 alone may lack what task 2
    needs.

    A batch is `(images, labels)`, or images alone if all these weights are 0. With `teacher_weight`
    or `base_1_weight`, both are dictionaries: images `"source"` and `"target"`; labels `"source"`
    of task 2, `"target"` of task 1, and for `base_1_weight` also `"source_1"` of task 1. In
    testing, only the entries `"source"` are used.

    Args:
        encoder_1, encoder_2: Encoders of the base models (E1, E2).
        transfer: The transfer function (G).
        decoder_2: Decoder of base model 2 (D2).
        decoded_weight, teacher_weight, base_1_weight: Weights of the additional losses.
        teacher: Predicts task 2 from task 1's labels drawn as images (T); not trained.
        decoder_1: Decoder of base model 1 (D1), for `base_1_weight`.
        **kwargs: As `Trainer`'s: `translator`, `augment`.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> m = build_ada_atdt("depth", "semantic", size="tiny")
        >>> trainer = TransferTrainer(m.encoder_1, m.encoder_2, m.transfer, m.decoder_2)
        >>> trainer.compile()
        >>> list(trainer.train_on_batch(tf.ones((2, 64, 64, 3)), return_dict=True))
        ['loss', 'transfer_loss']
    """

    def __init__(
        self,
        encoder_1: keras.Model,
        encoder_2: keras.Model,
        transfer: keras.Model,
        decoder_2: keras.Model,
        decoded_weight: float = 0.0,
        teacher_weight: float = 0.0,
        base_1_weight: float = 0.0,
        teacher: keras.Model | None = None,
        decoder_1: keras.Model | None = None,
        **kwargs,
    ):
        super().__init__(encoder_1.stride * transfer.stride, **kwargs)
        self.encoder_1, self.encoder_2 = encoder_1, encoder_2
        self.transfer, self.decoder_2 = transfer, decoder_2
        self.teacher, self.decoder_1 = teacher, decoder_1
        self.decoded_weight = decoded_weight
        self.teacher_weight = teacher_weight
        self.base_1_weight = base_1_weight

    @property
    def trained_variables(self) -> list[keras.Variable]:
        """The variables that a step changes."""
        networks = [self.transfer]
        if self.decoded_weight or self.teacher_weight:
            networks.append(self.decoder_2)
        if self.base_1_weight:
            networks += [self.encoder_1, self.decoder_1]
        return [v for network in networks for v in network.trainable_variables]

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        transfer_loss: AnyLoss | None = None,
        task_metrics: list | None = None,
        task_loss: AnyLoss | None = None,
        soft_targets: Callable[[tf.Tensor], tf.Tensor] | None = None,
        picture: Callable[[tf.Tensor], tf.Tensor] | None = None,
        base_1_loss: AnyLoss | None = None,
        unknown: float | None = None,
        **kwargs,
    ) -> None:
        """Set the optimizer, the loss between features (L1 by default) and `test_step`'s metrics.

        `decoded_weight` needs `task_loss` (of task 2); `teacher_weight` also `Task.soft_targets` of
        task 2 and `Task.picture` of task 1; `base_1_weight` needs task 1's loss. Unless it is
        `None`, `unknown`, which losses ignore, is the teacher's target where the picture is black.

        Raises:
            ValueError: One of these is missing, or the precision is float16.
        """
        self.transfer_loss = loss_of(transfer_loss or "mean_absolute_error")
        self.task_metrics = task_metrics or []
        self.task_loss = loss_of(task_loss)
        self.soft_targets, self.picture, self.unknown = soft_targets, picture, unknown
        self.base_1_loss = loss_of(base_1_loss)
        self.check_given("decoded_weight", "task_loss")
        self.check_given("teacher_weight", "teacher", "task_loss", "soft_targets", "picture")
        self.check_given("base_1_weight", "decoder_1", "base_1_loss")
        parts = [n for n in ("decoded", "teacher", "base_1") if getattr(self, f"{n}_weight")]
        means = ("loss", *(f"{part}_loss" for part in ("transfer", *parts)))
        super().compile(optimizer, self.trained_variables, means, **kwargs)

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Task 2 by transfer, for images whose size is a multiple of the networks' stride."""
        return self.decoder_2(self.transfer(self.encoder_1(images), training=training))

    def train_step(self, data: Batch) -> Logs:
        """One step of the transfer function and of the networks that are trained with it."""
        images, labels = self.training_batch(data)
        source = self.translated_in_training(images["source"])
        features_2, learns = self.encoder_2(source), bool(self.base_1_weight)
        variables = self.trained_variables
        with tf.GradientTape() as tape:
            features_1 = self.encoder_1(source, training=learns)
            transferred = self.transfer(features_1, training=True)
            loss = self.transfer_loss(features_2, transferred)
            logs = {"transfer_loss": loss}
            if self.decoded_weight:
                outputs = self.decoder_2(transferred, training=True)
                logs["decoded_loss"] = self.task_loss(labels["source"], outputs)
                loss += self.decoded_weight * logs["decoded_loss"]
            if self.teacher_weight or self.base_1_weight:
                target_features = self.encoder_1(images["target"], training=learns)
            if self.teacher_weight:
                transferred = self.transfer(target_features, training=True)
                outputs = self.decoder_2(transferred, training=True)
                # No confidence threshold: it would drop rare classes, where the teacher is unsure.
                picture = self.picture(labels["target"])
                targets = tf.stop_gradient(self.soft_targets(self.teacher(picture)))
                targets = mask_unknown(targets, picture, self.unknown)
                logs["teacher_loss"] = self.task_loss(targets, outputs)
                loss += self.teacher_weight * logs["teacher_loss"]
            if self.base_1_weight:
                outputs = [self.decoder_1(x, training=True) for x in (features_1, target_features)]
                on_source = self.base_1_loss(labels["source_1"], outputs[0])
                on_target = self.base_1_loss(labels["target"], outputs[1])
                logs["base_1_loss"] = (on_source + on_target) / 2
                loss += self.base_1_weight * logs["base_1_loss"]
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.log(source, loss=loss, **logs)

    def training_batch(self, data: Batch) -> tuple[dict, dict]:
        """Images and labels of a batch by name.

        Raises:
            ValueError: An entry that a weight needs is missing, or the height or width of images
                is not a multiple of the stride.
        """
        target = ("target",) * bool(self.teacher_weight or self.base_1_weight)
        known = ("source",) * bool(self.decoded_weight) + ("source_1",) * bool(self.base_1_weight)
        images, labels = self.by_name(data, ("source", *target), (*known, *target))
        self.check_images(*(images[name] for name in ("source", *target)))
        return images, labels

    def by_name(
        self, data: Batch, images: Sequence[str], labels: Sequence[str]
    ) -> tuple[dict, dict]:
        """Images and labels of a batch by name; a `ValueError` if one of these is missing."""
        parts = tuple(x if isinstance(x, dict) else {"source": x} for x in self.unpacked(data))
        for kind, names, part in zip(("images", "labels"), (images, labels), parts, strict=True):
            missing = [n for n in names if not hasattr(part.get(n), "shape")]
            if missing:
                raise ValueError(
                    f"a batch of a {type(self).__name__} needs {kind} {', '.join(map(repr, names))}"
                    f" by its weights and metrics, and lacks {missing}"
                )
        return parts

    def test_step(self, data: Batch) -> Logs:
        """Update the loss between features and the metrics of the decoded transfer."""
        parts = self.by_name(data, ("source",), ("source",) * bool(self.task_metrics))
        images, labels = (part.get("source") for part in parts)
        padded, count = self.translated(self.padded(images)), tf.shape(images)[0]
        features = self.transfer(self.encoder_1(padded))
        loss = self.transfer_loss(self.encoder_2(padded)[:count], features[:count])
        means = self.log(images, transfer_loss=loss, loss=loss)
        logs = {name: means[name] for name in ("loss", "transfer_loss")}
        outputs = self.cropped(self.decoder_2(features), images)
        for metric in self.task_metrics:
            metric.update_state(labels, outputs)
        return {**logs, **self.scores()}

    def scores(self) -> dict[str, tf.Tensor]:
        """The results of the task's metrics."""
        return self.results(self.task_metrics)


@dataclass(frozen=True)
class Adversarial(Stage):
    """Stage 1: encoder 1 and decoder 1 on both domains' labels, against the domain classifier."""

    from_task: Task
    alpha: float
    adversarial_loss: str | losses.AdversarialLoss
    augmentation: str
    class_balance: float

    name = "adversarial"
    trains = ("encoder_1", "decoder_1", "domain_classifier")

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return BOTH

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> AdversarialTrainer:
        """An `AdversarialTrainer`."""
        trainer = AdversarialTrainer(
            networks["encoder_1"],
            networks["decoder_1"],
            networks["domain_classifier"],
            alpha=self.alpha,
        )
        trainer.compile(
            self.training.optimizer(),
            self.training.optimizer(),
            feed.task_loss(self.from_task, "source", self.class_balance),
            self.adversarial_loss,
            {role: self.from_task.metrics() for role in BOTH},
        )
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half of each batch from each domain, with labels of task 1."""
        labels, look = (self.from_task,), self.augmentation
        return side_by_side(*(feed.batches(role, labels, first_step, 2, look) for role in BOTH))

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """Both domains with labels of task 1."""
        return side_by_side(*(feed.validation(role, (self.from_task,)) for role in BOTH))


@dataclass(frozen=True)
class Supervised(Stage):
    """Stage 2: encoder 2 and decoder 2 on one domain's labels of task 2.

    With `translated`, the source's images are translated first and augmented afterwards.
    """

    to_task: Task
    augmentation: str
    class_balance: float
    role: str = "source"
    translated: bool = False

    trains = ("encoder_2", "decoder_2")

    @property
    def name(self) -> str:
        """`"supervised"`, with the role if it is not the source, and whether it is translated."""
        role = "" if self.role == "source" else f"_{self.role}"
        return f"supervised{role}" + "_translated" * self.translated

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """One domain."""
        return (self.role,)

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> SupervisedTrainer:
        """A `SupervisedTrainer`."""
        trainer = SupervisedTrainer(
            networks["encoder_2"],
            networks["decoder_2"],
            domains=(self.role,),
            translator=networks["to_target"] if self.translated else None,
            augment=feed.augmenter(self.augmentation),
        )
        loss = feed.task_loss(self.to_task, self.role, self.class_balance)
        trainer.compile(self.training.optimizer(), loss, {self.role: self.to_task.metrics()})
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """One domain with labels of task 2."""
        look = "none" if self.translated else self.augmentation
        return side_by_side(feed.batches(self.role, (self.to_task,), first_step, 1, look))

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The same domain."""
        return side_by_side(feed.validation(self.role, (self.to_task,)))


@dataclass(frozen=True)
class Transfer(Stage):
    """Stage 3: the transfer function on images of the source.

    With `teacher_weight` or `base_1_weight`, half of each batch is from the target. With
    `translated`, the source's images are translated first and augmented afterwards.
    """

    from_task: Task
    to_task: Task
    augmentation: str
    class_balance: float
    decoded_weight: float
    teacher_weight: float
    base_1_weight: float
    squared: bool = False
    translated: bool = False

    @property
    def name(self) -> str:
        """`"transfer"`, or `"transfer_translated"`."""
        return "transfer" + "_translated" * self.translated

    @property
    def trains(self) -> tuple[str, ...]:
        """The transfer function, and the networks that are trained with it."""
        decoder_2 = ("decoder_2",) if self.decoded_weight or self.teacher_weight else ()
        base_1 = ("encoder_1", "decoder_1") if self.base_1_weight else ()
        return ("transfer", *decoder_2, *base_1)

    @property
    def on_target(self) -> bool:
        """Whether images of the target are needed."""
        return bool(self.teacher_weight or self.base_1_weight)

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """The source, and the target where it is needed."""
        return BOTH if self.on_target else ("source",)

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> TransferTrainer:
        """A `TransferTrainer`."""
        trainer = TransferTrainer(
            networks["encoder_1"],
            networks["encoder_2"],
            networks["transfer"],
            networks["decoder_2"],
            self.decoded_weight,
            self.teacher_weight,
            self.base_1_weight,
            teacher=networks["teacher"] if self.teacher_weight else None,
            decoder_1=networks["decoder_1"] if self.base_1_weight else None,
            translator=networks["to_target"] if self.translated else None,
            augment=feed.augmenter(self.augmentation),
        )
        decoded, balance = self.decoded_weight or self.teacher_weight, self.class_balance
        loss_1 = feed.task_loss(self.from_task, "source", balance) if self.base_1_weight else None
        trainer.compile(
            self.training.optimizer(),
            keras.losses.MeanSquaredError() if self.squared else None,
            self.to_task.metrics(),
            feed.task_loss(self.to_task, "source", balance) if decoded else None,
            base_1_loss=loss_1,
            **teacher_arguments(feed, self.from_task, self.to_task),
        )
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Images of the source, and what the weights need of its labels and of the target."""
        known = {}
        if self.decoded_weight:
            known["source"] = self.to_task
        if self.base_1_weight:
            known["source_1"] = self.from_task
        augmentation = "none" if self.translated else self.augmentation
        labels = tuple(known.values())
        if not self.on_target:
            return feed.batches("source", labels, first_step, 1, augmentation)
        source = feed.batches("source", labels, first_step, 2, augmentation)
        target = feed.batches("target", (self.from_task,), first_step, 2, self.augmentation)

        def join(source, target):
            image, *labels = source if isinstance(source, tuple) else (source,)
            images = {"source": image, "target": target[0]}
            return images, {**dict(zip(known, labels, strict=True)), "target": target[1]}

        return tf.data.Dataset.zip(source, target).map(join)

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The source with labels of task 2."""
        return feed.validation("source", (self.to_task,))


class AdaAtdt(Method):
    """Task 2 by features that are the same in both domains (Chavhan et al., WACV 2021).

    The recommended recipe extends stage 3 (see `TransferTrainer`): G is also trained through D2, on
    the source's labels of task 2 and a teacher's for the target, and D2, E1, D1 are trained too.
    """

    name = "ada_atdt"
    predictor = "transfer"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Adversarial, supervised, transfer (after its teacher, if it has one)."""
        look, alpha_loss = recipe.augmentation, recipe.alpha_and_loss(from_task)
        return [
            Adversarial(training, from_task, *alpha_loss, look, recipe.balance(from_task)),
            Supervised(training, to_task, look, recipe.balance(to_task)),
            *transfer_stages(from_task, to_task, recipe, training, architecture),
        ]


def transfer_stages(
    from_task: Task,
    to_task: Task,
    recipe: Recipe,
    training: Training,
    architecture: str,
    translated: bool = False,
) -> list[Stage]:
    """The transfer stage, preceded by the teacher's stage if the recipe has a `teacher_weight`."""
    decoded = (to_task,) if recipe.decoded_weight or recipe.teacher_weight else ()
    learns_on = (from_task,) if recipe.base_1_weight else ()
    transfer = Transfer(
        training,
        from_task,
        to_task,
        recipe.augmentation,
        class_balance=recipe.balance(*decoded, *learns_on),
        decoded_weight=recipe.decoded_weight,
        teacher_weight=recipe.teacher_weight,
        base_1_weight=recipe.base_1_weight,
        squared=architecture == "dilated_resnet50",
        translated=translated,
    )
    teacher = Teacher.of(training, from_task, to_task, recipe.balance(to_task))
    return [teacher, transfer] if recipe.teacher_weight else [transfer]
