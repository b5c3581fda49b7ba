"""Recipes: named settings of everything that the paper leaves open or that goes beyond it."""

# Each is the default of the `RunConfig` attribute of its name. docs/experiments.md has the
# evidence for what differs.
RECIPES: dict[str, dict] = {
    # Nothing beyond the paper. Its schedule is left out (`--schedule paper`): it is made for 500
    # epochs.
    "paper": {
        "augmentation": "color",
        "class_balance": 0.0,
        "edge_weight": 0.0,
        "moment_weight": 0.0,
        "classifier": "patch",
        "classifier_rate": 1.0,
        "decoded_weight": 0.0,
        "teacher_weight": 0.0,
        "consistency_weight": 0.0,
        "base_1_weight": 0.0,
    },
    "recommended": {
        "augmentation": "color",
        "class_balance": 0.5,
        "edge_weight": 0.0,
        "moment_weight": 0.0,
        "classifier": "patch",
        "classifier_rate": 1.0,
        "decoded_weight": 1.0,
        "teacher_weight": 1.0,
        "consistency_weight": 0.0,
        "base_1_weight": 1.0,
    },
}

# The weight of the task loss in step 1, by task 1. Section 4.6 gives that of semantic, the paper
# none for depth; normals take depth's, untried.
ALPHAS: dict[str, dict[str, float]] = {
    "paper": {"depth": 0.9, "normals": 0.9, "semantic": 0.4},
    "recommended": {"depth": 0.9, "normals": 0.9, "semantic": 0.9},
}
