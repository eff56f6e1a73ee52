"""What carrying words costs: the checks, the cost of each way, and the exact solver."""

import numpy as np


def transport(p, q, cost, plan):
    """The least cost of carrying the masses `p` to `q`, each of sum 1 or 0; with `plan` also what goes where."""
    if not (p.any() and q.any()):
        value = 0.0 if p.any() == q.any() else np.inf
        return (value, np.zeros(cost.shape)) if plan else value
    try:
        import ot
    except ImportError:
        raise ImportError("the exact distances need POT: pip install 'keras-blog[text]'") from None
    if p.all() and q.all():
        flow = ot.emd(p, q, cost, numItermax=1_000_000, center_dual=False, check_marginals=False)
    else:
        kept = np.ix_(p > 0, q > 0)
        _, inner = transport(p[p > 0], q[q > 0], np.ascontiguousarray(cost[kept]), True)
        flow = np.zeros(cost.shape)
        flow[kept] = inner
    value = float(np.vdot(flow, cost))
    return (value, flow) if plan else value


def pair(x, y, name="y"):
    """The word vectors of two texts as float64 arrays of one `dim`."""
    x, y = vectors("x", x), vectors(name, y)
    if len(x) and len(y) and x.shape[1] != y.shape[1]:
        raise ValueError(f"`{name}` must have vectors of {x.shape[1]} dimensions, as `x`; received {y.shape[1]}")
    dim = (x if len(x) else y).shape[1]
    return (x if len(x) else np.zeros((0, dim))), (y if len(y) else np.zeros((0, dim)))


def vectors(name, values):
    """The word vectors of a text as a float64 array."""
    array = np.asarray(values, np.float64)
    if array.size == 0 and array.ndim == 1:
        array = array.reshape(0, 1)  # a text without words
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite word vectors (words, dim); received shape {array.shape}")
    return array


def masses(name, weights, words):
    """Weights over their sum; equal ones for `None`."""
    weights = np.ones(words) if weights is None else np.asarray(weights, np.float64)
    if weights.shape != (words,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"`{name}` must be {words} finite weights, none negative; received shape {weights.shape}")
    return weights / weights.sum() if weights.any() else weights


def euclidean(x, y):
    """Distances from one product; again from the differences where that loses its digits: exactly 0 for equal words."""
    sizes = np.einsum("id,id->i", x, x)[:, None] + np.einsum("jd,jd->j", y, y)
    squares = sizes - 2 * (x @ y.T)
    rows, columns = np.nonzero(squares < 1e-6 * sizes)
    if len(rows):
        squares[rows, columns] = ((x[rows] - y[columns]) ** 2).sum(1)
    return np.sqrt(squares, out=squares)


def directions(x):
    """Vectors of length 1, and their lengths over the sum of these; a zero vector stays one."""
    norms = np.sqrt((x * x).sum(1))
    return x / np.where(norms > 0, norms, 1)[:, None], norms / norms.sum() if norms.any() else norms
