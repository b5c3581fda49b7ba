"""Several methods and seeds on one pair of domains: what is missing is trained, then compared."""

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adaat_keras import methods
from adaat_keras.camera import Camera
from adaat_keras.domains.domain import Domain
from adaat_keras.files import home_expanded, read_json, slug, write_json, written_whole
from adaat_keras.lock import locked
from adaat_keras.methods.recipe import Recipe
from adaat_keras.methods.stage_key import versions
from adaat_keras.models import AdaAtdt, sizes
from adaat_keras.models import transfer as transfers
from adaat_keras.registry import split_names
from adaat_keras.report.figures import draw_panels, draw_tsne
from adaat_keras.report.probe import sample_features
from adaat_keras.report.run_page import run_command
from adaat_keras.report.score import any_size
from adaat_keras.report.tables import format_table, spread, write_results
from adaat_keras.runs.checks import check_one_machine
from adaat_keras.runs.config import RunConfig, differing, without_places
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.report import ROLES, chosen_frames, legend_of, picture
from adaat_keras.runs.train import run_once

# What "all" runs a method with, where it is not the benchmark's settings alone: the paper's three
# transfer functions, AT/DT's own networks beside ours, and both methods by the paper's recipe.
VARIANTS = {
    "ada_atdt": ("@paper", ":conv", ":unet", ":unet_attention"),
    "at_dt": (":dilated_resnet50@paper", "@paper", ""),
}


class Variant(NamedTuple):
    """A method, with a transfer function or architecture, and a recipe, if not the benchmark's.

    A variant with an architecture has that architecture's transfer function.
    """

    method: str
    transfer: str = ""
    recipe: str = ""
    architecture: str = ""

    @staticmethod
    def parse(name: str) -> "Variant":
        """Parse a name, `METHOD[:TRANSFER or :ARCHITECTURE][@RECIPE]`.

        The method may be the location of a class, `module:Class` or `file.py:Class`.

        Example:
            >>> Variant.parse("ada_atdt:unet@paper")
            Variant(method='ada_atdt', transfer='unet', recipe='paper', architecture='')
            >>> Variant.parse("at_dt:dilated_resnet50").architecture
            'dilated_resnet50'
            >>> Variant.parse("mine.py:Mine:unet").method
            'mine.py:Mine'
        """
        name, _, recipe = name.partition("@")
        method, _, networks = name.partition(":")
        known = ("", *transfers.names(), *sizes.ARCHITECTURES)
        if method not in methods.names() and networks.partition(":")[0] not in known:
            thing, _, networks = networks.partition(":")
            method = f"{method}:{thing}"
        if networks in sizes.ARCHITECTURES:
            return Variant(method, recipe=recipe, architecture=networks)
        return Variant(method, networks, recipe)

    @property
    def name(self) -> str:
        """Its name in tables and folders: as `parse` takes it, with a class's `name`."""
        networks, recipe = self.architecture or self.transfer, self.recipe
        method = methods.get(self.method).name
        return method + (f":{networks}" if networks else "") + (f"@{recipe}" if recipe else "")

    def config(self, config: RunConfig, seed: int) -> RunConfig:
        """The configuration of its run with a seed; a recipe sets all of its options.

        Raises:
            ValueError: An unknown name.
        """
        changes = {"method": self.method, "seed": seed}
        if self.transfer:
            changes["transfer"] = self.transfer
        if self.architecture:
            changes |= {"architecture": self.architecture, "transfer": None}
        if self.recipe:
            changes["recipe"] = self.recipe
        return config.replace(**changes)


def chosen_methods(names: str) -> list[str]:
    """The methods in a comma-separated list, as `Variant.parse` takes them.

    `"all"` means every method, in the paper's variants: source-only first, ADA-AT/DT and the oracle
    last.

    Example:
        >>> chosen_methods("source_only,ada_atdt:conv@paper")
        ['source_only', 'ada_atdt:conv@paper']
        >>> chosen_methods("all")[:3], chosen_methods("all")[-2:]
        (['source_only', 'at_dt:dilated_resnet50@paper', 'at_dt@paper'],
         ['ada_atdt:unet_attention', 'oracle'])
    """
    if names != "all":
        return split_names(names)
    order = sorted(
        methods.names(),
        key=lambda name: (name == "oracle", name == "ada_atdt", name != "source_only", name),
    )
    return [name + variant for name in order for variant in VARIANTS.get(name, ("",))]


