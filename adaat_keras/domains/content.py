"""Plausibility checks: whether the pixels of label files are what they are read as.

The checks are such that no valid street scene fails them by chance; maps with too few pixels pass.
Thus a few frames suffice when a domain is opened; `data check` checks all.
"""

from collections.abc import Sequence

import numpy as np

from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import semantic_colors

# Minimum numbers of pixels and of different values for a check.
_ENOUGH, _SEVERAL = 256, 8
_NEARLY_ALL = 0.98


def packed_depth_problem(pixels: np.ndarray) -> str | None:
    """Why an image seems not to be 24-bit depth with red lowest; `None` if it seems right.

    In such an image, red, the lowest eight bits, looks like noise except on surfaces seen head-on,
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
    # On a wall seen head-on, only the lowest bits differ.
    if smooth[0] > _SMOOTH and np.mean(jumps[:, 1:].any(axis=1)) > 0.5:
        return (
            "all colours change smoothly, as in a coloured preview of depth, which holds no "
            "metres; no option reads it: use the raw picture of 24 bits"
        )
    return None


# Share of neighbours that differ by at most 8 of 256; for noise, it is 0.07.
_SMOOTH = 0.4


def _steps(whole: np.ndarray, inner: np.ndarray, code: np.ndarray, axis: int) -> np.ndarray:
    """How much each channel changes between neighbours of different depth, `(n, 3)`."""
    both = inner & np.roll(inner, 1, axis) & (code != np.roll(code, 1, axis))
    # Pixels rolled over the border are not neighbours.
    both = np.take(both, range(1, both.shape[axis]), axis)
    return np.take(np.abs(np.diff(whole, axis=axis)), range(both.shape[axis]), axis)[both]


def fixed_point_problem(
    pixels: np.ndarray, depth: np.ndarray, disparity: bool, other: str
) -> str | None:
    """Why pixels seem not to be 16-bit disparity, or depth, in 1/256; `None` if they seem right.

    Args:
        pixels: uint16 `(height, width)`, as stored; 0 = invalid.
        depth: The resulting depth, metres `(height, width)`, 0 = invalid.
        disparity: Whether they are read as disparity; else as depth.
        other: The option or class that reads them as the other of the two.

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


def unlikely_depth(depths: Sequence[np.ndarray]) -> str | None:
    """Why a user's depth maps seem not to be in metres; `None` if they seem right.

    This is only a doubt, since cameras may look at anything.

    Args:
        depths: Some maps `(height, width)`, 0 = invalid.

    Example:
        >>> unlikely_depth([np.linspace(0.1, 0.9, 256).reshape(16, 16)])[:45]
        'the farthest depth of all is 0.9 m: if these '
    """
    depths = [d for d in depths if np.count_nonzero(d) >= _ENOUGH and np.ptp(d[d > 0]) > 0]
    farthest = max((float(depth.max()) for depth in depths), default=0.0)
    if 0 < farthest <= 1:
        return (
            f"the farthest depth of all is {farthest:.3g} m: if these are inverse depths, shares "
            "of a range or another unit, make metres of them"
        )
    trends = [_trend(depth, depth > 0) for depth in depths]
    told = [trend for trend in trends if trend is not None]
    if told and min(told) > _TREND:
        return (
            "depth grows towards the lower edge, as disparity and inverse depth do: if it is one "
            "of these, make metres of it, as disparity= does"
        )
    return None


def most_of_all(pixels: np.ndarray) -> float:
    """The share of known pixels with the maximum value of their dtype; 0 if too few are known.

    Example:
        >>> most_of_all(np.full((16, 16), 255, np.uint8)), most_of_all(np.uint8([[255]]))
        (1.0, 0.0)
    """
    known = np.count_nonzero(pixels)
    if pixels.dtype.kind != "u" or known < _ENOUGH:
        return 0.0
    return float(np.count_nonzero(pixels == np.iinfo(pixels.dtype).max) / known)


