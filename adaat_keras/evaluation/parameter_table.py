"""The paper's Table 1 beside the networks' own counts."""

import keras

PAPER = (
    ("AT/DT base model", 90.1),
    ("base model", 7.8),
    ("base model with domain classifier", 16.8),
    ("AT/DT transfer", 226.9),
    ("unet transfer", 53.2),
    ("unet_attention transfer", 71.8),
)


def parameter_table() -> str:
    """Table 1 as Markdown: millions of parameters in the paper and here, at `size="paper"`.

    Base models are counted with one output channel. Ours meet the paper's counts; AT/DT's networks
    (`architecture="dilated_resnet50"`) do not: 90.1 million is more than twice the 40.7 that the
    layers of AT/DT's published code add up to, and six convolutions between 2048 channels have
    226.5.
    """
    from adaat_keras.models import DomainClassifier, transfer
    from adaat_keras.models.architectures import ARCHITECTURES

    # Shapes alone: AT/DT's transfer function would take a gigabyte.
    with keras.StatelessScope():
        base_at_dt, base = (
            ARCHITECTURES[name].encoder().count_params()
            + ARCHITECTURES[name].decoder(1).count_params()
            for name in ("dilated_resnet50", "residual")
        )
        counts = (
            base_at_dt,
            base,
            base + DomainClassifier().count_params(),
            *(
                transfer.get(name)().count_params()
                for name in ("six_convolutions", "unet", "unet_attention")
            ),
        )
    lines = ["| network | paper | here | exactly |", "|---|---:|---:|---:|"]
    for (name, paper), count in zip(PAPER, counts, strict=True):
        lines.append(f"| {name} | {paper} | {count / 1e6:.2f} | {count:,} |")
    return "\n".join(lines)
