"""Rotary positions: a query and a key, each turned by its own position, meet at an angle that only depends on their distance.

References:
    Paper: Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, arXiv:2104.09864
"""

import numpy as np
from keras import ops


def rotate(x, positions, base=10000.0):
    r"""Turn the pair of numbers :math:`(x_i, x_{i + d/2})` by the angle :math:`position \cdot base^{-2i/d}`.

    Args:
        x: queries or keys, shape `(batch, steps, heads, dim)`, `dim` even.
        positions: ints, shape `(steps,)`.
        base: the longest wavelength is some `2π base` steps.
    """
    half = x.shape[-1] // 2
    rates = (base ** (-np.arange(half) / half)).astype("float32")
    angles = (ops.cast(positions, "float32")[:, None] * rates)[:, None, :]  # (steps, 1, dim / 2)
    cos, sin = (ops.cast(part, x.dtype) for part in (ops.cos(angles), ops.sin(angles)))
    first, second = x[..., :half], x[..., half:]
    return ops.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
