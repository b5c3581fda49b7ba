"""The embedded pair, both directions, from Python.

    python examples/streets.py                 # depth -> semantic, small networks
    python examples/streets.py --from semantic --to depth

Expect about 13 minutes a direction on two processor cores, the rendering of the streets included
(2 minutes, once). The README says what it scores.
"""

import argparse

from adaat_keras import build_ada_atdt, fit_ada_atdt
from adaat_keras.commands.print_metrics import print_metrics

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="from_task", default="depth")
    parser.add_argument("--to", dest="to_task", default="semantic")
    options = parser.parse_args()

    directory = f"runs/example-{options.from_task}-{options.to_task}"
    model = build_ada_atdt(options.from_task, options.to_task, transfer="unet_attention")
    fit_ada_atdt(model, source="streets_sim", target="streets_real", directory=directory)
    print_metrics(directory)
