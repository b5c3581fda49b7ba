"""Trains and times the networks on a GPU by JAX (`jax_training.py`), where TensorFlow has none.

    KERAS_BACKEND=jax python benchmarks/on_gpu.py speed --out speed.json
    KERAS_BACKEND=jax python benchmarks/on_gpu.py frames PLAN... --frames FILE
    KERAS_BACKEND=jax python benchmarks/on_gpu.py train PLAN... --frames FILE --out FILE.jsonl

`speed` times steps and predictions. `train` waits for the frames, trains the runs of its plans
(`PLANS`), seed by seed, and writes a line a run: its scores on `val` and `test`. It ends before
`--until` seconds have passed, and passes over runs that the file has; `--targets` names some of the
targets. Stages that several runs share are trained once. XLA must be left to try its convolutions:
with `--xla_gpu_autotune_level=0` a small step took 60 ms on an H200.
"""

import argparse
import json
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import jax
import jax.numpy as jnp
import jax_training as training
import numpy as np
from jax_training import HEIGHT, TIMES, WIDTH, Networks, Recipe

COUNTS = {"train": 1000, "val": 100, "test": 200}
LEARNING_RATE, BETA_2, BATCH = 1e-3, 0.95, 2
# Steps that are compiled as one program.
AT_ONCE = 150
# The shares of the simulator's classes, as the targets' camera sees them: what
# `batches.class_frequencies` gives. Here, so that programs are compiled while frames are rendered;
# `write_frames` looks whether they hold.
SHARES = np.array(
    [
        *(0.319448, 0.031219, 0.016826, 0.01162, 0.008446, 0.01805),
        *(0.058073, 0.11235, 0.017537, 0.299436, 0.106994),
    ]
)
TARGETS = ["real", "thermal", "night"]
NUMBERS = ("alpha", "decoded", "teacher", "base_1", "pairs")


# === Frames ===


def write_frames(path: Path, targets: set[str]) -> None:
    """Render the simulator as the targets' camera sees it, and the targets."""
    start, found = time.time(), {}
    zoom = training.street_camera("streets_sim").zoom_to(training.street_camera("streets_real"))
    seen = training.as_seen(training.street_frames("streets_sim", "train", COUNTS["train"]), zoom)
    shares = np.bincount(seen["semantic"][::10].reshape(-1), minlength=len(SHARES))
    np.testing.assert_allclose(shares / shares.sum(), SHARES, atol=1e-5)
    found |= {f"sim/train/{key}": value for key, value in seen.items()}
    for target in sorted(targets):
        for split, count in COUNTS.items():
            frames = training.street_frames(f"streets_{target}", split, count)
            found |= {f"{target}/{split}/{key}": value for key, value in frames.items()}
    beside = path.with_suffix(".part.npz")
    np.savez(beside, **found)
    os.rename(beside, path)
    print(f"frames: {time.time() - start:.0f} s, zoom {zoom:.3f}", flush=True)


# === Runs ===

# Of a run: what predicts, stage 1 and its recipe, and what else it is trained on.
#   name: (kind, stage 1, recipe, labelled frames of the target)
RUNS = {
    "source_only": ("base", None, Recipe(), None),
    "label_teacher": ("taught", None, Recipe(), None),
    "oracle": ("oracle", None, Recipe(), None),
    "at_dt": ("transfer", "adversarial_stage", Recipe(alpha=1.0), None),
    "ada_atdt": ("transfer", "adversarial_stage", Recipe(), None),
    "ada_atdt_95": ("transfer", "adversarial_stage", Recipe(alpha=0.95), None),
    "told_99": ("transfer", "adversarial_told", Recipe(), None),
    "pairs": ("transfer_pairs", "adversarial_stage", Recipe(1.0, teacher=0.0, pairs=0.1), None),
    "no_teacher": ("transfer", "adversarial_stage", Recipe(alpha=1.0, teacher=0.0), None),
}
for _count in (16, 64):
    RUNS[f"at_dt_{_count}"] = ("transfer", "adversarial_stage", Recipe(alpha=1.0), _count)
    RUNS[f"ada_atdt_{_count}"] = ("transfer", "adversarial_stage", Recipe(alpha=0.95), _count)
MAIN = ("source_only", "label_teacher", "oracle", "at_dt", "ada_atdt")
SETTLE = (
    *("at_dt", "ada_atdt", "ada_atdt_95", "told_99"),
    *("at_dt_16", "ada_atdt_16", "at_dt_64", "ada_atdt_64", "pairs", "no_teacher"),
)
PLANS = {
    # Direction, steps, seeds, targets, runs.
    "ds": ("ds", 1200, (0, 1, 2), ("real", "thermal"), MAIN),
    "sd": ("sd", 1200, (0, 1, 2), ("real", "thermal"), MAIN),
    "ds_3000": ("ds", 3000, (0, 1, 2), ("real", "thermal", "night"), MAIN),
    "sd_3000": ("sd", 3000, (0, 1, 2), ("real", "thermal", "night"), MAIN),
    "settle": ("ds", 1200, (0, 1, 2), ("real", "thermal"), SETTLE),
}


