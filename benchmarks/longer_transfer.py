"""AT/DT whose transfer stage trains for twice as many epochs, to be named to a benchmark.

    adaat-keras benchmark --methods benchmarks/longer_transfer.py:LongerAtDt --epochs 20

Half of the images of its batches are the target's. So it sees as many of them as the oracle does,
whose batches are the target's alone.
"""

from dataclasses import replace

from adaat_keras.methods.at_dt import AtDt


class LongerAtDt(AtDt):
    """AT/DT with a transfer stage of twice the steps."""

    name = "longer_at_dt"

    def stages(self, *arguments, **options):
        """Those of `AtDt`, the last one for longer."""
        *others, transfer = super().stages(*arguments, **options)
        training = replace(transfer.training, epochs=2 * transfer.training.epochs)
        return [*others, replace(transfer, training=training)]
