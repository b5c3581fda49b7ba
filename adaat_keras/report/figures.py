"""The paper's figures 3 and 4, and training curves."""

import csv
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from PIL import Image
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from adaat_keras import tasks
from adaat_keras.domains.resize import nearest_valid
from adaat_keras.files import written_whole


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure as an RGB PNG at its own resolution; a kill leaves no half-written file."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3]))
    with written_whole(path) as temporary:
        picture.save(temporary, format="PNG", optimize=True)


# All in pixels of the PNG.
_DPI = 100
_GAP = 6
_TITLE_LINE, _LEGEND_LINE = 17, 21
_SMALLEST, _LARGEST = 256, 384
# The patch and the gaps of an entry, and a letter of its name.
_LEGEND_PATCH, _LEGEND_LETTER = 34, 7


def draw_panels(
    rows: list[list[np.ndarray]],
    titles: list[str],
    path: Path | str,
    legend: dict[str, Sequence[int]] | None = None,
) -> None:
    """Draw a grid of pictures with a row per frame and a column per title, as in figure 4.

    Small pictures are enlarged by an integer factor, so that their pixels stay sharp; large ones
    are reduced by one, photos by averaging, labels to the nearest known pixel.

    Args:
        rows: Pictures `(height, width, 3)`, uint8 RGB, one per title in each row: a photo, then
            labels in colours, black where they are unknown. Frames may differ in size.
        titles: The columns' titles, e.g. "RGB", "truth", "prediction".
        path: The PNG to write.
        legend: Names to RGB colours, for columns of classes (`Task.legend`).

    Raises:
        ValueError: There are no rows, or a row has not as many pictures as there are titles.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "panels.png"
        >>> picture = np.zeros((32, 64, 3), np.uint8)
        >>> draw_panels([[picture, picture]], ["RGB", "truth"], path)
        >>> Image.open(path).size
        (530, 163)
    """
    _check(rows, titles)
    grid = [[_fit(picture, photo=n == 0) for n, picture in enumerate(row)] for row in rows]
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


