"""What the pixels of a label file look like, against what their folder says.

Each question has an answer that no street scene gives by chance; a map with too few pixels to tell
gives none. So a few frames are enough when a domain is opened, and `data check` asks of all.
"""

import numpy as np

from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import semantic_colors

# Fewer pixels, and fewer different values, say nothing.
_ENOUGH, _SEVERAL = 256, 8
_NEARLY_ALL = 0.98


def packed_depth_problem(pixels: np.ndarray) -> str | None:
    """What speaks against 24 bits of depth with red lowest; `None` if nothing does.

    In such a picture red, the lowest eight bits, is noise wherever a surface is not seen head-on,
    and blue, the highest, changes little from pixel to pixel.

    Args:
        pixels: uint8 `(height, width, 3)`.

    Example:
        >>> grey = np.repeat(np.arange(20, 84, dtype=np.uint8)[:, None, None], 8, 1).repeat(3, 2)
        >>> packed_depth_problem(grey)[:41]
        'red, green and blue are the same: a grey '
    """
    whole = pixels.astype(np.int32)
    code = whole[..., 0] + 256 * whole[..., 1] + 65536 * whole[..., 2]
    inner = (code > 0) & (code < 256**3 - 1)
    if np.count_nonzero(inner) < _ENOUGH or len(np.unique(code[inner])) < _SEVERAL:
        return None
    colors = whole[inner]
    same = (colors[:, 0] == colors[:, 1]) & (colors[:, 1] == colors[:, 2])
    if same.mean() > _NEARLY_ALL:
        return (
            "red, green and blue are the same: a grey picture of depth, linear or logarithmic as "
            "CARLA's converters make it, whose 8 bits do not hold metres; no option reads it: "
            "record it again with ColorConverter.Raw"
        )
    if colors[:, 1].max() == 0 and colors[:, 2].max() == 0:
        return (
            "green and blue are empty: 8 bits of depth, which do not hold metres; no option reads "
            "them: use the raw picture of 24 bits"
        )
    # Neighbours of different depth, along both axes.
    steps = [_steps(whole, inner, code, axis) for axis in (0, 1)]
    jumps = np.concatenate(steps)
    if len(jumps) < _ENOUGH:
        return None
    red, _, blue = jumps.mean(axis=0)
    smooth = np.mean(jumps <= 8, axis=0)
    if smooth[2] < _SMOOTH and smooth[0] > max(_SMOOTH, 2 * smooth[2]) and blue > 3 * red:
        return (
            "red and blue are swapped, as OpenCV writes pictures that it was given as RGB; no "
            "option reads them: swap them once, cv2.imwrite(file, image[..., ::-1])"
        )
    # A wall seen head-on differs by the lowest bits alone.
    if smooth[0] > _SMOOTH and np.mean(jumps[:, 1:].any(axis=1)) > 0.5:
        return (
            "all colours change smoothly, as in a coloured preview of depth, which holds no "
            "metres; no option reads it: use the raw picture of 24 bits"
        )
    return None


# The share of neighbours that differ by at most 8 of 256: 0.07 of noise.
_SMOOTH = 0.4


def _steps(whole: np.ndarray, inner: np.ndarray, code: np.ndarray, axis: int) -> np.ndarray:
    """How much each channel changes between neighbours of different depth, `(n, 3)`."""
    both = inner & np.roll(inner, 1, axis) & (code != np.roll(code, 1, axis))
    # What rolled over the border is no neighbour.
    both = np.take(both, range(1, both.shape[axis]), axis)
    return np.take(np.abs(np.diff(whole, axis=axis)), range(both.shape[axis]), axis)[both]


def fixed_point_problem(
    pixels: np.ndarray, depth: np.ndarray, disparity: bool, other: str
) -> str | None:
    """What speaks against 16 bits of disparity, or of depth, in 1/256; `None` if nothing does.

    Args:
        pixels: uint16 `(height, width)`, as stored; 0 = invalid.
        depth: What they are read as, metres `(height, width)`, 0 = invalid.
        disparity: Whether they are read as disparity.
        other: What reads them as the other of the two.

    Example:
        >>> rows = np.repeat(np.arange(1, 65, dtype=np.uint16)[:, None], 8, axis=1)
        >>> fixed_point_problem(rows, 100000 / rows, True, "")[:38]
        'all values are below 256, and what is '
    """
    valid = depth > 0
    values = pixels[valid]
    if values.size < _ENOUGH or len(np.unique(values)) < _SEVERAL:
        return None
    preview = "an 8-bit preview in a 16-bit file, which holds no metres; no option reads it: get"
    near, far = np.percentile(depth[valid], [1, 99])
    if values.max() < 256 and (near > MAX_DEPTH or far < 1):
        return (
            f"all values are below 256, and what is nearest would be {near:.3g} m away, the "
            f"farthest {far:.3g} m: {preview} the original"
        )
    if (values % 257 == 0).all():
        return f"all values are multiples of 257: {preview} the original"
    trend = _trend(pixels, valid)
    wrong = trend is not None and (trend < -_TREND if disparity else trend > _TREND)
    if wrong and disparity:
        return f"values fall towards the lower edge, as depth does: this is no disparity; {other}"
    if wrong:
        return f"values grow towards the lower edge, as disparity does: this is no depth; {other}"
    return None


