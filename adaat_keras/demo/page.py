"""The page of `adaat-keras demo`, by Gradio: on this machine alone, and nothing from elsewhere."""

import html
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adaat_keras import domains, tasks
from adaat_keras.demo.view import View, Viewer
from adaat_keras.domains.domain import Domain
from adaat_keras.domains.splits import Splits, classes_of
from adaat_keras.inference import read_image
from adaat_keras.inference.predictions import range_for, told_with_file, write_labels
from adaat_keras.presets import list_presets
from adaat_keras.runs.folder import load_trained
from adaat_keras.tasks import Task

if TYPE_CHECKING:
    import gradio

# A phone's pictures have 12 to 24 megapixels; a larger one would take minutes.
MOST_PIXELS = 25_000_000
MOST_BYTES = "40mb"
# Enough to choose from, and rendered in seconds where they are not there yet.
_FRAMES = 16
# Narrower than this, columns stand below one another: a phone has 390.
_COLUMN = 300
_CSS = """
.gradio-container {max-width: 1100px !important; margin: 0 auto !important}
.seen img {image-rendering: pixelated}
.legend {display: flex; flex-wrap: wrap; gap: 4px 14px}
.legend i {display: inline-block; width: 1em; height: 1em; margin-right: 5px;
  vertical-align: -2px; border: 1px solid #8888}
"""
# Of so many predictions files are kept: the page copies them, so that they can be downloaded.
_KEPT = 8
# The levels of G that have attention.
_MAPS = 3
# What can be downloaded, in the order in which the files are written.
_FILES = ("labels", "colours", "overlay")


def serve(
    what: str,
    domain: str | None = None,
    options: Mapping | None = None,
    split: str = "test",
    port: int | None = None,
    block: bool = True,
) -> str:
    """Show the page on this machine until it is interrupted.

    Args:
        what: The model that is chosen at first: a run's folder or a preset.
        domain: Whose frames can be chosen first, by name; the run's target by default.
        options: How to open it.
        split: Of all domains.
        port: Of localhost; by default the first free one from 7860 on.
        block: Whether to wait; else the server's thread goes on.

    Returns:
        The page's address.

    Raises:
        ImportError: The extra `[demo]` is not installed.
        OSError: The port is taken.
        ValueError: There is no such model or domain.
    """
    gradio = _gradio()
    # Not deleted: the thread may outlive this call, and the system clears its own folder.
    room = Room(what, domain, options, split, Path(tempfile.mkdtemp(prefix="adaat-keras-demo-")))
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["monospace"]}
    page = build_page(room)
    _, address, _ = page.queue(default_concurrency_limit=1).launch(
        server_name="127.0.0.1",
        server_port=port,
        quiet=True,
        share=False,
        ssr_mode=False,
        prevent_thread_lock=True,
        max_file_size=MOST_BYTES,
        theme=gradio.themes.Default(**fonts),
        css=_CSS,
        footer_links=[],
    )
    print(f"{address} shows {what}; Ctrl-C ends it", flush=True)
    if block:
        page.block_thread()
    return address


