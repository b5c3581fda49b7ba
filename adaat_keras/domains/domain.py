"""What every domain offers: frames by index, as arrays and as graph operations."""

import hashlib
import os
import re
import stat
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from adaat_keras.deep_images import Range
from adaat_keras.domains.class_names import (
    IGNORED,
    UNKNOWN,
    Entry,
    called,
    check_groups,
    group_names,
    group_table,
    label_entries,
)
from adaat_keras.domains.parallel import parallel_map
from adaat_keras.streets.classes import NAMES

if TYPE_CHECKING:
    from adaat_keras.tasks import Task
    from adaat_keras.tasks.semantic import Semantic


class NoSplit(ValueError):
    """A data set has no such split, or no frame in it."""


def check_split(split: str | None, splits: Sequence[str]) -> None:
    """Raise a `NoSplit` that lists the `splits` unless `split` is one of them."""
    if split not in splits:
        raise NoSplit(f"unknown split {split!r}; choose one of: {', '.join(splits)}")


def check_above_0(**options: float | None) -> None:
    """Raise a `ValueError` that names the first option that is not a number above 0.

    Example:
        >>> check_above_0(focal_length=700, baseline=None)
        >>> check_above_0(depth_scale="1/1000")
        Traceback (most recent call last):
        ...
        ValueError: depth_scale= must be a finite number above 0, not '1/1000'
    """
    for option, value in options.items():
        if value is None:
            continue
        try:
            number = np.nan if isinstance(value, str | bool) else float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not 0 < number < np.inf:
            raise ValueError(f"{option}= must be a finite number above 0, not {value!r}")


def _check_dense(name: str, labels: str | Sequence[str]) -> None:
    """Raise a `ValueError` unless `dense` may name labels."""
    if not isinstance(labels, str | Sequence | set | frozenset):
        raise ValueError(
            f"{name}: dense={labels!r}, but it names the labels that are known at every pixel: "
            "dense='depth', or several in a list; leave it out if none is"
        )


