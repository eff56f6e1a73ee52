"""The CRF against the enumeration of all paths."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.gradients import value_and_gradients
from tests.oracles import Chain

H = np.array([[1, 0.5, -0.5], [0.2, -0.3, 0.8], [-1, 0.4, 0.6], [0.3, 0.1, -0.2]], "float32")
G = np.array([[0.1, -0.2, 0.3], [0, 0.5, -0.4], [-0.3, 0.2, 0.1]], "float32")

MASKS = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0],  # right padding
        [0, 0, 1, 1, 1],  # left padding
        [1, 0, 1, 0, 1],  # holes
        [0, 1, 0, 0, 0],  # one step
        [0, 0, 0, 0, 0],  # none
    ],
    bool,
)


def random_chain(rng, spread, forbidden=False, tags=3):
    """Emissions for every mask in `MASKS`, transitions, start, end; every sequence keeps at least one allowed path."""
    emissions = (spread * rng.normal(size=(len(MASKS), MASKS.shape[1], tags))).astype("float32")
    transitions, start, end = ((spread * rng.normal(size=size)).astype("float32") for size in ((tags, tags), tags, tags))
    if forbidden:
        transitions[rng.random((tags, tags)) < 0.4] = -np.inf
        transitions[np.arange(tags), (np.arange(tags) + 1) % tags] = spread * rng.normal(size=tags)
        start[1] = end[2] = -np.inf
        transitions[0, 0] = transitions[2, 0] = spread  # from 0 or 2, to 0, which may end
        transitions[1, 1] = spread
        start[0] = end[0] = end[1] = 0.0
    return emissions, transitions, start, end


def oracles(emissions, transitions, start, end):
    return [Chain(row, transitions, start, end, mask) for row, mask in zip(emissions, MASKS, strict=True)]


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


CASES = [(spread, forbidden) for spread in (1e-3, 1.0, 30.0, 300.0, 1e4) for forbidden in (False, True)]


@pytest.mark.parametrize(("spread", "forbidden"), CASES)
def test_equals_enumeration(spread, forbidden):
    rng = np.random.default_rng(0)
    for _ in range(4):
        chain = random_chain(rng, spread, forbidden)
        potentials = crf.pack(*chain, mask=MASKS)
        exact = oracles(*chain)
        np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(numpy(crf.entropy(potentials)), [c.entropy() for c in exact], rtol=1e-5, atol=1e-5)
        nodes, edges = numpy(crf.marginals(potentials)), numpy(crf.edge_marginals(potentials))
        tags, scores = map(numpy, crf.decode(potentials))
        many, many_scores = map(numpy, crf.k_best(potentials, 7))
        for i, (c, mask) in enumerate(zip(exact, MASKS, strict=True)):
            atol = 2e-6 * max(1.0, spread) ** 0.5
            np.testing.assert_allclose(nodes[i][mask], c.marginals().reshape(-1, 3), atol=atol)
            assert not nodes[i][~mask].any()
            real = np.flatnonzero(mask)
            np.testing.assert_allclose(edges[i][real[:-1]], c.edge_marginals(), atol=atol)
            assert edges[i].sum() == pytest.approx(max(len(real) - 1, 0), abs=1e-5)
            np.testing.assert_allclose(scores[i], c.best()[1], rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(c.score(tags[i][mask]), c.best()[1], rtol=1e-5, atol=1e-5)
            assert np.all(tags[i][~mask] == -1)
            best = c.k_best_scores(7)
            np.testing.assert_allclose(many_scores[i][: len(best)], best, rtol=1e-5, atol=1e-5)
            assert np.all(many_scores[i][len(best) :] == np.float32(crf.FORBIDDEN))
            assert np.all(many[i][len(best) :] == -1)
            found = [tuple(path[mask]) for path in many[i][: len(best)]]
            assert len(set(found)) == len(best)
            np.testing.assert_allclose([c.score(path) for path in found], best, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(("spread", "forbidden"), CASES)
def test_gradient_of_log_partition_is_the_marginals(spread, forbidden, jit):
    chain = random_chain(np.random.default_rng(1), spread, forbidden)
    exact = oracles(*chain)

    def total(emissions, transitions, start, end):
        return ops.sum(crf.log_partition(crf.pack(emissions, transitions, start, end, MASKS)))

    value, (emissions, transitions, start, end) = value_and_gradients(total, *chain, jit=jit)
    np.testing.assert_allclose(value, sum(c.log_z for c in exact), rtol=1e-5)
    nodes = [c.marginals().reshape(-1, 3) for c in exact]
    atol = 5e-6 * max(1.0, spread) ** 0.5
    for got, want, mask in zip(emissions, nodes, MASKS, strict=True):
        np.testing.assert_allclose(got[mask], want, atol=atol)
        assert not got[~mask].any()
    np.testing.assert_allclose(transitions, sum(c.edge_marginals().sum(0) for c in exact), atol=4 * atol)
    np.testing.assert_allclose(start, sum(n[0] for n in nodes if len(n)), atol=4 * atol)
    np.testing.assert_allclose(end, sum(n[-1] for n in nodes if len(n)), atol=4 * atol)
