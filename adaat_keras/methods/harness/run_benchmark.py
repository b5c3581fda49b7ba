"""Several methods and seeds on one pair of domains."""

from pathlib import Path

from adaat_keras.evaluation.format_table import format_table
from adaat_keras.evaluation.write_results import write_results
from adaat_keras.files import write_json, written_whole
from adaat_keras.methods.harness.benchmark_pictures import benchmark_pictures
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_once import run_once
from adaat_keras.methods.harness.variant import Variant


def run_benchmark(
    config: RunConfig,
    methods: list[str],
    seeds: int,
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
) -> dict:
    """Train what is missing, share what methods have in common, and put the scores together.

    Args:
        config: What all runs have in common.
        methods: Names of methods; `"ada_atdt:unet@paper"` chooses the transfer function and the
            recipe too, `"at_dt:dilated_resnet50"` the architecture.
        seeds: Seeds 0, 1, ... of every method.
        directory: Holds a folder a run, `results.json`, `results.csv`, `table.md`,
            `panels.png` and `tsne.png`; the same call goes on where it was stopped.
        store: Folder of the shared steps; `directory/steps` by default.
        devices: As `train_from_config`'s.
        verbose: As in `keras.Model.fit`.

    Returns:
        What `results.json` holds.

    Raises:
        ValueError: No method, no seed, an unknown name, or a folder holds a run of another
            configuration.
    """
    if not methods or seeds < 1:
        raise ValueError(f"nothing to run: methods {methods}, seeds {seeds}")
    directory = Path(directory)
    runs = [
        (name, Variant.parse(name).config(config, seed))
        for seed in range(seeds)
        for name in methods
    ]
    rows, folders = [], {}
    for number, (name, run) in enumerate(runs, 1):
        path = directory / f"{name.replace(':', '-').replace('@', '-')}-seed{run.seed}"
        folders.setdefault(name, path)
        if verbose:
            print(f"\nrun {number} of {len(runs)}: {name}, seed {run.seed}", flush=True)
        metrics = run_once(run, path, store or directory / "steps", devices, verbose)
        rows.append({"method": name, "seed": run.seed, "metrics": metrics})
    rows.sort(key=lambda row: methods.index(row["method"]))
    results = {"to_task": config.to_task, "config": config.to_dict(), "rows": rows}
    write_json(directory / "results.json", results)
    write_results(results, directory / "results.csv")
    with written_whole(directory / "table.md") as temporary:
        temporary.write_text(format_table(results) + "\n")
    benchmark_pictures(config, folders, results, directory)
    return results
