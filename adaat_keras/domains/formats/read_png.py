"""PNG files to tensors, in graph operations."""

import tensorflow as tf

from adaat_keras.domains.formats.png_kind import PngKind


def read_png(path: tf.Tensor, kind: PngKind) -> tf.Tensor:
    """Read a PNG file of a known kind.

    TensorFlow would scale 4-bit ids to 8 bits and grey RGB ones in silence, and name no file when
    one is cut off; so format and end are checked before it decodes.

    Args:
        path: String scalar.
        kind: The format that the file must have.

    Returns:
        `(height, width, channels)`, uint8, or uint16 for a kind of 16 bits; without the last axis
        if the kind has one channel.

    Raises:
        tf.errors.InvalidArgumentError: The file is of another kind, or damaged; the message names
            the file. (For a full account before anything is decoded: `kind.check`.)

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from adaat_keras.domains.formats.png_kind import IMAGE
        >>> path = tempfile.mkdtemp() + "/a.png"
        >>> Image.new("RGB", (5, 4), (1, 2, 3)).save(path)
        >>> image = read_png(tf.constant(path), IMAGE)
        >>> image.shape, image[0, 0].numpy().tolist()
        (TensorShape([4, 5, 3]), [1, 2, 3])
    """
    data = tf.io.read_file(path)
    size = tf.strings.length(data)
    end = tf.strings.substr(data, tf.maximum(size - 8, 0), 4)
    found = tf.strings.substr(data, tf.minimum(24, size), 2)
    formats = [bytes((kind.bits, color)) for color in kind.colors]
    good = (end == b"IEND") & tf.reduce_any(found == tf.constant(formats))
    fix = f": cut off, or not {kind.format}; `adaat-keras data check` tells which"
    check = tf.debugging.Assert(good, [tf.strings.join([path, fix])])
    with tf.control_dependencies([check] if check is not None else []):
        dtype = tf.uint8 if kind.bits == 8 else tf.uint16
        pixels = tf.io.decode_png(data, channels=kind.channels, dtype=dtype)
    return pixels[..., 0] if kind.channels == 1 else pixels
