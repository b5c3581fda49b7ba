"""The page that a run's folder opens with."""

import json
import math
import shlex
from pathlib import Path

from adaat_keras import domains
from adaat_keras.files import written_whole

ROLES = ("source", "target")
# Words of Python, which a field cannot be called.
_WORDS = {"from_task": "from", "to_task": "to"}


def option_name(field: str) -> str:
    """What the command line calls an option's field.

    Example:
        >>> option_name("from_task"), option_name("steps_per_epoch")
        ('from', 'steps-per-epoch')
    """
    return _WORDS.get(field, field).replace("_", "-")


def run_command(directory: Path | str, config: dict, command: str = "train") -> str:
    """The command that makes a run, one option a line.

    Args:
        directory: The run's folder.
        config: Options by name, as `RunConfig` names them.
        command: Of `adaat-keras`.

    Example:
        >>> print(run_command("runs/a", {"from_task": "depth", "crop": None}))
        adaat-keras train \\
            --from depth \\
            --directory runs/a
    """
    options = {**config, "directory": str(directory)}
    flags = (_flag(name, value) for name, value in options.items())
    return " \\\n    ".join([f"adaat-keras {command}", *filter(None, flags)])


def how_trained(directory: Path | str, config: dict) -> str:
    """The command that trains a run, or a line that says why there is none.

    Args:
        directory: The run's folder.
        config: Options by name, as `RunConfig` names them.

    Example:
        >>> how_trained("runs/a", {"source": {"name": "mine", "identity": "d6ac"}})
        'Trained from Python by fit_ada_atdt, with objects that no command can name: mine.'
    """
    objects = [
        *(config[role]["name"] for role in ROLES if isinstance(config.get(role), dict)),
        # What they were made with is told behind their place.
        *(each for each in config.get("callbacks", ()) if each.endswith(")")),
    ]
    if not objects:
        return run_command(directory, config)
    named = ", ".join(objects)
    return f"Trained from Python by fit_ada_atdt, with objects that no command can name: {named}."


def _flag(name: str, value) -> str:
    """An option as it is typed; none for what is off or empty."""
    flag = f"--{option_name(name)}"
    if value is True:
        return flag
    if value is None or value is False or value in ({}, (), []):
        return ""
    if isinstance(value, tuple | list):
        value = ",".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{flag} {shlex.quote(text)}"


def stand_in_notes(config: dict) -> list[str]:
    """A line for each domain of a run or a benchmark that is scored on another split's frames.

    Args:
        config: Options by name, as `RunConfig` names them; those that are left out are default.

    Example:
        >>> stand_in_notes({"source": "carla", "target": "kitti", "split": "val"})
        ["kitti has no labelled split 'val': these are its training images ('train')"]
    """
    # A class by its place is not loaded for this: a table may be of results from elsewhere.
    known, split = domains.names(), config.get("split", "test")
    named = [config[role] for role in ROLES if config.get(role) in known]
    notes = (domains.stand_in_note(name, split) for name in dict.fromkeys(named))
    return [note for note in notes if note]


_PICTURES = {
    "panels.png": "Images of the target domain's split `{split}`, as the paper's figure 4:",
    "tsne.png": "Encoder 1's features in both domains, as the paper's figure 3. The more the "
    "colours mix, the less the domains differ:",
    "curves.png": "Losses and validation metrics of every stage:",
}

_USE = """\
```bash
adaat-keras predict street.png --weights {directory}
```

or, in this folder,

```python
import keras
import numpy as np
from PIL import Image

import adaat_keras  # lets Keras find the layers

model = keras.saving.load_model("model.keras", compile=False)
task = adaat_keras.tasks.get(model.to_task)
image = np.asarray(Image.open("street.png").convert("RGB"), "float32")
labels = task.decode(model.predict(image[None])[0])
Image.fromarray(task.colorize(labels)).save("prediction.png")
```"""


def write_run_readme(
    directory: Path | str,
    config: dict,
    metrics: dict[str, dict[str, float | None]],
    pictured: str | None = None,
) -> None:
    """Write a run's `README.md`: command, scores, pictures, and how to use the model.

    Args:
        directory: The run's folder; those of `panels.png`, `tsne.png` and `curves.png` that are
            in it are shown, so write them first.
        config: The options that are not as they are by default, for the command.
        metrics: What was scored to metrics by name, e.g. `{"target": {"mean_iou": 0.4}}`.
            Those with the same metrics share a table; NaN and `None` are shown as a dash.
        pictured: The split whose images `panels.png` shows; the one that is scored by default.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> config = {"method": "ada_atdt", "to_task": "semantic"}
        >>> write_run_readme(folder, config, {"target": {"mean_iou": 0.4}})
        >>> "| mean_iou | 0.4000 |" in (folder / "README.md").read_text()
        True
    """
    directory = Path(directory)
    split, trained = config.get("split", "test"), how_trained(directory, config)
    if trained.startswith("adaat-keras"):
        trained = f"Trained with\n\n```bash\n{trained}\n```"
    else:
        trained += " `config.json` has its settings."
    shown = [
        f"{text.format(split=pictured or split)}\n\n![{name}]({name})"
        for name, text in _PICTURES.items()
        if (directory / name).exists()
    ]
    parts = [
        f"# {directory.resolve().name}",
        trained,
        "## Scores",
        f"On the split `{split}`:",
        *_tables(metrics),
        *stand_in_notes(config),
        *(["## Pictures"] if shown else []),
        *shown,
        "## Use",
        _USE.format(directory=shlex.quote(str(directory))),
    ]
    with written_whole(directory / "README.md") as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _tables(metrics: dict[str, dict[str, float | None]]) -> list[str]:
    """One table for all that have the same metrics, metrics downwards."""
    groups: dict[tuple, dict] = {}
    for name, values in metrics.items():
        groups.setdefault(tuple(values), {})[name] = values
    return [_table(keys, columns) for keys, columns in groups.items()]


def _table(keys: tuple[str, ...], columns: dict[str, dict]) -> str:
    lines = [
        ["metric", *columns],
        ["---", *["---:"] * len(columns)],
        *([key, *(_number(values[key]) for values in columns.values())] for key in keys),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"
