r"""SYNTHIA-SF to Cityscapes: depth to semantic.

On the data sets (`adaat-keras data check` tells whether they are in order):

    python examples/synthia_to_cityscapes.py --source-root SYNTHIA-SF --target-root Cityscapes \
        --size paper --epochs 500 --steps-per-epoch 400 --height 256 --width 512

Without them, on the embedded streets written in the same layouts, in about 8 minutes a direction on
two cores:

    python examples/synthia_to_cityscapes.py --streets

The paper, depth to semantic (mIoU, accuracy in percent):

    AT/DT                          23.34  64.03
    CyCADA                         16.23  69.03
    FCNs in the Wild               19.51  65.93
    DAN                            9.87  51.65
    ADA-AT/DT (conv)               21.77  69.93
    ADA-AT/DT (unet)               26.19  73.99
    ADA-AT/DT (unet_attention)     31.78  79.68

The paper's run is 500 epochs. Expect 15 to 25 hours a method on one data-centre GPU: an
estimate from operation counts, nobody has measured it.
"""

from adaat_keras.commands.run_pair import run_pair

if __name__ == "__main__":
    run_pair("synthia_sf", "cityscapes", [("depth", "semantic")], __doc__)
