"""What the caches have in common: a domain of whose frames each key is loaded once."""

from abc import abstractmethod

import tensorflow as tf

from adaat_keras.domains.domain import Domain


class KeyCache(Domain):
    """Hands out the frames of a domain, each key of which it loads when it is first read.

    Args:
        domain: Where the frames come from.
    """

    def __init__(self, domain: Domain):
        self.domain = domain
        self.name, self.tasks = domain.name, domain.tasks
        self._loaded: set[str] = set()

    def __len__(self) -> int:
        return len(self.domain)

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless the domain has labels for the `keys`; raises as the domain does."""
        super().require(keys)
        missing = self._missing(keys)
        if missing:
            self.domain.require(missing)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as the domain."""
        self.require(keys)
        missing = self._missing(keys)
        if missing:
            # `read` is traced into tf.data graphs: nothing can be read there yet, and a tensor
            # made there would be lost with them.
            with tf.init_scope(), tf.device("CPU"):
                # Not to be made a part of the graph from within which it is called.
                tf.autograph.experimental.do_not_convert(self._load)(missing)
            self._loaded.update(missing)
        return {key: self._frame(key, index) for key in keys}

    def _missing(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in keys if key not in self._loaded)

    @abstractmethod
    def _load(self, keys: tuple[str, ...]) -> None:
        """Load these keys of all frames."""

    @abstractmethod
    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        """A loaded key of the frame at `index`."""
