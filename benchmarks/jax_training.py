"""ADA-AT/DT's stages a second time, in JAX: an independent check, and for GPUs without TensorFlow.

The networks, tasks and losses are the package's, which run on any Keras backend; batches, steps and
scores are written anew, so that `tests/test_jax_training.py` can hold them against the trainers'.
Frames and all steps of a stage stay on the device. `benchmarks/on_gpu.py` trains by it.

Needs `KERAS_BACKEND=jax`, and no TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import joblib
import keras
import numpy as np

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.camera import Camera
from adaat_keras.models import BaseModel, Decoder, DomainClassifier, Encoder
from adaat_keras.models.base_model import reseed
from adaat_keras.streets import VARIANTS
from adaat_keras.streets.camera import focal_length
from adaat_keras.streets.layout import LAYOUTS
from adaat_keras.streets.render import frame_seed, render_batch
from adaat_keras.training import losses
from adaat_keras.training.schedules import learning_rate_schedule

HEIGHT, WIDTH = 128, 256
# Label at which pixels do not count.
IGNORED = 255
BINS = 16
# Of the steps of the other stages, those of a teacher of classes: `methods.teacher.TIMES`.
TIMES = 2


# === Frames ===


def street_frames(name: str, split: str, count: int, jobs: int = -1) -> dict[str, np.ndarray]:
    """The first frames of a split of the streets, as `domains.Streets` renders them."""
    layout, look = LAYOUTS[VARIANTS[name].layout], VARIANTS[name].look
    seeds = [frame_seed(name, split, index) for index in range(count)]
    parts = joblib.Parallel(jobs)(
        joblib.delayed(render_batch)(layout, look, seeds[n : n + 8], HEIGHT, WIDTH)
        for n in range(0, count, 8)
    )
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def street_camera(name: str) -> Camera:
    """The camera of a domain of the streets."""
    layout = LAYOUTS[VARIANTS[name].layout]
    height = sum(layout.camera_height) / 2
    return Camera(HEIGHT, WIDTH, focal_length(layout, WIDTH), camera_height=height)


def as_seen(frames: dict[str, np.ndarray], zoom: float) -> dict[str, np.ndarray]:
    """The middle 1 / zoom of the frames, enlarged to their size, as `domains.seen.Seen` does it."""
    columns = round(min(WIDTH / zoom, WIDTH))
    rows = round(min(WIDTH / zoom, WIDTH) * HEIGHT / WIDTH)
    top, left = (round(side / 2 - side / 2 / zoom) for side in (HEIGHT, WIDTH))
    part = {k: v[:, top : top + rows, left : left + columns] for k, v in frames.items()}
    near = [(2 * np.arange(new) + 1) * old // (2 * new) for old, new in _sizes(rows, columns)]
    seen = {k: v[:, near[0]][:, :, near[1]] for k, v in part.items() if k != "image"}
    return {"image": np.stack([_bilinear(image) for image in part["image"]]), **seen}


def _sizes(rows: int, columns: int) -> tuple:
    return (rows, HEIGHT), (columns, WIDTH)


def _bilinear(image: np.ndarray) -> np.ndarray:
    """An image enlarged to the frames' size, pixels' centres kept, rounded."""
    image = image.astype(np.float32)
    for axis, (old, new) in enumerate(_sizes(*image.shape[:2])):
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        first = np.minimum(place.astype(int), max(old - 2, 0))
        share = (place - first).astype(np.float32).reshape([-1, 1, 1] if axis == 0 else [1, -1, 1])
        before, after = (np.take(image, np.minimum(first + n, old - 1), axis) for n in (0, 1))
        image = before + share * (after - before)
    return np.round(image).astype(np.uint8)


def color_changed(key, image):
    """An image 0 to 255 whose colours change every other time: `domains.augment.augment`."""
    keys = jax.random.split(key, 5)
    x = image.astype("float32") / 255
    y = x + jax.random.uniform(keys[0], (), minval=-0.2, maxval=0.2)
    middle = y.mean((0, 1), keepdims=True)
    y = (y - middle) * jax.random.uniform(keys[1], (), minval=0.8, maxval=1.2) + middle
    # Saturation, which TensorFlow takes in HSV, and hue.
    hue, saturation, value = _hsv(y)
    saturation = jnp.clip(
        saturation * jax.random.uniform(keys[2], (), minval=0.6, maxval=1.4), 0, 1
    )
    hue = (hue + jax.random.uniform(keys[3], (), minval=-0.05, maxval=0.05)) % 1
    y = jnp.clip(_rgb(hue, saturation, value), 0, 1)
    return 255 * jnp.where(jax.random.uniform(keys[4]) < 0.5, y, x)


def _hsv(rgb):
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value, low = rgb.max(-1), rgb.min(-1)
    spread = value - low
    safe = jnp.where(spread > 0, spread, 1)
    sector = jnp.where(
        value == r, (g - b) / safe, jnp.where(value == g, 2 + (b - r) / safe, 4 + (r - g) / safe)
    )
    hue = jnp.where(spread > 0, sector / 6 % 1, 0)
    return hue, jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0), value


def _rgb(hue, saturation, value):
    def channel(shift):
        place = (shift + hue * 6) % 6
        return value - value * saturation * jnp.clip(jnp.minimum(place, 4 - place), 0, 1)

    return jnp.stack([channel(5), channel(3), channel(1)], -1)


# === Stages ===


@dataclass(frozen=True)
class Recipe:
    """What a run may set; the defaults are the recommended recipe's.

    Args:
        alpha: Weight of the task loss in stage 1; 1 is AT/DT.
        decoded, teacher, base_1: Weights of stage 3's losses beside the transfer's.
        pairs: Weight of an adversary on pairs of task 1's labels and task 2's predictions.
    """

    alpha: float = 0.99
    decoded: float = 1.0
    teacher: float = 1.0
    base_1: float = 1.0
    pairs: float = 0.0


class Networks:
    """The networks for a pair of tasks, as functions of their weights."""

    def __init__(self, from_task: str, to_task: str, size: str = "small", dtype=None):
        self.from_task, self.to_task = tasks.get(from_task), tasks.get(to_task)
        self.size, self.dtype = size, dtype
        model = self._model(0)
        like = model.encoder_2
        width = {"base_filters": like.base_filters, "dtype": dtype}
        teacher = BaseModel(
            Encoder(residual_blocks=like.residual_blocks, **width),
            Decoder(self.to_task.channels, activation=self.to_task.activation, **width),
        )
        self.by_name = {
            **model.networks,
            "teacher_encoder": teacher.encoder,
            "teacher_decoder": teacher.decoder,
            "told_classifier": DomainClassifier(
                like.features + self._told, width=like.features, dtype=dtype
            ),
            "pair_classifier": DomainClassifier(
                3 + self.to_task.channels, width=like.features, dtype=dtype
            ),
        }

    def _model(self, seed: int):
        return build_ada_atdt(
            self.from_task, self.to_task, size=self.size, seed=seed, dtype=self.dtype
        )

    @property
    def _told(self) -> int:
        return self.from_task.classes or BINS

    def weights(self, seed: int) -> dict[str, list]:
        """First weights of every network."""
        networks = dict(self.by_name) | self._model(seed).networks
        for number, name in enumerate(
            ("teacher_encoder", "teacher_decoder", "told_classifier", "pair_classifier")
        ):
            reseed(networks[name], 50 * seed + number)
        return {
            name: [jnp.array(v.value) for v in network.trainable_variables]
            for name, network in networks.items()
        }

    def __call__(self, weights: dict[str, list], name: str, x):
        """A network's output."""
        return self.by_name[name].stateless_call(weights[name], [], x)[0]

    def through(self, weights, x, *names: str):
        """Several networks, one after the other."""
        for name in names:
            x = self(weights, name, x)
        return x

    def told(self, labels, size):
        """Labels of task 1 as a classifier reads them: one of some channels at each feature."""
        rows, columns = size
        near = labels[:, 2 :: HEIGHT // rows, 2 :: WIDTH // columns][:, :rows, :columns]
        if self.from_task.classes:
            return jax.nn.one_hot(near, self.from_task.classes)
        nearness = jnp.log(jnp.clip(near, 1, 100)) / jnp.log(100.0)
        bins = jnp.clip((nearness * BINS).astype("int32"), 0, BINS - 1)
        return jax.nn.one_hot(jnp.where(near > 0, bins, -1), BINS)


def hold(weights):
    """The weights as constants."""
    return jax.lax.stop_gradient(weights)


@dataclass(frozen=True)
class Stages:
    """What every stage minimizes: functions of weights, a batch and the recipe's numbers.

    A batch holds `image_a`, `image_b` and the labels `1_a`, `1_b`, `2_a`. The sum of the losses is
    given: each network's gradient is that of its own part of them.
    """

    net: Networks
    loss_1: Callable
    loss_2: Callable
    adversarial: Callable

    def supervised(self, w, b, numbers):
        """Encoder 2 and decoder 2 on one domain's labels of task 2."""
        return self.loss_2(b["2_a"], self.net.through(w, b["image_a"], "encoder_2", "decoder_2"))

    def adversarial_told(self, w, b, numbers):
        """Stage 1 with a classifier that is told the label of task 1."""
        return self.adversarial_stage(w, b, numbers, told=True)

    def adversarial_stage(self, w, b, numbers, told: bool = False):
        """Encoder 1 and decoder 1 on both domains' labels, against the classifier (eq. 1, 2).

        Where a batch has `image_c`, images of the target without labels, the classifier reads
        these in place of the labelled ones.
        """
        net, alpha = self.net, numbers["alpha"]
        a, count = b["image_a"], len(b["image_a"])
        images = [a, b["image_b"], *([b["image_c"]] if "image_c" in b else [])]
        features = net(w, "encoder_1", jnp.concatenate(images))
        outputs = net(w, "decoder_1", features[: 2 * count])
        task = (self.loss_1(b["1_a"], outputs[:count]) + self.loss_1(b["1_b"], outputs[count:])) / 2
        if len(images) > 2:
            features = jnp.concatenate([features[:count], features[2 * count :]])
        name = "told_classifier" if told else "domain_classifier"

        def judged(weights, features):
            if told:
                labels = jnp.concatenate([b["1_a"], b["1_b"]])
                more = net.told(labels, features.shape[1:3]).astype(features.dtype)
                features = jnp.concatenate([features, more], -1)
            return net(weights, name, features)

        domain = jnp.repeat(jnp.array([1.0, 0.0]), count, total_repeat_length=2 * count)
        fooled = self.adversarial(1 - domain, judged(hold(w), features))
        classifier = self.adversarial(domain, judged(w, hold(features)))
        return (1 - alpha) * fooled + alpha * task + classifier

    def teacher(self, w, b, numbers):
        """The teacher, from the source's labels of task 1 to those of task 2."""
        picture = self.net.from_task.picture(b["1_a"])
        said = self.net.through(w, picture, "teacher_encoder", "teacher_decoder")
        return self.loss_2(b["2_a"], said)

    def taught_labels(self, w, b):
        """What the teacher says of the target."""
        picture = self.net.from_task.picture(b["1_b"])
        said = self.net.through(hold(w), picture, "teacher_encoder", "teacher_decoder")
        return hold(self.net.to_task.soft_targets(said))

    def taught(self, w, b, numbers):
        """Encoder 2 and decoder 2 on the source's labels and the teacher's of the target."""
        images, count = jnp.concatenate([b["image_a"], b["image_b"]]), len(b["image_a"])
        outputs = self.net.through(w, images, "encoder_2", "decoder_2")
        known = self.loss_2(b["2_a"], outputs[:count])
        return (known + self.loss_2(self.taught_labels(w, b), outputs[count:])) / 2

    def transfer(self, w, b, numbers, pairs: bool = False):
        """The transfer function, and what learns on beside it (equation 3 and `TransferTrainer`).

        Both domains go through the networks one after the other, as the trainer sends them.
        """
        net = self.net
        features_a, features_b = (net(w, "encoder_1", b[f"image_{d}"]) for d in "ab")
        moved_a, moved_b = (net(w, "transfer", x) for x in (features_a, features_b))
        features_2 = hold(net(w, "encoder_2", b["image_a"]))
        apart = jnp.mean(jnp.abs(moved_a.astype("float32") - features_2.astype("float32")))
        outputs_a, outputs_b = (net(w, "decoder_2", x) for x in (moved_a, moved_b))
        decoded = self.loss_2(b["2_a"], outputs_a)
        taught = self.loss_2(self.taught_labels(w, b), outputs_b)
        base_1 = (
            self.loss_1(b["1_a"], net(w, "decoder_1", features_a))
            + self.loss_1(b["1_b"], net(w, "decoder_1", features_b))
        ) / 2
        loss = apart + numbers["decoded"] * decoded
        loss += numbers["teacher"] * taught + numbers["base_1"] * base_1
        if not pairs:
            return loss

        def judged(weights, a, b_):
            parts = []
            for outputs, labels in ((a, b["1_a"]), (b_, b["1_b"])):
                said = jax.nn.softmax(outputs) if net.to_task.classes else outputs
                parts.append(jnp.concatenate([net.from_task.picture(labels) / 255, said], -1))
            return net(weights, "pair_classifier", jnp.concatenate(parts))

        count = len(outputs_a)
        domain = jnp.repeat(jnp.array([1.0, 0.0]), count, total_repeat_length=2 * count)
        fooled = self.adversarial(1 - domain, judged(hold(w), hold(outputs_a), outputs_b))
        classifier = self.adversarial(domain, judged(w, hold(outputs_a), hold(outputs_b)))
        return loss + numbers["pairs"] * fooled + classifier


def stages(net: Networks, weights_of_classes: np.ndarray | None) -> Stages:
    """The stages with the losses that the recommended recipe has."""

    def loss(task):
        balanced = task.classes and weights_of_classes is not None
        return task.loss(weights_of_classes) if balanced else task.loss()

    adversarial = "binary_crossentropy" if net.from_task.classes else "least_squares"
    return Stages(net, loss(net.from_task), loss(net.to_task), losses.get(adversarial))


# Which networks each stage trains, and what its batches are of: source frames, target frames.
TRAINS = {
    "supervised": ("encoder_2", "decoder_2"),
    "adversarial_stage": ("encoder_1", "decoder_1", "domain_classifier"),
    "adversarial_told": ("encoder_1", "decoder_1", "told_classifier"),
    "teacher": ("teacher_encoder", "teacher_decoder"),
    "taught": ("encoder_2", "decoder_2"),
    "transfer": ("transfer", "encoder_1", "decoder_1", "decoder_2"),
    "transfer_pairs": ("transfer", "encoder_1", "decoder_1", "decoder_2", "pair_classifier"),
}
ONE_DOMAIN = ("supervised", "teacher")


def objective(found: Stages, stage: str) -> Callable:
    """A stage's loss as a function of weights, a batch and numbers."""
    if stage == "transfer_pairs":
        return partial(found.transfer, pairs=True)
    return getattr(found, stage)


# === Training ===


def adam(weights, moments, gradients, step, rate, beta_2):
    """Adam as Keras computes it."""
    beta_1, epsilon = 0.9, 1e-7
    m, v = moments
    m = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g**2, v, gradients)
    rate = rate * jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    new = {
        name: [
            w - rate * a / (jnp.sqrt(b) + epsilon)
            for w, a, b in zip(weights[name], m[name], v[name], strict=True)
        ]
        for name in weights
    }
    return new, (m, v)


