r"""CARLA to Cityscapes: depth to semantic and semantic to depth.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/carla_to_cityscapes.py --source-root CARLA --target-root Cityscapes \
        --size paper --epochs 500 --steps-per-epoch 400 --height 256 --width 512

Without them, on the embedded streets written in the same layouts, in about 8 minutes a direction on
two cores:

    python examples/carla_to_cityscapes.py --streets

The paper, depth to semantic (mIoU, accuracy in percent):

    AT/DT                          39.66  76.37
    CyCADA                         24.56  68.68
    FCNs in the Wild               18.16  65.06
    DAN                            17.82  62.37
    CycleGAN                       42.33  80.93
    AT/DT (DA)                     43.20  81.92
    ADA-AT/DT (conv)               21.31  54.31
    ADA-AT/DT (unet)               47.76  84.92
    ADA-AT/DT (unet_attention)     42.69  84.52

The paper, semantic to depth (Abs Rel, delta 1):

    AT/DT                          0.3940  0.3370
    CycleGAN                       0.9430  0.2180
    AT/DT (DA)                     0.5630  0.2470
    ADA-AT/DT (conv)               1.2016  0.6334
    ADA-AT/DT (unet)               0.3397  0.7233
    ADA-AT/DT (unet_attention)     0.1894  0.8245

The paper's run is 500 epochs. Expect 15 to 25 hours a method on one data-centre GPU: an
estimate from operation counts, nobody has measured it.
"""

from adaat_keras.commands.run_pair import run_pair

if __name__ == "__main__":
    run_pair("carla", "cityscapes", [("depth", "semantic"), ("semantic", "depth")], __doc__)
