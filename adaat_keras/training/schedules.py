"""Learning rates over a stage's training."""

import keras

from adaat_keras.registry import check_name

NAMES = ("cosine", "paper", "constant")
FLOOR = 0.02


def learning_rate_schedule(
    name: str, learning_rate: float, epochs: int, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """The learning rate of every training step.

    - `"cosine"`: falls along a half cosine to 2 % of `learning_rate` at the end of the stage.
    - `"paper"`: halved every 10 epochs (section 4.5). It is 1.5e-8 at epoch 150 of the paper's
      500, when nothing can be learnt any more: hence not the default.
    - `"constant"`: `learning_rate` throughout.

    Raises:
        ValueError: No schedule has this name.

    Example:
        >>> schedule = learning_rate_schedule("paper", 5e-4, epochs=500, steps_per_epoch=100)
        >>> float(schedule(0)), float(schedule(1000))
        (0.0005000000237487257, 0.0002500000118743628)
    """
    check_name("schedule", name, list(NAMES))
    if name == "cosine":
        total = epochs * steps_per_epoch
        return keras.optimizers.schedules.CosineDecay(learning_rate, total, alpha=FLOOR)
    if name == "paper":
        return keras.optimizers.schedules.ExponentialDecay(
            learning_rate, 10 * steps_per_epoch, 0.5, staircase=True
        )
    return learning_rate