def _check_used(config: RunConfig, variants: Sequence[Variant]) -> None:
    """Raise a `ValueError` if the recipe changes a setting that none of the methods uses."""
    # A recipe of its own brings all of a method's settings.
    chosen = [methods.get(variant.method) for variant in variants if not variant.recipe]
    if chosen:
        return chosen[0].check_used(config.recipe, *chosen[1:])
    named = Recipe.get(config.recipe.base)
    for each in fields(Recipe):
        value = getattr(config.recipe, each.name)
        if value != getattr(named, each.name):
            [first, *_] = variants
            raise ValueError(
                f"{each.name} {value} does nothing in {first.name}, whose recipe brings all of its "
                f"settings: leave it out, or give the recipe {first.recipe} to the whole benchmark"
            )


def run_benchmark(
    config: RunConfig,
    methods: Sequence[str],
    seeds: int,
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
    known: Sequence[Path | str] = (),
    part: tuple[int, int] = (1, 1),
) -> dict:
    """Train all missing runs of a benchmark, share identical stages, and collect the scores.

    Several processes, on one or several machines, can each train a part in a common directory.

    Args:
        config: The common configuration of all runs.
        methods: Names of methods; `"ada_atdt:unet@paper"` also sets the transfer function and the
            recipe, `"at_dt:dilated_resnet50"` the architecture; `"file.py:Class"` is your own
            method, which appears under its `name`.
        seeds: Number of seeds, from 0, for every method.
        directory: For a folder per run, `results.json`, `results.csv` and `table.md`, which are
            updated after every run, and finally `panels.png` and `tsne.png`. Repeating an
            interrupted call resumes it.
        store: Folder of the shared stages; `directory/stages` by default.
        devices: As in `train_from_config`.
        verbose: As in `keras.Model.fit`.
        known: Files `results.json` of the same benchmark from elsewhere, whose runs are included,
            also those of other methods.
        part: K and N: train only the K-th of N parts, 1 to N, among which runs are dealt in turn.

    Returns:
        The content of `results.json`: all finished runs, including those of other parts.

    Raises:
        ValueError: No method, no seed, an unknown name, no such part, a recipe that changes a
            setting that no method uses, runs with another configuration in a folder or in `known`,
            or several machines in `TF_CONFIG`.
    """
    check_one_machine()
    methods = list(dict.fromkeys(methods))
    if not methods or seeds < 1:
        raise ValueError(f"nothing to run: methods {methods}, seeds {seeds}")
    number, parts = part
    if not 1 <= number <= parts:
        raise ValueError(f"part {number} of {parts}: parts are numbered from 1")
    directory = home_expanded(directory)
    named = [Variant.parse(name) for name in methods]
    variants = {variant.name: variant for variant in named}
    if len(variants) < len(named):
        raise ValueError(f"methods of a benchmark have names of their own, not {methods}")
    rows = {key: row for path in known for key, row in known_rows(path, config).items()}
    runs = {
        (name, seed): variant.config(config, seed)
        for seed in range(seeds)
        for name, variant in variants.items()
    }
    _check_used(config, named)
    folders = {
        (name, seed): directory / slug(f"{name.replace(':', '-').replace('@', '-')}-seed{seed}")
        for name, seed in runs
    }
    called = {**config.chosen(), "methods": methods, "seeds": seeds}
    head = {
        "to_task": config.data.to_task,
        "versions": versions(),
        "command": run_command(directory, called, "benchmark"),
        "config": config.to_dict(),
    }

    def together() -> dict:
        # Other parts may finish runs in the meantime. Partial results are written, too, since
        # they are useful by themselves, or as `known` on another machine.
        with locked(directory, "wait for it", wait=True, verbose=0):
            for name, seed in runs:
                folder = RunFolder(folders[name, seed])
                if (name, seed) not in rows and folder.finished:
                    folder.check(runs[name, seed])
                    row = {"method": name, "seed": seed, "metrics": folder.read_metrics()}
                    rows[name, seed] = row
            return _write(head, rows, list(variants), directory)

    mine = [key for i, key in enumerate(runs) if i % parts == number - 1 and key not in rows]
    for i, (name, seed) in enumerate(mine, 1):
        if verbose:
            print(f"\nrun {i} of {len(mine)}: {name}, seed {seed}", flush=True)
        place = store or directory / "stages"
        metrics = run_once(runs[name, seed], folders[name, seed], place, devices, verbose)
        rows[name, seed] = {"method": name, "seed": seed, "metrics": metrics}
        results = together()
    if not mine:
        results = together()
    missing = len(set(runs) - set(rows))
    if missing:
        print(f"{missing} of {len(runs)} runs are other parts' and not finished yet", flush=True)
    drawn = {}
    for (name, _), folder in folders.items():
        if RunFolder(folder).finished:
            drawn.setdefault(name, folder)
    # Only the part that finishes last draws.
    if drawn and mine and not missing:
        _draw(config, drawn, variants, directory)
    return results


