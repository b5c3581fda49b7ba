"""Draws what the benchmarks have measured: `python docs/draw_benchmarks.py`."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DOCS = Path(__file__).parent
AXES = {
    "image": "megapixels, in one piece",
    "tiles": "megapixels, as predict does",
    "frames": "frames",
    "classes": "classes",
    "batch": "images a step",
}


def growth(results: dict, out: Path) -> None:
    """A line of seconds and one of memory against each of them."""
    known = {what: label for what, label in AXES.items() if what in results}
    figure, axes = plt.subplots(2, len(known), figsize=(14, 5), constrained_layout=True)
    for column, (what, label) in enumerate(known.items()):
        points = {int(value): point for value, point in results[what].items()}
        places = [v * v / 1e6 if what in ("image", "tiles") else v for v in points]
        for row, (key, name) in enumerate((("seconds", "seconds"), ("mib", "MiB"))):
            ax = axes[row, column]
            ax.plot(places, [point[key] for point in points.values()], "o-", color="#2a5599")
            ax.set(xlim=(0, None), ylim=(0, None), xlabel=label)
            ax.set_ylabel(name if column == 0 else "")
            ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, dpi=90)


def train_time(results: dict, out: Path) -> None:
    """A bar of the parts of a training."""
    parts = sorted(results["seconds"].items(), key=lambda part: -part[1])
    total = sum(seconds for _, seconds in parts)
    figure, ax = plt.subplots(figsize=(10, 1.6), constrained_layout=True)
    left = 0.0
    for number, (name, seconds) in enumerate(parts):
        color = plt.colormaps["tab10"](number)
        label = f"{name}, {seconds / 60:.1f} ({100 * seconds / total:.0f} %)"
        ax.barh(0, seconds / 60, left=left / 60, color=color, label=label)
        left += seconds
    ax.set(yticks=[], xlim=(0, total / 60), xlabel="minutes of one processor core")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False, fontsize=9)
    figure.savefig(out, dpi=90)


def main():
    for draw in (growth, train_time):
        file = DOCS / f"results/{draw.__name__}.json"
        draw(json.loads(file.read_text()), DOCS / f"pictures/{draw.__name__}.png")


if __name__ == "__main__":
    main()
