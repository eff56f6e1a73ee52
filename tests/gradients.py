"""Gradients on whichever backend runs: tests only."""

import keras
import numpy as np


def value_and_gradients(function, *arrays, jit=False):
    """`(value, gradients)` of a scalar-valued `function` of arrays, all as NumPy."""
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        def run(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = function(*tensors)
            return value, tape.gradient(value, tensors)

        value, gradients = (tf.function(run, jit_compile=True) if jit else run)(*map(tf.constant, arrays))
    elif backend == "jax":
        import jax

        run = jax.value_and_grad(function, argnums=tuple(range(len(arrays))))
        value, gradients = (jax.jit(run) if jit else run)(*map(jax.numpy.asarray, arrays))
    else:
        import torch

        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        value = function(*tensors)
        gradients = torch.autograd.grad(value, tensors)
    to_numpy = keras.ops.convert_to_numpy
    return to_numpy(value), [to_numpy(gradient) for gradient in gradients]
