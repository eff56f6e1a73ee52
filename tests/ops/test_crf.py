"""The CRF against the enumeration of all paths."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import MASKS, RIGHT_PADDED, SPREADS, numpy, oracles, random_chain
from tests.gradients import value_and_gradients

CASES = [(spread, forbidden) for spread in SPREADS for forbidden in (False, True)]


@pytest.mark.parametrize(("spread", "forbidden"), CASES)
def test_equals_enumeration(spread, forbidden):
    rng = np.random.default_rng(0)
    for masks in (MASKS, RIGHT_PADDED, MASKS, RIGHT_PADDED):
        chain = random_chain(rng, spread, forbidden)
        potentials = crf.pack(*chain, mask=masks)
        exact = oracles(*chain, masks)
        np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(numpy(crf.entropy(potentials)), [c.entropy() for c in exact], rtol=1e-5, atol=1e-5)
        nodes, edges = numpy(crf.marginals(potentials)), numpy(crf.edge_marginals(potentials))
        tags, scores = map(numpy, crf.decode(potentials))
        many, many_scores = map(numpy, crf.k_best(potentials, 7))
        for i, (c, mask) in enumerate(zip(exact, masks, strict=True)):
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


def sum_of_log_partition(emissions, transitions, start, end, masks):
    return ops.sum(crf.log_partition(crf.pack(emissions, transitions, start, end, masks)))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("masks", [MASKS, RIGHT_PADDED], ids=["any", "right"])
@pytest.mark.parametrize(("spread", "forbidden"), CASES)
def test_gradient_of_log_partition_is_the_marginals(spread, forbidden, masks, jit):
    chain = random_chain(np.random.default_rng(1), spread, forbidden)
    exact = oracles(*chain, masks)
    value, (emissions, transitions, start, end) = value_and_gradients(sum_of_log_partition, *chain, constants=(masks,), jit=jit)
    np.testing.assert_allclose(value, sum(c.log_z for c in exact), rtol=1e-5)
    nodes = [c.marginals().reshape(-1, 3) for c in exact]
    atol = 5e-6 * max(1.0, spread) ** 0.5
    for got, want, mask in zip(emissions, nodes, masks, strict=True):
        np.testing.assert_allclose(got[mask], want, atol=atol)
        assert not got[~mask].any()
    np.testing.assert_allclose(transitions, sum(c.edge_marginals().sum(0) for c in exact), atol=4 * atol)
    np.testing.assert_allclose(start, sum(n[0] for n in nodes if len(n)), atol=4 * atol)
    np.testing.assert_allclose(end, sum(n[-1] for n in nodes if len(n)), atol=4 * atol)