def program(found: Stages, stage: str) -> Callable:
    """Some steps of a stage as one function, to be compiled.

    It takes the weights that learn, their moments, the number of steps before, the weights that
    stay, both domains' frames, the frames' numbers `(steps, batch)` of each domain, rates
    `(steps,)`, a random key, `beta_2` and the recipe's numbers; it gives the weights, the
    moments and the mean loss.
    """
    loss = objective(found, stage)

    def batch(frames, picked, key):
        images_key = jax.random.split(key)[0]
        b = {}
        for number, domain in enumerate(frames):
            which = picked[domain]
            image = frames[domain]["image"][which]
            keys = jax.random.split(jax.random.fold_in(images_key, number), len(which))
            b[f"image_{domain}"] = jax.vmap(color_changed)(keys, image)
            for task, name in (("1", "from"), ("2", "to")):
                if name in frames[domain]:
                    b[f"{task}_{domain}"] = frames[domain][name][which]
        return b

    def train(learning, moments, before, held, frames, picked, rates, key, beta_2, numbers):
        def step(carry, now):
            weights, moments = carry
            number, rate, chosen = now
            b = batch(frames, chosen, jax.random.fold_in(key, number))

            def of_weights(w):
                return loss({**held, **w}, b, numbers)

            value, gradients = jax.value_and_grad(of_weights)(weights)
            after = adam(weights, moments, gradients, number + 1.0, rate, beta_2)
            return after, value

        steps = before + jnp.arange(len(rates))
        after, values = jax.lax.scan(step, (learning, moments), (steps, rates, picked))
        return *after, values.mean()

    return train


