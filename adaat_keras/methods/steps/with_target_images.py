"""Labelled batches of the source beside images of the target."""

import tensorflow as tf

from adaat_keras.methods.harness.setup import Setup


def with_target_images(
    setup: Setup, first: int, augmentation: str | None = None
) -> tf.data.Dataset:
    """Batches `((x_source, x_target), (y_source,))` for task 2, half of the images from each.

    No label of the target is read. The augmentation is the source's; by default the
    configuration's.
    """
    source = setup.batches("source", setup.to_task.name, first, 2, augmentation)
    target = setup.batches("target", None, first, share=2)
    return tf.data.Dataset.zip(source, target).map(
        lambda labelled, images: ((labelled[0], images), (labelled[1],))
    )
