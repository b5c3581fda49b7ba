"""Runs in a process of its own, with JAX: what benchmarks/jax_training.py makes of given batches.

    KERAS_BACKEND=jax python jax_kit.py FOLDER

FOLDER has `given.npz`: the weights before, by stage, network and number, and the batches; the
weights after two steps of plain gradient descent go into `steps.npz`, and some of the rest.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import jax_training as training

RATE, STEPS = 0.05, 2


def main(folder: Path) -> None:
    """Read what is given, take the steps, write what they come to."""
    given = np.load(folder / "given.npz")
    net = training.Networks("depth", "semantic", "tiny")
    found = training.stages(net, given["class_weights"])
    numbers = {"alpha": 0.7, "decoded": 1.0, "teacher": 0.5, "base_1": 2.0, "pairs": 0.0}
    after = {}
    for stage in ("supervised", "adversarial_stage", "teacher", "taught", "transfer"):
        weights = {
            name: [jnp.array(given[f"{name}/{n}"]) for n in range(len(network.trainable_variables))]
            for name, network in net.by_name.items()
            if f"{name}/0" in given
        }
        trains = training.TRAINS[stage]

        def loss(learning, held, batch, stage=stage):
            return training.objective(found, stage)({**held, **learning}, batch, numbers)

        slopes = jax.jit(jax.grad(loss))
        for step in range(STEPS):
            batch = {k.split("/")[1]: given[k] for k in given if k.startswith(f"batch{step}/")}
            gradients = slopes({name: weights[name] for name in trains}, weights, batch)
            for name in trains:
                pairs = zip(weights[name], gradients[name], strict=True)
                weights[name] = [w - RATE * g for w, g in pairs]
        for name in trains:
            for n, value in enumerate(weights[name]):
                after[f"{stage}/{name}/{n}"] = np.asarray(value)
    after["adam"] = adams_steps()
    after["rates"] = training.rates(60, 1e-3)
    frames = {"image": given["batch0/image_a"].astype(np.uint8), "depth": given["batch0/1_a"]}
    training.HEIGHT, training.WIDTH = 64, 96
    seen = training.as_seen(frames, 1.22)
    after |= {f"seen/{key}": value for key, value in seen.items()}
    np.savez(folder / "steps.npz", **after)


def adams_steps() -> np.ndarray:
    """A weight after five steps on known gradients."""
    weights = {"x": [jnp.array([1.0, -2.0])]}
    moments = tuple(jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
    for step in range(5):
        gradients = {"x": [jnp.array([0.3 * step - 0.5, 2.0])]}
        weights, moments = training.adam(
            weights, moments, gradients, step + 1.0, 0.01 * (step + 1), 0.95
        )
    return np.asarray(weights["x"][0])


if __name__ == "__main__":
    assert keras.config.backend() == "jax"
    main(Path(sys.argv[1]))
