"""The likelihood of what may be known of a tag sequence: tags, some of them, sets of them, with weights."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import BATCH, MASKS, RIGHT_PADDED, SPREADS, STEPS, TAGS, numpy, oracles, random_chain
from tests.gradients import finite_differences, value_and_gradients
from tests.oracles import Chain

BOTH = pytest.mark.parametrize("masks", [MASKS, RIGHT_PADDED], ids=["any", "right"])
CASES = [(spread, forbidden) for spread in SPREADS for forbidden in (False, True)]


def allowed_paths(exact, rng):
    """For every chain a random path that is not forbidden, as tags `(6, 5)` with 0 at masked steps."""
    return [c.paths[rng.choice(np.flatnonzero(np.isfinite(c.scores)))] for c in exact]


def spread_out(rows, masks, fill=0):
    tags = np.full(masks.shape, fill)
    for row, (mask, values) in enumerate(zip(masks, rows, strict=True)):
        tags[row, mask] = values
    return tags


def sum_of_log_likelihood(emissions, transitions, start, end, masks, tags, weight):
    return ops.sum(crf.log_likelihood(crf.pack(emissions, transitions, start, end, masks), tags) * weight)


@BOTH
@pytest.mark.parametrize(("spread", "forbidden"), CASES)
def test_tags(spread, forbidden, masks):
    rng = np.random.default_rng(0)
    chain = random_chain(rng, spread, forbidden)
    exact = oracles(*chain, masks)
    paths = allowed_paths(exact, rng)
    tags = spread_out(paths, masks, fill=1)
    expected = [c.score(path) - c.log_z for c, path in zip(exact, paths, strict=True)]
    log_p = numpy(crf.log_likelihood(crf.pack(*chain, mask=masks), tags))
    np.testing.assert_allclose(log_p, expected, rtol=1e-5, atol=1e-6 * max(1, spread))

    upstream = rng.normal(size=BATCH).astype("float32")
    _, gradients = value_and_gradients(sum_of_log_likelihood, *chain, constants=(masks, tags, upstream))
    of_emissions, of_transitions = np.zeros((BATCH, STEPS, TAGS)), np.zeros((TAGS, TAGS))
    for row, (c, path, weight) in enumerate(zip(exact, paths, upstream, strict=True)):
        of_emissions[row, masks[row]] = weight * (np.eye(TAGS)[path] - c.marginals().reshape(-1, TAGS))
        np.add.at(of_transitions, (path[:-1], path[1:]), weight)
        of_transitions -= weight * c.edge_marginals().sum(0)
    atol = 5e-6 * max(1.0, spread) ** 0.5
    np.testing.assert_allclose(gradients[0], of_emissions, atol=atol)
    np.testing.assert_allclose(gradients[1], of_transitions, atol=4 * atol)


@BOTH
@pytest.mark.parametrize("spread", SPREADS)
def test_sets_of_tags(spread, masks):
    rng = np.random.default_rng(1)
    chain = random_chain(rng, spread)
    exact = oracles(*chain, masks)
    potentials = crf.pack(*chain, mask=masks)
    sets = rng.random((BATCH, STEPS, TAGS)) < 0.5
    sets[np.arange(BATCH)[:, None], np.arange(STEPS), rng.integers(0, TAGS, (BATCH, STEPS))] = True
    expected = [c.log_likelihood_of_sets(row[mask]) for c, row, mask in zip(exact, sets, masks, strict=True)]
    got = numpy(crf.log_likelihood(potentials, sets.astype("float32")))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6 * max(1, spread) + 1e-6)
    assert np.all(got <= 0)


@BOTH
def test_sets_of_one_all_and_no_tag(masks):
    rng = np.random.default_rng(2)
    potentials = crf.pack(*random_chain(rng, 1.0), mask=masks)
    tags = rng.integers(-1, TAGS, masks.shape)
    one_hot = (tags[..., None] == np.arange(TAGS)).astype("float32")  # a row of zeros where the tag is -1
    exact = numpy(crf.log_likelihood(potentials, tags))
    np.testing.assert_allclose(numpy(crf.log_likelihood(potentials, one_hot)), exact, atol=2e-6)
    unobserved = numpy(crf.log_likelihood(potentials, np.ones_like(one_hot)))
    np.testing.assert_array_equal(unobserved, np.zeros(BATCH))
    nothing = numpy(crf.log_likelihood(potentials, np.zeros_like(one_hot)))
    np.testing.assert_array_equal(nothing, np.zeros(BATCH))


@BOTH
def test_steps_with_tag_minus_one_are_left_out_as_if_masked(masks):
    rng = np.random.default_rng(3)
    chain = random_chain(rng, 1.0)
    tags = rng.integers(-1, TAGS, masks.shape)
    tags[0] = -1
    without = numpy(crf.log_likelihood(crf.pack(*chain, mask=masks & (tags >= 0)), np.maximum(tags, 0)))
    np.testing.assert_allclose(numpy(crf.log_likelihood(crf.pack(*chain, mask=masks), tags)), without, atol=1e-6)
    assert without[0] == 0
    score = numpy(crf.path_score(crf.pack(*chain, mask=masks & (tags >= 0)), np.maximum(tags, 0)))
    np.testing.assert_allclose(numpy(crf.path_score(crf.pack(*chain, mask=masks), tags)), score, atol=1e-6)


def sum_of_weighted(emissions, transitions, start, end, masks, tags, step_weight):
    return ops.sum(crf.log_likelihood(crf.pack(emissions, transitions, start, end, masks), tags, step_weight))


def weighted_oracle(chain, masks, tags, step_weight):
    total = 0.0
    for row, mask in enumerate(masks & (tags >= 0)):
        c, path, weight = Chain(chain[0][row], *chain[1:], mask), tags[row, mask], step_weight[row, mask]
        total += sum(weight[t] * c.log_conditional(path, t) for t in range(len(path)))
    return total


@BOTH
@pytest.mark.parametrize("spread", [1e-3, 1.0, 10.0])
def test_step_weights_multiply_the_terms_of_the_chain_rule(spread, masks):
    rng = np.random.default_rng(4)
    chain = random_chain(rng, spread)
    tags = rng.integers(-1, TAGS, masks.shape)
    step_weight = rng.normal(size=masks.shape).astype("float32")
    value, gradients = value_and_gradients(sum_of_weighted, *chain, constants=(masks, tags, step_weight))
    np.testing.assert_allclose(value, weighted_oracle(chain, masks, tags, step_weight), rtol=1e-5, atol=2e-5 * max(1, spread))
    exact = [np.asarray(part, "float64") for part in chain]
    for i, gradient in enumerate(gradients):
        if spread == 1.0:

            def oracle(part, i=i):
                return weighted_oracle([*exact[:i], part, *exact[i + 1 :]], masks, tags, step_weight)

            np.testing.assert_allclose(gradient, finite_differences(oracle, exact[i]), atol=2e-5)


@BOTH
@pytest.mark.parametrize(("spread", "forbidden"), [(1.0, False), (300.0, True)])
def test_step_weights_of_one_change_nothing(spread, forbidden, masks):
    rng = np.random.default_rng(5)
    chain = random_chain(rng, spread, forbidden)
    tags = spread_out(allowed_paths(oracles(*chain, masks), rng), masks)
    upstream = np.ones(BATCH, "float32")
    value, gradients = value_and_gradients(sum_of_log_likelihood, *chain, constants=(masks, tags, upstream))
    ones = np.ones(masks.shape, "float32")
    weighted, others = value_and_gradients(sum_of_weighted, *chain, constants=(masks, tags, ones))
    np.testing.assert_allclose(weighted, value, rtol=1e-5)
    for one, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(other, one, atol=5e-6 * spread**0.5)
    zeros, others = value_and_gradients(sum_of_weighted, *chain, constants=(masks, tags, 0 * ones))
    assert zeros == 0
    assert not any(gradient.any() for gradient in others)


def test_gradient_of_sets_is_the_difference_of_marginals():
    rng = np.random.default_rng(6)
    chain = random_chain(rng, 1.0)
    sets = np.ones((BATCH, STEPS, TAGS), "float32")
    sets[:, 1, 0] = sets[:, 3, 1] = sets[:, 3, 2] = 0
    upstream = np.ones(BATCH, "float32")
    _, gradients = value_and_gradients(sum_of_log_likelihood, *chain, constants=(MASKS, sets, upstream))
    inside = oracles(np.where(sets > 0, chain[0], -np.inf), *chain[1:])
    for row, (c, free) in enumerate(zip(inside, oracles(*chain), strict=True)):
        np.testing.assert_allclose(
            gradients[0][row, MASKS[row]], (c.marginals() - free.marginals()).reshape(-1, TAGS), atol=2e-6
        )
    edges = sum(
        c.edge_marginals().sum(0) - free.edge_marginals().sum(0) for c, free in zip(inside, oracles(*chain), strict=True)
    )
    np.testing.assert_allclose(gradients[1], edges, atol=1e-5)


def sum_of_all(emissions, transitions, start, end, masks, tags, sets, step_weight):
    potentials = crf.pack(emissions, transitions, start, end, masks)
    of_tags = crf.log_likelihood(potentials, tags) + crf.log_likelihood(potentials, tags, step_weight)
    return ops.sum(of_tags + crf.log_likelihood(potentials, sets))


def test_compiled_is_as_eager():
    rng = np.random.default_rng(7)
    chain = random_chain(rng, 1.0)
    tags, sets = rng.integers(-1, TAGS, MASKS.shape), rng.integers(0, 2, (BATCH, STEPS, TAGS))
    constants = (MASKS, tags, sets, rng.normal(size=MASKS.shape).astype("float32"))
    value, gradients = value_and_gradients(sum_of_all, *chain, constants=constants)
    compiled, others = value_and_gradients(sum_of_all, *chain, constants=constants, jit=True)
    np.testing.assert_allclose(compiled, value, rtol=1e-5)
    for gradient, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(other, gradient, atol=1e-5)
