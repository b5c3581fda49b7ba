"""The numbers of the 11 classes, in the order of the paper's Table 2."""

ROAD, SIDEWALK, WALL, FENCE, PERSON, POLE, VEGETATION, VEHICLE, SIGN, BUILDING, SKY = range(11)
