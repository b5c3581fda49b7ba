"""The paper's figure 3: adversarial losses and weights of the task side by side."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras

from adaat_keras import tasks
from adaat_keras.files import written_whole
from adaat_keras.methods.harness.open_role import open_role
from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.run_once import run_once
from adaat_keras.models import AdaAtdt
from adaat_keras.models.ada_atdt import read_ada_atdt
from adaat_keras.report.figures import draw_tsne
from adaat_keras.report.probe import sample_features
from adaat_keras.report.score import score
from adaat_keras.report.tables import COLUMNS, spread
from adaat_keras.tasks.task import Task

DOMAINS = ("source", "target")
WITHOUT = "without classifier"


def run_study(
    config: RunConfig,
    losses: Sequence[str],
    alphas: Sequence[float],
    directory: Path | str,
    store: Path | str | None = None,
    devices: str = "1",
    verbose: int = 1,
) -> list[dict]:
    """Train step 1 with every adversarial loss and alpha, and all of AT/DT and of the best.

    As in section 4.6 base model 1 is what is judged, by its own task on the target; the best is
    chosen on `val`, whatever the split that is reported. In no run does base model 1 learn on
    after step 1: all of them show what the classifier alone has made of it.

    Writes into `directory`: a folder a run, `study.csv` (a row a run: the main score of task 1
    on the target, where all steps were trained that of task 2 as well, the domain probe's
    accuracy, the proxy A-distance, which steps were trained), `losses.png` (figure 3: encoder 1's
    features, a row a loss, a column an alpha, task 1's score in the corner) and `classifier.png`
    (encoder 1's and transferred features, without the domain classifier and with the best
    setting). The same call goes on where it was stopped.

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
    store = store or directory / "steps"
    config = replace(config, base_1_weight=0.0)
    settings = {
        f"{loss.replace('_', ' ')}, alpha {alpha:g}": replace(
            config, method="ada_atdt", adversarial_loss=loss, alpha=alpha
        )
        for loss in losses
        for alpha in alphas
    }
    rows, models = [], {}

    def train(title: str, run: RunConfig, name: str) -> None:
        if verbose:
            print(f"\nrun {len(rows) + 1} of {len(settings) + 2}: {title}", flush=True)
        metrics = run_once(run, directory / name, store, devices, verbose)
        rows.append(row_of(run, metrics))
        models[title] = read_ada_atdt(RunFolder(directory / name).model)

    for title, run in settings.items():
        name = f"{run.adversarial_loss}-{run.alpha:g}"
        train(title, replace(run, steps=["adversarial"]), name)
    best = best_of(config, models)
    train(WITHOUT, replace(config, method="at_dt"), "at_dt")
    train(f"with: {best}", settings[best], "ada_atdt")
    with written_whole(directory / "study.csv") as temporary, temporary.open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    draw_sheets(config, rows, models, len(alphas), directory)
    return rows


def row_of(run: RunConfig, metrics: dict) -> dict:
    """A run's row of `study.csv`."""
    main, main_1 = (tasks.get(name).primary_metric for name in (run.to_task, run.from_task))
    classifier = run.method == "ada_atdt"
    return {
        "method": run.method,
        "adversarial_loss": run.adversarial_loss if classifier else "",
        "alpha": run.alpha if classifier else "",
        f"task_1_{main_1}": metrics["base_1_target"].get(main_1),
        f"task_2_{main}": metrics.get("target", {}).get(main),
        f"task_2_{main}_on_source": metrics.get("source", {}).get(main),
        "probe_accuracy": metrics["domain_probe"]["accuracy"],
        "proxy_a_distance": metrics["domain_probe"]["proxy_a_distance"],
        "steps": ",".join(run.steps or ["all"]),
    }


def best_of(config: RunConfig, models: dict[str, AdaAtdt]) -> str:
    """The setting whose base model 1 is best on the target's validation frames."""
    task, domain = tasks.get(config.from_task), open_role(config, "target", "val")
    scores = {
        title: score(model.base_model_1, domain, task.name)[task.primary_metric]
        for title, model in models.items()
    }
    return (max if task.higher_is_better else min)(scores, key=scores.get)


def draw_sheets(
    config: RunConfig, rows: list[dict], models: dict[str, AdaAtdt], columns: int, out: Path
) -> None:
    """Draw `losses.png` and `classifier.png`."""
    opened = {role: open_role(config, role, config.split) for role in DOMAINS}
    task = tasks.get(config.from_task)
    captions = {title: caption(task, row) for title, row in zip(models, rows, strict=True)}
    features = {
        title: tuple(sample_features(model.encoder_1, domain) for domain in opened.values())
        for title, model in models.items()
    }
    *settings, without, best = models
    first = {title: features[title] for title in settings}
    draw_tsne(first, out / "losses.png", captions, columns=columns)
    groups = {}
    for title in (without, best):
        groups[f"encoder 1, {title}"] = features[title]
        groups[f"transferred, {title}"] = tuple(
            sample_features(transferred(models[title]), domain) for domain in opened.values()
        )
    draw_tsne(groups, out / "classifier.png", columns=2)


def caption(task: Task, row: dict) -> str:
    """The main score of task 1 on the target, and the probe's accuracy."""
    _, factor, digits = COLUMNS[task.name]
    score = spread([row[f"task_1_{task.primary_metric}"]], factor, digits)
    name = task.primary_metric.replace("_", " ")
    return f"{name} {score}, probe {100 * row['probe_accuracy']:.0f} %"


def transferred(model: AdaAtdt) -> keras.Model:
    """G(E1(x)), with what `sample_features` asks of an encoder."""
    image = keras.Input((None, None, 3))
    network = keras.Model(image, model.transfer(model.encoder_1(image)))
    network.stride = model.encoder_1.stride * model.transfer.stride
    network.features = model.transfer.features
    return network
