"""What the networks have in common: a configuration made of their constructor's arguments."""

import keras


class Network(keras.Model):
    """A functional Keras model that `get_config` describes by its constructor's arguments.

    Subclasses build their graph in `__init__`, keep every argument as an attribute of the same
    name, and list those names in `arguments`.
    """

    arguments: tuple[str, ...] = ()

    def __init__(self, *, dtype=None, **kwargs):
        super().__init__(**kwargs)
        # A functional model drops the argument, and would come back in Keras' current precision.
        self.dtype_policy = dtype

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            **{name: getattr(self, name) for name in self.arguments},
        }
