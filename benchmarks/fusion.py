"""Is it worth averaging what the transfer predicts with what the teacher makes of predicted labels?

    python benchmarks/fusion.py runs/a runs/b

For every run that has a teacher, scores of task 2 on its target's `val`: D2(G(E1(x))), the teacher
on what base model 1 predicts, T(D1(E1(x))), the mean of both, and the teacher on true labels.
"""

import sys
from pathlib import Path

import keras
import tensorflow as tf

from adaat_keras.models.preset_format import read_model
from adaat_keras.runs.folder import RunFolder

for place in sys.argv[1:]:
    folder = RunFolder(Path(place))
    config, model = folder.load()
    teacher = read_model(folder.path / "networks/teacher.keras")
    from_task, to_task = config.from_task, config.to_task
    frames = config.replace(split="val").seen("target", model.camera)
    names = ("transfer", "teacher of predictions", "mean of both", "teacher of labels")
    metrics = {name: to_task.metrics()[0] for name in names}
    for number in range(len(frames)):
        frame = frames[number]
        image, labels = frame["image"][None], frame[from_task.name][None]
        transfer = tf.cast(model(image), "float32")
        predicted = from_task.pseudo_labels(model.base_model_1(image))
        taught, true = (
            tf.cast(teacher(picture), "float32")
            for picture in (from_task.picture(predicted), frames.picture_of(from_task)(labels))
        )
        if to_task.classes:
            mean = tf.nn.softmax(transfer) + tf.nn.softmax(taught)
        else:
            mean = (transfer + taught) / 2
        for name, outputs in zip(names, (transfer, taught, mean, true), strict=True):
            metrics[name].update_state(frame[to_task.name][None], outputs)
    main = to_task.primary_metric
    scores = {name: float(metric.result()[main]) for name, metric in metrics.items()}
    print(place, {name: round(score, 4) for name, score in scores.items()}, flush=True)
    keras.backend.clear_session()
