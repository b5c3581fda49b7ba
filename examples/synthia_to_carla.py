r"""SYNTHIA-SF to CARLA: semantic to depth.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/synthia_to_carla.py --source-root SYNTHIA-SF --target-root CARLA \
        --size paper --epochs 500 --steps-per-epoch 400 --height 256 --width 512

Without them, on the embedded streets written in the same layouts, in about 8 minutes a direction on
two cores:

    python examples/synthia_to_carla.py --streets

The paper, semantic to depth (Abs Rel, delta 1):

    AT/DT                          0.3160  0.5530
    ADA-AT/DT (conv)               0.2126  0.8029
    ADA-AT/DT (unet)               0.4510  0.8780
    ADA-AT/DT (unet_attention)     0.0796  0.9128

The paper's run is 500 epochs. Expect 15 to 25 hours a method on one data-centre GPU: an
estimate from operation counts, nobody has measured it.
The paper's depth to semantic table for this pair, 2 (a), is not available.
"""

from adaat_keras.commands.run_pair import run_pair

if __name__ == "__main__":
    run_pair("synthia_sf", "carla", [("semantic", "depth")], __doc__)
