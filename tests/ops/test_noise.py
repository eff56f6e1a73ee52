"""Noise distributions: what is drawn is what `log_probability` says."""

import keras
import numpy as np
import pytest

from keras_blog.ops import noise

numpy = keras.ops.convert_to_numpy
SKEWED = np.array([0.6, 0.3, 0.1])


@pytest.mark.parametrize("kind", ["uniform", "log_uniform", "given"])
@pytest.mark.parametrize("classes", [2, 1000, 2**20])
def test_lots_are_proportional_and_every_class_has_one(kind, classes):
    expected = {
        "uniform": np.full(classes, 1 / classes),
        "log_uniform": np.log1p(1 / np.arange(1.0, classes + 1)) / np.log(classes + 1),
        "given": np.geomspace(1, 1e-12, classes) / np.geomspace(1, 1e-12, classes).sum(),
    }[kind]
    totals = noise.distribution(expected if kind == "given" else kind, classes).totals
    lots = np.diff(totals, prepend=0)
    assert totals[-1] == noise.LOTS
    assert lots.min() >= 1
    np.testing.assert_allclose(lots / noise.LOTS, expected, rtol=classes / noise.LOTS * 2, atol=2 / noise.LOTS)


def test_draws_have_the_probabilities():
    skewed = noise.distribution(SKEWED, 3)
    ids = numpy(noise.draw(skewed, 100_000, seed=1))
    assert ids.dtype == "int32"
    np.testing.assert_allclose(np.bincount(ids) / 1e5, SKEWED, atol=4 * np.sqrt(0.25 / 1e5))
    np.testing.assert_allclose(np.exp(numpy(noise.log_probability(skewed))), SKEWED, rtol=1e-6)
    np.testing.assert_array_equal(numpy(noise.log_probability(skewed, ids[:7])), numpy(noise.log_probability(skewed))[ids[:7]])


def test_draws_reach_the_first_and_the_last_class():
    ids = numpy(noise.draw(noise.distribution("uniform", 5), 1000, seed=2))
    assert set(ids) == set(range(5))


def test_a_seed_generator_goes_on_and_an_int_repeats():
    frequent = noise.distribution("log_uniform", 1000)
    generator = keras.random.SeedGenerator(3)
    first, second = (numpy(noise.draw(frequent, 50, generator)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(numpy(noise.draw(frequent, 50, 3)), numpy(noise.draw(frequent, 50, 3)))


def test_unigram_is_the_power_of_the_counts():
    counts = np.array([100, 10, 1])
    np.testing.assert_allclose(noise.unigram(counts), counts**0.75 / (counts**0.75).sum())
    np.testing.assert_allclose(noise.unigram(counts, 1.0), counts / 111)
    np.testing.assert_allclose(noise.unigram([1e300, 1e300]), [0.5, 0.5])


def test_noise_without_support_is_an_error():
    with pytest.raises(ValueError, match=r"`counts` must be positive numbers.*1 others, such as 0.0"):
        noise.unigram([3, 0])
    with pytest.raises(ValueError, match=r"`noise` must be positive numbers.*such as nan"):
        noise.distribution([0.5, np.nan], 2)
    with pytest.raises(ValueError, match=r"`noise` must have shape \(3,\), one number a class; received \(2,\)"):
        noise.distribution([0.5, 0.5], 3)
    with pytest.raises(ValueError, match=r'`noise` must be "uniform".*received \'zipf\''):
        noise.distribution("zipf", 3)
