"""The searches, against the enumeration of all sequences."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import beam_search, greedy_search, sample_sequences
from keras_blog.ops.generation import largest

END, PAD = 0, -1
RNG = np.random.default_rng(0)


def numpy(x):
    return ops.convert_to_numpy(x)


def tree_of_logits(tokens, steps, batch=2, spread=2.0):
    """Logits for every prefix: a step function whose state is the number of the prefix, and the table itself."""
    table = RNG.normal(0, spread, (batch, sum(tokens**t for t in range(steps)), tokens)).astype("float32")

    def step(last, state):
        sequence, prefix, t = state
        prefix = ops.where(t > 0, prefix * tokens + last + 1, prefix)
        flat = ops.reshape(ops.convert_to_tensor(table), (-1, tokens))
        return ops.take(flat, sequence * table.shape[1] + prefix, axis=0), (sequence, prefix, t + 1)

    return step, (np.arange(batch, dtype="int32"), np.zeros(batch, "int32"), np.int32(0)), table


def all_sequences(table, steps, length_penalty=0.0, allowed=None, min_length=0, no_repeat=0):
    """`(score, tokens)` of every sequence that ends, or is cut at `steps`, best first."""
    tokens, found = table.shape[1], []

    def go(prefix, code, total):
        if prefix and (prefix[-1] == END or len(prefix) == steps):
            found.append((total / ((5 + len(prefix)) / 6) ** length_penalty, prefix))
            return
        logits = table[code].astype("float64")
        scores = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        for token in range(tokens):
            longer = [*prefix, token]
            runs = [tuple(longer[i : i + no_repeat]) for i in range(len(longer) - no_repeat + 1)] if no_repeat else []
            if (
                (allowed is None or allowed[token])
                and not (token == END and len(prefix) < min_length)
                and len(set(runs)) == len(runs)
            ):
                go(longer, code * tokens + token + 1, total + scores[token])

    go([], 0, 0.0)
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


def padded(sequence, steps):
    return sequence + [PAD] * (steps - len(sequence))


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
def test_with_a_beam_for_every_sequence_it_is_enumeration(length_penalty):
    step, state, table = tree_of_logits(3, 4)
    tokens, scores = beam_search(step, state, [1, 1], 4, END, beams=81, best=5, length_penalty=length_penalty, pad=PAD)
    for b in range(2):
        expected = all_sequences(table[b], 4, length_penalty)[:5]
        assert numpy(tokens)[b].tolist() == [padded(sequence, 4) for _, sequence in expected]
        np.testing.assert_allclose(numpy(scores)[b], [score for score, _ in expected], rtol=1e-5)


@pytest.mark.parametrize(
    "rules",
    [
        {"allowed": [True, True, False]},
        {"min_length": 2},
        {"no_repeat": 1},
        {"no_repeat": 2},
        {"no_repeat": 3, "min_length": 3},
    ],
)
def test_rules_leave_the_best_of_what_they_allow(rules):
    step, state, table = tree_of_logits(3, 4)
    tokens, scores = beam_search(step, state, [1, 1], 4, END, beams=81, best=2, pad=PAD, **rules)
    for b in range(2):
        expected = all_sequences(table[b], 4, 0.6, **rules)[:2]
        assert numpy(tokens)[b].tolist() == [padded(sequence, 4) for _, sequence in expected]
        np.testing.assert_allclose(numpy(scores)[b], [score for score, _ in expected], rtol=1e-5)


def test_each_sequence_of_the_batch_has_its_own_vocabulary():
    step, state, table = tree_of_logits(3, 3)
    allowed = [[True, True, False], [True, False, True]]
    tokens, _ = beam_search(step, state, [1, 1], 3, END, beams=27, pad=PAD, allowed=allowed)
    for b in range(2):
        assert numpy(tokens)[b, 0].tolist() == padded(all_sequences(table[b], 3, 0.6, allowed[b])[0][1], 3)


def reference(table, steps, beams, length_penalty):
    """A beam search in plain Python: ends among the first `beams` candidates leave the beam for the pool."""
    tokens, alive, pool = table.shape[1], [(0.0, [], 0)], []
    for _ in range(steps):
        candidates = []
        for total, prefix, code in alive:
            logits = table[code].astype("float64")
            scores = logits - np.log(np.exp(logits).sum())
            candidates += [(total + scores[k], [*prefix, k], code * tokens + k + 1) for k in range(tokens)]
        candidates.sort(key=lambda c: -c[0])
        factor = ((5 + len(candidates[0][1])) / 6) ** length_penalty
        pool += [(total / factor, prefix) for total, prefix, _ in candidates[:beams] if prefix[-1] == END]
        alive = [c for c in candidates[: 2 * beams] if c[1][-1] != END][:beams]
    pool += [(total / ((5 + steps) / 6) ** length_penalty, prefix) for total, prefix, _ in alive]
    return sorted(pool, key=lambda pair: -pair[0])


@pytest.mark.parametrize("beams", [1, 2, 3])
def test_narrow_beams_equal_a_plain_search(beams):
    step, state, table = tree_of_logits(4, 5, batch=20)
    tokens, scores = beam_search(step, state, [1] * 20, 5, END, beams=beams, best=beams, pad=PAD)
    for b in range(20):
        expected = reference(table[b], 5, beams, 0.6)[:beams]
        np.testing.assert_allclose(numpy(scores)[b], [score for score, _ in expected], rtol=1e-5)
        assert numpy(tokens)[b].tolist() == [padded(sequence, 5) for _, sequence in expected]


def toy():
    """After the likelier start the best continuation has .4, after the other .9: greedy finds .24, two beams .36."""
    table = np.log(
        np.array([[0.0, 0.6, 0.4, 0, 0, 0], [0.4, 0, 0, 0.3, 0.3, 0], [0.9, 0, 0, 0, 0, 0.1], *np.eye(6)[[0] * 3]]) + 1e-30
    )

    def step(last, state):
        return ops.take(ops.convert_to_tensor(table.astype("float32")), last, axis=0), state

    return step


def test_greedy_takes_less_than_a_beam_of_two():
    scores = greedy_search(toy(), (), [0], 2, END)[1]
    assert math.exp(float(scores[0])) == pytest.approx(0.24, rel=1e-5)
    for beams in (2, 3, 6):
        tokens, scores = beam_search(toy(), (), [0], 2, END, beams=beams, length_penalty=0.0)
        assert math.exp(float(scores[0, 0])) == pytest.approx(0.36, rel=1e-5)
        assert numpy(tokens)[0, 0].tolist() == [2, 0]


def test_bug_finished_hypotheses_were_thrown_away():
    """bert4keras drops every hypothesis that ends without being the best at that step."""
    p = np.array([[0.01, 0.5, 0.49], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]])
    step = lambda last, state: (ops.take(ops.log(ops.convert_to_tensor(p.astype("float32"))), last, axis=0), state)  # noqa: E731
    tokens, scores = beam_search(step, (), [0], 6, END, beams=2, length_penalty=0.0, pad=PAD)
    assert numpy(tokens)[0, 0].tolist() == [2, 0, PAD, PAD, PAD, PAD]
    assert math.exp(float(scores[0, 0])) == pytest.approx(0.49 * 0.9, rel=1e-5)


def test_bug_scores_went_on_after_the_end():
    """keras-hub's BeamSampler adds log probabilities after the end until all beams have ended."""
    step, state, table = tree_of_logits(3, 5)
    tokens, scores = beam_search(step, state, [1, 1], 5, END, beams=243, length_penalty=0.0, pad=PAD)
    for b, best in enumerate(all_sequences(table[b], 5)[0] for b in range(2)):
        assert float(scores[b, 0]) == pytest.approx(best[0], rel=1e-5)
        ended = numpy(tokens)[b, 0].tolist()
        assert all(token == PAD for token in ended[ended.index(END) + 1 :]) if END in ended else True


