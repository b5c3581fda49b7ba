"""Which devices to train on."""

import tensorflow as tf


def strategy_for(devices: str | int) -> tf.distribute.Strategy:
    """TensorFlow's strategy for a number of devices, GPUs if there are any.

    Args:
        devices: A number, or `"all"`.

    Raises:
        ValueError: It is neither, or there are fewer devices; says how many.

    Example:
        >>> strategy_for("1").num_replicas_in_sync
        1
    """
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if str(devices) != "all" and not str(devices).isdigit():
        raise ValueError(f"devices must be a number or 'all', not {devices!r}")
    count = len(found) if str(devices) == "all" else int(devices)
    if not 1 <= count <= len(found):
        raise ValueError(f"{count} devices asked for, but this machine has {len(found)}")
    if count == 1:
        return tf.distribute.get_strategy()
    # NCCL serves GPUs; on CPUs its stand-in aborts.
    reduction = None if found[0].device_type == "GPU" else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(
        [device.name for device in found[:count]], cross_device_ops=reduction
    )
