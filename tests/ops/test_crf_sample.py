"""Samples from the posterior."""

import keras
import numpy as np
import pytest

from keras_blog.ops import crf
from tests.chains import BATCH, MASKS, STEPS, TAGS, numpy, random_chain
from tests.oracles import Chain


@pytest.mark.parametrize("forbidden", [False, True])
def test_frequencies_are_the_probabilities_of_the_paths(forbidden):
    samples = 20000
    emissions, *scores = random_chain(np.random.default_rng(0), 1.0, forbidden)
    mask = MASKS[3]  # three real steps, with holes between them
    rows = (samples, STEPS, TAGS)
    potentials = crf.pack(np.broadcast_to(emissions[3], rows), *scores, mask=np.broadcast_to(mask, rows[:2]))
    tags = numpy(crf.sample(potentials, seed=1))
    assert np.all(tags[:, ~mask] == -1)
    c = Chain(emissions[3], *scores, mask)
    drawn = np.bincount(tags[:, mask] @ TAGS ** np.arange(2, -1, -1), minlength=TAGS**3)  # as the paths are enumerated
    assert not drawn[c.p == 0].any()
    expected = samples * c.p[c.p > 0]
    freedom = len(expected) - 1
    chi_square = np.sum((drawn[c.p > 0] - expected) ** 2 / expected)
    assert chi_square < freedom + 5 * np.sqrt(2 * freedom)


def test_seed():
    potentials = crf.pack(*random_chain(np.random.default_rng(1), 1.0), mask=MASKS)
    first, again, other = (numpy(crf.sample(potentials, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    generator = keras.random.SeedGenerator(3)
    one, two = (numpy(crf.sample(potentials, generator)) for _ in range(2))
    assert np.any(one != two)
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        draws.append(numpy(crf.sample(potentials)))
    np.testing.assert_array_equal(*draws)


def test_a_certain_chain_has_one_sample():
    emissions = np.full((BATCH, STEPS, TAGS), -1e4, "float32")
    emissions[:, :, 1] = 0
    tags = numpy(crf.sample(crf.pack(emissions, np.zeros((TAGS, TAGS)), mask=MASKS), seed=0))
    np.testing.assert_array_equal(tags, np.where(MASKS, 1, -1))
