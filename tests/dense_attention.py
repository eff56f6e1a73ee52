"""Attention with every pair of steps written down, in float64 NumPy, its gradient by hand: what the blocks must equal."""

import functools

import keras
import numpy as np


def dense_attention(query, key, value, seen, upstream):
    """`[value, gradients in query, key, value]` under the mask `seen`, `(batch or 1, n, n)`; rows that see nothing are 0.

    All arrays `(batch, n, heads, dim)`.
    """
    query, key, value, upstream = (np.asarray(x, "float64").transpose(0, 2, 1, 3) for x in (query, key, value, upstream))
    scale = query.shape[-1] ** -0.5
    scores = np.where(seen[:, None], scale * query @ key.swapaxes(-1, -2), -np.inf)
    top = np.max(scores, -1, keepdims=True, initial=-1e300)
    e = np.exp(scores - top)
    total = e.sum(-1, keepdims=True)
    p = e / np.where(total > 0, total, 1)
    change = upstream @ value.swapaxes(-1, -2)
    change = scale * p * (change - (change * p).sum(-1, keepdims=True))
    found = p @ value, change @ key, change.swapaxes(-1, -2) @ query, p.swapaxes(-1, -2) @ upstream
    return [x.transpose(0, 2, 1, 3) for x in found]


@functools.cache
def value_and_gradients(function):
    """`call(query, key, value, upstream) -> [value, gradients]` of `function(query, key, value)`, all NumPy.

    Arrays `(batch, n, 2, 4)`. One graph for all lengths on TensorFlow; on JAX a compilation for each, quick and unoptimised.
    """
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((None, None, 2, 4))] * 4, autograph=False)
        def run(*arrays):
            with tf.GradientTape() as tape:
                tape.watch(arrays[:3])
                y = function(*arrays[:3])
            return y, *tape.gradient(y, arrays[:3], output_gradients=arrays[3])

        return lambda *arrays: [x.numpy() for x in run(*map(tf.constant, arrays))]
    if backend == "jax":
        import jax

        @functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
        def run(*arrays):
            y, back = jax.vjp(function, *arrays[:3])
            return y, *back(arrays[3])

        return lambda *arrays: [np.asarray(x) for x in run(*arrays)]

    import torch

    def run(*arrays):
        *leaves, upstream = (torch.tensor(array, requires_grad=i < 3) for i, array in enumerate(arrays))
        y = function(*leaves)
        return [x.detach().numpy() for x in (y, *torch.autograd.grad(y, leaves, upstream))]

    return run
