"""The paper's figure 3: adversarial losses and weights of the task side by side."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras

from adaat_keras import tasks
from adaat_keras.evaluation import draw_tsne, sample_features
from adaat_keras.evaluation.format_table import COLUMNS, spread
from adaat_keras.files import written_whole
from adaat_keras.methods.harness.load_run import load_run
from adaat_keras.methods.harness.open_role import open_role
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_once import run_once
from adaat_keras.models import AdaAtdt
from adaat_keras.tasks.task import Task

DOMAINS = ("source", "target")


def run_study(
    config: RunConfig,
    losses: Sequence[str],
    alphas: Sequence[float],
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
) -> list[dict]:
    """Train ADA-AT/DT with every adversarial loss and alpha, and AT/DT beside it.

    Writes into `directory`: a folder a run, `study.csv` (a row a run: the main score of task 2
    and of task 1 on the target, the domain probe's accuracy, the proxy A-distance),
    `losses.png` (figure 3: encoder 1's features, a row a loss, a column an alpha, the main score
    in the corner) and `classifier.png` (encoder 1's and transferred features, without the domain
    classifier and with the best setting). The same call goes on where it was stopped.

    Args:
        config: What all runs have in common.
        losses, alphas: Adversarial losses and weights of the task loss.
        directory: Where to write.
        store: Folder of the shared steps; `directory/steps` by default.
        devices, verbose: As `train_from_config`'s.

    Returns:
        The rows of `study.csv`.

    Raises:
        ValueError: No loss or no alpha, an unknown name, or a folder holds another run.
    """
    if not losses or not alphas:
        raise ValueError(f"nothing to study: losses {list(losses)}, alphas {list(alphas)}")
    directory = Path(directory)
    runs = {"AT/DT": replace(config, method="at_dt")} | {
        f"{loss.replace('_', ' ')}, alpha {alpha:g}": replace(
            config, method="ada_atdt", adversarial_loss=loss, alpha=alpha
        )
        for loss in losses
        for alpha in alphas
    }
    rows, models = [], {}
    for number, (title, run) in enumerate(runs.items(), 1):
        loss, alpha = ("", "") if run.method == "at_dt" else (run.adversarial_loss, run.alpha)
        path = directory / (f"{loss}-{alpha:g}" if loss else "at_dt")
        if verbose:
            print(f"\nrun {number} of {len(runs)}: {title}", flush=True)
        metrics = run_once(run, path, store or directory / "steps", devices, verbose)
        rows.append(row_of(config, loss, alpha, metrics))
        models[title] = load_run(path)[1]
    with written_whole(directory / "study.csv") as temporary, temporary.open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    draw_sheets(config, rows, models, len(alphas), directory)
    return rows


def row_of(config: RunConfig, loss: str, alpha: float | str, metrics: dict) -> dict:
    """A run's row of `study.csv`."""
    main, main_1 = (tasks.get(name).primary_metric for name in (config.to_task, config.from_task))
    return {
        "adversarial_loss": loss,
        "alpha": alpha,
        main: metrics.get("target", {}).get(main),
        f"{main}_on_source": metrics["source"].get(main),
        f"task_1_{main_1}": metrics["base_1_target"].get(main_1),
        "probe_accuracy": metrics["domain_probe"]["accuracy"],
        "proxy_a_distance": metrics["domain_probe"]["proxy_a_distance"],
    }


def draw_sheets(
    config: RunConfig, rows: list[dict], models: dict[str, AdaAtdt], columns: int, out: Path
) -> None:
    """Draw `losses.png` and `classifier.png`."""
    opened = {role: open_role(config, role, config.split) for role in DOMAINS}
    task = tasks.get(config.to_task)
    captions = {title: caption(task, row) for title, row in zip(models, rows, strict=True)}
    features = {
        title: tuple(sample_features(model.encoder_1, domain) for domain in opened.values())
        for title, model in models.items()
    }
    without, *adversarial = models
    with_classifier = {title: features[title] for title in adversarial}
    draw_tsne(with_classifier, out / "losses.png", captions, columns=columns)
    best = best_of(task, dict(zip(models, rows, strict=True)), adversarial)
    groups = {}
    for title, name in ((without, "without classifier"), (best, f"with: {best}")):
        groups[f"encoder 1, {name}"] = features[title]
        groups[f"transferred, {name}"] = tuple(
            sample_features(transferred(models[title]), domain) for domain in opened.values()
        )
    draw_tsne(groups, out / "classifier.png", columns=2)


def best_of(task: Task, rows: dict[str, dict], titles: list[str]) -> str:
    """The setting with the best main score on the target; the first where it has no labels."""
    scores = {title: rows[title][task.primary_metric] for title in titles}
    known = {title: score for title, score in scores.items() if score is not None}
    choose = max if task.higher_is_better else min
    return choose(known, key=known.get) if known else titles[0]


def caption(task: Task, row: dict) -> str:
    """The main score of task 2 on the target, and the probe's accuracy."""
    _, factor, digits = COLUMNS[task.name]
    score = spread([row[task.primary_metric]], factor, digits)
    name = task.primary_metric.replace("_", " ")
    return f"{name} {score}, probe {100 * row['probe_accuracy']:.0f} %"


def transferred(model: AdaAtdt) -> keras.Model:
    """G(E1(x)), with what `sample_features` asks of an encoder."""
    image = keras.Input((None, None, 3))
    network = keras.Model(image, model.transfer(model.encoder_1(image)))
    network.stride = model.encoder_1.stride * model.transfer.stride
    network.features = model.transfer.features
    return network
