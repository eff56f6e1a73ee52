"""The loop over time, in the form that is fastest on each backend.

The fastest form differs: JAX compiles a scan; TensorFlow on a CPU runs a scan some five times faster inside an XLA function of
its own than step by step in the graph of `fit`; torch is fastest with a plain loop of tensor operators. Neither function
here is differentiated: the callers bring their own gradients, because a scan has none under XLA on TensorFlow.
"""

import functools

import keras
import numpy as np
from keras import ops

if keras.config.backend() == "tensorflow":
    import tensorflow as tf
elif keras.config.backend() == "jax":
    import jax
elif keras.config.backend() == "torch":
    import torch


def scan(step, init, xs, reverse=False):
    """Loop over axis 0 of every tensor in `xs`.

    Args:
        step: `step(carry, x) -> (carry, out)`; `out` is a tensor or a tuple of tensors.
        init: first carry, a tensor or a tuple of tensors.
        xs: tuple of tensors with one common, nonzero length in axis 0.
        reverse: run from the last index to the first; `outs[i]` still belongs to `xs[i]`.

    Returns:
        `(carry, outs)`: the last carry, and the outs stacked along axis 0.
    """
    return _SCANS.get(keras.config.backend(), ops.scan)(step, init, xs, reverse=reverse)


def compiled(function):
    """Compile a function of tensors where that pays; XLA on TensorFlow and JAX, nothing on torch."""
    if keras.config.backend() == "tensorflow":
        island = tf.function(function, jit_compile=True, autograph=False)

        def compiled_function(*args):
            # A tape that watches an argument makes TensorFlow build a differentiable variant, which XLA refuses.
            return island(*tf.nest.map_structure(lambda x: None if x is None else tf.stop_gradient(x), args))

    elif keras.config.backend() == "jax":
        compiled_function = jax.jit(function)
    elif keras.config.backend() == "torch":
        compiled_function = torch.no_grad()(function)
    else:
        compiled_function = function
    return functools.wraps(function)(compiled_function)


def pad_steps(x, head=0):
    """Append zeros along axis 1, so that a loop has at least two steps and XLA sees few different lengths.

    XLA compiles anew for every length. On TensorFlow, whose graphs meet any length, lengths are rounded up to four sizes an
    octave (…, 32, 40, 48, 56, 64, 80, …): at most a quarter more steps, and some twenty programs for all lengths up to 512.

    Args:
        x: shape `(b, head + t, ...)`.
        head: rows of axis 1 that are no steps.
    """
    if x.shape[1] is not None:
        steps = x.shape[1] - head
        rounded = _round_up(steps) if keras.config.backend() == "tensorflow" else max(steps, 2)
        if rounded == steps:
            return x
    else:  # TensorFlow's graphs alone have such shapes
        steps = tf.shape(x)[1] - head
        octave = tf.math.log(tf.cast(tf.maximum(steps, 4), tf.float32)) / tf.math.log(2.0) + 1e-6
        quarter = tf.bitwise.left_shift(1, tf.cast(octave, tf.int32) - 2)
        rounded = tf.maximum(-(-steps // quarter) * quarter, 2)
    extra = ops.zeros((ops.shape(x)[0], rounded - steps, *x.shape[2:]), x.dtype)
    return ops.concatenate([x, extra], axis=1)


def best_step(trans):
    """A step of Viterbi's forward recursion for `scan`: max over the tag before, no argmax, which costs many times more."""
    if keras.config.backend() == "torch":
        into = trans.T.contiguous()

        def step(best, x):
            best = torch.amax(best.unsqueeze(1) + into, dim=-1) + x[0]
            return best, best

    elif trans.shape[0] % 8 or trans.shape[0] < 32:

        def step(best, x):
            best = ops.max(best[:, :, None] + trans, axis=1) + x[0]
            return best, best

    else:  # XLA vectorises eight maxima of rows, but not the reduction of one axis: twice as fast at 128 tags
        tags = trans.shape[0]
        rows = ops.reshape(trans, (tags // 8, 8, tags))

        def step(best, x):
            sources = ops.reshape(ops.transpose(best), (tags // 8, 8, -1))

            def eight(i, top):
                for j in range(8):
                    top = ops.maximum(top, sources[i, j][:, None] + rows[i, j])
                return top

            best = ops.fori_loop(0, tags // 8, eight, ops.full_like(best, -np.inf)) + x[0]
            return best, best

    return step


def trace_step(trans):
    """A step back along the best path for `scan`: `argmax(scores + trans[:, next tag])`."""
    into = ops.transpose(trans)
    if keras.config.backend() == "torch":

        def step(tag, x):
            tag = torch.argmax(x[0] + into[tag], dim=-1)
            return tag, tag

    else:

        def step(tag, x):
            tag = ops.cast(ops.argmax(x[0] + ops.take(into, tag, axis=0), axis=-1), "int32")
            return tag, tag

    return step


def _round_up(steps):
    quarter = 1 << max(steps.bit_length() - 3, 0)
    return max(-(-steps // quarter) * quarter, 2)


def _scan_tensorflow(step, init, xs, reverse=False):
    steps = tf.shape(xs[0])[0]

    def at(i):
        return steps - 1 - i if reverse else i

    def write(arrays, i, out):
        return [array.write(at(i), part) for array, part in zip(arrays, tf.nest.flatten(out), strict=True)]

    def body(i, carry, arrays):
        carry, out = step(carry, tuple(x[at(i)] for x in xs))
        return i + 1, carry, write(arrays, i, out)

    carry, first = step(init, tuple(x[at(0)] for x in xs))  # outside the loop, to know what it writes
    arrays = [tf.TensorArray(part.dtype, size=steps, element_shape=part.shape) for part in tf.nest.flatten(first)]
    loop = (1, carry, write(arrays, 0, first))
    _, carry, arrays = tf.while_loop(lambda i, *_: i < steps, body, loop, maximum_iterations=steps - 1)
    return carry, tf.nest.pack_sequence_as(first, [array.stack() for array in arrays])


def _scan_torch(step, init, xs, reverse=False):
    rows = list(zip(*(x.unbind(0) for x in xs), strict=True))
    carry, outs = init, []
    for row in reversed(rows) if reverse else rows:
        carry, out = step(carry, row)
        outs.append(out)
    outs = outs[::-1] if reverse else outs
    return carry, tuple(map(torch.stack, zip(*outs, strict=True))) if isinstance(out, tuple) else torch.stack(outs)


_SCANS = {"tensorflow": _scan_tensorflow, "torch": _scan_torch}
