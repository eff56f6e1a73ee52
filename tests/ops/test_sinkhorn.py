"""Sinkhorn against the exact distance, its constraints, and finite differences."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import sinkhorn, sinkhorn_plan
from tests.gradients import value_and_gradients

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 4, 2)), RNG.normal(size=(3, 5, 2))
COST = np.linalg.norm(X[:, :, None] - Y[:, None], axis=-1).astype("float32")
P, Q = RNG.uniform(0.2, 1, size=(3, 4)).astype("float32"), RNG.uniform(0.2, 1, size=(3, 5)).astype("float32")
P[1, 2:], Q[2, 0] = 0, 0


def value(cost, p, q, epsilon=0.3, steps=80):
    """The same in float64, by plain scaling of the kernel."""
    found = []
    for c, a, b in zip(cost.astype(float), p.astype(float), q.astype(float), strict=True):
        rows, columns = a > 0, b > 0
        c, a, b = c[np.ix_(rows, columns)], a[rows] / a.sum(), b[columns] / b.sum()
        kernel, v = np.exp(-c / epsilon), np.ones(columns.sum())
        for _ in range(steps):
            u = a / (kernel @ v)
            v = b / (kernel.T @ u)
        plan = u[:, None] * kernel * v
        found.append((plan * c).sum() + epsilon * (plan * np.log(plan / np.outer(a, b))).sum())
    return np.array(found)


def test_equal_to_scaling_in_float64():
    np.testing.assert_allclose(ops.convert_to_numpy(sinkhorn(COST, P, Q, 0.3, 80)), value(COST, P, Q), rtol=1e-5)


def test_nears_the_exact_distance_from_above():
    pytest.importorskip("ot")
    from keras_blog import mining

    exact = [mining.word_mover_distance(*row) for row in zip(X, Y, P, Q, strict=True)]
    near = ops.convert_to_numpy(sinkhorn(COST, P, Q, epsilon=0.02, steps=300))
    assert (near >= np.array(exact) - 1e-4).all()
    np.testing.assert_allclose(near, exact, atol=0.06)


def test_plans_carry_the_masses_and_skip_padding():
    plan = ops.convert_to_numpy(sinkhorn_plan(COST, P, Q, 0.3, 80))
    np.testing.assert_allclose(plan.sum(2), P / P.sum(1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(plan.sum(1), Q / Q.sum(1, keepdims=True), atol=1e-5)
    changed = COST.copy()
    changed[1, 2:], changed[2, :, 0] = 1e3, 0
    np.testing.assert_array_equal(ops.convert_to_numpy(sinkhorn_plan(changed, P, Q, 0.3, 80)), plan)


def test_gradient_of_the_cost_is_the_plan():
    _, (gradient,) = value_and_gradients(lambda cost: ops.sum(sinkhorn(cost, P, Q, 0.3, 80)), COST)
    np.testing.assert_allclose(gradient, ops.convert_to_numpy(sinkhorn_plan(COST, P, Q, 0.3, 80)), atol=1e-6)


def test_gradient_of_the_masses_is_the_finite_difference():
    _, (gradient,) = value_and_gradients(lambda p: ops.sum(sinkhorn(COST[:1], p, Q[:1], 0.3, 80)), P[:1])
    for i in range(4):
        step = np.eye(4)[i] * 1e-4
        expected = (value(COST[:1], P[:1] + step, Q[:1]) - value(COST[:1], P[:1] - step, Q[:1])) / 2e-4
        np.testing.assert_allclose(gradient[0, i], expected[0], atol=1e-4)


def test_nothing_to_carry_is_zero_with_zero_gradient():
    total, gradients = value_and_gradients(lambda cost, p: ops.sum(sinkhorn(cost, p, Q, 0.3, 80)), COST, np.zeros_like(P))
    assert total == 0
    assert all(not gradient.any() for gradient in gradients)
    assert not ops.convert_to_numpy(sinkhorn_plan(COST, np.zeros_like(P), Q, 0.3, 80)).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((COST[0], P, Q), r"`cost`, `p`, `q` must be"),
        ((COST, Q, Q), r"`p` must have 4 masses a row, as `cost`; received 5"),
        ((COST, P, Q, 0.0), r"`epsilon` must be positive; received 0.0"),
        ((COST, P, Q, 0.1, 0), r"`steps` must be at least 1; received 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sinkhorn(*arguments)
