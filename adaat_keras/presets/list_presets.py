"""The presets that come with the package."""

from adaat_keras.presets.manifest import read_manifest


def list_presets() -> list[str]:
    """The names that `load` and `build_ada_atdt(weights=)` take, sorted.

    Example:
        >>> "streets_depth_to_semantic_small" in list_presets()
        True
    """
    return sorted(read_manifest())
