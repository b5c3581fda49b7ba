"""What to know of the paper's rows before one compares with them."""

from adaat_keras.evaluation.paper_rows import paper_rows

# Rounding alone moves a mean of IoUs in percent by 0.01.
_TOLERANCE = 0.0002


def paper_notes(source: str, target: str, from_task: str, to_task: str) -> list[str]:
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
    return [_on_means(rows)] if to_task == "semantic" else [_on_metres(rows)]


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
    """What RMSE and Sq Rel say of the depth that they were taken at."""
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
