"""Deep adaptation networks: features whose distributions match (Long et al., ICML 2015)."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from adaat_keras.domains.batches import side_by_side
from adaat_keras.methods.ada_atdt import BOTH, Supervised
from adaat_keras.methods.method import Method
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed, Stage, beside_target_images
from adaat_keras.tasks import Task
from adaat_keras.training.trainer import (
    AnyLoss,
    AnyOptimizer,
    Batch,
    Logs,
    SupervisedTrainer,
    counts_of,
)

KERNELS, FACTOR = 5, 2.0
PIXELS = 256


def multi_kernel_mmd(source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Squared maximum mean discrepancy with several Gaussian kernels (Long et al. 2015, DAN).

    `mean k(a, a') + mean k(b, b') - 2 mean k(a, b)`, where k is the mean of five kernels
    `exp(-|x - y|^2 / s)`, with s from a quarter to four times the mean squared distance of all
    pairs of different rows, in factors of 2; no gradient flows through s. This is the biased
    estimate: 0 for equal sets, never negative.

    Args:
        source, target: `(n, channels)` and `(m, channels)`.

    Returns:
        A float32 scalar, 0 to 2.

    Example:
        >>> features = tf.random.normal((6, 3))
        >>> round(float(multi_kernel_mmd(features, features)), 6)
        0.0
    """
    count = tf.shape(source)[0]
    rows = tf.cast(tf.concat([source, target], axis=0), "float32")
    distances = squared_distances(rows)
    total = tf.cast(tf.size(distances) - tf.shape(rows)[0], "float32")
    bandwidth = tf.stop_gradient(tf.reduce_sum(distances) / total)
    scales = [FACTOR ** (n - KERNELS // 2) for n in range(KERNELS)]
    similar = [tf.exp(-tf.math.divide_no_nan(distances, bandwidth * scale)) for scale in scales]
    kernel = tf.add_n(similar) / KERNELS
    within = tf.reduce_mean(kernel[:count, :count]) + tf.reduce_mean(kernel[count:, count:])
    return within - 2 * tf.reduce_mean(kernel[:count, count:])


def squared_distances(rows: tf.Tensor) -> tf.Tensor:
    """`|x - y|^2` for every pair of rows, never below 0."""
    squares = tf.reduce_sum(rows**2, axis=1)
    products = tf.matmul(rows, rows, transpose_b=True)
    return tf.maximum(squares[:, None] + squares[None] - 2 * products, 0)


class DanTrainer(SupervisedTrainer):
    """Minimizes `L_task(A) + mmd_weight * MMD^2(E(x_A), E(x_B))` (Long et al. 2015, DAN).

    The discrepancy is computed between encoder features at 256 random locations of each domain's
    batch; DAN uses whole images' features at several fully connected layers, which networks for
    dense prediction do not have.

    A batch is `((x_source, x_target), (y_source,))`.

    Args:
        encoder, decoder: The base model; shared, not copied.
        mmd_weight: Weight of the discrepancy.
        **kwargs: As `Trainer`'s.

    Example:
        >>> from adaat_keras.models import Decoder, Encoder
        >>> trainer = DanTrainer(Encoder(4, 1), Decoder(1, 4))
        >>> trainer.compile(task_loss=keras.losses.MeanAbsoluteError())
        >>> x, y = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch((x, x), (y,), return_dict=True))
        ['loss', 'mmd', 'source_task_loss']
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, mmd_weight: float = 1.0, **kwargs
    ):
        super().__init__(encoder, decoder, **kwargs)
        self.mmd_weight = mmd_weight

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        metrics: Mapping[str, list] | None = None,
        **kwargs,
    ) -> None:
        """Set the optimizer, the task's loss and the metrics of `test_step`."""
        super().compile(optimizer, task_loss, metrics, **kwargs)
        self.means["mmd"] = keras.metrics.Mean(name="mmd")

    def train_step(self, data: Batch) -> Logs:
        """One optimizer step on the task loss and the discrepancy."""
        images, labels = self.training_batch(data, images=2)
        images = self.with_translated_source(images)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            source, target = tf.split(features, counts_of(images))
            task_loss = self.task_loss(labels[0], self.decoder(source, training=True))
            samples = self.sample(source, 0), self.sample(target, 1)
            mmd = self.mean(multi_kernel_mmd(*samples))
            loss = task_loss + self.mmd_weight * mmd
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        return self.log(images[0], loss=loss, source_task_loss=task_loss, mmd=mmd)

    def sample(self, features: tf.Tensor, salt: int) -> tf.Tensor:
        """Features at random locations, `(PIXELS, channels)`, seeded by the step.

        Drawn from all devices' images, since the discrepancy is not a mean over images.
        """
        rows = tf.reshape(self.gathered(features), (-1, features.shape[-1]))
        seed = tf.stack([tf.cast(self.optimizer.iterations, "int64"), salt])
        places = tf.random.stateless_uniform(
            [PIXELS], seed, maxval=tf.shape(rows)[0], dtype="int32"
        )
        return tf.gather(rows, places)


@dataclass(frozen=True)
class Discrepancy(Stage):
    """Encoder 2 and decoder 2 on the source, minimizing the discrepancy to the target."""

    to_task: Task
    augmentation: str
    class_balance: float
    mmd_weight: float

    name = "discrepancy"
    trains = ("encoder_2", "decoder_2")

    def reads(self, feed: Feed) -> tuple[str, ...]:
        """Both domains."""
        return BOTH

    def trainer(self, networks: Mapping[str, keras.Model], feed: Feed) -> DanTrainer:
        """A `DanTrainer`."""
        trainer = DanTrainer(networks["encoder_2"], networks["decoder_2"], self.mmd_weight)
        loss = feed.task_loss(self.to_task, "source", self.class_balance)
        trainer.compile(self.training.optimizer(), loss, {"source": self.to_task.metrics()})
        return trainer

    def batches(self, feed: Feed, first_step: int) -> tf.data.Dataset:
        """Half of each batch from the source with labels of task 2, half the target's images."""
        return beside_target_images(
            feed.batches("source", (self.to_task,), first_step, 2, self.augmentation),
            feed.batches("target", (), first_step, 2, self.augmentation),
        )

    def validation(self, feed: Feed) -> tf.data.Dataset | None:
        """The source with labels of task 2."""
        return side_by_side(feed.validation("source", (self.to_task,)))


class Dan(Method):
    """Task 2 by a base model whose features look alike in distribution (Long et al., ICML 2015).

    1. Base model 2 on the source.
    2. It is trained on with `L = L_task(A) + mmd_weight * MMD^2(E(x_A), E(x_B))`, the discrepancy
       with five Gaussian kernels between sampled pixel features (`multi_kernel_mmd`).

    Deviations: the networks are base model 2's, so that methods can be compared. DAN starts from
    an AlexNet pretrained on ImageNet and adapts the last layers, which classify whole images; it
    learns the kernels' weights, which sum to 1, and uses the linear-time estimate. Ours weights
    all kernels equally and uses all pairs. Implementations that sum the kernels instead of
    averaging them have five times our discrepancy.

    Example:
        >>> from adaat_keras.tasks import Depth, Semantic
        >>> stages = Dan().stages(Depth(), Semantic(), Recipe(), Training())
        >>> [stage.name for stage in stages]
        ['supervised', 'discrepancy']
    """

    name = "dan"

    def stages(
        self,
        from_task: Task,
        to_task: Task,
        recipe: Recipe,
        training: Training,
        architecture: str = "residual",
    ) -> list[Stage]:
        """Supervised on the source, then with the discrepancy to the target."""
        options = (recipe.augmentation, recipe.balance(to_task))
        return [
            Supervised(training, to_task, *options),
            Discrepancy(training, to_task, *options, mmd_weight=recipe.mmd_weight),
        ]