def _fit(picture: np.ndarray, photo: bool) -> np.ndarray:
    """The picture, enlarged or reduced by an integer factor to a column's width."""
    width = picture.shape[1]
    if width > _LARGEST:
        factor = -(-width // _LARGEST)
        if not photo:
            return _reduced(picture, factor)
        return np.asarray(Image.fromarray(picture).reduce(factor))
    factor = -(-_SMALLEST // width)
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _reduced(labels: np.ndarray, factor: int) -> np.ndarray:
    """Reduce coloured labels by taking the known pixel nearest to each cell's middle.

    A mean would not be a class's colour, and would be nearly black where few pixels are known.
    """
    numbers = 1 + np.arange(labels[..., 0].size).reshape(labels.shape[:2])
    known = np.where(labels.any(axis=-1), numbers, 0)
    chosen = nearest_valid(known, [-(-side // factor) for side in known.shape]).numpy()
    return np.vstack([np.zeros((1, 3), np.uint8), labels.reshape(-1, 3)])[chosen]


def _legend_height(legend: dict | None, width: int) -> int:
    if not legend:
        return 0
    return _LEGEND_LINE * -(-len(legend) // _legend_columns(legend, width)) + 2 * _GAP


def _legend_columns(legend: dict, width: int) -> int:
    longest = max(map(len, legend))
    return max(1, width // (_LEGEND_PATCH + _LEGEND_LETTER * longest))


def _draw_legend(figure: Figure, legend: dict[str, Sequence[int]], width: int) -> None:
    handles = [
        Patch(facecolor=np.divide(color, 255), edgecolor="black", linewidth=0.5, label=name)
        for name, color in legend.items()
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=_legend_columns(legend, width),
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


_POINTS = 1000  # Per domain; the time grows faster than their number.
_SOURCE, _TARGET = "#d62728", "#2ca02c"


def draw_tsne(
    groups: dict[str, tuple[np.ndarray, np.ndarray]],
    path: Path | str,
    captions: dict[str, str] | None = None,
    *,
    seed: int = 0,
    columns: int = 4,
) -> None:
    """Draw t-SNE plots of source (red) and target (green) features, as the paper's figure 3.

    The better the domains are adapted, the more the colours mix. Positions cannot be compared
    between plots.

    Args:
        groups: Title to source and target features, each `(n, channels)`; one plot per title.
        path: The PNG to write.
        captions: Title to a few words for the lower left corner, e.g. "mIoU 24.5, probe 71 %".
        seed: Seed of the 1000 points drawn from larger domains, and of their positions.
        columns: Maximum number of plots per row.

    Raises:
        ValueError: There is no group, or a feature is not finite.

    Example:
        >>> import tempfile
        >>> features = np.random.default_rng(0).normal(size=(2, 50, 8))
        >>> path = Path(tempfile.mkdtemp()) / "tsne.png"
        >>> draw_tsne({"adversarial": tuple(features)}, path, {"adversarial": "probe 50 %"})
        >>> path.exists()
        True
    """
    if not groups:
        raise ValueError("there are no features to draw: groups is empty")
    columns = min(len(groups), columns)
    rows = -(-len(groups) // columns)
    figure = Figure(figsize=(2.9 * columns, 3.2 * rows + 0.4), dpi=120, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, (source, target)) in zip(grid, groups.items(), strict=False):
        _draw_group(axes, source, target, seed)
        axes.set_title("\n".join(textwrap.wrap(title, 32)), fontsize=10)
        axes.text(0.03, 0.03, (captions or {}).get(title, ""), transform=axes.transAxes, fontsize=9)
    for axes in grid[len(groups) :]:
        axes.set_axis_off()
    handles = [
        axes.scatter([], [], s=30, color=color, label=label)
        for color, label in ((_SOURCE, "source"), (_TARGET, "target"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    save_figure(figure, path)


def _draw_group(axes: Axes, source: np.ndarray, target: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    source, target = (_some(features, random) for features in (source, target))
    places = _places(np.concatenate([source, target]), seed)
    colors = np.repeat([_SOURCE, _TARGET], [len(source), len(target)])
    # In a random order, or the target would lie on top.
    order = random.permutation(len(places))
    axes.scatter(*places[order].T, s=5, c=colors[order], alpha=0.6, linewidths=0)
    axes.set(xticks=[], yticks=[], box_aspect=1)
    # Room for the caption below the points.
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.1 * (high - low), high)


def _some(features: np.ndarray, random: np.random.Generator) -> np.ndarray:
    chosen = random.permutation(len(features))[:_POINTS]
    return np.asarray(features, np.float32)[chosen]


def _places(features: np.ndarray, seed: int) -> np.ndarray:
    # An encoder that has collapsed gives one point, which t-SNE can't scale.
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 2))
    perplexity = min(30, (len(features) - 1) / 3)
    # Its threads busy-wait for each other, so that on a busy machine several are slower than one.
    with threadpool_limits(1):
        return TSNE(init="pca", perplexity=perplexity, random_state=seed).fit_transform(features)


_KINDS = _LOSSES, _DOMAINS, _VALIDATION = "losses", "domain accuracy", "validation"
_ROLES = ("", "source_", "target_")
# A curve: epochs and values.
_Curve = tuple[list[float], list[float]]


def draw_curves(
    history_csv: Path | str, path: Path | str, metrics: Sequence[str] | None = None
) -> None:
    """Draw the curves of a history, with a row per stage, and losses and metrics in columns.

    The columns are the losses, the domain classifier's accuracy if a stage has one (0.5 is chance),
    and the validation metrics.

    Args:
        history_csv: Has columns `stage` and `epoch`, and any number of numeric ones, which are
            empty where a stage does not have them.
        path: The PNG to write.
        metrics: The validation metrics to draw, on the source, the target or both; by default
            those in the tasks' `Task.curves`.

    Raises:
        ValueError: The history has no numbers to draw.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "history.csv").write_text("stage,epoch,loss\\njoint,1,0.5\\n")
        >>> draw_curves(folder / "history.csv", folder / "curves.png")
        >>> (folder / "curves.png").exists()
        True
    """
    if metrics is None:
        metrics = [metric for name in tasks.names() for metric in tasks.get(name).curves]
    stages = _read(history_csv, tuple(metrics))
    kinds = [kind for kind in _KINDS if any(kind in stage for stage in stages.values())]
    if not kinds:
        raise ValueError(f"{history_csv} has no losses or metrics to draw")
    size = (4.3 * len(kinds), 2.3 * len(stages))
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    grid = figure.subplots(len(stages), len(kinds), squeeze=False)
    for row, (stage, curves) in zip(grid, stages.items(), strict=True):
        for axes, kind in zip(row, kinds, strict=True):
            if kind in curves:
                _draw(axes, kind, curves[kind])
                axes.set_title(f"{stage}: {kind}", fontsize=10)
            else:
                axes.set_axis_off()
    save_figure(figure, path)


def _read(
    history_csv: Path | str, metrics: tuple[str, ...]
) -> dict[str, dict[str, dict[str, _Curve]]]:
    """Stage to kind of column to name to curve."""
    stages: dict[str, dict[str, dict[str, _Curve]]] = {}
    with Path(history_csv).open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            stage = stages.setdefault(line.pop("stage"), {})
            epoch = float(line.pop("epoch"))
            for name, text in line.items():
                kind = _kind(name, metrics)
                if kind and text and math.isfinite(float(text)):
                    epochs, values = stage.setdefault(kind, {}).setdefault(name, ([], []))
                    epochs.append(epoch)
                    values.append(float(text))
    return {name: stage for name, stage in stages.items() if stage}


def _draw(axes: Axes, kind: str, curves: dict[str, _Curve]) -> None:
    longest = max(len(epochs) for epochs, _ in curves.values())
    for name, (epochs, values) in curves.items():
        label = name.removeprefix("val_").replace("_", " ")
        # A single epoch is no line.
        axes.plot(epochs, values, marker="o" if longest < 20 else "", markersize=3, label=label)
    if kind == _DOMAINS:
        axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":", label="a guess")
        axes.set_ylim(-0.03, 1.03)
    axes.grid(alpha=0.3)
    axes.set_xlabel("epoch", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.tick_params(labelsize=8)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7, frameon=False)


def _kind(name: str, metrics: tuple[str, ...]) -> str | None:
    if name.endswith("loss"):
        return _LOSSES
    if name.endswith("domain_accuracy"):
        return _DOMAINS
    # Names must match completely: `val_iou_accuracy` is the IoU of a class.
    if name in {f"val_{role}{metric}" for role in _ROLES for metric in metrics}:
        return _VALIDATION
    return None
