"""An encoder's features at random places of a domain: what t-SNE and the domain probe look at."""

import numpy as np

from adaat_keras.domains.domain import Domain
from adaat_keras.evaluation.any_size import any_size
from adaat_keras.evaluation.spread_frames import spread_frames
from adaat_keras.models import Encoder


def sample_features(
    encoder: Encoder, domain: Domain, per_frame: int = 20, frames: int = 100, seed: int = 0
) -> np.ndarray:
    """Sample an encoder's features at random locations of frames spread evenly over a domain.

    Args:
        encoder: Its features are sampled (E1, for figure 3 of the paper).
        domain: Where the images come from; no labels are read.
        per_frame: Locations a frame; the same one never twice where a frame has enough of them.
        frames: How many frames at most. An odd number is rounded down, so that the two halves of
            the result never share a frame (`domain_probe` counts on it).
        seed: Decides the locations.

    Returns:
        float32 `(frames * per_frame, encoder.features)`, in the order of the frames.

    Raises:
        ValueError: Fewer than two frames.

    Example:
        >>> from adaat_keras import domains
        >>> encoder = Encoder(base_filters=4, residual_blocks=1)
        >>> target = domains.get("streets_real", split="val")  # doctest: +SKIP
        >>> sample_features(encoder, target, per_frame=5, frames=10).shape  # doctest: +SKIP
        (50, 16)
    """
    count = min(frames, len(domain)) // 2 * 2
    if not count:
        raise ValueError(
            f"{domain.name}: features need two frames or more, there are "
            f"{min(frames, len(domain))} (frames={frames})"
        )
    encode = any_size(encoder, encoder.stride)
    random = np.random.default_rng(seed)
    samples = []
    for image in spread_frames(domain, count):
        features = encode(image).numpy().reshape(-1, encoder.features)
        places = random.choice(len(features), per_frame, replace=len(features) < per_frame)
        samples.append(features[places])
    return np.concatenate(samples)