# A street's depth has about -0.8.
_TREND = 0.5
_FEW_ROWS = 16


def _trend(values: np.ndarray, valid: np.ndarray) -> float | None:
    """The correlation of rows' medians with their place, from -1 to 1."""
    rows = np.flatnonzero(np.count_nonzero(valid, axis=1) >= _SEVERAL)
    if len(rows) < _FEW_ROWS:
        return None
    medians = np.array([np.median(values[row][valid[row]]) for row in rows])
    if len(np.unique(medians)) < _SEVERAL:
        return None
    ranks = np.argsort(np.argsort(medians, kind="stable"))
    return float(np.corrcoef(np.arange(len(rows)), ranks)[0, 1])


def color_problem(pixels: np.ndarray, known: np.ndarray) -> str | None:
    """What speaks against ids in the red channel; `None` if nothing does.

    Args:
        pixels: uint8 `(height, width, 3)`.
        known: Whether each of 256 numbers is an id, booleans.

    Example:
        >>> road = np.full((16, 16, 3), (128, 64, 128), np.uint8)
        >>> color_problem(road, np.arange(256) < 29)[:43]
        "these are colours (Cityscapes' palette), no"
    """
    colors = pixels.reshape(-1, 3)
    colors = colors[colors.any(axis=1)]
    if not len(colors):
        return None
    fix = (
        "record them again without a converter (ColorConverter.Raw), or read them by "
        "Folder(semantic=..., palette={'road': (128, 64, 128), ...})"
    )
    palette = semantic_colors()
    if np.isin(_codes(colors), _codes(palette)).mean() > 0.9:
        return f"these are colours (Cityscapes' palette), no ids: {fix}"
    # Ids that are repeated in all channels, or have instances beside them, are ids.
    strange = ~known[colors[:, 0]]
    several = len(np.unique(_codes(colors[strange]))) >= _FEW_COLORS
    if several and strange.mean() > 0.1 and colors[strange, 1:].any(axis=1).mean() > 0.5:
        return (
            f"{strange.mean():.0%} of the pixels have a red that is no id, with other colours "
            f"beside it: these are likely colours, no ids: {fix}"
        )
    return None


# One wrong id, with an instance's number beside it, is no colour.
_FEW_COLORS = 3


def _codes(colors: np.ndarray) -> np.ndarray:
    return colors.astype(np.int64) @ np.array([65536, 256, 1])


def grey_problem(ids: np.ndarray, known: np.ndarray) -> str | None:
    """What speaks against ids in a grey picture; `None` if nothing does.

    Args:
        ids: uint8 `(height, width)`.
        known: Whether each of 256 numbers is an id, booleans.
    """
    strange = ~known[ids]
    if ids.size >= _ENOUGH and strange.mean() > 0.1 and len(np.unique(ids[strange])) >= _SEVERAL:
        return (
            f"{strange.mean():.0%} of the pixels have numbers that are no ids, of "
            f"{len(np.unique(ids))} kinds: these are likely colours made grey, or another "
            "picture; no option reads them: get the file of ids"
        )
    return None


def normals_problem(normals: np.ndarray) -> str | None:
    """What speaks against normals towards a camera that looks along z; `None` if nothing does.

    Args:
        normals: `(height, width, 3)`, zeros = invalid.

    Example:
        >>> normals_problem(np.full((16, 16, 3), (0.0, 0.0, 1.0)))[:35]
        '100% of the normals point away from'
    """
    valid = normals[normals.any(axis=-1)]
    away = np.mean(valid[:, 2] > 0.1) if len(valid) >= _ENOUGH else 0.0
    if away < 0.5:
        return None
    return (
        f"{away:.0%} of the normals point away from the camera: z is forward here, so that "
        "normals towards the camera have a z below 0; no option turns them: change their signs "
        "(of x right, y up, z towards the camera: those of y and z)"
    )
