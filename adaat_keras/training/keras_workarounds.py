"""The two private methods of Keras that a trainer on several devices has to override.

Besides `trainer.Adam`, nothing in the package touches a private method of Keras. When one of these
goes, run `pytest tests/training/test_devices.py tests/runs/test_several_machines.py`: they train
every trainer on two devices, and a run on two machines.
"""

import tensorflow as tf

from adaat_keras.training.devices import cluster_of


class KerasWorkarounds:
    """Fixes to `keras.Model` for batches that differ by replica, and for several machines."""

    def _make_function(self, step_function):
        """As in Keras, but with an axis added to logs, along which `fit` averages over machines.

        Scalars make it fail (keras issue 20585).
        """
        if not cluster_of(self.distribute_strategy):
            return super()._make_function(step_function)
        return super()._make_function(
            lambda data: {
                name: tf.expand_dims(value, 0) for name, value in step_function(data).items()
            }
        )

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Do nothing: Keras would concatenate the replicas' batches, which may differ in size.

        A trainer's networks are built already. (No Keras issue is known; without this,
        `tests/runs/test_two_devices.py` fails, where a batch leaves one replica empty.)
        """
