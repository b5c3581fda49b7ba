"""Trains the networks of ADA-AT/DT on a pair of domains."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
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
    as_names,
    callbacks_of,
    fit_in_memory,
)
from adaat_keras.methods.recipe import Recipe, Training
from adaat_keras.methods.stage_key import described
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

    Except by the method `"oracle"`, task 2's labels on the target are never read in training; the
    test split's, if they exist, are used to score a run with a `directory`. After training,
    `model.predict` predicts task 2 as the chosen method does.

    Without `directory`, nothing is written to disk. With it, the run's log, networks, scores and
    pictures are kept there, and a call that was killed resumes when it is repeated, ending in the
    same weights.

    Args:
        model: As `build_ada_atdt` returns it; trained in place.
        source, target: Domains A and B: a name from `adaat_keras.domains.names()` or a class, which
            is opened with `split=`; a domain object such as `Folder(...)`, used as the training
            split; or a dictionary of domain objects with the keys `"train"`, `"val"` and `"test"`.
            Without `"val"` there is no validation, without `"test"` no scoring. By default the
            package's rendered streets, `"streets_sim"` and `"streets_real"`.
        method: A name from `adaat_keras.methods.names()`, or a `Method`. `"at_dt"` omits the
            domain classifier, which gains little (docs/experiments.md).
        recipe: `Recipe.recommended()` (the default), `Recipe.paper()`, either with changes, or
            its name.
        epochs, steps_per_epoch: For every stage; a teacher of classes has twice the epochs.
        batch_size: Images per step, a multiple of twice the number of devices; half from each
            domain in stages that read both. This and the following settings default to the
            recipe's, else to those of `Training`.
        height, width: Size at which the networks see frames, both or neither, with the aspect
            ratio of the target's frames; by default the target's size, shrunk so that no side
            exceeds 512 pixels.
        zoom: Factor by which the source's frames are enlarged to match the target's camera; by
            default computed from focal lengths and camera heights.
        crop: Height and width of random training crops; by default whole frames are used.
        crops_per_frame: Training crops taken from each decoded frame.
        learning_rate, beta_2, schedule: Of Adam; schedules are `"cosine"`, `"paper"` and
            `"constant"`.
        seed: Seed of the data order and the augmentation. For the initial weights, see
            `build_ada_atdt(seed=)`.
        validation_frames: Frames of each domain to score after every epoch.
        cache: Keep decoded training frames in `"memory"` or on `"disk"`.
        stages: Names of the method's stages to train, or one name, e.g.
            `("adversarial", "transfer")`; all by default.
        freeze: Names of networks to leave unchanged, or one name, e.g. `"decoder_1"`.
        callbacks: For every stage, as in `keras.Model.fit`; those that set a learning rate need
            `schedule="constant"`.
        directory: The run's folder: log, networks, scores, pictures.
        store: Folder in which runs share the results of identical stages.
        split: The split on which a run with a `directory` is scored, `"test"` or `"val"`.
        strategy: The TensorFlow strategy in whose scope the model was built.
        deterministic: Whether training is bit-for-bit reproducible; by default on a CPU only.
        verbose: As in `keras.Model.fit`.

    Returns:
        The history: for every stage, each logged value's list over the epochs, by name.

    Raises:
        ValueError: A name does not exist, a source is given without a target, the model's precision
            is neither `"float32"` nor `"mixed_bfloat16"`, the method does not use a setting
            changed in the recipe, the folder holds a run with another configuration, or a network
            without trained weights would stay untrained.
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
    # Checked with a folder and without.
    data = Data(validation_frames=validation_frames, split=split, cache=cache)
    if strategy is not None and not isinstance(strategy, tf.distribute.Strategy):
        raise ValueError(f"strategy is a tf.distribute.Strategy, not {strategy!r}")
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
        data=replace(
            data,
            source=_told(splits["source"]),
            target=_told(splits["target"]),
            from_task=model.from_task,
            to_task=model.to_task,
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
            stages=as_names(stages),
            freeze=as_names(freeze) or [],
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
    """A method as a configuration names it: its location if its name finds another class."""
    known = method.name in methods.METHODS and type(methods.get(method.name))
    return method.name if known is type(method) else place_of(type(method))


def _callback_name(callback: keras.callbacks.Callback) -> str:
    """A callback as a configuration names it: its class's location and its numeric arguments.

    Only arguments that it stores under their own names: other attributes may change during
    training, and paths do not define a run. The parentheses mark it as an object.
    """
    place, held = described(callback)
    if not set(held) <= set(inspect.signature(type(callback)).parameters):
        held = {}
    numbers = {n: v for n, v in held.items() if isinstance(v, int | float) or n == "monitor"}
    told = ", ".join(f"{name}={value!r}" for name, value in numbers.items())
    return f"{place}({told})"


def _told(splits: Splits) -> str | dict:
    """A domain as a configuration stores it: its name, or an object's name and identity."""
    if splits.is_lasting:
        return splits.what
    return {"name": splits.name, "identity": splits.required("train").identity()}


def _origin(model: AdaAtdt, directory: Path | str) -> str | None:
    """Where the model's weights came from when the run in this folder started."""
    folder = RunFolder(directory)
    # However its path is written.
    ours = model.origin is not None and Path(model.origin).resolve() == folder.path.resolve()
    if ours and folder.finished:
        return folder.read_config().networks.weights
    return model.origin