def known_rows(path: Path | str, config: RunConfig) -> dict[tuple[str, int], dict]:
    """The rows of a `results.json`, by method and seed.

    Args:
        path: The file, as a benchmark wrote it on any machine.
        config: The common configuration of the current benchmark's runs.

    Returns:
        The entries of the benchmark's `"rows"`, by `(method, seed)`.

    Raises:
        ValueError: The file holds no results, or those of another configuration or version; names
            the file and what differs. Locations of data and caches may differ.
    """
    try:
        results = read_json(home_expanded(path))
        theirs = {**without_places(results["config"]), **results["versions"]}
        rows = {(row["method"], row["seed"]): row for row in results["rows"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no benchmark's results.json with its versions: {error!r}"
        ) from error
    differs = differing({**without_places(config.to_dict()), **versions()}, theirs)
    if differs:
        raise ValueError(f"{path} holds another benchmark: {'; '.join(differs)}")
    return rows


def _write(head: dict, rows: dict, methods: list[str], directory: Path) -> dict:
    """Write the available results by method, those of other known methods last."""
    names = dict.fromkeys([*methods, *(name for name, _ in rows)])
    chosen = [rows[key] for name in names for key in sorted(rows) if key[0] == name]
    results = {**head, "rows": chosen}
    write_json(directory / "results.json", results)
    write_results(results, directory / "results.csv")
    with written_whole(directory / "table.md") as temporary:
        temporary.write_text(format_table(results) + "\n", encoding="utf-8")
    return results


def _draw(
    config: RunConfig, runs: dict[str, Path], variants: dict[str, Variant], out: Path
) -> None:
    """Write `panels.png` (figure 4), a column per method, and `tsne.png` (figure 3), one per E1."""
    loaded = {name: RunFolder(path).load() for name, path in runs.items()}
    models = {name: model for name, (_, model) in loaded.items()}
    target = config.splits("target").get(config.data.split)
    if target is not None:
        draw_panels(**_columns(config, models, target), path=out / "panels.png")

    @cache
    def seen(zoom: float | None, camera: Camera | None) -> list[Domain | None]:
        """Both domains, at their current location, with this zoom and camera."""
        as_trained = config.replace(zoom=zoom)
        return [as_trained.seen(role, camera) for role in ROLES]

    groups, captions = {}, {}
    for name, (run, model) in loaded.items():
        # Runs that differ only in the transfer function have the same encoder 1, unless it was
        # trained with that.
        same = run.recipe.base_1_weight == 0
        title = variants[name]._replace(transfer="").name if same else name
        if model.predictor == "transfer" and title not in groups:
            # The zoom of its training, since a recipe may set its own.
            opened = seen(run.training.zoom, model.camera)
            if None in opened:
                return
            groups[title] = tuple(sample_features(model.encoder_1, domain) for domain in opened)
            captions[title] = _caption(config, RunFolder(runs[name]))
    if groups:
        draw_tsne(groups, out / "tsne.png", captions)


def _columns(config: RunConfig, models: dict[str, AdaAtdt], domain: Domain) -> dict:
    """The arguments of `draw_panels`: image, truth where it exists, every method."""
    task = config.to_task
    has_truth = task.name in domain.tasks
    titles = ["image", *(["truth"] if has_truth else []), *models]
    predictors = [any_size(model) for model in models.values()]
    rows: list[list[np.ndarray]] = []
    for frame in chosen_frames(domain):
        truth = [picture(task, frame, None)] if has_truth else []
        predicted = (picture(task, frame, predict) for predict in predictors)
        rows.append([frame["image"], *truth, *predicted])
    return {"rows": rows, "titles": titles, "legend": legend_of(task)}


def _caption(config: RunConfig, run: RunFolder) -> str:
    """Base model 1's main score on the target, as in figure 3, and the probe's accuracy."""
    task = config.from_task
    metrics = run.read_metrics()
    value = metrics.get("base_1_target", {}).get(task.primary_metric)
    score = spread([value], task.scale, task.digits)
    probe = spread([metrics.get("domain_probe", {}).get("accuracy")], 100, 0)
    return f"{task.primary_metric.replace('_', ' ')} {score}, probe {probe} %"
