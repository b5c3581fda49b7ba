"""Which devices to train on."""

import tensorflow as tf

from adaat_keras.training.this_machine import this_machine


def strategy_for(devices: str | int) -> tf.distribute.Strategy:
    """TensorFlow's strategy for a number of devices of each machine, GPUs if there are any.

    Where the environment variable `TF_CONFIG` names several machines, it waits until all of them
    are there; TensorFlow must not have done anything before that in this process.

    Args:
        devices: A number, or `"all"`.

    Raises:
        ValueError: It is neither, or there are fewer devices; says how many.

    Example:
        >>> strategy_for("1").num_replicas_in_sync
        1
    """
    if str(devices) != "all" and not str(devices).isdigit():
        raise ValueError(f"devices must be a number or 'all', not {devices!r}")
    _, machines = this_machine()
    if machines > 1:
        return several_machines(devices)
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    found = chosen(found, devices)
    if len(found) == 1:
        return tf.distribute.get_strategy()
    # NCCL serves GPUs; on CPUs its stand-in aborts.
    reduction = None if found[0].device_type == "GPU" else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(
        [device.name for device in found], cross_device_ops=reduction
    )


def several_machines(devices: str | int) -> tf.distribute.Strategy:
    """The strategy for as many devices on each of the machines that `TF_CONFIG` names."""
    # It takes all GPUs that are visible, and must come before TensorFlow starts.
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(chosen(gpus, devices), "GPU")
    else:
        chosen(tf.config.list_physical_devices("CPU"), devices)
    return tf.distribute.MultiWorkerMirroredStrategy()


def chosen(found: list, devices: str | int) -> list:
    """As many of these devices as asked for."""
    count = len(found) if str(devices) == "all" else int(devices)
    if not 1 <= count <= len(found):
        raise ValueError(f"{count} devices asked for, but this machine has {len(found)}")
    return found[:count]
