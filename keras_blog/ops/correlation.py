"""Standardised vectors, and how they correlate."""

from keras import ops

__all__ = ["pearson_correlation", "standardize"]


def standardize(x):
    r"""Vectors of mean 0 and variance 1: :math:`N(x) = (x - \mathrm{avg}(x)) / \mathrm{std}(x)`, over the last axis.

    The standard deviation is that of the population, divided by n. A constant vector becomes 0, and its gradient is 0.

    Args:
        x: shape `(..., dim)`.

    Returns:
        The shape of `x`, in float32 at least.

    Example:
    >>> print([f"{float(value):.4f}" for value in standardize([1.0, 3.0])])
    ['-1.0000', '1.0000']

    References:
        Article: kexue.fm 6409
    """
    x = ops.convert_to_tensor(x)
    x = ops.cast(x, "float32") if "float64" not in str(x.dtype) else x
    centered = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centered), axis=-1, keepdims=True)
    varies = variance > 0
    return ops.where(varies, centered * ops.rsqrt(ops.where(varies, variance, 1.0)), 0.0)


def pearson_correlation(x, y):
    r"""Pearson's correlation :math:`\rho` of vectors, over the last axis; 0 if one of them is constant.

    It does not see the mean and the scale of either, so :math:`|N(x) - N(y)|^2 = 2 n (1 - \rho)`.

    Args:
        x: shape `(..., dim)`.
        y: the same shape.

    Returns:
        Shape `(...)`, from -1 to 1.

    Raises:
        ValueError: if the shapes differ.

    Example:
    >>> print(f"{float(pearson_correlation([1.0, 2.0, -1.0, 0.5], [0.2, 1.0, -2.0, 0.0])):.4f}")
    0.9827

    References:
        Article: kexue.fm 6409
    """
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    if len(x.shape) == 0 or tuple(x.shape[1:]) != tuple(y.shape[1:]) or len(x.shape) != len(y.shape):
        raise ValueError(f"`x` and `y` must have one shape, (..., dim); received {tuple(x.shape)} and {tuple(y.shape)}")
    return ops.mean(standardize(x) * standardize(y), axis=-1)
