"""First weights that a seed alone decides."""

import keras


def reseed(network: keras.Model, seed: int) -> keras.Model:
    """Draw a network's kernels anew (Glorot uniform) from a seed, its biases zero; return it.

    For networks that a training needs for itself: Keras' own first weights depend on how many
    others were drawn before.

    Example:
        >>> from adaat_keras.models import DomainClassifier
        >>> one, other = (reseed(DomainClassifier(8), seed=3) for _ in range(2))
        >>> bool((one.get_weights()[0] == other.get_weights()[0]).all())
        True
    """
    for number, variable in enumerate(network.trainable_variables):
        if len(variable.shape) > 1:
            draw = keras.initializers.GlorotUniform(seed=seed * 1000 + number)
            variable.assign(draw(variable.shape, variable.dtype))
        elif variable.name == "bias":
            variable.assign(keras.ops.zeros_like(variable))
    return network
