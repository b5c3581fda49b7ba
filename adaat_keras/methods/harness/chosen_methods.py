"""The methods that a user names."""

from adaat_keras import methods
from adaat_keras.registry import split_names

# The networks that "all" runs a method with, where they are not the benchmark's alone: the paper's
# three transfer functions, and AT/DT's own networks beside ours.
NETWORKS = {"ada_atdt": (":conv", ":unet", ":unet_attention"), "at_dt": ("", ":dilated_resnet50")}


def chosen_methods(names: str) -> list[str]:
    """The methods of a benchmark, as `Variant.parse` takes them, from a list with commas.

    `"all"` is every method that exists, the paper's variants of it: source-only first, ADA-AT/DT
    and the oracle last.

    Example:
        >>> chosen_methods("source_only,ada_atdt:conv@paper")
        ['source_only', 'ada_atdt:conv@paper']
        >>> chosen_methods("all")[:3], chosen_methods("all")[-2:]
        (['source_only', 'at_dt', 'at_dt:dilated_resnet50'], ['ada_atdt:unet_attention', 'oracle'])
    """
    if names != "all":
        return split_names(names)
    order = sorted(
        methods.names(),
        key=lambda name: (name == "oracle", name == "ada_atdt", name != "source_only", name),
    )
    return [name + networks for name in order for networks in NETWORKS.get(name, ("",))]
