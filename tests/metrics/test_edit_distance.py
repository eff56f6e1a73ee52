"""Edits, against the recursion."""

import functools

import numpy as np
import pytest

from keras_blog.metrics import edit_distance, error_rates


@functools.cache
def oracle(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(oracle(a[1:], b) + 1, oracle(a, b[1:]) + 1, oracle(a[1:], b[1:]) + (a[0] != b[0]))


def test_equals_the_recursion():
    rng = np.random.default_rng(0)
    for _ in range(60):
        a, b = (tuple(rng.integers(0, 3, rng.integers(0, 7)).tolist()) for _ in range(2))
        assert edit_distance(a, b) == oracle(a, b)


def test_the_nearest_reference_counts():
    rates = error_rates([["A", "B"], ["C"], []], [[["B"], ["A", "B", "C"]], [["C"]], [["D"]]])
    assert rates == {"token_error_rate": (1 + 0 + 1) / (1 + 1 + 1), "sequence_error_rate": 2 / 3}


@pytest.mark.parametrize(("outputs", "references"), [([], []), (["a"], []), (["a"], [[]])])
def test_every_output_has_a_reference(outputs, references):
    with pytest.raises(ValueError, match="`references` must be a list an output, none empty"):
        error_rates(outputs, references)
