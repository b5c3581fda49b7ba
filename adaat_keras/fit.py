"""Trains the networks of ADA-AT/DT on a pair of domains."""

import inspect
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from adaat_keras import _require_tensorflow, methods, tasks
from adaat_keras.domains.splits import Splits, classes_of
from adaat_keras.methods.checks import check_model
from adaat_keras.methods.method import (
    History,
    Method,
    Source,
    callbacks_of,
    fit_in_memory,
    names_of,
)
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage import described
from adaat_keras.models import AdaAtdt
from adaat_keras.registry import place_of
from adaat_keras.runs.config import RunConfig
from adaat_keras.runs.folder import RunFolder
from adaat_keras.runs.options import Data, Networks, Plan
from adaat_keras.runs.train import train

_require_tensorflow("training")


def fit_ada_atdt(
    model: AdaAtdt,
    source: Source = "streets_sim",
    target: Source | None = None,
    *,
    method: str | type[Method] | Method = "ada_atdt",
    recipe: str | Recipe | None = None,
    epochs: int = 8,
    steps_per_epoch: int = 150,
    batch_size: int | None = None,
    height: int | None = None,
    width: int | None = None,
    zoom: float | None = None,
    crop: int | None = None,
    crops_per_frame: int = 1,
    learning_rate: float | None = None,
    beta_2: float | None = None,
    schedule: str = "cosine",
    seed: int = 0,
    validation_frames: int = 32,
    cache: str | None = None,
    stages: str | Sequence[str] | None = None,
    freeze: str | Sequence[str] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    directory: Path | str | None = None,
    store: Path | str | None = None,
    split: str = "test",
    strategy: tf.distribute.Strategy | None = None,
    deterministic: bool | None = None,
    verbose: int = 1,
) -> History:
    """Train a model on a source domain with both tasks' labels and a target with task 1's.

    The labels of task 2 on the target are never read in training; the test split's, where they
    exist, score a run in a folder. Whatever the method, `model.predict` then gives what it
    predicts.

    Without `directory` nothing is left on disk. With it, the run is kept, scored and drawn there; a
    call that was killed goes on where it stopped when it is made again, and ends in the same
    weights.

    Args:
        model: What `build_ada_atdt` gives; trained in place.
        source, target: Domains A and B: a name of `adaat_keras.domains.names()`, a domain object
            such as `Folder(...)`, which is the training split, or a dictionary of them by
            `"train"`, `"val"` and `"test"`. Without `"val"` nothing is validated, without `"test"`
            nothing is scored. Where neither is given, they are the streets of the package, and
            where the source alone is left out, `"streets_sim"` is it.
        method: A name of `adaat_keras.methods.names()`, or a `Method`. `"at_dt"` leaves the
            domain classifier out, which gains little (docs/experiments.md).
        recipe: `Recipe.recommended()` (the default), `Recipe.paper()`, either with changes, or
            its name.
        epochs, steps_per_epoch: Of every stage; a teacher of classes has twice the epochs.
        batch_size: Images a step, a multiple of twice the devices; where a stage reads both
            domains, half from each. What of these and the next is left out, is as the recipe and
            `Training` have it.
        height, width: Size at which the networks see frames, both or neither, of the aspect of the
            target's; by default theirs, shrunk where a side has more than 512 pixels.
        zoom: The factor by which the source's frames are enlarged to look as the target's camera
            would have taken them; by default as focal lengths and camera heights say.
        crop: Height and width of random crops to train on, in place of whole frames.
        crops_per_frame: Training crops of each decoded frame.
        learning_rate, beta_2, schedule: Of Adam; schedules are `"cosine"`, `"paper"` and
            `"constant"`.
        seed: Decides the order of the data and the augmentation. The first weights are the
            model's: `build_ada_atdt(seed=)`.
        validation_frames: Frames of each domain to score after every epoch.
        cache: Keep decoded training frames in `"memory"` or on `"disk"`.
        stages: Names of the method's stages to train, or one, e.g. `("adversarial", "transfer")`;
            all by default.
        freeze: Names of networks that stay as they are, or one, e.g. `"decoder_1"`.
        callbacks: Of every stage, as in `keras.Model.fit`.
        directory: The run's folder: log, networks, scores, pictures.
        store: Folder in which several runs keep the stages that they have in common.
        split: What a run in a folder is scored on, `"test"` or `"val"`.
        strategy: TensorFlow's strategy under whose scope the model was built.
        deterministic: Bit for bit the same every time; by default on a processor, not on a GPU.
        verbose: As in `keras.Model.fit`.

    Returns:
        The history: for every stage, the values of every epoch by name.

    Raises:
        ValueError: A name does not exist, a source has no target beside it, the model was built in
            another precision than `"float32"` and `"mixed_bfloat16"`, the method has no use for a
            setting of the recipe, the folder holds a run of another configuration, or a network
            that began anew would stay untrained.
        FloatingPointError: A loss became NaN or infinite.

    Example:
        >>> from adaat_keras import build_ada_atdt
        >>> model = build_ada_atdt("depth", "semantic", size="small")
        >>> history = fit_ada_atdt(model, epochs=10, directory="runs/demo")  # doctest: +SKIP
        >>> history["adversarial"]["val_target_abs_rel"]  # doctest: +SKIP
    """
    if target is None and source != "streets_sim":
        raise ValueError("a source needs a target beside it: fit_ada_atdt(model, source, target)")
    target = "streets_real" if target is None else target
    check_model(model)
    callbacks = callbacks_of(callbacks)
    chosen = methods.get(method)
    recipe = Recipe.get(recipe)
    chosen.check_used(recipe)
    given = {
        "batch_size": batch_size,
        "height": height,
        "width": width,
        "zoom": zoom,
        "crop": crop,
        "learning_rate": learning_rate,
        "beta_2": beta_2,
    }
    training = Training(
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        crops_per_frame=crops_per_frame,
        schedule=schedule,
        seed=seed,
        **{**recipe.training, **{name: v for name, v in given.items() if v is not None}},
    )
    if directory is None:
        if store is not None:
            raise ValueError("store keeps the stages of runs: it goes with directory")
        return fit_in_memory(
            chosen,
            model,
            source,
            target,
            recipe,
            training,
            callbacks,
            stages=stages,
            freeze=freeze,
            strategy=strategy,
            cache=cache,
            validation_frames=validation_frames,
            deterministic=deterministic,
            verbose=verbose,
        )
    classes = classes_of(tasks.get(model.from_task), tasks.get(model.to_task))
    splits = {
        "source": Splits(source, classes=classes),
        "target": Splits(target, classes=classes),
    }
    own = model.options
    config = RunConfig(
        data=Data(
            source=_told(splits["source"]),
            target=_told(splits["target"]),
            from_task=model.from_task,
            to_task=model.to_task,
            validation_frames=validation_frames,
            split=split,
            cache=cache,
        ),
        networks=Networks(
            architecture=own["architecture"],
            transfer=own["transfer"],
            size=own["size"],
            precision=model.encoder_1.dtype_policy.name,
            weights=_origin(model, directory),
        ),
        plan=Plan(
            method=_method_name(chosen),
            stages=names_of(stages),
            freeze=names_of(freeze),
            callbacks=[_callback_name(callback) for callback in callbacks],
        ),
        recipe=recipe,
        training=training,
    )
    return train(
        config,
        model,
        directory,
        store,
        splits,
        chosen,
        callbacks,
        strategy,
        deterministic,
        verbose,
    )


