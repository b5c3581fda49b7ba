"""What the trainers have in common: precision, logs, any image size in testing."""

from collections.abc import Callable

import keras
import tensorflow as tf

from adaat_keras.layers import CropLike, PadToStride
from adaat_keras.training.machines import cluster_of


class NetworkTrainer(keras.Model):
    """A Keras model that trains networks which it does not own.

    Networks are products, trainers are thrown away: save the networks. A trainer counts as built
    from the start, since its networks are; `fit` has nothing to infer.

    Args:
        stride: What the networks need height and width to be multiples of; in testing, images
            of other sizes are padded, and predictions cropped back.
        translator: Turns images of the source into the target's look before anything sees them;
            stays as it is.
        augment: What happens to a translated image in training, given its number in the step's
            order of images. Not before: the translator has seen plain images.
    """

    def __init__(
        self,
        stride: int,
        translator: keras.Model | None = None,
        augment: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.translator = translator
        self.augment = augment
        self.pad = PadToStride(stride)
        self.crop = CropLike(dtype="float32")
        self.means = {}
        self.built = True

    def compile(self, optimizer, variables: list, means: tuple[str, ...]) -> None:
        """Set the optimizer of these variables, and the names of the means in the log.

        Raises:
            ValueError: The precision is float16. Keras scales the loss of `optimizer` alone, so
                that a second optimizer would train on gradients rounded to zero.
        """
        if any(layer.compute_dtype == "float16" for layer in self.layers):
            raise ValueError(
                "precision 'mixed_float16' is not supported: Keras would scale the loss of one "
                "of two optimizers alone; use 'mixed_bfloat16', which needs no scaling"
            )
        super().compile(optimizer=optimizer, jit_compile=False)
        # Restoring a checkpoint fills only slots that exist.
        optimizer.build(variables)
        self.means = {name: keras.metrics.Mean(name=name) for name in means}

    def translated(self, images: tf.Tensor) -> tf.Tensor:
        """Images of the source in the target's look, where there is a translator."""
        if self.translator is None:
            return images
        return tf.stop_gradient(self.translator(tf.cast(images, "float32"), training=False))

    def translated_in_training(self, images: tf.Tensor) -> tf.Tensor:
        """`translated`, and then augmented."""
        images = self.translated(images)
        if self.translator is None or self.augment is None:
            return images
        context, count = tf.distribute.get_replica_context(), tf.shape(images, "int64")[0]
        batch = tf.cast(self.optimizer.iterations, "int64") * context.num_replicas_in_sync
        batch += tf.cast(context.replica_id_in_sync_group, "int64")
        numbers = batch * count + tf.range(count)
        # As in the pipeline: contrast has no deterministic kernel on a GPU.
        with tf.device("/CPU:0"):
            return tf.map_fn(lambda each: self.augment(*each), (images, numbers), "float32")

    @staticmethod
    def mean(values: tf.Tensor) -> tf.Tensor:
        """The mean (0 of nothing), so that gradients summed over devices are those of one device.

        For losses that are no `keras.losses.Loss`, which does the same.
        """
        total = tf.reduce_sum(values)
        mean = tf.math.divide_no_nan(total, tf.cast(tf.size(values), total.dtype))
        return mean / tf.distribute.get_strategy().num_replicas_in_sync

    @staticmethod
    def step_together(tape: tf.GradientTape, *sides: tuple) -> None:
        """Step several optimizers from one state: all gradients are taken before any step.

        A side is `(optimizer, loss, variables)`; the tape is persistent.
        """
        gradients = [tape.gradient(loss, variables) for _, loss, variables in sides]
        for (optimizer, _, variables), gradient in zip(sides, gradients, strict=True):
            optimizer.apply(gradient, variables)

    @staticmethod
    def gathered(values: tf.Tensor) -> tf.Tensor:
        """The whole batch's values on every device, for what is no mean over images."""
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return values
        return context.all_gather(values, axis=0)

    def padded(self, images: tf.Tensor) -> tf.Tensor:
        """Images padded to the stride, and a black one if there is none.

        The last replicas get no image where a batch has too few, and networks cannot take that.
        """
        spare = tf.cast(tf.equal(tf.shape(images)[0], 0), "int32")
        return self.pad(tf.pad(images, [[0, spare], [0, 0], [0, 0], [0, 0]]))

    def cropped(self, outputs: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Outputs for what `padded` makes of `images`, as many and as large as these."""
        return self.crop([outputs, images])[: tf.shape(images)[0]]

    def log(self, images: tf.Tensor, **losses: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the means over images of these losses of `images`, and return all means.

        Keras divides a loss by the number of replicas, since gradients are summed over them; the
        mean is taken of the loss itself.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for name, loss in losses.items():
            self.means[name].update_state(loss * replicas, tf.shape(images)[0])
        return {name: mean.result() for name, mean in self.means.items()}

    def scores(self) -> dict[str, tf.Tensor]:
        """The results of the metrics of `test_step`, under the names in the log."""
        return {}

    def evaluate(self, *args, return_dict: bool = False, **kwargs):
        """As in Keras, but the results are read once over all replicas.

        Keras averages those that each replica has by itself, which is no mean IoU.
        """
        logs = super().evaluate(*args, return_dict=True, **kwargs)
        with self.distribute_strategy.scope():
            results = {name: mean.result() for name, mean in self.means.items()} | self.scores()
        logs = {name: float(results[name]) for name in logs}
        return logs if return_dict else list(logs.values())

    def _make_function(self, step_function):
        """As in Keras, which over machines takes the means of the logs along an axis of theirs.

        Numbers have none, and so its own `fit` fails there (keras issue 20585).
        """
        if not cluster_of(self.distribute_strategy):
            return super()._make_function(step_function)
        return super()._make_function(
            lambda data: {name: value[None] for name, value in step_function(data).items()}
        )

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Skip what Keras would infer: it adds up a batch over replicas that may differ in size."""

    @staticmethod
    def results(metrics: list) -> dict[str, tf.Tensor]:
        """The results of these metrics by name."""
        results = {}
        for metric in metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results