def order(count: int, steps: int, batch: int, seed: int) -> np.ndarray:
    """Frames' numbers `(steps, batch)`: in every round over the frames each comes once."""
    rounds = -(-steps * batch // count)
    rng = np.random.default_rng(seed)
    numbers = np.concatenate([rng.permutation(count) for _ in range(rounds)])
    return numbers[: steps * batch].reshape(steps, batch).astype(np.int32)


def rates(steps: int, learning_rate: float) -> np.ndarray:
    """The package's cosine schedule."""
    schedule = learning_rate_schedule("cosine", learning_rate, 1, steps)
    return np.asarray(jax.vmap(schedule)(jnp.arange(steps)), np.float32)


# === Scores, in NumPy ===


def mean_iou(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, float]:
    """Mean IoU and accuracy in percent, over the classes that occur."""
    valid = truth != IGNORED
    cells = truth[valid].astype(np.int64) * classes + predicted[valid]
    confusion = np.bincount(cells, minlength=classes**2).reshape(classes, classes)
    union = confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
    each = np.diag(confusion)[union > 0] / union[union > 0]
    return {
        "mean_iou": 100 * float(each.mean()),
        "accuracy": 100 * float(np.trace(confusion) / confusion.sum()),
    }


def depth_errors(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Abs Rel, RMSE and delta 1, an image at a time; both in metres."""
    found = []
    for t, p in zip(truth, np.clip(predicted, 0.001, 100), strict=True):
        valid = (t > 0.001) & (t < 100)
        t, p = t[valid].astype(np.float64), p[valid].astype(np.float64)
        ratio = np.maximum(t / p, p / t)
        found.append(
            (np.mean(np.abs(t - p) / t), np.sqrt(np.mean((t - p) ** 2)), np.mean(ratio < 1.25))
        )
    return dict(zip(("abs_rel", "rmse", "delta_1"), np.mean(found, 0).tolist(), strict=True))


def scores(task, truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """A task's scores from labels and decoded predictions."""
    if task.classes:
        return mean_iou(truth, predicted, task.classes)
    return depth_errors(truth, predicted)


def predictor(net: Networks, *names: str) -> Callable:
    """Networks one after the other, decoded: classes uint8, or metres float32."""

    def predict(weights, images):
        outputs = net.through(weights, images, *names)
        task = net.to_task
        if task.classes:
            return jnp.argmax(outputs, -1).astype("uint8")
        return outputs[..., 0].astype("float32") * 100

    return predict


def check_backend() -> None:
    """Raise a `RuntimeError` unless Keras runs on JAX."""
    if keras.config.backend() != "jax":
        raise RuntimeError("set KERAS_BACKEND=jax")
