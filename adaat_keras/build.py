"""Builds the networks of ADA-AT/DT for a pair of tasks."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path

import keras

from adaat_keras import tasks
from adaat_keras.models import AdaAtdt, DomainClassifier, sizes
from adaat_keras.models import transfer as transfers
from adaat_keras.presets import load_matching, read_networks
from adaat_keras.registry import check_name
from adaat_keras.tasks import Task


def build_ada_atdt(
    from_task: str | Task | None = None,
    to_task: str | Task | None = None,
    transfer: str | type[keras.Model] | None = None,
    size: str | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    architecture: str | sizes.Architecture | None = None,
    weights: Path | str | None = None,
    seed: int | None = None,
    trunk: Path | str | None = None,
) -> AdaAtdt:
    """Build the six networks for a pair of tasks, untrained or with a preset's weights.

    With `weights`, all other arguments default to the preset's. If a task differs from the
    preset's, its decoder, or the decoder's last layer, keeps its initial weights, and a warning
    names it; `fit_ada_atdt` refuses to leave such a network untrained.

    Args:
        from_task: Task 1, labelled in both domains: a name from `adaat_keras.tasks.names()`, a task
            such as `Semantic({"road": "road", ...})`, or the location of a class,
            `"file.py:Class"`; `"depth"` by default.
        to_task: Task 2, labelled in the source domain only; `"semantic"` by default.
        transfer: Transfer function: `"conv"`, `"unet"` or `"unet_attention"` (section 4.3), AT/DT's
            `"six_convolutions"`, or your own class; by default the architecture's,
            `"unet_attention"` for `"residual"`.
        size: `"small"` (the default) trains on a CPU, `"paper"` gives the networks of Table 1,
            `"tiny"` is for trial runs.
        dtype: Precision of the layers, e.g. `"mixed_bfloat16"`; Keras' current one by default.
        architecture: `"residual"` (the default), the paper's networks; `"mobilenet_v2"`, with
            encoders pretrained on ImageNet, for photographs; or `"dilated_resnet50"`, AT/DT's,
            which works with the transfer function `"six_convolutions"` only.
        weights: A preset, as `adaat_keras.load` takes it.
        seed: Seed of the initial weights, with the same result as `adaat-keras train --seed`; by
            default they are drawn as for any Keras model.
        trunk: Initial weights of the `"mobilenet_v2"` trunk: `"imagenet"` (the default, downloaded
            once by Keras), a file of such weights, or `"random"`.

    Returns:
        The model, which predicts task 2; its six networks are attributes.

    Raises:
        ValueError: A name or precision does not exist, both tasks are the same, the transfer
            function or the trunk does not fit the architecture, or the preset has another size.
        OSError: The trunk's weights cannot be downloaded, or their file does not exist.

    Example:
        >>> model = build_ada_atdt("semantic", "depth", transfer="unet", size="tiny")
        >>> model.decoder_1.channels, model.decoder_2.channels
        (11, 1)
    """
    _check_precision(dtype)
    given = {
        "from_task": from_task,
        "to_task": to_task,
        "transfer": transfer,
        "size": size,
        "architecture": architecture,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if weights is None:
        sizes.check_trunk(architecture or "residual", trunk)
        with _drawn_from(seed):
            model = _networks(**given, dtype=dtype)
        for encoder in (model.encoder_1, model.encoder_2):
            if hasattr(encoder, "load_trunk") and trunk != "random":
                encoder.load_trunk(trunk or "imagenet")
        model.untrained = tuple(model.networks)
        return model
    if trunk is not None:
        raise ValueError(f"trunk {str(trunk)!r} and weights {str(weights)!r}: give one of them")
    # Not `load`, which rejects a run whose predicting networks are still untrained.
    preset = read_networks(weights)
    with _drawn_from(seed):
        model = _networks(**{**preset.options, **given}, dtype=dtype)
    left = load_matching(model, preset)
    model.origin = preset.origin
    if left:
        warnings.warn(f"{weights} has no weights for {', '.join(left)}: new ones", stacklevel=2)
    return model


def in_precision(model: AdaAtdt, dtype: str | keras.DTypePolicy) -> AdaAtdt:
    """The same networks with copies of the weights, which compute in another precision.

    Example:
        >>> half = build_ada_atdt(size="tiny", dtype="mixed_bfloat16")
        >>> in_precision(half, "float32").encoder_1.compute_dtype
        'float32'
    """
    copy = _networks(**model.options, dtype=dtype)
    if left := load_matching(copy, model):
        raise ValueError(f"{', '.join(left)} cannot be copied: the networks are not those built")
    return copy


_FLOATS = ("float32", "bfloat16", "float16", "float64", "mixed_bfloat16", "mixed_float16")


def _check_precision(dtype: str | keras.DTypePolicy | None) -> None:
    """Raise a `ValueError` that lists the precisions for a name that is none of them."""
    if dtype is None or isinstance(dtype, keras.DTypePolicy):
        return
    if not isinstance(dtype, str):
        # As NumPy, TensorFlow and a policy's configuration have it.
        try:
            dtype = keras.dtype_policies.get(dtype).name
        except (TypeError, ValueError):
            dtype = str(dtype)
    check_name("precision", dtype, list(_FLOATS))


def _networks(
    from_task: str | Task | dict = "depth",
    to_task: str | Task | dict = "semantic",
    transfer: str | type[keras.Model] | None = None,
    size: str = "small",
    architecture: str | sizes.Architecture = "residual",
    dtype: str | keras.DTypePolicy | None = None,
) -> AdaAtdt:
    """The six networks, untrained; arguments as `build_ada_atdt`'s."""
    task_1, task_2 = tasks.get(from_task), tasks.get(to_task)
    if task_1.name == task_2.name:
        raise ValueError(
            f"from_task and to_task are both {task_1.name!r}: there is nothing to transfer"
        )
    encoder, decoder, own_transfer, _ = sizes.get(architecture)
    transfer = transfer or own_transfer
    transfer_class = transfers.get(transfer)
    sizes.check_transfer(architecture, transfer)
    options = {**sizes.size_options(size), "dtype": dtype}
    width = {"base_filters": options["base_filters"], "dtype": dtype}
    encoder_1 = encoder(**options, name="encoder_1")
    features = encoder_1.features
    return AdaAtdt(
        encoder_1=encoder_1,
        decoder_1=decoder(task_1.channels, activation=task_1.activation, **width, name="decoder_1"),
        domain_classifier=DomainClassifier(
            features,
            # Not by the number of features: AT/DT's 2048 would make it the largest network.
            width=4 * options["base_filters"],
            dtype=dtype,
            name="domain_classifier",
        ),
        encoder_2=encoder(**options, name="encoder_2"),
        decoder_2=decoder(task_2.channels, activation=task_2.activation, **width, name="decoder_2"),
        transfer=transfer_class(features, dtype=dtype, name="transfer"),
        from_task=tasks.serialize(task_1),
        to_task=tasks.serialize(task_2),
        name="ada_atdt",
    )


@contextmanager
def _drawn_from(seed: int | None) -> Iterator[None]:
    """Make Keras draw initial weights from this seed; restore Python's random state afterwards."""
    if seed is None:
        yield
        return
    if not isinstance(seed, Integral):
        raise ValueError(f"seed must be a whole number, not {seed!r}")
    before = random.getstate()
    random.seed(int(seed))
    try:
        yield
    finally:
        random.setstate(before)
