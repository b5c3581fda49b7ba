import numpy as np
import pytest

from adaat_keras.layers import ReflectionPadding


@pytest.mark.parametrize("padding", [0, 1, 3, 8])
def test_it_is_numpys_reflection(padding, images):
    expected = np.pad(images, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ReflectionPadding(padding)(images), expected)
