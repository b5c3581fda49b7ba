"""Training crops once more, in PyTorch and Pillow: the peer that the pipeline is timed against."""

import numpy as np
import torch
from PIL import Image, ImageEnhance


class TorchCrops(torch.utils.data.Dataset):
    """Random, augmented crops of PNG pairs, or of pairs that `load` has decoded before.

    Item i is `(crops, 3, size, size)`, float32 in 0..255, and `(crops, size, size)`, uint8, of
    one frame: decoded, resized, cut and coloured as `adaat_keras` does, by Pillow, as
    torchvision's transforms of Pillow images are.
    """

    def __init__(self, files, table, height, width, size, crops, decoded=None):
        self.files, self.table = files, table
        self.height, self.width, self.size, self.crops = height, width, size, crops
        self.decoded = decoded

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        rng = np.random.default_rng()
        if self.decoded is None:
            image, label = self.load(index)
        else:
            image, label = (Image.fromarray(pixels[index]) for pixels in self.decoded)
        pairs = [self.crop(image, label, rng) for _ in range(self.crops)]
        images, labels = (np.stack(parts) for parts in zip(*pairs, strict=True))
        images = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        return images, torch.from_numpy(labels)

    def load(self, index):
        """The decoded and resized pair."""
        size = (self.width, self.height)
        image = Image.open(self.files[index]["image"]).convert("RGB")
        label = Image.open(self.files[index]["semantic"])
        image = image.resize(size, Image.Resampling.BILINEAR)
        label = label.resize(size, Image.Resampling.NEAREST)
        return image, Image.fromarray(self.table[np.asarray(label)])

    def crop(self, image, label, rng):
        x = rng.integers(self.width - self.size + 1)
        y = rng.integers(self.height - self.size + 1)
        box = (x, y, x + self.size, y + self.size)
        image = image.crop(box)
        if rng.random() < 0.5:
            image = coloured(image, rng)
        return np.asarray(image), np.asarray(label.crop(box))


def coloured(image, rng):
    """Brightness, contrast, saturation and hue changed as far as `augment` changes them."""
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.8, 1.2))
    image = ImageEnhance.Contrast(image).enhance(rng.uniform(0.8, 1.2))
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.6, 1.4))
    hue, saturation, value = image.convert("HSV").split()
    shift = int(255 * rng.uniform(-0.05, 0.05)) % 256
    hue = Image.fromarray(np.asarray(hue) + np.uint8(shift))
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")


def torch_batches(dataset, frames, processes):
    """Endless batches of the crops of some frames, made by worker processes."""
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=10**9)
    loader = torch.utils.data.DataLoader(
        dataset, frames, sampler=sampler, num_workers=processes, collate_fn=joined
    )
    return iter(loader)


def joined(items):
    """One batch of the crops of all items."""
    images, labels = zip(*items, strict=True)
    return torch.cat(images), torch.cat(labels)
