"""The methods that a user names."""

from adaat_keras import methods
from adaat_keras.registry import split_names

# What "all" runs a method with, where it is not the benchmark's settings alone: the paper's three
# transfer functions, AT/DT's own networks beside ours, and both methods by the paper's recipe.
VARIANTS = {
    "ada_atdt": ("@paper", ":conv", ":unet", ":unet_attention"),
    "at_dt": (":dilated_resnet50@paper", "@paper", ""),
}


def chosen_methods(names: str) -> list[str]:
    """The methods of a benchmark, as `Variant.parse` takes them, from a list with commas.

    `"all"` is every method that exists, the paper's variants of it: source-only first, ADA-AT/DT
    and the oracle last.

    Example:
        >>> chosen_methods("source_only,ada_atdt:conv@paper")
        ['source_only', 'ada_atdt:conv@paper']
        >>> chosen_methods("all")[:3], chosen_methods("all")[-2:]
        (['source_only', 'at_dt:dilated_resnet50@paper', 'at_dt@paper'],
         ['ada_atdt:unet_attention', 'oracle'])
    """
    if names != "all":
        return split_names(names)
    order = sorted(
        methods.names(),
        key=lambda name: (name == "oracle", name == "ada_atdt", name != "source_only", name),
    )
    return [name + variant for name in order for variant in VARIANTS.get(name, ("",))]
