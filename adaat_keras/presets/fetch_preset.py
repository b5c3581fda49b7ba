"""A preset from elsewhere."""

import hashlib
import os
from pathlib import Path

import keras

from adaat_keras.files import cache_folder
from adaat_keras.models.preset_format import (
    CONFIG,
    DETAILS,
    WEIGHTS,
    read_details,
    weights_sha256,
)


def fetch_preset(address: str, sha256: str | None = None) -> Path:
    """Download a preset's files into the cache, unless they are there, and give their folder.

    By `keras.utils.get_file`, from plain addresses: a repository of Hugging Face has those too,
    and so needs no library of its own. Files that do not go together are fetched once more, since
    a preset may have been published anew between them.

    Args:
        address: Of the folder that holds the files.
        sha256: Of the weights; by default what the preset itself says, which shows damage, not
            forgery.

    Raises:
        PermissionError: The cache cannot be written to.
        ValueError: A file cannot be fetched or has another hash; names its address.
    """
    address = address.rstrip("/")
    folder = cache_folder() / "presets" / hashlib.sha256(address.encode()).hexdigest()[:16]
    # Before Keras looks: where it cannot write, it takes a folder in /tmp that is anyone's.
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written to; set ADAAT_KERAS_CACHE to another")
    for anew in (False, True):
        for name in (DETAILS, CONFIG, WEIGHTS):
            fetch(f"{address}/{name}", folder / name, anew)
        try:
            details = read_details(folder)
        except ValueError:
            if anew:
                raise
            continue
        expected, found = sha256 or details["sha256"], weights_sha256(folder)
        if found == expected:
            return folder
    says, mend = f"{address}/{DETAILS}", "try again later, or ask its publisher to upload it again"
    if sha256:
        says, mend = "this package's manifest", "upgrade adaat_keras"
    raise ValueError(
        f"{address}/{WEIGHTS}, fetched twice, has the sha256 {found}, not {expected} as {says} "
        f"says; {mend}"
    )


def fetch(origin: str, file: Path, anew: bool) -> None:
    """One file."""
    try:
        keras.utils.get_file(
            file.name, origin, cache_dir=str(file.parent), cache_subdir="", force_download=anew
        )
    # Keras raises a plain Exception where an address does not answer.
    except Exception as error:
        raise ValueError(
            f"{origin} cannot be fetched: {error}; check the address and the connection, or fetch "
            "the preset's folder by other means and give that"
        ) from error
