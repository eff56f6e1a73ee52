"""Where naive recursions give nan: huge scores, forbidden transitions, chains that are dead, empty, short, or tied."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import BATCH, MASKS, RIGHT_PADDED, STEPS, TAGS, numpy, oracles, random_chain
from tests.gradients import value_and_gradients
from tests.ops.test_crf import sum_of_log_partition

BOTH = pytest.mark.parametrize("masks", [MASKS, RIGHT_PADDED], ids=["any", "right"])


def assert_exact(chain, masks, rtol=1e-5, atol=1e-5):
    """Everything against the enumeration, gradients too, relative to the size of the scores."""
    exact = oracles(*chain, masks)
    potentials = crf.pack(*chain, mask=masks)
    np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], rtol=rtol, atol=atol)
    np.testing.assert_allclose(numpy(crf.entropy(potentials)), [c.entropy() for c in exact], atol=20 * atol)
    nodes, edges = numpy(crf.marginals(potentials)), numpy(crf.edge_marginals(potentials))
    best, scores = map(numpy, crf.decode(potentials))
    _, gradients = value_and_gradients(sum_of_log_partition, *chain, constants=(masks,))
    for row, (c, mask) in enumerate(zip(exact, masks, strict=True)):
        expected = c.marginals().reshape(-1, TAGS)
        np.testing.assert_allclose(nodes[row, mask], expected, atol=4 * atol)
        np.testing.assert_allclose(edges[row, np.flatnonzero(mask)[:-1]], c.edge_marginals(), atol=4 * atol)
        np.testing.assert_allclose(gradients[0][row, mask], expected, atol=4 * atol)
        np.testing.assert_allclose(scores[row], c.best()[1], rtol=rtol, atol=atol)
        np.testing.assert_allclose(c.score(best[row, mask]), c.best()[1], rtol=rtol, atol=atol)
    np.testing.assert_allclose(gradients[1], sum(c.edge_marginals().sum(0) for c in exact), atol=20 * atol)


def with_spread(transitions, nats):
    low, high = transitions.min(), transitions.max()
    return ((transitions - low) * (nats / (high - low))).astype("float32")


@BOTH
@pytest.mark.parametrize("nats", [25.0, 29.9, 30.1, 40.0, 59.0, 61.0, 80.0, 100.0, 200.0])
def test_transitions_around_the_switch_between_the_recursions(nats, masks):
    """`ops/chain.py` leaves the scaled recursion at 30 nats, or later, when a tag is 60 nats behind: exact on both sides."""
    rng = np.random.default_rng(int(nats))
    for spread in (1.0, 20.0, 90.0):
        emissions, transitions, start, end = random_chain(rng, spread)
        assert_exact((emissions, with_spread(transitions, nats), start, end), masks, atol=1e-5 * max(1.0, nats / 30))


@BOTH
@pytest.mark.parametrize("soft", [-1e4, -np.inf])
@pytest.mark.parametrize("spread", [1.0, 100.0, 300.0])
def test_forbidden_transitions_and_wide_emissions(spread, soft, masks):
    """Constraints of -10000 or -inf together with hundreds of nats of emissions: nan in scaled recursions."""
    rng = np.random.default_rng(0)
    for _ in range(3):
        emissions, transitions, start, end = random_chain(rng, 1.0, forbidden=True)
        chain = [np.where(np.isinf(part), np.float32(soft), part) for part in (transitions, start, end)]
        assert_exact((spread * emissions, *chain), masks, atol=1e-5 * max(1.0, spread / 30))


@BOTH
@pytest.mark.parametrize("forbidden", [-1e4, -np.inf])
def test_every_tag_has_one_successor(forbidden, masks):
    """Three paths are left; the emissions alone favour none of them."""
    rng = np.random.default_rng(1)
    emissions = (50 * rng.normal(size=(BATCH, STEPS, TAGS))).astype("float32")
    transitions = np.full((TAGS, TAGS), forbidden, "float32")
    transitions[[0, 1, 2], [1, 2, 0]] = [0.5, -0.5, 0.25]
    assert_exact((emissions, transitions, np.zeros(TAGS, "float32"), np.zeros(TAGS, "float32")), masks, atol=2e-5)


@BOTH
@pytest.mark.parametrize("what", ["transitions", "start", "emissions"])
def test_dead_chains_are_finite(what, masks):
    """No path is allowed: log Z is some huge negative number, nothing is nan, and no infinity comes out."""
    rng = np.random.default_rng(2)
    emissions, transitions, start, end = random_chain(rng, 1.0)
    {"transitions": transitions, "start": start, "emissions": emissions[:, 1]}[what][...] = -np.inf
    chain, tags = (emissions, transitions, start, end), rng.integers(0, TAGS, masks.shape)
    potentials = crf.pack(*chain, mask=masks)
    outputs = [f(potentials) for f in (crf.log_partition, crf.marginals, crf.edge_marginals, crf.entropy)]
    outputs += [crf.log_likelihood(potentials, tags), crf.log_likelihood(potentials, np.ones((BATCH, STEPS, TAGS)))]
    outputs += [*crf.decode(potentials), *crf.k_best(potentials, 7), crf.sample(potentials, 0)]
    value, gradients = value_and_gradients(sum_of_log_partition, *chain, constants=(masks,))
    for output in (*map(numpy, outputs), value, *gradients):
        assert np.all(np.isfinite(output))
    with np.errstate(invalid="ignore"):
        log_z = np.array([c.log_z for c in oracles(*chain, masks)])
    alive = np.isfinite(log_z)
    assert np.all(numpy(outputs[0])[~alive] <= crf.FORBIDDEN / 2)
    np.testing.assert_allclose(numpy(outputs[0])[alive], log_z[alive], atol=1e-5)
    tags, scores = map(numpy, crf.k_best(potentials, 7))
    assert np.all(scores[~alive] == np.float32(crf.FORBIDDEN))
    assert np.all(tags[~alive] == -1)
    decoded = numpy(crf.decode(potentials)[0])
    assert np.all((decoded >= 0) == masks)
    assert np.all(decoded < TAGS)


def test_dead_set_of_tags():
    """The tags that were seen cannot follow one another: a huge loss, finite, and finite gradients."""
    rng = np.random.default_rng(3)
    emissions, transitions, start, end = random_chain(rng, 1.0)
    transitions[0, 0] = -np.inf
    zeros = np.zeros((BATCH, STEPS), int)
    for tags in (zeros, np.eye(TAGS)[zeros]):
        log_p = numpy(crf.log_likelihood(crf.pack(emissions, transitions, start, end, MASKS), tags))
        assert np.all(np.isfinite(log_p))
        assert np.all(log_p[:4] <= crf.FORBIDDEN / 2)
        np.testing.assert_array_equal(log_p[4:] > -10, True)


@BOTH
def test_float16_emissions_at_the_ends_of_their_range(masks):
    rng = np.random.default_rng(4)
    emissions, transitions, start, end = random_chain(rng, 1.0)
    half = (6e4 * np.sign(emissions)).astype("float16")
    potentials = crf.pack(half, transitions, start, end, masks)
    assert ops.shape(potentials) == (BATCH, TAGS + 2 + STEPS, TAGS + 1)
    assert "float32" in str(potentials.dtype)
    exact = oracles(half, transitions, start, end, masks)
    ulp = 0.0039  # of float32 at 60000: what start and end scores lose when they are added
    np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], rtol=1e-6, atol=ulp)
    for got, c, mask in zip(numpy(crf.marginals(potentials)), exact, masks, strict=True):
        np.testing.assert_allclose(got[mask], c.marginals().reshape(-1, TAGS), atol=ulp)


@BOTH
@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 3e38])
def test_what_stands_on_the_padding_reaches_nothing(rubbish, masks):
    rng = np.random.default_rng(5)
    emissions, *scores = random_chain(rng, 1.0)
    filled = np.where(masks[..., None], emissions, np.float32(rubbish))
    np.testing.assert_array_equal(numpy(crf.pack(filled, *scores, masks)), numpy(crf.pack(emissions, *scores, masks)))
    value, gradients = value_and_gradients(sum_of_log_partition, emissions, *scores, constants=(masks,))
    other, others = value_and_gradients(sum_of_log_partition, filled, *scores, constants=(masks,))
    assert value == other
    for one, same in zip(gradients, others, strict=True):
        np.testing.assert_array_equal(same, one)


@BOTH
def test_ties_go_to_the_path_that_is_lowest_read_from_its_end(masks):
    """Of equal scores the lowest last tag wins, then the lowest tag before it, and so on, on every backend."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        emissions, transitions, start, end = (
            rng.integers(-1, 2, part.shape).astype("float32") for part in random_chain(rng, 1.0)
        )
        tags, scores = map(numpy, crf.decode(crf.pack(emissions, transitions, start, end, masks)))
        for row, (c, mask) in enumerate(zip(oracles(emissions, transitions, start, end, masks), masks, strict=True)):
            path, score = c.best()
            assert tags[row, mask].tolist() == list(path)
            assert scores[row] == score
    zeros = crf.pack(np.zeros((BATCH, STEPS, TAGS), "float32"), np.zeros((TAGS, TAGS)), mask=masks)
    np.testing.assert_array_equal(numpy(crf.decode(zeros)[0]), masks - 1)
    tags, scores = map(numpy, crf.k_best(zeros, 7))  # tied paths, but never the same path twice
    for row, mask in enumerate(masks):
        count = min(7, TAGS ** mask.sum())
        assert len({tuple(path) for path in tags[row][:count]}) == count
        assert np.all(scores[row][:count] == 0)
