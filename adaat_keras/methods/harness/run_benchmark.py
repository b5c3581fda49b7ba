"""Several methods and seeds on one pair of domains."""

from pathlib import Path

from adaat_keras.files import write_json, written_whole
from adaat_keras.methods.harness.benchmark_pictures import benchmark_pictures
from adaat_keras.methods.harness.known_rows import known_rows
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_once import run_once
from adaat_keras.methods.harness.variant import Variant
from adaat_keras.methods.harness.versions import versions
from adaat_keras.report.run_page import run_command
from adaat_keras.report.tables import format_table, write_results


def run_benchmark(
    config: RunConfig,
    methods: list[str],
    seeds: int,
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
    known: Path | str | None = None,
) -> dict:
    """Train what is missing, share what methods have in common, and put the scores together.

    Args:
        config: What all runs have in common.
        methods: Names of methods; `"ada_atdt:unet@paper"` chooses the transfer function and the
            recipe too, `"at_dt:dilated_resnet50"` the architecture.
        seeds: Seeds 0, 1, ... of every method.
        directory: Holds a folder a run, `results.json`, `results.csv` and `table.md`, which grow
            run by run, and in the end `panels.png` and `tsne.png` of what was trained here; the
            same call goes on where it was stopped.
        store: Folder of the shared steps; `directory/steps` by default.
        devices: As `train_from_config`'s.
        verbose: As in `keras.Model.fit`.
        known: A `results.json` of the same benchmark from elsewhere, whose runs are taken over,
            those of other methods too.

    Returns:
        What `results.json` holds.

    Raises:
        ValueError: No method, no seed, an unknown name, or a folder or `known` holds runs of
            another configuration.
    """
    methods = list(dict.fromkeys(methods))
    if not methods or seeds < 1:
        raise ValueError(f"nothing to run: methods {methods}, seeds {seeds}")
    directory = Path(directory)
    rows = known_rows(known, config) if known else {}
    runs = {
        (name, seed): Variant.parse(name).config(config, seed)
        for seed in range(seeds)
        for name in methods
    }
    called = {**config.chosen(), "methods": methods, "seeds": seeds}
    head = {
        "to_task": config.to_task,
        "versions": versions(),
        "command": run_command(directory, called, "benchmark"),
        "config": config.to_dict(),
    }
    missing = {key: run for key, run in runs.items() if key not in rows}
    folders = {}
    for number, ((name, seed), run) in enumerate(missing.items(), 1):
        path = directory / f"{name.replace(':', '-').replace('@', '-')}-seed{seed}"
        folders.setdefault(name, path)
        if verbose:
            print(f"\nrun {number} of {len(missing)}: {name}, seed {seed}", flush=True)
        metrics = run_once(run, path, store or directory / "steps", devices, verbose)
        rows[name, seed] = {"method": name, "seed": seed, "metrics": metrics}
        # What is there so far is of use already, here or as what another machine goes on from.
        write(head, rows, methods, directory)
    if folders:
        benchmark_pictures(config, folders, directory)
    return write(head, rows, methods, directory)


def write(head: dict, rows: dict, methods: list[str], directory: Path) -> dict:
    """Write the results that there are, method by method, those known of others last."""
    names = dict.fromkeys([*methods, *(name for name, _ in rows)])
    chosen = [rows[key] for name in names for key in sorted(rows) if key[0] == name]
    results = {**head, "rows": chosen}
    write_json(directory / "results.json", results)
    write_results(results, directory / "results.csv")
    with written_whole(directory / "table.md") as temporary:
        temporary.write_text(format_table(results) + "\n")
    return results
