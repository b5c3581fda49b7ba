"""The rows of the paper's Tables 2 and 3."""

import csv
from pathlib import Path

TABLES = {
    ("depth", "semantic"): "table2_depth_to_semantic.csv",
    ("semantic", "depth"): "table3_semantic_to_depth.csv",
}
# Their names in the columns of our metrics, which count IoU and accuracy from 0 to 1.
RENAMED = {"miou": "mean_iou", "accuracy": "accuracy"}
PERCENT = 100


def paper_rows(
    source: str, target: str, from_task: str, to_task: str
) -> dict[str, dict[str, float]]:
    """What the paper reports for a pair of domains, by method, in our metrics' names and units.

    Compare depth by Abs Rel and the deltas: the paper's RMSE and Sq Rel are not in metres (RMSE
    squared over Sq Rel is 1.0 to 3.2 in its rows, 10 to 33 in AT/DT's). The class IoUs of its
    CyCADA, FCNs in the Wild and DAN rows do not average to the mIoU that it reports, and its
    Table 2 (a), SYNTHIA-SF to CARLA, is not available.

    Args:
        source, target: Domains by name, e.g. `"carla"`, `"cityscapes"`.
        from_task, to_task: `"depth"` to `"semantic"` (Table 2) or the reverse (Table 3);
            others have no table.

    Returns:
        Metrics by method, in the table's order; empty where the paper has no such pair.

    Example:
        >>> paper_rows("carla", "kitti", "semantic", "depth")["AT/DT"]["abs_rel"]
        0.439
        >>> rows = paper_rows("carla", "cityscapes", "depth", "semantic")
        >>> rows["ADA-AT/DT (unet)"]["mean_iou"]
        0.4776
    """
    table = TABLES.get((from_task, to_task))
    if not table:
        return {}
    with (Path(__file__).parent / "paper" / table).open(newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["source"], row["target"]) == (source, target)
        ]
    return {row["method"]: _metrics(row, to_task) for row in rows}


def _metrics(row: dict[str, str], to_task: str) -> dict[str, float]:
    values = {
        name: value for name, value in row.items() if name not in ("source", "target", "method")
    }
    if to_task == "depth":
        return {name: float(value) for name, value in values.items()}
    return {
        RENAMED.get(name, f"iou_{name}"): round(float(value) / PERCENT, 6)
        for name, value in values.items()
    }