def _method_name(method: Method) -> str:
    """What a configuration calls a method: its place, where its name finds another class."""
    known = method.name in methods.METHODS and type(methods.get(method.name))
    return method.name if known is type(method) else place_of(type(method))


def _callback_name(callback: keras.callbacks.Callback) -> str:
    """What a configuration calls a callback: its place, and the numbers that it was made with.

    As far as it keeps its arguments under their names: what changes by use tells nothing, and where
    it writes to is no part of what a run is. Brackets say that it was an object.
    """
    place, held = described(callback)
    if not set(held) <= set(inspect.signature(type(callback)).parameters):
        held = {}
    numbers = {n: v for n, v in held.items() if isinstance(v, int | float) or n == "monitor"}
    told = ", ".join(f"{name}={value!r}" for name, value in numbers.items())
    return f"{place}({told})"


def _told(splits: Splits) -> str | dict:
    """A domain as a configuration tells it: by name, or by what an object is and holds."""
    if splits.by_name:
        return splits.what
    return {"name": splits.name, "identity": splits.required("train").identity()}


def _origin(model: AdaAtdt, directory: Path | str) -> str | None:
    """What a model's weights were when the run in this folder began."""
    folder = RunFolder(directory)
    if model.origin == str(folder.path) and folder.finished:
        return folder.read_config().networks.weights
    return model.origin