def test_bug_states_did_not_follow_their_beams():
    """The state counts what the prefix was; the score of the answer is that of the table along it."""
    step, state, table = tree_of_logits(5, 4, spread=3.0)
    tokens, scores = beam_search(step, state, [1, 1], 4, END, beams=3, length_penalty=0.0, pad=PAD)
    every = [{tuple(padded(sequence, 4)): score for score, sequence in all_sequences(table[b], 4)} for b in range(2)]
    for b in range(2):
        assert float(scores[b, 0]) == pytest.approx(every[b][tuple(numpy(tokens)[b, 0].tolist())], rel=1e-5)


def test_ties_go_to_the_lower_token():
    step = lambda last, state: (ops.zeros((ops.shape(last)[0], 40)), state)  # noqa: E731
    tokens, _ = beam_search(step, (), [1], 3, END, beams=4, best=4, pad=PAD, min_length=2)
    assert numpy(tokens)[0].tolist() == [[1, 1, 0], [1, 1, 1], [1, 1, 2], [1, 1, 3]]
    assert numpy(greedy_search(step, (), [1], 3, END, min_length=3)[0])[0].tolist() == [1, 1, 1]


def test_the_largest_of_equal_numbers():
    for k in (1, 3, 7):
        x = RNG.integers(0, 3, (5, 9)).astype("float32")
        expected = np.argsort(-x, axis=-1, kind="stable")[:, :k]
        values, indices = largest(ops.convert_to_tensor(x), k)
        np.testing.assert_array_equal(numpy(indices), expected)
        np.testing.assert_array_equal(numpy(values), np.take_along_axis(x, expected, axis=-1))


