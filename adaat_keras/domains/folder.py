"""Images and labels in a user's own folders."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import tensorflow as tf

from adaat_keras.deep_images import WHOLE, Range, checked_range, told_range
from adaat_keras.domains.check import wrong_ids
from adaat_keras.domains.class_names import (
    IGNORED,
    UNKNOWN,
    Entry,
    Groups,
    called,
    group_table,
    label_entries,
)
from adaat_keras.domains.content import (
    blended_problem,
    most_of_all,
    normals_problem,
    unlikely_depth,
)
from adaat_keras.domains.domain import check_above_0
from adaat_keras.domains.file_domain import FileDomain, SkipBad
from adaat_keras.domains.finding import (
    Patterns,
    check_patterns,
    cut,
    found,
    paired,
    training_images,
)
from adaat_keras.domains.listing import COLUMNS, Files
from adaat_keras.domains.png import Reader, are_deep, deep_range, reader_of
from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import PAPER, rgb_of
from adaat_keras.tasks.task import RGB


class Folder(FileDomain):
    """Your own images and labels, given by folders or patterns, and paired by their names.

    A folder gives all pictures in it, a pattern such as `"cam/*.jpg"` those that it matches (`**`
    for subfolders, `~` for your home folder; extensions in any case). Images are PNG, JPEG or
    `.npy`, rotated as their EXIF says; labels are PNG or `.npy`, not JPEG, which would alter them,
    and are never rotated. Files belong to one frame if their names are equal except for the
    extension and for what all names of one kind have in common, such as `0001_image.jpg` and
    `0001_depth.png`. Sizes may differ from frame to frame.

    An object is one split. `{split}` in patterns is replaced by the split's name; with `fractions`,
    the sorted frames are divided by them; otherwise all frames are the training split, and there
    are no others.

    `"semantic"` has the paper's eleven classes if any of them occurs, else one class per name;
    `with_classes` converts to others.

    Args:
        images: Images; grey ones become RGB. 16-bit images are stretched to 8 bits, all by the same
            range.
        semantic: Label maps: numbers, which need `ids`, or colours, which need `palette`.
        depth: Depth maps; metres = value * `depth_scale`.
        disparity: Disparity maps instead of depth; metres = `focal_length` * `baseline` /
            (value * `disparity_scale`).
        normals: Normals towards the camera, x right, y down, z forward: `.npy` vectors, or 8-bit
            colours, c / 127.5 - 1. Zeros (black) are invalid; others are normalized.
        ids: The names of the numbers in label maps, e.g. `{7: "road", 26: "car"}` (one name each,
            or several in order of preference); or the name of a data set's ids
            (`adaat_keras.domains.class_names.ID_SETS`), e.g. `"cityscapes"`. Other numbers are
            ignored.
        palette: The colours in label maps: RGB by name. Other colours are ignored.
        depth_scale: Metres per unit of the values; 1 by default, but required for integers.
        disparity_scale: Pixels of disparity per unit of the values; likewise.
        focal_length: Of the camera, in pixels; needed for disparity, and to match the cameras of
            source and target.
        principal_point: Where the optical axis meets the images, `(x, y)` in pixels; the middle by
            default.
        camera_height: Of the camera above the road, in metres, to match the cameras.
        baseline: Distance between the two cameras, in metres; needed for disparity.
        image_range: The two values mapped to black and white in 16-bit images, such as a thermal
            camera's; by default the range of three images, of the training split if splits are
            folders, else of all. A warning states the range.
        split: `"train"`, `"val"` or `"test"`.
        fractions: The share of each split, e.g. `{"train": 0.8, "val": 0.2}`.
        skip_bad: `False`: a file without a partner is an error. `"missing"`: it is skipped, see
            `left_out`. `True`: every file is read once, and frames with a bad one are skipped, too.
        name: The domain's name in messages and tables.
        dense: The labels, or one, that are known at every pixel within their range, such as a
            simulator's depth: their holes then mean out of range, such as sky.

    Attributes:
        files: The files of each frame.
        left_out: A line for each file or frame that is skipped.

    Raises:
        NoSplit: There is no such split.
        FileNotFoundError: A folder or pattern gives no files; says what is there.
        ValueError: Files cannot be paired or read, or have the wrong content; or an argument needs
            another one.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> root = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (64, 32)).save(root / "0001_image.jpg")
        >>> Image.fromarray(np.full((32, 64), 2560, np.uint16)).save(root / "0001_depth.png")
        >>> frames = Folder(root / "*_image.jpg", depth=root / "*_depth.png", depth_scale=1 / 256)
        >>> len(frames), frames.tasks, frames[0]["depth"][0, 0]
        (1, ('depth',), np.float32(10.0))
    """

    name = "folder"
    splits = ("train", "val", "test")
    _about_classes = (*FileDomain._about_classes, "_ids", "_colors")
    # Redundant with the ids.
    _aside = (*FileDomain._aside, "_id_set")

    def __init__(
        self,
        images: Patterns,
        semantic: Patterns | None = None,
        depth: Patterns | None = None,
        disparity: Patterns | None = None,
        normals: Patterns | None = None,
        *,
        ids: Mapping[int | str, Entry] | Sequence[Entry] | str | None = None,
        palette: Mapping[str, str | Sequence[int]] | None = None,
        depth_scale: float | None = None,
        disparity_scale: float | None = None,
        focal_length: float | None = None,
        principal_point: Sequence[float] | None = None,
        camera_height: float | None = None,
        baseline: float | None = None,
        image_range: Sequence[float] | None = None,
        split: str = "train",
        fractions: Mapping[str, float] | None = None,
        skip_bad: SkipBad = False,
        name: str = "folder",
        dense: str | Sequence[str] = (),
    ):
        check_patterns(
            **dict(zip(COLUMNS, (images, semantic, depth, disparity, normals), strict=True))
        )
        _check_options(
            (semantic is None, ids is None and palette is None, "semantic", "ids or palette"),
            (depth is None, depth_scale is None, "", "depth_scale"),
            (disparity is None, baseline is None, "disparity", "baseline"),
            (disparity is None, focal_length is None, "disparity", ""),
            (disparity is None, disparity_scale is None, "", "disparity_scale"),
        )
        check_above_0(
            depth_scale=depth_scale,
            disparity_scale=disparity_scale,
            focal_length=focal_length,
            camera_height=camera_height,
            baseline=baseline,
        )
        if ids is not None and palette is not None:
            raise ValueError("label maps hold numbers (ids) or colours (palette), not both")
        if depth is not None and disparity is not None:
            raise ValueError("give depth or disparity, not both")
        self.name, self.split, self.focal_length = name, split, focal_length
        self.camera_height = camera_height
        if principal_point is not None:
            self.principal_point = _point(principal_point)
        self._ids = None if ids is None else label_entries(ids)
        self._id_set = ids if isinstance(ids, str) else None
        self._colors = _distinct(palette) if palette is not None else {}
        self._focal_baseline = None if disparity is None else focal_length * baseline
        self._scale = depth_scale if disparity is None else disparity_scale
        columns = {
            "image": images,
            "semantic": semantic,
            "depth": depth if disparity is None else disparity,
            "normals": normals,
        }
        given = {key: column for key, column in columns.items() if column is not None}
        there = found(name, given, split, fractions)
        files, unpaired = paired(name, there, bool(skip_bad))
        files = files if fractions is None else cut(name, files, split, fractions)
        columns = {key: [f[key] for f in files] for key in files[0]}
        if image_range is not None:
            image_range = checked_range(image_range)
        if are_deep(columns["image"]):
            training = training_images(name, images, split, there["image"])
            self.image_range = image_range or self._range(training)
        elif image_range is not None:
            raise ValueError(
                f"{name}: image_range= is for images of 16 bits, and {columns['image'][0]} is none"
            )
        self._readers = {key: self._reader(key, column) for key, column in columns.items()}
        super().__init__(files, skip_bad=skip_bad)
        self.tell_dense(dense)
        self.left_out = [*unpaired, *self.left_out]
        self._look(check=not skip_bad)

    def class_table(self, groups: Groups) -> np.ndarray:
        """The class of every number, or of every colour in order; the last entry is for others."""
        entries = self._named()
        return group_table(entries, groups, IGNORED, size=max(entries) + 2)

    def first_groups(self) -> Groups:
        """The paper's classes if any of them occurs, else one per name."""
        if (self.class_table(PAPER) != IGNORED).any():
            return PAPER
        names = dict.fromkeys(called(entry) for entry in self.entries())
        if len(names) > UNKNOWN:
            raise ValueError(f"{self.name}: {len(names)} names are more than the {UNKNOWN} classes")
        return {name: (name,) for name in names}

    def entries(self) -> list[Entry]:
        """The names in `ids` or `palette`."""
        return [*self._named().values()]

    def _named(self) -> dict[int, Entry]:
        return dict(enumerate(self._colors)) if self._ids is None else self._ids

    def check_file(self, key: str, path: Path) -> tuple[int, int]:
        """Check the format of a file and return its width and height; raises as `[i]`."""
        return self._readers[key].check(path)

    def pixels(self, key: str, index: tf.Tensor) -> tf.Tensor:
        """The stored pixels for `key` of the frame at `index`, not yet interpreted."""
        return self._readers[key].read(self.path(key, index))

    def label_ids(self, pixels: tf.Tensor) -> tf.Tensor:
        """The index of every pixel in the class table, int32 `(height, width)`."""
        if self._ids is not None:
            numbers, last = tf.cast(pixels, tf.int32), max(self._ids) + 1
            return tf.where((numbers < 0) | (numbers > last), last, numbers)
        codes = np.array([_code(*rgb) for rgb in self._colors.values()], np.int32)
        order = np.argsort(codes).astype(np.int32)
        wanted = _code(*tf.unstack(tf.cast(pixels, tf.int32), axis=-1))
        at = tf.searchsorted(codes[order], tf.reshape(wanted, [-1]))
        at = tf.reshape(tf.minimum(at, len(codes) - 1), tf.shape(wanted))
        return tf.where(tf.gather(codes[order], at) == wanted, tf.gather(order, at), len(codes))

    def semantic(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Classes from what is stored: uint8 `(height, width)`, 255 = ignored."""
        return tf.gather(tf.constant(self._table), self.label_ids(stored["semantic"]))

    def depth(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Depth from what is stored: float32 `(height, width)`, metres, 0 = invalid."""
        values = tf.cast(stored["depth"], tf.float32) * (self._scale or 1.0)
        if self._focal_baseline is not None:
            values = tf.math.divide_no_nan(np.float32(self._focal_baseline), values)
        return tf.where(tf.math.is_finite(values) & (values > 0), values, 0.0)

    def normals(self, stored: dict[str, tf.Tensor], index: tf.Tensor) -> tf.Tensor:
        """Normals from what is stored: float32 `(height, width, 3)`, zeros = invalid."""
        values = stored["normals"]
        valid = tf.reduce_any(values != 0, axis=-1, keepdims=True)
        if values.dtype == tf.uint8:
            values = tf.cast(values, tf.float32) / 127.5 - 1
        valid &= tf.reduce_all(tf.math.is_finite(values), axis=-1, keepdims=True)
        values = tf.where(valid, values, 0.0)
        return tf.math.divide_no_nan(values, tf.norm(values, axis=-1, keepdims=True))

    def _range(self, images: list[Path]) -> Range:
        """The values mapped to black and white in 16-bit images, the same for all splits."""
        found = deep_range(images) or WHOLE
        warnings.warn(
            f"{self.name}: images of 16 bits are made 8: {told_range(found)}; image_range= takes "
            "another range",
            stacklevel=4,
        )
        return found

    def _reader(self, key: str, files: list[Path]) -> Reader:
        """How the files of a key are read."""
        kind = "colors" if key == "semantic" and self._colors else key
        reader = reader_of(kind, files, self.image_range if key == "image" else None)
        if key == "depth" and reader.whole and self._scale is None:
            option, unit = "depth_scale", "metres"
            if self._focal_baseline is not None:
                option, unit = "disparity_scale", "pixels"
            raise ValueError(
                f"{files[0]} holds whole numbers: pass {option}=, the {unit} that 1 stands for, "
                "such as 1 / 256, or 1 / 1000 for millimetres"
            )
        return reader

    def _check_taken(self, files: list[Files], named: tuple[str, ...]) -> None:
        """Nothing to check: files have been paired, and unpaired ones reported."""

    def _content_problem(self, key: str, pixels: tf.Tensor, index: tf.Tensor) -> str | None:
        """What is unexpected in the pixels of a label; `None` if they look right."""
        if key != "normals":
            return None
        return normals_problem(self.normals({key: pixels}, index).numpy())

    def _look(self, check: bool) -> None:
        """Check three frames when the domain is opened, for problems that all frames share.

        Raises:
            ValueError: A file has the wrong content, or none of its numbers or colours has a name.
        """
        from adaat_keras import tasks

        seen: Counter = Counter()
        depths: list[np.ndarray] = []
        doubts: list[str | None] = []
        for index in sorted({0, len(self) // 2, len(self) - 1}):
            at = tf.constant(index, tf.int64)
            if check:
                self.check_files(index)
                if problem := self.content_problem(index):
                    raise ValueError(problem)
            # A file that cannot be read is told of when its frame is.
            with suppress(tf.errors.OpError):
                if "depth" in self.tasks:
                    depths.append(self.read(at, ("depth",))["depth"].numpy())
                    tasks.get("depth").check_labels(depths[-1], str(self.files[index]["depth"]))
                    doubts.append(self._largest_doubt(index))
                if "semantic" in self.tasks:
                    seen.update(self._values(self.pixels("semantic", at).numpy()))
                    doubts.append(self._blended_doubt(index))
        if doubt := unlikely_depth(depths):
            doubts.append(f"{self.files[0]['depth'].parent}: {doubt}")
        # One file stands for all of which the same is to be said.
        for text in {text.partition(": ")[2]: text for text in filter(None, doubts)}.values():
            warnings.warn(f"{self.name}: {text}", stacklevel=4)
        if seen:
            self._check_named(seen)

    def _largest_doubt(self, index: int) -> str | None:
        """A warning if the largest number, often a code for "not measured", is read as a depth."""
        at = tf.constant(index, tf.int64)
        pixels = self.pixels("depth", at).numpy()
        most = pixels.max(initial=0)
        metres = self.depth({"depth": tf.constant([[most]])}, at).numpy().item()
        if most_of_all(pixels) < _MUCH or metres > MAX_DEPTH:
            return None
        return (
            f"{self.files[index]['depth']}: many pixels hold {most}, the largest number that there "
            f"is, which is read as {metres:.3g} m; if it stands for no measurement, write 0"
        )

    def _blended_doubt(self, index: int) -> str | None:
        """A warning if class numbers seem to have been interpolated."""
        numbers = self.pixels("semantic", tf.constant(index, tf.int64)).numpy()
        problem = blended_problem(numbers) if numbers.ndim == 2 else None
        return problem and f"{self.files[index]['semantic']}: {problem}"

    def _check_numbering(self) -> None:
        """If `ids` names a data set, raise a `ValueError` if another one's ids fit far better."""
        rivals = next((sets for sets in _ALIKE if self._id_set in sets), ())
        maps = []
        for index in np.unique(np.linspace(0, len(self) - 1, 8).astype(int)) if rivals else ():
            with suppress(tf.errors.OpError):
                maps.append(self.pixels("semantic", tf.constant(index, tf.int64)).numpy())
        maps = [np.clip(numbers, 0, IGNORED).astype(np.uint8) for numbers in maps]
        problem = wrong_ids(maps, self._id_set, rivals, only_better=True)
        if problem:
            hint = ""
            if problem.better:
                hint = f": pass ids={problem.better!r}, or a dictionary of what the ids are called"
            raise ValueError(f"{self.files[0]['semantic'].parent}: {problem.reason}{hint}")

    def _values(self, pixels: np.ndarray) -> dict[int, int]:
        """The number of pixels with each number, or colour code, in a label map."""
        numbers = (
            pixels if self._ids is not None else _code(*np.moveaxis(pixels.astype(int), -1, 0))
        )
        values, counts = np.unique(numbers, return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))

    def _check_named(self, seen: Counter) -> None:
        known = {_code(*rgb) for rgb in self._colors.values()} or {*self._ids}
        others = [value for value, _ in seen.most_common() if value not in known]
        what, option, void = "numbers", "ids", IGNORED
        shown = [str(value) for value in others]
        if self._colors:
            what, option, void = "colours", "palette", 0
            shown = [str((value >> 16, value >> 8 & 255, value & 255)) for value in others]
        some = f"{', '.join(shown[:8])}{', ...' if len(shown) > 8 else ''}"
        if not known.intersection(seen):
            swapped = self._colors and known.intersection(map(_swapped, seen))
            hint = "; with red and blue swapped, as OpenCV writes them, some would have one"
            raise ValueError(
                f"{self.files[0]['semantic']}: none of its {what} has a name in {option}=; they "
                f"are {some}{hint if swapped else ''}"
            )
        self._check_numbering()
        if others == [void] and {*seen} == {0, void} and 1 in known:
            warnings.warn(
                f"{self.name}: the numbers are 0 and {void} alone, and {void} is ignored unless it "
                f"has a name: if this is a mask, pass ids={{0: ..., {void}: ...}}",
                stacklevel=4,
            )
        if set(others) - {void}:
            warnings.warn(
                f"{self.name}: {what} that have no name in {option}= are ignored: {some}",
                stacklevel=4,
            )


# A sensor's few dead pixels say nothing.
_MUCH = 0.01


def _swapped(code: int) -> int:
    """A colour as one number, with red and blue swapped."""
    return _code(code & 255, code >> 8 & 255, code >> 16)


# Ids that are taken for one another.
_ALIKE = (
    ("cityscapes", "cityscapes_train"),
    ("carla_13", "carla_23", "carla_28"),
)


def _check_options(*rules: tuple[bool, bool, str, str]) -> None:
    """Raise a `ValueError` for a column without its option, or an option without its column.

    A rule is a tuple: whether the column is missing; whether the option is; what needs the option,
    or ""; the name of an option that is meaningless without the column, or "".
    """
    for no_column, no_option, needs, option in rules:
        if needs and no_option and not no_column:
            raise ValueError(f"{needs}= needs {option or 'focal_length'}=")
        if option and no_column and not no_option:
            raise ValueError(f"{option}= is given, but not what it is for: labels to read by it")


def _point(principal_point: Sequence[float]) -> tuple[float, float]:
    """A place in pixels."""
    try:
        x, y = map(float, principal_point)
    except (TypeError, ValueError):
        x, y = np.nan, np.nan
    if isinstance(principal_point, str) or not np.isfinite([x, y]).all():
        raise ValueError(f"principal_point= must be (x, y) in pixels, not {principal_point!r}")
    return x, y


def _distinct(palette: Mapping[str, str | Sequence[int]]) -> dict[str, RGB]:
    """Colours as numbers, each of one name."""
    if not isinstance(palette, Mapping):
        raise ValueError(f"palette is a colour a name, {{'road': 'gray', ...}}, not {palette!r}")
    if turned := [key for key in palette if not isinstance(key, str)]:
        raise ValueError(
            f"palette is a colour a name, {{'road': (128, 64, 128), ...}}, and this one is turned "
            f"round: {{{turned[0]!r}: {palette[turned[0]]!r}, ...}}"
        )
    colors = {name: rgb_of(name, color) for name, color in palette.items()}
    if not colors or len(set(colors.values())) < len(colors):
        raise ValueError(f"palette has a colour a name, each its own, not {dict(palette)}")
    return colors


def _code(red, green, blue):
    """A colour as one number."""
    return red * 65536 + green * 256 + blue
