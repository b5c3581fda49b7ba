"""The paper's figure 3: adversarial losses and task weights in comparison."""

import csv
from collections.abc import Sequence
from pathlib import Path

import keras

from adaat_keras.files import home_expanded, slug, written_whole
from adaat_keras.models import AdaAtdt
from adaat_keras.report.figures import draw_tsne
from adaat_keras.report.probe import sample_features
from adaat_keras.report.score import score
from adaat_keras.report.tables import spread
from adaat_keras.runs.checks import check_one_machine
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.report import ROLES
from adaat_keras.runs.train import run_once
from adaat_keras.tasks import Task

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
    """Train stage 1 with every adversarial loss and alpha, and all stages of AT/DT and of the best.

    As in section 4.6, settings are judged by base model 1's score on the target; the best is chosen
    on `val`, whatever split is reported. Base model 1 is never trained after stage 1, so that the
    runs show the effect of the classifier alone.

    Writes into `directory`: a folder per run; `study.csv` with a row per run (the main score of
    task 1 on the target, that of task 2 if all stages were trained, the domain probe's accuracy,
    the proxy A-distance, the trained stages); `losses.png` (figure 3: encoder 1's features, a row
    per loss, a column per alpha, task 1's score in the corner); and `classifier.png` (encoder 1's
    and transferred features, without the domain classifier and with the best setting). Repeating an
    interrupted call resumes it.

    Args:
        config: The common configuration of all runs.
        losses, alphas: Adversarial losses and weights of the task loss.
        directory: Where to write.
        store: Folder of the shared stages; `directory/stages` by default.
        devices, verbose: As in `train_from_config`.

    Returns:
        The rows of `study.csv`.

    Raises:
        ValueError: No loss or no alpha, an unknown name, a domain without the frames or labels
            needed for scores, a folder that holds another run, or several machines in `TF_CONFIG`.
    """
    check_one_machine()
    if not losses or not alphas:
        raise ValueError(f"nothing to study: losses {list(losses)}, alphas {list(alphas)}")
    directory = home_expanded(directory)
    store = store or directory / "stages"
    config = config.replace(base_1_weight=0.0)
    settings = {
        f"{loss.replace('_', ' ')}, alpha {alpha:g}": config.replace(
            method="ada_atdt", adversarial_loss=loss, alpha=alpha
        )
        for loss in losses
        for alpha in alphas
    }
    _check_labels(config)
    rows, models = [], {}

    def train(title: str, run: RunConfig, name: str) -> None:
        if verbose:
            print(f"\nrun {len(rows) + 1} of {len(settings) + 2}: {title}", flush=True)
        metrics = run_once(run, directory / name, store, devices, verbose)
        rows.append(_row(run, metrics))
        models[title] = RunFolder(directory / name).load()[1]

    for title, run in settings.items():
        name = slug(f"{run.recipe.adversarial_loss}-{run.recipe.alpha:g}")
        train(title, run.replace(stages=["adversarial"]), name)
    best = _best(config, models)
    train(WITHOUT, config.replace(method="at_dt"), "at_dt")
    train(f"with: {best}", settings[best], "ada_atdt")
    with (
        written_whole(directory / "study.csv") as temporary,
        temporary.open("w", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    _draw(config, rows, models, len(alphas), directory)
    return rows


def _check_labels(config: RunConfig) -> None:
    """Raise a `ValueError` early if frames or labels are missing that are needed at the end."""
    split = config.data.split
    judged = dict.fromkeys(("val", split))
    for role, name in (("source", split), *(("target", name) for name in judged)):
        try:
            domain = config.splits(role).required(name)
            if role == "target":
                domain.require((config.from_task.name,))
        except ValueError as error:
            raise ValueError(
                f"a study draws frames of the split {split!r} of both domains, and judges by the "
                f"target's labels of {config.from_task.name} there and in 'val': {error}"
            ) from error


def _row(run: RunConfig, metrics: dict) -> dict:
    """A run's row of `study.csv`."""
    main, main_1 = (task.primary_metric for task in (run.to_task, run.from_task))
    classifier, probe = run.method == "ada_atdt", metrics.get("domain_probe", {})
    return {
        "method": run.method,
        "adversarial_loss": run.recipe.adversarial_loss if classifier else "",
        "alpha": run.recipe.alpha if classifier else "",
        f"task_1_{main_1}": metrics.get("base_1_target", {}).get(main_1),
        f"task_2_{main}": metrics.get("target", {}).get(main),
        f"task_2_{main}_on_source": metrics.get("source", {}).get(main),
        "probe_accuracy": probe.get("accuracy"),
        "proxy_a_distance": probe.get("proxy_a_distance"),
        "stages": ",".join(run.plan.stages or ["all"]),
    }


def _best(config: RunConfig, models: dict[str, AdaAtdt]) -> str:
    """The setting whose base model 1 is best on the target's validation frames."""
    task, domain = config.from_task, config.splits("target").required("val")
    scores = {
        title: score(model.base_model_1, domain, task)[task.primary_metric]
        for title, model in models.items()
    }
    return (max if task.higher_is_better else min)(scores, key=scores.get)


def _draw(
    config: RunConfig, rows: list[dict], models: dict[str, AdaAtdt], columns: int, out: Path
) -> None:
    """Draw `losses.png` and `classifier.png`."""
    camera = next(iter(models.values())).camera
    opened = {role: config.seen(role, camera) for role in ROLES}
    task = config.from_task
    captions = {title: _caption(task, row) for title, row in zip(models, rows, strict=True)}
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
            sample_features(_transferred(models[title]), domain) for domain in opened.values()
        )
    draw_tsne(groups, out / "classifier.png", columns=2)


def _caption(task: Task, row: dict) -> str:
    """The main score of task 1 on the target, and the probe's accuracy."""
    score = spread([row[f"task_1_{task.primary_metric}"]], task.scale, task.digits)
    name = task.primary_metric.replace("_", " ")
    return f"{name} {score}, probe {spread([row['probe_accuracy']], 100, 0)} %"


def _transferred(model: AdaAtdt) -> keras.Model:
    """G(E1(x)), with the attributes of an encoder that `sample_features` needs."""
    image = keras.Input((None, None, 3))
    network = keras.Model(image, model.transfer(model.encoder_1(image)))
    network.stride = model.stride
    network.features = model.transfer.features
    return network
