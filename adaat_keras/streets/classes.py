"""The numbers and names of the 11 classes, in the order of the paper's Table 2."""

ROAD, SIDEWALK, WALL, FENCE, PERSON, POLE, VEGETATION, VEHICLE, SIGN, BUILDING, SKY = range(11)

NAMES = (
    "road",
    "sidewalk",
    "wall",
    "fence",
    "person",
    "pole",
    "vegetation",
    "vehicle",
    "traffic sign",
    "building",
    "sky",
)