class Room:
    """The models and domains of a page, opened when they are first asked for.

    Args:
        what, domain, options, split: As `serve` takes them.
        folder: Where files for download go.
    """

    def __init__(
        self, what: str, domain: str | None, options: Mapping | None, split: str, folder: Path
    ):
        self.what, self.split, self.folder = str(what), split, folder
        self.written: deque[Path] = deque()
        self.load = lru_cache(2)(load_trained)
        self.viewer = lru_cache(2)(lambda model: Viewer(self.load(model)[1]))
        self.opened = lru_cache(4)(self._open)
        # At once, so that a wrong name is told before there is a page.
        known, _ = self.load(self.what)
        self.options: dict[str, Mapping] = {}
        target = known.get("target")
        if domain is not None:
            Splits(domain, dict(options or {}))
            self.options[domain] = dict(options or {})
        elif isinstance(target, str) and not target.startswith("streets"):
            self.options[target] = known.get("target_options") or {}
        streets = [name for name in domains.names() if name.startswith("streets")]
        first = [target] if target in streets else []
        for name in [*first, *streets]:
            self.options.setdefault(name, {"frames": _FRAMES})

    @property
    def models(self) -> list[str]:
        """What can be chosen."""
        return list(dict.fromkeys([self.what, *list_presets()]))

    def domain(self, name: str, model: str) -> Domain:
        """A domain's split, with the classes of a model's semantic task."""
        viewer = self.viewer(model)
        return self.opened(name, classes_of(viewer.task, viewer.task_1))

    def _open(self, name: str, classes) -> Domain:
        return Splits(name, dict(self.options[name]), classes).required(self.split)

    def picture(self, model: str, file: str | None) -> tuple[np.ndarray, View, str]:
        """A file's image, what the model sees in it, and its name.

        Raises:
            ValueError: No file, no image, or too large or small a one.
        """
        if not file:
            raise ValueError("choose a picture first")
        # Gradio keeps uploads in folders of its own, which nobody wants to read of.
        shown, path = Path(Path(file).name), Path(file)
        viewer = self.viewer(model)
        try:
            image = read_image(path, range_for(viewer.model))
        except (ValueError, OSError) as error:
            raise ValueError(str(error).replace(str(path), str(shown))) from error
        height, width = image.shape[:2]
        if height * width > MOST_PIXELS:
            raise ValueError(
                f"{shown} is too large: {width} x {height} pixels, and the page takes "
                f"{MOST_PIXELS // 10**6} megapixels; `adaat-keras predict` takes any size"
            )
        with told_with_file(shown, viewer.model, image[None], None):
            return image, viewer(image), shown.stem

    def frame(self, model: str, name: str, number: int) -> tuple[np.ndarray, View, str]:
        """A domain's frame, what the model sees in it, and its name."""
        domain = self.domain(name, model)
        number = min(int(number), len(domain) - 1)
        frame = domain[number]
        viewer = self.viewer(model)
        seen = viewer(frame["image"], frame.get(viewer.task.name))
        return frame["image"], seen, f"{name}_{number}"

    def files(self, model: str, image: np.ndarray, seen: View, name: str) -> list[str]:
        """The prediction's files, as `adaat-keras predict --overlay` writes them.

        Those of the last few predictions are kept.
        """
        task = self.viewer(model).task
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self.written.append(folder)
        while len(self.written) > _KEPT:
            shutil.rmtree(self.written.popleft(), ignore_errors=True)
        return [*map(str, write_labels(task, seen.labels, image, name, folder, blend=True))]


def legend(task: Task) -> str:
    """What a task's colours mean, as HTML.

    Example:
        >>> legend(tasks.get("depth"))
        'near is yellow, far dark blue'
    """
    if task.legend:
        entries = []
        for name, color in task.legend.items():
            patch = f"<i style='background: rgb{tuple(map(int, color))}'></i>"
            entries.append(f"<span>{patch}{html.escape(name)}</span>")
        return f"<div class='legend'>{''.join(entries)}</div>"
    return {
        "depth": "near is yellow, far dark blue",
        "normals": "red, green and blue are the directions right, down and away",
    }.get(task.name, "")


