"""Learning rates over a stage's training."""

import keras

from adaat_keras.registry import check_name

NAMES = ("cosine", "paper", "constant")
FLOOR = 0.02


def learning_rate_schedule(
    name: str, learning_rate: float, epochs: int, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """A schedule, or the constant learning rate, by name.

    - `"cosine"`: rises to `learning_rate` over the first 5 % of the stage's steps, then falls along
      a half cosine to 2 % of it.
    - `"paper"`: halved every 10 epochs (section 4.5). Not the default, since at epoch 150 of the
      paper's 500 it has fallen to 1.5e-8, too low to learn anything.
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
        rise = total // 20
        if not rise:
            return keras.optimizers.schedules.CosineDecay(learning_rate, total, alpha=FLOOR)
        return keras.optimizers.schedules.CosineDecay(
            FLOOR * learning_rate,
            total - rise,
            alpha=FLOOR,
            warmup_target=learning_rate,
            warmup_steps=rise,
        )
    if name == "paper":
        return keras.optimizers.schedules.ExponentialDecay(
            learning_rate, 10 * steps_per_epoch, 0.5, staircase=True
        )
    return learning_rate
