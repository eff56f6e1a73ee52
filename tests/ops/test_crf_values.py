"""Values that a correct CRF reproduces, worked out in float64, and the identities that it obeys."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import MASKS, RIGHT_PADDED, STEPS, TAGS, G, H, numpy, oracles, random_chain

LENGTHS = {1: (1.6041306053367284, 0.6041306053367284, 1.0, [0])}
LENGTHS[2] = (3.1162114201819415, 1.0162114201819414, 2.1, [0, 2])
LENGTHS[3] = (4.525132907981175, 1.8251329079811747, 2.8, [0, 2, 2])
LENGTHS[4] = (5.771213908108144, 2.7712139081081437, 3.3, [0, 2, 1, 1])
PATH = [0, 2, 1, 0]

RIGHT = [[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0]]
ANY = [[0, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [1, 0, 1, 0, 1], [1, 1, 0, 1, 1], [1, 1, 1, 1, 0]]


@pytest.mark.parametrize("masks", [RIGHT, ANY], ids=["right", "any"])
def test_example_of_four_steps_and_three_tags(masks):
    masks = np.array(masks, bool)
    emissions, tags = np.full((6, STEPS, TAGS), 7.0, "float32"), np.full((6, STEPS), 2)
    for row, mask in enumerate(masks):  # 7.0 and tag 2 stay on the padding
        emissions[row, mask], tags[row, mask] = H[: mask.sum()], PATH[: mask.sum()]
    potentials = crf.pack(emissions, G, mask=masks)
    expected = [LENGTHS[mask.sum()] for mask in masks]
    log_z = [row[0] for row in expected]
    np.testing.assert_allclose(numpy(crf.log_partition(potentials)), log_z, rtol=1e-6)
    np.testing.assert_allclose(numpy(crf.log_likelihood(potentials, tags)), [-row[1] for row in expected], rtol=2e-6)
    np.testing.assert_allclose(numpy(crf.path_score(potentials, tags)), [row[0] - row[1] for row in expected], rtol=2e-6)
    best, scores = map(numpy, crf.decode(potentials))
    np.testing.assert_allclose(scores, [row[2] for row in expected], rtol=1e-6)
    for path, mask, row in zip(best, masks, expected, strict=True):
        assert path[mask].tolist() == row[3]
        assert np.all(path[~mask] == -1)

    full, mask = 0, masks[0]
    many, many_scores = map(numpy, crf.k_best(potentials, 7))
    assert many[full][:4][:, mask].tolist() == [[0, 2, 1, 1], [0, 2, 2, 1], [0, 2, 1, 0], [0, 2, 2, 0]]
    np.testing.assert_allclose(many_scores[full][:4], [3.3, 3.1, 3.0, 2.8], rtol=1e-6)
    nodes = [
        [0.5973943945, 0.2876397938, 0.1149658117],
        [0.2713433365, 0.1891600326, 0.5394966309],
        [0.0805862316, 0.4643279179, 0.4550858505],
        [0.3426078499, 0.4369532160, 0.2204389341],
    ]
    np.testing.assert_allclose(numpy(crf.marginals(potentials))[full][mask], nodes, rtol=3e-6)
    edge = numpy(crf.edge_marginals(potentials))[full][np.flatnonzero(mask)[0], 0]
    np.testing.assert_allclose(edge, [0.1597659509, 0.0740562854, 0.3635721582], rtol=3e-6)
    assert numpy(crf.entropy(potentials))[full] == pytest.approx(3.8240002566870257, rel=1e-6)


def test_invariants():
    rng = np.random.default_rng(0)
    emissions, transitions, start, end = random_chain(rng, 1.0)
    tags = rng.integers(0, TAGS, MASKS.shape)
    potentials = crf.pack(emissions, transitions, start, end, MASKS)
    log_z, nodes, edges = (numpy(f(potentials)) for f in (crf.log_partition, crf.marginals, crf.edge_marginals))
    log_p = numpy(crf.log_likelihood(potentials, tags))

    real = MASKS.astype("float32")
    np.testing.assert_allclose(nodes.sum(-1), real, atol=1e-6)
    np.testing.assert_allclose(edges[:1].sum(2), nodes[:1, 1:], atol=1e-6)  # the first row is not masked
    np.testing.assert_allclose(edges[:1].sum(3), nodes[:1, :-1], atol=1e-6)
    np.testing.assert_allclose(numpy(crf.path_score(potentials, tags)) - log_z, log_p, atol=1e-5)

    shift = rng.normal(size=(*MASKS.shape, 1)).astype("float32")
    shifted = crf.pack(emissions + shift, transitions, start, end, MASKS)
    np.testing.assert_allclose(numpy(crf.log_partition(shifted)), log_z + (shift[..., 0] * MASKS).sum(1), atol=1e-5)
    np.testing.assert_allclose(numpy(crf.log_likelihood(shifted, tags)), log_p, atol=1e-5)

    backwards = crf.pack(emissions[:, ::-1], transitions.T, end, start, MASKS[:, ::-1])
    np.testing.assert_allclose(numpy(crf.log_likelihood(backwards, tags[:, ::-1])), log_p, atol=1e-5)
    np.testing.assert_allclose(numpy(crf.marginals(backwards))[:, ::-1], nodes, atol=1e-6)

    order = rng.permutation(TAGS)
    renamed = crf.pack(emissions[..., order], transitions[order][:, order], start[order], end[order], MASKS)
    np.testing.assert_allclose(numpy(crf.log_likelihood(renamed, np.argsort(order)[tags])), log_p, atol=1e-5)


@pytest.mark.parametrize("masks", [RIGHT_PADDED, MASKS], ids=["right", "any"])
def test_without_transitions_it_is_a_softmax_at_every_step(masks):
    rng = np.random.default_rng(1)
    emissions, tags = random_chain(rng, 2.0)[0], rng.integers(0, TAGS, MASKS.shape)
    potentials = crf.pack(emissions, np.zeros((TAGS, TAGS)), mask=masks)
    log_p = numpy(ops.log_softmax(emissions))
    expected = (np.take_along_axis(log_p, tags[..., None], -1)[..., 0] * masks).sum(1)
    np.testing.assert_allclose(numpy(crf.log_likelihood(potentials, tags)), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(crf.marginals(potentials)), np.exp(log_p) * masks[..., None], atol=1e-6)
    entropy = -(np.exp(log_p) * log_p).sum(-1)
    np.testing.assert_allclose(numpy(crf.entropy(potentials)), (entropy * masks).sum(1), atol=1e-5)
    np.testing.assert_array_equal(numpy(crf.decode(potentials)[0]), np.where(masks, emissions.argmax(-1), -1))


def test_padding_does_not_matter():
    """The same sentences in more room, at other places, with rubbish around them: the same values."""
    rng = np.random.default_rng(2)
    emissions, transitions, start, end = random_chain(rng, 1.0)
    tags = rng.integers(0, TAGS, MASKS.shape)
    exact = oracles(emissions, transitions, start, end, RIGHT_PADDED)
    reference = crf.pack(emissions, transitions, start, end, RIGHT_PADDED)
    for rubbish in (1e30, -np.inf, np.inf, np.nan):
        moved, where = np.full_like(emissions, rubbish), np.zeros_like(MASKS)
        moved_tags = rng.integers(0, TAGS, MASKS.shape)
        for row, mask in enumerate(RIGHT_PADDED):
            places = np.sort(rng.permutation(STEPS)[: mask.sum()])
            moved[row, places], moved_tags[row, places], where[row, places] = emissions[row, mask], tags[row, mask], True
        potentials = crf.pack(moved, transitions, start, end, where)
        np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], atol=1e-5)
        log_p, expected = (numpy(crf.log_likelihood(*pair)) for pair in ((potentials, moved_tags), (reference, tags)))
        np.testing.assert_allclose(log_p, expected, atol=1e-5)
        best, expected = (numpy(crf.decode(p)[0]) for p in (potentials, reference))
        for row, places in enumerate(where):
            assert best[row, places].tolist() == expected[row, RIGHT_PADDED[row]].tolist()
            assert np.all(best[row, ~places] == -1)


def test_boundary_scores_stand_on_real_steps():
    """The one other CRF for Keras 3, keras3-crf, adds them at the last steps of the tensor, that is on the padding."""
    emissions, start, end = np.zeros((6, STEPS, TAGS), "float32"), np.array([0.0, 0.0, 5.0]), np.array([0.0, 7.0, 0.0])
    mask = np.tile(np.arange(STEPS) < 2, (6, 1))
    potentials = crf.pack(emissions, G, start, end, mask)
    exact = oracles(emissions, G, start, end, mask)
    np.testing.assert_allclose(numpy(crf.log_partition(potentials)), [c.log_z for c in exact], rtol=1e-6)
    tags, score = map(numpy, crf.decode(potentials))
    assert tags[0].tolist() == [2, 1, -1, -1, -1]
    assert score[0] == pytest.approx(5 + G[2, 1] + 7)


def test_unpack_is_the_inverse_of_pack():
    chain = random_chain(np.random.default_rng(3), 1.0)
    got = map(numpy, crf.unpack(crf.pack(*chain, mask=np.ones_like(MASKS))))
    for array, expected in zip(got, (*chain, np.ones_like(MASKS)), strict=True):
        np.testing.assert_array_equal(array, expected)
    emissions, *_, mask = map(numpy, crf.unpack(crf.pack(*chain, mask=MASKS)))
    np.testing.assert_array_equal(emissions, chain[0] * MASKS[..., None])
    np.testing.assert_array_equal(mask, MASKS)
    forbidden = numpy(crf.unpack(crf.pack(chain[0], np.full((TAGS, TAGS), -np.inf)))[1])
    assert np.all(forbidden == np.float32(crf.FORBIDDEN))
