"""A pretrained model."""

from pathlib import Path

from adaat_keras.models import AdaAtdt
from adaat_keras.models.read_model import read_ada_atdt
from adaat_keras.models.read_preset import read_preset
from adaat_keras.presets.find_preset import find_preset
from adaat_keras.presets.is_run import MODEL, is_run


def load(preset: Path | str) -> AdaAtdt:
    """The six networks of a preset or of a finished run, trained.

    Args:
        preset: A name (`list_presets()`), a folder that `save_to_preset` wrote, the address of
            such a folder (`https://...`), a repository of Hugging Face (`hf://user/repo`), or the
            folder of a finished run.

    Returns:
        The model: predicts task 2 from images, can be trained further by `fit_ada_atdt`.

    Raises:
        ValueError: There is no such preset, it is damaged, of a later version, or asks for code.
        FileNotFoundError: A file is missing.

    Example:
        >>> model = load("streets_depth_to_semantic_small")
        >>> model.from_task, model.to_task
        ('depth', 'semantic')
    """
    if is_run(preset):
        model = read_ada_atdt(Path(preset) / MODEL)
    else:
        model = read_preset(find_preset(preset))
    model.origin = str(Path(preset)) if Path(preset).is_dir() else str(preset)
    return model
