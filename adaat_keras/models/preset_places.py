"""Where presets are: by name in this package's manifest, in a folder, or at an address."""

import hashlib
import os
import re
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from adaat_keras.files import (
    CHANGE_CACHE,
    backslashes,
    cache_folder,
    home_expanded,
    made_folder,
    read_json,
    write_json,
    written_whole,
)
from adaat_keras.lock import locked
from adaat_keras.models.preset_format import (
    CONFIG,
    DETAILS,
    parameters_of,
    read_config,
    read_details,
    weights_sha256,
)
from adaat_keras.models.preset_format import WEIGHTS as WEIGHTS_NAME
from adaat_keras.models.trust import SMALL, most_bytes

# The package's own presets.
WEIGHTS = Path(__file__).parents[1] / "weights"
# The model's file in the folder of a finished run.
MODEL = "model.keras"
HUB = "https://huggingface.co"


def read_manifest(weights: Path | None = None) -> dict[str, dict]:
    """The manifest's entry for each preset, by name; empty if there is no manifest.

    Raises:
        ValueError: The file is damaged.
    """
    file = (weights or WEIGHTS) / "manifest.json"
    if not file.exists():
        return {}
    try:
        return read_json(file)
    except ValueError as error:
        raise ValueError(f"{error}; install adaat_keras again") from error


def add_to_manifest(name: str, entry: dict, weights: Path | None = None) -> None:
    """Add or replace a preset's entry, under a lock so that no other process's entry is lost."""
    folder = weights or WEIGHTS
    with locked(folder, "wait for it", wait=True, verbose=0):
        entries = read_manifest(folder) | {name: entry}
        write_json(folder / "manifest.json", dict(sorted(entries.items())))


