"""Bigrams are found by a dictionary's measure, whatever the size of the table."""

import numpy as np
import pytest

from keras_blog import layers
from tests.chains import numpy


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 500])
def test_equals_a_dictionary(size):
    rng = np.random.default_rng(size)
    pairs = np.unique(rng.integers(0, 30, (size, 2)), axis=0)
    place = {tuple(pair): i for i, pair in enumerate(pairs.tolist(), start=1)}
    ids = rng.integers(0, 30, (3, 40))
    expected = [[place.get(pair, 0) for pair in zip([0, *row[:-1]], row, strict=True)] for row in ids.tolist()]
    assert numpy(layers.KnownBigrams(rng.permutation(pairs))(ids)).tolist() == expected


def test_ids_whose_product_leaves_int32():
    pairs = [[100_000, 99_999], [99_999, 100_000]]
    assert numpy(layers.KnownBigrams(pairs)(np.array([[99_999, 100_000, 99_999, 7]]))).tolist() == [[0, 1, 2, 0]]


@pytest.mark.parametrize("pairs", [[], [[1, 2, 3]], [[1.0, 2.0]], [[1, 2], [1, 2]]])
def test_bad_pairs(pairs):
    with pytest.raises(ValueError, match=r"`pairs` must be .*received"):
        layers.KnownBigrams(pairs)
