"""Training steps and predictions against the best of PyTorch, eager and compiled, in one table.

    pip install -e . torch
    python benchmarks/compare.py --threads 1            # all rows
    python benchmarks/compare.py --only adversarial small bfloat16

Each row is a process of its own, in which all columns take turns; the median counts. PyTorch gets
our weights, `channels_last`, a fused Adam and, in bfloat16, autocast; before anything is timed its
outputs and losses must be ours. With `--threads 1` what the processor worked is counted, which
hardly depends on what else runs; with more, what passed on the clock, for an idle machine.

Operations are two for each product of the networks as they are written down, three times that for
what learns, whatever a framework really computes; the peak is that of the faster of both
frameworks' products of 2048 x 2048 matrices in the same process. Memory is the peak of a process
that has this column alone, beyond what it took before. Results are kept in
docs/results/compare.json, row by row, and printed as a table of all rows in that file.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from functools import partial
from math import isnan, nan
from pathlib import Path

from adaat_keras.files import written_whole

RESULTS = Path(__file__).parent.parent / "docs/results/compare.json"
SHAPES = {"2 x 128 x 256": (2, 128, 256), "8 x 128 x 128": (8, 128, 128)}
IMAGES = {"256 x 512": (1, 256, 512), "1024 x 2048": (1, 1024, 2048)}
PRECISIONS = ("float32", "bfloat16")
FRAMEWORKS = ("keras", "torch", "compiled")
NETWORKS = ("small", "paper")
ALPHA, RATE = 0.4, 1e-3


def rows() -> list[tuple[str, str, str, str]]:
    """What is done, on which shape, by networks of which size, in which precision."""
    shapes = [(stage, "2 x 128 x 256") for stage in ("adversarial", "supervised", "transfer")]
    shapes += [("adversarial", "8 x 128 x 128"), *(("predict", image) for image in IMAGES)]
    return [(*shape, size, p) for shape in shapes for size in NETWORKS for p in PRECISIONS]


def columns(row, frameworks) -> list[str]:
    """What is timed in a row."""
    without = ["keras, no C", "torch, no C"] if row[0] == "adversarial" else []
    names = ["keras", "torch", "compiled", *without]
    return [name for name in names if name.partition(",")[0] in frameworks]


# === One row, in a process of its own ===


def make(row, wanted: list[str]) -> dict:
    """What each column does once, by name; PyTorch's outputs and losses are checked."""
    # Before TensorFlow, or its compiler ends the process.
    import torch

    # isort: split
    import keras
    import numpy as np
    import tensorflow as tf

    what, shape, size, precision = row
    keras.utils.set_random_seed(0)
    batch, height, width = {**SHAPES, **IMAGES}[shape]
    rng = np.random.default_rng(0)
    # As smooth as a picture is: of noise, bfloat16 would leave other features.
    images = rng.uniform(0, 255, (batch, height // 8, width // 8, 3)).astype("float32")
    images = images.repeat(8, 1).repeat(8, 2)
    labels = {
        "depth": rng.uniform(1, 99, (batch, height, width)).astype("float32"),
        "semantic": rng.integers(0, 11, (batch, height, width)).astype("uint8"),
    }
    ours = our_networks(size, "mixed_bfloat16" if precision == "bfloat16" else "float32")
    theirs, scope = THEIRS[what](ours, size), torch.autocast("cpu", torch.bfloat16)
    scope = scope if precision == "bfloat16" else torch.autocast("cpu", enabled=False)
    check(ours, theirs, images, scope, 0.05 if precision == "bfloat16" else 1e-3)
    first, tensors = {}, [tf.constant(images), {k: tf.constant(v) for k, v in labels.items()}]
    arrays = [torch.from_numpy(images).permute(0, 3, 1, 2)]
    arrays[0] = arrays[0].contiguous(memory_format=torch.channels_last)
    arrays += [{k: torch.from_numpy(v) for k, v in labels.items()}]
    arrays[1]["semantic"] = arrays[1]["semantic"].long()
    for name in wanted:
        framework, _, without = name.partition(", ")
        maker = keras_step if framework == "keras" else partial(torch_step, framework, scope)
        pair = (ours, tensors) if framework == "keras" else (theirs, arrays)
        first[name] = maker(what, *pair, bool(without))
    return first


def our_networks(size, dtype):
    """All six by name."""
    from adaat_keras import build_ada_atdt

    return build_ada_atdt("depth", "semantic", size=size, dtype=dtype).networks


def theirs_of(names, ours, size):
    """Twins of these networks, with our weights."""
    import torch_networks as twins

    from adaat_keras.models.sizes import SIZES

    options = SIZES[size]
    n = options["base_filters"]
    makers = {
        "encoder_1": lambda: twins.TorchEncoder(**options),
        "decoder_1": lambda: twins.TorchDecoder(1, n),
        "domain_classifier": lambda: twins.TorchClassifier(4 * n),
        "encoder_2": lambda: twins.TorchEncoder(**options),
        "decoder_2": lambda: twins.TorchDecoder(11, n),
        "transfer": lambda: twins.TorchTransfer(4 * n),
    }
    return {name: makers[name]().take_weights(ours[name]) for name in names}


THEIRS = {
    "adversarial": partial(theirs_of, ("encoder_1", "decoder_1", "domain_classifier")),
    "supervised": partial(theirs_of, ("encoder_2", "decoder_2")),
    "transfer": partial(theirs_of, ("encoder_1", "encoder_2", "transfer")),
    "predict": partial(theirs_of, ("encoder_1", "decoder_1")),
}
AFTER = {"transfer": "encoder_1", "domain_classifier": "encoder_1"}


def check(ours, theirs, images, scope, tolerance) -> dict[str, float]:
    """The largest difference of each network's outputs, as a share of the mean one.

    Raises:
        SystemExit: One is not the same network.
    """
    import numpy as np
    import torch

    kept, errors = {}, {}
    for name, twin in theirs.items():
        before = AFTER.get(name, name.replace("decoder", "encoder"))
        x = kept.get(before, images[:1, :256, :512])
        kept[name] = y = np.asarray(ours[name](x)).astype("float32")
        with torch.no_grad(), scope:
            twin_y = twin(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        errors[name] = float(np.abs(twin_y.float().numpy() - y).mean() / np.abs(y).mean())
    if max(errors.values()) > tolerance:
        raise SystemExit(f"the twins are not the same networks: {errors}")
    return errors


def keras_step(what, ours, data, without_classifier):
    """Our step on copies of the networks, as a function that returns the loss."""
    import tensorflow as tf

    from adaat_keras import tasks
    from adaat_keras.methods import AdversarialTrainer
    from adaat_keras.methods.ada_atdt import TransferTrainer
    from adaat_keras.report.score import any_size
    from adaat_keras.training.trainer import SupervisedTrainer

    def copied(name):
        copy = type(ours[name]).from_config(ours[name].get_config())
        copy.set_weights(ours[name].get_weights())
        return copy

    images, labels = data
    if what == "predict":
        from adaat_keras.models import BaseModel

        predict = any_size(BaseModel(copied("encoder_1"), copied("decoder_1")))
        return lambda: predict(images).numpy().mean()
    if what == "transfer":
        names = ("encoder_1", "encoder_2", "transfer", "decoder_2")
        trainer, batch = TransferTrainer(*map(copied, names)), images
        trainer.compile(adam())
    elif what == "supervised":
        trainer, batch = SupervisedTrainer(*map(copied, ("encoder_2", "decoder_2"))), None
        trainer.compile(adam(), tasks.get("semantic").loss())
        batch = (images, labels["semantic"])
    else:
        base = [copied("encoder_1"), copied("decoder_1")]
        batch = tuple(tuple(tf.split(x, 2)) for x in (images, labels["depth"]))
        loss = tasks.get("depth").loss()
        if without_classifier:
            trainer = SupervisedTrainer(*base, domains=("source", "target"))
            trainer.compile(adam(), loss)
        else:
            trainer = AdversarialTrainer(*base, copied("domain_classifier"), alpha=ALPHA)
            trainer.compile(adam(), adam(), loss, "least_squares")
    step = tf.function(trainer.train_step)
    # A mean over the steps so far, of which the first alone is looked at.
    return lambda: step(batch)["loss"].numpy()


def adam():
    """A run's own optimizer, without a schedule."""
    from adaat_keras.methods.recipe import Training

    return Training(schedule="constant", learning_rate=RATE).optimizer()


def torch_step(framework, scope, what, theirs, data, without_classifier):
    """PyTorch's step on copies of the twins, as a function that returns the loss."""
    import copy

    import torch
    import torch_networks as twins
    from torch.func import functional_call

    nets = {
        name: copy.deepcopy(twin).to(memory_format=torch.channels_last)
        for name, twin in theirs.items()
    }
    images, labels = data
    learning = [name for name in nets if what != "transfer" or name == "transfer"]
    if without_classifier:
        learning.remove("domain_classifier")
    domain = (torch.arange(len(images)) < len(images) // 2).float()

    def losses(images, labels):
        with scope:
            if what == "transfer":
                with torch.no_grad():
                    before, after = nets["encoder_1"](images), nets["encoder_2"](images)
                moved = nets["transfer"](before)
                return (moved.float() - after.float()).abs().mean(), 0.0
            if what == "supervised":
                outputs = nets["decoder_2"](nets["encoder_2"](images))
                return twins.semantic_loss(outputs, labels["semantic"]), 0.0
            features = nets["encoder_1"](images)
            outputs = nets["decoder_1"](features)
            task = twins.depth_loss(outputs, labels["depth"])
            if without_classifier:
                return task, 0.0
            classifier = nets["domain_classifier"]
            # Its weights get no gradient from what the encoder wants, and the features none from
            # what it wants: one backward pass for both.
            still = {name: weight.detach() for name, weight in classifier.named_parameters()}
            fooled = twins.adversarial_loss(
                functional_call(classifier, still, (features,)), 1 - domain
            )
            told = twins.adversarial_loss(classifier(features.detach()), domain)
            return (1 - ALPHA) * fooled + ALPHA * task, told

    def predict(images):
        with scope:
            return nets["decoder_1"](nets["encoder_1"](images))

    function = predict if what == "predict" else losses
    if framework == "compiled":
        function = torch.compile(function)
    if what == "predict":

        def once():
            with torch.inference_mode():
                return function(images).numpy().mean()

        return once
    optimizers = [torch.optim.Adam(nets[n].parameters(), RATE, fused=True) for n in learning]

    def once():
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss, told = function(images, labels)
        (loss + told).backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss.item()

    return once


def time_row(row, frameworks, threads: int, repeats: int) -> dict:
    """Seconds of each column, the first losses, operations, and the machine's peak."""
    clock = time.process_time if threads == 1 else time.perf_counter
    import torch

    torch.set_num_threads(threads)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    steps = make(row, columns(row, frameworks))
    first = {name: float(step()) for name, step in steps.items()}
    groups = [[v for n, v in first.items() if n.endswith("no C") == end] for end in (True, False)]
    for values in filter(None, groups):
        # In bfloat16 every framework rounds where it likes.
        if max(values) - min(values) > (0.03 if row[-1] == "bfloat16" else 1e-3) * max(values):
            raise SystemExit(f"the first losses differ: {first}")
    seconds = {name: [] for name in steps}
    for repeat in range(-2, repeats):
        for name, step in steps.items():
            # One framework's threads still spin when the other's begin.
            time.sleep(0.01)
            start = clock()
            step()
            if repeat >= 0:
                seconds[name].append(clock() - start)
    return {
        "seconds": seconds,
        "first": first,
        "peak": peak(row[-1], clock),
        "operations": operations(row),
    }


def peak(precision, clock) -> float:
    """Operations a second of the faster framework's matrix product."""
    import tensorflow as tf
    import torch

    a = tf.cast(tf.random.stateless_normal((2048, 2048), (0, 0)), precision)
    b = torch.randn(2048, 2048, dtype=getattr(torch, precision))
    best = 0.0
    for product in (tf.function(lambda: tf.matmul(a, a)), lambda: b @ b):
        for _ in range(6):
            start = clock()
            product()
            best = max(best, 2 * 2048**3 / (clock() - start))
    return best


def operations(row) -> float:
    """Of a step or prediction by this package's networks, as they are written down."""
    what, shape, size, _ = row
    batch, height, width = {**SHAPES, **IMAGES}[shape]
    from adaat_keras.models.sizes import SIZES

    n, blocks = SIZES[size].values()
    pixels = batch * height * width
    encoder = 147 * n + 18 * n * n / 4 + 72 * n * n / 16 + blocks * 288 * n * n / 16

    def decoder(channels):
        return 72 * n * n / 4 + 18 * n * n + 49 * n * channels

    if what == "predict":
        return 2 * pixels * (encoder + decoder(1))
    if what == "adversarial":
        return 6 * pixels * (encoder + decoder(1))
    if what == "supervised":
        return 6 * pixels * (encoder + decoder(11))
    f = 2 * n  # Of the U-Net's narrow features, at a quarter of the image's size.
    down = [9 * 2 * f * f] + [9 * f * 2**k * f * 2 ** (k + 1) / 4 ** (k + 1) for k in range(3)]
    bottom = 4 * 9 * (8 * f) ** 2 / 64
    up = 0
    for k in range(3):
        w = f * 2**k
        up += (2 * w * w + 9 * 2 * w * 2 * w + 9 * 2 * w * w + w + 9 * 2 * w * w) / 4**k
    return 2 * pixels * (2 * encoder + 3 * (sum(down) + bottom + up + f * 2 * f) / 16)


def memory_of(row, column) -> float:
    """MiB at the peak of a few steps, beyond what the process took before."""
    step = make(row, [column])[column]
    # From here on, without what imports and checks took, and what the allocator has kept of it.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    for _ in range(3):
        step()
    return (memory("VmHWM") - before) / 1024


def memory(what: str) -> int:
    """KiB that Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


# === All rows ===


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], help="rows with all of these words")
    parser.add_argument("--frameworks", nargs="+", default=FRAMEWORKS, choices=FRAMEWORKS)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=15, help="of paper's size: a third")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--memory", action="store_true", help="too")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    parser.add_argument("--column", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        row = json.loads(options.row)
        if options.column:
            result = memory_of(row, options.column)
        else:
            repeats = options.repeats if row[2] == "small" else -(-options.repeats // 3)
            result = time_row(row, options.frameworks, options.threads, repeats)
        print(json.dumps(result))
        return
    for row in rows():
        if not set(options.only) <= set(" ".join(row).split()):
            continue
        name = f"{', '.join(row)}, threads {options.threads}"
        found = started(row, options, [])
        if options.memory:
            for column in ("keras", "torch"):
                found.setdefault("mib", {})[column] = started(row, options, ["--column", column])
        # Read again, since another row may have been measured beside this one.
        known = read(options.out)
        known[name] = {**known.get(name, {}), **found}
        with written_whole(options.out) as temporary:
            temporary.write_text(json.dumps(known, indent=1))
        print(line(name, known[name]), flush=True)
    print("\n" + table(read(options.out)))


def read(file: Path) -> dict:
    """The rows that are known."""
    return json.loads(file.read_text()) if file.exists() else {}


def started(row, options, more: list[str]):
    """What this file prints of a row in a process of its own."""
    command = [sys.executable, __file__, "--row", json.dumps(row), *more]
    command += ["--threads", str(options.threads), "--repeats", str(options.repeats)]
    command += ["--frameworks", *options.frameworks]
    # Read before TensorFlow starts.
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(options.threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise SystemExit(f"{row}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


HEAD = (
    "| what | threads | ours, ms | PyTorch eager | compiled | ours / best | of the peak | C adds "
    "| MiB, ours | PyTorch |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def table(results: dict) -> str:
    """All rows as Markdown."""
    return "\n".join([HEAD, *(line(name, found) for name, found in results.items())])


def line(name: str, found: dict) -> str:
    """A row as Markdown."""
    middle = {n: sorted(values)[len(values) // 2] for n, values in found["seconds"].items()}
    peers = [middle[n] for n in ("torch", "compiled") if n in middle]
    share = found["operations"] / middle["keras"] / found["peak"]
    name, _, threads = name.rpartition(", threads ")
    cells = [name, threads, *(told(1000 * middle.get(n, nan), 1) for n in FRAMEWORKS)]
    cells += [told(middle["keras"] / min(peers, default=nan), 2), f"{100 * share:.0f} %"]
    added = middle["keras"] / middle["keras, no C"] - 1 if "keras, no C" in middle else None
    cells += ["" if added is None else f"{100 * added:.0f} %"]
    cells += [told(found.get("mib", {}).get(n, nan), 0) for n in ("keras", "torch")]
    return f"| {' | '.join(cells)} |"


def told(number: float, digits: int) -> str:
    """A number, or nothing where there is none."""
    return "" if isnan(number) else f"{number:,.{digits}f}"


if __name__ == "__main__":
    main()
