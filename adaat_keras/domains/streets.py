"""The embedded streets: a simulator and its targets, made on this machine from seeds."""

import dataclasses
import fcntl
import math
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.decoders import depth_normals
from adaat_keras.domains.domain import Domain, check_split
from adaat_keras.domains.sensor import SENSORS
from adaat_keras.files import (
    CHANGE_CACHE,
    cache_folder,
    home_expanded,
    made_folder,
    removed_afterwards,
    told_when_full,
)
from adaat_keras.registry import check_name
from adaat_keras.streets import VARIANTS
from adaat_keras.streets.camera import focal_length
from adaat_keras.streets.layout import LAYOUTS, Layout
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import RENDERER_VERSION, SPLITS, frame_seed, render_batch

_FRAMES = {"train": 1000, "val": 100, "test": 200}
_KEYS = {"image": (np.uint8, (3,)), "semantic": (np.uint8, ()), "depth": (np.float32, ())}
# Labels without files of their own, and the labels that they are computed from.
_MADE_FROM = {"normals": "depth"}
_BATCH = 8


class Streets(Domain):
    """Streets rendered by ray casting in NumPy: RGB, all 11 classes, metric planar depth, normals.

    A domain combines a layout (camera, street geometry) with a look (colours, light, sensor).
    Frames are rendered once, in parallel processes, and cached in a folder.

    Frame `i` of a split always has the seed `frame_seed(name, split, i)`: the splits count from
    0, 1,000,000 and 2,000,000, and each domain name has ten million seeds of its own. Thus no
    street is in two splits or two domains; `layout=` and `look=` do not change the seeds, so that
    another look shows the same streets with identical labels.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 0 to 10, the
    paper's eleven classes (`with_classes` gives others); `"depth"` float32 `(height, width)`,
    metres along the optical axis, true beyond 100 m too, 0 in the sky; `"normals"` float32
    `(height, width, 3)`, made from depth as it is read (see `depth_normals`).

    Args:
        name: `"streets_sim"`, `"streets_real"`, `"streets_night"` or `"streets_thermal"` (see
            `VARIANTS`).
        split: `"train"`, `"val"` or `"test"`.
        frames: Number of frames; by default 1000, 100 and 200 for the three splits. Fewer are the
            first of these.
        height: In pixels.
        width: In pixels.
        layout: A name in `LAYOUTS`; by default the variant's.
        look: A name in `LOOKS`; by default the variant's.
        focal_length: Of the camera, in pixels; by default the layout's. Set it to simulate a
            target's known camera.
        camera_height: Metres above the road, varied by up to 0.1; by default the layout's.
        sensor: The simulated sensor of the labels, see `adaat_keras.domains.sensor`: `"perfect"`,
            `"stereo"` or `"lidar"`.
        cache: Folder for the frames of all domains; by default the environment variable
            `ADAAT_KERAS_CACHE`, or else `~/.cache/adaat_keras`.

    Raises:
        ValueError: An unknown name, split, layout, look or sensor; the message lists those that
            exist.
        OSError: The cache cannot be created, or its disk is full; the message names the folder.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> streets = Streets("streets_sim", "val", frames=2, height=32, width=64, cache=folder)
        >>> streets[0]["depth"].shape, round(streets.focal_length, 6)
        ((32, 64), 32.0)
    """

    tasks = ("semantic", "depth", "normals")
    dense = tasks
    all_told = True

    def __init__(
        self,
        name: str = "streets_real",
        split: str = "train",
        frames: int | None = None,
        height: int = 128,
        width: int = 256,
        layout: str | None = None,
        look: str | None = None,
        focal_length: float | None = None,
        camera_height: float | None = None,
        sensor: str = "perfect",
        cache: str | Path | None = None,
    ):
        check_name("streets domain", name, sorted(VARIANTS))
        check_split(split, list(SPLITS))
        self.name = name
        self.split = split
        self.layout = VARIANTS[name].layout if layout is None else layout
        self.look = VARIANTS[name].look if look is None else look
        check_name("layout", self.layout, sorted(LAYOUTS))
        check_name("look", self.look, sorted(LOOKS))
        check_name("sensor", sensor, list(SENSORS))
        self.sensor = sensor
        if sensor != "perfect":
            self.dense = ("semantic",)
        for option, value in (("focal_length", focal_length), ("camera_height", camera_height)):
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{option} must be above 0, not {value}")
        self._own_focal_length, self._own_height = focal_length, camera_height
        self.frames = _FRAMES[split] if frames is None else frames
        for option, value in (("frames", self.frames), ("height", height), ("width", width)):
            if value < 1:
                raise ValueError(f"{option} must be at least 1, got {value}")
        self.height, self.width = height, width
        root = cache_folder() if cache is None else home_expanded(cache, "write the whole path")
        self.folder = root / self._folder_name()
        self._tensors: dict[str, tf.Tensor] = {}
        if not self.folder.exists():
            self._make()

    def __len__(self) -> int:
        return self.frames

    @property
    def focal_length(self) -> float:
        """Focal length in pixels, the same in both directions."""
        return self._own_focal_length or focal_length(LAYOUTS[self.layout], self.width)

    @property
    def camera_height(self) -> float:
        """Metres above the road, the mean over the streets."""
        return sum(self.geometry.camera_height) / 2

    @property
    def geometry(self) -> Layout:
        """The layout, with the camera given by the user, if any."""
        changes = {}
        if self._own_focal_length:
            angle = 2 * math.atan(self.width / (2 * self._own_focal_length))
            changes["field_of_view"] = math.degrees(angle)
        if self._own_height:
            changes["camera_height"] = (self._own_height - 0.1, self._own_height + 0.1)
        return dataclasses.replace(LAYOUTS[self.layout], **changes)

    @property
    def seeds(self) -> list[int]:
        """The seed of each frame."""
        return [frame_seed(self.name, self.split, index) for index in range(self.frames)]

    def require(self, keys: tuple[str, ...]) -> None:
        """Raise unless there are labels for the `keys`, and files for them in the cache.

        Raises:
            ValueError: This domain has no such labels.
            FileNotFoundError: The file of one of the `keys` (for normals, of depth) is gone from
                the cache.
        """
        super().require(keys)
        for key in keys:
            stored = _MADE_FROM.get(key, key)
            path = self.folder / f"{stored}.npy"
            if stored not in self._tensors and not path.exists():
                raise FileNotFoundError(f"{self.name} cannot read {key!r}: there is no {path}")

    def read(self, index: tf.Tensor, keys: tuple[str, ...]) -> dict[str, tf.Tensor]:
        """The `keys` of the frame at `index` (int64 scalar), as tensors; raises as `require`."""
        self.require(keys)
        return {key: self._frame(key, index) for key in keys}

    def described(self, keys: tuple[str, ...], place: Callable[[str | Path], Any]) -> Any:
        """The folder's name and the sensor, which determine every pixel."""
        return super().described(keys, place), self.folder.name

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        if key == "normals":
            return depth_normals(self._frame("depth", index), self.focal_length)
        frame = tf.gather(self._tensor(key), index)
        if key == "depth" and self.sensor != "perfect":
            seed = frame_seed(self.name, self.split, 0) + index
            return SENSORS[self.sensor](frame, self.focal_length, seed)
        return frame

    def _tensor(self, key: str) -> tf.Tensor:
        """All frames of one key, from a file that is opened on first use: files may be missing."""
        if key not in self._tensors:
            # `read` is traced into tf.data graphs, and a tensor made there would be lost with them.
            with tf.init_scope(), tf.device("CPU"):
                self._tensors[key] = tf.constant(self._stored(key))
        return self._tensors[key]

    def _folder_name(self) -> str:
        size = f"{self.frames}x{self.height}x{self.width}"
        look = f"{self.layout}-{self.look}"
        if self._own_focal_length:
            size += f"-f{self._own_focal_length:g}"
        if self._own_height:
            size += f"-h{self._own_height:g}"
        return f"{self.name}-{look}-{self.split}-{size}-v{RENDERER_VERSION}"

    def _stored(self, key: str) -> np.ndarray:
        """The frames of a key in the cache, on the disk."""
        path, (dtype, channels) = self.folder / f"{key}.npy", _KEYS[key]
        try:
            frames = np.load(path, mmap_mode="r")
            whole = frames.dtype == dtype and frames.shape == self._shape(channels)
        except (ValueError, EOFError, SyntaxError, AttributeError):
            whole = False
        if not whole:
            raise ValueError(f"{path} is damaged; delete {self.folder}, which is then made anew")
        return frames

    def _shape(self, channels: tuple[int, ...]) -> tuple[int, ...]:
        return self.frames, self.height, self.width, *channels

    def _make(self) -> None:
        """Render into a folder beside the cache, and rename it when it is complete."""
        root = made_folder(self.folder.parent, f"pass cache=, or {CHANGE_CACHE}")
        _remove_drafts(root)
        with told_when_full(root, self._bytes()), _draft(root, self.folder.name) as draft:
            self._render_into(draft)
            try:
                draft.rename(self.folder)
            except OSError:
                # If another process has made the same frames in the meantime, they are used.
                if not self.folder.exists():
                    raise

    def _bytes(self) -> int:
        """The frames' size on disk."""
        kinds = _KEYS.values()
        return sum(
            int(np.prod(self._shape(channels))) * np.dtype(kind).itemsize
            for kind, channels in kinds
        )

    def _render_into(self, folder: Path) -> None:
        """Write the files of `numpy.save`, batch by batch.

        Disk space is allocated before the first frame is rendered, and plain writes are used, since
        writing to a memory-mapped file would kill the process when the disk is full.
        """
        with ExitStack() as stack:
            files = {
                key: stack.enter_context(_npy(folder / f"{key}.npy", dtype, self._shape(channels)))
                for key, (dtype, channels) in _KEYS.items()
            }
            # For a single batch, a progress bar is not worthwhile.
            verbose = int(self.frames > _BATCH)
            if verbose:
                print(f"{self.name} {self.split}: {self.frames} frames into {self.folder}")
            progress = keras.utils.Progbar(self.frames, unit_name="frame", verbose=verbose)
            starts = range(0, self.frames, _BATCH)
            # Starting worker processes takes longer than rendering a few frames.
            jobs = -1 if len(starts) > 4 else 1
            parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
            tasks = (joblib.delayed(render_batch)(*self._batch(start)) for start in starts)
            for batch in parallel(tasks):
                for key, file in files.items():
                    file.write(batch[key].astype(_KEYS[key][0], copy=False).tobytes())
                progress.add(len(batch["image"]))

    def _batch(self, start: int) -> tuple:
        seeds = self.seeds[start : start + _BATCH]
        return self.geometry, self.look, seeds, self.height, self.width