def test_coverage_prefers_the_hypothesis_that_read_everything():
    """Two sentences of equal probability; one attends to both source steps, the other twice to the first."""
    attention = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], "float32")  # of the step that follows a token
    p = np.array([[0.02, 0.49, 0.49], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4]], "float32")

    def step(last, state):
        rows = [ops.take(ops.convert_to_tensor(x), last, axis=0) for x in (np.log(p), attention)]
        return rows[0], state, rows[1]

    options = {"length_penalty": 0.0, "source_mask": [[1, 1]], "pad": PAD, "min_length": 2}
    for beta in (0.0, 0.5):
        inner = step if beta else lambda last, state: step(last, state)[:2]
        tokens, scores = beam_search(inner, (), [0], 3, END, beams=27, best=27, coverage_penalty=beta, **options)
        found = {tuple(row): score for row, score in zip(numpy(tokens)[0].tolist(), numpy(scores)[0].tolist(), strict=True)}
        # what the steps after each of the two tokens saw: both, or the same twice
        for sequence, seen in (((1, 2, 0), (1, 1)), ((1, 1, 0), (2, 0)), ((2, 1, 0), (1, 1))):
            penalty = sum(math.log(min(max(share, 1e-9), 1)) for share in seen)
            assert found[sequence] == pytest.approx(math.log(0.49 * 0.4 * 0.2) + beta * penalty, rel=1e-5)
        assert sorted(found) == sorted(set(found))


def test_nothing_is_left():
    """Where the rules leave fewer sequences than asked for, the rest is padding."""
    step, state, _ = tree_of_logits(3, 2)
    tokens, scores = beam_search(step, state, [1, 1], 2, END, beams=9, best=9, pad=PAD, allowed=[True, True, False])
    assert (numpy(scores) > -1e29).sum(axis=1).tolist() == [3, 3]
    assert (numpy(tokens)[:, 3:] == PAD).all()


