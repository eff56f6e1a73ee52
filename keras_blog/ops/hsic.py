r"""The Hilbert-Schmidt independence criterion: how much two samples depend on each other, by kernels.

With a kernel that is characteristic (`"rbf"`, `"laplace"`) it is 0 exactly for independent variables, of which a linear kernel
sees only the linear part. Its size depends on the kernels and means something only beside another, or by a p-value: see
`permutation_p_value`, or normalised: `cka`. Kernel matrices are computed in float32, and centred before they are multiplied, so
that small values are not lost in the difference of large ones.

References:
    Article: kexue.fm 6910
    Paper: Gretton et al., Measuring Statistical Dependence with Hilbert-Schmidt Norms, ALT 2005
"""

import math

import numpy as np
from keras import ops

from keras_blog.ops.kernels import kernel_matrix, median_bandwidth, rows

__all__ = ["check_options", "cka", "gamma_p_value", "hsic", "permutation_p_value"]

KERNELS = ("rbf", "laplace", "linear", "delta")
ESTIMATORS = ("biased", "gretton", "unbiased")


def hsic(x, y, estimator="biased", kernel="rbf", bandwidth=None, chunk=None):
    r"""Dependence of `x` and `y`, differentiable in both.

    .. math:: \frac{1}{n^2} \mathrm{tr}(K J L J), \qquad J = I - \tfrac1n 1 1^\top

    Args:
        x: samples, shape `(n, dim)` or `(n,)`.
        y: the samples that belong to them, shape `(n, other)` or `(n,)`.
        estimator: `"biased"` as above, never negative; `"gretton"`, the same over :math:`(n - 1)^2`, which the article calls
            unbiased and which is not; `"unbiased"` (Song et al.), which is, needs four samples and may be negative.
        kernel: `"rbf"`, :math:`e^{-|x - x'|^2 / \sigma^2}`; `"laplace"`, :math:`e^{-|x - x'| / \sigma}`; `"linear"`;
            `"delta"`, 1 where two rows are equal, for labels. A pair gives each its own.
        bandwidth: :math:`\sigma`, positive; by default that of `ops.kernels.median_bandwidth`, taken as a constant. A pair
            gives each its own.
        chunk: rows of the kernel matrices at a time. Memory is then `chunk * n` instead of `n * n`; for the evaluation of
            large samples, outside of compiled functions.

    Returns:
        A scalar, float32.

    Raises:
        ValueError: if the samples differ in number or are too few, or an option is not known.

    Example:
    >>> print(f"{float(hsic([0.0, 1, 2, 4], [0.0, 1, 4, 16], bandwidth=1.0)):.5f}")
    0.16032

    References:
        Article: kexue.fm 6910
        Paper: Song et al., Feature Selection via Dependence Maximization, JMLR 2012, eq. 5
    """
    x, y, kernels, widths = _checked(x, y, estimator, kernel, bandwidth)
    if kernels == ("linear", "linear") and estimator != "unbiased":
        x, y = (sample - ops.mean(sample, axis=0) for sample in (x, y))
        total, n = ops.sum(ops.square(ops.matmul(ops.transpose(x), y))), _count(x)
        return total / (n * n if estimator == "biased" else (n - 1) ** 2)
    if chunk is None:
        parts = [(x, y, ops.arange(ops.shape(x)[0]))]
    elif isinstance(chunk, int) and chunk > 0:
        parts = [(x[i : i + chunk], y[i : i + chunk], i + ops.arange(len(x[i : i + chunk]))) for i in range(0, len(x), chunk)]
    else:
        raise ValueError(f"`chunk` must be a positive int or None; received {chunk!r}")
    centers = [_Center(sample, name, width, estimator) for sample, name, width in zip((x, y), kernels, widths, strict=True)]
    if chunk is None:
        left, right = (center.whole() for center in centers)
        total = ops.sum(left * right)
    else:
        for a, b, ids in parts:
            centers[0].add(a, ids)
            centers[1].add(b, ids)
        total = sum(ops.sum(centers[0].part(a, ids) * centers[1].part(b, ids)) for a, b, ids in parts)
    n = _count(x)
    return total / {"biased": n * n, "gretton": (n - 1) ** 2, "unbiased": n * (n - 3)}[estimator]


def cka(x, y, estimator="biased", kernel="linear", bandwidth=None, chunk=None):
    r"""Centred kernel alignment: `hsic` of `x` and `y` over the geometric mean of those of each with itself.

    How alike two representations of the same inputs are: 1 for any rotation and scaling, with the linear kernel. Arguments
    as in `hsic`; the biased estimator makes it at most 1, and large for few samples of many dimensions, unlike `"unbiased"`.

    Example:
    >>> print(f"{float(cka([[0.0], [1.0], [3.0]], [[0.0], [2.0], [6.0]])):.4f}")
    1.0000

    References:
        Article: kexue.fm 6910
        Paper: Kornblith et al., Similarity of Neural Network Representations Revisited, arXiv:1905.00414
    """
    kernels, widths = _pair(kernel), _pair(bandwidth)
    both = hsic(x, y, estimator, kernel, bandwidth, chunk)
    own = [
        hsic(sample, sample, estimator, name, width, chunk) for sample, name, width in zip((x, y), kernels, widths, strict=True)
    ]
    scale = own[0] * own[1]
    usable = scale > 0
    return ops.where(usable, both / ops.sqrt(ops.where(usable, scale, 1.0)), 0.0)