class Lab:
    """Trains stages on one pair of tasks; keeps what it has trained."""

    def __init__(self, direction: str, frames_file: Path, targets: set[str]):
        self.from_task, self.to_task = {
            "ds": ("depth", "semantic"),
            "sd": ("semantic", "depth"),
        }[direction]
        self.direction, self.targets = direction, targets
        self.net = Networks(self.from_task, self.to_task, "small", "mixed_bfloat16")
        self.shapes = jax.eval_shape(lambda weights: weights, self.net.weights(0))
        self.frames_file = frames_file
        self.kept: dict = {}
        self.programs: dict = {}

    # --- programs, compiled while frames are rendered ---

    def compile(self, names: tuple[str, ...]) -> None:
        """Compile the programs of these runs, several at a time."""
        wanted = {("supervised", False), ("teacher", False)}
        for name in names:
            kind, first, _, few = RUNS[name]
            if first:
                wanted |= {(first, few is not None), (kind, False)}
            if kind == "taught":
                wanted.add(("taught", False))
        wanted -= set(self.programs)
        with ThreadPoolExecutor(8) as pool:
            self.programs |= dict(zip(wanted, pool.map(self._compiled, wanted), strict=True))
        print(f"{self.direction}: {len(self.programs)} programs compiled", flush=True)

    def _compiled(self, what):
        stage, few = what
        start = time.time()
        weights = self.shapes
        learning = {name: weights[name] for name in training.TRAINS[stage]}
        one = stage in training.ONE_DOMAIN
        count = BATCH if one else BATCH // 2
        kinds = {"image": ("uint8", (3,)), "semantic": ("uint8", ()), "depth": ("float32", ())}

        def shape(key):
            dtype, channels = kinds[key]
            return jax.ShapeDtypeStruct((COUNTS["train"], HEIGHT, WIDTH, *channels), dtype)

        a = {"image": shape("image"), "from": shape(self.from_task), "to": shape(self.to_task)}
        frames = {"a": a}
        if not one:
            frames["b"] = {"image": a["image"], "from": a["from"]}
        if few:
            frames["c"] = {"image": a["image"]}
        picked = {d: jax.ShapeDtypeStruct((AT_ONCE, count), "int32") for d in frames}
        number = jax.ShapeDtypeStruct((), "float32")
        numbers = dict.fromkeys(NUMBERS, number)
        key = jax.eval_shape(lambda: jax.random.PRNGKey(0))
        rates = jax.ShapeDtypeStruct((AT_ONCE,), "float32")
        stages = self._stages
        found = jax.jit(training.program(stages, stage))
        lowered = found.lower(
            learning,
            (learning, learning),
            jax.ShapeDtypeStruct((), "int32"),
            weights,
            frames,
            picked,
            rates,
            key,
            number,
            numbers,
        )
        done = lowered.compile()
        print(f"  {self.direction} {stage}: {time.time() - start:.0f} s", flush=True)
        return done

    @property
    def _stages(self):
        return training.stages(self.net, np.maximum(SHARES, 1e-3) ** -0.5)

    # --- data ---

    def load(self) -> None:
        """Wait for the frames, and bring them to the device."""
        while not self.frames_file.exists():
            time.sleep(0.5)
        stored = np.load(self.frames_file)
        names = {"image": "image", "from": self.from_task, "to": self.to_task}
        self.frames = {
            (domain, split): {k: stored[f"{domain}/{split}/{key}"] for k, key in names.items()}
            for domain, split in [("sim", "train"), *((t, s) for t in self.targets for s in COUNTS)]
        }
        self.on_device = {
            key: jax.tree.map(jnp.asarray, frames)
            for key, frames in self.frames.items()
            if key[1] == "train"
        }

    # --- stages ---

    def stage(
        self, name, steps, seed, target, weights, recipe=None, few=None, source="sim", first=None
    ):
        """A stage's networks after training, from the memory where it was trained before."""
        key = (name, steps, seed, target, recipe, few, source, first)
        if key in self.kept:
            return self.kept[key]
        recipe = recipe or Recipe()
        a, one = self.on_device[source, "train"], name in training.ONE_DOMAIN
        frames = {"a": a}
        if not one:
            b = self.on_device[target, "train"]
            frames["b"] = {"image": b["image"], "from": b["from"]}
        if few and name.startswith("adversarial"):
            frames["c"] = {"image": frames["b"]["image"]}
        count = BATCH if one else BATCH // 2
        picked = {
            d: training.order(
                few if d == "b" and few else COUNTS["train"], steps, count, 10 * seed + n
            )
            for n, d in enumerate(frames)
        }
        learning = {each: weights[each] for each in training.TRAINS[name]}
        numbers = {name: getattr(recipe, name) for name in NUMBERS}
        start, curve = time.time(), []
        moments = tuple(jax.tree.map(jnp.zeros_like, learning) for _ in range(2))
        every = training.rates(steps, LEARNING_RATE)
        for before in range(0, steps, AT_ONCE):
            now = slice(before, before + AT_ONCE)
            learning, moments, loss = self.programs[name, "c" in frames](
                learning,
                moments,
                np.int32(before),
                weights,
                frames,
                {domain: order[now] for domain, order in picked.items()},
                every[now],
                jax.random.PRNGKey(seed),
                np.float32(BETA_2),
                {k: np.float32(v) for k, v in numbers.items()},
            )
            curve.append(loss)
        curve = [round(float(loss), 3) for loss in curve]
        took, after = time.time() - start, learning
        print(
            f"  {self.direction} {name} seed {seed} {target or source}: "
            f"{1000 * took / steps:.2f} ms a step, loss {curve[0]} to {curve[-1]}",
            flush=True,
        )
        self.kept[key] = after
        return after

    def run(self, name: str, steps: int, seed: int, target: str) -> dict:
        """A run's scores."""
        kind, first, recipe, few = RUNS[name]
        weights = self.net.weights(seed)
        paths = {"transfer": ("encoder_1", "transfer", "decoder_2")}
        path = paths.get(kind.split("_")[0], ("encoder_2", "decoder_2"))
        if kind == "oracle":
            weights |= self.stage("supervised", steps, seed, None, weights, source=target)
        else:
            weights |= self.stage("supervised", steps, seed, None, weights)
        if kind in ("taught", "transfer", "transfer_pairs"):
            weights |= self.stage("teacher", self.teacher_steps(steps), seed, None, weights)
        if kind == "taught":
            # Base model 2 begins anew, beside the teacher.
            fresh = self.net.weights(seed)
            weights |= {k: fresh[k] for k in ("encoder_2", "decoder_2")}
            weights |= self.stage("taught", steps, seed, target, weights)
        if first:
            of_first = Recipe(alpha=recipe.alpha)
            weights |= self.stage(first, steps, seed, target, weights, of_first, few)
            weights |= self.stage(kind, steps, seed, target, weights, recipe, few, first=first)
        found = {split: self.scored(weights, path, target, split) for split in ("val", "test")}
        if name == "at_dt":
            found["teacher"] = self.scored(
                weights, ("teacher_encoder", "teacher_decoder"), target, "test", by="from"
            )
        return found

    def teacher_steps(self, steps: int) -> int:
        """Those of a teacher beside stages of so many."""
        return TIMES * steps if self.to_task == "semantic" else steps

    def scored(self, weights, path, target, split, by="image") -> dict[str, float]:
        """Scores of a path of networks on whole frames."""
        frames = self.frames[target, split]
        predict = self.programs.setdefault(
            ("predict", path), jax.jit(training.predictor(self.net, *path))
        )
        weights = {name: weights[name] for name in path}
        predicted = []
        for n in range(0, len(frames["to"]), 20):
            x = frames[by][n : n + 20]
            if by != "image":
                x = self.net.from_task.picture(jnp.asarray(x))
            predicted.append(np.asarray(predict(weights, jnp.asarray(x, "float32"))))
        return training.scores(self.net.to_task, frames["to"], np.concatenate(predicted))


