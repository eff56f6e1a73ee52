"""Numbers as a function of x, where their gradient in x is known."""

import math

from keras import ops


def first_order(values, x, slope):
    """The values, one a sample, with this gradient in x, and none in anything else: what they hang on is not called again.

    Args:
        values: floats, shape `(batch,)`, `(batch, 1)` or so.
        x: floats, shape `(batch, ...)`.
        slope: the gradient of each value in its own row of x, the shape of `x`.

    Returns:
        Numbers, dtype and shape of `values`.

    Example:
    >>> from keras_blog.ops import input_gradient
    >>> slope = input_gradient(lambda x: first_order([5.0], x, [[2.0, 3.0]]), [[1.0, 1.0]])
    >>> ops.convert_to_numpy(slope).tolist()
    [[2.0, 3.0]]

    References:
        Article: kexue.fm 6139
    """
    values, x, slope = map(ops.convert_to_tensor, (values, x, slope))
    change = ops.stop_gradient(slope) * (x - ops.stop_gradient(x))  # zeros
    change = ops.sum(ops.reshape(change, (-1, math.prod(x.shape[1:]))), axis=-1)
    return ops.stop_gradient(values) + ops.cast(ops.reshape(change, (-1, *values.shape[1:])), values.dtype)
