"""Builds the networks of ADA-AT/DT by name."""

import warnings
from pathlib import Path

import keras

from adaat_keras import tasks
from adaat_keras.models import sizes as architectures
from adaat_keras.models import transfer as transfers
from adaat_keras.models.ada_atdt import AdaAtdt
from adaat_keras.models.domain_classifier import DomainClassifier
from adaat_keras.models.sizes import size_options
from adaat_keras.presets import load, load_matching


def build_ada_atdt(
    from_task: str | None = None,
    to_task: str | None = None,
    transfer: str | None = None,
    size: str | None = None,
    classifier: str | None = None,
    dtype: str | keras.DTypePolicy | None = None,
    architecture: str | None = None,
    weights: Path | str | None = None,
) -> AdaAtdt:
    """Build the six networks for a pair of tasks, untrained or with a preset's weights.

    With `weights` all other defaults are the preset's. Where its tasks are not those asked for,
    the decoder of the new task starts anew, and a warning names what did; `fit_ada_atdt` refuses to
    leave it untrained.

    Args:
        from_task: Task 1, labelled in both domains (`adaat_keras.tasks.names()`); `"depth"` by
            default.
        to_task: Task 2, labelled in the source domain alone; `"semantic"` by default.
        transfer: Transfer function: `"conv"`, `"unet"` or `"unet_attention"` (section 4.3), or
            AT/DT's `"six_convolutions"`; by default the architecture's own, `"unet_attention"`
            with `"residual"`.
        size: `"small"` for a processor (the default), `"paper"` for Table 1's networks, `"tiny"`
            for trials.
        classifier: What the domain classifier looks at: `"patch"` (the paper, and the default) or
            `"pixel"`.
        dtype: Precision of the layers, e.g. `"mixed_bfloat16"`; Keras' current one by default.
        architecture: `"residual"`, the paper's networks and the default, or
            `"dilated_resnet50"`, AT/DT's, whose transfer function is `"six_convolutions"` alone.
        weights: A preset, as `adaat_keras.load` takes it.

    Returns:
        The model; its prediction is task 2, the networks are its attributes.

    Raises:
        ValueError: A name does not exist, both tasks are the same, the transfer function does
            not go with the architecture, or the preset is of another size.

    Example:
        >>> model = build_ada_atdt("semantic", "depth", transfer="unet", size="tiny")
        >>> model.decoder_1.channels, model.decoder_2.channels
        (11, 1)
    """
    given = {
        "from_task": from_task,
        "to_task": to_task,
        "transfer": transfer,
        "size": size,
        "classifier": classifier,
        "architecture": architecture,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if weights is None:
        model = networks(**given, dtype=dtype)
        model.fresh = tuple(model.networks)
        return model
    preset = load(weights)
    model = networks(**{**preset.options, **given}, dtype=dtype)
    left = load_matching(model, preset)
    model.origin = preset.origin
    if left:
        warnings.warn(f"{weights} has no weights for {', '.join(left)}: new ones", stacklevel=2)
    return model


def networks(
    from_task: str = "depth",
    to_task: str = "semantic",
    transfer: str | None = None,
    size: str = "small",
    classifier: str = "patch",
    architecture: str = "residual",
    dtype: str | keras.DTypePolicy | None = None,
) -> AdaAtdt:
    """The six networks, untrained; arguments as `build_ada_atdt`'s."""
    if from_task == to_task:
        raise ValueError(
            f"from_task and to_task are both {to_task!r}: there is nothing to transfer"
        )
    channels_1, channels_2 = tasks.get(from_task).channels, tasks.get(to_task).channels
    encoder, decoder, own_transfer, _ = architectures.get(architecture)
    transfer = transfer or own_transfer.kind
    transfer_class = transfers.get(transfer)
    architectures.check_transfer(architecture, transfer)
    options = {**size_options(size), "dtype": dtype}
    width = {"base_filters": options["base_filters"], "dtype": dtype}
    encoder_1 = encoder(**options, name="encoder_1")
    features = encoder_1.features
    return AdaAtdt(
        encoder_1=encoder_1,
        decoder_1=decoder(channels_1, **width, name="decoder_1"),
        domain_classifier=DomainClassifier(
            features,
            classifier,
            # As wide for AT/DT's features as for ours, or it would outgrow all the rest.
            width=4 * options["base_filters"],
            dtype=dtype,
            name="domain_classifier",
        ),
        encoder_2=encoder(**options, name="encoder_2"),
        decoder_2=decoder(channels_2, **width, name="decoder_2"),
        transfer=transfer_class(features, dtype=dtype, name="transfer"),
        from_task=from_task,
        to_task=to_task,
        name="ada_atdt",
    )