def targets_of(plans: list[str], only: list[str]) -> set[str]:
    """The targets of some plans."""
    return {target for plan in plans for target in PLANS[plan][3] if target in only}


def train(plans: list[str], only: list[str], frames: Path, out: Path, until: float) -> None:
    """Train the plans' runs on these targets, in this order, and write their scores."""
    begun, labs = time.time(), {}
    columns = ("direction", "target", "method", "seed", "steps", "teacher_steps")
    lines = out.read_text().splitlines() if out.exists() else []
    done = [tuple(map(json.loads(line).get, columns)) for line in lines]
    with out.open("a") as file:
        for plan in plans:
            direction, steps, seeds, targets, names = PLANS[plan]
            targets = [target for target in targets if target in only]
            if direction not in labs:
                labs[direction] = Lab(direction, frames, targets_of(plans, only))
            lab = labs[direction]
            lab.compile(names)
            if not hasattr(lab, "frames"):
                lab.load()
            for seed, target, name in product(seeds, targets, names):
                what = (direction, target, name, seed, steps, lab.teacher_steps(steps))
                row = dict(zip(columns, what, strict=True))
                if tuple(row.values()) in done:
                    continue
                if time.time() - begun > until:
                    print(f"{plan}: out of time at {seed} {target} {name}", flush=True)
                    return
                found = lab.run(name, steps, seed, target)
                file.write(json.dumps(row | found) + "\n")
                file.flush()
                done.append(tuple(row.values()))
                score = found["test"][lab.net.to_task.primary_metric]
                print(f"{target} {name} {steps} {seed}: {score:.3f}", flush=True)
        print(f"{plans}: done after {time.time() - begun:.0f} s", flush=True)


