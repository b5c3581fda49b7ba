"""The networks and losses once more, in PyTorch: the peers that training steps are timed against.

Layers have the names that they have in Keras, so that each takes the weights of its namesake.
Images and features are `(batch, channels, height, width)`.
"""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional


class Twin(nn.Module):
    """A network whose layers are those of a Keras network by name."""

    @torch.no_grad()
    def take_weights(self, network) -> "Twin":
        """Copy a Keras network's weights, layer by layer."""
        layers = [layer for layer in network.layers if layer.weights]
        for layer in layers:
            ours = [weight.numpy() for weight in layer.weights]
            for theirs, weight in zip(getattr(self, layer.name).parameters(), ours, strict=True):
                order = (3, 2, 0, 1) if weight.ndim == 4 else (0,)
                theirs.copy_(torch.from_numpy(weight.transpose(order).copy()))
        assert len(list(self.parameters())) == len(network.weights)
        return self


class Same(nn.Conv2d):
    """A convolution that pads as Keras' `padding="same"`, more below and to the right."""

    def forward(self, x):
        pads = []
        for side, kernel, stride in zip(
            reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride), strict=True
        ):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(functional.pad(x, pads))


def reflected(channels, filters, kernel):
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(channels, filters, kernel)]


class TorchResidualBlock(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.body = nn.Sequential(
            *reflected(filters, filters, 3),
            *(nn.InstanceNorm2d(filters), nn.ReLU()),
            *reflected(filters, filters, 3),
            nn.InstanceNorm2d(filters),
        )

    def forward(self, x):
        return x + self.body(x)


class TorchAttention(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(2 * filters, 2 * filters, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(2 * filters, filters, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(filters, 1, 1), nn.Sigmoid()),
        )

    def forward(self, skip, up):
        return skip * self.body(torch.cat([skip, up], 1))


class TorchEncoder(Twin):
    """E; takes images in 0..255."""

    def __init__(self, base_filters, residual_blocks):
        super().__init__()
        n = base_filters
        pad, self.stem = reflected(3, n, 7)
        downs = {f"down_{2 * n}": Same(n, 2 * n, 3, 2), f"down_{4 * n}": Same(2 * n, 4 * n, 3, 2)}
        blocks = {
            f"residual_block_{k + 1}": TorchResidualBlock(4 * n) for k in range(residual_blocks)
        }
        for name, layer in (downs | blocks).items():
            self.add_module(name, layer)
        layers = [pad, self.stem, nn.InstanceNorm2d(n), nn.ReLU()]
        for down in downs.values():
            layers += [down, nn.InstanceNorm2d(down.out_channels), nn.ReLU()]
        # A list, since each is a child already.
        self.layers = [layers, list(blocks.values())]

    def forward(self, x):
        x = x / 127.5 - 1
        for layer in (*self.layers[0], *self.layers[1]):
            x = layer(x)
        return x


class TorchDecoder(Twin):
    """D; depth / 100 m through an exponential with one channel, logits with several."""

    def __init__(self, channels, base_filters):
        super().__init__()
        n, self.positive = base_filters, channels == 1
        ups = {
            f"up_{2 * n}": nn.Conv2d(4 * n, 2 * n, 3, padding=1),
            f"up_{n}": nn.Conv2d(2 * n, n, 3, padding=1),
        }
        for name, layer in ups.items():
            self.add_module(name, layer)
        pad, self.head = reflected(n, channels, 7)
        self.layers = []
        for up in ups.values():
            self.layers += [nn.Upsample(scale_factor=2), up]
            self.layers += [nn.InstanceNorm2d(up.out_channels), nn.ReLU()]
        self.layers += [pad, self.head]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        x = x.float()
        return torch.exp(x.clamp(-12, 5)) / 10 if self.positive else x


class TorchClassifier(Twin):
    """C; a map of logits."""

    def __init__(self, features):
        super().__init__()
        widths = (features, 2 * features, 2 * features, features, features // 2, 1)
        self.layers = []
        for n, stride in enumerate((4, 2, 1, 1, 1)):
            layer = Same(widths[n], widths[n + 1], 4, stride)
            self.add_module(f"convolution_{n + 1}", layer)
            self.layers += [layer, nn.LeakyReLU(0.2)]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x)
        return x.float()


class TorchTransfer(Twin):
    """G, `unet_attention`."""

    def __init__(self, features):
        super().__init__()
        n = features // 2
        self.widths = [n, 2 * n, 4 * n, 8 * n]
        self.narrow = nn.Conv2d(features, n, 3, padding=1)
        for before, width in pairwise(self.widths):
            self.add_module(f"down_{width}", Same(before, width, 3, 2))
            self.add_module(f"up_{before}", nn.ConvTranspose2d(width, before, 2, 2))
            self.add_module(f"attention_{before}", TorchAttention(before))
            self.add_module(f"merge_{before}", nn.Conv2d(2 * before, before, 3, padding=1))
        self.residual_block_1 = TorchResidualBlock(8 * n)
        self.residual_block_2 = TorchResidualBlock(8 * n)
        self.head = nn.Conv2d(n, features, 1)

    def forward(self, x):
        x, skips = self.narrow(x).relu(), []
        for width in self.widths[1:]:
            skips.append(x)
            x = getattr(self, f"down_{width}")(x).relu()
        x = self.residual_block_2(self.residual_block_1(x))
        for width, skip in zip(self.widths[2::-1], reversed(skips), strict=True):
            x = getattr(self, f"up_{width}")(x)
            skip = getattr(self, f"attention_{width}")(skip, x)
            x = getattr(self, f"merge_{width}")(torch.cat([skip, x], 1)).relu()
        return self.head(x)


def depth_loss(outputs, metres):
    """`LogDepthLoss`: L1 of the logarithm over valid pixels, by image."""
    valid = (metres > 0) & (metres <= 100)
    truth = torch.where(valid, metres, 100.0) / 100
    errors = (torch.where(valid, outputs[:, 0], 1).clamp_min(1e-5).log() - truth.log()).abs()
    return image_mean(errors / 0.674, valid)


def semantic_loss(outputs, labels):
    """`SemanticLoss`: cross-entropy over valid pixels, by image."""
    losses = functional.cross_entropy(outputs, labels, ignore_index=255, reduction="none")
    return image_mean(losses / math.log(outputs.shape[1]), labels != 255)


def image_mean(values, valid):
    return ((values * valid).sum((1, 2)) / valid.sum((1, 2)).clamp_min(1)).mean()


def adversarial_loss(logits, domain):
    """`LeastSquares` with soft labels; `domain` is 1 for the source."""
    labels = (0.1 + 0.8 * domain)[:, None, None, None]
    return ((logits - labels) ** 2).mean((1, 2, 3)).mean() / 0.4**2
