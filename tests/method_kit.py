"""Domains in memory, and trainings of a few steps on them, which learn nothing."""

import numpy as np

from adaat_keras import methods, tasks
from adaat_keras.domains import Domain
from adaat_keras.domains.splits import Splits
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import Feed

TINY = {"epochs": 1, "steps_per_epoch": 2, "batch_size": 2, "crop": 64}


def make_domain(name, seed, count=3, size=64, labels=("depth", "normals", "semantic")):
    """Random frames; half of each label map is valid everywhere."""
    rng = np.random.default_rng(seed)
    shape = (count, size, size)
    columns = {
        "depth": rng.uniform(1, 90, shape).astype("float32"),
        "normals": tasks.get("normals").decode(rng.normal(size=(*shape, 3))),
        "semantic": rng.integers(0, 11, shape).astype("uint8"),
    }
    images = rng.integers(0, 256, (*shape, 3)).astype("uint8")
    return Domain.from_arrays(images, **{key: columns[key] for key in labels}, name=name)


def make_stages(method, source, target, pair=("depth", "semantic"), recipe=None, **options):
    """The feed of a tiny training on these domains, and the stages of a method by their names."""
    training = Training(**{**TINY, **options})
    stages = methods.get(method).stages(*map(tasks.get, pair), Recipe.get(recipe), training)
    return Feed(Splits(source), Splits(target), training), {each.name: each for each in stages}


def make_trainers(method, model, source, target, recipe=None):
    """The trainers of a method's stages by the stages' names, none of them trained."""
    pair = model.from_task, model.to_task
    feed, stages = make_stages(method, source, target, pair, recipe)
    networks, trainers = dict(model.networks), {}
    for name, stage in stages.items():
        networks |= stage.extra_networks(model)
        trainers[name] = stage.trainer(networks, feed)
    return trainers
