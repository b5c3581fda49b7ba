"""Matplotlib figures as files."""

from pathlib import Path

from matplotlib.figure import Figure

from adaat_keras.files import written_whole


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure as a PNG at its own resolution; a kill leaves no half-written file."""
    with written_whole(path) as temporary:
        figure.savefig(temporary, format="png", dpi="figure", pil_kwargs={"optimize": True})