@pytest.mark.parametrize("jit", [False, True])
def test_runs_compiled_in_a_model(jit):
    """In `predict`, with sizes that the graph does not know; the same answer."""
    table = RNG.normal(0, 2, (6, 6)).astype("float32")

    class Search(keras.layers.Layer):
        def call(self, start):
            step = lambda last, state: (ops.take(ops.convert_to_tensor(table), last, axis=0) + state[0][:, None], state)  # noqa: E731
            state = (ops.cast(start, "float32"), ops.zeros((), "int32"))
            return beam_search(step, state, start, 7, END, beams=3, best=2, no_repeat=2, min_length=3)[0]

    inputs = keras.Input((), dtype="int32")
    model = keras.Model(inputs, Search()(inputs)) if keras.config.backend() != "jax" else keras.Sequential([Search()])
    model.compile(jit_compile=jit and keras.config.backend() != "torch")
    start = np.arange(5, dtype="int32")
    np.testing.assert_array_equal(model.predict(start, verbose=0), numpy(Search()(start)))


def test_samples_follow_the_probabilities():
    p = np.array([0.1, 0.25, 0.4, 0.25], "float32")
    step = lambda last, state: (ops.broadcast_to(ops.log(ops.convert_to_tensor(p)), (ops.shape(last)[0], 4)), state)  # noqa: E731

    def shares(**options):
        tokens, scores = sample_sequences(step, (), [1], 1, END, samples=20_000, seed=1, **options)
        np.testing.assert_allclose(numpy(scores)[0], np.log(p)[numpy(tokens)[0, :, 0]], rtol=1e-5)
        return np.bincount(numpy(tokens)[0, :, 0], minlength=4) / 20_000

    np.testing.assert_allclose(shares(), p, atol=0.015)
    np.testing.assert_allclose(shares(temperature=0.5), p**2 / (p**2).sum(), atol=0.015)
    np.testing.assert_allclose(shares(top_k=2), [0, 0.25 / 0.65, 0.4 / 0.65, 0], atol=0.015)  # of equal ones the lower
    np.testing.assert_allclose(shares(top_p=0.64), [0, 0.25 / 0.65, 0.4 / 0.65, 0], atol=0.015)
    np.testing.assert_allclose(shares(top_p=0.66), [0, 0.25 / 0.9, 0.4 / 0.9, 0.25 / 0.9], atol=0.015)
    np.testing.assert_array_equal(shares(top_p=0.3), [0, 0, 1, 0])
    np.testing.assert_allclose(shares(allowed=[True, False, False, True]), [0.1 / 0.35, 0, 0, 0.25 / 0.35], atol=0.015)


def test_samples_stop_at_the_end_and_are_repeatable():
    step, state, table = tree_of_logits(3, 4)
    tokens, scores = sample_sequences(step, state, [1, 1], 4, END, samples=6, seed=3, pad=PAD)
    again, _ = sample_sequences(step, state, [1, 1], 4, END, samples=6, seed=3, pad=PAD)
    np.testing.assert_array_equal(numpy(tokens), numpy(again))
    for b in range(2):
        known = {tuple(padded(sequence, 4)): score for score, sequence in all_sequences(table[b], 4)}
        for row, score in zip(numpy(tokens)[b].tolist(), numpy(scores)[b], strict=True):
            # A likely sequence's score is a difference of nearly equal float32 numbers: its error is that of the logits.
            rounding = 4 * float(np.finfo("float32").eps * abs(table).max())
            assert score == pytest.approx(known[tuple(row)], rel=1e-5, abs=rounding)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beams": 0}, "`beams` must be an int from 1 to 65536; received 0"),
        ({"best": 5}, "`best` must be an int from 1 to 4; received 5"),
        ({"steps": 2.0}, "`steps` must be an int"),
        ({"length_penalty": -1}, "`length_penalty` must be a number from 0 to 100; received -1"),
        ({"coverage_penalty": 1.0}, "`source_mask` must tell"),
        ({"start": [[1]]}, r"`start` must be token ids of shape \(batch,\); received shape \(1, 1\)"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        beam_search(**{"step": toy(), "state": (), "start": [0], "steps": 2, "end": END, **options})


@pytest.mark.parametrize("options", [{"top_p": 0.0}, {"temperature": 0}, {"top_k": 0}, {"samples": 0}, {"steps": 0}])
def test_bad_arguments_of_sampling(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must be"):
        sample_sequences(**{"step": toy(), "state": (), "start": [0], "steps": 2, "end": END, **options})
