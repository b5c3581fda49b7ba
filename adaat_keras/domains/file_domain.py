"""The base class of loaders for frames whose images and labels are files."""

import copy
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.check import wrong_ids
from adaat_keras.domains.class_names import (
    ID_SETS,
    UNKNOWN,
    Entry,
    Groups,
    check_groups,
    group_names,
)
from adaat_keras.domains.content import (
    blended_problem,
    color_problem,
    fixed_point_problem,
    grey_problem,
    packed_depth_problem,
)
from adaat_keras.domains.decoders import map_classes
from adaat_keras.domains.domain import Domain, NoSplit
from adaat_keras.domains.listing import (
    Files,
    SkipBad,
    check_all_taken,
    check_skip_bad,
    content_of,
    instead,
)
from adaat_keras.domains.png import (
    PACKED_DEPTH,
    PngKind,
    is_turned,
    picture_size,
    read_picture,
    read_png,
)
from adaat_keras.tasks.semantic import PAPER, Semantic, same_groups

_LABELS = ("semantic", "depth", "normals")
# Decoding and reading both release the interpreter's lock.
_THREADS = 8
# Frames to check when a domain is opened.
_LOOKS = 4
# With fewer pixels, one cannot tell which ids a label map has.
_ENOUGH_PIXELS = 256


