"""Cityscapes' camera files."""

import json
from pathlib import Path

from adaat_keras.domains.formats.camera import StereoCamera

_FIX = "take the file from Cityscapes' camera archive (camera_trainvaltest.zip)"


def cityscapes_camera(path: Path | str) -> StereoCamera:
    """Focal length `intrinsic.fx` and `extrinsic.baseline` of a `..._camera.json`.

    Commonly 2262.52 pixels and 0.209313 m, but not in every image.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, or a value is missing or not above 0.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a_camera.json"
        >>> _ = path.write_text('{"extrinsic": {"baseline": 0.2}, "intrinsic": {"fx": 2000}}')
        >>> cityscapes_camera(path)
        StereoCamera(focal_length=2000.0, baseline=0.2)
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no camera file, which depth needs; {_FIX}")
    try:
        content = json.loads(Path(path).read_text())
        values = [_number(content, *at) for at in (("intrinsic", "fx"), ("extrinsic", "baseline"))]
    except ValueError as error:
        raise ValueError(f"{path}: {error}; {_FIX}") from error
    return StereoCamera(*values)


def _number(content, group: str, key: str) -> float:
    group_values = content.get(group) if isinstance(content, dict) else None
    value = group_values.get(key) if isinstance(group_values, dict) else None
    if not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{group}.{key} is {value!r}, it must be a number above 0")
    return float(value)
