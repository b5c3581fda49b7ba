"""Figures 3 and 4 of a benchmark: features and predictions, a method each."""

import json
from pathlib import Path

import keras
import numpy as np

from adaat_keras import tasks
from adaat_keras.domains.domain import Domain
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.open_role import open_role
from adaat_keras.methods.harness.panels import chosen_frames, legend_of, picture
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.variant import Variant
from adaat_keras.models import AdaAtdt
from adaat_keras.report.figures import draw_panels, draw_tsne
from adaat_keras.report.probe import sample_features
from adaat_keras.report.score import any_size
from adaat_keras.report.tables import COLUMNS, spread


def benchmark_pictures(config: RunConfig, runs: dict[str, Path], out: Path) -> None:
    """Write `panels.png`, a column a method, and `tsne.png`, a plot an encoder 1.

    Args:
        config: What all runs have in common.
        runs: A folder of a finished run for every method.
        out: The benchmark's folder.
    """
    models = {name: load_run(path)[1] for name, path in runs.items()}
    opened = {role: open_role(config, role, config.split) for role in ("source", "target")}
    draw_panels(**columns(config, models, opened["target"]), path=out / "panels.png")
    groups, captions = {}, {}
    for name, model in models.items():
        run = RunFolder(runs[name])
        # Runs that differ in the transfer function alone have the same encoder 1, unless it learnt
        # on beside that.
        same = run.read_config().base_1_weight == 0
        method = Variant.parse(name)._replace(transfer="").name if same else name
        if isinstance(model, AdaAtdt) and method not in groups:
            groups[method] = tuple(sample_features(model.encoder_1, d) for d in opened.values())
            captions[method] = caption(config, run)
    if groups:
        draw_tsne(groups, out / "tsne.png", captions)


def columns(config: RunConfig, models: dict[str, keras.Model], domain: Domain) -> dict:
    """The arguments of `draw_panels`: image, truth where it exists, every method."""
    task = tasks.get(config.to_task)
    has_truth = task.name in domain.tasks
    titles = ["image", *(["truth"] if has_truth else []), *models]
    predictors = [any_size(model) for model in models.values()]
    rows: list[list[np.ndarray]] = []
    for frame in chosen_frames(domain):
        truth = [picture(task, frame, None)] if has_truth else []
        predicted = (picture(task, frame, predict) for predict in predictors)
        rows.append([frame["image"], *truth, *predicted])
    return {"rows": rows, "titles": titles, "legend": legend_of(task)}


def caption(config: RunConfig, run: RunFolder) -> str:
    """Base model 1's main score on the target, as in figure 3, and the probe's accuracy."""
    main = tasks.get(config.from_task).primary_metric
    _, factor, digits = COLUMNS[config.from_task]
    metrics = json.loads(run.metrics.read_text())
    score = spread([metrics["base_1_target"].get(main)], factor, digits)
    probe = metrics["domain_probe"]["accuracy"]
    return f"{main.replace('_', ' ')} {score}, probe {100 * probe:.0f} %"
