"""The search from both ends."""

import numpy as np
import pytest
from keras import ops

from keras_blog.ops import beam_search, bidirectional_beam_search
from tests.ops.test_beam_search import END, PAD, numpy, tree_of_logits


def mirrored(row):
    words = [token for token in row if token not in (END, PAD)]
    return words[::-1] + row[len(words) :]


def test_without_interaction_it_is_the_better_of_two_searches():
    step, state, _ = tree_of_logits(4, 5, batch=6)  # three texts, two directions each
    tokens, scores, from_right = bidirectional_beam_search(step, state, np.ones((3, 2)), 5, END, beams=6, best=3, pad=PAD)
    alone, totals = beam_search(step, state, np.ones(6), 5, END, beams=3, best=3, pad=PAD)
    for b in range(3):
        found = [(-float(numpy(totals)[2 * b + side, i]), side, i) for side in range(2) for i in range(3)]
        for place, (total, side, i) in enumerate(sorted(found)[:3]):
            row = numpy(alone)[2 * b + side, i].tolist()
            assert numpy(tokens)[b, place].tolist() == (mirrored(row) if side else row)
            assert float(numpy(scores)[b, place]) == pytest.approx(-total, rel=1e-6)
            assert bool(numpy(from_right)[b, place]) == bool(side)


def test_swapping_the_directions_mirrors_the_answer():
    step, state, _ = tree_of_logits(4, 5, batch=2)
    swapped = (state[0][::-1].copy(), *state[1:])
    first, second = (
        bidirectional_beam_search(step, s, [[1, 1]], 5, END, beams=4, pad=PAD, length_penalty=0.0) for s in (state, swapped)
    )
    assert numpy(first[0])[0, 0].tolist() == mirrored(numpy(second[0])[0, 0].tolist())
    assert bool(first[2][0, 0]) != bool(second[2][0, 0])


def test_the_halves_see_each_other():
    """Each side is told to repeat what the other wrote last; from the left comes 1, from the right 2."""
    start = np.array([[1, 2]])

    def step(last, state):
        both = ops.reshape(last, (-1, 2, 2))
        return 5.0 * ops.one_hot(ops.reshape(ops.flip(both, axis=1), (-1,)), 4), state

    tokens, _, from_right = bidirectional_beam_search(step, (), start, 3, END, beams=4, pad=PAD, min_length=3)
    assert numpy(tokens)[0, 0].tolist() == [2, 1, 2]
    assert not bool(from_right[0, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beams": 3}, "`beams` must be an even int of at least 2; received 3"),
        ({"start": [1, 1]}, r"`start` must be token ids of shape \(batch, 2\); received shape \(2,\)"),
        ({"best": 3}, "`best` must"),
    ],
)
def test_bad_arguments(options, message):
    step, state, _ = tree_of_logits(3, 2)
    with pytest.raises(ValueError, match=message):
        bidirectional_beam_search(**{"step": step, "state": state, "start": [[1, 1]], "steps": 2, "end": END, **options})
