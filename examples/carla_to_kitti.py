r"""CARLA to KITTI: semantic to depth.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/carla_to_kitti.py --source-root CARLA --target-root KITTI \
        --size paper --epochs 500 --steps-per-epoch 400 --height 256 --width 512

Without them, on the embedded streets written in the same layouts, in about 8 minutes a direction on
two cores:

    python examples/carla_to_kitti.py --streets

The paper, semantic to depth (Abs Rel, delta 1):

    AT/DT                          0.4390  0.4830
    ADA-AT/DT (conv)               0.5631  0.7038
    ADA-AT/DT (unet)               0.2330  0.7886
    ADA-AT/DT (unet_attention)     0.1389  0.8655

The paper's run is 500 epochs. Expect 15 to 25 hours a method on one data-centre GPU: an
estimate from operation counts, nobody has measured it.
"""

from adaat_keras.commands.run_pair import run_pair

if __name__ == "__main__":
    run_pair("carla", "kitti", [("semantic", "depth")], __doc__)
