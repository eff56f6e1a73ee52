"""The loop over time against a loop in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops.recurrence import compiled, pad_steps, scan
from tests.chains import numpy

XS = np.random.default_rng(0).normal(size=(4, 2)).astype("float32"), np.arange(4, dtype="int32")


def step(carry, x):
    total, count = carry
    total = 0.5 * total + x[0]
    count = count + x[1]
    return (total, count), (total * 2, count)


@pytest.mark.parametrize("reverse", [False, True])
def test_scan(reverse):
    init = np.ones(2, "float32"), np.array(3, "int32")
    run = compiled(lambda *args: scan(step, args[:2], args[2:], reverse=reverse))
    carry, outs = run(*map(ops.convert_to_tensor, (*init, *XS)))
    expected, rows = init, [None] * 4
    for i in reversed(range(4)) if reverse else range(4):
        expected, rows[i] = step(expected, (XS[0][i], XS[1][i]))
    for got, want in zip((*carry, *outs), (*expected, *map(np.stack, zip(*rows, strict=True))), strict=True):
        np.testing.assert_allclose(numpy(got), want, rtol=1e-6)


def test_scan_of_one_step_and_one_output():
    carry, out = scan(lambda c, x: (c + x[0], c), ops.zeros(2), (ops.ones((1, 2)),))
    np.testing.assert_array_equal(numpy(carry), [1, 1])
    np.testing.assert_array_equal(numpy(out), [[0, 0]])


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="elsewhere nothing is rounded")
def test_lengths_on_tensorflow():
    """At least two steps; at most four lengths an octave, never more than a quarter too long; graphs agree."""
    import tensorflow as tf

    def padded_length(x):
        return tf.shape(pad_steps(x, head=3))[1] - 3

    graph = tf.function(padded_length, input_signature=[tf.TensorSpec((2, None, 1))])
    lengths = [int(padded_length(tf.ones((2, 3 + steps, 1)))) for steps in range(600)]
    assert all(max(steps, 2) <= length <= max(1.25 * steps, 2) for steps, length in enumerate(lengths))
    assert len(set(lengths)) < 35
    assert lengths[::7] == [int(graph(tf.ones((2, 3 + steps, 1)))) for steps in range(0, 600, 7)]


def test_pad_steps_appends_zeros():
    padded = numpy(pad_steps(ops.ones((2, 4, 1)), head=3))
    np.testing.assert_array_equal(padded[..., 0], [[1, 1, 1, 1, 0]] * 2)
    untouched = ops.ones((2, 5, 1))
    assert pad_steps(untouched) is untouched
