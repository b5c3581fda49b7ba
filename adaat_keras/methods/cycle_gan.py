"""CycleGAN: the simulator's images with the target's look (Zhu et al., ICCV 2017)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from adaat_keras.methods.ada_atdt import BOTH, Supervised
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage
from adaat_keras.models import AdaAtdt, BaseModel, Generator, PatchDiscriminator
from adaat_keras.models.base_model import reseed
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import (
    AnyLoss,
    AnyOptimizer,
    Batch,
    Logs,
    Trainer,
    adam,
    counts_of,
    loss_of,
)

# CycleGAN's settings.
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999}
IDENTITY_WEIGHT = 0.5


@keras.saving.register_keras_serializable("adaat_keras")
class ImagePool(keras.layers.Layer):
    """Swaps half of the new images for older ones (Shrivastava et al. 2017; CycleGAN).

    The first images fill the pool and are returned unchanged. After that, each new image is, with
    probability 1/2, stored in place of a random older one, which is returned instead. The random
    numbers depend only on the step, and the pool is saved with the trainer, so that training can
    be resumed exactly. Several devices share one pool.

    Args:
        shape: Height, width and channels of the images.
        size: Capacity; 0 returns all images unchanged.

    Example:
        >>> pool = ImagePool((8, 8, 3), size=50)
        >>> pool(tf.ones((2, 8, 8, 3)), step=0).shape
        TensorShape([2, 8, 8, 3])
    """

    def __init__(self, shape: tuple[int, int, int], size: int = 50, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.shape = tuple(shape)
        self.size = size
        options = {"trainable": False, "initializer": "zeros", "aggregation": "only_first_replica"}
        self.images = self.add_weight(
            shape=(size, *shape), dtype="float32", name="images", **options
        )
        self.filled = self.add_weight(shape=(), dtype="int32", name="filled", **options)

    def call(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Images for the discriminator, as many as were passed in, without gradients."""
        images = tf.stop_gradient(tf.cast(images, "float32"))
        if not self.size:
            return images
        context = tf.distribute.get_replica_context()
        count, place = tf.shape(images)[0], context.replica_id_in_sync_group
        everyone = images if context.num_replicas_in_sync == 1 else context.all_gather(images, 0)
        shown = tf.ensure_shape(self._exchange(everyone, tf.cast(step, "int32")), everyone.shape)
        return shown[place * count : (place + 1) * count]

    def _exchange(self, images, step):
        total = tf.shape(images)[0]
        filled, kept = tf.convert_to_tensor(self.filled), tf.convert_to_tensor(self.images)
        swaps = tf.random.stateless_uniform([total], tf.stack([step, 0])) < 0.5
        drawn = tf.random.stateless_uniform(
            [total], tf.stack([step, 1]), maxval=self.size, dtype="int32"
        )

        def exchange(n, kept, filled, given):
            free = filled < self.size
            seat = tf.where(free, filled, drawn[n])
            exchanged = ~free & swaps[n]
            given = given.write(n, tf.where(exchanged, kept[seat], images[n]))
            stored = tf.where(free | exchanged, images[n], kept[seat])
            kept = tf.tensor_scatter_nd_update(kept, [[seat]], stored[None])
            return n + 1, kept, tf.minimum(filled + 1, self.size), given

        # Sequentially, since an image may be swapped for one of its own batch.
        given = tf.TensorArray("float32", total, element_shape=self.shape)
        _, kept, filled, given = tf.while_loop(
            lambda n, *_: n < total, exchange, (0, kept, filled, given)
        )
        self.images.assign(kept)
        self.filled.assign(filled)
        return given.stack()

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "shape": self.shape, "size": self.size}


