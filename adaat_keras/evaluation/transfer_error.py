"""How far transferred features are from those that they should be."""

import keras
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.evaluation.any_size import any_size
from adaat_keras.evaluation.spread_frames import spread_frames
from adaat_keras.models import AdaAtdt


def transfer_error(model: AdaAtdt, domain: Domain, frames: int = 100) -> float:
    """Equation 3's distance `|G(E1(x)) - E2(x)|` over a domain, in units of E2's own spread.

    1 is what a transfer scores that knows nothing of a frame but the mean of each channel of E2's
    features, 0 a perfect one. On the target it says how much of what G learnt on the source holds
    there; what E2 itself gets wrong on the target, it cannot say.

    Args:
        model: The six networks, trained.
        domain: Where the images come from; no labels are read.
        frames: How many at most, spread evenly.
    """
    encoder_1, encoder_2, transfer = model.encoder_1, model.encoder_2, model.transfer
    image = keras.Input((None, None, 3))
    both = keras.layers.Concatenate(axis=-1)([transfer(encoder_1(image)), encoder_2(image)])
    network = any_size(keras.Model(image, both), encoder_1.stride * transfer.stride)
    error = spread = 0.0
    for image in spread_frames(domain, frames):
        moved, truth = tf.split(network(image), 2, axis=-1)
        mean = tf.reduce_mean(truth, axis=(0, 1, 2))
        error += float(tf.reduce_mean(tf.abs(moved - truth)))
        spread += float(tf.reduce_mean(tf.abs(truth - mean)))
    return error / spread if spread else 0.0
