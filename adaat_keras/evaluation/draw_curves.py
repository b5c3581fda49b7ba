"""A run's training curves from its history."""

import csv
import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from adaat_keras.evaluation.save_figure import save_figure

_KINDS = _LOSSES, _DOMAINS, _VALIDATION = "losses", "domain accuracy", "validation"
_SHOWN_METRICS = ("mean_iou", "accuracy", "abs_rel", "delta_1", "within_11_25", "within_30")

# A curve: epochs and values.
_Curve = tuple[list[float], list[float]]


def draw_curves(history_csv: Path | str, path: Path | str) -> None:
    """Draw small multiples of a history: one row a step, losses and metrics in columns.

    The columns are the losses, how often the domain classifier is right (where a step has one;
    0.5 is a guess), and the validation metrics. Of these, mean IoU, accuracy, Abs Rel, delta 1
    and the shares of normals within 11.25 and 30 degrees are drawn, not every class.

    Args:
        history_csv: Has columns `step` and `epoch`, and any number of numeric ones, which are
            empty where a step does not have them.
        path: The PNG to write.

    Raises:
        ValueError: The history has no numbers to draw.
    """
    steps = _read(history_csv)
    kinds = [kind for kind in _KINDS if any(kind in step for step in steps.values())]
    if not kinds:
        raise ValueError(f"{history_csv} has no losses or metrics to draw")
    size = (4.3 * len(kinds), 2.3 * len(steps))
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    grid = figure.subplots(len(steps), len(kinds), squeeze=False)
    for row, (step, curves) in zip(grid, steps.items(), strict=True):
        for axes, kind in zip(row, kinds, strict=True):
            if kind in curves:
                _draw(axes, kind, curves[kind])
                axes.set_title(f"{step}: {kind}", fontsize=10)
            else:
                axes.set_axis_off()
    save_figure(figure, path)


def _read(history_csv: Path | str) -> dict[str, dict[str, dict[str, _Curve]]]:
    """Step to kind of column to name to curve."""
    steps: dict[str, dict[str, dict[str, _Curve]]] = {}
    with Path(history_csv).open(newline="") as file:
        for line in csv.DictReader(file):
            step = steps.setdefault(line.pop("step"), {})
            epoch = float(line.pop("epoch"))
            for name, text in line.items():
                kind = _kind(name)
                if kind and text and math.isfinite(float(text)):
                    epochs, values = step.setdefault(kind, {}).setdefault(name, ([], []))
                    epochs.append(epoch)
                    values.append(float(text))
    return {name: step for name, step in steps.items() if step}


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


def _kind(name: str) -> str | None:
    if name.endswith("loss"):
        return _LOSSES
    if name.endswith("domain_accuracy"):
        return _DOMAINS
    if name.startswith("val_") and name.endswith(_SHOWN_METRICS):
        return _VALIDATION
    return None
