"""The columns of the paper's Tables 2 and 3, and of normals, from results."""

import statistics
from collections import Counter

from adaat_keras import tasks
from adaat_keras.evaluation.gap_closed import gap_closed
from adaat_keras.evaluation.paper_notes import paper_notes
from adaat_keras.evaluation.paper_rows import paper_rows
from adaat_keras.tasks.task import Task

SEMANTIC = (
    "iou_road",
    "iou_sidewalk",
    "iou_wall",
    "iou_fence",
    "iou_person",
    "iou_pole",
    "iou_vegetation",
    "iou_vehicle",
    "iou_traffic_sign",
    "iou_building",
    "iou_sky",
    "mean_iou",
    "accuracy",
)
DEPTH = ("abs_rel", "sq_rel", "rmse", "rmse_log", "delta_1", "delta_2", "delta_3")
NORMALS = ("mean_angle", "median_angle", "within_11_25", "within_22_5", "within_30")
# Semantic scores are given in percent, as in Table 2; depth scores as they are, as in Table 3, and
# so are those of normals, degrees and shares.
COLUMNS = {"semantic": (SEMANTIC, 100, 1), "depth": (DEPTH, 1, 3), "normals": (NORMALS, 1, 3)}


def format_table(results: dict) -> str:
    """A Markdown table of benchmark results, a row a method, mean and spread over seeds.

    Besides the columns of Table 2 or 3, or those of normals, it tells the transfer's ceiling (the
    main score of the same network on the source, where its training labels come from), the main
    score of task 1 on the target, and how well a fresh probe tells the domains apart from encoder
    1's features (50 % = not at all); where source-only and the oracle are among the methods, how
    much of the gap between them is closed, by the mean main scores.

    Where the paper reports on the pair of domains, its rows come first, and notes on them below.

    Args:
        results: `{"to_task", "config": {"source", "target", "from_task"}, "rows": [{"method",
            "seed", "metrics"}, ...]}`, as `adaat-keras benchmark` writes it.
    """
    metrics, factor, digits = COLUMNS[results["to_task"]]
    config = results["config"]
    main, main_1 = (
        tasks.get(name).primary_metric for name in (results["to_task"], config["from_task"])
    )
    _, factor_1, digits_1 = COLUMNS[config["from_task"]]
    methods = list(dict.fromkeys(row["method"] for row in results["rows"]))
    head = ["method", *(m.removeprefix("iou_") for m in metrics)]
    head += [f"{main} on A", f"task 1, {main_1}", "probe %"]
    gaps = gaps_closed(results["rows"], tasks.get(results["to_task"]))
    if gaps:
        head.append("gap closed %")
    head = [name.replace("_", " ") for name in head]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    pair = (config["source"], config["target"], config["from_task"], results["to_task"])
    for name, scores in paper_rows(*pair).items():
        cells = [spread([scores.get(m)], factor, digits) for m in metrics]
        lines.append([f"{name}, in the paper", *cells, *["-"] * (len(head) - 1 - len(cells))])
    for method in methods:
        scores = [row["metrics"] for row in results["rows"] if row["method"] == method]
        # A target without labels of task 2 has no scores.
        target, source = ([s.get(role, {}) for s in scores] for role in ("target", "source"))
        cells = [spread([s.get(m) for s in target], factor, digits) for m in metrics]
        ceiling = spread([s.get(main) for s in source], factor, digits)
        task_1 = [s.get("base_1_target", {}).get(main_1) for s in scores]
        probes = [s.get("domain_probe", {}).get("accuracy") for s in scores]
        others = (ceiling, spread(task_1, factor_1, digits_1), spread(probes, 100, 0))
        gap = (spread([gaps[method]], 100, 0),) if gaps else ()
        lines.append([method, *cells, *others, *gap])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([table, *seeds_note(results["rows"]), *paper_notes(*pair)])


def seeds_note(rows: list[dict]) -> list[str]:
    """What the ± of a table is, where methods have several seeds."""
    counts = Counter(row["method"] for row in rows)
    low, high = min(counts.values(), default=0), max(counts.values(), default=0)
    if high < 2:
        return []
    count = str(high) if low == high else f"{low} to {high}"
    return [f"Mean ± standard deviation (n - 1) over {count} seeds."]


def gaps_closed(rows: list[dict], task: Task) -> dict[str, float | None]:
    """Every method's share of the gap from source-only to the oracle.

    Empty without these two, or where the oracle is no better: then there is no gap to close.
    """
    metric = task.primary_metric
    scores: dict[str, list[float]] = {}
    for row in rows:
        value = row["metrics"].get("target", {}).get(metric)
        if value is not None:
            scores.setdefault(row["method"], []).append(value)
    means = {method: statistics.mean(values) for method, values in scores.items()}
    if not {"source_only", "oracle"} <= set(means):
        return {}
    low, high = means["source_only"], means["oracle"]
    if (high > low) != task.higher_is_better or high == low:
        return {}
    return {row["method"]: None for row in rows} | {
        method: gap_closed(mean, low, high) for method, mean in means.items()
    }


def spread(values: list[float | None], factor: float = 1, digits: int = 3) -> str:
    """Mean and, of several values, standard deviation.

    Example:
        >>> spread([0.5, 0.7], 100, 1), spread([0.25]), spread([None])
        ('60.0 ± 14.1', '0.250', '-')
    """
    known = [factor * value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{statistics.mean(known):.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.{digits}f}"
