"""What the trainers have in common: precision, logs, any image size in testing."""

import keras
import tensorflow as tf

from adaat_keras.layers import CropLike, PadToStride


class NetworkTrainer(keras.Model):
    """A Keras model that trains networks which it does not own.

    Networks are products, trainers are thrown away: save the networks. A trainer counts as built
    from the start, since its networks are; `fit` has nothing to infer.

    Args:
        stride: What the networks need height and width to be multiples of; in testing, images
            of other sizes are padded, and predictions cropped back.
    """

    def __init__(self, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.pad = PadToStride(stride)
        self.crop = CropLike(dtype="float32")
        self.means = {}
        # Or Keras would, to infer them, run a batch that it cannot add up over uneven replicas.
        self.built = self.pad.built = self.crop.built = True

    def compile(self, optimizer, variables: list, means: tuple[str, ...]) -> None:
        """Set the optimizer of these variables, and the names of the means in the log.

        Raises:
            ValueError: The precision is float16. Keras scales the loss of `optimizer` alone, so
                that a second optimizer would train on gradients rounded to zero.
        """
        if keras.config.dtype_policy().compute_dtype == "float16":
            raise ValueError(
                "precision 'mixed_float16' is not supported: Keras would scale the loss of one "
                "of two optimizers alone; use 'mixed_bfloat16', which needs no scaling"
            )
        super().compile(optimizer=optimizer, jit_compile=False)
        # Restoring a checkpoint fills only slots that exist.
        optimizer.build(variables)
        self.means = {name: keras.metrics.Mean(name=name) for name in means}

    def log(self, **losses: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the means of these losses and return all means.

        Keras divides a loss by the number of replicas, since gradients are summed over them; the
        mean is taken of the loss itself.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for name, loss in losses.items():
            self.means[name].update_state(loss * replicas)
        return {name: mean.result() for name, mean in self.means.items()}

    @staticmethod
    def results(metrics: list) -> dict[str, tf.Tensor]:
        """The results of these metrics by name."""
        results = {}
        for metric in metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results
