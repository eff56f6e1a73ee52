"""The gradient of a function in its input, which `keras.ops` does not have; it can be differentiated again."""

import keras
from keras import ops

if keras.config.backend() == "tensorflow":
    import tensorflow as tf
elif keras.config.backend() == "jax":
    import jax
elif keras.config.backend() == "torch":
    import torch


def input_gradient(function, x, has_aux=False):
    r"""Gradient of `sum(function(x))` in `x`, itself a differentiable function of `x` and of the weights in between.

    Where the function treats each sample by itself, row i is the gradient of its value at sample i.

    Args:
        function: takes a tensor of the shape of `x`. It must not write state: call a network as
            `network.stateless_call(weights, state, x)`, and drop the new state.
        x: floats, any shape.
        has_aux: the function returns `(values, more)`, of which the second is passed on: what it found on the way.

    Returns:
        Tensor of the shape and dtype of `x`; zeros where the function does not depend on it. With `has_aux` also `more`.

    Example:
    >>> cube = lambda x: x**3
    >>> gradient = input_gradient(cube, [1.0, 2.0])
    >>> second = input_gradient(lambda x: input_gradient(cube, x), [1.0, 2.0])
    >>> print(*[f"{float(value):.1f}" for value in (*gradient, *second)])
    3.0 12.0 6.0 12.0

    References:
        Article: kexue.fm 6139
    """

    def summed(x):
        value, more = function(x) if has_aux else (function(x), ())
        return ops.sum(value), more

    gradient, more = _FORMS[keras.config.backend()](summed, ops.convert_to_tensor(x))
    return (gradient, more) if has_aux else gradient


def _tensorflow(function, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value, more = function(x)
    return tf.convert_to_tensor(tape.gradient(value, x, unconnected_gradients="zero")), more


def _jax(function, x):
    return jax.grad(function, has_aux=True)(x)


def _torch(function, x):
    wanted = torch.is_grad_enabled()  # in `evaluate` it is off: then the result is a plain tensor
    with torch.enable_grad():
        x = x if x.requires_grad else x.detach().requires_grad_()
        value, more = function(x)
        if not value.requires_grad:
            return torch.zeros_like(x), more
        (gradient,) = torch.autograd.grad(value, x, create_graph=wanted, materialize_grads=True)
    return gradient, more


_FORMS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