def build_page(room: Room) -> "gradio.Blocks":
    """The page, a `gradio.Blocks`, of a room's models and domains."""
    gr = _gradio()

    @contextmanager
    def errors_on_the_page() -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told = " ".join(str(error).split()) or type(error).__name__
            ours = isinstance(error, ValueError | OSError | MemoryError)
            raise gr.Error(told, print_exception=not ours) from error

    def picture(name: str):
        return gr.Image(
            format="png",
            visible=False,
            interactive=False,
            min_width=_COLUMN,
            elem_id=name,
            elem_classes="seen",
            buttons=["download", "fullscreen"],
        )

    with gr.Blocks(title="adaat_keras", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.Markdown("# adaat_keras\nPredicts what only a simulator has labels for.")
        model = gr.Dropdown(room.models, value=room.what, label="Model", filterable=False)
        about = gr.Markdown(_about(room, room.what))
        with gr.Tab("Picture"):
            file = gr.File(
                label="Picture", file_types=["image"], height=150, elem_id="upload", type="filepath"
            )
            predict = gr.Button("Predict", variant="primary", elem_id="predict")
        with gr.Tab("Frame of a domain"), gr.Row():
            names = list(room.options)
            domain = gr.Dropdown(names, value=names[0], label="Domain", filterable=False)
            number = gr.Number(0, label="Frame", precision=0, minimum=0, elem_id="number")
            show = gr.Button("Show", variant="primary", elem_id="show")
        told = gr.Markdown(elem_id="told")
        with gr.Row():
            names = ("picture", "prediction", "truth", "errors", "task_1")
            pictures = {name: picture(name) for name in names}
        colors = gr.HTML(elem_id="legend")
        with gr.Row():
            maps = [picture(f"attention_{number}") for number in range(_MAPS)]
        with gr.Row():
            files = [gr.DownloadButton(name, visible=False, elem_id=name) for name in _FILES]

        def shown(chosen: str, image: np.ndarray, seen: View, name: str) -> dict:
            viewer = room.viewer(chosen)
            content = {
                "picture": ("picture", image),
                "prediction": (f"{viewer.task.name}, predicted", seen.prediction),
                "truth": (f"{viewer.task.name}, true", seen.truth),
                "errors": ("errors, red", seen.errors),
                "task_1": (f"{viewer.task_1.name}, predicted", seen.task_1),
            }
            attention = [*list(seen.attention.items())[-_MAPS:], *[("", None)] * _MAPS]
            written = room.files(chosen, image, seen, name)
            height, width = image.shape[:2]
            updates = {
                told: f"**{name}**, {width} x {height} pixels. {seen.told}",
                colors: legend(viewer.task),
            }
            for place, (label, each) in [
                *((pictures[key], value) for key, value in content.items()),
                *zip(maps, attention, strict=False),
            ]:
                updates[place] = gr.Image(value=each, label=label, visible=each is not None)
            for place, file in zip(files, written, strict=True):
                label = f"Download {place.elem_id}"
                updates[place] = gr.DownloadButton(label, value=file, visible=True)
            return updates

        def of_picture(chosen: str, path: str | None) -> dict:
            with errors_on_the_page():
                return shown(chosen, *room.picture(chosen, path))

        def of_frame(chosen: str, name: str, index: int) -> dict:
            with errors_on_the_page():
                return shown(chosen, *room.frame(chosen, name, index or 0))

        def of_model(chosen: str) -> str:
            with errors_on_the_page():
                return _about(room, chosen)

        outputs = [*pictures.values(), *maps, *files, told, colors]
        # One at a time: two predictions at once take the memory of two.
        alone = {"outputs": outputs, "concurrency_id": "network", "concurrency_limit": 1}
        gr.on([file.upload, predict.click], of_picture, [model, file], **alone, api_name="picture")
        show.click(of_frame, [model, domain, number], **alone, api_name="frame")
        model.change(of_model, model, about, concurrency_id="network", api_name=False)
    return page


def _about(room: Room, what: str) -> str:
    known, model = room.load(what)
    first, second = tasks.get(model.from_task).name, tasks.get(model.to_task).name
    told = {"source": known.get("source"), "target": known.get("target")}
    trained = ", ".join(f"{role} {name}" for role, name in told.items() if isinstance(name, str))
    path = {"transfer": "D2(G(E1(x)))", "base_model_2": "D2(E2(x))"}[model.predictor]
    return f"{second} where only {first} has labels, by {path}{f'; {trained}' if trained else ''}"


def _gradio():
    """Gradio, or an `ImportError` that says what to install."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        import gradio
    except ImportError as error:
        raise ImportError(
            f"the page needs the package {error.name}: pip install 'adaat-keras[demo]'"
        ) from error
    return gradio
