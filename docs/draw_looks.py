"""Draws the same streets with every look: `python docs/draw_looks.py`."""

import numpy as np
from PIL import Image

from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import render

OUT = "docs/pictures/looks.png"
SEEDS = (3, 11, 40)


def main():
    rows = [
        np.hstack([render(LAYOUTS["camera_car"], look, s, 128, 256)["image"] for s in SEEDS])
        for look in LOOKS.values()
    ]
    Image.fromarray(np.vstack(rows)).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