def blended_problem(numbers: np.ndarray) -> str | None:
    """Why class numbers seem to have been interpolated; `None` if they seem right.

    Interpolation creates isolated pixels along edges, with many different numbers that lie between
    those of their neighbours. Other isolated pixels have few different numbers.

    Args:
        numbers: Integers `(height, width)`.

    Example:
        >>> from PIL import Image
        >>> blocks = np.random.default_rng(0).choice([7, 11, 21, 26], (16, 16)).astype(np.uint8)
        >>> blended_problem(np.kron(blocks, np.ones((8, 8), np.uint8))) is None
        True
        >>> small = Image.fromarray(blocks).resize((100, 100), Image.Resampling.BILINEAR)
        >>> blended_problem(np.asarray(small))[:28]
        'numbers between those around'
    """
    if min(numbers.shape) < 3:
        return None
    # The middle of a large map suffices, and is fast.
    top, left = (max(0, (side - _MIDDLE) // 2) for side in numbers.shape)
    numbers = numbers[top : top + _MIDDLE, left : left + _MIDDLE]
    around = np.lib.stride_tricks.sliding_window_view(numbers, (3, 3)).reshape(-1, 9)
    here, others = around[:, 4], np.delete(around, 4, axis=1)
    alone = (others != here[:, None]).all(1)
    between = alone & (others.min(1) < here) & (here < others.max(1))
    count, kinds = np.count_nonzero(between), len(np.unique(here[between]))
    few = count < max(_ENOUGH / 8, 0.003 * numbers.size) or count < 0.75 * np.count_nonzero(alone)
    # In noise, all pixels are isolated.
    if (
        few
        or count > 0.2 * numbers.size
        or kinds < max(_SEVERAL, np.ptp(numbers[numbers != _IGNORED].astype(np.int64)) / 2)
    ):
        return None
    return (
        "numbers between those around them stand along the edges: the map was resized as pictures "
        "are, which makes other classes there; no option mends it: resize the original by its "
        "nearest pixels"
    )


_IGNORED, _MIDDLE = 255, 512

# For comparison: a street's depth has about -0.8.
_TREND = 0.5
_FEW_ROWS = 16


def _trend(values: np.ndarray, valid: np.ndarray) -> float | None:
    """The correlation of the rows' medians with their position, from -1 to 1."""
    rows = np.flatnonzero(np.count_nonzero(valid, axis=1) >= _SEVERAL)
    if len(rows) < _FEW_ROWS:
        return None
    medians = np.array([np.median(values[row][valid[row]]) for row in rows])
    if len(np.unique(medians)) < _SEVERAL:
        return None
    ranks = np.argsort(np.argsort(medians, kind="stable"))
    return float(np.corrcoef(np.arange(len(rows)), ranks)[0, 1])


def color_problem(pixels: np.ndarray, known: np.ndarray) -> str | None:
    """Why the red channel seems not to contain ids; `None` if it seems to.

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
    if not colors[:, 0].any() and colors[:, 2].any():
        return (
            "red is empty, and blue is not: red and blue are swapped, as OpenCV writes pictures "
            "that it was given as RGB; no option reads them: swap them once, cv2.imwrite(file, "
            "image[..., ::-1])"
        )
    fix = (
        "record them again without a converter (ColorConverter.Raw), or read them by "
        "Folder(semantic=..., palette={'road': (128, 64, 128), ...})"
    )
    palette = semantic_colors()
    if np.isin(_codes(colors), _codes(palette)).mean() > 0.9:
        return f"these are colours (Cityscapes' palette), no ids: {fix}"
    # Ids may be repeated in all channels, or have instance numbers in the others.
    strange = ~known[colors[:, 0]]
    several = len(np.unique(_codes(colors[strange]))) >= _FEW_COLORS
    if several and strange.mean() > 0.1 and colors[strange, 1:].any(axis=1).mean() > 0.5:
        return (
            f"{strange.mean():.0%} of the pixels have a red that is no id, with other colours "
            f"beside it: these are likely colours, no ids: {fix}"
        )
    return None


# A single wrong id with instance numbers has few colours, too.
_FEW_COLORS = 3


def _codes(colors: np.ndarray) -> np.ndarray:
    return colors.astype(np.int64) @ np.array([65536, 256, 1])


def grey_problem(ids: np.ndarray, known: np.ndarray) -> str | None:
    """Why a grey image seems not to contain ids; `None` if it seems to.

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
    """Why normals seem not to point to a camera that looks along z; `None` if they seem right.

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
