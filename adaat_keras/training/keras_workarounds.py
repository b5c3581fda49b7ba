"""The two private methods of Keras that a trainer on several devices has to override.

Nothing else in the package touches a private method of Keras. When one of these goes, run
`pytest tests/training/test_devices.py tests/runs/test_several_machines.py`: they train every
trainer on two devices, and a run on two machines.
"""

import tensorflow as tf

from adaat_keras.training.devices import cluster_of


class KerasWorkarounds:
    """What `keras.Model` lacks for batches that differ by replica, and for several machines."""

    def _make_function(self, step_function):
        """As in Keras, whose `fit` fails over machines: it averages logs along an axis of theirs.

        Numbers have none (keras issue 20585).
        """
        if not cluster_of(self.distribute_strategy):
            return super()._make_function(step_function)
        return super()._make_function(
            lambda data: {
                name: tf.expand_dims(value, 0) for name, value in step_function(data).items()
            }
        )

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Skip what Keras would infer: it adds up a batch over replicas that may differ in size.

        A trainer's networks are built; there is nothing to infer. (No issue is known; what fails
        without it is `tests/runs/test_two_devices.py`, where a batch leaves one replica empty.)
        """
