"""Trains a base model on labels."""

import keras
import tensorflow as tf

from adaat_keras.training.edge_head import EdgeHead
from adaat_keras.training.network_trainer import NetworkTrainer


class SupervisedTrainer(NetworkTrainer):
    """Trains encoder and decoder on the labels of one or more domains.

    On the source domain alone it is the paper's second step (N2); on source and target together
    it is the first step of AT/DT, which `AdversarialTrainer` extends by the domain classifier.

    A batch is `(images, labels)`, each a tuple with one tensor a domain: images
    `(batch, height, width, 3)` in 0..255, labels as the task's loss takes them. In training all
    images of a batch have one size, a multiple of the encoder's stride; in testing any size goes.

    Args:
        encoder, decoder: The base model; shared, not copied.
        domains: Names of the domains, used as prefixes in the logs.
        edge_weight: Weight of the edges' loss beside the task's; see `EdgeHead`.
        seed: Of the edges' head.
        **kwargs: As `NetworkTrainer`'s: `translator`, `augment`.

    Example:
        >>> from adaat_keras.models import Decoder, Encoder
        >>> trainer = SupervisedTrainer(Encoder(4, 1), Decoder(1, 4))
        >>> trainer.compile(keras.optimizers.Adam(), keras.losses.MeanAbsoluteError())
        >>> batch = (tf.ones((2, 32, 32, 3)),), (tf.ones((2, 32, 32, 1)),)
        >>> sorted(trainer.train_on_batch(*batch, return_dict=True))
        ['loss', 'source_task_loss']
    """

    def __init__(
        self,
        encoder,
        decoder,
        domains: tuple[str, ...] = ("source",),
        edge_weight: float = 0.0,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(encoder.stride, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.domains = domains
        self.edge_weight = edge_weight
        self.edge_head = EdgeHead(encoder.stride, seed) if edge_weight else None
        if self.edge_head:
            self.edge_head.build((None, None, None, encoder.features), (None, None, None, 3))

    def compile(self, optimizer, task_loss, metrics: dict[str, list] | None = None) -> None:
        """Set the optimizer, the task's loss and, per domain, the metrics of `test_step`."""
        names = ("loss", *self.task_loss_names, *(("edge_loss",) if self.edge_head else ()))
        super().compile(optimizer, self.base_variables, names)
        self.task_loss = task_loss
        self.domain_metrics = {domain: (metrics or {}).get(domain, []) for domain in self.domains}

    @property
    def task_loss_names(self) -> list[str]:
        """The domains' task losses as the log names them."""
        return [f"{domain}_task_loss" for domain in self.domains]

    @property
    def base_variables(self) -> list[keras.Variable]:
        """The trainable variables of encoder, decoder and the edges' head."""
        parts = (self.encoder, self.decoder, *([self.edge_head] if self.edge_head else []))
        return [variable for part in parts for variable in part.trainable_variables]

    def call(self, images, training=False):
        """The prediction for images whose size is a multiple of the encoder's stride."""
        return self.decoder(self.encoder(images, training=training), training=training)

    def train_step(self, data):
        """One optimizer step on the mean of the domains' task losses."""
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        images = self.seen(images)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            task_losses = self.domain_task_losses(labels, outputs)
            loss, logs = self.with_edges(tf.add_n(task_losses) / len(task_losses), features, images)
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        logs |= dict(zip(self.task_loss_names, task_losses, strict=True))
        return self.log(images[0], loss=loss, **logs)

    def seen(self, images) -> tuple:
        """The domains' images as the encoder sees them: those of the source translated."""
        if self.domains[0] != "source":
            return tuple(images)
        return self.translated_in_training(images[0]), *images[1:]

    def with_edges(self, loss, features, images) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The loss plus the edges' where they are wanted, and what to log of these."""
        if not self.edge_head:
            return loss, {}
        edge_loss = self.mean(self.edge_head(features, tf.concat(images, axis=0)))
        return loss + self.edge_weight * edge_loss, {"edge_loss": edge_loss}

    def test_step(self, data):
        """Update and return the domains' task losses and metrics."""
        logs = {}
        data = keras.utils.unpack_x_y_sample_weight(data)[:2]
        for domain, images, labels in zip(self.domains, *data, strict=True):
            padded = self.padded(images)
            if domain == "source":
                padded = self.translated(padded)
            outputs = self.cropped(self(padded), images)
            name = f"{domain}_task_loss"
            logs[name] = self.log(images, **{name: self.task_loss(labels, outputs)})[name]
            for metric in self.domain_metrics[domain]:
                metric.update_state(labels, outputs)
        return {**logs, **self.scores()}

    def scores(self) -> dict[str, tf.Tensor]:
        """The results of the domains' metrics."""
        return {
            f"{domain}_{name}": value
            for domain, metrics in self.domain_metrics.items()
            for name, value in self.results(metrics).items()
        }

    def domain_task_losses(self, labels, outputs) -> list[tf.Tensor]:
        """The task loss of each domain; the outputs are the domains' one after the other."""
        parts = tf.split(outputs, [tf.shape(y)[0] for y in labels])
        return [self.task_loss(y, part) for y, part in zip(labels, parts, strict=True)]
