"""The embedded streets: a simulator and its targets, made on this machine from seeds."""

import shutil
import tempfile
from pathlib import Path

import joblib
import keras
import numpy as np
import tensorflow as tf

from adaat_keras.domains.decoders import depth_normals
from adaat_keras.domains.domain import Domain, check_split
from adaat_keras.files import cache_folder
from adaat_keras.registry import check_name
from adaat_keras.streets import VARIANTS
from adaat_keras.streets.camera import focal_length
from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.look import LOOKS
from adaat_keras.streets.render import RENDERER_VERSION, SPLITS, frame_seed, render_batch

_FRAMES = {"train": 1000, "val": 100, "test": 200}
_KEYS = {"image": (np.uint8, (3,)), "semantic": (np.uint8, ()), "depth": (np.float32, ())}
# What is not in a file of its own, by what it is made from.
_MADE_FROM = {"normals": "depth"}
_BATCH = 8


class Streets(Domain):
    """Streets of a ray-caster in NumPy: RGB, all 11 classes, metric planar depth, normals.

    A domain is a layout (camera, street geometry) seen with a look (colours, light, sensor).
    Frames are made once, in parallel processes, and kept in a folder.

    Frame `i` of a split always has the seed `frame_seed(name, split, i)`: the splits count from
    0, 1,000,000 and 2,000,000, and each domain's name has ten million seeds of its own. So no
    street is in two splits or two domains; `layout=` and `look=` do not change the seeds, so
    another look shows the same streets, label for label.

    Keys: `"image"` uint8 `(height, width, 3)`; `"semantic"` uint8 `(height, width)`, 0 to 10, the
    paper's eleven classes (`with_classes` gives others); `"depth"` float32 `(height, width)`,
    metres along the optical axis, true beyond 100 m too, 0 in the sky; `"normals"` float32
    `(height, width, 3)`, made from depth as it is read (see `depth_normals`).

    Args:
        name: `"streets_sim"` or `"streets_real"` (see `VARIANTS`).
        split: `"train"`, `"val"` or `"test"`.
        frames: How many; by default 1000, 100 and 200. Fewer are the first of the default.
        height: Pixels.
        width: Pixels.
        layout: A name in `LAYOUTS` instead of the variant's own.
        look: A name in `LOOKS` instead of the variant's own.
        cache: Folder for the frames of all domains; by default the environment variable
            `ADAAT_KERAS_CACHE`, or else `~/.cache/adaat_keras`.

    Raises:
        ValueError: An unknown name, split, layout or look; the message lists those that exist.

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
        self.frames = _FRAMES[split] if frames is None else frames
        for option, value in (("frames", self.frames), ("height", height), ("width", width)):
            if value < 1:
                raise ValueError(f"{option} must be at least 1, got {value}")
        self.height, self.width = height, width
        root = cache_folder() if cache is None else Path(cache).expanduser()
        self.folder = root / self._folder_name()
        self._tensors: dict[str, tf.Tensor] = {}
        if not self.folder.exists():
            self._make()

    def __len__(self) -> int:
        return self.frames

    @property
    def focal_length(self) -> float:
        """Focal length in pixels, the same in both directions."""
        return focal_length(LAYOUTS[self.layout], self.width)

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

    def described(self, keys, place):
        """What the folder is named by decides every pixel."""
        return super().described(keys, place), self.folder.name

    def _frame(self, key: str, index: tf.Tensor) -> tf.Tensor:
        if key == "normals":
            return depth_normals(self._frame("depth", index), self.focal_length)
        return tf.gather(self._tensor(key), index)

    def _tensor(self, key: str) -> tf.Tensor:
        """All frames of one key; its file is opened only now, since some labels may be withheld."""
        if key not in self._tensors:
            # `read` is traced into tf.data graphs, and a tensor made there would be lost with them.
            with tf.init_scope(), tf.device("CPU"):
                frames = np.load(self.folder / f"{key}.npy", mmap_mode="r")
                self._tensors[key] = tf.constant(frames)
        return self._tensors[key]

    def _folder_name(self) -> str:
        size = f"{self.frames}x{self.height}x{self.width}"
        look = f"{self.layout}-{self.look}"
        return f"{self.name}-{look}-{self.split}-{size}-v{RENDERER_VERSION}"

    def _make(self) -> None:
        """Render into a folder beside the cache, and rename it when it is complete."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(
            tempfile.mkdtemp(prefix=f".making-{self.folder.name}-", dir=self.folder.parent)
        )
        try:
            self._render_into(draft)
            draft.chmod(0o755)
            draft.rename(self.folder)
        except OSError:
            # Another process that made the same frames was faster: its folder is as good.
            if not self.folder.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _render_into(self, folder: Path) -> None:
        files = {
            key: np.lib.format.open_memmap(
                folder / f"{key}.npy",
                mode="w+",
                dtype=dtype,
                shape=(self.frames, self.height, self.width, *channels),
            )
            for key, (dtype, channels) in _KEYS.items()
        }
        # A single batch is done before a progress bar would say anything.
        verbose = int(self.frames > _BATCH)
        if verbose:
            print(f"{self.name} {self.split}: {self.frames} frames into {self.folder}")
        progress = keras.utils.Progbar(self.frames, unit_name="frame", verbose=verbose)
        starts = range(0, self.frames, _BATCH)
        # A few frames are made faster than worker processes start.
        jobs = -1 if len(starts) > 4 else 1
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
        tasks = (joblib.delayed(render_batch)(*self._batch(start)) for start in starts)
        for start, batch in zip(starts, parallel(tasks), strict=True):
            for key, file in files.items():
                file[start : start + _BATCH] = batch[key]
            progress.add(len(batch["image"]))
        for file in files.values():
            file.flush()

    def _batch(self, start: int) -> tuple:
        seeds = self.seeds[start : start + _BATCH]
        return self.layout, self.look, seeds, self.height, self.width
