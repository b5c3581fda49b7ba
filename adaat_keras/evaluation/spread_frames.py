"""Images of frames spread evenly over a domain."""

from collections.abc import Iterator

import tensorflow as tf

from adaat_keras.domains.domain import Domain


def spread_frames(domain: Domain, frames: int) -> Iterator[tf.Tensor]:
    """Images `(1, height, width, 3)` of up to so many frames, in the domain's order."""
    count = min(frames, len(domain))
    images = tf.data.Dataset.range(count).map(
        lambda n: domain.read(n * len(domain) // count, ("image",))["image"][None],
        tf.data.AUTOTUNE,
    )
    return iter(images.prefetch(4))
