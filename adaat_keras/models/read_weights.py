"""The weights of several networks from one file."""

from pathlib import Path

import h5py
import keras
import numpy as np


def read_weights(file: Path | str, networks: dict[str, keras.Model]) -> None:
    """Give networks the weights in a preset's file.

    Nothing but plain arrays of the expected shapes is read: HDF5 can point at other files of this
    machine, and a published file must not.

    Raises:
        ValueError: The file is damaged or holds other weights; names the file and the weight.
    """
    try:
        with h5py.File(file, "r") as opened:
            found = {name: _read(opened, name, network) for name, network in networks.items()}
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    for name, weights in found.items():
        networks[name].set_weights(weights)


def _read(file: h5py.File, name: str, network: keras.Model) -> list[np.ndarray]:
    count = len(file[name]) if _is_plain(file, name, h5py.Group) else 0
    if count != len(network.weights):
        raise ValueError(f"it holds {count} weights of {name}, not {len(network.weights)}")
    return [_array(file, f"{name}/{n:03}", weight) for n, weight in enumerate(network.weights)]


def _array(file: h5py.File, key: str, weight: keras.Variable) -> np.ndarray:
    if not _is_plain(file, key, h5py.Dataset):
        raise ValueError(f"{key} is no array of this file")
    if file[key].shape != tuple(weight.shape) or file[key].dtype.kind != "f":
        raise ValueError(
            f"{key} is {file[key].dtype} {file[key].shape}, but {weight.path} is "
            f"{weight.dtype} {tuple(weight.shape)}"
        )
    return file[key][()]


def _is_plain(file: h5py.File, key: str, kind: type) -> bool:
    """Whether the key is a hard link to a thing of this kind that lies in the file itself."""
    if not isinstance(file.get(key, getlink=True), h5py.HardLink):
        return False
    thing = file[key]
    elsewhere = isinstance(thing, h5py.Dataset) and (thing.external or thing.is_virtual)
    return isinstance(thing, kind) and not elsewhere
