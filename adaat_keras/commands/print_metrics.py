"""A run's scores on the terminal."""

import json
from pathlib import Path

TITLES = {
    "target": "task 2 on the target",
    "source": "task 2 on the source (the transfer's ceiling)",
    "base_1_target": "task 1 on the target",
    "base_1_source": "task 1 on the source",
    "base_2_target": "task 2 on the target without transfer (source-only)",
    "base_2_source": "task 2 on the source without transfer",
    "teacher_target": "task 2 on the target by the teacher, from labels of task 1",
    "teacher_source": "task 2 on the source by the teacher",
    "domain_probe": "a probe telling the domains apart from encoder 1's features",
    "classifier_accuracy": "how often the domain classifier is right",
    "transfer_error": "error of the transferred features, 1 = knows nothing",
}
SHOWN = (
    "mean_iou",
    "accuracy",
    "abs_rel",
    "rmse",
    "delta_1",
    "mean_angle",
    "within_30",
    "proxy_a_distance",
    "source",
    "target",
)


def print_metrics(directory: Path | str) -> None:
    """Print the chief scores of a finished run and where its files are."""
    metrics = json.loads((Path(directory) / "metrics.json").read_text())
    print()
    for name, values in metrics.items():
        shown = "  ".join(f"{k} {values[k]:.3f}" for k in SHOWN if values.get(k) is not None)
        print(f"{TITLES.get(name, name):60} {shown}")
    print(f"\n{directory}/README.md shows the pictures; {directory}/model.keras is the model")
