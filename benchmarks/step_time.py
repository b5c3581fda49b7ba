"""Times a step of training, against itself without the classifier and against PyTorch.

    pip install -e . torch
    python benchmarks/step_time.py --size small
    python benchmarks/step_time.py --size paper --repeats 5

All are timed in one run, in turns, batch 4 + 4 of 128 x 128, float32, Adam; the median of each
and their ratios are printed. Before that, the PyTorch twin gets the Keras weights and must put
out the same numbers.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf
import torch
from torch_base_model import TorchBaseModel

from adaat_keras import tasks
from adaat_keras.methods import AdversarialTrainer
from adaat_keras.models import Decoder, DomainClassifier, Encoder
from adaat_keras.models.sizes import SIZES
from adaat_keras.training import losses as adversarial_losses
from adaat_keras.training.trainer import SupervisedTrainer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="small", choices=SIZES)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=8)
    options = parser.parse_args()
    steps = make_steps(SIZES[options.size], options.batch_size)
    seconds = time_in_turns(steps, options.repeats)
    for name, values in seconds.items():
        low, middle, high = (1000 * np.quantile(values, q) for q in (0.25, 0.5, 0.75))
        print(f"{name:36} {middle:8.1f} ms  (quartiles {low:.1f} to {high:.1f})")
    medians = {name: np.median(values) for name, values in seconds.items()}
    with_c, without_c, twin = medians.values()
    print(f"with classifier / without: {with_c / without_c:.3f}")
    print(f"Keras / PyTorch, base model: {without_c / twin:.3f}")


def make_steps(size, batch_size):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (batch_size, 128, 128, 3)).astype("float32")
    metres = rng.uniform(1, 99, (batch_size, 128, 128)).astype("float32")
    halves = [tuple(tf.constant(half) for half in np.split(x, 2)) for x in (images, metres)]
    width = {"base_filters": size["base_filters"]}

    def base():
        return Encoder(**size), Decoder(1, **width)

    classifier = DomainClassifier(4 * size["base_filters"])
    adversarial = AdversarialTrainer(*base(), classifier)
    loss = tasks.get("depth").loss()
    adversarial.compile(
        keras.optimizers.Adam(5e-4),
        keras.optimizers.Adam(5e-4),
        loss,
        adversarial_losses.get("least_squares"),
    )
    encoder, decoder = base()
    twin = TorchBaseModel(1, **size)
    twin.take_weights(encoder, decoder)
    check_twin(encoder, decoder, twin, images)
    joint = SupervisedTrainer(encoder, decoder, domains=("source", "target"))
    joint.compile(keras.optimizers.Adam(5e-4), loss)
    return {
        "step 1, with the classifier": compiled(adversarial, halves),
        "step 1, without the classifier": compiled(joint, halves),
        "PyTorch twin, without the classifier": torch_step(twin, images, metres),
    }


def compiled(trainer, batch):
    step = tf.function(trainer.train_step)
    return lambda: step(batch)["loss"].numpy()


def check_twin(encoder, decoder, twin, images):
    ours = decoder(encoder(images)).numpy()
    theirs = twin(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    error = np.abs(ours - theirs.detach().numpy()).max() / np.abs(ours).max()
    print(f"largest difference between Keras and PyTorch: {error:.1e} of the largest output")
    if error > 1e-3:
        raise SystemExit("the twin is not the same network")


def torch_step(twin, images, metres):
    x = torch.from_numpy(images).permute(0, 3, 1, 2)
    x = x.contiguous(memory_format=torch.channels_last)
    twin = twin.to(memory_format=torch.channels_last)
    y = torch.from_numpy(metres)[:, None] / 100
    optimizer = torch.optim.Adam(twin.parameters(), 5e-4)

    def step():
        optimizer.zero_grad()
        torch.abs(twin(x) - y).mean().backward()
        optimizer.step()

    return step


def time_in_turns(steps, repeats, warm_up=3):
    seconds = {name: [] for name in steps}
    for repeat in range(-warm_up, repeats):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if repeat >= 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
