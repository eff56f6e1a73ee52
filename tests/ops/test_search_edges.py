"""The searches where something is odd: paddings that are tokens, rules that leave nothing, other floats, wrong arguments."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import beam_search, bidirectional_beam_search, greedy_search, paired_beam_search, sample_sequences
from tests.ops.test_beam_search import PAD, numpy

TABLE = np.random.default_rng(0).normal(0, 2, (6, 6)).astype("float32")  # of the next token, by the last


def step(last, state):
    return ops.take(ops.convert_to_tensor(TABLE), last, axis=0), state


def step_with_attention(last, state):
    return *step(last, state), ops.take(ops.convert_to_tensor(TABLE[:, :2] ** 2 / 40), last, axis=0)


def test_bug_a_token_of_the_id_of_the_padding_was_taken_for_it():
    """What was written from the right is turned as a whole, wherever it holds the token 0."""
    after = np.array([2, 0, 3, 3, 1, 3])  # 4 starts; 1, 0, 2, the end
    table = np.where(np.eye(6)[after] > 0, 0.0, -9.0).astype("float32")
    tokens, _, from_right = bidirectional_beam_search(
        lambda last, state: (ops.take(ops.convert_to_tensor(table), last, axis=0), state), (), [[4, 4]], 5, end=3, side=1
    )
    assert bool(from_right[0, 0])
    assert numpy(tokens)[0, 0].tolist() == [2, 0, 1, 3, 0]


def test_bug_a_row_a_sequence_did_not_fit_the_searches_from_both_ends():
    allowed = np.ones((3, 6), bool)
    allowed[[0, 1, 2], [1, 2, 3]] = False
    starts = np.array([[1, 2]] * 3)
    for search, beams in ((bidirectional_beam_search, 4), (paired_beam_search, 2)):
        tokens, scores, _ = search(step, (), starts, 4, end=5, beams=beams, best=2, pad=PAD, allowed=allowed)
        for b in range(3):
            alone = search(step, (), starts[:1], 4, end=5, beams=beams, best=2, pad=PAD, allowed=allowed[b])
            assert numpy(tokens)[b].tolist() == numpy(alone[0])[0].tolist()
            np.testing.assert_allclose(numpy(scores)[b], numpy(alone[1])[0], rtol=1e-5)
    mask = np.array([[1, 1], [1, 0], [0, 1]])
    options = {"end": 5, "coverage_penalty": 0.5, "pad": PAD}
    scores = numpy(bidirectional_beam_search(step_with_attention, (), starts, 4, beams=4, source_mask=mask, **options)[1])
    sides = beam_search(
        step_with_attention, (), starts.reshape(-1), 4, beams=2, source_mask=np.repeat(mask, 2, axis=0), **options
    )
    np.testing.assert_allclose(scores[:, 0], numpy(sides[1]).reshape(3, 2).max(axis=1), rtol=1e-5)


def test_bug_a_row_of_minus_infinities_was_certain():
    """After 1 nothing follows; that is no log probability of 0."""
    table = TABLE.copy()
    table[0, 1], table[1] = 9.0, -np.inf
    tokens, scores = beam_search(
        lambda last, state: (ops.take(ops.convert_to_tensor(table), last, axis=0), state), (), [0], 4, end=5, beams=3, best=3
    )
    assert not (numpy(tokens)[0, :, :-1] == 1).any()
    assert (numpy(scores) < -5).all()


def test_where_the_rules_leave_nothing_a_sequence_stops():
    """Bug: what the rules forbid was taken. Six tokens, none of them twice."""
    rules = {"end": 5, "no_repeat": 1, "min_length": 9, "pad": PAD}
    found = (greedy_search(step, (), [1], 9, **rules), sample_sequences(step, (), [1], 9, samples=3, seed=1, **rules))
    for tokens, scores in found:
        for row, score in zip(numpy(tokens).reshape(-1, 9), numpy(scores).reshape(-1), strict=True):
            assert sorted(row[:5]) == [0, 1, 2, 3, 4]
            assert (row[5:] == PAD).all()
            assert score == np.float32(-1e30)


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_bug_other_floats_did_not_fit_the_loop(floatx):
    """The sums are float32 whatever Keras's default is."""
    rules = {"end": 5, "no_repeat": 2, "pad": PAD}

    def run():
        return [
            *beam_search(step, (), [1], 4, beams=3, **rules),
            *greedy_search(step, (), [1], 4, **rules),
            *paired_beam_search(step, (), [[1, 2]], 4, beams=2, **rules),
        ]

    expected = [numpy(x) for x in run()]
    keras.config.set_floatx(floatx)
    try:
        found = [numpy(x) for x in run()]
        scores = numpy(sample_sequences(step, (), [1], 4, seed=1, **rules)[1])
    finally:
        keras.config.set_floatx("float32")
    assert np.isfinite(scores).all()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"end": 99}, "`end` must be a token, from 0 to 5, or -1 for none; received 99"),
        ({"end": None}, "`end` must be an int of at least -1; received None"),
        ({"no_repeat": -1}, "`no_repeat` must be an int of at least 0; received -1"),
        ({"min_length": 2.5}, "`min_length` must be an int of at least 0; received 2.5"),
        ({"allowed": [1, 2, 3]}, r"`allowed` must be bool, a value for each of 6 tokens, .*; received shape \(3,\)"),
        ({"allowed": np.ones((2, 6))}, r"`allowed` must be .*; received shape \(2, 6\)"),
        ({"state": None}, r"`state` must be a nest of tensors, \(\) for none; received None"),
        ({"step": step_with_attention}, r"`step` must return \(logits, state\); received 3 values"),
        ({"coverage_penalty": 1, "source_mask": [[1]]}, "`step` must return .*, for `coverage_penalty`; received 2 values"),
        ({"length_penalty": 100, "steps": 64}, "`length_penalty` must be smaller for 64 steps"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        beam_search(**{"step": step, "state": (), "start": [1], "steps": 4, "end": 0, **options})
