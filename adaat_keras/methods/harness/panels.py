"""The rows of a run's figure 4."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.domain import Domain
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.report.score import any_size
from adaat_keras.tasks.semantic import CLASS_NAMES, PALETTE
from adaat_keras.tasks.task import Task


def panels(setup: Setup, predictor: keras.Model | None, trained: set[str]) -> dict:
    """Pictures of the target's test frames: image, both tasks' predictions, the truth.

    A task that nothing trained predicts, has no predictions.

    Returns the arguments `rows`, `titles` and `legend` of `evaluation.draw_panels`.
    """
    domain = setup.domain("target", setup.config.split)
    columns = [(setup.to_task, "predicted", predictor)] if predictor else []
    if "encoder_1" in trained:
        columns.insert(0, (setup.from_task, "predicted", setup.model.base_model_1))
    if setup.to_task.name in domain.tasks:
        columns.append((setup.to_task, "true", None))
    titles = ["image", *(f"{task.name}, {kind}" for task, kind, _ in columns)]
    columns = [(task, kind, network and any_size(network)) for task, kind, network in columns]
    rows = []
    for frame in chosen_frames(domain):
        cells = (picture(task, frame, predict) for task, _, predict in columns)
        rows.append([frame["image"], *cells])
    return {"rows": rows, "titles": titles, "legend": legend_of(*(task for task, *_ in columns))}


def chosen_frames(domain: Domain, count: int = 6) -> Iterator[dict[str, np.ndarray]]:
    """Some frames, spread evenly over the domain."""
    count = min(count, len(domain))
    return (domain[n * len(domain) // count] for n in range(count))


def legend_of(*tasks: Task) -> dict[str, np.ndarray] | None:
    """The colours of classes by name, where one of the tasks has classes."""
    if all(task.name != "semantic" for task in tasks):
        return None
    return dict(zip(CLASS_NAMES, PALETTE, strict=True))


def picture(
    task: Task, frame: dict[str, np.ndarray], predict: Callable[[np.ndarray], tf.Tensor] | None
) -> np.ndarray:
    """A frame's prediction in colours, or its truth where nothing predicts.

    `predict` is a network as `evaluation.any_size` compiles it.
    """
    if predict is None:
        return task.colorize(frame[task.name])
    return task.colorize(task.decode(predict(frame["image"][None]).numpy()[0]))
