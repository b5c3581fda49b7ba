"""The rows of a run's figure 4."""

import keras
import numpy as np

from adaat_keras.methods.harness.setup import Setup
from adaat_keras.tasks.semantic import CLASS_NAMES, PALETTE
from adaat_keras.tasks.task import Task


def panels(setup: Setup, predictor: keras.Model, trained: set[str], rows: int = 6) -> dict:
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
    chosen = [n * len(domain) // rows for n in range(min(rows, len(domain)))]
    pictures = []
    for frame in (domain[index] for index in chosen):
        cells = (picture(task, frame, network) for task, _, network in columns)
        pictures.append([frame["image"], *cells])
    semantic = any(task.name == "semantic" for task, *_ in columns)
    legend = dict(zip(CLASS_NAMES, PALETTE, strict=True)) if semantic else None
    return {"rows": pictures, "titles": titles, "legend": legend}


def picture(task: Task, frame: dict[str, np.ndarray], network: keras.Model | None) -> np.ndarray:
    """A frame's prediction in colours, or its truth where there is no network."""
    if network is None:
        return task.colorize(frame[task.name])
    outputs = network.predict_on_batch(frame["image"][None].astype("float32"))[0]
    return task.colorize(task.decode(outputs))
