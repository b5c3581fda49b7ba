"""Suppresses TensorFlow's startup messages, but no real warnings."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Messages at every start on machines without a GPU, or with a CPU that has more instructions than
# the wheel was built for.
_BANNER = re.compile(
    "|".join(
        (
            "All log messages before absl::InitializeLog",
            "oneDNN custom operations are on",
            "Could not find cuda drivers",
            "failed call to cuInit",
            "Unable to register cu(DNN|FFT|BLAS) factory",
            "TF-TRT Warning: Could not find TensorRT",
            "This TensorFlow binary is optimized to use available CPU instructions",
            "To enable the following instructions",
            "computation placer already registered",
        )
    )
)


@contextmanager
def without_banner() -> Iterator[None]:
    """Drop the lines of TensorFlow's banner from stderr; other lines are printed afterwards.

    TensorFlow writes them from C++ before any logger is set up, so the file descriptor itself is
    redirected. If stderr has no file descriptor, or the disk is full, nothing is done.
    """
    try:
        held = tempfile.TemporaryFile()  # noqa: SIM115
        kept = os.dup(2)
    except OSError:
        yield
        return
    with held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines(keepends=True):
                if not _BANNER.search(line):
                    sys.stderr.write(line)


def start_tensorflow() -> None:
    """Import TensorFlow and look for its devices, without the banner.

    Looking for devices does not start them, so that a process can still join other machines.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with without_banner():
        import tensorflow as tf

        tf.config.list_physical_devices()
