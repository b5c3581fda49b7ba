"""Matplotlib figures as files."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from adaat_keras.files import written_whole


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure as an RGB PNG at its own resolution; a kill leaves no half-written file."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3]))
    with written_whole(path) as temporary:
        picture.save(temporary, format="PNG", optimize=True)
