"""What a user should know of a preset."""

_CARD = """\
# {name}

Predicts {to_task} from an image of a street, trained without a single {to_task} label of the
target domain: {source} has labels of {from_task} and {to_task}, {target} of {from_task} alone
(ADA-AT/DT, Chavhan et al., WACV 2021). All six networks, {parameters:,} parameters, weights as
float16, {megabytes:.1f} MB.

## Use

```python
from adaat_keras import load

model = load("{name}")
outputs = model.predict(images)  # (n, height, width, 3), any size above 32 x 32, 0 to 255
```

```
adaat-keras predict PHOTO.jpg --weights {name}
adaat-keras evaluate {name}
```

Meant for trying the package, and as a start for fine-tuning (`fit_ada_atdt(model, steps=...)`) on
a domain of your own. Not meant for anything that moves: it has seen drawn streets alone.

## Numbers

On the {split} split of `{target}`, these very weights; `adaat-keras evaluate {name}` measures them
again:

{metrics}

Over {seeds[count]} seed{plural} of the same command, {primary_metric}: {mean}.

## Data

`{source}` and `{target}`: streets that this package draws itself (`adaat_keras.domains`), no
photographs, no persons.

## How it was made

Seed {seed}:

```
{command}
```

with {versions}.

## Limits

Drawn streets of one kind, 128 x 256 pixels; 11 classes, depth to 100 m. On photographs expect
little before fine-tuning. Thin and rare things (persons, poles, fences) are often missed.

## Licence

Apache-2.0, as the package.
"""


def model_card(known: dict) -> str:
    """A preset's card in Markdown.

    Args:
        known: What `publish` knows of it.
    """
    seeds, deviation = known["seeds"], known["seeds"]["deviation"]
    rows = [f"| {name} | {value:.4f} |" for name, value in known["metrics"].items()]
    filled = {
        **known,
        "megabytes": known["bytes"] / 1e6,
        "metrics": "\n".join(["| metric | value |", "|---|---:|", *rows]),
        "plural": "" if seeds["count"] == 1 else "s",
        "mean": f"{seeds['mean']:.4f}" + ("" if deviation is None else f" ± {deviation:.4f}"),
        "versions": ", ".join(f"{name} {number}" for name, number in known["versions"].items()),
    }
    return _CARD.format(**filled)
