"""The base model once more, in PyTorch: the peer that training steps are timed against."""

import keras
import torch
from torch import nn
from torch.nn import functional


class TorchResidualBlock(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3),
            nn.InstanceNorm2d(filters),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3),
            nn.InstanceNorm2d(filters),
        )

    def forward(self, x):
        return x + self.body(x)


class Down(nn.Conv2d):
    """A stride-2 convolution that pads as Keras does, below and to the right."""

    def forward(self, x):
        return super().forward(functional.pad(x, (0, 1, 0, 1)))


class Up(nn.ConvTranspose2d):
    """A stride-2 transposed convolution that crops as Keras does, below and to the right."""

    def forward(self, x):
        return super().forward(x)[..., :-1, :-1]


class TorchBaseModel(nn.Module):
    """E and D of `adaat_keras.models`; takes `(batch, 3, height, width)` in 0..255."""

    def __init__(self, channels, base_filters, residual_blocks):
        super().__init__()
        n = base_filters
        self.body = nn.Sequential(
            nn.ReflectionPad2d(3),
            *(nn.Conv2d(3, n, 7), nn.InstanceNorm2d(n), nn.ReLU()),
            *(Down(n, 2 * n, 3, stride=2), nn.InstanceNorm2d(2 * n), nn.ReLU()),
            *(Down(2 * n, 4 * n, 3, stride=2), nn.InstanceNorm2d(4 * n), nn.ReLU()),
            *(TorchResidualBlock(4 * n) for _ in range(residual_blocks)),
            *(Up(4 * n, 2 * n, 3, stride=2), nn.InstanceNorm2d(2 * n), nn.ReLU()),
            *(Up(2 * n, n, 3, stride=2), nn.InstanceNorm2d(n), nn.ReLU()),
            nn.ReflectionPad2d(3),
            nn.Conv2d(n, channels, 7),
        )

    def forward(self, x):
        return self.body(x / 127.5 - 1)

    @torch.no_grad()
    def take_weights(self, *networks: keras.Model) -> None:
        """Copy the weights of a Keras encoder and decoder, in the order of their layers."""
        ours = [w.numpy() for network in networks for w in network.weights]
        for theirs, weight in zip(self.parameters(), ours, strict=True):
            order = (3, 2, 0, 1) if weight.ndim == 4 else (0,)
            theirs.copy_(torch.from_numpy(weight.transpose(order).copy()))
