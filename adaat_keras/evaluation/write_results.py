"""A benchmark's results as a CSV file."""

import csv
from pathlib import Path

from adaat_keras.files import written_whole

ROLES = ("target", "source")


def write_results(results: dict, path: Path | str) -> None:
    """Write a benchmark's results, a row for every method, seed and domain.

    The columns are `method`, `seed`, `role` (`target` or `source`), `domain`, and all that the
    runs were scored by on it, unrounded: task 2 by the method under its metrics' names, base models
    1 and 2 as `base_1_...` and `base_2_...`, then what tells how alike the domains are. A cell is
    empty where a run has no such score.

    Args:
        results: What `results.json` holds, as `format_table` takes it.
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
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _on(role: str, metrics: dict[str, dict]) -> dict[str, float | None]:
    """What a run was scored by on one domain, and on both together."""
    scores = dict(metrics[role])
    for base in ("base_1", "base_2"):
        values = metrics.get(f"{base}_{role}", {})
        scores |= {f"{base}_{name}": value for name, value in values.items()}
    for name in ("classifier_accuracy", "transfer_error"):
        if name in metrics:
            scores[name] = metrics[name][role]
    probe = metrics.get("domain_probe", {})
    return scores | {f"domain_probe_{name}": value for name, value in probe.items()}
