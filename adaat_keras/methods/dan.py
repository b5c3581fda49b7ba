"""Deep adaptation networks: features whose distributions match."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps import discrepancy_step


class Dan(Method):
    """Task 2 by a base model whose features look alike in distribution (Long et al., ICML 2015).

    `L = L_task(A) + MMD^2(E(x_A), E(x_B))`, the discrepancy with five Gaussian kernels between
    sampled pixel features (`adaat_keras.training.multi_kernel_mmd`).

    Where ours departs: the networks are base model 2's, so that the method is the only
    difference; DAN adapts the last layers of an AlexNet that classifies whole images, with kernel
    weights that are learnt too, and takes the linear-time estimate where ours takes all pairs.
    """

    def steps(self, setup):
        """Supervised on the source, the target's features pulled along."""
        return [discrepancy_step(setup)]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
