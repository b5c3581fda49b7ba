"""Looks: colours, light, air and sensor. A look changes the picture, never a label."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adaat_keras.domains.street_world.palettes import GAME, MUTED, WARMTH, Color

Range = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """The appearance of a domain. Ranges `(low, high)` are drawn uniformly for each frame.

    Attributes:
        palette: For each material the colours (sRGB, 0 to 255) that it may have.
        shade: How far a thing's brightness may differ from its palette's (0.1: by 10 %).
        texture: Strength of noise, bricks, stains and joints; 0 is flat colour.
        windows: Contrast of windows and doors against the facade, 0 to 1.
        ambient: Light from the sky.
        sun: Light from the sun on a surface that faces it; 0 is an overcast day.
        sun_height: The sun above the horizon, degrees.
        sun_color: Tint of the sunlight, 1 = neutral.
        zenith: Colour straight up.
        horizon: Colour of the sky at the horizon, and of the haze.
        clouds: Share of the sky that clouds cover, 0 to 1; -1 is a sky without any.
        haze: Metres after which 63 % of a thing's colour is haze.
        glow: Materials that shine by themselves, and how much of their colour is added.
        lamps: Light of a street lamp on what is right below it; 0 is switched off.
        headlights: Light of the camera car on what is right before it; 0 is switched off.
        lit_windows: How many panes have light behind them: 0 none, 0.25 one in six, 1 all.
        saturation: 0 is grey, 1 leaves the palette as it is.
        contrast: Around mid grey; 1 leaves it.
        exposure: Factor on all light.
        cast: Factors on red, green and blue.
        blur: Standard deviation of the lens blur, pixels of a 128 x 256 picture.
        vignette: How much darker the corners are, 0 to 1.
        noise: Standard deviation of the sensor noise, grey levels of 255.

    Example:
        >>> from dataclasses import replace
        >>> replace(LOOKS["daylight"], noise=(0.0, 0.0)).noise
        (0.0, 0.0)
    """

    palette: Mapping[str, tuple[Color, ...]]
    shade: float
    texture: float
    windows: float
    ambient: Range
    sun: Range
    sun_height: Range
    sun_color: tuple[float, float, float]
    zenith: Color
    horizon: Color
    clouds: Range
    haze: Range
    saturation: Range
    contrast: Range
    exposure: Range
    cast: tuple[Range, Range, Range]
    blur: Range
    vignette: Range
    noise: Range
    glow: Mapping[str, float] = field(default_factory=dict)
    lamps: float = 0.0
    headlights: float = 0.0
    lit_windows: float = 0.0


LOOKS: dict[str, Look] = {
    "simulator": Look(
        palette=GAME,
        shade=0.06,
        texture=0.25,
        windows=1.0,
        ambient=(0.66, 0.72),
        sun=(0.46, 0.56),
        sun_height=(38.0, 62.0),
        sun_color=(1.0, 0.97, 0.9),
        zenith=(62, 128, 220),
        horizon=(188, 216, 242),
        clouds=(0.0, 0.45),
        haze=(700.0, 1200.0),
        saturation=(1.05, 1.15),
        contrast=(1.02, 1.1),
        exposure=(0.95, 1.05),
        cast=((1.0, 1.0), (1.0, 1.0), (1.0, 1.0)),
        blur=(0.0, 0.0),
        vignette=(0.0, 0.0),
        noise=(0.0, 0.0),
        glow={"lamp_red": 0.6, "lamp_amber": 0.6, "lamp_green": 0.6},
    ),
    "daylight": Look(
        palette=MUTED,
        shade=0.16,
        texture=1.0,
        windows=0.8,
        ambient=(0.78, 0.95),
        sun=(0.08, 0.42),
        sun_height=(25.0, 55.0),
        sun_color=(1.0, 0.96, 0.88),
        zenith=(168, 180, 194),
        horizon=(214, 216, 214),
        clouds=(0.4, 0.95),
        haze=(110.0, 260.0),
        saturation=(0.7, 0.95),
        contrast=(0.88, 1.04),
        exposure=(0.85, 1.12),
        cast=((0.98, 1.06), (0.98, 1.02), (0.9, 1.0)),
        blur=(0.35, 0.65),
        vignette=(0.1, 0.3),
        noise=(2.5, 7.0),
        glow={"lamp_red": 0.4, "lamp_amber": 0.4, "lamp_green": 0.4},
    ),
    "night": Look(
        palette=MUTED,
        shade=0.16,
        texture=1.0,
        windows=0.8,
        ambient=(0.13, 0.22),
        sun=(0.0, 0.0),
        sun_height=(40.0, 60.0),
        sun_color=(1.0, 1.0, 1.0),
        zenith=(12, 14, 26),
        horizon=(48, 42, 46),
        clouds=(-1.0, -1.0),
        haze=(140.0, 300.0),
        saturation=(0.6, 0.85),
        contrast=(1.0, 1.1),
        exposure=(0.95, 1.3),
        cast=((1.02, 1.18), (0.92, 1.0), (0.7, 0.88)),
        blur=(0.45, 0.75),
        vignette=(0.1, 0.35),
        noise=(6.0, 12.0),
        glow={
            "lamp": 1.0,
            "lamp_red": 0.9,
            "lamp_amber": 0.9,
            "lamp_green": 0.9,
            "headlight": 0.9,
            "taillight": 0.7,
        },
        lamps=0.5,
        headlights=0.4,
        lit_windows=0.25,
    ),
    # Colour is warmth: what light there is, is the sun's that has warmed a wall or the road.
    "thermal": Look(
        palette=WARMTH,
        shade=0.1,
        texture=0.4,
        windows=0.7,
        ambient=(0.9, 1.05),
        sun=(0.0, 0.12),
        sun_height=(25.0, 55.0),
        sun_color=(1.0, 1.0, 1.0),
        zenith=(14, 14, 14),
        horizon=(70, 70, 70),
        clouds=(-1.0, -1.0),
        haze=(250.0, 500.0),
        saturation=(0.0, 0.0),
        contrast=(1.15, 1.4),
        exposure=(1.2, 1.4),
        cast=((1.0, 1.0), (1.0, 1.0), (1.0, 1.0)),
        blur=(0.55, 0.85),
        vignette=(0.0, 0.15),
        noise=(2.5, 6.0),
    ),
}
