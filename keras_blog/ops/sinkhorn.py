r"""Optimal transport with an entropy: batched, masked, differentiable.

.. math:: \min_{\gamma} \sum_{ij}\gamma_{ij} C_{ij} + \varepsilon \sum_{ij}\gamma_{ij}\ln\frac{\gamma_{ij}}{p_i q_j}

Potentials `f` and `g` with `γ = p q exp((f + g - C) / ε)` are found in log space by turns. At the optimum the gradient of the
value in the cost is the plan, and in the masses the potentials, so no gradient goes through the loop.
"""

from keras import ops

_FAR = -1e30  # the logarithm of no mass


def sinkhorn(cost, p, q, epsilon=0.05, steps=100):
    """Least cost of carrying the masses `p` to `q`, blurred by an entropy.

    Masses are scaled to a sum of 1; padding has mass 0. As `epsilon` falls the value nears the exact one from above, and more
    steps are needed. Where `p` or `q` has no mass at all, the value and its gradients are 0.

    Args:
        cost: float, shape `(batch, n, m)`, finite.
        p: masses, `(batch, n)`, not negative.
        q: masses, `(batch, m)`, not negative.
        epsilon: weight of the entropy, in the unit of the cost.
        steps: updates of each potential.

    Returns:
        Values in the unit of the cost, float32, shape `(batch,)`.

    Raises:
        ValueError: if ranks or sizes do not fit, or a number is not positive.

    Example:
    >>> import numpy as np
    >>> value = sinkhorn(np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]]), epsilon=0.02)
    >>> print(f"{float(value[0]):.3f}")  # a quarter of the mass has to move, and 0.02 times an entropy
    0.254

    References:
        Article: kexue.fm 7388
        Paper: Cuturi, Sinkhorn Distances, NeurIPS 2013
    """
    cost, log_p, log_q, there = _checked(cost, p, q, epsilon, steps)
    f, g, plan = _solved(cost, log_p, log_q, epsilon, steps)
    p, q = ops.exp(log_p), ops.exp(log_q)
    # Of the dual; what follows the potentials has no first order term, and the plan sums to 1.
    moved = ops.sum(plan * (cost - ops.stop_gradient(cost)), axis=(1, 2))
    value = ops.sum(p * f, axis=1) + ops.sum(q * g, axis=1) + moved
    return ops.where(there, value, 0.0)


def sinkhorn_plan(cost, p, q, epsilon=0.05, steps=100):
    """The plan of `sinkhorn`: how much goes where, `(batch, n, m)`; a constant in the sense of gradients.

    Example:
    >>> import numpy as np
    >>> plan = sinkhorn_plan(np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]]), epsilon=0.02)
    >>> for row in ops.convert_to_numpy(plan)[0]:
    ...     print(*(f"{entry:.2f}" for entry in row))
    0.25 0.25
    0.00 0.50

    References:
        Article: kexue.fm 7388
    """
    cost, log_p, log_q, there = _checked(cost, p, q, epsilon, steps)
    return ops.where(there[:, None, None], _solved(cost, log_p, log_q, epsilon, steps)[2], 0.0)


def _checked(cost, p, q, epsilon, steps):
    cost, p, q = (ops.cast(ops.convert_to_tensor(tensor), "float32") for tensor in (cost, p, q))
    shapes = tuple(map(tuple, (cost.shape, p.shape, q.shape)))
    if tuple(map(len, shapes)) != (3, 2, 2):
        raise ValueError(f"`cost`, `p`, `q` must be (batch, n, m), (batch, n), (batch, m); received {shapes}")
    for name, masses, size in (("p", shapes[1], shapes[0][1]), ("q", shapes[2], shapes[0][2])):
        if None not in (masses[1], size) and masses[1] != size:
            raise ValueError(f"`{name}` must have {size} masses a row, as `cost`; received {masses[1]}")
    if not epsilon > 0:
        raise ValueError(f"`epsilon` must be positive; received {epsilon!r}")
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1; received {steps!r}")
    there = ops.logical_and(ops.any(p > 0, axis=1), ops.any(q > 0, axis=1))
    p, q = (ops.where(there[:, None], masses, 1.0) for masses in (p, q))
    return cost, _log_masses(p), _log_masses(q), there


def _log_masses(p):
    p = p / ops.sum(p, axis=1, keepdims=True)
    return ops.where(p > 0, ops.log(ops.where(p > 0, p, 1.0)), _FAR)


def _solved(cost, log_p, log_q, epsilon, steps):
    """Potentials `(batch, n)` and `(batch, m)`, and the plan; constants."""
    cost, log_p, log_q = (ops.stop_gradient(tensor) for tensor in (cost, log_p, log_q))

    def follow(g):
        return -epsilon * ops.logsumexp((g[:, None, :] - cost) / epsilon + log_q[:, None, :], axis=2)

    def lead(f):
        return -epsilon * ops.logsumexp((f[:, :, None] - cost) / epsilon + log_p[:, :, None], axis=1)

    def step(_, potentials):
        f = follow(potentials[1])
        return f, lead(f)

    start = (ops.zeros_like(log_p), ops.zeros_like(log_q))
    f, g = ops.fori_loop(0, steps, step, start)
    f, g = ops.stop_gradient(f), ops.stop_gradient(g)
    f, g = ops.where(log_p > _FAR / 2, f, 0.0), ops.where(log_q > _FAR / 2, g, 0.0)
    plan = ops.exp((f[:, :, None] + g[:, None, :] - cost) / epsilon + log_p[:, :, None] + log_q[:, None, :])
    return f, g, ops.stop_gradient(plan)
