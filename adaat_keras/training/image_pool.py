"""The history of generated images that CycleGAN's discriminators are shown."""

import keras
import tensorflow as tf


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
        super().__init__(**kwargs)
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
        shown = self._exchange(everyone, tf.cast(step, "int32"))
        return shown[place * count : (place + 1) * count]

    def _exchange(self, images, step):
        total = tf.shape(images)[0]
        filled = tf.convert_to_tensor(self.filled)
        swaps = tf.random.stateless_uniform([total], tf.stack([step, 0])) < 0.5
        seats = tf.random.stateless_uniform(
            [total], tf.stack([step, 1]), maxval=self.size, dtype="int32"
        )
        free = filled + tf.range(total)
        full = free >= self.size
        seats = tf.where(full, seats, free)
        kept = tf.convert_to_tensor(self.images)
        old = tf.gather(kept, seats)
        given = tf.where((full & swaps)[:, None, None, None], old, images)
        stored = tf.where((~full | swaps)[:, None, None, None], images, old)
        self.images.assign(tf.tensor_scatter_nd_update(kept, seats[:, None], stored))
        self.filled.assign(tf.minimum(filled + total, self.size))
        return given
