"""Gradients on whichever backend runs: tests only."""

import functools

import keras
import numpy as np


def value_and_gradients(function, *arrays, constants=(), jit=False):
    """`(value, gradients)` of the scalar `function(*arrays, *constants)` in its `arrays`, all as NumPy.

    A function of module level is compiled once for all calls of one shape.
    """
    value, gradients = _runner(function, len(arrays), jit)(*arrays, *constants)
    to_numpy = keras.ops.convert_to_numpy
    return to_numpy(value), [to_numpy(gradient) for gradient in gradients]


def finite_differences(function, array, step=1e-5):
    """Gradient of a float64 NumPy function, by central differences."""
    array = np.asarray(array, "float64")
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        change = np.zeros_like(array)
        change[index] = step
        gradient[index] = (function(array + change) - function(array - change)) / (2 * step)
    return gradient


@functools.cache
def _runner(function, count, jit):
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        def run(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors[:count])
                value = function(*tensors)
            return value, tape.gradient(value, tensors[:count])

        run = tf.function(run, jit_compile=True) if jit else run
        return lambda *arrays: run(*map(tf.constant, arrays))
    if backend == "jax":
        import jax

        run = jax.value_and_grad(function, argnums=tuple(range(count)))
        run = jax.jit(run) if jit else run
        return lambda *arrays: run(*map(jax.numpy.asarray, arrays))

    import torch

    def run(*arrays):
        tensors = [torch.tensor(array, requires_grad=i < count) for i, array in enumerate(arrays)]
        value = function(*tensors)
        return value, torch.autograd.grad(value, tensors[:count])

    return run