class CycleGanTrainer(Trainer):
    """Trains two generators that undo each other, against two discriminators (Zhu et al. 2017).

    With F: A -> B and H: B -> A and images scaled to -1..1, the generators minimize

        L_adv = mean (D_B(F(a)) - 1)^2 + mean (D_A(H(b)) - 1)^2
        + cycle_weight * (|H(F(a)) - a| + |F(H(b)) - b|)
        + identity_weight * cycle_weight * (|F(b) - b| + |H(a) - a|)

    and each discriminator minimizes `(mean (D(real) - 1)^2 + mean D(shown)^2) / 2`, where the
    images shown come from a pool of 50 earlier translations (`ImagePool`). With a `segmenter`
    (CyCADA, Hoffman et al. 2018), the generators also minimize its loss on translations, with its
    predictions for the originals as labels, so that translations preserve the content.

    A batch is `((x_source, x_target),)`, values 0 to 255.

    Args:
        to_target, to_source: The generators F and H.
        target_discriminator, source_discriminator: D_B and D_A.
        image_shape: Height, width and channels of the training images.
        cycle_weight, identity_weight: As above; the defaults are CycleGAN's.
        pool_size: Capacity of the pools of translations.
        segmenter: Frozen base model of a task, trained on the source; `None` omits this loss.
        semantic_weight: Weight of the segmenter's loss.

    Example:
        >>> from adaat_keras.models import BaseModel, Generator, PatchDiscriminator
        >>> trainer = CycleGanTrainer(
        ...     Generator(4, 1), Generator(4, 1), PatchDiscriminator(4), PatchDiscriminator(4),
        ...     image_shape=(32, 32, 3))
        >>> trainer.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4))
        >>> x = tf.ones((2, 32, 32, 3))
        >>> logs = trainer.train_on_batch((x, x), return_dict=True)
        >>> "cycle_loss" in logs
        True
    """

    def __init__(
        self,
        to_target: keras.Model,
        to_source: keras.Model,
        target_discriminator: keras.Model,
        source_discriminator: keras.Model,
        image_shape: tuple[int, int, int],
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        segmenter: keras.Model | None = None,
        semantic_weight: float = 1.0,
        **kwargs,
    ):
        super().__init__(to_target.stride, **kwargs)
        self.to_target = to_target
        self.to_source = to_source
        self.target_discriminator = target_discriminator
        self.source_discriminator = source_discriminator
        self.target_pool = ImagePool(image_shape, pool_size)
        self.source_pool = ImagePool(image_shape, pool_size)
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.segmenter = segmenter
        self.semantic_weight = semantic_weight

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        discriminator_optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        pseudo_labels: Callable[[tf.Tensor], tf.Tensor] | None = None,
        **kwargs,
    ) -> None:
        """Set both optimizers, and with a segmenter its loss and `Task.pseudo_labels`.

        Raises:
            ValueError: A segmenter has no loss or no labels, or the precision is float16.
        """
        if self.segmenter and None in (task_loss, pseudo_labels):
            raise ValueError("a segmenter needs task_loss and its task's pseudo_labels")
        names = ["loss", "adversarial_loss", "cycle_loss", "identity_loss", "discriminator_loss"]
        names += ["semantic_loss"] if self.segmenter else []
        super().compile(optimizer, self.generator_variables, tuple(names), **kwargs)
        self.discriminator_optimizer = adam(discriminator_optimizer)
        self.discriminator_optimizer.build(self.discriminator_variables)
        self.task_loss = loss_of(task_loss)
        self.pseudo_labels = pseudo_labels

    @property
    def generator_variables(self) -> list[keras.Variable]:
        """The trainable variables of both generators."""
        return self.to_target.trainable_variables + self.to_source.trainable_variables

    @property
    def discriminator_variables(self) -> list[keras.Variable]:
        """The trainable variables of both discriminators."""
        parts = (self.target_discriminator, self.source_discriminator)
        return [variable for part in parts for variable in part.trainable_variables]

    def train_step(self, data: Batch) -> Logs:
        """One step of both optimizers."""
        source, target = self.pair(data)
        self.check_images(source, target)
        source, target = tf.cast(source, "float32"), tf.cast(target, "float32")
        counts = counts_of((source, target))
        with tf.GradientTape(persistent=True) as tape:
            to_target = self.to_target(tf.concat([source, target], 0))
            to_source = self.to_source(tf.concat([target, source], 0))
            fake_target, same_target = tf.split(to_target, counts)
            fake_source, same_source = tf.split(to_source, counts[::-1])
            losses = {
                "adversarial_loss": self.real(self.target_discriminator(fake_target))
                + self.real(self.source_discriminator(fake_source)),
                "cycle_loss": self.distance(self.to_source(fake_target), source)
                + self.distance(self.to_target(fake_source), target),
                "identity_loss": self.distance(same_target, target)
                + self.distance(same_source, source),
            }
            loss = losses["adversarial_loss"] + self.cycle_weight * (
                losses["cycle_loss"] + self.identity_weight * losses["identity_loss"]
            )
            if self.segmenter:
                losses["semantic_loss"] = self.semantic_loss(source, fake_target)
                losses["semantic_loss"] += self.semantic_loss(target, fake_source)
                loss += self.semantic_weight * losses["semantic_loss"]
            step = self.optimizer.iterations
            shown = (
                self.target_pool(fake_target, step=step),
                self.source_pool(fake_source, step=step),
            )
            discriminator_loss = self.told_apart(self.target_discriminator, target, shown[0])
            discriminator_loss += self.told_apart(self.source_discriminator, source, shown[1])
        gradients = tape.gradient(loss, self.generator_variables)
        discriminator_gradients = tape.gradient(discriminator_loss, self.discriminator_variables)
        self.optimizer.apply(gradients, self.generator_variables)
        self.discriminator_optimizer.apply(discriminator_gradients, self.discriminator_variables)
        return self.log(source, loss=loss, discriminator_loss=discriminator_loss, **losses)

    def test_step(self, data: Batch) -> Logs:
        """Update and return the cycle loss, the distance of images from their translation back."""
        source, target = self.pair(data)
        losses = [
            self.distance(self.cropped(back(there(self.padded(x))), x), tf.cast(x, "float32"))
            for x, there, back in (
                (source, self.to_target, self.to_source),
                (target, self.to_source, self.to_target),
            )
        ]
        loss = tf.add_n(losses)
        means = self.log(source, cycle_loss=loss, loss=loss)
        return {name: means[name] for name in ("loss", "cycle_loss")}

    def pair(self, data: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """The images of a batch: the source's and the target's."""
        images, _ = self.unpacked(data)
        if not isinstance(images, tuple | list) or len(images) != 2:
            raise ValueError(
                f"a batch of a {type(self).__name__} is (x_source, x_target) as one element, "
                "((x_source, x_target),) where a tf.data.Dataset gives it"
            )
        return tuple(images)

    def semantic_loss(self, images: tf.Tensor, translated: tf.Tensor) -> tf.Tensor:
        """The segmenter's loss on translations, with its predictions for the originals as labels.

        Without a confidence threshold, as in CyCADA.
        """
        labels = tf.stop_gradient(self.pseudo_labels(self.segmenter(images)))
        return self.task_loss(labels, self.segmenter(translated))

    def told_apart(
        self, discriminator: keras.Model, real: tf.Tensor, shown: tf.Tensor
    ) -> tf.Tensor:
        """A discriminator's loss on real images and on translations."""
        fake = self.mean(discriminator(shown, training=True) ** 2)
        return (self.real(discriminator(real, training=True)) + fake) / 2

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        """How far logits are from saying "real"."""
        return self.mean((logits - 1) ** 2)

    def distance(self, images: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
        """L1 between images, in units of half their range."""
        return self.mean(tf.abs(images - others) / 127.5)


@dataclass(frozen=True)
class Translation(Stage):
    """Two generators that translate between source and target, and their discriminators.

    Trained without augmentation, since the generators would learn to imitate it.
    """

    trains = ("to_target", "to_source", "target_discriminator", "source_discriminator")
    name = "translation"

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return BOTH

    def extra_networks(self, model: AdaAtdt) -> dict[str, keras.Model]:
        """Both generators and both discriminators, as wide and deep as the base models."""
        encoder, seed = model.encoder_1, self.training.seed
        width = {"base_filters": encoder.base_filters, "dtype": encoder.dtype_policy}
        *generators, target, source = self.trains
        networks = [
            *(
                Generator(residual_blocks=encoder.residual_blocks, name=n, **width)
                for n in generators
            ),
            *(PatchDiscriminator(name=name, **width) for name in (target, source)),
        ]
        return {network.name: reseed(network, 4 * seed + n) for n, network in enumerate(networks)}

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> CycleGanTrainer:
        """A `CycleGanTrainer`."""
        trainer = CycleGanTrainer(
            *(networks[name] for name in self.trains),
            image_shape=feed.frame_shape,
            identity_weight=IDENTITY_WEIGHT,
        )
        trainer.compile(*(self.training.optimizer(**ADAM) for _ in range(2)))
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half of each batch from each domain, images alone."""
        return _pairs(*(feed.batches(role, (), first_step, 2) for role in BOTH))

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """Both domains, images alone."""
        frames = [feed.validation(role) for role in BOTH]
        return None if None in frames else _pairs(*frames)


@dataclass(frozen=True)
class SemanticTranslation(Translation):
    """Translations for which base model 2, frozen, predicts as for the originals (CyCADA)."""

    to_task: Task
    class_balance: float
    semantic_weight: float

    name = "semantic_translation"

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> CycleGanTrainer:
        """A `CycleGanTrainer` with base model 2 as its segmenter, without identity loss."""
        trainer = CycleGanTrainer(
            *(networks[name] for name in self.trains),
            image_shape=feed.frame_shape,
            identity_weight=0.0,
            segmenter=BaseModel(networks["encoder_2"], networks["decoder_2"]),
            semantic_weight=self.semantic_weight,
        )
        trainer.compile(
            *(self.training.optimizer(**ADAM) for _ in range(2)),
            feed.task_loss(self.to_task, "source", self.class_balance),
            self.to_task.pseudo_labels,
        )
        return trainer


def _pairs(source: tf.data.Dataset, target: tf.data.Dataset) -> tf.data.Dataset:
    return tf.data.Dataset.zip(source, target).map(lambda *images: (images,))


class CycleGan(Method):
    """Task 2 by a base model trained on translated source images (Zhu et al., ICCV 2017).

    1. F: A -> B and H: B -> A, against two discriminators (`CycleGanTrainer` has the loss).
    2. Base model 2 on F(x_A) with the source's labels.

    Deviations: generators and discriminators are as wide and deep as the base models, with Glorot
    initialization; the images, the batch size and the cosine schedule are those of any method's
    stage, which is far less training than CycleGAN's 200 epochs with batch size 1.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = CycleGan().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['translation', 'supervised_translated']
    """

    name = "cycle_gan"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Translation, then supervised on translated images."""
        options = (recipe.augmentation, recipe.balance(to_task))
        return [
            Translation(training),
            Supervised(training, to_task, *options, translated=True),
        ]
