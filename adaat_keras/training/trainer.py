"""Trainers: Keras models that train networks passed to them.

Networks outlive their trainer: save the networks, not the trainer. A trainer is compiled and fitted
like any Keras model, with plain `tf.data` batches and Keras' callbacks.
"""

from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from adaat_keras import _require_tensorflow
from adaat_keras.layers import CropLike, PadToStride
from adaat_keras.registry import plain_name
from adaat_keras.training.keras_workarounds import KerasWorkarounds

_require_tensorflow("training")
LEARNING_RATE = 5e-4
"""Of Adam, for all networks (section 4.5)."""

AnyOptimizer = keras.optimizers.Optimizer | str
AnyLoss = keras.losses.Loss | str | Callable
"""As `keras.Model.compile` takes them: objects, names, functions."""

Batch = tf.Tensor | tuple
"""As `fit` and `evaluate` pass it to a step: images, or images and labels."""
Logs = dict[str, tf.Tensor]
"""What a step returns: losses and scores by name."""


class Trainer(KerasWorkarounds, keras.Model):
    """Base class of all trainers: checks, logs, padding in testing, optional translation.

    A trainer is marked as built from the start, since its networks are built.

    Args:
        stride: What height and width of the networks' inputs must be multiples of; in testing,
            images of other sizes are padded, and predictions cropped back.
        translator: Translates images of the source into the target's style before any other
            network sees them; not trained.
        augment: Augments a translated image in training, given the image and its number in the
            stage. Applied after translation, as the translator was trained on unaugmented images.
    """

    def __init__(
        self,
        stride: int,
        translator: keras.Model | None = None,
        augment: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.translator = translator
        self.augment = augment
        self.pad = PadToStride(stride)
        self.crop = CropLike(dtype="float32")
        self.means: dict[str, keras.metrics.Mean] = {}
        self.built = True

    def compile(
        self,
        optimizer: AnyOptimizer | None,
        variables: list[keras.Variable],
        means: Sequence[str],
        *,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool = False,
    ) -> None:
        """Set the optimizer of these variables (Adam by default), and the names of logged means.

        The last three arguments are `keras.Model.compile`'s, and are accepted by every trainer's
        `compile`; its other arguments are not supported.

        Raises:
            ValueError: The precision is float16. Keras applies loss scaling to the model's
                `optimizer` only, so that a second one would get gradients that underflow.
        """
        if any(layer.compute_dtype == "float16" for layer in self.layers):
            raise ValueError(
                "precision 'mixed_float16' is not supported: Keras would scale the loss of one "
                "of two optimizers alone; use 'mixed_bfloat16', which needs no scaling"
            )
        optimizer = adam(optimizer)
        super().compile(
            optimizer=optimizer,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        # Restoring a checkpoint only fills optimizer slots that exist.
        optimizer.build(variables)
        self.means = {name: keras.metrics.Mean(name=name) for name in means}

    def translated(self, images: tf.Tensor) -> tf.Tensor:
        """Images of the source, translated if there is a translator."""
        if self.translator is None:
            return images
        return tf.stop_gradient(self.translator(tf.cast(images, "float32"), training=False))

    def translated_in_training(self, images: tf.Tensor) -> tf.Tensor:
        """Images as `translated` returns them, augmented if there is a translator."""
        images = self.translated(images)
        if self.translator is None or self.augment is None:
            return images
        context, count = tf.distribute.get_replica_context(), tf.shape(images, "int64")[0]
        batch = tf.cast(self.optimizer.iterations, "int64") * context.num_replicas_in_sync
        batch += tf.cast(context.replica_id_in_sync_group, "int64")
        numbers = batch * count + tf.range(count)
        # On the CPU, as in the data pipeline: contrast has no deterministic GPU kernel.
        with tf.device("/CPU:0"):
            return tf.map_fn(lambda each: self.augment(*each), (images, numbers), "float32")

    def unpacked(self, data: Batch) -> tuple:
        """Unpack a batch from `fit` or `evaluate` to images and labels, which may be `None`.

        Raises:
            ValueError: There are sample or class weights, which no loss here uses.
        """
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weights is not None:
            raise ValueError(
                f"a {type(self).__name__} takes no sample_weight and no class_weight: its batches "
                "are (images, labels), and what a class counts is a task's loss(class_weights)"
            )
        return images, labels

    def check_given(self, weight: str, *needed: str) -> None:
        """Raise a `ValueError` if this weight is not 0 and an attribute that it needs is `None`."""
        missing = [name for name in needed if getattr(self, name) is None]
        if getattr(self, weight) and missing:
            raise ValueError(f"{weight}={getattr(self, weight)} needs {', '.join(missing)}")

    def check_images(self, *images: tf.Tensor) -> None:
        """Raise a `ValueError` unless height and width of these images are multiples of the stride.

        If the size is unknown in a graph, it is checked when the graph runs.
        """
        stride, trainer = self.pad.stride, type(self).__name__
        need = f"a {trainer} trains on images whose height and width are multiples of {stride}"
        for each in images:
            if len(each.shape) != 4:
                raise ValueError(
                    f"a {trainer} takes images (batch, height, width, 3), not {tuple(each.shape)}"
                )
            if None in each.shape[1:3]:
                tf.debugging.assert_equal(tf.shape(each)[1:3] % stride, 0, f"{need}; others came")
            elif any(side % stride for side in each.shape[1:3]):
                raise ValueError(
                    f"{need}, not {each.shape[1]} x {each.shape[2]}: crop them, or pad them and "
                    f"their labels, as adaat_keras.layers.PadToStride({stride}) pads images"
                )

    @staticmethod
    def mean(values: tf.Tensor) -> tf.Tensor:
        """The mean (0 if empty) over the number of replicas, since gradients are summed over these.

        For losses that are not a `keras.losses.Loss`, which does the same.
        """
        total = tf.reduce_sum(values)
        mean = tf.math.divide_no_nan(total, tf.cast(tf.size(values), total.dtype))
        return mean / tf.distribute.get_strategy().num_replicas_in_sync

    @staticmethod
    def gathered(values: tf.Tensor) -> tf.Tensor:
        """The values of all devices, for losses that are not a mean over images."""
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return values
        return context.all_gather(values, axis=0)

    def padded(self, images: tf.Tensor) -> tf.Tensor:
        """Images padded to the stride, and one black image if the batch is empty.

        Some replicas get an empty batch if there are too few images, which networks cannot process.
        """
        spare = tf.cast(tf.equal(tf.shape(images)[0], 0), "int32")
        return self.pad(tf.pad(images, [[0, spare], [0, 0], [0, 0], [0, 0]]))

    def cropped(self, outputs: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Crop outputs for `padded(images)` to the number and size of `images`."""
        return self.crop([outputs, images])[: tf.shape(images)[0]]

    def log(self, images: tf.Tensor, **losses: tf.Tensor) -> Logs:
        """Update the logged means of these losses, weighted by the number of images; return all.

        Losses come divided by the number of replicas, since gradients are summed over these; this
        is undone for the log.
        """
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for name, loss in losses.items():
            self.means[name].update_state(loss * replicas, tf.shape(images)[0])
        return {name: mean.result() for name, mean in self.means.items()}

    def scores(self) -> Logs:
        """The results of `test_step`'s metrics by their names in the log."""
        return {}

    def evaluate(
        self, *args, return_dict: bool = False, **kwargs
    ) -> dict[str, float] | list[float]:
        """As in Keras, but metrics are computed over all replicas together.

        Keras averages the replicas' results, which is wrong for metrics such as mean IoU.
        """
        logs = super().evaluate(*args, return_dict=True, **kwargs)
        with self.distribute_strategy.scope():
            results = {name: mean.result() for name, mean in self.means.items()} | self.scores()
        logs = {name: float(results[name]) for name in logs}
        return logs if return_dict else list(logs.values())

    def get_config(self) -> dict:
        """Raise `NotImplementedError`: save the networks instead, or the trainer's weights.

        `save_weights` keeps the whole state, including the optimizers'.
        """
        raise NotImplementedError(
            f"a {type(self).__name__} cannot be saved whole: save the networks that it trains, or "
            "its weights, as in ModelCheckpoint('last.weights.h5', save_weights_only=True)"
        )

    @staticmethod
    def results(metrics: list) -> dict[str, tf.Tensor]:
        """The results of these metrics by name."""
        results = {}
        for metric in metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results


class SupervisedTrainer(Trainer):
    """Trains encoder and decoder on the labels of one or more domains.

    On the source alone it trains base model 2 (the paper's N2), on source and target together base
    model 1 as in AT/DT. ADA-AT/DT's `AdversarialTrainer` adds the domain classifier.

    A batch is `(images, labels)`: images `(batch, height, width, 3)` in 0 to 255, labels as the
    task's loss takes them. With several domains, both are tuples with one tensor per domain. In
    training, height and width must be multiples of the encoder's stride; in testing, images may
    have any size.

    Args:
        encoder, decoder: The base model; shared, not copied.
        domains: Names of the domains, used as prefixes in the logs.
        **kwargs: As `Trainer`'s: `translator`, `augment`.

    Example:
        >>> from adaat_keras.models import Decoder, Encoder
        >>> trainer = SupervisedTrainer(Encoder(4, 1), Decoder(1, 4))
        >>> trainer.compile(keras.optimizers.Adam(5e-4), keras.losses.MeanAbsoluteError())
        >>> batch = tf.ones((2, 32, 32, 3)), tf.ones((2, 32, 32, 1))
        >>> sorted(trainer.train_on_batch(*batch, return_dict=True))
        ['loss', 'source_task_loss']
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        domains: tuple[str, ...] = ("source",),
        **kwargs,
    ):
        super().__init__(encoder.stride, **kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.domains = domains

    def compile(
        self,
        optimizer: AnyOptimizer | None = None,
        task_loss: AnyLoss | None = None,
        metrics: Mapping[str, list] | None = None,
        **kwargs,
    ) -> None:
        """Set the optimizer, the task loss and each domain's metrics for `test_step`.

        Optimizers and losses may be given by name; other arguments are `Trainer.compile`'s.

        Raises:
            ValueError: There is no task loss, there is no such domain, or the precision is float16.
        """
        if task_loss is None:
            raise ValueError("task_loss is missing: a task's `loss()`, or any keras.losses.Loss")
        if metrics is not None and not (
            isinstance(metrics, Mapping) and set(metrics) <= set(self.domains)
        ):
            raise ValueError(
                f"metrics are a dictionary of lists, with the keys {', '.join(self.domains)}, "
                f"not {metrics!r}"
            )
        names = ("loss", *self.task_loss_names)
        super().compile(optimizer, self.base_variables, names, **kwargs)
        self.task_loss = loss_of(task_loss)
        self.domain_metrics = {domain: (metrics or {}).get(domain, []) for domain in self.domains}

    @property
    def task_loss_names(self) -> list[str]:
        """The domains' task losses as the log names them."""
        return [f"{domain}_task_loss" for domain in self.domains]

    @property
    def base_variables(self) -> list[keras.Variable]:
        """The trainable variables of encoder and decoder."""
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The prediction for images whose size is a multiple of the encoder's stride."""
        return self.decoder(self.encoder(images, training=training), training=training)

    def train_step(self, data: Batch) -> Logs:
        """One optimizer step on the mean of the domains' task losses."""
        images, labels = self.training_batch(data)
        images = self.with_translated_source(images)
        with tf.GradientTape() as tape:
            features = self.encoder(tf.concat(images, axis=0), training=True)
            outputs = self.decoder(features, training=True)
            task_losses = self.domain_task_losses(labels, outputs)
            loss = tf.add_n(task_losses) / len(task_losses)
        self.optimizer.apply(tape.gradient(loss, self.base_variables), self.base_variables)
        logs = dict(zip(self.task_loss_names, task_losses, strict=True))
        return self.log(images[0], loss=loss, **logs)

    def test_step(self, data: Batch) -> Logs:
        """Update and return the domains' task losses and metrics; the loss is the tasks' alone."""
        logs = {}
        for domain, images, labels in zip(self.domains, *self.by_domain(data), strict=True):
            padded = self.padded(images)
            if domain == "source":
                padded = self.translated(padded)
            outputs = self.cropped(self(padded), images)
            name, loss = f"{domain}_task_loss", self.task_loss(labels, outputs)
            logs[name] = self.log(images, **{name: loss, "loss": loss})[name]
            for metric in self.domain_metrics[domain]:
                metric.update_state(labels, outputs)
        return {"loss": self.means["loss"].result(), **logs, **self.scores()}

    def by_domain(
        self, data: Batch, images: int | None = None, labels: int | None = None
    ) -> tuple[tuple, tuple]:
        """Images and labels of a batch, each a tuple with one tensor per domain.

        Args:
            data: A batch as `fit` and `evaluate` pass it to a step.
            images, labels: Expected numbers of tensors; by default one per domain.

        Raises:
            ValueError: There are more or fewer tensors.
        """
        parts = tuple(x if isinstance(x, tuple | list) else (x,) for x in self.unpacked(data))
        due = tuple(len(self.domains) if n is None else n for n in (images, labels))
        found = tuple(sum(x is not None for x in part) for part in parts)
        if found != due:
            raise ValueError(
                f"a batch of a {type(self).__name__} is a pair of {due[0]} image and {due[1]} "
                f"label tensors here, as its docstring has it, not of {found[0]} and {found[1]}"
            )
        return parts

    def training_batch(
        self, data: Batch, images: int | None = None, labels: int | None = None
    ) -> tuple[tuple, tuple]:
        """As `by_domain`, with the images' size checked."""
        parts = self.by_domain(data, images, labels)
        self.check_images(*parts[0])
        return parts

    def with_translated_source(self, images: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """The domains' images as the encoder sees them, the source's translated."""
        if self.domains[0] != "source":
            return tuple(images)
        return self.translated_in_training(images[0]), *images[1:]

    def domain_task_losses(
        self, labels: Sequence[tf.Tensor], outputs: tf.Tensor
    ) -> list[tf.Tensor]:
        """The task loss of each domain; the outputs are concatenated along the batch."""
        parts = tf.split(outputs, [tf.shape(y)[0] for y in labels])
        return [self.task_loss(y, part) for y, part in zip(labels, parts, strict=True)]

    def scores(self) -> Logs:
        """The results of the domains' metrics."""
        return {
            f"{domain}_{name}": value
            for domain, metrics in self.domain_metrics.items()
            for name, value in self.results(metrics).items()
        }


def counts_of(images: Sequence[tf.Tensor]) -> list:
    """The number of images per domain, as Python integers where a graph knows them statically.

    Example:
        >>> counts_of([tf.ones((3, 8, 8, 3)), tf.ones((2, 8, 8, 3))])
        [3, 2]
    """
    return [tf.shape(x)[0] if x.shape[0] is None else x.shape[0] for x in images]


def adam(optimizer: AnyOptimizer | None) -> keras.optimizers.Optimizer:
    """An optimizer, given as an object or by name; `None` is the paper's Adam.

    Example:
        >>> type(adam(None)).__name__, type(adam("sgd")).__name__
        ('Adam', 'SGD')
    """
    if optimizer is None:
        return Adam(LEARNING_RATE)
    return keras.optimizers.get(optimizer)


class Adam(keras.optimizers.Adam):
    """Keras' Adam with a fused kernel: one operation per variable instead of a dozen.

    Updates the paper's networks in less than half the time. Results are equal up to rounding, and
    the state is the same, so that checkpoints are interchangeable with Keras' Adam.

    Example:
        >>> variable = keras.Variable([1.0, 2.0])
        >>> Adam(0.1).apply([tf.constant([5.0, -5.0])], [variable])
        >>> variable.numpy().round(4).tolist()
        [0.8999999761581421, 2.0999999046325684]
    """

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update a variable and its two moments."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices) or variable.dtype != tf.float32:
            super().update_step(gradient, variable, learning_rate)
            return
        number = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, "float32")
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[number].value.handle,
            v=self._velocities[number].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, "float32"),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, "float32"),
        )


def loss_of(what: AnyLoss | None) -> keras.losses.Loss | None:
    """A loss from an object, a name or a function, as `keras.Model.compile` takes it.

    Example:
        >>> loss_of("mse").name, loss_of(lambda labels, outputs: outputs - labels).name
        ('mean_squared_error', 'lambda')
    """
    found = keras.losses.get(what)
    if found is None or isinstance(found, keras.losses.Loss):
        return found
    name = getattr(found, "__name__", type(found).__name__)
    # For names, Keras returns functions; the class of that name also fits shapes and handles
    # devices. A user's function may share its name with one of Keras', hence the check.
    if found is getattr(keras.losses, name, None):
        for each in vars(keras.losses).values():
            if isinstance(each, type) and plain_name(each.__name__) == plain_name(name):
                return each()
    return _FunctionLoss(found, name)


class _FunctionLoss(keras.losses.Loss):
    """The mean of a function of labels and outputs."""

    def __init__(self, function: Callable, name: str):
        super().__init__(name=name.strip("<>"))
        self.function = function

    def call(self, y_true, y_pred):
        """Apply the function."""
        return self.function(y_true, y_pred)
