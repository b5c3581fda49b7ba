"""The history of generated images that CycleGAN's discriminators are shown."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("adaat_keras")
class ImagePool(keras.layers.Layer):
    """Swaps half of the new images for older ones (Shrivastava et al. 2017; CycleGAN).

    The first images fill the pool and are given as they come. Then each new image is, with
    probability 1/2, kept in place of a random old one, which is given instead. What is drawn
    depends on the number of the step alone, and the pool is saved with the trainer, so that a
    training that goes on after a kill goes on alike. Several devices share one pool.

    Args:
        shape: Height, width and channels of the images.
        size: How many are kept; 0 gives every image as it comes.

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

    def call(self, images, step):
        """Images to show, as many as were given; no gradient goes back through them."""
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

        # One after the other, since an image may be swapped for one of its own batch.
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
