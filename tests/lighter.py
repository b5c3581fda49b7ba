"""What makes Keras and TensorFlow lighter in tests, and changes nothing that they give."""

import functools

import tensorflow as tf
from keras.src.saving import saving_lib

# Saves a second whenever a device's thread has not quite ended as TensorFlow looks for it.
_wait_for_stop = tf.train.Coordinator.wait_for_stop
tf.train.Coordinator.wait_for_stop = lambda self, _=None: _wait_for_stop(self, 0.01)

# A twentieth: Keras 3.15 makes a layer for each layer that it saves, to see what attributes layers
# have. It keeps the answer under one name and looks it up under another.
if hasattr(saving_lib, "get_attr_skipset"):
    saving_lib.get_attr_skipset = functools.cache(saving_lib.get_attr_skipset)


def start_tensorflow() -> None:
    """Start it such that it leaves data pipelines as they are: a tenth of the processor's time.

    It would optimize their functions anew for each iterator. Others are optimized as users' are.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    tf.config.list_logical_devices()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def untuned(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The same batches without the thread that tunes how they are read.

    Where that misses the end of an iterator, which it does on one core, the iterator waits for it
    for as long as it has lived: seconds. The package's own pipelines are without it.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
