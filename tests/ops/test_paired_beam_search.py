"""The search from both ends that joins every pair, against a plain one that asks for each pair from its start."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import beam_search, bidirectional_beam_search, paired_beam_search
from tests.ops.test_beam_search import END, PAD, numpy, tree_of_logits
from tests.ops.test_bidirectional_beam_search import mirrored

TOKENS, STEPS = 4, 4
PREFIXES = sum(TOKENS**t for t in range(STEPS))
TABLE = np.random.default_rng(0).normal(0, 2, (3, 2, PREFIXES, PREFIXES, TOKENS)).astype("float32")  # of 3 texts, by both


def reading_step(pairs):
    """Each row keeps both prefixes, of which it sees the last tokens: so the state must follow both hypotheses."""

    def step(last, state):
        text, prefixes, t = state
        side = ops.reshape(ops.tile(ops.repeat(ops.arange(2), pairs), [3]), (-1,))
        sides = ops.reshape(last, (-1, 2, pairs))
        said = ops.reshape(ops.repeat(ops.swapaxes(sides, 1, 2)[:, None], 2, axis=1), (-1, 2))  # left, right
        prefixes = ops.where(t > 0, prefixes * TOKENS + said + 1, prefixes)
        place = ((text * 2 + side) * PREFIXES + prefixes[:, 0]) * PREFIXES + prefixes[:, 1]
        return ops.take(ops.reshape(ops.convert_to_tensor(TABLE), (-1, TOKENS)), place, axis=0), (text, prefixes, t + 1)

    return step, (np.repeat(np.arange(3, dtype="int32"), 2), np.zeros((6, 2), "int32"), np.int32(0))


def reference(table, beams, length_penalty=0.6, **rules):
    """What each side finds, best first: the article's loop, with a pool."""
    alive, pools = [[(0.0, [], 0)]] * 2, [[], []]
    for t in range(STEPS):
        longer = []
        for side in range(2):
            found = []
            for total, prefix, code in alive[side]:
                codes = [(code, other) if side == 0 else (other, code) for _, _, other in alive[1 - side]]
                p = np.exp(np.stack([table[side][pair] for pair in codes]).astype("float64"))
                scores = np.log((p / p.sum(-1, keepdims=True)).mean(0))
                found += [(total + scores[k], [*prefix, k], code * TOKENS + k + 1) for k in range(TOKENS)]
            found.sort(key=lambda c: -c[0])
            factor = ((6 + t) / 6) ** length_penalty
            pools[side] += [(total / factor, prefix) for total, prefix, _ in found[:beams] if prefix[-1] == END]
            longer.append([c for c in found[: 2 * beams] if c[1][-1] != END][:beams])
        alive = longer
    for side in range(2):
        pools[side] += [(total / ((5 + STEPS) / 6) ** length_penalty, prefix) for total, prefix, _ in alive[side]]
    return [sorted(pool, key=lambda pair: -pair[0]) for pool in pools]


@pytest.mark.parametrize("beams", [1, 2, 3, 5])  # at the first step only three can go on
def test_narrow_beams_equal_the_article_loop(beams):
    step, state = reading_step(beams**2)
    for side in (None, 1):
        tokens, scores, from_right = paired_beam_search(
            step, state, np.ones((3, 2)), STEPS, END, beams=beams, best=beams, side=side, pad=PAD
        )
        for b in range(3):
            left, right = reference(TABLE[b], beams)
            both = [(*pair, False) for pair in left[:beams] if side != 1] + [(*pair, True) for pair in right if side != 0]
            for i, (score, words, mirror) in enumerate(sorted(both, key=lambda row: -row[0])[:beams]):
                assert float(numpy(scores)[b, i]) == pytest.approx(score, rel=1e-5)
                words = words + [PAD] * (STEPS - len(words))
                assert numpy(tokens)[b, i].tolist() == (mirrored(words) if mirror else words)
                assert bool(numpy(from_right)[b, i]) == mirror


def test_one_pair_is_the_split_beam_of_two():
    step, state = reading_step(1)
    ones = np.ones((3, 2))
    split = bidirectional_beam_search(step, state, ones, STEPS, END, beams=2, pad=PAD)
    paired = paired_beam_search(step, state, ones, STEPS, END, beams=1, pad=PAD)
    for one, other in zip(split, paired, strict=True):
        np.testing.assert_allclose(numpy(one), numpy(other), rtol=1e-6)


def test_without_interaction_the_sides_are_two_searches():
    step, state, _ = tree_of_logits(4, 5, batch=6)
    alone, totals = beam_search(step, state, np.ones(6), 5, END, beams=3, best=3, pad=PAD)
    for side in (0, 1):
        tokens, scores, from_right = paired_beam_search(step, state, np.ones((3, 2)), 5, END, best=3, side=side, pad=PAD)
        rows = numpy(alone)[side::2].tolist()
        assert numpy(tokens).tolist() == [[mirrored(row) if side else row for row in text] for text in rows]
        np.testing.assert_allclose(numpy(scores), numpy(totals)[side::2], rtol=1e-5)
        assert (numpy(from_right) == bool(side)).all()


def test_where_nothing_can_go_on_scores_stay_finite():
    step, state = reading_step(4)
    tokens, scores, _ = paired_beam_search(
        step, state, np.ones((3, 2)), STEPS, END, beams=2, best=2, side=0, pad=PAD, allowed=[True, False, False, False]
    )
    assert numpy(tokens).tolist() == [[[END, PAD, PAD, PAD], [PAD] * 4]] * 3
    assert np.isfinite(numpy(scores)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beams": 0}, "`beams` must be an int from 1 to 32768, of each direction; received 0"),
        ({"start": [1, 1]}, r"`start` must be token ids of shape \(batch, 2\); received shape \(2,\)"),
        ({"best": 3}, "`best` must be an int from 1 to 2"),
        ({"side": "left"}, "`side` must be 0, 1 or None; received 'left'"),
        ({"coverage_penalty": 0.5}, "`coverage_penalty` must be 0"),
    ],
)
def test_bad_arguments(options, message):
    step, state = reading_step(4)
    arguments = {"step": step, "state": state, "start": [[1, 1]] * 3, "steps": 2, "end": END, "beams": 2, **options}
    with pytest.raises(ValueError, match=message):
        paired_beam_search(**arguments)
