"""The paper's Table 1 beside the networks' own counts."""

PAPER = (
    ("base model", 7.8),
    ("base model with domain classifier", 16.8),
    ("unet transfer", 53.2),
    ("unet_attention transfer", 71.8),
)


def parameter_table() -> str:
    """Table 1 as Markdown: millions of parameters in the paper and here, at `size="paper"`.

    The base model is counted with one output channel.
    """
    from adaat_keras.models import Decoder, DomainClassifier, Encoder, transfer

    base = Encoder().count_params() + Decoder(1).count_params()
    counts = (
        base,
        base + DomainClassifier().count_params(),
        transfer.get("unet")().count_params(),
        transfer.get("unet_attention")().count_params(),
    )
    lines = ["| network | paper | here | exactly |", "|---|---:|---:|---:|"]
    for (name, paper), count in zip(PAPER, counts, strict=True):
        lines.append(f"| {name} | {paper} | {count / 1e6:.2f} | {count:,} |")
    return "\n".join(lines)
