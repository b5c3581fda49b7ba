"""The report on a finished run: scores, pictures, a README."""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain, said_in_graph
from adaat_keras.files import read_json, write_json
from adaat_keras.methods.stage import Feed
from adaat_keras.models import AdaAtdt
from adaat_keras.models.ada_atdt import PREDICTORS
from adaat_keras.report.figures import draw_curves, draw_panels, draw_tsne
from adaat_keras.report.probe import (
    domain_accuracy,
    domain_probe,
    sample_features,
    transfer_error,
)
from adaat_keras.report.run_page import ROLES, write_run_readme
from adaat_keras.report.score import any_size, score_predictions
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.tasks import Task
from adaat_keras.training import losses

_PANEL_FRAMES = 6


def report(
    config: RunConfig,
    feed: Feed,
    model: AdaAtdt,
    networks: Mapping[str, keras.Model],
    trained: set[str],
    folder: RunFolder,
    verbose: int = 1,
) -> None:
    """Write `metrics.json`, the pictures and the README of a run, unless they are there.

    Domains without the scored split are left out. If a score or a picture fails, a line is printed
    and the failure recorded, and it is repeated when the run is started again.

    Args:
        config: The run's configuration.
        feed: Its data.
        model: The trained networks.
        networks: These, and those that the method has added.
        trained: Names of the networks that are trained, by this run or before.
        folder: Where to write.
        verbose: 0 prints nothing.
    """
    if (
        folder.metrics.exists()
        and not folder.failed.exists()
        and not is_of_others(folder, config, feed)
    ):
        return
    if verbose:
        print("scoring", flush=True)
    # Fitted to the camera; the target also at its own size, which models resize by themselves.
    opened = {role: feed.seen(role, config.data.split) for role in ROLES}
    opened = {role: domain for role, domain in opened.items() if domain is not None}
    own_size = dict(opened)
    if "target" in opened:
        own_size["target"] = feed.domain("target", config.data.split)
    predictors = _predictors(config, model, networks, trained)
    metrics: dict[str, dict] = {}
    failed: dict[str, str] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        """A context for a part of the report that may fail without affecting others."""
        try:
            yield
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
            warnings.warn(
                f"{folder.path}: {name} failed: {said_in_graph(error)}. The networks are "
                "trained and saved; the same command makes good what is missing",
                stacklevel=2,
            )

    for name, row in _scored(predictors, opened, own_size).items():
        with part(f"the score {name}"):
            metrics[name] = row()
    if "encoder_1" in trained and len(opened) == 2:
        with part("the comparison of the domains"):
            features = [sample_features(model.encoder_1, opened[role]) for role in ROLES]
            metrics["domain_probe"] = domain_probe(*features)
            metrics |= _alignment(config, opened, model, trained)
            draw_tsne({"encoder 1": tuple(features)}, folder.path / "tsne.png")
    with part("curves.png"):
        draw_curves(folder.history, folder.path / "curves.png")
    # Without a split to score, predictions for training frames are drawn.
    pictured = config.data.split if "target" in opened else "train"
    with part("panels.png"):
        panels = _panels(config, feed.domain("target", pictured), predictors)
        draw_panels(**panels, path=folder.path / "panels.png")
    metrics = without_nan(metrics)
    write_run_readme(folder.path, config.chosen(), metrics, pictured)
    if failed:
        write_json(folder.failed, failed)
    else:
        folder.failed.unlink(missing_ok=True)
    write_json(folder.metrics, metrics)
    # Last, so that frames are scored again if the run is killed before.
    write_json(folder.scored, _scored_frames(config, feed))


def is_of_others(folder: RunFolder, config: RunConfig, feed: Feed) -> bool:
    """Whether a run's scores belong to other frames than those passed now."""
    if not folder.scored.exists():
        return False
    scored = read_json(folder.scored)
    return any(scored.get(role) != name for role, name in _scored_frames(config, feed).items())


def _scored_frames(config: RunConfig, feed: Feed) -> dict[str, str]:
    """The identities of the scored splits, for domains that are objects.

    Domains opened by name are identified by the configuration.
    """
    split = config.data.split
    opened = {role: splits.get(split) for role, splits in feed.splits.items() if not splits.by_name}
    return {role: domain.identity() for role, domain in opened.items() if domain is not None}


class _Predictor(NamedTuple):
    """A network, compiled once for scores and pictures, and the task that it predicts."""

    predict: Callable[[tf.Tensor], tf.Tensor]
    task: Task
    reads: Task | None = None