def permutation_p_value(x, y, permutations=999, kernel="rbf", bandwidth=None, seed=None):
    """How often `y` in random order depends on `x` at least as much: exact for any sample size.

    Args:
        x: shape `(n, dim)` or `(n,)`; the kernel matrices must fit into memory.
        y: the samples that belong to them.
        permutations: the p-value is at least `1 / (permutations + 1)`.
        kernel: as in `hsic`.
        bandwidth: as in `hsic`.
        seed: of NumPy's generator that draws the orders.

    Returns:
        A float.

    References:
        Article: kexue.fm 6910
    """
    left, right = _centered(x, y, kernel, bandwidth)
    rng = np.random.default_rng(seed)
    seen = np.sum(left * right)
    drawn = np.empty(permutations)
    for i in range(permutations):
        order = rng.permutation(len(right))
        drawn[i] = np.sum(left * right[np.ix_(order, order)])
    return float((1 + np.sum(drawn >= seen * (1 - 1e-12))) / (1 + permutations))


def gamma_p_value(x, y, kernel="rbf", bandwidth=None):
    """p-value of independence by a gamma distribution of the moments that `n * hsic` has under it; fast, for 50 samples up.

    Arguments as in `permutation_p_value`. Needs SciPy.

    References:
        Article: kexue.fm 6910
        Paper: Gretton et al., A Kernel Statistical Test of Independence, NeurIPS 2007
    """
    from scipy.special import gammaincc

    left, right, raw = _centered(x, y, kernel, bandwidth, raw=True)
    n = len(left)
    if n < 6:
        raise ValueError(f"`x` must hold at least 6 samples; received {n}")
    products = np.square(left * right / 6)
    variance = (products.sum() - np.trace(products)) / (n * (n - 1))
    variance *= 72 * (n - 4) * (n - 5) / (n * (n - 1) * (n - 2) * (n - 3))
    spread = [np.trace(k) / n - (k.sum() - np.trace(k)) / (n * (n - 1)) for k in raw]
    mean = spread[0] * spread[1] / n
    if mean <= 0 or variance <= 0:
        return 1.0  # one of the two is constant
    return float(gammaincc(mean**2 / variance, np.sum(left * right) / n / (variance * n / mean)))


def check_options(estimator, kernel, bandwidth):
    """Kernels and bandwidths, a pair each; ValueError if `hsic` does not know them."""
    kernels, widths = _pair(kernel), _pair(bandwidth)
    if estimator not in ESTIMATORS:
        raise ValueError(f"`estimator` must be one of {ESTIMATORS}; received {estimator!r}")
    for name in kernels:
        if name not in KERNELS:
            raise ValueError(f"`kernel` must be of {KERNELS}, or a pair of them; received {kernel!r}")
    for width in widths:
        if isinstance(width, (int, float)) and not 0 < width < math.inf:
            raise ValueError(f"`bandwidth` must be positive; received {bandwidth!r}")
    return kernels, widths


class _Center:
    """The kernel matrix of a sample, centred: rows and columns of sum 0, of all entries or of those off the diagonal."""

    def __init__(self, x, kernel, bandwidth, estimator):
        self.x, self.kernel, self.bandwidth = x, kernel, bandwidth
        self.off, self.rows = estimator == "unbiased", []

    def whole(self):
        ids = ops.arange(ops.shape(self.x)[0])
        matrix = self.matrix(self.x, ids)
        return self.centered(matrix, ops.sum(matrix, axis=1), ops.sum(matrix, axis=0), ids)

    def add(self, part, ids):
        """Notes the sums of some rows."""
        self.rows.append(ops.sum(self.matrix(part, ids), axis=1))

    def part(self, part, ids):
        """Some rows, centred, once all have been added."""
        sums = ops.concatenate(self.rows)
        return self.centered(self.matrix(part, ids), ops.take(sums, ids), sums, ids)

    def matrix(self, part, ids):
        matrix = kernel_matrix(part, self.x, self.kernel, self.bandwidth)
        return matrix * self.outside(ids) if self.off else matrix

    def centered(self, matrix, rows, columns, ids):
        n = _count(self.x)
        by, all_by = (n - 2, (n - 1) * (n - 2)) if self.off else (n, n * n)
        centered = matrix - rows[:, None] / by - columns / by + ops.sum(columns) / all_by
        return centered * self.outside(ids) if self.off else centered

    def outside(self, ids):
        return ops.cast(ids[:, None] != ops.arange(ops.shape(self.x)[0]), "float32")


def _centered(x, y, kernel, bandwidth, raw=False):
    x, y, kernels, widths = _checked(x, y, "biased", kernel, bandwidth)
    matrices = [
        np.asarray(ops.convert_to_numpy(kernel_matrix(sample, sample, name, width)), "float64")
        for sample, name, width in zip((x, y), kernels, widths, strict=True)
    ]
    centered = [k - k.mean(0) - k.mean(1)[:, None] + k.mean() for k in matrices]
    return (*centered, matrices) if raw else centered


def _checked(x, y, estimator, kernel, bandwidth):
    x, y, (kernels, widths) = rows(x), rows(y), check_options(estimator, kernel, bandwidth)
    n, least = x.shape[0], 4 if estimator == "unbiased" else 2
    if n != y.shape[0] or (n is not None and n < least):
        raise ValueError(f"`x` and `y` must be as many samples, at least {least}; received {n} and {y.shape[0]}")
    widths = [
        median_bandwidth(sample) if width is None and name in ("rbf", "laplace") else width
        for sample, name, width in zip((x, y), kernels, widths, strict=True)
    ]
    return x, y, kernels, widths


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _count(x):
    return ops.cast(ops.shape(x)[0], "float32")
