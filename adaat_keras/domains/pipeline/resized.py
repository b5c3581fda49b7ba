"""The frames of a domain at another size."""

import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.domains.pipeline.nearest import nearest
from adaat_keras.domains.pipeline.nearest_valid import nearest_valid


class Resized(Domain):
    """A domain whose frames are all brought to one size, whatever their own.

    - `"image"`: bilinear, over a wider support where it shrinks (antialiased), rounded.
    - `"depth"`: each pixel takes the valid depth that is nearest to its centre, among the pixels
      that it stands for; 0 if none of them is valid. No two depths are ever averaged, sparse
      depth survives, and where all is valid this is plain nearest. Beside invalid pixels (sky,
      gaps) valid depth grows by at most half a pixel of the new size.
    - any other label: the pixel nearest to the centre.

    Height and width are scaled apart, so another aspect ratio distorts; normals stay those of the
    surface.

    Args:
        domain: Where the frames come from.
        height: Pixels, at least 1.
        width: Pixels, at least 1.

    Raises:
        ValueError: A height or width below 1.

    Example:
        >>> import tempfile
        >>> from adaat_keras.domains import Streets
        >>> options = {"frames": 1, "height": 32, "width": 64, "cache": tempfile.mkdtemp()}
        >>> frame = Resized(Streets("streets_sim", "val", **options), 12, 20)[0]
        >>> frame["image"].shape, frame["depth"].shape
        ((12, 20, 3), (12, 20))
    """

    def __init__(self, domain: Domain, height: int, width: int):
        if height < 1 or width < 1:
            raise ValueError(f"height and width must be at least 1, not {height} and {width}")
        self.domain = domain
        self.height, self.width = height, width
        self.name, self.tasks = domain.name, domain.tasks

    def __len__(self) -> int:
        return len(self.domain)

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless the domain has labels for the `keys`; raises as the domain does."""
        self.domain.require(keys)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), resized; raises as the domain does."""
        frame = self.domain.read(index, keys)
        return {key: self._resize(key, value) for key, value in frame.items()}

    def _resize(self, key: str, value: tf.Tensor) -> tf.Tensor:
        size = (self.height, self.width)

        def resized():
            if key == "image":
                return tf.saturate_cast(
                    tf.round(tf.image.resize(value, size, antialias=True)), value.dtype
                )
            return (nearest_valid if key == "depth" else nearest)(value, size)

        # Only a look at the frame tells whether there is anything to do, and that takes time.
        there = tf.reduce_all(tf.shape(value)[:2] == size)
        return tf.ensure_shape(tf.cond(there, lambda: value, resized), (*size, *value.shape[2:]))
