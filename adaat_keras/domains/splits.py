"""The training, validation and test splits of one domain, opened when they are first needed."""

import inspect
import reprlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from adaat_keras import domains
from adaat_keras.domains.domain import Domain, NoSplit
from adaat_keras.streets import VARIANTS
from adaat_keras.tasks import Task
from adaat_keras.tasks.semantic import Semantic

SPLITS = ("train", "val", "test")


class Splits:
    """A source or target given by the user, as up to three domain objects.

    Args:
        what: A name from `domains.names()`, `"module:Class"`, `"file.py:Class"` or a class (opened
            with `split=` and the options); a domain object, used as the training split; or a
            dictionary of domain objects with the keys `"train"`, `"val"` and `"test"`.
        options: Arguments for opening a domain by name, e.g. `{"root": ...}`.
        classes: A semantic task with the classes of the labels; the paper's by default.

    Raises:
        ValueError: There is no such domain, or a dictionary has other keys or no `"train"`.

    Example:
        >>> Splits("streets_sim", {"frmes": 8})
        Traceback (most recent call last):
        ...
        ValueError: streets_sim has no option 'frmes'; its options: frames, ...
    """

    def __init__(
        self,
        what: str | type[Domain] | Domain | Mapping[str, Domain],
        options: Mapping | None = None,
        classes: Semantic | None = None,
    ):
        self.options = dict(options or {})
        self.classes = classes
        if inspect.isclass(what) and issubclass(what, Domain):
            what = _checked_class(what, self.options)
        elif isinstance(what, str):
            check_options(what, self.options)
        if isinstance(what, Domain):
            what = {"train": what}
        if not isinstance(what, str):
            if not isinstance(what, Mapping):
                raise ValueError(
                    f"{reprlib.repr(what)} is no domain: pass its name, an object such as "
                    "adaat_keras.domains.Folder(...), or a dictionary of these by split"
                )
            unknown = set(what) - set(SPLITS)
            if unknown or "train" not in what:
                raise ValueError(
                    f"a dictionary of splits has the keys train, val and test, of which train must "
                    f"be there, not {', '.join(map(str, what)) or 'none'}"
                )
            for split, domain in what.items():
                if not isinstance(domain, Domain):
                    raise ValueError(
                        f"{split} is {domain!r}, no domain: pass an object such as "
                        "adaat_keras.domains.Folder(...)"
                    )
            if options:
                raise ValueError("options open a domain by name; this one is open already")
        self.what = what
        self.get = lru_cache(self._open)
        self._missing: dict[str, NoSplit] = {}

    @property
    def name(self) -> str:
        """The domain's name."""
        return self.what if self.is_lasting else self.required("train").name

    @property
    def is_lasting(self) -> bool:
        """Whether other processes can open the domain by what it was given as."""
        return self.by_name and not self.what.startswith("__main__:")

    @property
    def by_name(self) -> bool:
        """Whether the domain was given by name, and can be opened again by it."""
        return isinstance(self.what, str)

    @property
    def is_made(self) -> bool:
        """Whether opening it renders its frames, which takes a while."""
        return self.by_name and self.what in VARIANTS

    def _open(self, split: str) -> Domain | None:
        """The domain of a split, or of the one that stands in for it; `None` if there is none.

        Raises:
            ValueError: The domain cannot be opened; there is no training split.
        """
        domain = self._by_name(split) if self.by_name else self.what.get(split)
        if domain is None or self.classes is None or "semantic" not in domain.tasks:
            return domain
        return domain.with_classes(self.classes)

    def _by_name(self, split: str) -> Domain | None:
        try:
            return domains.get(self.what, split=domains.stand_in(self.what, split), **self.options)
        except (TypeError, AttributeError, OverflowError, LookupError) as error:
            raise ValueError(
                f"{self.what} cannot be opened with {self.options}: {error}"
            ) from error
        except NoSplit as error:
            if split == "train":
                raise
            self._missing[split] = error
            return None

    def required(self, split: str) -> Domain:
        """The domain of a split.

        Raises:
            ValueError: There is none, or it cannot be opened.
        """
        domain = self.get(split)
        if domain is None and split in self._missing:
            raise self._missing[split]
        if domain is None:
            raise ValueError(
                f"{self.name} has no split {split!r}: pass a dictionary of splits, "
                '{"train": ..., "val": ..., "test": ...}'
            )
        return domain


def _checked_class(kind: type[Domain], options: Mapping) -> str:
    """A class's name, after a check that `split` and these options are all that it needs."""
    parameters = inspect.signature(kind).parameters.values()
    if not any(each.name == "split" or each.kind is each.VAR_KEYWORD for each in parameters):
        raise ValueError(
            f"{kind.__name__} takes no split=: pass an object of it, or a dictionary of splits"
        )
    name = domains.name_of(kind)
    try:
        check_options(name, options)
    except ValueError as error:
        raise ValueError(f"{error}; or pass an object of it, or a dictionary of splits") from error
    return name


def check_options(name: str, options: Mapping) -> None:
    """Raise a `ValueError` if a domain does not take these options, without opening it.

    Example:
        >>> check_options("kitti", {"rot": "DIR"})
        Traceback (most recent call last):
        ...
        ValueError: kitti has no option 'rot'; its options: root, ...
    """
    signature = inspect.signature(domains.find(name))
    parameters = signature.parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    given = {"split": None, "name": name, **options}
    known = [each for each in parameters if each not in ("self", "split", "name")]
    for each in options:
        if each not in parameters:
            raise ValueError(f"{name} has no option {each!r}; its options: {', '.join(known)}")
        _check_kind(f"{name}: {each}", options[each], parameters[each].annotation)
    for each, parameter in parameters.items():
        if parameter.default is parameter.empty and each not in given:
            raise ValueError(f"{name} needs the option {each!r}; its options: {', '.join(known)}")


_PLAIN = {"bool": bool, "int": int, "float": (int, float), "str": str, "Path": (str, Path)}
# Limit on integer options, such as frames or pixels; larger ones are mistakes and would overflow.
_LARGEST = 2**31


def _check_kind(option: str, value, annotation) -> None:
    """Raise a `ValueError` unless a value has the type that an option is annotated with."""
    words = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", None)
    names = (words or str(annotation)).replace("pathlib.", "").split(" | ")
    kinds = [kind for name, kind in _PLAIN.items() if name in names]
    if not {*names} <= {*_PLAIN, "None"} or (value is None and "None" in names):
        # Not a simple type: the domain itself checks it.
        return
    fits = any(isinstance(value, kind) for kind in kinds)
    if not fits or (isinstance(value, bool) and bool not in kinds):
        raise ValueError(f"{option} is {value!r}, it must be {' or '.join(names)}")
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ValueError(f"{option} is {value}, which is too large")


def classes_of(*tasks: Task) -> Semantic | None:
    """The semantic task among these, which determines the classes of both domains' labels."""
    # Subclasses with another name have labels of their own.
    own = (task for task in tasks if isinstance(task, Semantic) and task.name == Semantic.name)
    return next(own, None)