def hub_endpoint() -> str:
    """The address of Hugging Face's Hub, or what the environment variable `HF_ENDPOINT` says."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def hub_address(preset: str) -> str:
    """The URL of the files in a Hugging Face repository, `hf://user/repo`.

    Raises:
        ValueError: It does not name a user and a repository.

    Example:
        >>> hub_address("hf://someone/streets")
        'https://huggingface.co/someone/streets/resolve/main'
    """
    return f"{hub_endpoint()}/{repository_of(preset)}/resolve/main"


def repository_of(preset: str) -> str:
    """The repository `user/repo` of an address `hf://user/repo`; raises as `hub_address`."""
    repository = preset.removeprefix("hf://").strip("/")
    parts = repository.split("/")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository) or {".", ".."} & {*parts}:
        raise ValueError(f"{preset} names no repository; write hf://user/repo")
    return repository


def cached_at(address: str) -> Path:
    """The folder in which the files from an address are cached."""
    name = hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16]
    return cache_folder() / "presets" / name


def fetch_preset(address: str, sha256: str | None = None) -> Path:
    """Download a preset's files into the cache, unless they are there, and return their folder.

    Files of Hugging Face repositories have plain URLs, too, so that no library is needed. Downloads
    are limited in size; the limit for the weights follows from the configuration. If the hash is
    wrong, all files are downloaded once more, since the preset may have been updated in between.

    Args:
        address: Of the folder that holds the files.
        sha256: Of the weights; by default the one in the preset itself, which detects damage, but
            not forgery.

    Raises:
        OSError: The cache cannot be made or written to.
        ValueError: A file cannot be downloaded or has another hash; names its address.
    """
    address = address.rstrip("/")
    folder = made_folder(cached_at(address), CHANGE_CACHE)
    for anew in (False, True):
        for name in (DETAILS, CONFIG):
            fetch(f"{address}/{name}", folder / name, anew, SMALL)
        try:
            details = read_details(folder)
            parameters = parameters_of(read_config(folder), folder / CONFIG)
        except ValueError:
            if anew:
                raise
            continue
        fetch(f"{address}/{WEIGHTS_NAME}", folder / WEIGHTS_NAME, anew, most_bytes(parameters))
        expected, found = sha256 or details["sha256"], weights_sha256(folder)
        if found == expected:
            return folder
    says, mend = f"{address}/{DETAILS}", "try again later, or ask its publisher to upload it again"
    if sha256:
        says, mend = "this package's manifest", "upgrade adaat_keras"
    raise ValueError(
        f"{address}/{WEIGHTS_NAME}, fetched twice, has the sha256 {found}, not {expected} as "
        f"{says} says; {mend}"
    )


def fetch(origin: str, file: Path, anew: bool, most: int) -> None:
    """Download a file of at most `most` bytes, unless it is there and not to be fetched `anew`.

    Raises:
        ValueError: It cannot be downloaded, or is larger; names its address.
        DiskFull: The disk is full.
    """
    if file.is_file() and not anew:
        return
    with written_whole(file) as temporary, temporary.open("wb") as written:
        for part in _parts(origin, most):
            written.write(part)


def _parts(origin: str, most: int) -> Iterator[bytes]:
    """Yield the content of an address in parts; raises as `fetch`."""
    read = 0
    try:
        with urllib.request.urlopen(origin, timeout=_SECONDS) as answer:
            while part := answer.read(_PART):
                read += len(part)
                if read > most:
                    raise ValueError(f"it has more than the {most} bytes that it may have")
                yield part
    # Errors of the address, the connection, and HTTP.
    except (OSError, ValueError, HTTPException) as error:
        raise ValueError(
            f"{origin} cannot be fetched: {error}; check the address and the connection, or fetch "
            "the preset's folder by other means and give that"
        ) from error


# Timeout, and bytes read at a time.
_SECONDS, _PART = 60, 2**20


def find_preset(preset: Path | str) -> Path:
    """The folder of a preset by name, folder or address; remote presets are downloaded once.

    Raises:
        TypeError: It is neither text nor a path.
        ValueError: There is no such preset (lists the names), or its hash is not the manifest's.
    """
    check_preset(preset)
    entries, text = read_manifest(), str(preset)
    if text in entries:
        entry = entries[text]
        if "url" in entry:
            return fetch_preset(entry["url"], entry["sha256"])
        folder = WEIGHTS / entry["folder"]
        if read_details(folder)["sha256"] != entry["sha256"]:
            raise ValueError(f"{folder} is not what the manifest names; install adaat_keras again")
        return folder
    if text.startswith("hf://"):
        return fetch_preset(hub_address(text))
    if "://" in text:
        return fetch_preset(text)
    if (folder := home_expanded(preset)).is_dir():
        return folder
    if folder.is_file():
        # The file of a single network is one level deeper.
        place = folder.absolute().parents[folder.parent.name == "networks"]
        known = folder.suffix == ".keras" or any(
            (place / name).exists() for name in (DETAILS, MODEL)
        )
        its = f"name the folder of its run or preset, {place}" if known else _TAKES
        raise ValueError(f"{folder} is a file; {its}")
    if "/" in text or os.sep in text:
        raise ValueError(
            f"there is no run or preset {text}{backslashes(text)}; the presets by name are: "
            f"{', '.join(sorted(entries))}"
        )
    raise ValueError(
        f"unknown preset {text!r}: neither a folder nor one of: {', '.join(sorted(entries))}"
    )


_TAKES = "name a preset, or the folder of a run or preset, or its address"


def check_preset(preset: Path | str) -> None:
    """Raise a `TypeError` that says what a preset is named by, unless it is text or a path."""
    if not isinstance(preset, str | os.PathLike):
        raise TypeError(f"{preset!r} is neither text nor a path; {_TAKES}")


def is_run(preset: Path | str) -> bool:
    """Whether this is the folder of a finished run; names of presets take precedence.

    Raises:
        TypeError: It is neither text nor a path.
    """
    check_preset(preset)
    folder = home_expanded(preset)
    if str(preset) in read_manifest():
        return False
    return (folder / MODEL).exists() and not (folder / DETAILS).exists()


def list_presets() -> list[str]:
    """The names that `load` and `build_ada_atdt(weights=)` take, sorted.

    Example:
        >>> "streets_depth_to_semantic_small" in list_presets()
        True
    """
    return sorted(read_manifest())
