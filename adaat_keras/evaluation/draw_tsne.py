"""Figure 3: the features of both domains in a plane."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from adaat_keras.evaluation.save_figure import save_figure

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

    The better the domains are adapted, the more the colours mix. Each plot has its own plane:
    places can not be compared between plots.

    Args:
        groups: Title to source and target features, each `(n, channels)`; one plot a title.
        path: The PNG to write.
        captions: Title to a few words for the lower left corner, e.g. "mIoU 24.5, probe 71 %".
        seed: Decides which 1000 points of a larger domain are drawn, and their places.
        columns: Plots in a row at most.

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
    # Its threads wait for each other: beside another busy process, several are slower than one.
    with threadpool_limits(1):
        return TSNE(init="pca", perplexity=perplexity, random_state=seed).fit_transform(features)
