"""Figure 4: pictures, truth and predictions side by side."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from adaat_keras.evaluation.save_figure import save_figure

# All in pixels of the PNG.
_DPI = 100
_GAP = 6
_TITLE_LINE, _LEGEND_LINE = 17, 21
_SMALLEST, _LARGEST = 256, 384
_LEGEND_ENTRY = 118


def draw_panels(
    rows: list[list[np.ndarray]],
    titles: list[str],
    path: Path | str,
    legend: dict[str, Sequence[int]] | None = None,
) -> None:
    """Draw a grid of pictures, one row a frame and one column a title, as the paper's figure 4.

    Small pictures are enlarged by a whole factor, so that their pixels stay sharp; large ones are
    reduced by one.

    Args:
        rows: Pictures `(height, width, 3)`, uint8 RGB, one a title in each row. Frames may
            differ in size.
        titles: The columns' titles, e.g. "RGB", "truth", "prediction".
        path: The PNG to write.
        legend: Names to RGB colours, for columns of classes.

    Raises:
        ValueError: There are no rows, or a row's pictures are not as many as the titles.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "panels.png"
        >>> picture = np.zeros((32, 64, 3), np.uint8)
        >>> draw_panels([[picture, picture]], ["RGB", "truth"], path)
        >>> Image.open(path).size
        (530, 163)
    """
    _check(rows, titles)
    grid = [[_fit(picture) for picture in row] for row in rows]
    column = max(picture.shape[1] for row in grid for picture in row)
    heights = [max(picture.shape[0] for picture in row) for row in grid]
    lines = [textwrap.wrap(title, column // 8) for title in titles]
    header = _TITLE_LINE * max(len(title) for title in lines) + _GAP
    width = len(titles) * (column + _GAP) + _GAP
    top = header + sum(heights) + len(rows) * _GAP + _GAP
    height = top + _legend_height(legend, width)
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)

    for n, title in enumerate(lines):
        x = (_GAP + n * (column + _GAP) + column / 2) / width
        y = 1 - header / height
        figure.text(x, y, "\n".join(title), ha="center", va="bottom", fontsize=10)
    bottom = height - header
    for row, row_height in zip(grid, heights, strict=True):
        bottom -= row_height + _GAP
        for n, picture in enumerate(row):
            left = _GAP + n * (column + _GAP) + (column - picture.shape[1]) // 2
            figure.figimage(picture, left, bottom, origin="upper")
    if legend:
        _draw_legend(figure, legend, width)
    save_figure(figure, path)


def _fit(picture: np.ndarray) -> np.ndarray:
    """The picture, enlarged or reduced by a whole factor to a column's width."""
    width = picture.shape[1]
    if width > _LARGEST:
        return np.asarray(Image.fromarray(picture).reduce(-(-width // _LARGEST)))
    factor = -(-_SMALLEST // width)
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _legend_height(legend: dict | None, width: int) -> int:
    return _LEGEND_LINE * -(-len(legend) // _legend_columns(width)) + 2 * _GAP if legend else 0


def _legend_columns(width: int) -> int:
    return max(1, width // _LEGEND_ENTRY)


def _draw_legend(figure: Figure, legend: dict[str, Sequence[int]], width: int) -> None:
    handles = [
        Patch(facecolor=np.divide(color, 255), edgecolor="black", linewidth=0.5, label=name)
        for name, color in legend.items()
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=_legend_columns(width),
        fontsize=9,
        frameon=False,
        borderaxespad=0,
        handlelength=1.2,
        columnspacing=1.2,
    )


def _check(rows: list[list[np.ndarray]], titles: list[str]) -> None:
    if not rows:
        raise ValueError("there are no pictures to draw: rows is empty")
    for n, row in enumerate(rows):
        if len(row) != len(titles):
            raise ValueError(f"row {n} has {len(row)} pictures for {len(titles)} titles")
