"""Which networks a method predicts by, and whether anybody has trained them."""

from pathlib import Path

import keras

from adaat_keras.models import AdaAtdt


def needed_by(predictor: keras.Model) -> set[str]:
    """The names of the networks in a method's predictor: the whole model, or base model 2."""
    if isinstance(predictor, AdaAtdt):
        return {"encoder_1", "transfer", "decoder_2"}
    return {"encoder_2", "decoder_2"}


def check_trained(predictor: keras.Model, model: AdaAtdt, where: Path | str) -> None:
    """Raise a `ValueError` if a network of the predictor is one that nobody has trained."""
    new = sorted(needed_by(predictor) & set(model.fresh))
    if new:
        raise ValueError(
            f"{where} predicts by networks that nobody has trained: {', '.join(new)}; go on with "
            f"the steps that train them: `adaat-keras train --weights {where} --steps ...`"
        )