def _predictors(
    config: RunConfig, model: AdaAtdt, networks: Mapping[str, keras.Model], trained: set[str]
) -> dict[str, _Predictor]:
    """The predictors among the trained networks, by the prefix of their scores.

    - `""`: task 2 by the method.
    - `"base_1_"`: task 1 by base model 1.
    - `"base_2_"`: task 2 by base model 2. This equals source-only, unless its decoder was trained
      with the transfer function; in `at_dt_da`, trained on translated images, it equals
      `cycle_gan`.
    - `"teacher_"`: task 2 by a teacher from the labels of task 1.
    """
    from_task, to_task = config.from_task, config.to_task
    found: dict[str, tuple] = {}
    if set(PREDICTORS[model.predictor]) <= trained:
        found[""] = (model, to_task)
    if "encoder_1" in trained:
        found["base_1_"] = (model.base_model_1, from_task)
        if "encoder_2" in trained:
            found["base_2_"] = (model.base_model_2, to_task)
    if "teacher" in trained:
        found["teacher_"] = (networks["teacher"], to_task, from_task)
    return {
        name: _Predictor(any_size(network), *tasks) for name, (network, *tasks) in found.items()
    }


def _scored(
    predictors: Mapping[str, _Predictor],
    opened: Mapping[str, Domain],
    own_size: Mapping[str, Domain],
) -> dict[str, Callable[[], dict[str, float]]]:
    """Functions that compute the scores on the configuration's split, by predictor and domain.

    Names are `_predictors`' prefixes and the domain, e.g. `"base_1_target"`. The method's score on
    the source is the transfer's ceiling. Scores without labels are left out.
    """
    return {
        f"{prefix}{role}": partial(
            score_predictions, each.predict, domains[role], each.task, reads=each.reads
        )
        for prefix, each in predictors.items()
        # A teacher has no camera, and does not resize the labels that it reads.
        for domains in [opened if each.reads else own_size]
        for role in reversed(ROLES)
        if role in domains
        and {each.task.name, (each.reads or each.task).name} <= set(domains[role].tasks)
    }


def _alignment(
    config: RunConfig, opened: Mapping[str, Domain], model: AdaAtdt, trained: set[str]
) -> dict[str, dict[str, float]]:
    """Measures of how well the domains are aligned, on the scored split.

    - `"classifier_accuracy"`: C's accuracy in each domain, if its loss has a threshold.
    - `"transfer_error"`: G's distance to E2's features in each domain.
    """
    results = {}
    _, loss = config.recipe.alpha_and_loss(config.from_task)
    threshold = losses.get(loss).threshold
    if "domain_classifier" in trained and threshold is not None:
        results["classifier_accuracy"] = {
            role: domain_accuracy(
                model.encoder_1, model.domain_classifier, domain, role == "source", threshold
            )
            for role, domain in opened.items()
        }
    if "transfer" in trained:
        results["transfer_error"] = {
            role: transfer_error(model, domain) for role, domain in opened.items()
        }
    return results


def _panels(config: RunConfig, domain: Domain, predictors: Mapping[str, _Predictor]) -> dict:
    """Pictures of the target: image, both tasks' predictions, the truth.

    Predictions are left out for a task without a trained predictor. Returns the arguments `rows`,
    `titles` and `legend` of `draw_panels`.
    """
    to_task = config.to_task
    shown = [predictors[name] for name in ("base_1_", "") if name in predictors]
    columns = [(each.task, "predicted", each.predict) for each in shown]
    if to_task.name in domain.tasks:
        columns.append((to_task, "true", None))
    titles = ["image", *(f"{task.name}, {kind}" for task, kind, _ in columns)]
    rows = []
    for frame in chosen_frames(domain):
        cells = (picture(task, frame, predict) for task, _, predict in columns)
        rows.append([frame["image"], *cells])
    return {"rows": rows, "titles": titles, "legend": legend_of(*(task for task, *_ in columns))}


def chosen_frames(domain: Domain, count: int = _PANEL_FRAMES) -> Iterator[dict[str, np.ndarray]]:
    """Some frames, spread evenly over the domain."""
    count = min(count, len(domain))
    return (domain[n * len(domain) // count] for n in range(count))


def legend_of(*tasks: Task) -> dict[str, np.ndarray] | None:
    """The colours of classes by name, if one of the tasks has classes."""
    return next((task.legend for task in tasks if task.legend), None)


def picture(
    task: Task, frame: dict[str, np.ndarray], predict: Callable[[np.ndarray], tf.Tensor] | None
) -> np.ndarray:
    """A frame's prediction in colours, or its ground truth if `predict` is `None`.

    `predict` is a network compiled by `any_size`.
    """
    if predict is None:
        return task.colorize(frame[task.name])
    return task.colorize(task.decode(predict(frame["image"][None]).numpy()[0]))


def without_nan(value: Any) -> Any:
    """The value with `None` instead of NaN and infinity, which JSON lacks."""
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items()}
    return value if math.isfinite(value) else None
