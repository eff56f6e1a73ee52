"""Distances against a linear program, against exact values and against their bounds."""

import importlib

import numpy as np
import pytest

from keras_blog import mining

pytest.importorskip("ot")
X, Y = np.array([[1.0, 0], [0, 2]]), np.array([[1.0, 1], [3, 0], [0, -1]])


def program(p, q, cost):
    """The transport problem as a dense linear program; the last of the equations follows from the others."""
    from scipy.optimize import linprog

    n, m = cost.shape
    equations = np.zeros((n + m, n, m))
    for i in range(n):
        equations[i, i] = 1
    for j in range(m):
        equations[n + j, :, j] = 1
    return linprog(cost.ravel(), A_eq=equations.reshape(n + m, -1)[:-1], b_eq=np.r_[p, q][:-1]).fun


def texts(seed=0, number=12, dim=3, most=7):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(rng.integers(1, most + 1), dim)) for _ in range(number)]


def test_exact_values():
    assert mining.word_mover_distance(X, Y) == pytest.approx(1.8737734478532142, rel=1e-12)
    assert mining.centroid_bound(X, Y) == pytest.approx(1.3017082793, rel=1e-9)
    assert mining.word_rotator_distance(X, Y) == pytest.approx(2 / 3, rel=1e-12)
    assert mining.rotator_similarity(X, Y) == pytest.approx(1 / 3, rel=1e-12)
    assert mining.rotator_bound(X, Y) == pytest.approx(0.30442225994, rel=1e-9)


def test_equal_to_a_linear_program():
    rng = np.random.default_rng(1)
    for x, y in zip(texts(2), texts(3), strict=True):
        p, q = rng.random(len(x)), rng.random(len(y))
        cost = np.array([[np.linalg.norm(a - b) for b in y] for a in x])
        expected = program(p / p.sum(), q / q.sum(), cost)
        assert mining.word_mover_distance(x, y, p, q) == pytest.approx(expected, rel=1e-9)
        norms = [np.linalg.norm(t, axis=1) for t in (x, y)]
        cosines = (x / norms[0][:, None]) @ (y / norms[1][:, None]).T
        expected = program(*(n / n.sum() for n in norms), 1 - cosines)
        assert mining.word_rotator_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_published_bug_sum_over_dimensions_not_mean():
    """With the mean the distance is smaller by the root of `dim`, and less than its own bound for texts of one word."""
    x, y = np.array([[3.0, 0, 0, 0]]), np.array([[0, 4.0, 0, 0]])
    assert mining.word_mover_distance(x, y) == pytest.approx(5)
    assert mining.word_mover_distance(X, Y) != pytest.approx(1.32496, abs=1e-4)
    for x, y in zip(texts(4), texts(5), strict=True):
        exact = mining.word_mover_distance(x, y)
        assert mining.centroid_bound(x, y) <= exact + 1e-12
        assert mining.relaxed_bound(x, y) <= exact + 1e-12
        assert mining.rotator_bound(x, y) <= mining.word_rotator_distance(x, y) + 1e-12
        assert mining.relaxed_rotator_bound(x, y) <= mining.word_rotator_distance(x, y) + 1e-12


def test_published_bug_zero_vectors_and_empty_texts_give_no_nan():
    zeros, empty = np.zeros((2, 2)), np.zeros((0, 2))
    assert mining.word_rotator_distance(np.r_[X, zeros], Y) == pytest.approx(2 / 3)
    assert mining.word_rotator_distance(zeros, Y) == 1
    assert mining.word_rotator_distance(zeros, empty) == 0
    assert mining.word_rotator_distance([], Y) == 1
    assert mining.word_mover_distance(empty, []) == 0
    assert mining.word_mover_distance(X, empty) == np.inf
    assert mining.word_mover_distance(X, Y, [0, 0]) == np.inf
    assert mining.word_mover_distance(zeros, zeros) == 0
    value, plan = mining.word_mover_distance(X, empty, plan=True)
    assert (value, plan.shape) == (np.inf, (2, 0))
    for bound in (mining.centroid_bound, mining.relaxed_bound, mining.rotator_bound, mining.relaxed_rotator_bound):
        assert np.isfinite(bound(X, empty))


def test_plans_carry_the_masses():
    for distance in (mining.word_mover_distance, mining.word_rotator_distance):
        _, plan = distance(X, Y, plan=True)
        weights = [np.linalg.norm(t, axis=1) if distance is mining.word_rotator_distance else np.ones(len(t)) for t in (X, Y)]
        np.testing.assert_allclose(plan.sum(1), weights[0] / weights[0].sum(), atol=1e-12)
        np.testing.assert_allclose(plan.sum(0), weights[1] / weights[1].sum(), atol=1e-12)


def test_invariances():
    x, y = texts(6)[:2]
    rotator, mover = mining.word_rotator_distance(x, y), mining.word_mover_distance(x, y)
    assert mining.word_rotator_distance(7 * x, 0.1 * y) == pytest.approx(rotator)
    assert mining.word_mover_distance(x[::-1], np.r_[y, y]) == pytest.approx(mover)
    assert mining.word_rotator_distance(y, x) == pytest.approx(rotator)
    assert mining.word_mover_distance(x, x) == 0
    assert mining.word_rotator_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert mining.word_rotator_distance([[1.0, 2]], [[-2.0, -4]]) == pytest.approx(2)
    far = x + 1e6
    assert mining.word_mover_distance(far, far + np.array([3, 0, 4])) == pytest.approx(5, rel=1e-6)


@pytest.mark.parametrize("k", [1, 5, 50])
def test_pruned_search_equals_brute_force(k, monkeypatch):
    found = texts(7, number=40, dim=2)
    found[5] = np.zeros((0, 2))
    found[20] = found[3].copy()  # a tie
    query = found[3][:2]
    exact = [mining.word_mover_distance(query, text) for text in found]
    expected = sorted((d, i) for i, d in enumerate(exact) if np.isfinite(d))[:k]
    indices, distances = mining.nearest_texts(query, found, k)
    assert indices.tolist() == [i for _, i in expected]
    np.testing.assert_array_equal(distances, [d for d, _ in expected])


def test_search_solves_few_problems(monkeypatch):
    module = importlib.import_module("keras_blog.mining.nearest_texts")
    solved, solve = [], module.transport
    monkeypatch.setattr(module, "transport", lambda *arguments: solved.append(1) or solve(*arguments))
    centers = np.random.default_rng(8).normal(size=(20, 5)) * 10
    found = [center + text for center, text in zip(centers.repeat(10, 0), texts(9, number=200, dim=5), strict=True)]
    mining.nearest_texts(found[0], found, 5)
    assert len(solved) <= 20
    assert [a.tolist() for a in mining.nearest_texts(found[0], [], 5)] == [[], []]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mining.word_mover_distance([1.0, 2.0], Y), r"`x` must be finite word vectors .* received shape \(2,\)"),
        (lambda: mining.word_mover_distance(X, [[np.nan, 1]]), r"`y` must be finite word vectors"),
        (lambda: mining.word_mover_distance(X, Y[:, :1]), r"`y` must have vectors of 2 dimensions, as `x`; received 1"),
        (lambda: mining.word_rotator_distance(X, Y[:, :1]), r"`y` must have vectors of 2 dimensions, as `x`; received 1"),
        (lambda: mining.word_mover_distance(X, Y, [1, -1]), r"`x_weights` must be 2 finite weights, none negative"),
        (lambda: mining.nearest_texts(X, [Y], 0), r"`k` must be at least 1; received 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
