"""Predictions for videos, blended into the frames; needs the extra `[video]` (PyAV)."""

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np

from adaat_keras import tasks
from adaat_keras.files import home_expanded, written_whole
from adaat_keras.inference.predictions import BATCH_PIXELS, Told, overlay, told_with_file
from adaat_keras.inference.tiles import predict_labels

if TYPE_CHECKING:
    from adaat_keras.tasks.task import Task


class Written(NamedTuple):
    """A video that was written, and its number of frames."""

    path: Path
    frames: int


def write_video(
    model: keras.Model,
    task: "str | dict | Task",
    path: Path | str,
    out: Path | str,
    *,
    tile: int | None = None,
) -> Written:
    """Predict a task for every frame of a video, and write a video with the colours blended in.

    `NAME.mov` becomes `NAME_TASK_overlay.mp4`, H.264, with the original frame times, without
    sound. An odd height or width loses its last row or column, since H.264 needs even sizes.

    Args:
        model: As `write_predictions` takes it.
        task: The task that it predicts: `model.to_task`.
        path: Any video that FFmpeg reads; its rotation is applied. `~` is the home folder.
        out: Folder for the file; created if it does not exist.
        tile: Predict the frames in tiles of this height and width.

    Returns:
        The file, and its number of frames.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: The extra `[video]` is not installed.
        MemoryError: A frame needs more memory than there is; names the file.
        ValueError: It is not a video, is damaged, has frames too small for the network, or would
            be overwritten. Nothing is written then.

    Example:
        >>> write_video(model, model.to_task, "drive.mp4", "out")  # doctest: +SKIP
    """
    task = tasks.get(task)
    path, out = home_expanded(path), home_expanded(out)
    check_targets([path], task, out)
    target = _target(path, task, out)
    video = Video(path)
    told = Told(model, tile)
    progress = keras.utils.Progbar(
        video.frames, unit_name="frame", verbose=int(sys.stdout.isatty())
    )
    count = 0
    with written_whole(target) as temporary, Writer(temporary, video.rate) as writer:
        for frames in _batches(video):
            images = np.stack([frame.pixels for frame in frames])
            told.tell(path, images)
            with told_with_file(path, model, images, tile):
                labels = predict_labels(model, task, images, tile)
            for frame, colors in zip(frames, map(task.colorize, labels), strict=True):
                writer.add(overlay(frame.pixels, colors), frame.seconds)
            count += len(frames)
            progress.add(len(frames))
        if not count:
            raise ValueError(f"{path} has no frame that can be read")
    return Written(target, count)


def check_targets(paths: Sequence[Path], task: "Task", out: Path) -> None:
    """Raise a `ValueError` if the new videos would overwrite each other or an input.

    Args:
        paths: The videos to predict.
        task: The task that is predicted.
        out: Folder for the new videos.

    Example:
        >>> check_targets([Path("a/left.mp4"), Path("b/a.mp4")], tasks.get("depth"), Path("out"))
    """
    first: dict[Path, Path] = {}
    videos = {path.resolve(): path for path in paths}
    for path in paths:
        target = _target(path, task, out)
        if target in first:
            raise ValueError(
                f"the new videos of {first[target]} and {path} would both be {target}; rename one, "
                "or predict them into different folders"
            )
        if target.resolve() in videos:
            raise ValueError(
                f"the new video of {path} would overwrite {videos[target.resolve()]}; choose "
                "another folder for the predictions"
            )
        first[target] = path


def _target(path: Path, task: "Task", out: Path) -> Path:
    return out / f"{path.stem}_{task.name}_overlay.mp4"


class Frame(NamedTuple):
    """A frame of a video: uint8 RGB `(height, width, 3)`, and its time in seconds."""

    pixels: np.ndarray
    seconds: Fraction


class Video:
    """The frames of a video file.

    Args:
        path: The file.

    Attributes:
        rate: Average frames per second.
        frames: Number of frames as stated in the file; `None` if it is not stated.

    Raises:
        FileNotFoundError, ImportError, ValueError: As `write_video`.
    """

    def __init__(self, path: Path):
        self.path = path
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
        av = _av()
        try:
            with av.open(str(path)) as file:
                stream = file.streams.video[0]
                self.rate = Fraction(stream.average_rate or 25)
                self.frames = stream.frames or None
        except (av.FFmpegError, IndexError) as error:
            raise ValueError(f"{path} is no video that FFmpeg can read") from error

    def __iter__(self) -> Iterator[Frame]:
        av = _av()
        count, seconds = 0, Fraction(-1)
        try:
            with av.open(str(self.path)) as file:
                stream = file.streams.video[0]
                stream.thread_type = "AUTO"
                for frame in file.decode(stream):
                    told = None if frame.pts is None else frame.pts * frame.time_base
                    # Cut files may have frames without a time, or with a repeated one.
                    later = told is not None and told > seconds
                    seconds = Fraction(told) if later else seconds + 1 / self.rate
                    pixels = frame.to_ndarray(format="rgb24")
                    count += 1
                    yield Frame(np.rot90(pixels, round(frame.rotation / 90)), seconds)
        except av.FFmpegError as error:
            raise ValueError(
                f"{self.path} is damaged after {count} frames: {error.strerror}; cut it "
                "before, or repair it"
            ) from error


class Writer:
    """Writes frames as H.264.

    Args:
        path: The file, which ends with `.mp4`.
        rate: Average frames per second.
    """

    # MPEG's clock rate, fine enough for any frame rate.
    _TICKS = 90000

    def __init__(self, path: Path, rate: Fraction):
        self.file = _av().open(str(path), "w")
        # FFmpeg needs numerator and denominator to fit in 32 bits.
        self.rate = rate.limit_denominator(1001)
        self.stream = None

    def add(self, pixels: np.ndarray, seconds: Fraction) -> None:
        """Add a frame, uint8 RGB `(height, width, 3)`; all frames must have one size."""
        av = _av()
        height, width = (length // 2 * 2 for length in pixels.shape[:2])
        if self.stream is None:
            self.stream = self.file.add_stream("libx264", rate=self.rate)
            self.stream.height, self.stream.width = height, width
            self.stream.pix_fmt = "yuv420p"
            self.stream.codec_context.time_base = Fraction(1, self._TICKS)
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels[:height, :width]), format="rgb24"
        )
        frame.pts, frame.time_base = round(seconds * self._TICKS), Fraction(1, self._TICKS)
        self.file.mux(self.stream.encode(frame))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind, error, trace) -> None:
        try:
            if error is None and self.stream is not None:
                self.file.mux(self.stream.encode())
        finally:
            self.file.close()


def _batches(video: Video) -> Iterator[list[Frame]]:
    """Consecutive frames in groups of up to `BATCH_PIXELS` pixels, at least one each."""
    frames: list[Frame] = []
    for frame in video:
        if frames and frame.pixels.shape != frames[0].pixels.shape:
            raise ValueError(f"{video.path} changes its size; cut it where it does")
        frames.append(frame)
        if (len(frames) + 1) * frame.pixels.shape[0] * frame.pixels.shape[1] > BATCH_PIXELS:
            yield frames
            frames = []
    if frames:
        yield frames


def _av():
    """PyAV, or an `ImportError` that says what to install."""
    try:
        import av
    except ImportError as error:
        raise ImportError(
            "reading and writing videos needs PyAV: pip install 'adaat-keras[video]'"
        ) from error
    return av