class FileDomain(Domain):
    """Frames from files, one for the image and one for each label.

    `read` raises an error that names a bad file; indexing, `[i]`, also says what is wrong and how
    to fix it. Subclasses set the class attributes and implement `depth`.

    Args:
        files: For each frame, the expected files of `"image"` and the labels; labels that no frame
            has are left out of `tasks`.
        id_set: Name in `ID_SETS` of the label ids.
        riders_and_trucks: Whether a rider is also named person, and a truck, bus, train or bicycle
            also car; by the AT/DT rule (the default) they are not.
        skip_bad: `False`: a missing file is an error. `True`: every file is read once, with a
            progress bar, and frames with a bad one are skipped. `"missing"`: frames that lack a
            file are skipped, without reading any.
        check_labels: Whether to check the content of some label files, or of all if
            `skip_bad=True`.
        named: The labels whose folder the user gave, so that it must not be empty.

    Attributes:
        splits: The possible values of `split`; `None`, if allowed, means all.
        kinds: The file format of each key.
        checks_ids_itself: Whether the class checks for other sets of ids when opened, by its own
            option.
        id_set_choices: Names in `ID_SETS` that this data set's labels may follow.
        groups: The classes of `"semantic"`: the paper's eleven, or those of `with_classes`.
        files: The files of each frame.
        left_out: A line for each skipped frame, with the file and what is wrong with it.

    Raises:
        FileNotFoundError: Some frames lack a label that others have, or a folder of labels is
            empty.
        ValueError: No frame is left, or labels or `skip_bad` are invalid.
    """

    splits: tuple[str, ...]
    kinds: dict[str, PngKind]
    id_set_choices: tuple[str, ...] = ()
    checks_ids_itself = False
    _about_classes = (*Domain._about_classes, "id_set", "riders_and_trucks")
    _aside = (*Domain._aside, "_looks")

    def __init__(
        self,
        files: list[Files],
        id_set: str | None = None,
        riders_and_trucks: bool = False,
        skip_bad: SkipBad = False,
        check_labels: bool = False,
        named: tuple[str, ...] = (),
    ):
        check_skip_bad(skip_bad)
        self._looks = check_labels
        self.id_set, self.riders_and_trucks = id_set, riders_and_trucks
        self.left_out: list[str] = []
        self._tensors: dict[str, tf.Tensor] = {}
        self.files = files
        self._check_taken(files, named)
        self.tasks = self._keep_complete(bool(skip_bad))
        if "semantic" in self.tasks:
            self._give(self.first_groups())
        if skip_bad is True:
            problems = self.problems()
            self.left_out += [problem for problem in problems if problem]
            self.files = [f for f, bad in zip(self.files, problems, strict=True) if not bad]
            self._tensors = {}
        if not self.files:
            raise ValueError(f"no frame of {self.name} is left; the first: {self.left_out[0]}")
        if check_labels:
            self._look_at_some()

    def _check_taken(self, files: list[Files], named: tuple[str, ...]) -> None:
        """Raise an error if there are label files but none belongs to an image."""
        check_all_taken(self.name, files, named)

    def _look_at_some(self) -> None:
        """Check the content of some label files; raise a `ValueError` if it is unexpected."""
        problems = [
            self.content_problem(index)
            for index in np.unique(np.linspace(0, len(self) - 1, _LOOKS).astype(int)).tolist()
        ]
        problem = next(filter(None, problems), None) or self._form_problem()
        if problem:
            raise ValueError(f"{problem}; check_labels=False reads them as they are")
        variant = not self.checks_ids_itself and self.label_variant_problem(only_better=True)
        if variant:
            folder = self.files[0]["semantic"].parent
            raise ValueError(f"{folder}: {variant}; check_labels=False reads them as they are")

    def _instead_of(self, key: str) -> str:
        """Where the first frame's labels were expected, and what is there instead."""
        place = self.files[0].get(key)
        if place is None:
            return ""
        there = next(folder for folder in place.absolute().parents if folder.is_dir())
        return f"; there is no {place}, and {content_of(there)}"

    def _form_problem(self) -> str | None:
        """A problem of format that all checked files of a key share; `None` for a single frame."""
        some = np.unique(np.linspace(0, len(self) - 1, _LOOKS).astype(int)).tolist()
        for key in ("image", *self.tasks):
            said = []
            for index in some:
                try:
                    self.check_file(key, self.files[index][key])
                except (ValueError, OSError) as error:
                    said.append(str(error))
            if len(said) == len(some) > 1:
                return f"{said[0]}; and so are others"
        return None

    def content_problem(self, index: int) -> str | None:
        """What is unexpected in the content of a frame's label files; `None` if they look right.

        Files that cannot be read are not reported here, but when their frame is read.
        """
        at = tf.constant(index, tf.int64)
        for key in self.tasks:
            with suppress(tf.errors.OpError, ValueError, OSError):
                problem = self._content_problem(key, self.pixels(key, at), at)
                if problem:
                    return f"{self.files[index][key]}: {problem}"
        return None

    def _content_problem(self, key: str, pixels: tf.Tensor, index: tf.Tensor) -> str | None:
        """What is unexpected in the pixels of a label; `None` if they look right."""
        kind = self.kinds[key]
        if key == "semantic":
            known = ID_SETS[self.id_set].table(PAPER) != UNKNOWN
            # Which of several sets it is, is another question.
            for name in self.id_set_choices:
                known |= ID_SETS[name].table(PAPER) != UNKNOWN
            look = grey_problem if kind.channels == 1 else color_problem
            ids = self.label_ids(pixels).numpy()
            return look(pixels.numpy(), known) or blended_problem(ids)
        if kind is PACKED_DEPTH:
            return packed_depth_problem(pixels.numpy())
        depth = self.depth({key: pixels}, index).numpy()
        disparity, other = self._depth_form()
        return fixed_point_problem(pixels.numpy(), depth, disparity, other)

    def _depth_form(self) -> tuple[bool, str]:
        """Whether depth is stored as disparity, and which option or class reads the other form."""
        return False, "no option reads disparity here"

    def class_table(self, groups: Groups) -> np.ndarray:
        """The class of every id in these groups."""
        return ID_SETS[self.id_set].table(groups, self.riders_and_trucks)

    def first_groups(self) -> Groups:
        """The default classes: the paper's eleven."""
        return PAPER

    def entries(self) -> list[Entry]:
        """The names of this data set's ids."""
        return [*ID_SETS[self.id_set].entries(self.riders_and_trucks).values()]

    def with_classes(self, task: Semantic) -> Domain:
        """The same frames, their ids read as classes of a task; raises as `Domain.with_classes`."""
        groups = getattr(task, "groups", None)
        if "semantic" not in self.tasks or groups is None or same_groups(groups, self.groups):
            return self
        check_groups(self.entries(), groups, self.name)
        other = copy.copy(self)
        other._give(groups)
        return other

    def _give(self, groups: Groups) -> None:
        """Set the classes of `"semantic"`."""
        self.groups, self.label_names = groups, group_names(groups)
        self._table = self.class_table(groups)

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """As in the base class, with only the `keys`' files."""
        read = {"image", *self.sources(keys), *(("camera",) if "depth" in keys else ())}
        all_files = self.files
        part = copy.copy(self)
        part.files = [{k: f for k, f in files.items() if k in read} for files in all_files]
        return Domain.described(part, keys, place)

    def __len__(self) -> int:
        return len(self.files)

    @abstractmethod
    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""

    def semantic(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Classes from what is stored: uint8 `(height, width)`, 255 = ignored."""
        ids = self.label_ids(stored["semantic"])
        return map_classes(ids, self._table, self.path("semantic", index))

    def label_ids(self, pixels: tf.Tensor) -> tf.Tensor:
        """The data set's own label ids `(height, width)` from the pixels of a label file."""
        return pixels if self.kinds["semantic"].channels == 1 else pixels[..., 0]

    def sources(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys whose files have to be read for the asked `keys`."""
        return keys

    def pixels(self, key: str, index: tf.Tensor) -> tf.Tensor:
        """The stored pixels for `key` of the frame at `index`, not yet interpreted."""
        path = self.path(key, index)
        return read_picture(path) if key == "image" else read_png(path, self.kinds[key])

    # AutoGraph would try to convert the inner function, too, and warn that it cannot.
    @tf.autograph.experimental.do_not_convert
    def path(self, key: str, index: tf.Tensor) -> tf.Tensor:
        """The path of the file of `key` for the frame at `index`, a string scalar."""
        return tf.gather(self.per_frame(key, lambda files: os.fsencode(files[key])), index)

    # Runs eagerly, not as part of the graph from which it is called.
    @tf.autograph.experimental.do_not_convert
    def per_frame(self, name: str, value: Callable[[Files], bytes | float]) -> tf.Tensor:
        """A value for every frame as one tensor, created on first use and cached."""
        if name not in self._tensors:
            with ThreadPoolExecutor(_THREADS) as threads:
                values = list(threads.map(value, self.files))
            # `read` is traced into tf.data graphs, and a tensor made there would be lost with them.
            with tf.init_scope(), tf.device("CPU"):
                self._tensors[name] = tf.constant(values)
        return self._tensors[name]

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors.

        Raises:
            ValueError: There are no labels for one of the keys.
            tf.errors.InvalidArgumentError: A file is damaged or has the wrong format; the message
                names it.
        """
        # Not `self.require`, which may do work for all frames in a subclass.
        Domain.require(self, keys)
        stored = {key: self.pixels(key, index) for key in self.sources(keys)}
        stored = self._of_one_size(stored, index)
        return {
            key: stored[key] if key == "image" else getattr(self, key)(stored, index)
            for key in keys
        }

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        """The frame at `index` with all keys that it has, as NumPy arrays.

        Raises:
            IndexError: There is no such frame.
            FileNotFoundError: A file is gone.
            ValueError: A file is damaged or has the wrong format; the message names it, what is
                wrong, and the fix.
        """
        self.check_index(index)
        self.check_files(index)
        try:
            return super().__getitem__(index)
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(self._explain(index) or error.message) from error

    def check_files(self, index: int) -> None:
        """Check the format and size of a frame's files by their first bytes; raises as `[i]`."""
        keys = ("image", *self.tasks)
        files = {key: self.files[index][key] for key in keys}
        sizes = {key: self.check_file(key, path) for key, path in files.items()}
        width, height = sizes["image"]
        for key in self.tasks:
            if sizes[key] != (width, height):
                raise ValueError(
                    f"{files['image']} is {width} x {height} pixels, but {files[key]} is "
                    f"{sizes[key][0]} x {sizes[key][1]}; both must show the same pixels: "
                    f"{self._other_size(files['image'])}"
                )

    @staticmethod
    def _other_size(image: Path) -> str:
        """Why an image may have another size than its label."""
        if image.suffix.lower() != ".npy" and is_turned(image):
            return "the image is turned by its EXIF orientation, turn the label too, or remove it"
        return "one of them is a resized or cropped copy, get the original"

    def check_file(self, key: str, path: Path) -> tuple[int, int]:
        """Check the format of a file and return its width and height; raises as `[i]`."""
        return picture_size(path) if key == "image" else self.kinds[key].check(path)[:2]

    def first_width(self) -> int | None:
        """Width in pixels of the first image whose header can be read."""
        for files in self.files:
            # Errors in the others are reported when their frame is read.
            with suppress(ValueError, OSError):
                return self.check_file("image", files["image"])[0]
        return None

    def problems(self) -> list[str | None]:
        """What is wrong with each frame, `None` if nothing is; reads every file, in parallel.

        A frame without any valid depth is reported, too, although `[i]` accepts it.
        """
        return self.each_frame(lambda index, frame: None, content=self._looks)

    def each_frame(
        self,
        look: Callable[[int, dict[str, np.ndarray]], None],
        content: bool = True,
        numbering: bool = False,
    ) -> list[str | None]:
        """Read every frame in parallel threads, with a progress bar, and `look` at the good ones.

        Args:
            look: Called with a frame's index and its arrays, by one thread at a time.
            content: Whether frames with unexpected content in labels are bad.
            numbering: Whether frames whose labels seem to have another set of ids are bad.

        Returns:
            What is wrong with each frame, `None` if nothing is.
        """

        def open_frame(index: int) -> dict[str, np.ndarray] | str:
            try:
                frame = self[index]
                problem = self._blank_problem(index, frame)
                problem = problem or (self.content_problem(index) if content else None)
                return problem or (self._numbering_problem(index) if numbering else None) or frame
            except (ValueError, OSError) as error:
                return str(error)

        problems: list[str | None] = []
        progress = keras.utils.Progbar(len(self), unit_name="frame")
        with ThreadPoolExecutor(_THREADS) as threads:
            # In chunks, so that frames do not accumulate in memory.
            for start in range(0, len(self), 4 * _THREADS):
                portion = range(start, min(start + 4 * _THREADS, len(self)))
                for index, frame in zip(portion, threads.map(open_frame, portion), strict=True):
                    good = isinstance(frame, dict)
                    problems.append(None if good else frame)
                    if good:
                        look(index, frame)
                    progress.add(1)
        return problems

    def _blank_problem(self, index: int, frame: dict[str, np.ndarray]) -> str | None:
        """A note on a frame without any depth, which sensors may produce and training accepts."""
        if "depth" not in frame or frame["depth"].any():
            return None
        return (
            f"{self.files[index]['depth']}: no pixel has a valid depth, so nothing is learnt from "
            "it; get the file again, or leave the frame out with skip_bad=True"
        )

    def label_variant_problem(self, sample: int = 8, only_better: bool = False) -> str | None:
        """Why the set of label ids seems wrong, judged by some frames; `None` if it seems right.

        Args:
            sample: Number of frames to check.
            only_better: Whether to report only if another set fits better.
        """
        if "semantic" not in self.tasks or not self.id_set_choices:
            return None
        maps = []
        for index in np.unique(np.linspace(0, len(self) - 1, sample).astype(int)):
            # Unreadable files are reported when their frame is read.
            with suppress(tf.errors.OpError):
                maps.append(self.label_ids(self.pixels("semantic", tf.constant(index))).numpy())
        problem = wrong_ids(maps, self.id_set, self.id_set_choices, only_better)
        return problem and problem.advice

    def _numbering_problem(self, index: int) -> str | None:
        """Why the set of ids seems wrong for a single frame; `None` if it seems right."""
        if "semantic" not in self.tasks or not self.id_set_choices:
            return None
        ids = self.label_ids(self.pixels("semantic", tf.constant(index, tf.int64))).numpy()
        if ids.size < _ENOUGH_PIXELS:
            return None
        problem = wrong_ids([ids], self.id_set, self.id_set_choices, only_better=True)
        path = self.files[index]["semantic"]
        return problem and f"{path}: other ids than in other frames: {problem.advice}"

    def _of_one_size(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> dict[str, tf.Tensor]:
        checks = []
        for one, other in pairwise(stored):
            sizes = [tf.shape(stored[key])[:2] for key in (one, other)]
            (h_1, w_1), (h_2, w_2) = (tf.unstack(tf.strings.as_string(size)) for size in sizes)
            paths = [self.path(one, index), " and ", self.path(other, index)]
            text = [*paths, ": sizes differ, ", w_1, " x ", h_1, " and ", w_2, " x ", h_2]
            same = tf.reduce_all(sizes[0] == sizes[1])
            checks.append(tf.debugging.Assert(same, [tf.strings.join(text)]))
        with tf.control_dependencies([check for check in checks if check is not None]):
            return {key: tf.identity(value) for key, value in stored.items()}

    def _keep_complete(self, skip: bool) -> tuple[str, ...]:
        """Return the labels that exist; skip, or raise an error for, frames that lack some."""
        with ThreadPoolExecutor(_THREADS) as threads:
            there = list(threads.map(_labels_of, self.files))
        tasks = tuple(key for key in _LABELS if any(key in keys for keys in there))
        whole = []
        for files, keys in zip(self.files, there, strict=True):
            lacking = [files[key] for key in tasks if key not in keys]
            if lacking:
                other = ", ".join(filter(None, map(instead, lacking)))
                self.left_out.append(
                    f"{' and '.join(map(str, lacking))}: missing{other and f' ({other})'}"
                )
            else:
                whole.append(files)
        if self.left_out and not skip:
            raise FileNotFoundError(
                f"{self.left_out[0]}, and so in {len(self.left_out)} of {len(self.files)} frames; "
                "get the files, or pass skip_bad=True to leave these frames out"
            )
        self.files = whole
        return tasks

    def _explain(self, index: int) -> str | None:
        """Why `read` failed for a frame whose files pass `check_files`."""
        at = tf.constant(index, tf.int64)
        for key in ("image", *self.tasks):
            try:
                pixels = self.pixels(key, at)
            except tf.errors.InvalidArgumentError as error:
                path = self.files[index][key]
                if error.message.startswith(f"{path}:"):
                    return error.message
                return f"{path}: the file is damaged inside; copy or unpack it again"
            if key == "semantic" and self.id_set:
                ids = np.unique(self.label_ids(pixels))
                unknown = ids[self._table[ids] == UNKNOWN]
                if unknown.size:
                    return f"{self.files[index][key]}: {self._unknown_id(unknown[0])}"
        return None

    def _unknown_id(self, number: int) -> str:
        chosen = ID_SETS[self.id_set]
        others = [ID_SETS[name] for name in self.id_set_choices if name != self.id_set]
        fix = "".join(f", or pass {other.option} if it has {other.title}" for other in others)
        return (
            f"label id {number} is not among {chosen.title} (0 to {chosen.last_id}); get the "
            f"original file{fix}"
        )


def _labels_of(files: Files) -> set[str]:
    return {key for key in _LABELS if key in files and files[key].exists()}


class NoFrames(NoSplit, FileNotFoundError):
    """A split has no images."""


def no_frames(
    name: str, split: str | None, where: Path | str, wanted: str, folders: Sequence[Path]
) -> FileNotFoundError:
    """The error for a split without images.

    A `NoFrames` if there are no files at all; another `FileNotFoundError` if there are files, but
    not the expected ones.

    Args:
        name: The domain's name.
        split: The split.
        where: The root or folder that the user gave.
        wanted: A description of the expected files.
        folders: Where the split's images would be.
    """
    full = [f for f in folders if f.is_dir() and any(each.is_file() for each in f.rglob("*"))]
    kind = FileNotFoundError if full else NoFrames
    return kind(
        f"{where}: {name} finds no image here for the split {split!r}, looking for {wanted}; "
        f"{content_of(full[0] if full else Path(where))}; see the docstring of its class for the "
        "folder tree"
    )
