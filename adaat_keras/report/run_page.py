"""The README of a run's folder."""

import json
import math
import shlex
from pathlib import Path

from adaat_keras import domains
from adaat_keras.files import written_whole

ROLES = ("source", "target")
# Options whose names are Python keywords, and so cannot be fields.
_WORDS = {"from_task": "from", "to_task": "to"}


def option_name(field: str) -> str:
    """The command-line option for a field.

    Example:
        >>> option_name("from_task"), option_name("steps_per_epoch")
        ('from', 'steps-per-epoch')
    """
    return _WORDS.get(field, field).replace("_", "-")


def run_command(directory: Path | str, config: dict, command: str = "train") -> str:
    """The command that makes a run, with one option per line.

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
        # Callbacks that are objects, with their arguments after their location.
        *(each for each in config.get("callbacks", ()) if each.endswith(")")),
    ]
    if not objects:
        return run_command(directory, config)
    named = ", ".join(objects)
    return f"Trained from Python by fit_ada_atdt, with objects that no command can name: {named}."


def _flag(name: str, value) -> str:
    """An option as it is typed; empty for one that is off or empty."""
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
        config: Options by `RunConfig`'s names; missing ones have their defaults.

    Example:
        >>> stand_in_notes({"source": "carla", "target": "kitti", "split": "val"})
        ["kitti has no labelled split 'val': these are its training images ('train')"]
    """
    # Classes given by location are not loaded, since results may be from another machine.
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
        directory: The run's folder; `panels.png`, `tsne.png` and `curves.png` are shown if they
            exist, so write them first.
        config: The options that differ from their defaults, for the command.
        metrics: Metrics by what was scored and by name, e.g. `{"target": {"mean_iou": 0.4}}`.
            Those with the same metrics share a table; NaN and `None` are shown as a dash.
        pictured: The split whose images `panels.png` shows; by default the scored one.

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
    """Tables of scores, one for all columns that have the same metrics."""
    groups: dict[tuple, dict] = {}
    for name, values in metrics.items():
        groups.setdefault(tuple(values), {})[name] = values
    return [_table(keys, columns) for keys, columns in groups.items()]


def _table(keys: tuple[str, ...], columns: dict[str, dict]) -> str:
    lines = [
        ["metric", *columns],
        ["---", *["---:"] * len(columns)],
        # A class may be called anything.
        *(
            [key.replace("|", r"\|"), *(_number(values[key]) for values in columns.values())]
            for key in keys
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.4f}"
