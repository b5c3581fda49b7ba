"""The options of a run beside its recipe and its training, each told once: here.

The command line is generated from these dataclasses. Nothing here imports Keras or TensorFlow, so
that `--help` does not wait for them.
"""

from dataclasses import dataclass

from adaat_keras.methods.recipe import as_numbers, check_validation_frames, option
from adaat_keras.registry import check_name


@dataclass(frozen=True)
class Data:
    """Where a run's frames come from, and which of them it is scored on.

    Args:
        source, target: Domains A and B: a name, `"module:Class"` or `"file.py:Class"`; `{"name":
            ..., "identity": ...}` where a Python program passed an object.
        from_task, to_task: Tasks 1 and 2, as `adaat_keras.tasks.get` takes them.
        source_options, target_options: What the domains are opened with, e.g. `{"root": ...}`.
        validation_frames: Frames of each domain to score after every epoch.
        split: What the finished run is scored on: `"test"`, or `"val"` for whoever still chooses.
        cache: Where decoded training frames are kept: `"memory"`, `"disk"` or nowhere.
    """

    source: str | dict = option("streets_sim", "domain A, labelled for both tasks", common=True)
    target: str | dict = option("streets_real", "domain B, labelled for task 1", common=True)
    from_task: str | dict = option("depth", "task 1: depth, semantic or normals", common=True)
    to_task: str | dict = option("semantic", "task 2: likewise, another one", common=True)
    source_options: dict = option({}, 'how to open the source, e.g. \'{"root": "DIR"}\'', True)
    target_options: dict = option({}, "how to open the target", common=True)
    validation_frames: int = option(32, "frames of each domain to score after every epoch")
    split: str = option("test", "split to score the finished run on: test, or val while tuning")
    cache: str | None = option(
        None, "keep decoded training frames in memory or on disk (default: neither)", kind=str
    )

    def __post_init__(self):
        check_validation_frames(self.validation_frames)
        as_numbers(self)
        check_name("split", self.split, ["val", "test"])
        if self.cache is not None:
            check_name("cache", self.cache, ["memory", "disk"])


@dataclass(frozen=True)
class Networks:
    """Which networks a run trains, and what they begin with.

    Args:
        architecture: `"residual"` (the paper's), `"mobilenet_v2"` (for photographs) or
            `"dilated_resnet50"` (AT/DT's).
        transfer: Transfer function; `None` takes the architecture's own.
        size: `"tiny"`, `"small"` or `"paper"`.
        precision: Keras' dtype policy; `"auto"` is `"mixed_bfloat16"` where the hardware has
            instructions for it, else `"float32"`.
        weights: A preset or a run's folder to begin with, as `adaat_keras.load` takes it.
        trunk: What the trunk of `"mobilenet_v2"` begins with: `"imagenet"`, a file, `"random"`.
    """

    architecture: str = option(
        "residual",
        "residual, mobilenet_v2 (for photographs) or dilated_resnet50 (AT/DT)",
    )
    transfer: str | None = option(
        None, "conv, unet, unet_attention, six_convolutions (default: the architecture's)", kind=str
    )
    size: str = option("small", "networks: tiny, small or paper", common=True)
    precision: str = option(
        "auto", "float32, mixed_bfloat16, or auto: the latter where the hardware has it"
    )
    weights: str | None = option(
        None, "preset or run to begin with: name, folder, address", common=True, kind=str
    )
    trunk: str | None = option(
        None, "of mobilenet_v2: imagenet (the default), a file of it, or random", kind=str
    )


@dataclass(frozen=True)
class Plan:
    """What a run trains: a method, by a recipe, or some of its stages.

    Args:
        method: A name of `adaat_keras.methods.names()`, `"module:Class"` or `"file.py:Class"`.
        recipe: The name of the recipe that the weights of the losses are from.
        stages: Names of the method's stages to train; all by default. What the others would train
            stays as the model brings it.
        freeze: Names of networks that stay as they are.
        callbacks: Places of the Keras callbacks of every stage, `"module:Class"`.
    """

    method: str = option("ada_atdt", "how task 2 is learnt", common=True)
    recipe: str = option("recommended", "recommended or paper", common=True)
    stages: list[str] | None = option(
        None, "of the method, those to train (default: all)", kind=list
    )
    freeze: list[str] = option([], "networks that stay as they are")
    callbacks: list[str] = option([], "Keras callbacks of every stage, each module:Class")


@dataclass(frozen=True)
class Where:
    """Where a run is kept and on what it trains; decides no result.

    Args:
        directory: The run's folder.
        store: Folder in which several runs keep the stages that they have in common.
        devices: How many devices of each machine, or `"all"`.
        deterministic: `"yes"`, `"no"`, or `"auto"`: on a processor.
    """

    directory: str | None = option(None, "the run's folder", common=True, kind=str)
    store: str | None = option(None, "share equal stages with other runs there", kind=str)
    devices: str = option("1", "how many devices of a machine to train on, or all")
    deterministic: str = option("auto", "bit-for-bit reproducible: yes, no, or auto (on CPUs)")
