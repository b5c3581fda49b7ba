"""Tables 1, 2 and 3, and several benchmarks in one."""

import csv
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import keras

from adaat_keras import tasks
from adaat_keras.files import written_whole
from adaat_keras.report.paper_rows import paper_notes, paper_rows
from adaat_keras.report.run_page import stand_in_notes
from adaat_keras.report.score import gap_closed
from adaat_keras.tasks.task import Task


def format_table(results: dict) -> str:
    """A Markdown table of benchmark results, with a row per method, mean and spread over seeds.

    The columns are task 2's (`Task.columns`; those of the paper's Table 2 or 3 for its tasks), the
    transfer's ceiling (the same network's main score on the source, on which its labels of task 2
    were given), task 1's main score on the target, and the accuracy at which a probe tells the
    domains apart by encoder 1's features (50 % = not at all). If source-only and the oracle are
    among the methods, there is also the share of the gap between their mean main scores that a
    method closes.

    If the paper has results for the pair of domains, its rows come first. Notes follow: on domains
    that are scored on another split's frames, then on the paper's rows.

    Args:
        results: `{"to_task", "config": {"source", "target", "from_task"}, "rows": [{"method",
            "seed", "metrics"}, ...]}`, as `adaat-keras benchmark` writes it; tasks as
            `tasks.serialize` gives them.
    """
    config = results["config"]
    task, task_1 = tasks.get(results["to_task"]), tasks.get(config["from_task"])
    metrics, main, main_1 = task.columns, task.primary_metric, task_1.primary_metric
    methods = list(dict.fromkeys(row["method"] for row in results["rows"]))
    head = ["method", *(m.removeprefix("iou_") for m in metrics)]
    head += [f"{main} on A", f"task 1, {main_1}", "probe %"]
    gaps = gaps_closed(results["rows"], task)
    if gaps:
        head.append("gap closed %")
    head = [name.replace("_", " ") for name in head]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    pair = (config["source"], config["target"], config["from_task"], results["to_task"])
    for name, scores in paper_rows(*pair).items():
        cells = [spread([scores.get(m)], task.scale, task.digits) for m in metrics]
        lines.append([f"{name}, in the paper", *cells, *["-"] * (len(head) - 1 - len(cells))])
    for method in methods:
        scores = [row["metrics"] for row in results["rows"] if row["method"] == method]
        # A target without labels of task 2 has no scores.
        target, source = ([s.get(role, {}) for s in scores] for role in ("target", "source"))
        cells = [spread([s.get(m) for s in target], task.scale, task.digits) for m in metrics]
        ceiling = spread([s.get(main) for s in source], task.scale, task.digits)
        scores_1 = [s.get("base_1_target", {}).get(main_1) for s in scores]
        probes = [s.get("domain_probe", {}).get("accuracy") for s in scores]
        others = (ceiling, spread(scores_1, task_1.scale, task_1.digits), spread(probes, 100, 0))
        gap = (spread([gaps[method]], 100, 0),) if gaps else ()
        lines.append([method, *cells, *others, *gap])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    notes = (*seeds_note(results["rows"]), *stand_in_notes(config), *paper_notes(*pair))
    return "\n\n".join([table, *notes])


def seeds_note(rows: list[dict]) -> list[str]:
    """A note on the meaning of ± in a table, if methods have several seeds."""
    counts = Counter(row["method"] for row in rows)
    low, high = min(counts.values(), default=0), max(counts.values(), default=0)
    if high < 2:
        return []
    count = str(high) if low == high else f"{low} to {high}"
    return [f"Mean ± standard deviation (n - 1) over {count} seeds."]


