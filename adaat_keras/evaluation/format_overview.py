"""Several benchmarks in one table."""

from adaat_keras import tasks
from adaat_keras.evaluation.format_table import COLUMNS, gaps_closed, spread


def format_overview(benchmarks: list[dict]) -> str:
    """A Markdown table, a row a benchmark, a column a method: the main score on the target.

    Each cell tells mean and spread over the seeds and, where source-only and the oracle are
    there, the gap between them that the method closes.

    Args:
        benchmarks: What `adaat-keras benchmark` writes into `results.json`, as `format_table`
            takes it.
    """
    methods = list(dict.fromkeys(row["method"] for b in benchmarks for row in b["rows"]))
    lines = [
        ["source -> target", "tasks", "score", *methods],
        ["---", "---", "---", *["---:"] * len(methods)],
    ]
    for benchmark in benchmarks:
        config, task = benchmark["config"], tasks.get(benchmark["to_task"])
        _, factor, digits = COLUMNS[task.name]
        gaps = gaps_closed(benchmark["rows"], task)
        cells = [cell(benchmark, method, gaps, factor, digits) for method in methods]
        pair = f"{config['source']} -> {config['target']}"
        direction = f"{config['from_task']} -> {task.name}"
        lines.append([pair, direction, task.primary_metric.replace("_", " "), *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(benchmark: dict, method: str, gaps: dict, factor: float, digits: int) -> str:
    """A method's score in a benchmark."""
    metric = tasks.get(benchmark["to_task"]).primary_metric
    rows = [row["metrics"] for row in benchmark["rows"] if row["method"] == method]
    score = spread([row.get("target", {}).get(metric) for row in rows], factor, digits)
    gap = gaps.get(method)
    bound = method in ("source_only", "oracle")
    return score if gap is None or bound else f"{score} ({100 * gap:.0f} %)"
