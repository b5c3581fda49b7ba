"""Uploads presets with their card to Hugging Face's Hub; `preset_places` downloads them."""

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from adaat_keras.files import write_json
from adaat_keras.models.preset_format import CONFIG as CONFIG_NAME
from adaat_keras.models.preset_format import DETAILS, built, read_details, write_preset
from adaat_keras.models.preset_places import (
    cached_at,
    find_preset,
    hub_address,
    hub_endpoint,
    is_run,
    read_manifest,
    repository_of,
)

CARD = "README.md"
# The Hub's pipeline tags, for the tasks that have one.
_PIPELINES = {"semantic": "image-segmentation", "depth": "depth-estimation"}

_CARD = """\
# {title}

Predicts {to_task} from an image, in a domain that has labels of {from_task} alone: ADA-AT/DT
(Chavhan et al., WACV 2021) in Keras 3, by the package `adaat_keras`. All six networks,
{parameters:,} parameters, weights as float16.{more}

## Use

```python
from adaat_keras import load

model = load("{address}")
outputs = model.predict(images)  # (n, height, width, 3), from {smallest} x {smallest} on, 0 to 255
```

```
adaat-keras predict PHOTO.jpg --weights {address}
```

## Numbers

{numbers}

## Data and licence

State here what it was trained on, whether persons can be recognized, and under which licence it is.
"""


def upload_preset(model: keras.Model, address: str, details: dict) -> None:
    """Write a model as a preset, with its card, and upload it in one commit.

    Args:
        model: `AdaAtdt`.
        address: `hf://user/repo`.
        details: Anything that can be written as JSON.

    Raises:
        ImportError, PermissionError, ValueError: As `AdaAtdt.save_to_preset`.
    """
    repository = repository_of(address)
    # First, since it may raise.
    api = _api(address)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_preset(model, folder, details)
        original = _original(model, folder)
        if original is not None:
            known = read_details(original) | details | read_details(folder)
            write_json(folder / DETAILS, known)
        card = folder / CARD
        card.write_text(_card(model, address, read_details(folder), original), encoding="utf-8")
        with _told(address):
            api.create_repo(repository, exist_ok=True)
            api.upload_folder(
                repo_id=repository,
                folder_path=folder,
                commit_message="Upload a preset of adaat_keras",
            )
    # The copy in the cache, if any, is outdated now.
    shutil.rmtree(cached_at(hub_address(address)), ignore_errors=True)


def _api(address: str):
    try:
        from huggingface_hub import HfApi, get_token
    except ImportError as error:
        raise ImportError(
            f"uploading to {address} needs huggingface_hub: pip install 'adaat-keras[hub]'"
        ) from error
    if not get_token():
        raise PermissionError(
            f"uploading to {address} needs a token that may write: run `hf auth login`, or set "
            "HF_TOKEN"
        )
    return HfApi(endpoint=hub_endpoint(), library_name="adaat_keras")


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn the Hub's errors into a `PermissionError` or `ValueError` of one line."""
    try:
        yield
    # Errors of huggingface_hub, its HTTP library, and the connection.
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            raise PermissionError(
                f"{address} does not take your token (HTTP {status}): run `hf auth login` with one "
                "that may write there, or set HF_TOKEN"
            ) from error
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{address} cannot be uploaded to: {reason}; check the connection to "
            f"{hub_endpoint()}, and try again"
        ) from error


def _original(model: keras.Model, written: Path) -> Path | None:
    """The folder of the preset that the model was loaded from, if it is still identical to it."""
    if model.origin is None or is_run(model.origin):
        return None
    try:
        folder = find_preset(model.origin)
        unchanged = read_details(folder)["sha256"] == read_details(written)["sha256"]
        same = unchanged and built(folder / CONFIG_NAME).predictor == model.predictor
    except (OSError, ValueError):
        return None
    return folder if same else None


def _card(model: keras.Model, address: str, known: dict, original: Path | None) -> str:
    """The card, with the Hub's metadata at its head."""
    to_task, from_task = (_name(task) for task in (model.to_task, model.from_task))
    pipeline = f"pipeline_tag: {_PIPELINES[to_task]}\n" if to_task in _PIPELINES else ""
    head = f"---\nlibrary_name: keras\n{pipeline}tags:\n- adaat_keras\n- domain-adaptation\n---\n\n"
    if original is not None and (original / CARD).exists():
        text = (original / CARD).read_text(encoding="utf-8")
        return head + _addressed(text, (original.name, str(original)), address)
    networks = model.networks.values()
    filled = {
        "title": address.rpartition("/")[2],
        "to_task": to_task,
        "from_task": from_task,
        "parameters": sum(network.count_params() for network in networks),
        "more": _more(model),
        "address": address,
        "smallest": model.smallest,
        "numbers": _numbers(known.get("metrics")),
    }
    return head + _CARD.format(**filled)


def _addressed(card: str, names: tuple[str, ...], address: str) -> str:
    """A card with the preset's names in its commands replaced by an address."""
    written = "|".join(re.escape(form) for name in names for form in (name, shlex.quote(name)))
    command = rf'(load\("|--weights |evaluate )(?:{written})(?=["\s`])'
    return re.sub(command, rf"\g<1>{address}", card)


def _name(task: str | dict) -> str:
    """A task's name: the serialized name if it is built in, else the name in its location."""
    place = str(task["place"] if isinstance(task, dict) else task)
    return place.rpartition(":")[2].lower()


def _more(model: keras.Model) -> str:
    told = []
    # A local folder means nothing to others.
    if str(model.origin) in read_manifest() or str(model.origin).startswith(("hf://", "https://")):
        told.append(f"Its training began with `{model.origin}`.")
    if model.predictor != "transfer":
        told.append("It predicts by base model 2 alone, `D2(E2(x))`.")
    if model.untrained:
        told.append(f"Nobody has trained: {', '.join(model.untrained)}.")
    return "".join(f" {sentence}" for sentence in told)


def _numbers(metrics) -> str:
    if not isinstance(metrics, dict) or not metrics:
        return "Nobody has stated any."
    numbers = {k: f"{v:.4f}" if isinstance(v, int | float) else "–" for k, v in metrics.items()}
    rows = [f"| {name} | {number} |" for name, number in numbers.items()]
    return "\n".join(["| metric | |", "|---|---:|", *rows])