@contextmanager
def _npy(path: Path, dtype: type, shape: tuple[int, ...]) -> Iterator:
    """A file in NumPy's format with disk space allocated, to write an array's bytes to."""
    with path.open("wb") as file:
        kind = np.dtype(dtype)
        about = {"descr": kind.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, about)
        length = int(np.prod(shape)) * kind.itemsize
        file.flush()
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, file.tell() + length)
        else:
            # macOS has no such call: there, a full disk shows when frames are written.
            file.truncate(file.tell() + length)
        yield file


# Age in seconds after which another machine's draft is certainly abandoned.
_DAY = 86400
_DRAFT = ".making-"


@contextmanager
def _draft(root: Path, name: str) -> Iterator[Path]:
    """A folder to render into, locked while the process lives, and removed afterwards."""
    draft = root / f"{_DRAFT}{name}-{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
    with removed_afterwards(draft):
        handle = _locked_folder(draft)
        try:
            yield draft
        finally:
            os.close(handle)


def _locked_folder(draft: Path) -> int:
    """Make the folder, and return the handle that holds its lock."""
    while True:
        draft.mkdir(exist_ok=True)
        # Before it is locked, another process may consider it abandoned and remove it.
        with suppress(FileNotFoundError):
            handle = os.open(draft, os.O_RDONLY)
            # Not every file system has locks.
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            if draft.exists():
                return handle
            os.close(handle)


def _remove_drafts(root: Path) -> None:
    """Remove the drafts of killed renderings."""
    for draft in root.glob(f"{_DRAFT}*"):
        with suppress(OSError):
            ours = f"-{socket.gethostname()}-" in draft.name
            old = time.time() - max(f.stat().st_mtime for f in (draft, *draft.iterdir())) > _DAY
            if not (ours or old):
                continue
            handle = os.open(draft, os.O_RDONLY)
            try:
                # Fails if the draft's process is still running.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            finally:
                os.close(handle)
