"""Retrieval figures against a slow count, and the duplicates that spoil a rank-based exclusion of the query."""

import numpy as np
import pytest

from keras_blog.metrics import retrieval


def slow(vectors, groups):
    ranks = []
    for i in range(len(vectors)):
        others = [j for j in range(len(vectors)) if j != i]
        if not any(groups[j] == groups[i] for j in others):
            continue
        others.sort(key=lambda j: -float(vectors[i] @ vectors[j]))
        ranks.append(1 + [groups[j] == groups[i] for j in others].index(True))
    return np.array(ranks)


def test_equals_a_slow_count():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = rng.integers(0, 25, size=60)
    ranks = slow(vectors, groups)
    for chunk in (7, 1000):
        got = retrieval(vectors, groups, chunk=chunk)
        assert got["queries"] == len(ranks)
        np.testing.assert_allclose(got["mrr"], np.mean(1 / ranks))
        for k in (1, 5, 10):
            np.testing.assert_allclose(got[f"hit@{k}"], np.mean(ranks <= k))


def test_a_duplicate_of_the_query_is_no_reason_to_drop_it():
    """The article drops rank 1 as the query itself; between duplicates that may drop the other one."""
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert retrieval(vectors, [0, 0, 1])["hit@1"] == 1
    assert retrieval(np.zeros((0, 2)), [])["queries"] == 0


def test_ties_with_strangers_count_half():
    same = np.ones((4, 1))
    assert retrieval(same, [0, 0, 1, 2], ks=(1, 2))["hit@1"] == 0
    assert retrieval(same, [0, 0, 1, 2], ks=(1, 2))["hit@2"] == 1


def test_a_separate_index_and_wrong_sizes():
    queries, index = np.eye(3), np.eye(3)[::-1]
    assert retrieval(queries, [0, 1, 2], index, [2, 1, 0])["mrr"] == 1
    assert retrieval(queries, [0, 1, 9], index, [2, 1, 0])["queries"] == 2
    with pytest.raises(ValueError, match=r"`index_groups` must be one a vector, 3; received shape \(2,\)"):
        retrieval(queries, [0, 1, 2], index, [2, 1])