def gaps_closed(rows: list[dict], task: Task) -> dict[str, float | None]:
    """Every method's share of the gap from source-only to the oracle.

    Empty without these two, or if the oracle is not better than source-only.
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
    """Mean and, for several values, standard deviation.

    Example:
        >>> spread([0.5, 0.7], 100, 1), spread([0.25]), spread([None])
        ('60.0 ± 14.1', '0.250', '-')
    """
    known = [factor * value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{statistics.mean(known):.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.{digits}f}"


def format_overview(benchmarks: list[dict], order: Sequence[str] = ()) -> str:
    """A Markdown table of main scores on the target, a row per benchmark and a column per method.

    Each cell has mean and spread over the seeds and, if source-only and the oracle are there, the
    share of the gap between them that the method closes.

    Args:
        benchmarks: Contents of `results.json` from `adaat-keras benchmark`, as `format_table` takes
            them.
        order: Methods in the order of their columns; others follow, the oracle last.
    """
    found = [row["method"] for b in benchmarks for row in b["rows"]]
    found.sort(key="oracle".__eq__)
    methods = [name for name in dict.fromkeys([*order, *found]) if name in found]
    lines = [
        ["source -> target", "tasks", "score", *methods],
        ["---", "---", "---", *["---:"] * len(methods)],
    ]
    for benchmark in benchmarks:
        config, task = benchmark["config"], tasks.get(benchmark["to_task"])
        gaps = gaps_closed(benchmark["rows"], task)
        cells = [cell(benchmark, method, gaps, task) for method in methods]
        pair = f"{config['source']} -> {config['target']}"
        direction = f"{tasks.get(config['from_task']).title} -> {task.title}"
        lines.append([pair, direction, task.primary_metric.replace("_", " "), *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(benchmark: dict, method: str, gaps: dict, task: Task) -> str:
    """A method's score in a benchmark."""
    rows = [row["metrics"] for row in benchmark["rows"] if row["method"] == method]
    values = [row.get("target", {}).get(task.primary_metric) for row in rows]
    score = spread(values, task.scale, task.digits)
    gap = gaps.get(method)
    bound = method in ("source_only", "oracle")
    return score if gap is None or bound else f"{score} ({100 * gap:.0f} %)"


ROLES = ("target", "source")


def write_results(results: dict, path: Path | str) -> None:
    """Write a benchmark's results as CSV, with a row for every method, seed and domain.

    The columns are `method`, `seed`, `role` (`target` or `source`), `domain`, and all scores,
    unrounded: those of task 2 by the method under the metrics' names, those of base models 1 and 2
    as `base_1_...` and `base_2_...`, then measures of domain alignment. Cells of missing scores are
    empty.

    Args:
        results: The content of `results.json`, as `format_table` takes it.
        path: The file.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "results.csv"
        >>> row = {"method": "at_dt", "seed": 0, "metrics": {"target": {"abs_rel": 0.25}}}
        >>> write_results({"config": {"target": "kitti"}, "rows": [row]}, path)
        >>> path.read_text().splitlines()
        ['method,seed,role,domain,abs_rel', 'at_dt,0,target,kitti,0.25']
    """
    rows = [
        {"method": run["method"], "seed": run["seed"], "role": role}
        | {"domain": results["config"][role], **_on(role, run["metrics"])}
        for run in results["rows"]
        for role in ROLES
        if role in run["metrics"]
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with (
        written_whole(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _on(role: str, metrics: dict[str, dict]) -> dict[str, float | None]:
    """A run's scores on one domain, and those that concern both."""
    scores = dict(metrics[role])
    for base in ("base_1", "base_2"):
        values = metrics.get(f"{base}_{role}", {})
        scores |= {f"{base}_{name}": value for name, value in values.items()}
    for name in ("classifier_accuracy", "transfer_error"):
        if name in metrics:
            scores[name] = metrics[name][role]
    probe = metrics.get("domain_probe", {})
    return scores | {f"domain_probe_{name}": value for name, value in probe.items()}


PAPER = (
    ("AT/DT base model", 90.1),
    ("base model", 7.8),
    ("base model with domain classifier", 16.8),
    ("AT/DT transfer", 226.9),
    ("unet transfer", 53.2),
    ("unet_attention transfer", 71.8),
)


def parameter_table() -> str:
    """Table 1 as Markdown: millions of parameters in the paper and here, at `size="paper"`.

    Base models are counted with one output channel. Ours match the paper's counts; AT/DT's networks
    (`architecture="dilated_resnet50"`) do not: its 90.1 million are more than twice the 40.7 of the
    layers in AT/DT's published code, and six convolutions between 2048 channels have 226.5.
    """
    from adaat_keras.models import transfer
    from adaat_keras.models.domain_classifier import DomainClassifier
    from adaat_keras.models.sizes import ARCHITECTURES

    # Shapes only: AT/DT's transfer function would take a gigabyte.
    with keras.StatelessScope():
        base_at_dt, base = (
            ARCHITECTURES[name].encoder().count_params()
            + ARCHITECTURES[name].decoder(1).count_params()
            for name in ("dilated_resnet50", "residual")
        )
        counts = (
            base_at_dt,
            base,
            base + DomainClassifier().count_params(),
            *(
                transfer.get(name)().count_params()
                for name in ("six_convolutions", "unet", "unet_attention")
            ),
        )
    lines = ["| network | paper | here | exactly |", "|---|---:|---:|---:|"]
    for (name, paper), count in zip(PAPER, counts, strict=True):
        lines.append(f"| {name} | {paper} | {count / 1e6:.2f} | {count:,} |")
    return "\n".join(lines)