# === Speed ===


def speed(out: Path) -> None:
    """Milliseconds of a step of 8 x 128 x 128, and of a prediction, by size and precision."""
    rng = np.random.default_rng(0)
    measured = {}
    for size, dtype in (
        ("paper", "mixed_bfloat16"),
        ("paper", "float32"),
        ("small", "mixed_bfloat16"),
    ):
        net = Networks("depth", "semantic", size, dtype)
        weights, found = net.weights(0), training.stages(net, None)
        for stage, count in (("supervised", 8), ("adversarial_stage", 4), ("transfer", 4)):
            measured[size, dtype, stage] = _step(net, found, stage, count, rng)
        predict = training.predictor(net, "encoder_1", "transfer", "decoder_2")
        for height, width in ((256, 512), (1024, 2048)):
            x = jnp.asarray(rng.uniform(0, 255, (1, height, width, 3)), "float32")
            measured[size, dtype, f"predict {height}x{width}"] = jax.jit(predict), (weights, x), ()

    def compiled_of(job):
        program, state, rest = job
        return program.lower(*state, *rest).compile()

    with ThreadPoolExecutor(8) as pool:
        compiled = list(pool.map(compiled_of, measured.values()))
    rows = []
    for (size, dtype, what), program, job in zip(
        measured, compiled, measured.values(), strict=True
    ):
        row = {"size": size, "dtype": dtype, "what": what, **_timed(program, job[1], job[2])}
        print(row, flush=True)
        rows.append(row)
    out.write_text(json.dumps({"device": jax.devices()[0].device_kind, "rows": rows}, indent=1))


def _step(net, found, stage, count, rng) -> tuple:
    """A whole step, what it changes, and what it reads besides."""
    weights = net.weights(0)
    depth = rng.uniform(1, 90, (count, 128, 128)).astype("float32")
    b = {
        "image_a": rng.uniform(0, 255, (count, 128, 128, 3)).astype("float32"),
        "image_b": rng.uniform(0, 255, (count, 128, 128, 3)).astype("float32"),
        "1_a": depth,
        "1_b": depth,
        "2_a": rng.integers(0, 11, (count, 128, 128)).astype("uint8"),
    }
    loss = training.objective(found, stage)
    numbers = {name: getattr(Recipe(alpha=0.9), name) for name in NUMBERS}
    learning = {name: weights[name] for name in training.TRAINS[stage]}
    held = {name: value for name, value in weights.items() if name not in learning}

    def step(now, moments, number, held, b):
        gradients = jax.grad(lambda w: loss({**held, **w}, b, numbers))(now)
        now, moments = training.adam(now, moments, gradients, number, 1e-4, 0.95)
        return now, moments, number + 1

    moments = tuple(jax.tree.map(jnp.zeros_like, learning) for _ in range(2))
    state = (learning, moments, jnp.float32(1))
    return jax.jit(step), state, (held, jax.tree.map(jnp.asarray, b))


def _timed(compiled, state, rest) -> dict:
    """The median of five rounds of twenty; a step goes on from what the last one came to."""

    def several(times):
        now = state
        for _ in range(times):
            given = compiled(*now, *rest)
            now = given if rest else state
        return jax.block_until_ready(given)

    several(5)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        several(20)
        times.append((time.perf_counter() - start) / 20)
    memory = compiled.memory_analysis()
    return {
        "ms": round(1000 * statistics.median(times), 3),
        "spread_ms": [round(1000 * min(times), 3), round(1000 * max(times), 3)],
        "temporary_mb": round(getattr(memory, "temp_size_in_bytes", 0) / 1e6),
    }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["speed", "frames", "train"])
    parser.add_argument("plans", nargs="*", metavar="PLAN", help=", ".join(PLANS))
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=TARGETS)
    parser.add_argument("--frames", type=Path, default=Path("frames.npz"))
    parser.add_argument("--out", type=Path, default=Path("on_gpu.json"))
    parser.add_argument("--until", type=float, default=1e9, help="seconds")
    options = parser.parse_args()
    training.check_backend()
    if options.what == "speed":
        speed(options.out)
    elif options.what == "frames":
        write_frames(options.frames, targets_of(options.plans, options.targets))
    else:
        train(options.plans, options.targets, options.frames, options.out, options.until)


if __name__ == "__main__":
    main()
