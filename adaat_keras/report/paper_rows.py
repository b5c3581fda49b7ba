"""The paper's results, with notes for comparing them to ours."""

import csv
from pathlib import Path

from adaat_keras import tasks

# Rounding alone moves a mean of IoUs in percent by 0.01.
_TOLERANCE = 0.0002


def paper_notes(source: str, target: str, from_task: str | dict, to_task: str | dict) -> list[str]:
    """Sentences on the paper's rows of a pair of domains, checked against the rows themselves.

    Args:
        source, target, from_task, to_task: As `paper_rows` takes them.

    Returns:
        The notes, in Markdown; none where the paper has no such pair.

    Example:
        >>> paper_notes("carla", "kitti", "depth", "semantic")
        []
        >>> print(paper_notes("synthia_sf", "carla", "depth", "semantic")[0])
        The paper's Table 2 (a), SYNTHIA-SF to CARLA, is not available: it has no rows here.
    """
    pair = (source, target, from_task, to_task)
    rows = paper_rows(*pair)
    if pair == ("synthia_sf", "carla", "depth", "semantic"):
        return [
            "The paper's Table 2 (a), SYNTHIA-SF to CARLA, is not available: it has no rows here."
        ]
    if not rows:
        return []
    return [
        _on_means(rows) if any("mean_iou" in row for row in rows.values()) else _on_metres(rows)
    ]


def _on_means(rows: dict[str, dict[str, float]]) -> str:
    """Which rows' class IoUs do not average to the mIoU that stands beside them."""
    differing = []
    for method, row in rows.items():
        classes = [value for name, value in row.items() if name.startswith("iou_")]
        mean = sum(classes) / len(classes)
        if abs(mean - row["mean_iou"]) > _TOLERANCE:
            differing.append(f"{method} {100 * mean:.2f}, not {100 * row['mean_iou']:.2f}")
    return (
        "The class IoUs of some of the paper's rows do not average to the mIoU that it reports: "
        + "; ".join(differing)
        + ". The others do, to 0.01. Its Table 2 (a), SYNTHIA-SF to CARLA, is not available."
    )


def _on_metres(rows: dict[str, dict[str, float]]) -> str:
    """What RMSE and Sq Rel imply about the depths that they were computed on."""
    depths = {method: row["rmse"] ** 2 / row["sq_rel"] for method, row in rows.items()}
    own = [depth for method, depth in depths.items() if method.startswith("ADA-AT/DT")]
    others = [depth for method, depth in depths.items() if not method.startswith("ADA-AT/DT")]
    return (
        "RMSE and Sq Rel of the paper's ADA-AT/DT rows are not in metres: RMSE² / Sq Rel, a "
        "weighted mean of the true depths, is "
        f"{_range(own)} there and {_range(others)} in its other rows, where metres of a street are "
        "plausible. Compare by Abs Rel, RMSE log and the deltas, which have no unit."
    )


def _range(values: list[float]) -> str:
    low, high = (f"{value:.1f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


TABLES = {
    ("depth", "semantic"): "table2_depth_to_semantic.csv",
    ("semantic", "depth"): "table3_semantic_to_depth.csv",
}
# Metrics with another name in the tables.
RENAMED = {"miou": "mean_iou"}


def paper_rows(
    source: str, target: str, from_task: str | dict, to_task: str | dict
) -> dict[str, dict[str, float]]:
    """What the paper reports for a pair of domains, by method, in our metrics' names and units.

    Compare depth by Abs Rel and the deltas: the paper's RMSE and Sq Rel are not in metres (RMSE
    squared over Sq Rel is 1.0 to 3.2 in its rows, 10 to 33 in AT/DT's). The class IoUs of its
    CyCADA, FCNs in the Wild and DAN rows, of its AT/DT row from SYNTHIA-SF, and of its ADA-AT/DT
    (unet_attention) row from CARLA do not average to the mIoU that it reports. Its Table 2 (a),
    SYNTHIA-SF to CARLA, is not available.

    Args:
        source, target: Domains by name, e.g. `"carla"`, `"cityscapes"`.
        from_task, to_task: As `tasks.serialize` gives them: `"depth"` to `"semantic"` (Table 2) or
            the reverse (Table 3); others, such as other classes, have no table.

    Returns:
        Metrics by method, in the table's order; empty where the paper has no such pair.

    Example:
        >>> paper_rows("carla", "kitti", "semantic", "depth")["AT/DT"]["abs_rel"]
        0.439
        >>> rows = paper_rows("carla", "cityscapes", "depth", "semantic")
        >>> rows["ADA-AT/DT (unet)"]["mean_iou"]
        0.4776
    """
    named = isinstance(from_task, str) and isinstance(to_task, str)
    table = TABLES.get((from_task, to_task)) if named else None
    if not table:
        return {}
    with (Path(__file__).parent / "paper" / table).open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["source"], row["target"]) == (source, target)
        ]
    return {row["method"]: _metrics(row, to_task) for row in rows}


def _metrics(row: dict[str, str], to_task: str) -> dict[str, float]:
    """A row with the task's names of metrics; names that are not metrics are classes' IoUs."""
    task = tasks.get(to_task)
    metrics = {}
    for name, text in row.items():
        if name not in ("source", "target", "method"):
            name = RENAMED.get(name, name)
            name = name if name in task.columns else f"iou_{name}"
            metrics[name] = round(float(text) / task.scale, 6)
    return metrics
