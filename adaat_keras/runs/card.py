"""The model card of a preset."""

import shlex
import textwrap

from adaat_keras import tasks
from adaat_keras.tasks.depth import MAX_DEPTH

# Classes with a lower IoU are listed as hardly found.
HARDLY = 0.1

_CARD = """\
# {name}

{what}

All six networks, {parameters:,} parameters, {megabytes:.1f} MB: weights as float16 without the last
two bits, each within 0.25 % of what was trained, or within 1.2e-7 where that is below 6e-5.

## Use

```python
from adaat_keras import load

model = load("{address}")
outputs = model.predict(images)  # (n, height, width, 3), from {smallest} x {smallest} on, 0 to 255
```

```
{commands}
```

Meant for trying the package, and as a start for fine-tuning (`fit_ada_atdt(model, stages=...)`) on
a domain of your own. Do not use it to control vehicles or robots.

## Numbers

{numbers}

## Data

{data}

## How it was made

Seed {seed}:

```
{command}
```

with {versions}.

## Limits

{limits}

## Licence

{licence}
"""


def model_card(known: dict, address: str) -> str:
    """A preset's card in Markdown.

    Args:
        known: Its entry in the manifest, as `publish` writes it.
        address: What `load` finds it by.
    """
    predict = f"adaat-keras predict PHOTO.jpg --weights {shlex.quote(address)}"
    evaluate = evaluate_command(known, address)
    filled = {
        **known,
        "address": address,
        "what": _wrapped(_what(known)),
        "megabytes": known["bytes"] / 1e6,
        "commands": "\n".join(filter(None, [predict, evaluate])),
        "numbers": _numbers(known, evaluate),
        "data": _wrapped(_data(known)),
        "versions": ", ".join(f"{name} {number}" for name, number in known["versions"].items()),
        "limits": _wrapped(" ".join(_limits(known))),
        "licence": _wrapped(_licence(known)),
    }
    return _CARD.format(**filled)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _what(known: dict) -> str:
    from_task, to_task = (tasks.get(known[name]).name for name in ("from_task", "to_task"))
    begun, stages = known["weights"], known["stages"]
    return (
        f"Predicts {to_task} from an image. `{known['source']}` had labels of {from_task} and "
        f"{to_task}, `{known['target']}` of {from_task} alone: its training read no label of "
        f"{to_task} there. Method `{known['method']}`: {known['about']}"
        + (f" It began with the weights of `{begun}`, whatever they had seen." if begun else "")
        + (f" Only some stages were trained: {', '.join(stages)}." if stages else "")
    )


def _numbers(known: dict, evaluate: str) -> str:
    metrics, alone = known["metrics"], known["base_2_target"]
    if not metrics:
        return f"`{known['target']}` has no labels of task 2: nothing to score against."
    text = _wrapped(
        f"On the {known['split']} split of `{known['target']}`, these very weights (`{evaluate}` "
        "measures them again), and base model 2 alone, without any transfer "
        "(`model.base_model_2`; by the recommended recipe its decoder has learnt on for the "
        "transfer):"
    )
    rows = [f"| {name} | {_number(metrics[name])} | {_number(alone[name])} |" for name in metrics]
    table = "\n".join(["| metric | this preset | base model 2 alone |", "|---|---:|---:|", *rows])
    return f"{text}\n\n{table}\n\n{_seeds(known['primary_metric'], **known['seeds'])}"


def _seeds(metric: str, count: int, mean: float | None, deviation: float | None) -> str:
    if count == 0:
        return f"No run's own {metric} is known, nor its spread over seeds."
    if count == 1:
        return "One seed: the spread is not known."
    return f"{count} seeds of the same command, as trained, {metric}: {mean:.4f} ± {deviation:.4f}."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _data(known: dict) -> str:
    domains = f"`{known['source']}` and `{known['target']}`"
    if known["drawn"]:
        return (
            f"{domains}: streets that this package draws itself (`adaat_keras.domains`), no "
            "photographs, no real persons."
        )
    return (
        f"{domains}. State it here: what they show, where they are from, whether persons can be "
        "recognized. The package knows their names alone."
    )


def _limits(known: dict) -> list[str]:
    """Sentences."""
    drawn = "Drawn streets of one kind: on photographs expect little before fine-tuning."
    height, width = known["frame"]
    crop = known["crop"]
    size = f"frames of `{known['target']}` have {height} x {width}."
    if crop:
        size = f"Trained on crops of {crop} x {crop} pixels; {size}"
    else:
        size = f"Trained on whole frames; {size}"
    if camera := known.get("camera"):
        size += (
            f" They are seen at {camera['height']} x {camera['width']}, and an image of any size "
            "is brought to that scale."
        )
    labels = ", ".join(filter(None, map(_labels, (known["from_task"], known["to_task"]))))
    told = [drawn if known["drawn"] else "", size, f"{labels.capitalize()}." if labels else ""]
    return list(filter(None, [*told, _hardly_found(known["metrics"]), _better_alone(known)]))


def _labels(task: str | dict) -> str:
    task = tasks.get(task)
    if task.name == "depth":
        return f"depth to {MAX_DEPTH:.0f} m"
    return f"{task.classes} classes" if task.classes else ""


def _hardly_found(metrics: dict[str, float | None]) -> str:
    ious = {name: value for name, value in metrics.items() if name.startswith("iou_")}
    classes = [
        name.removeprefix("iou_").replace("_", " ")
        for name, value in ious.items()
        if value is not None and value < HARDLY
    ]
    return f"Hardly ever found (IoU below {HARDLY}): {', '.join(classes)}." if classes else ""


def _better_alone(known: dict) -> str:
    """A warning if base model 2 alone is better than the transfer."""
    metric, task = known["primary_metric"], tasks.get(known["to_task"])
    ours, alone = known["metrics"].get(metric), known["base_2_target"].get(metric)
    if ours is None or alone is None:
        return ""
    if not (alone > ours if task.higher_is_better else alone < ours):
        return ""
    return (
        "Base model 2 alone, without any transfer (`model.base_model_2`), is better here: "
        f"{metric} {alone:.4f}, against {ours:.4f}."
    )


def _licence(known: dict) -> str:
    if known["drawn"] and not (known["weights"] or known["stages"]):
        return "Apache-2.0, as the package."
    made_from = [known["source"], known["target"], *filter(None, [known["weights"]])]
    return (
        f"State it here. The licences of what it was made from apply: "
        f"{', '.join(f'`{name}`' for name in made_from)}."
    )


def evaluate_command(known: dict, address: str) -> str:
    """The command that scores a preset; empty if there are no labels to score against.

    Args:
        known: What is known of the preset, as `publish` writes it.
        address: What `load` finds it by.

    Example:
        >>> evaluate_command({"metrics": {"mean_iou": 0.4}, "split": "val"}, "my presets/streets")
        "adaat-keras evaluate 'my presets/streets' --split val"
    """
    if not known["metrics"]:
        return ""
    split = "" if known["split"] == "test" else f" --split {known['split']}"
    return f"adaat-keras evaluate {shlex.quote(address)}{split}"
