"""The geometry of a domain: a camera, and the odds of everything in the street."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """The geometry of a domain: a camera, and the odds of everything that stands in the street.

    Ranges are `(low, high)`, drawn uniformly for each frame or object. Lengths are in metres,
    angles in degrees; a frequency `..._per_10m` counts objects on both sides together.
    `boundary` holds the odds of what separates a lot from the sidewalk: a wall, a fence, a hedge
    (nothing else: the rest).

    Example:
        >>> from dataclasses import replace
        >>> replace(LAYOUTS["simulator"], pitch=(0.0, 0.0)).pitch
        (0.0, 0.0)
    """

    field_of_view: float
    camera_height: Range
    pitch: Range
    yaw: Range
    lateral_jitter: float
    road_width: Range
    sidewalk_width: Range
    building_width: Range
    building_height: Range
    setback: Range
    setback_share: float
    yard_share: float
    side_street_share: float
    boundary: tuple[float, float, float]
    railing_share: float
    parked_per_10m: float
    driving_per_10m: float
    persons_per_10m: float
    lamps_per_10m: float
    signs_per_10m: float
    gantry_share: float
    trees_per_10m: float


LAYOUTS: dict[str, Layout] = {
    "simulator": Layout(
        field_of_view=90.0,
        camera_height=(1.5, 1.9),
        pitch=(-1.0, 3.0),
        yaw=(-6.0, 6.0),
        lateral_jitter=0.5,
        road_width=(10.0, 13.0),
        sidewalk_width=(2.4, 3.6),
        building_width=(9.0, 22.0),
        building_height=(6.0, 22.0),
        setback=(3.0, 6.0),
        setback_share=0.45,
        yard_share=0.25,
        side_street_share=0.1,
        boundary=(0.4, 0.34, 0.14),
        railing_share=0.1,
        parked_per_10m=1.4,
        driving_per_10m=0.3,
        persons_per_10m=2.4,
        lamps_per_10m=1.0,
        signs_per_10m=1.3,
        gantry_share=0.35,
        trees_per_10m=0.9,
    ),
    "camera_car": Layout(
        field_of_view=66.0,
        camera_height=(1.2, 1.5),
        pitch=(-1.5, 2.0),
        yaw=(-5.0, 5.0),
        lateral_jitter=0.4,
        road_width=(9.0, 11.5),
        sidewalk_width=(1.8, 3.0),
        building_width=(7.0, 16.0),
        building_height=(8.0, 17.0),
        setback=(2.0, 5.0),
        setback_share=0.5,
        yard_share=0.3,
        side_street_share=0.12,
        boundary=(0.38, 0.36, 0.16),
        railing_share=0.1,
        parked_per_10m=1.3,
        driving_per_10m=0.2,
        persons_per_10m=1.8,
        lamps_per_10m=0.9,
        signs_per_10m=1.0,
        gantry_share=0.25,
        trees_per_10m=1.0,
    ),
}
