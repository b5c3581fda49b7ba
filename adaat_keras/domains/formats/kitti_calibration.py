"""KITTI's calibration files."""

from pathlib import Path

from adaat_keras.domains.formats.camera import StereoCamera

_FIX = "take the file from KITTI's data_scene_flow_calib.zip"


def kitti_calibration(path: Path | str) -> StereoCamera:
    """Focal length and baseline of the colour cameras 2 and 3 of a `calib_cam_to_cam` file.

    fx = P_rect_02[0, 0], baseline = (P_rect_02[0, 3] - P_rect_03[0, 3]) / fx; about 721.5
    pixels and 0.54 m.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A matrix is missing or not of 12 numbers, or the baseline is not above 0.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "000000.txt"
        >>> text = "P_rect_02: 700 0 0 45 0 0 0 0 0 0 0 0\\nP_rect_03: 700 0 0 -305 0 0 0 0 0 0 0 0"
        >>> _ = path.write_text(text)
        >>> kitti_calibration(path)
        StereoCamera(focal_length=700.0, baseline=0.5)
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f"{path}: no calibration, which depth from disparity needs; {_FIX}, or pass "
            "calibration_root="
        )
    lines = dict(line.split(":", 1) for line in Path(path).read_text().splitlines() if ":" in line)
    try:
        left, right = (_matrix(lines, name) for name in ("P_rect_02", "P_rect_03"))
        if not left[0] > 0 or not left[3] > right[3]:
            raise ValueError("P_rect_02 and P_rect_03 give no focal length and baseline above 0")
    except ValueError as error:
        raise ValueError(f"{path}: {error}; {_FIX}") from error
    return StereoCamera(left[0], (left[3] - right[3]) / left[0])


def _matrix(lines: dict[str, str], name: str) -> list[float]:
    values = [float(value) for value in lines.get(name, "").split()]
    if len(values) != 12:
        raise ValueError(f"{name} has {len(values)} numbers, it must have 12")
    return values
