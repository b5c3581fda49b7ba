"""A preset from elsewhere."""

import hashlib
from pathlib import Path

import keras

from adaat_keras.files import cache_folder
from adaat_keras.models.preset_format import CONFIG, DETAILS, WEIGHTS, read_details


def fetch_preset(address: str, sha256: str | None = None) -> Path:
    """Download a preset's files into the cache, unless they are there, and give their folder.

    By `keras.utils.get_file`, from plain addresses: a repository of Hugging Face has those too,
    and so needs no library of its own.

    Args:
        address: Of the folder that holds the files.
        sha256: Of the weights; by default what the preset itself says, which shows damage, not
            forgery.

    Raises:
        ValueError: A file cannot be fetched or has another hash; names its address.
    """
    address = address.rstrip("/")
    folder = Path("presets") / hashlib.sha256(address.encode()).hexdigest()[:16]
    details = read_details(fetch(address, DETAILS, folder).parent)
    fetch(address, CONFIG, folder)
    return fetch(address, WEIGHTS, folder, sha256 or details["sha256"]).parent


def fetch(address: str, name: str, folder: Path, sha256: str | None = None) -> Path:
    """One file."""
    origin = f"{address}/{name}"
    try:
        file = keras.utils.get_file(
            name,
            origin,
            file_hash=sha256,
            hash_algorithm="sha256",
            cache_dir=str(cache_folder()),
            cache_subdir=str(folder),
        )
    # Keras raises a plain Exception where an address does not answer.
    except Exception as error:
        raise ValueError(f"{origin} cannot be fetched: {error}") from error
    return Path(file)
