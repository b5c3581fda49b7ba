"""How a street looks: palettes, light, haze, sensor, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Color = tuple[int, int, int]
Palette = Mapping[str, tuple[Color, ...]]

# fmt: off
GAME: Palette = {
    "road": ((92, 94, 98), (84, 86, 90), (100, 100, 104)),
    "marking": ((240, 240, 236),),
    "paving": ((176, 172, 164), (186, 180, 168), (164, 164, 164)),
    "kerb": ((205, 203, 198),),
    "grass": ((98, 158, 62), (112, 170, 70)),
    "facade": (
        (214, 150, 108), (196, 92, 74), (226, 204, 150), (168, 186, 204), (222, 220, 212),
        (150, 116, 92), (204, 172, 120), (130, 150, 140), (232, 190, 170), (120, 126, 138),
    ),
    "glass": ((96, 140, 176), (80, 120, 150), (120, 160, 190)),
    "roof": ((160, 74, 54), (112, 84, 76), (92, 96, 106)),
    "wall": ((190, 172, 148), (172, 106, 82), (158, 158, 156), (206, 190, 160)),
    "fence": ((120, 84, 54), (60, 78, 66), (150, 152, 156), (220, 220, 216), (70, 72, 80)),
    "gap": ((84, 110, 62),),
    "pole": ((164, 168, 174), (136, 142, 146), (104, 116, 112)),
    "lamp": ((228, 228, 210),),
    "sign_back": ((150, 152, 156),),
    "sign_red": ((222, 34, 38),),
    "sign_blue": ((24, 88, 204),),
    "sign_yellow": ((250, 206, 30),),
    "sign_green": ((20, 130, 78),),
    "sign_white": ((246, 246, 246),),
    "signal_box": ((44, 46, 48), (58, 60, 50)),
    "skin": ((226, 178, 146), (188, 134, 100), (120, 82, 60)),
    "hair": ((50, 36, 28), (120, 84, 48), (30, 28, 28), (170, 160, 150)),
    "shirt": (
        (214, 52, 52), (52, 92, 196), (240, 236, 228), (46, 46, 54), (236, 180, 48), (68, 150, 90),
        (150, 70, 150), (230, 120, 60),
    ),
    "trousers": ((44, 54, 92), (60, 58, 58), (30, 30, 36), (130, 110, 84)),
    "leaf": ((74, 140, 52), (92, 156, 60), (58, 122, 52), (112, 160, 66)),
    "trunk": ((106, 78, 54), (92, 72, 56)),
    "paint": (
        (206, 36, 36), (30, 80, 170), (236, 236, 236), (34, 36, 40), (150, 156, 164),
        (228, 178, 40), (40, 110, 84), (96, 100, 108), (180, 190, 200),
    ),
    "tyre": ((30, 30, 32),),
    "plate": ((240, 240, 230),),
    "headlight": ((250, 250, 236),),
    "taillight": ((200, 24, 24),),
    "hub": ((150, 152, 156),),
    "ink": ((28, 28, 30),),
    "awning": (
        (178, 60, 56), (60, 90, 160), (200, 190, 176), (70, 74, 80), (206, 160, 60), (70, 130, 90),
    ),
    "lamp_red": ((255, 40, 30),),
    "lamp_amber": ((255, 180, 30),),
    "lamp_green": ((40, 255, 90),),
}

MUTED: Palette = {
    **GAME,
    "road": ((112, 112, 110), (98, 98, 98), (124, 120, 116)),
    "marking": ((206, 204, 196),),
    "paving": ((148, 144, 138), (160, 150, 140), (132, 132, 132), (152, 128, 118)),
    "kerb": ((168, 166, 162),),
    "grass": ((92, 108, 62), (104, 112, 72), (84, 96, 56)),
    "facade": (
        (190, 170, 146), (166, 120, 98), (204, 194, 172), (150, 146, 140), (178, 178, 174),
        (136, 116, 100), (196, 180, 140), (120, 110, 104), (208, 204, 196), (150, 100, 84),
    ),
    "glass": ((70, 80, 88), (56, 64, 72), (92, 102, 110)),
    "roof": ((124, 80, 66), (92, 76, 70), (76, 78, 82)),
    "wall": ((156, 146, 132), (138, 102, 86), (134, 134, 132), (170, 160, 144)),
    "fence": ((100, 80, 62), (62, 70, 64), (128, 128, 128), (176, 174, 168), (58, 58, 62)),
    "gap": ((76, 84, 60),),
    "pole": ((142, 144, 144), (116, 120, 120), (88, 94, 92)),
    "sign_red": ((172, 44, 44),),
    "sign_blue": ((44, 78, 142),),
    "sign_yellow": ((206, 170, 62),),
    "sign_green": ((44, 100, 74),),
    "sign_white": ((212, 212, 208),),
    "shirt": (
        (120, 56, 54), (62, 74, 104), (190, 186, 178), (44, 44, 48), (150, 122, 84), (70, 88, 76),
        (96, 90, 92), (54, 56, 70),
    ),
    "awning": ((112, 62, 58), (66, 76, 98), (158, 152, 144), (74, 76, 78), (142, 122, 84)),
    "leaf": ((70, 88, 48), (84, 98, 56), (58, 76, 44), (98, 104, 62)),
    "trunk": ((88, 78, 68), (74, 66, 58)),
    "paint": (
        (130, 44, 42), (48, 62, 96), (200, 200, 198), (36, 37, 40), (130, 132, 136), (92, 94, 98),
        (54, 72, 66), (160, 162, 164), (70, 72, 78),
    ),
}


def _grey(*levels: int) -> tuple[Color, ...]:
    return tuple((level, level, level) for level in levels)


# What a thermal camera sees on a cool day: skin, tyres and lamps are warm, the sky and what
# mirrors it (glass, polished paint) are cold, and a facade is as warm as its walls let through.
WARMTH: Palette = {
    "road": _grey(104, 96, 112),
    "marking": _grey(88),
    "paving": _grey(92, 98, 84),
    "kerb": _grey(82),
    "grass": _grey(62, 70, 56),
    "facade": _grey(120, 132, 110, 142, 126, 116, 150, 104, 136, 128),
    "glass": _grey(64, 52, 78),
    "roof": _grey(74, 62, 84),
    "wall": _grey(108, 118, 98, 124),
    "fence": _grey(76, 92, 66, 84, 100),
    "gap": _grey(58),
    "pole": _grey(70, 60, 78),
    "lamp": _grey(210),
    "sign_back": _grey(56),
    "sign_red": _grey(58),
    "sign_blue": _grey(52),
    "sign_yellow": _grey(60),
    "sign_green": _grey(54),
    "sign_white": _grey(48),
    "signal_box": _grey(120, 112),
    "skin": _grey(246, 238, 250),
    "hair": _grey(198, 210, 188, 204),
    "shirt": _grey(196, 208, 182, 214, 190, 202, 220, 176),
    "trousers": _grey(178, 190, 168, 184),
    "leaf": _grey(78, 86, 70, 82),
    "trunk": _grey(88, 80),
    "paint": _grey(84, 96, 72, 110, 90, 78, 102, 88, 120),
    "tyre": _grey(196),
    "plate": _grey(104),
    "headlight": _grey(214),
    "taillight": _grey(176),
    "hub": _grey(150, 162),
    "ink": _grey(60),
    "awning": _grey(80, 88, 74, 92, 84, 78),
    "lamp_red": _grey(204),
    "lamp_amber": _grey(204),
    "lamp_green": _grey(204),
}
# fmt: on


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
