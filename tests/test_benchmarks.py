"""What the benchmarks compare is the same, and what they count is what there is."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from adaat_keras import build_ada_atdt
from adaat_keras.fused import without_fused_operations

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
import compare  # noqa: E402


def counted(*networks):
    """The operations of these networks' convolutions, one after the other, for two images."""

    @tf.function(input_signature=[tf.TensorSpec((2, 128, 256, 3))])
    def forward(x):
        for network in networks:
            x = network(x)
        return x

    with without_fused_operations():
        graph = forward.get_concrete_function().graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    found = tf.compat.v1.profiler.profile(graph, cmd="op", options=options).children
    kinds = ("Conv2D", "Conv2DBackpropInput")
    operations, children = 0, list(found)
    while children:
        node = children.pop()
        children += node.children
        operations += node.float_ops if node.name in kinds else 0
    return operations


def test_the_operations_of_a_row_are_those_of_the_networks():
    nets = build_ada_atdt("depth", "semantic", size="tiny").networks
    base_1 = counted(nets["encoder_1"], nets["decoder_1"])
    base_2 = counted(nets["encoder_2"], nets["decoder_2"])
    encoder = counted(nets["encoder_1"])
    transfer = counted(nets["encoder_1"], nets["transfer"]) - encoder
    expected = {"adversarial": 3 * base_1, "supervised": 3 * base_2, "predict": base_1}
    expected["transfer"] = 2 * encoder + 3 * transfer
    compare.IMAGES["two"] = (2, 128, 256)
    for what, number in expected.items():
        shape = "two" if what == "predict" else "2 x 128 x 256"
        assert compare.operations((what, shape, "tiny", "float32")) == pytest.approx(number), what


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs PyTorch")
@pytest.mark.parametrize("what", ["adversarial", "supervised", "transfer"])
def test_the_twins_put_out_and_lose_the_same(what):
    code = (
        "import compare; row = (%r, '2 x 128 x 256', 'tiny', 'float32')\n"
        "steps = compare.make(row, ['torch', 'keras'])\n"
        "print(*(float(step()) for step in steps.values()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code % what],
        cwd=BENCHMARKS,
        env=os.environ | {"PYTHONPATH": str(BENCHMARKS.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ours, theirs = map(float, done.stdout.split()[-2:])
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_row_becomes_a_line_of_the_table():
    found = {
        "seconds": {"keras": [0.2, 0.1, 0.3], "torch": [0.5], "compiled": [0.4]},
        "operations": 1e9,
        "peak": 1e10,
    }
    found["seconds"]["keras, no C"] = [0.16]
    line = compare.line("adversarial, 2 x 128 x 256, small, float32, threads 1", found)
    cells = "| 1 | 200.0 | 500.0 | 400.0 | 0.50 | 50 % | 25 % |  |  |"
    assert line == f"| adversarial, 2 x 128 x 256, small, float32 {cells}"
