"""The rows of a run's figure 4."""

from collections.abc import Iterator

import keras
import numpy as np

from adaat_keras.domains.domain import Domain
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.tasks.semantic import CLASS_NAMES, PALETTE
from adaat_keras.tasks.task import Task


def panels(setup: Setup, predictor: keras.Model, trained: set[str]) -> dict:
    """Pictures of the target's test frames: image, both tasks' predictions, the truth.

    Returns the arguments `rows`, `titles` and `legend` of `evaluation.draw_panels`.
    """
    domain = setup.domain("target", "test")
    columns = [(setup.to_task, "predicted", predictor)]
    if "encoder_1" in trained:
        columns.insert(0, (setup.from_task, "predicted", setup.model.base_model_1))
    if setup.to_task.name in domain.tasks:
        columns.append((setup.to_task, "true", None))
    titles = ["image", *(f"{task.name}, {kind}" for task, kind, _ in columns)]
    rows = []
    for frame in chosen_frames(domain):
        cells = (picture(task, frame, network) for task, _, network in columns)
        rows.append([frame["image"], *cells])
    legends = (legend_of(task) for task, *_ in columns)
    return {"rows": rows, "titles": titles, "legend": next(filter(None, legends), None)}


def chosen_frames(domain: Domain, count: int = 6) -> Iterator[dict[str, np.ndarray]]:
    """Some frames, spread evenly over the domain."""
    count = min(count, len(domain))
    return (domain[n * len(domain) // count] for n in range(count))


def legend_of(task: Task) -> dict[str, np.ndarray] | None:
    """The colours of a task's classes by name, where it has classes."""
    if task.name != "semantic":
        return None
    return dict(zip(CLASS_NAMES, PALETTE, strict=True))


def picture(task: Task, frame: dict[str, np.ndarray], network: keras.Model | None) -> np.ndarray:
    """A frame's prediction in colours, or its truth where there is no network."""
    if network is None:
        return task.colorize(frame[task.name])
    outputs = network.predict_on_batch(frame["image"][None].astype("float32"))[0]
    return task.colorize(task.decode(outputs))
