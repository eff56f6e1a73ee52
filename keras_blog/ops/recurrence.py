"""The loop over time, in the form that is fastest on each backend.

The fastest form differs: JAX compiles a scan; TensorFlow on a CPU runs a scan some five times faster inside an XLA function of
its own than step by step in the graph of `fit`; torch is fastest with a plain loop of tensor operators. Neither function
here is differentiated: the callers bring their own gradients, because a scan has none under XLA on TensorFlow.
"""

import functools

import keras
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
        step: `step(carry, x) -> (carry, out)`; `out` has the shape and dtype of the carry, or of its first tensor.
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
        compiled_function = tf.function(function, jit_compile=True, autograph=False)
    elif keras.config.backend() == "jax":
        compiled_function = jax.jit(function)
    elif keras.config.backend() == "torch":
        compiled_function = torch.no_grad()(function)
    else:
        compiled_function = function
    return functools.wraps(function)(compiled_function)


def pad_steps(x):
    """Append zeros along axis 0, so that a loop has at least two steps and XLA sees few different lengths.

    XLA compiles anew for every length. On TensorFlow, whose graphs meet any length, lengths are rounded up to four sizes an
    octave (…, 32, 40, 48, 56, 64, 80, …): at most a quarter more steps, and some twenty programs for all lengths up to 512.
    """
    steps = x.shape[0]
    if keras.config.backend() != "tensorflow":
        extra = max(2 - steps, 0)
    elif steps is not None:
        extra = _round_up(steps) - steps
    else:
        steps = tf.shape(x)[0]
        octave = tf.cast(tf.math.log(tf.cast(tf.maximum(steps, 4), tf.float32)) / tf.math.log(2.0) + 1e-6, tf.int32)
        quarter = tf.bitwise.left_shift(1, octave - 2)
        extra = tf.maximum(-(-steps // quarter) * quarter, 2) - steps
    if isinstance(extra, int) and extra == 0:
        return x
    return ops.concatenate([x, ops.zeros((extra, *ops.shape(x)[1:]), x.dtype)], axis=0)


def _round_up(steps):
    quarter = 1 << max(steps.bit_length() - 3, 0)
    return max(-(-steps // quarter) * quarter, 2)


def _scan_tensorflow(step, init, xs, reverse=False):
    steps = tf.shape(xs[0])[0]
    like = tf.nest.flatten(init)[0]
    outs = tf.TensorArray(like.dtype, size=steps, element_shape=like.shape)

    def body(i, carry, outs):
        at = steps - 1 - i if reverse else i
        carry, out = step(carry, tuple(x[at] for x in xs))
        return i + 1, carry, outs.write(at, out)

    _, carry, outs = tf.while_loop(lambda i, *_: i < steps, body, (0, init, outs), maximum_iterations=steps)
    return carry, outs.stack()


def _scan_torch(step, init, xs, reverse=False):
    rows = list(zip(*(x.unbind(0) for x in xs), strict=True))
    carry, outs = init, []
    for row in reversed(rows) if reverse else rows:
        carry, out = step(carry, row)
        outs.append(out)
    return carry, torch.stack(outs[::-1] if reverse else outs)


_SCANS = {"tensorflow": _scan_tensorflow, "torch": _scan_torch}
