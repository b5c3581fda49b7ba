"""Methods, one file each: which steps, in which order, on what. `get("ada_atdt")` gives one.

- `method`: what every method offers.
- `steps/`: the training steps that methods are made of.
- `harness/`: runs a method, resumes it after a kill, scores it and draws its pictures.
"""

from typing import TYPE_CHECKING

from adaat_keras.registry import Registry

if TYPE_CHECKING:
    from adaat_keras.methods.method import Method

_registry = Registry(
    "method",
    {
        "ada_atdt": "adaat_keras.methods.ada_atdt:AdaAtdt",
        "at_dt": "adaat_keras.methods.at_dt:AtDt",
        "at_dt_da": "adaat_keras.methods.at_dt_da:AtDtDa",
        "cycada": "adaat_keras.methods.cycada:Cycada",
        "cycle_gan": "adaat_keras.methods.cycle_gan:CycleGan",
        "dan": "adaat_keras.methods.dan:Dan",
        "fcns_in_the_wild": "adaat_keras.methods.fcns_in_the_wild:FcnsInTheWild",
        "label_teacher": "adaat_keras.methods.label_teacher:LabelTeacher",
        "oracle": "adaat_keras.methods.oracle:Oracle",
        "source_only": "adaat_keras.methods.source_only:SourceOnly",
    },
)


def get(name: str) -> "Method":
    """The method of this name."""
    return _registry.get(name)()


def names() -> list[str]:
    """Every method's name."""
    return _registry.names()