class Domain(ABC):
    """A set of frames from one place, each an image and the labels that exist for it.

    A frame is a dictionary with some of these keys, all at the frame's own size:

    - `"image"`: uint8 `(height, width, 3)`, RGB.
    - `"semantic"`: uint8 `(height, width)`, numbers that `label_names` explains; 255 = ignored.
    - `"depth"`: float32 `(height, width)`, metres along the optical axis, 0 = invalid.
    - `"normals"`: float32 `(height, width, 3)`, unit vectors towards the camera: x right, y down,
      z forward; zeros = invalid.

    Subclasses implement `__len__` and `read`, and set `name` and `tasks`. `read` consists of graph
    operations, so that `tf.data` decodes in parallel; it only reads the files of the requested
    keys.

    Attributes:
        name: Its name in messages and tables.
        tasks: The label keys that exist.
        label_names: The names of the numbers in `"semantic"`, from 0 on or by number: one name
            each, or several in order of preference. By default the paper's eleven classes.
        stands_in: For each of the splits train, val and test that the data set lacks, or that lacks
            labels, the split used in its place.
        dense: The labels that are known at every pixel within their range, such as a simulator's,
            but not LiDAR's.
        focal_length: In pixels, the median if frames differ; `None` if unknown.
        principal_point: Where the optical axis meets a frame, `(x, y)` in pixels from the upper
            left corner, the median if frames differ; `None` for the middle.
        camera_height: Of the camera above the road, in metres, the mean or median if frames differ;
            `None` if unknown.
        image_range: The two values mapped to black and white if files have more than 8 bits.
        all_told: Whether the attributes determine every pixel, so that `identity` reads no frames.

    Example:
        >>> class Ramps(Domain):
        ...     name, tasks = "ramps", ("depth",)
        ...     def __len__(self):
        ...         return 3
        ...     def read(self, index, keys):
        ...         depth = tf.cast(index + 1, "float32") * tf.ones((4, 6))
        ...         frame = {"image": tf.zeros((4, 6, 3), "uint8"), "depth": depth}
        ...         return {key: frame[key] for key in keys}
        >>> frames = Ramps()
        >>> len(frames), float(frames[2]["depth"][0, 0])
        (3, 3.0)
    """

    name: str
    tasks: tuple[str, ...]
    label_names: Sequence[Entry] | Mapping[int, Entry] = NAMES
    stands_in: ClassVar[dict[str, str]] = {}
    dense: tuple[str, ...] = ()
    focal_length: float | None = None
    principal_point: tuple[float, float] | None = None
    camera_height: float | None = None
    image_range: Range | None = None
    all_told: bool = False

    # Attributes that do not affect pixels, and those that only affect labels of classes.
    _aside: ClassVar[tuple[str, ...]] = ("tasks", "left_out", "dense", "all_told")
    _about_classes: ClassVar[tuple[str, ...]] = ("label_names", "groups", "_table")

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if isinstance(dense := vars(cls).get("dense"), bool):
            _check_dense(cls.__name__, dense)

    def picture_of(self, task: "Task") -> Callable[[tf.Tensor], tf.Tensor]:
        """The function that draws this domain's labels of a task as input images for a network."""
        return task.picture if task.name in self.dense else task.sparse_picture

    @staticmethod
    def from_arrays(
        images: Sequence[np.ndarray],
        semantic: Sequence[np.ndarray] | None = None,
        depth: Sequence[np.ndarray] | None = None,
        normals: Sequence[np.ndarray] | None = None,
        label_names: Sequence[Entry] | Mapping[int, Entry] | str | None = None,
        name: str = "arrays",
        focal_length: float | None = None,
        dense: str | Sequence[str] = (),
    ) -> "Domain":
        """A domain of frames in memory.

        Args:
            images: uint8 `(height, width, 3)`, RGB: a list of frames, which may differ in size,
                or one array of all.
            semantic: Integers `(height, width)`, one map per image; 255 = ignored.
            depth: Floating-point metres `(height, width)`; 0, below or not finite = invalid.
            normals: Floating-point unit vectors `(height, width, 3)`; zeros = invalid.
            label_names: The names of the numbers in `semantic`, from 0 on or by number, or the
                name of a set of ids (see `ID_SETS`); by default the paper's eleven classes.
            name: The domain's name in messages and tables.
            focal_length: In pixels, if known.
            dense: The labels, or one, that are known at every pixel within their range, such as a
                simulator's depth: their holes then mean out of range, such as sky.

        Raises:
            ValueError: An array has a wrong shape, dtype or length; names the frame.

        Example:
            >>> images = np.zeros((2, 32, 64, 3), np.uint8)
            >>> frames = Domain.from_arrays(images, depth=np.full((2, 32, 64), 7.5))
            >>> len(frames), frames.tasks, frames[1]["depth"][0, 0]
            (2, ('depth',), np.float32(7.5))
        """
        from adaat_keras.domains.cache import Arrays

        labels = {"semantic": semantic, "depth": depth, "normals": normals}
        columns = {key: column for key, column in labels.items() if column is not None}
        return Arrays({"image": images, **columns}, label_names, name, focal_length, dense)

    @staticmethod
    def from_dataset(
        dataset: tf.data.Dataset,
        label_names: Sequence[Entry] | Mapping[int, Entry] | str | None = None,
        name: str = "dataset",
        focal_length: float | None = None,
        dense: str | Sequence[str] = (),
    ) -> "Domain":
        """A domain of the frames of a finite `tf.data.Dataset`, which is read into memory once.

        Args:
            dataset: Of single frames, each a dictionary of `"image"` and labels in the form that
                `from_arrays` takes. Other entries, such as numbers or names, are dropped with a
                warning.
            label_names, name, focal_length, dense: As `from_arrays` takes them.

        Raises:
            ValueError: The dataset is infinite, needs more than half of the memory, is empty, does
                not consist of dictionaries with an image, has frames of another form, or cannot be
                read.

        Example:
            >>> frame = {"image": np.zeros((8, 8, 3), np.uint8), "depth": np.ones((8, 8))}
            >>> len(Domain.from_dataset(tf.data.Dataset.from_tensors(frame).repeat(3)))
            3
        """
        from adaat_keras.domains.cache import Arrays, columns_of

        return Arrays(columns_of(dataset, name), label_names, name, focal_length, dense)

    @abstractmethod
    def __len__(self) -> int:
        """Number of frames."""

    @abstractmethod
    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors."""

    def __repr__(self) -> str:
        """Name, frames and labels.

        Example:
            >>> Domain.from_arrays(np.zeros((2, 8, 8, 3), np.uint8), name="mine")
            <Arrays 'mine': 2 frames, labels: none>
        """
        labels = ", ".join(self.tasks) or "none"
        return f"<{type(self).__name__} {self.name!r}: {len(self)} frames, labels: {labels}>"

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        """The frame at `index` with all keys that it has, as NumPy arrays."""
        self.check_index(index)
        frame = self.read(tf.constant(index, tf.int64), ("image", *self.tasks))
        return {key: value.numpy() for key, value in frame.items()}

    def tell_dense(self, labels: str | Sequence[str]) -> None:
        """Set `dense`.

        Raises:
            ValueError: The domain has no such labels, or these are no names.
        """
        _check_dense(self.name, labels)
        labels = (labels,) if isinstance(labels, str) else tuple(labels)
        for label in labels:
            if label not in self.tasks:
                raise ValueError(
                    f"{self.name}: dense={label!r}, but its labels are: "
                    f"{', '.join(self.tasks) or 'none'}"
                )
        self.dense = labels

    def check_index(self, index: int) -> None:
        """Raise an `IndexError` for a frame that does not exist, a `TypeError` for no integer."""
        if not isinstance(index, Integral):
            raise TypeError(f"{self.name} is indexed by a frame's number, not by {index!r}")
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} frames, there is no frame {index}")

    def dataset(self, keys: tuple[str, ...]) -> tf.data.Dataset:
        """All frames in order, each a dictionary of the `keys`, read in parallel."""
        self.require(keys)
        indices = tf.data.Dataset.range(len(self))
        return parallel_map(indices, lambda index: self.read(index, keys))

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise a `ValueError` if this domain has no labels for one of the `keys`."""
        missing = sorted(set(keys) - {"image", *self.tasks})
        if missing:
            has = ", ".join(self.tasks) or "none"
            raise ValueError(
                f"{self.name} has no labels for {missing[0]!r}; its labels: {has}"
                f"{self._instead_of(missing[0])}"
            )

    def _instead_of(self, key: str) -> str:
        """What to add to the message about missing labels."""
        return ""

    def with_classes(self, task: "Semantic") -> "Domain":
        """The same frames, with `"semantic"` in the classes of a task.

        Returns:
            The new domain; this one if nothing changes or if it has no such labels.

        Raises:
            ValueError: It has none of the classes; lists those that it has. (If it lacks only some,
                there is a warning.)

        Example:
            >>> from adaat_keras.tasks import Semantic
            >>> maps = np.array([[[0, 1, 2]]])
            >>> frames = Domain.from_arrays(
            ...     np.zeros((1, 1, 3, 3), np.uint8), maps, label_names=["sky", "car", "road"]
            ... )
            >>> cars = frames.with_classes(Semantic({"road": "road", "vehicle": ["car", "bus"]}))
            >>> cars[0]["semantic"].tolist()
            [[255, 1, 0]]
        """
        groups = getattr(task, "groups", None)
        if groups is None or "semantic" not in self.tasks:
            return self
        entries = label_entries(self.label_names)
        check_groups([*entries.values()], groups, self.name)
        table = group_table(entries, groups)
        table[IGNORED] = IGNORED
        if all(table[number] == number for number in entries):
            return self
        return _Regrouped(self, table, group_names(groups))

    def own_classes(self) -> "Semantic":
        """A semantic task with this domain's own classes, for displaying its labels.

        If these are the paper's eleven or Cityscapes' nineteen, it is the built-in task.

        Example:
            >>> frames = Domain.from_arrays(
            ...     np.zeros((1, 1, 2, 3), np.uint8), [[[5, 9]]], label_names={5: "sky", 9: "lawn"}
            ... )
            >>> task = frames.own_classes()
            >>> task.class_names, frames.with_classes(task)[0]["semantic"].tolist()
            (('sky', 'lawn'), [[0, 1]])
        """
        from adaat_keras.tasks.semantic import PAPER, REST, Semantic

        entries = tuple(label_entries(self.label_names).values())
        if entries in (NAMES, group_names(PAPER)):
            return Semantic()
        groups = {called(entry): (called(entry),) for entry in entries}
        return Semantic(groups if len(groups) > 1 else {**groups, "all else": (REST,)})

    def identity(self, keys: tuple[str, ...] | None = None) -> str:
        """A hash of the frames' content, independent of where they are stored.

        It covers the class, the name and the length, the attributes (numbers, strings, arrays,
        other domains, names and sizes of files without their folders and times, and collections of
        these), and the pixels of the first, the middle and the last frame (unless `all_told`). It
        changes with options and files, but not with the root, cache or machine. Attributes of other
        types, such as functions, tensors or pandas tables, are ignored: whatever determines the
        frames must also be stored in an attribute of one of the above types.

        Args:
            keys: The keys to cover; by default the image and all labels.

        Returns:
            16 hexadecimal digits.

        Example:
            >>> frames = Domain.from_arrays(np.zeros((2, 4, 4, 3), np.uint8))
            >>> len(frames.identity()), frames.identity() == frames.identity()
            (16, True)
        """
        keys = ("image", *sorted(self.tasks)) if keys is None else keys
        about = keys, len(self), self.described(keys, _without_folders)
        digest = hashlib.sha256(repr(about).encode())
        for key in () if self.all_told else keys:
            for index in sorted({0, len(self) // 2, len(self) - 1}):
                try:
                    pixels = self.read(tf.constant(index, tf.int64), (key,))[key].numpy()
                except (ValueError, OSError, tf.errors.OpError):
                    # Reading the frame for training will report the error.
                    digest.update(b"not readable")
                    continue
                digest.update(repr((pixels.shape, str(pixels.dtype))).encode() + pixels.tobytes())
        return digest.hexdigest()[:16]

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """The content of the attributes that is relevant for the `keys`, for hashing.

        Args:
            keys: `"image"` and labels.
            place: Maps a string or path to what represents it.
        """
        aside = self._aside if "semantic" in keys else (*self._aside, *self._about_classes)
        state = {name: part for name, part in vars(self).items() if name not in aside}
        for name in _PLACES.intersection(state):
            # A string in an attribute for a path would not be recognized as one.
            state[name] = Path(state[name]) if isinstance(state[name], str) else state[name]
        return type(self).__name__, self.name, _described(state, keys, place)


def check_forms(domain: Domain, keys: tuple[str, ...]) -> None:
    """Raise a `ValueError` unless a user's domain gives values as `Domain` documents them.

    An image of floats from 0 to 1, for example, would look black; other dtypes fail in a graph.
    Cropping and resizing need to know the rank. Nothing is read; `read` is only traced. The
    package's own domains, which are tested, are looked through to a user's one inside.

    Args:
        domain: The domain to check.
        keys: `"image"` and labels that it has; labels that only a user's task knows may have any
            dtype.

    Raises:
        ValueError: The values of one of the keys have a wrong dtype, or are of unknown rank, as
            `tf.numpy_function` gives them; the message names the class, the key and what to return.

    Example:
        >>> check_forms(Domain.from_arrays(np.zeros((1, 8, 8, 3), np.uint8)), ("image",))
    """
    domain.require(keys)
    while type(domain).__module__.startswith("adaat_keras."):
        domain = getattr(domain, "domain", None)
        if not isinstance(domain, Domain):
            return
    # As `dataset` does, so that a user's conditions are converted alike.
    spec = tf.data.Dataset.range(1).map(lambda index: domain.read(index, keys)).element_spec
    for key in keys:
        wrong = _wrong_form(key, spec[key])
        if wrong:
            raise ValueError(f"{type(domain).__name__}.read gives {key!r} {wrong}")


_FORMS = {"image": "uint8", "semantic": "uint8", "depth": "float32", "normals": "float32"}


def _wrong_form(key: str, spec: tf.TensorSpec) -> str | None:
    """What is wrong with a key's values, and the fix; `None` if nothing is."""
    from adaat_keras import tasks

    form = _FORMS.get(key, spec.dtype.name)
    if spec.dtype.name != form:
        value = "values of 0 to 255, as uint8," if key == "image" else f"tf.cast(value, {form!r})"
        return f"as {spec.dtype.name}: return {value} in its place"
    if spec.shape.rank is None:
        channels = 3 if key == "image" else key in tasks.names() and tasks.get(key).components
        shape = f"(None, None, {channels})" if channels else "(None, None)"
        return (
            "of unknown rank, as tf.numpy_function and tf.py_function do: return "
            f"tf.ensure_shape(value, {shape}) in its place"
        )
    return None


class SameCamera(Domain):
    """A domain that wraps another one, `domain`, whose frames have the same camera."""

    domain: Domain

    @property
    def focal_length(self) -> float | None:
        """The domain's own."""
        return self.domain.focal_length

    @property
    def principal_point(self) -> tuple[float, float] | None:
        """The domain's own."""
        return self.domain.principal_point

    @property
    def camera_height(self) -> float | None:
        """The domain's own."""
        return self.domain.camera_height

    @property
    def image_range(self) -> Range | None:
        """The domain's own."""
        return self.domain.image_range


class _Regrouped(SameCamera):
    """A domain with its label numbers looked up in a table."""

    def __init__(self, domain: Domain, table: np.ndarray, label_names: tuple[Entry, ...]):
        self.domain = domain
        self.name, self.tasks, self.dense = domain.name, domain.tasks, domain.dense
        self.all_told = domain.all_told
        self.label_names = label_names
        self._table = table

    def __len__(self) -> int:
        return len(self.domain)

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise as the domain does."""
        self.domain.require(keys)

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as the domain."""
        frame = self.domain.read(index, keys)
        if "semantic" not in frame:
            return frame
        labels = tf.gather(tf.constant(self._table), tf.cast(frame["semantic"], tf.int32))
        message = f"{self.name} has a label number that has no name in label_names"
        check = tf.debugging.Assert(tf.reduce_all(labels != UNKNOWN), [message])
        with tf.control_dependencies([check] if check is not None else []):
            return {**frame, "semantic": tf.identity(labels)}

    def with_classes(self, task: "Semantic") -> Domain:
        """The same frames in other classes, mapped from the wrapped domain's numbers."""
        return self.domain.with_classes(task)

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """As the wrapped domain's, unless `"semantic"` is among the keys."""
        return (super() if "semantic" in keys else self.domain).described(keys, place)


# Attributes that say where data is stored.
_PLACES = {"root", "folder", "directory", "cache", "path"}
_SIMPLE = (str, int, float, bool, type(None))


def _described(value: Any, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
    """The stable content of a value, without what changes by use or from process to process."""
    if isinstance(value, str | Path):
        return place(value)
    if isinstance(value, _SIMPLE):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value), hashlib.sha256(value).hexdigest()
    if isinstance(value, range):
        return repr(value)
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        # Their bytes are pointers, which are others in each process.
        return value.shape, str(value.dtype), _described(value.tolist(), keys, place)
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, dict | MappingProxyType):
        known = ((str(key), _described(part, keys, place)) for key, part in value.items())
        return sorted((pair for pair in known if pair[1] is not NotImplemented), key=lambda p: p[0])
    if isinstance(value, list | tuple | deque):
        return [_described(part, keys, place) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((_described(part, keys, place) for part in value), key=repr)
    if isinstance(value, Domain):
        return value.described(keys, place)
    return NotImplemented


def _without_folders(value: str | Path) -> Any:
    """A string unchanged; of a file's path, its name and size without its folder."""
    text = str(value)
    if isinstance(value, str) and not {os.sep, os.altsep, "~"}.intersection(text):
        return text
    path = Path(text).expanduser()
    try:
        found = path.stat()
    except OSError:
        return path.name if path.is_absolute() else text
    return None if stat.S_ISDIR(found.st_mode) else (path.name, found.st_size)


# Patterns of messages, most reliable first: a check, a NumPy function in a graph, an operation.
_SAID = (
    re.compile(r"assertion failed: \[(.*?)\.? *\]"),
    re.compile(r"(?:^|: |\n|}} )\w+(?:Error|Exception): (.*)\nTraceback \(most recent call last\)"),
    re.compile(r"with iterator: [\w:\[\]]+: ([^\n]*?)(?: \[Op:.*)?(?:\n|$)"),
)


def said_in_graph(error: Exception) -> str:
    """An error's message in one line; from within a graph, without TensorFlow's additions.

    Example:
        >>> def check(number):
        ...     tf.debugging.assert_positive(number, "a number is too low")
        ...     return number
        >>> try:
        ...     list(tf.data.Dataset.range(1).map(check))
        ... except tf.errors.OpError as error:
        ...     said_in_graph(error)
        'a number is too low'
    """
    said = error.message if isinstance(error, tf.errors.OpError) else ""
    found = (each.search(said) for each in _SAID)
    return " ".join(next((each[1] for each in found if each), str(error)).split())
