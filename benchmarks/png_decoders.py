"""Milliseconds that PNG decoders need for a picture of Cityscapes' size, 1024 x 2048.

    python benchmarks/png_decoders.py      # tries those of opencv-python-headless, imagecodecs and
                                           # pyspng, where they are installed

A street that is enlarged, with a camera's noise: 3 MB. The median of twelve, on one thread, in the
time that the processor worked.
"""

import importlib
import io
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import render


def picture() -> np.ndarray:
    """The picture, uint8 `(1024, 2048, 3)`."""
    street = render(LAYOUTS["camera_car"], LOOKS["daylight"], 1, 128, 256)["image"]
    large = Image.fromarray(street).resize((2048, 1024), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0).normal(0, 2, (1024, 2048, 3))
    return np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)


def decoders() -> Iterator[tuple[str, Callable[[bytes], np.ndarray]]]:
    """Those that are installed, by name."""
    yield "Pillow", lambda data: np.asarray(Image.open(io.BytesIO(data)))
    for module, name, decode in (
        ("tensorflow", "TensorFlow", lambda tf, data: tf.io.decode_png(data).numpy()),
        (
            "cv2",
            "OpenCV",
            lambda cv2, data: cv2.imdecode(np.frombuffer(data, np.uint8), 1)[..., ::-1],
        ),
        ("imagecodecs", "imagecodecs, spng", lambda codecs, data: codecs.spng_decode(data)),
        ("pyspng", "pyspng", lambda pyspng, data: pyspng.load(data)),
    ):
        try:
            library = importlib.import_module(module)
        except ImportError:
            continue
        yield name, lambda data, decode=decode, library=library: decode(library, data)


def main() -> None:
    """Print a row a decoder."""
    expected, file = picture(), io.BytesIO()
    Image.fromarray(expected).save(file, "png")
    data = file.getvalue()
    print(f"{len(data) / 1e6:.1f} MB\n| decoder | ms |\n|---|---:|")
    for name, decode in decoders():
        if not (decode(data) == expected).all():
            raise ValueError(f"{name} decodes another picture")
        times = []
        for _ in range(12):
            start = time.process_time()
            decode(data)
            times.append(time.process_time() - start)
        print(f"| {name} | {1000 * statistics.median(times):.1f} |")


if __name__ == "__main__":
    main()
